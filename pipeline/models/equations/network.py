"""Whole networks of the table, from word vectors to logits, in the names under which a run saves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.values import Bool
from pipeline.models.equations.heads import HEADS, largest
from pipeline.models.equations.through_time import CELLS, forward
from pipeline.models.equations.values import Array, CellWeights, Lengths, Trace
from pipeline.models.networks.build import STANDARDISE, NetworkSpec

Weights = Mapping[str, Array]  # `layer/weight` > array, such as "recurrent_0/kernel", "output/bias"

STANDARDISED = (f"{STANDARDISE}/mean", f"{STANDARDISE}/deviation")  # of the averages, where no table is tuned


@dataclass(frozen=True, eq=False)
class LayerRun:
    """One recurrent layer in one direction: what it read, in the order of its reading, and its states."""

    name: str  # such as "recurrent_0_backward"
    inputs: Array  # (P, L, D)
    trace: Trace


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """What a network computed on the way to its logits.

    B documents; P sequences of L timesteps: the documents, or with `keep = "pieces"` their pieces.
    """

    logits: Array  # (B, C)
    encoded: Array  # (B, E), what the output layer reads
    shape: tuple[int, ...]  # (B, T, D), of the word vectors
    lengths: Lengths  # (B,)
    piece_lengths: Lengths  # (P,)
    layers: tuple[tuple[LayerRun, ...], ...] = ()  # each layer's directions; () for `ann`
    hidden: tuple[Array, ...] = ()  # of `ann`: the averages, then what each dense layer gives; (B, .) each


def run_network(spec: NetworkSpec, weights: Weights, embedded: Array, lengths: Lengths) -> NetworkRun:
    """Return a network's logits and all that led to them; nothing is dropped, as in prediction.

    Parameters
    ----------
    spec : NetworkSpec
        Which network.
    weights : mapping
        All but the table of vectors, in the names of `models/<slug>/weights.safetensors`.
    embedded : float array, shape (B, T, D)
        Word vectors, padded on the right.
    lengths : int array, shape (B,)
        Real timesteps, 1 at least.
    """
    entry = MODELS[spec.model]
    if not entry.recurrent:
        return _run_averaged(spec, weights, embedded, lengths)
    sequences, piece_lengths = _cut(embedded, lengths, spec.piece_tokens)  # (P, L, D), (P,)
    layers = []
    for number in range(spec.layers):
        layer = tuple(
            _run_layer(entry.cell, f"recurrent_{number}{direction}", weights, sequences, piece_lengths)
            for direction in entry.directions
        )
        layers.append(layer)
        states = [in_order(run.trace.states[:, 1:], piece_lengths, run.name) for run in layer]
        sequences = np.concatenate(states, axis=2)  # (P, L, H * directions)
    encoded = np.concatenate(
        [
            _read(part, run.trace.states[:, 1:], piece_lengths, len(lengths))
            for part in spec.head.split("+")
            for run in layers[-1]
        ],
        axis=1,
    )  # (B, E)
    return NetworkRun(
        _logits(weights, encoded), encoded, embedded.shape, lengths, piece_lengths, tuple(layers)
    )


def weight_shapes(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of every weight of a network, its table left out."""
    units = spec.units
    shapes: dict[str, tuple[int, ...]] = {}
    entry = MODELS[spec.model]
    if not entry.recurrent:
        shapes |= {} if spec.tuned else dict.fromkeys(STANDARDISED, (spec.embedding_dim,))
        for number in range(spec.layers):
            width = units if number else spec.embedding_dim
            shapes |= {f"hidden_{number}/kernel": (width, units), f"hidden_{number}/bias": (units,)}
        return shapes | _output_shapes(units, spec.n_classes)
    cell, directions = CELLS[entry.cell], entry.directions
    columns = cell.blocks * units
    for number in range(spec.layers):
        width = units * len(directions) if number else spec.embedding_dim
        for direction in directions:
            layer = f"recurrent_{number}{direction}"
            shapes[f"{layer}/kernel"] = (width, columns)
            shapes[f"{layer}/recurrent_kernel"] = (units, columns)
            shapes[f"{layer}/bias"] = (cell.biases, columns) if cell.biases > 1 else (columns,)
    return shapes | _output_shapes(units * len(directions) * len(spec.head.split("+")), spec.n_classes)


def cell_weights(weights: Weights, layer: str) -> CellWeights:
    """Return the weights of one recurrent layer, such as "recurrent_0_backward"."""
    return CellWeights(
        weights[f"{layer}/kernel"], weights[f"{layer}/recurrent_kernel"], weights[f"{layer}/bias"]
    )


