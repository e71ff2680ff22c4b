"""Which column is the text and which is the label: by name, else by content. A rule is a line of `RULES`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen
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


class Columns(NamedTuple):
    """The text column and the label column, each with how it was chosen, and what was assumed."""

    text: Chosen
    label: Chosen
    assumptions: tuple[str, ...] = ()


def is_label_name(name: str) -> bool:
    """Whether a header uses `name` for a label."""
    return normalised_name(name) in LABEL_NAMES


def choose_columns(table: RawTable, text: Chosen | None, label: Chosen | None) -> Columns:
    """Return the text column, the label column and what was assumed.

    Parameters
    ----------
    table : RawTable
    text, label : Chosen or None
        What the user named, or the corpus that this is a part of has.

    Raises
    ------
    PipelineError
        A name that the file has not, or a choice that neither names nor content settle.
    """
    own = {"text": table.text_column, "label": table.label_column}
    given = {"text": text, "label": label}
    given |= {role: Chosen(name) for role, name in own.items() if name is not None and given[role] is None}
    chosen = {role: column for role, column in given.items() if column is not None}
    for role, wanted in chosen.items():
        check_column(table, wanted.column, f"--{role}")
    names = [column.column for column in chosen.values()]
    if len({*names}) < len(names):
        raise PipelineError("--label", f'"{names[0]}" is also the text column', "name two different columns")
    assumptions = [_repeated(table, name) for name in names if _namesakes(table, name)]
    found: dict[str, str] = {}
    for role, rule in RULES:
        column = None if role in chosen else rule(table, [one.column for one in chosen.values()])
        if column is not None:
            chosen[role] = column
            found[role] = f"{table.file}: the {role} is column {column.words()}"
    assumptions += [found[role] for role in given if role in found]
    return Columns(chosen["text"], chosen["label"], tuple(assumptions))


def choose_text(table: RawTable) -> Chosen:
    """Return the text column, where no label is asked for."""
    found = (rule(table, []) for role, rule in RULES if role == "text")
    return next(column for column in found if column is not None)


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


def _usable(table: RawTable, taken: Sequence[str]) -> list[str]:
    return [name for name in table.cells.columns if name not in taken and name not in table.nested]


# --- the rules


def _label_by_name(table: RawTable, taken: Sequence[str]) -> Chosen | None:
    named = _by_name(table, LABEL_NAMES, taken)
    if len(named) > 1:
        raise _unsettled(table, named, "--label", "could each be the label")
    return Chosen(named[0], "by its name") if named else None


def _text_by_name(table: RawTable, taken: Sequence[str]) -> Chosen | None:
    named = _by_name(table, TEXT_NAMES, taken)
    if len(named) > 1:
        return _longest(table, named, "the longest of the columns with a text's name")
    return Chosen(named[0], "by its name") if named else None


def _text_by_content(table: RawTable, taken: Sequence[str]) -> Chosen:
    names = _usable(table, taken)
    if not names:
        what = f"one column that could be the text or the label, {quoted(table.cells.columns)}"
        raise PipelineError(table.file, what, "a corpus needs a text column and a label column")
    return _longest(table, names, "the longest text")


def _label_by_content(table: RawTable, taken: Sequence[str]) -> Chosen:
    names = _usable(table, taken)
    if not names:
        what = f'"{taken[0]}" is the text and no other column could be the label'
        raise PipelineError(table.file, what, "add a label column")
    if len(names) == 1:
        return Chosen(names[0], "the other column")
    distinct = table.cells.select(pl.col(names).n_unique()).row(0)
    ranked = sorted((count, name) for count, name in zip(distinct, names, strict=True) if count > 1)
    tied = [name for count, name in ranked if count == ranked[0][0]] or names
    if len(tied) > 1:
        raise _unsettled(table, tied, "--label", "could each be the label")
    return Chosen(tied[0], "the fewest distinct values")


# Tried in this order, each where its column is not settled yet: it names one, passes (None), or refuses to guess.
Rule = Callable[[RawTable, Sequence[str]], Chosen | None]  # the second are the columns that are taken
RULES: tuple[tuple[str, Rule], ...] = (
    ("label", _label_by_name),
    ("text", _text_by_name),
    ("text", _text_by_content),
    ("label", _label_by_content),
)


def _by_name(table: RawTable, known: Collection[str], taken: Sequence[str]) -> list[str]:
    """Return the columns that the header calls by a known name: the one of `FIRST_CHOICES` alone, where one is."""
    written = {name: normalised_name(_written_name(table, name)) for name in _usable(table, taken)}
    found = [name for name in written if written[name] in known]
    first = [name for name in found if written[name] in FIRST_CHOICES]
    return first if len(first) == 1 else found


def _longest(table: RawTable, names: Sequence[str], how: str) -> Chosen:
    """Return the column whose mean text is clearly the longest, or of close ones that of most distinct values."""
    lengths = table.cells.select(pl.col(names).str.len_chars().mean().fill_null(0.0)).row(0)
    longest = max(lengths)
    close = [name for name, length in zip(names, lengths, strict=True) if CLEARLY_LONGER * length >= longest]
    if len(close) == 1:
        return Chosen(close[0], how)
    distinct = table.cells.select(pl.col(close).n_unique()).row(0)
    varied = [name for name, count in zip(close, distinct, strict=True) if 2 * count >= max(distinct)]
    if len(varied) == 1:
        return Chosen(varied[0], "long texts, the most distinct values")
    raise _unsettled(table, varied, "--text", "could each be the text")


def _unsettled(table: RawTable, tied: Sequence[str], option: str, what: str) -> PipelineError:
    columns = quoted(table.cells.columns)
    return PipelineError(table.file, f"columns {quoted(tied)} {what}", f"choose with {option} from {columns}")
