"""What --tune draws for a model of a run: its space without the settings that a person gave."""

from __future__ import annotations

from pipeline.core.names import ModelName
from pipeline.core.tasks import TASKS
from pipeline.models.search_space import OneOf, Space
from pipeline.models.table import space_of
from pipeline.settings.tables import QUICK, SETTINGS, Config, get, with_values


def search_space(model: str, config: Config) -> Space:
    """Return what is drawn for a model: its space without the keys that are fixed.

    Of a list of strengths that is fixed one is drawn, so that a trial is one fit for every model.
    """
    facts = TASKS.get(config.run.task)
    fixed = {
        *fixed_keys(config),
        *(facts.not_for if facts else ()),
    }  # what a task has no use for is not drawn
    return {
        key: _within(key, config) if key in fixed else distribution
        for key, distribution in space_of(model).items()
        if key not in fixed or is_list(key)
    }


def fixed_by_name(config: Config, name: str) -> Config:
    """Return the settings with those fixed that a model's name says: its head, and whether its vectors are tuned.

    `learned` vectors mean nothing before training, so that they are never frozen.

    >>> [fixed_by_name(Config(), name).run.tune_fixed for name in ("lstm@word2vec", "lstm:max@learned")]
    [(), ('networks.head', 'networks.vectors')]
    """
    named = ModelName.parse(name)
    says = {
        "networks.head": bool(named.head),
        "networks.vectors": named.source is not None and bool(named.source.training or named.source.learns),
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
