"""Which column is the text and which is the label: by name, else by content. A rule is a line of `RULES`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.core.reading import NO_HEADER, Chosen
from pipeline.corpus.readers.candidates import no_label, unsettled
from pipeline.corpus.readers.forms import FORMS
from pipeline.corpus.readers.label_rules import label_by_content, label_by_name
from pipeline.corpus.readers.named_columns import (
    called_so,
    form_of_column,
    named_column,
    namesakes,
    repeated,
    with_plain_cells,
)
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.text_rules import text_by_content, text_by_name
from pipeline.corpus.readers.unsettled import SHOWN, Ask, Unsettled

HOLDS_THE_LABELS = "its values are the labels of the corpus"
AGREES = 0.5  # of the labels of a test file, at least, are of the corpus


@dataclass(frozen=True, eq=False)
class Columns:
    """The text column and the label column, each with how it was chosen, as plain strings; and what was assumed."""

    table: RawTable
    text: Chosen
    label: Chosen
    assumptions: tuple[str, ...] = ()
    form: str = ""  # the name of the form in which the texts were written; "" where they are plain strings


def choose_columns(
    table: RawTable, text: Chosen | None, label: Chosen | None, ask: Ask | None = None
) -> Columns:
    """Return the text column, the label column and what was assumed.

    Parameters
    ----------
    table : RawTable
    text, label : Chosen or None
        What the user named, or the corpus that this is a part of has.
    ask : callable, optional
        Asks the person at the terminal where several columns would do.

    Raises
    ------
    PipelineError
        A name that the file has not, or a choice that neither names nor content settle.
    """
    own = {"text": table.text_column, "label": table.label_column}
    given = {"text": text, "label": label}
    given |= {role: Chosen(name) for role, name in own.items() if name is not None and given[role] is None}
    chosen = {role: named_column(table, column, role) for role, column in given.items() if column is not None}
    names = [column.column for column in chosen.values()]
    if len({*names}) < len(names):
        raise PipelineError(
            "label-is-the-text",
            "--label",
            f'"{names[0]}" is also the text column',
            "name two different columns",
        )
    assumptions = [repeated(table, name) for name in names if namesakes(table, name)]
    found = {role: _said(table, role, one) for role, one in chosen.items() if one.how == HOLDS_THE_LABELS}
    for role, rule in RULES:
        taken = [one.column for one in chosen.values()]
        column = None if role in chosen else _settled(rule, table, taken, ask)
        if column is not None:
            chosen[role] = column
            found[role] = _said(table, role, column)
    assumptions += [found[role] for role in given if role in found]
    form = form_of_column(table, chosen["text"].column, "text")
    for role in FORMS:
        table, told = with_plain_cells(table, chosen[role].column, role)
        assumptions += told
    return Columns(table, chosen["text"], chosen["label"], tuple(assumptions), form.name if form else "")


def _said(table: RawTable, role: str, column: Chosen) -> str:
    return f"{table.file}: the {role} is column {column.words()}"


def _settled(rule: Rule, table: RawTable, taken: Sequence[str], ask: Ask | None) -> Chosen | None:
    """Return the column that a rule names, or a person where the rule does not settle it."""
    try:
        return rule(table, taken)
    except Unsettled as question:
        answer = ask(question) if ask else None
        if answer is None:
            raise
        return answer


def label_like(table: RawTable, training: Columns) -> Chosen | None:
    """Return the label column of a test or validation file: called as in training, else the one that holds its labels.

    None where the format itself says which it is.

    Raises
    ------
    PipelineError
        Where there is none: the file has no labels to score against.
    """
    label = called_so(table, training.label)
    return label if label or table.label_column else _with_the_labels_of(table, training)


def _with_the_labels_of(table: RawTable, training: Columns) -> Chosen:
    """Return the column whose values are the labels of the corpus; one that the corpus has too is another one."""
    labels = training.table.cells[training.label.column].drop_nulls().unique()
    others = set() if table.header_line == NO_HEADER else {*training.table.cells.columns}
    shares = {}
    for name in table.cells.columns:
        if name not in others and not no_label(table, name):
            cells = with_plain_cells(table, name, "label")[0].facts(name).filled
            shares[name] = cells.is_in(labels.implode()).sum() / max(len(cells), 1)
    could = [name for name, share in shares.items() if share == max(shares.values()) and share > AGREES]
    if len(could) == 1:
        return Chosen(could[0], HOLDS_THE_LABELS)
    if could:
        raise unsettled(table, could, "label")
    known = ", ".join(f'"{label}"' for label in labels.sort().head(SHOWN).to_list())
    what = f'there is no column "{training.label.column}", and no other one holds its labels ({known})'
    raise PipelineError(
        "no-label-column",
        table.file,
        f"{what}: a file without labels cannot be scored",
        "give one with labels",
    )


def choose_text(table: RawTable) -> Chosen:
    """Return the text column, where no label is asked for."""
    found = (rule(table, []) for role, rule in RULES if role == "text")
    return next(column for column in found if column is not None)


# Tried in this order, each where its column is not settled yet: it names one, passes (None), or refuses to guess.
Rule = Callable[[RawTable, Sequence[str]], Chosen | None]  # the second are the columns that are taken
RULES: tuple[tuple[str, Rule], ...] = (
    ("label", label_by_name),
    ("text", text_by_name),
    ("text", text_by_content),
    ("label", label_by_content),
)
