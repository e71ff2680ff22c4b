"""A table of word vectors that is trained by the rows that a batch holds."""

from __future__ import annotations

from pipeline.core.values import PADDING_ROW
from pipeline.models.networks.keras_types import Tensor

# Keras's defaults for Adam
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


class LazyAdam:
    """Adam for the rows of a table (V, D) that occur in a batch; all other rows and their moments rest.

    Parameters
    ----------
    table : tf.Variable, float32, shape (V, D)
        The vectors; changed in place. Row 0 (padding) never is.

    Notes
    -----
    Adam [1]_, algorithm 1, in the order of operations that its section 2 gives, where for each row r of the
    batch, at training step t of the network:

        m_r <- b1 m_r + (1 - b1) g_r
        v_r <- b2 v_r + (1 - b2) g_r^2
        table_r <- table_r - alpha sqrt(1 - b2^t) / (1 - b1^t) * m_r / (sqrt(v_r) + epsilon)

    What is lazy: a row that is not in the batch keeps m_r and v_r, where Adam would let them decay and go on
    moving the row. t counts all steps, as the LazyAdam of TensorFlow's contrib did. A row that occurs in
    every batch is moved as by Adam, which is what the test compares with. The cost follows the rows of a
    batch, not the size of the table.

    References
    ----------
    .. [1] Kingma, Ba (2015), arXiv:1412.6980.
    """

    def __init__(self, table: Tensor) -> None:
        import tensorflow as tf

        self.table = table
        self.first = tf.Variable(tf.zeros_like(table), trainable=False)  # (V, D), m
        self.second = tf.Variable(tf.zeros_like(table), trainable=False)  # (V, D), v
        self.steps = tf.Variable(0.0, trainable=False)  # t

    @property
    def variables(self) -> list[Tensor]:
        """What is kept from one step to the next; the table apart."""
        return [self.first, self.second, self.steps]

    def apply(self, rows: Tensor, gradient: Tensor, learning_rate: Tensor) -> None:
        """Move `rows` (int32 (U,), distinct) against their gradient (float32 (U, D)) by one step of size alpha."""
        import tensorflow as tf

        t = self.steps.assign_add(1.0)
        alpha = learning_rate * tf.sqrt(1.0 - _BETA_2**t) / (1.0 - _BETA_1**t)
        first = _BETA_1 * tf.gather(self.first, rows) + (1.0 - _BETA_1) * gradient  # (U, D)
        second = _BETA_2 * tf.gather(self.second, rows) + (1.0 - _BETA_2) * tf.square(gradient)  # (U, D)
        moved = tf.gather(self.table, rows) - alpha * first / (tf.sqrt(second) + _EPSILON)  # (U, D)
        for variable, values in ((self.first, first), (self.second, second), (self.table, moved)):
            variable.scatter_update(tf.IndexedSlices(values, rows))
        padding = tf.IndexedSlices(tf.zeros([1, gradient.shape[1]]), tf.constant([PADDING_ROW]))
        self.table.scatter_update(padding)  # no network reads padding, so its gradient is zero; this holds it


def gradient_by_row(rows: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distinct rows of a batch and the gradient of each, summed over the places where it stands.

    Parameters
    ----------
    rows : int32 tensor, shape (B, T)
    gradient : float32 tensor, shape (B, T, D)
        Of the loss with respect to the embedded tokens.

    Returns
    -------
    int32 tensor (U,), float32 tensor (U, D)
        The rows in order of first appearance, padding among them.
    """
    import tensorflow as tf

    distinct, place = tf.unique(tf.reshape(rows, [-1]))  # (U,), (B * T,)
    flat = tf.reshape(gradient, [-1, gradient.shape[-1]])  # (B * T, D)
    return distinct, tf.math.unsorted_segment_sum(flat, place, tf.size(distinct))  # (U, D)
