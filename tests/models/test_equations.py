"""The cells' equations against loops over single numbers' worth of formula, finite differences and W^k."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from loops import STATES
from network_gradients import back_to_table

from pipeline.core.values import Float64
from pipeline.models.equations import (
    CELLS,
    CellWeights,
    Gradients,
    backward,
    forward,
    jacobian_norms,
    jacobian_products,
    step_jacobians,
)
from pipeline.models.equations.heads import HEADS
from pipeline.models.equations.output import cross_entropy, softmax
from pipeline.models.equations.values import Array

N, T, D, H = 3, 6, 4, 3
BLOCKS = {"rnn": 1, "linear": 1, "gru": 3, "lstm": 4}


def drawn(cell: str, seed: int = 0) -> tuple[CellWeights, Float64, Float64]:
    """Return weights, inputs (N, T, D) and a direction for every state (N, T, H), float64."""
    generator, columns = np.random.default_rng(seed), BLOCKS[cell] * H
    bias_shape = (2, columns) if cell == "gru" else (columns,)
    weights = CellWeights(
        generator.normal(0, 0.7, (D, columns)),
        generator.normal(0, 0.7, (H, columns)),
        generator.normal(0, 0.7, bias_shape),
    )
    return weights, generator.normal(size=(N, T, D)), generator.normal(size=(N, T, H))


def every_cell(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("cell", CELLS)(test)


@every_cell
def test_states_are_those_of_a_loop_over_one_sequence(cell: str) -> None:
    weights, inputs, _ = drawn(cell)
    expected = [STATES[cell](one, weights.kernel, weights.recurrent_kernel, weights.bias) for one in inputs]
    states = forward(cell, weights, inputs).states
    np.testing.assert_allclose(states[:, 1:], expected, rtol=1e-12)
    assert not states[:, 0].any()


def test_an_lstm_by_hand() -> None:
    """All weights 0 but the biases: i = f = o = 1/2 and g = tanh(1), so c_2 = (1/2 + 1/4) tanh(1)."""
    bias = np.array([0.0, 0.0, 1.0, 0.0])
    trace = forward("lstm", CellWeights(np.zeros((1, 4)), np.zeros((1, 4)), bias), np.zeros((1, 2, 1)))
    assert trace.cells is not None
    assert trace.cells[0, :, 0] == pytest.approx([0.0, 0.5 * np.tanh(1), 0.75 * np.tanh(1)])
    assert trace.states[0, 2, 0] == pytest.approx(0.5 * np.tanh(0.75 * np.tanh(1)))
    assert {name: gate[0, 1, 0] for name, gate in trace.gates.items()} == pytest.approx(
        {"i": 0.5, "f": 0.5, "g": np.tanh(1), "o": 0.5}
    )


@every_cell
def test_a_sequence_can_be_run_on_from_a_state(cell: str) -> None:
    weights, inputs, _ = drawn(cell)
    whole = forward(cell, weights, inputs)
    rest = forward(cell, weights, inputs[:, 2:], whole.state(2))
    np.testing.assert_array_equal(rest.states, whole.states[:, 2:])


def difference(function: Callable[[], float], array: Array) -> Float64:
    """Return the derivative of `function` by each entry of `array`, which it reads, from two-sided differences."""
    slopes = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + 1e-6
        above = function()
        array[place] = kept - 1e-6
        slopes[place] = (above - function()) / 2e-6
        array[place] = kept
    return slopes


@every_cell
def test_gradients_are_finite_differences(cell: str) -> None:
    weights, inputs, direction = drawn(cell)

    def loss() -> float:
        return float((forward(cell, weights, inputs).states[:, 1:] * direction).sum())

    found = backward(cell, weights, inputs, forward(cell, weights, inputs), direction)
    for name, array in {**vars(weights), "inputs": inputs}.items():
        np.testing.assert_allclose(
            getattr(found, name), difference(loss, array), rtol=1e-6, atol=1e-7, err_msg=name
        )


@every_cell
def test_the_gradient_of_a_state_is_what_running_on_from_it_gives(cell: str) -> None:
    weights, inputs, direction = drawn(cell)
    trace, t = forward(cell, weights, inputs), 2
    found = backward(cell, weights, inputs, trace, direction)
    start = [part.copy() for part in trace.state(t)]

    def loss() -> float:
        later = forward(cell, weights, inputs[:, t:], tuple(start)).states[:, 1:]
        return float((later * direction[:, t:]).sum())

    expected = difference(loss, start[0]) + direction[:, t - 1]  # through later states, and directly
    np.testing.assert_allclose(found.states[:, t], expected, rtol=1e-6, atol=1e-7)
    if cell == "lstm":
        assert found.cells is not None
        np.testing.assert_allclose(found.cells[:, t], difference(loss, start[1]), rtol=1e-6, atol=1e-7)


def slow_truncation(
    cell: str, weights: CellWeights, inputs: Float64, direction: Float64, steps: int
) -> Gradients:
    """Return the gradients of one sequence whose last `steps` timesteps are run on from a given state."""
    cut = max(inputs.shape[1] - steps, 0)
    start = forward(cell, weights, inputs[:, :cut]).state(cut)
    rest = forward(cell, weights, inputs[:, cut:], start)
    return backward(cell, weights, inputs[:, cut:], rest, direction[:, cut:])


@pytest.mark.parametrize("steps", [1, 2, 4, 50])
@every_cell
def test_truncated_gradients_take_the_state_before_the_last_steps_as_given(cell: str, steps: int) -> None:
    weights, inputs, direction = drawn(cell)
    lengths = np.array([6, 1, 4])
    direction = np.where(np.arange(T)[:, None] < lengths[:, None, None], direction, 0.0)
    found = backward(cell, weights, inputs, forward(cell, weights, inputs), direction, steps, lengths)
    each = [
        slow_truncation(cell, weights, inputs[[n], :length], direction[[n], :length], steps)
        for n, length in enumerate(lengths)
    ]
    for name in ("kernel", "recurrent_kernel", "bias"):
        expected = sum(getattr(one, name) for one in each)
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-10, atol=1e-12, err_msg=name)
    for n, (one, length) in enumerate(zip(each, lengths, strict=True)):
        cut = max(length - steps, 0)
        np.testing.assert_allclose(found.inputs[n, cut:length], one.inputs[0], rtol=1e-10, atol=1e-12)
        assert not found.inputs[n, :cut].any()
        assert not found.states[n, : cut + 1].any() or cut == 0


@every_cell
def test_truncation_at_the_whole_length_or_beyond_is_no_truncation(cell: str) -> None:
    weights, inputs, direction = drawn(cell)
    trace = forward(cell, weights, inputs)
    whole = backward(cell, weights, inputs, trace, direction)
    for steps in (T, T + 5):
        found = backward(cell, weights, inputs, trace, direction, steps)
        for name, expected in vars(whole).items():
            np.testing.assert_array_equal(getattr(found, name), expected, err_msg=name)
    assert np.abs(backward(cell, weights, inputs, trace, direction, T - 1).kernel - whole.kernel).max() > 1e-6


def test_truncation_takes_one_step_at_least() -> None:
    weights, inputs, direction = drawn("rnn")
    with pytest.raises(ValueError, match="steps is 0; it takes 1 at least"):
        backward("rnn", weights, inputs, forward("rnn", weights, inputs), direction, 0)


# --- Jacobians


def test_the_products_of_a_linear_cell_are_powers_of_its_matrix() -> None:
    weights, inputs, _ = drawn("linear")
    trace = forward("linear", weights, inputs)
    products = list(jacobian_products("linear", weights, trace))
    assert len(products) == T
    for lag, product in enumerate(products, start=1):
        power = np.linalg.matrix_power(weights.recurrent_kernel.T, lag)
        np.testing.assert_allclose(product, np.broadcast_to(power, (N, H, H)), rtol=1e-12, atol=1e-12)
    expected = np.linalg.svd(np.linalg.matrix_power(weights.recurrent_kernel, 3))[1][0]
    np.testing.assert_allclose(jacobian_norms("linear", weights, trace)[:, 2], expected, rtol=1e-12)


@every_cell
def test_one_step_jacobians_are_finite_differences(cell: str) -> None:
    weights, inputs, _ = drawn(cell)
    trace = forward(cell, weights, inputs)
    found = step_jacobians(cell, weights, trace)  # (N, T, S, S)
    size = H * CELLS[cell].parts
    assert found.shape == (N, T, size, size)
    for t in range(1, T + 1):
        start = np.concatenate(trace.state(t - 1), axis=1)  # (N, S)
        for j in range(size):
            ends = []
            for nudge in (1e-6, -1e-6):
                nudged = start.copy()
                nudged[:, j] += nudge
                parts = tuple(np.split(nudged, CELLS[cell].parts, axis=1))
                ends.append(
                    np.concatenate(forward(cell, weights, inputs[:, t - 1 : t], parts).state(1), axis=1)
                )
            np.testing.assert_allclose(
                found[:, t - 1, :, j], (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-8
            )


@every_cell
def test_products_start_at_each_sequence_s_own_end(cell: str) -> None:
    weights, inputs, _ = drawn(cell)
    trace, lengths = forward(cell, weights, inputs), np.array([6, 1, 4])
    each = step_jacobians(cell, weights, trace)
    norms = jacobian_norms(cell, weights, trace, lengths)
    for n, length in enumerate(lengths):
        product = np.eye(each.shape[-1])
        for lag in range(1, length + 1):
            product = product @ each[n, length - lag]
            read = product[:H]  # the rows of h: nothing reads an LSTM's last cell
            assert norms[n, lag - 1] == pytest.approx(np.linalg.svd(read)[1][0], rel=1e-10)
        assert np.isnan(norms[n, length:]).all()


# --- heads and output


@pytest.mark.parametrize("head", HEADS)
def test_the_gradient_of_a_head_is_a_finite_difference(head: str) -> None:
    generator, lengths = np.random.default_rng(1), np.array([4, 1, 2])
    states, direction = generator.normal(size=(3, 4, 2)), generator.normal(size=(3, 2))

    def loss() -> float:
        return float((HEADS[head].read(states, lengths) * direction).sum())

    found = HEADS[head].back(states, lengths, direction)
    np.testing.assert_allclose(found, difference(loss, states), rtol=1e-6, atol=1e-8)


def test_equally_large_states_share_the_gradient() -> None:
    states = np.array([[[1.0], [3.0], [3.0], [9.0]]])  # the last one is padding
    back = HEADS["max"].back(states, np.array([3]), np.array([[1.0]]))
    assert back[0, :, 0].tolist() == [0.0, 0.5, 0.5, 0.0]


def test_cross_entropy_by_hand() -> None:
    """Probabilities 1/4, 3/4 and 1/2, 1/2: the mean of ln 4 and ln 2."""
    logits = np.array([[0.0, np.log(3.0)], [7.0, 7.0]])
    loss, gradient = cross_entropy(logits, np.array([0, 1], dtype=np.int32))
    assert loss == pytest.approx(1.5 * np.log(2.0))
    np.testing.assert_allclose(gradient, [[-0.375, 0.375], [0.25, -0.25]])
    np.testing.assert_allclose(softmax(logits), [[0.25, 0.75], [0.5, 0.5]])


def test_a_row_that_stands_twice_gets_both_gradients() -> None:
    rows = np.array([[1, 2, 1]], dtype=np.int32)
    d_embedded = np.array([[[1.0], [10.0], [100.0]]])
    assert back_to_table(np.zeros((4, 1)), rows, d_embedded)[:, 0].tolist() == [0.0, 101.0, 10.0, 0.0]


@every_cell
def test_single_precision_stays_single(cell: str) -> None:
    weights, inputs, direction = drawn(cell)
    narrow = CellWeights(*(array.astype(np.float32) for array in vars(weights).values()))
    trace = forward(cell, narrow, inputs.astype(np.float32))
    found = backward(cell, narrow, inputs.astype(np.float32), trace, direction.astype(np.float32), 3)
    state, gates = CELLS[cell].step(narrow, inputs[:, 0].astype(np.float32) @ narrow.kernel, trace.state(0))
    arrays = [
        *state,
        *gates.values(),
        trace.states,
        *trace.gates.values(),
        *(a for a in vars(found).values() if a is not None),
    ]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    assert step_jacobians(cell, narrow, trace).dtype == np.float32


@every_cell
def test_padding_on_the_right_changes_no_state_before_it(cell: str) -> None:
    weights, inputs, _ = drawn(cell)
    padded = np.concatenate([inputs, np.full((N, 2, D), 9.0)], axis=1)
    np.testing.assert_array_equal(
        forward(cell, weights, padded).states[:, : T + 1], forward(cell, weights, inputs).states
    )
