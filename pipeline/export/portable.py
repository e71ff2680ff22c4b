"""Regular expressions of Polars as ones that Python, JavaScript and others read alike, whatever Unicode they know."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np
import polars as pl

from pipeline.core.values import Int64


def _nested(depth: int) -> str:
    """Return the pattern of a class of characters with classes in it, so many below each other."""
    return r"\[[^\[\]]*\]" if depth == 0 else rf"\[(?:[^\[\]]|{_nested(depth - 1)})*\]"


# One character: a class, a property, a code point, a class by its letter.
_ONE_CHARACTER = re.compile(
    rf"{_nested(4)}|\\p\{{\w+\}}|\\u\{{[0-9A-Fa-f]+\}}|\\[sS]|(?P<end>\$)|(?P<other>.)", re.DOTALL
)
_NO_CASE = "(?i)"
_NOTHING_FOLLOWS = r"(?![\s\S])"  # what "$" is in Rust; in Python it takes a line break too
_LAST_OF_BMP = 0xFFFF


def portable(pattern: str) -> str:
    r"""Return a pattern that matches what Polars matches with `pattern`, in every common dialect.

    Each class of characters is written out as ranges of code points, those that Polars itself finds in it: so a blank
    is the same everywhere, and a letter that Unicode has since 2025 is one in a program that knows Unicode of 2021.

    >>> portable(r"(?i)<br\s*/?>").replace(r"\x", "#")
    '<[Bb][Rr][#09-#0d#20#85#a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*/?>'
    """
    flags = _NO_CASE if pattern.startswith(_NO_CASE) else ""

    def written(found: re.Match[str]) -> str:
        if found["end"]:
            return _NOTHING_FOLLOWS
        if found["other"] and not (flags and found["other"].isalpha()) and found["other"].isascii():
            return found["other"]
        return _as_class(flags + found[0])

    return _ONE_CHARACTER.sub(written, pattern.removeprefix(flags))


@cache
def _as_class(one_character: str) -> str:
    """Return the class of the characters that a pattern of one character matches, as ranges."""
    points = _code_points()[_characters().str.contains(f"^(?:{one_character})$").to_numpy()]
    starts = np.flatnonzero(np.diff(points, prepend=-2) > 1)
    ends = np.append(starts[1:], len(points)) - 1
    ranges = zip(points[starts].tolist(), points[ends].tolist(), strict=True)
    return "[" + "".join(_range(first, last) for first, last in ranges) + "]"


def _range(first: int, last: int) -> str:
    between = "" if last <= first + 1 else "-"
    return _character(first) + (between + _character(last) if last > first else "")


def _character(point: int) -> str:
    """Return a character as all dialects write it in a class: no sign that means something there, no half of one."""
    if point > _LAST_OF_BMP or (chr(point).isascii() and chr(point).isalnum()):
        return chr(point)
    return f"\\x{point:02x}" if point <= 0xFF else f"\\u{point:04x}"


def _code_points() -> Int64:
    """Return all that a text of Unicode may hold: every code point but surrogates."""
    return np.concatenate([np.arange(0xD800), np.arange(0xE000, 0x110000)])


@lru_cache(maxsize=1)
def _characters() -> pl.Series:
    every = _code_points().astype("<u4").tobytes().decode("utf-32-le")
    return pl.Series([every]).str.split("").explode()
