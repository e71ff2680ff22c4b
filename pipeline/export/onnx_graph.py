"""Saved models as graphs of ONNX: the same equations, one operator a recurrent layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline import __version__
from pipeline.core.errors import PipelineError
from pipeline.core.files import json_text
from pipeline.core.models import MODELS
from pipeline.core.values import Float32
from pipeline.export.graph import Graph, Result
from pipeline.models.baselines.features import Weigh, presence, tfidf
from pipeline.models.equations.network import STANDARDISED, cell_weights
from pipeline.models.equations.values import Array, CellWeights
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import AverageFeatures, NgramFeatures, SavedLinear

if TYPE_CHECKING:
    from onnx import ModelProto


def onnx_model(model: SavedModel, told: dict[str, str] | None = None) -> ModelProto:
    """Return a saved model's equations as a model of ONNX, with its vectors inside.

    Parameters
    ----------
    model : SavedModel
        A linear model or a network.
    told : dict of str, optional
        More of what stands in the file's metadata.

    Returns
    -------
    ModelProto
        Of networks and averaged vectors the inputs are `rows` int64 (documents, tokens), padded on the right, and
        `lengths` int64 (documents,), 1 at least; of n-grams `ids` int64 and `counts` float32 (documents, ngrams),
        padded with counts of 0. The output is `probabilities` float32 (documents, classes), in the order of the labels.

    Raises
    ------
    PipelineError
        If ONNX has no operator for the model's cell.
    """
    graph = Graph()
    if isinstance(model, SavedNetwork):
        shares = graph.add("Softmax", _network(graph, model), axis=1)
    elif isinstance(model, SavedLinear):
        shares = _linear(graph, model)
    else:
        raise PipelineError(
            "model-not-exported",
            "--model",
            f"{model.name} has no graph",
            "export a linear model or a network",
        )
    metadata = {"model": model.name, "labels": json_text(model.label_names), "embedseq": __version__}
    return graph.model(shares, model.name, len(model.label_names), metadata | (told or {}))


# --- linear models


def _linear(graph: Graph, model: SavedLinear) -> Result:
    """Return the shares of the classes: logits, their shares, each in the place of its label; (B, C)."""
    kernel = (
        model.coefficients.T if model.coefficients.size else np.zeros((1, len(model.intercepts)))
    )  # (F, P)
    if isinstance(model.features, AverageFeatures):
        logits = graph.dense(_standard_average(graph, model.features), kernel, model.intercepts)
    else:
        logits = _of_ngrams(graph, model.features, kernel, model.intercepts)
    if len(model.classes) == 2 and kernel.shape[1] == 1:
        logits = graph.add("MatMul", logits, graph.array([[-0.5, 0.5]]))  # (B, 2)
    if model.one_versus_rest:  # ln of the logistic function
        logits = graph.add("Neg", graph.add("Softplus", graph.add("Neg", logits)))
    shares = graph.add("Softmax", logits, axis=1)  # (B, K)
    places = np.zeros((len(model.classes), len(model.label_names)))  # (K, C)
    places[np.arange(len(model.classes)), model.classes] = 1
    return graph.add("MatMul", shares, graph.array(places))


def _of_ngrams(graph: Graph, features: NgramFeatures, kernel: Array, bias: Array) -> Result:
    """Return the sums of the coefficients of a document's n-grams, each times its weighed count; (B, P)."""
    ids = graph.input("ids", np.int64, "documents", "ngrams")
    counts = graph.input("counts", np.float32, "documents", "ngrams")
    values = _WEIGHED.get(features.weigh, _shares_of_counts)(graph, features, ids, counts)  # (B, G)
    coefficients = graph.add("Gather", graph.array(kernel), ids)  # (B, G, P)
    weighed = graph.add("Mul", graph.add("Unsqueeze", values, graph.whole(2)), coefficients)
    return graph.add("Add", graph.add("ReduceSum", weighed, graph.whole(1), keepdims=0), graph.array(bias))


