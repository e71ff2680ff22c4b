"""Documents of one part that nearly repeat a document of another part, by the token runs they share.

MinHash signatures (rensa) name the pairs that are worth comparing; every pair is then compared exactly, so that
none is called a near-duplicate by chance. Why this library: docs/decisions/0012-near-duplicates.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from pipeline.core.values import Float32, Int64, TokenizedCorpus
from pipeline.text.ragged import select

SHINGLE_TOKENS = 3  # tokens that follow each other
SIMILARITY = 0.8  # Jaccard similarity from which two documents are near-duplicates
# a pair of similarity 0.8 becomes a candidate with a chance of 0.99995, one of 0.3 with 0.06
BANDS, ROWS = 25, 5
SIGNATURE_SLOTS = 128  # 125 are read; the library is fastest at a power of two
SEED = 1  # fixed: the same documents always give the same candidates
PER_BUCKET = 20  # documents of one bucket that are compared, the first ones
PER_DOCUMENT = 10  # candidates of one document that are compared, those that share most bands
DOCUMENTS_AT_ONCE = 10_000  # bounds the memory of signatures and comparisons

UInt32 = NDArray[np.uint32]
UInt64 = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """For each of n documents the most similar document elsewhere; -1 and 0 where none is similar enough."""

    of: Int64  # (n,) positions
    similarity: Float32  # (n,) Jaccard similarity, 0 or SIMILARITY .. 1


def sign_documents(tokenized: TokenizedCorpus) -> UInt32:
    """Return the MinHash signature of every document's shingles; uint32 (N, SIGNATURE_SLOTS).

    References
    ----------
    .. [1] Broder (1997), On the resemblance and containment of documents, SEQUENCES '97.
    """
    from rensa import RMinHash

    slots = np.zeros((tokenized.n_docs, SIGNATURE_SLOTS), dtype=np.uint32)  # (N, 128)
    for start, end in _pieces(tokenized.n_docs):
        shingles, offsets = shingles_of(tokenized, start, end)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            shingles, offsets.astype(np.uint64), SIGNATURE_SLOTS, SEED
        )
        slots[start:end] = matrix.to_rows()
    return slots


def find_near_duplicates(
    tokenized: TokenizedCorpus, signatures: UInt32, documents: Int64, others: Int64
) -> NearDuplicates:
    """Return for each of `documents` the most similar of `others`, if it is a near-duplicate.

    Parameters
    ----------
    tokenized : TokenizedCorpus
        N documents.
    signatures : uint32 array, shape (N, SIGNATURE_SLOTS)
    documents, others : int64 arrays, shapes (n,) and (m,)
        Positions, ascending. Of equally similar others the first is named.

    Notes
    -----
    Two documents are near-duplicates if the Jaccard similarity of their sets of shingles (runs of three tokens)
    is 0.8 or more. A document of three tokens or fewer is one shingle: only a document of the same tokens repeats
    it. One word changed inside a document changes three shingles, so that it is still a near-duplicate from 29
    tokens on. A document without a token repeats nothing. Shingles are compared by a 64-bit hash.

    Where more than 20 of `others` share a bucket, the first 20 are compared, and of all candidates of a document
    the ten that share most buckets: a corpus of thousands of copies of one form is not compared pair by pair.
    """
    has_tokens = np.diff(tokenized.offsets) > 0  # (N,)
    pairs = _candidates(signatures, *(part[has_tokens[part]] for part in (documents, others)))
    of, similarity = np.full(len(documents), -1, dtype=np.int64), np.zeros(len(documents), dtype=np.float32)
    if len(pairs) == 0:
        return NearDuplicates(of, similarity)
    found = pairs.with_columns(similarity=pl.Series(_similarities(tokenized, pairs))).filter(
        pl.col("similarity") >= SIMILARITY
    )
    best = found.sort("document", -pl.col("similarity"), "other").unique("document", keep="first")
    rows = np.searchsorted(documents, best["document"].to_numpy())
    of[rows], similarity[rows] = best["other"].to_numpy(), best["similarity"].to_numpy()
    return NearDuplicates(of, similarity)


def shingles_of(tokenized: TokenizedCorpus, start: int, end: int) -> tuple[UInt64, Int64]:
    """Return the hashed shingles of documents start .. end - 1, repeats included, and their offsets.

    A document of n tokens has max(n - 2, 1) of them; one without a token has none.
    """
    first, last = tokenized.offsets[start], tokenized.offsets[end]
    tokens = tokenized.token_types[first:last].astype(np.uint64) + np.uint64(1)  # (M',)
    lengths = np.diff(tokenized.offsets[start : end + 1])  # (n,)
    left = np.repeat(tokenized.offsets[start + 1 : end + 1] - first, lengths) - np.arange(last - first)
    hashed = np.zeros(len(tokens), dtype=np.uint64)  # (M',)
    for place in range(SHINGLE_TOKENS):  # past the document's end a place adds nothing
        of_place = np.where(left > place, np.roll(tokens, -place), np.uint64(0))
        hashed = _mix(hashed + of_place)
    n_shingles = np.where(lengths > 0, np.maximum(lengths - SHINGLE_TOKENS + 1, 1), 0)  # (n,)
    begins = (left >= SHINGLE_TOKENS) | (left == np.repeat(lengths, lengths))  # (M',)
    return hashed[begins], np.concatenate([[0], np.cumsum(n_shingles)]).astype(np.int64)


def _mix(numbers: UInt64) -> UInt64:
    """Return numbers with their bits spread: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _pieces(n_docs: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n_docs, DOCUMENTS_AT_ONCE):
        yield start, min(start + DOCUMENTS_AT_ONCE, n_docs)


