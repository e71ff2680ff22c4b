"""Memory horizon and word order of predictors made by hand, whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from builders import indexed_of, int32, rows_of_each

from pipeline.core.values import Float32, IndexedCorpus, Int32
from pipeline.interpret.probes import memory_horizon as horizon
from pipeline.interpret.probes import word_order as order
from pipeline.interpret.probes.paired import (
    accuracy_interval,
    answered,
    loss_interval,
    majority_right,
    ratio_interval,
)

FILLER, A, B = 5, 10, 11  # rows: a word that says nothing, one for class 0, one for class 1


def predictor(answers: Callable[[Sequence[int]], int]) -> Callable[[IndexedCorpus], Float32]:
    """Return a network that gives 0.9 to the class that `answers` names."""

    def probabilities(documents: IndexedCorpus) -> Float32:
        chosen = [answers(document) for document in rows_of_each(documents)]
        return np.array([[0.9, 0.1], [0.1, 0.9]], dtype=np.float32)[chosen]

    return probabilities


def most_of(rows: Sequence[int]) -> int:
    """The class whose word stands there more often; class 0 if none does."""
    return int(rows.count(B) > rows.count(A))


bag_of_words = predictor(most_of)
last_three = predictor(lambda rows: most_of(rows[-3:]))
who_is_first = predictor(lambda rows: int(B in rows and (A not in rows or rows.index(B) < rows.index(A))))
always_the_first_class = predictor(lambda rows: 0)


def documents_with(word_place: int, n_docs: int = 600, length: int = 20) -> tuple[IndexedCorpus, Int32]:
    """Return documents of filler with the word of the class so many places from the end, and their labels."""
    labels = np.arange(n_docs) % 2
    rows = [[FILLER] * length for _ in range(n_docs)]
    for document, label in zip(rows, labels, strict=True):
        document[length - 1 - word_place] = (A, B)[label]
    return indexed_of(rows), int32(labels.tolist())


def found_by(
    probabilities: Callable[[IndexedCorpus], Float32],
    documents: IndexedCorpus,
    labels: Int32,
    rope: float = 0.01,
) -> horizon.MemoryHorizon:
    return horizon.memory_horizon(probabilities, documents, labels, np.random.default_rng(0), rope)


def enough(found: horizon.MemoryHorizon) -> dict[str, int | None]:
    return {name: change.enough for name, change in found.changes.items()}


def point(found: horizon.MemoryHorizon, change: str, k: int) -> horizon.HorizonPoint:
    return next(one for one in found.changes[change].points if one.k == k)


# --- memory horizon --------------------------------------------------------------------------------------


def test_a_predictor_of_the_last_three_words_has_a_horizon_of_three() -> None:
    """The word stands third from the end: 4 is the first power of two that holds it, and 2 is too few."""
    found = found_by(last_three, *documents_with(2))
    assert enough(found) == {"dropped": 4, "shuffled": 4, "replaced": 4}
    assert point(found, "dropped", 4).accuracy == 1.0
    assert point(found, "dropped", 2).accuracy == 0.5  # class 0 whenever no word of a class is seen
    assert point(found, "dropped", 2).difference == -0.5


def test_what_lies_beyond_three_words_is_nothing_to_it() -> None:
    found = found_by(last_three, *documents_with(2))
    for change in ("shuffled", "replaced"):
        for k in (4, 8, 16):
            assert point(found, change, k).difference == 0.0
            assert point(found, change, k).loss_difference == 0.0


def test_a_bag_of_words_needs_the_place_of_the_word_and_no_order() -> None:
    found = found_by(bag_of_words, *documents_with(9))
    assert enough(found)["dropped"] == 16  # the word is the tenth from the end
    assert enough(found)["shuffled"] == 0
    assert point(found, "dropped", 8).accuracy == 0.5


def test_replaced_words_mislead_a_bag_of_words() -> None:
    """With two of them, the other document's word may come along, and then the classes are told apart no more."""
    documents, labels = documents_with(9)
    found = found_by(bag_of_words, documents, labels)
    assert enough(found)["replaced"] == 16
    assert 0.3 < point(found, "replaced", 8).accuracy < 0.7  # a word of a random document


def test_losses_are_in_nats() -> None:
    found = found_by(last_three, *documents_with(2))
    assert found.log_loss == pytest.approx(-np.log(0.9))
    changed = point(found, "dropped", 2)
    assert changed.log_loss == pytest.approx(-(np.log(0.9) + np.log(0.1)) / 2)
    assert changed.loss_difference == pytest.approx(np.log(9) / 2)
    low, high = changed.loss_ci95
    assert low < np.log(9) / 2 < high


def test_the_share_of_longer_documents() -> None:
    documents, labels = indexed_of([[A], [B, B], [A] * 3, [B] * 9]), int32([0, 1, 0, 1])
    found = found_by(bag_of_words, documents, labels)
    longer = [(one.k, one.longer) for one in found.changes["dropped"].points]
    assert longer == [(1, 0.75), (2, 0.5), (4, 0.25), (8, 0.25)]
    assert found.longest == 9


