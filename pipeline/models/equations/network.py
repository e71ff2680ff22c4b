"""Whole networks of the table, from word vectors to logits, in the names under which a run saves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from pipeline.core.models import CRF, FORWARD, MODELS
from pipeline.core.values import Int32
from pipeline.models.equations.chain import CHAIN, TRANSITIONS, with_ends
from pipeline.models.equations.heads import HEADS
from pipeline.models.equations.letters import letter_shapes, letter_vectors
from pipeline.models.equations.output import embed
from pipeline.models.equations.product import product
from pipeline.models.equations.through_time import (
    CELLS,
    FromInputs,
    forward,
    forward_states,
    of_rows,
    of_vectors,
)
from pipeline.models.equations.values import Array, CellWeights, Lengths, Trace
from pipeline.models.networks.build import STANDARDISE, NetworkSpec
from pipeline.models.networks.letters import FILTERS

Sequences = TypeVar("Sequences", Array, Int32)  # vectors, or rows of a table
Weights = Mapping[str, Array]  # `layer/weight` > array, such as "recurrent_0/kernel", "output/bias"

STANDARDISED = (f"{STANDARDISE}/mean", f"{STANDARDISE}/deviation")  # of the averages, where no table is tuned


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """What a network computed on the way to its logits, for B documents."""

    logits: Array  # (B, C); of a network that answers words their scores, (B, T, C)
    encoded: Array  # (B, E) or (B, T, E), what the output layer reads
    # each recurrent layer's directions, in the order of their reading, over the documents or their pieces
    layers: tuple[tuple[Trace, ...], ...] = ()


def run_network(spec: NetworkSpec, weights: Weights, embedded: Array, lengths: Lengths) -> NetworkRun:
    """Return a network's logits and all that led to them; nothing is dropped, as in prediction.

    Parameters
    ----------
    spec : NetworkSpec
        Which network.
    weights : mapping
        All but the table of vectors, in the names of `models/<slug>/weights.safetensors`.
    embedded : float array, shape (B, T, D)
        Word vectors, padded on the right, with what the letters of words give beside them (`beside_letters`).
    lengths : int array, shape (B,)
        Real timesteps, 1 at least.
    """
    entry = MODELS[spec.model]
    if not entry.recurrent:
        return _run_averaged(spec, weights, embedded, lengths)
    sequences, piece_lengths = cut(embedded, lengths, spec.piece_tokens)  # (P, L, D), (P,)
    layers = []
    for number in range(spec.layers):
        layer = tuple(
            forward(
                entry.cell,
                cell_weights(weights, f"recurrent_{number}{direction}"),
                in_order(sequences, piece_lengths, direction),
            )
            for direction in entry.directions
        )
        layers.append(layer)
        sequences = beside([trace.states[:, 1:] for trace in layer], piece_lengths, entry.directions)
    if spec.answers_words:
        return NetworkRun(_scores(spec, weights, sequences, lengths), sequences, tuple(layers))
    encoded = _encoded(spec, [trace.states[:, 1:] for trace in layers[-1]], piece_lengths, len(lengths))
    return NetworkRun(_logits(weights, encoded), encoded, tuple(layers))


def logits_of_rows(spec: NetworkSpec, weights: Weights, table: Array, rows: Int32, lengths: Lengths) -> Array:
    """Return the logits (B, C) of documents alone, each timestep a row of a table of vectors.

    To the last bit those of `run_network`, sooner: a row that stands in several places goes through the first layer's
    kernel once, and neither gates nor cells are kept.

    Parameters
    ----------
    spec, weights, lengths
        What `run_network` takes.
    table : float array, shape (V, D)
        Word vectors.
    rows : int32 array, shape (B, T)
        Rows of the table, padded on the right.
    """
    if not MODELS[spec.model].recurrent:
        return _run_averaged(spec, weights, embed(table, rows), lengths).logits
    pieces, piece_lengths = cut(rows, lengths, spec.piece_tokens)  # (P, L), (P,)
    states = _last_states(spec, weights, partial(_of_rows, table, pieces), piece_lengths, pieces.shape[:2])
    return _logits(weights, _encoded(spec, states, piece_lengths, len(lengths)))


def scores_of_rows(
    spec: NetworkSpec, weights: Weights, table: Array, batch: tuple[Int32, ...], lengths: Lengths
) -> Array:
    """Return what each tag of each word of sentences alone is worth; (B, T, C).

    Parameters
    ----------
    spec, weights, table, lengths
        What `logits_of_rows` takes, of a network that answers words.
    batch : tuple of int32 arrays
        Rows of the table (B, T), padded on the right; and the letters of its words, as for `beside_letters`, where the
        network reads these.
    """
    rows, *letters = batch
    first: FirstLayer = partial(_of_rows, table, rows)
    if letters:
        first = partial(_of_inputs, beside_letters(spec, weights, embed(table, rows), letters))
    states = _last_states(spec, weights, first, lengths, rows.shape)
    read = beside(states, lengths, MODELS[spec.model].directions)  # (B, T, H * directions)
    return _scores(spec, weights, read, lengths)


# (weights of a cell, lengths, direction) > x_t W of each timestep
FirstLayer = Callable[[CellWeights, Lengths, str], FromInputs]


def _of_rows(table: Array, rows: Int32, own: CellWeights, lengths: Lengths, direction: str) -> FromInputs:
    return of_rows(own, table, in_order(rows, lengths, direction))


def _of_inputs(inputs: Array, own: CellWeights, lengths: Lengths, direction: str) -> FromInputs:
    return of_vectors(own, in_order(inputs, lengths, direction))


def _last_states(
    spec: NetworkSpec, weights: Weights, first: FirstLayer, lengths: Lengths, shape: tuple[int, ...]
) -> list[Array]:
    """Return the states (P, L, H) of the last layer, a direction each, in the order in which that reads.

    `first` reads what the documents hold; `shape` is (P, L).
    """
    entry, reads = MODELS[spec.model], first
    for number in range(spec.layers):
        states = []
        for direction in entry.directions:
            own = cell_weights(weights, f"recurrent_{number}{direction}")
            from_inputs = reads(own, lengths, direction)
            states.append(forward_states(entry.cell, own, from_inputs, (shape[0], shape[1])))
        reads = partial(_of_inputs, beside(states, lengths, entry.directions))
    return states


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
    for number in range(spec.layers):
        width = units * len(directions) if number else _width(spec)
        for direction in directions:
            layer = f"recurrent_{number}{direction}"
            shapes |= {f"{layer}/{name}": shape for name, shape in cell.shapes(width, units).items()}
    if spec.n_letters is not None:
        shapes |= letter_shapes(spec.n_letters)
    if spec.head == CRF:
        tags = (spec.n_classes,)
        shapes |= {f"{CHAIN}/start": tags, TRANSITIONS: 2 * tags, f"{CHAIN}/end": tags}
    return shapes | _output_shapes(units * len(directions) * len(spec.head.split("+")), spec.n_classes)


def _width(spec: NetworkSpec) -> int:
    """Return how many numbers the first recurrent layer reads of a word."""
    return spec.embedding_dim + (FILTERS if spec.n_letters is not None else 0)


def beside_letters(spec: NetworkSpec, weights: Weights, embedded: Array, letters: Sequence[Int32]) -> Array:
    """Return word vectors (B, T, D) and, where the network reads letters, what these give of each word; (B, T, D + F).

    `letters` are those of a batch: of its distinct words, (U, L), and which of them stands where, (B, T).
    """
    if spec.n_letters is None:
        return embedded
    of_words, spelled = letters
    return np.concatenate([embedded, letter_vectors(weights, of_words)[spelled]], axis=2)


def cell_weights(weights: Weights, layer: str) -> CellWeights:
    """Return the weights of one recurrent layer, such as "recurrent_0_backward"."""
    return CellWeights(
        weights[f"{layer}/kernel"], weights[f"{layer}/recurrent_kernel"], weights[f"{layer}/bias"]
    )


# --- recurrent networks


def in_order(sequences: Sequences, lengths: Lengths, direction: str) -> Sequences:
    """Return sequences (P, L, D) or (P, L) in the order in which a direction reads them, or back in that of the words.

    The backward one reads from the last real word to the first (Schuster, Paliwal 1997); padding stays on the
    right. Turned twice is as before, so that this is its own gradient too.
    """
    if direction == FORWARD:
        return sequences
    place, ends = np.arange(sequences.shape[1]), lengths[:, None]
    source = np.where(place < ends, ends - 1 - place, place)  # (P, L)
    return np.take_along_axis(sequences, source if sequences.ndim == 2 else source[:, :, None], axis=1)


def beside(layer: Sequence[Array], lengths: Lengths, directions: Sequence[str]) -> Array:
    """Return the states (P, L, H) of a layer's directions side by side, in the order of the words.

    One direction alone is as it was; two are (P, L, H * directions).
    """
    ordered = [in_order(states, lengths, one) for states, one in zip(layer, directions, strict=True)]
    return np.concatenate(ordered, axis=2)


def _encoded(spec: NetworkSpec, layer: Sequence[Array], piece_lengths: Lengths, n_docs: int) -> Array:
    """Return what the head reads from the states (P, L, H) of the last layer's directions; (B, E)."""
    parts = spec.head.split("+")
    read = [_read(part, states, piece_lengths, n_docs) for part in parts for states in layer]
    return np.concatenate(read, axis=1)


