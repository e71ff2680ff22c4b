"""Training: what it can learn, what it must not, early stopping, and the "did not train" rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from builders import indexed_of, int32, labelled, matrix_of, tokens_of, train_network

from pipeline.core.models import networks
from pipeline.models.baselines.fitting import fit_baseline
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.networks.training import FittedNetwork, Schedule
from pipeline.settings.tables import BaselineSettings
from pipeline.text.ngrams import count_ngrams, learn_ngrams

A, B, FILLERS, LENGTH = 2, 3, 8, 8


def a_before_b(n_pairs: int, seed: int) -> Labelled:
    """Return documents of fillers with one "a" and one "b"; the label says whether "a" comes first.

    Each document has a twin with "a" and "b" exchanged and the other label, so the words alone tell nothing.
    """
    generator = np.random.default_rng(seed)
    documents, labels = [], []
    for _ in range(n_pairs):
        document = generator.integers(4, 4 + FILLERS, LENGTH)
        first, second = np.sort(generator.choice(LENGTH, 2, replace=False))
        for one, other, label in ((A, B, 1), (B, A, 0)):
            document[[first, second]] = one, other
            documents.append(document.tolist())
            labels.append(label)
    return labelled(documents, labels)


def accuracy(fitted: FittedNetwork, documents: Labelled) -> float:
    probabilities = predict_probabilities(fitted.model, documents.indexed, 2)
    return float((probabilities.argmax(axis=1) == documents.labels).mean())


@pytest.mark.longer
def test_an_lstm_learns_that_a_comes_before_b() -> None:
    fitted = train_network(
        "lstm",
        a_before_b(200, seed=1),
        tuned=True,
        matrix=matrix_of(4 + FILLERS, dimension=8),
        units=16,
        batch_size=32,
        learning_rate=0.02,
        max_epochs=15,
    )
    assert accuracy(fitted, a_before_b(100, seed=2)) > 0.95
    assert fitted.why_not is None


def test_a_unigram_bag_of_words_stays_at_chance_on_a_before_b() -> None:
    train, test = (a_before_b(n_pairs, seed) for n_pairs, seed in ((200, 1), (100, 2)))
    tokens = [
        tokens_of([[str(row) for row in document] for document in part.indexed.indices.reshape(-1, LENGTH)])
        for part in (train, test)
    ]
    ngrams, counts = learn_ngrams(tokens[0], ngram_max=1)
    fitted = fit_baseline("bow", counts, train.labels, n_classes=2, strength=1.0, settings=BaselineSettings())
    answers = fitted.predict_probabilities(count_ngrams(tokens[1], ngrams)).argmax(axis=1)
    assert (answers == test.labels).mean() == 0.5  # a document and its twin get one answer


@pytest.mark.longer
@pytest.mark.parametrize("model", networks())
def test_eight_documents_can_be_overfitted(model: str) -> None:
    documents = [[2, 3], [4, 5, 6], [7], [8, 9, 2, 4], [5, 5, 3], [6, 2], [9], [3, 8, 7]]
    train = labelled(documents, [0, 1, 1, 0, 1, 0, 0, 1])
    matrix = matrix_of(10, dimension=8)
    fitted = train_network(
        model, train, matrix=matrix, units=16, batch_size=8, learning_rate=0.05, max_epochs=60
    )
    assert accuracy(fitted, train) == 1.0
    assert fitted.history[-1].loss < 0.1
    assert fitted.why_not is None


@pytest.mark.parametrize("model", ["ann", "rnn"])
def test_shuffled_labels_leave_nothing_to_learn(model: str) -> None:
    generator = np.random.default_rng(3)

    def draw(n_docs: int) -> Labelled:
        documents = generator.integers(2, 12, (n_docs, 6)).tolist()
        return labelled(documents, generator.integers(0, 2, n_docs).tolist())

    train, test = draw(200), draw(1000)
    fitted = train_network(
        model, train, matrix=matrix_of(12, 8), batch_size=32, max_epochs=5, learning_rate=0.02
    )
    assert abs(accuracy(fitted, test) - 0.5) < 0.064  # 4 standard errors of a coin over 1,000 throws


LEARNABLE = labelled([[2, 2], [3, 3], [2], [3]] * 4, [0, 1, 0, 1] * 4)
MATRIX = matrix_of(4, dimension=4, seed=1)
LOG_2 = math.log(2)
NOTHING_LEARNED = (
    "; train longer (networks.budget_updates) or with another networks.learning_rate, read less of each document "
    "(--max-tokens), or use a network that remembers longer (gru, lstm, a pooled head such as :max)"
)


def nats_reason(fitted: FittedNetwork, entropy: float) -> str:
    return (
        f"the training loss ended at {fitted.history[-1].loss:.3f} nats; {entropy:.3f} is what the class "
        "frequencies alone give" + NOTHING_LEARNED
    )


def test_a_healthy_fit_has_no_reason_against_it() -> None:
    fitted = train_network("ann", LEARNABLE, matrix=MATRIX, learning_rate=0.05, max_epochs=20)
    assert fitted.why_not is None
    assert fitted.history[-1].loss < 0.5 * LOG_2


def test_documents_that_are_all_the_same_do_not_train() -> None:
    constant = labelled([[2, 3]] * 16, [0, 1] * 8)
    fitted = train_network("ann", constant, matrix=MATRIX, max_epochs=3, batch_size=16)
    assert fitted.why_not == nats_reason(fitted, LOG_2)


def test_the_loss_is_held_against_the_class_frequencies_of_the_training_documents() -> None:
    constant = labelled([[2, 3]] * 16, [0] * 12 + [1] * 4)
    fitted = train_network("ann", constant, matrix=MATRIX, max_epochs=60, batch_size=16, learning_rate=0.02)
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert fitted.history[-1].loss == pytest.approx(entropy, abs=0.01)  # well below that of a coin
    assert fitted.why_not == nats_reason(fitted, entropy)


def test_a_learning_rate_that_is_zero_in_float32_does_not_train() -> None:
    fitted = train_network("ann", LEARNABLE, matrix=MATRIX, learning_rate=1e-46, seed=1)
    assert fitted.history[0].loss == pytest.approx(fitted.history[1].loss, rel=1e-5)
    assert fitted.history[0].loss > LOG_2  # what this seed starts with
    assert fitted.why_not == nats_reason(fitted, LOG_2)


def test_a_loss_that_is_not_finite_ends_training_and_is_named() -> None:
    told: list[Evaluation] = []
    fitted = train_network(
        "ann", LEARNABLE, matrix=MATRIX, learning_rate=1e38, max_epochs=9, on_evaluation=told.append
    )
    last = fitted.history[-1]
    assert not math.isfinite(last.loss)
    assert len(fitted.history) < 9
    assert told == list(fitted.history)
    assert fitted.why_not == (
        f"the training loss is {last.loss} after {last.updates} updates"
        "; lower networks.learning_rate or networks.clip_norm"
    )


def test_training_stops_early_and_restores_the_best_weights() -> None:
    flipped = Labelled(LEARNABLE.indexed, 1 - LEARNABLE.labels)  # what is learned makes validation worse
    fitted = train_network(
        "ann", LEARNABLE, validation=flipped, matrix=MATRIX, learning_rate=0.05, max_epochs=30, patience=3
    )
    losses = [one.validation_loss for one in fitted.history]
    assert fitted.stopped == "early"
    assert fitted.kept.validation_loss == min(losses)  # type: ignore[type-var]
    assert fitted.history[-1].updates == fitted.best_updates + 3 * 4  # 16 documents in batches of 4
    picked = predict_probabilities(fitted.model, flipped.indexed, 2)[np.arange(16), flipped.labels]
    assert -np.log(picked).mean() == pytest.approx(min(losses), rel=1e-4)  # type: ignore[type-var]


def test_a_loss_that_still_fell_at_the_end_is_a_warning() -> None:
    fitted = train_network("ann", LEARNABLE, validation=LEARNABLE, matrix=MATRIX, max_epochs=3)
    assert (fitted.stopped, fitted.best_updates) == ("budget", 12)
    assert fitted.warnings == (
        "it was still learning when its 12 updates were over: raise networks.max_epochs [still-learning]",
    )


def test_a_refit_runs_exactly_the_updates_asked_for() -> None:
    fitted = train_network("ann", LEARNABLE, matrix=MATRIX, max_epochs=9, repeat=Schedule((14,), horizon=36))
    assert [(one.updates, one.epochs) for one in fitted.history] == [(4, 1), (8, 2), (12, 3), (14, 3.5)]
    assert [one.validation_loss for one in fitted.history] == [None] * 4
    assert fitted.warnings == ()


def test_validation_is_measured_as_cross_entropy_and_accuracy() -> None:
    validation = Labelled(indexed_of([[2], [3], [2, 3]]), int32([0, 0, 1]))
    fitted = train_network(
        "ann", LEARNABLE, validation=validation, matrix=MATRIX, max_epochs=1, learning_rate=0.05
    )
    probabilities = predict_probabilities(fitted.model, validation.indexed, 2)
    picked = probabilities[[0, 1, 2], validation.labels]
    (only,) = fitted.history
    assert only.validation_loss == pytest.approx(-np.log(picked).mean(), rel=1e-4)
    assert only.validation_accuracy == (probabilities.argmax(axis=1) == validation.labels).mean()


def test_dropout_acts_in_training_only() -> None:
    fitted = train_network("ann", LEARNABLE, matrix=MATRIX, dropout=0.5, embedding_dropout=0.5)
    first, again = (predict_probabilities(fitted.model, LEARNABLE.indexed, 2) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    without = train_network("ann", LEARNABLE, matrix=MATRIX)
    assert fitted.history[0].loss != without.history[0].loss


def test_averages_are_standardised_over_training_documents_alone() -> None:
    matrix = matrix_of(6)
    train = Labelled(indexed_of([[2, 3], [4], [5, 5, 2]]), np.array([0, 1, 0], np.int32))
    validation = Labelled(indexed_of([[3, 3, 3]]), np.array([1], np.int32))
    fitted = train_network("ann", train, validation=validation, matrix=matrix, max_epochs=1)
    two, three, four, five = matrix.vectors[2:6].astype(np.float64)
    averages = np.stack([(two + three) / 2, four, (five + five + two) / 3])
    mean, deviation = fitted.model.get_layer("standardise").get_weights()
    np.testing.assert_allclose(mean, averages.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(deviation, averages.std(axis=0), atol=1e-5)


def test_a_batch_has_as_many_documents_as_was_asked_however_long_they_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipeline.models.networks import passes

    sizes: list[int] = []
    cut = passes.batches

    def spying(*arguments: Any) -> Any:
        for batch in cut(*arguments):
            sizes.append(len(batch.documents))
            yield batch

    monkeypatch.setattr(passes, "batches", spying)
    long = labelled([[2, 3] * 200] * 130, [0, 1] * 65)
    train_network("ann", long, batch_size=130, max_tokens=400, max_epochs=1)  # 52,000 timesteps
    assert sizes == [130]


def rows_of_every_epoch(
    monkeypatch: pytest.MonkeyPatch, documents: Labelled, *, seed: int = 0, shuffled_words: bool
) -> list[dict[int, list[int]]]:
    """Return for each of three epochs what was read of every document, in the order of the batches."""
    from pipeline.models.networks import passes as drawing

    passes: list[dict[int, list[int]]] = []
    cut = drawing.batches

    def spying(*arguments: Any) -> Any:
        passes.append({})
        for batch in cut(*arguments):
            for document, row, length in zip(batch.documents, batch.rows, batch.lengths, strict=True):
                passes[-1][int(document)] = row[:length].tolist()
            yield batch

    with monkeypatch.context() as patched:
        patched.setattr(drawing, "batches", spying)
        train_network(
            "rnn",
            documents,
            seed=seed,
            max_epochs=3,
            batch_size=2,
            matrix=matrix_of(12),
            shuffled_words=shuffled_words,
        )
    return passes


@pytest.mark.longer
def test_shuffled_words_are_shuffled_anew_for_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [[2, 3, 4, 5, 6, 7, 8, 9], [4, 5, 6, 7, 8, 9, 10, 11], [11, 9, 7, 5, 3, 2, 4, 6], [2, 2, 2]]
    documents = labelled(texts, [0, 1, 0, 1])
    passes = rows_of_every_epoch(monkeypatch, documents, shuffled_words=True)
    for read in passes:
        assert {number: sorted(row) for number, row in read.items()} == {
            number: sorted(text) for number, text in enumerate(texts)
        }
    for number in range(3):  # of 8! orders two are the same once in 40,320
        assert len({tuple(read[number]) for read in passes} | {tuple(texts[number])}) == 4
    assert passes == rows_of_every_epoch(monkeypatch, documents, shuffled_words=True)
    other = rows_of_every_epoch(monkeypatch, documents, seed=1, shuffled_words=True)
    assert passes[0][0] != other[0][0]


@pytest.mark.longer
def test_words_in_order_stay_so_and_the_batches_are_those_of_shuffled_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [[2, 3, 4, 5], [6, 7, 8], [9, 10], [11, 2, 3, 4, 5], [3]]
    documents = labelled(texts, [0, 1, 0, 1, 1])
    in_order = rows_of_every_epoch(monkeypatch, documents, shuffled_words=False)
    assert in_order == [dict(enumerate(texts))] * 3
    shuffled = rows_of_every_epoch(monkeypatch, documents, shuffled_words=True)
    assert [list(read) for read in in_order] == [list(read) for read in shuffled]
