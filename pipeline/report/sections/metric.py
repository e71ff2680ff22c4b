"""How tables and charts of the report show the metric that a run decides by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.report.page.formats import MISSING, Number, decimal, exact_points, percent, points
from pipeline.run_folder.reading import Run

Show = Callable[[Number, int], str]


@dataclass(frozen=True)
class ReportMetric:
    """A metric in tables and charts.

    Attributes
    ----------
    name : as sentences say it
    unit : of a difference
    score, signed : show a score, and a difference with its sign
    exact : shows the region of practical equivalence
    minus : heads the column of differences; a positive one is always in A's favour
    axis : what the axis of a chart of differences says
    largest : difference that two models can have
    higher_is_better : False for log loss
    """

    name: str
    unit: str
    score: Show
    signed: Show
    exact: Callable[[float], str]
    minus: str
    axis: str
    largest: float = 1.0
    higher_is_better: bool = True

    def size(self, value: Number, places: int) -> str:
        """Return a difference without its sign."""
        return MISSING if value is None else self.signed(abs(value), places).lstrip("+")


def _share(name: str, score: Show = percent) -> ReportMetric:
    return ReportMetric(
        name,
        "points",
        score,
        points,
        lambda rope: f"{exact_points(rope)} points",
        "A minus B, points",
        f"Difference in {name}, points",
    )


def _signed_nats(value: Number, places: int = 3) -> str:
    """Return a difference in nats with its sign.

    >>> _signed_nats(0.0312), _signed_nats(-0.0312), _signed_nats(None)
    ('+0.031', '−0.031', '–')
    """
    return MISSING if value is None else f"{'+' if value > 0 else ''}{decimal(value, 3)}"


REPORT_METRICS = {
    "accuracy": _share("accuracy"),
    "macro-f1": _share("macro F1", lambda value, places: percent(value, places).removesuffix(" %")),
    "balanced-accuracy": _share("balanced accuracy"),
    "span-f1": _share("span F1", lambda value, places: percent(value, places).removesuffix(" %")),
    "token-accuracy": _share("token accuracy"),
    "micro-f1": _share("micro F1", lambda value, places: percent(value, places).removesuffix(" %")),
    "precision-at-1": _share("precision at 1"),
    "precision-at-3": _share("precision at 3"),
    "precision-at-5": _share("precision at 5"),
    "subset-accuracy": _share("exact sets"),
    "hamming-loss": replace(_share("Hamming loss"), minus="A better by, points", higher_is_better=False),
    "log-loss": ReportMetric(
        "log loss",
        "nats",
        lambda value, places: decimal(value, 3),
        _signed_nats,
        lambda rope: f"{rope:.6g} nats",
        "A better by, nats",
        "Log loss of B minus that of A, hundredths of a nat: right of zero A is better",
        float("inf"),
        higher_is_better=False,
    ),
}


REPORT_METRICS["bits-per-byte"] = ReportMetric(
    "bits a byte",
    "bits a byte",
    lambda value, places: decimal(value, 3),
    _signed_nats,
    lambda rope: f"{rope:.6g} bits a byte",
    "A better by, bits a byte",
    "Bits a byte of B minus those of A, hundredths: right of zero A is better",
    float("inf"),
    higher_is_better=False,
)


def metric_of(run: Run) -> ReportMetric:
    """Return the metric that a run decides by."""
    return REPORT_METRICS[run.metrics.verdict.metric]
