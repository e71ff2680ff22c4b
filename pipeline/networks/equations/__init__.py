"""The networks written as their equations, in NumPy alone.

Readable rather than fast: what Keras computes is compared with it, saved networks predict with it, and it shows
what a framework hides: every state, every gate, each step's Jacobian. Arrays are float32 or float64, whichever
comes in; a sequence is a row of a batch, and states are row vectors (x_t W, not W x_t).
"""

from pipeline.networks.equations.jacobians import jacobian_norms, jacobian_products, step_jacobians
from pipeline.networks.equations.through_time import CELLS, backward, forward
from pipeline.networks.equations.values import CellWeights, Gradients, Trace

__all__ = [
    "CELLS",
    "CellWeights",
    "Gradients",
    "Trace",
    "backward",
    "forward",
    "jacobian_norms",
    "jacobian_products",
    "step_jacobians",
]
