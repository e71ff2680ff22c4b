"""A linear chain of tags: against all paths written out, against TensorFlow, against CRFsuite."""

from __future__ import annotations

from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
import pytest

from pipeline.core.values import Float64
from pipeline.models.equations.chain import best_paths, log_partition, marginals, path_scores, with_ends
from pipeline.models.networks.chain import CHAIN, chain_layer, path_losses

LENGTHS = np.array([4, 1, 3])
TAGS = np.array([[0, 2, 1, 1], [3, 0, 0, 0], [2, 2, 0, 3]], dtype=np.int32)


class Drawn(NamedTuple):
    """Three sentences, 4, 1 and 3 words long, with numbers in the padding."""

    emissions: Float64  # (3, 4, C)
    start: Float64
    transitions: Float64
    end: Float64

    @property
    def scored(self) -> tuple[Float64, Float64, np.ndarray]:
        """What the equations are given."""
        return with_ends(self.emissions, LENGTHS, self.start, self.end), self.transitions, LENGTHS


def drawn(n_tags: int, scale: float = 1.0) -> Drawn:
    generator = np.random.default_rng(n_tags)
    shapes = (3, 4, n_tags), (n_tags,), (n_tags, n_tags), (n_tags,)
    numbers = [scale * generator.standard_normal(shape) for shape in shapes]
    return Drawn(numbers[0], numbers[1], 3 * numbers[2], numbers[3])  # paths follow the transitions above all


def written_out(given: Drawn, sentence: int) -> dict[tuple[int, ...], float]:
    """Return the score of every path of one sentence, added up by hand."""
    found = {}
    for path in product(range(len(given.start)), repeat=int(LENGTHS[sentence])):
        score = given.start[path[0]] + given.end[path[-1]]
        score += sum(given.emissions[sentence, t, tag] for t, tag in enumerate(path))
        found[path] = score + sum(given.transitions[before, tag] for before, tag in pairwise(path))
    return found


@pytest.mark.parametrize("n_tags", [1, 2, 6])
def test_all_is_what_the_paths_written_out_give(n_tags: int) -> None:
    given = drawn(n_tags)
    totals, shares, best = (function(*given.scored) for function in (log_partition, marginals, best_paths))
    for sentence, length in enumerate(LENGTHS):
        paths = written_out(given, sentence)
        weights = {path: np.exp(score) for path, score in paths.items()}
        assert totals[sentence] == pytest.approx(np.log(sum(weights.values())))
        assert tuple(best[sentence, :length]) == max(paths, key=lambda path: paths[path])
        for t, tag in product(range(length), range(n_tags)):
            of_tag = sum(weight for path, weight in weights.items() if path[t] == tag)
            assert shares[sentence, t, tag] == pytest.approx(of_tag / sum(weights.values()))
        own = np.array([[*path, *[0] * (4 - length)] for path in paths], dtype=np.int32)
        repeated = np.repeat(given.scored[0][[sentence]], len(own), axis=0)
        found = path_scores(repeated, given.transitions, np.full(len(own), length), own)
        np.testing.assert_allclose(found, list(paths.values()))


def test_the_padding_and_the_other_sentences_change_no_bit() -> None:
    scores, transitions, _ = drawn(4).scored
    wider = np.concatenate([scores, np.full((3, 2, 4), 7.0)], axis=1)
    for function in (log_partition, marginals, best_paths):
        alone = function(scores[[2], :3], transitions, LENGTHS[[2]])
        among = function(wider, transitions, LENGTHS)[[2]]
        assert np.array_equal(alone[0], among[0, :3] if among.ndim > 1 else among[0])
        assert among.ndim == 1 or not among[:, 3:].any()


def test_scores_that_exp_cannot_hold_are_no_trouble() -> None:
    given = drawn(3, scale=3000.0).scored
    assert np.isfinite(log_partition(*given)).all()
    np.testing.assert_allclose(marginals(*given).sum(axis=2), np.arange(4) < LENGTHS[:, None])


class InTensorFlow(NamedTuple):
    """The layer's scores, each sentence's loss, and the gradients of the sum of losses."""

    scores: np.ndarray
    losses: np.ndarray
    by_emissions: np.ndarray
    by_weights: tuple[np.ndarray, ...]  # start, transitions, end


@pytest.fixture(scope="module")
def in_tensorflow() -> InTensorFlow:
    import tensorflow as tf

    given, lengths = drawn(4), tf.constant(LENGTHS, tf.int32)
    layer = chain_layer(4)
    layer.build([given.emissions.shape, LENGTHS.shape])
    layer.set_weights([given.start, given.transitions, given.end])
    emissions = tf.constant(given.emissions, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(emissions)
        scores = layer([emissions, lengths])
        losses = path_losses(tf.constant(TAGS), scores, lengths, layer.transitions)
    by_emissions, *by_weights = tape.gradient(losses, [emissions, *(one.value for one in layer.weights)])
    return InTensorFlow(
        scores.numpy(), losses.numpy(), by_emissions.numpy(), tuple(one.numpy() for one in by_weights)
    )


def test_the_layer_and_its_loss_are_the_equations(in_tensorflow: InTensorFlow) -> None:
    given = drawn(4).scored
    np.testing.assert_allclose(in_tensorflow.scores, given[0], atol=1e-5)
    np.testing.assert_allclose(
        in_tensorflow.losses, log_partition(*given) - path_scores(*given, TAGS), atol=1e-5
    )


def test_the_gradient_of_the_loss_is_the_marginals_less_the_right_path(in_tensorflow: InTensorFlow) -> None:
    right = (np.arange(4) < LENGTHS[:, None])[:, :, None] * np.eye(4)[TAGS]
    np.testing.assert_allclose(in_tensorflow.by_emissions, marginals(*drawn(4).scored) - right, atol=1e-5)


def test_the_gradients_of_the_weights_are_the_finite_differences(in_tensorflow: InTensorFlow) -> None:
    given = drawn(4)
    for name, gradient in zip(("start", "transitions", "end"), in_tensorflow.by_weights, strict=True):
        weight = getattr(given, name)
        for place in np.ndindex(weight.shape):
            losses = []
            for step in (1e-5, -1e-5):
                moved = weight.copy()
                moved[place] += step
                scored = given._replace(**{name: moved}).scored
                losses.append((log_partition(*scored) - path_scores(*scored, TAGS)).sum())
            assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-4)


def test_its_weights_are_called_as_in_a_saved_model() -> None:
    layer = chain_layer(2)
    layer.build([(None, None, 2), (None,)])
    assert [weight.path for weight in layer.weights] == [
        f"{CHAIN}/start",
        f"{CHAIN}/transitions",
        f"{CHAIN}/end",
    ]
