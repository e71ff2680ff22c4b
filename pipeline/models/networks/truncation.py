"""Truncated backpropagation through time: the state is carried through a document, the gradient only some way back."""

from __future__ import annotations

from pipeline.models.networks.keras_types import Layer, Tensor


def truncated_layer(layer: type, units: int, steps: int, name: str, **more: object) -> Layer:
    """Return a recurrent layer of Keras through which gradients flow back `steps` timesteps.

    Parameters
    ----------
    layer : type
        The class of the Keras layer, such as `keras.layers.LSTM`.
    units : int
        Numbers of the state.
    steps : int
        K, from 1.
    name : str
        The layer's name.
    **more
        What else the Keras layer is told.

    Returns
    -------
    keras.layers.Layer
        (sequences (B, T, D), lengths int32 (B,)) > states (B, T, H). Its weights are those of the Keras layer.

    Notes
    -----
    Williams, Peng (1990), Neural Computation 2(4), BPTT(h), with one pass a document: the states before a sequence's
    last K real timesteps are computed as always and are constants for the gradient, whoever reads them. States are
    the same to rounding; in prediction the layer is the Keras layer.

    The batch is run twice, each time by the layer's own loop (the fused kernel on a GPU), and only the second is gone
    through backwards: first each sequence up to its last K timesteps, then these, from the state that they found.
    """
    import tensorflow as tf

    class Truncated(layer):
        """The layer, told where each sequence ends."""

        def build(self, sequences_shape: tuple[int | None, ...]) -> None:
            super().build(sequences_shape)

        def call(self, sequences: Tensor, lengths: Tensor, training: bool = False) -> Tensor:
            if not training:
                return super().call(sequences)[0]
            starts = tf.maximum(lengths - steps, 0)  # (B,), timesteps before the last K
            longest = tf.shape(sequences)[1]
            before = sequences[:, : tf.maximum(longest - steps, 1)]  # (B, T - K, D)
            # fused kernels need one real step
            real = tf.sequence_mask(tf.maximum(starts, 1), tf.shape(before)[1])
            early, *found = super().call(before, mask=real, training=True)  # (B, T - K, H)
            begin = [  # zeros where nothing comes before
                tf.where(starts[:, None] > 0, tf.stop_gradient(one), tf.zeros_like(one)) for one in found
            ]  # (B, H) each
            places = starts[:, None] + tf.range(tf.minimum(steps, longest))  # (B, K)
            end = tf.gather(sequences, places, axis=1, batch_dims=1)  # (B, K, D)
            late = super().call(end, initial_state=begin, training=True)[0]  # (B, K, H)
            return _joined(tf.stop_gradient(early), late, starts, longest)

        def compute_output_shape(self, sequences_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
            return (*sequences_shape[:-1], self.units)

    return Truncated(units, return_sequences=True, return_state=True, name=name, **more)


def _joined(early: Tensor, late: Tensor, starts: Tensor, longest: Tensor) -> Tensor:
    """Return the states of both runs in one: `early` (B, ., H) before `starts` (B,), then `late` (B, K, H).

    What stands behind a sequence's end is of no meaning.
    """
    import tensorflow as tf

    place = tf.range(longest)[None, :] - starts[:, None]  # (B, T), from each start
    # (B, T, H)
    of_late = tf.gather(late, tf.clip_by_value(place, 0, tf.shape(late)[1] - 1), axis=1, batch_dims=1)
    of_early = tf.pad(early, [[0, 0], [0, longest - tf.shape(early)[1]], [0, 0]])  # (B, T, H)
    return tf.where(place[:, :, None] < 0, of_early, of_late)
