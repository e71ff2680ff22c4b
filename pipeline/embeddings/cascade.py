"""The out-of-vocabulary cascade: which word of a source stands for a word of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.values import Int8, Int32
from pipeline.text.unicode import without_vowel_signs
from pipeline.text.vocabulary import rows_of

STEPS = ("exact", "lower-case", "normalised", "digits", "subword", "unknown")
EXACT, LOWER_CASE, NORMALISED, DIGITS, SUBWORD, UNKNOWN = range(len(STEPS))

_DIGIT = r"\p{Nd}"
# Letters that Arabic and Persian text writes in several ways, and vector files mostly in one.
_LETTERS = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"}
_ARABIC_OR_HEBREW = r"[\p{Arabic}\p{Hebrew}]"


@dataclass(frozen=True, eq=False)
class Resolution:
    """For each type: its word in the source, -1 for none, and the step that found it (a number into STEPS)."""

    places: Int32  # (T,)
    steps: Int8  # (T,); UNKNOWN where places is -1


def candidates(types: pl.Series) -> pl.Series:
    """Return the distinct strings that a source may be asked for: each type in every form that the cascade tries.

    >>> candidates(pl.Series(["Ab1"])).to_list()
    ['Ab1', 'ab1', 'Ab0', 'Ab#', 'ab0', 'ab#']
    """
    forms = [form for _, form in _forms(types)]
    lowered = [form.str.to_lowercase() for form in forms]
    return pl.concat([*forms, *lowered]).unique(maintain_order=True)


def resolve(types: pl.Series, words: pl.Series, *, cascade: bool = True) -> Resolution:
    """Return which of `words` stands for each of `types`, and the step of the cascade that found it.

    Parameters
    ----------
    types : string Series, shape (T,)
        Words of the corpus.
    words : string Series, shape (W,)
        Distinct words of a source, in the order of its file.
    cascade : bool
        False: the first step alone is taken.

    Notes
    -----
    1. exact: the type itself.
    2. lower-case: its lower-case form; where the source does not hold that, the source's first word with the
       same lower-case form, so that capitalised files serve a lower-cased corpus.
    3. normalised: the type in Unicode's form NFKC, then in NFD, each as in steps 1 and 2; then Hebrew and Arabic
       words by their letters, without vowel signs and with one form of letters that are written in several.
    4. digits: every digit as 0, then as #, as word2vec's and GloVe's published files write numbers.

    Steps 5 (subword) and 6 (unknown) need vectors, not words: `pipeline.embeddings.table` takes them.
    """
    places = np.full(len(types), -1, dtype=np.int32)
    steps = np.full(len(types), UNKNOWN, dtype=np.int8)
    by_case = _folded(words, _lowered)
    folded_letters = _folded(words, by_letters) if holds_semitic(types) else None
    for step, form in _forms(types) if cascade else [(EXACT, types)]:
        missing = np.flatnonzero(places < 0)
        asked = form.gather(missing)
        found = rows_of(asked, words)
        if step != EXACT:
            found = np.where(found < 0, by_case.places(asked), found)
        if step == NORMALISED and folded_letters is not None:
            found = np.where(found < 0, folded_letters.places(asked), found)
        places[missing] = found
        steps[missing[found >= 0]] = step
    return Resolution(places, steps)


def _forms(types: pl.Series) -> Iterator[tuple[int, pl.Series]]:
    """Yield each step with a form of the types (T,), in the order in which they are tried."""
    lowered = types.str.to_lowercase()
    yield EXACT, types
    yield LOWER_CASE, lowered
    yield NORMALISED, types.str.normalize("NFKC")
    yield NORMALISED, types.str.normalize("NFD")
    if holds_semitic(types):
        yield NORMALISED, by_letters(types)
    for form in (types, lowered):
        yield DIGITS, form.str.replace_all(_DIGIT, "0")
        yield DIGITS, form.str.replace_all(_DIGIT, "#")


def holds_semitic(words: pl.Series) -> bool:
    """Whether a word has Hebrew or Arabic letters."""
    return bool(words.str.contains(_ARABIC_OR_HEBREW).any())


def by_letters(words: pl.Series) -> pl.Series:
    """Return Hebrew and Arabic words without vowel signs, in one form of each letter; others as they are.

    >>> by_letters(pl.Series(["مِينَاءٌ", "أمة", "Ab"])).to_list()
    ['ميناء', 'امه', 'Ab']
    """
    return without_vowel_signs(words).str.replace_many(list(_LETTERS), list(_LETTERS.values()))


def _lowered(words: pl.Series) -> pl.Series:
    return words.str.to_lowercase()


@dataclass(frozen=True, eq=False)
class _Folded:
    """The distinct folded forms of a source's words, and the place of the word that stands for each.

    A word that is its own form stands for it; elsewhere the first word of the file.
    """

    fold: Callable[[pl.Series], pl.Series]
    forms: pl.Series
    place_of: Int32  # ends with a -1 more, for what is absent

    def places(self, types: pl.Series) -> Int32:
        """Return the place of the word that stands for the form of each type; -1 where there is none."""
        rows = rows_of(self.fold(types), self.forms)  # -1, the last place, where absent
        found: Int32 = self.place_of[rows]
        return found


def _folded(words: pl.Series, fold: Callable[[pl.Series], pl.Series]) -> _Folded:
    table = pl.DataFrame({"word": words, "form": fold(words)}).with_row_index("place")
    best = (
        table.sort(pl.col("word") != pl.col("form"), maintain_order=True)
        .unique("form", keep="first", maintain_order=True)
        .select("form", pl.col("place").cast(pl.Int32))
    )
    return _Folded(fold, best["form"], np.append(best["place"].to_numpy(), np.int32(-1)))