Weighed = Callable[[Graph, NgramFeatures, Result, Result], Result]  # (ids, counts (B, G)) > values (B, G)


def _there(graph: Graph, features: NgramFeatures, ids: Result, counts: Result) -> Result:
    """Return 1 for each n-gram that is there, 0 for padding."""
    return graph.add("Sign", counts)


def _shares_of_counts(graph: Graph, features: NgramFeatures, ids: Result, counts: Result) -> Result:
    """Return what `presence_or_counts` makes of counts."""
    if features.settings.bow_binary:
        return _there(graph, features, ids, counts)
    return graph.add("Div", counts, graph.add("Gather", graph.array(features.learned["scale"]), ids))


def _tfidf(graph: Graph, features: NgramFeatures, ids: Result, counts: Result) -> Result:
    """Return 1 + ln(count), or the count, times idf, each document at length 1."""
    if features.settings.sublinear_tf:
        one = graph.array(1)
        logarithms = graph.add("Log", graph.add("Max", counts, one))
        counts = graph.add("Mul", graph.add("Sign", counts), graph.add("Add", logarithms, one))
    values = graph.add("Mul", counts, graph.add("Gather", graph.array(features.learned["idf"]), ids))
    length = graph.add("ReduceL2", values, axes=[1], keepdims=1)  # (B, 1)
    return graph.add("Div", values, graph.add("Max", length, graph.array(np.finfo(np.float32).tiny)))


_WEIGHED: dict[Weigh, Weighed] = {presence: _there, tfidf: _tfidf}


def _standard_average(graph: Graph, features: AverageFeatures) -> Result:
    """Return documents' average vectors, brought to mean 0 and deviation 1; (B, D)."""
    words = _embedded(graph, features.vectors)
    average = _mean(graph, words.vectors, words)
    return _standardised(graph, average, features.learned["mean"], features.learned["scale"])


def _standardised(graph: Graph, average: Result, mean: Array, deviation: Array) -> Result:
    return graph.add("Div", graph.add("Sub", average, graph.array(mean)), graph.array(deviation))


# --- networks


@dataclass(frozen=True)
class _Words:
    """Documents as vectors."""

    vectors: Result  # (B, T, D)
    lengths: Result  # (B,)
    mask: Result  # (B, T, 1), which timesteps are no padding


def _embedded(graph: Graph, table: Float32) -> _Words:
    rows = graph.input("rows", np.int64, "documents", "tokens")
    lengths = graph.input("lengths", np.int64, "documents")
    vectors = graph.add("Gather", graph.array(table), rows)
    return _Words(vectors, lengths, _mask(graph, vectors, lengths))


def _size(graph: Graph, values: Result, axis: int) -> Result:
    """Return the size of an axis as an array of one whole number."""
    return graph.add("Shape", values, start=axis, end=axis + 1)


def _mask(graph: Graph, vectors: Result, lengths: Result) -> Result:
    """Return which timesteps of vectors (N, T, D) are no padding; (N, T, 1)."""
    zero, one = graph.array(0, np.int64), graph.array(1, np.int64)
    longest = graph.add("Squeeze", _size(graph, vectors, 1))
    steps = graph.add("Unsqueeze", graph.add("Range", zero, longest, one), graph.whole(0, 2))  # (1, T, 1)
    return graph.add("Less", steps, graph.add("Unsqueeze", lengths, graph.whole(1, 2)))


def _network(graph: Graph, model: SavedNetwork) -> Result:
    """Return a network's logits; (B, C)."""
    words, weights = _embedded(graph, model.table), model.weights
    encode = _recurrent if MODELS[model.spec.model].recurrent else _averaged
    encoded = encode(graph, model, words)  # (B, E)
    return graph.dense(encoded, weights["output/kernel"], weights["output/bias"])


