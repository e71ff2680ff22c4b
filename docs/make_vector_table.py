"""Write docs/reference/vector-files.md: every variant of a vector file, read by this project and by gensim.

Each figure comes from a process of its own. `python docs/make_vector_table.py` takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from vector_file_variants import VARIANTS  # noqa: E402

PAGE = Path(__file__).parent / "reference" / "vector-files.md"
N_WORDS, DIMENSION, WANTED_EVERY = 20_000, 50, 4
Figures = dict[str, Any]

HEAD = """# Vector files

<!-- Written by docs/make_vector_table.py from the variants in tests/vector_file_variants.py. -->

`--embeddings FILE` reads any of these; the format is told from the content, the name plays no part (but for
calling word2vec text in a file named `.vec` fastText's):

| format | how it is told |
| --- | --- |
| word2vec text, fastText `.vec` | the first line is two whole numbers, the second a word and so many numbers |
| word2vec binary | the first line is two whole numbers, then bytes that no text holds |
| GloVe text | most lines have the same number of fields, all but the first of them numbers |
| fastText `.bin` | its first four bytes; n-grams give vectors to words that are not in it |
| text with commas or semicolons | nearly all fields but the first are numbers; a line with names, a running \
number first, quotation marks as csv writes them |
| numbers without words, such as TensorBoard's `tensors.tsv` | all fields are numbers, the first ones with a \
decimal point; the words lie beside them |
| `.npz` | a .zip of arrays: one of vectors, one of words as text (not objects) |
| `.npy` | its first bytes; the words lie beside it |
| `.safetensors` | its header: a tensor of vectors, and in the metadata the words as a JSON list |
| static embeddings of model2vec and sentence-transformers | a `.safetensors` with `tokenizer.json` beside it, \
or its folder |
| plain, gzip, bzip2, xz, zstd, or the one file of a .zip | their first bytes |

In an `.npz` or `.safetensors` the vectors are called `vectors`, `embeddings`, `embedding`, `embedding.weight`,
`embeddings.weight`, `matrix` or `weights`, the words `words`, `vocab`, `vocabulary`, `tokens` or `index_to_key`.
Without words in it they are taken from a file beside it: of the same name with `.txt` (one word a line), `.vocab`,
`.words`, `.tsv` or `.json`, or `vocabulary.json`, `vocabulary.txt`, `vocab.json`, `vocab.txt`, `words.txt`,
`words.json`, `metadata.tsv`, `tokenizer.json` or `words.npy`; beside text also under its own name with `metadata`,
`meta`, `labels`, `words` or `vocab` in the place of `tensors`, `tensor`, `vectors`, `vecs` or `embeddings`. JSON is a
list, or a table from words to rows. Of a table the column `word`, `token`, `label` or the like counts, else the first;
a first line more than there are vectors names the columns; counts behind words are left out.

A folder may be given: that of a static embedding, or one with a single vector file. In a .zip, `README`, `LICENSE` and
`meta.json` are passed over, and of `model.bin` and `model.txt` the binary is read.

## How words are written

| the file's words | what is read |
| --- | --- |
| `/c/en/house` (ConceptNet Numberbatch), `en:house`, `en/house` | the language with most words of the corpus, \
or that of the setting `embeddings.language`; what has no language is of every one |
| `house_NOUN`, `house_NN`, `house\\|NOUN`, `house/nn`, `house#n` | the word without its tag; of several tags \
the first in the file, since files begin with the frequent ones and a mean of noun and verb is the vector of neither |
| `▁house`, `Ġhouse`, `house</w>` | the pieces of a tokenizer that are whole words |
| not UTF-8 | as Windows-1252, Windows-1251, KOI8-R and others, GB 18030, Big5, Shift JIS, EUC, where most \
words beyond ASCII are no UTF-8: the encoding that gives most words of the corpus |
| a blank, a no-break space, nothing | counted as rows without a word |

Nine of ten words have to be written so, one of five for pieces. Each is said: on the console, in the report, in
`inspect embeddings`. Words of file and corpus are compared in the same form of Unicode, capitals aside; Hebrew and
Arabic words also without vowel signs, and with one form of the letters that are written in several.

A **static embedding** has a vector for each token of its tokenizer. A word that is one token has its row; any other
the mean of the rows of its pieces, as model2vec's `StaticModel.encode` gives it for the word (without its scaling to
length 1, which would leave out how much a word counts in a text), or sentence-transformers' `StaticEmbedding`. Tensors
`mapping` and `weights` are applied, unknown pieces left out by model2vec and kept by sentence-transformers. Cutting
words needs the extra `static` (`pip install -e '.[static]'`); without it words that are one token alone have vectors.

