"""The table of readers: which ending is read by what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.arrow import read_arrow
from pipeline.corpus.readers.delimited import read_delimited
from pipeline.corpus.readers.encodings import inner_name, read_bytes
from pipeline.corpus.readers.json_records import read_json, read_jsonl
from pipeline.corpus.readers.parquet import read_parquet
from pipeline.corpus.readers.plain_text import FASTTEXT_PREFIX, read_text
from pipeline.corpus.readers.records import RawTable

Reader = Callable[[Path, Sequence[str]], RawTable]

DELIMITED = {".csv": ",;\t|", ".tsv": "\t,;|"}  # the delimiters of a format, the likeliest first
READERS: dict[str, Reader] = {
    **{ending: partial(read_delimited, preferred=marks) for ending, marks in DELIMITED.items()},
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".txt": read_text,
}


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
        No such path, an ending that no reader has, a file that its reader cannot read, or without records.
    """
    check_exists(path, known)
    table = read_records(path, wanted)
    if len(table.cells) == 0:
        raise PipelineError(str(path), "the file holds no records", "give a file with one document a record")
    return table


def read_records(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a file that exists; a table may have no records."""
    return find_reader(path)(path, wanted)


def read_headless(path: Path) -> RawTable | None:
    """Read a delimited file whose first line is a record like all others; None for other formats."""
    marks = DELIMITED.get(ending_of(path))
    return None if marks is None else read_delimited(path, preferred=marks, header=False)


def check_exists(path: Path, known: Sequence[str] = ()) -> None:
    """Raise PipelineError that names the nearest sibling where `path` does not exist."""
    if path.exists():
        return
    siblings = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, [*siblings, *known], n=1)
    if close:
        near = close[0] if close[0] in known else str(path.with_name(close[0]))
        fix = f'did you mean "{near}"?'
    else:
        fix = "give a file, a folder" + (f", or a built-in corpus ({', '.join(known)})" if known else "")
    raise PipelineError(str(path), "there is no such file or folder", fix)


def ending_of(path: Path) -> str:
    """Return the ending that says the format, in lower case, without .gz or .zst.

    >>> ending_of(Path("reviews.CSV.gz"))
    '.csv'
    """
    return inner_name(path).suffix.lower()


def find_reader(path: Path) -> Reader:
    """Return the reader of the file's ending; a file of `__label__` lines may have any ending."""
    ending = ending_of(path)
    if ending in READERS:
        return READERS[ending]
    if read_bytes(path, 64).lstrip().startswith(FASTTEXT_PREFIX.encode()):
        return read_text
    what = f'the ending "{ending}" is not one that can be read' if ending else "the file has no ending"
    fix = f"convert it to one of {' '.join(READERS)} (plain, .gz or .zst)"
    raise PipelineError(str(path), what, fix)
