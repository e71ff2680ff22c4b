"""What a run recorded of its choices > how many settings each model tried, and by what one was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.core.wording import FIRST_METRIC
from pipeline.run_folder.metrics.models import Budget, ChosenBy, Tuned

Row = dict[str, Any]


def describe_budgets(
    models: Mapping[str, Row], fits: Iterable[Row], tuning: Iterable[Tuned], metric: str = FIRST_METRIC
) -> tuple[Budget, ...]:
    """Return `budgets` of metrics.json, one entry a model that was fitted here, in the order of `models`.

    Parameters
    ----------
    models : mapping of name to its description (`model`, `kind`)
    fits : details/fits.json: `name`, `settings_tried`, `looks`; the last two are absent from older runs
    tuning : metrics.json: `name`, `trials`
    metric : what the run is judged by

    Returns
    -------
    tuple of Budget
        name, settings_tried (in a fold; the most where folds differ), trainings (fits with what was chosen, over seeds
        and folds), looks (evaluations of one training, of which validation keeps one: the mean; None for others),
        chosen_by ("--tune", "validation score and log loss": the least log loss among scores within a standard error of
        the best, "validation log loss" where that is the metric, or "nothing" where one setting was tried).

    Notes
    -----
    A linear model's strengths and a network's evaluations are alike: both are a path from simple to complex functions,
    of which validation takes a point [1]_. A network's rate, units, dropout and head are settings beside that.
    `majority`, which has nothing to choose, is left out.

    References
    ----------
    .. [1] Yao, Rosasco, Caponnetto (2007), Constructive Approximation 26(2), 289-315: early stopping regularises.
    """
    fits, tuning = list(fits), list(tuning)
    return tuple(
        _budget(
            name,
            [fit for fit in fits if fit["name"] == name],
            [row for row in tuning if row.name == name],
            metric,
        )
        for name, model in models.items()
        if model["kind"] != "outside"
        and model["model"] != "majority"
        and any(fit["name"] == name for fit in fits)
    )


def _budget(name: str, fits: list[Row], tuning: list[Tuned], metric: str) -> Budget:
    trials = max((len(family.trials) for family in tuning), default=0)
    tried = trials or max(fit.get("settings_tried") or 1 for fit in fits)
    looks = [fit["looks"] for fit in fits if fit.get("looks")]
    validated: ChosenBy = "validation log loss" if metric == "log-loss" else "validation score and log loss"
    return Budget(
        name=name,
        settings_tried=tried,
        trainings=len(fits),
        looks=sum(looks) / len(looks) if looks else None,
        chosen_by="nothing" if tried == 1 else "--tune" if trials else validated,
    )
