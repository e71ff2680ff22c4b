"""The encodings that a file may be told to be in, and those that it can be found to be in."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from difflib import get_close_matches
from encodings.aliases import aliases

from pipeline.core.errors import PipelineError


@dataclass(frozen=True)
class Encoding:
    """An encoding: its name in words, Python's name of it, and the detector's, where that finds it."""

    words: str
    codec: str
    found_as: str = ""

    @property
    def is_single_byte(self) -> bool:
        """Whether each byte is a character."""
        return self.codec not in _MULTI_BYTE

    def decode(self, data: bytes) -> str:
        """Return the text; each byte that is not of this encoding is `UNFIT`."""
        return data.decode(self.codec, _ONE_BY_ONE)


UNFIT = "\udcff"  # a lone surrogate: no text holds one, and it is no UTF-8 either
_ONE_BY_ONE = "embedseq.one-by-one"


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Return `UNFIT` for each byte that is none of the encoding; bytes of ASCII among them stand for themselves."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return "".join(chr(byte) if byte < 0x80 else UNFIT for byte in stray), error.end


codecs.register_error(_ONE_BY_ONE, _mark)

UTF_8 = Encoding("UTF-8", "utf-8")
# What was common before UTF-8. Of two that fit equally well the first one counts.
LEGACY = (
    Encoding("Windows-1252", "cp1252", "cp1252"),
    Encoding("Windows-1250", "cp1250", "cp1250"),
    Encoding("Windows-1251", "cp1251", "cp1251"),
    Encoding("Windows-1253", "cp1253", "cp1253"),
    Encoding("Windows-1254", "cp1254", "cp1254"),
    Encoding("Windows-1255", "cp1255", "cp1255"),
    Encoding("Windows-1256", "cp1256", "cp1256"),
    Encoding("Windows-1257", "cp1257", "cp1257"),
    Encoding("Windows-1258", "cp1258", "cp1258"),
    Encoding("Windows-874", "cp874", "cp874"),
    Encoding("GB18030 (GBK)", "gb18030", "gb18030"),
    Encoding("Big5", "big5hkscs", "big5hkscs"),
    Encoding("Shift-JIS", "cp932", "cp932"),
    Encoding("EUC-JP", "euc_jp", "euc_jis_2004"),
    Encoding("EUC-KR", "cp949", "cp949"),
    Encoding("ISO-2022-JP", "iso2022_jp_2", "iso2022_jp_2"),
    Encoding("KOI8-R", "koi8-r", "koi8-r"),
    Encoding("KOI8-U", "koi8-u", "koi8-u"),
    Encoding("CP866", "cp866", "cp866"),
    Encoding("CP850", "cp850", "cp850"),
    Encoding("CP437", "cp437", "cp437"),
    Encoding("CP852", "cp852", "cp852"),
    Encoding("CP857", "cp857", "cp857"),
    Encoding("ISO-8859-15", "iso8859-15", "iso8859-15"),
    Encoding("ISO-8859-2", "iso8859-2", "iso8859-2"),
    Encoding("ISO-8859-5", "iso8859-5", "iso8859-5"),
    Encoding("ISO-8859-6", "iso8859-6", "iso8859-6"),
    Encoding("ISO-8859-7", "iso8859-7", "iso8859-7"),
    Encoding("ISO-8859-13", "iso8859-13", "iso8859-13"),
    Encoding("Mac Roman", "mac-roman", "mac-roman"),
    Encoding("Mac Cyrillic", "mac-cyrillic", "mac-cyrillic"),
)
_MULTI_BYTE = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "iso2022_jp_2")
_NO_TEXT = ("idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem")


def named(name: str) -> Encoding:
    """Return the encoding that a person names, by any name that Python knows or one of `LEGACY`.

    Raises
    ------
    PipelineError
        If there is no encoding of that name; the nearest name is in it.

    >>> named("Latin-1").codec, named("windows-1251").words
    ('iso8859-1', 'Windows-1251')
    """
    by_words = {encoding.words.lower(): encoding for encoding in (UTF_8, *LEGACY)}
    if name.lower() in by_words:
        return by_words[name.lower()]
    codec = _codec(name)
    if codec is None:
        common = [*by_words, *(encoding.codec for encoding in LEGACY), "latin-1"]
        known = [alias.replace("_", "-") for alias in aliases if _codec(alias)]
        close = get_close_matches(name.lower(), common, n=1) or get_close_matches(name.lower(), known, n=1)
        fix = f'did you mean "{close[0]}"?' if close else _EXAMPLES
        raise PipelineError("unknown-encoding", "--encoding", f'"{name}" is no encoding', fix)
    return next((one for one in (UTF_8, *LEGACY) if one.codec == codec), Encoding(codec, codec))


def _codec(name: str) -> str | None:
    """Return what Python calls an encoding of text; None where it knows none of that name."""
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)  # of the codecs that turn bytes into bytes none does
    except (LookupError, ValueError):
        return None
    return None if codec in _NO_TEXT else codec


_EXAMPLES = "give one such as utf-8, cp1252, cp1251, koi8-r, gb18030, shift-jis or latin-1"
