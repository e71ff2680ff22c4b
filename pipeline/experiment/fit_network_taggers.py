"""Fits of recurrent networks that tag words: trained until validation sentences say stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.core.fits import Fit, FitResult, Result
from pipeline.core.names import SourceName
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.embeddings.table import encode_covered
from pipeline.experiment.data import RunData, places_to_time, seed_of
from pipeline.experiment.embedded_split import EmbeddedSplit, coverage_warnings, read_split
from pipeline.experiment.fit_networks import course_of
from pipeline.experiment.jobs import Job
from pipeline.experiment.network_inputs import (
    Draw,
    load_libraries,
    save_point_of,
    specify_network,
    training_of_vectors,
    training_stage,
)
from pipeline.experiment.tag_answers import answers_to, judged
from pipeline.models.equations.sentences import Tagged, tag_words
from pipeline.models.networks import libraries
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.letters import alphabet_of, spell
from pipeline.models.networks.prediction import forget_graphs
from pipeline.models.networks.tagging import scoring_step, transitions_found, word_scores
from pipeline.models.networks.training import FittedNetwork, fit_network
from pipeline.settings.tables import settled
from pipeline.text.ragged import own_types, take


def fit_network_tagger(data: RunData, job: Job) -> Iterator[Result]:
    """Train one seed of a tagger, and answer the test sentences.

    Whole sentences are read, however long: each word has a tag.
    """
    split, planned, fold = read_split(data, job, refit=False), job.model, job.fold
    data = replace(data, config=settled(job.settings, planned.model, len(fold.train)))
    load_libraries(data)
    alphabet = _alphabet(data, job)
    everything = _as_read(data, split, alphabet)
    with PeakMemory() as memory:
        start = time.perf_counter()
        fitted = _train(data, job, split, everything, alphabet)
        seconds = max(time.perf_counter() - start, sum(one.seconds for one in fitted.history))
        answer = _answering(fitted)
        answer(everything.take(fold.test[:1]))  # builds the graph
        start = time.perf_counter()
        tagged = answer(everything.take(fold.test))
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
        timed = [everything.take(one) for one in places_to_time(fold)] if job.seed == 0 else []
        latency = milliseconds_of_each(answer, timed)
    on_validation = None
    if len(fold.validation):
        told = answer(everything.take(fold.validation))
        on_validation = answers_to(data, fold.validation, told.shares, told.best)
    fit = Fit(
        *job.fit_key,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        why_not=fitted.why_not,
        warnings=(*fitted.warnings, *coverage_warnings(take(everything.indexed, fold.test))),
        prepare_seconds=split.embedded.seconds,
        latency_ms=latency,
        validation_loss=fitted.kept.validation_loss,
        looks=len(fitted.history),
        head=fitted.spec.head,
        vectors=training_of_vectors(data, planned, split),
        **judged(data, on_validation),
    )
    yield FitResult(
        fit,
        answers_to(data, fold.test, tagged.shares, tagged.best),
        course=course_of(fit, fitted),
        gpu=libraries.gpu_name(),
        on_validation=None if fold.number else on_validation,
    )
    del fitted, answer
    forget_graphs()


def _alphabet(data: RunData, job: Job) -> str | None:
    """Return the letters of the training words, where the network reads letters."""
    assert data.given is not None, "a corpus of tagged words has them"
    if not SourceName.parse(job.model.source or "").letters:
        return None
    return alphabet_of(own_types(data.given, job.fold.train))


def _as_read(data: RunData, split: EmbeddedSplit, alphabet: str | None) -> Labelled:
    """Return all sentences as the network reads them, with their tags."""
    assert data.given is not None, "a corpus of tagged words has them"
    indexed = encode_covered(data.tokenized, split.embedded)
    spelling = None if alphabet is None else spell(data.given, alphabet)
    return Labelled(indexed, data.corpus.labels, spelling)


def _train(
    data: RunData, job: Job, split: EmbeddedSplit, everything: Labelled, alphabet: str | None
) -> FittedNetwork:
    """Train a network with a bar."""
    config, fold, planned = data.config, job.fold, job.model
    draw = Draw(job.seed, again=False, place=job.place)
    with training_stage(data, planned, draw, split) as on_evaluation:
        return fit_network(
            specify_network(data, planned, split, n_letters=None if alphabet is None else len(alphabet)),
            split.embedded.matrix.vectors,
            everything.take(fold.train),
            everything.take(fold.validation) if len(fold.validation) else None,
            config.networks,
            seed=seed_of(data, draw.name(planned.name)),
            deterministic=config.run.deterministic,
            on_evaluation=on_evaluation,
            save_point=save_point_of(data, draw, refit=False),
        )


def _answering(fitted: FittedNetwork) -> Callable[[Labelled], Tagged]:
    """Return the function from any sentences to their tags; its graph is built once."""
    predict, transitions = scoring_step(fitted.model), transitions_found(fitted.model)

    def answer(sentences: Labelled) -> Tagged:
        scores = word_scores(predict, sentences.indexed, sentences.spelling)
        return tag_words(scores, sentences.indexed.offsets, transitions)

    return answer
