"""The LSTM with the numbers put in."""

from __future__ import annotations

import numpy as np

from pipeline.interpret.explain.cell_steps import (
    CellPage,
    d_input,
    d_state,
    each,
    from_blocks,
    gate_gradients,
    gate_steps,
    jacobian_step,
    one_minus_square_of,
    vector_lines,
)
from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.worked import Step
from pipeline.interpret.explain.written import (
    applied,
    grouped,
    number,
    one_minus,
    one_minus_square,
    plus,
    times,
)
from pipeline.models.equations.values import Array

_BLOCKS = ("i", "f", "g", "o")  # the columns of the kernels, a letter for each


def _lstm_forward(r: Reading, t: int) -> tuple[Step, ...]:
    i, f, g, o = (r.gate(name, t) for name in "ifgo")
    c_before, c = r.c(t - 1), r.c(t)
    return (
        *gate_steps(
            r,
            t,
            {
                "i": "input gate: how much of the candidate is taken in",
                "f": "forget gate: how much of the cell stays",
                "g": "candidate: what could be taken in",
                "o": "output gate: how much of the cell is shown",
            },
        ),
        Step(
            "The cell keeps a share of what it held and takes in a share of the candidate: a sum, no matrix",
            f"c_{t} = f_{t} * c_{t - 1} + i_{t} * g_{t}",
            vector_lines(
                f"c_{t}",
                [plus(times(f[k], c_before[k]), times(i[k], g[k])) for k in each(r)],
                c,
                r.answers.cells[t - 1],
            ),
        ),
        Step(
            "The state is what the output gate shows of the cell",
            f"h_{t} = o_{t} * tanh(c_{t})",
            vector_lines(
                f"h_{t}",
                [times(o[k], applied("tanh", c[k])) for k in each(r)],
                r.h(t),
                r.answers.states[t - 1],
            ),
        ),
    )


def lstm_d_cell(r: Reading, t: int) -> Array:
    """Return dL/dc_t of an lstm, by way of h_t and of c_(t+1); (H,)."""
    assert r.gradients.cells is not None
    slope = r.gate("o", t) * (1 - np.tanh(r.c(t)) ** 2)
    total: Array = r.dh(t) * slope + r.gradients.cells[0, t]
    return total


def _lstm_backward(r: Reading, t: int) -> tuple[Step, ...]:
    i, f, g, o = (r.gate(name, t) for name in "ifgo")
    c_before, c, dh, dc = r.c(t - 1), r.c(t), r.dh(t), lstm_d_cell(r, t)
    squashed = [applied("tanh", value) for value in c]
    by_state = [times(dh[k], o[k], one_minus_square_of(squashed[k])) for k in each(r)]
    symbols = f"dL/dc_{t} = dL/dh_{t} * o_{t} * (1 - tanh(c_{t})²)"
    if t < r.timesteps:
        later = lstm_d_cell(r, t + 1), r.gate("f", t + 1)
        by_state = [plus(by_state[k], times(later[0][k], later[1][k])) for k in each(r)]
        symbols += f" + dL/dc_{t + 1} * f_{t + 1}"
    gates = {
        "i": (
            "dL/dc_{t} * g_{t} * i_{t} * (1 - i_{t})",
            [times(dc[k], g[k], i[k], one_minus(i[k])) for k in each(r)],
        ),
        "f": (
            "dL/dc_{t} * c_{before} * f_{t} * (1 - f_{t})",
            [times(dc[k], c_before[k], f[k], one_minus(f[k])) for k in each(r)],
        ),
        "g": (
            "dL/dc_{t} * i_{t} * (1 - g_{t}²)",
            [times(dc[k], i[k], one_minus_square(g[k])) for k in each(r)],
        ),
        "o": (
            "dL/dh_{t} * tanh(c_{t}) * o_{t} * (1 - o_{t})",
            [times(dh[k], squashed[k], o[k], one_minus(o[k])) for k in each(r)],
        ),
    }
    return (
        d_state(r, t, from_blocks(r, [r.d_sums] * 4), ["dai", "daf", "dag", "dao"], _BLOCKS),
        Step(
            "The cell is reached through the state"
            + (", and past all matrices through the forget gate after it" if t < r.timesteps else ""),
            symbols,
            vector_lines(f"dL/dc_{t}", by_state, dc, r.answers.d_cells[t - 1]),
        ),
        *gate_gradients(r, t, gates, _BLOCKS),
        d_input(r, t, f"dL/dx_{t} = dL/dai_{t} Wiᵀ + dL/daf_{t} Wfᵀ + dL/dag_{t} Wgᵀ + dL/dao_{t} Woᵀ"),
    )


def _lstm_jacobian(r: Reading, t: int) -> Step:
    i, f, g, o = (r.gate(name, t) for name in "ifgo")
    c_before, squashed = r.c(t - 1), [applied("tanh", value) for value in r.c(t)]
    to_i, to_f, to_g, to_o = (r.block(r.weights.recurrent_kernel, block) for block in range(4))  # (H, H)
    cell_by_state = [
        [
            plus(
                times(g[k], i[k], one_minus(i[k]), to_i[j, k]),
                times(c_before[k], f[k], one_minus(f[k]), to_f[j, k]),
                times(i[k], one_minus_square(g[k]), to_g[j, k]),
            )
            for j in each(r)
        ]
        for k in each(r)
    ]
    through = [times(o[k], one_minus_square_of(squashed[k])) for k in each(r)]
    upper = [
        [
            *(
                plus(
                    times(squashed[k], o[k], one_minus(o[k]), to_o[j, k]),
                    times(through[k], grouped(cell_by_state[k][j])),
                )
                for j in each(r)
            ),
            *(times(through[k], f[k]) if j == k else number(0) for j in each(r)),
        ]
        for k in each(r)
    ]
    lower = [[*cell_by_state[k], *(number(f[k]) if j == k else number(0) for j in each(r))] for k in each(r)]
    symbols = (
        f"J_{t}[c,c] = f_{t};  J_{t}[c,h] = g i (1 - i) Uiᵀ + c_{t - 1} f (1 - f) Ufᵀ + i (1 - g²) Ugᵀ;  "
        f"J_{t}[h,c] = o (1 - tanh(c_{t})²) f;  "
        f"J_{t}[h,h] = tanh(c_{t}) o (1 - o) Uoᵀ + o (1 - tanh(c_{t})²) J_{t}[c,h]"
    )
    return jacobian_step(r, t, symbols, [*upper, *lower])


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
    _BLOCKS,
    _lstm_forward,
    _lstm_backward,
    _lstm_jacobian,
)
