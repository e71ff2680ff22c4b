"""Documents as linear models read them: n-gram counts, or averages of word vectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.fits import ModelFiles
from pipeline.core.values import Float32, Int64, TokenizedCorpus
from pipeline.embeddings.table import Embedded, encode_covered
from pipeline.experiment.data import RunData, Split
from pipeline.models.baselines.features import average
from pipeline.models.baselines.fitting import FittedBaseline
from pipeline.models.baselines.table import BASELINES, NgramRange, TextSize
from pipeline.models.save import Particulars, files_of_baseline, files_of_mean
from pipeline.models.table import PlannedModel
from pipeline.text.ngrams import NgramsTooLong, NgramVocabulary, count_ngrams, learn_ngrams
from pipeline.text.ragged import select


@dataclass(frozen=True, eq=False)
class Features:
    """One fold's documents as a linear model reads them, a row each."""

    fold: Split
    train: Any  # csr_array (N, F) or float32 array (N, D)
    validation: Any
    of: Callable[[TokenizedCorpus], Any]  # the features of any documents
    files: Callable[[Particulars, FittedBaseline], ModelFiles]
    seconds: float  # making them took so long
    # least number of training documents > columns of such n-grams; empty where there is nothing to choose
    columns: Mapping[int, Int64] = field(default_factory=dict)
    keep: Callable[[int], Features] | None = None  # the features of n-grams in so many documents alone


@dataclass
class CountedOnce:
    """n-gram counts of one fold: trials that follow each other often count the same n-grams."""

    planned: PlannedModel
    fold: Split
    last: tuple[NgramRange, Features] | None = None

    def features(self, trial: RunData) -> Features:
        wanted = range_of(trial, self.planned, self.fold)
        if self.last is None or self.last[0] != wanted:
            self.last = None  # let go before the next is made
            self.last = wanted, count_features(trial, self.fold, wanted)
        return self.last[1]


def range_of(data: RunData, planned: PlannedModel, fold: Split) -> NgramRange:
    ngrams = BASELINES[planned.model].ngrams
    assert ngrams is not None, "a model that reads vectors has a source"
    n_tokens = int(np.diff(data.tokenized.offsets)[fold.train].sum())
    size = TextSize(len(fold.train), n_tokens, len(data.label_names))
    wanted = ngrams(data.config.baselines, size)
    # A trial of --tune is one fit for every model, so there the first of several least numbers of documents stands.
    return replace(wanted, min_dfs=wanted.min_dfs[:1]) if data.config.run.tune else wanted


def count_features(data: RunData, fold: Split, wanted: NgramRange) -> Features:
    start = time.perf_counter()
    min_df = wanted.min_dfs[0]
    try:
        ngrams, train = learn_ngrams(
            select(data.tokenized, fold.train),
            ngram_min=wanted.shortest,
            ngram_max=wanted.longest,
            min_df=min_df,
        )
    except NgramsTooLong as error:
        fix = f"set it to {wanted.longest - 1} or less"  # it may be 0, by length, and cannot be lowered
        raise PipelineError("ngrams-over-the-limit", f"{wanted.prefix}ngram_max", str(error), fix) from error
    if not len(ngrams.keys):
        tokens = f"{wanted.shortest} to {wanted.longest} tokens"
        fixes = [f"set {wanted.prefix}min_df to 1"] if min_df > 1 else []
        fixes += ["lower baselines.ngram_min"] if wanted.shortest > 1 else []
        raise PipelineError(
            "no-token-left",
            "baselines",
            f"no n-gram of {tokens} stands in {min_df} of the {len(fold.train)} training documents",
            ", ".join([*fixes, "or look at the text column" if fixes else "look at the text column"]),
        )
    return _ngram_features(data, fold, ngrams, train, start, wanted.min_dfs)


def _ngram_features(
    data: RunData,
    fold: Split,
    ngrams: NgramVocabulary,
    train: Any,
    start: float,
    min_dfs: tuple[int, ...] = (),
) -> Features:
    validation = count_ngrams(select(data.tokenized, fold.validation), ngrams)
    columns = {min_df: np.flatnonzero(ngrams.document_counts >= min_df) for min_df in min_dfs}
    columns = {min_df: kept for min_df, kept in columns.items() if len(kept)}

    def files(own: NgramVocabulary) -> Callable[[Particulars, FittedBaseline], ModelFiles]:
        return partial(files_of_baseline, ngrams=own)

    def keep(min_df: int) -> Features:
        kept = np.flatnonzero(ngrams.document_counts >= min_df)
        own = replace(ngrams, keys=ngrams.keys[kept], document_counts=ngrams.document_counts[kept])
        read = train[:, kept], validation[:, kept], partial(count_ngrams, ngrams=own)
        return Features(fold, *read, files(own), seconds)

    seconds = time.perf_counter() - start
    of = partial(count_ngrams, ngrams=ngrams)
    chosen = columns if len(columns) > 1 else {}
    return Features(fold, train, validation, of, files(ngrams), seconds, chosen, keep)


def average_vectors(tokenized: TokenizedCorpus, embedded: Embedded) -> Float32:
    """Return the average of each document's vectors, float32 (N, D).

    All tokens of a document count, whatever `networks.max_tokens` says: nothing limits how much an average can
    read, and the baselines read every token too. A word without a vector counts as the unknown row, as it does
    in a network; so does a document without a token.
    """
    return average(encode_covered(tokenized, embedded), embedded.matrix.vectors)


def average_features(data: RunData, fold: Split, embedded: Embedded) -> Features:
    def of(tokenized: TokenizedCorpus) -> Any:
        return average_vectors(tokenized, embedded)

    start = time.perf_counter()
    train, validation = (of(select(data.tokenized, part)) for part in (fold.train, fold.validation))
    seconds = embedded.seconds + time.perf_counter() - start
    return Features(fold, train, validation, of, partial(files_of_mean, source=embedded.source), seconds)
