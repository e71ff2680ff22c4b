"""Whether several files of the same columns are each a class, or have a label of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from pipeline.corpus.readers.candidates import no_label
from pipeline.corpus.readers.column_facts import EMPTY, FEW, SAME_IN_ALL
from pipeline.corpus.readers.column_names import names_label, names_situation, names_text
from pipeline.corpus.readers.entries import PERIODS, words_of
from pipeline.corpus.readers.evidence import YES_OR_NO, evenness
from pipeline.corpus.readers.label_rules import likeliest
from pipeline.corpus.readers.named_columns import written_name
from pipeline.corpus.readers.records import RawTable

CLASS_COLUMN = "label"  # what the class of a file is read into
LEAST_EVEN = 0.5  # evenness of a column that is the label of all files though its name does not say so
AGREE = 0.9  # of the records, at least, have a value in it that every file has
# Names of files that are classes, whatever else their columns hold.
CLASS_WORDS = frozenset((
    "pos", "neg", "positive", "negative", "neutral", "positives", "negatives", "spam", "ham", "fake", "real", "true",
    "false", "good", "bad", "toxic", "clean", "yes", "no", "hate", "offensive", "normal", "happy", "sad", "angry",
    "joy", "fear", "anger", "love", "sarcastic", "serious", "relevant", "irrelevant", "human", "machine", "ai",
))  # fmt: skip


def has_label(table: RawTable, wanted: Sequence[str], files: Sequence[str]) -> bool:
    """Whether a column of files that are read as one is their label.

    It is one that the format or the user names, or one with a label's name that holds labels. Where the files are not
    called as classes, it is also the only one that could be it, if its values are the same in all of them.

    Parameters
    ----------
    table : RawTable
        All files.
    wanted : sequence of str
        Columns that the user names.
    files : sequence of str
        What is its own in the name of each file.
    """
    if table.label_column or len({*wanted} & {*table.cells.columns}) > 1:
        return True
    if any(
        _holds_labels(table, name) for name in table.cells.columns if names_label(written_name(table, name))
    ):
        return True
    if _all_are(files, CLASS_WORDS):
        return False
    could = may_be_labels(table)
    if _all_are(files, PERIODS):
        return bool(could)
    own = [name for name in could if not names_text(name) and not names_situation(name)]
    return len(own) == 1 and _agrees(table, own[0])


def may_be_labels(table: RawTable) -> list[str]:
    """Return the columns that could be the label by what they hold, the likeliest first; none where records are few."""
    enough = len(table.cells) >= FEW
    return likeliest(table, [name for name in table.cells.columns if enough and not no_label(table, name)])


def have_a_class_each(tables: Sequence[RawTable]) -> bool:
    """Whether the records of each file have one label, in a column that is called so, and no other file has it."""
    if not all(CLASS_COLUMN in table.cells.columns for table in tables):
        return False
    labels = [table.cells[CLASS_COLUMN].unique().to_list() for table in tables]
    return all(len(own) == 1 for own in labels) and len({own[0] for own in labels}) == len(tables)


def _holds_labels(table: RawTable, name: str) -> bool:
    """Whether a column with a label's name may be meant; of one that is called so exactly nothing else is read."""
    return name == CLASS_COLUMN or name in table.nested or no_label(table, name) in ("", EMPTY, SAME_IN_ALL)


def _all_are(files: Sequence[str], known: Collection[str]) -> bool:
    words = [word for name in files for word in words_of(name)]
    return bool(words) and all(word in known for word in words)


def _agrees(table: RawTable, name: str) -> bool:
    """Whether a column has the same values in all files, evenly filled and more than yes and no."""
    facts = table.facts(name)
    if {cell.strip().lower() for cell in facts.sample} <= YES_OR_NO or evenness(name, facts) < LEAST_EVEN:
        return False
    shared = set.intersection(
        *({*piece.cells[name].drop_nulls().unique().to_list()} for piece in table.pieces)
    )
    return int(table.cells[name].is_in(pl.Series([*shared], dtype=pl.String).implode()).sum()) >= AGREE * len(
        facts.filled
    )
