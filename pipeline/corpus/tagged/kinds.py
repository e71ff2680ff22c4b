"""Which files have tags for their words: told by their ending, or by what stands in them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.head import read_head
from pipeline.corpus.readers.packing import inner_name
from pipeline.corpus.tagged.columns import read_columns
from pipeline.corpus.tagged.conllu import read_conllu
from pipeline.corpus.tagged.json_tokens import TAGS, WORDS, read_tokens
from pipeline.corpus.tagged.table import TaggedTable
from pipeline.tasks.tag.schemes import TagSet

Reader = Callable[[Path, str | None], TaggedTable]

# Files that are read so whenever words are to be tagged; columns are also those of any other ending.
READERS: dict[str, Reader] = {
    ".conllu": read_conllu,
    ".jsonl": read_tokens,
    ".ndjson": read_tokens,
    **dict.fromkeys((".conll", ".iob", ".iob2", ".bio", ".bioes", ".txt", ".tsv"), read_columns),
}
# Endings that mean tags, whatever the file holds; an .iob may have a line a sentence, with its class at the end (ATIS).
CERTAIN = (".conllu", ".conll", ".iob2", ".bio", ".bioes")
_MOST_WORDS = 200  # of a sentence, on average, in what looks like columns
_ALIKE = 0.95  # of the lines have as many columns


def is_tagged(path: Path) -> bool:
    """Whether the words of a file have tags: by its ending, or its content where the ending leaves it open."""
    ending = inner_name(path).suffix.lower()
    if ending in CERTAIN or ending not in READERS:
        return ending in CERTAIN
    try:
        start = read_head(path).start
    except PipelineError:  # told where it is read
        return False
    return _has_lists(start) if READERS[ending] is read_tokens else _has_columns(start)


def reader_of(path: Path) -> Reader:
    """Return what reads a file of words with tags.

    Raises
    ------
    PipelineError
        If no such file has this ending.
    """
    ending = inner_name(path).suffix.lower()
    if ending not in READERS:
        what = f'words with tags are not read from files that end in "{ending}"'
        raise PipelineError("format-not-read", str(path), what, f"give one of {' '.join(READERS)}")
    return READERS[ending]


def _has_lists(start: str) -> bool:
    """Whether the first line is an object with a list of tokens and one of tags."""
    try:
        first = json.loads(start.lstrip().split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    lists = (
        {name for name, value in first.items() if isinstance(value, list)}
        if isinstance(first, dict)
        else set()
    )
    return bool(lists & {*WORDS}) and bool(lists & {*TAGS})


def _has_columns(start: str) -> bool:
    """Whether text is a word a line, a tag of IOB or BIOES in the last column, with blank lines between sentences."""
    lines = start.split("\n")[:-1] or start.split("\n")
    rows = [line.split() for line in lines if line.strip()]
    n_blank = len(lines) - len(rows)
    counts = Counter(map(len, rows))
    if not rows or not n_blank or len(rows) > _MOST_WORDS * n_blank:
        return False
    usual, often = counts.most_common(1)[0]
    return usual >= 2 and often >= _ALIKE * len(rows) and _has_letters([row[-1] for row in rows])


def _has_letters(tags: Sequence[str]) -> bool:
    return TagSet.of(tuple(sorted({*tags}))).scheme != "plain"
