"""Dropout of the weights between states, once a batch, outside the layer."""

from __future__ import annotations

from pipeline.models.networks.keras_types import Tensor, Weight


class WeightDrop:
    """Sets a share of each recurrent kernel (H, G * H) to zero while a batch is read, and scales up the rest.

    Notes
    -----
    DropConnect (Wan et al. 2013, ICML, PMLR 28(3), equation 4) on the matrix that leads from one state to the next,
    as in Merity, Keskar, Socher (2018), arXiv:1708.02182, section 2. With M the mask and W the matrix, the layer
    reads W * M / (1 - rate), and dL/dW is what the layer reports, times M / (1 - rate). The layer is not changed, so
    that the fused kernel of a GPU still runs; `recurrent_dropout` of Keras rules it out.
    """

    def __init__(self, kernels: list[Weight], rate: float) -> None:
        import keras

        self.kernels = kernels
        self.rate = rate
        self._seeds = keras.random.SeedGenerator()
        self._whole: list[Tensor] = []
        self._masks: list[Tensor] = []

    @property
    def variables(self) -> list[Weight]:
        """The state of the random stream of masks."""
        return [self._seeds.state]

    def drop(self) -> None:
        """Put W * M / (1 - rate) in the place of each kernel W."""
        import keras
        import tensorflow as tf

        keep = 1.0 - self.rate
        drawn = [keras.random.uniform(kernel.shape, seed=self._seeds) for kernel in self.kernels]
        self._masks = [tf.cast(numbers < keep, numbers.dtype) / keep for numbers in drawn]
        self._whole = [tf.identity(kernel.value) for kernel in self.kernels]
        for kernel, whole, mask in zip(self.kernels, self._whole, self._masks, strict=True):
            kernel.assign(whole * mask)

    def restore(self, weights: list[Weight], gradients: list[Tensor]) -> list[Tensor]:
        """Put each W back, and return the gradients of `weights` with those of the kernels times M / (1 - rate)."""
        place = {weight.path: number for number, weight in enumerate(weights)}
        gradients = list(gradients)
        for kernel, whole, mask in zip(self.kernels, self._whole, self._masks, strict=True):
            kernel.assign(whole)
            gradients[place[kernel.path]] *= mask
        return gradients
