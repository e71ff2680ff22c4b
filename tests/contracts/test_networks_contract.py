"""What every network of the table promises, with every head that it takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, indexed_of, int32, labelled, matrix_of, train_network
from keras_weights import weights_of

from pipeline.core.models import networks
from pipeline.core.values import Float32, IndexedCorpus
from pipeline.models.equations.network import run_network
from pipeline.models.equations.output import embed
from pipeline.models.networks.batches import pad
from pipeline.models.networks.build import build, specify
from pipeline.models.networks.prediction import predict_probabilities, predict_with, prediction_step
from pipeline.models.networks.training import FittedNetwork
from pipeline.text.ragged import take

MATRIX = matrix_of(8, dimension=3)
DOCUMENTS = indexed_of([[2, 3], [4], [5, 6, 7, 2, 3, 4, 5], [7, 2, 4], [3, 3]])
TRAIN = labelled([[2, 3], [4], [5, 6, 7, 2], [7, 2, 4], [3, 3]], [0, 1, 0, 1, 1])

with_heads = [(model, head) for model, entry in networks().items() for head in entry.heads or ("",)]
each_network_and_head = pytest.mark.parametrize(("model", "head"), with_heads)
each_network = pytest.mark.parametrize("model", networks())


@cache
def built(model: str, head: str, n_classes: int = 2) -> Any:
    """Return an untrained network with weights of about one, so that differences would show."""
    import keras

    keras.utils.set_random_seed(0)
    network = build(specify(model, head, MATRIX, False, n_classes, TINY_NETWORK))
    generator = np.random.default_rng(1)
    for weight in network.weights:
        weight.assign(generator.normal(0.0, 0.7, weight.shape))
    network.get_layer("embedding").set_weights([MATRIX.vectors])
    return network


@cache
def step_of(model: str, head: str, n_classes: int) -> Any:
    """Return what predicts a batch with such a network; TensorFlow takes longest to make it."""
    return prediction_step(built(model, head, n_classes))


def predictions(model: str, head: str, documents: IndexedCorpus, n_classes: int = 2) -> Float32:
    return predict_with(step_of(model, head, n_classes), documents, n_classes)


@pytest.mark.longer
@pytest.mark.parametrize(
    ("model", "head", "n_classes"),
    [(*both, 2) for both in with_heads] + [(model, "", 5) for model in networks()],
)
def test_a_distribution_for_each_document(model: str, head: str, n_classes: int) -> None:
    probabilities = predictions(model, head, DOCUMENTS, n_classes)
    assert (probabilities.shape, probabilities.dtype) == ((5, n_classes), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert len(np.unique(probabilities.round(4), axis=0)) == 5  # no two of these documents are alike


@pytest.mark.longer
@each_network_and_head
def test_logits_are_those_of_its_equations(model: str, head: str) -> None:
    network = built(model, head)
    spec = specify(model, head, MATRIX, False, 2, TINY_NETWORK)
    batch = pad(DOCUMENTS, np.arange(DOCUMENTS.n_docs))
    run = run_network(spec, weights_of(network), embed(MATRIX.vectors, batch.rows), batch.lengths)
    np.testing.assert_allclose(run.logits, np.asarray(network([batch.rows, batch.lengths])), atol=1e-5)


@each_network_and_head
def test_more_padding_changes_no_prediction(model: str, head: str) -> None:
    network = built(model, head)
    rows, lengths = int32([[2, 3, 4]]), int32([3])
    bare = np.asarray(network([rows, lengths]))
    padded = np.asarray(network([np.pad(rows, ((0, 0), (0, 9))), lengths]))
    np.testing.assert_allclose(padded, bare, atol=1e-6)


@each_network_and_head
def test_a_document_reads_the_same_beside_longer_ones(model: str, head: str) -> None:
    together = predictions(model, head, DOCUMENTS)
    alone = predictions(model, head, take(DOCUMENTS, np.array([1])))  # one token, beside up to seven
    np.testing.assert_allclose(together[1], alone[0], atol=1e-6)


@each_network_and_head
def test_predictions_come_in_the_order_of_the_documents(model: str, head: str) -> None:
    shuffled = np.array([3, 0, 4, 2, 1])
    expected = predictions(model, head, DOCUMENTS)[shuffled]
    np.testing.assert_allclose(predictions(model, head, take(DOCUMENTS, shuffled)), expected, atol=1e-6)


@cache
def fitted(model: str, *, tuned: bool = False, seed: int = 0, copy: int = 0) -> FittedNetwork:
    """Return a network trained for two epochs; another `copy` is trained again."""
    return train_network(model, TRAIN, matrix=MATRIX, tuned=tuned, seed=seed, learning_rate=0.05, dropout=0.2)


def weights(network: FittedNetwork) -> list[Float32]:
    return [weight.numpy() for weight in network.model.weights]


@pytest.mark.longer
@each_network
def test_the_same_seed_gives_the_same_weights(model: str) -> None:
    first, again = fitted(model), fitted(model, copy=1)
    assert first is not again
    for one, other in zip(weights(first), weights(again), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [one.loss for one in first.history] == [one.loss for one in again.history]


@pytest.mark.longer
def test_another_seed_starts_from_other_weights() -> None:
    first, other = (
        train_network(
            "ann", TRAIN, matrix=MATRIX, seed=seed, learning_rate=1e-46, max_epochs=1
        )  # 0 in float32
        for seed in (0, 1)
    )
    for one, two in zip(first.model.trainable_weights, other.model.trainable_weights, strict=True):
        drawn = not one.path.endswith("bias")  # biases start at zero
        assert np.array_equal(one.numpy(), two.numpy()) != drawn, one.path


@pytest.mark.longer
@each_network
def test_a_frozen_embedding_stays_bit_equal(model: str) -> None:
    np.testing.assert_array_equal(table(fitted(model)), MATRIX.vectors)


@pytest.mark.longer
@each_network
def test_a_tuned_embedding_changes_but_for_padding(model: str) -> None:
    tuned = table(fitted(model, tuned=True))
    assert not np.array_equal(tuned[2:], MATRIX.vectors[2:])
    assert not tuned[0].any()


@pytest.mark.longer
@each_network
def test_the_vectors_given_are_left_as_they_were(model: str) -> None:
    fitted(model, tuned=True)
    np.testing.assert_array_equal(MATRIX.vectors, matrix_of(8, dimension=3).vectors)


def table(network: FittedNetwork) -> Float32:
    return network.model.get_layer("embedding").get_weights()[0]


def test_a_class_without_a_training_document_is_allowed() -> None:
    network = train_network("ann", TRAIN, matrix=MATRIX, n_classes=5)
    probabilities = predict_probabilities(network.model, DOCUMENTS, 5)
    assert probabilities.shape == (5, 5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
