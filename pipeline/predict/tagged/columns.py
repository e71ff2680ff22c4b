"""Files of a word a line > sentences, block by block: columns of the CoNLL tasks, and CoNLL-U."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.clean import has_surrogates, without_surrogates
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.corpus.losses import WRONG_NUMBER
from pipeline.corpus.tagged.columns import DOCSTART, Layout, fields_of, layout_of
from pipeline.corpus.tagged.conllu import COLUMNS, NONE_GIVEN
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.columns import NOT_DECODED
from pipeline.predict.tagged.sentences import AT_ONCE, Input, Kind, Sentences, offsets_of
from pipeline.predict.text_lines import lines_of

_WORD = re.compile(r"\d+")
Row = list[str] | None  # what a line of a sentence holds; None: it is no word
Known = Callable[[Sequence[str | None]], bool]  # whether cells are tags that the model may give


@dataclass(frozen=True)
class Format:
    """How lines are read: the columns of a word, which of them has it, and what a line of a sentence holds."""

    kind: Kind
    names: tuple[str, ...]
    word: int
    row: Callable[[str, bool], Row]  # (line, whether it is the first of a sentence) > its fields
    header: bool = False


def columns_format(blocks: TextBlocks, asked: str | None) -> Format:
    """Return how a file of columns is read: by its first lines, as for a run."""
    layout = layout_of(blocks.name, lines_of(blocks.first), asked)
    return Format(
        "columns", layout.names, 0, lambda line, first: _of_columns(layout, line, first), layout.header
    )


def _of_columns(layout: Layout, line: str, first: bool) -> Row:
    row = fields_of(line, layout.by_tabs)
    comment = first and line.startswith("#") and len(row) != len(layout.names)
    return None if row[0] == DOCSTART or comment else row


def conllu_format() -> Format:
    """Return how CoNLL-U is read: multi-word tokens and empty nodes are no words."""

    def row(line: str, first: bool) -> Row:
        cells = line.split("\t")
        no_word = line.startswith("#") or re.fullmatch(r"\d+[-.]\d+", cells[0])
        return None if no_word else cells if _WORD.fullmatch(cells[0]) else [*cells[:1]]

    return Format("conllu", COLUMNS, COLUMNS.index("form"), row)


def open_words(
    blocks: TextBlocks, form: Format, asked: str | None, trained: str | None, known: Known
) -> Input:
    """Return the sentences of a file of words.

    Parameters
    ----------
    asked : the column of right tags, as it was typed
    trained : the column of tags in training; None: the usual one of the format
    known : tells whether a column that is called so holds tags

    Raises
    ------
    PipelineError
        If a column that was named is not there.
    """
    if asked is not None and asked not in form.names:
        what = f'{blocks.name}: there is no column "{asked}" beside the words'
        raise PipelineError("no-such-column", f"--label {asked}", what, did_you_mean(asked, form.names))
    usual = "upos" if form.kind == "conllu" else form.names[-1]
    named = asked or (trained if trained in form.names else usual)
    column = form.names.index(named) if named != form.names[form.word] else None
    sentences = _sentences(blocks, form, column, None if asked else known)
    said = (*blocks.said(), f'{blocks.name}: a word a line, in the column "{form.names[form.word]}"')
    return Input(blocks.name, form.kind, sentences, said, blocks.ended)


def _sentences(
    blocks: TextBlocks, form: Format, column: int | None, known: Known | None
) -> Iterator[Sentences]:
    header, settled = form.header, column is None or known is None
    for lines in _whole_sentences(blocks):
        found = _read(lines, form, header)
        header = False
        if not settled:
            assert column is not None and known is not None  # noqa: PT018 - settled where one is not there
            column = column if known([row[column] for row in found.rows if len(row) > column]) else None
            settled = True
        yield _of(found, lines, form, column)


def _whole_sentences(blocks: TextBlocks) -> Iterator[list[str]]:
    """Yield lines up to a blank one, those of `AT_ONCE` sentences or fewer."""
    begun: list[str] = []
    for text in blocks:
        lines = begun + lines_of(text)
        ends = [place + 1 for place, line in enumerate(lines) if not line.strip()]
        start = 0
        for end in [*ends[AT_ONCE - 1 :: AT_ONCE], *ends[-1:]]:
            if end > start:
                yield lines[start:end]
                start = end
        begun = lines[start:]
    if any(line.strip() for line in begun):
        yield begun


@dataclass(frozen=True, eq=False)
class _Found:
    rows: list[list[str]]  # of all words
    at: list[int]  # the line of each
    lengths: list[int]  # of the sentences


def _read(lines: Sequence[str], form: Format, header: bool) -> _Found:
    """Return the rows of words of some lines, which end with a sentence."""
    found = _Found([], [], [])
    now = 0
    for place, line in enumerate(lines):
        if not line.strip():
            if now:
                found.lengths.append(now)
            now = 0
        elif header:
            header = False
        elif (row := form.row(line, now == 0)) is not None:
            found.rows.append(row)
            found.at.append(place)
            now += 1
    if now:
        found.lengths.append(now)
    return found


def _of(found: _Found, lines: Sequence[str], form: Format, column: int | None) -> Sentences:
    offsets, width = offsets_of(found.lengths), len(form.names)
    broken = {}
    for sentence, (start, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        rows = found.rows[start:end]
        if any(len(row) != width for row in rows):
            broken[sentence] = WRONG_NUMBER
        elif any(has_surrogates(row[form.word]) for row in rows):
            broken[sentence] = NOT_DECODED
    cells = [(row + [""] * width)[:width] for row in found.rows]
    by_column = [[without_surrogates(cell) for cell in of] for of in zip(*cells, strict=True)] or [[]] * width
    right = (
        None
        if column is None
        else [cell if cell not in ("", NONE_GIVEN) else None for cell in by_column[column]]
    )
    beside = {
        name: own
        for place, (name, own) in enumerate(zip(form.names, by_column, strict=True))
        if place != form.word
    }
    frame = pl.DataFrame({name: pl.Series(own, dtype=pl.String) for name, own in beside.items()})
    at = np.array(found.at, dtype=np.int64)
    return Sentences(by_column[form.word], offsets, broken, right, frame, (lines, at))
