"""Interpolated modified Kneser-Ney: against a dictionary's way, by hand, and sums of one."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.values import TokenizedCorpus
from pipeline.models.baselines.language import counts as counting
from pipeline.models.baselines.language import kneser_ney
from pipeline.models.baselines.language.counts import count_orders
from pipeline.models.baselines.language.kneser_ney import KneserNey, discounts_of, fit_kneser_ney, smoothed
from pipeline.models.baselines.language.symbols import (
    BEGIN,
    END,
    UNKNOWN,
    Streams,
    Symbols,
    learn_symbols,
    write_streams,
)

HERE = ["the cat saw the dog", "the dog saw a cat", "a dog a cat a dog", "", "the cat", "cat"]


def cut(documents: Sequence[str]) -> TokenizedCorpus:
    """Return documents cut at blanks."""
    words = [document.split() for document in documents]
    types = sorted({word for document in words for word in document})
    flat = [types.index(word) for document in words for word in document]
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int64)
    return TokenizedCorpus(np.array(flat, dtype=np.int32), offsets, pl.Series(types, dtype=pl.String))


def streams_of(documents: Sequence[str], symbols: Symbols | None = None) -> tuple[Streams, Symbols]:
    tokenized = cut(documents)
    symbols = symbols or learn_symbols(tokenized)
    return write_streams(tokenized, symbols), symbols


def texts(streams: Streams) -> list[list[int]]:
    return [part.tolist() for part in np.split(streams.symbols, streams.offsets[1:-1])]


@dataclass
class ByDictionary:
    """The same model the slow way: counts in dictionaries, and the formula of the paper by recursion."""

    texts: list[list[int]]
    n_symbols: int
    order: int
    base: Callable[[int], float] | None = None  # p_1, in place of its own

    def __post_init__(self) -> None:
        self.seen: Counter[tuple[int, ...]] = Counter()
        before = defaultdict(set)
        for text in self.texts:
            for k in range(1, self.order + 1):
                for i in range(len(text) - k + 1):
                    ngram = tuple(text[i : i + k])
                    self.seen[ngram] += 1
                    if i > 0:
                        before[ngram].add(text[i - 1])
        self.adjusted = {
            ngram: count if len(ngram) == self.order or ngram[0] == BEGIN else len(before[ngram])
            for ngram, count in self.seen.items()
            if ngram != (BEGIN,)
        }
        of_order = [[a for g, a in self.adjusted.items() if len(g) == k] for k in range(1, self.order + 1)]
        self.discounts = [kneser_ney.discounts_of(np.array(own, dtype=np.int32)) for own in of_order]

    def discount(self, ngram: tuple[int, ...]) -> float:
        return float(self.discounts[len(ngram) - 1][min(self.adjusted[ngram], 3) - 1])

    def p(self, symbol: int, history: tuple[int, ...]) -> float:
        if self.base and not history:
            return self.base(symbol)
        lower = self.p(symbol, history[1:]) if history else 1 / (self.n_symbols - 1)
        after = [g for g in self.adjusted if len(g) == len(history) + 1 and g[:-1] == history]
        total = sum(self.adjusted[g] for g in after)
        if not total:
            return lower
        ngram = (*history, symbol)
        own = self.adjusted[ngram] - self.discount(ngram) if ngram in self.adjusted else 0.0
        return own / total + sum(map(self.discount, after)) / total * lower

    def every(self, texts: list[list[int]]) -> Iterator[float]:
        """Yield the probability of all that is said in documents."""
        for text in texts:
            for i in range(1, len(text)):
                yield self.p(text[i], tuple(text[max(0, i - self.order + 1) : i]))


LETTERS = st.sampled_from("abcd")
DOCUMENTS = st.lists(st.lists(LETTERS, max_size=12).map(" ".join), min_size=1, max_size=8)


@given(DOCUMENTS, st.lists(LETTERS | st.just("new"), max_size=6), st.integers(1, 5))
def test_after_any_history_the_shares_of_all_symbols_sum_to_one(
    documents: list[str], history: list[str], order: int
) -> None:
    train, symbols = streams_of(documents)
    model = fit_kneser_ney(train, len(symbols), order)
    before = [BEGIN, *(symbols.places.get(word, UNKNOWN) for word in history)]
    shares = model.next_symbol(before)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert shares[BEGIN] == 0
    assert (shares[1:] > 0).all()
    assert model.next_symbol(before[1:] or before).sum() == pytest.approx(1.0, abs=1e-12)


@given(DOCUMENTS, DOCUMENTS, st.integers(1, 5))
def test_it_is_what_dictionaries_and_the_formula_give(
    documents: list[str], others: list[str], order: int
) -> None:
    train, symbols = streams_of(documents)
    test, _ = streams_of(others, symbols)
    slow = ByDictionary(texts(train), len(symbols), order)
    model = fit_kneser_ney(train, len(symbols), order)
    expected = list(slow.every(texts(test)))
    np.testing.assert_allclose(2 ** model.log2(test), expected, rtol=1e-12)


def test_two_ways_to_ask_give_one_answer() -> None:
    train, symbols = streams_of(HERE)
    test, _ = streams_of(["the new dog saw a cat saw", "", "a"], symbols)
    model = fit_kneser_ney(train, len(symbols), 4)
    one_by_one = [model.next_symbol(text[:i])[text[i]] for text in texts(test) for i in range(1, len(text))]
    np.testing.assert_allclose(2 ** model.log2(test), one_by_one, rtol=1e-12)


def test_four_words_by_hand() -> None:
    """a b a c. Before a stand 2 symbols, before b, c and the end 1: 5 in all, of which 1 + 3 x 0.5 = half are taken.

    Five symbols can be said, so each has 0.1 of that. After a stand b and c, once each: half of theirs is taken too.
    """
    train, symbols = streams_of(["a b a c"])
    model, at = fit_kneser_ney(train, len(symbols), 2), symbols.places
    a, b, c = at["a"], at["b"], at["c"]
    np.testing.assert_allclose(model.unigrams[[a, b, c, END, UNKNOWN]], [0.3, 0.2, 0.2, 0.2, 0.1])
    after_a = model.next_symbol([BEGIN, a])
    np.testing.assert_allclose(after_a[[b, c, a, END, UNKNOWN]], [0.35, 0.35, 0.15, 0.1, 0.05])


def test_the_discounts_of_the_paper() -> None:
    """n1 = 4, n2 = 2, n3 = 1, n4 = 1: Y = 4 / 8, so 1 - 2/4, 2 - 1.5 x 1/2 and 3 - 2 x 1."""
    counts = np.array([1, 1, 1, 1, 2, 2, 3, 4, 9, 0], dtype=np.int32)
    np.testing.assert_allclose(discounts_of(counts), [0.5, 1.25, 1.0])
    usual = [0.5, 1.0, 1.5]  # where no count is 4, and where the second would be 2 - 3 x 1/3 x 9
    np.testing.assert_allclose(discounts_of(np.array([1, 2, 3], dtype=np.int32)), usual)
    np.testing.assert_allclose(discounts_of(np.array([1, 2, *([3] * 9), 4], dtype=np.int32)), usual)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_with_one_discount_it_is_the_plain_form(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kneser and Ney's own form takes 0.75 from every count, and its unigrams are left as they are.

    max(a - 0.75, 0) / total + 0.75 x (distinct symbols after h) / total x p(w | h'): the formula of nltk's
    KneserNeyInterpolated, which gives the same numbers for histories that do not reach a document's begin.
    """
    train, symbols = streams_of(HERE)
    monkeypatch.setattr(kneser_ney, "discounts_of", lambda counts: np.full(3, 0.75))
    model = fit_kneser_ney(train, len(symbols), order)
    plain = replace(model, unigrams=model.levels[0].counts / model.levels[0].totals[0])
    bigrams = {tuple(text[i : i + 2]) for text in texts(train) for i in range(len(text) - 1)}

    def p(symbol: int, history: tuple[int, ...]) -> float:
        if not history:
            return sum(w == symbol for _, w in bigrams) / len(bigrams)
        longest = len(history) == order - 1
        found: Counter[int] = Counter()
        for before, after in _around(texts(train), history):
            found[after] += 1 if longest else 0
            if not longest and before is not None:
                found[after] = len({b for b, a in _around(texts(train), history) if a == after})
        total = sum(found.values())
        if not total:
            return p(symbol, history[1:])
        own = max(found[symbol] - 0.75, 0.0) if found[symbol] else 0.0
        return own / total + 0.75 * len(found) / total * p(symbol, history[1:])

    histories = {tuple(t[i : i + order - 1]) for t in texts(train) for i in range(1, len(t) - order + 1)}
    assert histories
    for history in histories:
        expected = [p(symbol, history) for symbol in range(1, len(symbols))]
        np.testing.assert_allclose(plain.next_symbol(history)[1:], expected, rtol=1e-12)


