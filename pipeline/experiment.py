"""The order of the stages: corpus > tokens > indices > embeddings > models > predictions > evaluation > report."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config import Config, save_config, stage_generator
from pipeline.console import Console, filtered_stderr, quiet_tensorflow
from pipeline.corpus import find_duplicates, read_corpus, split_corpus
from pipeline.corpus.sample import sample_corpus
from pipeline.embeddings import Embedded, EmbeddingRequest, embed
from pipeline.errors import PipelineError
from pipeline.indices import (
    NgramVocabulary,
    build_vocabulary,
    count_ngrams,
    encode,
    learn_ngrams,
    take,
)
from pipeline.networks.batches import Visible, visible
from pipeline.plan import PlannedModel, plan_models, unused_sources
from pipeline.prediction_files import prediction_path, write_predictions
from pipeline.record import Choice, Fit, FoldRecord, Record, SourceRecord, conclude, describe_tokens
from pipeline.resources import PeakMemory
from pipeline.storage import save_baseline, save_embedding, save_network, write_whole
from pipeline.tokenizer import select, tokenize
from pipeline.values import (
    TEST,
    TRAIN,
    VALIDATION,
    Corpus,
    Duplicates,
    Float32,
    IndexedCorpus,
    Int32,
    Int64,
    LoadedCorpus,
    Predictions,
    TokenizedCorpus,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

QUICK_DOCUMENTS = 2_000


@dataclass(frozen=True, eq=False)
class Material:
    """What all folds share: settings, documents, tokens, and where things go."""

    config: Config
    console: Console
    run: Path
    loaded: LoadedCorpus
    tokenized: TokenizedCorpus
    unlabelled: TokenizedCorpus | None
    planned: tuple[PlannedModel, ...]


@dataclass(frozen=True, eq=False)
class Fold:
    """One split: document positions of each part."""

    number: int
    corpus: Corpus
    train: Int64
    validation: Int64
    test: Int64

    @classmethod
    def of(cls, number: int, corpus: Corpus) -> Fold:
        """Return the fold of a corpus whose documents are all assigned."""
        return cls(number, corpus, *(corpus.positions(part) for part in (TRAIN, VALIDATION, TEST)))

    def refitted(self) -> Fold:
        """Return the fold with the validation documents among the training documents."""
        merged = np.where(self.corpus.split == VALIDATION, TRAIN, self.corpus.split).astype(np.int8)
        return Fold.of(self.number, replace(self.corpus, split=merged))


def run_experiment(config: Config, console: Console, command: str) -> Path:
    """Run every stage and return the run folder.

    Parameters
    ----------
    config : Config
        The resolved settings.
    console : Console
        Told about every stage.
    command : str
        What the person typed, for the report.

    Raises
    ------
    PipelineError
        For a mistake in the user's files or settings.
    KeyboardInterrupt
        After the folder was written with what had finished.
    """
    started = time.perf_counter()
    planned = plan_models(config.run.models, config.run.embeddings)
    check_out(config.run.out)
    loaded, duplicates, folds = _read_and_split(config, console)
    run = _make_run_folder(config, loaded.name)
    console.log_to(run / "log.txt")
    write_whole(run / "config.toml", save_config(config).encode())
    record = Record.begin(run, config, command, loaded, duplicates, [fold.corpus for fold in folds], planned)
    for source in unused_sources(planned, config.run.embeddings):
        record.note(f"embedding source {source} was asked for, but no model of this run reads it")
    material = _tokenize(config, console, run, loaded, planned)
    record.tokens(describe_tokens(material.tokenized, folds[0].corpus))
    try:
        with _quiet(config):
            for fold in folds:
                run_fold(material, fold, record)
    except KeyboardInterrupt:
        record.end("interrupted")
        conclude(record, console, time.perf_counter() - started)
        raise
    record.end("done")
    conclude(record, console, time.perf_counter() - started)
    return run


def check_out(out: str | None) -> None:
    """Refuse an output folder that holds something."""
    if out is None:
        return
    path = Path(out)
    if path.is_file():
        raise PipelineError("--out", f"{out} is a file; a folder is expected", "name a new folder")
    if path.is_dir() and any(path.iterdir()):
        raise PipelineError("--out", f"the folder {out} is not empty", "name a new folder, or empty this one")


@contextlib.contextmanager
def _quiet(config: Config) -> Iterator[None]:
    """Keep TensorFlow's chatter from the terminal, unless --debug asks for all of it."""
    if config.run.debug:
        yield
        return
    quiet_tensorflow()
    with filtered_stderr():
        yield


