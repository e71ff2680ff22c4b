"""Make any string safe to show: the corpus decides what a label or a word holds."""

from __future__ import annotations

import re

CELL_LIMIT = 240  # characters of a label, word or name that a table shows
PROSE_LIMIT = 2_000  # characters of a warning or a sentence

_BLANKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that reorder the text around them
    "\u200b\u2060\ufeff]"  # characters without width
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: object) -> str:
    """Return `text` on one line, with invisible and reordering characters shown by their code.

    >>> clean("evil\\u202etxt\\nnext")
    'evil‹U+202E›txt next'
    """
    one_line = _BLANKS.sub(" ", str(text))
    whole = _SURROGATES.sub("\ufffd", one_line)  # half a surrogate pair cannot be written as UTF-8
    return _INVISIBLE.sub(lambda found: f"‹U+{ord(found[0]):04X}›", whole)


def without_surrogates(cell: str) -> str:
    """Return `cell` with U+FFFD in place of each undecodable byte."""
    return _SURROGATES.sub("\ufffd", cell)


def has_surrogates(cell: str) -> bool:
    """Whether `cell` holds what no UTF-8 text can hold: the mark of an undecodable byte."""
    return not cell.isascii() and _SURROGATES.search(cell) is not None


def clip(text: str, limit: int = CELL_LIMIT) -> str:
    """Return at most `limit` characters, the last an ellipsis where something was cut.

    >>> clip("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cell_text(text: object) -> str:
    """Return what a table cell or a chart shows of `text`."""
    return clip(clean(text))


def prose(text: object) -> str:
    """Return what a sentence or a list entry shows of `text`."""
    return clip(clean(text), PROSE_LIMIT)


def code_text(text: str) -> str:
    """Return `text` with its lines kept and every line cleaned."""
    return "\n".join(clean(line) for line in text.splitlines())


def plural(number: int, noun: str) -> str:
    """Return the number with its noun.

    >>> plural(1, "run"), plural(1200, "class")
    ('1 run', '1,200 classes')
    """
    ending = "" if number == 1 else "es" if noun.endswith(("s", "x")) else "s"
    return f"{number:,} {noun}{ending}"