def test_the_first_failure_from_above_ends_the_search() -> None:
    """A smaller k that passes below one that fails is chance, or another effect: it does not count."""
    ends = [(1, 0.0), (2, -0.5), (4, -0.01)]
    assert horizon.smallest_enough(ends, 0.01) == 4
    assert horizon.smallest_enough(ends, 0.005) is None
    assert horizon.smallest_enough(ends, 0.5) == 1


def test_few_documents_show_nothing_within_a_point() -> None:
    found = found_by(last_three, *documents_with(2, n_docs=40))
    assert enough(found) == {"dropped": None, "shuffled": None, "replaced": None}
    # sqrt(2) / 42 is the least standard error of 40 documents, 2.0227 the t of 39 degrees of freedom
    assert found.resolution == pytest.approx(2.0227 * 2**0.5 / 42, abs=1e-4)
    assert horizon.reading(found) == (
        "the whole text gives 100.0 %. 40 documents are too few to show that a cut costs at most 1 point: 6.81"
        " points is the least they can show. By the figures alone, chance left aside, the last 4 tokens would do."
    )


def test_the_reading_of_a_short_memory() -> None:
    found = found_by(last_three, *documents_with(2))
    assert horizon.reading(found) == (
        "the last 4 tokens give the accuracy of the whole text within 1 point (100.0 % against 100.0 %); 100 % of the"
        " documents are longer. The order of words more than 4 from the end does not matter. Words of other documents"
        " more than 4 from the end do not disturb it."
    )


def test_the_reading_where_the_first_word_counts() -> None:
    found = found_by(bag_of_words, *documents_with(19))
    assert horizon.reading(found) == (
        "no cut is shown to cost at most 1 point: the last 16 tokens give 50.0 %, the whole text 100.0 %; 100 % of"
        " the documents are longer. The order of words does not matter. Even more than 16 from the end, which words"
        f" stand there counts ({100 * point(found, 'replaced', 16).difference:+.1f} points)."
    )


def test_the_reading_of_a_network_that_knows_nothing() -> None:
    found = found_by(always_the_first_class, *documents_with(2))
    assert not found.above_majority
    assert horizon.reading(found) == (
        "with 50.0 % on 600 documents the network is not shown to be better than always saying the most frequent"
        " class (50.0 %), so there is no memory to measure."
    )


def test_documents_of_one_token() -> None:
    found = found_by(bag_of_words, indexed_of([[A], [B]] * 300), int32([0, 1] * 300))
    assert enough(found) == {"dropped": None, "shuffled": 0, "replaced": None}
    assert horizon.reading(found).startswith("every document is one token long.")


def test_places_are_below_the_longest_and_few_where_documents_are_long() -> None:
    assert horizon.places(400, fine=True, from_zero=False) == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert horizon.places(400, fine=False, from_zero=True) == [0, 4, 16, 64, 256]
    assert horizon.places(64, fine=False, from_zero=False) == [1, 2, 4, 8, 16, 32]
    assert horizon.places(1, fine=True, from_zero=False) == []


# --- word order ------------------------------------------------------------------------------------------


def orders(n_docs: int = 400) -> tuple[IndexedCorpus, Int32]:
    """Return documents with both words, the first of which is the class."""
    labels = np.arange(n_docs) % 2
    rows = [[FILLER, (A, B)[label], FILLER, (B, A)[label], FILLER] for label in labels]
    return indexed_of(rows), int32(labels.tolist())


def order_of(
    probabilities: Callable[[IndexedCorpus], Float32], documents: IndexedCorpus, labels: Int32
) -> order.WordOrder:
    return order.word_order(probabilities, documents, labels, np.random.default_rng(0), 0.01)


def test_a_bag_of_words_survives_shuffling_entirely() -> None:
    found = order_of(bag_of_words, *documents_with(7))
    assert found.share == 1.0
    assert found.shares == (1.0,) * 5
    assert found.shuffled == (order.ShuffleScore(1.0, found.log_loss),) * 5
    assert found.order == "not needed"
    assert order.reading(found) == (
        "order is not needed: shuffling the words costs at most 1 point (100.0 % as written, 100.0 % shuffled), and"
        " 100 % of what the network knows beyond the most frequent class survives."
    )


def test_a_predictor_of_order_falls_to_chance() -> None:
    """Either word is the first of the two as often as the other: half of the documents."""
    found = order_of(who_is_first, *orders())
    assert found.accuracy == 1.0
    assert found.shuffled_accuracy == pytest.approx(
        0.5, abs=0.04
    )  # 2,000 shuffled documents: 3.6 standard errors
    assert found.share == pytest.approx(2 * found.shuffled_accuracy - 1)
    assert found.order == "everything"
    assert order.reading(found) == (
        "order is everything: shuffling the words takes the network from 100.0 % to"
        f" {100 * found.shuffled_accuracy:.1f} %; always saying the most frequent class gives 50.0 %."
    )