def _around(texts: list[list[int]], history: tuple[int, ...]) -> Iterator[tuple[int | None, int]]:
    """Yield what stands before and after each place of a history."""
    n = len(history)
    for text in texts:
        for i in range(len(text) - n):
            if tuple(text[i : i + n]) == history:
                yield (text[i - 1] if i else None), text[i + n]


def test_an_order_of_many_counted_is_that_order_alone() -> None:
    train, symbols = streams_of(HERE)
    counted = count_orders(train, len(symbols), 5)
    for order in range(1, 6):
        alone = fit_kneser_ney(train, len(symbols), order)
        np.testing.assert_array_equal(smoothed(counted, len(symbols), order).log2(train), alone.log2(train))
    with pytest.raises(ValueError, match="orders 1 to 5 were counted, not 6"):
        smoothed(counted, len(symbols), 6)


def test_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    train, symbols = streams_of(HERE * 3)
    whole = fit_kneser_ney(train, len(symbols), 4)
    monkeypatch.setattr(counting, "_PLACES", 5)
    in_pieces = fit_kneser_ney(train, len(symbols), 4)
    assert [len(level.keys) for level in whole.levels] == [len(level.keys) for level in in_pieces.levels]
    np.testing.assert_array_equal(in_pieces.log2(train), whole.log2(train))


