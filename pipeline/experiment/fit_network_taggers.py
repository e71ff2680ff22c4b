"""Fits of recurrent networks that tag words: trained until validation sentences say stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pipeline.core.fits import Fit, FitResult, ModelFiles, Result, Score, TrialResult
from pipeline.core.names import SourceName
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.values import Int64, TokenizedCorpus
from pipeline.embeddings.table import encode_covered
from pipeline.experiment.choose_settings import try_settings
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
from pipeline.experiment.tag_answers import answers_to, golden_of, judged, particulars_of
from pipeline.experiment.tuning.trials import Settings
from pipeline.models.equations.sentences import Tagged, tag_words
from pipeline.models.golden import TOLERANCE, TOLERANCE_OF_GPU
from pipeline.models.networks import libraries
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.letters import alphabet_of, spell
from pipeline.models.networks.prediction import forget_graphs
from pipeline.models.networks.tagging import scoring_step, transitions_found, word_scores
from pipeline.models.networks.training import FittedNetwork, Schedule, fit_network
from pipeline.models.save import files_of_network_tagger, is_kept
from pipeline.settings.tables import settled
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.text.ragged import own_types, take
from pipeline.text.tokenizer import normalised


def fit_network_tagger(data: RunData, job: Job) -> Iterator[Result]:
    """Train one seed of a tagger, with `refit` again on training and validation sentences; answer the test sentences.

    Whole sentences are read, however long: each word has a tag.
    """
    split, planned, fold = read_split(data, job, refit=False), job.model, job.fold
    last = read_split(data, job, refit=True) if job.refit else split
    data = replace(data, config=settled(job.settings, planned.model, len(fold.train)))
    load_libraries(data)
    with PeakMemory() as memory:
        start = time.perf_counter()
        reads = Reads.of(data, job, split)
        chosen = _train(data, job, reads)
        on_validation = _on_validation(data, chosen, reads)
        trained = chosen
        if job.refit:
            chosen, reads = chosen.without_model(), Reads.of(data, job, last)
            del trained
            forget_graphs()
            trained = _train(data, job, reads, chosen.schedule)
        spent = sum(one.seconds for one in (*chosen.history, *(trained.history if job.refit else ())))
        seconds = max(time.perf_counter() - start, spent)
        answer, everything = _answering(trained), reads.everything
        tagged, rate = _answered(answer, everything, fold.test)
        timed = [everything.take(one) for one in places_to_time(fold)] if job.seed == 0 else []
        latency = milliseconds_of_each(answer, timed)
    fit = Fit(
        *job.fit_key,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=trained.parameters,
        why_not=trained.why_not,
        warnings=(*chosen.warnings, *coverage_warnings(take(everything.indexed, fold.test))),
        prepare_seconds=split.embedded.seconds + (last.embedded.seconds if job.refit else 0.0),
        latency_ms=latency,
        validation_loss=chosen.kept.validation_loss,
        looks=len(chosen.history),
        head=trained.spec.head,
        vectors=training_of_vectors(data, planned, split),
        **judged(data, on_validation),
    )
    yield FitResult(
        fit,
        answers_to(data, fold.test, tagged.shares, tagged.best),
        _saved(data, fit, trained, reads),
        course=course_of(fit, chosen),
        gpu=libraries.gpu_name(),
        on_validation=None if fold.number else on_validation,
    )
    del chosen, trained, answer
    forget_graphs()


def _answered(
    answer: Callable[[Labelled], Tagged], everything: Labelled, documents: Int64
) -> tuple[Tagged, float]:
    """Return the answers to some sentences, and how many of them are answered in a second."""
    answer(everything.take(documents[:1]))  # builds the graph
    start = time.perf_counter()
    tagged = answer(everything.take(documents))
    return tagged, len(documents) / max(time.perf_counter() - start, 1e-9)


def try_network_tagger(number: int, settings: Settings, data: RunData, job: Job) -> Iterator[TrialResult]:
    """Train a tagger with the settings of a trial of --tune and the first seed; validation sentences judge it."""
    data = job.data(data)
    split = read_split(data, job, refit=False)
    yield try_settings(data, job.model, split.fold, partial(_score, job, split), number, settings)


def _score(job: Job, split: EmbeddedSplit, trial: RunData) -> Score:
    """Return how the tagger does on validation sentences with a trial's settings."""
    trial = replace(trial, config=settled(trial.config, job.model.model, len(split.fold.train)))
    load_libraries(trial)
    reads = Reads.of(trial, job, split)
    fitted = _train(trial, job, reads)
    found = judged(trial, _on_validation(trial, fitted, reads))
    score = Score(
        found["validation_accuracy"],
        fitted.kept.validation_loss,
        fitted.why_not,
        by_metric=found["validation_score"],
        error=found["validation_error"] or 0.0,
    )
    del fitted
    forget_graphs()
    return score


