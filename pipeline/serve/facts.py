"""What the service says of its model: where it comes from, how often it is right, what runs it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import pipeline
from pipeline.models.saved import Saved, SavedModel
from pipeline.predict.which_model import AskedModel, choose_name, load, read_choice_of
from pipeline.run_folder.choice import Choice
from pipeline.run_folder.models import FORMAT_VERSION
from pipeline.serve.limits import Limits

LIBRARIES = ("numpy", "polars", "starlette", "uvicorn")


@dataclass(frozen=True)
class Accuracy:
    """How often the model was right on test documents, and the 95 % interval of that."""

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class Facts:
    """The content of `/metadata`."""

    model: str
    labels: tuple[str, ...]
    accuracy: Accuracy | None
    """as the run measured it, a training at a time; null of a bundle, and where all trainings answer together"""
    words: str | None
    """how words are explained: `weights`, `occlusion`, or null: not at all"""
    trainings: str
    """which of its trainings answers: `first`, `seed N`, or `all`, their mean"""
    run: str
    versions: Mapping[str, str]
    format_version: int
    limits: Limits


def load_asked(asked: AskedModel) -> tuple[Saved, Choice | None]:
    """Return the model that is asked for, or that which the run advises, and what the run says of its models.

    Raises
    ------
    PipelineError
        If there is none, none is advised, or it cannot be read.
    """
    choice = read_choice_of(asked.place)
    return load(asked, choose_name(asked, choice)).model, choice


def gather(asked: AskedModel, model: Saved, choice: Choice | None, limits: Limits) -> Facts:
    """Return what is known of a model."""
    measured = choice.models.get(model.name) if choice and not asked.ensemble else None
    versions = {name: version(name) for name in LIBRARIES}
    return Facts(
        model.name,
        model.label_names,
        Accuracy(measured.accuracy, measured.accuracy_ci95) if measured else None,
        model.method if isinstance(model, SavedModel) else None,
        _trainings(asked),
        asked.place.resolve().name,
        {"embedseq": pipeline.__version__, "python": platform.python_version(), **versions},
        FORMAT_VERSION,
        limits,
    )


def _trainings(asked: AskedModel) -> str:
    if asked.ensemble:
        return "all"
    return "first" if asked.seed is None else f"seed {asked.seed}"