def _averaged(graph: Graph, model: SavedNetwork, words: _Words) -> Result:
    hidden = _mean(graph, words.vectors, words)
    if not model.spec.tuned:
        hidden = _standardised(graph, hidden, *(model.weights[name] for name in STANDARDISED))
    for number in range(model.spec.layers):
        kernel, bias = (model.weights[f"hidden_{number}/{name}"] for name in ("kernel", "bias"))
        hidden = graph.add("Relu", graph.dense(hidden, kernel, bias))  # (B, H)
    return hidden


def _recurrent(graph: Graph, model: SavedNetwork, words: _Words) -> Result:
    """Return what the head reads of the last layer's states; (B, E)."""
    entry, spec = MODELS[model.spec.model], model.spec
    if entry.cell not in _CELLS:
        what = f"ONNX has no operator for the cell {entry.cell} of {model.name}"
        raise PipelineError("model-not-exported", "--model", what, f"export a network of {', '.join(_CELLS)}")
    read = _pieces(graph, words, spec.piece_tokens, spec.embedding_dim) if spec.piece_tokens else words
    # A piece of padding alone is read for one timestep, which its mask leaves out.
    one_or_more = graph.add("Max", read.lengths, graph.array(1, np.int64))
    steps = graph.add("Cast", one_or_more, to=_INT32)
    width, sequences = (
        spec.units * len(entry.directions),
        graph.add("Transpose", read.vectors, perm=[1, 0, 2]),
    )
    for number in range(spec.layers):
        layer = [
            cell_weights(model.weights, f"recurrent_{number}{direction}") for direction in entry.directions
        ]
        states, last = _layer(graph, entry.cell, layer, sequences, steps)  # (T, 2, N, H), (2, N, H)
        beside = graph.add("Transpose", states, perm=[0, 2, 1, 3])  # (T, N, 2, H)
        sequences = graph.add("Reshape", beside, graph.whole(0, 0, width))  # (T, N, 2H)
    at_end = graph.add(
        "Reshape", graph.add("Transpose", last, perm=[1, 0, 2]), graph.whole(0, width)
    )  # (N, 2H)
    by_word = graph.add("Transpose", sequences, perm=[1, 0, 2])  # (N, T, 2H)
    heads = [_read(graph, part, by_word, at_end, read, words, width) for part in spec.head.split("+")]
    return graph.add("Concat", *heads, axis=1) if len(heads) > 1 else heads[0]


_INT32 = 6  # TensorProto.INT32, without loading onnx for it


@dataclass(frozen=True)
class _Operator:
    """A recurrent operator of ONNX: where Keras' blocks of columns stand in it."""

    name: str
    blocks: tuple[int, ...]  # Keras' block that is the operator's first, second, ..
    attributes: dict[str, int]


_CELLS = {
    "rnn": _Operator("RNN", (0,), {}),
    "gru": _Operator("GRU", (0, 1, 2), {"linear_before_reset": 1}),  # z, r, candidate in both
    "lstm": _Operator("LSTM", (0, 3, 1, 2), {}),  # i, o, f, g; Keras has i, f, g, o
}


def _layer(
    graph: Graph, cell: str, directions: list[CellWeights], sequences: Result, steps: Result
) -> tuple[Result, Result]:
    """Return a layer's states (T, R, N, H) and the last of each direction (R, N, H), of sequences (T, N, D)."""
    operator = _CELLS[cell]

    def stacked(arrays: list[Array]) -> Result:
        """Return matrices (I, G * H) as the operator has them, (R, G * H, I)."""
        blocks = [np.split(array.T, len(operator.blocks)) for array in arrays]
        return graph.array([np.concatenate([of[block] for block in operator.blocks]) for of in blocks])

    biases = []
    for weights in directions:
        both = (
            weights.bias if weights.bias.ndim == 2 else np.stack([weights.bias, np.zeros_like(weights.bias)])
        )
        parts = [np.split(one, len(operator.blocks)) for one in both]
        biases.append(
            np.concatenate([of[block] for of in parts for block in operator.blocks])
        )  # (2 * G * H,)
    states, last, *_ = graph.several(
        operator.name,
        2,
        sequences,
        stacked([weights.kernel for weights in directions]),
        stacked([weights.recurrent_kernel for weights in directions]),
        graph.array(biases),
        steps,
        hidden_size=directions[0].units,
        direction="bidirectional" if len(directions) == 2 else "forward",
        **operator.attributes,
    )
    return states, last


