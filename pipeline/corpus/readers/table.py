"""The table of readers: which ending is read by what, and what its content has to show for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.arrow import read_arrow
from pipeline.corpus.readers.databases import read_database
from pipeline.corpus.readers.delimited import read_delimited
from pipeline.corpus.readers.head import Head, read_head
from pipeline.corpus.readers.json_records import read_json, read_jsonl
from pipeline.corpus.readers.kinds import Kind, Reader
from pipeline.corpus.readers.packing import PACKED, inner_name, split_part
from pipeline.corpus.readers.parquet import read_parquet
from pipeline.corpus.readers.places import check_exists
from pipeline.corpus.readers.plain_text import read_text
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.signatures import ARROW_ENDINGS, DATABASE_ENDINGS, SIGNATURES, WORKBOOK_ENDINGS
from pipeline.corpus.readers.text_kinds import CERTAIN_TEXT, JSON_ENDINGS, LIKELY_TEXT, holds_pairs
from pipeline.corpus.readers.workbooks import read_workbook

DELIMITED = {".csv": ",;\t|", ".tsv": "\t,;|"}  # the delimiters of a format, the likeliest first
READERS: dict[str, Reader] = {
    **{ending: partial(read_delimited, preferred=marks) for ending, marks in DELIMITED.items()},
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".parquet": read_parquet,
    **dict.fromkeys(ARROW_ENDINGS, read_arrow),
    **dict.fromkeys(WORKBOOK_ENDINGS, read_workbook),
    **dict.fromkeys(DATABASE_ENDINGS, read_database),
    ".txt": read_text,
}

WITH_PARTS: tuple[Reader, ...] = (read_workbook, read_database)

# Endings that are believed only where the content shows what they say; where it does not, it is told by itself.
SHOWN_BY: dict[str, Callable[[Head], bool]] = {
    **dict.fromkeys(JSON_ENDINGS, lambda head: head.start.startswith(("{", "["))),
    **dict.fromkeys((".parquet", *ARROW_ENDINGS, *WORKBOOK_ENDINGS, *DATABASE_ENDINGS), lambda head: False),
    ".txt": holds_pairs,
}


@dataclass(frozen=True)
class Format:
    """What reads a file, and what is said where its name does not say so."""

    reader: Reader
    said: tuple[str, ...] = ()


def read_table(path: Path, wanted: Sequence[str] = (), known: Sequence[str] = ()) -> RawTable:
    """Read a file as raw records.

    Parameters
    ----------
    path : Path
    wanted : sequence of str
        Column names the user gave; a first line that holds one is a header.
    known : sequence of str
        Names that mean a corpus without being a path, for "did you mean".

    Raises
    ------
    PipelineError
        No such path, a format that is not read, a file that its reader cannot read, or without records.
    """
    check_exists(path, known)
    table = read_records(path, wanted)
    if len(table.cells) == 0:
        raise PipelineError(
            "file-is-empty", str(path), "the file holds no records", "give a file with one document a record"
        )
    return table


def read_records(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a file that exists; a table may have no records."""
    found = find_format(path)
    table = found.reader(path, wanted)
    return replace(table, assumptions=(*found.said, *table.assumptions))


def read_headless(path: Path) -> RawTable | None:
    """Read a delimited file whose first line is a record like all others; None for other formats."""
    marks = DELIMITED.get(ending_of(path))
    return None if marks is None else read_delimited(path, preferred=marks, header=False)


def ending_of(path: Path) -> str:
    """Return the ending that says the format, in lower case, without those of packing.

    >>> ending_of(Path("reviews.CSV.gz"))
    '.csv'
    """
    return inner_name(path).suffix.lower()


def find_format(path: Path) -> Format:
    """Return what reads a file: by its ending, where its content is not clearly of another kind.

    Raises
    ------
    PipelineError
        A content of a kind that is not read, or that neither the ending nor the content tells.
    """
    head = read_head(path)
    if head.is_empty():
        raise PipelineError(
            "file-is-empty", str(path), "the file is empty", "give a file with one document a record"
        )
    own = READERS.get(head.ending)
    believed = own is not None and SHOWN_BY.get(head.ending, _always)(head)
    kind = _first(SIGNATURES + CERTAIN_TEXT, head) or (None if believed else _first(LIKELY_TEXT, head))
    if own is not None and (kind is None or head.ending in kind.endings):
        return _with_its_part(path, head, Format(own, head.said))
    if kind is None:
        raise _unknown(path, head.ending)
    if kind.reader is None or (own is not None and kind.under_its_own_name):
        raise PipelineError("format-not-read", str(path) + kind.place, f"this is {kind.words}", kind.fix)
    says = (
        f"whatever the ending {head.ending} says" if head.ending else "though it has no ending that says so"
    )
    return _with_its_part(
        path, head, Format(kind.reader, (*head.said, f"{path}: the content is {kind.words}, {says}"))
    )


def _with_its_part(path: Path, head: Head, found: Format) -> Format:
    """Return the format, if there is such a thing in it as what is asked for behind `::`."""
    if head.part and found.reader not in WITH_PARTS:
        what = f'"{head.part}" would be a sheet or a table, and there is none in a file of this kind'
        raise PipelineError("no-such-member", str(path), what, f"give {split_part(path)[0]}")
    return found


def holds_records(path: Path) -> bool:
    """Whether a file's content is of a kind that is read as records, whatever its name says."""
    try:
        kind = _first(SIGNATURES + CERTAIN_TEXT + LIKELY_TEXT, read_head(path))
    except PipelineError:  # an archive of several files, or damaged: told where it is read by its name
        return False
    return kind is not None and kind.reader is not None


def holds_lines(path: Path) -> bool:
    """Whether a file is text that is read as a document a line, fastText lines among them."""
    head = read_head(path)
    kind = _first(SIGNATURES + CERTAIN_TEXT, head)
    if kind is None and head.ending not in READERS:
        kind = _first(LIKELY_TEXT, head)
    return (READERS.get(head.ending, read_text) if kind is None else kind.reader) is read_text


def _first(kinds: Sequence[Kind], head: Head) -> Kind | None:
    return next((kind for kind in kinds if kind.fits(head)), None)


def _always(head: Head) -> bool:
    return True


def _unknown(path: Path, ending: str) -> PipelineError:
    what = f'the ending "{ending}" is not one that can be read' if ending else "the file has no ending"
    packings = ", ".join(PACKED)
    fix = f"convert it to one of {' '.join(READERS)} (plain, {packings} or .zip)"
    return PipelineError(
        "format-not-read", str(path), f"{what}, and its content is of no kind that is known", fix
    )
