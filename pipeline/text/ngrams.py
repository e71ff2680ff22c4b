"""Runs of tokens as integers: which occur in the training documents, and how often in each document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.resources import in_two_threads
from pipeline.core.values import Bool, Float32, Float64, Int32, Int64, TokenizedCorpus
from pipeline.text.vocabulary import rows_in

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_TOKENS_PER_PIECE = 1_000_000
_KEY_BITS = 62


class NgramsTooLong(ValueError):
    """An n-gram does not fit into one integer."""


@dataclass(frozen=True, eq=False)
class NgramVocabulary:
    """The n-grams of training documents, in alphabetical order, as numbers.

    `tokens` (T,) are sorted; n-gram j is `keys[j]`, its tokens' positions in `tokens` (from 1; 0 for "no
    token") read as digits in base T + 1, padded on the right to `ngram_max` digits. `document_counts[j]` is
    the number of training documents that hold it; a saved model has kept none.
    """

    tokens: pl.Series  # string (T,)
    keys: Int64  # (F,), ascending
    ngram_min: int
    ngram_max: int
    document_counts: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # (F,)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each token stands in `tokens`."""
        return dict(zip(self.tokens.to_list(), range(len(self.tokens)), strict=True))

    def terms(self, columns: Int64 | None = None) -> list[str]:
        """Return n-grams as text, tokens joined by a blank, as scikit-learn's CountVectorizer names them."""
        keys = self.keys if columns is None else self.keys[columns]
        base = len(self.tokens) + 1
        places = range(self.ngram_max - 1, -1, -1)
        digits = [(keys // base**place) % base for place in places]
        padded = pl.concat([pl.Series([None], dtype=pl.String), self.tokens])
        columns_of_tokens = [padded.gather(digit).alias(str(place)) for place, digit in enumerate(digits)]
        joined = pl.DataFrame(columns_of_tokens).select(
            pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)
        )
        return joined.to_series().to_list()


def learn_ngrams(
    train: TokenizedCorpus, *, ngram_min: int = 1, ngram_max: int = 2, min_df: int = 1
) -> tuple[NgramVocabulary, csr_array]:
    """Return the n-grams of the training documents and their counts.

    Parameters
    ----------
    train : TokenizedCorpus
        Training documents and nothing else.
    ngram_min, ngram_max : int
        Shortest and longest n-gram.
    min_df : int
        Least number of training documents that hold an n-gram.

    Returns
    -------
    NgramVocabulary
        F n-grams in alphabetical order.
    csr_array, int32, shape (N, F)
        Equal to `CountVectorizer(ngram_range=..., min_df=...)` on the same tokens, column for column.

    Raises
    ------
    NgramsTooLong
        If an n-gram does not fit into 62 bits (over 1.6 million frequent types with n-grams of three).

    Notes
    -----
    A (n-gram, document) pair is one 64-bit integer, so one sort per piece of the corpus groups all
    occurrences; runs of equal integers are the counts. A token in fewer than `min_df` documents cannot be
    part of a kept n-gram and is left out before the sort.
    """
    tokens, rank_of_type = _frequent_types(train, min_df)
    if (len(tokens) + 1) ** ngram_max >= 2**_KEY_BITS:
        raise NgramsTooLong(f"{len(tokens)} types are too many for n-grams of {ngram_max} tokens")
    pieces = _count_pieces(train, rank_of_type, len(tokens) + 1, (ngram_min, ngram_max))
    keys, document_counts = _merge([(piece.keys, np.diff(piece.indptr)) for piece in pieces])
    frequent = document_counts >= min_df
    keys, document_counts = keys[frequent], document_counts[frequent]
    ngrams = NgramVocabulary(tokens, keys, ngram_min, ngram_max, document_counts)
    return ngrams, _stack(pieces, keys)


def count_ngrams(tokenized: TokenizedCorpus, ngrams: NgramVocabulary) -> csr_array:
    """Return the counts of learned n-grams in any documents; int32 csr_array, shape (N, F)."""
    return _stack(_counted(tokenized, ngrams), ngrams.keys)


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """How often documents hold n-grams: an entry for each of both that meet, a document's in the order of n-grams.

    `count_ngrams` has the same as a matrix of scipy, whose import takes longer than the answer to a text.
    """

    columns: Int64  # (E,), which n-gram
    documents: Int64  # (E,), in which document
    counts: Float32 | Float64  # (E,), of the type in which they are weighed
    n_docs: int


def count_entries(tokenized: TokenizedCorpus, ngrams: NgramVocabulary) -> NgramCounts:
    """Return the counts of learned n-grams in any documents, as entries with float32 counts."""
    pieces = _counted(tokenized, ngrams)
    found = in_two_threads(lambda piece: _entries(piece, ngrams.keys), pieces)
    if len(found) == 1:
        return found[0]
    starts = np.cumsum([0, *(own.n_docs for own in found)])
    documents = [own.documents + start for own, start in zip(found, starts, strict=False)]
    columns, counts = [own.columns for own in found], [own.counts for own in found]
    none = np.zeros(0, dtype=np.int64)
    return NgramCounts(
        np.concatenate([none, *columns]),
        np.concatenate([none, *documents]),
        np.concatenate([none.astype(np.float32), *counts]),
        int(starts[-1]),
    )


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Where a document of T tokens holds n-grams: one entry for each time that one stands there."""

    columns: Int64  # (O,), which n-gram
    starts: Int64  # (O,), its first token
    sizes: Int64  # (O,), its tokens
    n_tokens: int  # T


def find_occurrences(tokenized: TokenizedCorpus, ngrams: NgramVocabulary) -> Iterator[Occurrences]:
    """Yield where each document holds learned n-grams; what `count_ngrams` counts, one document at a time."""
    digits = rows_in(tokenized.types, ngrams).astype(np.int64)[tokenized.token_types] + 1  # (M,)
    for document in range(tokenized.n_docs):
        yield _occurrences(digits[tokenized.offsets[document] : tokenized.offsets[document + 1]], ngrams)


def _occurrences(digits: Int64, ngrams: NgramVocabulary) -> Occurrences:
    """Return where one document holds n-grams, its tokens given as digits of their keys, (T,)."""
    found = [np.zeros((3, 0), dtype=np.int64)]
    base, n_range, keys = len(ngrams.tokens) + 1, (ngrams.ngram_min, ngrams.ngram_max), ngrams.keys
    for n, runs, inside in _runs_of_tokens(digits, np.zeros_like(digits), base, n_range):
        wanted = runs * base ** (ngrams.ngram_max - n)
        column, known = _places(keys, wanted)  # (T - n + 1,)
        start = np.flatnonzero(inside & known)
        found.append(np.stack([column[start], start, np.full_like(start, n)]))  # (3, places)
    columns, starts, sizes = np.concatenate(found, axis=1)  # (O,) each
    return Occurrences(columns, starts, sizes, len(digits))


@dataclass(frozen=True, eq=False)
class _PieceCounts:
    """Counts of one run of documents in compressed columns: column j is n-gram `keys[j]`."""

    keys: Int64  # (F',), ascending
    indptr: Int64  # (F' + 1,)
    documents: Int32  # (P,), from 0 in the piece, ascending in a column
    counts: Int32  # (P,)
    n_docs: int


def _frequent_types(train: TokenizedCorpus, min_df: int) -> tuple[pl.Series, Int64]:
    """Return the sorted types that stand in `min_df` training documents, and each type's position there or -1."""
    documents = np.repeat(np.arange(train.n_docs, dtype=np.int64), np.diff(train.offsets))  # (M,)
    if min_df > 1:
        pairs = train.token_types.astype(np.int64) * max(train.n_docs, 1) + documents
        pairs.sort()
        distinct = pairs[np.diff(pairs, prepend=-1) > 0]
        df = np.bincount(distinct // max(train.n_docs, 1), minlength=len(train.types))
    else:
        df = np.bincount(train.token_types, minlength=len(train.types))
    kept = np.flatnonzero(df >= min_df)
    tokens = train.types.gather(kept)
    order = tokens.arg_sort().to_numpy()
    rank_of_type = np.full(len(train.types), -1, dtype=np.int64)
    rank_of_type[kept[order]] = np.arange(len(kept))
    return tokens.gather(order), rank_of_type


def _counted(tokenized: TokenizedCorpus, ngrams: NgramVocabulary) -> list[_PieceCounts]:
    """Return the counts of all n-grams of learned tokens, learned themselves or not."""
    rank_of_type = rows_in(tokenized.types, ngrams).astype(np.int64)
    n_range = (ngrams.ngram_min, ngrams.ngram_max)
    return _count_pieces(tokenized, rank_of_type, len(ngrams.tokens) + 1, n_range)


def _count_pieces(
    tokenized: TokenizedCorpus, rank_of_type: Int64, base: int, n_range: tuple[int, int]
) -> list[_PieceCounts]:
    """Count the n-grams of runs of documents, in two threads (NumPy's sort releases the interpreter lock)."""
    docs_bits = 63 - (base ** n_range[1]).bit_length()  # what an integer has left for the document's number
    count = partial(_count_piece, rank_of_type=rank_of_type, base=base, n_range=n_range)
    return in_two_threads(count, _runs(tokenized, most_docs=2**docs_bits))


def _runs(tokenized: TokenizedCorpus, most_docs: int) -> Iterable[TokenizedCorpus]:
    """Cut the corpus between documents into runs of about a million tokens and at most `most_docs` documents."""
    start = 0
    while start < tokenized.n_docs:
        enough = np.searchsorted(
            tokenized.offsets, tokenized.offsets[start] + _TOKENS_PER_PIECE, side="right"
        )
        end = min(max(int(enough) - 1, start + 1), start + most_docs, tokenized.n_docs)
        first, last = tokenized.offsets[start], tokenized.offsets[end]
        offsets = tokenized.offsets[start : end + 1] - first
        yield TokenizedCorpus(tokenized.token_types[first:last], offsets, tokenized.types)
        start = end


def _count_piece(
    piece: TokenizedCorpus, *, rank_of_type: Int64, base: int, n_range: tuple[int, int]
) -> _PieceCounts:
    """Count the n-grams of a run of documents by sorting (n-gram, document) integers."""
    pairs = _pairs(piece, rank_of_type, base, n_range)
    pairs.sort()
    starts = _run_starts(pairs)
    counts = np.diff(starts, append=len(pairs)).astype(np.int32)  # (P,)
    distinct = pairs[starts]  # (P,)
    n_docs = max(piece.n_docs, 1)
    keys, documents = np.divmod(distinct, n_docs)
    columns = _run_starts(keys)
    indptr = np.append(columns, len(keys))
    return _PieceCounts(keys[columns], indptr, documents.astype(np.int32), counts, piece.n_docs)


def _pairs(piece: TokenizedCorpus, rank_of_type: Int64, base: int, n_range: tuple[int, int]) -> Int64:
    """Return one integer, key * n_docs + document, for each n-gram occurrence whose tokens all have a rank."""
    digits = rank_of_type[piece.token_types] + 1  # (M,), 0 where the token has no rank
    documents = np.repeat(np.arange(piece.n_docs, dtype=np.int64), np.diff(piece.offsets))  # (M,)
    n_docs, longest = max(piece.n_docs, 1), n_range[1]
    return np.concatenate(
        [
            keys[inside] * base ** (longest - n) * n_docs + documents[: len(inside)][inside]
            for n, keys, inside in _runs_of_tokens(digits, documents, base, n_range)
        ]
    )


def _runs_of_tokens(
    digits: Int64, documents: Int64, base: int, n_range: tuple[int, int]
) -> Iterator[tuple[int, Int64, Bool]]:
    """Yield for each n the n-gram that starts at each token, read as a number, and whether it is one.

    It is none where it reaches into the next document (`documents` are their numbers, (M,)) or a digit is 0.
    """
    shortest, longest = n_range
    keys, inside = digits, digits > 0
    for n in range(1, longest + 1):
        if n > 1:
            follows = digits[n - 1 :]
            same = documents[: len(follows)] == documents[n - 1 :]
            inside = inside[: len(follows)] & same & (follows > 0)
            keys = keys[: len(follows)] * base + follows  # (M - n + 1,)
        if n >= shortest:
            yield n, keys, inside


def _run_starts(ordered: Int64) -> Int64:
    """Return where each run of equal values starts in an ascending array."""
    if len(ordered) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])


