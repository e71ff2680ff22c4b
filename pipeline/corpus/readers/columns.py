"""Which column is the text and which is the label: by name, else by content. A rule is a line of `RULES`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.core.reading import NO_HEADER, Chosen
from pipeline.corpus.asked.cut import number_to_predict
from pipeline.corpus.readers.column_facts import FEW, MEASURED, ColumnFacts, why_no_label, why_no_text
from pipeline.corpus.readers.column_names import (
    FIRST_CHOICES,
    SHORT_TEXT_NAMES,
    about,
    names_label,
    names_text,
    normalised_name,
    without_number,
)
from pipeline.corpus.readers.forms import FORMS
from pipeline.corpus.readers.named_columns import (
    called_so,
    holds_lists,
    is_unreadable,
    named_column,
    namesakes,
    nested_words,
    repeated,
    with_plain_cells,
    written_name,
)
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import SHOWN, Ask, Unsettled

CLEARLY_LONGER = 1.5  # times the mean length of the runner-up
YES_OR_NO = {"yes", "no", "y", "n", "true", "false"}
HOLDS_THE_LABELS = "its values are the labels of the corpus"
AGREES = 0.5  # of the labels of a test file, at least, are of the corpus
MOSTLY = 0.8  # of the records, at least, have a text in the column of texts where another one would do
LEAST_VARIED = 0.05  # distinct texts a record: fewer are stock answers


@dataclass(frozen=True, eq=False)
class Columns:
    """The text column and the label column, each with how it was chosen, as plain strings; and what was assumed."""

    table: RawTable
    text: Chosen
    label: Chosen
    assumptions: tuple[str, ...] = ()


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
        raise PipelineError("--label", f'"{names[0]}" is also the text column', "name two different columns")
    assumptions = [repeated(table, name) for name in names if namesakes(table, name)]
    found = {role: _said(table, role, one) for role, one in chosen.items() if one.how == HOLDS_THE_LABELS}
    for role, rule in RULES:
        taken = [one.column for one in chosen.values()]
        column = None if role in chosen else _settled(rule, table, taken, ask)
        if column is not None:
            chosen[role] = column
            found[role] = _said(table, role, column)
    assumptions += [found[role] for role in given if role in found]
    for role in FORMS:
        table, told = with_plain_cells(table, chosen[role].column, role)
        assumptions += told
    return Columns(table, chosen["text"], chosen["label"], tuple(assumptions))


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
        if name not in others and not _no_label(table, name):
            cells = with_plain_cells(table, name, "label")[0].facts(name).filled
            shares[name] = cells.is_in(labels.implode()).sum() / max(len(cells), 1)
    could = [name for name, share in shares.items() if share == max(shares.values()) and share > AGREES]
    if len(could) == 1:
        return Chosen(could[0], HOLDS_THE_LABELS)
    if could:
        raise _unsettled(table, could, "label")
    known = ", ".join(f'"{label}"' for label in labels.sort().head(SHOWN).to_list())
    what = f'there is no column "{training.label.column}", and no other one holds its labels ({known})'
    raise PipelineError(table.file, f"{what}: a file without labels cannot be scored", "give one with labels")


def choose_text(table: RawTable) -> Chosen:
    """Return the text column, where no label is asked for."""
    found = (rule(table, []) for role, rule in RULES if role == "text")
    return next(column for column in found if column is not None)


# --- the rules


def _label_by_name(table: RawTable, taken: Sequence[str]) -> Chosen | None:
    known = [name for name in _columns(table, taken) if names_label(written_name(table, name))]
    could = _without_twins(table, _best_named(table, [name for name in known if not _no_label(table, name)]))
    if len(could) > 1:
        raise _unsettled(table, _likeliest(table, could), "label")
    return Chosen(could[0], "by its name") if could else None


def _text_by_name(table: RawTable, taken: Sequence[str]) -> Chosen | None:
    known = [name for name in _columns(table, taken) if names_text(written_name(table, name))]
    could = _best_named(table, [name for name in known if not _no_text(table, name)])
    full = [name for name in could if normalised_name(written_name(table, name)) not in SHORT_TEXT_NAMES]
    if full and could != full and not any(table.facts(name).share_filled > MOSTLY for name in full):
        raise _unsettled(table, could, "text")
    could = full or could
    if len(could) <= 1:
        return Chosen(could[0], "by its name") if could else None
    pair = [name for name in could if sum(_kind(name) == _kind(other) for other in could) > 1]
    if pair:
        raise _unsettled(table, pair, "text")
    return _longest(table, could, "the longest of the columns with a text's name")


def _text_by_content(table: RawTable, taken: Sequence[str]) -> Chosen:
    names = [name for name in _columns(table, taken) if not _no_text(table, name)]
    if not names:
        what = f"no column could be the text: {_reasons(table, _columns(table, taken), _no_text)}"
        raise PipelineError(
            table.file, what, "a corpus needs a text column and a label column (--text, --label)"
        )
    filled = [name for name in names if 2 * table.facts(name).share_filled > 1] or names
    varied = [name for name in filled if _is_varied(table.facts(name))] or filled
    return _longest(table, varied, "the longest text")


def _label_by_content(table: RawTable, taken: Sequence[str]) -> Chosen:
    names = _columns(table, taken)
    for name in names:
        if names_label(written_name(table, name)):
            _refuse_what_is_named(table, name)
    could = [name for name in names if not _no_label(table, name)]
    again = [name for name in could if table.facts(name).n_distinct < len(table.facts(name).filled)]
    could = _without_twins(table, again or could)
    if not could:
        others = f": {_reasons(table, names, _no_label)}" if names else ""
        what = f'"{taken[0]}" is the text and no other column could be the label{others}'
        raise PipelineError(table.file, what, "add a label column, or name one with --label")
    if len(could) > 1:
        raise _unsettled(table, _likeliest(table, could), "label")
    return Chosen(could[0], "no other column could be it")


# Tried in this order, each where its column is not settled yet: it names one, passes (None), or refuses to guess.
Rule = Callable[[RawTable, Sequence[str]], Chosen | None]  # the second are the columns that are taken
RULES: tuple[tuple[str, Rule], ...] = (
    ("label", _label_by_name),
    ("text", _text_by_name),
    ("text", _text_by_content),
    ("label", _label_by_content),
)


def _columns(table: RawTable, taken: Sequence[str]) -> list[str]:
    return [name for name in table.cells.columns if name not in taken]


def _no_label(table: RawTable, name: str) -> str:
    """Return in words why a column is not the label, empty where it may be."""
    if is_unreadable(table, name, "label"):
        return nested_words(table, name)
    written, facts = written_name(table, name), _plain_facts(table, name, "label")
    return about(written) or why_no_label(facts, named=names_label(written))


def _no_text(table: RawTable, name: str) -> str:
    """Return in words why a column is not the text, empty where it may be."""
    if is_unreadable(table, name, "text"):
        return nested_words(table, name)
    return about(written_name(table, name)) or why_no_text(table.facts(name))


def _plain_facts(table: RawTable, name: str, role: str) -> ColumnFacts:
    if not holds_lists(table, name):
        return table.facts(name)
    return with_plain_cells(table, name, role)[0].facts(name)


def _refuse_what_is_named(table: RawTable, name: str) -> None:
    """Raise PipelineError for a column that is called a label and holds what is none: no other is put in its place."""
    facts = table.facts(name)
    if is_unreadable(table, name, "label"):
        what = f'column "{name}" holds {nested_words(table, name)}, expected one label a record'
        fix = "several labels for one text are not read yet: keep one, or choose another column with --label"
        raise PipelineError(table.file, what, fix)
    if why_no_label(facts, named=True) == MEASURED:
        raise number_to_predict(table.file, name, facts.filled)


def _best_named(table: RawTable, names: list[str]) -> list[str]:
    """Return the one of `FIRST_CHOICES` alone, where one is, else all."""
    first = [name for name in names if normalised_name(written_name(table, name)) in FIRST_CHOICES]
    return first if len(first) == 1 else names


def _kind(name: str) -> str:
    return without_number(normalised_name(name))


def _is_varied(facts: ColumnFacts) -> bool:
    return len(facts.filled) < FEW or facts.share_distinct >= LEAST_VARIED


def _without_twins(table: RawTable, names: list[str]) -> list[str]:
    """Return the columns without those that say in numbers, or later, what another one says: a class and its number."""
    kept: list[str] = []
    for name in sorted(names, key=lambda name: table.facts(name).is_numeric):
        if not any(_say_the_same(table, name, other) for other in kept):
            kept.append(name)
    return [name for name in names if name in kept]


def _say_the_same(table: RawTable, one: str, other: str) -> bool:
    if holds_lists(table, one) or holds_lists(table, other):
        return False
    count = table.facts(one).n_distinct
    if len(table.cells) < FEW or count < 2 or count != table.facts(other).n_distinct:
        return False
    return table.cells.select(one, other).n_unique() == count


def _longest(table: RawTable, names: Sequence[str], how: str) -> Chosen:
    """Return the column whose mean text is clearly the longest, or of close ones that of most distinct values."""
    plain = [name for name in names if not table.facts(name).is_marked_up]
    names = plain or names
    lengths = [table.facts(name).mean_length for name in names]
    close = [
        name for name, length in zip(names, lengths, strict=True) if CLEARLY_LONGER * length >= max(lengths)
    ]
    if len(close) == 1:
        return Chosen(close[0], how)
    distinct = [table.facts(name).n_distinct for name in close]
    varied = [name for name, count in zip(close, distinct, strict=True) if 2 * count >= max(distinct)]
    if len(varied) == 1:
        return Chosen(varied[0], "long texts, the most distinct values")
    raise _unsettled(table, varied, "text")


def _likeliest(table: RawTable, names: Iterable[str]) -> list[str]:
    """Return columns that could be the label: answers yes or no last, those of evenly filled classes first."""

    def unlikely(name: str) -> tuple[bool, float, int]:
        facts = _plain_facts(table, name, "label")
        answers = {cell.strip().lower() for cell in facts.sample} <= YES_OR_NO
        return answers, -_evenness(facts), facts.n_distinct

    return sorted(names, key=unlikely)


def _evenness(facts: ColumnFacts) -> float:
    """Return the entropy of the values as a share of the most that so many could have, in tenths."""
    counts = Counter(facts.sample)
    shares = [count / len(facts.sample) for count in counts.values()]
    entropy = -sum(share * math.log(share) for share in shares)
    return round(entropy / math.log(max(len(counts), 2)), 1)


def _reasons(table: RawTable, names: Sequence[str], why: Callable[[RawTable, str], str]) -> str:
    return ", ".join(f'"{name}" ({why(table, name)})' for name in names)


def _unsettled(table: RawTable, tied: Sequence[str], role: str) -> Unsettled:
    return Unsettled(
        table.file, role, {name: tuple(_plain_facts(table, name, role).examples()) for name in tied}
    )
