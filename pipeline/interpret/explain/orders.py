"""The same words in another order: an average is the same, a recurrent network's answer is not."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from pipeline.interpret.explain.answers import average_answer, recurrent_answer
from pipeline.interpret.explain.cell_steps import vector_lines
from pipeline.interpret.explain.document import Reading
from pipeline.interpret.explain.small import CLASSES, SmallNetwork
from pipeline.interpret.explain.worked import Block, Check, Line, Matrix, Prose, Section, Step, Table, check
from pipeline.interpret.explain.written import Written, dot, plus
from pipeline.models.equations import forward
from pipeline.models.equations.output import softmax
from pipeline.models.equations.values import Array

TITLE = "The same words in another order"


def other_order(keys: Sequence[Hashable]) -> tuple[int, ...] | None:
    """Return the places of what is read in another order: from last to first, else the first put at the end.

    None where every order is the same.

    >>> other_order(["dog", "bites", "man"]), other_order(["a", "b", "a"]), other_order(["a", "a"])
    ((2, 1, 0), (1, 2, 0), None)
    """
    places = tuple(range(len(keys)))
    orders = (places[::-1], places[1:] + places[:1])
    return next((order for order in orders if [keys[place] for place in order] != list(keys)), None)


@dataclass(frozen=True, eq=False)
class Order:
    """What both networks make of the words in one order."""

    tokens: tuple[str, ...]
    inputs: Array  # (T, D)
    average: Array  # (D,)
    average_logits: Array  # (C,)
    states: Array  # (T, H)
    logits: Array  # (C,)

    @property
    def quoted(self) -> str:
        """The text."""
        return f'"{" ".join(self.tokens)}"'


def read_in_order(network: SmallNetwork, tokens: Sequence[str]) -> Order:
    """Return what the average and the recurrence make of these tokens, by the NumPy reference."""
    inputs = network.vectors(tokens)  # (T, D)
    states = forward(network.cell, network.weights, inputs[None]).states[0, 1:]  # (T, H)
    average = inputs.mean(axis=0)
    return Order(
        tuple(tokens),
        inputs,
        average,
        average @ network.average.kernel + network.average.bias,
        states,
        states[-1] @ network.output.kernel + network.output.bias,
    )


def orders_section(network: SmallNetwork, reading: Reading) -> tuple[Section, tuple[Check, ...]]:
    """Return the closing section, both networks with the words in two orders, and what is compared beside it."""
    tokens = reading.tokens
    other = other_order(tokens)
    if other is None:
        why = "There is one word" if len(tokens) == 1 else "All words are the same"
        return Section(TITLE, (Prose(f"{why}, so there is no other order to compare with."),)), ()
    orders = read_in_order(network, tokens), read_in_order(network, [tokens[place] for place in other])
    intro = (
        f"{orders[1].quoted} has the same words as {orders[0].quoted}. A network that averages the words' vectors "
        "cannot tell them apart: a sum does not know the order of its terms. The recurrent network can, because each "
        "state is made from the state before."
    )
    blocks: list[Block] = [
        Prose(intro),
        Matrix(
            "A, from the average to the classes; the biases are v",
            CLASSES,
            tuple((f"m[{i}]", tuple(row)) for i, row in enumerate(network.average.kernel.tolist(), start=1)),
        ),
    ]
    for order in orders:
        blocks += _average_steps(network, order)
    checks = []
    for order in orders:
        states, logits = recurrent_answer(network.cell, network.weights, order.inputs, network.output)
        blocks += _recurrent_blocks(network, order, logits)
        checks.append(check(f"the states of {order.quoted}", order.states, states))
    return Section(TITLE, (*blocks, _compared(network, orders))), tuple(checks)


def _average_steps(network: SmallNetwork, order: Order) -> list[Block]:
    average, logits = average_answer(order.inputs, network.average)
    gaps = " + ".join("{}" for _ in order.tokens)
    put_in = [Written(f"({gaps}) / {len(order.tokens)}", tuple(column)) for column in order.inputs.T]
    return [
        Step(
            f"The average of the vectors of {order.quoted}",
            "m = (x_1 + .. + x_T) / T",
            vector_lines("m", put_in, order.average, average),
        ),
        Step(
            "The averaging network's logits",
            "y = m A + v",
            _logit_lines(
                order.average, network.average.kernel, network.average.bias, order.average_logits, logits
            ),
        ),
    ]


def _recurrent_blocks(network: SmallNetwork, order: Order, answered: Array) -> list[Block]:
    last, states = len(order.tokens), enumerate(order.states.tolist(), start=1)
    rows = [(f"h_{t} {word}", tuple(h)) for word, (t, h) in zip(order.tokens, states, strict=True)]
    kernel, bias = network.output.kernel, network.output.bias
    return [
        Matrix(
            f"The recurrent network's states while it reads {order.quoted}",
            tuple(f"h[{j}]" for j in range(1, order.states.shape[1] + 1)),
            tuple(rows),
        ),
        Step(
            "The recurrent network's logits",
            f"y = h_{last} V + v",
            _logit_lines(order.states[-1], kernel, bias, order.logits, answered),
        ),
    ]


def _logit_lines(read: Array, kernel: Array, bias: Array, logits: Array, answered: Array) -> tuple[Line, ...]:
    put_in = [plus(dot(read, column), b) for column, b in zip(kernel.T, bias, strict=True)]
    together = zip(CLASSES, put_in, logits, answered, strict=True)
    return tuple(Line(f"y[{c}]", text, float(a), float(b)) for c, text, a, b in together)


def _compared(network: SmallNetwork, orders: tuple[Order, Order]) -> Table:
    def row(name: str, logits: Sequence[Array]) -> tuple[str | float, ...]:
        first, second = (float(softmax(each[None])[0, 0]) for each in logits)
        return (name, first, second, abs(first - second))

    return Table(
        f"Probability of class {CLASSES[0]}: the average gives one answer to both orders, the recurrence two",
        ("network", *(order.quoted for order in orders), "difference"),
        (
            row("average", [order.average_logits for order in orders]),
            row(network.cell, [order.logits for order in orders]),
        ),
    )
