"""What the fits of a run share: the corpus, its splits and its tokens, and what an embedding source is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.console import Console
from pipeline.core.errors import first_places
from pipeline.core.seeds import stage_generator
from pipeline.core.store import Cache
from pipeline.core.values import (
    AS_IT_IS,
    TEST,
    TRAIN,
    VALIDATION,
    Corpus,
    Duplicates,
    Float32,
    Int32,
    Int64,
    LoadedCorpus,
    TokenizedCorpus,
    Writing,
)
from pipeline.corpus.by_settings import read_asked, split_asked
from pipeline.corpus.duplicates import find_duplicates, leak_warning
from pipeline.corpus.sources import names_of
from pipeline.embeddings.kept import default_cache
from pipeline.embeddings.request import EmbeddingRequest
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config
from pipeline.tasks.answers import Answers
from pipeline.tasks.table import document_task
from pipeline.tasks.task import DocumentTask
from pipeline.text.ragged import alone, select
from pipeline.text.tokenizer import as_given, normalised, tokenize
from pipeline.text.unspaced import settle
from pipeline.text.vocabulary import build_vocabulary

TIMED_DOCUMENTS = 50

_OWN_CACHE_BYTES = 2**34


@dataclass(frozen=True, eq=False)
class RunData:
    """What the fits of a run read, beside what their jobs name."""

    config: Config
    console: Console
    corpus: Corpus  # without texts: fits read tokens
    tokenized: TokenizedCorpus  # every document, in the order of the corpus
    unlabelled: TokenizedCorpus | None
    planned: tuple[PlannedModel, ...]
    given: TokenizedCorpus | None = (
        None  # the words as they are written, of documents that came cut into words
    )
    writing: Writing = AS_IT_IS  # how texts of the corpus are written
    own_cache: Path | None = None  # where this run alone keeps vectors, if it has no lasting cache

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what another process has of its own: the console."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "console"}

    @property
    def label_names(self) -> tuple[str, ...]:
        """The classes' names, (C,)."""
        return self.corpus.label_names

    @cached_property
    def cache(self) -> Cache | None:
        """The cache of this run: it keeps what this run uses, so there is one.

        Vectors of unlabelled text serve every fold: without a lasting cache they are kept for this run alone.
        """
        lasting = default_cache(self.config)
        if lasting is None and self.own_cache and self.config.corpus.folds and self.unlabelled is not None:
            return Cache(self.own_cache, _OWN_CACHE_BYTES)
        return lasting

    @property
    def task(self) -> DocumentTask[Answers]:
        """What is asked of documents."""
        return document_task(self.config)

    def labels(self, documents: Int64) -> Int32:
        """Return what is right for documents by position: (N,), or (N, C) where several labels may be."""
        return self.corpus.targets(documents)


@dataclass(frozen=True, eq=False)
class Split:
    """The positions of each part's documents, ascending; of a fold, where there are several."""

    number: int
    train: Int64
    validation: Int64
    test: Int64

    @classmethod
    def of(cls, number: int, corpus: Corpus) -> Split:
        """Return the split of a corpus whose documents are all assigned."""
        return cls(number, *(corpus.positions(part) for part in (TRAIN, VALIDATION, TEST)))

    def refitted(self) -> Split:
        """Return the split with the validation documents among the training documents."""
        train = np.sort(np.concatenate([self.train, self.validation]))
        return replace(self, train=train, validation=self.validation[:0])


def documents_to_time(
    data: RunData, fold: Split, tokens: TokenizedCorpus | None = None
) -> list[TokenizedCorpus]:
    """Return up to 50 test documents, spread evenly over all of them, each as a corpus of its own.

    What one document takes is measured on the first fold alone. `tokens`: those of all documents, if not the usual.
    """
    return [alone(tokens or data.tokenized, int(one)) for (one,) in places_to_time(fold)]


def places_to_time(fold: Split) -> list[Int64]:
    """Return where these documents stand, each in an array of its own."""
    if fold.number:
        return []
    places = np.linspace(0, len(fold.test) - 1, min(len(fold.test), TIMED_DOCUMENTS)).astype(np.int64)
    return [fold.test[place : place + 1] for place in places.tolist()]


@dataclass(frozen=True)
class Validated:
    """A score by `run.metric` on validation documents, and its standard error by the chance of documents."""

    score: float
    error: float


def validate(
    data: RunData, fold: Split, answer: Callable[[], Float32], accuracy: float | None
) -> Validated | None:
    """Return what a fit is chosen by: its score by `run.metric` on the fold's validation documents.

    Parameters
    ----------
    answer : callable
        Returns the validation documents' probabilities, float32 (N, C); called where accuracy is not the metric.
    accuracy : float or None
        The accuracy on them, which is known; None: nothing was validated.
    """
    if accuracy is None:
        return None
    documents, metric = fold.validation, data.task.metrics[data.config.run.metric]
    if metric.is_share_of_right:
        return Validated(accuracy, float(np.sqrt(accuracy * (1.0 - accuracy) / len(documents))))
    judged = data.task.judged(data.labels(documents), answer(), metric.name)
    error = metric.influence(judged).std() / np.sqrt(len(documents))
    return Validated(metric.value(judged), float(error))


