"""Vector files whose headers promise more than there is: refused, or read as they are, with hardly any memory."""

from __future__ import annotations

import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from vector_file_builders import fasttext_bin, write

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.reading import read_vector_file

WORDS = ["a", "b", "c"]
VECTORS = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
MOST_BYTES = 16 << 20  # some blocks of 4 MiB
MANY = 1 << 30
MAGIC = b"\x93NUMPY"


def npy(dtype: str, shape: tuple[int, ...], data: bytes) -> bytes:
    """Return an .npy of version 1 whose header says this, whatever the data are."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}\n"
    return MAGIC + b"\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


def with_words(folder: Path, name: str, data: bytes) -> Path:
    """Write a file of vectors, with three words beside it."""
    write(folder / "vocab.txt", "a\nb\nc\n")
    return write(folder / name, data)


def npz(folder: Path, **members: bytes) -> Path:
    """Write an .npz of these bytes."""
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return folder / "a.npz"


def safetensors(folder: Path, shape: list[int], end: int, length: int = 0) -> Path:
    """Write a .safetensors whose header, and the header's length, say this."""
    header = json.dumps({"vectors": {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}}).encode()
    data = struct.pack("<Q", length or len(header)) + header + VECTORS.tobytes()
    return with_words(folder, "a.safetensors", data)


def words_of_array(folder: Path) -> Path:
    """Write vectors whose words are an array that claims to be large."""
    write(folder / "words.npy", npy("<U1", (MANY,), b"a\0\0\0"))
    return write(folder / "a.npy", npy("<f4", (3, 2), VECTORS.tobytes()))


def damaged_fasttext(folder: Path, at: int, value: int) -> Path:
    """Write a fastText .bin with four bytes changed to a number."""
    path = fasttext_bin(folder, WORDS, VECTORS)
    data = bytearray(path.read_bytes())
    data[at : at + 4] = struct.pack("<i", value)
    return write(path, bytes(data))


NPY_BODY = VECTORS.tobytes()
LIARS: dict[str, tuple[Callable[[Path], Path], str | None]] = {
    "the length of an .npy's header": (
        lambda folder: with_words(folder, "a.npy", MAGIC + b"\x02\x00" + struct.pack("<I", MANY) + NPY_BODY),
        "a.npy: the header is not that of an array (",
    ),
    "the rows of an .npy": (
        lambda folder: with_words(folder, "a.npy", npy("<f4", (MANY, 2), NPY_BODY)),
        "vocab.txt: 3 words for 1073741824 vectors; ",
    ),
    "the columns of an .npy": (
        lambda folder: with_words(folder, "a.npy", npy("<f4", (3, MANY), NPY_BODY)),
        'a.npy: array "a.npy" is float32 of shape (3, 1073741824); ',
    ),
    "the columns of an .npz": (
        lambda folder: npz(
            folder, words=npy("<U1", (3,), np.array(WORDS).tobytes()), vectors=npy("<f4", (3, MANY), b"")
        ),
        'a.npz: array "vectors" is float32 of shape (3, 1073741824); ',
    ),
    "the words of an .npz": (
        lambda folder: npz(
            folder, words=npy(f"<U{MANY >> 2}", (3,), b""), vectors=npy("<f4", (3, 2), NPY_BODY)
        ),
        "a.npz:words.npy: the words cannot be read (",
    ),
    "the length of words of words.npy": (
        words_of_array,
        "words.npy: the words cannot be read (",
    ),
    "the length of a safetensors header": (
        lambda folder: safetensors(folder, [3, 2], 24, 99_999_999),
        "a.safetensors:byte 8: the header is not JSON (",
    ),
    "the shape of a tensor": (
        lambda folder: safetensors(folder, [3, MANY], 24),
        'a.safetensors: tensor "vectors" is F32 of shape (3, 1073741824); ',
    ),
    "the rows of a tensor": (
        lambda folder: safetensors(folder, [MANY, 2], 8 * MANY),
        "vocab.txt: 3 words for 1073741824 vectors; ",
    ),
    "the words of word2vec's header, binary": (
        lambda folder: write(folder / "a.bin", b"999999999999 2\na " + NPY_BODY[:8] + b"b " + NPY_BODY[8:16]),
        None,
    ),
    "the dimension of word2vec's header, binary": (
        lambda folder: write(folder / "a.bin", b"3 999999\na " + NPY_BODY[:8] + b"b " + NPY_BODY[8:16]),
        None,
    ),
    "the words of word2vec's header, text": (
        lambda folder: write(folder / "a.txt", "999999999999 2\na 1 2\nb 3 4\nc 5 6\n"),
        None,
    ),
    "fastText's entries": (
        lambda folder: damaged_fasttext(folder, 64, MANY),
        "model.bin:byte ",
    ),
    "fastText's dimension": (lambda folder: damaged_fasttext(folder, 8, MANY), "model.bin:byte "),
    "fastText's buckets": (lambda folder: damaged_fasttext(folder, 40, MANY), "model.bin:byte "),
}


@pytest.mark.parametrize("name", LIARS)
def test_what_a_header_claims_reserves_no_memory(name: str, tmp_path: Path) -> None:
    build, refused = LIARS[name]
    path = build(tmp_path)
    tracemalloc.start()
    try:
        said = f"{len(read_vector_file(path, None).words)} words"
    except PipelineError as error:
        said = str(error).replace(f"{tmp_path}/", "")
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MOST_BYTES
    assert refused is None or said.startswith(refused), said


def test_a_member_that_zipfile_cannot_unpack_is_refused(tmp_path: Path) -> None:
    words = npy("<U1", (3,), np.array(WORDS).tobytes())
    path = npz(tmp_path, words=words, vectors=npy("<f4", (3, 2), NPY_BODY))
    patched = bytearray(path.read_bytes())
    for at in (6, patched.index(b"PK\x01\x02") + 8):
        patched[at] |= 0x20  # "compressed patched data"
    with pytest.raises(PipelineError, match="the file is not whole zip data"):
        read_vector_file(write(path, bytes(patched)), None)
