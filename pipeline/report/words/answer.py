"""The answer as it is said: the same sentences on the page, in report.md and in the terminal's last lines.

A sentence has 25 words and two numbers at most, beside "of 100". It counts before it gives a rate, and a rate before
a statistic; a model is called as it is typed.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.words.evidence import expectation, instead_of, lead, left_open, price, sure, too_small
from pipeline.report.words.headline import headline
from pipeline.report.words.told import Told
from pipeline.run_folder.metrics.comparisons import NextStep
from pipeline.run_folder.reading import Run


@dataclass(frozen=True)
class SpokenStep:
    """What to try next: why, the command, and how long it takes ("about 4 min"; empty where nothing was measured)."""

    because: str
    command: str
    minutes: str

    @property
    def sentence(self) -> str:
        """The reason, with the time."""
        return (
            f"{self.because} {self.minutes[0].upper()}{self.minutes[1:]}." if self.minutes else self.because
        )


@dataclass(frozen=True)
class SpokenAnswer:
    """The answer in words; what has nothing to say is empty.

    Attributes
    ----------
    headline : what to do
    lead : the counts of the two models that were compared, and how far the difference is known
    because : why that is advised
    expect, costs, instead : of the model that is advised
    sure, open : what was shown, and what was not
    too_small : the difference that would have been missed
    next : what to try next, likeliest first
    """

    headline: str
    lead: str
    because: str
    expect: str
    costs: str
    instead: str
    sure: tuple[str, ...]
    open: tuple[str, ...]
    too_small: str
    next: tuple[SpokenStep, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything that is said above the fold."""
        said = (self.headline, self.lead, self.because, *self.sure, *self.open, self.too_small)
        return tuple(text for text in (*said, *(step.sentence for step in self.next)) if text)


def speak(run: Run) -> SpokenAnswer:
    """Return the answer of a run in words."""
    told = Told(run)
    return SpokenAnswer(
        headline=headline(told),
        lead=lead(told),
        because=run.metrics.advice.because,
        expect=expectation(told),
        costs=price(told),
        instead=instead_of(told),
        sure=sure(told),
        open=left_open(told),
        too_small=too_small(told),
        next=tuple(_spoken(step) for step in run.metrics.advice.next),
    )


def _spoken(step: NextStep) -> SpokenStep:
    return SpokenStep(step.because, step.command, spoken_minutes(step.minutes))


def spoken_minutes(minutes: float | None) -> str:
    """Return how long something takes.

    >>> spoken_minutes(3.6), spoken_minutes(0.4), spoken_minutes(None), spoken_minutes(150)
    ('about 4 min', 'under a minute', '', 'about 2.5 h')
    """
    if minutes is None:
        return ""
    if minutes < 0.75:
        return "under a minute"
    return f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.2g} h"
