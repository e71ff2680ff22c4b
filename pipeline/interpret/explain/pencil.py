"""The worked example of a network small enough for a pencil."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.interpret.explain.answers import word_gradients
from pipeline.interpret.explain.cell_steps import matrix_lines, vector_lines
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.document import Reading, read
from pipeline.interpret.explain.jacobians import jacobian_sections
from pipeline.interpret.explain.orders import orders_section
from pipeline.interpret.explain.small import CLASSES, LABEL, RULE_IN_WORDS, SmallNetwork, small_network
from pipeline.interpret.explain.worked import Equations, Line, Matrix, Prose, Section, Step, Worked
from pipeline.interpret.explain.written import Written, applied, dot, minus, number, plus, times
from pipeline.models.equations.values import Array

ROUNDING = (
    "Numbers are rounded to four significant digits where they are shown (one with fewer is exact) and computed with "
    "all of them (float64), so a line that is computed again from what is shown may differ in the last digit. What "
    "is below 1e-15 is shown as 0."
)

COLUMNS = (
    "Books write vectors as columns, h_t = tanh(W_x x_t + W_h h_(t-1) + b) and y = W_y h_T. It is the same network "
    "with each matrix turned over: W = W_xᵀ, U = W_hᵀ, V = W_yᵀ."
)


def pencil_example(text: str, tokens: Sequence[str], cell: str, units: int) -> Worked:
    """Return the worked example of a small network that reads these tokens.

    Parameters
    ----------
    text : str
        As the person gave it.
    tokens : sequence of str, length T
        At least one.
    cell : str
        `rnn`, `gru` or `lstm`.
    units : int
        Numbers in the state.
    """
    network = small_network(cell, units, tokens)
    reading = read(cell, tokens, network.vectors(tokens), network.weights, network.output, LABEL)
    page = CELL_PAGES[cell]
    steps = range(1, reading.timesteps + 1)
    orders, checks = orders_section(network, reading)
    sections = (
        _network_section(network, tokens),
        *(Section(f'Forward, step {t}: "{tokens[t - 1]}"', page.forward(reading, t)) for t in steps),
        Section("Forward: the answer and its loss", (*_output_steps(reading), *_loss_steps(reading))),
        Section("Back: the output layer", _output_gradients(reading)),
        *(
            Section(f'Back through time, step {t}: "{tokens[t - 1]}"', page.backward(reading, t))
            for t in reversed(steps)
        ),
        Section(
            "Back: the gradients of the weights, summed over the steps", _weight_gradients(reading, network)
        ),
        *jacobian_sections(reading),
        orders,
    )
    lead = (
        f"A {page.name} ({cell}) with {units} units reads {_words(tokens)}: forward, the loss, back through "
        f"time, and how each state depends on the one before. {ROUNDING}"
    )
    return Worked(f'"{text}", step by step', lead, sections, checks)


def _words(tokens: Sequence[str]) -> str:
    listed = ", ".join(f'"{token}"' for token in tokens)
    return f"the one word {listed}" if len(tokens) == 1 else f"the {len(tokens)} words {listed}"


def _network_section(network: SmallNetwork, tokens: Sequence[str]) -> Section:
    page, weights = CELL_PAGES[network.cell], network.weights
    blocks = ""
    if page.blocks != ("",):
        letters = ", ".join(page.blocks)
        blocks = f" σ(a) = 1 / (1 + exp(-a)). The matrices have a block of columns for each of {letters}."
    extra = " The forget gate's bias is 1 more, as Keras starts it." if network.cell == "lstm" else ""
    units = [f"{j}" for j in range(1, weights.units + 1)]
    columns = [f"{letter}[{j}]" if letter else j for letter in page.blocks for j in units]
    biases = np.atleast_2d(weights.bias)
    return Section(
        "The network",
        (
            Equations((*page.equations, "y = h_T V + v", "p = softmax(y)", f"L = -ln p[{CLASSES[LABEL]}]")),
            Prose(
                f"x_t is the vector of word t, a row, and h_0 is 0; * multiplies number by number.{blocks} The "
                f"document is taken to be of class {CLASSES[LABEL]}, so the loss L is that of {CLASSES[LABEL]}."
            ),
            Prose(COLUMNS),
            Prose(RULE_IN_WORDS + extra),
            Matrix(
                "E, a vector for each word, in alphabetical order",
                ("1", "2"),
                _rows(network.words, network.table),
            ),
            Matrix("W, from the word", tuple(columns), _rows(["x[1]", "x[2]"], weights.kernel)),
            Matrix(
                "U, from the state before",
                tuple(columns),
                _rows([f"h[{j}]" for j in units], weights.recurrent_kernel),
            ),
            Matrix(
                "b, with the word, and d, with the state" if len(biases) == 2 else "b",
                tuple(columns),
                _rows(["b", "d"][: len(biases)], biases),
            ),
            Matrix(
                "V, from the last state to the classes",
                CLASSES,
                _rows([f"h[{j}]" for j in units], network.output.kernel),
            ),
            Matrix("v", CLASSES, _rows(["v"], network.output.bias[None])),
        ),
    )


def _rows(names: Sequence[str], numbers: Array) -> tuple[tuple[str, tuple[float, ...]], ...]:
    return tuple((name, tuple(row)) for name, row in zip(names, numbers.tolist(), strict=True))


def _output_steps(r: Reading) -> tuple[Step, ...]:
    last, t = r.h(r.timesteps), r.timesteps
    put_in = [
        plus(*(times(h, v) for h, v in zip(last, column, strict=True)), bias)
        for column, bias in zip(r.output.kernel.T, r.output.bias, strict=True)
    ]
    powers = np.exp(r.logits)
    shares = [
        Written("{} / (" + " + ".join("{}" for _ in powers) + ")", (power, *powers)) for power in powers
    ]
    return (
        Step(
            "The output layer gives each class a number, its logit",
            f"y = h_{t} V + v",
            _by_class("y", put_in, r.logits, r.answers.logits),
        ),
        Step(
            "softmax: e to the power of each logit ..",
            "e = exp(y)",
            _by_class("e", [applied("exp", y) for y in r.logits], powers, np.exp(r.answers.logits)),
        ),
        Step(
            ".. and each one's share of their sum: the probabilities",
            "p = e / (sum of e)",
            _by_class("p", shares, r.probabilities, r.answers.probabilities),
        ),
    )


def _by_class(name: str, put_in: Sequence[Written], results: Array, tensorflow: Array) -> tuple[Line, ...]:
    together = zip(CLASSES, put_in, results, tensorflow, strict=True)
    return tuple(Line(f"{name}[{c}]", text, float(a), float(b)) for c, text, a, b in together)


def _loss_steps(r: Reading) -> tuple[Step, ...]:
    label = CLASSES[r.label]
    put_in = Written("-ln({})", (r.probabilities[r.label],))
    return (
        Step(
            "The loss is small where the true class is probable",
            f"L = -ln p[{label}]",
            (Line("L", put_in, r.loss, r.answers.loss),),
        ),
    )


def _output_gradients(r: Reading) -> tuple[Step, ...]:
    truth = np.eye(len(CLASSES))[r.label]
    last, t = r.h(r.timesteps), r.timesteps
    put_in = [minus(p, q) for p, q in zip(r.probabilities, truth, strict=True)]
    outer = [[times(h, d) for d in r.d_logits] for h in last]
    return (
        Step(
            "softmax and loss together: what is too much, class by class; q is 1 for the true class, else 0",
            "dL/dy = p - q",
            _by_class("dL/dy", put_in, r.d_logits, r.answers.d_logits),
        ),
        Step(
            "The gradient of V: what each number of the state added to each logit",
            f"dL/dV = h_{t}ᵀ dL/dy",
            matrix_lines("dL/dV", outer, np.outer(last, r.d_logits), r.answers.d_output_kernel),
        ),
        Step(
            "The gradient of v",
            "dL/dv = dL/dy",
            _by_class("dL/dv", [number(d) for d in r.d_logits], r.d_logits, r.answers.d_output_bias),
        ),
    )


def _weight_gradients(r: Reading, network: SmallNetwork) -> tuple[Step, ...]:
    page, g, answers = CELL_PAGES[r.cell], r.gradients, r.answers
    found: list[Step] = []
    for block, letter in enumerate(page.blocks):
        d, d_state = r.block(r.d_sums, block), _d_from_state(r, block)  # (T, H) each
        from_state = "m_t" if (r.cell, letter) == ("gru", "g") else f"a{letter}_t"
        found += [
            Step(
                f"Every step reads W{letter} anew, so its gradient is a sum over the steps",
                f"dL/dW{letter} = sum over t of x_tᵀ dL/da{letter}_t",
                matrix_lines(
                    f"dL/dW{letter}",
                    _outer_sums(r.inputs, d),
                    r.block(g.kernel, block),
                    r.block(answers.d_kernel, block),
                ),
            ),
            Step(
                f"So is that of U{letter}",
                f"dL/dU{letter} = sum over t of h_(t-1)ᵀ dL/d{from_state}",
                matrix_lines(
                    f"dL/dU{letter}",
                    _outer_sums(r.trace.states[0, :-1], d_state),
                    r.block(g.recurrent_kernel, block),
                    r.block(answers.d_recurrent_kernel, block),
                ),
            ),
        ]
        biases = zip(
            ("b", "d"),
            ("a" + letter, from_state[:-2]),
            (d, d_state),
            np.atleast_2d(g.bias),
            np.atleast_2d(answers.d_bias),
            strict=False,  # one row but for a gru
        )
        found += [
            Step(
                f"And that of {name}{letter}",
                f"dL/d{name}{letter} = sum over t of dL/d{of}_t",
                vector_lines(
                    f"dL/d{name}{letter}",
                    [plus(*column) for column in each.T],
                    r.block(ours, block),
                    r.block(theirs, block),
                ),
            )
            for name, of, each, ours, theirs in biases
        ]
    return (*found, _table_gradient(r, network))


def _d_from_state(r: Reading, block: int) -> Array:
    """Return the gradient of what a block adds from the state before; (T, H)."""
    d = r.block(r.d_sums, block)
    last_of_gru = r.cell == "gru" and block == 2
    return d * r.trace.gates["r"][0] if last_of_gru else d


def _outer_sums(left: Array, right: Array) -> list[list[Written]]:
    """Return for each entry of left^T right (T rows each) the sum of products with the numbers put in."""
    return [[dot(a, b) for b in right.T] for a in left.T]


def _table_gradient(r: Reading, network: SmallNetwork) -> Step:
    rows, d_inputs = np.array(network.rows(r.tokens)), r.gradients.inputs[0]  # (T,), (T, D)
    answered = word_gradients(r.answers.d_inputs, rows, len(network.words))
    lines: list[Line] = []
    for row, word in enumerate(network.words):
        mine = d_inputs[rows == row]  # (times, D)
        put_in = [plus(*column) for column in mine.T]
        lines += vector_lines(f"dL/dE[{word}]", put_in, mine.sum(axis=0), answered[row])
    return Step(
        "A word's vector gets what reached the word, wherever it stands; this is how vectors are learned",
        "dL/dE[word] = sum of dL/dx_t over the places t of the word",
        tuple(lines),
    )
