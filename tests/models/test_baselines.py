"""Bag of words and TF-IDF are scikit-learn's own, fed from n-gram counts; validation chooses the strength."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import int32, tokens_of
from scipy.sparse import csr_array

from pipeline.core.values import Float32, Int32
from pipeline.models.baselines import choice, table
from pipeline.models.baselines.choice import Chosen, Tried, as_fitted, choose_strength
from pipeline.models.baselines.fitting import fit_baseline
from pipeline.settings.tables import BaselineSettings
from pipeline.text.ngrams import count_ngrams, learn_ngrams

SETTINGS = BaselineSettings(min_df=1, bow_strengths=(0.01, 0.1, 1.0, 10.0), max_iter=1000)
WORDS = ("good", "bad", "dull", "film", "plot", "so", "very")


def draw(n_docs: int, seed: int) -> tuple[list[list[str]], Int32]:
    """Return documents of six words; "good" makes a label likely, "bad" another, and one in five is wrong."""
    generator = np.random.default_rng(seed)
    documents = [list(generator.choice(WORDS, 6)) for _ in range(n_docs)]
    labels = [int(document.count("good") < document.count("bad")) for document in documents]
    noise = generator.random(n_docs) < 0.2
    return documents, int32(np.where(noise, 1 - np.array(labels), labels).tolist())


TRAIN, LABELS = draw(120, seed=1)
VALIDATION, VALIDATION_LABELS = draw(60, seed=2)


def ours(name: str, strength: float, settings: BaselineSettings = SETTINGS) -> Float32:
    """Return the baseline's probabilities of the validation documents."""
    ngrams, counts = learn_ngrams(tokens_of(TRAIN), ngram_max=2)
    fitted = fit_baseline(name, counts, LABELS, n_classes=2, strength=strength, settings=settings)
    return fitted.predict_probabilities(count_ngrams(tokens_of(VALIDATION), ngrams))


def by_hand(vectorizer: Any, strength: float) -> Float32:
    """Return the probabilities of scikit-learn's vectorizer and logistic regression, from text."""
    from sklearn.linear_model import LogisticRegression

    features = vectorizer.fit_transform(" ".join(document) for document in TRAIN)
    model = LogisticRegression(C=strength, tol=1e-8, max_iter=5000).fit(features, LABELS)
    return model.predict_proba(vectorizer.transform(" ".join(document) for document in VALIDATION))


@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_bow_is_a_binary_count_vectorizer_and_logistic_regression(strength: float) -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(binary=True, ngram_range=(1, 2), token_pattern=r"\S+")
    np.testing.assert_allclose(ours("bow", strength), by_hand(vectorizer, strength), atol=1e-3)


@pytest.mark.parametrize("sublinear_tf", [True, False])
def test_tfidf_is_a_tfidf_vectorizer_and_logistic_regression(sublinear_tf: bool) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings = replace(SETTINGS, sublinear_tf=sublinear_tf)
    vectorizer = TfidfVectorizer(sublinear_tf=sublinear_tf, ngram_range=(1, 2), token_pattern=r"\S+")
    np.testing.assert_allclose(ours("tfidf", 3.0, settings), by_hand(vectorizer, 3.0), atol=1e-3)


def test_majority_answers_with_the_class_frequencies() -> None:
    _, counts = learn_ngrams(tokens_of([["a"], ["b"], ["c"], ["d"]]))
    fitted = fit_baseline(
        "majority", counts, int32([1, 1, 0, 1]), n_classes=3, strength=1.0, settings=SETTINGS
    )
    assert fitted.predict_probabilities(counts).tolist() == [[0.25, 0.75, 0.0]] * 4
    assert fitted.parameters == 2
    chosen = choose_strength("majority", (counts, int32([0] * 4)), (counts, int32([0] * 4)), SETTINGS)
    assert (chosen.strength, chosen.tried) == (1.0, ())


def choose(settings: BaselineSettings) -> Chosen:
    ngrams, counts = learn_ngrams(tokens_of(TRAIN), ngram_max=2)
    judged = count_ngrams(tokens_of(VALIDATION), ngrams)
    return choose_strength("bow", (counts, LABELS), (judged, VALIDATION_LABELS), settings)


def test_the_strength_of_least_validation_log_loss_is_chosen() -> None:
    from sklearn.metrics import accuracy_score, log_loss

    chosen = choose(SETTINGS)
    strength, tried = chosen.strength, chosen.tried
    separately = {value: ours("bow", value) for value in SETTINGS.bow_strengths}
    losses = {value: log_loss(VALIDATION_LABELS, found) for value, found in separately.items()}
    assert [trial.value for trial in tried] == [0.01, 0.1, 1.0, 10.0]
    for trial in tried:
        assert trial.validation_log_loss == pytest.approx(losses[trial.value], abs=1e-3)
        answers = separately[trial.value].argmax(axis=1)
        assert trial.validation_accuracy == pytest.approx(accuracy_score(VALIDATION_LABELS, answers))
    assert strength == min(losses, key=lambda value: losses[value])
    assert strength not in (0.01, 10.0)  # the data have an inner optimum, so the choice is one


