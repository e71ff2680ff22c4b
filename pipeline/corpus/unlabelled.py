"""Text without labels, for embeddings: lines, files of a folder, or a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.corpus.readers.columns import choose_text
from pipeline.corpus.readers.entries import documents_below, is_about_data
from pipeline.corpus.readers.files import Files, holds_tables
from pipeline.corpus.readers.folders import read_unlabelled_folder
from pipeline.corpus.readers.named_columns import check_column
from pipeline.corpus.readers.plain_text import read_lines
from pipeline.corpus.readers.records import RawTable, is_blank
from pipeline.corpus.readers.table import holds_lines

Found = tuple[pl.Series, str]  # texts, and how they were found


def read_unlabelled(
    paths: Sequence[Path], name: str, asked: ColumnOptions, corpus_column: str
) -> tuple[pl.Series, tuple[str, ...]]:
    """Return the texts of files and folders without labels, blank ones left out, and what was assumed.

    Parameters
    ----------
    paths : sequence of Path
    name : str
        What they are called together in messages.
    asked : ColumnOptions
        The columns that the user named.
    corpus_column : str
        The text column of the corpus.

    Raises
    ------
    PipelineError
        A file that cannot be read, a text column that cannot be settled, or no text at all.
    """
    found = [*_texts(paths, name, asked, corpus_column)]
    texts = pl.concat([series.alias("text") for series, _ in found])
    blank = is_blank(texts).to_numpy()
    left_out = f", {int(blank.sum()):,} without text left out" if blank.any() else ""
    kept = texts.filter(pl.Series(~blank))
    if kept.is_empty():
        fix = "give a file with a document a line, or leave out --unlabelled"
        raise PipelineError("file-is-empty", "--unlabelled", f"{name} holds no text", fix)
    how = " and ".join(dict.fromkeys(how for _, how in found))
    return kept, (f"{name}: {len(kept):,} unlabelled texts ({how}){left_out}",)


def _texts(paths: Sequence[Path], name: str, asked: ColumnOptions, corpus_column: str) -> Iterator[Found]:
    """Yield the texts of each folder of documents, of each file of lines, and of all tables together."""
    folders = [path for path in paths if path.is_dir() and not holds_tables(path)]
    yield from ((read_unlabelled_folder(folder), "a file each") for folder in folders)
    files = [file for path in paths if path not in folders for file in _files(path)]
    lines = [path for path in files if holds_lines(path)]
    yield from map(read_lines, lines)
    tables = tuple(path for path in files if path not in lines)
    if tables:
        table, text_column = asked.joined(Files(name, tables).read(ColumnOptions(asked.text).names))
        yield text_of(table, text_column, corpus_column)


def _files(path: Path) -> list[Path]:
    return [file for file in documents_below(path) if not is_about_data(file)] if path.is_dir() else [path]


def text_of(table: RawTable, text_column: str | None, corpus_column: str) -> Found:
    """Return the text column of a table without labels, and how it was found."""
    if text_column in table.cells.columns:
        check_column(table, str(text_column), "--text")
        name, how = str(text_column), "as --text says"
    elif len(table.cells.columns) == 1:
        name, how = table.cells.columns[0], "the only column"
    elif corpus_column in table.cells.columns:
        name, how = corpus_column, "named as in the corpus"
    else:
        try:
            column = choose_text(table)
            name, how = column.column, column.how
        except PipelineError as error:  # --text, which it advises, would name the corpus's column too
            fix = f'name its text column "{corpus_column}", as in the corpus, or leave the other columns out'
            raise PipelineError(error.name, error.where, error.what, fix) from None
    return table.cells[name].alias("text"), f'column "{name}", {how}'
