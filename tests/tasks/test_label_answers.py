"""Several labels a document: scores as scikit-learn computes them, answers that come back, and thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, hamming_loss

from pipeline.tasks.multilabel import columns
from pipeline.tasks.multilabel.answers import LabelAnswers
from pipeline.tasks.multilabel.by_label import scores_by_label
from pipeline.tasks.multilabel.metrics import METRICS, precision_at
from pipeline.tasks.multilabel.thresholds import choose_thresholds, common, crossed, given_crossed, half, own
from pipeline.tasks.multilabel.training import chance_loss, cross_entropies, right_answers

NAMES = ("art", "money", "sport", "war")


def drawn(n_docs: int, n_labels: int, seed: int) -> LabelAnswers:
    generator = np.random.default_rng(seed)
    labels = generator.random((n_docs, n_labels)) < 0.3
    probabilities = generator.random((n_docs, n_labels)).astype(np.float32)
    return LabelAnswers(np.arange(n_docs), labels, probabilities > 0.6, probabilities)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 10_000))
def test_scores_are_those_of_scikit_learn(n_docs: int, n_labels: int, seed: int) -> None:
    answers = drawn(n_docs, n_labels, seed)
    right, said = answers.labels.astype(int), answers.said.astype(int)
    met = np.flatnonzero((right | said).any(axis=0))
    expected = {
        "micro-f1": f1_score(right, said, average="micro", zero_division=0.0),
        "macro-f1": f1_score(right, said, labels=met, average="macro", zero_division=0.0) if len(met) else 0,
        "subset-accuracy": accuracy_score(right, said),
        "hamming-loss": hamming_loss(right, said),
    }
    if n_labels > 1:  # of one label scikit-learn takes yes and no as two classes
        assert {name: METRICS[name].value(answers) for name in expected} == pytest.approx(expected)
    for metric in METRICS.values():
        assert metric.influence(answers).mean() == pytest.approx(metric.value(answers), abs=1e-12)


def test_influence_is_how_the_metric_moves_when_a_document_weighs_more() -> None:
    answers = drawn(40, 4, 1)
    for name in ("micro-f1", "macro-f1"):
        metric = METRICS[name]
        often = np.concatenate([np.tile(np.arange(40), 2_000), [7]])  # document 7 counts 1 / 80,000 more
        moved = (metric.value(answers.only(often)) - metric.value(answers)) * len(often)
        assert moved == pytest.approx(metric.influence(answers)[7] - metric.value(answers), abs=2e-3)


def test_precision_at_a_rank_counts_the_likeliest_labels() -> None:
    probabilities = np.array([[0.9, 0.8, 0.7, 0.1], [0.1, 0.2, 0.3, 0.4]], dtype=np.float32)
    labels = np.array([[True, False, True, True], [False, False, False, True]])
    answers = LabelAnswers(np.arange(2), labels, labels, probabilities)
    assert precision_at(answers, 1).tolist() == [1.0, 1.0]
    assert precision_at(answers, 3) == pytest.approx([2 / 3, 1 / 3])
    assert precision_at(answers, 5) == pytest.approx([3 / 4, 1 / 4])  # there are four labels


def test_a_label_has_its_own_precision_and_recall() -> None:
    labels = np.array([[True, False], [True, True], [False, True]])
    said = np.array([[True, False], [False, True], [True, False]])
    found = scores_by_label(LabelAnswers(np.arange(3), labels, said, said.astype(np.float32)))
    assert found.precision.tolist() == [0.5, 1.0]
    assert found.recall.tolist() == [0.5, 0.5]
    assert found.f1 == pytest.approx([0.5, 2 / 3])
    assert found.support.tolist() == [2, 2]


def test_answers_come_back_from_their_columns() -> None:
    answers = drawn(6, 4, 3)
    table = columns.to_columns(answers, NAMES)
    assert table.columns[:3] == ["document", "labels", "predicted"]
    again, names = columns.from_columns(table, False)
    assert names == NAMES
    for field in ("documents", "labels", "said", "probabilities"):
        assert np.array_equal(getattr(again, field), getattr(answers, field))


def test_single_answers_are_one_for_each_document_and_label() -> None:
    answers = drawn(5, 3, 2)
    single = answers.single
    assert single.labels.tolist() == answers.labels.astype(int).reshape(-1).tolist()
    assert single.predicted.tolist() == answers.said.astype(int).reshape(-1).tolist()
    assert answers.document_of.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    wrong = single.predicted != single.labels
    assert wrong.mean() == pytest.approx(METRICS["hamming-loss"].value(answers))


def test_the_loss_of_a_document_is_that_of_all_its_labels() -> None:
    probabilities, labels = np.array([[0.8, 0.4]]), np.array([[1, 0]], dtype=np.int32)
    assert cross_entropies(probabilities, labels)[0] == pytest.approx(-np.log(0.8) - np.log(0.6))
    assert right_answers(np.array([[0.8, 0.6]]), labels).tolist() == [0.5]


def test_the_frequencies_alone_have_the_entropy_of_each_label() -> None:
    labels = np.array([[1, 0], [0, 0], [1, 0], [0, 1]], dtype=np.int32)
    expected = np.log(2) - 0.25 * np.log(0.25) - 0.75 * np.log(0.75)
    assert chance_loss(labels, np.ones(4), 2) == pytest.approx(expected)


# --- thresholds


def test_the_metric_of_the_run_says_which_thresholds_are_best() -> None:
    """A frequent label that half parts well, and many rare ones with low probabilities, of which macro F1 is made."""
    generator = np.random.default_rng(0)
    labels = generator.random((1_500, 9)) < np.array([0.5] + [0.02] * 8)
    scale = np.array([1.0] + [0.2] * 8)
    probabilities = (
        scale * np.clip(0.35 * labels + 0.4 * generator.random(labels.shape) + 0.1, 0, 1)
    ).astype(np.float32)
    micro, macro = (
        choose_thresholds(labels.astype(np.int32), probabilities, name) for name in ("micro-f1", "macro-f1")
    )
    assert macro[1:].max() < 0.2
    f1 = {
        name: f1_score(labels, probabilities >= found, average="macro", zero_division=0.0)
        for name, found in (("micro", micro), ("macro", macro))
    }
    assert f1["macro"] >= f1["micro"]


def test_one_threshold_for_all_is_the_one_with_the_highest_micro_f1() -> None:
    labels = np.array([[1, 0], [0, 1], [0, 0], [1, 0]], dtype=bool)
    probabilities = np.array([[0.40, 0.10], [0.20, 0.35], [0.05, 0.15], [0.30, 0.01]], dtype=np.float32)
    assert common(labels, probabilities) == pytest.approx([0.25, 0.25])  # between 0.30 and 0.20


def test_own_thresholds_follow_a_label_that_is_frequent() -> None:
    generator = np.random.default_rng(0)
    labels = generator.random((2_000, 2)) < 0.5
    shift = np.array([0.2, 0.7])  # where the label begins, in the scale of its probabilities
    probabilities = (shift + np.where(labels, 0.1, -0.1) + 0.05 * generator.random((2_000, 2))).astype(
        np.float32
    )
    found = own(labels, probabilities)
    assert found == pytest.approx([0.225, 0.725], abs=0.05)
    chosen = choose_thresholds(labels.astype(np.int32), probabilities)
    assert chosen.tolist() == found.tolist()  # one for all cannot part both


def test_half_is_kept_where_nothing_else_is_better() -> None:
    generator = np.random.default_rng(0)
    labels = generator.random((400, 3)) < 0.5
    probabilities = np.where(labels, 0.9, 0.1).astype(np.float32)
    assert choose_thresholds(labels.astype(np.int32), probabilities).tolist() == [0.5, 0.5, 0.5]


def test_few_documents_choose_nothing() -> None:
    labels = np.ones((4, 2), dtype=np.int32)
    assert choose_thresholds(labels, np.full((4, 2), 0.1, dtype=np.float32)).tolist() == [0.5, 0.5]


def test_documents_are_judged_by_thresholds_of_others() -> None:
    """Noise alone: thresholds that saw their own documents would look better than chance, those of others do not."""
    generator = np.random.default_rng(5)
    labels, probabilities = (
        generator.random((300, 40)) < 0.05,
        generator.random((300, 40)).astype(np.float32),
    )
    fitted = probabilities >= own(labels, probabilities)
    judged = crossed(own, labels, probabilities)
    f1 = [2 * (labels & said).sum() / (labels.sum() + said.sum()) for said in (fitted, judged)]
    assert f1[0] > 1.05 * f1[1]
    assert given_crossed(labels.astype(np.int32), probabilities).shape == labels.shape
    assert half(labels, probabilities).tolist() == [0.5] * 40