def _read(part: str, states: Array, piece_lengths: Lengths, n_docs: int) -> Array:
    """Return what one part of the head makes of the states (P, L, H); (B, H)."""
    head, of_documents, lengths = of_pieces(part, states, piece_lengths, n_docs)
    return HEADS[head].read(of_documents, lengths)


def of_pieces(part: str, states: Array, piece_lengths: Lengths, n_docs: int) -> tuple[str, Array, Lengths]:
    """Return the head that reads whole documents where `part` reads pieces, the states that it reads, and how many.

    "max" and "mean" take all real timesteps of a document, "last" the maximum of the pieces' last states.
    """
    if len(states) == n_docs:
        return part, states, piece_lengths
    units, by_document = states.shape[2], piece_lengths.reshape(n_docs, -1)  # H, (B, P / B)
    if part != "last":
        return part, states.reshape(n_docs, -1, units), by_document.sum(axis=1)  # (B, P / B * L, H)
    last = HEADS["last"].read(states, np.maximum(piece_lengths, 1))  # (P, H)
    return "max", last.reshape(n_docs, -1, units), (by_document > 0).sum(axis=1)  # (B, P / B, H)


def cut(documents: Sequences, lengths: Lengths, size: int) -> tuple[Sequences, Lengths]:
    """Return documents, (B, T, D) or rows (B, T), cut into pieces, (P, L, D) or (P, L), and the pieces' lengths.

    They are as they were if `size` is 0. A piece has L = `size` timesteps, or T where that is less. Pieces of padding
    alone have length 0.
    """
    if not size:
        return documents, lengths
    longest, *dimension = documents.shape[1:]
    size = min(size, longest)  # L
    padded = np.pad(documents, ((0, 0), (0, -longest % size), *((0, 0) for _ in dimension)))
    starts = np.arange(0, longest, size)
    piece_lengths = np.clip(lengths[:, None] - starts, 0, size)  # (B, P / B)
    return padded.reshape(-1, size, *dimension), piece_lengths.reshape(-1)


