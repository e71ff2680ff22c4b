"""One fold's networks: embeddings, training with early stopping, test predictions."""

from __future__ import annotations

import importlib
import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pipeline.core.resources import PeakMemory, milliseconds_of_each
from pipeline.core.seeds import stage_generator
from pipeline.core.values import UNKNOWN_ROW, Float32, IndexedCorpus, Int64, TokenizedCorpus
from pipeline.embeddings.table import Embedded, embed, encode_covered
from pipeline.experiment.choose_settings import choose_settings
from pipeline.experiment.data import (
    Fold,
    Material,
    Validated,
    chosen_by_share,
    documents_to_time,
    embedding_request,
    save_test_predictions,
    seed_of,
    validate,
)
from pipeline.experiment.executors import Fits
from pipeline.experiment.fit_linear import run_mean
from pipeline.experiment.how_many import longest_first
from pipeline.experiment.kept_for_seeds import KeptForSeeds
from pipeline.experiment.plan import head_of
from pipeline.experiment.record import Fit, FoldRecord, Record, SourceRecord
from pipeline.experiment.tuning import Score, fixed_by_name
from pipeline.interpret.probes import Subject, probe_network, probes_of
from pipeline.models.networks.batches import Visible, shuffle_words, visible
from pipeline.models.networks.budget import budget_of
from pipeline.models.networks.build import NetworkSpec, specify
from pipeline.models.networks.far_off import SecondTraining, far_off, second_training
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.prediction import (
    forget_graphs,
    predict_probabilities,
    predict_with,
    prediction_step,
)
from pipeline.models.networks.training import FittedNetwork, Schedule, fit_network
from pipeline.models.save import files_of_embedding, files_of_network
from pipeline.models.table import PlannedModel
from pipeline.run_folder.models import write_model
from pipeline.settings.tables import Config, NetworkSettings, first_seeds, settled
from pipeline.text.ragged import select, take

_MOST = 0.5  # share of tokens cut or unknown above which a warning says so


@dataclass(frozen=True, eq=False)
class Prepared:
    """One fold laid out for the networks of one source."""

    fold: Fold
    embedded: Embedded
    documents: Visible  # every document of the corpus, as the networks see it


def run_networks(
    material: Material,
    source: str,
    fold: Fold,
    final: Fold,
    refit: bool,
    parts: FoldRecord,
    fits: Fits,
    kept: KeptForSeeds | None = None,
) -> None:
    """Fit every model that reads `source`: choose on `fold`, save predictions of the model that chose.

    With `refit` it is fitted again on `final`; without, `final` is the same fold. `kept` is given what more trainings
    of its networks would need.
    """
    fits.wait_for_room()
    prepared = _prepare(material, source, fold)
    last = _prepare(material, source, final) if refit else prepared
    reading = [planned for planned in material.planned if planned.source == source]
    cut = last.documents if any(planned.seeded for planned in reading) else None
    parts.source(
        SourceRecord(source, last.embedded, cut),
        select(material.tokenized, final.train),
        material.labels(final.train),
    )
    if fold.number == 0:
        write_model(material.run, files_of_embedding(last.embedded))
    if kept is not None and any(planned.kind == "network" for planned in reading):
        kept.documents(fold.number, source, (prepared, last))
    settings: dict[PlannedModel, Config] = {}  # of each network

    def train(networks: Iterable[PlannedModel]) -> None:
        for planned in networks:
            for seed in range(first_seeds(material.config)):
                fits.run(run_network, fold.number, settings[planned], planned, seed, prepared, last, refit)

    for planned in reading:
        if not planned.seeded:
            fits.run(run_mean, fold.number, planned, (fold, prepared.embedded), (final, last.embedded), refit)
            continue
        if material.config.run.tune:
            fits.wait_for_room()  # trials are fitted in this process
        own = choose_settings(material, planned, fold, parts, partial(_score, planned, prepared, fits))
        settings[planned] = own.config
        if kept is not None:
            kept.settings[fold.number, planned.name] = own.config
        if material.config.run.tune:  # while its seeds are trained, the next model's trials are fitted here
            train([planned])
    if not material.config.run.tune:
        read = float(np.diff(prepared.documents.indexed.offsets).mean())
        train(longest_first(settings, len(fold.train), read) if fits.at_once > 1 else settings)
    if settings and first_seeds(material.config) > 1:
        fits.wait_for_all()  # a seed is far off only beside others
        for planned, config in settings.items():
            for far in far_off_fits(parts.record, planned, fold.number):
                fits.run(run_network_again, fold.number, config, planned, far, prepared, last, refit)


