"""word2vec text, fastText .vec, GloVe text, and the like with commas: a word and its numbers on each line.

Lines and fields are found by NumPy in blocks of bytes; words are the only Python objects made for each line,
and numbers are read for wanted lines alone. A line's numbers are its last D fields, so a word may hold blanks.
Lines without words, as TensorBoard's projector has them, take theirs from a file beside.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Bool, Float32, Int64
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.files.layouts import BLANK, BLANKS, NEWLINE, Layout, column, is_number
from pipeline.embeddings.files.not_vectors import UTF8_MARK
from pipeline.embeddings.files.packing import FETCH_AGAIN, Content
from pipeline.embeddings.files.rows import BLOCK_BYTES, Read, count_notes, stack
from pipeline.embeddings.files.selection import Selection
from pipeline.embeddings.files.sniffing import Sniffed, shown
from pipeline.embeddings.files.vocabularies import words_for_rows

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
    fields: Int64  # (L,) fields after the first; of lines without words all

    def take(self, chosen: Int64 | Bool | slice) -> Lines:
        """Return some of the lines."""
        columns = (self.numbers, self.starts, self.word_ends, self.ends, self.fields)
        return Lines(self.block, *(column[chosen] for column in columns))

    def line(self, place: int) -> bytes:
        """Return one line without its newline."""
        return self.block[self.starts[place] : self.ends[place]]


@dataclass(frozen=True)
class _Place:
    """Where a block stands in its file, and what a line holds."""

    path: Path
    first_line: int  # of the block, from 1
    dimension: int
    layout: Layout

    def error(self, lines: Lines, place: int, byte: int, what: str, fix: str) -> PipelineError:
        """Return an error at a byte of a line; the column counts characters."""
        number = self.first_line + int(lines.numbers[place])
        return PipelineError(
            "vector-file-damaged", f"{self.path}:{number}:{column(lines.line(place), byte)}", what, fix
        )


def read_text(content: Content, sniffed: Sniffed, selection: Selection) -> Read:
    """Return the vectors of the chosen words of a text file.

    Every line's number of fields is checked; that a number is one, and finite, only on chosen lines.

    Raises
    ------
    PipelineError
        If a line has not `sniffed.dimension` numbers after its word, or a chosen one holds something else.
    """
    layout, dimension = sniffed.layout, sniffed.dimension
    words_beside = None if layout.has_words else words_for_rows(content, _count_rows(content, sniffed))
    pieces: list[Float32] = []
    notes: list[Warned] = []
    header_left = sniffed.promised is not None or layout.header
    with content.open() as stream:
        for block, first_line, is_last in _blocks(stream, content.path):
            place = _Place(content.path, first_line, dimension, layout)
            lines = find_lines(block, dimension, layout)
            if header_left and len(lines.numbers):
                lines, header_left = lines.take(slice(1, None)), False
            if is_last:
                lines = _without_cut_line(lines, place, notes)
            lines = _checked_fields(lines, place)
            words = _words(lines, layout)
            if words_beside is not None:
                words = words_beside[selection.rows : selection.rows + len(words)]
            pieces.append(_chosen_vectors(lines, words, selection, place))
    notes += count_notes(sniffed.promised, selection.rows, len(notes))
    return Read(stack(pieces, dimension), dimension, tuple(notes))


def _count_rows(content: Content, sniffed: Sniffed) -> int:
    """Return how many lines hold numbers."""
    with content.open() as stream:
        blocks = _blocks(stream, content.path)
        lines = sum(
            len(find_lines(block, sniffed.dimension, sniffed.layout).numbers) for block, _, _ in blocks
        )
    return lines - (sniffed.promised is not None or sniffed.layout.header)


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
            raise PipelineError("vector-file-damaged", f"{path}:{line}", what, FETCH_AGAIN)
    if rest:
        yield rest, line, True


def find_lines(block: bytes, dimension: int, layout: Layout = BLANKS) -> Lines:
    """Return where the words and numbers of a block's lines stand; runs of blanks separate as one does."""
    block = block if block.endswith(b"\n") else block + b"\n"
    data = np.frombuffer(block, np.uint8)  # (B,)
    if layout.separator:
        separators = np.flatnonzero((data == layout.separator[0]) | (data == NEWLINE))  # (S,)
        is_newline = data[separators] == NEWLINE
    else:
        blanks = np.flatnonzero(data <= BLANK)
        separators, is_newline = _runs(blanks, data[blanks] == NEWLINE)  # (S,)
    newlines = np.flatnonzero(is_newline)  # (L,) places in `separators`
    before = np.concatenate([[-1], newlines[:-1]])
    fields = newlines - before - 1
    starts = np.concatenate([[0], separators[newlines[:-1]] + 1])
    ends = separators[newlines]
    word_ends = separators[np.maximum(newlines - np.minimum(fields, dimension), 0)]
    blank = fields == 0
    blank[blank] = [
        not block[start:end].strip() for start, end in zip(starts[blank], ends[blank], strict=True)
    ]
    if not layout.has_words:  # numbers begin with the line, or behind a blank
        fields, word_ends = fields + (data[starts] > BLANK), starts
    lines = Lines(block, np.arange(len(newlines)), starts, word_ends, ends, fields)
    return lines.take(~blank) if blank.any() else lines


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


def _without_cut_line(lines: Lines, place: _Place, notes: list[Warned]) -> Lines:
    """Return the lines without a last one that has no newline and too few numbers, and note it."""
    if len(lines.numbers) == 0 or lines.fields[-1] >= place.dimension:
        return lines
    number = place.first_line + int(lines.numbers[-1])
    ends = f"ends after {lines.fields[-1]} of {place.dimension} numbers"
    notes.append(warning("vector-file-cut", f"line {number}: the last line {ends} and is left out"))
    return lines.take(slice(-1))


