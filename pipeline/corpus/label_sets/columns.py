"""Which columns say the labels of a document: by their names, else by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.core.errors import PipelineError
from pipeline.core.lists import names_in
from pipeline.core.reading import Chosen
from pipeline.core.wording import quoted
from pipeline.corpus.label_sets.cells import Sets, is_yes_or_no, of_columns, of_lists, of_words, sign_between
from pipeline.corpus.readers.column_names import names_label, names_text
from pipeline.corpus.readers.named_columns import called_so, check_column, holds_lists, written_name
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import Unsettled

JOINED = "labels"  # what the column is called that several are read as
SHOWN = 6  # names of columns


@dataclass(frozen=True)
class LabelColumns:
    """The columns of a file that say the labels, and how they were chosen; several are yes or no each."""

    names: tuple[str, ...]
    how: str
    sign: str | None = None  # between labels of one column; None: lists, or a column a label

    @property
    def called(self) -> str:
        """What they are called as one column."""
        return self.names[0] if len(self.names) == 1 else JOINED


def label_columns(table: RawTable, asked: str | None, texts: Sequence[str] = ()) -> LabelColumns:
    """Return the columns of the labels: those that `--label` names, else those that are found.

    Parameters
    ----------
    table : RawTable
    asked : str, optional
        One column, or several with commas, which are yes or no each.
    texts : sequence of str
        Columns that are the text.

    Raises
    ------
    PipelineError
        A column that the file has not, or none that holds labels.
    """
    if asked is not None:
        return _named(table, asked)
    beside = [name for name in table.cells.columns if name not in texts and not _is_text(table, name)]
    lists = [name for name in beside if holds_lists(table, name)]
    called = [name for name in lists if names_label(written_name(table, name))]
    for found, how in ((called, "by its name"), (lists, "the only one with lists")):
        if len(found) == 1:
            return LabelColumns((found[0],), how)
        if len(found) > 1:
            raise _several(table, found)
    answers = [name for name in beside if is_yes_or_no(table.cells[name])]
    if len(answers) > 1:
        return LabelColumns(tuple(answers), "0 or 1 in each")
    words = [name for name in beside if names_label(written_name(table, name))]
    if len(words) == 1:
        return _of_words(table, words[0], "by its name")
    if len(words) > 1:
        raise _several(table, words)
    what = f"no column holds lists of labels, 0 and 1 for each label, or is called a label: {quoted(beside[:SHOWN])}"
    raise PipelineError("no-label-column", table.file, what, "name the column of the labels with --label")


def columns_like(table: RawTable, training: LabelColumns) -> LabelColumns:
    """Return the columns of a test or validation file, called as those of the training file.

    Raises
    ------
    PipelineError
        If one is not there: documents cannot be scored without it.
    """
    found = [called_so(table, Chosen(name)) for name in training.names]
    absent = [name for name, one in zip(training.names, found, strict=True) if one is None]
    if absent:
        what = f"there is no column {quoted(absent[:SHOWN])}, which the corpus has its labels in"
        raise PipelineError(
            "no-label-column",
            table.file,
            f"{what}: a file without labels cannot be scored",
            "give one with labels",
        )
    return replace(training, names=tuple(one.column for one in found if one is not None))


def read_sets(table: RawTable, columns: LabelColumns) -> Sets:
    """Return the labels of each record as one cell."""
    if len(columns.names) > 1:
        return of_columns(table.cells, columns.names)
    cells = table.cells[columns.names[0]]
    return of_lists(cells) if columns.sign is None else of_words(cells, columns.sign)


def _named(table: RawTable, asked: str) -> LabelColumns:
    whole = asked in table.cells.columns
    names = [asked] if whole else names_in(asked)
    names = [check_column(table, name, "--label") for name in names]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise PipelineError(
            "named-twice", "--label", f'"{twice[0]}" stands twice in "{asked}"', "name each column once"
        )
    if len(names) > 1:
        return LabelColumns(tuple(names), "--label")
    if holds_lists(table, names[0]):
        return LabelColumns((names[0],), "--label")
    if is_yes_or_no(table.cells[names[0]]):
        what = f'column "{names[0]}" is 0 or 1: one label alone'
        raise PipelineError(
            "no-label-column", "--label", what, "name all columns of labels, as in --label art,war,sport"
        )
    return _of_words(table, names[0], "--label")


def _of_words(table: RawTable, name: str, how: str) -> LabelColumns:
    sign = sign_between(table.cells[name].to_list())
    return LabelColumns((name,), how, sign or ";")


def _is_text(table: RawTable, name: str) -> bool:
    return names_text(written_name(table, name)) and not names_label(written_name(table, name))


def _several(table: RawTable, names: Sequence[str]) -> Unsettled:
    return Unsettled(table.file, "label", {name: tuple(table.facts(name).examples()) for name in names})
