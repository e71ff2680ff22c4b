"""TensorFlow's own answers, in float64: Keras' layers and cells run, `tf.GradientTape` differentiates.

Nothing here uses the NumPy reference, which the worked example takes its numbers from: what agrees was computed twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.core.values import Int64
from pipeline.models.equations import CELLS, CellWeights
from pipeline.models.equations.values import Array

Tensor = Any


@dataclass(frozen=True, eq=False)
class Output:
    """The layer that reads what the head makes of the states."""

    kernel: Array  # (R, C)
    bias: Array  # (C,)
    head: str = "last"


@dataclass(frozen=True, eq=False)
class Answers:
    """What TensorFlow says of one document of T words; H units, S numbers of state (H, of an lstm 2H), C classes."""

    states: Array  # (T, H), h_1 .. h_T
    cells: Array  # (T, H), c_1 .. c_T of an lstm; else no rows
    gates: Mapping[str, Array]  # name: (T, H)
    sums: (
        Array  # (T, G * H): what goes into the gates; of a gru (2, T, G * H): with the input, with the state
    )
    logits: Array  # (C,)
    probabilities: Array  # (C,)
    loss: float
    d_logits: Array  # (C,)
    d_output_kernel: Array  # (R, C)
    d_output_bias: Array  # (C,)
    d_states: Array  # (T, H): the whole gradient that reaches h_t
    d_cells: Array  # (T, H): that of c_t
    d_sums: Array  # (T, G * H); of a gru (2, T, G * H)
    d_inputs: Array  # (T, D)
    d_kernel: Array  # (D, G * H)
    d_recurrent_kernel: Array  # (H, G * H)
    d_bias: Array  # as the bias is laid out
    jacobians: Array  # (T, S, S): [t - 1, i, j] is ds_t[i] / ds_(t-1)[j]
    products: Array  # (T, S, S): [t] is ds_T / ds_t
    direct: Array  # (T, H, H): [t] by way of the cells (lstm) or the kept state (gru) alone, gates held as they are


def ask_tensorflow(cell: str, weights: CellWeights, output: Output, inputs: Array, label: int) -> Answers:
    """Return all that TensorFlow computes of one document.

    Parameters
    ----------
    cell : str
        `rnn`, `gru` or `lstm`.
    weights : CellWeights
        float64.
    output : Output
        The layer above, and the head it reads: `last`, `max`, `mean` or `max+mean`.
    inputs : float64 array, shape (T, D)
        The words' vectors.
    label : int
        The class whose loss is differentiated.
    """
    layer = _of_the_layer(cell, weights, output, inputs, label)
    sums, gates = _GATES[cell](weights, inputs, layer["states"])
    return Answers(
        sums=sums,
        gates=gates,
        jacobians=_jacobians(cell, weights, inputs),
        products=_products(cell, weights, inputs),
        direct=_DIRECT[cell](weights, inputs, layer["states"], gates),
        **layer,
        **_of_the_steps(cell, weights, output, inputs, label),
    )


def average_answer(inputs: Array, output: Output) -> tuple[Array, Array]:
    """Return Keras' average of the words' vectors (D,), and the logits of a dense layer that reads it (C,)."""
    import keras

    average = keras.layers.GlobalAveragePooling1D(dtype="float64")(inputs[None])  # (1, D)
    return average.numpy()[0], _dense(output)(average).numpy()[0]


def recurrent_answer(cell: str, weights: CellWeights, inputs: Array, output: Output) -> tuple[Array, Array]:
    """Return the states of Keras' layer of this cell (T, H), and the logits of a dense layer that reads them (C,)."""
    states = _layer(cell, weights)(inputs[None])  # (1, T, H)
    return states.numpy()[0], _dense(output)(_read(states, output.head)).numpy()[0]


def running_answer(states: Array, output: Output) -> Array:
    """Return the probabilities after each word, from the states up to it; (T, C)."""
    import tensorflow as tf

    dense = _dense(output)
    logits = [dense(_read(states[None, :t], output.head)) for t in range(1, len(states) + 1)]
    probabilities: Array = tf.nn.softmax(tf.concat(logits, axis=0)).numpy()
    return probabilities


def word_gradients(d_inputs: Array, rows: Int64, n_rows: int) -> Array:
    """Return what TensorFlow adds up for each row of the table of vectors; (V, D)."""
    import tensorflow as tf

    summed: Array = tf.math.unsorted_segment_sum(d_inputs, rows, n_rows).numpy()
    return summed


