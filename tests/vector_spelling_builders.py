"""Vector files as other programs leave them: packings, separators, ways to write words, numbers and words apart."""

from __future__ import annotations

import bz2
import csv
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from vector_file_builders import Words, binary_rows, header, joined, lines_of, word2vec_text, write

from pipeline.core.values import Float32


def bzip2(folder: Path, words: Words, vectors: Float32) -> Path:
    """word2vec text, bzip2, in two streams."""
    data = joined([header(vectors), *lines_of(words, vectors)]).encode()
    half = len(data) // 2
    return write(folder / "sbw.txt.bz2", bz2.compress(data[:half]) + bz2.compress(data[half:]))


def xz(folder: Path, words: Words, vectors: Float32) -> Path:
    """fastText .vec, xz."""
    return write(
        folder / "wiki.vec.xz", lzma.compress(joined([header(vectors), *lines_of(words, vectors)]).encode())
    )


def nlpl_zip(folder: Path, words: Words, vectors: Float32) -> Path:
    """The vectors as text and as binary, with what is said of them, as the NLPL repository has them."""
    path = folder / "12.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README", "corpus, window, ...")
        archive.writestr("meta.json", "{}")
        archive.writestr("model.txt", joined([header(vectors), *lines_of(words, vectors)]))
        archive.writestr(
            "model.bin", header(vectors).encode() + b"\n" + b"".join(binary_rows(words, vectors))
        )
    return path


# --- separators and columns ------------------------------------------------------------------------------