def _merge(columns: list[tuple[Int64, Int64]]) -> tuple[Int64, Int64]:
    """Add up document counts of equal keys over the pieces; keys come out ascending."""
    if not columns:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    keys = np.concatenate([key for key, _ in columns])
    counts = np.concatenate([count for _, count in columns])
    order = np.argsort(keys, kind="stable")  # runs that are sorted already merge in linear time
    keys, counts = keys[order], counts[order]
    starts = _run_starts(keys)
    return keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts


def _entries(piece: _PieceCounts, keys: Int64) -> NgramCounts:
    """Return one piece as entries of the n-grams `keys`."""
    places, known = _places(keys, piece.keys)
    lengths = np.diff(piece.indptr)
    kept, columns = np.repeat(known, lengths), np.repeat(places[known], lengths[known])
    documents, counts = piece.documents[kept].astype(np.int64), piece.counts[kept].astype(np.float32)
    return NgramCounts(columns, documents, counts, piece.n_docs)


def _places(keys: Int64, wanted: Int64) -> tuple[Int64, Bool]:
    """Return where each wanted number stands in ascending `keys`, and whether it does."""
    places = np.searchsorted(keys, wanted)
    if not len(keys):
        return places, np.zeros(len(wanted), dtype=np.bool_)
    return places, keys.take(places, mode="clip") == wanted


