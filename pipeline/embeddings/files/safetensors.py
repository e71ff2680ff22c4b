"""`.safetensors`: one tensor of vectors; the words in its metadata, beside it, or pieces of a tokenizer beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.core.values import Float32, Int64
from pipeline.core.warned import warning
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.rows import LARGEST_DIMENSION, Read, Table, pick_rows, read_bytes
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed
from pipeline.embeddings.files.tokenizer_file import Tokens, load_tokenizer
from pipeline.embeddings.files.vocabularies import (
    SIBLINGS,
    VECTOR_NAMES,
    WORD_NAMES,
    check_count,
    named,
    vocabulary_beside,
    words_beside,
    words_of_json,
)

_FLOATS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I8": "<i1",
}  # I8: as model2vec makes them small
_WHOLE = {"I64": "<i8", "I32": "<i4", "I16": "<i2", "U32": "<u4", "U16": "<u2"}
_LONGEST_HEADER = 100_000_000  # bytes, by the format's own rule
_READ_BYTES = 1 << 20
_NAMES_SHOWN = 8
_MODEL2VEC = "embeddings"  # what it calls its vectors


@dataclass(frozen=True)
class Tensor:
    """What the header says of one tensor."""

    dtype: str
    shape: tuple[int, ...]
    begin: int  # bytes, from where the data start
    end: int


@dataclass(frozen=True)
class Held:
    """The tensors of a file."""

    content: Content
    header: Mapping[str, Json]
    start: int  # byte at which the data start

    @property
    def names(self) -> list[str]:
        """The names of the tensors."""
        return [name for name in self.header if name != "__metadata__"]

    def table(self, name: str) -> Table:
        """Return a tensor of vectors as rows; PipelineError where it is none."""
        tensor = self.tensor(name)
        shape, dtype = tensor.shape, tensor.dtype
        if len(shape) != 2 or not 0 < shape[1] <= LARGEST_DIMENSION or dtype not in _FLOATS:
            what = f'tensor "{name}" is {dtype} of shape {shape}; expected floats of two axes'
            raise PipelineError(
                "vector-array-unknown", str(self.content.path), what, "save one row of floats a word"
            )
        self._check_size(name, tensor, np.dtype(_FLOATS[dtype]))
        begin = self.start + tensor.begin
        return Table(str(self.content.path), np.dtype(_FLOATS[dtype]), shape[0], shape[1], begin)

    def tensor(self, name: str) -> Tensor:
        """Return what the header says of a tensor."""
        tensor = _described(self.header[name])
        if tensor is None:
            what = f'the header does not say type, shape and place of tensor "{name}"'
            raise PipelineError("vector-file-damaged", f"{self.content.path}:byte 8", what, FETCH_AGAIN)
        return tensor

    def _check_size(self, name: str, tensor: Tensor, dtype: np.dtype) -> None:
        needed = math.prod(tensor.shape) * dtype.itemsize
        if tensor.end - tensor.begin != needed:
            held = tensor.end - tensor.begin
            what = f'tensor "{name}" has {held} bytes; {tensor.dtype} of shape {tensor.shape} needs {needed}'
            raise PipelineError("vector-file-damaged", f"{self.content.path}:byte 8", what, FETCH_AGAIN)

    def rows(self, name: str, places: Int64, words: Sequence[str]) -> Float32:
        """Return the rows of a tensor of vectors at `places` (ascending), float32 (W, D)."""
        table = self.table(name)
        with self.content.open() as stream:
            _skip(stream, table.offset)
            to_float = _from_bfloat16 if self.tensor(name).dtype == "BF16" else np.asarray
            return pick_rows(stream, table, places, words, to_float)

    def numbers(self, name: str, kinds: Mapping[str, str]) -> np.ndarray:
        """Return a tensor of one axis, (N,)."""
        tensor = self.tensor(name)
        if len(tensor.shape) != 1 or tensor.dtype not in kinds:
            what = f'tensor "{name}" is {tensor.dtype} of shape {tensor.shape}; expected one number a token'
            raise PipelineError("vector-file-damaged", str(self.content.path), what, FETCH_AGAIN)
        self._check_size(name, tensor, np.dtype(kinds[tensor.dtype]))
        with self.content.open() as stream:
            _skip(stream, self.start + tensor.begin)
            data = read_bytes(stream, tensor.end - tensor.begin)
        if len(data) < tensor.end - tensor.begin:
            what = f'the file ends inside tensor "{name}"'
            raise PipelineError(
                "vector-file-damaged",
                f"{self.content.path}:byte {self.start + tensor.begin}",
                what,
                FETCH_AGAIN,
            )
        values = np.frombuffer(data, kinds[tensor.dtype])
        return _from_bfloat16(values) if tensor.dtype == "BF16" else values


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
    held = _open(content)
    name = _name_of_vectors(held)
    table = held.table(name)
    tokens = _tokenizer_of(held, selection)
    if isinstance(tokens, Tokens):
        return _read_tokens(held, name, tokens, selection)
    if tokens is not None and {"mapping", "weights"} & set(held.names):
        raise PipelineError(
            "package-missing",
            str(content.path),
            f"its rows are found through the tokenizer; {tokens}",
            "install it",
        )
    where, words = _words(held, table.rows)
    check_count(len(words), table.rows, where)
    places = np.array(selection.choose(words), dtype=np.int64)
    notes = () if tokens is None else (warning("pieces-not-used", tokens),)
    return Read(held.rows(name, places, selection.words), table.dimension, notes)


def _tokenizer_of(held: Held, selection: Selection) -> Tokens | str | None:
    """Return the tokenizer whose pieces the rows are; why it cannot be used; None where words are given otherwise."""
    beside = vocabulary_beside(held.content)
    if _words_inside(held) is not None or beside is None or beside.name != "tokenizer.json":
        return None
    return load_tokenizer(beside)


def _read_tokens(held: Held, name: str, tokens: Tokens, selection: Selection) -> Read:
    """Return a static embedding: the row of a word that is one token, and the mean of the pieces of any other.

    Of model2vec: `mapping` leads from tokens to rows, `weights` has what a token counts, and unknown pieces count
    nothing [1]_; a StaticEmbedding of sentence-transformers has neither, and its unknown pieces have a row.

    References
    ----------
    .. [1] https://github.com/MinishLab/model2vec, `StaticModel.encode`, without its scaling to length 1.
    """
    table = held.table(name)
    mapping, weights = _per_token(held, name, table.rows)
    limit = min(
        len(one) for one in (range(table.rows) if mapping is None else mapping, weights) if one is not None
    )
    if len(tokens) > limit:
        check_count(len(tokens), limit, str(tokens.path))

    def vectors(pieces: Sequence[Sequence[int]]) -> Float32:
        """Return the mean of the rows of each word's tokens; zeros for one without any; float32 (W, D)."""
        flat = np.array([token for word in pieces for token in word], dtype=np.int64)
        rows = flat if mapping is None else mapping[flat]
        unique, place = np.unique(rows, return_inverse=True)
        found = held.rows(name, unique, [f"row {row}" for row in unique.tolist()])[place]
        if weights is not None:
            found = found * weights[flat][:, None]
        means = np.zeros((len(pieces), table.dimension), dtype=np.float32)
        word = np.repeat(np.arange(len(pieces)), [len(one) for one in pieces])
        np.add.at(means, word, found)
        return means / np.maximum([len(one) for one in pieces], 1).astype(np.float32)[:, None]

    drop_unknown = name == _MODEL2VEC
    whole = selection.take_tokens(tokens, drop_unknown)
    return Read(
        vectors([[token] for token in whole]),
        table.dimension,
        subwords=lambda words: vectors(tokens.pieces(words.to_list(), drop_unknown)),
        of_pieces=True,
    )


