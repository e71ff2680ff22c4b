"""Documents as numbers between a begin and an end, in a closed vocabulary: what language models read and write."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from pipeline.core.values import Int32, Int64, TokenizedCorpus, require
from pipeline.text.vocabulary import rows_in

BEGIN, END, UNKNOWN = 0, 1, 2  # begin is never said; an end and an unknown symbol may be
RESERVED = ("<begin>", "<end>", "<unk>")


@dataclass(frozen=True, eq=False)
class Symbols:
    """A closed vocabulary: three reserved symbols, then those of the training documents, most frequent first."""

    tokens: pl.Series  # string (V,)

    def __post_init__(self) -> None:
        require(self.tokens[:3].to_list() == list(RESERVED), "symbols 0, 1 and 2 are reserved")

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def places(self) -> dict[str, int]:
        """The number of each symbol; a text that spells a reserved one has none."""
        return {token: place for place, token in enumerate(self.tokens.to_list()) if place >= len(RESERVED)}


@dataclass(frozen=True, eq=False)
class Streams:
    """Documents one after the other: document i is `symbols[offsets[i]:offsets[i + 1]]`, BEGIN first and END last."""

    symbols: Int32  # (S,)
    offsets: Int64  # (N + 1,)

    @property
    def n_docs(self) -> int:
        """The number of documents N."""
        return len(self.offsets) - 1

    @property
    def said(self) -> Int64:
        """The places of what a model has to say, all but the begins, (S - N,)."""
        spoken = np.ones(len(self.symbols), dtype=np.bool_)
        spoken[self.offsets[:-1]] = False
        return np.flatnonzero(spoken).astype(np.int64)


def learn_symbols(train: TokenizedCorpus, *, min_count: int = 1, max_size: int = 0) -> Symbols:
    """Return the symbols of the training documents, most frequent first, ties in alphabetical order.

    Parameters
    ----------
    train : TokenizedCorpus
        Training documents and nothing else.
    min_count : int
        Least number of occurrences; what is rarer is read as unknown, so that a model learns where such words stand.
    max_size : int
        At most so many, besides the reserved ones; 0 for no limit.
    """
    counts = np.bincount(train.token_types, minlength=len(train.types))  # (T,)
    kept = (
        pl.DataFrame({"token": train.types, "count": counts})
        .filter((pl.col("count") >= max(min_count, 1)) & ~pl.col("token").is_in(RESERVED))
        .sort(["count", "token"], descending=[True, False])
    )
    if max_size:
        kept = kept.head(max_size)
    return Symbols(pl.concat([pl.Series(RESERVED, dtype=pl.String), kept["token"]]).alias("token"))


def write_streams(tokenized: TokenizedCorpus, symbols: Symbols) -> Streams:
    """Return documents as symbols; tokens that are none are unknown, and an empty document ends where it begins."""
    of_type = rows_in(tokenized.types, symbols)  # (T,)
    of_type[of_type < len(RESERVED)] = UNKNOWN  # absent (-1), or a text that spells a reserved symbol
    lengths = np.diff(tokenized.offsets) + 2
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)  # (N + 1,)
    written = np.empty(int(offsets[-1]), dtype=np.int32)  # (S,)
    inside = np.ones(len(written), dtype=np.bool_)
    inside[offsets[:-1]], inside[offsets[1:] - 1] = False, False
    written[offsets[:-1]], written[offsets[1:] - 1] = BEGIN, END
    written[inside] = of_type[tokenized.token_types]
    return Streams(written, offsets)