def _read_and_split(config: Config, console: Console) -> tuple[LoadedCorpus, Duplicates, list[Fold]]:
    wanted = config.corpus
    with console.stage(f"Reading {wanted.path}"):
        loaded = read_corpus(
            wanted.path,
            test=wanted.test,
            validation=wanted.validation,
            unlabelled=wanted.unlabelled,
            text_column=wanted.text,
            label_column=wanted.label,
        )
        if config.run.quick:
            loaded = sample_corpus(loaded, QUICK_DOCUMENTS, stage_generator(config.run.seed, "quick sample"))
        duplicates = find_duplicates(loaded.corpus)
        corpora = split_corpus(
            loaded,
            duplicates.groups,
            test_size=wanted.test_size,
            validation_size=wanted.validation_size,
            folds=wanted.folds,
            generator=stage_generator(config.run.seed, "split"),
        )
    folds = [Fold.of(number, corpus) for number, corpus in enumerate(corpora)]
    if wanted.folds == 0:  # where a split was made or completed, duplicates are counted against it
        duplicates = find_duplicates(corpora[0])
    return loaded, duplicates, folds


def _make_run_folder(config: Config, name: str) -> Path:
    if config.run.out:
        run = Path(config.run.out)
    else:
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        run = Path("reports") / f"{name}-{stamp}"
        number = 2
        while run.exists():
            run, number = Path("reports") / f"{name}-{stamp}-{number}", number + 1
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PipelineError(
            "--out", f"{run} cannot be made: {error.strerror}", "name another folder"
        ) from None
    return run


def _tokenize(
    config: Config, console: Console, run: Path, loaded: LoadedCorpus, planned: tuple[PlannedModel, ...]
) -> Material:
    with console.stage("Tokenising"):
        tokenized = tokenize(loaded.corpus.texts, config.tokenizer)
        unlabelled = None
        if loaded.unlabelled is not None and any(model.source for model in planned):
            unlabelled = tokenize(loaded.unlabelled, config.tokenizer)
    return Material(config, console, run, loaded, tokenized, unlabelled, planned)


# --- one fold --------------------------------------------------------------------------------------------


def run_fold(material: Material, fold: Fold, record: Record) -> None:
    """Fit every planned model on one split and save its predictions of the test documents."""
    parts = record.fold(fold.number)
    final = fold.refitted() if material.config.run.refit else fold
    _run_baselines(material, fold, final, parts)
    for source in dict.fromkeys(model.source for model in material.planned if model.source):
        _run_networks(material, source, fold, final, parts)


def _run_baselines(material: Material, fold: Fold, final: Fold, parts: FoldRecord) -> None:
    models = [model for model in material.planned if model.source is None]
    if not models:
        return
    with material.console.stage("Counting n-grams"):
        counted = _count(material, fold)
        final_counted = counted if final is fold else _count(material, final)
    for planned in models:
        _run_baseline(material, planned, (fold, counted), (final, final_counted), parts)


@dataclass(frozen=True, eq=False)
class Counted:
    """n-gram counts of one split: learned from its training documents."""

    ngrams: NgramVocabulary
    train: csr_array
    validation: csr_array | None


def _count(material: Material, fold: Fold) -> Counted:
    settings = material.config.baselines
    ngrams, train = learn_ngrams(
        select(material.tokenized, fold.train),
        ngram_min=settings.ngram_min,
        ngram_max=settings.ngram_max,
        min_df=_fitting_min_df(settings.min_df, len(fold.train)),
    )
    if not len(ngrams.keys):
        raise PipelineError(
            "baselines.min_df",
            f"no n-gram stands in {settings.min_df} training documents",
            "lower it, or look at the text column",
        )
    validation = (
        count_ngrams(select(material.tokenized, fold.validation), ngrams) if len(fold.validation) else None
    )
    return Counted(ngrams, train, validation)


def _fitting_min_df(wanted: int, n_docs: int) -> int:
    """Return `min_df`, or 1 where there are fewer than a hundred documents and every n-gram is rare."""
    return wanted if n_docs >= 100 else 1


