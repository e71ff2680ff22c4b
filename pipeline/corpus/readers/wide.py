"""UTF-16 and UTF-32, told by a byte order mark or by where their zero bytes stand."""

from __future__ import annotations

import codecs
from contextlib import suppress

from pipeline.corpus.readers.encoding_names import UNFIT, Encoding
from pipeline.corpus.readers.soundness import soundness

_UTF_16_LE, _UTF_16_BE = Encoding("UTF-16", "utf-16-le"), Encoding("UTF-16", "utf-16-be")
_UTF_32_LE, _UTF_32_BE = Encoding("UTF-32", "utf-32-le"), Encoding("UTF-32", "utf-32-be")
_MARKS = (  # the longer ones first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, _UTF_32_LE),
    (codecs.BOM_UTF32_BE, _UTF_32_BE),
    (codecs.BOM_UTF16_LE, _UTF_16_LE),
    (codecs.BOM_UTF16_BE, _UTF_16_BE),
)
_PART = 1 << 14  # bytes of the beginning and of the middle that are looked at
_ASCII_SHARE = 0.3  # of UTF-16 text in an alphabet of ASCII at least so many characters have a zero byte
_CONTROLS = bytes({*range(1, 32)} - {*b"\n\r"})  # with the tab, which every Devanagari letter has
_FEWEST_CONTROLS = 0.1  # share of the bytes of valid UTF-8 that makes UTF-16 of it
_SOUND = 0.95  # least share of characters that stand where such a character can


def find_wide(data: bytes) -> Encoding | None:
    """Return the encoding of UTF-16 or UTF-32 that the bytes are in; None for any other."""
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked is not None:
        return marked
    middle = len(data) // 2 & ~3
    sample = data[:_PART] + data[middle : middle + _PART]
    if b"\0" not in sample:
        return None
    sample = sample[: len(sample) & ~1]
    return _by_zeros(sample) or next(
        (one for one in (_UTF_16_LE, _UTF_16_BE) if _reads_as_lines(sample, one)), None
    )


def _by_zeros(sample: bytes) -> Encoding | None:
    """Return the encoding in which bytes of zero stand where these do, if ASCII is common in the text."""
    zeros = [sample[place::4].count(0) for place in range(4)]
    quarter = len(sample) // 4
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    many = _ASCII_SHARE * len(sample) / 2
    fits = (
        (_UTF_32_LE, 0 < quarter == zeros[3] and zeros[2] > 0.9 * quarter and zeros[0] < quarter / 2),
        (_UTF_32_BE, 0 < quarter == zeros[0] and zeros[1] > 0.9 * quarter and zeros[3] < quarter / 2),
        (_UTF_16_LE, odd > max(many, 4 * even)),
        (_UTF_16_BE, even > max(many, 4 * odd)),
    )
    return next((encoding for encoding, fit in fits if fit), None)


def _reads_as_lines(sample: bytes, encoding: Encoding) -> bool:
    """Whether bytes that are no UTF-8 read as lines of letters: UTF-16 of a script of which few bytes are zero."""
    with suppress(UnicodeDecodeError):
        sample.decode()
        if len(sample.translate(None, _CONTROLS)) > (1 - _FEWEST_CONTROLS) * len(sample):
            return (
                False  # the bytes of Cyrillic, Hebrew and Arabic letters are ASCII, every other one a control
            )
    text = encoding.decode(sample)
    lines = text.count("\n")
    return 0 < lines >= sample.count(b"\n") / 4 and UNFIT not in text and soundness(text) >= _SOUND