def _pieces(graph: Graph, words: _Words, size: int, dimension: int) -> _Words:
    """Return documents cut into pieces of L timesteps, (P, L, D): L is `size`, or T where that is less."""
    longest = _size(graph, words.vectors, 1)  # (1,)
    length = graph.add("Min", longest, graph.whole(size))
    missing = graph.add("Mod", graph.add("Neg", longest), length)
    padding = graph.add("Concat", graph.whole(0, 0, 0, 0), missing, graph.whole(0), axis=0)
    shape = graph.add("Concat", graph.whole(-1), length, graph.whole(dimension), axis=0)
    vectors = graph.add("Reshape", graph.add("Pad", words.vectors, padding), shape)  # (P, L, D)
    ends = (graph.add("Squeeze", longest), graph.add("Squeeze", length))
    starts = graph.add("Range", graph.array(0, np.int64), *ends)  # (P / B,)
    left = graph.add("Sub", graph.add("Unsqueeze", words.lengths, graph.whole(1)), starts)
    within = graph.add("Min", graph.add("Max", left, graph.array(0, np.int64)), length)
    lengths = graph.add("Reshape", within, graph.whole(-1))  # (P,)
    return _Words(vectors, lengths, _mask(graph, vectors, lengths))


def _read(
    graph: Graph, part: str, states: Result, last: Result, read: _Words, words: _Words, width: int
) -> Result:
    """Return what one part of the head makes of states (N, T, W) and the last of them (N, W); (B, W)."""
    if part == "last" and read is words:
        return last
    documents = _size(graph, words.lengths, 0)
    shape = graph.add("Concat", documents, graph.whole(-1, width), axis=0)
    if part == "last":  # the maximum of the pieces' last states
        there = graph.add("Greater", read.lengths, graph.array(0, np.int64))
        of_pieces = _where(graph, graph.add("Unsqueeze", there, graph.whole(1)), last, -np.inf)
        return _largest(graph, graph.add("Reshape", of_pieces, shape))
    whole = graph.add("Reshape", _where(graph, read.mask, states, _NOTHING[part]), shape)  # (B, T', W)
    if part == "max":
        return _largest(graph, whole)
    return _shared(graph, graph.add("ReduceSum", whole, graph.whole(1), keepdims=0), words)


_NOTHING = {"max": -np.inf, "mean": 0.0}  # what padding is, so that it adds nothing


def _where(graph: Graph, condition: Result, values: Result, otherwise: float) -> Result:
    return graph.add("Where", condition, values, graph.array(otherwise))


def _largest(graph: Graph, values: Result) -> Result:
    return graph.add("ReduceMax", values, axes=[1], keepdims=0)


def _mean(graph: Graph, vectors: Result, words: _Words) -> Result:
    """Return the average of the real timesteps of vectors (B, T, D); (B, D)."""
    real = _where(graph, words.mask, vectors, 0.0)
    return _shared(graph, graph.add("ReduceSum", real, graph.whole(1), keepdims=0), words)


def _shared(graph: Graph, sums: Result, words: _Words) -> Result:
    """Return sums (B, D) divided by the documents' lengths."""
    lengths = graph.add("Cast", graph.add("Unsqueeze", words.lengths, graph.whole(1)), to=1)  # float32
    return graph.add("Div", sums, lengths)
