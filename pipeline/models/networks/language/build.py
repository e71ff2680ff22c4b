"""The Keras model of a language model: vectors, recurrent layers that begin anew with each document, tied output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float32
from pipeline.models.baselines.language.symbols import BEGIN
from pipeline.models.equations.language import LanguageSpec
from pipeline.models.equations.through_time import CELLS
from pipeline.models.networks.keras_types import Model, Tensor, Weight
from pipeline.settings.tables import NetworkSettings


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A Keras model that reads symbols, with the bias of what it says.

    `reads` is (symbols int32 (B, T), the states of each layer, (B, H) each) > (what the output layer reads,
    (B, T, D), the states then). Its table is the output layer too.
    """

    spec: LanguageSpec
    reads: Model
    bias: Weight  # (V,)

    @property
    def table(self) -> Weight:
        """The vectors, (V, D)."""
        return self.reads.get_layer("embedding").weights[0]

    @property
    def trainable_weights(self) -> list[Weight]:
        """All that is trained."""
        return [*self.reads.trainable_weights, self.bias]

    @property
    def weights(self) -> dict[str, Float32]:
        """A copy of each weight by its name in `models/equations/language.py`."""
        by_layer = {
            f"{layer.name}/{weight.path.rpartition('/')[2]}": weight.numpy()
            for layer in self.reads.layers
            for weight in layer.trainable_weights
        }
        return {**by_layer, "output/bias": self.bias.numpy()}

    def set_weights(self, weights: Mapping[str, Float32]) -> None:
        """Let each weight be what `weights` returned."""
        for layer in self.reads.layers:
            for weight in layer.trainable_weights:
                weight.assign(weights[f"{layer.name}/{weight.path.rpartition('/')[2]}"])
        self.bias.assign(weights["output/bias"])


def build_language_model(spec: LanguageSpec, settings: NetworkSettings, seed: int) -> LanguageModel:
    """Return a new model.

    Dropout of whole words, of dimensions of what the first layer reads and of what the output layer reads, the same
    ones throughout a window (variational: Gal, Ghahramani 2016, arXiv:1512.05287).
    """
    import keras

    keras.utils.set_random_seed(seed)
    cell = CELLS[spec.cell]
    symbols = keras.Input((None,), dtype="int32", name="symbols")
    states = [
        [keras.Input((spec.units,), name=f"state_{number}_{part}") for part in range(cell.parts)]
        for number in range(spec.layers)
    ]
    vectors = keras.layers.Embedding(
        spec.n_symbols,
        spec.dimension,
        embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
        name="embedding",
    )(symbols)  # (B, T, D)
    if settings.word_dropout:
        vectors = keras.layers.Dropout(settings.word_dropout, (None, None, 1))(vectors)
    if settings.embedding_dropout:
        vectors = keras.layers.SpatialDropout1D(settings.embedding_dropout)(vectors)
    goes_on = keras.layers.Lambda(_goes_on, output_shape=(None, 1))(symbols)  # (B, T, 1)
    read, after = vectors, []
    for number, begin in enumerate(states):
        layer = _recurrent(spec, number)
        read, *end = layer(keras.layers.Concatenate()([read, goes_on]), initial_state=begin)  # (B, T, H)
        after += end
        if settings.dropout:
            read = keras.layers.SpatialDropout1D(settings.dropout)(read)
    if spec.projects:
        read = keras.layers.Dense(spec.dimension, name="projection")(read)  # (B, T, D)
    model = keras.Model([symbols, *(part for one in states for part in one)], [read, *after])
    bias = keras.Variable(np.zeros(spec.n_symbols, np.float32), name="output_bias")
    return LanguageModel(spec, model, bias)


def _goes_on(symbols: Tensor) -> Tensor:
    """Return 0.0 where a document begins and 1.0 elsewhere; (B, T, 1)."""
    import tensorflow as tf

    return tf.cast(symbols != BEGIN, "float32")[:, :, None]


def _recurrent(spec: LanguageSpec, number: int) -> Callable[..., list[Tensor]]:
    """Return a layer that reads vectors with one number more, by which the state before is multiplied."""
    import keras

    cell = CELLS[spec.cell]
    assert isinstance(cell.layer, str), "cells of language models are those of Keras"
    own: type = getattr(keras.layers, f"{cell.layer}Cell")

    class BeginsAnew(own):
        """The cell, with the state of nothing read where a document begins."""

        def build(self, shape: tuple[int | None, ...]) -> None:
            super().build((*shape[:-1], (shape[-1] or 1) - 1))

        def call(self, inputs: Tensor, states: list[Tensor], training: bool = False) -> Tensor:
            kept = [state * inputs[:, -1:] for state in states]
            return super().call(inputs[:, :-1], kept, training=training)

    layer: Callable[..., list[Tensor]] = keras.layers.RNN(
        BeginsAnew(spec.units), return_sequences=True, return_state=True, name=f"recurrent_{number}"
    )
    return layer
