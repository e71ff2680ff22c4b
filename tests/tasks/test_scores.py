"""Scores: hand-worked literals, scikit-learn, and a slow loop for the calibration error."""

import math

import numpy as np
import pytest
from sklearn import metrics

from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.scores import calibration_bins, log_loss, score


def predictions_of(labels, probabilities):
    labels = np.array(labels, np.int32)
    return Predictions(np.arange(len(labels)), labels, np.array(probabilities, np.float32))


# Classes 0 to 3; predicted are 0, 1, 1, 1; class 2 is never predicted, class 3 is never met.
BY_HAND = predictions_of(
    [0, 0, 1, 2], [[0.5, 0.25, 0.25, 0], [0.25, 0.5, 0.125, 0.125], [0.25, 0.5, 0.25, 0], [0, 1, 0, 0]]
)


def random_predictions(seed, n_docs=400, n_classes=5):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, n_classes, n_docs)
    concentrations = 0.3 + 2.0 * np.eye(n_classes)[labels]
    gamma = generator.gamma(concentrations)
    return predictions_of(labels, gamma / gamma.sum(axis=1, keepdims=True))


def test_counts_and_rates_by_hand():
    scores = score(BY_HAND)
    assert scores.n_docs == 4
    assert scores.accuracy == 0.5
    assert scores.confusion.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert scores.confusion.dtype == np.int64
    assert scores.support.tolist() == [2, 1, 1, 0]
    assert scores.precision.tolist() == [1, 1 / 3, 0, 0]
    assert scores.recall.tolist() == [0.5, 1, 0, 0]
    assert scores.f1.tolist() == [2 / 3, 0.5, 0, 0]
    assert scores.macro_f1 == pytest.approx(7 / 18)  # of the three classes that are met


def test_log_loss_by_hand():
    # label probabilities 1/2, 1/4, 1/2 and 0, which counts as 2^-23
    assert score(BY_HAND).log_loss == pytest.approx((1 + 2 + 1 + 23) * math.log(2) / 4)


def test_log_loss_of_rows_that_sum_to_one_only_roughly():
    rough = predictions_of([0], [[0.50003, 0.49999]])
    assert log_loss(rough) == pytest.approx(-math.log(0.50003 / 1.00002), rel=1e-6)


def test_calibration_by_hand():
    # three documents of confidence 1/2, two of them right; one of confidence 1, wrong
    scores = score(BY_HAND)
    assert scores.calibration.counts.tolist() == [0] * 7 + [3] + [0] * 6 + [1]
    assert scores.calibration.confidence[[7, 14]].tolist() == [0.5, 1.0]
    assert scores.calibration.accuracy[[7, 14]] == pytest.approx([2 / 3, 0.0])
    assert math.isnan(scores.calibration.accuracy[0])
    assert scores.ece == pytest.approx(3 / 4 * 1 / 6 + 1 / 4 * 1)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below():
    assert calibration_bins(predictions_of([0], [[0.5, 0.5]]), n_bins=2).counts.tolist() == [1, 0]


def test_no_documents_have_no_scores():
    with pytest.raises(ValueError, match="no predictions to score"):
        score(predictions_of([], np.empty((0, 2))))


def slow_calibration_error(predictions, n_bins):
    total = 0.0
    for number in range(n_bins):
        right, confidences = [], []
        for row, label in zip(predictions.probabilities.astype(np.float64), predictions.labels, strict=True):
            if number / n_bins < row.max() <= (number + 1) / n_bins:
                right.append(row.argmax() == label)
                confidences.append(row.max())
        if right:
            total += len(right) * abs(np.mean(right) - np.mean(confidences))
    return total / len(predictions.labels)


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_agrees_with_a_slow_loop(seed):
    predictions = random_predictions(seed, n_classes=seed + 2)
    assert score(predictions).ece == pytest.approx(slow_calibration_error(predictions, 15))


@pytest.mark.parametrize(("seed", "n_docs", "n_classes"), [(0, 400, 2), (1, 400, 5), (2, 30, 20), (3, 1, 3)])
def test_scores_agree_with_scikit_learn(seed, n_docs, n_classes):
    predictions = random_predictions(seed, n_docs, n_classes)
    scores, labels, predicted = score(predictions), predictions.labels, predictions.predicted
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert scores.macro_f1 == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    every = list(range(n_classes))
    probabilities = predictions.probabilities
    assert scores.log_loss == pytest.approx(metrics.log_loss(labels, probabilities, labels=every), rel=1e-5)
    assert np.array_equal(scores.confusion, metrics.confusion_matrix(labels, predicted, labels=every))
    by_class = metrics.precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    for ours, theirs in zip(
        (scores.precision, scores.recall, scores.f1, scores.support), by_class, strict=True
    ):
        assert ours == pytest.approx(theirs)
