"""Token strings to rows of a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError, times
from pipeline.core.values import (
    PADDING_TOKEN,
    UNKNOWN_ROW,
    UNKNOWN_TOKEN,
    Bool,
    IndexedCorpus,
    Int32,
    Int64,
    TokenizedCorpus,
    Vocabulary,
)


def build_vocabulary(train: TokenizedCorpus, *, min_count: int = 1, max_size: int = 0) -> Vocabulary:
    """Return the vocabulary of the training documents, most frequent first, ties in alphabetical order.

    Parameters
    ----------
    train : TokenizedCorpus
        Training documents and nothing else.
    min_count : int
        Least number of occurrences of a token in `train`.
    max_size : int
        Learned rows at most; 0 for no limit.

    Raises
    ------
    PipelineError
        If no token is frequent enough.
    """
    counts = np.bincount(train.token_types, minlength=len(train.types)).astype(np.int64)  # (T,)
    if counts.max(initial=0) < min_count:
        raise _nothing_left(train, counts, min_count)
    kept = (
        pl.DataFrame({"token": train.types, "count": counts})
        .filter(pl.col("count") >= max(min_count, 1))
        # text that spells them reads as unknown
        .filter(~pl.col("token").is_in([PADDING_TOKEN, UNKNOWN_TOKEN]))
        .sort(["count", "token"], descending=[True, False])
    )
    if max_size:
        kept = kept.head(max_size)
    tokens = pl.concat([pl.Series([PADDING_TOKEN, UNKNOWN_TOKEN]), kept["token"]]).alias("token")
    return Vocabulary(tokens, np.concatenate([[0, 0], kept["count"].to_numpy()]), len(tokens))


def _nothing_left(train: TokenizedCorpus, counts: Int64, min_count: int) -> PipelineError:
    if counts.max(initial=0) == 0:
        return PipelineError(
            "no-token-left", "tokenizer", "the training documents hold no token", "look at the text column"
        )
    top = int(counts.argmax())
    return PipelineError(
        "no-token-left",
        "vocabulary.min_count",
        f'{min_count} removes every token; the most frequent, "{train.types[top]}", occurs {times(counts[top])}',
        f"set it to {counts[top]} or less",
    )


def encode(tokenized: TokenizedCorpus, vocabulary: Vocabulary) -> IndexedCorpus:
    """Return each document as vocabulary rows; tokens without a row, and empty documents, get the unknown row."""
    row_of_type = rows_in(tokenized.types, vocabulary)  # (T,)
    row_of_type[row_of_type < 2] = UNKNOWN_ROW  # absent (-1), or a text that spells a reserved token
    indices = row_of_type[tokenized.token_types]  # (M,)
    lengths = np.diff(tokenized.offsets)
    empty = lengths == 0
    if empty.any():
        indices = np.insert(indices, tokenized.offsets[:-1][empty], UNKNOWN_ROW).astype(np.int32)
        lengths = np.where(empty, 1, lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)  # (N + 1,)
    return IndexedCorpus(indices, offsets)


def encode_known(tokenized: TokenizedCorpus, vocabulary: Vocabulary, covered: Bool) -> IndexedCorpus:
    """Return documents as vocabulary rows; words whose row has no vector (`covered`, (V,)) read as unknown."""
    indexed = encode(tokenized, vocabulary)
    rows = np.arange(len(vocabulary), dtype=np.int32)
    known = np.where(covered, rows, np.int32(UNKNOWN_ROW))  # (V,)
    return IndexedCorpus(known[indexed.indices], indexed.offsets)


_FEW = 1_000  # tokens; with more of them it is quicker to join two tables


class Known(Protocol):
    """Tokens, and where each stands among them."""

    @property
    def tokens(self) -> pl.Series: ...

    @property
    def places(self) -> Mapping[str, int]: ...


def rows_in(tokens: pl.Series, known: Known) -> Int32:
    """Return the position among `known.tokens` of each of `tokens`, -1 where absent; int32.

    What is asked for a few tokens, as of a single text, is asked so again and again: then nothing is joined each time.
    """
    if len(tokens) >= _FEW:
        return rows_of(tokens, known.tokens)
    return np.array([known.places.get(token, -1) for token in tokens], dtype=np.int32)


def rows_of(tokens: pl.Series, table: pl.Series) -> Int32:
    """Return the position in `table` (distinct strings) of each of `tokens`, -1 where absent; int32."""
    lookup = pl.DataFrame({"token": table, "row": np.arange(len(table), dtype=np.int32)})
    found = pl.DataFrame({"token": tokens}).join(lookup, on="token", how="left", maintain_order="left")
    return found["row"].fill_null(-1).to_numpy().astype(np.int32)
