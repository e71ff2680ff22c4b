"""The table of networks, and how each is built from Keras layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.config import NetworkSettings
from pipeline.errors import PipelineError, did_you_mean
from pipeline.values import EmbeddingMatrix

Tensor = Any
STANDARDISE = "standardise"  # the layer of `ann` whose numbers are taken from training documents


@dataclass(frozen=True)
class NetworkSpec:
    """What is needed to build a network again: everything but its weights."""

    model: str  # a name in NETWORKS
    head: str  # a name in HEADS; "" for a network without recurrence
    embedding_rows: int
    embedding_dim: int
    tuned: bool
    n_classes: int
    units: int
    layers: int
    embedding_dropout: float
    dropout: float
    frozen_first: bool = False  # a tuned table rests until the other weights are trained


@dataclass(frozen=True)
class Network:
    """An entry of the table: what turns embedded documents into one vector a document."""

    encode: Callable[[NetworkSpec, Tensor, Tensor], Tensor]  # (spec, (B, T, D), lengths (B,)) > (B, H)
    default_head: str = "last"
    heads: tuple[str, ...] = ("last", "max", "mean", "max+mean")
    spatial_dropout: bool = True  # whole dimensions of a document's vectors are dropped in training


def specify(
    model: str,
    head: str,
    matrix: EmbeddingMatrix,
    tuned: bool,
    n_classes: int,
    settings: NetworkSettings,
    *,
    frozen_first: bool = False,
) -> NetworkSpec:
    """Return the specification of one network of the table on one embedding."""
    n_rows, dimension = matrix.vectors.shape
    return NetworkSpec(
        model=model,
        head=head or NETWORKS[model].default_head,
        embedding_rows=n_rows,
        embedding_dim=dimension,
        tuned=tuned,
        n_classes=n_classes,
        units=settings.units,
        layers=settings.layers,
        embedding_dropout=settings.embedding_dropout,
        dropout=settings.dropout,
        frozen_first=frozen_first,
    )


def parse_head(name: str) -> tuple[str, str]:
    """Return the network and head that `model[:head]` names; the head is "" where none is given.

    Raises
    ------
    PipelineError
        If the network has no such head.
    """
    model, colon, head = name.partition(":")
    if colon and not head:
        raise PipelineError("--models", f'"{name}" names no head', f'use "{model}", or {model}:last')
    if head and head not in NETWORKS[model].heads:
        known = NETWORKS[model].heads
        fix = did_you_mean(head, known) if known else f'use "{model}" alone'
        raise PipelineError("--models", f'"{name}" has no head "{head}"', fix)
    return model, head


def build(spec: NetworkSpec) -> Any:
    """Return the Keras model: (rows int32 (B, T), lengths int32 (B,)) > logits float32 (B, C).

    Notes
    -----
    No mask goes into the recurrence. Documents are padded on the right, so the states up to a document's last
    real timestep cannot depend on padding, and heads read real timesteps only. That is exact, and keeps the
    fused kernel of a GPU.
    """
    import keras

    rows = keras.Input((None,), dtype="int32", name="rows")
    lengths = keras.Input((), dtype="int32", name="lengths")
    table = keras.layers.Embedding(
        spec.embedding_rows, spec.embedding_dim, trainable=spec.tuned, name="embedding"
    )
    embedded = table(rows)  # (B, T, D)
    if spec.embedding_dropout and NETWORKS[spec.model].spatial_dropout:
        embedded = keras.layers.SpatialDropout1D(spec.embedding_dropout)(embedded)
    encoded = NETWORKS[spec.model].encode(spec, embedded, lengths)  # (B, H)
    if spec.dropout:
        encoded = keras.layers.Dropout(spec.dropout)(encoded)
    logits = keras.layers.Dense(spec.n_classes, name="output")(encoded)  # (B, C)
    return keras.Model([rows, lengths], logits, name=spec.model)


def after_embedding(model: Any) -> Any:
    """Return the part of a model behind its table: (vectors (B, T, D), lengths (B,)) > logits (B, C).

    It shares the model's layers, so that training it trains the model.
    """
    import keras

    lengths = model.inputs[1]
    return keras.Model([model.get_layer("embedding").output, lengths], model.outputs[0])


def _averaged(spec: NetworkSpec, embedded: Tensor, lengths: Tensor) -> Tensor:
    """Average the word vectors, then one hidden layer: no memory, no order.

    Averages of frozen vectors differ from each other by far less than the vectors do, so they are brought to mean
    0 and deviation 1 over training documents first; else the hidden layer hardly moves from its start. Dropout
    comes after that: a dimension set to zero before it would lie many deviations from its mean.
    """
    import keras

    average = keras.layers.Lambda(_mean, output_shape=(spec.embedding_dim,), name="average")(
        [embedded, lengths]
    )
    hidden = average if spec.tuned else _standardising_layer()(average)  # (B, D)
    if spec.embedding_dropout:
        hidden = keras.layers.Dropout(spec.embedding_dropout)(hidden)
    for layer in range(spec.layers):
        hidden = keras.layers.Dense(spec.units, activation="relu", name=f"hidden_{layer}")(hidden)  # (B, H)
    return hidden


def _standardising_layer() -> Any:
    """Return a layer that subtracts `mean` (D,) and divides by `deviation` (D,): numbers set once, not trained."""
    import keras

    class Standardise(keras.layers.Layer):
        """(x - mean) / deviation."""

        def build(self, shape: tuple[int | None, ...]) -> None:
            self.mean = self.add_weight(shape=shape[-1:], initializer="zeros", trainable=False, name="mean")
            self.deviation = self.add_weight(
                shape=shape[-1:], initializer="ones", trainable=False, name="deviation"
            )

        def call(self, averages: Tensor) -> Tensor:
            return (averages - self.mean) / self.deviation

    return Standardise(name=STANDARDISE)


def own_weights(model: Any, tuned: bool) -> list[Any]:
    """Return the weights that make a fitted model: all but a frozen table, which is kept once for all models."""
    table = model.get_layer("embedding").weights
    return [weight for weight in model.weights if tuned or all(weight is not other for other in table)]


def _recurrent(cell: str) -> Callable[[NetworkSpec, Tensor, Tensor], Tensor]:
    """Return the encoder that runs `cell` (a Keras layer's name) over time and reads its states with the head."""

    def encode(spec: NetworkSpec, embedded: Tensor, lengths: Tensor) -> Tensor:
        import keras

        states = embedded
        for layer in range(spec.layers):
            recurrent = getattr(keras.layers, cell)
            states = recurrent(spec.units, return_sequences=True, name=f"recurrent_{layer}")(
                states
            )  # (B, T, H)
        parts = [
            keras.layers.Lambda(HEADS[part], output_shape=(spec.units,), name=f"read_{part}")(
                [states, lengths]
            )
            for part in spec.head.split("+")
        ]
        return parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)

    return encode


