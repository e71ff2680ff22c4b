"""What is used of Keras' and TensorFlow's objects: they ship no types, and take seconds to import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from pipeline.core.values import Float32, Int32

Tensor: TypeAlias = Any  # of TensorFlow, or of Keras while a model is put together
# (rows (B, T), lengths (B,), of a tagger that reads them letters) > probabilities (B, C), or scores (B, T, C)
PredictionStep = Callable[..., Tensor]
# (rows, lengths and letters, labels (B,) or (B, T), learning rate) > sum of losses, right answers, 1 if clipped else 0
BatchStep = Callable[[Sequence[Int32], Int32, float], tuple[Tensor, Tensor, Tensor]]


class Weight(Protocol):
    """A variable of Keras."""

    @property
    def path(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def value(self) -> Tensor: ...
    def numpy(self) -> Float32: ...
    def assign(self, value: Tensor) -> object: ...


class Varying(Protocol):
    """What keeps numbers from one update to the next: a layer, an optimizer."""

    @property
    def variables(self) -> Sequence[Weight]: ...


class Layer(Varying, Protocol):
    """A layer of Keras, built."""

    @property
    def name(self) -> str: ...
    @property
    def weights(self) -> list[Weight]: ...
    @property
    def trainable_weights(self) -> list[Weight]: ...
    @property
    def output(self) -> Tensor: ...
    def build(self, shape: tuple[int | None, ...]) -> None: ...
    def get_weights(self) -> list[Float32]: ...
    def set_weights(self, weights: Sequence[Float32]) -> None: ...
    def __call__(self, *inputs: Tensor, training: bool | None = None) -> Tensor: ...


class Model(Layer, Protocol):
    """A model of Keras."""

    task_name: str  # of whole documents: whose answers it gives

    @property
    def layers(self) -> list[Layer]: ...
    @property
    def inputs(self) -> list[Tensor]: ...
    @property
    def outputs(self) -> list[Tensor]: ...
    def get_layer(self, name: str) -> Layer: ...
