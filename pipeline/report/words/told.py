"""What sentences are made of: the models of a run as they are called, and how shares are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.clean import clean, clip
from pipeline.core.wording import FIRST_METRIC, called
from pipeline.report.words.task import task_of
from pipeline.run_folder.metrics.comparisons import Advice, Comparison, Verdict
from pipeline.run_folder.metrics.models import Cost, Result, Summary
from pipeline.run_folder.reading import Run

NAME = 60  # characters of a corpus in a sentence


class Told:
    """What sentences are made of: the two models that were compared, and the one that is advised."""

    def __init__(self, run: Run) -> None:
        self.run, self.metrics = run, run.metrics
        self.short = called(row.name for row in run.metrics.summary)
        self.summaries: Mapping[str, Summary] = {row.name: row for row in run.metrics.summary}
        self.task = task_of(run)
        self.counted = self.task.count(run)
        self.costs: Mapping[str, Cost] = {row.name: row for row in run.metrics.costs}

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.metrics.verdict

    @property
    def advice(self) -> Advice:
        """The advice."""
        return self.metrics.advice

    @property
    def corpus(self) -> str:
        """Its name."""
        return clip(clean(self.metrics.corpus.name), NAME)

    @property
    def row(self) -> Comparison | None:
        """The network against the advised baseline where it is one, else against the one that decides."""
        rows = {row.b: row for row in self.verdict.against if row.b in self.summaries}
        return rows.get(self.advice.model or "") or rows.get(self.verdict.b or "")

    @property
    def network(self) -> str:
        """The network of the verdict, as it is called; with folds each fold's own."""
        name = self.verdict.a or ""
        for long, short in sorted(self.short.items(), key=lambda pair: -len(pair[0])):
            name = name.replace(long, short)
        return clean(name)

    @property
    def of_network(self) -> list[Result]:
        """Its trainings."""
        return [row for row in self.metrics.results if row.name == self.verdict.a]

    @property
    def most_frequent(self) -> float | None:
        """The share of the test documents that are of the most frequent class; None where no class is answered."""
        scores = self.run.details.scores
        if scores is None or not scores.models or self.task.metric != FIRST_METRIC:
            return None
        sizes = [sum(counts) for counts in scores.models[0].confusion]
        return max(sizes) / sum(sizes)

    def call(self, name: str | None) -> str:
        """Return how sentences call a model."""
        return clean(self.short.get(name or "", name or ""))


def of_hundred(shares: Sequence[float]) -> list[str]:
    """Return how many of 100 shares are: whole numbers, with a place more where those would hide a difference.

    Nothing is rounded to all of 100, or to none.

    >>> of_hundred([0.98, 0.9303]), of_hundred([0.9796, 0.9751]), of_hundred([0.9996, 1.0])
    (['98', '93'], ['98.0', '97.5'], ['99.9', '100'])
    """
    whole = [f"{100 * share:.0f}" for share in shares]
    alike = len({*whole}) < len({round(share, 4) for share in shares})
    return [
        _place_more(share) if alike or _hides(share) else one
        for share, one in zip(shares, whole, strict=True)
    ]


def _hides(share: float) -> bool:
    """Whether a whole number would say all, or none, of what is not."""
    return f"{100 * share:.0f}" in ("0", "100") and 0.0 < share < 1.0


def _place_more(share: float) -> str:
    if share in (0.0, 1.0):
        return f"{100 * share:.0f}"
    if share > 1.0:  # bits, of which there may be any number
        return f"{100 * share:.1f}"
    return f"{min(max(100 * share, 0.1), 99.9):.1f}"


def between(low: float, high: float) -> str:
    """Return an interval of a difference of shares in words, so that no sign can be misread.

    >>> between(-0.143, 0.043), between(0.003, 0.03), between(-0.304, -0.204), between(-0.018, 0.011)
    ('14 fewer to 4 more', '0.3 to 3 more', '20 to 30 fewer', '1.8 fewer to 1.1 more')
    """
    places = 0 if high - low >= 0.1 else 1
    first, last = (f"{abs(100 * end):.{places}f}".removesuffix(".0") for end in (low, high))
    if low < 0 < high:
        return f"{first} fewer to {last} more"
    return f"{first} to {last} more" if low >= 0 else f"{last} to {first} fewer"


def accuracies(told: Told, row: Comparison) -> tuple[float, float]:
    """Return what is counted of the network and of the baseline of a comparison."""
    theirs = told.counted[row.b].score
    own = told.counted.get(row.a)  # absent where folds chose different networks
    return (theirs + row.difference if own is None else own.score), theirs


def times_of(told: Told, name: str | None, other: str | None, what: str) -> float | None:
    """Return how many times a cost of one model is that of another; None where one is not known."""
    first, second = (getattr(told.costs.get(one or ""), what, None) for one in (name, other))
    return first / second if first and second else None
