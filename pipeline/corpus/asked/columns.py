"""`--text title,body`: several columns as one text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.lists import names_in
from pipeline.core.reading import Chosen
from pipeline.core.wording import quoted
from pipeline.corpus.asked.cut import Cut, cut_labels, read_cut
from pipeline.corpus.readers.columns import Columns, choose_columns, label_like
from pipeline.corpus.readers.named_columns import called_so, check_column
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import Ask

BETWEEN = "\n\n"  # the parts of a text: a blank line, which no token crosses


@dataclass(frozen=True, eq=False)
class ChosenColumns:
    """A file's table with one text and one label column, and where the label is cut."""

    table: RawTable
    columns: Columns
    cut: Cut | None = None

    @property
    def labels(self) -> pl.Series:
        """The label column, string (n_records,)."""
        return self.table.cells[self.columns.label.column]


@dataclass(frozen=True)
class ColumnOptions:
    """`--text` and `--label` as they were typed."""

    text: str | None = None
    label: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of a column that the options may mean: a first line that holds one is a header.

        >>> ColumnOptions("title,body", "stars>3").names
        ('title', 'body', 'stars', 'title,body', 'stars>3')
        >>> ColumnOptions("1,2", "3>0").names
        ('1', '2', '3')
        """
        cut = read_cut(self.label) if self.label else None
        labels = [cut.column] if cut else [self.label] if self.label else []
        columns = [*(names_in(self.text) if self.text else []), *labels]
        whole = [name for name in (self.text, self.label) if name and name not in columns]
        by_number = all(name.isdigit() for name in columns)  # a file without a header has no such long names
        return tuple(columns if by_number else [*columns, *whole])

    def names_beside(self, training: RawTable) -> tuple[str, ...]:
        """Return the names of columns that a test or validation file may have: those of the training file too."""
        return (*self.names, *training.cells.columns)

    def choose(self, table: RawTable, ask: Ask | None = None) -> ChosenColumns:
        """Return the columns of the training file: those that were named, else those that are found.

        Raises
        ------
        PipelineError
            As of `choose_columns`, `join_text_columns` and `cut_labels`.
        """
        cut = None if self.label is None or self.label in table.cells.columns else read_cut(self.label)
        name = cut.column if cut else self.label
        asked = f'--label "{self.label}"' if cut else "--label"
        text = None if self.text is None else Chosen(self.text, "--text")
        return _chosen(table, text, None if name is None else Chosen(name, asked), cut, ask)

    def choose_as(self, table: RawTable, training: ChosenColumns, ask: Ask | None = None) -> ChosenColumns:
        """Return the columns of a test or validation file: called as in training, else found anew."""
        text, label = called_so(table, training.columns.text), label_like(table, training.columns)
        if len(text_parts(self.text, table.cells.columns)) > 1:
            text = training.columns.text
        return _chosen(table, text, label, training.cut, ask)

    def joined(self, table: RawTable) -> tuple[RawTable, str | None]:
        """Return the table with the text that was named as one column of it, and its name.

        The columns of a file without labels are joined where it has one of them; else its text is found anew.
        """
        parts = text_parts(self.text, table.cells.columns)
        if len(parts) > 1 and {*parts} & {*table.cells.columns}:
            table = join_text_columns(table, parts, str(self.text), None)
        return table, parts[0] if len(parts) == 1 else self.text


def _chosen(
    table: RawTable, text: Chosen | None, label: Chosen | None, cut: Cut | None, ask: Ask | None
) -> ChosenColumns:
    parts = [] if text is None else text_parts(text.column, table.cells.columns)
    if text is not None and len(parts) > 1:
        if label is not None:
            check_column(table, label.column, "--label")  # while all columns can be named
        table = join_text_columns(table, parts, text.column, None if label is None else label.column)
    elif text is not None and parts:
        text = replace(text, column=parts[0])
    columns = choose_columns(table, text, label, ask)
    table = columns.table
    return ChosenColumns(table if cut is None else cut_labels(table, columns.label.column, cut), columns, cut)


def join_text_columns(table: RawTable, parts: Sequence[str], name: str, label: str | None) -> RawTable:
    """Return the table with `parts` as one column, called `name`. Parts without text are passed over.

    Raises
    ------
    PipelineError
        A part that the table has not, that stands in the list twice, or that is the label.
    """
    parts = [check_column(table, part, "--text") for part in parts]
    twice = [part for part in parts if parts.count(part) > 1]
    if twice or label in parts:
        what = f'"{twice[0]}" stands twice in "{name}"' if twice else f'"{label}" is also part of the text'
        raise PipelineError("named-twice", "--text", what, "name each column once")
    cells = table.cells.with_columns(_joined(parts).alias(name)).drop(parts)
    said = f"{table.file}: the text is columns {quoted(parts)}, joined with a blank line between"
    others = {column: damaged for column, damaged in table.undecodable.items() if column not in parts}
    damage = {**others, name: table.is_undecodable(*parts)}
    return replace(table, cells=cells, undecodable=damage, assumptions=(*table.assumptions, said))


def text_parts(asked: str | None, columns: Collection[str]) -> list[str]:
    """Return the columns that `--text` names: the one that is called so, else those of the list."""
    if asked is None:
        return []
    return [asked] if asked in columns else names_in(asked)


def _joined(names: Sequence[str]) -> pl.Expr:
    has_text = [pl.col(name).str.strip_chars().str.len_bytes() > 0 for name in names]
    parts = [pl.when(has).then(pl.col(name)) for has, name in zip(has_text, names, strict=True)]
    joined = pl.concat_str(parts, separator=BETWEEN, ignore_nulls=True)
    return pl.when(pl.any_horizontal(pl.col(names).is_not_null())).then(joined)
