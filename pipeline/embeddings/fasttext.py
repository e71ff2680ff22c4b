"""`fasttext`: gensim's FastText on the training documents, and on unlabelled text where there is some."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.values import Float32, Int64
from pipeline.embeddings.combine import add_subword_vectors
from pipeline.embeddings.kept import cached_vectors, training_key, words_hash
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.embeddings.word2vec import (
    described,
    gensim_options,
    lowered_min_count,
    read_text,
    train_on_numbers,
)
from pipeline.settings.tables import FastTextSettings

if TYPE_CHECKING:
    from gensim.models import Word2Vec

_MOST_PLACES = 2_000_000  # gensim's and fastText's own `bucket`


def train_fasttext(request: EmbeddingRequest) -> WordVectors:
    """Return gensim's vectors for the words of the text, and for the corpus's other words from their n-grams.

    Returns
    -------
    WordVectors
        float32 (W, `word2vec.vector_size`); words that occur `word2vec.min_count` times or more, then words of
        the corpus that share a character n-gram with one of them (`from_subwords`).

    Raises
    ------
    PipelineError
        If there is no token to train on.

    Notes
    -----
    A word is the average of a vector of its own and of one for each of its n-grams of `min_n` to `max_n`
    characters [1]_. An n-gram has a place of its own where `bucket` allows it; fastText hashes them into two
    million, which would be gigabytes for a small corpus. For a word without a vector of its own, n-grams that
    training never met are left out of the average: their vectors are still random. gensim reads word numbers,
    as in `train_word2vec`, and is told each number's n-grams.

    References
    ----------
    .. [1] Bojanowski, Grave, Joulin, Mikolov (2017), arXiv:1607.04606, sec. 3.2.
    """
    settings = {"word2vec": request.word2vec, "fasttext": request.fasttext}
    key = training_key("fasttext", request, settings) | {"types": words_hash(request.types)}
    return cached_vectors(request.cache, key, lambda: _train(request))


def _train(request: EmbeddingRequest) -> WordVectors:
    from gensim.models import FastText

    text, settings = read_text(request, "fasttext"), request.fasttext
    options, facts = gensim_options(request, text)
    frequent = np.flatnonzero(text.counts >= facts["min_count"])
    hashes, offsets = ngram_hashes(text.words.gather(frequent), settings)
    ngrams = np.unique(hashes)
    bucket = max(min(len(ngrams), settings.bucket or _MOST_PLACES), 1)
    places = _places(hashes, ngrams, bucket)
    start_of = dict(zip(frequent.tolist(), pairwise(offsets.tolist()), strict=True))

    def use_characters(model: Word2Vec) -> None:
        numbers = map(int, model.wv.index_to_key)
        model.wv.buckets_word = [places[slice(*start_of[number])] for number in numbers]

    model = FastText(**options, min_n=settings.min_n, max_n=settings.max_n, bucket=bucket)
    kept = train_on_numbers(model, text, facts["epochs"], request.on_epoch, use_characters)
    found = WordVectors(
        text.words.gather(kept),
        np.asarray(model.wv.vectors, dtype=np.float32),
        {**described(request.word2vec), **facts, "ngrams": len(ngrams), "bucket": bucket},
        lowered_min_count(request, text, facts["min_count"], "fasttext"),
    )
    table = model.wv.vectors_ngrams  # (bucket, D)
    return add_subword_vectors(
        found, request.types, lambda words: average_of_ngrams(words, ngrams, table, settings)
    )


def ngram_hashes(words: pl.Series, settings: FastTextSettings) -> tuple[Int64, Int64]:
    """Return the 32-bit hashes of each word's character n-grams, flat, and the offsets (W + 1,) of each word's.

    The n-grams are gensim's, of the word between `<` and `>`.
    """
    from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes

    hashed = [
        [ft_hash_bytes(ngram) for ngram in compute_ngrams_bytes(word, settings.min_n, settings.max_n)]
        for word in words
    ]
    offsets = np.cumsum([0, *map(len, hashed)]).astype(np.int64)
    return np.array([one for word in hashed for one in word], dtype=np.int64), offsets


def average_of_ngrams(words: pl.Series, ngrams: Int64, table: Float32, settings: FastTextSettings) -> Float32:
    """Return for each word the average vector of its n-grams that are among `ngrams`; zeros if none is.

    Parameters
    ----------
    words : string Series, shape (W,)
    ngrams : int64 array, shape (G,)
        Hashes of the n-grams that training met, ascending.
    table : float32 array, shape (B, D)
        Their vectors; n-gram g stands in row g modulo B.
    settings : FastTextSettings
    """
    hashes, offsets = ngram_hashes(words, settings)
    word_of = np.repeat(np.arange(len(words)), np.diff(offsets))
    known = np.isin(hashes, ngrams)
    word_of, rows = word_of[known], _places(hashes[known], ngrams, len(table))
    sums = np.zeros((len(words), table.shape[1]), dtype=np.float32)
    np.add.at(sums, word_of, table[rows])  # (W, D)
    counts = np.bincount(word_of, minlength=len(words)).astype(np.float32)
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)


def _places(hashes: Int64, ngrams: Int64, bucket: int) -> np.ndarray:
    """Return the row of each n-gram in gensim's table, as gensim wants it: uint32."""
    return (np.searchsorted(ngrams, hashes) % bucket).astype(np.uint32)
