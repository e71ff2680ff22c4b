"""A file's bytes, unpacked and brought to UTF-8: what every text reader starts from."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.zstandard_stream import ZstandardStream

PACKED_ENDINGS = (".gz", ".zst")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_CHUNK = 1 << 20
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}",
)
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


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, unpacked if its name ends in .gz or .zst."""
    return _read(path, -1)


def read_head(path: Path, n_bytes: int) -> bytes:
    """Return the first bytes of a file, unpacked as `read_bytes` does; no more of it is read than that takes."""
    return _read(path, n_bytes)


def _read(path: Path, n_bytes: int) -> bytes:
    try:
        file = path.open("rb")
    except OSError as error:
        raise PipelineError(
            str(path), f"the file cannot be read ({error.strerror})", "check the path"
        ) from None
    with file:
        if path.suffix.lower() not in PACKED_ENDINGS:
            return file.read(n_bytes)
        try:
            packed = gzip.GzipFile(fileobj=file) if path.suffix.lower() == ".gz" else ZstandardStream(file)
            return io.BufferedReader(packed).read(n_bytes)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            what = f"the file is not whole {path.suffix} data ({error})"
            raise PipelineError(str(path), what, "pack or fetch it again") from None


def read_source(path: Path) -> TextSource:
    """Return the file's text with its encoding found; an empty file is an error."""
    data = read_bytes(path)
    if not data.strip():
        raise PipelineError(str(path), "the file is empty", "give a file with one document a record")
    return decode(str(path), data)


def decode(file: str, data: bytes) -> TextSource:
    """Find the encoding of `data`: a byte order mark, UTF-16 by its zero bytes, UTF-8, Windows-1252.

    Bytes that are not UTF-8 mean Windows-1252 where they read as letters inside words or as the usual marks
    (curly quotes, dashes, pounds); otherwise the file is UTF-8 with damaged records.
    """
    if data.startswith(codecs.BOM_UTF8):
        body = data[len(codecs.BOM_UTF8) :]
        return TextSource(file, body, "UTF-8 with a byte order mark", not is_utf8(body))
    utf16 = _utf16_codec(data)
    if utf16:
        text = without_surrogates(data.decode(utf16, "replace"))
        return TextSource(file, text.removeprefix("\ufeff").encode("utf-8"), "UTF-16")
    if is_utf8(data):
        return TextSource(file, data, "UTF-8")
    if looks_like_windows_1252(data):
        return TextSource(file, data.decode("cp1252", "replace").encode("utf-8"), "Windows-1252")
    return TextSource(file, data, "UTF-8", damaged=True)


def is_utf8(data: bytes) -> bool:
    """Whether all bytes are valid UTF-8; checked in pieces, so that a large file is not copied."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for start in range(0, len(data), _CHUNK):
            decoder.decode(view[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


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


def _utf16_codec(data: bytes) -> str | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(
        codecs.BOM_UTF32_LE
    ):
        return "utf-16"
    head = data[:4096]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.3 * half and odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and even > 4 * odd else None
