"""The functions that fit the models of each task: what a run's jobs do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipeline.core.fits import Result
from pipeline.experiment.data import ReadCorpus, RunData, Split
from pipeline.experiment.fit_language import fit_counts, fit_language_network
from pipeline.experiment.fit_linear import fit_baselines, fit_mean
from pipeline.experiment.fit_network_taggers import fit_network_tagger, try_network_tagger
from pipeline.experiment.fit_networks import FarOff, fit_network_again, fit_network_of, try_network
from pipeline.experiment.fit_taggers import fit_tagger
from pipeline.experiment.jobs import Job, Made
from pipeline.experiment.linear_features import range_of
from pipeline.experiment.outside import OutsideModel, read_outside, untested_records
from pipeline.experiment.outside_tags import read_outside_tags
from pipeline.experiment.tuning.trials import Settings
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config
from pipeline.tasks.table import CLASSIFY, GENERATE, MULTILABEL, TAG, task_of

Fitting = Callable[[RunData, Job], Iterator[Made]]
Again = Callable[[FarOff, RunData, Job], Iterator[Made]]


@dataclass(frozen=True)
class Fits:
    """What fits the models of a task.

    Attributes
    ----------
    kind : of the jobs of models that read words, as a `JobKey` has it
    linear : fits these
    together : what such models have in common if one job fits them
    mean : fits a linear model of vectors
    network : trains a seed of a network
    again : trains a seed a second time that stands far from the others; None: none is
    trial : trains a network with the settings of a trial
    probes : whether networks are looked into
    outside : reads the answers of a model that was trained elsewhere: (path, the corpus as it was read, settings)
    """

    kind: str
    linear: Fitting
    together: Callable[[RunData, PlannedModel, Split], object]
    mean: Fitting | None
    network: Fitting
    again: Again | None
    trial: Callable[[int, Settings, RunData, Job], Iterator[Result]] | None
    probes: bool
    outside: Callable[[str, ReadCorpus, Config], OutsideModel]


_OF_DOCUMENTS = Fits(
    "baselines",
    fit_baselines,
    range_of,
    fit_mean,
    fit_network_of,
    fit_network_again,
    try_network,
    probes=True,
    outside=lambda path, read, config: read_outside(path, read.corpora, untested_records(read.loaded)),
)
FITS = {
    CLASSIFY.name: _OF_DOCUMENTS,
    TAG.name: Fits(
        "tagger",
        fit_tagger,
        lambda data, model, fold: model.name,
        None,
        fit_network_tagger,
        None,
        try_network_tagger,
        probes=False,
        outside=lambda path, read, config: read_outside_tags(path, read.corpora, config.corpus.tags),
    ),
    MULTILABEL.name: replace(_OF_DOCUMENTS, probes=False),
    GENERATE.name: Fits(
        "counts",
        fit_counts,
        lambda data, model, fold: model.name,
        None,
        fit_language_network,
        None,
        None,
        probes=False,
        outside=_OF_DOCUMENTS.outside,  # --compare is refused
    ),
}


def fits_of(config: Config) -> Fits:
    """Return what fits the models of a run."""
    return FITS[task_of(config).name]