def _score(planned: PlannedModel, prepared: Prepared, fits: Fits, trial: Material) -> Score:
    """Return how the network does on validation documents with a trial's settings and the first seed.

    Fits that ended beside it are recorded first: trials take long, and a kill is to lose none that had ended.
    """
    fits.record_what_ended()
    trial = replace(trial, config=settled(trial.config, planned.model, len(prepared.fold.train)))
    load_libraries(trial)
    fitted = _fit(trial, planned, Draw(0, again=False), prepared)
    score = Score(fitted.kept.validation_accuracy, fitted.kept.validation_loss, fitted.why_not)
    if chosen_by_share(trial.config.run.metric):
        validated = _validate(trial, planned, prepared, fitted)
        if validated is not None:
            score = replace(score, by_metric=validated.score, error=validated.error)
    del fitted
    forget_graphs()
    return score


def _prepare(material: Material, source: str, fold: Fold) -> Prepared:
    config = material.config
    asked = next(one.asked_source for one in material.planned if one.source == source)  # files with folders
    with material.console.stage(f"Embedding: {source}", unit="epochs") as stage:
        request = embedding_request(material, fold, stage.reach)
        embedded = embed(asked or source, request)
    indexed = encode_covered(material.tokenized, embedded)
    cut = visible(indexed, max_tokens=config.networks.max_tokens, keep=config.networks.keep)
    return Prepared(fold, embedded, cut)


