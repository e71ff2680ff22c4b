"""word2vec text, fastText .vec and GloVe text: a word and its numbers on each line.

Lines and fields are found by NumPy in blocks of bytes; words are the only Python objects made for each line,
and numbers are read for wanted lines alone. A line's numbers are its last D fields, so a word may hold blanks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Bool, Float32, Int64
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.rows import BLOCK_BYTES, Read, count_notes, stack
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import (
    UTF8_MARK,
    Sniffed,
    column,
    field_starts,
    is_number,
    shown,
    split_fields,
)

_NEWLINE, _BLANK = 10, 32  # every byte up to the blank separates fields
_TO_NEWLINES = bytes.maketrans(bytes(range(33)), b"\n" * 33)
_NO_SEPARATOR = "\x01"  # a control character, so it is a newline by now: a decimal comma stays in its number
LONGEST_LINE = 64 << 20  # bytes; without an end to lines the whole file would be taken into memory


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of a block that are not blank: where each one's word and numbers stand, in bytes."""

    block: bytes
    numbers: Int64  # (L,) line numbers in the block, from 0
    starts: Int64  # (L,)
    word_ends: Int64  # (L,) where the numbers begin
    ends: Int64  # (L,) the newline
    fields: Int64  # (L,) fields after the first

    def take(self, chosen: Int64 | Bool | slice) -> Lines:
        """Return some of the lines."""
        columns = (self.numbers, self.starts, self.word_ends, self.ends, self.fields)
        return Lines(self.block, *(column[chosen] for column in columns))

    def line(self, place: int) -> bytes:
        """Return one line without its newline."""
        return self.block[self.starts[place] : self.ends[place]]


@dataclass(frozen=True)
class _Place:
    """The file and the number of the block's first line, from 1."""

    path: Path
    first_line: int

    def error(self, lines: Lines, place: int, byte: int, what: str, fix: str) -> PipelineError:
        """Return an error at a byte of a line; the column counts characters."""
        number = self.first_line + int(lines.numbers[place])
        return PipelineError(f"{self.path}:{number}:{column(lines.line(place), byte)}", what, fix)


def read_text(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of a text file.

    Every line's number of fields is checked; that a number is one, and finite, only on chosen lines.

    Raises
    ------
    PipelineError
        If a line has not `sniffed.dimension` numbers after its word, or a chosen one holds something else.
    """
    pieces: list[Float32] = []
    notes: list[str] = []
    header_left = sniffed.promised is not None
    with content.open() as stream:
        for block, first_line, is_last in _blocks(stream, content.path):
            place = _Place(content.path, first_line)
            lines = find_lines(block, sniffed.dimension)
            if header_left and len(lines.numbers):
                lines, header_left = lines.take(slice(1, None)), False
            if is_last:
                lines = _without_cut_line(lines, sniffed.dimension, place, notes)
            _check_fields(lines, sniffed.dimension, place)
            pieces.append(_chosen_vectors(lines, sniffed.dimension, selection, place))
    notes += count_notes(sniffed.promised, selection.rows, len(notes))
    return Read(stack(pieces, sniffed.dimension), sniffed.dimension, tuple(notes))


def _blocks(stream: IO[bytes], path: Path) -> Iterator[tuple[bytes, int, bool]]:
    """Yield runs of whole lines, the first one's number, and whether the file ends inside the last line."""
    line = 1
    start = stream.read(len(UTF8_MARK))
    rest = b"" if start == UTF8_MARK else start
    while piece := stream.read(BLOCK_BYTES):
        cut = piece.rfind(b"\n") + 1
        if cut:
            block = rest + piece[:cut]
            yield block, line, False
            line += block.count(b"\n")
            rest = piece[cut:]
            continue
        rest += piece
        if len(rest) > LONGEST_LINE:
            what = (
                f"no line ends within {LONGEST_LINE >> 20} MiB; this is no text of vectors, or a damaged one"
            )
            raise PipelineError(f"{path}:{line}", what, FETCH_AGAIN)
    if rest:
        yield rest, line, True


def find_lines(block: bytes, dimension: int) -> Lines:
    """Return where the words and numbers of a block's lines stand; runs of blanks separate as one does."""
    block = block if block.endswith(b"\n") else block + b"\n"
    data = np.frombuffer(block, np.uint8)  # (B,)
    blanks = np.flatnonzero(data <= _BLANK)
    is_newline = data[blanks] == _NEWLINE
    separators, is_newline = _runs(blanks, is_newline)  # (S,)
    newlines = np.flatnonzero(is_newline)  # (L,) places in `separators`
    before = np.concatenate([[-1], newlines[:-1]])
    fields = newlines - before - 1
    starts = np.concatenate([[0], separators[newlines[:-1]] + 1])
    ends = separators[newlines]
    word_ends = separators[np.maximum(newlines - np.minimum(fields, dimension), 0)]
    lines = Lines(block, np.arange(len(newlines)), starts, word_ends, ends, fields)
    blank = fields == 0
    if not blank.any():
        return lines
    blank[blank] = [
        not block[start:end].strip() for start, end in zip(starts[blank], ends[blank], strict=True)
    ]
    return lines.take(~blank)


def _runs(blanks: Int64, is_newline: Bool) -> tuple[Int64, Bool]:
    """Return the first blank of each run inside a line, and every newline; blanks before a newline fall away."""
    touching = np.diff(blanks) == 1  # (S - 1,): the next blank follows at once
    if not touching.any():
        return blanks, is_newline
    begins = np.ones(len(blanks), dtype=bool)
    begins[1:] = ~touching | is_newline[:-1] | is_newline[1:]
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(blanks)) - 1
    trailing = ~is_newline[firsts]
    trailing[trailing] = (touching[lasts[trailing]]) & is_newline[lasts[trailing] + 1]
    kept = firsts[~trailing]
    return blanks[kept], is_newline[kept]


