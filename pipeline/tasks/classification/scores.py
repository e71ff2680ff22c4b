"""Predictions > Scores: how good one set of predictions is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float64, Int64
from pipeline.tasks.answers import Predictions

CALIBRATION_BINS = 15
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)  # what a float32 next to 1 can tell from 1


@dataclass(frozen=True, eq=False)
class CalibrationBins:
    """Documents by confidence (the probability of the predicted class) in bins of equal width, B of them.

    `confidence` and `accuracy` are the means in a bin, NaN where it is empty.
    """

    edges: Float64  # (B + 1,)
    counts: Int64  # (B,)
    confidence: Float64  # (B,)
    accuracy: Float64  # (B,)

    @property
    def error(self) -> float:
        """The expected calibration error: mean distance of accuracy and confidence, weighted by documents.

        NaN where no document has a confidence.
        """
        filled = self.counts > 0
        if not filled.any():
            return float("nan")
        distance = np.abs(self.accuracy[filled] - self.confidence[filled])
        return float(np.average(distance, weights=self.counts[filled]))


@dataclass(frozen=True, eq=False)
class Scores:
    """What one set of predictions over C classes is worth; every rate is a fraction of 1."""

    n_docs: int
    accuracy: float
    macro_f1: float  # mean over the classes met among labels or predictions
    log_loss: float  # nats; NaN, as `ece`, where only labels are known and no probabilities
    ece: float
    precision: Float64  # (C,), 0 for a class that was never predicted
    recall: Float64  # (C,), 0 for a class without a document
    f1: Float64  # (C,)
    support: Int64  # (C,), documents of each class
    confusion: Int64  # (C, C), rows labels, columns predictions
    calibration: CalibrationBins


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each label (row) got each answer (column): the table that all metrics of answers follow from."""

    confusion: Int64  # (C, C)

    @property
    def hits(self) -> Int64:
        """Documents of each class that were predicted right; (C,)."""
        return self.confusion.diagonal()

    @property
    def support(self) -> Int64:
        """Documents with each label; (C,)."""
        support: Int64 = self.confusion.sum(axis=1)
        return support

    @property
    def predicted(self) -> Int64:
        """Documents that got each prediction; (C,)."""
        predicted: Int64 = self.confusion.sum(axis=0)
        return predicted


def count(predictions: Predictions) -> Counts:
    """Return the documents of each label and answer.

    Raises
    ------
    ValueError
        If there is no document.
    """
    if len(predictions.documents) == 0:
        raise ValueError("no predictions to score")
    n_classes = predictions.probabilities.shape[1]
    cells = predictions.labels.astype(np.int64) * n_classes + predictions.predicted
    return Counts(np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes))  # (C, C)


def score(predictions: Predictions) -> Scores:
    """Return the scores of one set of predictions.

    Raises
    ------
    ValueError
        If there is no document.
    """
    counts = count(predictions)
    hits, support, predicted = counts.hits, counts.support, counts.predicted  # (C,) each
    calibration = calibration_bins(predictions)
    return Scores(
        n_docs=len(predictions.documents),
        accuracy=float(hits.sum() / support.sum()),
        macro_f1=float(macro_f1(hits, support, predicted)),
        log_loss=float("nan") if predictions.hard else log_loss(predictions),
        ece=calibration.error,
        precision=_ratio(hits, predicted),
        recall=_ratio(hits, support),
        f1=f1_by_class(hits, support, predicted),
        support=support,
        confusion=counts.confusion,
        calibration=calibration,
    )


def macro_f1(hits: np.ndarray, support: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the mean F1 over the classes met among labels or predictions; classes lie on the last axis.

    Parameters
    ----------
    hits, support, predicted : arrays, shape (..., C)
        Documents of each class that were predicted right, that carry the label, that got the prediction.

    Returns
    -------
    float64 array, shape (...)
    """
    met = (support + predicted > 0).sum(axis=-1)
    macro: np.ndarray = f1_by_class(hits, support, predicted).sum(axis=-1) / met
    return macro


def f1_by_class(hits: np.ndarray, support: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the F1 of each class, 0 for one that was not met; arrays as in `macro_f1`, float64 (..., C)."""
    return _ratio(2 * hits, support + predicted)


def balanced_accuracy(hits: np.ndarray, support: np.ndarray) -> np.ndarray:
    """Return the mean recall over the classes that have a document; classes lie on the last axis.

    Parameters
    ----------
    hits, support : arrays, shape (..., C)
        Documents of each class that were predicted right, that carry the label.

    Returns
    -------
    float64 array, shape (...)
    """
    balanced: np.ndarray = _ratio(hits, support).sum(axis=-1) / (support > 0).sum(axis=-1)
    return balanced


def _ratio(part: np.ndarray, whole: np.ndarray) -> Float64:
    """Return part / whole, and 0 where whole is 0."""
    ratio: Float64 = np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
    return ratio


def log_loss(predictions: Predictions) -> float:
    """Return the mean of -ln p(label) in float64: rows brought to sum 1, then p kept at 1.2e-7 or more."""
    return float(losses(predictions).mean())


def losses(predictions: Predictions) -> Float64:
    """Return -ln p(label) of each document in nats, as `log_loss` takes it; float64 (N,)."""
    probabilities = predictions.probabilities.astype(np.float64)
    sums = probabilities.sum(axis=1)  # (N,)
    of_label = probabilities[np.arange(len(sums)), predictions.labels] / sums  # (N,)
    losses: Float64 = -np.log(np.clip(of_label, SMALLEST_PROBABILITY, 1.0))  # (N,)
    return losses


def calibration_bins(predictions: Predictions, n_bins: int = CALIBRATION_BINS) -> CalibrationBins:
    """Return the documents by confidence, in bins (0, 1/B], (1/B, 2/B] .. ((B-1)/B, 1].

    The bins of answers without probabilities are empty: nothing is known of their confidence.

    References
    ----------
    .. [1] Guo, Pleiss, Sun, Weinberger (2017), On Calibration of Modern Neural Networks, arXiv:1706.04599.
    """
    confidence = predictions.probabilities.max(axis=1).astype(np.float64)  # (N,)
    right = predictions.predicted == predictions.labels
    edges, bins = np.linspace(0.0, 1.0, n_bins + 1), bins_of(confidence, n_bins)
    if predictions.hard:
        bins, confidence, right = bins[:0], confidence[:0], right[:0]
    counts = np.bincount(bins, minlength=n_bins)
    with np.errstate(invalid="ignore"):  # an empty bin has no mean: NaN
        mean_confidence = np.bincount(bins, weights=confidence, minlength=n_bins) / counts
        accuracy = np.bincount(bins, weights=right, minlength=n_bins) / counts
    return CalibrationBins(edges, counts, mean_confidence, accuracy)


def bins_of(confidence: Float64, n_bins: int = CALIBRATION_BINS) -> Int64:
    """Return the bin of each confidence, int64 (N,) from 0; one on an edge falls below it."""
    return np.searchsorted(np.linspace(0.0, 1.0, n_bins + 1)[1:-1], confidence, side="left")
