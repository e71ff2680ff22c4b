"""The metrics that models are compared by: scikit-learn's numbers, influence values by hand and by resampling."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss

from pipeline.evaluation.differences import estimate_difference, seeds_share
from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.stray_classes import stray_class_warnings
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.metrics import METRICS, answer_scores


def predictions_of(labels, predicted, n_classes=3, confidence=0.7, hard=False):
    """Return predictions that give `confidence` to each answer and the rest to the other classes alike."""
    rest = (1 - confidence) / (n_classes - 1)
    probabilities = np.full((len(labels), n_classes), rest, np.float32)
    probabilities[np.arange(len(labels)), predicted] = confidence
    return Predictions(np.arange(len(labels)), np.array(labels, np.int32), probabilities, hard)


def runs_of(name, labels, by_seed, **how):
    saved = [
        SavedPredictions(name, seed, 0, "h", ("a", "b", "c"), predictions_of(labels, predicted, **how))
        for seed, predicted in enumerate(by_seed)
    ]
    return pool_folds(saved)[name]


answers = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40)


@given(answers)
def test_values_are_those_of_scikit_learn(pairs):
    labels, predicted = np.array(pairs).T
    found = predictions_of(labels, predicted)
    assert METRICS["accuracy"].value(found) == np.mean(labels == predicted)
    assert METRICS["macro-f1"].value(found) == pytest.approx(f1_score(labels, predicted, average="macro"))
    with warnings.catch_warnings():  # a class without a document was predicted
        warnings.simplefilter("ignore", UserWarning)
        recalls = balanced_accuracy_score(labels, predicted)
    assert METRICS["balanced-accuracy"].value(found) == pytest.approx(recalls)
    expected = log_loss(labels, found.probabilities.astype(float), labels=[0, 1, 2])
    assert METRICS["log-loss"].value(found) == pytest.approx(expected, rel=1e-5)


@given(answers)
def test_the_mean_of_the_influence_values_is_the_metric(pairs):
    found = predictions_of(*np.array(pairs).T)
    for metric in METRICS.values():
        values = metric.influence(found)
        assert (values.dtype, values.shape) == (np.float64, (len(pairs),))
        assert values.mean() == pytest.approx(metric.value(found), abs=1e-12)


def test_influence_on_macro_f1_by_hand():
    found = predictions_of([0, 0, 0, 1], [0, 0, 1, 1], n_classes=3)
    # class 0: 2 hits, 3 documents, said twice: F1 4/5; class 1: 1 hit, 1 document, said twice: 2/3; class 2 is not met
    first, second = 4 / 5, 2 / 3
    hit = (2 - 2 * first) * 4 / 5  # a hit of class 0
    missed = (-first) * 4 / 5 + (-second) * 4 / 3  # one of class 0 that was taken for class 1
    other = (2 - 2 * second) * 4 / 3
    expected = np.array([hit, hit, missed, other]) / 2 + (first + second) / 2
    assert METRICS["macro-f1"].influence(found) == pytest.approx(expected)


def test_influence_on_balanced_accuracy_by_hand():
    found = predictions_of([0, 0, 0, 1], [0, 0, 1, 2], n_classes=3)
    # recalls 2/3 and 0 of the two classes that have a document; class 2 has none
    expected = np.array([(1 - 2 / 3) * 4 / 3, (1 - 2 / 3) * 4 / 3, -2 / 3 * 4 / 3, 0]) / 2 + 1 / 3
    assert METRICS["balanced-accuracy"].influence(found) == pytest.approx(expected)


@pytest.mark.parametrize("metric", METRICS)
def test_the_variance_of_the_influence_values_is_that_of_resampled_documents(metric):
    generator = np.random.default_rng(4)
    labels = generator.choice(3, 1500, p=[0.8, 0.15, 0.05])
    predicted = np.where(generator.random(1500) < 0.8, labels, generator.integers(0, 3, 1500))
    found, entry = predictions_of(labels, predicted), METRICS[metric]
    resampled = [entry.value(found.only(generator.integers(0, 1500, 1500))) for _ in range(1500)]
    # the standard deviation of 1,500 resamples is known to 2 %
    assert np.sqrt(entry.influence(found).var() / 1500) == pytest.approx(np.std(resampled), rel=0.07)


def test_answer_scores_are_a_directional_derivative():
    labels, predicted = [0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 2, 0, 1]
    found = predictions_of(labels, predicted)
    # documents that weigh 1 + e d: the metric by weighted counts, differentiated numerically
    direction, step = np.array([0.3, -0.5, 0.2, 0.9, -0.1, 0.4, -0.7]), 1e-6
    for name in ("accuracy", "macro-f1", "balanced-accuracy"):
        up, down = (_weighted(name, labels, predicted, 1 + sign * step * direction) for sign in (1, -1))
        scores = answer_scores(found, METRICS[name].slope.gradient(found))
        assert (scores * direction).mean() == pytest.approx((up - down) / (2 * step), abs=1e-8)


def _weighted(name, labels, predicted, weights):
    labels, predicted = np.array(labels), np.array(predicted)
    hits, support, said = (
        np.array([weights[chosen(c)].sum() for c in range(3)])
        for chosen in (
            lambda c: (labels == c) & (predicted == c),
            lambda c: labels == c,
            lambda c: predicted == c,
        )
    )
    return {
        "accuracy": hits.sum() / support.sum(),
        "macro-f1": np.mean(2 * hits / (support + said)),
        "balanced-accuracy": np.mean(hits / support),
    }[name]


def test_answers_alone_have_no_log_loss():
    found = predictions_of([0, 1], [0, 1], confidence=1.0, hard=True)
    assert np.isnan(METRICS["log-loss"].influence(found)).tolist() == [True, True]
    assert not METRICS["log-loss"].known_of(found)
    assert METRICS["macro-f1"].known_of(found)


def test_a_difference_is_above_zero_where_a_is_better():
    labels = [0, 1, 2] * 20
    sure = runs_of("a", labels, [labels], confidence=0.9)
    unsure = runs_of("b", labels, [labels], confidence=0.5)
    estimate = estimate_difference(sure, unsure, metric="log-loss")
    assert estimate.difference == pytest.approx(np.log(0.9) - np.log(0.5))
    wrong = runs_of("b", labels, [[0] * 60])
    for metric in METRICS:
        assert estimate_difference(sure, wrong, metric=metric).difference > 0
    assert estimate_difference(sure, wrong, metric="macro-f1").difference == pytest.approx(1 - 0.5 / 3)


def test_the_share_of_seeds_by_hand():
    labels = [0] * 5
    a = runs_of("a", labels, [[0, 0, 0, 0, 1], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]])
    b = runs_of("b", labels, [[0, 1, 0, 1, 0]])
    # a: .8, .6, .4, variance .04 over three. Documents: 1, 1, 2/3, 1/3, 0 less 1, 0, 1, 0, 1, variance by NumPy / 5;
    # what neither explains in a: residuals of the table, / (2 x 4) / 15
    table = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]])
    residuals = table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean()
    both = (residuals**2).sum() / 8 / 15
    documents = np.var([0, 1, 2 / 3 - 1, 1 / 3, -1], ddof=1) / 5
    expected = (0.04 / 3) / (0.04 / 3 + documents - both)
    assert seeds_share(a, b) == seeds_share(b, a) == pytest.approx(expected)
    assert seeds_share(b, b) == 0.0


def test_seeds_that_differ_on_all_documents_are_all_the_chance_there_is():
    labels = [0] * 50
    a, b = runs_of("a", labels, [[0] * 50, [1] * 50]), runs_of("b", labels, [[0] * 50])
    assert seeds_share(a, b) == 1.0


def test_the_metric_of_chosen_documents_is_theirs_alone():
    labels = np.array([0, 0, 1, 1, 2, 2])
    a, b = runs_of("a", labels, [[0, 0, 1, 1, 2, 0]]), runs_of("b", labels, [[0, 1, 1, 1, 0, 0]])
    chosen = labels < 2
    # on the first four documents a is right; b has F1 2/3 and 4/5
    estimate = estimate_difference(a, b, chosen=chosen, metric="macro-f1")
    assert estimate.difference == pytest.approx(1 - (2 / 3 + 4 / 5) / 2)


def test_a_stray_answer_is_warned_of():
    labels = [0, 1] * 10
    stray = [
        SavedPredictions("lstm", seed, 0, "h", ("a", "b", "c"), predictions_of(labels, answers))
        for seed, answers in enumerate((labels, [*labels[:19], 2]))
    ]
    # seed 1: class 1 has 9 hits, 10 documents, 9 answers: F1 18/19; class 2 has none: (1 + 18/19 + 0) / 3
    without, as_it_is = (1 + (1 + 18 / 19) / 2) / 2, (1 + (1 + 18 / 19) / 3) / 2
    assert stray_class_warnings(stray) == [
        f'lstm: 1 of 40 answers says "c", the label of no test document; that alone takes macro F1 from'
        f" {without:.3f} to {as_it_is:.3f} [answers-outside-test]"
    ]
    assert stray_class_warnings(stray[:1]) == []
    all_wrong = predictions_of([0, 0, 0], [2, 2, 2])  # there is no F1 left to fall
    assert stray_class_warnings([SavedPredictions("rnn", 0, 0, "h", ("a", "b", "c"), all_wrong)]) == []
    assert stray_class_warnings([]) == []
