"""Recurrent layers as loops over one sequence, written the slow way: what faster code is compared with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Float64


def sigmoid(values: Float64) -> Float64:
    return 1.0 / (1.0 + np.exp(-values))


def rnn_states(inputs: Float64, kernel: Float64, recurrent: Float64, bias: Float64) -> Float64:
    """Return h_t = tanh(x_t W + h_(t-1) U + b) for every t; shape (T, H)."""
    state, states = np.zeros(len(recurrent)), []
    for x in inputs:
        state = np.tanh(x @ kernel + state @ recurrent + bias)
        states.append(state)
    return np.array(states)


def linear_states(inputs: Float64, kernel: Float64, recurrent: Float64, bias: Float64) -> Float64:
    """Return h_t = sum over s <= t of (x_s W + b) U^(t-s): no loop carries a state."""
    from_inputs = inputs @ kernel + bias
    power = np.linalg.matrix_power
    return np.array(
        [sum(from_inputs[s] @ power(recurrent, t - s) for s in range(t + 1)) for t in range(len(inputs))]
    )


def lstm_states(inputs: Float64, kernel: Float64, recurrent: Float64, bias: Float64) -> Float64:
    """Return the hidden states of an LSTM; Keras keeps the gates in the order input, forget, cell, output."""
    state, cell, states = np.zeros(len(recurrent)), np.zeros(len(recurrent)), []
    for x in inputs:
        i, f, c, o = np.split(x @ kernel + state @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        state = sigmoid(o) * np.tanh(cell)
        states.append(state)
    return np.array(states)


def gru_states(inputs: Float64, kernel: Float64, recurrent: Float64, bias: Float64) -> Float64:
    """Return the hidden states of a GRU that resets after the product; gates update, reset, candidate."""
    state, states = np.zeros(len(recurrent)), []
    for x in inputs:
        xz, xr, xc = np.split(x @ kernel + bias[0], 3)
        hz, hr, hc = np.split(state @ recurrent + bias[1], 3)
        update = sigmoid(xz + hz)
        candidate = np.tanh(xc + sigmoid(xr + hr) * hc)
        state = update * state + (1.0 - update) * candidate
        states.append(state)
    return np.array(states)


STATES: dict[str, Callable[..., Float64]] = {
    "rnn": rnn_states,
    "linear": linear_states,
    "lstm": lstm_states,
    "gru": gru_states,
}
