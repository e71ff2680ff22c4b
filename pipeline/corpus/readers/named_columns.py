"""Columns as they are named, by a person or in another file; and their cells as plain strings."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen
from pipeline.core.wording import quoted
from pipeline.corpus.readers.column_names import normalised_name
from pipeline.corpus.readers.forms import Form, form_of, is_nested, read_as
from pipeline.corpus.readers.label_spelling import spelled_alike
from pipeline.corpus.readers.records import RawTable

_NUMBERED = re.compile(r" \([0-9]+\)\Z")  # how a reader marks a name that the header has already


def check_column(table: RawTable, name: str, option: str) -> str:
    """Return the column that is called so, or stands at that place; raise PipelineError where there is none."""
    columns = table.cells.columns
    alike = [column for column in columns if normalised_name(column) == normalised_name(name)]
    stripped = [column for column in columns if column.strip() == name.strip()]
    for found in ([column for column in columns if column == name], stripped, alike):
        if len(found) == 1:
            return found[0]
    if name.isascii() and name.isdigit() and 1 <= int(name) <= len(columns):
        return columns[int(name) - 1]
    raise PipelineError(
        "no-such-column", option, f'{table.file} has no column "{name}"', f"its columns are {quoted(columns)}"
    )


def named_column(table: RawTable, column: Chosen, role: str) -> Chosen:
    """Return the column that is named, as the table calls it; raise PipelineError unless it holds plain values."""
    name = check_column(table, column.column, f"--{role}")
    if is_unreadable(table, name, role):
        what = (
            f'column "{name}" of {table.file} holds {nested_words(table, name)}, expected one string a record'
        )
        raise PipelineError("column-of-another-type", f"--{role}", what, "name another column, or convert it")
    return replace(column, column=name)


def holds_lists(table: RawTable, name: str) -> bool:
    """Whether a column holds lists or objects, be it as text."""
    return name in table.nested or is_nested(table.cells[name])


def is_unreadable(table: RawTable, name: str, role: str) -> bool:
    """Whether a column holds lists or objects of which no text, or label, can be made."""
    return holds_lists(table, name) and form_of(table.cells[name], role) is None


def form_of_column(table: RawTable, name: str, role: str) -> Form | None:
    """Return the form in which a column's cells are lists or objects; None where they are plain, or in none."""
    return form_of(table.cells[name], role) if holds_lists(table, name) else None


def nested_words(table: RawTable, name: str) -> str:
    """Return in words what a column holds that is written as lists or objects."""
    first = next((cell for cell in table.cells[name] if cell), None)
    return "lists or objects" if first is None else f"lists or objects such as {first[:60]}"


def with_plain_cells(table: RawTable, name: str, role: str) -> tuple[RawTable, list[str]]:
    """Return the table with lists, objects and spellings of one column read as strings, and what was assumed."""
    cells, told = table.cells[name], []
    if (form := form_of_column(table, name, role)) is not None:
        example = next((cell for cell in cells if cell), "").strip("{}")
        cells = read_as(cells, form, table.place)
        told.append(form.words.format(example=example))
    if role == "label":
        cells, spelled = spelled_alike(cells)
        told += spelled
    if not told:
        return table, []
    plain = replace(table, cells=table.cells.with_columns(cells.alias(name)), nested=table.nested - {name})
    return plain, [f'{table.file}, column "{name}": {words}' for words in told]


def written_name(table: RawTable, name: str) -> str:
    """Return a column's name as the header has it: "label" for "label (2)" where "label" is a column too."""
    base = _NUMBERED.sub("", name)
    return base if base != name and base in table.cells.columns else name


def namesakes(table: RawTable, name: str) -> list[str]:
    """Return the other columns that the header calls `name`."""
    return [other for other in table.cells.columns if other != name and written_name(table, other) == name]


def repeated(table: RawTable, name: str) -> str:
    others = quoted(namesakes(table, name))
    return f'{table.file}: "{name}" is the first column of that name; beside it stands {others}'


def called_so(table: RawTable, column: Chosen) -> Chosen | None:
    """Return the column that is called as in the corpus, but for case and blanks; None where there is none."""
    wanted = normalised_name(column.column)
    alike = [name for name in table.cells.columns if normalised_name(name) == wanted]
    same = [name for name in alike if name == column.column] or alike
    return replace(column, column=same[0]) if len(same) == 1 else None
