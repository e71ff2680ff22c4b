"""The rules by which a column is the text: its name, unless what another one holds says more."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen
from pipeline.corpus.readers.candidates import (
    MOSTLY,
    best_named,
    columns_beside,
    is_full_text,
    is_varied,
    no_label,
    no_text,
    reasons,
    unsettled,
)
from pipeline.corpus.readers.column_facts import FEW, MOST_GRADES, why_no_label
from pipeline.corpus.readers.column_names import (
    SHORT_TEXT_NAMES,
    is_another_version,
    names_label,
    names_text,
    normalised_name,
    without_number,
)
from pipeline.corpus.readers.named_columns import written_name
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import MOST_JOINED, joined_option

CLEARLY_LONGER = 1.5  # times the mean length of the runner-up
MUCH_LONGER = 2.0  # times that of a column with a weak name: what a column holds outweighs it
LONGEST_TEXT = "the longest text"


def text_by_name(table: RawTable, taken: Sequence[str]) -> Chosen | None:
    """Return the column with a text's name; a weak one gives way to a much longer text."""
    known = [name for name in columns_beside(table, taken) if names_text(written_name(table, name))]
    known = [name for name in known if not no_text(table, name)]
    could = best_named(table, known)
    full = [name for name in could if not _is_short_by_name(table, name)]
    could = full or could
    if not could:
        return None
    if not full or all(_holds_answers(table, name) for name in could):
        longer = _much_longer(table, could, taken)
        if longer:
            return _instead_of(table, could[0], longer)
    if full and not any(table.facts(name).share_filled > MOSTLY for name in full):
        named = best_named(table, known)
        if named != full:
            raise unsettled(table, named, "text")
    if len(could) == 1:
        return _with_others(table, Chosen(could[0], "by its name"), taken)
    pair = [name for name in could if sum(_kind(name) == _kind(other) for other in could) > 1]
    if pair:
        raise unsettled(table, pair, "text")
    return _with_others(table, longest(table, could, "the longest of the columns with a text's name"), taken)


def text_by_content(table: RawTable, taken: Sequence[str]) -> Chosen:
    """Return the column of the longest texts.

    Raises
    ------
    PipelineError
        No column holds texts, or several hold texts of like lengths.
    """
    beside = columns_beside(table, taken)
    names = [name for name in beside if not no_text(table, name)]
    if not names:
        what = f"no column could be the text: {reasons(table, beside, no_text)}"
        raise PipelineError(
            "no-text-column",
            table.file,
            what,
            "a corpus needs a text column and a label column (--text, --label)",
        )
    filled = [name for name in names if 2 * table.facts(name).share_filled > 1] or names
    varied = [name for name in filled if is_varied(table.facts(name))] or filled
    found = longest(table, varied, LONGEST_TEXT)
    called = [name for name in beside if name != found.column and names_text(written_name(table, name))]
    if called and names_label(written_name(table, found.column)):
        return _exchanged(found.column, called[0])
    return found


def longest(table: RawTable, names: Sequence[str], how: str) -> Chosen:
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
    raise unsettled(table, varied, "text")


# --- what a column holds against what another one is called


def _is_short_by_name(table: RawTable, name: str) -> bool:
    return normalised_name(written_name(table, name)) in SHORT_TEXT_NAMES


def _holds_answers(table: RawTable, name: str) -> bool:
    """Whether a column that is called a text holds few short values, as a label does."""
    facts = table.facts(name)
    few = not is_varied(facts) or facts.n_distinct <= MOST_GRADES
    return len(facts.filled) >= FEW and few and not why_no_label(facts)


def _much_longer(table: RawTable, named: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return the columns of full texts that are much longer than those with a text's name."""
    least = MUCH_LONGER * max(table.facts(name).mean_length for name in named)
    return [name for name in _other_texts(table, [*named, *taken]) if table.facts(name).mean_length >= least]


def _other_texts(table: RawTable, taken: Sequence[str]) -> list[str]:
    beside = columns_beside(table, taken)
    return [name for name in beside if not no_text(table, name) and is_full_text(table, name)]


def _instead_of(table: RawTable, named: str, longer: Sequence[str]) -> Chosen:
    """Return the longest of the columns that outweigh one with a weaker name, with the options that say otherwise."""
    found = longest(table, longer, LONGEST_TEXT).column
    if names_label(written_name(table, found)):
        return _exchanged(found, named)
    times = table.facts(found).mean_length / table.facts(named).mean_length
    if _holds_answers(table, named):
        how = f'{times:.0f} times as long as the few values of "{named}"; --text {joined_option([named])} for those'
        return Chosen(found, how)
    both = joined_option([name for name in table.cells.columns if name in (named, found)])
    return Chosen(found, f'{times:.0f} times as long as "{named}"; --text {both} takes both')


def _exchanged(found: str, called: str) -> Chosen:
    options = f"--text {joined_option([called])} --label {joined_option([found])}"
    return Chosen(
        found, f'{LONGEST_TEXT}: it and "{called}" seem exchanged; {options} takes them as they are called'
    )


def _with_others(table: RawTable, found: Chosen, taken: Sequence[str]) -> Chosen:
    """Return the text with the option that joins other texts to it, where there are some."""
    least = table.facts(found.column).mean_length
    others = []
    for name in _other_texts(table, [found.column, *taken]):
        named = names_text(written_name(table, name))
        as_long = _is_short_by_name(table, found.column) and table.facts(name).mean_length >= least
        if (named or as_long) and no_label(table, name) and not is_another_version(written_name(table, name)):
            others.append(name)
    if not 0 < len(others) < MOST_JOINED:
        return found
    joined = joined_option([name for name in table.cells.columns if name in (found.column, *others)])
    return Chosen(found.column, f"{found.how}; --text {joined} takes {'both' if len(others) == 1 else 'all'}")


def _kind(name: str) -> str:
    return without_number(normalised_name(name))
