"""The simple cell with the numbers put in."""

from __future__ import annotations

from pipeline.interpret.explain.cell_page import CellPage, Equation, Known, down
from pipeline.interpret.explain.written import Numbers


def _jacobian(known: Known, t: int) -> tuple[str, Numbers]:
    symbols = f"J_{t}[i,j] = dh_{t}[i]/dh_{t - 1}[j] = (1 - h_{t}[i]²)·U[j,i]"
    return symbols, down(1 - known[f"h_{t}"] ** 2, known["U"].T)


PAGE = CellPage(
    "simple recurrent network",
    ("h_t = tanh(x_t W + h_(t-1) U + b)",),
    ("",),
    ("a",),
    (
        Equation(
            "The word's vector and the state before are mixed: what goes into step t",
            "a_t = x_t W + h_(t-1) U + b",
        ),
        Equation("tanh keeps each number between -1 and 1: the new state", "h_t = tanh(a_t)"),
    ),
    (Equation("Back through tanh, whose slope is 1 - h²", "dL/da_t = dL/dh_t * (1 - h_t²)"),),
    _jacobian,
    "Why the gradient of a simple network vanishes",
    "Row i of J_t is row i of Uᵀ times the slope of tanh, 1 - h_t[i]², which is 1 at most. So its norm is at most "
    "that of U times the largest slope.",
)
