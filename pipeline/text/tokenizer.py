"""Text to tokens, once, in native code: Corpus texts > TokenizedCorpus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import polars as pl

from pipeline.core.resources import in_two_threads
from pipeline.core.values import Int64, TokenizedCorpus, Words
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.unicode import lower_case, one_form
from pipeline.text.unspaced import CHARACTER, LONE_LETTERS, cut_words, is_installed
from pipeline.text.vocabulary import rows_of

# A word starts with a letter or digit and goes on with letters, marks and digits; joiners and an apostrophe may stand
# inside. An emoji is one token with its skin tone and with those that are joined to it, and so is a flag. So is every
# other character that is not blank, with the combining marks and variation selectors that belong to it.
_PICTURE = r"\p{ExtPict}[\p{EMod}\u{FE0F}\u{E0020}-\u{E007F}]*"
_EMOJI = rf"\p{{RI}}\p{{RI}}|{_PICTURE}(?:\u{{200D}}{_PICTURE})*"
_OTHER = rf"{_EMOJI}|\S\p{{M}}*"


def _words(but: str = "") -> str:
    """Return the pattern of words that hold none of the letters `but`, a class of characters."""
    without = f"--[{but}]" if but else ""
    word = rf"[\p{{L}}\p{{N}}{without}][\p{{L}}\p{{M}}\p{{N}}\u{{200C}}\u{{200D}}{without}]*"
    return rf"{word}(?:['’]{word})*"


# By `tokenizer.name` and `tokenizer.unspaced`.
PATTERNS = {
    ("words", "words"): rf"{_words()}|{_OTHER}",
    ("words", "characters"): rf"{_words(but=LONE_LETTERS)}|{CHARACTER}|{_OTHER}",
    ("whitespace", "words"): r"\S+",
    ("whitespace", "characters"): r"\S+",
}
NUL = "\0"
HTML_BREAK = r"(?i)<br\s*/?>"
_BYTES_PER_PIECE = 8_000_000


def tokenize(texts: pl.Series, settings: TokenizerSettings) -> TokenizedCorpus:
    """Return the tokens of `texts` as one flat array of type numbers and one array of offsets.

    Parameters
    ----------
    texts : Polars string Series, shape (N,)
        One document each, without nulls.
    settings : TokenizerSettings
        `name` and `unspaced` pick the pattern (`PATTERNS`); all others act on the text before it. Where `unspaced` is
        not settled (`pipeline.text.unspaced.settle`), words are cut if the extra is installed.

    Returns
    -------
    TokenizedCorpus
        Types are numbered in order of first appearance. A document without tokens has an empty span.

    Notes
    -----
    Texts are cut into pieces of about 8 MB that Polars works on in two threads, so memory above the result
    is bounded by the pieces. A document is never cut. The result does not depend on the number of pieces.
    """
    if settings.unspaced == AUTO:
        settings = replace(settings, unspaced="words" if is_installed() else "characters")
    return _join(in_two_threads(lambda piece: _tokenize_piece(piece, settings), _pieces(texts)))


def as_given(words: Words) -> TokenizedCorpus:
    """Return given words as the tokens that they are."""
    types = words.tokens.unique(maintain_order=True)
    return TokenizedCorpus(rows_of(words.tokens, types).astype(np.int32), words.offsets, types)


def normalised(given: TokenizedCorpus, settings: TokenizerSettings) -> TokenizedCorpus:
    """Return given words in the form in which a vocabulary has them: none is cut, none is lost.

    >>> found = normalised(as_given(Words(pl.Series(["The", "the"]), np.array([0, 2]))), TokenizerSettings())
    >>> found.types.to_list(), found.token_types.tolist()
    (['the'], [0, 0])
    """
    forms = one_form(given.types, settings)
    if settings.lowercase:
        forms = lower_case(forms)
    forms = pl.select(pl.when(forms.str.len_bytes() > 0).then(forms).otherwise(given.types)).to_series()
    types = forms.unique(maintain_order=True)
    return TokenizedCorpus(rows_of(forms, types)[given.token_types].astype(np.int32), given.offsets, types)


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
    if texts.str.contains(
        NUL, literal=True
    ).any():  # which is no character of a text: no reader of files keeps it
        texts = texts.str.replace_all(NUL, "", literal=True)
    if settings.html_breaks:
        texts = texts.str.replace_all(HTML_BREAK, " ")
    texts = one_form(texts, settings)
    if settings.lowercase:
        texts = lower_case(texts)
    if settings.name == "words" and settings.unspaced == "words":
        texts = cut_words(texts)
    lists = texts.str.extract_all(PATTERNS[settings.name, settings.unspaced])
    lengths = lists.list.len().to_numpy().astype(np.int64)
    tokens = lists.explode(empty_as_null=False, keep_nulls=False)
    return tokens.cast(pl.Categorical(pl.Categories.random())), lengths


def _join(pieces: Iterable[tuple[pl.Series, Int64]]) -> TokenizedCorpus:
    """Merge the pieces' dictionaries; types are numbered in order of first appearance."""
    pieces = list(pieces)
    if not pieces:
        return TokenizedCorpus(np.zeros(0, np.int32), np.zeros(1, np.int64), pl.Series([], dtype=pl.String))
    dictionaries = [_dictionary(tokens) for tokens, _ in pieces]
    if len(pieces) == 1:  # a text or a few: there is nothing to merge
        (types, numbers), (_, lengths) = dictionaries[0], pieces[0]
        return TokenizedCorpus(numbers, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), types)
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
