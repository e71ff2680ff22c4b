"""Fits of taggers that need no word vectors: the most frequent tag, and linear models of what stands around a word."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator

from pipeline.core.fits import Fit, FitResult, Result
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.experiment.data import RunData, documents_to_time
from pipeline.experiment.jobs import Job
from pipeline.experiment.tag_answers import answers_to, judged, tags_of
from pipeline.models.baselines.tagging.crf import fit_crf
from pipeline.models.baselines.tagging.fitting import Penalty, fit_most_frequent, fit_window
from pipeline.models.baselines.tagging.sentences import Sentences

TAGGERS = {
    "most-frequent": (fit_most_frequent, Penalty()),
    "window": (fit_window, Penalty(square=1.0)),
    "crf": (fit_crf, Penalty(absolute=0.1, square=0.01)),
}


def fit_tagger(data: RunData, job: Job) -> Iterator[Result]:
    """Fit one linear tagger on the training sentences; validation sentences judge it, and choose nothing of it."""
    data, planned, fold = job.data(data), job.model, job.fold
    importlib.import_module("sklearn.linear_model")  # before any clock runs
    sentences, n_tags = sentences_of(data), len(data.label_names)
    fit, penalty = TAGGERS[planned.model]
    with data.console.stage(f"Fitting {planned.name}"), PeakMemory() as memory:
        start = time.perf_counter()
        fitted = fit(sentences.take(fold.train), tags_of(data, fold.train), n_tags, penalty)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        tagged = fitted.tag(sentences.take(fold.test))
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
        latency = milliseconds_of_each(
            lambda one: fitted.tag(Sentences(one)), documents_to_time(data, fold, data.given)
        )
    on_test = answers_to(data, fold.test, tagged.shares, tagged.best)
    validated = fitted.tag(sentences.take(fold.validation)) if len(fold.validation) else None
    on_validation = validated and answers_to(data, fold.validation, validated.shares, validated.best)
    yield FitResult(
        Fit(
            planned.name,
            seed=0,
            fold=fold.number,
            fit_seconds=seconds,
            predict_documents_per_second=rate,
            peak_rss_mib=memory.mib,
            parameters=fitted.parameters,
            warnings=fitted.warnings,
            latency_ms=latency,
            **judged(data, on_validation),
        ),
        on_test,
        on_validation=on_validation if fold.number == 0 else None,
    )


def sentences_of(data: RunData) -> Sentences:
    """Return all sentences as they are written."""
    assert data.given is not None, "a corpus of tagged words has them"
    return Sentences(data.given)