def run_network(
    material: Material,
    config: Config,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    last: Prepared,
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Train one network on the fold of `prepared`, with `refit` a second time on that of `last`, and save predictions.

    Whether it is fitted again is said: that `last` is the same value as `prepared` would be lost where a job is
    sent to another process argument by argument. `config` has the settings of this network: those that --tune
    chose, else those of the material.
    """
    material = replace(material, config=settled(config, planned.model, len(prepared.fold.train)))
    load_libraries(material)
    _fit_and_record(material, planned, seed, prepared, last, refit, parts)
    forget_graphs()  # only now does nothing hold the model any more


@dataclass(frozen=True)
class FarOff:
    """A seed whose validation loss stands far above that of the network's best seed."""

    first: Fit
    best_loss: float  # of all seeds


def far_off_fits(record: Record, planned: PlannedModel, fold: int) -> list[FarOff]:
    """Return the recorded fits of a network that are to be trained a second time: no seed is twice."""
    known = {fit.seed: fit for fit in record.fits if (fit.name, fit.fold) == (planned.name, fold)}
    losses = {seed: fit.validation_loss for seed, fit in known.items()}
    best = min((loss for loss in losses.values() if loss is not None), default=math.inf)
    return [FarOff(known[seed], best) for seed in far_off(losses) if known[seed].again is None]


def run_network_again(
    material: Material,
    config: Config,
    planned: PlannedModel,
    far: FarOff,
    prepared: Prepared,
    last: Prepared,
    refit: bool,
    parts: FoldRecord,
) -> None:
    """Train a seed of a network a second time, from other initial weights: the lower validation loss counts.

    If the second is better it takes the place of the first everywhere.
    """
    material = replace(material, config=settled(config, planned.model, len(prepared.fold.train)))
    load_libraries(material)
    _fit_and_record(material, planned, far.first.seed, prepared, last, refit, parts, far)
    forget_graphs()


def _fit_and_record(
    material: Material,
    planned: PlannedModel,
    seed: int,
    prepared: Prepared,
    last: Prepared,
    refit: bool,
    parts: FoldRecord,
    far: FarOff | None = None,
) -> None:
    """Train one network, save its predictions and files, and record what it was like: nothing keeps the model.

    `far`: the first training of the same seed, which stays if it is as good.
    """
    draw = Draw(seed, again=far is not None)
    with PeakMemory() as memory:
        made = _train_and_answer(material, planned, draw, prepared, last, refit, far)
    if isinstance(made, Fit):
        parts.first_training(made)
        return
    save_test_predictions(material, planned.name, seed, prepared.fold, made.probabilities)
    if prepared.fold.number == 0 and seed == 0:
        source = planned.source or ""
        files = files_of_network(planned.name, made.fitted, source, material.label_names, material.config)
        write_model(material.run, files)
    prepare_seconds = prepared.embedded.seconds + (last.embedded.seconds if refit else 0.0)
    fit = replace(
        _describe(made, planned.name, seed, prepared.fold, memory.mib),
        warnings=made.chosen.warnings
        + _reading_warnings(last)
        + ((made.again.words(),) if made.again else ()),
        prepare_seconds=prepare_seconds,
        vectors=_training_of_vectors(material, planned, prepared),
    )
    if far is not None:
        fit = replace(fit, fit_seconds=made.seconds + (far.first.fit_seconds or 0.0))
    parts.network(fit, made.chosen.without_model(), _tuned_table(made.fitted) if seed == 0 else None)
    if prepared.fold.number == 0 and seed == 0 and material.config.run.probes:
        parts.probes(_probe(material, _subject(material, planned, draw, made.fitted, last)))


@dataclass(frozen=True, eq=False)
class _Answered:
    """A trained network and its answers on test documents."""

    chosen: FittedNetwork  # that validation judged; without its model where it was fitted again
    fitted: FittedNetwork
    validated: Validated | None  # of `chosen`
    again: SecondTraining | None
    seconds: float  # all its training took
    probabilities: Float32  # (N, C)
    documents_per_second: float
    latency_ms: tuple[float, ...]


def _train_and_answer(
    material: Material,
    planned: PlannedModel,
    draw: Draw,
    prepared: Prepared,
    last: Prepared,
    refit: bool,
    far: FarOff | None,
) -> _Answered | Fit:
    """Return a trained network with its answers; the first training of the seed where that stays."""
    again, start = None, time.perf_counter()
    chosen = fitted = _train(material, planned, draw, prepared)
    if far is not None:
        losses = far.first.validation_loss, chosen.kept.validation_loss
        again = second_training(draw.seed, *losses, far.best_loss)
        if not again.second_is_kept:
            return _with_second(far.first, again, time.perf_counter() - start)
    validated = _validate(material, planned, prepared, chosen)
    if refit:
        chosen = chosen.without_model()
        del fitted
        forget_graphs()
        fitted = _train(material, planned, draw, last, chosen.schedule)
    seconds = time.perf_counter() - start
    answer = _answers_of(material, planned, fitted, last)
    probabilities, rate = _predict(material, answer, last)
    timed = documents_to_time(material, last.fold) if draw.seed == 0 else []
    latency = milliseconds_of_each(answer, timed)
    return _Answered(chosen, fitted, validated, again, seconds, probabilities, rate, latency)


def _describe(made: _Answered, name: str, seed: int, fold: Fold, peak_mib: float | None) -> Fit:
    """Return what a training was like, as far as the network itself says."""
    return Fit(
        name=name,
        seed=seed,
        fold=fold.number,
        fit_seconds=made.seconds,
        predict_documents_per_second=made.documents_per_second,
        peak_rss_mib=peak_mib,
        parameters=made.fitted.parameters,
        validation_accuracy=made.chosen.kept.validation_accuracy,
        why_not=made.fitted.why_not,
        warnings=(),
        latency_ms=made.latency_ms,
        validation_loss=made.chosen.kept.validation_loss,
        again=made.again,
        looks=len(made.chosen.history),
        head=made.fitted.spec.head or None,
        validation_score=None if made.validated is None else made.validated.score,
        validation_error=None if made.validated is None else made.validated.error,
    )


def _validate(
    material: Material, planned: PlannedModel, prepared: Prepared, fitted: FittedNetwork
) -> Validated | None:
    def answer() -> Float32:
        documents = _labelled(material, planned, prepared, prepared.fold.validation).indexed
        return predict_probabilities(fitted.model, documents, len(material.label_names))  # (N, C)

    return validate(material, prepared.fold, answer, fitted.kept.validation_accuracy)


def _with_second(first: Fit, again: SecondTraining, seconds: float) -> Fit:
    """Return a fit that stays, with the second training that was no better and what that cost."""
    return replace(
        first,
        fit_seconds=(first.fit_seconds or 0.0) + seconds,
        warnings=(*first.warnings, again.words()),
        again=again,
    )


@dataclass(frozen=True)
class Draw:
    """What chance a training is made with: initial weights, order of batches, dropout."""

    seed: int  # as the run counts them
    again: bool  # whether it is the second training of this seed

    def name(self, model: str) -> str:
        """Return the name of the random numbers."""
        return f"{model} {self.seed}{' again' if self.again else ''}"


def _train(
    material: Material,
    planned: PlannedModel,
    draw: Draw,
    prepared: Prepared,
    repeat: Schedule | None = None,
) -> FittedNetwork:
    """Train one network with a bar; `repeat` fixes the updates of each phase for a refit."""
    config = material.config
    more = f"{', again' if draw.again else ''}{', refit' if repeat else ''}"
    title = f"Training {planned.name} ({_which_seed(config, draw.seed)}{more})"
    expected, best = _expected_updates(material, planned, prepared, repeat), 0.0
    with material.console.stage(title, expected, "updates") as stage:

        def on_evaluation(now: Evaluation) -> None:
            nonlocal best
            best = max(best, now.validation_accuracy or 0.0)
            stage.reach(now.updates, max(now.updates, expected))
            stage.advance(0, f"best validation accuracy {best:.1%}" if best else f"loss {now.loss:.3f}")

        return _fit(material, planned, draw, prepared, repeat, on_evaluation)


def _expected_updates(
    material: Material, planned: PlannedModel, prepared: Prepared, repeat: Schedule | None
) -> int:
    """Return how long a bar is: the first budget of all phases, which validation may shorten or extend."""
    if repeat:
        return sum(repeat.phases)
    phases = 2 if _training_of_vectors(material, planned, prepared) == "frozen-then-tuned" else 1
    updates_a_pass = math.ceil(len(prepared.fold.train) / material.config.networks.batch_size)
    return phases * budget_of(material.config.networks, updates_a_pass).first


def _which_seed(config: Config, seed: int) -> str:
    """Return which of a network's trainings it is, in words.

    >>> _which_seed(Config(), 0), _which_seed(Config(), 3)
    ('seed 1 of 3', 'seed 4, added')
    """
    first = first_seeds(config)
    return f"seed {seed + 1} of {first}" if seed < first else f"seed {seed + 1}, added"


def _fit(
    material: Material,
    planned: PlannedModel,
    draw: Draw,
    prepared: Prepared,
    repeat: Schedule | None = None,
    on_evaluation: Callable[[Evaluation], None] = lambda evaluation: None,
) -> FittedNetwork:
    config, fold = material.config, prepared.fold
    return fit_network(
        _specify(material, planned, prepared),
        prepared.embedded.matrix.vectors,
        _labelled(material, planned, prepared, fold.train),
        _labelled(material, planned, prepared, fold.validation) if len(fold.validation) else None,
        config.networks,
        seed=seed_of(material, draw.name(planned.name)),
        repeat=repeat,
        deterministic=config.run.deterministic,
        on_evaluation=on_evaluation,
        class_weights=_class_weights(material, fold),
        shuffled_words=planned.shuffled_words,
    )


def _class_weights(material: Material, fold: Fold) -> Float32 | None:
    """Return what a document of each class counts in training, (C,), None if all count the same.

    Balanced: documents / (classes in training * documents of the class), as scikit-learn's `class_weight`.
    """
    if material.config.run.class_weights == "none":
        return None
    counts = np.bincount(material.labels(fold.train), minlength=len(material.label_names))  # (C,)
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts, weights, 0.0).astype(np.float32)


