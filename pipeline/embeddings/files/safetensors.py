"""`.safetensors`: one tensor of vectors; the words in its metadata or beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.rows import Read, Table, pick_rows
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed
from pipeline.embeddings.files.vocabularies import (
    SIBLINGS,
    VECTOR_NAMES,
    WORD_NAMES,
    check_count,
    named,
    words_beside,
    words_of_json,
)

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


@dataclass(frozen=True)
class Tensor:
    """What the header says of one tensor."""

    dtype: str
    shape: tuple[int, ...]
    begin: int  # bytes, from where the data start
    end: int


def read_safetensors(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of a safetensors file [1]_.

    Raises
    ------
    PipelineError
        If there is no vocabulary, no tensor of an accepted name, or one of another shape or type.

    References
    ----------
    .. [1] https://github.com/huggingface/safetensors: 8 bytes with the header's length, a JSON header, the data.
    """
    with content.open() as stream:
        header, start = _read_header(stream, content)
        where, words = _words(header, content)
        tensor = _tensor(header, content)
        rows, dimension = tensor.shape
        check_count(len(words), rows, where)
        places = np.array(selection.choose(words), dtype=np.int64)
        _skip(stream, tensor.begin)
        dtype = np.dtype(_DTYPES[tensor.dtype])
        table = Table(str(content.path), dtype, rows, dimension, start + tensor.begin)
        to_float = _from_bfloat16 if tensor.dtype == "BF16" else np.asarray
        return Read(pick_rows(stream, table, places, selection.words, to_float), dimension)


def _read_header(stream: IO[bytes], content: Content) -> tuple[dict[str, Json], int]:
    """Return the JSON header and the place where the data start."""
    length = int.from_bytes(stream.read(8), "little")
    try:
        header: dict[str, Json] = json.loads(stream.read(length))
    except (ValueError, RecursionError) as error:
        what = f"the header is not JSON ({error})"
        raise PipelineError(f"{content.path}:byte 8", what, FETCH_AGAIN) from None
    return header, 8 + length


def _words(header: Mapping[str, Json], content: Content) -> tuple[str, list[bytes]]:
    """Return where the vocabulary is, and its words."""
    metadata = header.get("__metadata__")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = named(metadata, WORD_NAMES)
    if name is not None and isinstance(metadata[name], str):
        where = f'{content.path}: metadata "{name}"'
        return where, words_of_json(metadata[name], where)
    beside = words_beside(content)
    if beside is None:
        fix = f"put it into the metadata as a JSON list under {', '.join(WORD_NAMES)}, or {SIBLINGS}"
        raise PipelineError(str(content.path), "the vectors have no vocabulary", fix)
    return str(beside[0]), beside[1]


def _tensor(header: Mapping[str, Json], content: Content) -> Tensor:
    """Return what the header says of the tensor of vectors."""
    held = {name: entry for name, entry in header.items() if name != "__metadata__"}
    name = named(held, VECTOR_NAMES)
    if name is None:
        what = f"there is no tensor of vectors; the file holds {', '.join(held) or 'none'}"
        raise PipelineError(str(content.path), what, f"name it one of {', '.join(VECTOR_NAMES)}")
    tensor = _described(held[name])
    if tensor is None:
        what = f'the header does not say type, shape and place of tensor "{name}"'
        raise PipelineError(f"{content.path}:byte 8", what, FETCH_AGAIN)
    shape, dtype = tensor.shape, tensor.dtype
    if len(shape) != 2 or shape[1] == 0 or dtype not in _DTYPES:
        what = f'tensor "{name}" is {dtype} of shape {shape}; expected floats of two axes'
        raise PipelineError(str(content.path), what, "save one row of floats a word")
    needed = shape[0] * shape[1] * np.dtype(_DTYPES[dtype]).itemsize
    if tensor.end - tensor.begin != needed:
        what = (
            f'tensor "{name}" has {tensor.end - tensor.begin} bytes; {dtype} of shape {shape} needs {needed}'
        )
        raise PipelineError(f"{content.path}:byte 8", what, FETCH_AGAIN)
    return tensor


def _described(entry: Json) -> Tensor | None:
    """Return what an entry of the header says; None where it is not as the format has it."""
    match entry:
        case {"dtype": str(dtype), "shape": [*sizes], "data_offsets": [int(begin), int(end)]}:
            shape = tuple(size for size in sizes if isinstance(size, int))
            if len(shape) == len(sizes) and min(begin, end, *shape) >= 0:
                return Tensor(dtype, shape, begin, end)
    return None


def _skip(stream: IO[bytes], count: int) -> None:
    """Read past `count` bytes, in pieces."""
    while count > 0 and (data := stream.read(min(count, 1 << 20))):
        count -= len(data)


def _from_bfloat16(values: np.ndarray) -> np.ndarray:
    """Return bfloat16 bits as float32: they are its upper half."""
    widened: np.ndarray = (values.astype(np.uint32) << 16).view(np.float32)
    return widened
