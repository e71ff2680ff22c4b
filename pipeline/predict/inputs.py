"""INPUT as a person names it > its rows: each format by what reads it elsewhere, its content looked at first."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.arrow import read_arrow, read_arrow_frame
from pipeline.corpus.readers.column_names import normalised_name
from pipeline.corpus.readers.delimited import DELIMITERS, read_delimited
from pipeline.corpus.readers.dialects import LONGEST_FIELD
from pipeline.corpus.readers.encoding_names import Encoding, named
from pipeline.corpus.readers.encodings import reading_as
from pipeline.corpus.readers.frames import as_table, damage_explained
from pipeline.corpus.readers.head import HEAD_BYTES, Head, read_head
from pipeline.corpus.readers.header import LONGEST_HEADING
from pipeline.corpus.readers.hugging_face import names_in_metadata, with_class_names
from pipeline.corpus.readers.json_layouts import Object
from pipeline.corpus.readers.json_records import read_json, read_json_objects, read_jsonl
from pipeline.corpus.readers.kinds import Reader
from pipeline.corpus.readers.packing import Content, open_content, open_stream
from pipeline.corpus.readers.parquet import read_parquet
from pipeline.corpus.readers.places import check_exists
from pipeline.corpus.readers.plain_text import SAMPLE_LINES, read_text
from pipeline.corpus.readers.signatures import SIGNATURES
from pipeline.corpus.readers.table import READERS, Format, find_format
from pipeline.corpus.readers.text_kinds import CERTAIN_TEXT
from pipeline.predict.blocks import Read, TextBlocks
from pipeline.predict.delimited import open_delimited
from pipeline.predict.json_lines import open_json_lines
from pipeline.predict.rows import AT_ONCE, GIVE, MOST_AT_ONCE, Input, Rows, of_table
from pipeline.predict.text_lines import open_lines

STANDARD_INPUT, PIPE = "-", "standard input"  # as it is typed, as it is called
FROM_A_PIPE = 1 << 20  # bytes that are waited for no longer than they take to come


@dataclass(frozen=True)
class Asked:
    """What a person says of an input: its encoding, columns by name, and the labels that the model knows."""

    encoding: str | None
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    typed: tuple[str, ...] = ()  # of the columns those that were named with --text or --label

    @property
    def codec(self) -> Encoding | None:
        """The encoding that was asked for; None: the one that is found."""
        return named(self.encoding) if self.encoding else None


def open_input(name: str | TextBlocks, asked: Asked, stack: ExitStack) -> Input:
    """Return the rows of a file, or of standard input where the name is `-`.

    Parameters
    ----------
    name : as it was typed; or the lines of standard input, where it was opened already
    stack : closes the file when it is done

    Raises
    ------
    PipelineError
        If there is no such file, it is a folder, empty, damaged, or of a kind that is not read.
    """
    if isinstance(name, TextBlocks):
        return _of_lines(name, asked, n_sample=1)
    if name == STANDARD_INPUT:
        return _of_lines(blocks_of_standard_input(asked, stack), asked, n_sample=1)
    path = Path(name)
    check_exists(path)
    if path.is_dir():
        raise PipelineError("file-expected", name, "this is a folder, expected a file", GIVE)
    found = _format_of(path)
    opened = _of_file(path, found.reader, asked, stack)
    return replace(opened, said=(*found.said, *opened.said))


def _of_file(path: Path, reader: Reader, asked: Asked, stack: ExitStack) -> Input:
    if reader is read_text:
        return _of_lines(blocks_of(path, asked, stack), asked)
    if reader is read_jsonl:
        return open_json_lines(blocks_of(path, asked, stack))
    if reader is read_parquet:
        return Input(str(path), _of_parquet(path))
    if isinstance(reader, partial) and reader.func is read_delimited:
        return open_delimited(blocks_of(path, asked, stack), asked.columns, reader.keywords["preferred"])
    typed: pl.DataFrame | None = None
    objects: Sequence[Object] | None = None
    with reading_as(asked.encoding):
        if reader is read_json:
            table, objects = read_json_objects(path, asked.columns)
        elif reader is read_arrow:
            table, typed = read_arrow_frame(path)
        else:
            table = reader(path, asked.columns)
    if not len(table.cells):
        raise PipelineError("file-is-empty", str(path), "the file holds no records", GIVE)
    return Input(str(path), of_table(table, typed, objects), (*table.assumptions, *table.warnings))


def _format_of(path: Path) -> Format:
    """Return what reads a file as records; `read_text` for one in which each line is a document."""
    head = read_head(path)
    if head.is_empty():
        raise PipelineError("file-is-empty", str(path), "the file is empty", GIVE)
    certain = next((kind for kind in SIGNATURES + CERTAIN_TEXT if kind.fits(head)), None)
    if certain is None and _is_prose(head):
        return Format(read_text, head.said)
    return find_format(path)


def _is_prose(head: Head) -> bool:
    """Whether nothing says of a text that it is more than lines."""
    return (head.ending == ".txt" or head.ending not in READERS) and not head.is_binary()


def blocks_of(path: Path, asked: Asked, stack: ExitStack) -> TextBlocks:
    """Return the lines of a file."""
    content = stack.enter_context(_open_apart(open_content(path)))
    return TextBlocks(str(path), _told(content, content.stream.read), asked.codec)


@contextmanager
def _open_apart(opened: AbstractContextManager[Content]) -> Iterator[Content]:
    """Yield what a file holds while answers are made and written, whose errors are none of the file."""
    content = opened.__enter__()
    try:
        yield content
    finally:
        opened.__exit__(None, None, None)


def _told(content: Content, read: Read) -> Read:
    """Return a function that reads, whose errors name the file."""

    def told(n_bytes: int) -> bytes:
        with content.told():
            return read(n_bytes)

    return told


def blocks_of_standard_input(asked: Asked, stack: ExitStack) -> TextBlocks:
    """Return the lines of standard input as they come: how many more have come by now depends on the pipe."""
    if sys.stdin is None or sys.stdin.isatty():
        fix = 'send lines into it (cat FILE | python -m pipeline predict RUN -), or type a text with --say "TEXT"'
        raise PipelineError("file-is-empty", PIPE, "nothing is sent into it", fix)
    opened = open_stream(cast("io.BufferedReader", sys.stdin.buffer), PIPE)
    content = stack.enter_context(_open_apart(opened))
    with content.told():
        head = Head(PIPE, "", content.stream.peek(HEAD_BYTES)[:HEAD_BYTES], whole=False)
    kind = next((kind for kind in SIGNATURES if kind.fits(head)), None)
    if kind is not None or head.is_binary():
        words = kind.words if kind is not None else "binary data of no kind that is known"
        raise PipelineError(
            "format-not-read",
            PIPE,
            f"this is {words}, which is not read line by line",
            "give the file itself",
        )
    return TextBlocks(PIPE, _told(content, _as_it_comes(content.stream)), asked.codec)


def _of_lines(blocks: TextBlocks, asked: Asked, n_sample: int = SAMPLE_LINES) -> Input:
    """Return the rows of lines of which no name says what they are: objects, a table with a header, or documents."""
    line = blocks.first.partition("\n")[0]
    if line.startswith("{") and line.rstrip().endswith("}"):
        return open_json_lines(blocks)
    for delimiter in DELIMITERS:
        if _is_header(line, delimiter, blocks, asked):
            return open_delimited(blocks, asked.columns, delimiter)
    return open_lines(blocks, asked.labels, n_sample)


def _is_header(line: str, delimiter: str, blocks: TextBlocks, asked: Asked) -> bool:
    """Whether a first line names columns, that of the text or the label among them, and is no document itself.

    The cells are names: short, with no blanks around them. Unless one of them was typed as an option, the next line
    is waited for, which has to have as many fields.
    """
    cells = _fields(line, delimiter)
    names = {*map(normalised_name, cells)}
    if len(cells) < 2 or not names & {*map(normalised_name, asked.columns)} or len(names) < len(cells):
        return False
    if not all(cell and cell == cell.strip() and len(cell.split()) <= LONGEST_HEADING for cell in cells):
        return False
    if names & {*map(normalised_name, asked.typed)}:
        return True
    _, *below = blocks.beginning(2).split("\n")
    return bool(below and below[0].strip()) and len(_fields(below[0], delimiter)) == len(cells)


def _fields(line: str, delimiter: str) -> list[str]:
    csv.field_size_limit(LONGEST_FIELD)
    return next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])


def _as_it_comes(stream: io.BufferedReader) -> Read:
    """Return a function that reads what is there, so that a line is answered before the next one is written."""

    def read(n_bytes: int) -> bytes:
        return stream.read1(min(n_bytes, FROM_A_PIPE))

    return read


def _of_parquet(path: Path) -> Iterator[Rows]:
    """Yield the rows of a Parquet file, one row group after the other."""
    with open_content(path) as content:
        data = path if content.plain else io.BytesIO(content.stream.read())
    with damage_explained(path, "Parquet"):
        names = names_in_metadata(pl.read_parquet_metadata(data))
        batches = iter(pl.scan_parquet(data).collect_batches(chunk_size=AT_ONCE, maintain_order=True))
    while True:
        with damage_explained(path, "Parquet"):
            frame = next(batches, None)
        if frame is None:
            return
        n_rows = max(1, min(AT_ONCE, len(frame) * MOST_AT_ONCE // max(int(frame.estimated_size()), 1)))
        for start in range(0, len(frame), n_rows):
            some = frame.slice(start, n_rows)
            yield Rows(with_class_names(as_table(str(path), some), names), typed=some)