def _of_the_layer(
    cell: str, weights: CellWeights, output: Output, inputs: Array, label: int
) -> dict[str, Any]:
    """Return forward results and the gradients of weights and inputs, of a Keras layer that reads all words."""
    import tensorflow as tf

    layer, dense, x = _layer(cell, weights), _dense(output), tf.constant(inputs[None])  # x (1, T, D)
    with tf.GradientTape() as tape:
        tape.watch(x)
        states = layer(x)  # (1, T, H)
        logits = dense(_read(states, output.head))  # (1, C)
        tape.watch(logits)
        loss = _loss(logits, label)
    sources = [*layer.trainable_weights, *dense.trainable_weights, x, logits]
    kernel, recurrent, bias, d_kernel, d_bias, d_x, d_logits = (
        g.numpy() for g in tape.gradient(loss, sources)
    )
    return {
        "states": states.numpy()[0],
        "logits": logits.numpy()[0],
        "probabilities": tf.nn.softmax(logits).numpy()[0],
        "loss": float(loss),
        "d_logits": d_logits[0],
        "d_output_kernel": d_kernel,
        "d_output_bias": d_bias,
        "d_inputs": d_x[0],
        "d_kernel": kernel,
        "d_recurrent_kernel": recurrent,
        "d_bias": bias,
    }


def _of_the_steps(
    cell: str, weights: CellWeights, output: Output, inputs: Array, label: int
) -> dict[str, Any]:
    """Return what reaches each step, from one Keras cell for each word, all with the same weights.

    As step t has a bias of its own, the gradient of that bias is the gradient of what goes into the gates at t.
    """
    import tensorflow as tf

    cells, dense = [_keras_cell(cell, weights) for _ in inputs], _dense(output)
    states, after = _start(cell, weights, 1), []
    with tf.GradientTape() as tape:
        for one, x in zip(cells, inputs, strict=True):
            _, states = one(x[None], states)  # (1, H) each
            after.append(states)
        every_h = tf.stack([step[0] for step in after], axis=1)  # (1, T, H)
        loss = _loss(dense(_read(every_h, output.head)), label)
    d_parts = tape.gradient(loss, [*after, [one.bias for one in cells]])
    d_bias = np.stack([_array(gradient) for gradient in d_parts[-1]])  # (T, G * H); gru (T, 2, G * H)
    has_cells = len(after[0]) == 2
    none = np.zeros((0, weights.units))
    return {
        "cells": np.stack([step[1].numpy()[0] for step in after]) if has_cells else none,
        "d_states": np.stack([_array(step[0])[0] for step in d_parts[:-1]]),
        "d_cells": np.stack([_array(step[1])[0] for step in d_parts[:-1]]) if has_cells else none,
        "d_sums": np.moveaxis(d_bias, 1, 0) if d_bias.ndim == 3 else d_bias,
    }


def _jacobians(cell: str, weights: CellWeights, inputs: Array) -> Array:
    """Return each step's Jacobian: S copies of the state before, one for each number of the state after."""
    import tensorflow as tf

    one, states, found = _keras_cell(cell, weights), _start(cell, weights, _size(cell, weights)), []
    for x in inputs:
        before = [tf.constant(state.numpy()) for state in states]
        with tf.GradientTape() as tape:
            tape.watch(before)
            _, states = one(_copies(x, len(before[0])), before)  # (S, H) each
            diagonal = _diagonal(states)
        found.append(_beside(tape.gradient(diagonal, before)))
    return np.stack(found)  # (T, S, S)


def _products(cell: str, weights: CellWeights, inputs: Array) -> Array:
    """Return ds_T / ds_t for t = 0 .. T - 1, each differentiated in one piece from the end to t."""
    import tensorflow as tf

    size = _size(cell, weights)
    one, states = _keras_cell(cell, weights), _start(cell, weights, size)
    kept = [states]
    with tf.GradientTape() as tape:
        tape.watch(states)
        for x in inputs:
            _, after = one(_copies(x, size), states)  # (S, H) each
            states = [tf.identity(part) for part in after]  # c_t as the next step's input, apart from h_t
            kept.append(states)
        diagonal = _diagonal(states)
    return np.stack([_beside(gradients) for gradients in tape.gradient(diagonal, kept[:-1])])  # (T, S, S)


def _direct_lstm(weights: CellWeights, inputs: Array, states: Array, gates: Mapping[str, Array]) -> Array:
    """Return dc_T / dc_t where every gate is held as it is: h is given as a constant; (T, H, H)."""
    import tensorflow as tf

    units, one = weights.units, _keras_cell("lstm", weights)
    before = np.concatenate([np.zeros((1, units)), states[:-1]])  # (T, H), h_0 .. h_(T-1)
    c = tf.zeros((units, units), tf.float64)
    kept = [c]
    with tf.GradientTape() as tape:
        tape.watch(c)
        for x, h in zip(inputs, before, strict=True):
            _, (_, c) = one(_copies(x, units), [_copies(h, units), c])  # (H, H)
            kept.append(c)
        diagonal = _diagonal([c])
    return np.stack([_array(gradient) for gradient in tape.gradient(diagonal, kept[:-1])])


def _direct_gru(weights: CellWeights, inputs: Array, states: Array, gates: Mapping[str, Array]) -> Array:
    """Return dh_T / dh_t where update gate and candidate are held as they are; (T, H, H)."""
    import tensorflow as tf

    h = tf.zeros((weights.units, weights.units), tf.float64)
    kept = [h]
    with tf.GradientTape() as tape:
        tape.watch(h)
        for z, candidate in zip(gates["z"], gates["candidate"], strict=True):
            h = z * h + (1 - z) * candidate  # (H, H)
            kept.append(h)
        diagonal = _diagonal([h])
    return np.stack([_array(gradient) for gradient in tape.gradient(diagonal, kept[:-1])])


