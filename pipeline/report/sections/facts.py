"""What several sections need to know: one record a model, joined from the lists of metrics.json."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.clean import plural
from pipeline.core.warned import without_name
from pipeline.core.wording import few_vectors
from pipeline.report.page.blocks import Nothing
from pipeline.report.words.task import Counted, task_of
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.run_folder.metrics.models import Result, Summary, Timing
from pipeline.run_folder.reading import Run

WHAT_TIMES_HOLD = (
    "Training seconds hold the choice of settings on validation documents, not the loading of libraries;"
    " counting n-grams and training embeddings are stages of their own (see Timing). Documents per second:"
    " from tokens to predictions."
)
KIND_NAMES = {
    "baseline": "Baseline",
    "network": "Network",
    "control": "Control",
    "outside": "Made elsewhere",
}


@dataclass(frozen=True, kw_only=True)
class ModelFacts(Summary):
    """A model's line of the summary, with its results and its fits."""

    results: tuple[Result, ...]
    fits: tuple[Timing, ...]
    counted: Counted  # what its task counts
    token_coverage: float | None = None  # of the vectors that it reads
    always: str | None = None  # the class that it answers whatever a document says

    @property
    def few_vectors(self) -> str:
        """What is said where the vectors that it reads cover little of the text; empty where they cover enough."""
        return "" if self.token_coverage is None else few_vectors(self.token_coverage)

    @property
    def kind_name(self) -> str:
        """What it is, as the report says it."""
        return KIND_NAMES[self.kind]

    @property
    def run_accuracies(self) -> tuple[float, ...]:
        """The accuracy of each run."""
        return tuple(row.accuracy for row in self.results)

    @property
    def untrained_runs(self) -> int:
        """How many of its runs did not train."""
        return sum(not row.trained for row in self.results)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every warning, once."""
        return tuple(dict.fromkeys(text for row in self.results for text in row.warnings))

    @property
    def ece_within_chance(self) -> bool:
        """Whether a model that is right exactly as often as it says would show an ECE as large, by chance alone."""
        return self.ece is not None and self.ece <= (self.ece_if_calibrated_95 or 0.0)


def model_facts(run: Run) -> list[ModelFacts]:
    """Return the models of a run, the best first by what its task counts."""
    task = task_of(run)
    counted = task.count(run)
    results, fits = run.metrics.results, run.metrics.timing
    covered = {source.source: source.token_coverage for source in run.metrics.embeddings}
    always = _only_answers(run)
    facts = [
        ModelFacts(
            **vars(summary),
            results=tuple(row for row in results if row.name == summary.name),
            fits=tuple(fit for fit in fits if fit.name == summary.name),
            counted=counted[summary.name],
            token_coverage=covered.get(summary.embedding or ""),
            always=always.get(summary.name),
        )
        for summary in run.metrics.summary
    ]
    return sorted(facts, key=lambda model: model.counted.score, reverse=not task.lower_is_better)


def _only_answers(run: Run) -> dict[str, str]:
    """Return the models that answer every test document alike, with that answer; not the control that does so."""
    scores = run.details.scores
    if scores is None or len(scores.label_names) < 2:
        return {}
    controls = {row.name for row in run.metrics.summary if row.kind == "control"}
    found = {}
    for model in scores.models:
        if not model.confusion:  # labels that do not take each other's place
            continue
        said = [
            label
            for label, given in zip(scores.label_names, zip(*model.confusion, strict=True), strict=True)
            if any(given)
        ]
        if len(said) == 1 and model.name not in controls:
            found[model.name] = said[0]
    return found


def what_times_hold(run: Run) -> str:
    """Return what seconds and memory of a fit mean, and how many fits shared the machine."""
    at_once = max((fit.at_once for fit in run.metrics.timing), default=1)
    if at_once == 1:
        return WHAT_TIMES_HOLD
    return (
        f"{WHAT_TIMES_HOLD} Up to {at_once} fits ran side by side, each in a process of its own: seconds are longer"
        " than those of a fit alone, comparable within this run only; memory is that process's."
    )


def n_folds(run: Run) -> int:
    """Return how many folds the run has; 1 where there is one split."""
    return max(run.metrics.corpus.folds, 1)


def of_first_fold(run: Run) -> str:
    """Return what a table that shows the first fold alone adds to its caption; empty without folds."""
    return f" (first of {n_folds(run)} folds)" if n_folds(run) > 1 else ""


def leak_warning(run: Run) -> str:
    """Return the warning that test documents were seen in training; empty where none was."""
    return without_name(run.metrics.corpus.duplicates.warning or "")


def verdict_comparison(run: Run) -> Comparison | None:
    """Return the comparison behind the verdict; None where nothing was decided."""
    verdict = run.metrics.verdict
    return next((row for row in verdict.against if row.b == verdict.b), None)


STATES = {
    "running": "was still going on when this was drawn",
    "interrupted": "was interrupted",
    "shard": "is one shard of a run",
    "merged": "was merged from its shards",
    "out of time": "was stopped when its time was over",
    "failed": "failed",
    "incomplete": "ended, but not all of it could be done",
    "killed": "was killed before it ended",
}
NAMED_FITS = 10  # unfinished fits that the head of the report names


def status_sentence(run: Run) -> str:
    """Return what is missing from a run that did not end; empty for a finished one."""
    status = run.details.status
    if status is None or status.state not in STATES:
        return ""
    missing = [name for name in status.planned if name not in status.finished]
    rest = len(missing) - NAMED_FITS
    names = ", ".join(missing[:NAMED_FITS]) + (f" and {rest} more" if rest > 0 else "")
    left = f" Not finished: {names}." if missing else ""
    n_fits = f"{len(status.finished)} of {plural(len(status.planned), 'fit')}"
    return f"This run {STATES[status.state]}: {n_fits} finished.{left}"


def nothing(run: Run, reason: str) -> tuple[Nothing]:
    """Return the block of a section that has nothing to show: what a run that did not end misses, or else `reason`."""
    return (Nothing(status_sentence(run) or reason),)
