"""The rules of sentences that a person reads: words, numbers, and words that a person has not met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST_WORDS, MOST_NUMBERS = 25, 2
# What a person has not met above the fold; "points" and "fits" are said as "of 100" and "trainings".
FORBIDDEN = re.compile(
    r"(?-i:\bp\b)|\bp-values?\b|\bCI\b|\bMDD\b|\bECE\b|\bpoints?\b|\bfits?\b|\bseeds?\b|\brope\b", re.I
)
_CODE = re.compile(r"`[^`]*`|--\S+")
_ENDS = re.compile(r"(?<=[.!?])\s+(?=[A-Z\d`\"“])")
_LIST = re.compile(r"\d[\d.,]*(?:, \d[\d.,]*)*(?: and | to | of 100 more right, | fewer to )\d[\d.,]*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_HUNDRED = re.compile(r"\b(of|in) 100\b|\bOf 100 test documents\b")
_NUMBER = re.compile(r"(?<![\w:@])\d[\d.,]*")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [part for part in _ENDS.split(text.strip()) if part]


def n_words(sentence: str) -> int:
    """Return how many words a sentence has; a number and a piece of code are one each."""
    return len(_CODE.sub("code", sentence).split())


def n_numbers(sentence: str) -> int:
    """Return how many numbers a sentence has: a list of like ones, and a range, is one; "of 100" is none."""
    plain = _HUNDRED.sub(" ", _DATE.sub("1", _CODE.sub(" ", sentence)))
    return len(_NUMBER.findall(_LIST.sub(" 1 ", plain)))


def faults(texts: Iterable[str]) -> list[str]:
    """Return what is against the rules in some texts, each with its sentence."""
    return [fault for text in texts for sentence in sentences(text) for fault in _faults(sentence)]


def _faults(sentence: str) -> Iterator[str]:
    if n_words(sentence) > MOST_WORDS:
        yield f"{n_words(sentence)} words: {sentence}"
    if n_numbers(sentence) > MOST_NUMBERS:
        yield f"{n_numbers(sentence)} numbers: {sentence}"
    yield from (f"{found[0]!r}: {sentence}" for found in FORBIDDEN.finditer(_CODE.sub(" ", sentence)))
