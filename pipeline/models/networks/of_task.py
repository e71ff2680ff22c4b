"""What a task asks of a network, in TensorFlow's functions: the entries of `tasks.output` by name."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.models.networks.keras_types import Tensor
from pipeline.tasks.output import Loss, Output


def shares_of(output: Output) -> Callable[[Tensor], Tensor]:
    """Return the function from the last layer's numbers (B, C) to shares (B, C)."""
    import tensorflow as tf

    by_name: dict[str, Callable[[Tensor], Tensor]] = {"softmax": tf.nn.softmax, "sigmoid": tf.nn.sigmoid}
    return by_name[output.shares]


def losses_of(loss: Loss) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the function (what is right (B,) or (B, C), numbers (B, C)) > each document's loss (B,)."""
    import tensorflow as tf

    by_name: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "cross-entropy": tf.nn.sparse_softmax_cross_entropy_with_logits,
        "binary-cross-entropy": _of_labels,
    }
    return by_name[loss]


def _of_labels(targets: Tensor, numbers: Tensor) -> Tensor:
    """Return the sum of the losses of each document's labels, yes (1) or no each; (B, C) both, (B,)."""
    import tensorflow as tf

    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(targets, numbers.dtype), numbers)  # (B, C)
    return tf.reduce_sum(each, axis=1)
