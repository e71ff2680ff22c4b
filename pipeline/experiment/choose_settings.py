"""One fold's settings of a model under --tune: random trials, each judged on validation documents."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from pipeline.core.errors import PipelineError
from pipeline.experiment.data import Fold, Material
from pipeline.experiment.record import FoldRecord
from pipeline.experiment.tuning import Score, Trial, choose, draw_trials, fixed_by_name, in_order
from pipeline.models.table import PlannedModel, space_of
from pipeline.settings.tables import settled, with_values

Judge = Callable[
    [Material], Score
]  # fits one model with the settings of this material, on training documents


def choose_settings(
    material: Material, planned: PlannedModel, fold: Fold, parts: FoldRecord, judge: Judge
) -> Material:
    """Return `material` with the settings that validation documents of `fold` choose for one model.

    Without --tune, and for a model without settings to draw, it is `material` as it is. Each trial that ends is
    recorded at once, so that Ctrl-C keeps it.

    Raises
    ------
    PipelineError
        If there are no validation documents, or the model cannot be fitted with the settings as they are.
    """
    config = material.config
    if not config.run.tune or not space_of(planned.model):
        return material
    if not len(fold.validation):
        fix = "give --validation or more documents, or leave --tune out"
        raise PipelineError("--tune", "there are no validation documents to choose settings on", fix)
    own = fixed_by_name(settled(config, planned.model, len(fold.train)), planned.name)
    trials = draw_trials(planned.model, own)
    done: list[Trial] = []
    with material.console.stage(f"Tuning {planned.name}", len(trials), "trials") as stage:
        for number, settings in in_order(trials):
            start = time.perf_counter()
            score = _judged(judge, replace(material, config=with_values(config, settings)), number)
            done.append(Trial(number, settings, score, time.perf_counter() - start))
            parts.trial(planned, done[-1])
            stage.advance(1, f"validation accuracy of the best {choose(done).score.accuracy or 0:.1%}")
    return replace(material, config=with_values(config, choose(done).settings))


def _judged(judge: Judge, trial: Material, number: int) -> Score:
    """Return a trial's score; drawn settings that do not suit this corpus have none, and do not end the run."""
    try:
        return judge(trial)
    except PipelineError as error:
        if number == 1:
            raise
        return Score(None, None, str(error))
