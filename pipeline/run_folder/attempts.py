"""Which job was being done, alone, whenever a run was killed: one that every try ends with may be what kills it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.core.fits import JobKey, Row

BEGUN, LEFT = "begun", "left"  # kinds of lines: of the first the last one may be of a job that killed the run
MOST_KILLS = 2


@dataclass
class Attempts:
    """How often a run was killed while a job was being done that ran alone, and came no further meanwhile."""

    _begun: tuple[JobKey, int] | None = None  # the job, and the point from which it goes on
    _killed: dict[JobKey, tuple[int, int]] = field(default_factory=dict)  # times, from which point

    def begin(self, row: Row) -> None:
        """Take in that a job begins, from a point that it had saved; 0: from its beginning."""
        self._begun = JobKey(**row["key"]), row["point"]

    def leave(self) -> None:
        """Take in that it was left before its end, for a reason that is known."""
        self._begun = None

    def end(self, key: JobKey) -> None:
        """Take in that a job has ended, well or not."""
        self._killed.pop(key, None)
        if self._begun is not None and self._begun[0] == key:
            self._begun = None

    def go_on(self) -> None:
        """Take in that the run goes on: a job that nothing is told of since it began was cut off."""
        if self._begun is not None:
            key, point = self._begun
            times, before = self._killed.get(key, (0, point))
            self._killed[key] = (times + 1 if before == point else 1), point
            self._begun = None

    def why_not(self, key: JobKey, point: int) -> str | None:
        """Return why a job is not to be begun once more, from a point that it had saved; None: it is."""
        times, before = self._killed.get(key, (0, point))
        if times < MOST_KILLS or before != point:
            return None
        return f"the run was killed {times} times while it was done; memory may have run out"
