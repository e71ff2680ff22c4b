"""`.npz` and `.npy`: vectors, and in an .npz words, as NumPy arrays; never with pickled objects inside."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import IO

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.values import Int64
from pipeline.embeddings.files.array_headers import HEADER_BYTES, Header, read_header
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content, damage_explained, open_zip
from pipeline.embeddings.files.pickles import refuse_array_of_pickle
from pipeline.embeddings.files.rows import BLOCK_BYTES, LARGEST_DIMENSION, Read, Table, pick_rows
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed
from pipeline.embeddings.files.vocabularies import (
    SIBLINGS,
    VECTOR_NAMES,
    WORD_NAMES,
    check_count,
    named,
    words_beside,
)

_SAVE_AGAIN = "save it again with numpy.savez(file, words=numpy.array(words, dtype=str), vectors=vectors)"


def read_npz(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of an .npz; words as an array of text in it, or beside it.

    Raises
    ------
    PipelineError
        If an array is missing, is not of its shape and type, or holds pickled objects.
    """
    with (
        content.open_seekable() as stream,
        damage_explained(content.path, "zip"),
        open_zip(stream) as archive,
    ):
        headers = {
            name.removesuffix(".npy"): _member_header(archive, name, content) for name in archive.namelist()
        }
        name = named(headers, VECTOR_NAMES)
        words_name = named(headers, WORD_NAMES)
        if name is None:
            raise _missing(content, "vectors", VECTOR_NAMES, headers)
        header = _checked_vectors(content, name, headers)
        if words_name is None:
            places = _choose_beside(content, headers, header.shape[0], selection)
        else:
            _check_words(content, words_name, headers)
            check_count(headers[words_name].shape[0], header.shape[0], str(content.path))
            places = _choose(archive, words_name, headers[words_name], selection, content)
        with archive.open(f"{name}.npy") as member:
            member.read(header.bytes)
            rows, dimension = header.shape
            table = Table(f"{content.path}:{name}.npy", header.dtype, rows, dimension, header.bytes)
            return Read(pick_rows(member, table, places, selection.words), dimension)


def read_npy(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of an .npy; the words lie in a file beside it.

    Raises
    ------
    PipelineError
        If there are no words, or the array is not of its shape and type, or belongs to a pickle of gensim.
    """
    refuse_array_of_pickle(content.path)
    with content.open_seekable() as stream:
        header = _header(stream, str(content.path))
        stream.seek(header.bytes)
        _checked_vectors(content, content.name, {content.name: header})
        rows, dimension = header.shape
        beside = words_beside(content, rows)
        if beside is None:
            fix = f"{_SAVE_AGAIN}, or put {SIBLINGS}"
            raise PipelineError(
                "vector-words-missing", str(content.path), "this is an array without words", fix
            )
        check_count(len(beside[1]), rows, str(beside[0]))
        places = np.array(selection.choose(beside[1]), dtype=np.int64)
        table = Table(str(content.path), header.dtype, rows, dimension, header.bytes)
        return Read(pick_rows(stream, table, places, selection.words), dimension)


def _member_header(archive: zipfile.ZipFile, name: str, content: Content) -> Header:
    with archive.open(name) as member:
        return _header(member, f"{content.path}:{name}")


def _header(stream: IO[bytes], where: str) -> Header:
    return read_header(stream.read(HEADER_BYTES), where, _SAVE_AGAIN)


def _choose(
    archive: zipfile.ZipFile, name: str, header: Header, selection: Selection, content: Content
) -> Int64:
    """Return the places of the chosen words of an array of text."""
    places: list[int] = []
    at_once = max(BLOCK_BYTES // header.dtype.itemsize, 1)
    where = f"{content.path}:{name}.npy"
    with archive.open(f"{name}.npy") as member:
        member.read(header.bytes)
        for first in range(0, header.shape[0], at_once):
            count = min(at_once, header.shape[0] - first)
            data = member.read(count * header.dtype.itemsize)
            try:
                words = np.frombuffer(data, header.dtype, count).tolist()
            except (ValueError, SystemError) as error:  # it ends early, or holds what is no character
                raise PipelineError(
                    "vector-file-damaged", where, f"the words cannot be read ({error})", FETCH_AGAIN
                ) from None
            encoded = [
                word if isinstance(word, bytes) else word.encode("utf-8", "surrogatepass") for word in words
            ]
            places += [first + place for place in selection.choose(encoded)]
    return np.array(places, dtype=np.int64)


def _choose_beside(content: Content, headers: Mapping[str, Header], rows: int, selection: Selection) -> Int64:
    beside = words_beside(content, rows)
    if beside is None:
        raise _missing(content, "words", WORD_NAMES, headers)
    file, words = beside
    check_count(len(words), rows, str(file))
    return np.array(selection.choose(words), dtype=np.int64)


# --- checks ----------------------------------------------------------------------------------------------


def _missing(
    content: Content, what: str, names: tuple[str, ...], headers: Mapping[str, Header]
) -> PipelineError:
    held = ", ".join(f'"{name}"' for name in headers)
    either = f", or {SIBLINGS}" if what == "words" else ""
    message = f"the .npz has no array of {what}; it holds {held}"
    return PipelineError(
        "vector-array-unknown", str(content.path), message, f"name it one of {', '.join(names)}{either}"
    )


def _checked_vectors(content: Content, name: str, headers: Mapping[str, Header]) -> Header:
    header = headers[name]
    shape = header.shape
    if len(shape) != 2 or shape[0] < 0 or not 0 < shape[1] <= LARGEST_DIMENSION or header.dtype.kind != "f":
        what = f'array "{name}" is {_described(header)}; expected floats of two axes, a row a word'
        raise PipelineError("vector-array-unknown", str(content.path), what, _SAVE_AGAIN)
    if header.by_columns and 1 not in header.shape:
        what = f'array "{name}" lies column by column'
        raise PipelineError(
            "vector-array-unknown", str(content.path), what, "save numpy.ascontiguousarray(vectors)"
        )
    return header


def _check_words(content: Content, name: str, headers: Mapping[str, Header]) -> None:
    header = headers[name]
    if header.dtype.kind == "O":
        what = f'array "{name}" holds pickled objects: reading them runs code inside the file'
        raise PipelineError("vector-words-wrong", str(content.path), what, _SAVE_AGAIN)
    if len(header.shape) != 1 or header.dtype.kind not in "US" or header.dtype.itemsize == 0:
        what = f'array "{name}" is {_described(header)}; expected text of one axis'
        raise PipelineError("vector-words-wrong", str(content.path), what, _SAVE_AGAIN)


def _described(header: Header) -> str:
    return f"{header.dtype} of shape {header.shape}"
