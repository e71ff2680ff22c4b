"""The simple cell with the numbers put in."""

from __future__ import annotations

from pipeline.interpret.explain.cell_page import CellPage, Timestep, down
from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.written import Numbers, tanh


def _forward(book: Notebook, w: Timestep, t: int, s: Timestep) -> None:
    a = book.step(
        f"The word's vector and the state before are mixed: what goes into step {t}",
        f"a_{t} = x_{t} W + h_{t - 1} U + b",
        s["x"] @ w["W"] + s["h_before"] @ w["U"] + w["b"],
    )
    s["h"] = book.step(
        "tanh keeps each number between -1 and 1: the new state", f"h_{t} = tanh(a_{t})", tanh(a)
    )


def _backward(book: Notebook, w: Timestep, t: int, s: Timestep, after: Timestep | None) -> None:
    s["dL/da"] = book.step(
        "Back through tanh, whose slope is 1 - h²",
        f"dL/da_{t} = dL/dh_{t} * (1 - h_{t}²)",
        s["dL/dh"] * (1 - s["h"] ** 2),
    )


def _jacobian(w: Timestep, t: int, s: Timestep) -> tuple[str, Numbers]:
    symbols = f"J_{t}[i,j] = dh_{t}[i]/dh_{t - 1}[j] = (1 - h_{t}[i]²)·U[j,i]"
    return symbols, down(1 - s["h"] ** 2, w["U"].T)


PAGE = CellPage(
    "simple recurrent network",
    ("h_t = tanh(x_t W + h_(t-1) U + b)",),
    ("",),
    ("a",),
    _forward,
    _backward,
    _jacobian,
    "Why the gradient of a simple network vanishes",
    "Row i of J_t is row i of Uᵀ times the slope of tanh, 1 - h_t[i]², which is 1 at most. So its norm is at most "
    "that of U times the largest slope.",
)
