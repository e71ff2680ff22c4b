"""What a run was not asked for: a table by question, with the option and about how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.tasks import TASKS
from pipeline.report.page.blocks import Offer
from pipeline.report.sections.facts import n_folds
from pipeline.report.words.answer import spoken_minutes
from pipeline.report.words.task import name_of_task
from pipeline.run_folder.reading import Run

MEMORY_PROBES = ("needle", "forget-bias")


@dataclass(frozen=True)
class _Line:
    """A question, what answers it, how many times the seconds of this run that takes, and whether it was asked.

    `key` is the setting behind the option.
    """

    question: str
    option: str
    key: str
    times: float
    asked: Callable[[Run], bool]
    section: str = ""


LINES = (
    _Line(
        "How many documents would be enough?",
        "--learning-curve",
        "run.learning_curve",
        2.0,
        lambda run: bool(run.metrics.learning_curve.sizes),
        "learning-curve",
    ),
    _Line(
        "Would other settings turn the answer?",
        "--tune 20",
        "run.tune",
        20.0,
        lambda run: bool(run.metrics.tuning),
        "tuning",
    ),
    _Line(
        "Do other word vectors help?",
        "--embeddings word2vec,random",
        "run.embeddings",
        1.0,
        lambda run: len(run.metrics.embeddings) != 1,
        "grid",
    ),
    _Line(
        "Would another split say the same?", "--folds 5", "corpus.folds", 4.0, lambda run: n_folds(run) > 1
    ),
    _Line(
        "How does a model from elsewhere compare?",
        "--compare predictions.csv",
        "run.compare",
        0.0,
        lambda run: any(row.kind == "outside" for row in run.metrics.summary),
    ),
    _Line(
        "From how far back can one word be recalled?",
        f"--probes {','.join(MEMORY_PROBES)}",
        "run.extra_probes",
        1.0,
        lambda run: (
            not run.details.probes or any(set(MEMORY_PROBES) & set(one.found) for one in run.details.probes)
        ),
    ),
)


def offers(run: Run) -> tuple[Offer, ...]:
    """Return what this run was not asked for, of what its task can be asked."""
    refused = TASKS[name_of_task(run)].not_for
    return tuple(
        Offer(line.question, line.option, _minutes(run, line), line.section)
        for line in LINES
        if line.key not in refused and not line.asked(run)
    )


def _minutes(run: Run, line: _Line) -> str:
    said = spoken_minutes(line.times * run.metrics.total_seconds / 60)
    return f"{said} more"