def thresholds_on(data: RunData, fold: Split, answer: Callable[[], Float32]) -> Float32 | None:
    """Return from which probability on a label is given, chosen on validation documents; (C,).

    None where the likeliest class is the answer, and where nothing was validated: one half then.
    """
    if data.task.thresholds is None or not len(fold.validation):
        return None
    return data.task.thresholds(data.labels(fold.validation), answer(), data.config.run.metric)


def answers_on_test(
    data: RunData, fold: Split, probabilities: Float32, thresholds: Float32 | None = None
) -> Answers:
    """Return one fitted model's answers, float32 (N, C), on the fold's test documents."""
    documents = data.corpus.records[fold.test]
    return data.task.answers(documents, data.labels(fold.test), probabilities, thresholds)


def answers_on_validation(
    data: RunData, fold: Split, answer: Callable[[], Float32], thresholds: Float32 | None = None
) -> Answers | None:
    """Return one fitted model's answers on the validation documents of the first fold, whose models are saved."""
    if fold.number or not len(fold.validation):
        return None
    documents = data.corpus.records[fold.validation]
    return data.task.answers(documents, data.labels(fold.validation), answer(), thresholds)


def embedding_request(data: RunData, fold: Split, on_epoch: Callable[[int, int], None]) -> EmbeddingRequest:
    """Return what an embedding source is given in one fold: the vocabulary of its training documents and more."""
    config = data.config
    train = select(data.tokenized, fold.train)
    vocabulary = build_vocabulary(
        train, min_count=config.vocabulary.min_count, max_size=config.vocabulary.max_size
    )
    text, more_text = train, data.unlabelled
    if config.corpus.folds and data.unlabelled is not None:
        text, more_text = data.unlabelled, None  # the same vectors serve every fold
    return EmbeddingRequest(
        vocabulary=vocabulary,
        train=text,
        corpus_types=data.tokenized.types,
        unlabelled=more_text,
        word2vec=config.word2vec,
        embeddings=config.embeddings,
        seed=seed_of(data, "embedding"),  # one for all sources: a mode does not change what is trained
        deterministic=config.run.deterministic,
        on_epoch=on_epoch,
        fasttext=config.fasttext,
        cache=data.cache,
    )


def seed_of(data: RunData, stage: str) -> int:
    """Return the seed of one training; another `run.training_seed` gives another one and leaves the split."""
    settings = data.config.run
    own = f"{stage} of {settings.training_seed}" if settings.training_seed else stage
    return int(stage_generator(settings.seed, own).integers(2**31))


@dataclass(frozen=True, eq=False)
class ReadCorpus:
    """A corpus as a run read it; `corpora` are its documents with the split of each fold."""

    loaded: LoadedCorpus
    duplicates: Duplicates
    corpora: list[Corpus]

    @cached_property
    def folds(self) -> list[Split]:
        """The split of each fold."""
        return [Split.of(number, corpus) for number, corpus in enumerate(self.corpora)]


def read_and_split(config: Config, console: Console) -> ReadCorpus:
    """Return the corpus that the settings name, its duplicates, and every fold's split."""
    wanted = config.corpus
    with console.stage(f"Reading {first_places(names_of(wanted.path))}"):
        loaded = read_asked(config, console)
        duplicates = find_duplicates(loaded.corpus)
        corpora = split_asked(config, loaded, duplicates)
    console.say(loaded.reading.line())
    for warning in loaded.warnings:
        console.warn(warning)
    if wanted.folds == 0:  # where a split was made or completed, duplicates are counted against it
        duplicates = find_duplicates(corpora[0])
    read = ReadCorpus(loaded, duplicates, corpora)
    leak = leak_warning(duplicates, len(read.folds[0].test))
    if leak:
        console.warn(leak)
    return read


def settle_tokenizer(config: Config, loaded: LoadedCorpus) -> tuple[Config, tuple[str, ...]]:
    """Return the settings with what `tokenizer.unspaced` stands for in these documents, and a sentence that says so.

    Where no document needs it there is no sentence.

    Raises
    ------
    PipelineError
        If the settings ask for words that nothing here can cut.
    """
    if loaded.corpus.words is not None:
        return config, ()
    settled, told = settle(config.tokenizer, loaded.corpus.texts)
    return replace(config, tokenizer=settled), (told,) if told else ()


def tokenize_all(
    config: Config, console: Console, loaded: LoadedCorpus, planned: tuple[PlannedModel, ...]
) -> RunData:
    """Return what all folds share, with the tokens of every document and, for embeddings, of unlabelled text."""
    with console.stage("Tokenising"):
        words = loaded.corpus.words
        given = None if words is None else as_given(words)
        tokenized = (
            tokenize(loaded.corpus.texts, config.tokenizer)
            if given is None
            else normalised(given, config.tokenizer)
        )
        unlabelled = None
        if loaded.unlabelled is not None and any(model.source for model in planned):
            unlabelled = tokenize(loaded.unlabelled, config.tokenizer)
    corpus = loaded.corpus.without_texts()
    return RunData(config, console, corpus, tokenized, unlabelled, planned, given, loaded.writing)