# --- the network of averages


def _run_averaged(spec: NetworkSpec, weights: Weights, embedded: Array, lengths: Lengths) -> NetworkRun:
    """Return the run of `ann`: averages, brought to mean 0 and deviation 1 unless tuned, then dense layers."""
    average = HEADS["mean"].read(embedded, lengths)  # (B, D)
    if not spec.tuned:
        mean, deviation = (weights[name] for name in STANDARDISED)  # (D,) each
        average = (average - mean) / deviation
    hidden = average
    for number in range(spec.layers):
        sums = product(hidden, weights[f"hidden_{number}/kernel"]) + weights[f"hidden_{number}/bias"]
        hidden = np.maximum(sums, 0)  # (B, H)
    return NetworkRun(_logits(weights, hidden), hidden)


def _output_shapes(width: int, n_classes: int) -> dict[str, tuple[int, ...]]:
    return {"output/kernel": (width, n_classes), "output/bias": (n_classes,)}


def _logits(weights: Weights, encoded: Array) -> Array:
    """Return encoded W + b; (B, C)."""
    logits: Array = product(encoded, weights["output/kernel"]) + weights["output/bias"]
    return logits


def _scores(spec: NetworkSpec, weights: Weights, sequences: Array, lengths: Lengths) -> Array:
    """Return the scores of each word's tags, with what a chain adds to the first and the last; (B, T, C)."""
    batch, timesteps, width = sequences.shape
    scores = _logits(weights, sequences.reshape(-1, width)).reshape(batch, timesteps, -1)
    if spec.head != CRF:
        return scores
    return with_ends(scores, lengths, weights[f"{CHAIN}/start"], weights[f"{CHAIN}/end"])
