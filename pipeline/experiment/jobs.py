"""One thing to fit, as a value that any process can take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.core.fits import FitKey, Result
from pipeline.experiment.data import RunData
from pipeline.experiment.shared import Shared
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Job(Generic[T]):
    """What to fit, with which settings, on which documents.

    Attributes
    ----------
    fit : the function that fits; it yields each result as soon as it has it, and writes no file
    models : what is fitted: one model, or several that read the same n-grams
    fold : the number of the split
    seed : the random numbers of a network, as the run counts them
    settings : those of this fit
    choose_on, fit_on : the documents that choose, and those that a refit learns from; else both are the same
    refit : whether what was chosen is fitted again. Two values that are the same say nothing of it: where a job
        is sent to another process they are copies
    """

    fit: Callable[[RunData, Job[Any]], Iterator[Result]]
    models: tuple[PlannedModel, ...]
    fold: int
    seed: int
    settings: Config
    choose_on: Shared[T]
    fit_on: Shared[T]
    refit: bool

    @property
    def model(self) -> PlannedModel:
        """The model that is fitted, of a job that fits one."""
        (model,) = self.models
        return model

    @property
    def key(self) -> FitKey:
        """Which fit of the run it makes, of a job that fits one model."""
        return FitKey(self.model.name, self.seed, self.fold)