def _candidates(signatures: UInt32, documents: Int64, others: Int64) -> pl.DataFrame:
    """Return the pairs to compare: columns document, other (int64 positions)."""
    found = []
    for band in range(BANDS):
        names = [f"slot {slot}" for slot in range(ROWS)]
        left, right = (
            pl.DataFrame(signatures[part, band * ROWS : (band + 1) * ROWS], schema=names).with_columns(
                pl.Series(name, part)
            )
            for name, part in (("document", documents), ("other", others))
        )
        right = right.join(left.select(names).unique(), on=names, how="semi")
        right = right.filter(pl.int_range(pl.len()).over(names) < PER_BUCKET)
        found.append(left.join(right, on=names).select("document", "other"))
    shared = pl.concat(found).group_by("document", "other").len("bands")
    ranked = shared.sort("document", -pl.col("bands").cast(pl.Int64), "other")
    return ranked.filter(pl.int_range(pl.len()).over("document") < PER_DOCUMENT).select("document", "other")


def _similarities(tokenized: TokenizedCorpus, pairs: pl.DataFrame) -> Float32:
    """Return the Jaccard similarity of each pair's sets of shingles; float32, shape (pairs,)."""
    found = []
    for start, end in _pieces(len(pairs)):
        piece = pairs[start:end]
        named = np.unique(np.concatenate([piece["document"], piece["other"]]))
        sets = _shingle_sets(tokenized, named)  # (n, shingles)
        a, b = (sets[np.searchsorted(named, piece[name].to_numpy())] for name in ("document", "other"))
        both = np.asarray(a.multiply(b).sum(axis=1)).ravel()
        found.append(both / (a.sum(axis=1) + b.sum(axis=1) - both))
    return np.concatenate(found).astype(np.float32)


def _shingle_sets(tokenized: TokenizedCorpus, documents: Int64) -> sparse.csr_array:
    """Return which shingles each document has; sparse int32 (n, different shingles)."""
    shingles, offsets = shingles_of(select(tokenized, documents), 0, len(documents))
    numbers = np.unique(shingles, return_inverse=True)[1]
    rows = np.repeat(np.arange(len(documents)), np.diff(offsets))
    table = sparse.csr_array((np.ones(len(rows), dtype=np.int32), (rows, numbers)))  # repeats are added up
    table.data[:] = 1
    return table
