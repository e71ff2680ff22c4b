"""Whole networks differentiated by the chain rule: a second answer, which Keras' gradients are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.values import Int32
from pipeline.models.equations import Trace, backward
from pipeline.models.equations.heads import HEADS
from pipeline.models.equations.network import (
    STANDARDISED,
    Weights,
    beside,
    cell_weights,
    cut,
    in_order,
    of_pieces,
    run_network,
)
from pipeline.models.equations.values import Array, Lengths
from pipeline.models.networks.build import NetworkSpec


@dataclass(frozen=True, eq=False)
class NetworkGradients:
    """How a loss depends on every weight, and on every word vector that was read."""

    weights: dict[str, Array]  # in the names of Weights; of what is trained
    embedded: Array  # (B, T, D)


def differentiate(
    spec: NetworkSpec,
    weights: Weights,
    embedded: Array,
    lengths: Lengths,
    d_logits: Array,
    steps: int | None = None,
) -> NetworkGradients:
    """Return how a loss depends on a network's weights and on its word vectors.

    Parameters
    ----------
    spec, weights, embedded, lengths
        What `run_network` is given.
    d_logits : float array, shape (B, C)
        How the loss depends on the logits, as `cross_entropy` says.
    steps : int, optional
        Truncated backpropagation through time: in each layer and direction the states before the last `steps`
        real timesteps of its own reading are constants, for heads that read all states too. With pieces the
        timesteps of each piece count. None: all the way. `ann` has no time and ignores it.
    """
    run = run_network(spec, weights, embedded, lengths)
    gradients = {"output/kernel": run.encoded.T @ d_logits, "output/bias": d_logits.sum(axis=0)}
    d_encoded = d_logits @ weights["output/kernel"].T  # (B, E)
    entry = MODELS[spec.model]
    if not entry.recurrent:
        return _back_to_averages(spec, weights, (embedded, lengths), d_encoded, gradients)
    first, piece_lengths = cut(embedded, lengths, spec.piece_tokens)  # (P, L, D), (P,)
    read = [
        first,
        *(
            beside([trace.states[:, 1:] for trace in layer], piece_lengths, entry.directions)
            for layer in run.layers
        ),
    ]
    d_states = _back_through_head(spec, run.layers[-1], piece_lengths, d_encoded)
    for number in reversed(range(spec.layers)):
        d_sequences = np.zeros_like(read[number])  # (P, L, D)
        layer = zip(entry.directions, run.layers[number], d_states, strict=True)
        for direction, trace, d_of_states in layer:
            name, inputs = f"recurrent_{number}{direction}", in_order(read[number], piece_lengths, direction)
            of_cell = cell_weights(weights, name)
            back = backward(entry.cell, of_cell, inputs, trace, d_of_states, steps, piece_lengths)
            gradients[f"{name}/kernel"] = back.kernel
            gradients[f"{name}/recurrent_kernel"] = back.recurrent_kernel
            gradients[f"{name}/bias"] = back.bias
            d_sequences = d_sequences + in_order(back.inputs, piece_lengths, direction)
        if number:
            parts = np.split(d_sequences, len(entry.directions), axis=2)  # (P, L, H) each, of the layer below
            below = zip(parts, entry.directions, strict=True)
            d_states = [in_order(part, piece_lengths, direction) for part, direction in below]
    return NetworkGradients(gradients, _uncut(d_sequences, embedded.shape))


def _back_through_head(
    spec: NetworkSpec, top: tuple[Trace, ...], piece_lengths: Lengths, d_encoded: Array
) -> list[Array]:
    """Return how the loss depends on the states of the last layer, for each direction; (P, L, H)."""
    d_states = [np.zeros_like(trace.states[:, 1:]) for trace in top]
    parts = spec.head.split("+")
    blocks = iter(np.split(d_encoded, len(parts) * len(top), axis=1))  # (B, H) each
    for part in parts:
        for place, trace in enumerate(top):
            d_states[place] = d_states[place] + _back(part, trace.states[:, 1:], piece_lengths, next(blocks))
    return d_states


def _back(part: str, states: Array, piece_lengths: Lengths, d_read: Array) -> Array:
    """Return the gradient of what a part of the head reads of the states (P, L, H) for B documents; (P, L, H)."""
    head, of_documents, lengths = of_pieces(part, states, piece_lengths, len(d_read))
    d_documents = HEADS[head].back(of_documents, lengths, d_read)
    if head == part:
        return d_documents.reshape(states.shape)
    d_last = d_documents.reshape(len(states), -1)  # (P, H)
    return HEADS["last"].back(states, np.maximum(piece_lengths, 1), d_last)


def _uncut(pieces: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient of `cut`; (B, T, D)."""
    n_docs, longest, dimension = shape
    return pieces.reshape(n_docs, -1, dimension)[:, :longest]


def _back_to_averages(
    spec: NetworkSpec,
    weights: Weights,
    read: tuple[Array, Lengths],
    d_hidden: Array,
    gradients: dict[str, Array],
) -> NetworkGradients:
    embedded, lengths = read
    deviation = 1 if spec.tuned else weights[STANDARDISED[1]]
    hidden = [HEADS["mean"].read(embedded, lengths)]
    if not spec.tuned:
        hidden = [(hidden[0] - weights[STANDARDISED[0]]) / deviation]
    for number in range(spec.layers):
        sums = hidden[-1] @ weights[f"hidden_{number}/kernel"] + weights[f"hidden_{number}/bias"]
        hidden.append(np.maximum(sums, 0))  # (B, H)
    for number in reversed(range(spec.layers)):
        d_sums = np.where(hidden[number + 1] > 0, d_hidden, 0)  # (B, H)
        gradients[f"hidden_{number}/kernel"] = hidden[number].T @ d_sums
        gradients[f"hidden_{number}/bias"] = d_sums.sum(axis=0)
        d_hidden = d_sums @ weights[f"hidden_{number}/kernel"].T
    like = np.zeros(embedded.shape, d_hidden.dtype)  # (B, T, D)
    return NetworkGradients(gradients, HEADS["mean"].back(like, lengths, d_hidden / deviation))


def back_to_table(table: Array, rows: Int32, d_embedded: Array) -> Array:
    """Return the gradient of a table: each row's is the sum over the places where it stands; (V, D)."""
    d_table = np.zeros_like(table)
    np.add.at(d_table, rows, d_embedded)
    return d_table
