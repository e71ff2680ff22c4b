"""The gradient's reach: norms against two other ways to get them, and what is read from a profile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import TINY_NETWORK, train_network
from probe_builders import network_of, random_documents, set_layer, subject_of

from pipeline.core.values import Float64
from pipeline.interpret.probes import gradients
from pipeline.models.equations import CellWeights, backward, forward
from pipeline.models.networks.batches import pad
from pipeline.models.networks.build import after_embedding
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.step import training_step
from pipeline.models.networks.training import FittedNetwork

# --- the gradients against NumPy and against finite differences ------------------------------------------

DOCUMENTS = random_documents([5, 3, 1])


def keras_norms(fitted: FittedNetwork) -> list[Float64]:
    """Return the norms of each document of DOCUMENTS, the first token first."""
    batch = pad(DOCUMENTS.indexed, np.arange(3))
    found = gradients.gradient_norms(fitted.model)(batch.rows, batch.lengths, DOCUMENTS.labels).numpy()
    return [row[:length] for row, length in zip(found, batch.lengths, strict=True)]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_norms_are_those_of_backpropagation_written_out(cell: str) -> None:
    fitted = network_of(cell)
    vectors = fitted.model.get_layer("embedding").get_weights()[0].astype(np.float64)
    weights = CellWeights(
        *(part.astype(np.float64) for part in fitted.model.get_layer("recurrent_0").get_weights())
    )
    matrix, bias = fitted.model.get_layer("output").get_weights()
    for place, norms in enumerate(keras_norms(fitted)):
        batch = pad(DOCUMENTS.indexed, np.array([place]))
        inputs = vectors[batch.rows]  # (1, T, D)
        trace = forward(cell, weights, inputs)
        odds = np.exp(trace.states[0, -1] @ matrix + bias)
        d_logits = odds / odds.sum() - np.eye(2)[DOCUMENTS.labels[place]]  # of the cross-entropy
        d_states = np.zeros((1, trace.timesteps, 3))
        d_states[0, -1] = matrix @ d_logits
        d_inputs = backward(cell, weights, inputs, trace, d_states).inputs[0]  # (T, D)
        np.testing.assert_allclose(norms, np.linalg.norm(d_inputs, axis=1), rtol=1e-4)


@pytest.mark.longer
@pytest.mark.parametrize(("model", "head"), [("bilstm", "max+mean"), ("rnn", "max"), ("gru", "mean")])
def test_norms_are_those_of_finite_differences(model: str, head: str) -> None:
    fitted = network_of(model, head=head, layers=2)
    body, batch = after_embedding(fitted.model), pad(DOCUMENTS.indexed, np.array([0]))
    vectors = fitted.model.get_layer("embedding").get_weights()[0][batch.rows]  # (1, T, D)
    step = 1e-2
    slopes = np.zeros(vectors.shape[1:])
    for t, d in np.ndindex(slopes.shape):
        losses = []
        for sign in (1, -1):
            moved = vectors.copy()
            moved[0, t, d] += sign * step
            logits = body([moved, batch.lengths]).numpy()[0].astype(np.float64)
            losses.append(np.log(np.exp(logits).sum()) - logits[DOCUMENTS.labels[0]])
        slopes[t, d] = (losses[0] - losses[1]) / (2 * step)
    np.testing.assert_allclose(keras_norms(fitted)[0], np.linalg.norm(slopes, axis=1), rtol=2e-2, atol=2e-4)


@pytest.mark.longer
def test_without_a_recurrent_matrix_nothing_before_the_last_word_matters() -> None:
    fitted = network_of("rnn")
    set_layer(fitted, "recurrent_0", recurrent_kernel=0.0)
    found = gradients.measure(subject_of(fitted, random_documents([6] * 8), whole_lengths=[6] * 7 + [1]))
    assert found.trained.median == (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert found.trained.falls_after == 1
    assert found.trained.vanished == 1.0
    assert found.trained.exploded == 0.0
    assert found.trained.documents_longer == 7 / 8
    assert found.reading.startswith(
        "the gradient falls to 1 % of its value at the end after 1 token; 88 % of your documents are longer: use lstm"
        " or gru, a head that reads every state (rnn:max), or --max-tokens 1 if the memory horizon says that so many"
        " are enough; "
    )


@pytest.mark.longer
def test_the_curve_before_training_is_that_of_the_weights_training_began_from() -> None:
    documents = random_documents([7, 5, 6, 4])
    fitted = train_network("lstm", documents, learning_rate=1e-12, seed=3)  # so slow that nothing has moved
    found = gradients.measure(subject_of(fitted, documents, seed=3))
    np.testing.assert_allclose(found.untrained.median, found.trained.median, rtol=1e-4)
    moved = train_network("lstm", documents, learning_rate=0.5, seed=3)
    other = gradients.measure(subject_of(moved, documents, seed=3))
    np.testing.assert_allclose(other.untrained.median, found.untrained.median, rtol=1e-4)
    assert np.abs(np.subtract(other.trained.median, other.untrained.median)).max() > 0.01


# --- what a profile says ---------------------------------------------------------------------------------


def norms(*values: float) -> Float64:
    return np.array(values, dtype=np.float64)


def test_a_profile_is_the_median_of_shares_of_each_documents_largest() -> None:
    profile = gradients.profile_of([norms(4, 2), norms(1, 10, 5), norms(0, 0), norms(1, np.inf)])
    np.testing.assert_array_equal(profile.relative, [[1, 0.5, np.nan], [0.1, 1, 0.5]])
    np.testing.assert_array_equal(profile.median, [0.55, 0.75, 0.5])
    assert (profile.without, profile.not_finite) == (2, 1)


def test_distances_that_few_documents_have_are_left_out() -> None:
    profile = gradients.profile_of([norms(1, 1)] * 4 + [norms(1, 1, 1)])
    assert profile.median.tolist() == [1, 1]  # one of five has a third token: less than a quarter


def test_an_exponential_decay_has_its_own_constant() -> None:
    profile = np.exp(-np.arange(100) / 7)
    per_e, fit = gradients.tokens_per_e(profile)
    assert per_e == pytest.approx(7)
    assert fit == pytest.approx(1)
    assert gradients.falls_after(profile) == 33  # exp(-32/7) is 0.0103, exp(-33/7) is 0.0090
    assert gradients.falls_after(profile[:33]) is None
    assert gradients.tokens_per_e(np.ones(9)) == (None, None)
    assert gradients.tokens_per_e(norms(1, 0.5, 0, 0.2)) == (
        None,
        None,
    )  # two distances before nothing is left


def test_vanished_and_exploded_are_shares_of_documents() -> None:
    long_and_flat, gone = norms(*[1.0] * 6), norms(*[1.0] * 5, 9e-7)
    grown, broken = norms(*[1.0] * 5, 1001.0), norms(1, np.nan)
    profile = gradients.profile_of([long_and_flat, gone, grown, broken])
    assert gradients.vanished(profile) == pytest.approx(1 / 3)  # of those that can be looked at
    assert gradients.exploded(profile) == pytest.approx(2 / 4)


# --- clipping --------------------------------------------------------------------------------------------


def clip_flag(clip_norm: float) -> int:
    fitted = network_of("lstm")
    batch = pad(DOCUMENTS.indexed, np.arange(3))
    step = training_step(fitted.model, replace(TINY_NETWORK, clip_norm=clip_norm), tuned=False)
    return int(step.run((batch.rows, batch.lengths), DOCUMENTS.labels, 0.01)[2])


@pytest.mark.longer
def test_a_step_says_whether_its_gradients_were_clipped() -> None:
    import tensorflow as tf

    fitted, batch = network_of("lstm"), pad(DOCUMENTS.indexed, np.arange(3))
    with tf.GradientTape() as tape:
        logits = fitted.model([batch.rows, batch.lengths])
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(DOCUMENTS.labels, logits))
    parts = tape.gradient(loss, fitted.model.trainable_variables)
    norm = float(np.sqrt(sum((part.numpy() ** 2).sum() for part in parts)))
    assert clip_flag(1.01 * norm) == 0
    assert clip_flag(0.99 * norm) == 1


@pytest.mark.longer
@pytest.mark.parametrize(("clip_norm", "share"), [(1e9, 0.0), (1e-9, 1.0)])
def test_the_history_holds_the_share_of_clipped_steps(clip_norm: float, share: float) -> None:
    fitted = train_network("rnn", random_documents([4] * 10), clip_norm=clip_norm)
    assert [one.clipped for one in fitted.history] == [share, share]


def test_clipping_is_the_mean_over_updates() -> None:
    def after(updates: int, epochs: float, share: float | None) -> Evaluation:
        return Evaluation(updates, epochs, 0.5, 0.5, None, None, 0.0, clipped=share)

    twice_in_the_first_pass = [after(10, 0.5, 0.9), after(20, 1.0, 0.5), after(50, 2.5, 0.1)]
    clipped = gradients.clipping(twice_in_the_first_pass)
    assert clipped is not None
    assert clipped.first_epoch == pytest.approx(0.7)
    assert clipped.all_epochs == pytest.approx((10 * 0.9 + 10 * 0.5 + 30 * 0.1) / 50)
    assert gradients.clipping([after(10, 3.0, 0.25)]) == gradients.Clipped(0.25, 0.25)
    assert gradients.clipping([after(10, 1.0, None)]) is None


# --- in words --------------------------------------------------------------------------------------------


def reading(after: int | None, longer: float | None, model: str, head: str, **spec_of: int) -> str:
    found = gradients.Profile(
        *((),) * 3,
        distance=(),
        looked_back=400,
        falls_after=after,
        tokens_per_e=None,
        fit_r2=None,
        documents_longer=longer,
        vanished=0.0,
        exploded=0.0,
    )
    spec = replace(network_of("rnn").spec, model=model, head=head, **spec_of)
    return gradients._reading(found, replace(found, falls_after=None), gradients.Clipped(0.12, 0.12), spec)


def test_the_reading_says_what_to_do_where_documents_are_longer() -> None:
    assert reading(34, 0.71, "rnn", "last") == (
        "the gradient falls to 1 % of its value at the end after 34 tokens; 71 % of your documents are longer: use lstm"
        " or gru, a head that reads every state (rnn:max), or --max-tokens 34 if the memory horizon says that so many"
        " are enough; before training it did not; 12 % of the training steps were clipped."
    )
    assert reading(34, 0.71, "lstm", "mean") == (
        "the gradient falls to 1 % of its value at the end after 34 tokens; 71 % of your documents are longer: use"
        " --max-tokens 34 if the memory horizon says that so many are enough; before training it did not; 12 % of the"
        " training steps were clipped."
    )
    assert reading(34, 0.02, "lstm", "last") == (
        "the gradient falls to 1 % of its value at the end after 34 tokens, which 98 % of your documents do not exceed;"
        " before training it did not; 12 % of the training steps were clipped."
    )
    assert reading(None, None, "lstm", "max") == (
        "the gradient does not fall to 1 % of its value at the end within 400 tokens; before training it did not; 12 %"
        " of the training steps were clipped."
    )


def test_the_reading_of_a_network_whose_gradient_was_cut_off_in_training() -> None:
    assert reading(None, None, "rnn", "last", bptt=20).endswith(
        "within 400 tokens; before training it did not; training took it back 20 tokens and no further"
        " (networks.bptt); 12 % of the training steps were clipped."
    )


def test_a_network_that_reads_pieces_is_asked_about_the_first_of_each_document() -> None:
    """By distance from the end of the document its gradient would rise again in every piece."""
    fitted = network_of("rnn", piece_tokens=4)
    set_layer(fitted, "recurrent_0", recurrent_kernel=0.0)  # the last word of each piece alone matters
    documents = random_documents([10] * 6 + [1])
    found = gradients.measure(subject_of(fitted, documents))
    assert found.trained.median == (1.0, 0.0, 0.0, 0.0)
    assert found.trained.documents_longer == 6 / 7
    assert found.reading.startswith(
        "in the first piece, the gradient falls to 1 % of its value at the end after 1 token; 86 % of first pieces are"
        " longer: use lstm or gru, a head that reads every state (rnn:max), or pieces no longer than that"
        " (networks.piece_tokens=1); "
    )


@pytest.mark.longer
def test_a_network_that_reads_from_both_ends_forgets_the_middle() -> None:
    fitted = network_of("bilstm", head="last")
    for direction in ("", "_backward"):
        set_layer(fitted, f"recurrent_0{direction}", recurrent_kernel=0.0, bias=-20.0)  # forgets at once
    found = gradients.measure(subject_of(fitted, random_documents([12] * 8)))
    low = np.flatnonzero(np.array(found.trained.median) < 1e-6)
    assert low.tolist() == list(range(1, 11))  # the word at either end alone is heard
    assert found.trained.low_between == (1, 10)
    assert found.reading.startswith(
        "the gradient is below 1 % of its value at the end from 1 to 10 tokens before it, and above that again towards"
        " the start; before training it did not; "
    )


def test_a_stretch_that_is_low_counts_from_five_distances_and_where_the_profile_rises_again() -> None:
    high, low = [1.0, 0.5, 0.2, 0.1, 0.05], [0.001]
    assert gradients.low_between(np.array(high + 4 * low + [0.1])) is None
    assert gradients.low_between(np.array(high + 5 * low + [0.1])) == (5, 9)
    assert gradients.low_between(np.array(high + 9 * low)) is None
    assert gradients.low_between(np.array(high + 5 * low + [0.1] + 7 * low + [0.1])) == (11, 17)
