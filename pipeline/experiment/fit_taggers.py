"""Fits of taggers that need no word vectors: the most frequent tag, and linear models of what stands around a word."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator

from pipeline.core.fits import Fit, FitResult, ModelFiles, Result
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.seeds import stage_generator
from pipeline.core.values import Int32, Int64
from pipeline.experiment.data import RunData, documents_to_time
from pipeline.experiment.jobs import Job
from pipeline.experiment.tag_answers import answers_to, golden_of, judged, particulars_of, tags_of
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.table import TAGGERS, TriedPenalty, choose_tagger
from pipeline.models.baselines.tagging.tagger import LinearTagger
from pipeline.models.golden import TOLERANCE
from pipeline.models.save import files_of_linear_tagger, is_kept


def fit_tagger(data: RunData, job: Job) -> Iterator[Result]:
    """Fit one linear tagger on the training sentences, with the penalty that validation sentences choose.

    With `refit` that penalty is fitted again on training and validation sentences together.
    """
    data, planned, fold, final = job.data(data), job.model, job.fold, job.final
    importlib.import_module("sklearn.linear_model")  # before any clock runs
    assert data.given is not None, "a corpus of tagged words has them"
    sentences, n_tags = Sentences(data.given), len(data.label_names)

    def some(documents: Int64) -> tuple[Sentences, Int32]:
        return sentences.take(documents), tags_of(data, documents)

    entry, run = TAGGERS[planned.model], data.config.run
    penalties = entry.tried(run.tune, stage_generator(run.seed, f"tuning {planned.model}"))
    n_settings = len(penalties) + job.refit
    with (
        data.console.stage(f"Fitting {planned.name}", n_settings, "settings") as stage,
        PeakMemory() as memory,
    ):

        def on_trial(tried: TriedPenalty) -> None:
            stage.advance(1, f"validation loss {tried.validation_loss:.3f}")

        start = time.perf_counter()
        validation = some(fold.validation) if len(fold.validation) else None
        chosen = choose_tagger(planned.model, some(fold.train), validation, n_tags, on_trial, penalties)
        fitted = entry.fit(*some(final.train), n_tags, chosen.penalty) if job.refit else chosen.tagger
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        tagged = fitted.tag(sentences.take(fold.test))
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
        timed = documents_to_time(data, fold, data.given)
        latency = milliseconds_of_each(lambda one: fitted.tag(Sentences(one)), timed)
    on_validation = None
    if validation is not None:
        told = chosen.tagger.tag(validation[0])
        on_validation = answers_to(data, fold.validation, told.shares, told.best)
    fit = Fit(
        planned.name,
        seed=0,
        fold=fold.number,
        fit_seconds=seconds,
        predict_documents_per_second=rate,
        peak_rss_mib=memory.mib,
        parameters=fitted.parameters,
        warnings=fitted.warnings,
        latency_ms=latency,
        settings_tried=max(len(chosen.tried), 1),
        **judged(data, on_validation),
    )
    on_test = answers_to(data, fold.test, tagged.shares, tagged.best)
    kept = None if fold.number else on_validation
    yield FitResult(fit, on_test, _saved(data, fit, fitted, entry.library), on_validation=kept)


def _saved(data: RunData, fit: Fit, fitted: LinearTagger, library: str) -> ModelFiles | None:
    """Return the tagger's files, with its answers to the golden texts; None where it is not kept."""
    if not is_kept(data.config, fit.fold):
        return None
    golden = golden_of(data, lambda words: fitted.tag(Sentences(words)), TOLERANCE)
    return files_of_linear_tagger(particulars_of(data, fit.key, golden), fitted, library)
