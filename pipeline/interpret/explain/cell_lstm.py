"""The LSTM with the numbers put in."""

from __future__ import annotations

import numpy as np

from pipeline.interpret.explain.cell_page import CellPage, Timestep, d_gates, down, gate
from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.written import Numbers, numbers, tanh

_GATES = {
    "i": "input gate: how much of the candidate is taken in",
    "f": "forget gate: how much of the cell stays",
    "g": "candidate: what could be taken in",
    "o": "output gate: how much of the cell is shown",
}


def _forward(book: Notebook, w: Timestep, t: int, s: Timestep) -> None:
    for letter, meaning in _GATES.items():
        gate(book, w, t, s, letter, meaning)
    s["c"] = book.step(
        "The cell keeps a share of what it held and takes in a share of the candidate: a sum, no matrix",
        f"c_{t} = f_{t} * c_{t - 1} + i_{t} * g_{t}",
        s["f"] * s["c_before"] + s["i"] * s["g"],
    )
    s["h"] = book.step(
        "The state is what the output gate shows of the cell",
        f"h_{t} = o_{t} * tanh(c_{t})",
        s["o"] * tanh(s["c"]),
    )


def _backward(book: Notebook, w: Timestep, t: int, s: Timestep, after: Timestep | None) -> None:
    i, f, g, o = (s[letter] for letter in "ifgo")
    dh, squashed = s["dL/dh"], tanh(s["c"])
    words, symbols = (
        "The cell is reached through the state",
        f"dL/dc_{t} = dL/dh_{t} * o_{t} * (1 - tanh(c_{t})²)",
    )
    put_in = dh * o * (1 - squashed**2)
    if after is not None:
        words += ", and past all matrices through the forget gate after it"
        symbols += f" + dL/dc_{t + 1} * f_{t + 1}"
        put_in = put_in + after["dL/dc"] * after["f"]
    dc = s["dL/dc"] = book.step(words, symbols, put_in)
    gradients = {
        "i": (f"dL/dc_{t} * g_{t} * i_{t} * (1 - i_{t})", dc * g * i * (1 - i)),
        "f": (f"dL/dc_{t} * c_{t - 1} * f_{t} * (1 - f_{t})", dc * s["c_before"] * f * (1 - f)),
        "g": (f"dL/dc_{t} * i_{t} * (1 - g_{t}²)", dc * i * (1 - g**2)),
        "o": (f"dL/dh_{t} * tanh(c_{t}) * o_{t} * (1 - o_{t})", dh * squashed * o * (1 - o)),
    }
    d_gates(book, t, s, gradients)


def _jacobian(w: Timestep, t: int, s: Timestep) -> tuple[str, Numbers]:
    i, f, g, o = (s[letter] for letter in "ifgo")
    squashed = tanh(s["c"])
    through = o * (1 - squashed**2)  # (H,), dh_t/dc_t
    c_by_h = (
        down(g * i * (1 - i), w["Ui"].T)
        + down(s["c_before"] * f * (1 - f), w["Uf"].T)
        + down(i * (1 - g**2), w["Ug"].T)
    )  # (H, H)
    h_by_h = down(squashed * o * (1 - o), w["Uo"].T) + through[:, None] * c_by_h  # (H, H)
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
    _forward,
    _backward,
    _jacobian,
    "Why the gradient of an LSTM lasts: the cell is a sum",
    "c_t = f_t * c_(t-1) + i_t * g_t: from one cell to the next there is no matrix and no tanh. Where the gates "
    "are held as they are (the path through h is left out), dc_T/dc_t is the product of the forget gates after t: "
    "as long as they stay near 1, the gradient lasts. This additive cell is the LSTM's answer to the vanishing "
    "gradient (Hochreiter, Schmidhuber 1997; the forget gate: Gers, Schmidhuber, Cummins 2000). The last column "
    "of the table has the whole of dc_T/dc_t, the path through the gates included.",
)
