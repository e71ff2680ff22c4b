"""Trials > what the run folder holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.fits import Trial
from pipeline.experiment.tuning.expected import expected_best
from pipeline.experiment.tuning.space import fixed_by_name, fixed_keys, search_space
from pipeline.experiment.tuning.trials import choose, draw_trials, first_settings
from pipeline.models.table import space_of
from pipeline.run_folder.details.fitting import SearchSpace, SpaceRow
from pipeline.run_folder.metrics import models as metrics
from pipeline.run_folder.metrics.models import Tuned
from pipeline.settings.tables import Config, get, settled

Tried = Mapping[tuple[str, str, int], Sequence[Trial]]  # (name, model, fold) > trials that ended


def describe_space(models: Sequence[str], config: Config, n_train: int) -> SearchSpace:
    """Return what trials draw for each setting of each model: its distribution, or the value that it keeps and why.

    `n_train` counts the training documents of the first fold, which settle what follows the corpus.
    """
    rows = (
        _space_row(model, key, settled(config, model, n_train))
        for model in dict.fromkeys(models)
        for key in space_of(model)
    )
    return SearchSpace(config.run.tune, tuple(rows))


def _space_row(model: str, key: str, config: Config) -> SpaceRow:
    drawn = search_space(model, config).get(key)
    given = key in config.run.tune_fixed
    return SpaceRow(
        model=model,
        key=key,
        distribution=drawn.words() if drawn else None,
        first=first_settings(model, config).get(key, get(config, key)),
        fixed_by=("given" if given else "--quick") if key in fixed_keys(config) else None,
    )


def describe_families(tried: Tried, config: Config) -> list[Tuned]:
    """Return an entry for each model and fold: its trials, the settings chosen, the expected best of n trials.

    `chosen` is null where the run was stopped before all trials of the model had ended. A trial without a fit
    counts as accuracy 0 in `expected_validation_accuracy`.
    """
    return [_family(key, trials, config) for key, trials in tried.items()]


def _family(key: tuple[str, str, int], trials: Sequence[Trial], config: Config) -> Tuned:
    name, model, fold = key
    ordered = sorted(trials, key=lambda trial: trial.number)
    complete = len(ordered) == len(draw_trials(model, fixed_by_name(config, name)))
    return Tuned(
        name=name,
        model=model,
        fold=fold,
        asked=config.run.tune,
        chosen=choose(ordered).number if complete else None,
        seconds=sum(trial.seconds for trial in ordered),
        expected_validation_accuracy=tuple(expected_best([trial.score.accuracy or 0.0 for trial in ordered])),
        trials=tuple(
            metrics.Trial(
                trial=trial.number,
                settings=trial.settings,
                validation_accuracy=trial.score.accuracy,
                validation_log_loss=trial.score.log_loss,
                validation_score=trial.score.by_metric,
                why_not=trial.score.why_not,
                seconds=trial.seconds,
            )
            for trial in ordered
        ),
    )
