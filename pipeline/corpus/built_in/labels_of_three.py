"""`labels-apart` and `labels-together`: the same words, and labels that the words leave open, alone or bound together.

Four labels are told by their words. Of three more, `red`, `green` and `blue`, no word tells which is right: each is on
a third of the documents. In `labels-apart` they have nothing to do with each other; in `labels-together` exactly one of
them is right. So each label alone is as likely, whatever a document holds, in both corpora, and only their sets differ.

What is best can be worked out. F1 of all labels (micro F1) and the Hamming loss see each label alone: to give none of
the three is best in both, with micro F1 of 80 %. Exact sets see them together: apart, none of the three is right in
8 of 27 documents (29.6 %), and nothing is better. Together, whoever judges each label alone has no set right or relies
on luck, and whoever always gives one and the same of the three has a third of them (33.3 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl

from pipeline.corpus.readers.records import RawTable, none_of

N_DOCS, SEED = 3_000, 20110
WORDS = {
    "art": ("canvas", "poem", "statue", "melody"),
    "law": ("judge", "verdict", "clause", "appeal"),
    "sea": ("harbour", "anchor", "current", "sailor"),
    "war": ("siege", "trench", "truce", "cannon"),
}
OPEN = ("red", "green", "blue")
FILLERS = ("the", "of", "a", "to", "in", "it", "was", "for", "on", "with", "from", "by", "at", "or", "near")
N_FILLERS = 8


@dataclass(frozen=True)
class Best:
    """What can be reached: micro F1, and exact sets by judging each label alone and by judging them together."""

    micro_f1: Fraction
    exact_alone: Fraction
    exact_together: Fraction


# A document has two labels that words tell, and one of the open ones, on average: 2 x 2 / (3 + 2) = 4 / 5.
BEST = {
    "labels-apart": Best(Fraction(4, 5), Fraction(8, 27), Fraction(8, 27)),
    "labels-together": Best(Fraction(4, 5), Fraction(0), Fraction(1, 3)),
}


def make_documents(*, together: bool, n_docs: int = N_DOCS, seed: int = SEED) -> list[tuple[str, list[str]]]:
    """Return texts with their labels; the texts are the same ones in both corpora."""
    generator, chance = np.random.default_rng(seed), np.random.default_rng([seed, 1 + together])
    found = []
    for _ in range(n_docs):
        told = [label for label in WORDS if generator.random() < 0.5]
        words = [str(generator.choice(WORDS[label])) for label in told]
        words += [str(word) for word in generator.choice(FILLERS, N_FILLERS)]
        text = " ".join(generator.permutation(words).tolist())
        open_ones = (
            [OPEN[int(chance.integers(3))]]
            if together
            else [label for label in OPEN if chance.integers(3) == 0]
        )
        found.append((text, told + open_ones))
    return found


def read_labels_apart() -> RawTable:
    """Return the corpus whose open labels have nothing to do with each other."""
    return _table("labels-apart", together=False)


def read_labels_together() -> RawTable:
    """Return the corpus in which exactly one of the open labels is right."""
    return _table("labels-together", together=True)


def _table(name: str, *, together: bool) -> RawTable:
    documents = make_documents(together=together)
    cells = {
        "text": [text for text, _ in documents],
        "labels": [str(labels).replace("'", '"') for _, labels in documents],
    }
    return RawTable(
        file=name,
        cells=pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String)),
        wrong_fields=none_of(len(documents)),
        assumptions=(f"{name}: made in memory; what the best answer reaches is known",),
        nested=frozenset(("labels",)),
    )
