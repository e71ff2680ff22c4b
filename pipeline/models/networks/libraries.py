"""TensorFlow and Keras as a whole: whether a process has them, getting them, and which GPU they see."""

from __future__ import annotations

import sys


def are_loaded() -> bool:
    """Return whether this process has TensorFlow, so that a fit need not wait for it."""
    return "tensorflow" in sys.modules


def load(threads: int | None = None) -> None:
    """Import TensorFlow and Keras, which takes seconds; with `threads` they may use so many, else all there are."""
    import keras  # noqa: F401
    import tensorflow as tf

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def gpu_name() -> str | None:
    """Return the GPU's name where TensorFlow sees one."""
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return None
    details = tf.config.experimental.get_device_details(devices[0])
    return str(details.get("device_name", devices[0].name))