def _per_token(held: Held, name: str, rows: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the row of each token, int64, and what it counts, float32; None of what the file does not say."""
    if name != _MODEL2VEC:
        return None, None
    mapping = held.numbers("mapping", _WHOLE).astype(np.int64) if "mapping" in held.names else None
    weights = held.numbers("weights", _FLOATS).astype(np.float32) if "weights" in held.names else None
    if mapping is not None and len(mapping) and not 0 <= mapping.min() <= mapping.max() < rows:
        what = f'tensor "mapping" leads to rows {mapping.min()} to {mapping.max()} of {rows}'
        raise PipelineError("vector-file-damaged", str(held.content.path), what, FETCH_AGAIN)
    return mapping, weights


def _open(content: Content) -> Held:
    """Return the tensors that the JSON header names, and the place where the data start."""
    with content.open() as stream:
        length = int.from_bytes(stream.read(8), "little")
        text = read_bytes(stream, min(length, _LONGEST_HEADER))
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = f"the header is not JSON ({error})"
        raise PipelineError("vector-file-damaged", f"{content.path}:byte 8", what, FETCH_AGAIN) from None
    return Held(content, header, 8 + length)


def _words_inside(held: Held) -> tuple[str, str] | None:
    """Return the name under which the metadata hold the words, and their JSON; None where they do not."""
    metadata = held.header.get("__metadata__")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = named(metadata, WORD_NAMES)
    text = None if name is None else metadata[name]
    return (name, text) if name is not None and isinstance(text, str) else None


def _words(held: Held, rows: int) -> tuple[str, list[bytes]]:
    """Return where the vocabulary is, and its words."""
    inside = _words_inside(held)
    if inside is not None:
        where = f'{held.content.path}: metadata "{inside[0]}"'
        return where, words_of_json(inside[1], where)
    beside = words_beside(held.content, rows)
    if beside is None:
        fix = f"put it into the metadata as a JSON list under {', '.join(WORD_NAMES)}, or {SIBLINGS}"
        raise PipelineError(
            "vector-words-missing", str(held.content.path), "the vectors have no vocabulary", fix
        )
    return str(beside[0]), beside[1]


def _name_of_vectors(held: Held) -> str:
    """Return the name of the tensor of vectors."""
    names = held.names
    name = named(dict.fromkeys(names), VECTOR_NAMES)
    if name is not None:
        return name
    if any(".layer." in name or "attention" in name for name in names):
        what = "this is a transformer: it has no vector of a word by itself, only of a word in its sentence"
        raise PipelineError(
            "vector-array-unknown",
            str(held.content.path),
            what,
            "give a static embedding, such as one of model2vec",
        )
    held_names = ", ".join(names[:_NAMES_SHOWN]) or "none"
    what = f"there is no tensor of vectors; the file holds {held_names}"
    raise PipelineError(
        "vector-array-unknown", str(held.content.path), what, f"name it one of {', '.join(VECTOR_NAMES)}"
    )


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
    while count > 0 and (data := stream.read(min(count, _READ_BYTES))):
        count -= len(data)


def _from_bfloat16(values: np.ndarray) -> np.ndarray:
    """Return bfloat16 bits as float32: they are its upper half."""
    widened: np.ndarray = (values.astype(np.uint32) << 16).view(np.float32)
    return widened
