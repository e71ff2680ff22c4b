"""How the last state depends on each state before it: one-step Jacobians, their products, and what keeps them up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.interpret.explain.cell_steps import matrix_lines, vector_lines
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.worked import Block, Prose, Section, Step, Table
from pipeline.interpret.explain.written import dot, shown, times
from pipeline.models.equations.values import Array

NORM = (
    "The norm of a matrix is its largest singular value: the most by which it can stretch a vector. Of a 2 x 2 "
    "matrix with q the sum of its squared entries and d its determinant, it is the root of "
    "(q + root of (q² - 4d²)) / 2."
)


def jacobian_sections(r: Reading) -> tuple[Section, ...]:
    """Return the sections on one-step Jacobians, their product, and what the cell does about its shrinking."""
    page, steps = CELL_PAGES[r.cell], range(1, r.timesteps + 1)
    state = (
        f"The state of an lstm is h and c together: places 1 to {r.units} are h, {r.units + 1} to {2 * r.units} are c. "
        if r.cell == "lstm"
        else ""
    )
    meaning = f"{state}J_t[i,j] says by how much number i of state t moves when number j of state t - 1 does."
    return (
        Section("One-step Jacobians", (Prose(meaning), *(page.jacobian(r, t) for t in steps))),
        Section("Their product: how far back the last state reaches", _products(r)),
        _CAUSES[r.cell](r),
    )


def norm(matrix: Array) -> float:
    """Return the largest singular value."""
    return float(np.linalg.norm(matrix, ord=2))


def _products(r: Reading) -> tuple[Block, ...]:
    last = r.timesteps
    read = (
        f" The output layer reads h_{last} alone, never c_{last}: of an lstm's P_t its rows of h count for the answer, "
        "and the norm below is theirs."
        if r.cell == "lstm"
        else ""
    )
    blocks: list[Block] = [
        Prose(
            f"By the chain rule P_t = ds_{last}/ds_t = J_{last} .. J_(t+1), the product of all later Jacobians; "
            f"P_{last - 1} is J_{last}.{read}"
        )
    ]
    for t in range(last - 2, -1, -1):
        after, factor = r.products[t + 1], r.jacobians[t]  # (S, S) each; the factor is J_(t+1)
        put_in = [[dot(row, column) for column in factor.T] for row in after]
        words = f"How the last state depends on state {t}" + (
            ", the start" if t == 0 else f', after "{r.tokens[t - 1]}"'
        )
        lines = matrix_lines(f"P_{t}", put_in, r.products[t], r.answers.products[t])
        blocks.append(Step(words, f"P_{t} = P_{t + 1} J_{t + 1}", lines))
    blocks += [Prose(NORM), _norms(r)]
    if last > 1:
        blocks.append(_gradient_again(r))
    return tuple(blocks)


def _norms(r: Reading) -> Table:
    reached = "norm of P_(t-1), rows of h" if r.cell == "lstm" else "norm of P_(t-1)"
    rows = [
        (
            f'{t + 1} "{word}"',
            norm(r.jacobians[t]),
            norm(r.answers.jacobians[t]),
            norm(r.products[t][: r.units]),
            norm(r.answers.products[t][: r.units]),
        )
        for t, word in reversed(list(enumerate(r.tokens)))
    ]
    return Table(
        "Each factor, and the product from the end to it: below 1 it shrinks what passes, above 1 it may grow",
        ("step t", "norm of J_t", "TensorFlow", reached, "TensorFlow"),
        tuple(rows),
        bar=reached,
    )


def _gradient_again(r: Reading) -> Step:
    last, own = r.timesteps, slice(0, r.units)
    d_last = r.dh(last)  # through h alone: nothing reads c after the last step
    put_in = [dot(d_last, column) for column in r.products[1][own, own].T]
    return Step(
        "The gradient that reaches the first state is that of the last one times the product: backpropagation again",
        f"dL/dh_1 = dL/dh_{last} P_1" + (", the rows and columns of h" if r.cell == "lstm" else ""),
        vector_lines("dL/dh_1", put_in, d_last @ r.products[1][own, own], r.answers.d_states[0]),
    )


def _rnn_cause(r: Reading) -> Section:
    spread = norm(r.weights.recurrent_kernel)
    steep = [float((1 - r.h(t) ** 2).max()) for t in range(1, r.timesteps + 1)]
    rows = [
        (f'{t + 1} "{r.tokens[t]}"', steep[t], spread * steep[t], norm(r.jacobians[t]))
        for t in reversed(range(r.timesteps))
    ]
    verdict = (
        "is below 1, so the gradient shrinks at every step whatever the words are: it vanishes"
        if spread < 1
        else "is 1 or more, so the gradient need not shrink; it may even grow"
    )
    return Section(
        "Why the gradient of a simple network vanishes",
        (
            Prose(
                "Row i of J_t is row i of Uᵀ times the slope of tanh, 1 - h_t[i]², which is 1 at most. So its norm is "
                f"at most that of U times the largest slope. The norm of U is {shown(spread)}: it {verdict} (Pascanu, "
                "Mikolov, Bengio 2013)."
            ),
            Table(
                "The bound of each factor, and the factor",
                ("step t", "largest slope", "norm of U times that", "norm of J_t"),
                tuple(rows),
            ),
        ),
    )


def _lstm_cause(r: Reading) -> Section:
    own = slice(r.units, None)
    return _kept_section(
        r,
        "Why the gradient of an LSTM lasts: the cell is a sum",
        "c_t = f_t * c_(t-1) + i_t * g_t: from one cell to the next there is no matrix and no tanh. Where the gates "
        "are held as they are (the path through h is left out), dc_T/dc_t is the product of the forget gates after t: "
        "as long as they stay near 1, the gradient lasts. This additive cell is the LSTM's answer to the vanishing "
        "gradient (Hochreiter, Schmidhuber 1997; the forget gate: Gers, Schmidhuber, Cummins 2000). The last column "
        "of the table has the whole of dc_T/dc_t, the path through the gates included.",
        ("c", "f", "forget gates"),
        lambda t: r.products[t][own, own],
    )


def _gru_cause(r: Reading) -> Section:
    return _kept_section(
        r,
        "Why the gradient of a GRU lasts: the update gate keeps the state",
        "h_t = z_t * h_(t-1) + (1 - z_t) * g_t: the part that is kept goes through no matrix and no tanh. Where gates "
        "and candidate are held as they are, dh_T/dh_t is the product of the update gates after t: as long as they "
        "stay near 1, the gradient lasts (Cho et al. 2014). The last column of the table has the whole of dh_T/dh_t.",
        ("h", "z", "update gates"),
        lambda t: r.products[t],
    )


def _kept_section(
    r: Reading, title: str, text: str, names: tuple[str, str, str], whole: Callable[[int], Array]
) -> Section:
    """Return the section on what a gate keeps: its products after each step, beside the whole Jacobian."""
    part, gate, gates = names
    last = r.timesteps
    blocks: list[Block] = [Prose(text)]
    rows = []
    for t in range(last - 1, -1, -1):
        later = np.array([r.gate(gate, step) for step in range(t + 1, last + 1)])  # (T - t, H)
        product = later.prod(axis=0)
        lines = vector_lines(
            f"K_{t}", [times(*column) for column in later.T], product, np.diagonal(r.answers.direct[t])
        )
        kept = " * ".join(f"{gate}_{step}" for step in range(t + 1, last + 1))
        blocks.append(Step(f"What the {gates} after step {t} keep", f"K_{t} = {kept}", lines))
        rows.append((f"{t}", float(product.max()), norm(whole(t))))
    table = Table(
        f"The largest number of K_t, and the norm of the whole d{part}_{last}/d{part}_t",
        ("t", f"product of {gates}", "norm of the whole"),
        tuple(rows),
    )
    return Section(title, (*blocks, table))


_CAUSES = {"rnn": _rnn_cause, "gru": _gru_cause, "lstm": _lstm_cause}
