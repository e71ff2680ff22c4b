"""The output of a tagger as a linear chain: a layer that holds the chain, and the loss of whole paths of tags."""

from __future__ import annotations

from pipeline.models.equations.chain import CHAIN
from pipeline.models.networks.keras_types import Layer, Model, Tensor, Weight

_PLACE = 1  # of the transitions among its weights


def transitions_of(model: Model) -> Weight | None:
    """Return what a network's tags are worth behind each other, (C, C); None where it has no chain."""
    chain = next((layer for layer in model.layers if layer.name == CHAIN), None)
    return None if chain is None else chain.weights[_PLACE]


def chain_layer(n_tags: int) -> Layer:
    """Return the layer that makes scores of emissions: ([(B, T, C), lengths (B,)]) > (B, T, C).

    It adds what the first and the last tag of a sentence are worth by their place; what a tag is worth after another
    it holds, `transitions` (C, C), for `path_losses` and `pipeline.models.equations.chain`.
    """
    import keras
    import tensorflow as tf

    class ChainLayer(keras.layers.Layer):
        """Weights `start` (C,), `transitions` (C, C) and `end` (C,): a chain that begins with no opinion."""

        def build(self, shapes: list[tuple[int | None, ...]]) -> None:
            for name, shape in (("start", (n_tags,)), ("transitions", (n_tags,) * 2), ("end", (n_tags,))):
                setattr(self, name, self.add_weight(shape=shape, initializer="zeros", name=name))

        def call(self, inputs: list[Tensor]) -> Tensor:
            emissions, lengths = inputs  # (B, T, C), (B,)
            place = tf.range(tf.shape(emissions)[1])[None, :, None]  # (1, T, 1)
            first = tf.cast(place == 0, emissions.dtype)
            last = tf.cast(place == lengths[:, None, None] - 1, emissions.dtype)  # (B, T, 1)
            return emissions + first * self.start + last * self.end

        def compute_output_shape(self, shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
            return tuple(shapes[0])

    layer: Layer = ChainLayer(name=CHAIN)
    return layer


def path_losses(tags: Tensor, scores: Tensor, lengths: Tensor, transitions: Tensor) -> Tensor:
    """Return -ln p(path) of each sentence in nats; (B,).

    Parameters
    ----------
    tags : int32 tensor, shape (B, T)
        The right path, any tag in the padding.
    scores : float tensor, shape (B, T, C)
        What the layer returns.
    lengths : int32 tensor, shape (B,)
        Real timesteps, 1 at least.
    transitions : float tensor, shape (C, C)
        Of tag j after tag i: row i, column j.

    Notes
    -----
    ln Z - score(path), both as in `pipeline.models.equations.chain`, whose equations these are. Padding has no part in
    either, and so no gradient. The gradient with respect to the scores is p_t(j) - [path has j at t], with the
    marginals p (Sutton, McCallum 2012, An introduction to conditional random fields, equation 5.5).
    """
    import tensorflow as tf

    real = tf.sequence_mask(lengths, tf.shape(scores)[1], dtype=scores.dtype)  # (B, T)
    of_tags = tf.gather(scores, tags, axis=2, batch_dims=2)  # (B, T)
    steps = tags[:, :-1] * tf.shape(transitions)[0] + tags[:, 1:]  # (B, T - 1)
    of_steps = tf.gather(tf.reshape(transitions, [-1]), steps)  # (B, T - 1)
    path = tf.reduce_sum(of_tags * real, axis=1) + tf.reduce_sum(of_steps * real[:, 1:], axis=1)
    return log_partition(scores, lengths, transitions) - path


def log_partition(scores: Tensor, lengths: Tensor, transitions: Tensor) -> Tensor:
    """Return ln of the sum of exp(score) over all paths of each sentence; (B,). Parameters as of `path_losses`."""
    import tensorflow as tf

    by_time = tf.transpose(scores, [1, 0, 2])  # (T, B, C)

    def one_step(t: Tensor, ways: Tensor) -> tuple[Tensor, Tensor]:
        """Take every sentence that has a timestep t on to it; the others stay where they ended."""
        onwards = tf.reduce_logsumexp(ways[:, :, None] + transitions, axis=1) + by_time[t]  # (B, C)
        return t + 1, tf.where((t < lengths)[:, None], onwards, ways)

    def goes_on(t: Tensor, ways: Tensor) -> Tensor:
        return t < tf.shape(by_time)[0]

    _, ways = tf.while_loop(goes_on, one_step, [tf.constant(1), by_time[0]])
    return tf.reduce_logsumexp(ways, axis=1)
