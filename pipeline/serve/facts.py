"""What the service says of its model: where it comes from, how often it is right, what runs it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pipeline
from pipeline.models.saved import SavedModel, load_model
from pipeline.run_folder.models import FORMAT_VERSION
from pipeline.run_folder.reading import METRICS, read_run
from pipeline.serve.limits import Limits

LIBRARIES = ("numpy", "polars", "starlette", "uvicorn")


@dataclass(frozen=True)
class Accuracy:
    """How often the model was right on test documents, and the 95 % interval of that."""

    value: float
    ci95: tuple[float, float]
    documents: int


@dataclass(frozen=True)
class Facts:
    """The content of `/metadata`."""

    model: str
    labels: tuple[str, ...]
    accuracy: Accuracy | None
    """as the run measured it; null where its metrics.json is not there"""
    words: str | None
    """how words are explained: `weights`, `occlusion`, or null: not at all"""
    run: str
    versions: Mapping[str, str]
    format_version: int
    limits: Limits


def load_asked(place: Path, name: str | None) -> SavedModel:
    """Return the model of this name; without one that which the run advises, or the only one that is there.

    Raises
    ------
    PipelineError
        If there is none, or it cannot be read.
    """
    return load_model(place, name or _advised(place))


def _advised(place: Path) -> str | None:
    return read_run(place).metrics.advice.model if (place / METRICS).is_file() else None


def gather(run: Path, model: SavedModel, limits: Limits) -> Facts:
    """Return what is known of a run's model."""
    versions = {name: version(name) for name in LIBRARIES}
    return Facts(
        model.name,
        model.label_names,
        _accuracy(run, model.name),
        model.method,
        run.resolve().name,
        {"embedseq": pipeline.__version__, "python": platform.python_version(), **versions},
        FORMAT_VERSION,
        limits,
    )


def _accuracy(run: Path, name: str) -> Accuracy | None:
    if not (run / METRICS).is_file():
        return None
    metrics = read_run(run).metrics
    rows = [row for row in metrics.summary if row.name == name]
    return Accuracy(rows[0].accuracy, rows[0].accuracy_ci95, metrics.corpus.tested) if rows else None