def table(rows: Iterable[Sequence[object]], quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Return rows as csv writes them."""
    text = io.StringIO()
    csv.writer(text, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def commas_named(folder: Path, words: Words, vectors: Float32) -> Path:
    """Columns word, d0, d1, ..; two more words are a comma and a quotation mark."""
    names = ["word", *(f"d{number}" for number in range(vectors.shape[1]))]
    more = [[",", *vectors[0].tolist()], ['"', *vectors[0].tolist()]]
    rows = [[word, *row] for word, row in zip(words, vectors.tolist(), strict=True)]
    return write(folder / "glove.csv", table([names, *rows, *more]))


def commas_quoted(folder: Path, words: Words, vectors: Float32) -> Path:
    """Words and numbers in quotation marks, no names of columns."""
    rows = [[word, *row] for word, row in zip(words, vectors.tolist(), strict=True)]
    return write(folder / "glove.csv", table(rows, csv.QUOTE_ALL))


def commas_numbered(folder: Path, words: Words, vectors: Float32) -> Path:
    """As pandas writes a table with its index."""
    names = ["", "word", *map(str, range(vectors.shape[1]))]
    rows = [[at, word, *row] for at, (word, row) in enumerate(zip(words, vectors.tolist(), strict=True))]
    return write(folder / "vectors.csv", table([names, *rows]))


def tabs_named(folder: Path, words: Words, vectors: Float32) -> Path:
    """Tabs, and a first line with names."""
    names = "\t".join(["word", *(f"x{number}" for number in range(vectors.shape[1]))])
    return write(folder / "vectors.tsv", joined([names, *lines_of(words, vectors, "\t")]))


def two_blanks(folder: Path, words: Words, vectors: Float32) -> Path:
    """Numbers in columns: a minus or a blank before each."""
    lines = [
        f"{word} " + " ".join(f"{x: .5f}" for x in row) for word, row in zip(words, vectors, strict=True)
    ]
    return write(folder / "bert.vec", joined([header(vectors), *lines]))


def rows_without_word(folder: Path, words: Words, vectors: Float32) -> Path:
    """Three more rows: their words are a blank, a no-break space, and nothing at all."""
    numbers = " ".join(map(str, vectors[0].tolist()))
    odd = [f"  {numbers}", f"\u00a0 {numbers}", numbers]
    head = f"{len(words) + 3} {vectors.shape[1]}"
    return write(
        folder / "google.txt",
        joined([head, *lines_of(words[:1], vectors[:1]), *odd, *lines_of(words[1:], vectors[1:])]),
    )


def _spelled(
    name: str, change: Callable[[str], str], before: Sequence[str] = ()
) -> Callable[[Path, Words, Float32], Path]:
    """Return a builder of word2vec text whose words are changed; those of `before` come first, with other numbers."""

    def build(folder: Path, words: Words, vectors: Float32) -> Path:
        others = vectors[: len(before)] + 100
        lines = [*lines_of(before, others), *lines_of(list(map(change, words)), vectors)]
        return write(folder / name, joined([f"{len(lines)} {vectors.shape[1]}", *lines]))

    return build


conceptnet = _spelled("numberbatch.txt", lambda word: f"/c/en/{word}", ["/c/de/hafen", "/c/de/film"])
behind_language = _spelled("multi.txt", lambda word: f"en:{word}", ["de:hafen", "de:film"])
tagged = _spelled("tags.vec", lambda word: f"{word}_NOUN")
pieces = _spelled("en.bpe.vec", lambda word: f"▁{word}", ["film"])


# --- words and numbers apart -----------------------------------------------------------------------------


def _rows(vectors: Float32) -> str:
    return joined(["\t".join(map(str, row)) for row in vectors.tolist()])


def projector(folder: Path, words: Words, vectors: Float32) -> Path:
    """As TensorBoard's projector takes them: one column of words has no name."""
    write(folder / "metadata.tsv", joined(words))
    return write(folder / "tensors.tsv", _rows(vectors))


def projector_columns(folder: Path, words: Words, vectors: Float32) -> Path:
    """Two columns have names."""
    lines = [f"{number}\t{word}" for number, word in enumerate(words)]
    write(folder / "w2v_metadata.tsv", joined(["Count\tWord", *lines]))
    return write(folder / "w2v_tensor.tsv", _rows(vectors))


def npy(folder: Path, words: Words, vectors: Float32) -> Path:
    """An array, its words in a .txt of the same name."""
    write(folder / "vectors.txt", joined(words))
    np.save(folder / "vectors.npy", vectors)
    return folder / "vectors.npy"


def npy_counts(folder: Path, words: Words, vectors: Float32) -> Path:
    """An array, its words in a vocab.txt as GloVe writes it: with how often each occurs."""
    write(folder / "vocab.txt", joined([f"{word} {100 + number}" for number, word in enumerate(words)]))
    np.save(folder / "w.npy", vectors)
    return folder / "w.npy"


# --- refused ---------------------------------------------------------------------------------------------


def sparse(folder: Path, words: Words, vectors: Float32) -> Path:
    """Places and numbers, as those of PPMI."""
    lines = [
        f"{word} " + " ".join(f"{3 * at + 1}:{x}" for at, x in enumerate(row.tolist()))
        for word, row in zip(words, abs(vectors), strict=True)
    ]
    return write(folder / "ppmi.word", joined([header(vectors), *lines]))


def decimal_commas(folder: Path, words: Words, vectors: Float32) -> Path:
    """Numbers as German spreadsheets write them."""
    return write(folder / "vectors.txt", joined(lines_of(words, vectors)).replace(".", ","))


def counts(folder: Path, words: Words, vectors: Float32) -> Path:
    """GloVe's vocabulary in place of its vectors."""
    return write(
        folder / "vocab.txt", joined([f"{word} {100 + number}" for number, word in enumerate(words)])
    )


def numbers_alone(folder: Path, words: Words, vectors: Float32) -> Path:
    """tensors.tsv, and no metadata.tsv."""
    return write(folder / "tensors.tsv", _rows(vectors))


def npy_alone(folder: Path, words: Words, vectors: Float32) -> Path:
    """An array, and no words."""
    np.save(folder / "array.npy", vectors)
    return folder / "array.npy"


def lfs_pointer(folder: Path, words: Words, vectors: Float32) -> Path:
    """What a clone without Git LFS has in the place of a file."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 123456\n"
    return write(folder / "vectors.bin", text)


def as_json(folder: Path, words: Words, vectors: Float32) -> Path:
    """A table from words to lists."""
    return write(
        folder / "vectors.json", json.dumps(dict(zip(words, vectors.tolist(), strict=True)), indent=1)
    )


def magnitude(folder: Path, words: Words, vectors: Float32) -> Path:
    """A database of pymagnitude."""
    path = folder / "w.magnitude"
    base = sqlite3.connect(path)
    base.execute("create table magnitude (key text, dim_0 integer)")
    base.commit()
    base.close()
    return path


def hdf5(folder: Path, words: Words, vectors: Float32) -> Path:
    """The start of an .h5."""
    return write(folder / "mini.h5", b"\x89HDF\r\n\x1a\n" + bytes(100))


def onnx(folder: Path, words: Words, vectors: Float32) -> Path:
    """The start of an ONNX model: the version, and which program wrote it."""
    return write(folder / "model.onnx", b"\x08\x08\x12\x07pytorch\x1a\x051.9.0" + bytes(100))


def pytorch(folder: Path, words: Words, vectors: Float32) -> Path:
    """What torch.save writes: a .zip with a pickle."""
    path = folder / "pytorch_model.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": 1}, 2))
        archive.writestr("archive/data/0", vectors.tobytes())
    return path


def old_pytorch(folder: Path, words: Words, vectors: Float32) -> Path:
    """What it wrote before: several pickles, the first of them a number."""
    return write(
        folder / "pytorch_model.bin", pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps({"a": 1}, 2)
    )


def tar(folder: Path, words: Words, vectors: Float32) -> Path:
    """A packed archive of one file."""
    word2vec_text(folder, words, vectors)
    with tarfile.open(folder / "vectors.tar.gz", "w:gz") as archive:
        archive.add(folder / "vectors.txt", "vectors.txt")
    return folder / "vectors.tar.gz"
