"""What an example has computed beside TensorFlow's own answers: a row a quantity, and the sentence that sums up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.clean import plural
from pipeline.interpret.explain.answers import Quantities
from pipeline.interpret.explain.notebook import Notebook
from pipeline.report.page.blocks import Table, numbers, row, words

LIMIT = 1e-9  # a larger difference from TensorFlow is a fault
MEANINGS = {
    "h_t": "the states",
    "c_t": "the cells",
    "y": "the logits",
    "p": "the probabilities",
    "L": "the loss",
    "y_t": "the logits of each word",
    "p_t": "the probabilities of each word",
    "L_t": "the loss of each word",
    "dL/dh_t": "what reaches the states",
    "dL/dc_t": "what reaches the cells",
    "dL/dx_t": "what reaches the words",
    "P_t": "the products of the Jacobians",
}


@dataclass(frozen=True)
class Comparison:
    """How far one quantity lies from TensorFlow's."""

    name: str
    count: int  # of its numbers
    difference: float  # the largest


def compare(ours: Quantities, tensorflow: Quantities) -> tuple[Comparison, ...]:
    """Return the comparison of every quantity that TensorFlow computed.

    Raises
    ------
    ValueError
        If one is absent here, or has another shape.
    """
    return tuple(_compare(name, ours.get(name, np.zeros(0)), answer) for name, answer in tensorflow.items())


def _compare(name: str, ours: np.ndarray, answer: np.ndarray) -> Comparison:
    if np.shape(ours) != np.shape(answer):
        raise ValueError(f"{name}: {np.shape(ours)} here, {np.shape(answer)} in TensorFlow")
    return Comparison(name, int(np.size(answer)), float(np.abs(np.subtract(ours, answer)).max(initial=0)))


def closing_section(book: Notebook, compared: tuple[Comparison, ...]) -> None:
    """Note the table of comparisons."""
    book.section("TensorFlow's own answers", "The check")
    book.say(
        "The same network of Keras' own cell computed the same once more, and tf.GradientTape its gradients: for each "
        "quantity the largest difference between a number above and TensorFlow's (float64)."
    )
    rows = tuple(
        row(
            one.name,
            MEANINGS.get(one.name, "its gradient"),
            f"{one.count:,}",
            shown_difference(one.difference),
        )
        for one in compared
    )
    columns = (*words("quantity", "what it is"), *numbers("numbers", "largest difference"))
    book.show(Table("Compared with TensorFlow", columns, rows))


def conclusion(compared: tuple[Comparison, ...]) -> tuple[str, bool]:
    """Return how many numbers were compared and the largest difference, and whether it is one of rounding alone."""
    worst = max(compared, key=lambda one: np.nan_to_num(one.difference, nan=np.inf))
    count, difference = sum(one.count for one in compared), shown_difference(worst.difference)
    told = f"{plural(count, 'number')} compared with TensorFlow's (float64)"
    if worst.difference <= LIMIT:  # what is no number is not
        return f"{told}: the largest difference is {difference}, in {worst.name}.", True
    return (
        f"TENSORFLOW DISAGREES. {told}: the difference in {worst.name} is {difference},"
        f" and at most {LIMIT:g} is rounding. Do not trust this page."
    ), False


def shown_difference(difference: float) -> str:
    """Return a difference with one digit: 0 only where there is none at all.

    >>> shown_difference(0.0), shown_difference(5.6e-17)
    ('0', '6e-17')
    """
    return f"{difference:.0e}" if difference else "0"
