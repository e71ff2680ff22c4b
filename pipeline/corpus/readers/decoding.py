"""Bytes of a text file brought to UTF-8, from the encoding that was asked for or from the one that is found.

UTF-8 is told by its bytes alone. Where it is not all there is, each line that is no UTF-8 is looked at by itself.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pipeline.core.clean import plural
from pipeline.core.errors import first_places
from pipeline.core.warned import Warned, warning
from pipeline.corpus.readers.detection import ISO_2022, Guess, evidence, guess_encoding, settle_near
from pipeline.corpus.readers.encoding_names import UNFIT, UTF_8, Encoding
from pipeline.corpus.readers.searching import holds
from pipeline.corpus.readers.wide import find_wide

_CHUNK = 1 << 20
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ASCII = bytes(range(128))
_MOST_LINES = 4_000  # that tell an encoding
_REMAINS = frozenset("ÂÃþÿ")  # what lone first bytes of UTF-8, and bytes that it has not, are in Windows-1252
_TYPOGRAPHIC = frozenset("‘’“”„–—…")
_UNFIT_BYTE = UNFIT.encode("utf-8", "surrogateescape")
_NUL, _ESCAPE = b"\0", b"\x1b"
_MARK_INSIDE = b"\n" + codecs.BOM_UTF8
_PLACES_LOOKED_AT = 1_000
_CONTROLS = re.compile("[\x80-\x9f]")


WITH_MARK = " with a byte order mark"


@dataclass(frozen=True)
class Decoded:
    """A file's text as UTF-8 bytes without a byte order mark.

    `damaged`: some bytes are of no encoding that was found; they are no UTF-8 either. `notes` say what was assumed.
    """

    data: bytes
    encoding: str  # in words
    damaged: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    nul_bytes: int = 0  # that were left out


@dataclass(frozen=True)
class Known:
    """What is known of an encoding before a file is read.

    Attributes
    ----------
    asked : what the user says
    beside : returns what of the files beside this one tells their encoding; called where this one leaves it open
    guess : what many files together are in; it counts where a file can be that
    """

    asked: Encoding | None = None
    beside: Callable[[], bytes] = bytes
    guess: Guess | None = None


def decode_bytes(data: bytes, known: Known = Known()) -> Decoded:
    """Return the text of `data`, told apart from what is damaged in it, with line ends and marks set right."""
    asked = known.asked
    wide = find_wide(data) if asked in (None, UTF_8) else None
    if asked is not None and asked != UTF_8:
        decoded = _decode_as(data, asked)
        if not data.isascii() and is_utf8(data):
            told = f"its bytes are valid UTF-8, and {asked.words} was asked for"
            asked_for = warning("encoding-other-than-asked", told)
            decoded = replace(decoded, warnings=(*decoded.warnings, asked_for))
    elif wide is not None:
        decoded = _decode_as(data, wide)
    elif is_utf8(data) and not (asked is None and data.isascii() and _ESCAPE in data and ISO_2022 in data):
        decoded = _utf8(data)
    elif asked is not None:
        decoded = replace(_utf8(data), damaged=True)
    else:
        decoded = _decode_lines(data, known)
    return _with_lines(decoded)


def is_utf8(data: bytes) -> bool:
    """Whether all bytes are valid UTF-8; checked in pieces, so that a large file is not copied."""
    if data.isascii():
        return True
    pieces = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    with suppress(UnicodeDecodeError):
        deque(codecs.iterdecode(pieces, "utf-8"), maxlen=0)
        return True
    return False


def evidence_of(data: bytes) -> bytes:
    """Return what of a file tells its encoding; nothing of one in UTF-8, UTF-16 or UTF-32."""
    if find_wide(data) is not None or is_utf8(data):
        return b""
    return _Lines.of(data).evidence()


def _utf8(data: bytes) -> Decoded:
    if data.startswith(codecs.BOM_UTF8):
        return Decoded(data.removeprefix(codecs.BOM_UTF8), f"{UTF_8.words}{WITH_MARK}")
    return Decoded(data, UTF_8.words)


def _decode_as(data: bytes, encoding: Encoding) -> Decoded:
    text = encoding.decode(data).removeprefix("\ufeff")
    read, unfit = text.encode("utf-8", "surrogateescape"), text.count(UNFIT)
    warnings = []
    if unfit:
        where = _lines_with(read, _UNFIT_BYTE)
        told = f"{plural(unfit, 'byte')} cannot be {encoding.words} ({where})"
        warnings.append(warning("bytes-outside-encoding", told))
    if encoding.codec == "iso8859-1" and _CONTROLS.search(text):
        told = "in latin-1 some bytes are control characters; in cp1252 they are quotes and dashes"
        warnings.append(warning("latin-1-or-cp1252", told))
    return Decoded(read, encoding.words, unfit > 0, warnings=tuple(warnings))


# --- line by line -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lines:
    """A file's lines, and the places of those beyond ASCII: in UTF-8, in UTF-8 with damage, and in neither."""

    lines: list[bytes]
    utf8: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> _Lines:
        """Return the lines of a file."""
        found = cls(data.split(b"\n"))
        for place, line in enumerate(found.lines):
            if not line.isascii():
                found._kind(line).append(place)
            elif ISO_2022 in line:
                found.others.append(place)
        return found

    def _kind(self, line: bytes) -> list[int]:
        with suppress(UnicodeDecodeError):
            line.decode()
            return self.utf8
        strays = _UTF8_SEQUENCE.sub(b"", line).translate(None, _ASCII)
        in_sequences = len(line.translate(None, _ASCII)) - len(strays)
        return self.damaged if in_sequences >= 2 * len(strays) else self.others

    def evidence(self) -> bytes:
        """Return what tells the encoding of the lines that are no UTF-8: of many some, spread evenly."""
        step = max(1, len(self.others) // _MOST_LINES)
        return evidence(self.lines[place] for place in self.others[::step])


def _decode_lines(data: bytes, known: Known) -> Decoded:
    """Return the text of bytes that are not all UTF-8: an older encoding, some lines of one, or damaged UTF-8."""
    lines = _settled(_Lines.of(data.removeprefix(codecs.BOM_UTF8)), known)
    found = lines.evidence()
    guess = known.guess if known.guess and _can_be(lines, known.guess) else _guess(found, known)
    in_utf8 = len(lines.utf8) + len(lines.damaged)
    if guess is None:
        return replace(_utf8(data), damaged=True)
    encoding = guess.best.encoding
    if in_utf8 >= len(lines.others):
        legacy = [place for place in lines.others if _is_whole(lines.lines[place], encoding)]
        if not legacy:
            return replace(_utf8(data), damaged=True)
        return _mixed(lines, legacy, guess, f"UTF-8, but {encoding.words} in {plural(len(legacy), 'line')}")
    if lines.utf8 and encoding.is_single_byte:
        legacy = sorted(lines.others + lines.damaged)
        return _mixed(
            lines, legacy, guess, f"{encoding.words}, but UTF-8 in {plural(len(lines.utf8), 'line')}"
        )
    return replace(_decode_as(data, encoding), notes=(guess.says(),))


def _settled(lines: _Lines, known: Known) -> _Lines:
    """Return the lines with none in damaged UTF-8, if no line is whole UTF-8 and all are of one multi-byte encoding.

    Of kana in EUC-JP the second byte of one and the first of the next are a letter of UTF-8.
    """
    if lines.utf8 or not lines.damaged:
        return lines
    others = replace(lines, damaged=[], others=sorted(lines.damaged + lines.others))
    guess = _guess(others.evidence(), known)
    fits = guess is not None and not guess.best.encoding.is_single_byte and _can_be(others, guess)
    return others if fits else lines


def _guess(found: bytes, known: Known) -> Guess | None:
    return settle_near(guess_encoding(found), found, known.beside) if found else None


def _can_be(lines: _Lines, guess: Guess) -> bool:
    return all(UNFIT not in guess.best.encoding.decode(lines.lines[place]) for place in lines.others)


def guess_together(contents: Iterable[bytes], known: Known) -> Guess | None:
    """Return the encoding of many small files, of which each alone tells little; None where all are UTF-8."""
    found = (evidence_of(data) for data in contents)
    return _guess(evidence(piece for piece in found if piece), known)


def _is_whole(line: bytes, encoding: Encoding) -> bool:
    """Whether a line among those of UTF-8 is of another encoding, and not UTF-8 from which bytes were lost.

    What is left of a letter mostly reads as a sign in another encoding, or as a capital A with a mark.
    """
    beyond = {character for character in encoding.decode(line) if not character.isascii()}
    letters = {character for character in beyond if character.lower() != character.upper()}
    return beyond <= letters | _TYPOGRAPHIC and not beyond & _REMAINS


def _mixed(lines: _Lines, legacy: Sequence[int], guess: Guess, words: str) -> Decoded:
    """Return the text with these lines in the guessed encoding and all others in UTF-8."""
    encoding = guess.best.encoding
    read = list(lines.lines)
    for place in legacy:
        read[place] = encoding.decode(read[place]).encode("utf-8", "surrogateescape")
    data = b"\n".join(read)
    fewer = legacy if len(legacy) <= len(lines.utf8) else lines.utf8
    where = _lines([place + 1 for place in fewer])
    note = f"the encoding differs from line to line ({where}); {guess.says()}"
    return Decoded(data, words, not is_utf8(data), (note,))


# --- line ends and marks ----------------------------------------------------------------------------------


def _with_lines(decoded: Decoded) -> Decoded:
    """Return the text without NUL bytes and byte order marks inside it, and with line ends that all readers know."""
    data, notes, warnings = decoded.data, list(decoded.notes), list(decoded.warnings)
    nul_bytes = data.count(_NUL)
    if nul_bytes:
        told = f"{plural(nul_bytes, 'NUL byte')} left out ({_lines_with(data, _NUL)})"
        warnings.append(warning("nul-bytes-left-out", told))
        data = data.replace(_NUL, b"")
    if holds(data, _MARK_INSIDE, rare=1):
        marks, where = plural(data.count(_MARK_INSIDE), "byte order mark"), _lines_with(data, _MARK_INSIDE, 2)
        notes.append(f"{marks} inside the file left out ({where}), as if files had been joined")
        data = data.replace(_MARK_INSIDE, b"\n")
    if b"\r" in data and b"\n" not in data:
        notes.append("lines end with a carriage return alone")
        data = data.replace(b"\r", b"\n")
    return replace(decoded, data=data, notes=tuple(notes), warnings=tuple(warnings), nul_bytes=nul_bytes)


def _lines_with(data: bytes, mark: bytes, first: int = 1) -> str:
    """Return in words which lines hold the mark; `first` is the number of the first line."""
    ends = [found.start() for found in re.finditer(re.escape(mark), data)][:_PLACES_LOOKED_AT]
    lines = list(dict.fromkeys(data.count(b"\n", 0, end) + first for end in ends))
    return _lines(lines)


def _lines(numbers: Sequence[int]) -> str:
    return f"line {numbers[0]}" if len(numbers) == 1 else f"lines {first_places(numbers)}"
