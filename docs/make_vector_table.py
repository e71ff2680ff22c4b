"""Write docs/vector-files.md: every variant of a vector file, read by this project and by gensim.

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

PAGE = Path(__file__).with_name("vector-files.md")
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
| `.npz` | a .zip of arrays: one of vectors, one of words as text (not objects) |
| `.safetensors` | its header: a tensor of vectors, and in the metadata the words as a JSON list |
| plain, gzip, zstd, or the one file of a .zip | their first bytes |

In an `.npz` or `.safetensors` the vectors are called `vectors`, `embeddings`, `embedding`, `matrix` or `weights`,
the words `words`, `vocab`, `vocabulary`, `tokens` or `index_to_key`. Without words in it they are taken from a file
beside it: of the same name with `.txt` (one word a line), `.vocab` or `.json`, or `vocabulary.json`,
`vocabulary.txt`, `vocab.json`, `vocab.txt` or `tokenizer.json`. JSON is a list, or a table from words to rows.

## What is done with what is found

- Only wanted rows are kept: those whose word, or its lower-case form, is in the corpus. The file is streamed in
  blocks of 4 MiB; a `.bin` is mapped into memory; a packed `.bin` or `.npz` is unpacked to a temporary file.
- In text, fields are separated by blanks, tabs and other control characters, and the numbers are the last ones of
  a line, so words may hold blanks and no-break spaces. A word may end in whole numbers ("windows 95"); any other
  number more than the dimension is an error. So is a line of more than 64 MiB.
- The first of repeated words wins; the repeats of kept words are counted. Bytes that are not UTF-8 are read as
  U+FFFD and the words that hold them are counted.
- A last line or row that the end of the file cuts off is left out with a note. A last line that has all of its
  numbers is kept, though the last digits of the last one may be missing: no reader can tell. A wrong number of
  words in the header is a note.
- The number of fields is checked on every line. That they are numbers, and finite, is checked on kept rows alone.
- Pickles, gensim's `.kv` and `.model` among them, are code and always refused, with the command that converts them.

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
