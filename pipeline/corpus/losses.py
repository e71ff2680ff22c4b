"""Records that were read and cannot be used: a warning where they are many, a refusal where they are too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.values import Dropped
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import percent
from pipeline.corpus.asked.cut import NO_NUMBER
from pipeline.corpus.missing import MISSING_VALUE
from pipeline.corpus.readers.table import ending_of

NO_TEXT, NO_LABEL = "no text", "no label"
UNDECODABLE_BYTES, WRONG_NUMBER = "undecodable bytes", "wrong number of fields"
LOSSES = (
    NO_TEXT,
    NO_LABEL,
    MISSING_VALUE,
    UNDECODABLE_BYTES,
    WRONG_NUMBER,
    NO_NUMBER,
)  # other reasons are no loss: nobody's documents
WARNED, REFUSED = 0.02, 0.2  # of the records of a file
ENDINGS_WITHOUT_LINES = (".parquet", ".json")


def check_losses(
    file: str,
    read: int,
    dropped: Sequence[Dropped],
    *,
    allowed: bool,
    columns: str = "other columns with --text and --label",
) -> tuple[Warned, ...]:
    """Return a warning where more than 2 % of the records of a file are lost; none otherwise.

    Parameters
    ----------
    read : number of records
    allowed : whether any share may be lost
    columns : what else could be chosen

    Raises
    ------
    PipelineError
        Where it is more than 20 % and not allowed: each reason, with its number and first places.
    """
    lost = [entry for entry in dropped if entry.reason in LOSSES]
    count = sum(len(entry.rows) for entry in lost)
    if count <= WARNED * read:
        return ()
    reasons = ", ".join(f"{number:,} {reason} ({where})" for reason, number, where in by_reason(lost))
    what = f"{count:,} of {read:,} records are left out ({percent(count / read)}): {reasons}"
    if count <= REFUSED * read or allowed:
        return (warning("losses-over-2-percent", f"{file}: {what}"),)
    fix = f"correct them, choose {columns}, or go on without them: --allow-losses"
    if any(entry.reason == MISSING_VALUE for entry in lost):
        fix += '; --map "NAME=NAME" keeps a label NAME that is read as a missing value'
    raise PipelineError("losses-over-20-percent", file, what, fix)


def by_reason(dropped: Sequence[Dropped]) -> Iterator[tuple[str, int, str]]:
    """Yield each reason, the number of its records and, in words, the places of the first few."""
    for reason in dict.fromkeys(entry.reason for entry in dropped):
        entries = [entry for entry in dropped if entry.reason == reason]
        where = [place for entry in entries for place in _places(entry)]
        yield reason, sum(len(entry.rows) for entry in entries), first_places(where)


def _places(entry: Dropped) -> list[str]:
    """Return `file:line`, else `file:record N`; a document that is a file of its own by its path alone."""
    if entry.lines:
        return [f"{entry.file}:{line}" for line in entry.lines]
    if ending_of(Path(entry.file)) in ENDINGS_WITHOUT_LINES:
        return [f"{entry.file}:record {row}" for row in entry.rows]
    return [entry.file]
