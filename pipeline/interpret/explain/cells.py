"""The equations of each cell with the numbers put in: forward, back, and one step's Jacobian.

Words are numbered from 1; `[j]` is the j-th number of a vector. Vectors are rows: x_t W, not W x_t. Every result
comes from the NumPy reference, every `tensorflow` from TensorFlow; this module writes down how a result comes about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.worked import Line, Step
from pipeline.interpret.explain.written import (
    Written,
    applied,
    dot,
    grouped,
    minus,
    number,
    one_minus,
    one_minus_square,
    plus,
    times,
)
from pipeline.models.equations.values import Array


@dataclass(frozen=True)
class CellPage:
    """How one cell is shown."""

    name: str
    equations: tuple[str, ...]
    blocks: tuple[str, ...]  # the columns of the kernels: a letter for each block of H, "" where there is one
    forward: Callable[[Reading, int], tuple[Step, ...]]
    backward: Callable[[Reading, int], tuple[Step, ...]]
    jacobian: Callable[[Reading, int], Step]


def vector_lines(
    name: str, put_in: Sequence[Written], results: Iterable[float], tensorflow: Iterable[float]
) -> tuple[Line, ...]:
    """Return a line for each number of a vector."""
    together = zip(put_in, results, tensorflow, strict=True)
    return tuple(
        Line(f"{name}[{j}]", text, float(result), float(other))
        for j, (text, result, other) in enumerate(together, start=1)
    )


def matrix_lines(
    name: str, put_in: Sequence[Sequence[Written]], results: Array, tensorflow: Array
) -> tuple[Line, ...]:
    """Return a line for each number of a matrix, row by row."""
    return tuple(
        Line(f"{name}[{i + 1},{j + 1}]", text, float(results[i, j]), float(tensorflow[i, j]))
        for i, row in enumerate(put_in)
        for j, text in enumerate(row)
    )


# The simple cell.


def _rnn_forward(r: Reading, t: int) -> tuple[Step, ...]:
    sums = _sums(r, t, 0)
    return (
        Step(
            f"The word's vector and the state before are mixed: what goes into step {t}",
            f"a_{t} = x_{t} W + h_{t - 1} U + b",
            vector_lines(f"a_{t}", sums, _sum_results(r, t), r.answers.sums[t - 1]),
        ),
        Step(
            "tanh keeps each number between -1 and 1: the new state",
            f"h_{t} = tanh(a_{t})",
            vector_lines(
                f"h_{t}",
                [applied("tanh", a) for a in _sum_results(r, t)],
                r.h(t),
                r.answers.states[t - 1],
            ),
        ),
    )


def _rnn_backward(r: Reading, t: int) -> tuple[Step, ...]:
    put_in = [times(dh, one_minus_square(h)) for dh, h in zip(r.dh(t), r.h(t), strict=True)]
    return (
        _d_state(r, t, [[(r.weights.recurrent_kernel, d)] for d in r.d_sums], ["da"]),
        Step(
            "Back through tanh, whose slope is 1 - h²",
            f"dL/da_{t} = dL/dh_{t} * (1 - h_{t}²)",
            vector_lines(f"dL/da_{t}", put_in, r.d_sums[t - 1], r.answers.d_sums[t - 1]),
        ),
        _d_input(r, t, f"dL/dx_{t} = dL/da_{t} Wᵀ"),
    )


def _rnn_jacobian(r: Reading, t: int) -> Step:
    recurrent, h = r.weights.recurrent_kernel, r.h(t)
    put_in = [[times(one_minus_square(h[i]), recurrent[j, i]) for j in _each(r)] for i in _each(r)]
    return _jacobian_step(r, t, f"J_{t}[i,j] = dh_{t}[i]/dh_{t - 1}[j] = (1 - h_{t}[i]²)·U[j,i]", put_in)


# The LSTM: blocks i, f, g, o.


def _lstm_forward(r: Reading, t: int) -> tuple[Step, ...]:
    i, f, g, o = (r.gate(name, t) for name in "ifgo")
    c_before, c = r.c(t - 1), r.c(t)
    return (
        *_gate_steps(
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
                [plus(times(f[k], c_before[k]), times(i[k], g[k])) for k in _each(r)],
                c,
                r.answers.cells[t - 1],
            ),
        ),
        Step(
            "The state is what the output gate shows of the cell",
            f"h_{t} = o_{t} * tanh(c_{t})",
            vector_lines(
                f"h_{t}",
                [times(o[k], applied("tanh", c[k])) for k in _each(r)],
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
    by_state = [times(dh[k], o[k], one_minus_square_of(squashed[k])) for k in _each(r)]
    symbols = f"dL/dc_{t} = dL/dh_{t} * o_{t} * (1 - tanh(c_{t})²)"
    if t < r.timesteps:
        later = lstm_d_cell(r, t + 1), r.gate("f", t + 1)
        by_state = [plus(by_state[k], times(later[0][k], later[1][k])) for k in _each(r)]
        symbols += f" + dL/dc_{t + 1} * f_{t + 1}"
    gates = {
        "i": (
            "dL/dc_{t} * g_{t} * i_{t} * (1 - i_{t})",
            [times(dc[k], g[k], i[k], one_minus(i[k])) for k in _each(r)],
        ),
        "f": (
            "dL/dc_{t} * c_{before} * f_{t} * (1 - f_{t})",
            [times(dc[k], c_before[k], f[k], one_minus(f[k])) for k in _each(r)],
        ),
        "g": (
            "dL/dc_{t} * i_{t} * (1 - g_{t}²)",
            [times(dc[k], i[k], one_minus_square(g[k])) for k in _each(r)],
        ),
        "o": (
            "dL/dh_{t} * tanh(c_{t}) * o_{t} * (1 - o_{t})",
            [times(dh[k], squashed[k], o[k], one_minus(o[k])) for k in _each(r)],
        ),
    }
    return (
        _d_state(r, t, _from_blocks(r, [r.d_sums] * 4), ["dai", "daf", "dag", "dao"]),
        Step(
            "The cell is reached through the state"
            + (", and past all matrices through the forget gate after it" if t < r.timesteps else ""),
            symbols,
            vector_lines(f"dL/dc_{t}", by_state, dc, r.answers.d_cells[t - 1]),
        ),
        *_gate_gradients(r, t, gates),
        _d_input(r, t, f"dL/dx_{t} = dL/dai_{t} Wiᵀ + dL/daf_{t} Wfᵀ + dL/dag_{t} Wgᵀ + dL/dao_{t} Woᵀ"),
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
            for j in _each(r)
        ]
        for k in _each(r)
    ]
    through = [times(o[k], one_minus_square_of(squashed[k])) for k in _each(r)]
    upper = [
        [
            *(
                plus(
                    times(squashed[k], o[k], one_minus(o[k]), to_o[j, k]),
                    times(through[k], grouped(cell_by_state[k][j])),
                )
                for j in _each(r)
            ),
            *(times(through[k], f[k]) if j == k else number(0) for j in _each(r)),
        ]
        for k in _each(r)
    ]
    lower = [
        [*cell_by_state[k], *(number(f[k]) if j == k else number(0) for j in _each(r))] for k in _each(r)
    ]
    symbols = (
        f"J_{t}[c,c] = f_{t};  J_{t}[c,h] = g i (1 - i) Uiᵀ + c_{t - 1} f (1 - f) Ufᵀ + i (1 - g²) Ugᵀ;  "
        f"J_{t}[h,c] = o (1 - tanh(c_{t})²) f;  "
        f"J_{t}[h,h] = tanh(c_{t}) o (1 - o) Uoᵀ + o (1 - tanh(c_{t})²) J_{t}[c,h]"
    )
    return _jacobian_step(r, t, symbols, [*upper, *lower])


# The GRU: blocks z, r, g; b with the input, d with the state.


def _gru_forward(r: Reading, t: int) -> tuple[Step, ...]:
    z, reset, candidate = r.gate("z", t), r.gate("r", t), r.gate("candidate", t)
    memory, before = gru_memory(r, t), r.h(t - 1)
    weights, bias = r.block(r.weights.kernel, 2), r.block(r.weights.bias, 2)  # (D, H), (2, H)
    recurrent = r.block(r.weights.recurrent_kernel, 2)  # (H, H)
    x, of_input = r.inputs[t - 1], r.answers.sums[0, t - 1]
    by_word = x @ weights + bias[0]  # (H,)
    for_candidate = [
        plus(*_products(x, weights[:, k]), bias[0, k], times(reset[k], memory[k])) for k in _each(r)
    ]
    answered = r.block(of_input, 2) + r.answers.gates["r"][t - 1] * r.block(r.answers.sums[1, t - 1], 2)
    return (
        *_gate_steps(
            r,
            t,
            {
                "z": "update gate: how much of the state stays",
                "r": "reset gate: how much of the memory the candidate sees",
            },
        ),
        Step(
            "The memory: what the state before offers to the candidate",
            f"m_{t} = h_{t - 1} Ug + dg",
            vector_lines(
                f"m_{t}",
                [plus(*_products(before, recurrent[:, k]), bias[1, k]) for k in _each(r)],
                memory,
                r.block(r.answers.sums[1, t - 1], 2),
            ),
        ),
        Step(
            "What goes into the candidate",
            f"ag_{t} = x_{t} Wg + bg + r_{t} * m_{t}",
            vector_lines(f"ag_{t}", for_candidate, by_word + reset * memory, answered),
        ),
        Step(
            "The candidate: what could become the state",
            f"g_{t} = tanh(ag_{t})",
            vector_lines(
                f"g_{t}",
                [applied("tanh", value) for value in by_word + reset * memory],
                candidate,
                r.answers.gates["candidate"][t - 1],
            ),
        ),
        Step(
            "The state is between what it was and the candidate",
            f"h_{t} = z_{t} * h_{t - 1} + (1 - z_{t}) * g_{t}",
            vector_lines(
                f"h_{t}",
                [plus(times(z[k], before[k]), times(one_minus(z[k]), candidate[k])) for k in _each(r)],
                r.h(t),
                r.answers.states[t - 1],
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
            [times(dh[k], minus(before[k], candidate[k]), z[k], one_minus(z[k])) for k in _each(r)],
        ),
        "g": (
            "dL/dh_{t} * (1 - z_{t}) * (1 - g_{t}²)",
            [times(dh[k], one_minus(z[k]), one_minus_square(candidate[k])) for k in _each(r)],
        ),
        "r": (
            "dL/dag_{t} * m_{t} * r_{t} * (1 - r_{t})",
            [times(for_g[k], memory[k], reset[k], one_minus(reset[k])) for k in _each(r)],
        ),
    }
    return (
        _d_state(r, t, _from_blocks(r, _gru_state_sums(r)), ["daz", "dar", "dm"]),
        *_gate_gradients(r, t, gates),
        Step(
            "What reaches the memory",
            f"dL/dm_{t} = dL/dag_{t} * r_{t}",
            vector_lines(
                f"dL/dm_{t}",
                [times(for_g[k], reset[k]) for k in _each(r)],
                for_g * reset,
                r.block(r.answers.d_sums[1, t - 1], 2),
            ),
        ),
        _d_input(r, t, f"dL/dx_{t} = dL/daz_{t} Wzᵀ + dL/dar_{t} Wrᵀ + dL/dag_{t} Wgᵀ"),
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
    return _jacobian_step(r, t, symbols, [[entry(k, j) for j in _each(r)] for k in _each(r)])


# What the cells share.


def one_minus_square_of(inside: Written) -> Written:
    """Return `(1 - inside²)`."""
    return Written(f"(1 - {inside.template}²)", inside.numbers)


def _each(r: Reading) -> range:
    return range(r.units)


def _products(left: Array, right: Array) -> list[Written]:
    return [times(a, b) for a, b in zip(left, right, strict=True)]


def _sums(r: Reading, t: int, block: int) -> list[Written]:
    """Return what goes into one block at step t, with the numbers put in: x_t W + h_(t-1) U + its biases."""
    kernel, recurrent, bias = (
        r.block(array, block) for array in (r.weights.kernel, r.weights.recurrent_kernel, r.weights.bias)
    )
    x, before, biases = r.inputs[t - 1], r.h(t - 1), np.atleast_2d(bias)  # (D,), (H,), (1 or 2, H)
    return [
        plus(*_products(x, kernel[:, k]), *_products(before, recurrent[:, k]), *biases[:, k])
        for k in _each(r)
    ]


def _sum_results(r: Reading, t: int) -> Array:
    """Return x_t W + h_(t-1) U + b; (G * H,)."""
    bias = np.atleast_2d(r.weights.bias).sum(axis=0)
    sums: Array = r.inputs[t - 1] @ r.weights.kernel + r.h(t - 1) @ r.weights.recurrent_kernel + bias
    return sums


def _gate_steps(r: Reading, t: int, gates: dict[str, str]) -> Iterable[Step]:
    """Yield for each gate what goes into it, and the gate."""
    is_gru = r.cell == "gru"
    answered = r.answers.sums[:, t - 1].sum(axis=0) if is_gru else r.answers.sums[t - 1]  # (G * H,)
    for block, (gate, meaning) in enumerate(gates.items()):
        sums = r.block(_sum_results(r, t), block)
        function = "tanh" if gate == "g" else "σ"
        biases = f"b{gate} + d{gate}" if is_gru else f"b{gate}"
        yield Step(
            f"What goes into the {meaning.partition(':')[0]}",
            f"a{gate}_{t} = x_{t} W{gate} + h_{t - 1} U{gate} + {biases}",
            vector_lines(f"a{gate}_{t}", _sums(r, t, block), sums, r.block(answered, block)),
        )
        yield Step(
            f"The {meaning}",
            f"{gate}_{t} = {function}(a{gate}_{t})",
            vector_lines(
                f"{gate}_{t}",
                [applied(function, value) for value in sums],
                r.gate(gate, t),
                r.answers.gates[gate][t - 1],
            ),
        )


def _gate_gradients(r: Reading, t: int, gates: dict[str, tuple[str, list[Written]]]) -> Iterable[Step]:
    """Yield the gradient of what goes into each gate."""
    answered = r.answers.d_sums[0, t - 1] if r.cell == "gru" else r.answers.d_sums[t - 1]  # (G * H,)
    letters = CELL_PAGES[r.cell].blocks
    for gate, (symbols, put_in) in gates.items():
        block = letters.index(gate)
        yield Step(
            f"What reaches the sum in {gate}_{t}",
            f"dL/da{gate}_{t} = {symbols.format(t=t, before=t - 1)}",
            vector_lines(
                f"dL/da{gate}_{t}", put_in, r.block(r.d_sums[t - 1], block), r.block(answered, block)
            ),
        )


def _from_blocks(r: Reading, d_sums: Sequence[Array]) -> list[list[tuple[Array, Array]]]:
    """Return for each step the pairs (U of a block, gradient of what the block adds from the state)."""
    blocks = range(len(d_sums))
    kernels = [r.block(r.weights.recurrent_kernel, block) for block in blocks]
    return [
        [(kernels[block], r.block(d_sums[block][t], block)) for block in blocks] for t in range(r.timesteps)
    ]


def _d_state(
    r: Reading, t: int, steps: Sequence[Sequence[tuple[Array, Array]]], names: Sequence[str]
) -> Step:
    """Return the step that gathers what reaches h_t: from the output for the last word, else from step t + 1."""
    results, answered = r.dh(t), r.answers.d_states[t - 1]
    if t == r.timesteps:
        put_in = [dot(r.d_logits, row) for row in r.output.kernel]
        words, symbols = "The last state is what the output layer reads", f"dL/dh_{t} = dL/dy Vᵀ"
    else:
        after, keep = t + 1, r.cell == "gru"
        put_in = [
            plus(
                *([times(r.dh(after)[k], r.gate("z", after)[k])] if keep else []),
                *(product for kernel, d in steps[after - 1] for product in _products(d, kernel[k])),
            )
            for k in _each(r)
        ]
        letters = CELL_PAGES[r.cell].blocks
        terms = [f"dL/{name}_{after} U{letter}ᵀ" for name, letter in zip(names, letters, strict=True)]
        kept = [f"dL/dh_{after} * z_{after}"] if keep else []
        words, symbols = f"The state is what step {after} reads", f"dL/dh_{t} = {' + '.join(kept + terms)}"
    return Step(words, symbols, vector_lines(f"dL/dh_{t}", put_in, results, answered))


def _d_input(r: Reading, t: int, symbols: str) -> Step:
    put_in = [dot(r.d_sums[t - 1], row) for row in r.weights.kernel]
    return Step(
        f'What reaches the word "{r.tokens[t - 1]}"',
        symbols,
        vector_lines(f"dL/dx_{t}", put_in, r.gradients.inputs[0, t - 1], r.answers.d_inputs[t - 1]),
    )


def _jacobian_step(r: Reading, t: int, symbols: str, put_in: Sequence[Sequence[Written]]) -> Step:
    words = f'How state {t}, after "{r.tokens[t - 1]}", depends on state {t - 1}'
    return Step(
        words, symbols, matrix_lines(f"J_{t}", put_in, r.jacobians[t - 1], r.answers.jacobians[t - 1])
    )


CELL_PAGES = {
    "rnn": CellPage(
        "simple recurrent network",
        ("h_t = tanh(x_t W + h_(t-1) U + b)",),
        ("",),
        _rnn_forward,
        _rnn_backward,
        _rnn_jacobian,
    ),
    "gru": CellPage(
        "gated recurrent unit",
        (
            "z_t = σ(x_t Wz + bz + h_(t-1) Uz + dz)",
            "r_t = σ(x_t Wr + br + h_(t-1) Ur + dr)",
            "m_t = h_(t-1) Ug + dg",
            "g_t = tanh(x_t Wg + bg + r_t * m_t)",
            "h_t = z_t * h_(t-1) + (1 - z_t) * g_t",
        ),
        ("z", "r", "g"),
        _gru_forward,
        _gru_backward,
        _gru_jacobian,
    ),
    "lstm": CellPage(
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
        _lstm_forward,
        _lstm_backward,
        _lstm_jacobian,
    ),
}
