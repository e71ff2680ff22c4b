"""Language models in NumPy: what follows in documents, and how probable it is; the same as in Keras to rounding.

A document is read from BEGIN on. Each symbol's vector goes through the recurrent layers; the last state, brought to the
size of a vector where it is not, is multiplied with the table of vectors (tied, Press and Wolf 2017, arXiv:1608.05859):

    score of symbol v  =  (h_t P) . table_v + bias_v

BEGIN is never said: its score is left out, so that the shares of all others sum to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.ragged import places_of
from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float64, Int32, Int64
from pipeline.models.baselines.language.symbols import BEGIN, Streams
from pipeline.models.equations.product import product
from pipeline.models.equations.through_time import CELLS, of_rows, of_vectors
from pipeline.models.equations.values import Array, CellWeights, State

Weights = Mapping[str, Array]  # `layer/weight` > array, such as "recurrent_0/kernel", "embedding/embeddings"

_SYMBOLS_AT_ONCE = 16_384  # that a batch of documents reads, padding among them
_SCORES_AT_ONCE = 2**20  # numbers of a piece of scores, (rows, V)


@dataclass(frozen=True)
class LanguageSpec:
    """Which network: V symbols, D numbers a vector, H units a layer."""

    cell: str  # an entry of `CELLS`
    n_symbols: int
    dimension: int
    units: int
    layers: int = 1

    @property
    def projects(self) -> bool:
        """Whether states have another size than vectors."""
        return self.units != self.dimension


States = tuple[State, ...]  # of each layer


def weight_shapes(spec: LanguageSpec) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of every weight of a network."""
    shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (spec.n_symbols, spec.dimension)}
    for number in range(spec.layers):
        width = spec.units if number else spec.dimension
        own = CELLS[spec.cell].shapes(width, spec.units)
        shapes |= {f"recurrent_{number}/{name}": shape for name, shape in own.items()}
    if spec.projects:
        shapes |= {"projection/kernel": (spec.units, spec.dimension), "projection/bias": (spec.dimension,)}
    return shapes | {"output/bias": (spec.n_symbols,)}


def first_states(spec: LanguageSpec, n: int) -> States:
    """Return the states before N documents."""
    zeros = np.zeros((n, spec.units), np.float32)
    return ((zeros,) * CELLS[spec.cell].parts,) * spec.layers


def read_symbols(
    spec: LanguageSpec, weights: Weights, symbols: Int32, states: States
) -> tuple[Array, States]:
    """Return what the output layer reads after each of the symbols (N, T), (N, T, D), and the states then."""
    n, timesteps = symbols.shape
    below: Array | None = None
    after: list[State] = []
    for number, before in enumerate(states):
        state = before
        own = _cell_weights(weights, f"recurrent_{number}")
        table = weights["embedding/embeddings"]
        inputs = of_rows(own, table, symbols) if below is None else of_vectors(own, below)
        read = np.empty((timesteps, n, spec.units), own.kernel.dtype)
        for t, from_input in enumerate(inputs):
            state = CELLS[spec.cell].step(own, from_input, state)[0]
            read[t] = state[0]
        below = read.swapaxes(0, 1)  # (N, T, H)
        after.append(state)
    assert below is not None, "a network has a layer"
    if spec.projects:
        flat = product(below.reshape(n * timesteps, -1), weights["projection/kernel"])
        below = (flat + weights["projection/bias"]).reshape(n, timesteps, -1)  # (N, T, D)
    return below, tuple(after)


def _cell_weights(weights: Weights, layer: str) -> CellWeights:
    return CellWeights(
        weights[f"{layer}/kernel"], weights[f"{layer}/recurrent_kernel"], weights[f"{layer}/bias"]
    )


def log_shares(weights: Weights, encoded: Array) -> Array:
    """Return the natural logarithm of each symbol's share after what was read, (M, D) > (M, V); -inf for BEGIN."""
    scores = _scores(weights, encoded)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return scores


def _scores(weights: Weights, encoded: Array) -> Array:
    """Return the score of each symbol, (M, V), the largest of a row 0; -inf for BEGIN."""
    scores: Array = encoded @ weights["embedding/embeddings"].T
    scores += weights["output/bias"]
    scores[:, BEGIN] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    return scores


def log2_of(spec: LanguageSpec, weights: Weights, streams: Streams) -> Float64:
    """Return the logarithm to base 2 of the probability of each symbol that is said, (S - N,), ends among them."""
    found = np.empty(len(streams.symbols) - streams.n_docs)
    ends = streams.offsets - np.arange(streams.n_docs + 1)  # (N + 1,), where each document's are to stand
    with one_blas_thread():
        for documents in _batches(streams.offsets):
            places, _ = places_of(ends, documents)
            found[places] = _log2_of_batch(spec, weights, streams, documents)
    return found


def _log2_of_batch(spec: LanguageSpec, weights: Weights, streams: Streams, documents: Int64) -> Float64:
    """Return the logarithm of the share of all that some documents say, one after the other."""
    places, offsets = places_of(streams.offsets, documents)
    lengths = np.diff(offsets) - 1  # (n,), symbols that are said
    read = np.full((len(documents), int(lengths.max())), BEGIN, dtype=np.int32)  # (n, T)
    real = np.arange(read.shape[1]) < lengths[:, None]  # (n, T)
    not_last, not_first = np.ones((2, len(places)), dtype=np.bool_)
    not_last[offsets[1:] - 1], not_first[offsets[:-1]] = False, False
    read[real] = streams.symbols[places[not_last]]
    encoded, _ = read_symbols(spec, weights, read, first_states(spec, len(documents)))
    return _log2_of_each(weights, encoded[real], streams.symbols[places[not_first]])


def _log2_of_each(weights: Weights, encoded: Array, said: Int32) -> Float64:
    """Return the logarithm of the share of what is said, (M,), after each of (M, D)."""
    rows, found = max(1, _SCORES_AT_ONCE // len(weights["output/bias"])), np.empty(len(said))
    for start in range(0, len(said), rows):
        piece = np.s_[start : start + rows]
        scores = _scores(weights, encoded[piece])  # (m, V), 0 the largest of a row
        own = scores[np.arange(len(scores)), said[piece]]
        found[piece] = own - np.log(np.exp(scores, out=scores).sum(axis=1))
    bits: Float64 = found / np.log(2.0)
    return bits


def _batches(offsets: Int64) -> Iterator[Int64]:
    """Yield documents of about equal length, so many that a batch is not larger than `_SYMBOLS_AT_ONCE`."""
    lengths = np.diff(offsets)
    order = np.argsort(-lengths, kind="stable").astype(np.int64)
    start = 0
    while start < len(order):
        n = max(1, _SYMBOLS_AT_ONCE // int(lengths[order[start]]))
        yield order[start : start + n]
        start += n