**Low coverage** is always told: where fewer than half of the training tokens have a vector, with five words of the
file, five of the corpus that have none, the likely reason (a prefix, tags, accents, numbers for words, another script,
encoding or language) and what to do. Every model that reads such vectors is marked in the summary and warned of in
the report.

## What is done with what is found

- Only wanted rows are kept: those whose word, or its lower-case form, is in the corpus. The file is streamed in
  blocks of 4 MiB; a `.bin` is mapped into memory; a packed `.bin` or `.npz` is unpacked to a temporary file.
- In text, fields are separated by blanks, tabs and other control characters, and the numbers are the last ones of
  a line, so words may hold blanks and no-break spaces. A word may end in whole numbers ("windows 95"); any other
  number more than the dimension is an error. So is a line of more than 64 MiB.
- The first of repeated words wins; the repeats of kept words are counted. Single words that are not UTF-8 are
  read with U+FFFD and counted.
- A last line or row that the end of the file cuts off is left out with a note. A last line that has all of its
  numbers is kept, though the last digits of the last one may be missing: no reader can tell. A wrong number of
  words in the header is a note.
- The number of fields is checked on every line. That they are numbers, and finite, is checked on kept rows alone.
- A line that begins with its numbers is a row without a word, unless the first is a whole number: then one is missing.
- Pickles, gensim's `.kv` and `.model` and PyTorch's `.bin` and `.pt` among them, are code and always refused, gensim's
  with the command that converts them.
- What is no table of word vectors is called what it is: web pages, Git LFS pointers, JSON, SQLite (`.magnitude`),
  HDF5, ONNX, GGUF, Parquet, archives, counts, sparse rows, folders of spaCy, Flair and transformers.

"""

TABLE_HEAD = """## Every variant, next to gensim's own loader

