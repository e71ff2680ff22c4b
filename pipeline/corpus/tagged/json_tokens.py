"""JSON Lines whose records hold a list of tokens and lists of tags as long."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.core.clean import has_surrogates, without_surrogates
from pipeline.core.errors import PipelineError
from pipeline.core.warned import Warned, warning
from pipeline.corpus.losses import NO_TEXT, UNDECODABLE_BYTES, WRONG_NUMBER
from pipeline.corpus.readers.encodings import read_source
from pipeline.corpus.tagged.table import Cells, TaggedTable

WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "ner", "pos_tags", "pos", "upos", "chunk_tags", "labels")  # the likeliest first
DOCUMENT = ("doc_id", "document_id", "document")  # records that share one are of one document

Record = Mapping[str, object]


def read_tokens(path: Path, asked: str | None = None) -> TaggedTable:
    """Read a file whose lines are objects with `tokens` and `tags`, or what else `TAGS` or `asked` calls them.

    A record whose lists are not of one length is left out, and so is one without a token.

    Raises
    ------
    PipelineError
        A line that is no object with a list of tokens, or records without a list of tags.
    """
    source = read_source(path)
    lines = [(number, line) for number, line in enumerate(source.text().split("\n"), 1) if line.strip()]
    records = [_record(f"{source.file}:{number}", line) for number, line in lines]
    words = next((name for name in WORDS if name in records[0]), WORDS[0])
    tokens = [
        _texts(f"{source.file}:{number}", words, record.get(words))
        for (number, _), record in zip(lines, records, strict=True)
    ]
    names = _columns(records, tokens)
    if not names:
        what = f'no record has a list of tags beside "{words}"'
        raise PipelineError("no-label-column", f"{source.file}:{lines[0][0]}", what, f'call it "{TAGS[0]}"')
    columns: dict[str, Cells] = {}
    wrong = np.zeros(len(records), dtype=np.bool_)
    for name in names:
        tags = [record.get(name) for record in records]
        differs = np.array([not _fits(own, of) for own, of in zip(tags, tokens, strict=True)])
        wrong |= differs & (name == (asked or names[0]))
        columns[name] = [cell for own, of in zip(tags, tokens, strict=True) for cell in _cells(own, of)]
    return TaggedTable(
        file=source.file,
        words=[without_surrogates(token) for own in tokens for token in own],
        columns=columns,
        offsets=np.cumsum([0, *map(len, tokens)]).astype(np.int64),
        lines=np.array([number for number, _ in lines], dtype=np.int64),
        sections=_sections(records),
        usual=names[0],
        word_column=words,
        encoding=source.encoding,
        left_out={
            NO_TEXT: np.array([not own for own in tokens]),
            WRONG_NUMBER: wrong,
            UNDECODABLE_BYTES: np.array([has_surrogates(line) for _, line in lines]),
        },
        assumptions=source.assumptions,
        warnings=(*source.warnings, *_numbered(source.file, columns, asked or names[0])),
    )


def _record(place: str, line: str) -> Record:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        what = f"the line is no JSON ({error})"
        raise PipelineError("json-invalid", place, what, "write one object a line") from None
    if not isinstance(found, dict):
        raise PipelineError(
            "json-invalid", place, "the line is no JSON object", 'write {"tokens": [..], "tags": [..]}'
        )
    return found


def _texts(place: str, name: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        what = f'"{name}" is no list of texts'
        raise PipelineError(
            "json-invalid", place, what, 'write the words of a sentence: {"tokens": ["a", "b"], "tags": [..]}'
        )
    return value


def _columns(records: Sequence[Record], tokens: Sequence[list[str]]) -> list[str]:
    """Return the names of lists that are as long as the tokens in some record, those that are called tags first."""
    fitting = dict.fromkeys(
        name
        for record, own in zip(records, tokens, strict=True)
        for name, value in record.items()
        if name not in WORDS and own and _fits(value, own)
    )
    known = [name for name in TAGS if name in fitting]
    return [*known, *(name for name in fitting if name not in known)]


def _fits(value: object, tokens: list[str]) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(tokens)
        and not any(isinstance(one, list | dict) for one in value)
    )


def _cells(tags: object, tokens: list[str]) -> list[str | None]:
    """Return the tags of a record's tokens; none where the lists do not fit each other."""
    if not isinstance(tags, list) or not _fits(tags, tokens):
        return [None] * len(tokens)
    return [_text(tag) for tag in tags]


def _text(value: object) -> str | None:
    return None if value is None else without_surrogates(str(value))


def _sections(records: Sequence[Record]) -> np.ndarray:
    """Return the document of each record: the records that share one by its name; else all are of one."""
    name = next((name for name in DOCUMENT if all(name in record for record in records)), None)
    if name is None:
        return np.zeros(len(records), dtype=np.int64)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(str(record[name]), len(numbers)) for record in records], np.int64)


def _numbered(file: str, columns: Mapping[str, Cells], name: str) -> list[Warned]:
    """Return a warning where tags are numbers: their names, and so their spans, are not in the file."""
    cells = columns.get(name, ())
    if not cells or not all(cell is None or cell.lstrip("-").isdigit() for cell in cells):
        return []
    told = f'{file}: "{name}" holds numbers, so no spans can be told; write the names of the tags instead'
    return [warning("tags-are-numbers", told)]
