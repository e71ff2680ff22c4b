"""The same words in another order: an average is the same, a recurrent network's answer is not."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.small import CLASSES, SmallNetwork, by_class, read
from pipeline.interpret.explain.written import Numbers, numbers, values
from pipeline.models.equations.output import softmax


def other_order(keys: Sequence[Hashable]) -> tuple[int, ...] | None:
    """Return the places of what is read in another order: from last to first, else the first put at the end.

    None where every order is the same.

    >>> other_order(["dog", "bites", "man"]), other_order(["a", "b", "a"]), other_order(["a", "a"])
    ((2, 1, 0), (1, 2, 0), None)
    """
    places = tuple(range(len(keys)))
    orders = (places[::-1], places[1:] + places[:1])
    return next((order for order in orders if [keys[place] for place in order] != list(keys)), None)


def begin(book: Notebook, part: str, read: Sequence[Hashable], all_the_same: str) -> tuple[int, ...] | None:
    """Begin the section and return the other order of what is read; where there is none, note why."""
    book.section("The same words in another order", part)
    other = other_order(read)
    if other is None:
        why = "There is one word" if len(read) == 1 else all_the_same
        book.say(f"{why}, so there is no other order to compare with.")
    return other


def note_orders(book: Notebook, network: SmallNetwork, tokens: Sequence[str], part: str) -> None:
    """Note the closing section: both networks with the words in two orders."""
    other = begin(book, part, tokens, "All words are the same")
    if other is None:
        return
    orders = [list(tokens), [tokens[place] for place in other]]
    quoted = [f'"{" ".join(order)}"' for order in orders]
    book.say(
        f"{quoted[1]} has the same words as {quoted[0]}. A network that averages the words' vectors cannot tell them "
        "apart: a sum does not know the order of its terms. The recurrent network can, because each state is made "
        "from the state before."
    )
    inputs = [f"m[{i}]" for i in range(1, len(network.average[0]) + 1)]
    book.matrix("A, from the average to the classes; the biases are v", CLASSES, inputs, network.average[0])
    averages = [_note_average(book, network, order) for order in orders]
    recurrent = [_note_recurrent(book, network, order) for order in orders]
    rows = []
    for name, both in (("average", averages), (network.cell, recurrent)):
        first, second = (float(softmax(values(logits)[None])[0, 0]) for logits in both)
        rows.append((name, first, second, abs(first - second)))
    book.table(
        f"Probability of class {CLASSES[0]}: the average gives one answer to both orders, the recurrence two",
        ("network", *quoted, "difference"),
        rows,
    )


def _note_average(book: Notebook, network: SmallNetwork, order: Sequence[str]) -> Numbers:
    inputs = numbers(network.vectors(order))  # (T, D)
    words = f'The average of the vectors of "{" ".join(order)}"'
    average = book.step(words, "m = (x_1 + .. + x_T) / T", inputs.sum(axis=0) / len(order))
    kernel, bias = map(numbers, network.average)
    words = "The averaging network's logits"
    return book.step(words, "y = m A + v", average @ kernel + bias, place=by_class)


def _note_recurrent(book: Notebook, network: SmallNetwork, order: Sequence[str]) -> Numbers:
    aside = Notebook()
    read(network, order, aside, "")
    states = [aside.known[f"h_{t}"] for t in range(1, len(order) + 1)]
    book.matrix(
        f'The recurrent network\'s states while it reads "{" ".join(order)}"',
        [f"h[{j}]" for j in range(1, len(states[0]) + 1)],
        [f"h_{t} {word}" for t, word in enumerate(order, start=1)],
        np.stack([values(state) for state in states]),
    )
    kernel, bias = map(numbers, network.output)
    words = "The recurrent network's logits"
    return book.step(words, f"y = h_{len(order)} V + v", states[-1] @ kernel + bias, place=by_class)
