"""Units of language models: what documents cost, unknown words spelled, and orders chosen on validation documents."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from pipeline.core.values import TokenizedCorpus
from pipeline.models.baselines.language.kneser_ney import fit_kneser_ney
from pipeline.models.baselines.language.spelling import UNKNOWN_LETTER, bits_of_documents
from pipeline.models.baselines.language.table import COUNTS, TriedOrder, choose_order
from pipeline.models.baselines.language.units import Charged, Units, learn_characters, learn_words

TRAIN = ["the cat saw the dog", "the dog saw the cat", "a cat", "a dog", "one bird", "the bore"]


def cut(documents: list[str]) -> TokenizedCorpus:
    words = [document.split() for document in documents]
    types = sorted({word for document in words for word in document})
    flat = [types.index(word) for document in words for word in document]
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int64)
    return TokenizedCorpus(np.array(flat, dtype=np.int32), offsets, pl.Series(types, dtype=pl.String))


def charged(units: Units, documents: list[str], order: int = 2) -> Charged:
    model = fit_kneser_ney(units.write(cut(TRAIN)), len(units.symbols), order)
    return units.charge(cut(documents), model.log2)


def test_an_unknown_word_pays_for_being_unknown_and_for_its_letters() -> None:
    units = learn_words(cut(TRAIN), min_count=2)
    assert units.speller is not None
    known, strange = charged(units, ["the cat", "the bird"]), charged(units, ["the ox", "the bird bird"])
    assert known.unknown.tolist() == [0, 1]
    assert strange.unknown.tolist() == [1, 2]
    of_word = units.speller.bits(pl.Series(["ox", "bird"]))
    np.testing.assert_allclose(strange.spelled, [of_word[0], 2 * of_word[1]])
    np.testing.assert_allclose(known.spelled, [0.0, of_word[1]])
    # x stands in no rare training word: it is one of all characters
    assert of_word[0] > UNKNOWN_LETTER > of_word[1]
    assert strange.symbols.tolist() == [3, 4]
    assert strange.bytes.tolist() == [len("the ox") + 1, len("the bird bird") + 1]


def test_a_word_costs_what_the_letters_of_rare_words_say() -> None:
    """Rare are bird, bore and one: b, with which two of three begin, is likelier than o."""
    speller = learn_words(cut(TRAIN), min_count=2).speller
    assert speller is not None
    assert sorted(speller.letters.tokens.to_list()[3:]) == sorted("birdoen")
    first = 2.0 ** speller.model.log2(learn_like(speller.letters, ["b", "o"]))  # of b, its end, of o, its end
    assert first[0] > first[2]


def learn_like(symbols, words):  # type: ignore[no-untyped-def]
    from pipeline.models.baselines.language.symbols import write_streams

    return write_streams(cut(words), symbols)


@pytest.mark.parametrize("kind", ["words", "characters"])
def test_shares_of_all_texts_sum_to_at_most_one(kind: str) -> None:
    """Of the texts of one letter, or none, of two letters that are known; all others have shares too."""
    units = (
        learn_words(cut(["a b", "a b"]), min_count=2)
        if kind == "words"
        else learn_characters(cut(["a b", "a b"]))
    )
    texts = ["", "a", "b", "a a", "a b", "b a", "b b", "c", "ab"]
    model = fit_kneser_ney(units.write(cut(["a b", "a b"])), len(units.symbols), 2)
    shares = 2.0 ** -units.charge(cut(texts), model.log2).bits
    assert 0.3 < shares.sum() < 1.0


def test_words_and_characters_pay_for_the_same_bytes() -> None:
    words, characters = (
        charged(one, ["the cat", "", "où"])
        for one in (learn_words(cut(TRAIN), min_count=2), learn_characters(cut(TRAIN)))
    )
    assert words.bytes.tolist() == characters.bytes.tolist() == [8, 1, 4]
    assert characters.symbols.tolist() == [8, 1, 3]
    assert characters.unknown.tolist() == [0, 0, 1]
    np.testing.assert_allclose(characters.spelled, [0, 0, UNKNOWN_LETTER])


def test_the_order_with_the_fewest_bits_is_taken() -> None:
    train = cut(["a b c d e", "f b c g h"] * 3)
    units = learn_words(train, min_count=1)
    told: list[TriedOrder] = []
    model, tried = choose_order("kneser-ney", units, train, cut(["a b c d e", "f b c g h"]), told.append)
    assert [one.order for one in tried] == list(COUNTS["kneser-ney"].orders)
    assert tuple(told) == tried
    best = min(tried, key=lambda one: one.bits_per_byte)
    assert model.order == best.order >= 4  # what follows c is told by the word three places before it
    without, none = choose_order("kneser-ney", units, train, None)
    assert (without.order, none) == (4, ())


def test_bits_of_documents_are_sums() -> None:
    units = learn_words(cut(TRAIN), min_count=1)
    streams = units.write(cut(["a cat", "", "a"]))
    np.testing.assert_array_equal(bits_of_documents(np.array([1.0, 2, 4, 8, 16, 32]), streams), [7, 8, 48])
    assert math.isclose(UNKNOWN_LETTER, 20.087462841250343)
