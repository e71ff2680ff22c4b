"""From which distributions --tune draws settings; an entry of a space is a key of the configuration.

Costly settings (layers, tokens of a document, epochs) and those that other stages share (vocabulary, embeddings) stand
in no space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.models import ModelEntry
from pipeline.settings.setting import Value

_DIGITS = 3  # significant ones of a drawn number: enough to search by, few enough to type


@dataclass(frozen=True)
class OneOf:
    """Each value with the same probability."""

    values: tuple[Value, ...]

    def draw(self, generator: np.random.Generator) -> Value:
        """Return one of the values."""
        return self.values[int(generator.integers(len(self.values)))]

    def words(self) -> str:
        """Return the distribution in words."""
        return f"one of {', '.join(map(_word, self.values))}"


@dataclass(frozen=True)
class Uniform:
    """Numbers from `low` to `high`."""

    low: float
    high: float

    def draw(self, generator: np.random.Generator) -> float:
        """Return a number, rounded."""
        return _rounded(generator.uniform(self.low, self.high))

    def words(self) -> str:
        """Return the distribution in words."""
        return f"uniform from {self.low:g} to {self.high:g}"


class LogUniform(Uniform):
    """Numbers from `low` to `high` whose logarithm is uniform: each power of ten is as likely as the next."""

    def draw(self, generator: np.random.Generator) -> float:
        """Return a number, rounded."""
        return _rounded(float(np.exp(generator.uniform(np.log(self.low), np.log(self.high)))))

    def words(self) -> str:
        """Return the distribution in words."""
        return f"log-uniform from {self.low:g} to {self.high:g}"


Distribution = OneOf | Uniform | LogUniform
Space = dict[str, Distribution]  # dotted key of the configuration > distribution

_NETWORK: Space = {
    "networks.vectors": OneOf(("own", "frozen-then-tuned", "tuned")),
    "networks.learning_rate": LogUniform(5e-4, 2e-2),
    "networks.units": OneOf((64, 128, 256)),
    "networks.batch_size": OneOf((16, 32, 64, 128)),
    "networks.embedding_dropout": Uniform(0.0, 0.5),
    "networks.dropout": Uniform(0.0, 0.6),
    "networks.word_dropout": Uniform(0.0, 0.3),
}
_OF_STATES: Space = {"networks.weight_drop": Uniform(0.0, 0.4)}


def network_space(entry: ModelEntry) -> Space:
    """Return what is drawn for a network: of its heads those that are not its own anyway."""
    if not entry.recurrent:
        return _NETWORK
    heads = ("own", *(head for head in entry.heads if head != entry.default_head))
    return {**_NETWORK, **_OF_STATES, "networks.head": OneOf(heads)}


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool | str) else f"{value:g}"
