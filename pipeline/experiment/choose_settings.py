"""One fold's settings of a model under --tune: random trials, each judged on validation documents."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from pipeline.core.errors import PipelineError
from pipeline.core.fits import Score, Trial, TrialResult
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.tuning import choose, draw_trials, fixed_by_name, in_order
from pipeline.experiment.tuning.trials import Settings
from pipeline.models.table import PlannedModel, space_of
from pipeline.settings.tables import Config, settled, with_values

Judge = Callable[[RunData], Score]  # fits one model with the settings of this data, on training documents


def settings_to_try(config: Config, planned: PlannedModel, fold: Split) -> list[tuple[int, Settings]]:
    """Return the trials of a model on one fold by number, in the order to run them.

    There are none without --tune, and for a model without settings to draw.

    Raises
    ------
    PipelineError
        If there are no validation documents.
    """
    if not config.run.tune or not space_of(planned.model):
        return []
    if not len(fold.validation):
        fix = "give --validation or more documents, or leave --tune out"
        raise PipelineError(
            "no-validation-documents",
            "--tune",
            "there are no validation documents to choose settings on",
            fix,
        )
    own = fixed_by_name(settled(config, planned.model, len(fold.train)), planned.name)
    return in_order(draw_trials(planned.model, own))


def try_settings(
    data: RunData, planned: PlannedModel, fold: Split, judge: Judge, number: int, settings: Settings
) -> TrialResult:
    """Return how a model does with settings that were drawn.

    Settings that do not suit this corpus have no score, and do not end the run; the first trial has the defaults.

    Raises
    ------
    PipelineError
        If the model cannot be fitted with the settings as they are.
    """
    start = time.perf_counter()
    try:
        score = judge(replace(data, config=with_values(data.config, settings)))
    except PipelineError as error:
        if number == 1:
            raise
        score = Score(None, None, str(error))
    trial = Trial(number, settings, score, time.perf_counter() - start)
    return TrialResult(planned.name, planned.model, fold.number, trial)


def best_so_far(trials: Sequence[Trial]) -> str:
    """Return what a bar says of trials that ended."""
    return f"validation accuracy of the best {choose(trials).score.accuracy or 0:.1%}"


def with_chosen(config: Config, trials: Sequence[Trial]) -> Config:
    """Return the settings with those of the trial that validation documents choose; as they are without trials."""
    return with_values(config, choose(trials).settings) if trials else config


def choose_settings(
    data: RunData, planned: PlannedModel, fold: Split, judge: Judge
) -> Generator[TrialResult, None, RunData]:
    """Try settings one after the other; yield each trial as it ends, and return `data` with the settings chosen."""
    trials: list[Trial] = []
    wanted = settings_to_try(data.config, planned, fold)
    if not wanted:
        return data
    with data.console.stage(f"Tuning {planned.name}", len(wanted), "trials") as stage:
        for number, settings in wanted:
            result = try_settings(data, planned, fold, judge, number, settings)
            yield result
            trials.append(result.trial)
            stage.advance(1, best_so_far(trials))
    return replace(data, config=with_chosen(data.config, trials))
