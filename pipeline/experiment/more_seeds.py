"""Seeds that are added to the network of the verdict, while they make up more than half of the chance in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pipeline.evaluation import SeedsFound
from pipeline.evaluation.scoring import find_seeds
from pipeline.experiment.data import Fold, Material
from pipeline.experiment.executors import Fits
from pipeline.experiment.fit_networks import far_off_fits, run_network, run_network_again
from pipeline.experiment.kept_for_seeds import KeptForSeeds
from pipeline.experiment.plan import kinds_for_verdict
from pipeline.experiment.record import Record
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.settings.tables import first_seeds


def add_seeds(
    material: Material, folds: Sequence[Fold], record: Record, fits: Fits, kept: KeptForSeeds
) -> None:
    """Train the network of the verdict more often, once on every fold at a time, until its seeds are enough.

    Which network that is, validation documents have chosen with the first seeds; how often it is trained, the share of
    the variance says (`evaluation.find_seeds`). Nothing here reads a clock: the same run stops at the same number.
    Seeds that were added are trained again where they are far off; the first ones stay, since they chose the network.
    """
    by_name = {model.name: model for model in material.planned}
    while True:
        fits.wait_for_all()
        found = seeds_so_far(record)
        if not found.more or found.network is None:
            return
        if kept.why_not:
            record.note(f"seeds that would narrow the interval are not added: {kept.why_not}")
            return
        planned, seed = by_name[found.network], found.steps[-1].seeds
        if seed == first_seeds(material.config):
            material.console.say(told(found))
        record.take("added seeds", {planned.name: seed + 1 - first_seeds(material.config)})
        for fold in folds:
            settings = kept.settings[fold.number, planned.name]
            documents = kept.again(fold.number, planned.source or "")
            fits.run(run_network, fold.number, settings, planned, seed, *documents, material.config.run.refit)
        fits.wait_for_all()
        for fold in folds:
            for far in far_off_fits(record, planned, fold.number):
                if far.first.seed < first_seeds(material.config):
                    continue
                settings = kept.settings[fold.number, planned.name]
                documents = kept.again(fold.number, planned.source or "")
                refit = material.config.run.refit
                fits.run(run_network_again, fold.number, settings, planned, far, *documents, refit)


def seeds_so_far(record: Record) -> SeedsFound:
    """Return whether the seeds whose predictions the run folder holds are enough."""
    kinds = kinds_for_verdict(record.planned)
    return find_seeds(
        read_run_predictions(record.run), kinds, [asdict(fit) for fit in record.fits], record.config
    )


def told(found: SeedsFound) -> str:
    """Return what a person is told before seeds are added."""
    last, asked = found.steps[-1], found.asked
    return (
        f"After {last.seeds} seeds, seeds make up {last.share:.0%} of the chance in {found.network} minus"
        f" {last.against}: it is trained again, {asked.most} times at most"
    )
