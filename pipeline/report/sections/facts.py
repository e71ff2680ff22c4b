"""What several sections need to know: one record a model, joined from the lists of metrics.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.clean import plural
from pipeline.report.page.formats import is_interval, is_number, mean
from pipeline.run_folder.reading import Record, Run

Found = list[tuple[str, Record]]  # of one probe: network and what was found in it

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
    accuracy: float | None
    accuracy_ci95: tuple[float, float] | None
    run_accuracies: tuple[float, ...]
    macro_f1: float | None
    macro_f1_ci95: tuple[float, float] | None
    log_loss: float | None
    ece: float | None
    fit_seconds: float | None
    documents_per_second: float | None
    parameters: tuple[int, ...]
    peak_rss_mib: float | None
    untrained_runs: int
    warnings: tuple[str, ...]
    log_loss_ci95: tuple[float, float] | None = None  # this and what follows: absent from older runs
    ece_ci95: tuple[float, float] | None = None
    ece_if_calibrated: float | None = None
    ece_if_calibrated_95: float | None = None

    @property
    def ece_within_chance(self) -> bool:
        """Whether a model that is right exactly as often as it says would show an ECE as large, by chance alone."""
        known = self.ece is not None and self.ece_if_calibrated_95 is not None
        return known and self.ece <= self.ece_if_calibrated_95  # type: ignore[operator]


def model_facts(run: Run) -> list[ModelFacts]:
    """Return the models of a run, highest accuracy first, those without one last."""
    summaries = {entry["name"]: entry for entry in run.rows("summary") if "name" in entry}
    names = dict.fromkeys([*summaries, *(str(row["name"]) for row in run.rows("results") if "name" in row)])
    facts = [_facts(run, name, summaries.get(name, {})) for name in names]
    return sorted(facts, key=lambda model: -1.0 if model.accuracy is None else model.accuracy, reverse=True)


def _facts(run: Run, name: str, summary: Record) -> ModelFacts:
    results = named(run.rows("results"), name)
    fits = named(fit_timings(run), name)
    scores = {key: _score(summary, results, key) for key in ("accuracy", "macro_f1", "log_loss", "ece")}
    kinds = [entry["kind"] for entry in (summary, *results) if entry.get("kind")]
    return ModelFacts(
        name=name,
        kind=KIND_NAMES.get(kinds[0], str(kinds[0])) if kinds else "Other",
        runs=summary.get("runs") or len(results),
        accuracy_ci95=_interval(summary.get("accuracy_ci95")),
        macro_f1_ci95=_interval(summary.get("macro_f1_ci95")),
        log_loss_ci95=_interval(summary.get("log_loss_ci95")),
        ece_ci95=_interval(summary.get("ece_ci95")),
        ece_if_calibrated=_number(summary.get("ece_if_calibrated")),
        ece_if_calibrated_95=_number(summary.get("ece_if_calibrated_95")),
        run_accuracies=tuple(finite(results, "accuracy")),
        fit_seconds=mean(finite(fits, "fit_seconds")),
        documents_per_second=mean(finite(fits, "predict_documents_per_second")),
        parameters=tuple(int(value) for value in finite(results, "parameters")),
        peak_rss_mib=max(finite(fits, "peak_rss_mib"), default=None),
        untrained_runs=sum(entry.get("trained") is False for entry in results),
        warnings=tuple(dict.fromkeys(text for entry in results for text in entry.get("warnings") or ())),
        **scores,
    )


def _score(summary: Record, results: Sequence[Record], key: str) -> float | None:
    """Return the summary's score; in an interrupted run without one, the mean of the finished runs."""
    return _number(summary.get(key) if summary else mean(finite(results, key)))


def _number(value: Any) -> float | None:
    return value if is_number(value) else None


def _interval(pair: Any) -> tuple[float, float] | None:
    return (pair[0], pair[1]) if is_interval(pair) else None


def named(entries: Sequence[Record], name: str) -> list[Record]:
    """Return the entries of the model `name`."""
    return [entry for entry in entries if entry.get("name") == name]


def finite(entries: Sequence[Record], key: str) -> list[float]:
    """Return the finite numbers under `key`."""
    return [entry[key] for entry in entries if is_number(entry.get(key))]


def what_times_hold(run: Run) -> str:
    """Return what seconds and memory of a fit mean, and how many fits shared the machine."""
    at_once = max((entry.get("at_once") or 1 for entry in fit_timings(run)), default=1)
    if at_once == 1:
        return WHAT_TIMES_HOLD
    return (
        f"{WHAT_TIMES_HOLD} Up to {at_once} fits ran side by side, each in a process of its own: seconds are longer"
        " than those of a fit alone, comparable within this run only; memory is that process's."
    )


def fit_timings(run: Run) -> list[Record]:
    """Return the seconds and memory of each fit."""
    return run.rows("timing")


def n_folds(run: Run) -> int:
    """Return how many folds the run has; 1 where there is one split."""
    folds = run.table("corpus").get("folds")
    return int(folds) if is_number(folds) and folds > 1 else 1


def of_first_fold(run: Run) -> str:
    """Return what a table that shows the first fold alone adds to its caption; empty without folds."""
    return f" (first of {n_folds(run)} folds)" if n_folds(run) > 1 else ""


def leak_warning(run: Run) -> str:
    """Return the warning that test documents were seen in training; empty where none was."""
    duplicates = run.table("corpus").get("duplicates") or {}
    return str(duplicates.get("warning") or "")


def verdict_comparison(run: Run) -> Record | None:
    """Return the comparison behind the verdict, turned so that it is the verdict's a minus b."""
    verdict = run.table("verdict")
    pair = (verdict.get("a"), verdict.get("b"))
    for entry in run.rows("comparisons"):
        if entry.get("metric", "accuracy") != verdict.get("metric", "accuracy"):
            continue
        if (entry.get("a"), entry.get("b")) == pair:
            return entry
        if (entry.get("b"), entry.get("a")) == pair:
            return _turned(entry)
    return None


def _turned(entry: Record) -> Record:
    ends = entry.get("ci95") or []
    return {
        **entry,
        "a": entry.get("b"),
        "b": entry.get("a"),
        "difference": -entry["difference"] if is_number(entry.get("difference")) else None,
        "ci95": [-ends[1], -ends[0]] if is_interval(ends) else None,
    }


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
    state = STATES.get(str(status.get("state")))
    if state is None:
        return ""
    finished, planned = status.get("finished") or [], status.get("planned") or []
    missing = [str(name) for name in planned if name not in finished]
    rest = len(missing) - NAMED_FITS
    names = ", ".join(missing[:NAMED_FITS]) + (f" and {rest} more" if rest > 0 else "")
    left = f" Not finished: {names}." if missing else ""
    return f"This run {state}: {len(finished)} of {plural(len(planned), 'fit')} finished.{left}"
