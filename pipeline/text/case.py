"""Words in small letters."""

from __future__ import annotations

from pipeline.core.values import TokenizedCorpus
from pipeline.text.vocabulary import rows_of


def lowered(tokenized: TokenizedCorpus) -> TokenizedCorpus:
    """Return the same tokens in small letters; types that differed in case alone are one.

    >>> import numpy as np, polars as pl
    >>> words = TokenizedCorpus(np.array([0, 1], np.int32), np.array([0, 2]), pl.Series(["The", "the"]))
    >>> lowered(words).types.to_list(), lowered(words).token_types.tolist()
    (['the'], [0, 0])
    """
    small = tokenized.types.str.to_lowercase()
    types = small.unique(maintain_order=True)
    return TokenizedCorpus(rows_of(small, types)[tokenized.token_types], tokenized.offsets, types)
