"""Fits of networks: training with early stopping, answers on test documents, a second training of a far-off seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, partial

import numpy as np

from pipeline.core.fits import Fit, FitResult, Result, Row, Score, SecondTraining, TrialResult
from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.values import Float32, TokenizedCorpus
from pipeline.embeddings.audit.neighbours import neighbour_rows
from pipeline.embeddings.table import encode_covered
from pipeline.experiment.choose_settings import try_settings
from pipeline.experiment.data import (
    RunData,
    Validated,
    answers_on_test,
    answers_on_validation,
    documents_to_time,
    seed_of,
    thresholds_on,
    validate,
)
from pipeline.experiment.embedded_split import EmbeddedSplit, read_split
from pipeline.experiment.jobs import Job, NetworkTrained
from pipeline.experiment.network_inputs import (
    Draw,
    as_read,
    class_weights_of,
    labelled,
    load_libraries,
    reading_warnings,
    save_point_of,
    specify_network,
    training_of_vectors,
    training_stage,
)
from pipeline.experiment.tuning.trials import Settings
from pipeline.models.golden import N_LONG, TOLERANCE, TOLERANCE_OF_GPU, golden_texts, unsettled
from pipeline.models.networks import libraries
from pipeline.models.networks.batches import visible
from pipeline.models.networks.far_off import second_training, second_training_in_words
from pipeline.models.networks.kept import as_entry
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.prediction import (
    forget_graphs,
    predict_probabilities,
    predict_with,
    prediction_step,
)
from pipeline.models.networks.training import FittedNetwork, Schedule, fit_network
from pipeline.models.save import Particulars, files_of_network, is_kept
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import settled
from pipeline.tasks.answers import Answers
from pipeline.text.ragged import select
from pipeline.text.tokenizer import tokenize


@dataclass(frozen=True)
class FarOff:
    """A seed whose validation loss stands far above that of the network's best seed."""

    first: Fit
    best_loss: float  # of all seeds


def try_network(number: int, settings: Settings, data: RunData, job: Job) -> Iterator[TrialResult]:
    """Train a network with the settings of a trial of --tune and the first seed; validation documents judge it."""
    data = job.data(data)
    split = read_split(data, job, refit=False)
    yield try_settings(data, job.model, split.fold, partial(_score, job, split), number, settings)


def fit_network_of(data: RunData, job: Job) -> Iterator[Result | NetworkTrained]:
    """Train one network on the documents that choose, with `refit` again on those to fit on.

    The settings of the job are those of this network: what --tune chose, else those of the run.
    """
    return _fit(data, job, None)


def fit_network_again(far: FarOff, data: RunData, job: Job) -> Iterator[Result | NetworkTrained]:
    """Train a seed of a network a second time, from other initial weights: the lower validation loss counts.

    If the second is better it takes the place of the first everywhere.
    """
    return _fit(data, job, far)


def _fit(data: RunData, job: Job, far: FarOff | None) -> Iterator[Result | NetworkTrained]:
    """Yield a trained network: where probes look at it, itself, then what is kept of it.

    `far`: the first training of the same seed, which stays if it is as good.
    """
    split, planned, draw = (
        read_split(data, job, refit=False),
        job.model,
        Draw(job.seed, far is not None, job.place),
    )
    last = read_split(data, job, refit=True) if job.refit else split
    data = replace(data, config=settled(job.settings, planned.model, len(split.fold.train)))
    load_libraries(data)
    with PeakMemory() as memory:
        made = _train_and_answer(data, planned, draw, split, last, job.refit, far)
    if isinstance(made, Fit):
        yield FitResult(made)
    else:
        fit = _describe(data, made, job, split, last)
        if far is not None:
            fit = replace(fit, fit_seconds=made.seconds + (far.first.fit_seconds or 0.0))
        if job.files is not None:
            yield NetworkTrained(as_entry(made.fitted))
        yield _result(data, replace(fit, peak_rss_mib=memory.mib), made, last)
    del made
    forget_graphs()  # only now does nothing hold the model any more


def _result(data: RunData, fit: Fit, made: _Answered, last: EmbeddedSplit) -> FitResult:
    """Return what of a training is kept: of the first fold the network itself, of its first seed neighbours too."""
    answers = answers_on_test(data, last.fold, made.probabilities, made.thresholds)
    course = course_of(fit, made.chosen)
    embedded, near, gpu = last.embedded, None, libraries.gpu_name()
    table = _tuned_table(made.fitted) if fit.seed == fit.fold == 0 else None
    if table is not None:
        words = neighbour_rows(last.marking, embedded.vocabulary, embedded.matrix, table)
        near = {"source": fit.name, "words": words}
    files = None
    if is_kept(data.config, fit.fold):
        known = fit.key, data.label_names, data.config, made.golden, gpu is not None, made.left_out
        particulars = Particulars(*known, data.writing, thresholds=made.thresholds)
        files = files_of_network(particulars, made.fitted, embedded.source)
    if files is not None and not files.is_finite:
        files = None  # it diverged: there is nothing to answer with
    kept = FitResult(fit, answers, files, course=course, neighbours=near, gpu=gpu)
    return replace(kept, on_validation=made.on_validation)