def _run_baseline(
    material: Material,
    planned: PlannedModel,
    chosen_on: tuple[Fold, Counted],
    final: tuple[Fold, Counted],
    parts: FoldRecord,
) -> None:
    from pipeline.baselines import choose_strength, fit_baseline

    settings, labels = material.config.baselines, material.loaded.corpus.labels
    (fold, counted), (final_fold, final_counted) = chosen_on, final
    n_classes = len(material.loaded.corpus.label_names)
    with material.console.stage(f"Fitting {planned.name}") as stage, PeakMemory() as memory:
        start = time.perf_counter()
        strength, tried = choose_strength(
            planned.model,
            (counted.train, labels[fold.train]),
            (counted.validation, labels[fold.validation]),
            settings,
            lambda trial: stage.advance(1, f"validation accuracy {trial.validation_accuracy:.1%}"),
        )
        fitted = fit_baseline(
            planned.model,
            final_counted.train,
            labels[final_fold.train],
            n_classes=n_classes,
            strength=strength,
            settings=settings,
        )
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        test_counts = count_ngrams(select(material.tokenized, fold.test), final_counted.ngrams)
        probabilities = fitted.predict_probabilities(test_counts)
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
    judged = next((trial.validation_accuracy for trial in tried if trial.value == strength), None)
    if judged is None and counted.validation is not None:
        answers = fitted.predict_probabilities(counted.validation).argmax(axis=1)
        judged = float((answers == labels[fold.validation]).mean())
    predictions = _predictions(material, fold, probabilities)
    _save_predictions(material, planned.name, 0, fold, predictions)
    if fold.number == 0:
        save_baseline(
            material.run,
            planned.name,
            fitted,
            final_counted.ngrams,
            material.loaded.corpus.label_names,
            material.config,
        )
    fit = Fit(
        planned.name,
        0,
        fold.number,
        seconds,
        rate,
        memory.mib,
        fitted.parameters,
        judged,
        None,
        fitted.warnings,
    )
    choice = Choice(planned.name, fold.number, "C", strength, tried) if tried else None
    parts.baseline(fit, choice)


# --- networks --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Prepared:
    """One split laid out for the networks of one source."""

    embedded: Embedded
    documents: Visible  # every document of the corpus, as the networks see it


def _run_networks(material: Material, source: str, fold: Fold, final: Fold, parts: FoldRecord) -> None:
    prepared = _prepare(material, source, fold)
    final_prepared = prepared if final is fold else _prepare(material, source, final)
    train = select(material.tokenized, final.train)
    labels = material.loaded.corpus.labels[final.train]
    parts.source(SourceRecord(source, final_prepared.embedded, final_prepared.documents), train, labels)
    if fold.number == 0:
        save_embedding(material.run, final_prepared.embedded)
    for planned in material.planned:
        if planned.source == source:
            for seed in range(material.config.run.seeds):
                _run_network(material, planned, seed, (fold, prepared), (final, final_prepared), parts)


def _prepare(material: Material, source: str, fold: Fold) -> Prepared:
    config = material.config
    train = select(material.tokenized, fold.train)
    vocabulary = build_vocabulary(
        train, min_count=config.vocabulary.min_count, max_size=config.vocabulary.max_size
    )
    with material.console.stage(f"Embedding: {source}") as stage:
        request = EmbeddingRequest(
            vocabulary=vocabulary,
            train=train,
            corpus_types=material.tokenized.types,
            unlabelled=material.unlabelled,
            word2vec=config.word2vec,
            embeddings=config.embeddings,
            seed=int(stage_generator(config.run.seed, f"embedding {source}").integers(2**31)),
            deterministic=config.run.deterministic,
            on_epoch=lambda note: stage.advance(1, note),
        )
        embedded = embed(source, request)
    indexed = encode_covered(material.tokenized, embedded)
    return Prepared(
        embedded, visible(indexed, max_tokens=config.networks.max_tokens, keep=config.networks.keep)
    )


def encode_covered(tokenized: TokenizedCorpus, embedded: Embedded) -> IndexedCorpus:
    """Return the documents as rows; a word without a vector reads as the unknown row, which stands for all such."""
    indexed = encode(tokenized, embedded.vocabulary)
    known = np.where(embedded.matrix.covered, np.arange(len(embedded.vocabulary)), 1).astype(np.int32)  # (V,)
    return IndexedCorpus(known[indexed.indices], indexed.offsets)