def _real(states: Tensor, lengths: Tensor) -> Tensor:
    """Return 1.0 for real timesteps and 0.0 for padding; float32 (B, T, 1)."""
    import tensorflow as tf

    return tf.sequence_mask(lengths, tf.shape(states)[1], dtype=states.dtype)[:, :, None]


def _last(inputs: list[Tensor]) -> Tensor:
    """Return the state after the last real timestep; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs
    return tf.gather(states, lengths - 1, axis=1, batch_dims=1)  # (B, H)


def _mean(inputs: list[Tensor]) -> Tensor:
    """Return the average over real timesteps; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs
    total = tf.reduce_sum(states * _real(states, lengths), axis=1)  # (B, H)
    return total / tf.cast(lengths, states.dtype)[:, None]


def _max(inputs: list[Tensor]) -> Tensor:
    """Return the largest value of each unit over real timesteps; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs
    hidden = (1.0 - _real(states, lengths)) * states.dtype.min
    return tf.reduce_max(states + hidden, axis=1)  # (B, H)


HEADS: dict[str, Callable[[list[Tensor]], Tensor]] = {"last": _last, "max": _max, "mean": _mean}

NETWORKS: dict[str, Network] = {
    "ann": Network(_averaged, default_head="", heads=(), spatial_dropout=False),
    "rnn": Network(_recurrent("SimpleRNN")),
    "gru": Network(_recurrent("GRU")),
    "lstm": Network(_recurrent("LSTM")),
}
