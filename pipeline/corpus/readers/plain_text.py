"""Plain text: fastText lines (`__label__x text`), or a label and a text separated by a tab."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import without_surrogates
from pipeline.core.errors import PipelineError
from pipeline.core.values import Int64
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.readers.records import RawTable, as_cells, none_of

FASTTEXT_PREFIX = "__label__"
SAMPLE_LINES = 2000
FASTTEXT_LINE = re.compile(r"__label__[^\s,;|]+[ \t]|[^\t]*[ \t]__label__[^\s,;|]+\s*\Z")
_FASTTEXT_BLANKS = re.compile(r"[ \t\v\f\r\0]+")  # fastText knows these alone, not the no-break space
Lines = list[tuple[int, str]]  # line numbers from 1, lines without their end
Pair = tuple[str | None, str | None]  # text, label


def read_text(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a .txt file: fastText lines (`__label__x text`), label<TAB>text or text<TAB>label."""
    source = read_source(path)
    lines = numbered_lines(source)
    if looks_like_fasttext(lines):
        pairs = [_fasttext_pair(source.file, number, line) for number, line in lines]
        return _table(source, lines, pairs, "fastText lines (__label__, then the text)")
    label_first = _label_is_first(source.file, lines)
    pairs = [_tab_pair(line, label_first) for _, line in lines]
    order = "the label, a tab, the text" if label_first else "the text, a tab, the label"
    table = _table(source, lines, pairs, f"each line is {order}")
    return replace(table, wrong_fields=np.array([None in pair for pair in pairs], np.bool_))


def read_lines(path: Path) -> tuple[pl.Series, str]:
    """Return the lines of a text file that are not blank, without fastText labels, and how they were read.

    One document a line; string Series.
    """
    lines = numbered_lines(read_source(path))
    fasttext = looks_like_fasttext(lines)
    texts = [without_surrogates(fasttext_labels(line)[1] if fasttext else line) for _, line in lines]
    how = "a line each, fastText labels left out" if fasttext else "a line each"
    return pl.Series("text", texts, dtype=pl.String), how


def read_documents(path: Path, label: str) -> RawTable:
    """Read a text file whose lines are documents, all of the class `label`; blank lines are none."""
    source = read_source(path)
    lines = numbered_lines(source)
    return _table(source, lines, [(line, label) for _, line in lines], "a document a line")


def looks_like_fasttext(lines: Lines) -> bool:
    """Whether most lines of the head start, or end, with a label: `__label__x`."""
    head = lines[:SAMPLE_LINES]
    labelled = (line.startswith(FASTTEXT_PREFIX) or FASTTEXT_LINE.match(line) for _, line in head)
    return 2 * sum(map(bool, labelled)) > len(head)


def numbered_lines(source: TextSource) -> Lines:
    """Return the lines that are not blank, each with its number."""
    numbered = enumerate(source.text().split("\n"), start=1)
    return [(number, line.removesuffix("\r")) for number, line in numbered if line.strip()]


def _fasttext_pair(file: str, number: int, line: str) -> Pair:
    labels, text = fasttext_labels(line)
    if len(labels) > 1:
        first, second = (FASTTEXT_PREFIX + label for label in labels[:2])
        what = f'the document has two labels, "{first}" and "{second}"; expected one'
        raise PipelineError("several-labels", f"{file}:{number}", what, "keep one label a line")
    return (text, labels[0]) if labels else (line, None)


def fasttext_labels(line: str) -> tuple[list[str], str]:
    """Return the labels at the beginning of a line, or at its end where none is there, and its text.

    >>> fasttext_labels("__label__pos  a good film"), fasttext_labels("a bad film __label__neg")
    ((['pos'], 'a good film'), (['neg'], 'a bad film'))
    """
    labels: list[str] = []
    while line.strip().startswith(FASTTEXT_PREFIX):
        first, line = _first_word(line)
        labels.append(first.removeprefix(FASTTEXT_PREFIX))
    if not labels and (words := line.strip().rsplit(None, 1)) and words[-1].startswith(FASTTEXT_PREFIX):
        labels.append(words[-1].removeprefix(FASTTEXT_PREFIX))
        line = words[0]
    return labels, line


def _first_word(line: str) -> tuple[str, str]:
    """Return what stands before the first blanks, and the rest."""
    first, *rest = _FASTTEXT_BLANKS.split(line.strip(), maxsplit=1)
    return first, "".join(rest)


def _label_is_first(file: str, lines: Lines) -> bool:
    """Whether the label stands before the first tab: that side has fewer distinct values, or is shorter."""
    head = [line for _, line in lines[:SAMPLE_LINES] if "\t" in line]
    if 2 * len(head) <= min(len(lines), SAMPLE_LINES):
        what = f"the lines hold text without a label: no {FASTTEXT_PREFIX} before it, no tab between the two"
        fix = (
            "write `label<TAB>text`, or use .csv, .jsonl or folders; text without labels is for --unlabelled"
        )
        raise PipelineError("line-without-label", f"{file}:{lines[0][0]}", what, fix)
    first = [line.partition("\t")[0] for line in head]
    last = [line.rpartition("\t")[2] for line in head]
    evidence = [(len(set(side)), sum(map(len, side))) for side in (first, last)]
    if evidence[0] == evidence[1]:
        what = "both sides of the tab could be the label"
        raise PipelineError(
            "line-without-label",
            f"{file}:{lines[0][0]}",
            what,
            "use .csv or .jsonl, where columns have names",
        )
    return evidence[0] < evidence[1]


def _tab_pair(line: str, label_first: bool) -> Pair:
    if "\t" not in line:
        return (None, line) if label_first else (line, None)
    label, _, text = line.partition("\t") if label_first else line.rpartition("\t")[::-1]
    return text, label


def _table(source: TextSource, lines: Lines, pairs: list[Pair], layout: str) -> RawTable:
    texts, labels = zip(*pairs, strict=True)
    return table_of_lines(source, lines, {"text": texts, "label": labels}, label="label", note=layout)


def table_of_lines(
    source: TextSource, lines: Lines, columns: Mapping[str, Sequence[str | None]], *, label: str, note: str
) -> RawTable:
    """Return the table of a file with a record a line.

    Parameters
    ----------
    lines : those of the records
    columns : a value of each line, by the column's name; one is called text
    label : the column with the label
    note : what the lines were taken for
    """
    cells, undecodable = as_cells(columns)
    numbers: Int64 = np.array([number for number, _ in lines], dtype=np.int64)
    return RawTable(
        file=source.file,
        cells=cells,
        wrong_fields=none_of(len(cells)),
        undecodable=undecodable,
        assumptions=(*source.assumptions, f"{source.file}: {note}"),
        warnings=source.warnings,
        encoding=source.encoding,
        text_column="text",
        label_column=label,
        find_lines=lambda: numbers,
    )