# --- recurrent networks


def _run_layer(cell: str, name: str, weights: Weights, sequences: Array, lengths: Lengths) -> LayerRun:
    inputs = in_order(sequences, lengths, name)  # (P, L, D)
    return LayerRun(name, inputs, forward(cell, cell_weights(weights, name), inputs))


def in_order(sequences: Array, lengths: Lengths, layer: str) -> Array:
    """Return sequences (P, L, D) in the order in which a layer reads them, or back in the order of the words.

    A backward layer reads from the last real word to the first (Schuster, Paliwal 1997); padding stays on the
    right. Turned twice is as before, so that this is its own gradient too.
    """
    if not layer.endswith("_backward"):
        return sequences
    place, ends = np.arange(sequences.shape[1]), lengths[:, None]
    source = np.where(place < ends, ends - 1 - place, place)  # (P, L)
    return np.take_along_axis(sequences, source[:, :, None], axis=1)


def _read(part: str, states: Array, piece_lengths: Lengths, n_docs: int) -> Array:
    """Return what one part of the head makes of the states (P, L, H); (B, H).

    Over pieces "max" and "mean" take all real timesteps of a document, "last" the maximum of the pieces' last states.
    """
    if len(states) == n_docs:
        return HEADS[part].read(states, piece_lengths)
    if part == "last":
        last, present = last_of_pieces(states, piece_lengths, n_docs)
        return largest(last, present)
    whole, lengths = end_to_end(states, piece_lengths, n_docs)
    return HEADS[part].read(whole, lengths)


def last_of_pieces(states: Array, piece_lengths: Lengths, n_docs: int) -> tuple[Array, Bool]:
    """Return the last state of each piece, (B, P / B, H), and which pieces hold a word, (B, P / B, 1)."""
    last = HEADS["last"].read(states, np.maximum(piece_lengths, 1))  # (P, H)
    return last.reshape(n_docs, -1, last.shape[1]), (piece_lengths > 0).reshape(n_docs, -1, 1)


def end_to_end(states: Array, piece_lengths: Lengths, n_docs: int) -> tuple[Array, Lengths]:
    """Return the states of a document's pieces laid end to end, (B, P / B * L, H), and the documents' lengths."""
    return states.reshape(n_docs, -1, states.shape[2]), piece_lengths.reshape(n_docs, -1).sum(axis=1)


def _cut(embedded: Array, lengths: Lengths, size: int) -> tuple[Array, Lengths]:
    """Return documents (B, T, D) cut into pieces, (P, L, D), and the pieces' lengths; as they are if `size` is 0.

    A piece has L = `size` timesteps, or T where that is less. Pieces of padding alone have length 0.
    """
    if not size:
        return embedded, lengths
    longest, dimension = embedded.shape[1:]
    size = min(size, longest)  # L
    padded = np.pad(embedded, ((0, 0), (0, -longest % size), (0, 0)))
    starts = np.arange(0, longest, size)
    piece_lengths = np.clip(lengths[:, None] - starts, 0, size)  # (B, P / B)
    return padded.reshape(-1, size, dimension), piece_lengths.reshape(-1)


# --- the network of averages


def _run_averaged(spec: NetworkSpec, weights: Weights, embedded: Array, lengths: Lengths) -> NetworkRun:
    """Return the run of `ann`: averages, brought to mean 0 and deviation 1 unless tuned, then dense layers."""
    average = HEADS["mean"].read(embedded, lengths)  # (B, D)
    if not spec.tuned:
        mean, deviation = (weights[name] for name in STANDARDISED)  # (D,) each
        average = (average - mean) / deviation
    hidden = [average]
    for number in range(spec.layers):
        sums = hidden[-1] @ weights[f"hidden_{number}/kernel"] + weights[f"hidden_{number}/bias"]
        hidden.append(np.maximum(sums, 0))  # (B, H)
    logits = _logits(weights, hidden[-1])
    return NetworkRun(logits, hidden[-1], embedded.shape, lengths, lengths, hidden=tuple(hidden))


def _output_shapes(width: int, n_classes: int) -> dict[str, tuple[int, ...]]:
    return {"output/kernel": (width, n_classes), "output/bias": (n_classes,)}


def _logits(weights: Weights, encoded: Array) -> Array:
    """Return encoded W + b; (B, C)."""
    logits: Array = encoded @ weights["output/kernel"] + weights["output/bias"]
    return logits
