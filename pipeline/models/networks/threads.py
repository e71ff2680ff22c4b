"""How many threads TensorFlow uses, where several networks are trained at once."""

from __future__ import annotations

import importlib
import sys


def use_threads(n_threads: int) -> None:
    """Load TensorFlow with so many threads for an operation and between operations; once it is loaded they stay.

    What is computed does not depend on it.
    """
    if "tensorflow" in sys.modules:
        return
    tensorflow = importlib.import_module("tensorflow")
    importlib.import_module("keras")
    tensorflow.config.threading.set_intra_op_parallelism_threads(n_threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(n_threads)
