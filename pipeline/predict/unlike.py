"""Which documents are unlike those that a model learned from: their answers deserve a look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.values import Float64, Int64, TokenizedCorpus
from pipeline.run_folder.documents import read_documents

RARE = 0.01  # share of the run's test documents beyond which a document is unlike them
EMPTY = "empty"


@dataclass(frozen=True)
class Usual:
    """What the documents of a run are like: the most unseen words, as a share, and the fewest and most tokens."""

    unseen: float = 0.5
    shortest: int = 1
    longest: int = 1_000_000


def usual_of(run: Path) -> Usual:
    """Return what 99 of 100 test documents of a run are like; wide bounds where the run tells nothing of them."""
    facts = read_documents(run)
    if facts is None or facts.is_empty():
        return Usual()
    lengths, unseen = facts["tokens"], facts["unknown_share"].drop_nulls()
    most = unseen.quantile(1 - RARE, "nearest") if len(unseen) else None
    shortest, longest = (lengths.quantile(share, "nearest") for share in (RARE, 1 - RARE))
    return Usual(float(most or 0.0), int(shortest or 1), int(longest or 1))


def unseen_shares(tokenized: TokenizedCorpus, words: pl.Series) -> Float64:
    """Return the share of each document's tokens that are none of `words`; NaN of an empty one."""
    unknown = ~tokenized.types.is_in(words.implode()).to_numpy()  # (T,)
    sums = np.concatenate([[0], np.cumsum(unknown[tokenized.token_types], dtype=np.int64)])
    with np.errstate(invalid="ignore"):
        shares: Float64 = np.diff(sums[tokenized.offsets]) / np.diff(tokenized.offsets)
    return shares


def describe_unlike(tokenized: TokenizedCorpus, words: pl.Series, usual: Usual) -> pl.Series:
    """Return in words what sets each document apart, "" where nothing does; string (N,).

    Parameters
    ----------
    words : what the model has learned something of
    """
    lengths, shares = np.diff(tokenized.offsets), unseen_shares(tokenized, words)
    found = [""] * len(lengths)
    odd = (lengths < max(usual.shortest, 1)) | (lengths > usual.longest) | (shares > usual.unseen)
    for place in np.flatnonzero(odd).tolist():
        found[place] = _words(int(lengths[place]), float(shares[place]), usual)
    return pl.Series("unlike training", found, dtype=pl.String)


def _words(length: Int64 | int, share: float, usual: Usual) -> str:
    if length == 0:
        return EMPTY
    parts = []
    if share > usual.unseen:
        parts.append(f"{100 * share:.0f} % of its words unseen")
    if length > usual.longest:
        parts.append(f"long: {plural(int(length), 'word')}")
    if length < usual.shortest:
        parts.append(f"short: {plural(int(length), 'word')}")
    return "; ".join(parts)