def _stack(pieces: list[_PieceCounts], keys: Int64) -> csr_array:
    """Return the pieces' counts as one matrix with a column for each of `keys`; int32 indices where they fit."""
    from scipy.sparse import csr_array

    if not pieces:
        return csr_array((0, len(keys)), dtype=np.int32)
    parts = in_two_threads(lambda piece: _to_rows(piece, keys), pieces)
    lengths = np.concatenate([np.diff(rows.indptr) for rows, _ in parts])  # (N,)
    indptr = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])  # (N + 1,)
    index_dtype = np.int32 if indptr[-1] < 2**31 else np.int64
    data, columns = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], index_dtype)
    ends = np.cumsum([rows.nnz for rows, _ in parts])

    def fill(part: tuple[tuple[csr_array, Int64], int]) -> None:
        (rows, column_of_own), end = part
        place = slice(end - rows.nnz, end)
        data[place] = rows.data
        np.take(column_of_own.astype(index_dtype), rows.indices, out=columns[place], mode="clip")  # no copy

    in_two_threads(fill, zip(parts, ends.tolist(), strict=True))
    return csr_array((data, columns, indptr.astype(index_dtype)), shape=(len(lengths), len(keys)))


def _to_rows(piece: _PieceCounts, keys: Int64) -> tuple[csr_array, Int64]:
    """Return one piece as rows over the n-grams that both it and `keys` hold, and those n-grams' columns."""
    from scipy.sparse import csc_array

    places, known = _places(keys, piece.keys)  # (F',)
    counts, documents, indptr = piece.counts, piece.documents, piece.indptr
    if not known.all():
        lengths = np.diff(piece.indptr)
        kept = np.repeat(known, lengths)
        counts, documents = counts[kept], documents[kept]
        indptr = np.concatenate([[0], np.cumsum(lengths[known])])
    shape = (piece.n_docs, int(known.sum()))
    rows = csc_array((counts, documents, indptr.astype(np.int32)), shape=shape).tocsr()
    return rows, places[known]
