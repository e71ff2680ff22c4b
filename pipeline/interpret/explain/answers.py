"""TensorFlow's own answers, in float64: a cell of Keras runs, `tf.GradientTape` differentiates.

Nothing here uses the equations that a worked example shows, but what networks are built with: what agrees was computed
twice.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.models import EACH, LAST
from pipeline.core.values import Float64
from pipeline.models.equations import CELLS, CellWeights
from pipeline.models.equations.values import Array
from pipeline.models.networks.build import HEADS
from pipeline.models.networks.keras_types import Layer, Tensor

Quantities = dict[str, Array]  # by the names that a page gives them


def ask_tensorflow(
    cell: str,
    weights: CellWeights,
    output: tuple[Array, Array],
    inputs: Array,
    label: int | tuple[int, ...],
    head: str = LAST,
) -> Quantities:
    """Return the states, the loss, the gradients and the Jacobians that TensorFlow computes of one document.

    Parameters
    ----------
    cell : str
        `rnn`, `gru` or `lstm`.
    weights : CellWeights
        float64; H units.
    output : float64 arrays, shapes (R, C) and (C,)
        Kernel and bias of the layer that reads what the head makes of the states.
    inputs : float64 array, shape (T, D)
        The words' vectors.
    label : int, or of each word one
        The class whose loss is differentiated; of words the sum of their losses.
    head : str
        `last`, `max`, `mean`, `max+mean`, or `each` of a network that answers each word.

    Returns
    -------
    dict
        h_t and its gradient (T, H), of an LSTM c_t and its gradient too; y, p, L; the gradients of y, V, v, x_t (T, D),
        W, U and b; P_t, which is ds_T / ds_t (T, S, S) for t = 0 .. T - 1, where s is h, of an LSTM h and c.

    Notes
    -----
    The document is read S times side by side. The loss is that of the first copy. Number k of the last state of copy k
    is summed over k: the gradient of that sum by copy k of an earlier state is row k of the Jacobian.
    """
    import tensorflow as tf

    parts, units = CELLS[cell].parts, weights.units
    size = parts * units  # S
    one, kernel, bias = _keras_cell(cell, weights), *(tf.Variable(array) for array in output)
    lengths = tf.fill([size], len(inputs))
    words = [tf.constant(np.tile(x, (size, 1))) for x in inputs]  # (S, D) each
    steps, after = [[tf.zeros((size, units), tf.float64) for _ in range(parts)]], []  # (S, H) each
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([words, steps])
        for x in words:
            after.append(one(x, steps[-1])[1])  # of its c_t h_t was made
            steps.append([tf.identity(part) for part in after[-1]])  # of this one it was not
        states = tf.stack([step[0] for step in steps[1:]], axis=1)  # (S, T, H)
        if head == EACH:
            read, labels = [states[0]], tf.constant(label)  # (T, H)
        else:
            read = [HEADS[part]([states, lengths])[:1] for part in head.split("+")]  # (1, H) each
            labels = tf.constant([label])
        logits = tf.concat(read, axis=1) @ kernel + bias  # (1, C), or (T, C)
        tape.watch(logits)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.reduce_sum(losses)
        diagonal = tf.reduce_sum(tf.linalg.diag_part(tf.concat(steps[-1], axis=1)))
    d_weights = dict(zip("WUb", tape.gradient(loss, one.trainable_weights), strict=True))
    d_weights |= dict(zip(("V", "v", "y"), tape.gradient(loss, [kernel, bias, logits]), strict=True))
    d_steps, d_words = tape.gradient(loss, after), tape.gradient(loss, words)
    jacobians = tape.gradient(diagonal, steps[:-1])
    found = {f"{name}_t": states for name, states in _by_letter(steps[1:]).items()}
    of_answers = {"y": logits.numpy(), "p": tf.nn.softmax(logits).numpy()}
    d_weights = {name: _array(gradient) for name, gradient in d_weights.items()}
    if head == EACH:
        found |= {f"{name}_t": array for name, array in of_answers.items()} | {"L_t": losses.numpy()}
        found |= {"L": loss.numpy(), "dL/dy_t": d_weights.pop("y")}
    else:
        found |= {name: array[0] for name, array in of_answers.items()} | {"L": loss.numpy()}
        d_weights["y"] = d_weights["y"][0]
    found |= {f"dL/d{name}": gradient for name, gradient in d_weights.items()}
    found |= {f"dL/d{name}_t": gradients for name, gradients in _by_letter(d_steps).items()}
    return found | {
        "dL/dx_t": _first(d_words),
        "P_t": np.stack([np.concatenate([*map(_array, rows)], axis=1) for rows in jacobians]),  # (T, S, S)
    }


def _keras_cell(cell: str, weights: CellWeights) -> Layer:
    import keras

    one: Layer = getattr(keras.layers, f"{CELLS[cell].layer}Cell")(weights.units, dtype="float64")
    one.build((None, len(weights.kernel)))
    one.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
    return one


def _by_letter(steps: list[list[Tensor]]) -> Quantities:
    """Return h of each timestep, and c where a state has it, of the first copy; (T, H) each."""
    return {letter: _first([*parts]) for letter, parts in zip("hc", zip(*steps, strict=True), strict=False)}


def _first(tensors: list[Tensor]) -> Float64:
    """Return the first copy's row of each timestep; (T, .)."""
    return np.stack([_array(tensor)[0] for tensor in tensors])


def _array(tensor: Tensor) -> Float64:
    """Return a tensor as an array; TensorFlow calls a gradient without effect None, here that is a fault."""
    if tensor is None:
        raise ValueError("TensorFlow found no path for a gradient")
    return np.asarray(tensor, dtype=np.float64)
