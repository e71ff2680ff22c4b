"""What is known of a model by its name: which have a memory, which are controls."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.models.networks.build import NETWORKS

CONTROLS = ("majority", "mean")
RECURRENT = ("rnn", "gru", "lstm", "bilstm")


@dataclass(frozen=True)
class PlannedModel:
    """One model of a run: `name` as it was asked for, `model[:head]@source[:mode]`."""

    name: str
    kind: str  # "baseline", "network", "control", or "outside" for predictions that were made elsewhere
    model: str  # an entry of BASELINES or NETWORKS
    head: str | None = None
    source: str | None = None  # as results name it, modes included
    asked_source: str | None = None  # as it was asked for: files with their folders
    shuffled_words: bool = False  # the control that reads documents whose words are shuffled

    @property
    def seeded(self) -> bool:
        """Whether its training has chance in it: it is then fitted once a seed, else once."""
        return self.model in NETWORKS
