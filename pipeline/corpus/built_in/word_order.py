"""`word-order`: who did what to whom, the label being the kind of being that acts.

Each sentence has a twin with its two nouns exchanged and the other label. Both nouns stand between the same
two words, so a sentence and its twin hold the same words and the same neighbouring pairs: a bag of 1-2-grams
gives both the same prediction and is right on exactly half of the documents. Only what keeps the order of the
nouns across the words between them can tell the twins apart.

`python -m pipeline.corpus.built_in.word_order OUT.csv` writes the corpus as a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.corpus.readers.records import RawTable, none_of

N_PAIRS, SEED = 2000, 20060

ANIMALS = (
    "badger", "bear", "camel", "cat", "cow", "crow", "deer", "dog", "donkey", "duck", "fox", "goat",
    "goose", "hare", "horse", "lion", "monkey", "otter", "owl", "pig", "rabbit", "raven", "sheep", "swan",
    "tiger", "wolf",
)  # fmt: skip
PERSONS = (
    "baker", "barber", "captain", "carpenter", "child", "clerk", "cook", "dancer", "doctor", "farmer",
    "gardener", "guard", "judge", "lawyer", "miner", "nurse", "painter", "pilot", "plumber", "poet",
    "sailor", "singer", "student", "tailor", "teacher", "waiter",
)  # fmt: skip
VERBS = (
    "admired", "avoided", "believed", "called", "chased", "caught", "feared", "followed", "found",
    "greeted", "heard", "helped", "ignored", "joined", "liked", "missed", "noticed", "passed",
    "remembered", "saw", "startled", "surprised", "trusted", "visited", "warned", "watched",
)  # fmt: skip
BEFORE_NOUN = (
    "the", "this", "that", "one", "every", "another", "some", "each", "my", "your", "his", "her", "our",
    "their",
)  # fmt: skip
AFTER_NOUN = (
    "outside", "nearby", "upstairs", "downstairs", "indoors", "alone", "again", "today", "here", "there",
    "below", "too",
)  # fmt: skip
OPENINGS = (
    "", "", "yesterday", "in the morning", "last winter", "late at night", "on monday", "as usual",
    "during the storm", "just before dinner", "a long time ago", "on the way home",
)  # fmt: skip
BEFORE_VERB = (
    "", "", "often", "quietly", "never really", "once again", "almost always", "only just",
    "for some reason", "without any warning", "once or twice", "very slowly and carefully",
)  # fmt: skip
AFTER_VERB = (
    "", "", "twice", "often", "at last", "at once", "now and then", "with great care",
    "for no reason", "from a distance", "for a long while", "with hardly a sound",
)  # fmt: skip
CLOSINGS = (
    "", "", "of course", "before the rain came", "near the river", "behind the old mill", "in the garden",
    "until it was dark", "at the end of the road", "while nobody looked",
)  # fmt: skip


def make_sentences(n_pairs: int = N_PAIRS, seed: int = SEED) -> list[tuple[str, str]]:
    """Return (text, label) of `n_pairs` twins, each twin next to the other; all texts are distinct."""
    generator = np.random.default_rng(seed)
    seen: set[str] = set()
    rows: list[tuple[str, str]] = []
    while len(rows) < 2 * n_pairs:
        pair = _twins(generator)
        if seen.isdisjoint(text for text, _ in pair):
            seen.update(text for text, _ in pair)
            rows.extend(pair)
    return rows


def read_word_order() -> RawTable:
    """Return the corpus as a table with the columns text and label; `together` numbers the twins."""
    rows = make_sentences()
    return RawTable(
        file="word-order",
        cells=pl.DataFrame(rows, schema={"text": pl.String, "label": pl.String}, orient="row"),
        wrong_fields=none_of(len(rows)),
        assumptions=("word-order: made in memory; twins (nouns exchanged) stay in one split",),
        text_column="text",
        label_column="label",
        together=np.repeat(np.arange(len(rows) // 2, dtype=np.int64), 2),
    )


def _twins(generator: np.random.Generator) -> list[tuple[str, str]]:
    """Return a sentence and the one with its two nouns exchanged, each with the kind of being that acts."""

    def pick(choices: tuple[str, ...]) -> str:
        return choices[int(generator.integers(len(choices)))]

    nouns = {"animal": pick(ANIMALS), "person": pick(PERSONS)}
    kinds = sorted(nouns, reverse=bool(generator.integers(2)))
    opening, before, after = pick(OPENINGS), pick(BEFORE_NOUN), pick(AFTER_NOUN)
    verb = (pick(BEFORE_VERB), pick(VERBS), pick(AFTER_VERB))
    closing = pick(CLOSINGS)
    rows = []
    for actor, other in (kinds, kinds[::-1]):
        acting, acted_on = (f"{before} {nouns[kind]} {after}" for kind in (actor, other))
        rows.append((" ".join(filter(None, (opening, acting, *verb, acted_on, closing))), actor))
    return rows


def write_csv(path: Path) -> None:
    """Write the corpus as a CSV file with the columns text, label and pair (the number of the twins)."""
    table = read_word_order()
    table.cells.with_columns(pair=pl.Series(table.together)).write_csv(path)


if __name__ == "__main__":
    write_csv(Path(sys.argv[1]))
