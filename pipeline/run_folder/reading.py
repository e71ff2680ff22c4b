"""Read a run folder, whole or interrupted, and replace a file in it in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json_if_there
from pipeline.run_folder.metrics import SCHEMA_VERSION, Metrics
from pipeline.run_folder.metrics.rows import read_as

METRICS = "metrics.json"
CONFIG = "config.toml"
CURVE_FOLDER = Path("details", "learning_curve")  # its predictions stand apart: they enter no other table
INPUTS = ("details/fits.json", "details/run.json", CONFIG)  # without these nothing can be scored
COMPUTED = (  # by `score_run`, metrics.json last
    "details/scores.json",
    "details/assumptions.json",
    "details/chosen_documents.json",
    METRICS,
)

CHARTS = "charts"  # the folder of a run's pictures
LARGE_TEST_SET = 10_000  # documents; from here on a second decimal of a percentage means something

Record = dict[str, Any]


@dataclass(frozen=True)
class Details:
    """The parsed files of `details/`; an absent file is an empty list or table."""

    histories: list[Record]
    scores: Record
    neighbours: list[Record]
    tokens: Record
    assumptions: Record
    choices: list[Record]
    status: Record
    audit: list[Record]
    tuning: Record
    run: Record
    documents_shown: list[Record]
    chosen_documents: Record
    contributions: Record
    fit_costs: list[Record]
    curve_sets: Record
    probes: list[Record]


@dataclass(frozen=True)
class Run:
    """A run folder's content: `metrics.json`, `details/*.json` and the text of `config.toml`."""

    path: Path
    raw: Record  # metrics.json as it was read
    details: Details
    config_text: str

    @cached_property
    def metrics(self) -> Metrics:
        """The content of metrics.json, checked."""
        return read_as(Metrics, json.dumps(self.raw))

    def table(self, key: str) -> Record:
        """Return the table `key` of metrics.json; empty if it is absent."""
        value = self.raw.get(key)
        return value if isinstance(value, dict) else {}

    def rows(self, key: str) -> list[Record]:
        """Return the list of tables `key` of metrics.json; empty if it is absent."""
        return _tables(self.raw.get(key))

    @property
    def folder(self) -> Path:
        """The folder that the run was written into; it may have been moved since."""
        return Path(self.details.run.get("folder") or self.path)

    @property
    def tested(self) -> int | None:
        """The documents that each model answers, folds together; None if the run recorded none."""
        corpus = self.table("corpus")
        return corpus.get("tested") or (corpus.get("splits") or {}).get("test")

    @property
    def places(self) -> int:
        """Decimals of an accuracy in percent: 1, or 2 from 10,000 test documents on."""
        return 2 if (self.tested or 0) >= LARGE_TEST_SET else 1


def detail_file(name: str) -> str:
    """Return where a run keeps a detail, within its folder.

    >>> detail_file("fits")
    'details/fits.json'
    """
    return f"details/{name}.json"


def read_run(path: Path) -> Run:
    """Return the content of the run folder `path`; parts that are absent are empty.

    Raises
    ------
    PipelineError
        If it is no run folder, a file in it is not JSON, or a newer version wrote it.
    """
    metrics_file = path / "metrics.json"
    if not metrics_file.exists() and not (path / "details" / "status.json").exists():
        fix = "name a folder that a run has written, such as reports/NAME"
        raise PipelineError(str(path), "it holds no metrics.json, so it is no run folder", fix)
    metrics = _table(read_json_if_there(metrics_file))
    _check_schema(metrics_file, metrics)
    return run_with(path, metrics)


def run_with(path: Path, metrics: Record, details: Mapping[str, Any] = MappingProxyType({})) -> Run:
    """Return the content of the run folder `path`, but for metrics.json and the `details` that are given by name."""
    config = path / CONFIG
    text = config.read_text(encoding="utf-8", errors="replace") if config.is_file() else ""
    return Run(path, metrics, _read_details(path / "details", details), text)


def _read_details(folder: Path, known: Mapping[str, Any]) -> Details:
    absent = [name for name in _DETAIL_SHAPES if name not in known]
    content = {name: read_json_if_there(folder / f"{name}.json") for name in absent} | dict(known)
    return Details(**{name: shape(content[name]) for name, shape in _DETAIL_SHAPES.items()})


def _table(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


_DETAIL_SHAPES: dict[str, Callable[[Any], Any]] = {
    "histories": _tables,
    "scores": _table,
    "neighbours": _tables,
    "tokens": _table,
    "assumptions": _table,
    "choices": _tables,
    "status": _table,
    "audit": _tables,
    "tuning": _table,
    "run": _table,
    "documents_shown": _tables,
    "chosen_documents": _table,
    "contributions": _table,
    "fit_costs": _tables,
    "curve_sets": _table,
    "probes": _tables,
}


def _check_schema(path: Path, metrics: Record) -> None:
    version = metrics.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        what = f"schema_version is {version}; this version reads {SCHEMA_VERSION}"
        raise PipelineError(str(path), what, "use the version of embedseq that wrote the run")
