"""Fits of language models: n-grams with Kneser-Ney, and recurrent networks that read on and on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial

import numpy as np

from pipeline.core.fits import Fit, FitResult, ModelFiles, Result, Row
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.values import Float64
from pipeline.experiment.data import RunData, documents_to_time, seed_of
from pipeline.experiment.embedded_split import EmbeddedSplit, read_split
from pipeline.experiment.jobs import Job
from pipeline.experiment.language_answers import answers_to, judged, units_of
from pipeline.experiment.network_inputs import Draw, load_libraries, training_stage
from pipeline.models.baselines.language.symbols import Streams
from pipeline.models.baselines.language.table import COUNTS, TriedOrder, choose_order
from pipeline.models.baselines.language.units import CHARACTERS, WORDS, Units
from pipeline.models.equations.language import LanguageSpec, log2_of
from pipeline.models.golden import golden_texts
from pipeline.models.networks import libraries
from pipeline.models.networks.language.training import FittedLanguageModel, fit_language_model
from pipeline.models.networks.prediction import forget_graphs
from pipeline.models.save import Learned, Particulars, files_of_language_model, is_kept
from pipeline.settings.tables import settled
from pipeline.text.ragged import select
from pipeline.text.tokenizer import tokenize

STEPS = {WORDS: 35, CHARACTERS: 100}  # of truncated backpropagation, where `networks.bptt` is 0


def fit_counts(data: RunData, job: Job) -> Iterator[Result]:
    """Count the n-grams of the training documents, with the order that validation documents choose."""
    data, planned, fold = job.data(data), job.model, job.fold
    entry = COUNTS[planned.model]
    with (
        data.console.stage(f"Fitting {planned.name}", len(entry.orders), "orders") as stage,
        PeakMemory() as memory,
    ):

        def on_trial(tried: TriedOrder) -> None:
            stage.advance(1, f"order {tried.order}: {tried.bits_per_byte:.3f} bits a byte")

        start = time.perf_counter()
        train = select(data.tokenized, fold.train)
        units = units_of(entry.units, train, data.config)
        validation = select(data.tokenized, fold.validation) if len(fold.validation) else None
        model, tried = choose_order(planned.model, units, train, validation, on_trial)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        on_test = answers_to(data, units, fold.test, model.log2)
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
        latency = milliseconds_of_each(
            lambda one: units.charge(one, model.log2), documents_to_time(data, fold)
        )
    on_validation = None if validation is None else answers_to(data, units, fold.validation, model.log2)
    fit = Fit(
        planned.name,
        seed=0,
        fold=fold.number,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=model.parameters,
        latency_ms=latency,
        settings_tried=max(len(tried), 1),
        **judged(data, on_validation),
    )
    saved = _saved(data, fit, units, model, model.log2)
    yield FitResult(fit, on_test, saved, on_validation=None if fold.number else on_validation)


def _saved(
    data: RunData, fit: Fit, units: Units, learned: Learned, log2: Callable[[Streams], Float64]
) -> ModelFiles | None:
    """Return a model's files, with the bits a byte that it takes for the golden texts; None where it is not kept."""
    if not is_kept(data.config, fit.fold):
        return None
    charged = units.charge(tokenize(golden_texts(), data.config.tokenizer), log2)
    golden = (charged.bits / charged.bytes).astype(np.float32)[:, None]  # (G, 1)
    of = Particulars(fit.key, data.label_names, data.config, golden, writing=data.writing)
    return files_of_language_model(of, units, learned, "numpy")


def fit_language_network(data: RunData, job: Job) -> Iterator[Result]:
    """Train one seed of a recurrent language model, and ask it for the test documents."""
    split, planned, fold = read_split(data, job, refit=False), job.model, job.fold
    data = replace(data, config=settled(job.settings, planned.model, len(fold.train)))
    load_libraries(data)
    head = planned.head or WORDS
    with PeakMemory() as memory:
        start = time.perf_counter()
        units = units_of(head, select(data.tokenized, fold.train), data.config)
        fitted = _train(data, job, split, units, head)
        seconds = time.perf_counter() - start
        log2 = partial(log2_of, fitted.spec, fitted.weights)
        start = time.perf_counter()
        on_test = answers_to(data, units, fold.test, log2)
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
        timed = documents_to_time(data, fold) if job.seed == 0 else []
        latency = milliseconds_of_each(lambda one: units.charge(one, log2), timed)
    on_validation = answers_to(data, units, fold.validation, log2) if len(fold.validation) else None
    fit = Fit(
        *job.fit_key,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        why_not=fitted.why_not,
        warnings=fitted.warnings,
        latency_ms=latency,
        validation_loss=fitted.kept.validation_loss,
        looks=len(fitted.history),
        head=head,
        vectors="tuned",
        **judged(data, on_validation),
    )
    saved = _saved(data, fit, units, (fitted.spec, fitted.weights), log2)
    kept = None if fold.number else on_validation
    course, gpu = _course_of(fit, fitted), libraries.gpu_name()
    yield FitResult(fit, on_test, saved, course=course, gpu=gpu, on_validation=kept)
    forget_graphs()


def _train(data: RunData, job: Job, split: EmbeddedSplit, units: Units, head: str) -> FittedLanguageModel:
    """Train a network with a bar."""
    planned, fold, settings = job.model, job.fold, data.config.networks
    assert planned.entry is not None, "a network has a line of the table"
    sizes = len(units.symbols), data.config.embeddings.dimension, settings.units, settings.layers
    draw = Draw(job.seed, again=False, place=job.place)
    with training_stage(data, planned, draw, split) as on_evaluation:
        return fit_language_model(
            LanguageSpec(planned.entry.cell, *sizes),
            units.write(select(data.tokenized, fold.train)),
            units.write(select(data.tokenized, fold.validation)) if len(fold.validation) else None,
            settings,
            steps=settings.bptt or STEPS[head],
            seed=seed_of(data, draw.name(planned.name)),
            on_evaluation=on_evaluation,
        )


def _course_of(fit: Fit, fitted: FittedLanguageModel) -> Row:
    """Return the row of details/histories.json."""
    return {
        **fit.key._asdict(),
        "batch_size": fitted.settings.batch_size,
        "learning_rate": fitted.settings.learning_rate,
        "budget": asdict(fitted.budget),
        "best_updates": fitted.best_updates,
        "stopped": fitted.stopped,
        "evaluations": [asdict(one) for one in fitted.history],
    }
