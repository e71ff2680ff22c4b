"""What every baseline of the table promises."""

from __future__ import annotations

import numpy as np
import pytest
from builders import FEW_STRENGTHS, int32, tokens_of

from pipeline.baselines import BASELINES, FittedBaseline, choose_strength, fit_baseline
from pipeline.indices import count_ngrams, learn_ngrams

TRAIN = tokens_of([["good", "film"], ["bad", "film"], ["so", "good"], ["so", "bad"], ["dull", "!"]])
LABELS = int32([0, 2, 0, 2, 4])  # of six classes, 1, 3 and 5 are never trained
NEW = tokens_of([["good"], ["bad", "!"], [], ["never", "seen"]])
NGRAMS, COUNTS = learn_ngrams(TRAIN)

each_baseline = pytest.mark.parametrize("name", BASELINES)


def fitted(name: str) -> FittedBaseline:
    return fit_baseline(name, COUNTS, LABELS, n_classes=6, strength=1.0, settings=FEW_STRENGTHS)


@each_baseline
def test_probabilities_are_a_distribution_over_all_classes(name: str) -> None:
    probabilities = fitted(name).predict_probabilities(count_ngrams(NEW, NGRAMS))
    assert (probabilities.shape, probabilities.dtype) == ((4, 6), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert (probabilities[:, [0, 2, 4]] > 0).all()


@each_baseline
def test_a_class_that_was_never_trained_gets_nothing(name: str) -> None:
    probabilities = fitted(name).predict_probabilities(COUNTS)
    assert not probabilities[:, [1, 3, 5]].any()


@each_baseline
def test_the_same_fit_gives_the_same_result(name: str) -> None:
    first, again = (fitted(name).predict_probabilities(COUNTS) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@each_baseline
def test_the_inputs_are_left_as_they_were(name: str) -> None:
    before = (COUNTS.data.copy(), COUNTS.indices.copy(), COUNTS.indptr.copy(), LABELS.copy())
    choose_strength(name, (COUNTS, LABELS), (COUNTS, LABELS), FEW_STRENGTHS)
    fitted(name).predict_probabilities(COUNTS)
    for array, copy in zip((COUNTS.data, COUNTS.indices, COUNTS.indptr, LABELS), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@each_baseline
def test_validation_documents_of_a_class_that_was_never_trained_are_judged(name: str) -> None:
    strength, tried = choose_strength(name, (COUNTS, LABELS), (COUNTS[:2], int32([1, 5])), FEW_STRENGTHS)
    assert strength > 0
    for trial in tried:
        assert trial.validation_accuracy == 0.0
        assert trial.validation_log_loss == pytest.approx(-np.log(1e-12))


@each_baseline
def test_the_strength_tried_last_does_not_reach_the_fit(name: str) -> None:
    alone = fitted(name).predict_probabilities(COUNTS)
    choose_strength(name, (COUNTS, LABELS), (COUNTS, LABELS), FEW_STRENGTHS)
    np.testing.assert_array_equal(fitted(name).predict_probabilities(COUNTS), alone)
