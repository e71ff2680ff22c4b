"""The LSTM with the numbers put in."""

from __future__ import annotations

import numpy as np

from pipeline.interpret.explain.cell_page import CellPage, Equation, Known, down, gate, into, of_step
from pipeline.interpret.explain.written import Numbers, numbers, tanh


def _jacobian(known: Known, t: int) -> tuple[str, Numbers]:
    i, f, g, o, c = of_step(known, "ifgoc", t)
    squashed = tanh(c)
    through = o * (1 - squashed**2)  # (H,), dh_t/dc_t
    c_by_h = (
        down(g * i * (1 - i), known["Ui"].T)
        + down(known[f"c_{t - 1}"] * f * (1 - f), known["Uf"].T)
        + down(i * (1 - g**2), known["Ug"].T)
    )  # (H, H)
    h_by_h = down(squashed * o * (1 - o), known["Uo"].T) + through[:, None] * c_by_h  # (H, H)
    symbols = (
        f"J_{t}[c,c] = f_{t};  J_{t}[c,h] = g i (1 - i) Uiᵀ + c_{t - 1} f (1 - f) Ufᵀ + i (1 - g²) Ugᵀ;  "
        f"J_{t}[h,c] = o (1 - tanh(c_{t})²) f;  "
        f"J_{t}[h,h] = tanh(c_{t}) o (1 - o) Uoᵀ + o (1 - tanh(c_{t})²) J_{t}[c,h]"
    )
    return symbols, np.block([[h_by_h, _diagonal(through * f)], [c_by_h, _diagonal(f)]])  # (2H, 2H)


def _diagonal(column: Numbers) -> Numbers:
    return np.where(np.eye(len(column), dtype=bool), column[:, None], numbers(0))


PAGE = CellPage(
    "long short-term memory",
    (
        "i_t = σ(x_t Wi + h_(t-1) Ui + bi)",
        "f_t = σ(x_t Wf + h_(t-1) Uf + bf)",
        "g_t = tanh(x_t Wg + h_(t-1) Ug + bg)",
        "o_t = σ(x_t Wo + h_(t-1) Uo + bo)",
        "c_t = f_t * c_(t-1) + i_t * g_t",
        "h_t = o_t * tanh(c_t)",
    ),
    ("i", "f", "g", "o"),
    ("ai", "af", "ag", "ao"),
    (
        *gate("i", "input gate: how much of the candidate is taken in"),
        *gate("f", "forget gate: how much of the cell stays"),
        *gate("g", "candidate: what could be taken in"),
        *gate("o", "output gate: how much of the cell is shown"),
        Equation(
            "The cell keeps a share of what it held and takes in a share of the candidate: a sum, no matrix",
            "c_t = f_t * c_(t-1) + i_t * g_t",
        ),
        Equation("The state is what the output gate shows of the cell", "h_t = o_t * tanh(c_t)"),
    ),
    (
        Equation(
            "The cell is reached through the state",
            "dL/dc_t = dL/dh_t * o_t * (1 - tanh(c_t)²)",
            (", and past all matrices through the forget gate after it", " + dL/dc_(t+1) * f_(t+1)"),
        ),
        into("i", "dL/dc_t * g_t * i_t * (1 - i_t)"),
        into("f", "dL/dc_t * c_(t-1) * f_t * (1 - f_t)"),
        into("g", "dL/dc_t * i_t * (1 - g_t²)"),
        into("o", "dL/dh_t * tanh(c_t) * o_t * (1 - o_t)"),
    ),
    _jacobian,
    "Why the gradient of an LSTM lasts: the cell is a sum",
    "c_t = f_t * c_(t-1) + i_t * g_t: from one cell to the next there is no matrix and no tanh. Where the gates "
    "are held as they are (the path through h is left out), dc_T/dc_t is the product of the forget gates after t: "
    "as long as they stay near 1, the gradient lasts. This additive cell is the LSTM's answer to the vanishing "
    "gradient (Hochreiter, Schmidhuber 1997; the forget gate: Gers, Schmidhuber, Cummins 2000). The last column "
    "of the table has the whole of dc_T/dc_t, the path through the gates included.",
)
