"""Every setting of a run: the tables of its configuration, looked up and changed by dotted key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace

from pipeline.settings.corpus import CorpusSettings, TokenizerSettings, VocabularySettings
from pipeline.settings.embeddings import EmbeddingSettings, FastTextSettings, Word2VecSettings
from pipeline.settings.models import BaselineSettings, NetworkSettings, own_batch_size, own_learning_rate
from pipeline.settings.run import FIRST_SEEDS, MOST_SEEDS, RunSettings
from pipeline.settings.setting import AUTO, Setting, Value, settings_of


@dataclass(frozen=True)
class Config:
    """The resolved configuration of a run; saved as `config.toml` in the run folder."""

    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    tokenizer: TokenizerSettings = field(default_factory=TokenizerSettings)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    word2vec: Word2VecSettings = field(default_factory=Word2VecSettings)
    fasttext: FastTextSettings = field(default_factory=FastTextSettings)
    embeddings: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    baselines: BaselineSettings = field(default_factory=BaselineSettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    run: RunSettings = field(default_factory=RunSettings)


_TABLES = {table.name: type(getattr(Config(), table.name)) for table in fields(Config)}
TABLES = tuple(_TABLES)

# Every setting by its dotted key, in the order of the tables and their fields.
SETTINGS: dict[str, Setting] = {
    f"{table}.{name}": setting for table, cls in _TABLES.items() for name, setting in settings_of(cls).items()
}

# What --quick asks for, where the user's own settings say nothing; a smaller default stays.
QUICK = {key: setting.quick for key, setting in SETTINGS.items() if setting.quick is not None}

# The tables whose keys --tune may draw at random (which of them: pipeline/models/search_space.py).
TUNED_TABLES = ("baselines", "networks")


def get(config: Config, key: str) -> Value:
    """Return the value of a dotted key."""
    table, name = key.split(".")
    value: Value = getattr(getattr(config, table), name)
    return value


def with_values(config: Config, values: Mapping[str, Value]) -> Config:
    """Return `config` with the values of these dotted keys replaced."""
    for table in TABLES:
        changed = {key.split(".")[1]: value for key, value in values.items() if key.split(".")[0] == table}
        config = replace(config, **{table: replace(getattr(config, table), **changed)})
    return config


def quicken(config: Config, given: Collection[str] = ()) -> Config:
    """Return `config` made smaller for a first answer, keys in `given` left as they are."""
    asked = {key: get(config, key) for key in QUICK if key not in given}
    smaller = {
        key: min(QUICK[key], value) if isinstance(value, int) and value else QUICK[key]
        for key, value in asked.items()
    }
    return with_values(config, smaller)


def first_seeds(config: Config) -> int:
    """Return how often each network is trained before anything is known of how much trainings differ.

    >>> first_seeds(Config()), first_seeds(with_values(Config(), {"run.seeds": 5}))
    (3, 5)
    """
    asked = config.run.seeds
    return FIRST_SEEDS if asked == AUTO else asked


def most_seeds(config: Config) -> int:
    """Return how often a network is trained at most: that of the verdict, where seeds are added.

    >>> most_seeds(Config()), most_seeds(with_values(Config(), {"run.seeds": 5}))
    (6, 5)
    """
    asked = config.run.seeds
    return MOST_SEEDS if asked == AUTO else asked


def settled(config: Config, model: str, n_train: int) -> Config:
    """Return the settings of one network: its own batch size and learning rate where they are 0.

    Parameters
    ----------
    config : Config
        The settings of the run.
    model : str
        A network, such as "lstm".
    n_train : int
        Training documents beside which validation documents stand: a refit keeps the batch size.

    Examples
    --------
    >>> [settled(Config(), "lstm", n_train).networks.batch_size for n_train in (40, 2_500, 25_000)]
    [16, 32, 64]
    """
    batch_size = config.networks.batch_size or own_batch_size(n_train)
    rate = config.networks.learning_rate or own_learning_rate(model, batch_size)
    return with_values(config, {"networks.batch_size": batch_size, "networks.learning_rate": rate})


def deciding(config: Config) -> dict[str, Value]:
    """Return the settings that an answer depends on, by dotted key; documents are known by their hashes."""
    return {key: get(config, key) for key, setting in SETTINGS.items() if setting.decides}


def save_config(config: Config) -> str:
    """Return the configuration as TOML text; `load_config` reads it back to an equal value."""
    tables = []
    for table in TABLES:
        settings = vars(getattr(config, table)).items()
        known = [(name, value) for name, value in settings if value is not None]  # TOML has no null
        tables.append("".join([f"[{table}]\n", *(f"{name} = {to_toml(value)}\n" for name, value in known)]))
    return "\n".join(tables)


def to_toml(value: Value | list[Value]) -> str:
    """Return a value as TOML: JSON but for the control character DEL, which a text of TOML cannot hold.

    >>> to_toml(("bow", 'say "hi"'))
    '["bow", "say \\\\"hi\\\\""]'
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
