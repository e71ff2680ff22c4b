"""Which of a run's models answers: the one that was named, else the one that the advice names, said with its price."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.clean import clean
from pipeline.core.errors import PipelineError
from pipeline.core.wording import percent
from pipeline.models.saved import Saved, load_saved
from pipeline.run_folder.choice import Choice, ModelToUse, read_choice
from pipeline.run_folder.models import saved_names, shelf_of
from pipeline.run_folder.names import CONFIG, METRICS
from pipeline.run_folder.shelf import MODEL

TITLES = ("model", "right of 100", "95 % interval", "ms a document", "MB", "s to load")


@dataclass(frozen=True)
class AskedModel:
    """Which model is to answer, as it was typed.

    Attributes
    ----------
    place : a run folder, or models alone
    name : None: the one that the run advises
    seed : which training of it; None: the first
    ensemble : all of them, their mean
    """

    place: Path
    name: str | None = None
    seed: int | None = None
    ensemble: bool = False

    def __post_init__(self) -> None:
        if self.ensemble and self.seed is not None:
            what = "--seed takes one training, --ensemble all"
            raise PipelineError("options-exclude-each-other", "--ensemble", what, "give one of the two")


@dataclass(frozen=True, eq=False)
class Loaded:
    """The model that answers, and the seconds that it took to load."""

    model: Saved
    seconds: float


def read_choice_of(place: Path) -> Choice | None:
    """Return what a run says of its models; None for models alone, which say nothing of others.

    These are a model's own folder, a bundle, and what `TextClassifier.save` wrote.
    """
    if not place.exists():
        raise PipelineError(
            "not-a-finished-run",
            str(place),
            "there is no such run",
            "give a run folder, such as reports/NAME",
        )
    return None if place.is_file() or _holds_models_alone(place) else read_choice(place)


def _holds_models_alone(folder: Path) -> bool:
    if (folder / MODEL).is_file():
        return True
    of_a_run = (folder / METRICS).exists() or (folder / CONFIG).exists()
    return not of_a_run and bool(shelf_of(folder).models())


def choose_name(asked: AskedModel, choice: Choice | None) -> str | None:
    """Return the name of the model that answers; None: the only one there is.

    Raises
    ------
    PipelineError
        If none was named and the run advises none.
    """
    if asked.name is not None or choice is None:
        return asked.name
    if choice.advised is None:
        names = ", ".join(saved_names(asked.place)) or "none is saved"
        what = f"the run advises no model: {choice.because.rstrip('.')}"
        raise PipelineError("no-model-advised", "--model", what, f"name one ({names})")
    return choice.advised


def load(asked: AskedModel, name: str | None) -> Loaded:
    """Return the model that is asked for, by the name that was chosen, ready to answer."""
    began = time.perf_counter()
    model = load_saved(asked.place, name, seed=asked.seed, ensemble=asked.ensemble)
    return Loaded(model, time.perf_counter() - began)


def described(choice: Choice | None, loaded: Loaded, *, advised: bool) -> str:
    """Return what a person is told of the model: why it, and what it costs beside the others.

    Parameters
    ----------
    advised : whether the advice chose it
    """
    name = loaded.model.name
    if choice is None:
        return f"{name} answers."
    others = [model for model in choice.models.values() if model.name != name]
    shown = [choice.models[name], *others] if name in choice.models else others
    rows = [TITLES, *(_row(model, loaded) for model in (shown if advised else shown[:1]))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    because = f"No --model: {name}. {choice.because}" if advised else f"{name} answers."
    return "\n".join((because, *lines))


def _rounded(number: float) -> str:
    """Return a number with two digits that count, or all of those before the point.

    >>> _rounded(2.4567), _rounded(0.0123), _rounded(249.6)
    ('2.5', '0.012', '250')
    """
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def _row(model: ModelToUse, loaded: Loaded) -> tuple[str, ...]:
    low, high = model.accuracy_ci95
    return (
        clean(model.name),
        f"{100 * model.accuracy:.1f}",
        f"{percent(low)} to {percent(high)}",
        "" if model.latency_ms_p50 is None else _rounded(model.latency_ms_p50),
        "" if model.size_bytes is None else f"{model.size_bytes / 1e6:.1f}",
        f"{loaded.seconds:.2f}" if model.name == loaded.model.name else "",
    )
