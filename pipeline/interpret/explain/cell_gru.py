"""The GRU with the numbers put in; of its sums b comes with the input, d with the state."""

from __future__ import annotations

import numpy as np

from pipeline.interpret.explain.cell_page import CellPage, Equation, Known, down, gate, into, of_step
from pipeline.interpret.explain.written import Numbers


def _jacobian(known: Known, t: int) -> tuple[str, Numbers]:
    z, r, g, m = of_step(known, "zrgm", t)
    by_gate = down((known[f"h_{t - 1}"] - g) * z * (1 - z), known["Uz"].T)  # (H, H)
    inner = down(r, known["Ug"].T) + down(m * r * (1 - r), known["Ur"].T)  # (H, H)
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
    (
        *gate("z", "update gate: how much of the state stays", "bd"),
        *gate("r", "reset gate: how much of the memory the candidate sees", "bd"),
        Equation("The memory: what the state before offers to the candidate", "m_t = h_(t-1) Ug + dg"),
        Equation("What goes into the candidate", "ag_t = x_t Wg + bg + r_t * m_t"),
        Equation("The candidate: what could become the state", "g_t = tanh(ag_t)"),
        Equation(
            "The state is between what it was and the candidate", "h_t = z_t * h_(t-1) + (1 - z_t) * g_t"
        ),
    ),
    (
        into("z", "dL/dh_t * (h_(t-1) - g_t) * z_t * (1 - z_t)"),
        into("g", "dL/dh_t * (1 - z_t) * (1 - g_t²)"),
        into("r", "dL/dag_t * m_t * r_t * (1 - r_t)"),
        Equation("What reaches the memory", "dL/dm_t = dL/dag_t * r_t"),
    ),
    _jacobian,
    "Why the gradient of a GRU lasts: the update gate keeps the state",
    "h_t = z_t * h_(t-1) + (1 - z_t) * g_t: the part that is kept goes through no matrix and no tanh. Where gates "
    "and candidate are held as they are, dh_T/dh_t is the product of the update gates after t: as long as they "
    "stay near 1, the gradient lasts (Cho et al. 2014). The last column of the table has the whole of dh_T/dh_t.",
)