def _specify(material: Material, planned: PlannedModel, prepared: Prepared) -> NetworkSpec:
    training = _training_of_vectors(material, planned, prepared)
    return specify(
        planned.model,
        head_of(planned, material.config.networks),
        prepared.embedded.matrix,
        training != "frozen",
        len(material.label_names),
        material.config.networks,
        frozen_first=training == "frozen-then-tuned",
    )


def _training_of_vectors(material: Material, planned: PlannedModel, prepared: Prepared) -> str:
    """Return how the vectors are trained, an entry of `TRAINING`: by the source's name, else by the settings."""
    asked, own = material.config.networks.vectors, prepared.embedded.training
    said = "networks.vectors" in fixed_by_name(Config(), planned.name).run.tune_fixed
    return own if asked == "own" or said else asked


def _labelled(material: Material, planned: PlannedModel, prepared: Prepared, documents: Int64) -> Labelled:
    indexed = _as_read(material, planned, take(prepared.documents.indexed, documents))
    return Labelled(indexed, material.labels(documents))


def _as_read(material: Material, planned: PlannedModel, indexed: IndexedCorpus) -> IndexedCorpus:
    """Return documents in the order of words in which the model reads them.

    Where that is at random, it is one order for all that a fit answers; in training each epoch has its own.
    """
    if not planned.shuffled_words:
        return indexed
    return shuffle_words(indexed, stage_generator(material.config.run.seed, "shuffled words"))


