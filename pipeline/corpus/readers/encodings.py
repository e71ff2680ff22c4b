"""A file's bytes brought to UTF-8: what every text reader starts from. An encoding is a line of `ENCODINGS`."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.packing import read_bytes

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_CHUNK = 1 << 20
_HEAD = 4096  # bytes that tell UTF-16 without a byte order mark
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Windows-1252 bytes met in prose: quotes, dashes, currency, (c), degree, fractions ...
_CP1252_MARKS = frozenset(b"\x80\x82\x84\x85\x86\x8b\x91\x92\x93\x94\x95\x96\x97\x99\x9b") | frozenset(
    range(0xA0, 0xC0)
)
_CP1252_LETTERS = frozenset(range(0xC0, 0xFF)) - {0xD7, 0xF7} | frozenset(b"\x8a\x8c\x8e\x9a\x9c\x9e\x9f")
_LATIN_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True)
class TextSource:
    """One file as UTF-8 bytes without a byte order mark. `damaged`: some bytes are not valid UTF-8."""

    file: str
    data: bytes
    encoding: str  # in words, as found
    damaged: bool = False

    def text(self) -> str:
        """Return the whole text; a byte that is not UTF-8 becomes a lone surrogate (`without_surrogates`)."""
        return self.data.decode("utf-8", "surrogateescape")


def without_surrogates(cell: str) -> str:
    """Return `cell` with U+FFFD in place of each undecodable byte."""
    return _SURROGATE.sub(REPLACEMENT, cell)


def has_surrogates(cell: str) -> bool:
    """Whether `cell` holds what no UTF-8 text can hold: the mark of an undecodable byte."""
    return not cell.isascii() and _SURROGATE.search(cell) is not None


def read_source(path: Path) -> TextSource:
    """Return the file's text with its encoding found; an empty file is an error."""
    data = read_bytes(path)
    if not data.strip():
        raise PipelineError(str(path), "the file is empty", "give a file with one document a record")
    return decode(str(path), data)


def decode(file: str, data: bytes) -> TextSource:
    """Return the text of `data` in the first encoding of `ENCODINGS` that it can be.

    Bytes that are not UTF-8 mean Windows-1252 where they read as letters inside words or as the usual marks
    (curly quotes, dashes, pounds); otherwise the file is UTF-8 with damaged records.
    """
    encoding = next(encoding for encoding in ENCODINGS if encoding.fits(data))
    if encoding.codec == "utf-8":
        body = data.removeprefix(codecs.BOM_UTF8)
        return TextSource(file, body, encoding.words, damaged=not is_utf8(body))
    text = without_surrogates(data.decode(encoding.codec, "replace"))
    return TextSource(file, text.removeprefix("\ufeff").encode("utf-8"), encoding.words)


def is_utf8(data: bytes) -> bool:
    """Whether all bytes are valid UTF-8; checked in pieces, so that a large file is not copied."""
    pieces = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    with suppress(UnicodeDecodeError):
        deque(codecs.iterdecode(pieces, "utf-8"), maxlen=0)
        return True
    return False


def looks_like_windows_1252(data: bytes) -> bool:
    """Whether the bytes above 127 are Windows-1252 text rather than damaged UTF-8."""
    rest = _UTF8_SEQUENCE.sub(b"", data)
    strays = [place for place, byte in enumerate(rest) if byte > 0x7F]
    if len(data) - len(rest) >= 2 * len(strays):
        return False
    readable = sum(_reads_as_windows_1252(rest, place) for place in strays)
    return readable >= 0.9 * len(strays)


def _reads_as_windows_1252(data: bytes, place: int) -> bool:
    byte = data[place]
    if byte in _CP1252_MARKS:
        return True
    neighbours = data[max(place - 1, 0) : place] + data[place + 1 : place + 2]
    return byte in _CP1252_LETTERS and any(other in _LATIN_LETTERS for other in neighbours)


def _has_utf16_mark(data: bytes) -> bool:
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return marked and not data.startswith(codecs.BOM_UTF32_LE)


def _has_zeros(data: bytes, at: int) -> bool:
    """Whether of each pair of bytes the one `at` 0 or 1 is often zero and the other seldom."""
    head = data[:_HEAD]
    zeros, others = head[at::2].count(0), head[1 - at :: 2].count(0)
    return len(head) >= 4 and zeros > 0.3 * (len(head) // 2) and zeros > 4 * others


@dataclass(frozen=True)
class Encoding:
    """A line of `ENCODINGS`: its name in words, Python's name of it, and whether a file's bytes can be it."""

    words: str
    codec: str
    fits: Callable[[bytes], bool]


# In the order in which they are tried; the last fits all, and has damaged records where bytes are not of it.
ENCODINGS = (
    Encoding("UTF-8 with a byte order mark", "utf-8", lambda data: data.startswith(codecs.BOM_UTF8)),
    Encoding("UTF-16", "utf-16", _has_utf16_mark),
    Encoding("UTF-16", "utf-16-le", partial(_has_zeros, at=1)),
    Encoding("UTF-16", "utf-16-be", partial(_has_zeros, at=0)),
    Encoding("Windows-1252", "cp1252", lambda data: not is_utf8(data) and looks_like_windows_1252(data)),
    Encoding("UTF-8", "utf-8", lambda data: True),
)
