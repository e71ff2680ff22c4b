"""Trials > what the run folder holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.core.fits import Trial
from pipeline.experiment.tuning.expected import expected_best
from pipeline.experiment.tuning.space import fixed_by_name, fixed_keys, search_space
from pipeline.experiment.tuning.trials import choose, draw_trials, first_settings
from pipeline.models.table import space_of
from pipeline.settings.tables import Config, get, settled

Tried = Mapping[tuple[str, str, int], Sequence[Trial]]  # (name, model, fold) > trials that ended


def describe_space(models: Sequence[str], config: Config, n_train: int) -> list[dict[str, Any]]:
    """Return a row for each setting of each model: its distribution, or the value that it keeps and why.

    `n_train` counts the training documents of the first fold, which settle what follows the corpus.
    """
    return [
        _space_row(model, key, settled(config, model, n_train))
        for model in dict.fromkeys(models)
        for key in space_of(model)
    ]


def _space_row(model: str, key: str, config: Config) -> dict[str, Any]:
    drawn = search_space(model, config).get(key)
    given = key in config.run.tune_fixed
    return {
        "model": model,
        "key": key,
        "distribution": drawn.words() if drawn else None,
        "first": first_settings(model, config).get(key, get(config, key)),
        "fixed_by": ("given" if given else "--quick") if key in fixed_keys(config) else None,
    }


def describe_families(tried: Tried, config: Config) -> list[dict[str, Any]]:
    """Return an entry for each model and fold: its trials, the settings chosen, the expected best of n trials.

    `chosen` is null where the run was stopped before all trials of the model had ended. A trial without a fit
    counts as accuracy 0 in `expected_validation_accuracy`.
    """
    return [_family(key, trials, config) for key, trials in tried.items()]


def _family(key: tuple[str, str, int], trials: Sequence[Trial], config: Config) -> dict[str, Any]:
    name, model, fold = key
    ordered = sorted(trials, key=lambda trial: trial.number)
    complete = len(ordered) == len(draw_trials(model, fixed_by_name(config, name)))
    best = choose(ordered)
    return {
        "name": name,
        "model": model,
        "fold": fold,
        "asked": config.run.tune,
        "chosen": best.number if complete else None,
        "seconds": sum(trial.seconds for trial in ordered),
        "expected_validation_accuracy": expected_best([trial.score.accuracy or 0.0 for trial in ordered]),
        "trials": [
            {
                "trial": trial.number,
                "settings": trial.settings,
                "validation_accuracy": trial.score.accuracy,
                "validation_log_loss": trial.score.log_loss,
                "validation_score": trial.score.by_metric,
                "why_not": trial.score.why_not,
                "seconds": trial.seconds,
            }
            for trial in ordered
        ],
    }
