"""Which column of an input holds the text, and which the labels, if one does: as typed, else as in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen
from pipeline.core.wording import quoted
from pipeline.corpus.asked.columns import ColumnOptions, text_parts
from pipeline.corpus.asked.cut import Cut, read_cut
from pipeline.corpus.readers.forms import in_some_form
from pipeline.corpus.readers.label_spelling import spelled_alike
from pipeline.corpus.readers.named_columns import called_so, check_column, holds_lists
from pipeline.corpus.readers.records import RawTable
from pipeline.predict.rows import Rows

NOT_DECODED = "bytes that cannot be read in the file's encoding"
NO_TEXT = "there is no text"
NESTED = "a list or an object in the place of a text"


@dataclass(frozen=True)
class Trained:
    """What a run knows of its corpus's columns: as options say them, and the classes that were renamed."""

    text: str = ""
    label: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Documents:
    """Rows with their texts, and their labels where there are some."""

    rows: Rows
    texts: pl.Series  # string (N,), "" where there is none
    labels: pl.Series | None  # string (N,)
    broken: Mapping[int, str]  # why a row cannot be answered, by its place


@dataclass(frozen=True)
class Choice:
    """The columns of an input, settled on its first rows."""

    text: str
    label: str | None
    options: ColumnOptions
    renamed: Mapping[str, str]
    cut: Cut | None

    def of(self, rows: Rows) -> Documents:
        """Return the texts and labels of rows that have these columns."""
        table = rows.table
        missing = [name for name in (self.text, self.label) if name and name not in table.cells.columns]
        if missing and len(text_parts(self.options.text, table.cells.columns)) < 2:
            table = replace(
                table, cells=table.cells.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
            )
        joined, _ = self.options.joined(table)
        texts, unread = _plain(joined, self.text, rows.typed)
        reasons = {
            NO_TEXT: texts.is_null() & ~unread,
            NESTED: unread,
            NOT_DECODED: pl.Series(joined.is_undecodable(self.text)),
        }
        broken = {place: why for why, those in reasons.items() for place in those.arg_true().to_list()}
        return Documents(
            rows, texts.fill_null("").alias("text"), self._labels(table), broken | dict(rows.broken)
        )

    def _labels(self, table: RawTable) -> pl.Series | None:
        if self.label is None:
            return None
        cells = table.cells[self.label]
        if holds_lists(table, self.label):
            cells, _ = in_some_form(cells, "label")
        cells, _ = spelled_alike(cells)
        if self.cut is None:
            return cells.replace(dict(self.renamed))
        cut = self.cut.classes(cells)
        return cut.zip_with(
            cut.is_not_null(), cells
        )  # what is no number is told as a label that is not known


def _plain(table: RawTable, name: str, typed: pl.DataFrame | None) -> tuple[pl.Series, pl.Series]:
    """Return the texts of a column, lists of words and objects with one text read as these; and which cannot be."""
    cells = table.cells[name]
    if name not in table.nested:
        return cells, pl.repeat(False, len(cells), dtype=pl.Boolean, eager=True)
    read, unread = in_some_form(cells, "text")
    if typed is not None and name in typed.columns:
        unread |= cells.is_null() & typed[name].is_not_null()  # such as a list of numbers
    return read, unread


def choose_columns(rows: Rows, name: str, asked: ColumnOptions, trained: Trained) -> Choice:
    """Return which columns hold text and label.

    Raises
    ------
    PipelineError
        If a column that was named is not there, or none is called as in training and several could be the text.
    """
    table = rows.table
    options = replace(asked, text=asked.text or _as_trained(table, trained.text))
    joined, named_text = options.joined(table)
    text = _text(joined, name, named_text, asked, trained)
    label = asked.label or trained.label
    cut = None if label in table.cells.columns else read_cut(label)
    column = _label(table, cut.column if cut else label, asked=asked.label is not None)
    if column is not None and column == text:
        raise PipelineError(
            "label-is-the-text",
            "--label",
            f'"{column}" is also the text column',
            "name two different columns",
        )
    renamed = {} if asked.label else trained.renamed
    return Choice(text, column, options, renamed, cut if column else None)


def _as_trained(table: RawTable, names: str) -> str | None:
    """Return the text columns of training, as `--text` says them, where the input has more than one of them."""
    parts = text_parts(names, table.cells.columns)
    return names if len(parts) > 1 and {*parts} <= {*table.cells.columns} else None


def _text(table: RawTable, name: str, named_text: str | None, asked: ColumnOptions, trained: Trained) -> str:
    columns = table.cells.columns
    if named_text is not None:
        text = named_text if named_text in columns else check_column(table, named_text, "--text")
    elif table.text_column is not None:
        text = table.text_column
    elif len(columns) == 1:
        text = columns[0]
    else:
        found = called_so(table, Chosen(trained.text)) if trained.text else None
        if found is None:
            known = f' "{trained.text}", as in training' if trained.text else " that is named"
            what = f"it has no text column{known}"
            raise PipelineError(
                "no-text-column", name, what, f"name it with --text: its columns are {quoted(columns)}"
            )
        text = found.column
    return text


def _label(table: RawTable, label: str, *, asked: bool) -> str | None:
    if asked:
        return check_column(table, label, "--label")
    if table.label_column is not None or not label:
        return table.label_column
    found = called_so(table, Chosen(label))
    return None if found is None else found.column