def course_of(fit: Fit, chosen: FittedNetwork) -> Row:
    """Return the row of details/histories.json: how the training went that validation judged."""
    assert chosen.settings is not None and chosen.budget is not None, "they are of its training"  # noqa: PT018
    return {
        **fit.key._asdict(),
        "batch_size": chosen.settings.batch_size,
        "learning_rate": chosen.settings.learning_rate,
        "budget": asdict(chosen.budget),
        "best_updates": chosen.best_updates,
        "stopped": chosen.stopped,
        "evaluations": [asdict(one) for one in chosen.history],
    }


def _score(job: Job, split: EmbeddedSplit, trial: RunData) -> Score:
    """Return how the network does on validation documents with a trial's settings and the first seed."""
    planned = job.model
    trial = replace(trial, config=settled(trial.config, planned.model, len(split.fold.train)))
    load_libraries(trial)
    fitted = _fit_one(trial, planned, Draw(0, again=False, place=job.place), split)
    score = Score(fitted.kept.validation_accuracy, fitted.kept.validation_loss, fitted.why_not)
    if not trial.task.metrics[trial.config.run.metric].told_by_training:
        validated = _validate(trial, planned, split, fitted)
        if validated is not None:
            score = replace(score, by_metric=validated.score, error=validated.error)
    del fitted
    forget_graphs()
    return score


@dataclass(frozen=True, eq=False)
class _Answered:
    """A trained network and its answers on test documents."""

    chosen: FittedNetwork  # that validation judged; without its model where it was fitted again
    fitted: FittedNetwork
    validated: Validated | None  # of `chosen`
    on_validation: Answers | None  # its answers to the first fold's validation documents
    again: SecondTraining | None
    seconds: float  # all its training took
    probabilities: Float32  # (N, C)
    golden: Float32  # (G, C), of the golden texts
    left_out: tuple[int, ...]  # golden texts
    documents_per_second: float
    latency_ms: tuple[float, ...]
    thresholds: Float32 | None  # (C,), from which probability on a label is given


def _train_and_answer(
    data: RunData,
    planned: PlannedModel,
    draw: Draw,
    split: EmbeddedSplit,
    last: EmbeddedSplit,
    refit: bool,
    far: FarOff | None,
) -> _Answered | Fit:
    """Return a trained network with its answers; the first training of the seed where that stays."""
    again, start = None, time.perf_counter()
    chosen = fitted = _train(data, planned, draw, split)
    if far is not None:
        losses = far.first.validation_loss, chosen.kept.validation_loss
        again = second_training(draw.seed, *losses, far.best_loss)
        if not again.second_is_kept:
            return _with_second(far.first, again, time.perf_counter() - start)
    on_validation = cache(_answer_on_validation(data, planned, split, chosen))
    validated = validate(data, split.fold, on_validation, chosen.kept.validation_accuracy)
    thresholds = thresholds_on(data, split.fold, on_validation)
    judged = answers_on_validation(data, split.fold, on_validation, thresholds)
    del on_validation
    if refit:
        chosen = chosen.without_model()
        del fitted
        forget_graphs()
        fitted = _train(data, planned, draw, last, chosen.schedule)
    trained = (*chosen.history, *(fitted.history if refit else ()))
    # of a training that went on after a kill, what it took before counts too
    seconds = max(time.perf_counter() - start, sum(one.seconds for one in trained))
    answer = _answers_of(data, planned, fitted, last)
    probabilities, rate = _predict(data, answer, last)
    timed = documents_to_time(data, last.fold) if draw.seed == 0 else []
    latency = milliseconds_of_each(answer, timed)
    golden = _golden_of(data, answer)
    measured = *golden, rate, latency
    return _Answered(chosen, fitted, validated, judged, again, seconds, probabilities, *measured, thresholds)


def _golden_of(
    data: RunData, answer: Callable[[TokenizedCorpus], Float32]
) -> tuple[Float32, tuple[int, ...]]:
    """Return the answers to the golden texts, (G, C), and which of them the rounding of sums decides."""
    texts = golden_texts()
    parts = (texts, texts.head(-N_LONG), texts.tail(N_LONG))  # together, and in batches of other shapes
    together, *apart = (answer(tokenize(part, data.config.tokenizer)) for part in parts)
    tolerance = TOLERANCE_OF_GPU if libraries.gpu_name() else TOLERANCE
    return together, unsettled(together, np.concatenate(apart), tolerance)


