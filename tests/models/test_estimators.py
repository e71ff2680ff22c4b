"""This project's own estimators are scikit-learn's in all that scikit-learn asks, and compute what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from pipeline.models.baselines import estimators
from pipeline.models.baselines.estimators import NaiveBayesLogistic

TEXTS = [
    "good film",
    "a good good plot",
    "so good",
    "bad film",
    "a bad plot",
    "so bad",
    "dull",
    "dull film",
] * 3
LABELS = ["+", "+", "+", "-", "-", "-", "0", "0"] * 3
COUNTS = csr_array([[2, 0, 1], [1, 1, 0], [0, 3, 1], [0, 1, 0], [1, 0, 0]], dtype=np.float64)
TWO = np.array([1, 1, 0, 0, 1])


def test_every_estimator_of_the_package_is_checked() -> None:
    own = [
        value
        for value in vars(estimators).values()
        if getattr(value, "__module__", "") == estimators.__name__
    ]
    assert {one for one in own if isinstance(one, type)} == {NaiveBayesLogistic}


@parametrize_with_checks([NaiveBayesLogistic(), NaiveBayesLogistic(alpha=0.1, beta=1.0)])
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    check(estimator)


def ratio_by_hand(alpha: float) -> np.ndarray:
    """Return log((p / |p|) / (q / |q|)) of class 1, counted document by document."""
    p, q = np.full(3, alpha), np.full(3, alpha)
    for row, label in zip(COUNTS.toarray(), TWO, strict=True):
        for column, count in enumerate(row):
            (p if label else q)[column] += count > 0
    return np.log((p / p.sum()) / (q / q.sum()))


@pytest.mark.parametrize("beta", [1.0, 0.25])
def test_it_is_logistic_regression_on_ratios_worked_out_by_hand(beta: float) -> None:
    ratio = ratio_by_hand(alpha=0.5)
    model = LogisticRegression(C=2.0, tol=1e-9).fit((COUNTS.toarray() > 0) * ratio, TWO)
    weights = (1 - beta) * np.abs(model.coef_[0]).mean() + beta * model.coef_[0]
    fitted = NaiveBayesLogistic(C=2.0, alpha=0.5, beta=beta, tol=1e-9).fit(COUNTS, TWO)
    np.testing.assert_allclose(fitted.coef_, [ratio * weights], rtol=1e-5)
    np.testing.assert_allclose(fitted.intercept_, model.intercept_, rtol=1e-5)
    logits = (COUNTS.toarray() > 0) @ (ratio * weights) + model.intercept_
    np.testing.assert_allclose(fitted.predict_proba(COUNTS)[:, 1], 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_another_share_is_what_a_fit_with_it_finds() -> None:
    labels = np.array([0, 1, 2, 2, 0])
    fitted = NaiveBayesLogistic(beta=0.25).fit(COUNTS, labels)
    changed = fitted.interpolate(0.75)
    assert changed is fitted
    assert fitted.get_params()["beta"] == 0.75
    np.testing.assert_allclose(
        fitted.coef_, NaiveBayesLogistic(beta=0.75).fit(COUNTS, labels).coef_, rtol=1e-6
    )
    with pytest.raises(ValueError, match="beta is 2; it has to be from 0 to 1"):
        fitted.interpolate(2)


def test_a_power_of_the_ratio_leads_from_the_published_features_to_plain_ones() -> None:
    present = COUNTS.toarray() > 0
    ratio = ratio_by_hand(alpha=1.0)
    for power in (0.0, 0.5):
        features = present * np.sign(ratio) * np.abs(ratio) ** power
        model = LogisticRegression(C=2.0, tol=1e-9).fit(features, TWO)
        fitted = NaiveBayesLogistic(C=2.0, beta=1.0, power=power, tol=1e-9).fit(COUNTS, TWO)
        np.testing.assert_allclose(fitted.predict_proba(COUNTS), model.predict_proba(features), rtol=1e-5)
    plain = LogisticRegression(C=2.0, tol=1e-9).fit(present, TWO)
    fitted = NaiveBayesLogistic(C=2.0, beta=1.0, power=0.0, tol=1e-9).fit(COUNTS, TWO)
    np.testing.assert_allclose(fitted.coef_, plain.coef_, rtol=1e-4)


def test_three_classes_are_three_problems_normalised() -> None:
    labels = np.array([0, 1, 2, 2, 0])
    alone = [
        NaiveBayesLogistic().fit(COUNTS, labels == label).predict_proba(COUNTS)[:, 1] for label in range(3)
    ]
    expected = np.stack(alone, axis=1) / np.sum(alone, axis=0)[:, None]
    probabilities = NaiveBayesLogistic().fit(COUNTS, labels).predict_proba(COUNTS)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-6)


def test_a_document_that_every_problem_rejects_still_has_probabilities() -> None:
    fitted = NaiveBayesLogistic().fit(COUNTS, [0, 1, 2, 2, 0])
    fitted.intercept_ = np.array([-2000.0, -2001.0, -3000.0])
    probabilities = fitted.predict_proba(csr_array((1, 3)))
    np.testing.assert_allclose(
        probabilities, [[1 / (1 + np.exp(-1)), 1 - 1 / (1 + np.exp(-1)), 0]], atol=1e-12
    )


def test_dense_and_sparse_documents_are_one_and_are_left_as_they_were() -> None:
    before = COUNTS.copy()
    sparse = NaiveBayesLogistic().fit(COUNTS, TWO)
    dense = NaiveBayesLogistic().fit(COUNTS.toarray(), TWO)
    np.testing.assert_allclose(sparse.coef_, dense.coef_, rtol=1e-6)
    np.testing.assert_allclose(sparse.predict_proba(COUNTS), dense.predict_proba(COUNTS.toarray()), rtol=1e-6)
    np.testing.assert_array_equal(COUNTS.data, before.data)


def test_a_count_in_several_entries_is_one_feature() -> None:
    twice = csr_array(([1.0, 1.0, 1.0, 2.0, -2.0], [0, 0, 1, 0, 0], [0, 2, 3, 5]), shape=(3, 2))
    labels, entries = [1, 0, 0], twice.nnz
    fitted, dense = (NaiveBayesLogistic().fit(X, labels) for X in (twice, twice.toarray()))
    np.testing.assert_allclose(fitted.coef_, dense.coef_, rtol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba(twice), dense.predict_proba(twice.toarray()), rtol=1e-6)
    assert twice.nnz == entries  # left as it was


def test_float32_stays_float32() -> None:
    fitted = NaiveBayesLogistic().fit(COUNTS.astype(np.float32), TWO)
    assert fitted.coef_.dtype == np.float32


def test_a_warm_start_ends_where_a_cold_one_does_in_fewer_steps() -> None:
    generator = np.random.default_rng(0)
    counts = csr_array(generator.poisson(0.3, size=(200, 40)).astype(float))
    labels = (counts[:, [0]].toarray().ravel() + generator.normal(size=200) > 0.5).astype(int)
    cold = NaiveBayesLogistic(C=3.0, tol=1e-7, max_iter=1000).fit(counts, labels)
    warm = NaiveBayesLogistic(C=2.9, tol=1e-7, max_iter=1000, warm_start=True).fit(counts, labels)
    warm.set_params(C=3.0).fit(counts, labels)
    np.testing.assert_allclose(warm.coef_, cold.coef_, atol=1e-4)
    assert warm.n_iter_[0] < cold.n_iter_[0]
    other = counts[:, :7]
    again = warm.fit(other, labels)  # other features: it starts anew
    np.testing.assert_allclose(again.coef_, cold.fit(other, labels).coef_, atol=1e-4)


def test_balanced_classes_are_documents_repeated() -> None:
    labels = np.array([0, 0, 0, 0, 1])
    repeated = [0, 1, 2, 3, 4, 4, 4, 4]
    balanced = NaiveBayesLogistic(class_weight="balanced", tol=1e-9).fit(COUNTS, labels)
    weights = np.array([5 / 8] * 4 + [5 / 2])
    weighed = NaiveBayesLogistic(tol=1e-9).fit(COUNTS, labels, sample_weight=weights)
    np.testing.assert_allclose(balanced.coef_, weighed.coef_, rtol=1e-6)
    same = NaiveBayesLogistic(tol=1e-9).fit(COUNTS[repeated], labels[repeated])
    ones = NaiveBayesLogistic(tol=1e-9).fit(COUNTS, labels, sample_weight=[1, 1, 1, 1, 4])
    np.testing.assert_allclose(ones.coef_, same.coef_, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"), [({"alpha": 0}, "alpha is 0"), ({"beta": 1.5}, "beta is 1.5")]
)
def test_a_parameter_out_of_range_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NaiveBayesLogistic(**changes).fit(COUNTS, TWO)


def test_it_works_in_a_pipeline_under_cross_validation_and_grid_search() -> None:
    pipeline = make_pipeline(CountVectorizer(ngram_range=(1, 2)), NaiveBayesLogistic())
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=3).tolist() == [1.0] * 3
    grid = {"naivebayeslogistic__C": [1e-6, 10.0], "naivebayeslogistic__class_weight": [None, "balanced"]}
    search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_log_loss").fit(TEXTS, LABELS)
    assert search.best_params_["naivebayeslogistic__C"] == 10.0