def _no_direct(weights: CellWeights, inputs: Array, states: Array, gates: Mapping[str, Array]) -> Array:
    return np.zeros((0, weights.units, weights.units))


def _rnn_gates(weights: CellWeights, inputs: Array, states: Array) -> tuple[Array, dict[str, Array]]:
    return _both_sums(weights, inputs, states)[0], {}


def _lstm_gates(weights: CellWeights, inputs: Array, states: Array) -> tuple[Array, dict[str, Array]]:
    import tensorflow as tf

    sums = _both_sums(weights, inputs, states)[0]
    i, f, g, o = tf.split(sums, 4, axis=1)
    gates = {"i": tf.sigmoid(i), "f": tf.sigmoid(f), "g": tf.tanh(g), "o": tf.sigmoid(o)}
    return sums, {name: gate.numpy() for name, gate in gates.items()}


def _gru_gates(weights: CellWeights, inputs: Array, states: Array) -> tuple[Array, dict[str, Array]]:
    import tensorflow as tf

    of_input, of_state = _both_sums(weights, inputs, states, apart=True)
    (xz, xr, xc), (hz, hr, hc) = tf.split(of_input, 3, axis=1), tf.split(of_state, 3, axis=1)
    z, r = tf.sigmoid(xz + hz), tf.sigmoid(xr + hr)
    gates = {"z": z, "r": r, "candidate": tf.tanh(xc + r * hc)}
    return np.stack([of_input, of_state]), {name: gate.numpy() for name, gate in gates.items()}


def _both_sums(weights: CellWeights, inputs: Array, states: Array, apart: bool = False) -> tuple[Array, ...]:
    """Return x_t W + h_(t-1) U + b for all t, or the part of the input and that of the state; (T, G * H) each."""
    import tensorflow as tf

    before = np.concatenate([np.zeros((1, weights.units)), states[:-1]])  # (T, H)
    of_input, of_state = tf.matmul(inputs, weights.kernel), tf.matmul(before, weights.recurrent_kernel)
    if apart:
        return (of_input + weights.bias[0]).numpy(), (of_state + weights.bias[1]).numpy()
    return ((of_input + of_state + weights.bias).numpy(),)


_GATES = {"rnn": _rnn_gates, "gru": _gru_gates, "lstm": _lstm_gates}
_DIRECT = {"rnn": _no_direct, "gru": _direct_gru, "lstm": _direct_lstm}


def _layer(cell: str, weights: CellWeights) -> Any:
    import keras

    layer = getattr(keras.layers, str(CELLS[cell].layer))(
        weights.units, return_sequences=True, dtype="float64"
    )
    layer.build((None, None, len(weights.kernel)))
    layer.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
    return layer


def _keras_cell(cell: str, weights: CellWeights) -> Any:
    import keras

    one = getattr(keras.layers, f"{CELLS[cell].layer}Cell")(weights.units, dtype="float64")
    one.build((None, len(weights.kernel)))
    one.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
    return one


def _dense(output: Output) -> Any:
    import keras

    dense = keras.layers.Dense(len(output.bias), dtype="float64")
    dense.build((None, len(output.kernel)))
    dense.set_weights([output.kernel, output.bias])
    return dense


def _read(states: Tensor, head: str) -> Tensor:
    """Return what the head makes of states (1, T, H); (1, R)."""
    import tensorflow as tf

    parts = {
        "last": lambda: states[:, -1],
        "max": lambda: tf.reduce_max(states, axis=1),
        "mean": lambda: tf.reduce_mean(states, axis=1),
    }
    return tf.concat([parts[part]() for part in head.split("+")], axis=1)


def _loss(logits: Tensor, label: int) -> Tensor:
    import tensorflow as tf

    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[label], logits=logits)[0]


def _size(cell: str, weights: CellWeights) -> int:
    return weights.units * (2 if cell == "lstm" else 1)


def _start(cell: str, weights: CellWeights, copies: int) -> list[Tensor]:
    import tensorflow as tf

    return [
        tf.zeros((copies, weights.units), tf.float64) for _ in range(_size(cell, weights) // weights.units)
    ]


def _copies(row: Array, number: int) -> Tensor:
    import tensorflow as tf

    return tf.constant(np.tile(row, (number, 1)))


def _diagonal(parts: list[Tensor]) -> Tensor:
    """Return number k of the state in copy k, summed: its gradient by copy k is row k of the Jacobian."""
    import tensorflow as tf

    return tf.reduce_sum(tf.linalg.diag_part(tf.concat(parts, axis=1)))


def _beside(gradients: list[Tensor]) -> Array:
    return np.concatenate([_array(gradient) for gradient in gradients], axis=1)  # (S, S)


def _array(gradient: Tensor) -> Array:
    """Return a gradient as an array; TensorFlow calls what has no effect None, here that is a fault."""
    if gradient is None:
        raise ValueError("TensorFlow found no path for a gradient")
    return np.asarray(gradient)
