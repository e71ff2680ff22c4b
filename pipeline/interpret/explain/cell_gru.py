"""The GRU with the numbers put in; of its sums b comes with the input, d with the state."""

from __future__ import annotations

from pipeline.interpret.explain.cell_steps import (
    CellPage,
    d_input,
    d_state,
    each,
    from_blocks,
    gate_gradients,
    gate_steps,
    jacobian_step,
    products,
    vector_lines,
)
from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.worked import Step
from pipeline.interpret.explain.written import (
    Written,
    applied,
    grouped,
    minus,
    one_minus,
    one_minus_square,
    plus,
    times,
)
from pipeline.models.equations.values import Array

_BLOCKS = ("z", "r", "g")  # the columns of the kernels, a letter for each


def _gru_forward(r: Reading, t: int) -> tuple[Step, ...]:
    z, candidate, before = r.gate("z", t), r.gate("candidate", t), r.h(t - 1)
    return (
        *gate_steps(
            r,
            t,
            {
                "z": "update gate: how much of the state stays",
                "r": "reset gate: how much of the memory the candidate sees",
            },
        ),
        _memory_step(r, t),
        *_candidate_steps(r, t),
        Step(
            "The state is between what it was and the candidate",
            f"h_{t} = z_{t} * h_{t - 1} + (1 - z_{t}) * g_{t}",
            vector_lines(
                f"h_{t}",
                [plus(times(z[k], before[k]), times(one_minus(z[k]), candidate[k])) for k in each(r)],
                r.h(t),
                r.answers.states[t - 1],
            ),
        ),
    )


def _memory_step(r: Reading, t: int) -> Step:
    recurrent, bias = r.block(r.weights.recurrent_kernel, 2), r.block(r.weights.bias, 2)  # (H, H), (2, H)
    return Step(
        "The memory: what the state before offers to the candidate",
        f"m_{t} = h_{t - 1} Ug + dg",
        vector_lines(
            f"m_{t}",
            [plus(*products(r.h(t - 1), recurrent[:, k]), bias[1, k]) for k in each(r)],
            gru_memory(r, t),
            r.block(r.answers.sums[1, t - 1], 2),
        ),
    )


def _candidate_steps(r: Reading, t: int) -> tuple[Step, Step]:
    """Return what goes into the candidate, and the candidate."""
    reset, memory, x = r.gate("r", t), gru_memory(r, t), r.inputs[t - 1]
    weights, bias = r.block(r.weights.kernel, 2), r.block(r.weights.bias, 2)  # (D, H), (2, H)
    put_in = [plus(*products(x, weights[:, k]), bias[0, k], times(reset[k], memory[k])) for k in each(r)]
    results = x @ weights + bias[0] + reset * memory  # (H,)
    of_word, of_state = (r.block(sums[t - 1], 2) for sums in r.answers.sums)
    return (
        Step(
            "What goes into the candidate",
            f"ag_{t} = x_{t} Wg + bg + r_{t} * m_{t}",
            vector_lines(f"ag_{t}", put_in, results, of_word + r.answers.gates["r"][t - 1] * of_state),
        ),
        Step(
            "The candidate: what could become the state",
            f"g_{t} = tanh(ag_{t})",
            vector_lines(
                f"g_{t}",
                [applied("tanh", value) for value in results],
                r.gate("candidate", t),
                r.answers.gates["candidate"][t - 1],
            ),
        ),
    )


def gru_memory(r: Reading, t: int) -> Array:
    """Return m_t = h_(t-1) Ug + dg of a gru; (H,)."""
    product: Array = r.h(t - 1) @ r.block(r.weights.recurrent_kernel, 2) + r.block(r.weights.bias, 2)[1]
    return product


def _gru_backward(r: Reading, t: int) -> tuple[Step, ...]:
    z, reset, candidate = r.gate("z", t), r.gate("r", t), r.gate("candidate", t)
    memory, before, dh = gru_memory(r, t), r.h(t - 1), r.dh(t)
    for_g = r.block(r.d_sums[t - 1], 2)  # (H,)
    gates = {
        "z": (
            "dL/dh_{t} * (h_{before} - g_{t}) * z_{t} * (1 - z_{t})",
            [times(dh[k], minus(before[k], candidate[k]), z[k], one_minus(z[k])) for k in each(r)],
        ),
        "g": (
            "dL/dh_{t} * (1 - z_{t}) * (1 - g_{t}²)",
            [times(dh[k], one_minus(z[k]), one_minus_square(candidate[k])) for k in each(r)],
        ),
        "r": (
            "dL/dag_{t} * m_{t} * r_{t} * (1 - r_{t})",
            [times(for_g[k], memory[k], reset[k], one_minus(reset[k])) for k in each(r)],
        ),
    }
    return (
        d_state(r, t, from_blocks(r, _gru_state_sums(r)), ["daz", "dar", "dm"], _BLOCKS),
        *gate_gradients(r, t, gates, _BLOCKS),
        Step(
            "What reaches the memory",
            f"dL/dm_{t} = dL/dag_{t} * r_{t}",
            vector_lines(
                f"dL/dm_{t}",
                [times(for_g[k], reset[k]) for k in each(r)],
                for_g * reset,
                r.block(r.answers.d_sums[1, t - 1], 2),
            ),
        ),
        d_input(r, t, f"dL/dx_{t} = dL/daz_{t} Wzᵀ + dL/dar_{t} Wrᵀ + dL/dag_{t} Wgᵀ"),
    )


def _gru_state_sums(r: Reading) -> list[Array]:
    """Return the gradient of what each block adds from the state before; its third block is that of m."""
    through = r.d_sums.copy()  # (T, 3H)
    through[:, 2 * r.units :] *= r.trace.gates["r"][0]
    return [through] * 3


def _gru_jacobian(r: Reading, t: int) -> Step:
    z, reset, candidate = r.gate("z", t), r.gate("r", t), r.gate("candidate", t)
    memory, before = gru_memory(r, t), r.h(t - 1)
    to_z, to_r, to_g = (r.block(r.weights.recurrent_kernel, block) for block in range(3))  # (H, H)

    def entry(k: int, j: int) -> Written:
        by_gate = times(minus(before[k], candidate[k]), z[k], one_minus(z[k]), to_z[j, k])
        inner = plus(times(reset[k], to_g[j, k]), times(memory[k], reset[k], one_minus(reset[k]), to_r[j, k]))
        by_candidate = times(one_minus(z[k]), one_minus_square(candidate[k]), grouped(inner))
        return plus(*([z[k]] if j == k else []), by_gate, by_candidate)

    symbols = (
        f"J_{t}[i,j] = (z[i] where i = j) + (h_{t - 1}[i] - g[i])·z[i]·(1 - z[i])·Uz[j,i]"
        " + (1 - z[i])·(1 - g[i]²)·(r[i]·Ug[j,i] + m[i]·r[i]·(1 - r[i])·Ur[j,i])"
    )
    return jacobian_step(r, t, symbols, [[entry(k, j) for j in each(r)] for k in each(r)])


PAGE = CellPage(
    "gated recurrent unit",
    (
        "z_t = σ(x_t Wz + bz + h_(t-1) Uz + dz)",
        "r_t = σ(x_t Wr + br + h_(t-1) Ur + dr)",
        "m_t = h_(t-1) Ug + dg",
        "g_t = tanh(x_t Wg + bg + r_t * m_t)",
        "h_t = z_t * h_(t-1) + (1 - z_t) * g_t",
    ),
    _BLOCKS,
    _gru_forward,
    _gru_backward,
    _gru_jacobian,
)
