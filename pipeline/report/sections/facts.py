"""What several sections need to know: one record a model, joined from the lists of metrics.json."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Nothing
from pipeline.report.page.formats import mean
from pipeline.run_folder.metrics import Metrics
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.run_folder.metrics.models import Summary
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


@dataclass(frozen=True)
class ModelFacts:
    """Everything that the comparison table says of a model; absent numbers are None."""

    name: str
    kind: str
    runs: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    run_accuracies: tuple[float, ...]
    macro_f1: float
    macro_f1_ci95: tuple[float, float]
    log_loss: float | None
    log_loss_ci95: tuple[float, float] | None
    ece: float | None
    ece_ci95: tuple[float, float] | None
    ece_if_calibrated: float | None
    ece_if_calibrated_95: float | None
    fit_seconds: float | None
    documents_per_second: float | None
    parameters: tuple[int, ...]
    peak_rss_mib: float | None
    untrained_runs: int
    warnings: tuple[str, ...]

    @property
    def ece_within_chance(self) -> bool:
        """Whether a model that is right exactly as often as it says would show an ECE as large, by chance alone."""
        return self.ece is not None and self.ece <= (self.ece_if_calibrated_95 or 0.0)


def model_facts(run: Run) -> list[ModelFacts]:
    """Return the models of a run, highest accuracy first."""
    facts = [_facts(run.metrics, summary) for summary in run.metrics.summary]
    return sorted(facts, key=lambda model: model.accuracy, reverse=True)


def _facts(metrics: Metrics, summary: Summary) -> ModelFacts:
    results = [row for row in metrics.results if row.name == summary.name]
    fits = [row for row in metrics.timing if row.name == summary.name]
    return ModelFacts(
        name=summary.name,
        kind=KIND_NAMES[summary.kind],
        runs=summary.runs,
        accuracy=summary.accuracy,
        accuracy_ci95=summary.accuracy_ci95,
        run_accuracies=tuple(row.accuracy for row in results),
        macro_f1=summary.macro_f1,
        macro_f1_ci95=summary.macro_f1_ci95,
        log_loss=summary.log_loss,
        log_loss_ci95=summary.log_loss_ci95,
        ece=summary.ece,
        ece_ci95=summary.ece_ci95,
        ece_if_calibrated=summary.ece_if_calibrated,
        ece_if_calibrated_95=summary.ece_if_calibrated_95,
        fit_seconds=mean([fit.fit_seconds for fit in fits]),
        documents_per_second=mean([fit.predict_documents_per_second for fit in fits]),
        parameters=tuple(row.parameters for row in results if row.parameters is not None),
        peak_rss_mib=max((fit.peak_rss_mib for fit in fits), default=None),
        untrained_runs=sum(not row.trained for row in results),
        warnings=tuple(dict.fromkeys(text for row in results for text in row.warnings)),
    )


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
    return run.metrics.corpus.duplicates.warning or ""


def verdict_comparison(run: Run) -> Comparison | None:
    """Return the comparison behind the verdict; None where nothing was decided."""
    verdict = run.metrics.verdict
    return next((row for row in verdict.against if row.b == verdict.b), None)


STATES = {
    "running": "was still going on when this was drawn",
    "interrupted": "was interrupted",
    "failed": "failed",
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
