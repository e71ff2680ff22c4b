"""Trials: settings drawn at random, the defaults first, and the choice among those that were judged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pipeline.core.fits import Trial
from pipeline.core.seeds import stage_generator
from pipeline.experiment.tuning.space import is_list, search_space
from pipeline.settings.setting import Value
from pipeline.settings.tables import Config, get, with_values

Settings = dict[str, Value]  # dotted key > value

_DRAWS = 50  # attempts for each trial to draw settings that were not drawn before
_COSTLY = tuple(
    f"baselines.{name}" for name in ("ngram_max", "min_df", "nbsvm_ngram_max", "nbsvm_min_df")
)  # trials that share these can share n-gram counts


def draw_trials(model: str, config: Config) -> list[Settings]:
    """Return the settings of each trial of a model, `run.tune` of them, all different.

    The first has every setting as it stands in `config` (of a list of strengths the middle one), which is settled
    for this model and its training documents (see `pipeline.settings.tables.settled`). The others
    depend on `run.seed` and the model's name alone: they are the same for each fold and source, and a greater
    number of trials begins with those of a smaller one. There are fewer where the space holds no more.
    """
    space, generator = search_space(model, config), stage_generator(config.run.seed, f"tuning {model}")
    drawn = [first_settings(model, config)]
    for _ in range(_DRAWS * config.run.tune if space else 0):
        if len(drawn) == config.run.tune:
            break
        settings = {
            key: _as_setting(key, distribution.draw(generator)) for key, distribution in space.items()
        }
        if settings not in drawn and _possible(with_values(config, settings)):
            drawn.append(settings)
    return drawn


def first_settings(model: str, config: Config) -> Settings:
    """Return the settings of the first trial: those of `config`, of a list of strengths the middle one."""
    return {key: _start(config, key) for key in search_space(model, config)}


def in_order(trials: Sequence[Settings]) -> list[tuple[int, Settings]]:
    """Return the trials with their numbers, from 1, in the order to run them: equal n-gram counts together."""
    numbered = list(enumerate(trials, start=1))
    costs = [tuple(settings.get(key) for key in _COSTLY) for settings in trials]
    first_with = {cost: place for place, cost in reversed(list(enumerate(costs)))}
    return sorted(numbered, key=lambda trial: first_with[costs[trial[0] - 1]])


def choose(trials: Iterable[Trial]) -> Trial:
    """Return the trial with the lowest validation log loss; of equals the highest accuracy, then the first.

    Where another metric than accuracy or log loss was asked for, only trials within one standard error of the best
    score by it are put up: a log loss may fall while a rare class is never found. A fit that did not train is chosen
    only if no other one did. Why log loss: docs/decisions/0008.
    """
    return min(_level_with_the_best(list(trials)), key=_rank)


def _level_with_the_best(trials: list[Trial]) -> list[Trial]:
    """Return the trials whose score by the metric is within one standard error of the best; all where none has one."""
    usable = [trial for trial in trials if trial.score.why_not is None and trial.score.by_metric is not None]
    best = max(usable, key=lambda trial: trial.score.by_metric or 0.0, default=None)
    if best is None or best.score.by_metric is None:
        return trials
    level = best.score.by_metric - best.score.error
    return [trial for trial in usable if (trial.score.by_metric or 0.0) >= level]


def _rank(trial: Trial) -> tuple[bool, float, float, int]:
    score = trial.score
    loss = score.log_loss if score.log_loss is not None and math.isfinite(score.log_loss) else math.inf
    accuracy = score.accuracy if score.accuracy is not None else -1.0
    return score.why_not is not None, loss, -accuracy, trial.number


def _start(config: Config, key: str) -> Value:
    value = get(config, key)
    if isinstance(value, tuple):
        ordered = sorted(value)
        return (ordered[len(ordered) // 2],)  # type: ignore[return-value]
    return value


def _as_setting(key: str, value: Value) -> Value:
    return (value,) if is_list(key) else value  # type: ignore[return-value]


def _possible(config: Config) -> bool:
    return config.baselines.ngram_min <= config.baselines.ngram_max