def test_the_last_word_is_shuffled_too() -> None:
    """Class 0 is said where the word is not last: right on half, and on a fifth of the rest, where it stays last."""
    found = order_of(predictor(lambda rows: most_of(rows[-1:])), *documents_with(0, 400, 5))
    assert found.accuracy == 1.0
    assert found.shuffled_accuracy == pytest.approx(0.6, abs=0.03)


def test_half_of_it_is_order() -> None:
    """Half of the documents tell their class by a word, half by its order: of 50 points 25 are left."""
    by_word, by_order = documents_with(3, 400, 5), orders(400)
    rows = rows_of_each(by_word[0]) + rows_of_each(by_order[0])
    found = order_of(who_is_first, indexed_of(rows), np.concatenate([by_word[1], by_order[1]]))
    assert found.order == "part"
    assert found.share == pytest.approx(0.5, abs=0.04)
    low, high = found.share_ci95
    assert low < 0.5 < high
    assert order.reading(found).startswith(
        f"part of it is order, or which words come last: {100 * found.share:.0f} % of what the network knows"
    )


def test_a_network_no_better_than_the_most_frequent_class_has_no_share() -> None:
    found = order_of(always_the_first_class, *documents_with(2))
    assert (found.share, found.share_ci95, found.shares) == (None, None, ())
    assert found.order == "nothing to lose"


def test_few_documents_tell_nothing_of_order() -> None:
    found = order_of(bag_of_words, *documents_with(7, n_docs=40))
    assert found.order == "cannot tell"
    assert order.reading(found) == (
        "whether order counts cannot be told from 40 documents: shuffled minus as written is +0.0 points (95 %"
        f" interval {100 * found.ci95[0]:.1f} to +{100 * found.ci95[1]:.1f})."
    )


# --- paired answers --------------------------------------------------------------------------------------


def test_answers_are_right_or_wrong_with_a_loss() -> None:
    found = answered(bag_of_words(indexed_of([[A], [B], [A]])), int32([0, 1, 1]))
    assert found.right.tolist() == [1.0, 1.0, 0.0]
    assert found.losses == pytest.approx([-np.log(0.9), -np.log(0.9), -np.log(0.1)])


def test_a_probability_of_zero_has_a_finite_loss() -> None:
    found = answered(np.array([[1.0, 0.0]], np.float32), int32([1]))
    assert found.losses == pytest.approx([12 * np.log(10)])


def test_the_interval_of_a_loss_is_that_of_a_mean() -> None:
    """1, 2, 3, 6: mean 3, variance 14 / 3, and t with 3 degrees of freedom is 3.1824."""
    half = 3.1824 * (14 / 3 / 4) ** 0.5
    assert loss_interval(np.array([1.0, 2.0, 3.0, 6.0])) == pytest.approx([3 - half, 3 + half], abs=1e-4)
    assert loss_interval(np.array([2.0])) == (2.0, 2.0)


def test_the_most_frequent_label() -> None:
    assert majority_right(int32([2, 1, 2, 0])).tolist() == [1.0, 0.0, 1.0, 0.0]


def test_accuracy_interval_is_never_nothing() -> None:
    low, high = accuracy_interval(np.zeros(100))
    assert low == -high
    assert high == pytest.approx(1.9842 * 2**0.5 / 102, abs=1e-5)


def test_the_interval_of_a_ratio_covers_it() -> None:
    """Of 400 draws with a true ratio of 0.4, 95 % should hold it: 380, with a standard deviation of 4.4."""
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        bottom = (generator.random(150) < 0.5).astype(float)
        top = bottom * (generator.random(150) < 0.4)
        low, high = ratio_interval(top, bottom) or (1.0, 0.0)
        held += low <= 0.4 <= high
    assert 363 <= held <= 395


def test_the_interval_of_a_ratio_is_fiellers() -> None:
    """Its ends are the ratios r at which t of top - r bottom is the quantile."""
    generator = np.random.default_rng(2)
    bottom = generator.normal(1.0, 1.0, 30)
    top = 0.5 * bottom + generator.normal(0.0, 1.0, 30)
    ends = ratio_interval(top, bottom)
    assert ends is not None
    for end in ends:
        rest = top - end * bottom
        assert abs(rest.mean()) / (rest.std(ddof=1) / 30**0.5) == pytest.approx(2.0452, abs=1e-4)
    assert ends[0] < top.mean() / bottom.mean() < ends[1]


def test_no_change_leaves_a_ratio_as_wide_as_one_document_for_each_side() -> None:
    """Near 1 the ratio is 1 + mean(top - bottom) / mean(bottom): half of the accuracy's interval, doubled."""
    bottom = np.ones(400) * 0.5
    ends = ratio_interval(bottom, bottom)
    assert ends is not None
    half = accuracy_interval(np.zeros(400))[1] / 0.5
    assert ends == pytest.approx([1 - half, 1 + half], abs=1e-6)


def test_nothing_is_divided_by_what_may_be_zero() -> None:
    assert ratio_interval(np.array([1.0, 0.0, 1.0]), np.array([1.0, -1.0, 0.0])) is None
    assert ratio_interval(np.array([1.0]), np.array([1.0])) is None
