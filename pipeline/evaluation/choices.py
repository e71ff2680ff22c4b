"""Fits > Choices: which network stands for its kind, by validation documents alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.fits import Fit
from pipeline.evaluation.pairs import (
    ChosenNetwork,
    baselines_of,
    by_loss_where_level,
    choose_network,
    merits_to_choose_by,
)
from pipeline.evaluation.recorded import Recorded
from pipeline.evaluation.result_rows import validation_score
from pipeline.run_folder.metrics.rows import Kind
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.tables import Config, first_seeds
from pipeline.tasks.table import METRICS


@dataclass(frozen=True, eq=False)
class Choices:
    """What validation documents chose among the models whose predictions are scored.

    Attributes
    ----------
    kinds, verdict_kinds : mapping of model name to `kind`, to `verdict_kind`
    merits_by_fold : mapping of fold to each model's mean validation score, higher is better
    merits : what pairs are chosen by, all folds together
    network : the network that was chosen in each fold; None where the run has none
    of_network : its predictions, of each fold those of the network chosen there
    baselines : what that network is compared with
    trained : mapping of model name to whether every fit of it trained, the chosen network's among them
    """

    kinds: dict[str, Kind]
    verdict_kinds: dict[str, Kind]
    merits_by_fold: dict[int, dict[str, float]]
    merits: dict[str, float]
    network: ChosenNetwork | None
    of_network: list[SavedPredictions]
    baselines: list[str]
    trained: dict[str, bool]

    @property
    def folds(self) -> bool:
        """Whether there are several folds, so that no model is chosen for all of them."""
        return len(self.merits_by_fold) > 1

    @property
    def network_name(self) -> str | None:
        """The name of the chosen network."""
        return None if self.network is None else self.network.name

    @property
    def usual_network(self) -> str | None:
        """The model that stands for the chosen network: with folds the one that most of them chose."""
        return None if self.network is None else self.network.names[0]


def choose(recorded: Recorded) -> Choices:
    """Return what validation documents chose."""
    fits = recorded.scored_fits
    kinds = {model.name: model.kind for model in recorded.scored_models}
    verdict_kinds = {model.name: model.verdict_kind for model in recorded.scored_models}
    by_fold = merits_by_fold(fits, recorded.config, verdict_kinds)
    network = choose_network(verdict_kinds, by_fold)
    if network is not None and not recorded.facts_of_task.names_heads:
        network = replace(network, show=str)
    trained = all_trained(fits)
    if network is not None:
        trained |= {network.name: _network_trained(fits, network)}
    return Choices(
        kinds,
        verdict_kinds,
        by_fold,
        merits_to_choose_by(by_fold, list(kinds)),
        network,
        network.entries(recorded.saved) if network else [],
        baselines_of(verdict_kinds),
        trained,
    )


def _network_trained(fits: Iterable[Fit], network: ChosenNetwork) -> bool:
    """Return whether every fit of the network that each fold chose trained."""
    return not any(fit.why_not for fit in fits if network.of_fold.get(fit.fold) == fit.name)


def all_trained(fits: Iterable[Fit]) -> dict[str, bool]:
    """Return whether every fit of each model trained."""
    fits = list(fits)
    return {fit.name: True for fit in fits} | {fit.name: False for fit in fits if fit.why_not}


def merits_by_fold(
    fits: Iterable[Fit], config: Config, kinds: Mapping[str, str]
) -> dict[int, dict[str, float]]:
    """Return each model's mean score on the validation documents of each fold, turned so that higher is better.

    They are what choices are made by: among networks of about the same score the one of the lowest loss comes first;
    without one of its scores a model comes last. The first seeds alone count: whether seeds are added depends on
    test documents, so that what is added chooses nothing.
    """
    first = first_seeds(config)
    by_fold: dict[int, list[Fit]] = defaultdict(list)
    for fit in fits:
        if fit.seed < first:
            by_fold[fit.fold].append(fit)
    networks = [name for name, kind in kinds.items() if kind == "network"]
    return {fold: _merits(rows, config, networks) for fold, rows in sorted(by_fold.items())}


def _merits(fits: Iterable[Fit], config: Config, networks: Sequence[str]) -> dict[str, float]:
    """Return the merits of the models of one fold."""
    metric, sign = config.run.metric, METRICS[config.run.metric].sign
    scores, losses, errors = defaultdict(list), defaultdict(list), defaultdict(list)
    for fit in fits:
        score = validation_score(fit, metric)
        scores[fit.name].append(-np.inf if score is None else sign * score)
        if fit.validation_loss is not None and fit.why_not is None:
            losses[fit.name].append(fit.validation_loss)
        errors[fit.name].append(fit.validation_error or 0.0)  # runs of earlier versions have none
    merits = {name: float(np.mean(found)) for name, found in scores.items()}
    if metric == "log-loss":  # it is the score itself; the loss of a training may weigh classes
        return merits
    mean_losses = {
        name: float(np.mean(found)) for name, found in losses.items() if len(found) == len(scores[name])
    }
    mean_errors = {name: float(np.mean(found)) for name, found in errors.items()}
    return by_loss_where_level(merits, mean_losses, mean_errors, [n for n in networks if n in merits])
