"""A kind of content: what it is called, how it is told from a file's beginning, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.readers.head import Head
from pipeline.corpus.readers.records import RawTable

Reader = Callable[[Path, Sequence[str]], RawTable]
Fits = Callable[[Head], bool]

MOST = 0.9  # the share of lines that have to look alike
CONVERT = "convert the records to .csv, .jsonl or .parquet"
UNPACK = "unpack it, and give the file or folder inside"
AS_TEXT = "save it as plain text or .csv"


@dataclass(frozen=True)
class Kind:
    """A line of a table of kinds.

    Attributes
    ----------
    words : as in "this is ..."
    fits : whether the beginning of a content is of this kind
    reader : None where it is not read
    fix : what to do where it is not read
    endings : those of its own
    under_its_own_name : whether it is refused under the ending of another format
    place : where in the file that shows, behind its name
    """

    words: str
    fits: Fits
    reader: Reader | None = None
    fix: str = CONVERT
    endings: tuple[str, ...] = ()
    under_its_own_name: bool = False
    place: str = ""


def begins(pattern: bytes) -> Fits:
    """Return whether a content begins with these bytes, a regular expression."""
    compiled = re.compile(pattern, re.DOTALL)
    return lambda head: compiled.match(head.data) is not None


def says(pattern: str) -> Fits:
    """Return whether a text begins with these words, a regular expression; blanks before them apart."""
    compiled = re.compile(pattern, re.DOTALL | re.IGNORECASE)
    return lambda head: compiled.match(head.start) is not None


def lines_are(pattern: re.Pattern[str]) -> Fits:
    """Return whether most lines begin as the pattern says."""
    return lambda head: head.share(pattern) >= MOST


def has_member(pattern: str) -> Fits:
    """Return whether a .zip that is one document has a member of such a name."""
    compiled = re.compile(pattern)
    return lambda head: any(compiled.fullmatch(member) for member in head.members)
