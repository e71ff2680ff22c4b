"""The format of a vector file, told from the start of its content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.packing import FETCH_AGAIN, PACKED, Content
from pipeline.embeddings.files.pickles import refuse_array, refuse_pickle

HEAD_BYTES = 1 << 20
KNOWN_FORMATS = "give word2vec text or binary, GloVe text, fastText .vec or .bin, .npz or .safetensors"
UTF8_MARK = b"\xef\xbb\xbf"
FASTTEXT_MAGIC = b"\xba\x16\x4f\x2f"
_LINES_LOOKED_AT = 1000
_HEADER = re.compile(rb"[\0- ]*(\d{1,12})[\0- ]+(\d{1,6})[\0- ]*")  # the number of words, the dimension
_LONGEST_SHOWN = 60
_BLANKS = bytes.maketrans(bytes(range(33)), b" " * 33)
_BLANK = 32
_CONTROLS = bytes([*range(9), *range(14, 32)])  # bytes that text does not hold and binary numbers do


@dataclass(frozen=True)
class Sniffed:
    """A format, and what the first line of a text or word2vec file says."""

    format: str
    dimension: int = 0  # 0 where the reader finds it
    promised: int | None = None  # words that the header promises; None without a header


@dataclass(frozen=True)
class Head:
    """The start of the unpacked content."""

    content: Content
    data: bytes
    whole: bool  # whether `data` is all there is

    def refuse(self, what: str, fix: str, place: str = "") -> PipelineError:
        """Return an error about this file."""
        return PipelineError(f"{self.content.path}{place}", what, fix)


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
    for matches, answer in _SIGNATURES:
        if matches(data):
            return answer(head)
    return _sniff_words(head)


# --- formats with a signature ----------------------------------------------------------------------------


def _is_pickle(data: bytes) -> bool:
    return data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def _is_safetensors(data: bytes) -> bool:
    return data[8:10] == b'{"' and int.from_bytes(data[:8], "little") < 100_000_000


def _is_html(data: bytes) -> bool:
    start = data[:200].removeprefix(UTF8_MARK).lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<?xml"))


def _is_utf16(data: bytes) -> bool:
    without_mark = [byte == 0 for byte in data[:4]] in ([False, True] * 2, [True, False] * 2)
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) or without_mark


def _refused(what: str, fix: str, place: str = "") -> Callable[[Head], Sniffed]:
    """Return the answer to a format that is none of vectors."""

    def refuse(head: Head) -> Sniffed:
        raise head.refuse(what, fix, place)

    return refuse


_PACKED_TWICE = _refused("the content is packed twice", "unpack it once")
_EMPTY = _refused("the file is empty", "give a file with a word and its numbers on each line")
_WEB_PAGE = _refused(
    "this is a web page, not vectors", "fetch the file itself: the address led to a page", ":1:1"
)
_UTF_16 = _refused("the text is UTF-16; expected UTF-8", "save it as UTF-8", ":1:1")


def _npz(head: Head) -> Sniffed:
    """Return the format of a .zip in a packed file, if it is one of arrays."""
    return Sniffed("npz") if b".npy" in head.data[:200] else _PACKED_TWICE(head)


_SIGNATURES: tuple[tuple[Callable[[bytes], bool], Callable[[Head], Sniffed]], ...] = (
    (lambda data: not data.strip(), _EMPTY),
    (_is_pickle, lambda head: refuse_pickle(head.content.path, head.data)),
    (lambda data: data.startswith(b"\x93NUMPY"), lambda head: refuse_array(head.content.path)),
    (lambda data: data.startswith(FASTTEXT_MAGIC), lambda head: Sniffed("fastText .bin")),
    (_is_safetensors, lambda head: Sniffed("safetensors")),
    (lambda data: data.startswith(b"PK\x03\x04"), _npz),
    (lambda data: data.startswith(tuple(PACKED)), _PACKED_TWICE),
    (_is_html, _WEB_PAGE),
    (_is_utf16, _UTF_16),
)


# --- formats that start with words -----------------------------------------------------------------------


def split_fields(line: bytes) -> list[bytes]:
    """Return what stands between blanks, tabs and other control characters."""
    return line.translate(_BLANKS).split()


def field_starts(line: bytes) -> list[int]:
    """Return the byte at which each field of a line begins, from 0."""
    spaced = b" " + line.translate(_BLANKS)
    return [at for at in range(len(line)) if spaced[at] == _BLANK and spaced[at + 1] != _BLANK]


def column(line: bytes, byte: int) -> int:
    """Return the column of a byte of a line: characters, from 1."""
    return len(line[:byte].decode("utf-8", "replace")) + 1


def is_number(field: bytes) -> bool:
    """Whether Python reads the field as a number; NaN and infinities are numbers here.

    >>> is_number(b"-1.5e-3"), is_number(b"."), is_number(b"1_0")
    (True, False, False)
    """
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


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
    numbers = split_fields(lines[1])[-dimension:]
    is_text = len(numbers) == dimension and all(map(is_number, numbers))
    if not is_text and _holds_controls(head.data):
        return Sniffed("word2vec binary", dimension, promised)
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
    second = split_fields(lines[1]) if len(lines) > 1 else []
    one_number_a_word = len(second) == 2 and is_number(second[1]) and dimension != 1
    return None if one_number_a_word or dimension == 0 else (promised, dimension)


def _holds_controls(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) < len(data)


def _sniff_glove(head: Head, lines: list[bytes]) -> Sniffed:
    """Return the dimension most lines have; words may hold blanks, so the numbers are the last fields."""
    if b"\0" in head.data or _holds_controls(lines[0]):
        raise head.refuse("this is binary data of no known vector format", KNOWN_FORMATS)
    counts = Counter(len(split_fields(line)) - 1 for line in lines)
    dimension = counts.most_common(1)[0][0]
    typical = next(line for line in lines if len(split_fields(line)) - 1 == dimension)
    if dimension == 0:
        raise _not_vectors(head, typical, 0, "a word stands alone; expected a word and its numbers")
    fields = split_fields(typical)
    for place, text in enumerate(fields[1:], start=1):
        if place >= len(fields) - dimension and not is_number(text):
            what = f'expected a word and its numbers, found "{shown(text)}"'
            raise _not_vectors(head, typical, place, what)
    return Sniffed("GloVe text", dimension)


def _not_vectors(head: Head, line: bytes, field: int, what: str) -> PipelineError:
    number = head.data.removeprefix(UTF8_MARK).split(b"\n").index(line) + 1
    place = f":{number}:{column(line, field_starts(line)[field])}"
    return head.refuse(f"{what}; this is no vector file", KNOWN_FORMATS, place)
