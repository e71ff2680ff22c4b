"""Which of a run's models answers: the one that was named, else the one that the advice names, said with its price."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.clean import clean
from pipeline.core.errors import PipelineError
from pipeline.core.wording import percent
from pipeline.models.saved import SavedModel, load_model
from pipeline.run_folder.choice import Choice, ModelToUse
from pipeline.run_folder.models import saved_names

TITLES = ("model", "right of 100", "95 % interval", "ms a document", "MB", "s to load")


@dataclass(frozen=True, eq=False)
class Loaded:
    """The model that answers, and the seconds that it took to load."""

    model: SavedModel
    seconds: float


def choose_name(run: Path, choice: Choice, asked: str | None) -> str:
    """Return the name of the model that answers.

    Raises
    ------
    PipelineError
        If none was named and the run advises none.
    """
    if asked is not None:
        return asked
    if choice.advice.model is None:
        names = ", ".join(saved_names(run)) or "none is saved"
        what = f"the run advises no model: {choice.advice.because.rstrip('.')}"
        raise PipelineError("--model", what, f"name one ({names})")
    return choice.advice.model


def load(run: Path, name: str) -> Loaded:
    """Return a model of a run, ready to answer."""
    began = time.perf_counter()
    model = load_model(run, name)
    return Loaded(model, time.perf_counter() - began)


def described(choice: Choice, loaded: Loaded, *, advised: bool) -> str:
    """Return what a person is told of the model: why it, and what it costs beside the others.

    Parameters
    ----------
    advised : whether the advice chose it
    """
    name = loaded.model.name
    others = [model for model in choice.models.values() if model.name != name]
    shown = [choice.models[name], *others] if name in choice.models else others
    rows = [TITLES, *(_row(model, loaded) for model in (shown if advised else shown[:1]))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    because = f"No --model: {name}. {choice.advice.because}" if advised else f"{name} answers."
    return "\n".join((because, *lines))


def _row(model: ModelToUse, loaded: Loaded) -> tuple[str, ...]:
    low, high = model.accuracy_ci95
    return (
        clean(model.name),
        f"{100 * model.accuracy:.1f}",
        f"{percent(low)} to {percent(high)}",
        "" if model.latency_ms is None else f"{model.latency_ms:.2g}",
        "" if model.size_bytes is None else f"{model.size_bytes / 1e6:.1f}",
        f"{loaded.seconds:.2f}" if model.name == loaded.model.name else "",
    )
