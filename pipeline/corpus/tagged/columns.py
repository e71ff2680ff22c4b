"""A word a line with its tags in columns, a blank line behind each sentence: the files of the CoNLL shared tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.core.clean import has_surrogates, without_surrogates
from pipeline.core.errors import PipelineError
from pipeline.core.values import Bool
from pipeline.corpus.losses import UNDECODABLE_BYTES, WRONG_NUMBER
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.tagged.table import TaggedTable, sections_of

DOCSTART = "-DOCSTART-"  # begins a document of the file, and is no word
_SAMPLE = 2_000  # lines by which the columns are told


@dataclass
class Sentence:
    """Lines between two blank ones: each as its fields."""

    line: int  # of the first
    rows: list[list[str]] = field(default_factory=list)
    begins_section: bool = False


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are read: what parts columns, what they are called, whether the first line says so."""

    by_tabs: bool
    names: tuple[str, ...]  # that of the words first
    header: bool


def layout_of(file: str, lines: Sequence[str], asked: str | None) -> Layout:
    """Return how a file is read by its first lines.

    Columns are parted by tabs, or by blanks where there are none. They are called by their numbers, from 1 for that of
    the words, unless the first line names the one that is asked for.

    Raises
    ------
    PipelineError
        If no line has a word.
    """
    if not any(line.strip() for line in lines[:_SAMPLE]):
        raise _no_word(file)
    by_tabs = _by_tabs(lines)
    n_columns = _usual_number(lines, by_tabs)
    header = _header(lines, by_tabs, asked)
    names = header or [str(number) for number in range(1, n_columns + 1)]
    return Layout(by_tabs, tuple(names), bool(header))


def read_columns(path: Path, asked: str | None = None) -> TaggedTable:
    """Read a file of columns: the first has the words, `asked` or the last one the tags; see `layout_of`.

    Raises
    ------
    PipelineError
        If no line has a word.
    """
    source = read_source(path)
    lines = source.text().split("\n")
    layout = layout_of(source.file, lines, asked)
    n_columns = len(layout.names)
    sentences = list(_sentences(lines, layout.by_tabs, n_columns, layout.header))
    if not sentences:
        raise _no_word(source.file)
    return _table(source, sentences, layout.names, n_columns)


def _no_word(file: str) -> PipelineError:
    return PipelineError(
        "file-is-empty", file, "no line holds a word", "give a file with a word and its tags a line"
    )


def fields_of(line: str, by_tabs: bool) -> list[str]:
    """Return what a line holds, column by column.

    >>> fields_of("New York\\tB-LOC\\r", True), fields_of("York  NNP I-LOC", False)
    (['New York', 'B-LOC'], ['York', 'NNP', 'I-LOC'])
    """
    line = line.removesuffix("\r")
    return [cell.strip() for cell in line.split("\t")] if by_tabs else line.split()


def are_damaged(source: TextSource, sentences: Iterable[list[list[str]]]) -> Bool:
    """Return which sentences, each a list of rows, have bytes that are no text; bool (N,)."""
    found = (
        source.damaged and any(has_surrogates(cell) for row in rows for cell in row) for rows in sentences
    )
    return np.fromiter(found, dtype=np.bool_)


def _by_tabs(lines: Sequence[str]) -> bool:
    """Whether columns are parted by tabs: most lines that hold something have one."""
    head = [line for line in lines[:_SAMPLE] if line.strip()]
    return 2 * sum("\t" in line for line in head) > len(head)


def _usual_number(lines: Sequence[str], by_tabs: bool) -> int:
    """Return how many columns most lines have."""
    counts = Counter(len(fields_of(line, by_tabs)) for line in lines[:_SAMPLE] if line.strip())
    return counts.most_common(1)[0][0]


def _header(lines: Sequence[str], by_tabs: bool, asked: str | None) -> list[str]:
    """Return the names of the columns, if the first line holds the one that is asked for; else nothing."""
    first = fields_of(next(line for line in lines if line.strip()), by_tabs)
    return first if asked in first else []


def _sentences(lines: Sequence[str], by_tabs: bool, n_columns: int, header: bool) -> Iterator[Sentence]:
    """Yield the sentences; a comment stands before the words of one and has not as many columns as they."""
    now, begins = Sentence(0), False
    for number, line in enumerate(lines, start=1):
        row = fields_of(line, by_tabs)
        if not any(row):
            if now.rows:
                yield now
            now = Sentence(0)
        elif header:
            header = False
        elif row[0] == DOCSTART:
            begins = True
        elif not now.rows and line.startswith("#") and len(row) != n_columns:
            continue
        else:
            if not now.rows:
                now, begins = Sentence(number, begins_section=begins), False
            now.rows.append(row)
    if now.rows:
        yield now


def _table(
    source: TextSource, sentences: Sequence[Sentence], names: Sequence[str], n_columns: int
) -> TaggedTable:
    """Return the sentences; a row of another number of columns leaves its whole sentence out."""
    ragged = np.array([any(len(row) != n_columns for row in one.rows) for one in sentences])
    damaged = are_damaged(source, [one.rows for one in sentences])
    rows = [(row + [""] * n_columns)[:n_columns] for one in sentences for row in one.rows]
    if source.damaged:
        rows = [[without_surrogates(cell) for cell in row] for row in rows]
    by_column = list(zip(*rows, strict=True))
    lengths = [len(one.rows) for one in sentences]
    return TaggedTable(
        file=source.file,
        words=by_column[0],
        columns=dict(zip(names[1:], by_column[1:], strict=True)),
        offsets=np.cumsum([0, *lengths]).astype(np.int64),
        lines=np.array([one.line for one in sentences], dtype=np.int64),
        sections=sections_of([one.begins_section for one in sentences]),
        usual=names[-1],
        word_column=names[0],
        encoding=source.encoding,
        left_out={WRONG_NUMBER: ragged, UNDECODABLE_BYTES: damaged},
        assumptions=source.assumptions,
        warnings=source.warnings,
    )
