"""CoNLL-U, the format of Universal Dependencies: ten columns parted by tabs, comments, words of several numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.core.clean import plural, without_surrogates
from pipeline.core.errors import PipelineError, first_places
from pipeline.corpus.losses import UNDECODABLE_BYTES, WRONG_NUMBER
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.tagged.columns import are_damaged
from pipeline.corpus.tagged.table import TaggedTable, sections_of

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
NONE_GIVEN = "_"
_WORD = re.compile(r"\d+")
# Lines that are no words of the sentence, by what their number looks like.
NO_WORDS = (
    (re.compile(r"\d+-\d+"), "multi-word token", "their words are tagged one by one"),
    (re.compile(r"\d+\.\d+"), "empty node", "they are not in the text"),
)


@dataclass
class Sentence:
    """The word lines of a sentence, each as its ten fields."""

    line: int
    rows: list[list[str]] = field(default_factory=list)
    begins_section: bool = False
    ragged: bool = False


def read_conllu(path: Path, asked: str | None = None) -> TaggedTable:
    """Read a CoNLL-U file: `form` has the words; `upos` the tags, unless another column is asked for.

    Multi-word tokens (`3-4`) and empty nodes (`5.1`) are left out and counted. `# newdoc` begins a document.

    Raises
    ------
    PipelineError
        If no line has a word.
    """
    source = read_source(path)
    passed_over: dict[str, list[str]] = {}
    sentences = list(_sentences(source, passed_over))
    if not sentences:
        raise PipelineError(
            "file-is-empty", source.file, "no line holds a word of ten columns", "give a CoNLL-U file"
        )
    rows = [row for one in sentences for row in one.rows]
    if source.damaged:
        rows = [[without_surrogates(cell) for cell in row] for row in rows]
    cells = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    tags = {name: [_given(cell) for cell in cells[name]] for name in COLUMNS[2:]}
    return TaggedTable(
        file=source.file,
        words=cells["form"],
        columns=tags,
        offsets=np.cumsum([0, *(len(one.rows) for one in sentences)]).astype(np.int64),
        lines=np.array([one.line for one in sentences], dtype=np.int64),
        sections=sections_of([one.begins_section for one in sentences]),
        usual="upos",
        word_column="form",
        encoding=source.encoding,
        left_out={
            WRONG_NUMBER: np.array([one.ragged for one in sentences]),
            UNDECODABLE_BYTES: are_damaged(source, [one.rows for one in sentences]),
        },
        assumptions=(*source.assumptions, *_told(source.file, passed_over)),
        warnings=source.warnings,
    )


def _sentences(source: TextSource, passed_over: dict[str, list[str]]) -> Iterator[Sentence]:
    """Yield the sentences, and note the places of what is passed over by its name."""
    now, begins = Sentence(0), False
    lines = (line.removesuffix("\r") for line in source.text().split("\n"))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            if now.rows:
                yield now
            now = Sentence(0)
        elif line.startswith("#"):
            begins = begins or line.removeprefix("#").strip().split(" ")[0] == "newdoc"
        else:
            row = line.split("\t")
            name = next((name for pattern, name, _ in NO_WORDS if pattern.fullmatch(row[0])), "")
            if name:
                passed_over.setdefault(name, []).append(f"{source.file}:{number}")
                continue
            if not now.rows:
                now, begins = Sentence(number, begins_section=begins), False
            now.ragged |= len(row) != len(COLUMNS) or not _WORD.fullmatch(row[0])
            now.rows.append((row + [NONE_GIVEN] * len(COLUMNS))[: len(COLUMNS)])
    if now.rows:
        yield now


def _given(cell: str) -> str | None:
    return None if cell == NONE_GIVEN else cell


def _told(file: str, passed_over: dict[str, list[str]]) -> Iterator[str]:
    why = {name: reason for _, name, reason in NO_WORDS}
    for name, places in passed_over.items():
        yield f"{file}: {plural(len(places), name)} left out ({first_places(places)}): {why[name]}"
