"""Plain text > rows: a document a line, blank lines among them; labels where lines carry them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from pipeline.corpus.readers.plain_text import SAMPLE_LINES, fasttext_labels, looks_like_fasttext
from pipeline.corpus.readers.records import RawTable, as_cells, none_of
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.rows import AT_ONCE, Input, Rows

TEXT, LABEL = "text", "label"  # what the columns of such a file are called
Cut = Callable[[str], tuple[str, str]]  # a line > its label, its text


def open_lines(blocks: TextBlocks, labels: Sequence[str], n_sample: int = SAMPLE_LINES) -> Input:
    """Return the lines of a text file, each a document; a label that stands on each is none of its text.

    Parameters
    ----------
    labels : those of the model, which tell a label before a tab from a text with a tab in it
    n_sample : how many of the first lines decide whether lines carry labels
    """
    cut, said = _cut_of(lines_of(blocks.first)[:n_sample], labels)
    said_of = (*blocks.said(), f"{blocks.name}: {said}")
    return Input(blocks.name, _rows(blocks.name, blocks, cut), said_of, blocks.ended)


def _cut_of(head: Sequence[str], labels: Sequence[str]) -> tuple[Cut | None, str]:
    """Return how a line is cut into label and text, None where it is a text alone; and that in words."""
    filled = [line for line in head if line.strip()]
    if filled and looks_like_fasttext(list(enumerate(filled))):
        return _fasttext, "fastText lines: __label__ and the text"
    known = {*labels}
    for cut, words in (
        (_label_first, "a label, a tab, the text"),
        (_label_last, "the text, a tab, a label"),
    ):
        tabbed = [line for line in filled if "\t" in line]
        if len(tabbed) == len(filled) > 0 and all(cut(line)[0] in known for line in tabbed):
            return cut, f"each line is {words}"
    return None, "each line is a document"


def _fasttext(line: str) -> tuple[str, str]:
    labels, text = fasttext_labels(line)
    return labels[0] if len(labels) == 1 else "", text  # no one label is right where there are several


def _label_first(line: str) -> tuple[str, str]:
    label, tab, text = line.partition("\t")
    return (label, text) if tab else ("", line)  # a line without a label is all text


def _label_last(line: str) -> tuple[str, str]:
    text, tab, label = line.rpartition("\t")
    return (label, text) if tab else ("", line)


def _rows(name: str, pieces: Iterable[str], cut: Cut | None) -> Iterator[Rows]:
    for piece in pieces:
        lines = lines_of(piece)
        for start in range(0, len(lines), AT_ONCE):
            yield _rows_of(name, lines[start : start + AT_ONCE], cut)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text; behind the last end there is none."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def _rows_of(name: str, lines: list[str], cut: Cut | None) -> Rows:
    if cut is None:
        columns = {TEXT: lines}
    else:
        labels, texts = zip(*map(cut, lines), strict=True)
        columns = {TEXT: list(texts), LABEL: list(labels)}
    cells, damage = as_cells(columns)
    labelled = None if cut is None else LABEL
    return Rows(RawTable(name, cells, none_of(len(cells)), damage, text_column=TEXT, label_column=labelled))
