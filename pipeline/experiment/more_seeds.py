"""Seeds that are added to the network of the verdict, while they make up more than half of the chance in it."""

from __future__ import annotations

from pipeline.core.console import Console
from pipeline.evaluation.scoring import seeds_of_run
from pipeline.evaluation.seeds import SeedsFound
from pipeline.experiment.plan import kinds_for_verdict
from pipeline.experiment.planned_run import PlannedRun
from pipeline.settings.tables import first_seeds


def add_seed(run: PlannedRun, console: Console) -> bool:
    """Add a seed to the network of the verdict, unless its seeds are enough; return whether one was added.

    Which network that is, validation documents have chosen with the first seeds; how often it is trained, the share of
    the variance says (`evaluation.seeds`). Nothing here reads a clock: the same run stops at the same number.
    Seeds that were added are trained again where they are far off; the first ones stay, since they chose the network.
    """
    found = seeds_so_far(run)
    if not found.more:
        return False
    first, seed = first_seeds(run.config), found.steps[-1].seeds
    if seed == first:
        console.say(told(found))
    run.folder.tell("added seeds", {str(found.network): seed + 1 - first})
    return True


def seeds_so_far(run: PlannedRun) -> SeedsFound:
    """Return whether the seeds whose predictions the run folder holds are enough; copies are one unit, as in scores."""
    run.put_in_order()
    return seeds_of_run(
        run.folder.answers(), kinds_for_verdict(run.planned), run.folder.fits.values(), run.config
    )


def told(found: SeedsFound) -> str:
    """Return what a person is told before seeds are added."""
    last, asked = found.steps[-1], found.asked
    return (
        f"After {last.seeds} seeds, seeds make up {last.share:.0%} of the chance in {found.network} minus"
        f" {last.against}: it is trained again, {asked.most} times at most"
    )
