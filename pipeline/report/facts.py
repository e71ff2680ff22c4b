"""What several sections need to know: one record a model, joined from the lists of metrics.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.formats import is_interval, is_number, mean
from pipeline.report.run_folder import Record, Run

KIND_NAMES = {"baseline": "Baseline", "network": "Network", "control": "Control"}


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
    value = summary.get(key) if summary else mean(finite(results, key))
    return value if is_number(value) else None


def _interval(pair: Any) -> tuple[float, float] | None:
    return (pair[0], pair[1]) if is_interval(pair) else None


def named(entries: Sequence[Record], name: str) -> list[Record]:
    """Return the entries of the model `name`."""
    return [entry for entry in entries if entry.get("name") == name]


def finite(entries: Sequence[Record], key: str) -> list[float]:
    """Return the finite numbers under `key`."""
    return [entry[key] for entry in entries if is_number(entry.get(key))]


def fit_timings(run: Run) -> list[Record]:
    """Return the seconds and memory of each fit; `timing` may be the list itself."""
    timing = run.metrics.get("timing")
    fits = timing.get("fits") if isinstance(timing, dict) else timing
    return [entry for entry in fits if isinstance(entry, dict)] if isinstance(fits, list) else []


def verdict_comparison(run: Run) -> Record | None:
    """Return the comparison behind the verdict, turned so that it is the verdict's a minus b."""
    verdict = run.table("verdict")
    pair = (verdict.get("a"), verdict.get("b"))
    for entry in run.rows("comparisons"):
        if entry.get("metric", "accuracy") != "accuracy":
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


def status_sentence(run: Run) -> str:
    """Return what is missing from a run that did not end; empty for a finished one."""
    status = run.details.status
    if status.get("state") not in ("running", "interrupted"):
        return ""
    finished, planned = status.get("finished") or [], status.get("planned") or []
    missing = [str(name) for name in planned if name not in finished]
    state = (
        "was interrupted" if status["state"] == "interrupted" else "was still going on when this was drawn"
    )
    left = f" Not finished: {', '.join(missing)}." if missing else ""
    return f"This run {state}: {len(finished)} of {len(planned)} models finished.{left}"