def test_a_word_that_is_rare_teaches_where_unknown_ones_stand() -> None:
    tokenized = cut(["the cat", "the dog", "the cat", "the <end>"])
    symbols = learn_symbols(tokenized, min_count=2)
    assert symbols.tokens.to_list() == ["<begin>", "<end>", "<unk>", "the", "cat"]
    assert write_streams(tokenized, symbols).symbols.tolist() == [
        *(BEGIN, 3, 4, END),
        *(BEGIN, 3, UNKNOWN, END),
        *(BEGIN, 3, 4, END),
        *(BEGIN, 3, UNKNOWN, END),
    ]
    model = fit_kneser_ney(write_streams(tokenized, symbols), len(symbols), 2)
    after_the = model.next_symbol([BEGIN, 3])
    assert after_the[UNKNOWN] > after_the[3]
    assert learn_symbols(tokenized, max_size=1).tokens.to_list()[3:] == ["the"]
    many = cut(["the <end> <begin> " + " ".join(map(str, range(1_000)))])
    assert write_streams(many, symbols).symbols[:4].tolist() == [BEGIN, 3, UNKNOWN, UNKNOWN]


def test_no_document_is_no_mistake() -> None:
    train, symbols = streams_of(["a b"])
    empty, _ = streams_of([], symbols)
    model: KneserNey = fit_kneser_ney(train, len(symbols), 3)
    assert len(model.log2(empty)) == 0
    nothing = fit_kneser_ney(empty, len(symbols), 3)
    assert math.isclose(nothing.next_symbol([BEGIN])[1], 1 / (len(symbols) - 1))
