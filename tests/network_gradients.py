"""Whole networks differentiated by the chain rule: a second answer, which Keras' gradients are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.values import Int32
from pipeline.models.equations import backward
from pipeline.models.equations.heads import HEADS, back_to_largest
from pipeline.models.equations.network import (
    STANDARDISED,
    NetworkRun,
    Weights,
    cell_weights,
    end_to_end,
    in_order,
    last_of_pieces,
)
from pipeline.models.equations.values import Array, Lengths
from pipeline.models.networks.build import NetworkSpec


@dataclass(frozen=True, eq=False)
class NetworkGradients:
    """How a loss depends on every weight, and on every word vector that was read."""

    weights: dict[str, Array]  # in the names of Weights; of what is trained
    embedded: Array  # (B, T, D)


def differentiate(
    spec: NetworkSpec, weights: Weights, run: NetworkRun, d_logits: Array, steps: int | None = None
) -> NetworkGradients:
    """Return how a loss depends on a network's weights and on its word vectors.

    Parameters
    ----------
    spec, weights
        What `run_network` was given.
    run : NetworkRun
        What it returned.
    d_logits : float array, shape (B, C)
        How the loss depends on the logits, as `cross_entropy` says.
    steps : int, optional
        Truncated backpropagation through time: in each layer and direction the states before the last `steps`
        real timesteps of its own reading are constants, for heads that read all states too. With pieces the
        timesteps of each piece count. None: all the way. `ann` has no time and ignores it.
    """
    gradients = {"output/kernel": run.encoded.T @ d_logits, "output/bias": d_logits.sum(axis=0)}
    d_encoded = d_logits @ weights["output/kernel"].T  # (B, E)
    entry = MODELS[spec.model]
    if not entry.recurrent:
        return _back_to_averages(spec, weights, run, d_encoded, gradients)
    d_states = _back_through_head(spec, run, d_encoded)
    for layer in reversed(run.layers):
        d_sequences = np.zeros_like(layer[0].inputs)  # (P, L, D)
        for one, d_of_states in zip(layer, d_states, strict=True):
            of_cell = cell_weights(weights, one.name)
            back = backward(entry.cell, of_cell, one.inputs, one.trace, d_of_states, steps, run.piece_lengths)
            gradients[f"{one.name}/kernel"] = back.kernel
            gradients[f"{one.name}/recurrent_kernel"] = back.recurrent_kernel
            gradients[f"{one.name}/bias"] = back.bias
            d_sequences = d_sequences + in_order(back.inputs, run.piece_lengths, one.name)
        if layer is not run.layers[0]:
            parts = np.split(d_sequences, len(layer), axis=2)  # (P, L, H) each, of the layer below
            d_states = [
                in_order(part, run.piece_lengths, one.name) for part, one in zip(parts, layer, strict=True)
            ]
    return NetworkGradients(gradients, _uncut(d_sequences, run.shape))


def _back_through_head(spec: NetworkSpec, run: NetworkRun, d_encoded: Array) -> list[Array]:
    """Return how the loss depends on the states of the last layer, for each direction; (P, L, H)."""
    top, n_docs = run.layers[-1], len(run.lengths)
    d_states = [np.zeros_like(one.trace.states[:, 1:]) for one in top]
    parts = spec.head.split("+")
    blocks = iter(np.split(d_encoded, len(parts) * len(top), axis=1))  # (B, H) each
    for part in parts:
        for place, one in enumerate(top):
            states = one.trace.states[:, 1:]
            d_states[place] = d_states[place] + _back(part, states, run.piece_lengths, n_docs, next(blocks))
    return d_states


def _back(part: str, states: Array, piece_lengths: Lengths, n_docs: int, d_read: Array) -> Array:
    """Return the gradient of `_read`; (P, L, H)."""
    if len(states) == n_docs:
        return HEADS[part].back(states, piece_lengths, d_read)
    if part == "last":
        last, present = last_of_pieces(states, piece_lengths, n_docs)
        d_last = back_to_largest(last, present, d_read).reshape(len(states), -1)  # (P, H)
        return HEADS["last"].back(states, np.maximum(piece_lengths, 1), d_last)
    whole, lengths = end_to_end(states, piece_lengths, n_docs)
    return HEADS[part].back(whole, lengths, d_read).reshape(states.shape)


def _uncut(pieces: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient of `_cut`; (B, T, D)."""
    n_docs, longest, dimension = shape
    return pieces.reshape(n_docs, -1, dimension)[:, :longest]


def _back_to_averages(
    spec: NetworkSpec, weights: Weights, run: NetworkRun, d_hidden: Array, gradients: dict[str, Array]
) -> NetworkGradients:
    for number in reversed(range(spec.layers)):
        d_sums = np.where(run.hidden[number + 1] > 0, d_hidden, 0)  # (B, H)
        gradients[f"hidden_{number}/kernel"] = run.hidden[number].T @ d_sums
        gradients[f"hidden_{number}/bias"] = d_sums.sum(axis=0)
        d_hidden = d_sums @ weights[f"hidden_{number}/kernel"].T
    if not spec.tuned:
        d_hidden = d_hidden / weights[STANDARDISED[1]]
    like = np.zeros(run.shape, d_hidden.dtype)  # (B, T, D)
    return NetworkGradients(gradients, HEADS["mean"].back(like, run.lengths, d_hidden))


def back_to_table(table: Array, rows: Int32, d_embedded: Array) -> Array:
    """Return the gradient of a table: each row's is the sum over the places where it stands; (V, D)."""
    d_table = np.zeros_like(table)
    np.add.at(d_table, rows, d_embedded)
    return d_table
