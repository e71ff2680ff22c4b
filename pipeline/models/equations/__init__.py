"""The networks written as their equations, in NumPy alone.

Readable rather than fast: what Keras computes is compared with it, saved networks predict with it, and it shows
what a framework hides: every state, every gate, each step's Jacobian. Arrays are float32 or float64, whichever
comes in; a sequence is a row of a batch, and states are row vectors (x_t W, not W x_t).

To read it: `simple`, `gru`, `lstm` (one timestep of each cell: its equations, their chain rule);
`through_time` (the loop over a sequence, there and back); `jacobians` (how far a state's effect reaches); `heads`,
`output` and `network` (all that stands around the cells); `values` (what is handed from one to the other).

A cell without tanh whose state is halved at each step: what the last state (1/4 + 1/2 + 1) owes to each input.

>>> import numpy as np
>>> weights = CellWeights(np.array([[1.0]]), np.array([[0.5]]), np.array([0.0]))
>>> inputs = np.ones((1, 3, 1))
>>> trace = forward("linear", weights, inputs)
>>> trace.states[0, :, 0].tolist()
[0.0, 1.0, 1.5, 1.75]
>>> only_the_last = np.array([[[0.0], [0.0], [1.0]]])
>>> backward("linear", weights, inputs, trace, only_the_last).inputs[0, :, 0].tolist()
[0.25, 0.5, 1.0]
>>> backward("linear", weights, inputs, trace, only_the_last, steps=2).inputs[0, :, 0].tolist()
[0.0, 0.5, 1.0]
>>> jacobian_norms("linear", weights, trace)[0].tolist()
[0.5, 0.25, 0.125]
"""

from pipeline.models.equations.jacobians import jacobian_norms, jacobian_products, step_jacobians
from pipeline.models.equations.through_time import CELLS, backward, forward
from pipeline.models.equations.values import CellWeights, Gradients, Trace

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
