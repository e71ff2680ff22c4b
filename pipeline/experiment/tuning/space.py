"""The search space: which settings of each model are drawn, and from which distribution.

A setting that a person gave is not drawn: `search_space` leaves it out. Costly settings (layers, tokens of a
document, epochs) and those that other stages share (vocabulary, embeddings) stand in no table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.settings.setting import Value
from pipeline.settings.tables import QUICK, SETTINGS, Config, get, with_values

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


@dataclass(frozen=True)
class LogUniform:
    """Numbers from `low` to `high` whose logarithm is uniform: each power of ten is as likely as the next."""

    low: float
    high: float

    def draw(self, generator: np.random.Generator) -> float:
        """Return a number, rounded."""
        return _rounded(float(np.exp(generator.uniform(np.log(self.low), np.log(self.high)))))

    def words(self) -> str:
        """Return the distribution in words."""
        return f"log-uniform from {self.low:g} to {self.high:g}"


Distribution = OneOf | Uniform | LogUniform
Space = dict[str, Distribution]  # dotted key of the configuration > distribution

_YES_OR_NO = OneOf((True, False))
_NGRAMS: Space = {
    "baselines.ngram_max": OneOf((1, 2, 3)),
    "baselines.min_df": OneOf((0, 2, 3, 5)),
}
_NETWORK: Space = {
    "networks.vectors": OneOf(("own", "frozen-then-tuned", "tuned")),
    "networks.learning_rate": LogUniform(5e-4, 2e-2),
    "networks.units": OneOf((64, 128, 256)),
    "networks.batch_size": OneOf((16, 32, 64, 128)),
    "networks.embedding_dropout": Uniform(0.0, 0.5),
    "networks.dropout": Uniform(0.0, 0.6),
    "networks.word_dropout": Uniform(0.0, 0.3),
}
_RECURRENT: Space = {
    **_NETWORK,
    "networks.weight_drop": Uniform(0.0, 0.4),
    "networks.head": OneOf(("own", "max", "mean", "max+mean")),  # their own is the last state
}

SPACES: dict[str, Space] = {
    "bow": {
        **_NGRAMS,
        "baselines.bow_binary": _YES_OR_NO,
        "baselines.bow_strengths": LogUniform(0.001, 30),
    },
    "tfidf": {
        **_NGRAMS,
        "baselines.sublinear_tf": _YES_OR_NO,
        "baselines.tfidf_strengths": LogUniform(0.1, 300),
    },
    "nbsvm": {
        "baselines.nbsvm_ngram_max": OneOf((0, 1, 2, 3)),
        "baselines.nbsvm_min_df": OneOf((0, 2, 3, 5)),
        "baselines.nbsvm_alpha": LogUniform(0.1, 3),
        "baselines.nbsvm_betas": Uniform(0.25, 1.0),
        "baselines.nbsvm_powers": Uniform(0.0, 1.0),
        "baselines.nbsvm_strengths": LogUniform(0.01, 100),
    },
    "mean": {"baselines.mean_strengths": LogUniform(0.001, 30)},
    "ann": _NETWORK,
    "rnn": _RECURRENT,
    "gru": _RECURRENT,
    "lstm": _RECURRENT,
    "bilstm": _RECURRENT | {"networks.head": OneOf(("own", "last", "max", "mean"))},
}


def search_space(model: str, config: Config) -> Space:
    """Return what is drawn for a model: its entry of `SPACES` without the keys that are fixed.

    Of a list of strengths that is fixed one is drawn, so that a trial is one fit for every model.
    """
    fixed = set(fixed_keys(config))
    return {
        key: _within(key, config) if key in fixed else distribution
        for key, distribution in SPACES[model].items()
        if key not in fixed or is_list(key)
    }


def fixed_by_name(config: Config, name: str) -> Config:
    """Return the settings with those fixed that a model's name says: its head, and whether its vectors are tuned.

    `learned` vectors mean nothing before training, so that they are never frozen.

    >>> [fixed_by_name(Config(), name).run.tune_fixed for name in ("lstm@word2vec", "lstm:max@learned")]
    [(), ('networks.head', 'networks.vectors')]
    """
    asked, _, source = name.partition("@")
    heads, (parts, *modes) = set(asked.split(":")[1:]) - {"shuffled-words"}, source.split(":")
    says = {
        "networks.head": bool(heads),
        "networks.vectors": bool(set(modes) & set(SETTINGS["networks.vectors"].check.choices))
        or "learned" in parts.split("+"),
    }
    fixed = tuple(key for key, said in says.items() if said and key not in config.run.tune_fixed)
    return with_values(config, {"run.tune_fixed": (*config.run.tune_fixed, *fixed)})


def fixed_keys(config: Config) -> tuple[str, ...]:
    """Return the keys that no trial changes: those a person gave, and those --quick makes smaller."""
    return (*config.run.tune_fixed, *(QUICK if config.run.quick else ()))


def is_list(key: str) -> bool:
    """Return whether a key takes a list of numbers, of which a trial uses one."""
    return SETTINGS[key].hint == tuple[float, ...]


def _within(key: str, config: Config) -> OneOf:
    return OneOf(get(config, key))  # type: ignore[arg-type]


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _word(value: Value) -> str:
    if isinstance(value, bool | str):
        return str(value).lower()
    return f"{value:g}"
