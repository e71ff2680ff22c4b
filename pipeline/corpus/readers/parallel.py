"""Texts and their labels in two files: line i of the one belongs to line i of the other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.encodings import read_source
from pipeline.corpus.readers.entries import words_of
from pipeline.corpus.readers.packing import read_bytes
from pipeline.corpus.readers.plain_text import table_of_lines
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.several import join
from pipeline.corpus.readers.table import ending_of, read_table

# Words in the names of files that hold nothing but texts, or nothing but labels.
OF_TEXTS = frozenset((
    "text", "texts", "sentence", "sentences", "x", "seq", "input", "inputs", "data", "doc", "docs",
    "document", "documents", "review", "reviews", "tweet", "tweets", "corpus", "content", "contents",
    "source", "question", "questions", "utterance", "utterances", "comment", "comments", "title",
    "titles",
))  # fmt: skip
OF_LABELS = frozenset((
    "label", "labels", "lbl", "lbls", "y", "target", "targets", "class", "classes", "category",
    "categories", "intent", "intents", "sentiment", "sentiments", "gold", "polarity", "polarities",
    "rating", "ratings", "stars", "topics",
))  # fmt: skip
_ENDINGS = frozenset(("txt", "csv", "tsv", "dat", "lst", "in"))
MOST_FILES = 200  # among which pairs are looked for
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_NUMBERED = re.compile(r"\s*(-?\d+)(?:\s*[\t:=,]\s*|\s+)(\S.*)")
_OF_NAMES = re.compile(
    r".*(mapping|id2label|label2id|label_?map|label_?names|class_?names|classes)[^.]*", re.I
)
_JOIN = "else join the two as columns of one .csv, called text and label"


@dataclass(frozen=True)
class Pair:
    """A file of texts and the file of their labels."""

    texts: Path
    labels: Path

    def read(self) -> RawTable:
        """Return the texts with their labels; a blank line is a missing one.

        Raises
        ------
        PipelineError
            Files of which one has more lines or records than the other.
        """
        labels = _values(self.labels)
        table = _table(self.texts)
        if len(labels) != len(table.cells):
            what = (
                f"there are {len(labels):,} labels, and {len(table.cells):,} texts in {self.texts.name}, "
                "to which they seem to belong line by line"
            )
            raise PipelineError(
                "files-do-not-match", str(self.labels), what, f"give files of as many lines; {_JOIN}"
            )
        labels, named = _with_names(labels, self.labels)
        note = f"{self.texts}: line by line the labels are those of {self.labels.name}"
        return replace(
            table,
            cells=table.cells.with_columns(labels.alias(_column(table))),
            label_column=_column(table),
            assumptions=(*table.assumptions, note, *named),
        )


def _column(table: RawTable) -> str:
    return "label" if "label" not in table.cells.columns else "label of the other file"


def pairs_of(paths: Sequence[Path]) -> list[Pair]:
    """Return the files of texts that have a file of labels beside them, by what their names share.

    Texts without such a word in their name (`train.txt`) belong to labels (`train.labels`) that are called as they are.
    """
    pairs: list[Pair] = []
    if len(paths) > MOST_FILES:
        return pairs
    for labels in (path for path in paths if _words(path) & OF_LABELS and not _words(path) & OF_TEXTS):
        others = [path for path in paths if path != labels and not _words(path) & OF_LABELS]
        alike = [path for path in others if _own(path) == _own(labels)]
        called = [path for path in alike if _words(path) & OF_TEXTS]
        plain = [path for path in alike if path not in called and not _is_table(path)]
        found = called or plain or [path for path in others if len(paths) == 2 and _fit(path, labels)]
        if len(found) == 1:
            pairs.append(Pair(found[0], labels))
    return pairs


def _words(path: Path) -> set[str]:
    return {*words_of(path.name)} - _ENDINGS


def _own(path: Path) -> set[str]:
    """Return what a name says beside that it is of texts or labels: a part, a number."""
    return (_words(path) - OF_TEXTS - OF_LABELS) | {*re.findall(r"\d+", path.name)}


def _is_table(path: Path) -> bool:
    return ending_of(path) in _TABLES


def _fit(texts: Path, labels: Path) -> bool:
    """Whether two text files have as many lines, those of one with few values."""
    if _is_table(texts) or _is_table(labels):
        return False
    values = _lines(labels)
    return len(_lines(texts)) == len(values) and 2 * len({*values}) <= len(values)


def hold_pairs(folders: Sequence[Path]) -> bool:
    """Whether of two folders one holds texts and the other their labels, in files of the same names."""
    if len(folders) != 2:
        return False
    roles = [bool(_words(path) & OF_TEXTS) - bool(_words(path) & OF_LABELS) for path in folders]
    stems = [{path.stem for path in folder.iterdir()} for folder in folders]
    return sorted(roles) == [-1, 1] and stems[0] == stems[1]


def read_pairs(pairs: Sequence[Pair], name: str) -> RawTable:
    """Return the texts of all pairs with their labels."""
    return join([pair.read() for pair in pairs], name)


# --- lines


def _table(path: Path) -> RawTable:
    if _is_table(path):
        return read_table(path)
    lines = list(enumerate(_lines(path), start=1))
    texts = {"text": [line for _, line in lines]}
    return table_of_lines(read_source(path), lines, texts, label="label", note="a document a line")


def _lines(path: Path) -> list[str]:
    text = read_source(path).text().replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n")


def _values(path: Path) -> pl.Series:
    """Return the labels of a file, one a line or a record of its only column."""
    if not _is_table(path):
        return pl.Series("label", _lines(path), dtype=pl.String)
    cells = read_table(path).cells
    if cells.width > 1:
        what = f"the labels of another file seem to be here, with {cells.width} columns beside each other"
        raise PipelineError("files-do-not-match", str(path), what, _JOIN.removeprefix("else "))
    return cells.to_series()


# --- names of classes


def _with_names(labels: pl.Series, file: Path) -> tuple[pl.Series, list[str]]:
    """Return labels that are numbers as the names that a file beside them gives these, and what was read for that."""
    found = {label.strip() for label in labels.drop_nulls() if label.strip()}
    if not all(label.isdigit() for label in found):
        return labels, []
    for path in sorted(file.parent.iterdir()):
        if path != file and path.is_file() and _OF_NAMES.fullmatch(path.stem):
            names = _names_in(path)
            if found <= names.keys() and len({*names.values()}) == len(names):
                said = f"{file}: the labels are called as {path.name} says"
                return labels.str.strip_chars().replace(dict(names)), [said]
    return labels, []


def _names_in(path: Path) -> Mapping[str, str]:
    """Return the name of each number: of a JSON object, of lines `0<TAB>name`, or of lines in order from 0."""
    text = read_bytes(path).decode("utf-8", "replace").removeprefix("\ufeff")
    with suppress(ValueError):
        whole = json.loads(text)
        if isinstance(whole, dict):
            pairs = {str(key): str(value) for key, value in whole.items()}
            return pairs if all(map(str.isdigit, pairs)) else {value: key for key, value in pairs.items()}
    lines = [line for line in text.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if all(numbered):
        return {match[1]: _last(match[2]) for match in numbered if match}
    return {str(place): line.strip() for place, line in enumerate(lines)}


def _last(name: str) -> str:
    """Return a name without what stands before a tab in it, such as the emoji that it is the name of."""
    return name.rpartition("\t")[2].strip()