@dataclass(frozen=True, eq=False)
class Reads:
    """What a network that tags words reads of a split: its vectors, its letters, all sentences with their tags."""

    split: EmbeddedSplit
    alphabet: str | None
    everything: Labelled

    @classmethod
    def of(cls, data: RunData, job: Job, split: EmbeddedSplit) -> Reads:
        """Return what is read of a split: letters are those of its training words."""
        assert data.given is not None, "a corpus of tagged words has them"
        reads_letters = SourceName.parse(job.model.source or "").letters
        alphabet = alphabet_of(own_types(data.given, split.fold.train)) if reads_letters else None
        indexed = encode_covered(data.tokenized, split.embedded)
        spelling = None if alphabet is None else spell(data.given, alphabet)
        return cls(split, alphabet, Labelled(indexed, data.corpus.labels, spelling))

    def words(self, data: RunData, given: TokenizedCorpus) -> Labelled:
        """Return other sentences as the network reads them, words as they are written; no tag of theirs is known."""
        indexed = encode_covered(normalised(given, data.config.tokenizer), self.split.embedded)
        spelling = None if self.alphabet is None else spell(given, self.alphabet)
        return Labelled(indexed, np.zeros(len(indexed.indices), np.int32), spelling)


def _on_validation(data: RunData, fitted: FittedNetwork, reads: Reads) -> TagAnswers | None:
    documents = reads.split.fold.validation
    if not len(documents):
        return None
    told = _answering(fitted)(reads.everything.take(documents))
    return answers_to(data, documents, told.shares, told.best)


def _saved(data: RunData, fit: Fit, fitted: FittedNetwork, reads: Reads) -> ModelFiles | None:
    """Return the network's files, with its answers to the golden texts; None where it is not kept, or diverged."""
    if not is_kept(data.config, fit.fold):
        return None
    on_gpu = libraries.gpu_name() is not None
    answer = _answering(fitted)
    tolerance = TOLERANCE_OF_GPU if on_gpu else TOLERANCE
    golden = golden_of(data, lambda words: answer(reads.words(data, words)), tolerance)
    of = particulars_of(data, fit.key, golden, on_gpu=on_gpu)
    files = files_of_network_tagger(of, fitted, reads.split.embedded.source, reads.alphabet)
    return files if files.is_finite else None


def _train(data: RunData, job: Job, reads: Reads, repeat: Schedule | None = None) -> FittedNetwork:
    """Train a network with a bar; `repeat` fixes the updates of each phase for a refit."""
    config, planned, split = data.config, job.model, reads.split
    fold, everything = split.fold, reads.everything
    draw = Draw(job.seed, again=False, place=job.place)
    n_letters = None if reads.alphabet is None else len(reads.alphabet)
    with training_stage(data, planned, draw, split, repeat) as on_evaluation:
        return fit_network(
            specify_network(data, planned, split, n_letters=n_letters),
            split.embedded.matrix.vectors,
            everything.take(fold.train),
            everything.take(fold.validation) if len(fold.validation) else None,
            config.networks,
            seed=seed_of(data, draw.name(planned.name)),
            repeat=repeat,
            deterministic=config.run.deterministic,
            on_evaluation=on_evaluation,
            save_point=save_point_of(data, draw, refit=repeat is not None),
        )


def _answering(fitted: FittedNetwork) -> Callable[[Labelled], Tagged]:
    """Return the function from any sentences to their tags; its graph is built once."""
    predict, transitions = scoring_step(fitted.model), transitions_found(fitted.model)

    def answer(sentences: Labelled) -> Tagged:
        scores = word_scores(predict, sentences.indexed, sentences.spelling)
        return tag_words(scores, sentences.indexed.offsets, transitions)

    return answer