def _checked_fields(lines: Lines, place: _Place) -> Lines:
    """Return the lines, those without a word as such; PipelineError at the first with too few numbers, or too many."""
    expected = place.dimension + place.layout.columns_before
    without_word: list[int] = []
    for at in np.flatnonzero(lines.fields != expected).tolist():
        found = int(lines.fields[at])
        if found == expected - 1 and _begins_with_decimal(lines, at, place.layout):
            without_word.append(at)
            continue
        if found > expected:
            found = place.dimension + _numbers_at_end(lines, at, place.layout)
        if found != place.dimension:
            line = lines.line(at)
            begin = [*place.layout.starts(line), len(line)][1 if place.layout.has_words else 0]
            what = f"expected {place.dimension} numbers after the word, found {found}"
            raise place.error(lines, at, begin, what, f"correct the line, or {FETCH_AGAIN}")
    if without_word:
        lines.word_ends[without_word] = lines.starts[without_word]
    return lines


def _begins_with_decimal(lines: Lines, at: int, layout: Layout) -> bool:
    """Whether a line that lacks a field begins with a number that is no whole one: it is the word that it lacks."""
    first = layout.split(lines.line(at))[:1]
    return layout.has_words and all(is_number(field) and not field.lstrip(b"+-").isdigit() for field in first)


def _numbers_at_end(lines: Lines, at: int, layout: Layout) -> int:
    """Return how many fields at the end of a word with blanks are numbers.

    Whole numbers alone, as in "windows 95", are taken for a part of the word; so is all that is quoted.
    """
    text = lines.block[lines.starts[at] : lines.word_ends[at]]
    if layout.separator and text.rstrip().endswith(b'"'):
        return 0
    parts = layout.split(text)[1 + layout.columns_before :]
    numbers = list(takewhile(is_number, reversed(parts)))
    return 0 if all(number.isdigit() for number in numbers) else len(numbers)


# --- vectors ---------------------------------------------------------------------------------------------


def _words(lines: Lines, layout: Layout) -> list[bytes]:
    words = _between(lines.block, lines.starts, lines.word_ends)
    return [layout.word(word) for word in words] if layout.separator else words


def _chosen_vectors(lines: Lines, words: Sequence[bytes], selection: Selection, place: _Place) -> Float32:
    """Return the vectors of the lines whose words the selection wants; float32 (W', D)."""
    places = selection.choose(words)
    chosen = lines.take(np.array(places, dtype=np.int64))
    numbers = _between(chosen.block, chosen.word_ends, chosen.ends)
    vectors = _parse(numbers, place)
    if vectors is None:
        vectors = _parse_slowly(chosen, numbers, place)
    for at, wrong in np.argwhere(~np.isfinite(vectors)).tolist():
        raise _bad_value(
            chosen, at, wrong, place.layout.split(numbers[at]), "expected a finite number", place
        )
    return vectors


def _between(block: bytes, starts: Int64, ends: Int64) -> list[bytes]:
    """Return what stands between these bytes, without blanks around it."""
    return [block[start:end].strip() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _parse(numbers: list[bytes], place: _Place) -> Float32 | None:
    """Return the numbers of each line, float32 (W', D); None where Polars' reader of CSV does not read them all."""
    if not numbers:
        return np.zeros((0, place.dimension), dtype=np.float32)
    lines = b"\n".join(numbers).translate(place.layout.to_newlines)
    if b"\n\n" in lines or lines[:1] == b"\n":  # two blanks stand before a positive number in some files
        lines = b"\n".join(lines.split())
    table = pl.read_csv(
        io.BytesIO(lines),
        has_header=False,
        separator=_NO_SEPARATOR,
        schema={"number": pl.Float32},
        quote_char=None,
        ignore_errors=True,
    )
    values = table["number"]
    if values.null_count() or len(values) != len(numbers) * place.dimension:
        return None
    return values.to_numpy().reshape(-1, place.dimension)  # (W', D)


def _parse_slowly(chosen: Lines, numbers: list[bytes], place: _Place) -> Float32:
    """Return the same by Python's own float, which knows more spellings; PipelineError names what is no number."""
    vectors = np.zeros((len(numbers), place.dimension), dtype=np.float32)
    for at, text in enumerate(numbers):
        fields = place.layout.split(text)
        for wrong, field in enumerate(fields):
            if not is_number(field):
                raise _bad_value(chosen, at, wrong, fields, "expected a number", place)
        if len(fields) != place.dimension:  # a field between two commas is empty
            what = f"expected {place.dimension} numbers after the word, found {len(fields)}"
            raise place.error(chosen, at, 0, what, f"correct the line, or {FETCH_AGAIN}")
        with np.errstate(over="ignore"):
            vectors[at] = np.array(fields, dtype=np.float64)
    return vectors


def _bad_value(
    chosen: Lines, at: int, wrong: int, fields: list[bytes], expected: str, place: _Place
) -> PipelineError:
    word = shown(place.layout.word(chosen.block[chosen.starts[at] : chosen.word_ends[at]].strip()))
    value = shown(fields[wrong])
    word_bytes = int(chosen.word_ends[at] - chosen.starts[at])
    byte = [start for start in place.layout.starts(chosen.line(at)) if start >= word_bytes][wrong]
    what = f'number {wrong + 1} of "{word}" is "{value}"; {expected}'
    return place.error(chosen, at, byte, what, "correct or delete the line")
