"""What a benchmark writes: metrics with unit, direction, target and tolerance, and how they were measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pipeline.core.errors import PipelineError

SCHEMA_VERSION = 1
_KEYS = {"schema_version", "scenario", "documents", "full_size", "data", "environment", "metrics", "details"}
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Metric:
    """One measured figure. Its id is permanent; what it means never changes under the same id."""

    id: str
    value: float
    unit: str
    better: str  # "higher" or "lower"
    tolerance: float  # a change up to this is "unchanged"; a share of the old value, or in `unit`
    what: str  # in words, for the table
    tolerance_is: str = "share"  # or "unit"
    target: float | None = None  # the value to reach; None for a figure that is only reported
    repeats: tuple[float, ...] = ()  # the figures whose median (or mean, if `what` says so) is `value`
    case: str | None = None  # of a scenario whose cases are run one at a time


@dataclass(frozen=True)
class Outcome:
    """What a scenario returns: figures to follow, and whatever else explains them."""

    metrics: Sequence[Metric]
    details: Mapping[str, Any] = field(default_factory=dict)


def ratio(id: str, theirs: Sequence[float], ours: Sequence[float], what: str, **more: Any) -> Metric:
    """Return how many times as fast ours is: the median over rounds of theirs / ours.

    >>> ratio("speedup", [6.0, 9.0, 8.0], [2.0, 3.0, 2.0], "theirs / ours").value
    3.0
    """
    rounds = tuple(their / our for their, our in zip(theirs, ours, strict=True))
    values = {"unit": "times", "better": "higher", "tolerance": 0.15, **more}
    return Metric(id, median(rounds), what=what, repeats=rounds, **values)


def seconds(id: str, repeats: Sequence[float], what: str, **more: Any) -> Metric:
    """Return the median of `repeats`, in seconds."""
    values = {"unit": "seconds", "better": "lower", "tolerance": 0.2, **more}
    return Metric(id, median(repeats), what=what, repeats=tuple(repeats), **values)


def peak_mib(id: str, repeats: Sequence[float], what: str) -> Metric:
    """Return the median of peak memory in MiB."""
    return Metric(id, median(repeats), "MiB", "lower", 0.1, what, repeats=tuple(repeats))


def processor_use(repeats: Sequence[float], of: str) -> Metric:
    """Return how much of the two cores a run kept busy, in per cent of one core."""
    what = f"processor in use {of}, in per cent of one core"
    return Metric("processor_use", median(repeats), "%", "higher", 10.0, what, "unit", 180.0, tuple(repeats))


def meets_target(metric: Mapping[str, Any]) -> bool | None:
    """Return whether a metric reaches its target; None where it has none.

    >>> meets_target({"value": 8.5, "target": 8.0, "better": "higher"})
    True
    """
    if metric["target"] is None:
        return None
    gap = metric["value"] - metric["target"]
    return gap >= 0 if metric["better"] == "higher" else gap <= 0


def write_result(path: Path, head: Mapping[str, Any], outcome: Outcome, *, merge: bool = False) -> None:
    """Write one scenario's result as JSON; with `merge`, what the file holds of other cases stays.

    The new file takes the old one's place at once, so a stop at any moment leaves one of the two.
    """
    metrics = [{**asdict(metric), "met": meets_target(asdict(metric))} for metric in outcome.metrics]
    result = {"schema_version": SCHEMA_VERSION, **head, "metrics": metrics, "details": outcome.details}
    if merge and path.exists():
        check_mergeable(path, head)
        result = merged(read_result(path), result)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(_rounded(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return `new` with the metrics, details and data of `old` that it does not measure itself."""
    metrics = {metric["id"]: metric for metric in [*old["metrics"], *new["metrics"]]}
    return {
        **new,
        "metrics": list(metrics.values()),
        "details": {**old["details"], **new["details"]},
        "data": {**old["data"], **new["data"]},
    }


def check_mergeable(path: Path, head: Mapping[str, Any]) -> None:
    """Raise PipelineError if `path` holds results of another scenario, size or data: they would be mixed."""
    if not path.exists():
        return
    old = read_result(path)
    fix = "name another file with --out"
    for key in ("scenario", "documents"):
        if old[key] != head[key]:
            raise PipelineError(
                "runs-not-comparable", str(path), f"{key} is {old[key]} there, now {head[key]}", fix
            )
    for file in sorted(old["data"].keys() & head["data"].keys()):
        if old["data"][file] != head["data"][file]:
            raise PipelineError("runs-not-comparable", str(path), f"its results are of another {file}", fix)


def _rounded(value: Any) -> Any:
    """Return `value` with every float to six significant digits; the rest is noise."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def read_result(path: Path) -> dict[str, Any]:
    """Return one result.

    Raises
    ------
    PipelineError
        If the file is absent or cannot be read, is not JSON, or is not a benchmark's result of this schema.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(
            "no-such-file", str(path), "there is no such file", "name a result of a benchmark"
        ) from None
    except OSError as error:
        raise PipelineError(
            "cannot-be-read", str(path), f"it cannot be read: {error.strerror}", "name a file"
        ) from None
    except ValueError as error:
        raise PipelineError(
            "file-damaged", str(path), f"not JSON: {error}", "run the benchmark again"
        ) from None
    complete = isinstance(result, dict) and result.keys() >= _KEYS
    if not complete or result["schema_version"] != SCHEMA_VERSION:
        what = f"not a benchmark's result of schema_version {SCHEMA_VERSION}"
        raise PipelineError("file-damaged", str(path), what, "run the benchmark again")
    return result
