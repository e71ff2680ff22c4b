"""The GRU with the numbers put in; of its sums b comes with the input, d with the state."""

from __future__ import annotations

import numpy as np

from pipeline.interpret.explain.cell_page import CellPage, Timestep, d_gates, down, gate
from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.written import Numbers, tanh

_GATES = {
    "z": "update gate: how much of the state stays",
    "r": "reset gate: how much of the memory the candidate sees",
}


def _forward(book: Notebook, w: Timestep, t: int, s: Timestep) -> None:
    for letter, meaning in _GATES.items():
        gate(book, w, t, s, letter, meaning)
    s["m"] = book.step(
        "The memory: what the state before offers to the candidate",
        f"m_{t} = h_{t - 1} Ug + dg",
        s["h_before"] @ w["Ug"] + w["dg"],
    )
    a = book.step(
        "What goes into the candidate",
        f"ag_{t} = x_{t} Wg + bg + r_{t} * m_{t}",
        s["x"] @ w["Wg"] + w["bg"] + s["r"] * s["m"],
    )
    s["g"] = book.step("The candidate: what could become the state", f"g_{t} = tanh(ag_{t})", tanh(a))
    s["h"] = book.step(
        "The state is between what it was and the candidate",
        f"h_{t} = z_{t} * h_{t - 1} + (1 - z_{t}) * g_{t}",
        s["z"] * s["h_before"] + (1 - s["z"]) * s["g"],
    )


def _backward(book: Notebook, w: Timestep, t: int, s: Timestep, after: Timestep | None) -> None:
    z, r, g, before, dh = (s[letter] for letter in ("z", "r", "g", "h_before", "dL/dh"))
    gradients = {
        "z": (f"dL/dh_{t} * (h_{t - 1} - g_{t}) * z_{t} * (1 - z_{t})", dh * (before - g) * z * (1 - z)),
        "g": (f"dL/dh_{t} * (1 - z_{t}) * (1 - g_{t}²)", dh * (1 - z) * (1 - g**2)),
    }
    d_gates(book, t, s, gradients)
    dg = s["dL/dag"]
    d_gates(book, t, s, {"r": (f"dL/dag_{t} * m_{t} * r_{t} * (1 - r_{t})", dg * s["m"] * r * (1 - r))})
    s["dL/dm"] = book.step("What reaches the memory", f"dL/dm_{t} = dL/dag_{t} * r_{t}", dg * r)


def _jacobian(w: Timestep, t: int, s: Timestep) -> tuple[str, Numbers]:
    z, r, g, m = (s[letter] for letter in "zrgm")
    by_gate = down((s["h_before"] - g) * z * (1 - z), w["Uz"].T)  # (H, H)
    inner = down(r, w["Ug"].T) + down(m * r * (1 - r), w["Ur"].T)  # (H, H)
    changed = by_gate + ((1 - z) * (1 - g**2))[:, None] * inner  # (H, H)
    symbols = (
        f"J_{t}[i,j] = (z[i] where i = j) + (h_{t - 1}[i] - g[i])·z[i]·(1 - z[i])·Uz[j,i]"
        " + (1 - z[i])·(1 - g[i]²)·(r[i]·Ug[j,i] + m[i]·r[i]·(1 - r[i])·Ur[j,i])"
    )
    return symbols, np.where(np.eye(len(z), dtype=bool), z[:, None] + changed, changed)


PAGE = CellPage(
    "gated recurrent unit",
    (
        "z_t = σ(x_t Wz + bz + h_(t-1) Uz + dz)",
        "r_t = σ(x_t Wr + br + h_(t-1) Ur + dr)",
        "m_t = h_(t-1) Ug + dg",
        "g_t = tanh(x_t Wg + bg + r_t * m_t)",
        "h_t = z_t * h_(t-1) + (1 - z_t) * g_t",
    ),
    ("z", "r", "g"),
    ("az", "ar", "m"),
    _forward,
    _backward,
    _jacobian,
    "Why the gradient of a GRU lasts: the update gate keeps the state",
    "h_t = z_t * h_(t-1) + (1 - z_t) * g_t: the part that is kept goes through no matrix and no tanh. Where gates "
    "and candidate are held as they are, dh_T/dh_t is the product of the update gates after t: as long as they "
    "stay near 1, the gradient lasts (Cho et al. 2014). The last column of the table has the whole of dh_T/dh_t.",
)