def test_each_trial_is_told_weakest_first_whatever_the_order_given() -> None:
    told: list[Tried] = []
    ngrams, counts = learn_ngrams(tokens_of(TRAIN))
    judged = count_ngrams(tokens_of(VALIDATION), ngrams)
    settings = replace(SETTINGS, tfidf_strengths=(3.0, 0.3))
    chosen = choose_strength("tfidf", (counts, LABELS), (judged, VALIDATION_LABELS), settings, told.append)
    assert tuple(told) == chosen.tried
    assert [trial.value for trial in told] == [0.3, 3.0]


def test_one_strength_is_judged_too() -> None:
    chosen = choose(replace(SETTINGS, bow_strengths=(0.5,)))
    assert chosen.strength == 0.5
    assert [trial.value for trial in chosen.tried] == [0.5]


def test_the_fit_that_was_chosen_is_that_of_its_strength_alone() -> None:
    """It began where a stronger regularisation ended, and the strengths after it leave it as it is."""
    ngrams, _ = learn_ngrams(tokens_of(TRAIN), ngram_max=2)
    chosen = choose(SETTINGS)
    found = as_fitted(chosen, 2, SETTINGS).predict_probabilities(count_ngrams(tokens_of(VALIDATION), ngrams))
    assert chosen.strength != max(SETTINGS.bow_strengths)
    np.testing.assert_allclose(found, ours("bow", chosen.strength), atol=1e-3)


def test_what_nbsvm_chooses_is_the_best_of_every_combination_fitted_alone() -> None:
    settings = replace(SETTINGS, nbsvm_strengths=(0.1, 1.0), nbsvm_betas=(0.25, 1.0), nbsvm_powers=(0.5, 1.0))
    ngrams, counts = learn_ngrams(tokens_of(TRAIN), ngram_max=2)
    judged = count_ngrams(tokens_of(VALIDATION), ngrams)

    def alone(combination: tuple[float, float, float]) -> Float32:
        strength, beta, power = combination
        fitted = fit_baseline(
            "nbsvm", counts, LABELS, n_classes=2, strength=strength, settings=settings, beta=beta, power=power
        )
        return fitted.predict_probabilities(judged)

    def loss(combination: tuple[float, float, float]) -> float:
        picked = alone(combination)[np.arange(len(VALIDATION_LABELS)), VALIDATION_LABELS]
        return float(-np.log(picked).mean())

    found = choose_strength("nbsvm", (counts, LABELS), (judged, VALIDATION_LABELS), settings)
    best = min(itertools.product((0.1, 1.0), (0.25, 1.0), (0.5, 1.0)), key=loss)
    assert (found.strength, found.beta, found.power) == best
    assert [(trial.power, trial.value) for trial in found.tried] == [
        (0.5, 0.1),
        (0.5, 1.0),
        (1.0, 0.1),
        (1.0, 1.0),
    ]
    assert found.settings_tried == 8
    probabilities = as_fitted(found, 2, settings).predict_probabilities(judged)
    np.testing.assert_allclose(probabilities, alone(best), atol=1e-3)


def test_the_columns_that_do_best_are_chosen_and_the_model_reads_them_alone() -> None:
    """Column 0 tells the class; 1 to 30 stand in one document each and tell nothing of others."""
    labels = int32([0, 1] * 15)
    counts = csr_array(np.hstack([labels[:, None], np.eye(30)]).astype(np.int32))
    told = csr_array(np.hstack([labels[:, None], np.zeros((30, 30))]).astype(np.int32))
    columns = {1: np.arange(31), 2: np.array([0])}
    settings = replace(SETTINGS, bow_strengths=(1.0,))
    found = choose_strength("bow", (counts, labels), (told, labels), settings, columns=columns)
    losses = {trial.min_df: trial.validation_log_loss for trial in found.tried}
    assert found.min_df == min(losses, key=lambda min_df: losses[min_df])
    assert found.pipeline[-1].coef_.shape == (1, len(columns[found.min_df]))
    only = choose_strength("bow", (counts, labels), (told, labels), settings, columns={2: columns[2]})
    assert only.pipeline[-1].coef_.shape == (1, 1)
    assert only.min_df == 2