def _describe(data: RunData, made: _Answered, job: Job, split: EmbeddedSplit, last: EmbeddedSplit) -> Fit:
    """Return what a training was like, but for the memory it took."""
    kept, validated = made.chosen.kept, made.validated
    again = (second_training_in_words(made.again),) if made.again else ()
    return Fit(
        *job.fit_key,
        fit_seconds=made.seconds,
        predict_documents_per_second=made.documents_per_second,
        parameters=made.fitted.parameters,
        validation_accuracy=kept.validation_accuracy,
        why_not=made.fitted.why_not,
        warnings=made.chosen.warnings + reading_warnings(last) + again,
        prepare_seconds=split.embedded.seconds + (last.embedded.seconds if job.refit else 0.0),
        latency_ms=made.latency_ms,
        validation_loss=kept.validation_loss,
        again=made.again,
        looks=len(made.chosen.history),
        head=made.fitted.spec.head or None,
        vectors=training_of_vectors(data, job.model, split),
        validation_score=None if validated is None else validated.score,
        validation_error=None if validated is None else validated.error,
    )


def _validate(
    data: RunData, planned: PlannedModel, split: EmbeddedSplit, fitted: FittedNetwork
) -> Validated | None:
    answer = _answer_on_validation(data, planned, split, fitted)
    return validate(data, split.fold, answer, fitted.kept.validation_accuracy)


def _answer_on_validation(
    data: RunData, planned: PlannedModel, split: EmbeddedSplit, fitted: FittedNetwork
) -> Callable[[], Float32]:
    def answer() -> Float32:
        documents = labelled(data, planned, split, split.fold.validation).indexed
        return predict_probabilities(fitted.model, documents, len(data.label_names))  # (N, C)

    return answer


def _with_second(first: Fit, again: SecondTraining, seconds: float) -> Fit:
    """Return a fit that stays, with the second training that was no better and what that cost."""
    return replace(
        first,
        fit_seconds=(first.fit_seconds or 0.0) + seconds,
        warnings=(*first.warnings, second_training_in_words(again)),
        again=again,
    )


def _train(
    data: RunData, planned: PlannedModel, draw: Draw, split: EmbeddedSplit, repeat: Schedule | None = None
) -> FittedNetwork:
    """Train one network with a bar."""
    with training_stage(data, planned, draw, split, repeat) as on_evaluation:
        return _fit_one(data, planned, draw, split, repeat, on_evaluation)


def _fit_one(
    data: RunData,
    planned: PlannedModel,
    draw: Draw,
    split: EmbeddedSplit,
    repeat: Schedule | None = None,
    on_evaluation: Callable[[Evaluation], None] = lambda evaluation: None,
) -> FittedNetwork:
    config, fold = data.config, split.fold
    return fit_network(
        specify_network(data, planned, split),
        split.embedded.matrix.vectors,
        labelled(data, planned, split, fold.train),
        labelled(data, planned, split, fold.validation) if len(fold.validation) else None,
        config.networks,
        seed=seed_of(data, draw.name(planned.name)),
        repeat=repeat,
        deterministic=config.run.deterministic,
        on_evaluation=on_evaluation,
        class_weights=class_weights_of(data, fold),
        shuffled_words=planned.shuffled_words,
        save_point=save_point_of(data, draw, refit=repeat is not None),
    )


def _answers_of(
    data: RunData, planned: PlannedModel, fitted: FittedNetwork, last: EmbeddedSplit
) -> Callable[[TokenizedCorpus], Float32]:
    """Return the function from any documents' tokens to their probabilities, float32 (N, C)."""
    settings, n_classes = data.config.networks, len(data.label_names)
    predict = prediction_step(fitted.model)

    def answer(tokenized: TokenizedCorpus) -> Float32:
        indexed = encode_covered(tokenized, last.embedded)
        documents = visible(indexed, max_tokens=settings.max_tokens, keep=settings.keep).indexed
        return predict_with(predict, as_read(data, planned, documents), n_classes)

    return answer


def _predict(
    data: RunData, answer: Callable[[TokenizedCorpus], Float32], last: EmbeddedSplit
) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers.

    A first document is predicted before the clock starts: it builds TensorFlow's graph.
    """
    answer(select(data.tokenized, last.fold.test[:1]))
    start = time.perf_counter()
    probabilities = answer(select(data.tokenized, last.fold.test))
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _tuned_table(fitted: FittedNetwork) -> Float32 | None:
    """Return the embedding as training left it, if it was tuned."""
    return fitted.model.get_layer("embedding").get_weights()[0] if fitted.spec.tuned else None