def load_libraries(material: Material) -> None:
    """Import TensorFlow before any clock of a fit runs."""
    if "tensorflow" not in sys.modules:
        with material.console.stage("Loading TensorFlow"):
            importlib.import_module("keras")
            importlib.import_module("tensorflow")


def _answers_of(
    material: Material, planned: PlannedModel, fitted: FittedNetwork, last: Prepared
) -> Callable[[TokenizedCorpus], Float32]:
    """Return the function from any documents' tokens to their probabilities, float32 (N, C)."""
    settings, n_classes = material.config.networks, len(material.label_names)
    predict = prediction_step(fitted.model)

    def answer(tokenized: TokenizedCorpus) -> Float32:
        indexed = encode_covered(tokenized, last.embedded)
        documents = visible(indexed, max_tokens=settings.max_tokens, keep=settings.keep).indexed
        return predict_with(predict, _as_read(material, planned, documents), n_classes)

    return answer


def _predict(
    material: Material, answer: Callable[[TokenizedCorpus], Float32], last: Prepared
) -> tuple[Float32, float]:
    """Return the test documents' probabilities, and documents per second from tokens to answers.

    A first document is predicted before the clock starts: it builds TensorFlow's graph.
    """
    answer(select(material.tokenized, last.fold.test[:1]))
    start = time.perf_counter()
    probabilities = answer(select(material.tokenized, last.fold.test))
    return probabilities, len(probabilities) / max(time.perf_counter() - start, 1e-9)


def _probe(material: Material, subject: Subject) -> dict[str, Any]:
    """Return what the probes find in a fitted network."""
    console, extra = material.console, material.config.run.extra_probes
    with console.stage(f"Probing {subject.name}", len(probes_of(extra)), "probes") as stage:
        return probe_network(subject, extra, on_probe=lambda name: stage.advance(1, name), log=console.log)


def _subject(
    material: Material, planned: PlannedModel, draw: Draw, fitted: FittedNetwork, last: Prepared
) -> Subject:
    """Return the first seed's fit with the documents as it reads them."""
    config, fold, n_classes = material.config, last.fold, len(material.label_names)
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
            class_weights=_class_weights(material, fold),
            shuffled_words=planned.shuffled_words,
        )

    return Subject(
        name=planned.name,
        fitted=fitted,
        seed=seed_of(material, draw.name(planned.name)),
        vectors=fitted.model.get_layer("embedding").get_weights()[0],
        first_vectors=last.embedded.matrix.vectors,
        words=last.embedded.vocabulary.tokens,
        documents=_as_read(material, planned, last.documents.indexed),
        whole_lengths=np.diff(material.tokenized.offsets),
        labels=material.loaded.corpus.labels,
        label_names=material.label_names,
        records=material.loaded.corpus.records,
        train=fold.train,
        validation=fold.validation,
        test=fold.test,
        config=config,
        probabilities=lambda indexed: predict_with(predict, indexed, n_classes),
        fit=fit,
    )


def _reading_warnings(last: Prepared) -> tuple[str, ...]:
    """Return what a reader should know when a network sees little of the text."""
    read = last.documents.indexed
    cut = last.documents.cut_tokens / (len(read.indices) + last.documents.cut_tokens)
    unknown = float(np.mean(take(read, last.fold.test).indices == UNKNOWN_ROW))
    found = []
    if cut > _MOST:
        found.append(f"{cut:.0%} of all tokens lie beyond networks.max_tokens and were not read")
    if unknown > _MOST:
        found.append(f"{unknown:.0%} of the test tokens have no vector")
    return tuple(found)


def _tuned_table(fitted: FittedNetwork) -> Float32 | None:
    """Return the embedding as training left it, if it was tuned."""
    return fitted.model.get_layer("embedding").get_weights()[0] if fitted.spec.tuned else None
