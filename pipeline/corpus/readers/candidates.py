"""Which columns could be the text or the label, and in words why the others could not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.corpus.readers.column_facts import FEW, ColumnFacts, why_no_label, why_no_text
from pipeline.corpus.readers.column_names import FIRST_CHOICES, about, names_label, normalised_name
from pipeline.corpus.readers.named_columns import (
    holds_lists,
    is_unreadable,
    nested_words,
    with_plain_cells,
    written_name,
)
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import SHOWN, Unsettled

MOSTLY = 0.8  # of the records, at least, have a text in the column of texts where another one would do
LEAST_VARIED = 0.05  # distinct texts a record: fewer are stock answers
FEWEST_WORDS = 2.0  # more, in the mean, make a text of its own that may be joined to another one


def columns_beside(table: RawTable, taken: Sequence[str]) -> list[str]:
    """Return the columns that are not taken."""
    return [name for name in table.cells.columns if name not in taken]


def no_label(table: RawTable, name: str) -> str:
    """Return in words why a column is not the label, empty where it may be."""
    if is_unreadable(table, name, "label"):
        return nested_words(table, name)
    written, facts = written_name(table, name), plain_facts(table, name, "label")
    return about(written) or why_no_label(facts, named=names_label(written))


def no_text(table: RawTable, name: str) -> str:
    """Return in words why a column is not the text, empty where it may be."""
    if is_unreadable(table, name, "text"):
        return nested_words(table, name)
    return about(written_name(table, name)) or why_no_text(table.facts(name))


def plain_facts(table: RawTable, name: str, role: str) -> ColumnFacts:
    """Return what the cells of a column say once lists and objects in it are read as strings."""
    if not holds_lists(table, name):
        return table.facts(name)
    return with_plain_cells(table, name, role)[0].facts(name)


def is_varied(facts: ColumnFacts) -> bool:
    """Whether a column holds more than stock answers."""
    return len(facts.filled) < FEW or facts.share_distinct >= LEAST_VARIED


def is_full_text(table: RawTable, name: str) -> bool:
    """Whether nearly every record has a text of several words of its own in a column."""
    facts = table.facts(name)
    return (
        facts.share_filled > MOSTLY
        and facts.has_more_words(FEWEST_WORDS)
        and is_varied(facts)
        and not facts.is_marked_up
    )


def best_named(table: RawTable, names: list[str]) -> list[str]:
    """Return the one of `FIRST_CHOICES` alone, where one is, else all."""
    first = [name for name in names if is_first_choice(table, name)]
    return first if len(first) == 1 else names


def is_first_choice(table: RawTable, name: str) -> bool:
    """Whether a column is called as one of `FIRST_CHOICES`."""
    return normalised_name(written_name(table, name)) in FIRST_CHOICES


def reasons(table: RawTable, names: Sequence[str], why: Callable[[RawTable, str], str]) -> str:
    """Return some columns, each with why it is not what was looked for."""
    shown = [f'"{name}" ({why(table, name)})' for name in names[:SHOWN]]
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(shown) + more


def unsettled(table: RawTable, tied: Sequence[str], role: str) -> Unsettled:
    """Return the question which of several columns it is."""
    examples = {name: tuple(plain_facts(table, name, role).examples()) for name in tied}
    return Unsettled(table.file, role, examples)
