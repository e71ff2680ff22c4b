"""Words > the text that they make, letter by letter: what models of characters read, and how many bytes it has.

A document is its tokens with a blank between them. No token holds a blank, so that this text and the tokens tell the
same, and models of words and of characters are asked for the same thing.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.core.ragged import span_positions
from pipeline.core.values import Int64, TokenizedCorpus

BLANK = " "


def bytes_of(tokenized: TokenizedCorpus) -> Int64:
    """Return how many bytes each document has in UTF-8, and one for its end; int64 (N,).

    >>> bytes_of(TokenizedCorpus(np.array([0, 1]), np.array([0, 2, 2]), pl.Series(["a", "né"]))).tolist()
    [6, 1]
    """
    sizes = tokenized.types.str.len_bytes().to_numpy().astype(np.int64) + 1  # (T,), with what ends each
    ends = np.concatenate([[0], np.cumsum(sizes[tokenized.token_types])])  # (M + 1,)
    found: Int64 = np.diff(ends[tokenized.offsets])
    return np.maximum(found, 1)


def letters_of(tokenized: TokenizedCorpus) -> TokenizedCorpus:
    """Return the characters of each document.

    >>> found = letters_of(TokenizedCorpus(np.array([0, 1]), np.array([0, 2, 2]), pl.Series(["a", "né"])))
    >>> "".join(found.types.gather(found.token_types)), found.offsets.tolist()
    ('a né', [0, 4, 4])
    """
    text = BLANK.join(tokenized.types.to_list()) + BLANK
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    names, numbers = np.unique(codes, return_inverse=True)
    sizes = tokenized.types.str.len_chars().to_numpy().astype(np.int64) + 1  # (T,), with the blank behind
    starts = np.cumsum(sizes) - sizes
    flat = numbers[span_positions(starts[tokenized.token_types], sizes[tokenized.token_types])]  # (L,)
    ends = np.concatenate([[0], np.cumsum(sizes[tokenized.token_types])])[tokenized.offsets]  # (N + 1,)
    keep = np.ones(len(flat), dtype=np.bool_)
    keep[ends[1:][np.diff(ends) > 0] - 1] = False  # the blank behind the last word
    lengths = np.maximum(np.diff(ends) - 1, 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    types = pl.Series([chr(code) for code in names.tolist()], dtype=pl.String)
    return TokenizedCorpus(flat[keep].astype(np.int32), offsets, types)
