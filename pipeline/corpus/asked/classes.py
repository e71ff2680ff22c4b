"""`--map`, `--drop-class`, `--only-known-classes`: classes merged, renamed and left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.lists import names_and_marks, names_in
from pipeline.core.values import Bool
from pipeline.core.wording import quoted
from pipeline.corpus.readers.label_spelling import seen_alike
from pipeline.corpus.readers.records import RawTable

NAMES_SHOWN = 10
EXAMPLE = (
    'write it like --map "4,5=good;1,2=bad;3=", and names that hold , ; or = in quotation marks of their own'
)


@dataclass(frozen=True)
class ClassOptions:
    """`--map`, read; `--drop-class` and `--only-known-classes` as they were typed."""

    rules: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    only_known: bool = False


AS_THEY_ARE = ClassOptions()


@dataclass(frozen=True)
class AskedClasses:
    """What becomes of each class of the files; one that is not named stays as it is."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)  # the option by which a class is left out

    def applied(self, table: RawTable, label: str) -> RawTable:
        """Return the table with the classes asked for; records of classes that are dropped are in `left_out`."""
        if not self.renamed and not self.dropped:
            return table
        cells = table.cells[label]
        left_out: dict[str, Bool] = {}
        for name, reason in self._reasons():
            rows = (cells == name).fill_null(False).to_numpy()
            if rows.any():
                left_out[reason] = rows | left_out.get(reason, np.zeros(len(rows), dtype=bool))
        renamed = cells.replace(dict(self.renamed)) if self.renamed else cells
        return replace(
            table,
            cells=table.cells.with_columns(renamed.alias(label)),
            left_out={**table.left_out, **left_out},
        )

    def _reasons(self) -> Iterator[tuple[str, str]]:
        """Yield each class that is left out, with the reason that the ledger has; one for all where they are many."""
        counts = Counter(self.dropped.values())
        for name, option in self.dropped.items():
            named = f'of class "{name}"' if counts[option] <= NAMES_SHOWN else "of a class left out"
            yield name, f"{named} ({option})"

    def check_left(self, labels: pl.Series) -> None:
        """Refuse rules that leave training documents of one class alone."""
        if (self.renamed or self.dropped) and labels.n_unique() == 1:
            options = " and ".join(
                dict.fromkeys([*(["--map"] if self.renamed else []), *self.dropped.values()])
            )
            what = f'every document left has the label "{labels[0]}"'
            raise PipelineError(
                "one-class", options, what, "a comparison needs two classes: merge or leave out fewer"
            )


def settle_classes(
    options: ClassOptions, labels: Iterable[pl.Series], column: str
) -> tuple[AskedClasses, tuple[str, ...]]:
    """Return what becomes of the classes of all files, and what is to be said of it.

    Parameters
    ----------
    options : ClassOptions
    labels : iterable of string Series
        The label columns of training, validation and test files, before anything is renamed.
    column : str
        What that of the training file is called.

    Raises
    ------
    PipelineError
        A name that no record has.
    """
    rules = options.rules
    if not rules and not options.drop:
        return AskedClasses(), ()
    found = pl.concat([one.unique() for one in labels]).unique().sort()
    there = found.filter(found.str.strip_chars() != "").to_list()
    _check_there("--map", rules, there, column)
    renamed = {name: new for name, new in rules.items() if new}
    dropped = {name: "--map" for name, new in rules.items() if not new}
    after = [*dict.fromkeys(renamed.get(name, name) for name in there if name not in dropped)]
    for name in names_of_drops(options.drop, after, column):
        dropped |= {old: "--drop-class" for old in there if renamed.get(old, old) == name}
    return AskedClasses(renamed, dropped), (_told(renamed, dropped, there),)


def read_map(text: str) -> dict[str, str]:
    """Return what each class becomes, "" where it is left out.

    Raises
    ------
    PipelineError
        A rule that is none, or two rules for one class.

    >>> read_map("4,5=good; 3=")
    {'4': 'good', '5': 'good', '3': ''}
    """
    becomes: dict[str, str] = {}
    for names, new in _rules(text):
        for name in _seen_alike(names):
            if name in becomes:
                raise PipelineError(
                    "named-twice", "--map", f'"{name}" stands in two places', "name each class once"
                )
            becomes[name] = new
    return becomes


def _seen_alike(names: Sequence[str]) -> list[str]:
    """Return the names as labels are read: without what nobody sees."""
    return seen_alike(pl.Series(names, dtype=pl.String)).to_list()


def _rules(text: str) -> list[tuple[list[str], str]]:
    """Return the names on the left of each rule with the one on its right."""
    try:
        items = names_and_marks(text, ",;=")
    except ValueError as error:
        raise PipelineError("option-not-understood", "--map", str(error), EXAMPLE) from None
    rules, names, marks = [], [], ""
    for name, mark in items:
        names.append(name)
        marks += mark
        if mark in ("", ";"):
            if names != [""]:
                rules.append(_rule(names, marks.removesuffix(";")))
            names, marks = [], ""
    return rules


def _rule(names: Sequence[str], marks: str) -> tuple[list[str], str]:
    *left, right = names
    if marks != "," * (len(left) - 1) + "=" or not all(left):
        shown = "".join(name + mark for name, mark in zip(names, [*marks, ""], strict=True))
        raise PipelineError("option-not-understood", "--map", f'"{shown}" is no rule', EXAMPLE)
    return left, right


def names_of_drops(asked: Iterable[str], there: Sequence[str], column: str) -> list[str]:
    """Return the classes that `--drop-class` names: each a class, or a list of them with commas.

    Raises
    ------
    PipelineError
        A name that no class has.
    """
    asked = [_seen_alike([one])[0] for one in asked]
    names = [name for one in asked for name in ([one] if one in there else names_in(one))]
    _check_there("--drop-class", names, there, column)
    return names


def _check_there(option: str, names: Iterable[str], there: Sequence[str], column: str) -> None:
    absent = [name for name in names if name not in there]
    if absent:
        close = get_close_matches(absent[0], there, n=1)
        fix = f'did you mean "{close[0]}"?' if close else f"the labels are {_shown(there)}"
        raise PipelineError(
            "unknown-class", option, f'no record has the label "{absent[0]}" in column "{column}"', fix
        )


def _told(renamed: Mapping[str, str], dropped: Mapping[str, str], there: Sequence[str]) -> str:
    """Return in words what becomes of every class."""
    into: dict[str, list[str]] = {}
    for name, new in renamed.items():
        if name not in dropped:
            into.setdefault(new, []).append(name)
    said = [f'{quoted(names)} become{"s" if len(names) == 1 else ""} "{new}"' for new, names in into.items()]
    for option in dict.fromkeys(dropped.values()):
        names = [name for name, by in dropped.items() if by == option]
        said.append(f"{_shown(names)} {'is' if len(names) == 1 else 'are'} left out ({option})")
    kept = [name for name in there if name not in renamed and name not in dropped]
    if kept:
        said.append(f"{_shown(kept)} {'stays as it is' if len(kept) == 1 else 'stay as they are'}")
    return f"classes: {'; '.join(said)}"


def _shown(names: Sequence[str]) -> str:
    rest = len(names) - NAMES_SHOWN
    return quoted(names) if rest <= 0 else f"{quoted(names[:NAMES_SHOWN])} and {rest:,} more"