def test_no_weaker_strength_is_tried_after_two_that_bring_nothing() -> None:
    settings = replace(SETTINGS, bow_strengths=(0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0))
    found = choose(settings)
    losses = [trial.validation_log_loss for trial in found.tried]
    accuracies = [trial.validation_accuracy for trial in found.tried]
    assert len(losses) < 7
    last_gain = max(losses.index(min(losses)), accuracies.index(max(accuracies)))
    assert len(losses) == last_gain + 3


def test_accuracy_chooses_beyond_its_standard_error_and_log_loss_within_it() -> None:
    """Of 100 documents the error of 0.90 is 3.0 points: 0.87 is within it, 0.86 is not."""
    sure = Tried(100.0, 0.80, 0.90)
    within, beyond = Tried(1.0, 0.40, 0.87), Tried(0.1, 0.30, 0.86)
    assert choice.best_trial([sure, within, beyond], 100) is within
    assert choice.best_trial([sure, beyond], 100) is sure
    assert choice.best_trial([sure, within, beyond], 100, metric="log-loss") is beyond


def test_another_metric_of_answers_chooses_in_place_of_accuracy() -> None:
    """`rare` finds the rare class, `common` has more answers right: which is chosen is the metric's to say."""
    common = Tried(0.1, 0.20, 0.96, validation_score=0.60, standard_error=0.05)
    rare = Tried(10.0, 0.40, 0.90, validation_score=0.80, standard_error=0.05)
    near = Tried(1.0, 0.30, 0.85, validation_score=0.76, standard_error=0.05)
    assert choice.best_trial([common, rare], 1000, metric="macro-f1") is rare
    assert (
        choice.best_trial([common, rare, near], 1000, metric="macro-f1") is near
    )  # within the error, lower loss
    assert (
        choice.best_trial([replace(one, validation_score=None) for one in (common, rare)], 1000).value == 0.1
    )


def test_the_grade_that_is_given_chooses_among_all_strengths() -> None:
    """A made-up metric of which more is better, though no run has it: the share of wrong answers."""

    def wrong(labels: Int32, probabilities: Float32) -> tuple[float, float]:
        return float((labels != probabilities.argmax(axis=1)).mean()), 0.0

    ngrams, counts = learn_ngrams(tokens_of(TRAIN), ngram_max=2)
    judged = count_ngrams(tokens_of(VALIDATION), ngrams)
    by_accuracy = choose(SETTINGS)
    found = choose_strength(
        "bow", (counts, LABELS), (judged, VALIDATION_LABELS), SETTINGS, metric="macro-f1", grade=wrong
    )
    worst = min(by_accuracy.tried, key=lambda trial: trial.validation_accuracy)
    assert found.strength == worst.value != by_accuracy.strength


def test_parameters_are_the_weights_and_intercepts() -> None:
    _, counts = learn_ngrams(tokens_of([["a"], ["b"], ["c"]]), ngram_max=1)  # three features
    for labels, expected in (([0, 1, 1], 1 * 3 + 1), ([0, 1, 2], 3 * 3 + 3)):
        fitted = fit_baseline("bow", counts, int32(labels), n_classes=3, strength=1.0, settings=SETTINGS)
        assert fitted.parameters == expected


def test_a_fit_that_was_cut_short_says_so() -> None:
    _, counts = learn_ngrams(tokens_of(TRAIN))
    settings = replace(SETTINGS, max_iter=1)
    fitted = fit_baseline("bow", counts, LABELS, n_classes=2, strength=10.0, settings=settings)
    assert fitted.warnings == (
        "logistic regression stopped after 1 iterations: raise baselines.max_iter [linear-model-cut-short]",
    )
    assert fit_baseline("bow", counts, LABELS, n_classes=2, strength=1.0, settings=SETTINGS).warnings == ()
    for found, told in ((choose(settings), fitted.warnings), (choose(SETTINGS), ())):
        assert as_fitted(found, 2, settings).warnings == told


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_problem_a_class_answers_alike(monkeypatch: pytest.MonkeyPatch, n_classes: int) -> None:
    documents = [["good"], ["bad"], ["dull"]][:n_classes] * 5
    labels = int32([0, 1, 2][:n_classes] * 5)
    _, counts = learn_ngrams(tokens_of(documents), ngram_max=1)
    monkeypatch.setattr(table, "ONE_VERSUS_REST", 0)
    fitted = fit_baseline("bow", counts, labels, n_classes=n_classes, strength=1.0, settings=SETTINGS)
    probabilities = fitted.predict_probabilities(counts)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert (probabilities.argmax(axis=1) == labels).all()
    assert fitted.parameters == (n_classes + 1 if n_classes == 2 else n_classes * (n_classes + 1))