# --- checks ----------------------------------------------------------------------------------------------


def _without_cut_line(lines: Lines, dimension: int, place: _Place, notes: list[str]) -> Lines:
    """Return the lines without a last one that has no newline and too few numbers, and note it."""
    if len(lines.numbers) == 0 or lines.fields[-1] >= dimension:
        return lines
    number = place.first_line + int(lines.numbers[-1])
    ends = f"ends after {lines.fields[-1]} of {dimension} numbers"
    notes.append(f"line {number}: the last line {ends} and is left out")
    return lines.take(slice(-1))


def _check_fields(lines: Lines, dimension: int, place: _Place) -> None:
    """Raise PipelineError at the first line with too few numbers, or with too many."""
    for at in np.flatnonzero(lines.fields != dimension):
        found = int(lines.fields[at])
        if found > dimension:
            found = dimension + _numbers_at_end(lines, int(at))
        if found != dimension:
            line = lines.line(int(at))
            begin = [*field_starts(line), len(line)][1]
            what = f"expected {dimension} numbers after the word, found {found}"
            raise place.error(lines, int(at), begin, what, f"correct the line, or {FETCH_AGAIN}")


def _numbers_at_end(lines: Lines, at: int) -> int:
    """Return how many fields at the end of a word with blanks are numbers.

    Whole numbers alone, as in "windows 95", are taken for a part of the word.
    """
    parts = split_fields(lines.block[lines.starts[at] : lines.word_ends[at]])[1:]
    numbers = list(takewhile(is_number, reversed(parts)))
    return 0 if all(number.isdigit() for number in numbers) else len(numbers)


# --- vectors ---------------------------------------------------------------------------------------------


def _chosen_vectors(lines: Lines, dimension: int, selection: Selection, place: _Place) -> Float32:
    """Return the vectors of the lines whose words the selection wants; float32 (W', D)."""
    words = _between(lines.block, lines.starts, lines.word_ends)
    chosen = lines.take(np.array(selection.choose(words), dtype=np.int64))
    numbers = _between(chosen.block, chosen.word_ends, chosen.ends)
    vectors = _parse(numbers, dimension)
    if vectors is None:
        vectors = _parse_slowly(chosen, numbers, dimension, place)
    for at, wrong in np.argwhere(~np.isfinite(vectors)).tolist():
        raise _bad_value(chosen, at, wrong, split_fields(numbers[at]), "expected a finite number", place)
    return vectors


def _between(block: bytes, starts: Int64, ends: Int64) -> list[bytes]:
    """Return what stands between these bytes, without blanks around it."""
    return [block[start:end].strip() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _parse(numbers: list[bytes], dimension: int) -> Float32 | None:
    """Return the numbers of each line, float32 (W', D); None where Polars' reader of CSV does not read them all."""
    if not numbers:
        return np.zeros((0, dimension), dtype=np.float32)
    table = pl.read_csv(
        io.BytesIO(b"\n".join(numbers).translate(_TO_NEWLINES)),
        has_header=False,
        separator=_NO_SEPARATOR,
        schema={"number": pl.Float32},
        quote_char=None,
        ignore_errors=True,
    )
    values = table["number"]
    if values.null_count() or len(values) != len(numbers) * dimension:
        return None
    return values.to_numpy().reshape(-1, dimension)  # (W', D)


def _parse_slowly(chosen: Lines, numbers: list[bytes], dimension: int, place: _Place) -> Float32:
    """Return the same by Python's own float, which knows more spellings; PipelineError names what is no number."""
    vectors = np.zeros((len(numbers), dimension), dtype=np.float32)
    for at, text in enumerate(numbers):
        fields = split_fields(text)
        for wrong, field in enumerate(fields):
            if not is_number(field):
                raise _bad_value(chosen, at, wrong, fields, "expected a number", place)
        with np.errstate(over="ignore"):
            vectors[at] = np.array(fields, dtype=np.float64)
    return vectors


def _bad_value(
    chosen: Lines, at: int, wrong: int, fields: list[bytes], expected: str, place: _Place
) -> PipelineError:
    word = shown(chosen.block[chosen.starts[at] : chosen.word_ends[at]].strip())
    value = shown(fields[wrong])
    word_bytes = int(chosen.word_ends[at] - chosen.starts[at])
    byte = [start for start in field_starts(chosen.line(at)) if start >= word_bytes][wrong]
    what = f'number {wrong + 1} of "{word}" is "{value}"; {expected}'
    return place.error(chosen, at, byte, what, "correct or delete the line")
