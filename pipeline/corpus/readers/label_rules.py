"""The rules by which a column is the label: its name, else that no other one could be it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen
from pipeline.core.wording import percent
from pipeline.corpus.asked.cut import number_to_predict
from pipeline.corpus.readers.candidates import (
    best_named,
    columns_beside,
    is_first_choice,
    no_label,
    plain_facts,
    reasons,
    unsettled,
)
from pipeline.corpus.readers.column_facts import FEW, MEASURED, is_mostly_empty, why_no_label
from pipeline.corpus.readers.column_names import names_label
from pipeline.corpus.readers.evidence import likelihood
from pipeline.corpus.readers.named_columns import holds_lists, is_unreadable, nested_words, written_name
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import SHOWN, joined_option


def label_by_name(table: RawTable, taken: Sequence[str]) -> Chosen | None:
    """Return the column with a label's name that holds labels."""
    known = [name for name in columns_beside(table, taken) if names_label(written_name(table, name))]
    could = best_named(table, [name for name in known if not no_label(table, name)])
    gaps = [name for name in known if is_mostly_empty(table.facts(name))]
    could = without_twins(table, could)
    if len(could) > 1:
        raise unsettled(table, likeliest(table, could), "label")
    if not could:
        return None
    said = "".join(f'; "{name}" has a value in {_filled(table, name)}' for name in gaps[:SHOWN])
    return Chosen(could[0], f"by its name{said}")


def label_by_content(table: RawTable, taken: Sequence[str]) -> Chosen:
    """Return the only column that could be the label, with why one that is called so is none.

    Raises
    ------
    PipelineError
        No column, several, or one that is called a label and is mostly empty, or holds numbers or several labels.
    """
    names = columns_beside(table, taken)
    could = [name for name in names if not no_label(table, name)]
    again = [name for name in could if table.facts(name).n_distinct < len(table.facts(name).filled)]
    could = likeliest(table, without_twins(table, again or could))
    for name in names:
        if names_label(written_name(table, name)):
            _refuse_what_is_named(table, name, could)
    if not could:
        others = f": {reasons(table, names, no_label)}" if names else ""
        what = f'"{taken[0]}" is the text and no other column could be the label{others}'
        raise PipelineError(
            "no-label-column", table.file, what, "add a label column, or name one with --label"
        )
    if len(could) > 1:
        raise unsettled(table, could, "label")
    called = [name for name in names if name not in could and names_label(written_name(table, name))]
    said = "".join(f'; "{name}" is none: {no_label(table, name)}' for name in called[:SHOWN])
    return Chosen(could[0], f"no other column could be it{said}")


def likeliest(table: RawTable, names: Iterable[str]) -> list[str]:
    """Return columns that could be the label, the likeliest first."""
    return sorted(
        names, key=lambda name: -likelihood(written_name(table, name), plain_facts(table, name, "label"))
    )


def _refuse_what_is_named(table: RawTable, name: str, could: Sequence[str]) -> None:
    """Raise PipelineError for a column that is called a label and holds none: no other is put in its place."""
    if is_unreadable(table, name, "label"):
        what = f'column "{name}" holds {nested_words(table, name)}, expected one label a record'
        other = _choose(could) if could else "choose another column with --label"
        fix = f"give --task multilabel for several labels a text, keep one, or {other}"
        raise PipelineError("several-labels", table.file, what, fix)
    if why_no_label(table.facts(name), named=True) == MEASURED:
        raise number_to_predict(table.file, name, table.facts(name).filled)
    meant = len(table.facts(name).filled) > 0 or is_first_choice(table, name)  # not an export's empty "Tags"
    if meant and is_mostly_empty(table.facts(name)):
        raise _mostly_empty(table, name, could)


def _mostly_empty(table: RawTable, name: str, could: Sequence[str]) -> PipelineError:
    what = f'column "{name}" is called a label, and has a value in {_filled(table, name)}'
    fix = f"{_choose(could)}, or fill it" if could else "fill it, or name another column with --label"
    if count := len(table.facts(name).filled):
        fix += f", or go on with the {count:,} alone: --label {joined_option([name])} --allow-losses"
    return PipelineError("no-label-column", table.file, what, fix)


def _filled(table: RawTable, name: str) -> str:
    facts = table.facts(name)
    records = f"of {len(facts.cells):,} records"
    if not len(facts.filled):
        return f"none {records}"
    return f"{len(facts.filled):,} {records} ({percent(facts.share_filled)})"


def _choose(names: Sequence[str]) -> str:
    return "choose another column: " + ", ".join(f"--label {joined_option([name])}" for name in names[:SHOWN])


# --- columns that say the same


def without_twins(table: RawTable, names: list[str]) -> list[str]:
    """Return the columns without those that say in numbers, or later, what another one says: a class and its number."""
    seen: defaultdict[int, set[bytes]] = defaultdict(set)
    alike = _alike(table, names)
    kept = []
    for name in sorted(names, key=lambda name: table.facts(name).is_numeric):
        count = table.facts(name).n_distinct
        pattern = _pattern(table, name) if alike[count] > 1 and not holds_lists(table, name) else None
        if pattern is None or pattern not in seen[count]:
            kept.append(name)
        if pattern is not None:
            seen[count].add(pattern)
    return [name for name in names if name in {*kept}]


def _alike(table: RawTable, names: Sequence[str]) -> defaultdict[int, int]:
    """Return how many of the columns have each number of values; too few records tell nothing."""
    counts: defaultdict[int, int] = defaultdict(int)
    for name in names if len(table.cells) >= FEW else ():
        if table.facts(name).n_distinct > 1:
            counts[table.facts(name).n_distinct] += 1
    return counts


def _pattern(table: RawTable, name: str) -> bytes:
    """Return for each record the first one with the same value: two columns with one pattern say the same."""
    numbered = pl.DataFrame({"value": table.cells[name]}).with_row_index("record")
    return numbered.select(pl.col("record").first().over("value")).to_series().to_numpy().tobytes()
