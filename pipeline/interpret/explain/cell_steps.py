"""What the cells' equations share when the numbers are put in: forward, back, and one step's Jacobian.

Words are numbered from 1; `[j]` is the j-th number of a vector. Vectors are rows: x_t W, not W x_t. Every result
comes from the NumPy reference, every `tensorflow` from TensorFlow; these modules write down how a result comes about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.worked import Line, Step
from pipeline.interpret.explain.written import Written, applied, dot, plus, times
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


def one_minus_square_of(inside: Written) -> Written:
    """Return `(1 - inside²)`."""
    return Written(f"(1 - {inside.template}²)", inside.numbers)


def each(r: Reading) -> range:
    return range(r.units)


def products(left: Array, right: Array) -> list[Written]:
    return [times(a, b) for a, b in zip(left, right, strict=True)]


def sums(r: Reading, t: int, block: int) -> list[Written]:
    """Return what goes into one block at step t, with the numbers put in: x_t W + h_(t-1) U + its biases."""
    kernel, recurrent, bias = (
        r.block(array, block) for array in (r.weights.kernel, r.weights.recurrent_kernel, r.weights.bias)
    )
    x, before, biases = r.inputs[t - 1], r.h(t - 1), np.atleast_2d(bias)  # (D,), (H,), (1 or 2, H)
    return [
        plus(*products(x, kernel[:, k]), *products(before, recurrent[:, k]), *biases[:, k]) for k in each(r)
    ]


def sum_results(r: Reading, t: int) -> Array:
    """Return x_t W + h_(t-1) U + b; (G * H,)."""
    bias = np.atleast_2d(r.weights.bias).sum(axis=0)
    results: Array = r.inputs[t - 1] @ r.weights.kernel + r.h(t - 1) @ r.weights.recurrent_kernel + bias
    return results


def gate_steps(r: Reading, t: int, gates: dict[str, str]) -> Iterable[Step]:
    """Yield for each gate what goes into it, and the gate."""
    is_gru = r.cell == "gru"
    answered = r.answers.sums[:, t - 1].sum(axis=0) if is_gru else r.answers.sums[t - 1]  # (G * H,)
    for block, (gate, meaning) in enumerate(gates.items()):
        results = r.block(sum_results(r, t), block)
        function = "tanh" if gate == "g" else "σ"
        biases = f"b{gate} + d{gate}" if is_gru else f"b{gate}"
        yield Step(
            f"What goes into the {meaning.partition(':')[0]}",
            f"a{gate}_{t} = x_{t} W{gate} + h_{t - 1} U{gate} + {biases}",
            vector_lines(f"a{gate}_{t}", sums(r, t, block), results, r.block(answered, block)),
        )
        yield Step(
            f"The {meaning}",
            f"{gate}_{t} = {function}(a{gate}_{t})",
            vector_lines(
                f"{gate}_{t}",
                [applied(function, value) for value in results],
                r.gate(gate, t),
                r.answers.gates[gate][t - 1],
            ),
        )


def gate_gradients(
    r: Reading, t: int, gates: dict[str, tuple[str, list[Written]]], letters: Sequence[str]
) -> Iterable[Step]:
    """Yield the gradient of what goes into each gate."""
    answered = r.answers.d_sums[0, t - 1] if r.cell == "gru" else r.answers.d_sums[t - 1]  # (G * H,)
    for gate, (symbols, put_in) in gates.items():
        block = letters.index(gate)
        yield Step(
            f"What reaches the sum in {gate}_{t}",
            f"dL/da{gate}_{t} = {symbols.format(t=t, before=t - 1)}",
            vector_lines(
                f"dL/da{gate}_{t}", put_in, r.block(r.d_sums[t - 1], block), r.block(answered, block)
            ),
        )


def from_blocks(r: Reading, d_sums: Sequence[Array]) -> list[list[tuple[Array, Array]]]:
    """Return for each step the pairs (U of a block, gradient of what the block adds from the state)."""
    blocks = range(len(d_sums))
    kernels = [r.block(r.weights.recurrent_kernel, block) for block in blocks]
    return [
        [(kernels[block], r.block(d_sums[block][t], block)) for block in blocks] for t in range(r.timesteps)
    ]


def d_state(
    r: Reading,
    t: int,
    steps: Sequence[Sequence[tuple[Array, Array]]],
    names: Sequence[str],
    letters: Sequence[str],
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
                *(product for kernel, d in steps[after - 1] for product in products(d, kernel[k])),
            )
            for k in each(r)
        ]
        terms = [f"dL/{name}_{after} U{letter}ᵀ" for name, letter in zip(names, letters, strict=True)]
        kept = [f"dL/dh_{after} * z_{after}"] if keep else []
        words, symbols = f"The state is what step {after} reads", f"dL/dh_{t} = {' + '.join(kept + terms)}"
    return Step(words, symbols, vector_lines(f"dL/dh_{t}", put_in, results, answered))


def d_input(r: Reading, t: int, symbols: str) -> Step:
    put_in = [dot(r.d_sums[t - 1], row) for row in r.weights.kernel]
    return Step(
        f'What reaches the word "{r.tokens[t - 1]}"',
        symbols,
        vector_lines(f"dL/dx_{t}", put_in, r.gradients.inputs[0, t - 1], r.answers.d_inputs[t - 1]),
    )


def jacobian_step(r: Reading, t: int, symbols: str, put_in: Sequence[Sequence[Written]]) -> Step:
    words = f'How state {t}, after "{r.tokens[t - 1]}", depends on state {t - 1}'
    return Step(
        words, symbols, matrix_lines(f"J_{t}", put_in, r.jacobians[t - 1], r.answers.jacobians[t - 1])
    )