{n_words} words of dimension {dimension}, every {every}th of them wanted. "Right" counts wanted words with the
vectors that were written. gensim is given its best call: `load_word2vec_format` with the right `binary` and
`no_header`, `load_facebook_vectors`, or `load` of the class that wrote the file. It keeps every row.
Seconds and peak memory above the start, in MB, are of one reading in a process of its own, imports left out
(gensim is imported by this project's reader of `.bin` too); a dash means that there is no such loader. Measured on
{cores} cores of {cpu}.

| variant | embedseq | s | MB | gensim {gensim} | s | MB |
| --- | --- | ---: | ---: | --- | ---: | ---: |
"""


# --- one reading -----------------------------------------------------------------------------------------


def made_words() -> tuple[list[str], np.ndarray]:
    """Return the words and vectors of every file; float32 (W, D)."""
    values = np.random.default_rng(0).standard_normal((N_WORDS, DIMENSION)).round(4)
    return [f"word{number}" for number in range(N_WORDS)], values.astype(np.float32)


def wanted_words(words: Sequence[str]) -> list[str]:
    """Return the words that a corpus would ask for; the malformed second line is one of them."""
    return list(words[1::WANTED_EVERY])


def read_with_embedseq(path: Path, wanted: list[str], call: str) -> tuple[str, dict[str, np.ndarray]]:
    """Return what is said of the file, and word > vector."""
    from pipeline.embeddings.files.reading import read_vector_file

    file = read_vector_file(path, pl.Series(wanted))
    said = [*file.notes]
    said += [f"{file.repeated} repeated"] * bool(file.repeated)
    said += [f"{file.replaced} not UTF-8"] * bool(file.replaced)
    return "; ".join(said), dict(zip(file.words.to_list(), file.vectors, strict=True))


def read_with_gensim(path: Path, wanted: list[str], call: str) -> tuple[str, dict[str, np.ndarray]]:
    """Return nothing said, and word > vector of the wanted words."""
    keyed = GENSIM_CALLS[call](str(path))
    return "", {word: keyed[word] for word in keyed.key_to_index}


def _keyed() -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors


def _facebook(path: str) -> Any:
    from gensim.models.fasttext import load_facebook_vectors

    return load_facebook_vectors(path)


def _word2vec(path: str) -> Any:
    from gensim.models import Word2Vec

    return Word2Vec.load(path).wv


GENSIM_CALLS: dict[str, Callable[[str], Any]] = {
    "text": lambda path: _keyed().load_word2vec_format(path),
    "no header": lambda path: _keyed().load_word2vec_format(path, no_header=True),
    "binary": lambda path: _keyed().load_word2vec_format(path, binary=True),
    "facebook": _facebook,
    "keyed vectors": lambda path: _keyed().load(path),
    "word2vec model": _word2vec,
}
READERS = {"embedseq": read_with_embedseq, "gensim": read_with_gensim}


def measure(tool: str, name: str, path: Path) -> Figures:
    """Return outcome, seconds and MB of one reading in this process."""
    import gensim.models.fasttext  # noqa: F401  (imports are not measured)

    import pipeline.embeddings.files  # noqa: F401

    words, vectors = made_words()
    wanted = wanted_words(words)
    start_mb = peak_mb(reset=True)
    start = time.perf_counter()
    try:
        said, found = READERS[tool](path, wanted, VARIANTS[name].gensim or "")
    except Exception as error:  # any failure is an outcome
        prefix = "" if type(error).__name__ == "PipelineError" else f"{type(error).__name__}: "
        said, found = prefix + str(error), None
    seconds = time.perf_counter() - start
    figures = {"said": said, "seconds": seconds, "mb": peak_mb() - start_mb, "right": None}
    if found is not None:
        expected = dict(zip(words, vectors, strict=True))
        figures["right"] = sum(_is_right(word, found, expected[word]) for word in wanted)
    return figures


def _is_right(word: str, found: dict[str, np.ndarray], expected: np.ndarray) -> bool:
    """Whether the word, or its upper-case form, has the vector that was written (half precision allowed)."""
    vector = found.get(word, found.get(word.upper()))
    return vector is not None and bool(np.allclose(vector, expected[: len(vector)], rtol=1e-3, atol=1e-3))


def peak_mb(reset: bool = False) -> float:
    """Return the process's peak resident memory in MB; with `reset`, forget earlier peaks first (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


# --- all of them -----------------------------------------------------------------------------------------


def page() -> str:
    """Return the whole page as Markdown."""
    from gensim import __version__ as gensim_version

    from pipeline.core.resources import describe_environment

    machine = describe_environment("", None)
    head = TABLE_HEAD.format(
        n_words=f"{N_WORDS:,}",
        dimension=DIMENSION,
        every=WANTED_EVERY,
        cores=machine["cores"],
        cpu=machine["cpu"],
        gensim=gensim_version,
    )
    return HEAD + head + "".join(f"{row}\n" for row in map(table_row, VARIANTS))


def table_row(name: str) -> str:
    """Build one variant, read it by both, and return its row."""
    words, vectors = made_words()
    with tempfile.TemporaryDirectory() as folder:
        path = VARIANTS[name].build(Path(folder), words, vectors)
        cells = [name, *_cells("embedseq", name, path)]
        cells += _cells("gensim", name, path) if VARIANTS[name].gensim else ["-", "", ""]
    print(cells, file=sys.stderr, flush=True)
    return f"| {' | '.join(cells)} |"


def _cells(tool: str, name: str, path: Path) -> list[str]:
    command = [sys.executable, __file__, "--tool", tool, "--variant", name, "--path", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    figures = json.loads(done.stdout.splitlines()[-1])
    said = _cell_text(figures["said"], path)
    if figures["right"] is not None:
        count = f"{figures['right']:,} of {len(wanted_words(range(N_WORDS))):,} right"  # type: ignore[arg-type]
        said = f"{count}; {said}" if said else count
    return [said, f"{figures['seconds']:.2f}", f"{max(figures['mb'], 0):.0f}"]


def _cell_text(said: str, path: Path) -> str:
    """Return a message without the folder, on one line, short enough for a table."""
    text = re.sub(r"\s+", " ", said.replace(f"{path.parent}/", "")).replace("|", "\\|")
    return text if len(text) <= 320 else text[:317] + "..."


def main() -> None:
    """Write the page; with --tool, measure one reading and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", choices=READERS)
    parser.add_argument("--variant", choices=VARIANTS)
    parser.add_argument("--path", type=Path)
    given = parser.parse_args()
    if given.tool:
        print(json.dumps(measure(given.tool, given.variant, given.path)))
        return
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
