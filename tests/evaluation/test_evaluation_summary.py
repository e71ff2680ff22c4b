"""The summary: means over seeds, folds pooled, and intervals checked against other ways to get them."""

import re

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score

from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.summary import bootstrap_scores, percentile_interval, summarise
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions


def saved(
    labels, predicted, *, name="lstm@word2vec", seed=0, fold=0, documents=None, n_classes=2, corpus="h"
):
    """Return predictions that give 0.6 and the rest to others, for documents 0, 1, 2 .. unless told."""
    probabilities = np.full((len(labels), n_classes), 0.4 / (n_classes - 1), np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.6
    documents = np.arange(len(labels)) if documents is None else np.array(documents)
    predictions = Predictions(documents, np.array(labels, np.int32), probabilities)
    names = tuple(str(number) for number in range(n_classes))
    return SavedPredictions(name, seed, fold, corpus, names, predictions)


def one_row(entries, seed=0):
    (row,) = summarise(entries, np.random.default_rng(seed))
    return row


def test_scores_are_means_over_seeds():
    row = one_row([saved([0, 0, 1, 1], [0, 0, 1, 0]), saved([0, 0, 1, 1], [0, 0, 0, 0], seed=1)])
    assert (row.name, row.runs) == ("lstm@word2vec", 2)
    assert row.accuracy == (3 / 4 + 2 / 4) / 2
    # F1 of the classes: 4/5 and 2/3 with seed 0, 2/3 and 0 with seed 1
    assert row.macro_f1 == pytest.approx(((4 / 5 + 2 / 3) / 2 + (2 / 3) / 2) / 2)
    assert row.log_loss == pytest.approx(-(5 * np.log(0.6) + 3 * np.log(0.4)) / 8)
    assert row.ece == pytest.approx((0.15 + 0.1) / 2)


def test_folds_are_pooled_within_a_seed():
    folds = [
        saved([1, 0], [1, 0], fold=2, documents=[5, 1]),
        saved([1, 1, 0], [0, 0, 0], fold=1, documents=[4, 2, 3]),
    ]
    row = one_row(folds)
    assert row.runs == 2
    assert row.accuracy == 3 / 5  # the mean of the folds would be (1 + 1/3) / 2
    (pooled,) = pool_folds(folds)["lstm@word2vec"]
    assert pooled.predictions.documents.tolist() == [1, 2, 3, 4, 5]
    assert pooled.predictions.labels.tolist() == [0, 1, 0, 1, 1]
    assert pooled.predictions.predicted.tolist() == [0, 0, 0, 0, 1]


def test_interval_of_one_seed_is_the_binomial_one():
    labels = [0] * 50 + [1] * 50
    row = one_row([saved(labels, [0] * 45 + [1] * 5 + [1] * 45 + [0] * 5)])
    binomial = stats.binom(100, 91 / 102)  # one document more of each kind
    assert row.accuracy_ci95 == pytest.approx(
        [binomial.ppf(0.025) / 100, binomial.ppf(0.975) / 100], abs=0.011
    )


def test_a_perfect_score_has_an_interval_of_some_width():
    labels = [0] * 245 + [1] * 200
    row = one_row([saved(labels, labels), saved(labels, labels, seed=1)])
    low = stats.binom(445, 446 / 447).ppf(0.025) / 445
    assert row.accuracy_ci95 == pytest.approx([low, 1.0], abs=0.0023)
    assert low == pytest.approx(0.9933, abs=1e-4)
    assert row.macro_f1_ci95 == pytest.approx([low, 1.0], abs=0.004)


def test_an_interval_holds_its_estimate():
    assert percentile_interval(np.array([0.0, 0.5, 1.0]), 0.4) == pytest.approx([0.025, 0.975])
    assert percentile_interval(np.array([0.5, 0.5]), 0.4) == (0.4, 0.5)
    assert percentile_interval(np.array([0.5, 0.5]), 0.6) == (0.5, 0.6)


def slow_bootstrap(labels, by_seed, n_resamples, generator):
    """Draw documents and seeds one resample at a time and score with scikit-learn; (R,) each."""
    accuracies, f1s = [], []
    for _ in range(n_resamples):
        documents = generator.integers(0, len(labels), len(labels))
        seeds = generator.integers(0, len(by_seed), len(by_seed))
        drawn = [(labels[documents], by_seed[seed][documents]) for seed in seeds]
        accuracies.append(np.mean([accuracy_score(*pair) for pair in drawn]))
        f1s.append(np.mean([f1_score(*pair, average="macro") for pair in drawn]))
    return np.array(accuracies), np.array(f1s)


@pytest.mark.longer
def test_bootstrap_agrees_with_a_slow_one():
    generator = np.random.default_rng(3)
    labels = generator.choice(3, 300, p=[0.6, 0.3, 0.1])
    by_seed = [np.where(generator.random(300) < right, labels, 0) for right in (0.9, 0.8, 0.6)]
    entries = [saved(labels, predicted, seed=seed, n_classes=3) for seed, predicted in enumerate(by_seed)]
    (runs,) = pool_folds(entries).values()
    fast = bootstrap_scores(runs, 4000, np.random.default_rng(0))
    slow = slow_bootstrap(labels, by_seed, 400, generator)
    for ours, theirs in zip(fast, slow, strict=True):
        assert ours.shape == (4000,)
        assert ours.mean() == pytest.approx(theirs.mean(), abs=0.01)
        assert ours.std() == pytest.approx(theirs.std(), rel=0.15)


def test_seeds_that_differ_widen_the_interval():
    labels = [0, 1] * 100
    steady = [
        saved(labels, [*labels[:160], *[1 - label for label in labels[160:]]], seed=s) for s in range(3)
    ]
    varied = [
        saved(labels, [*labels[:right], *[1 - label for label in labels[right:]]], seed=seed)
        for seed, right in enumerate((120, 160, 200))
    ]
    rows = [one_row(steady), one_row(varied)]
    widths = [row.accuracy_ci95[1] - row.accuracy_ci95[0] for row in rows]
    assert [row.accuracy for row in rows] == pytest.approx([0.8, 0.8])
    assert widths[1] > 1.5 * widths[0]


def test_a_further_model_leaves_the_other_intervals_alone():
    labels = [0, 1] * 20
    entries = [saved(labels, [0] * 40, name=name) for name in ("bow", "tfidf")]
    together = summarise([entries[1], entries[0]], np.random.default_rng(7))
    assert [row.name for row in together] == ["tfidf", "bow"]
    assert summarise([entries[0]], np.random.default_rng(7)) == [together[1]]


def test_resamples_of_many_patterns_come_in_pieces(monkeypatch):
    labels = [0, 1] * 20
    (runs,) = pool_folds([saved(labels, [0] * 40)]).values()
    monkeypatch.setattr("pipeline.evaluation.summary.CHUNK_CELLS", 60)
    accuracy, macro_f1 = bootstrap_scores(runs, 25, np.random.default_rng(0))
    assert (accuracy.shape, macro_f1.shape) == ((25,), (25,))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            saved([0, 1], [0, 1], fold=1),
            "lstm@word2vec (seed 0) has more than one prediction for documents 0, 1",
        ),
        (
            saved([0], [0], seed=1),
            "only one of lstm@word2vec (seed 0) and lstm@word2vec (seed 1) was tested on documents 1",
        ),
        (
            saved([0, 0], [0, 0], seed=1),
            "lstm@word2vec (seed 0) and lstm@word2vec (seed 1) have different labels for documents 1",
        ),
        (
            saved([0, 1], [0, 1], name="bow", n_classes=3),
            "lstm@word2vec and bow do not have the same labels in the same order",
        ),
        (
            saved([0, 1], [0, 1], name="bow", corpus="other"),
            "lstm@word2vec and bow were tested on different corpora",
        ),
    ],
)
def test_predictions_that_do_not_belong_together(second, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        summarise([saved([0, 1], [0, 1]), second], np.random.default_rng(0))
