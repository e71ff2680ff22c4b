"""What a run or `plan` expects to take: details/forecast.json."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.metrics.rows import Amount, Count, Detail, Texts


@dataclass(frozen=True)
class Seconds(Detail):
    """How long something takes: with the least that a training may have, its first budget, and the most."""

    least: Amount
    usual: Amount
    most: Amount

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.least + other.least, self.usual + other.usual, self.most + other.most)

    def times(self, number: float) -> Seconds:
        """Return them so many times."""
        return Seconds(self.least * number, self.usual * number, self.most * number)


NO_TIME = Seconds(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class ForecastRow(Detail):
    """What a model, the vectors of a source or the probes of a network take: `fits` jobs, all their seconds together.

    `training_seconds` are those of the fits alone, as metrics.json has them; the others are of whole jobs, with the
    loading of libraries left out.
    """

    name: str
    fits: Count
    training_seconds: Seconds
    seconds: Seconds
    peak_mib: Amount
    disk_mib: Amount
    measured: bool


@dataclass(frozen=True)
class Forecast(Detail):
    """What a run takes, on so many nodes: `unknown` says what a forecast cannot know."""

    nodes: Count
    at_once: Count
    seconds: Seconds
    critical_seconds: Seconds
    peak_mib: Amount
    disk_mib: Amount
    rows: tuple[ForecastRow, ...]
    unknown: Texts
