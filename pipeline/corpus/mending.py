"""Texts that were written or read wrongly once, before they came here: escapes are undone, the rest is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from pipeline.core.values import AS_IT_IS, Writing
from pipeline.core.warned import Warned, warning
from pipeline.corpus.escapes import undone, without_escapes
from pipeline.corpus.readers.forms import in_some_form

_FEW = 3  # words that are looked at
_LOST = "\ufffd"


@dataclass(frozen=True, eq=False)
class Mended:
    """The texts of each part of a corpus, and what was seen in them."""

    parts: list[pl.Series]
    notes: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    writing: Writing = AS_IT_IS


def mend(parts: Sequence[pl.Series]) -> Mended:
    """Return the texts of a corpus, with what escapes stand for in their place where it is clear that they are some.

    Parameters
    ----------
    parts : sequence of string Series
        Training documents, then those of other parts, in which damage is told of already: what is done is the same in
        all of them.
    """
    texts = pl.concat(parts)
    mended, notes, writing = without_escapes(texts)
    ends = np.cumsum([0, *map(len, parts)]).tolist()
    cut = [mended.slice(start, end - start) for start, end in pairwise(ends)]
    return Mended(cut, notes, (*_misread(texts), *_lost(parts[0])), writing)


def as_read(texts: pl.Series, writing: Writing) -> pl.Series:
    """Return texts that are written as those of a corpus, read as those were."""
    if writing.form:
        texts, _ = in_some_form(texts, "text", writing.form)
        texts = texts.fill_null("")
    return undone(texts, writing.names) if writing.escapes else texts


def _of(some: pl.Series, texts: pl.Series) -> str:
    return f"{len(some):,} of {len(texts):,} texts"


# --- letters of a wrong encoding --------------------------------------------------------------------------


def _class(codec: str) -> str:
    """Return a class of the characters that the second bytes of UTF-8 are in another encoding."""
    read = bytes(range(0x80, 0xC0)).decode(codec, "ignore")
    return "[" + "".join(f"\\x{{{ord(character):X}}}" for character in read) + "]"


_WESTERN, _CYRILLIC = _class("cp1252"), _class("cp1251")
# UTF-8 read as Windows-1252 or Windows-1251, and which of these.
_MISREAD = (
    ("cp1252", rf"[ÃÂ]{_WESTERN}|â€{_WESTERN}|[a-z][ÄÅ]{_WESTERN}|(?:[ÐÑ]{_WESTERN}){{2}}"),
    ("cp1251", rf"(?:[РС]{_CYRILLIC}){{2}}"),
)
_LEADS = ["Ã", "Â", "â€", "Ä", "Å", "Ð", "Ñ", "Р", "С"]  # one of them begins each of these
_WORD = r"[^\s\x00-\x40\x5B-\x60\x7B-\x7F]*"


def _misread(texts: pl.Series) -> tuple[Warned, ...]:
    """Return a sentence on texts whose UTF-8 was read in another encoding, with an example of what was lost."""
    others = texts.filter(texts.str.len_bytes() != texts.str.len_chars())
    others = others.filter(others.str.contains_any(_LEADS))
    for codec, pattern in _MISREAD:
        found = others.filter(others.str.contains(pattern))
        words = found.str.extract(rf"({_WORD}(?:{pattern}){_WORD})", 1).drop_nulls()
        for word in words.head(_FEW):
            if (meant := _as_utf8(word, codec)) is not None:
                told = (
                    f"{_of(found, texts)} seem to have been read in a wrong encoding before they were saved: "
                )
                told += f'"{word}" is probably "{meant}"; they are left as they are'
                return (warning("texts-misread-before", told),)
    return ()


def _as_utf8(word: str, codec: str) -> str | None:
    """Return the word that UTF-8 makes of the bytes of another encoding; None where it makes none."""
    try:
        return word.encode(codec).decode()
    except UnicodeError:
        return None


def _lost(texts: pl.Series) -> tuple[Warned, ...]:
    found = texts.filter(texts.str.contains(_LOST, literal=True))
    if found.is_empty():
        return ()
    told = f"{_of(found, texts)} hold U+FFFD, which stands for letters that were lost before"
    return (warning("letters-lost-before", told),)
