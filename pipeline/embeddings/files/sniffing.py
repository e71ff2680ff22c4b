"""The format of a vector file, told from the start of its content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.layouts import (
    BLANKS,
    Layout,
    column,
    find_delimited,
    has_no_words,
    is_number,
    names_columns,
)
from pipeline.embeddings.files.not_vectors import UTF8_MARK, Head, refuse_others
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.vocabularies import numbers_beside

HEAD_BYTES = 1 << 20
KNOWN_FORMATS = (
    "give word2vec text or binary, GloVe text, fastText .vec or .bin, .npz, .npy, .safetensors,"
    " or the folder of a static embedding"
)
FASTTEXT_MAGIC = b"\xba\x16\x4f\x2f"
_LINES_LOOKED_AT = 1000
_HEADER = re.compile(rb"[\0- ]*(\d{1,12})[\0- ]+(\d{1,6})[\0- ]*")  # the number of words, the dimension
_SPARSE = re.compile(rb"\d+:[+-]?[\d.]+(?:[eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(rb"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_COUNT = re.compile(rb"\s\d+\s*$")
_FEWEST_COUNTS = 5  # lines; fewer may be vectors of one dimension
_LONGEST_SHOWN = 60
_CONTROLS = bytes([*range(9), *range(14, 32)])  # bytes that text does not hold and binary numbers do


@dataclass(frozen=True)
class Sniffed:
    """A format, and what the first lines of a text or word2vec file say."""

    format: str
    dimension: int = 0  # 0 where the reader finds it
    promised: int | None = None  # words that the header promises; None without a header
    layout: Layout = BLANKS


def sniff(content: Content) -> Sniffed:
    """Return the format of the content; the file's name only tells `.vec` from other word2vec text.

    Raises
    ------
    PipelineError
        If it is no vector file, or one that only code inside it could load (a pickle).
    """
    with content.open() as stream:
        data = stream.read(HEAD_BYTES)
        head = Head(content, data, whole=len(data) < HEAD_BYTES)
    refuse_others(head)
    for matches, name in _SIGNATURES:
        if matches(data):
            return Sniffed(name)
    if data.startswith(b"PK\x03\x04"):
        raise head.refuse("the content is packed twice", "unpack it once")
    return _sniff_words(head)


def _is_safetensors(data: bytes) -> bool:
    return data[8:10] == b'{"' and int.from_bytes(data[:8], "little") < 100_000_000


_SIGNATURES: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda data: data.startswith(b"\x93NUMPY"), "npy"),
    (lambda data: data.startswith(FASTTEXT_MAGIC), "fastText .bin"),
    (_is_safetensors, "safetensors"),
    (lambda data: data.startswith(b"PK\x03\x04") and b".npy" in data[:200], "npz"),
)


# --- formats that start with words -----------------------------------------------------------------------


def shown(field: bytes) -> str:
    """Return a field as an error shows it: as text, and not pages of it."""
    text = field.decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _sniff_words(head: Head) -> Sniffed:
    lines = _lines(head)
    header = _header(lines)
    if header is None:
        return _sniff_glove(head, lines)
    promised, dimension = header
    if len(lines) == 1:
        what = f"the header promises {promised} words of {dimension} numbers, and nothing follows"
        raise head.refuse(what, FETCH_AGAIN, ":1:1")
    fields = BLANKS.split(lines[1])
    is_text = len(fields) >= dimension and all(map(is_number, fields[-dimension:]))
    if not is_text and _holds_controls(head.data):
        return Sniffed("word2vec binary", dimension, promised)
    _refuse_sparse(head, lines[1])
    if len(fields) == dimension and has_no_words(lines[1:]):
        return Sniffed("numbers without words", dimension, promised, Layout(has_words=False))
    is_vec = head.content.name.lower().endswith(".vec")
    return Sniffed("fastText .vec" if is_vec else "word2vec text", dimension, promised)


def _lines(head: Head) -> list[bytes]:
    """Return the first lines that are not blank: whole ones, if two are whole."""
    lines = head.data.removeprefix(UTF8_MARK).split(b"\n", _LINES_LOOKED_AT)
    if len(lines) > 2 and (len(lines) > _LINES_LOOKED_AT or not head.whole):
        lines.pop()
    return [line for line in lines if line.strip()]


def _header(lines: list[bytes]) -> tuple[int, int] | None:
    """Return the number of words and the dimension that a first line of two whole numbers gives."""
    first = _HEADER.fullmatch(lines[0])
    if first is None:
        return None
    promised, dimension = map(int, first.groups())
    second = BLANKS.split(lines[1]) if len(lines) > 1 else []
    one_number_a_word = len(second) == 2 and is_number(second[1]) and dimension != 1
    return None if one_number_a_word or dimension == 0 else (promised, dimension)


def _holds_controls(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) < len(data)


def _sniff_glove(head: Head, lines: list[bytes]) -> Sniffed:
    """Return the dimension most lines have; words may hold blanks, so the numbers are the last fields."""
    if b"\0" in head.data or _holds_controls(lines[0]):
        raise head.refuse("this is binary data of no known vector format", KNOWN_FORMATS)
    delimited = find_delimited(lines)
    if delimited is not None:
        return _of_layout("delimited text", *delimited)
    counts = Counter(len(BLANKS.split(line)) - 1 for line in lines)
    dimension = counts.most_common(1)[0][0]
    typical = [line for line in lines if len(BLANKS.split(line)) - 1 == dimension]
    if dimension == 0:
        if any(map(_DECIMAL_COMMA.fullmatch, typical[0].strip().split(b";")[1:])):
            what = "fields are separated by semicolons, and numbers have a decimal comma"
            raise head.refuse(what, "write numbers with a point", _place_of(head, typical[0], 0))
        what = "a word stands alone; expected a word and its numbers"
        numbers = numbers_beside(head.content.path)
        if numbers is not None:
            raise head.refuse(f"{what}; the numbers lie beside it", f"give {numbers.name}", ":1:1")
        raise _not_vectors(head, typical[0], 0, what)
    if has_no_words(lines):
        return _of_layout("GloVe text", Layout(has_words=False), dimension + 1)
    named = len(typical) > 1 and typical[0] is lines[0] and names_columns(BLANKS.split(lines[0]))
    named = named and all(map(is_number, BLANKS.split(typical[1])[1:]))
    _check_typical(head, typical[named], dimension)
    if dimension == 1 and len(typical) >= _FEWEST_COUNTS and all(map(_COUNT.search, typical)):
        what = "each word has one whole number: these are counts, not vectors"
        raise head.refuse(what, "give the file of vectors", ":1:1")
    return _of_layout("GloVe text", Layout(header=named), dimension)


def _of_layout(name: str, layout: Layout, dimension: int) -> Sniffed:
    return Sniffed(name if layout.has_words else "numbers without words", dimension, None, layout)


def _check_typical(head: Head, line: bytes, dimension: int) -> None:
    """Raise PipelineError unless the last fields of a line are numbers."""
    _refuse_sparse(head, line)
    fields = BLANKS.split(line)
    for place, text in enumerate(fields[1:], start=1):
        if place < len(fields) - dimension or is_number(text):
            continue
        if _DECIMAL_COMMA.fullmatch(text):
            what = f'the number "{shown(text)}" has a decimal comma'
            raise head.refuse(what, "write numbers with a point", _place_of(head, line, place))
        raise _not_vectors(head, line, place, f'expected a word and its numbers, found "{shown(text)}"')


def _refuse_sparse(head: Head, line: bytes) -> None:
    """Raise PipelineError if a line holds the places of numbers, and not each number."""
    fields = BLANKS.split(line)
    if len(fields) > 1 and all(map(_SPARSE.fullmatch, fields[1:])):
        what = f'the rows are sparse: "{shown(fields[1])}" is a place and its number; expected one number a dimension'
        raise head.refuse(what, "write every number of a row, zeros too", _place_of(head, line, 1))


def _not_vectors(head: Head, line: bytes, field: int, what: str) -> PipelineError:
    return head.refuse(f"{what}; this is no vector file", KNOWN_FORMATS, _place_of(head, line, field))


def _place_of(head: Head, line: bytes, field: int) -> str:
    number = head.data.removeprefix(UTF8_MARK).split(b"\n").index(line) + 1
    return f":{number}:{column(line, BLANKS.starts(line)[field])}"
