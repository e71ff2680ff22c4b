"""A model that a run fits, and what --tune draws for it; what each model is, says the table in `core`."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.models import MODELS, ModelEntry
from pipeline.models.baselines.table import BASELINES
from pipeline.models.search_space import Space, network_space


def space_of(model: str) -> Space:
    """Return which settings of a model are drawn, and from which distribution; {} where there is nothing to draw."""
    if model not in MODELS:
        return {}
    if MODELS[model].network:
        return network_space(MODELS[model])
    return BASELINES[model].space if model in BASELINES else {}


@dataclass(frozen=True)
class PlannedModel:
    """One model of a run: `name` as it was asked for, `model[:head]@source[:mode]`."""

    name: str
    kind: str  # "baseline", "network", "control", or "outside" for predictions that were made elsewhere
    model: str  # a line of the table of models
    head: str | None = None
    source: str | None = None  # as results name it, modes included
    asked_source: str | None = None  # as it was asked for: files with their folders
    shuffled_words: bool = False  # the control that reads documents whose words are shuffled

    @property
    def entry(self) -> ModelEntry | None:
        """Its line in the table of models; None for one that was made elsewhere."""
        return MODELS.get(self.model)

    @property
    def seeded(self) -> bool:
        """Whether its training has chance in it: it is then fitted once a seed, else once."""
        return self.entry is not None and self.entry.network
