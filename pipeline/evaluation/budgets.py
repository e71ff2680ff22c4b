"""What a run recorded of its choices > how many settings each model tried, and by what one was chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pipeline.core.fits import Fit
from pipeline.core.wording import FIRST_METRIC
from pipeline.run_folder.details.fitting import FittedModel
from pipeline.run_folder.metrics.models import Budget, ChosenBy, Tuned


def describe_budgets(
    models: Mapping[str, FittedModel],
    fits: Iterable[Fit],
    tuning: Iterable[Tuned],
    metric: str = FIRST_METRIC,
) -> tuple[Budget, ...]:
    """Return `budgets` of metrics.json, one entry a model that was fitted here, in the order of `models`.

    Parameters
    ----------
    models : mapping of name to what it is
    fits : those that are scored
    tuning : the trials of each model and fold
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
    of_model: dict[str, list[Fit]] = {name: [] for name in models}
    for fit in fits:
        of_model[fit.name].append(fit)
    trials: dict[str, int] = defaultdict(int)
    for family in tuning:
        trials[family.name] = max(trials[family.name], len(family.trials))
    return tuple(
        _budget(name, own, trials[name], metric)
        for name, own in of_model.items()
        if own and models[name].kind != "outside" and models[name].model != "majority"
    )


def _budget(name: str, fits: list[Fit], trials: int, metric: str) -> Budget:
    tried = trials or max(fit.settings_tried for fit in fits)
    looks = [fit.looks for fit in fits if fit.looks]
    validated: ChosenBy = "validation log loss" if metric == "log-loss" else "validation score and log loss"
    return Budget(
        name=name,
        settings_tried=tried,
        trainings=len(fits),
        looks=sum(looks) / len(looks) if looks else None,
        chosen_by="nothing" if tried == 1 else "--tune" if trials else validated,
    )
