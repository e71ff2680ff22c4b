"""Which column is the text and which is the label: by name, else by content."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.wording import quoted
from pipeline.corpus.readers.records import RawTable

# In order of preference; compared in lower case with "_" and "-" as blanks.
TEXT_NAMES = (
    "text", "sentence", "review", "content", "body", "document", "comment", "question", "message", "tweet",
    "post", "article", "utterance", "query", "abstract", "description", "review text", "reviewtext", "v2",
    "title", "headline", "summary",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "category", "target", "sentiment", "topic", "y", "intent", "polarity",
    "emotion", "tag", "genre", "class label", "label name", "v1",
)  # fmt: skip
FIRST_CHOICES = ("text", "label")  # these settle it however many other known names there are
_NUMBERED = re.compile(r" \([0-9]+\)\Z")  # how a reader marks a name that the header has already
CLEARLY_LONGER = 1.5  # times the mean length of the runner-up


def normalised_name(name: str) -> str:
    """Return a column name as it is compared: lower case, "_" and "-" as blanks.

    >>> normalised_name(" Review_Text")
    'review text'
    """
    return name.strip().lower().replace("_", " ").replace("-", " ")


def is_known_name(name: str) -> bool:
    """Whether a header uses `name` for a text or a label."""
    return normalised_name(name) in TEXT_NAMES or normalised_name(name) in LABEL_NAMES


def choose_columns(table: RawTable, text: str | None, label: str | None) -> tuple[str, str, tuple[str, ...]]:
    """Return the text column, the label column and what was assumed.

    Parameters
    ----------
    table : RawTable
    text, label : str or None
        The names the user gave.

    Raises
    ------
    PipelineError
        A name that the file has not, or a choice that neither names nor content settle.
    """
    text, label = text or table.text_column, label or table.label_column
    if text is not None:
        check_column(table, text, "--text")
    if label is not None:
        check_column(table, label, "--label")
    if text is not None and text == label:
        raise PipelineError("--label", f'"{text}" is also the text column', "name two different columns")
    assumptions = [_repeated(table, name) for name in (text, label) if name and _namesakes(table, name)]
    how = ""
    if label is None:
        label, how = _by_name(table, LABEL_NAMES, "--label", excluded=text)
    by_name = [f'{table.file}: the label is column "{label}" ({how})'] if how else []
    if text is None:
        text, how = choose_text(table, excluded=label)
        assumptions.append(f'{table.file}: the text is column "{text}" ({how})')
    assumptions.extend(by_name)
    if label is None:
        label, how = _label_by_content(table, excluded=text)
        assumptions.append(f'{table.file}: the label is column "{label}" ({how})')
    return text, label, tuple(assumptions)


def choose_text(table: RawTable, excluded: str | None = None) -> tuple[str, str]:
    """Return the text column and how it was found: by name, else the longest mean text."""
    name, how = _by_name(table, TEXT_NAMES, "--text", excluded)
    return (name, how) if name else _text_by_content(table, _usable(table, excluded), "the longest text")


def check_column(table: RawTable, name: str, option: str) -> None:
    """Raise PipelineError unless the table has a column `name` of plain values."""
    if name in table.nested:
        what = f'column "{name}" of {table.file} holds lists or objects, expected one string a record'
        raise PipelineError(option, what, "name another column, or convert it")
    if name not in table.cells.columns:
        what = f'{table.file} has no column "{name}"'
        raise PipelineError(option, what, f"its columns are {quoted(table.cells.columns)}")


def _written_name(table: RawTable, name: str) -> str:
    """Return a column's name as the header has it: "label" for "label (2)" where "label" is a column too."""
    base = _NUMBERED.sub("", name)
    return base if base in table.cells.columns else name


def _namesakes(table: RawTable, name: str) -> list[str]:
    """Return the other columns that the header calls `name`."""
    return [other for other in table.cells.columns if other != name and _written_name(table, other) == name]


def _repeated(table: RawTable, name: str) -> str:
    others = quoted(_namesakes(table, name))
    return f'{table.file}: "{name}" is the first column of that name; beside it stands {others}'


def _usable(table: RawTable, excluded: str | None) -> list[str]:
    return [name for name in table.cells.columns if name != excluded and name not in table.nested]


def _by_name(
    table: RawTable, known: tuple[str, ...], option: str, excluded: str | None
) -> tuple[str | None, str]:
    written = {name: normalised_name(_written_name(table, name)) for name in _usable(table, excluded)}
    found = [name for name in written if written[name] in known]
    first = [name for name in found if written[name] in FIRST_CHOICES]
    if len(first) == 1 or len(found) == 1:
        return (first or found)[0], "by its name"
    if not found:
        return None, ""
    if option == "--text":
        return _text_by_content(table, found, "the longest of the columns with a text's name")
    raise _unsettled(table, found, option, "could each be the label")


def _text_by_content(table: RawTable, names: list[str], how: str) -> tuple[str, str]:
    if not names:
        what = f"one column that could be the text or the label, {quoted(table.cells.columns)}"
        raise PipelineError(table.file, what, "a corpus needs a text column and a label column")
    lengths = table.cells.select(pl.col(names).str.len_chars().mean().fill_null(0.0)).row(0)
    longest = max(lengths)
    close = [name for name, length in zip(names, lengths, strict=True) if CLEARLY_LONGER * length >= longest]
    if len(close) == 1:
        return close[0], how
    distinct = table.cells.select(pl.col(close).n_unique()).row(0)
    varied = [name for name, count in zip(close, distinct, strict=True) if 2 * count >= max(distinct)]
    if len(varied) == 1:
        return varied[0], "long texts, the most distinct values"
    raise _unsettled(table, varied, "--text", "could each be the text")


def _label_by_content(table: RawTable, excluded: str) -> tuple[str, str]:
    names = _usable(table, excluded)
    if not names:
        what = f'"{excluded}" is the text and no other column could be the label'
        raise PipelineError(table.file, what, "add a label column")
    if len(names) == 1:
        return names[0], "the other column"
    distinct = table.cells.select(pl.col(names).n_unique()).row(0)
    ranked = sorted((count, name) for count, name in zip(distinct, names, strict=True) if count > 1)
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        tied = [name for count, name in ranked if count == ranked[0][0]] or names
        raise _unsettled(table, tied, "--label", "could each be the label")
    return ranked[0][1], "the fewest distinct values"


def _unsettled(table: RawTable, tied: Sequence[str], option: str, what: str) -> PipelineError:
    columns = quoted(table.cells.columns)
    return PipelineError(table.file, f"columns {quoted(tied)} {what}", f"choose with {option} from {columns}")
