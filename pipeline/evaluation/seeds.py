"""Saved predictions > are the seeds enough? The seeds' share of the variance decides, no difference and no p does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.core.wording import FIRST_METRIC
from pipeline.evaluation.differences import seeds_share
from pipeline.evaluation.pairs import baselines_of, best_network
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.run_folder.metrics.comparisons import Seeds, SeedsStep
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.setting import AUTO, CountOrAuto

ENOUGH_SHARE = 0.5  # up to here documents rule the chance, and more seeds would narrow the interval little


def share_after(
    pooled: Mapping[str, list[PooledRun]], network: str, baselines: Iterable[str], n_seeds: int, metric: str
) -> SeedsStep | None:
    """Return the largest share that the first `n_seeds` of a network have against a baseline; None without one."""
    runs = [run for run in pooled[network] if run.seed < n_seeds]
    shares = [
        SeedsStep(n_seeds, name, seeds_share(runs, pooled[name], metric))
        for name in baselines
        if name in pooled
    ]
    return max(shares, key=lambda found: found.share, default=None)


@dataclass(frozen=True)
class SeedsAsked:
    """How often networks are trained: what was asked for, and what that means.

    Attributes
    ----------
    asked : a number, or "auto"
    first : trainings of each network
    most : trainings of the network of the verdict at most
    """

    asked: CountOrAuto
    first: int
    most: int


@dataclass(frozen=True)
class SeedsFound:
    """How often the network of the verdict was trained, and why not more often.

    Attributes
    ----------
    asked : what the run was asked for
    network : the network of the verdict; None where nothing is compared
    steps : the share after the first seeds, and after each one that was added
    more : whether another training is wanted
    why : why it is or is not, in words
    """

    asked: SeedsAsked
    network: str | None
    steps: tuple[SeedsStep, ...]
    more: bool
    why: str

    @property
    def row(self) -> Seeds:
        """The table `seeds` of metrics.json."""
        asked = self.asked
        return Seeds(asked.asked, asked.first, asked.most, self.network, self.steps, self.why)


def find_seeds(
    saved: Iterable[SavedPredictions],
    kinds: Mapping[str, str],
    merits: Mapping[str, float],
    trained: Mapping[str, bool],
    asked: SeedsAsked,
    *,
    metric: str = FIRST_METRIC,
    ended: bool = True,
) -> SeedsFound:
    """Return how often the network of the verdict was trained, and whether it should be once more.

    A run asks it after its first seeds and after each one that it adds, with the predictions so far.

    Parameters
    ----------
    saved : the predictions that are scored; those of a network's added seeds on all folds, or on none
    kinds : mapping of model name to "network", "baseline" or "control"
    merits : mapping of model name to its mean validation score of the first seeds, higher is better
        Chooses the network: what is added cannot change the choice.
    trained : mapping of model name to whether every fit of it trained
    asked : what the run was asked for
    metric : a name of `METRICS`: what the verdict is about
    ended : whether the run came to its end

    Notes
    -----
    The share says how much of the interval's width is the chance of training. It does not say which model is ahead or
    by how much: whoever stops by it does not stop at a wanted result.
    """
    pooled = pool_folds(saved)
    networks = {name: kind for name, kind in kinds.items() if name in pooled}
    network = best_network(networks, merits)
    baselines = baselines_of(networks)
    if network is None or not baselines:
        return SeedsFound(asked, None, (), more=False, why="nothing was compared")
    n_seeds = 1 + max(run.seed for run in pooled[network])
    counts = range(min(asked.first, n_seeds), n_seeds + 1)
    steps = [share for count in counts if (share := share_after(pooled, network, baselines, count, metric))]
    more, why = _whether_more(steps[-1], asked, trained.get(network, True), ended)
    return SeedsFound(asked, network, tuple(steps), more, why)


def _whether_more(last: SeedsStep, asked: SeedsAsked, trained: bool, ended: bool) -> tuple[bool, str]:
    """Return whether another training is wanted, and in words why it is or is not."""
    share = f"the seeds' share of the variance is {last.share:.2f} after {last.seeds}"
    rules = (  # the first that holds
        (asked.asked != AUTO, False, f"{asked.asked} asked for"),
        (not trained, False, "a training of it failed"),
        (last.share <= ENOUGH_SHARE, False, share),
        (last.seeds >= asked.most, False, f"bound of {asked.most} reached; {share}"),
        (not ended, False, f"the run was stopped; {share}"),
        (True, True, share),
    )
    return next((more, why) for holds, more, why in rules if holds)


def first_seeds_only(saved: Iterable[SavedPredictions], first: int) -> list[SavedPredictions]:
    """Return the predictions of the seeds that every network has."""
    return [entry for entry in saved if entry.seed < first]
