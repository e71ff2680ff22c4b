"""The simple cell with the numbers put in."""

from __future__ import annotations

from pipeline.interpret.explain.cell_steps import (
    CellPage,
    d_input,
    d_state,
    each,
    jacobian_step,
    sum_results,
    sums,
    vector_lines,
)
from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.worked import Step
from pipeline.interpret.explain.written import applied, one_minus_square, times

_BLOCKS = ("",)  # the columns of the kernels: one block, which needs no letter


def _rnn_forward(r: Reading, t: int) -> tuple[Step, ...]:
    put_in = sums(r, t, 0)
    return (
        Step(
            f"The word's vector and the state before are mixed: what goes into step {t}",
            f"a_{t} = x_{t} W + h_{t - 1} U + b",
            vector_lines(f"a_{t}", put_in, sum_results(r, t), r.answers.sums[t - 1]),
        ),
        Step(
            "tanh keeps each number between -1 and 1: the new state",
            f"h_{t} = tanh(a_{t})",
            vector_lines(
                f"h_{t}",
                [applied("tanh", a) for a in sum_results(r, t)],
                r.h(t),
                r.answers.states[t - 1],
            ),
        ),
    )


def _rnn_backward(r: Reading, t: int) -> tuple[Step, ...]:
    put_in = [times(dh, one_minus_square(h)) for dh, h in zip(r.dh(t), r.h(t), strict=True)]
    return (
        d_state(r, t, [[(r.weights.recurrent_kernel, d)] for d in r.d_sums], ["da"], _BLOCKS),
        Step(
            "Back through tanh, whose slope is 1 - h²",
            f"dL/da_{t} = dL/dh_{t} * (1 - h_{t}²)",
            vector_lines(f"dL/da_{t}", put_in, r.d_sums[t - 1], r.answers.d_sums[t - 1]),
        ),
        d_input(r, t, f"dL/dx_{t} = dL/da_{t} Wᵀ"),
    )


def _rnn_jacobian(r: Reading, t: int) -> Step:
    recurrent, h = r.weights.recurrent_kernel, r.h(t)
    put_in = [[times(one_minus_square(h[i]), recurrent[j, i]) for j in each(r)] for i in each(r)]
    return jacobian_step(r, t, f"J_{t}[i,j] = dh_{t}[i]/dh_{t - 1}[j] = (1 - h_{t}[i]²)·U[j,i]", put_in)


PAGE = CellPage(
    "simple recurrent network",
    ("h_t = tanh(x_t W + h_(t-1) U + b)",),
    _BLOCKS,
    _rnn_forward,
    _rnn_backward,
    _rnn_jacobian,
)