def _run_network(
    material: Material,
    planned: PlannedModel,
    seed: int,
    chosen_on: tuple[Fold, Prepared],
    final: tuple[Fold, Prepared],
    parts: FoldRecord,
) -> None:
    from pipeline.networks.training import predict_probabilities

    (fold, prepared), (final_fold, final_prepared) = chosen_on, final
    config, n_classes = material.config, len(material.loaded.corpus.label_names)
    which = f"seed {seed + 1} of {config.run.seeds}"
    with PeakMemory() as memory:
        start = time.perf_counter()
        chosen = fitted = _fit(material, planned, seed, fold, prepared, which)
        if final_fold is not fold:
            again = f"{which}, on training and validation documents"
            fitted = _fit(material, planned, seed, final_fold, final_prepared, again, chosen.best_epoch)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        documents = take(final_prepared.documents.indexed, fold.test)
        probabilities = predict_probabilities(fitted.model, documents, n_classes)
        rate = len(fold.test) / max(time.perf_counter() - start, 1e-9)
    _save_predictions(material, planned.name, seed, fold, _predictions(material, fold, probabilities))
    names = material.loaded.corpus.label_names
    if fold.number == 0 and seed == 0:
        save_network(material.run, planned.name, fitted, planned.source or "", names, config)
    judged = next((e.validation_accuracy for e in chosen.epochs if e.epoch == chosen.best_epoch), None)
    fit = Fit(
        planned.name,
        seed,
        fold.number,
        seconds,
        rate,
        memory.mib,
        fitted.parameters,
        judged,
        fitted.why_not,
        chosen.warnings,
    )
    parts.network(fit, chosen, _trained_table(fitted) if seed == 0 else None)
    _forget_graphs()


def _fit(
    material: Material,
    planned: PlannedModel,
    seed: int,
    fold: Fold,
    prepared: Prepared,
    which: str,
    epochs: int | None = None,
) -> Any:
    """Train one network, with a bar."""
    from pipeline.networks.models import specify
    from pipeline.networks.training import Epoch, Labelled, fit_network

    config, corpus = material.config, material.loaded.corpus
    spec = specify(
        planned.model,
        planned.head or "",
        prepared.embedded.matrix,
        prepared.embedded.tuned,
        len(corpus.label_names),
        config.networks,
    )
    documents = prepared.documents.indexed
    train = Labelled(take(documents, fold.train), corpus.labels[fold.train])
    validation = None
    if len(fold.validation):
        validation = Labelled(take(documents, fold.validation), corpus.labels[fold.validation])
    title = f"Training {planned.name} ({which})"
    best = 0.0
    with material.console.stage(title, total=epochs or config.networks.max_epochs, unit="epochs") as stage:

        def on_epoch(epoch: Epoch) -> None:
            nonlocal best
            best = max(best, epoch.validation_accuracy or 0.0)
            stage.advance(1, f"best validation accuracy {best:.1%}" if best else f"loss {epoch.loss:.3f}")

        fit_seed = int(stage_generator(config.run.seed, f"{planned.name} {seed}").integers(2**31))
        return fit_network(
            spec,
            prepared.embedded.matrix.vectors,
            train,
            validation,
            config.networks,
            seed=fit_seed,
            epochs=epochs,
            deterministic=config.run.deterministic,
            on_epoch=on_epoch,
        )


def _trained_table(fitted: Any) -> Float32 | None:
    """Return the embedding as training left it, if it was tuned."""
    return fitted.model.get_layer("embedding").get_weights()[0] if fitted.spec.tuned else None


def _forget_graphs() -> None:
    """Free the graphs of the last network: Keras keeps them for the life of the process."""
    import gc

    import keras

    keras.backend.clear_session()
    gc.collect()


def _predictions(material: Material, fold: Fold, probabilities: Float32) -> Predictions:
    corpus = material.loaded.corpus
    total = probabilities.sum(axis=1, keepdims=True)
    usable = np.isfinite(total) & (total > 0)
    uniform = np.float32(1 / probabilities.shape[1])  # a network that diverged answers nothing: chance
    normal = np.where(usable, np.nan_to_num(probabilities) / np.where(usable, total, 1), uniform)
    return Predictions(corpus.records[fold.test], _labels(corpus, fold), normal.astype(np.float32))


def _labels(corpus: Corpus, fold: Fold) -> Int32:
    return corpus.labels[fold.test]


def _save_predictions(material: Material, name: str, seed: int, fold: Fold, predictions: Predictions) -> None:
    write_predictions(
        prediction_path(material.run, name, seed, fold.number),
        predictions,
        material.loaded.corpus.label_names,
        name=name,
        seed=seed,
        fold=fold.number,
        corpus_hash=material.loaded.hash,
    )
