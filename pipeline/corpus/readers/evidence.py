"""How likely a column is the label: what its name says, and how its values are spread over the records."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

from pipeline.corpus.readers.column_facts import MOST_GRADES, NEARLY_ALL, RECORDS_A_CLASS, ColumnFacts
from pipeline.corpus.readers.column_names import names_label, names_situation, names_what_may_be_a_label

_CODE = re.compile(r"[A-Za-z]{1,3}[0-9]+")  # of a source or a place: gj04
YES_OR_NO = {"yes", "no", "y", "n", "true", "false"}


def likelihood(name: str, facts: ColumnFacts) -> float:
    """Return how much speaks for a column as the label; of two, the one with more is likelier."""
    return sum(weight * measure(name, facts) for measure, weight in EVIDENCE)


def by_name(name: str, facts: ColumnFacts) -> float:
    """Return how much a name speaks for a label: 1 for one of a label, 0 for one of where the record is from."""
    if names_label(name):
        return 1.0
    if names_what_may_be_a_label(name):
        return 0.7
    return 0.0 if names_situation(name) else 0.4


def by_classes(name: str, facts: ColumnFacts) -> float:
    """Return how well the number of classes fits the number of documents: many of each, and not many classes."""
    count = max(facts.n_distinct, 1)
    documents = min(len(facts.filled) / count / RECORDS_A_CLASS, 1.0)
    return documents * min(MOST_GRADES / count, 1.0)


def evenness(name: str, facts: ColumnFacts) -> float:
    """Return the entropy of the values as a share of the most that so many could have, in tenths."""
    counts = Counter(facts.sample)
    if len(counts) < 2:
        return 0.0
    shares = [count / len(facts.sample) for count in counts.values()]
    return round(-sum(share * math.log(share) for share in shares) / math.log(len(counts)), 1)


def by_type(name: str, facts: ColumnFacts) -> float:
    """Return how much the kind of values speaks for classes: words most, numbers less, codes and yes and no least."""
    if facts.is_numeric:
        return 0.5
    if facts.share_of(_CODE) >= NEARLY_ALL:
        return 0.2
    return 0.0 if {cell.strip().lower() for cell in facts.sample} <= YES_OR_NO else 1.0


# What speaks for a column, between 0 and 1, and how much it counts.
EVIDENCE: tuple[tuple[Callable[[str, ColumnFacts], float], float], ...] = (
    (by_name, 3.0),
    (lambda name, facts: facts.share_filled, 2.0),
    (by_classes, 2.0),
    (evenness, 1.0),
    (by_type, 1.0),
)
