"""The worked example of a small network: one answer after the last word, or one for each word."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.models import EACH, LAST
from pipeline.interpret.explain.answers import ask_tensorflow
from pipeline.interpret.explain.compared import closing_section, compare, conclusion
from pipeline.interpret.explain.each_word import EachWord, right_tags
from pipeline.interpret.explain.pencil import Pencil
from pipeline.interpret.explain.small import LABEL, small_network
from pipeline.report.page.blocks import Example

ROUNDING = (
    "Numbers are rounded to four significant digits where they are shown (one with fewer is exact) and computed with "
    "all of them (float64), so a line that is computed again from what is shown may differ in the last digit. What "
    "is below 1e-15 is shown as 0."
)


def pencil_example(
    text: str, tokens: Sequence[str], cell: str, units: int, *, each_word: bool = False
) -> Example:
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
    each_word : bool
        Whether it answers each word, and not the document after its last one.
    """
    network = small_network(cell, units, tokens)
    pencil = EachWord(network, tokens) if each_word else Pencil(network, tokens)
    pencil.work()
    label, head = (right_tags(len(tokens)), EACH) if each_word else (LABEL, LAST)
    answers = ask_tensorflow(cell, network.weights, network.output, network.vectors(tokens), label, head)
    compared = compare(pencil.quantities(), answers)
    closing_section(pencil.book, compared)
    lead = (
        f"A {pencil.page.name} ({cell}) with {units} units reads {_words(tokens)}"
        f"{' and tags each of them' if each_word else ''}: forward, the loss, back through "
        f"time, and how each state depends on the one before. {ROUNDING}"
    )
    title = f'"{text}", step by step'
    return Example(title, lead, pencil.book.sections(), *conclusion(compared))


def _words(tokens: Sequence[str]) -> str:
    """Return the words as a sentence names them."""
    listed = ", ".join(f'"{token}"' for token in tokens)
    return f"the one word {listed}" if len(tokens) == 1 else f"the {len(tokens)} words {listed}"
