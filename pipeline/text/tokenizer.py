"""Text to tokens, once, in native code: Corpus texts > TokenizedCorpus."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from pipeline.core.resources import in_two_threads
from pipeline.core.values import Int64, TokenizedCorpus
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.vocabulary import rows_of

# A word starts with a letter or digit and goes on with letters, marks and digits; an apostrophe may stand inside.
# Han ideographs carry meaning one by one, so each is a token; so is every other character that is not blank,
# together with the combining marks and variation selectors that belong to it.
_WORD = r"[\p{L}\p{N}--\p{Han}][\p{L}\p{M}\p{N}--\p{Han}]*"
PATTERNS = {
    "words": rf"{_WORD}(?:['’]{_WORD})*|\S\p{{M}}*",
    "whitespace": r"\S+",
}
HTML_BREAK = r"(?i)<br\s*/?>"
_BYTES_PER_PIECE = 8_000_000


def tokenize(texts: pl.Series, settings: TokenizerSettings) -> TokenizedCorpus:
    """Return the tokens of `texts` as one flat array of type numbers and one array of offsets.

    Parameters
    ----------
    texts : Polars string Series, shape (N,)
        One document each, without nulls.
    settings : TokenizerSettings
        `name` picks the pattern (`PATTERNS`); `lowercase` and `html_breaks` act before it.

    Returns
    -------
    TokenizedCorpus
        Types are numbered in order of first appearance. A document without tokens has an empty span.

    Notes
    -----
    Texts are cut into pieces of about 8 MB that Polars works on in two threads, so memory above the result
    is bounded by the pieces. A document is never cut. The result does not depend on the number of pieces.
    """
    return _join(in_two_threads(lambda piece: _tokenize_piece(piece, settings), _pieces(texts)))


def _pieces(texts: pl.Series) -> list[pl.Series]:
    """Cut `texts` between documents into pieces of about equal size in bytes."""
    if len(texts) == 0:
        return []
    sizes = np.cumsum(texts.str.len_bytes().to_numpy(), dtype=np.int64)
    piece_of = sizes // _BYTES_PER_PIECE
    starts = np.flatnonzero(np.diff(piece_of, prepend=-1))
    ends = np.append(starts[1:], len(texts))
    return [texts.slice(int(a), int(b - a)) for a, b in zip(starts, ends, strict=True)]


def _tokenize_piece(texts: pl.Series, settings: TokenizerSettings) -> tuple[pl.Series, Int64]:
    """Return a piece's tokens as a private categorical Series and the token count of each document."""
    if settings.html_breaks:
        texts = texts.str.replace_all(HTML_BREAK, " ")
    if settings.lowercase:
        texts = texts.str.to_lowercase()
    lists = texts.str.extract_all(PATTERNS[settings.name])
    lengths = lists.list.len().to_numpy().astype(np.int64)
    tokens = lists.explode(empty_as_null=False, keep_nulls=False)
    return tokens.cast(pl.Categorical(pl.Categories.random())), lengths


def _join(pieces: Iterable[tuple[pl.Series, Int64]]) -> TokenizedCorpus:
    """Merge the pieces' dictionaries; types are numbered in order of first appearance."""
    pieces = list(pieces)
    if not pieces:
        return TokenizedCorpus(np.zeros(0, np.int32), np.zeros(1, np.int64), pl.Series([], dtype=pl.String))
    dictionaries = [_dictionary(tokens) for tokens, _ in pieces]
    all_types = pl.concat([types for types, _ in dictionaries])
    types = all_types.unique(maintain_order=True)
    ends = np.cumsum([len(own_types) for own_types, _ in dictionaries])
    rows = np.split(rows_of(all_types, types), ends[:-1])  # of each piece's types
    flat = [own_rows[numbers] for own_rows, (_, numbers) in zip(rows, dictionaries, strict=True)]
    lengths = np.concatenate([piece_lengths for _, piece_lengths in pieces])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return TokenizedCorpus(np.concatenate(flat), offsets, types)


def _dictionary(tokens: pl.Series) -> tuple[pl.Series, np.ndarray]:
    """Return a piece's types (string Series, by first appearance) and each token's number among them."""
    types = tokens.unique(maintain_order=True)  # (T,)
    codes = types.to_physical().to_numpy()
    numbers = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int32)
    numbers[codes] = np.arange(len(codes), dtype=np.int32)
    return types.cast(pl.String), numbers[tokens.to_physical().to_numpy()]
