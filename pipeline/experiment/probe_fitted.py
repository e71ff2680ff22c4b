"""What the probes find in a network that was just trained."""

from __future__ import annotations

import numpy as np

from pipeline.core.fits import ProbesResult
from pipeline.experiment.data import RunData, seed_of
from pipeline.experiment.embedded_split import EmbeddedSplit
from pipeline.experiment.network_inputs import Draw, as_read, class_weights_of
from pipeline.interpret.probes import Subject, probe_network, probes_of
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.prediction import predict_with, prediction_step
from pipeline.models.networks.training import FittedNetwork, fit_network
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import NetworkSettings


def probe_fitted(
    data: RunData, planned: PlannedModel, draw: Draw, fitted: FittedNetwork, last: EmbeddedSplit
) -> ProbesResult:
    """Return what the probes find in a fitted network."""
    console, extra = data.console, data.config.run.extra_probes
    subject = _subject(data, planned, draw, fitted, last)
    with console.stage(f"Probing {planned.name}", len(probes_of(extra)), "probes") as stage:
        found = probe_network(subject, extra, on_probe=lambda name: stage.advance(1, name), log=console.log)
    return ProbesResult(found)


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
