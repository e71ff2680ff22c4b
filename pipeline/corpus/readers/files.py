"""Several files as one table: shards of one, or a file a class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.warned import Warned, warning
from pipeline.corpus.readers.entries import (
    files_below,
    is_about_data,
    is_part_alone,
    is_series,
    own_names,
)
from pipeline.corpus.readers.file_classes import has_label, have_a_class_each, may_be_labels
from pipeline.corpus.readers.folders import is_binary
from pipeline.corpus.readers.head import HEAD_BYTES
from pipeline.corpus.readers.packing import inner_name, read_bytes
from pipeline.corpus.readers.plain_text import read_documents
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.several import DifferingColumns, join, read_several, with_class
from pipeline.corpus.readers.table import READERS, ending_of, holds_records, read_table
from pipeline.corpus.readers.unsettled import SHOWN, joined_option

MOST_CLASSES = 100  # files that are read as a class each
LOOKED_AT = 50  # files of a folder that say what it holds
MOST_ARE_WORDS, FEW_ARE_WORDS = 0.95, 0.5  # lines of one word, as a share of those of a file
PLAIN = ".txt"
_OF_SHARDS = re.compile(r"(?P<number>[0-9]+)-of-(?P<total>[0-9]+)")


@dataclass(frozen=True)
class Files:
    """Files that make up a corpus or one part of it.

    Attributes
    ----------
    name : what they are called together in messages
    paths : in order
    role : which part of a corpus they could each be, where they cannot all be it; empty where they can
    """

    name: str
    paths: tuple[Path, ...]
    role: str = ""

    def read(self, wanted: Sequence[str] = ()) -> RawTable:
        """Return their records as one table: of a single file, of shards, or of a file a class.

        Raises
        ------
        PipelineError
            A file that cannot be read, columns that differ, or files of which one alone can be meant.
        """
        if len(self.paths) == 1:
            return read_table(self.paths[0], wanted)
        self._check_formats()
        if all(map(is_prose, self.paths)):
            return self._class_lines()
        tables = self._tables(wanted)
        joined = join(tables, self.name, _read_as_one(self.name, self.paths))
        joined = replace(joined, warnings=(*joined.warnings, *self._missing()))
        if is_series([path.name for path in self.paths]) or has_label(joined, wanted, self._own_names()):
            if not have_a_class_each(tables):
                self._check_role()
            return joined
        return self._class_tables(tables, may_be_labels(joined))

    def _tables(self, wanted: Sequence[str]) -> list[RawTable]:
        """Return the tables of the files, with the same columns; files that differ cannot all be a part."""
        try:
            return read_several(self.paths, wanted, self.name)
        except DifferingColumns:
            self._check_role()
            raise

    def _check_formats(self) -> None:
        """Raise PipelineError where the same file is there in two formats."""
        stems: dict[Path, Path] = {}
        for path in self.paths:
            stem = path.with_name(stem_of(path))
            if stem in stems:
                raise two_candidates(self.name, [stems[stem], path], self.role)
            stems[stem] = path

    def _check_role(self) -> None:
        """Raise PipelineError where files with labels of their own cannot all be the part."""
        if self.role and not is_series([path.name for path in self.paths]):
            raise two_candidates(self.name, self.paths, self.role)

    def _missing(self) -> Iterator[Warned]:
        """Yield in words which shards are missing, by the numbers in the names of the others."""
        found = [match for path in self.paths if (match := _OF_SHARDS.search(path.name))]
        there = {int(match["number"]) for match in found}
        total = int(found[0]["total"]) if len(found) == len(self.paths) else 0
        missing = [number for number in range(total) if number not in there]
        if missing:
            told = (
                f"{self.name}: {len(missing)} of {total} shards are missing: number {first_places(missing)}"
            )
            yield warning("numbered-files-missing", told)

    def _own_names(self) -> list[str]:
        return own_names([stem_of(path) for path in self.paths])

    def _classes(self) -> dict[str, str]:
        """Return the class of each file, its own part of its name."""
        stems = [stem_of(path) for path in self.paths]
        if any(map(is_part_alone, stems)):
            self._check_role()
        if len(self.paths) > MOST_CLASSES:
            what = f"{len(self.paths):,} files could each be a class, or a document"
            raise PipelineError(
                "no-class-folders",
                self.name,
                what,
                "put the documents of each class in a folder named after it",
            )
        return dict(zip(map(str, self.paths), self._own_names(), strict=True))

    def _class_lines(self) -> RawTable:
        tables = [read_documents(Path(file), name) for file, name in self._classes().items()]
        note = f"{self.name}: each file is a class, named after it, and each line a document"
        return join(tables, self.name, note)

    def _class_tables(self, tables: Sequence[RawTable], others: Sequence[str]) -> RawTable:
        classes = self._classes()
        labelled = [with_class(table, classes[table.file]) for table in tables]
        return join(labelled, self.name, _class_note(self.name, "file", others))


@dataclass(frozen=True)
class FoldersOfTables:
    """Folders that hold files of records: each a class where the records have no label of their own.

    A folder called `name=value`, as Hive and Spark write them, is a column with that value.
    """

    name: str
    files: Mapping[Path, Sequence[Path]]  # by folder

    def read(self, wanted: Sequence[str] = ()) -> RawTable:
        """Return the records of all folders as one table."""
        folder_of = {str(file): folder.name for folder, files in self.files.items() for file in files}
        tables = read_several([file for files in self.files.values() for file in files], wanted, self.name)
        joined = join(tables, self.name, _read_as_one(self.name, [*map(Path, folder_of)]))
        keys = {name.partition("=")[0] for name in folder_of.values() if "=" in name}
        if len(keys) == 1 and all("=" in name for name in folder_of.values()):
            (key,) = keys
            valued = [with_class(table, folder_of[table.file].partition("=")[2], key) for table in tables]
            note = f'{self.name}: column "{key}" is the value in the names of the folders'
            return replace(join(valued, self.name, note), label_column=joined.label_column)
        if has_label(joined, wanted, own_names([folder.name for folder in self.files])):
            return joined
        note = _class_note(self.name, "folder", may_be_labels(joined))
        return join([with_class(table, folder_of[table.file]) for table in tables], self.name, note)


def _class_note(name: str, what: str, others: Sequence[str]) -> str:
    """Return in words that each file, or folder, is a class, with the options that take a column instead."""
    options = " or ".join(f"--label {joined_option([other])}" for other in others[:SHOWN])
    why = f"no column is a label by its name; {options} takes that one" if others else "no column is a label"
    return f"{name}: each {what} is a class, named after it, since {why}"


def _read_as_one(name: str, paths: Sequence[Path]) -> str:
    names = [path.name for path in paths]
    alike = len({*names}) < len(names)
    return f"{name}: {len(paths)} files are read as one ({first_places(paths if alike else names)})"


def two_candidates(name: str, paths: Sequence[Path], part: str) -> PipelineError:
    """Return the mistake of two files or folders of which one alone can be meant."""
    role = f"the {part} part" if part else "the corpus"
    what = f'both "{paths[0].name}" and "{paths[1].name}" could be {role}'
    return PipelineError("corpus-ambiguous", name, what, "keep one of them there")


# --- what a file holds


def stem_of(path: Path) -> str:
    """Return a file's name without the ending of a format that has a reader; another ending may be its class.

    >>> stem_of(Path("train.csv.gz")), stem_of(Path("rt-polarity.pos"))
    ('train', 'rt-polarity.pos')
    """
    inner = inner_name(path)
    return inner.stem if ending_of(path) in READERS else inner.name


def is_table(path: Path) -> bool:
    """Whether a file holds records, by its ending; plain text and what has an unknown ending by its first lines."""
    ending = ending_of(path)
    return (ending in READERS and ending != PLAIN) or holds_records(path)


def is_prose(path: Path) -> bool:
    """Whether a file is text without labels: neither a format with a reader, nor lines with a label, nor binary."""
    return not is_table(path) and not is_binary(read_bytes(path, HEAD_BYTES, archives=False))


def are_classes(files: Sequence[Path]) -> bool:
    """Whether text files are one file a class, not one a document: few, of several lines, not numbered alone."""
    prose = [path for path in files if is_prose(path)]
    few = 1 < len(prose) <= MOST_CLASSES
    return few and not is_series([path.name for path in prose]) and all(map(_has_documents, prose))


def word_lists(files: Sequence[Path]) -> list[Path]:
    """Return the text files with a word a line, where the lines of two others at least are texts."""
    single = [path for path in files if _share_of_single_words(path) >= MOST_ARE_WORDS]
    texts = [path for path in files if _share_of_single_words(path) <= FEW_ARE_WORDS]
    return single if len(texts) > 1 else []


def _share_of_single_words(path: Path) -> float:
    lines = [line for line in read_bytes(path, HEAD_BYTES).splitlines() if line.strip()]
    return sum(len(line.split()) == 1 for line in lines) / max(len(lines), 1)


def _has_documents(path: Path) -> bool:
    """Whether a text file has several lines, most of which are no tags."""
    lines = [line.strip() for line in read_bytes(path, HEAD_BYTES).splitlines() if line.strip()]
    return len(lines) > 1 and 2 * sum(line.startswith(b"<") for line in lines) < len(lines)


def holds_tables(folder: Path) -> bool:
    """Whether the first files below a folder, but for those that tell of data, have the ending of a table."""
    files = (path for path in files_below(folder) if not is_about_data(path))
    looked_at = [ending_of(path) for path in islice(files, LOOKED_AT)]
    return bool(looked_at) and all(ending in READERS and ending != PLAIN for ending in looked_at)
