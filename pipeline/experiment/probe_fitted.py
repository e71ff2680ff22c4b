"""What the probes find in a network that was trained: by a job of its own, which reads it from a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.fits import ProbesResult
from pipeline.core.store import read_entry
from pipeline.experiment.data import RunData, seed_of
from pipeline.experiment.embedded_split import EmbeddedSplit, read_split
from pipeline.experiment.jobs import Job, key_of_trained
from pipeline.experiment.network_inputs import Draw, as_read, class_weights_of, labelled, load_libraries
from pipeline.interpret.probes import Subject, probe_network
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.kept import from_entry
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.prediction import forget_graphs, predict_with, prediction_step
from pipeline.models.networks.training import FittedNetwork, fit_network
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import NetworkSettings, settled


def probe_trained(probes: Sequence[str], data: RunData, job: Job) -> Iterator[ProbesResult]:
    """Return what these probes find in the network of a job, as its training left it.

    Raises
    ------
    PipelineError
        If the file of the network is gone or damaged.
    """
    planned, number = job.model, job.key.number
    last = read_split(data, job, refit=job.refit)
    data = replace(data, config=settled(job.settings, planned.model, len(job.fold.train)))
    load_libraries(data)
    draw = Draw(job.seed, again=bool(number))
    fitted = _read_network(data, planned, draw, job, last)
    subject, part = _subject(data, planned, draw, fitted, last), job.key.part
    title = f"Probing {planned.name}{f', {part}' if part else ''}"
    with data.console.stage(title, len(probes), "probes") as stage:
        found = probe_network(
            subject, probes, on_probe=lambda name: stage.advance(1, name), log=data.console.log
        )
    yield ProbesResult(planned.name, number, found)
    del subject, fitted
    forget_graphs()  # only now does nothing hold the model any more


def is_whole(path: Path) -> bool:
    """Return whether the network in a file can be read."""
    found = read_entry(path)
    return found is not None and found[0] == key_of_trained(path)


def _read_network(
    data: RunData, planned: PlannedModel, draw: Draw, job: Job, last: EmbeddedSplit
) -> FittedNetwork:
    assert job.files is not None, "a job that looks at a network says where it lies"
    (path,) = job.files.paths
    found = read_entry(path)
    if found is None or found[0] != key_of_trained(path):
        fix = "give the same command again: the network is trained anew"
        raise PipelineError("piece-lost", str(path), "this network is gone or damaged", fix)
    return from_entry(
        found[1],
        last.embedded.matrix.vectors,
        labelled(data, planned, last, last.fold.train).indexed,
        seed_of(data, draw.name(planned.name)),
        deterministic=data.config.run.deterministic,
    )


def _subject(
    data: RunData, planned: PlannedModel, draw: Draw, fitted: FittedNetwork, last: EmbeddedSplit
) -> Subject:
    """Return the first seed's fit with the documents as it reads them."""
    config, fold, n_classes = data.config, last.fold, len(data.label_names)
    predict = prediction_step(fitted.model)

    def fit(
        spec: NetworkSpec, train: Labelled, validation: Labelled | None, settings: NetworkSettings, seed: int
    ) -> FittedNetwork:
        return fit_network(
            spec,
            last.embedded.matrix.vectors,
            train,
            validation,
            settings,
            seed=seed,
            deterministic=config.run.deterministic,
            class_weights=class_weights_of(data, fold),
            shuffled_words=planned.shuffled_words,
        )

    return Subject(
        name=planned.name,
        fitted=fitted,
        seed=seed_of(data, draw.name(planned.name)),
        vectors=fitted.model.get_layer("embedding").get_weights()[0],
        first_vectors=last.embedded.matrix.vectors,
        words=last.embedded.vocabulary.tokens,
        documents=as_read(data, planned, last.documents.indexed),
        whole_lengths=np.diff(data.tokenized.offsets),
        labels=data.corpus.labels,
        label_names=data.label_names,
        records=data.corpus.records,
        train=fold.train,
        validation=fold.validation,
        test=fold.test,
        config=config,
        probabilities=lambda indexed: predict_with(predict, indexed, n_classes),
        fit=fit,
    )
