"""A folder with one folder a class: each file below is a document."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.values import Bool
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import quoted
from pipeline.corpus.readers.decoding import is_utf8
from pipeline.corpus.readers.encodings import decode_all
from pipeline.corpus.readers.entries import (
    UNLABELLED,
    documents_below,
    entries_of,
    folders_in,
    holds_words,
    is_hidden_name,
    part_of,
    tells_of_data,
    visible,
)
from pipeline.corpus.readers.packing import read_bytes
from pipeline.corpus.readers.records import RawTable, none_of
from pipeline.corpus.readers.wide import find_wide

BINARY = "a binary file, not text"
# The first bytes of files that hold no text, whatever their names.
_BINARY_STARTS = (
    b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd",
    b"\xd0\xcf\x11\xe0", b"\x7fELF", b"SQLite format 3\x00",
)  # fmt: skip
_WEB_PAGE = (".html", ".htm", ".xhtml")
_MOST_WARNINGS = 3  # of single files
_DIGITS = frozenset("0123456789")


def read_folder(folder: Path, shown: str | None = None) -> RawTable:
    """Read one folder a class: each file is a document, in sorted path order; `unsup/` is unlabelled text.

    `shown` stands for the folder in messages.
    """
    classes = [path for path in folders_in(folder) if part_of(path.name) != UNLABELLED]
    documents = [path for path in classes if not holds_words(path)]
    words = [f"{path.name}/" for path in classes if path not in documents] if len(documents) > 1 else []
    unlabelled = [path for path in folders_in(folder) if part_of(path.name) == UNLABELLED]
    loose = [path.name for path in visible(folder) if path.is_file()]
    return read_classes(folder, documents if words else classes, unlabelled, [*loose, *words], shown)


def read_classes(
    folder: Path,
    classes: Sequence[Path],
    unlabelled: Sequence[Path] = (),
    loose: Sequence[str] = (),
    shown: str | None = None,
) -> RawTable:
    """Read folders that are classes, somewhere in `folder`; a binary file is left out, in the ledger.

    Parameters
    ----------
    folder : Path
    classes, unlabelled : sequence of Path
        The folders that are classes, and those whose text is of none.
    loose : sequence of str
        The names of files beside them, which are not read.
    shown : str, optional
        What the folder is called in messages.
    """
    name = shown or str(folder)
    if not classes:
        what = "the folder has no folder for each class"
        raise PipelineError(
            "no-class-folders",
            str(folder),
            what,
            "put the documents of each class in a folder named after it",
        )
    found = [(path, kind) for kind in classes for path in documents_below(kind)]
    again = _about_in_each(classes)
    found = [(path, kind) for path, kind in found if path not in again]
    loose = [*loose, *(str(path.relative_to(folder)) for path in again)]
    if not found:
        raise PipelineError(
            "file-is-empty", str(folder), "the class folders hold no files", "put one document in each file"
        )
    documents = _read_documents([path for path, _ in found], folder, name)
    return RawTable(
        file=name,
        cells=pl.DataFrame(
            {"text": documents.texts, "label": pl.Series([kind.name for _, kind in found], dtype=pl.String)}
        ),
        wrong_fields=none_of(len(found)),
        undecodable={"text": documents.damaged} if documents.damaged.any() else {},
        assumptions=(
            f"{name}: each folder is a class, each file a document",
            f"{name}: the encoding is {documents.encoding}",
            *(f"{name}: {note}" for note in documents.said),
            *(f"{path}: read as unlabelled text" for path in unlabelled),
            *_links(folder, name, classes),
        ),
        encoding=documents.encoding,
        text_column="text",
        label_column="label",
        files=tuple(str(Path(name) / path.relative_to(folder)) for path, _ in found),
        warnings=(*_warnings(name, classes, found, loose), *documents.warnings),
        unlabelled=read_unlabelled_folder(unlabelled[0]) if unlabelled else None,
        left_out={BINARY: documents.binary} if documents.binary.any() else {},
    )


def read_unlabelled_folder(folder: Path) -> pl.Series:
    """Return the text of every file below `folder`, in sorted path order; string Series."""
    documents = _read_documents(documents_below(folder), folder, str(folder))
    return documents.texts.filter(pl.Series(~documents.binary))


# --- documents


@dataclass(frozen=True, eq=False)
class _Documents:
    """The texts of files, the encodings in words, and which files hold bytes that are not of them, or no text."""

    texts: pl.Series  # string (n_files,)
    encoding: str
    damaged: Bool  # (n_files,)
    binary: Bool  # (n_files,)
    said: tuple[str, ...]  # how the encodings were told, once for each
    warnings: tuple[Warned, ...]  # of single files


def _read_documents(paths: Sequence[Path], folder: Path, name: str) -> _Documents:
    texts, damaged = [], []
    others: dict[str, list[str]] = {}
    contents = [read_bytes(path, archives=False) for path in paths]
    binary = [is_binary(data) for data in contents]
    texts_of = [b"" if one else data for one, data in zip(binary, contents, strict=True)]
    sources = decode_all(list(zip(map(str, paths), texts_of, strict=True)))
    said: dict[str, str] = {}
    for path, source in zip(paths, sources, strict=True):
        texts.append(source.data.decode("utf-8", "replace"))
        damaged.append(source.damaged)
        if not source.encoding.startswith("UTF-8"):
            others.setdefault(source.encoding, []).append(str(path.relative_to(folder)))
            for note in source.notes:
                said.setdefault(source.encoding, note)
    words = "UTF-8"
    for encoding, names in sorted(others.items()):
        files = "1 file is" if len(names) == 1 else f"{len(names)} files are"
        words += f"; {files} {encoding} ({first_places(names)})"
    return _Documents(
        pl.Series("text", texts, dtype=pl.String),
        words,
        np.array(damaged, dtype=np.bool_),
        np.array(binary, dtype=np.bool_),
        tuple(said.values()),
        _first(warning for one in sources for warning in one.warnings),
    )


def _first(warnings: Iterable[Warned]) -> tuple[Warned, ...]:
    """Return the first few of many warnings, and how many more there are."""
    found = [*warnings]
    more = f"{plural(len(found) - _MOST_WARNINGS, 'more warning')} of single files"
    return (
        *found[:_MOST_WARNINGS],
        *([warning("more-warnings", more)] if len(found) > _MOST_WARNINGS else []),
    )


def is_binary(data: bytes) -> bool:
    """Whether a file's bytes are no text: they start as a known format does, or hold NUL in no encoding of texts."""
    if data.startswith(_BINARY_STARTS):
        return True
    return b"\0" in data and not is_utf8(data) and find_wide(data) is None


# --- what is said


def _warnings(
    name: str, classes: Sequence[Path], documents: Sequence[tuple[Path, Path]], loose: Sequence[str]
) -> Iterator[Warned]:
    if loose:
        told = (
            f"{name}: {plural(len(loose), 'file')} beside the class folders not read ({first_places(loose)})"
        )
        yield warning("files-not-read", told)
    yield from _classes_named_as_parts(name, classes)
    filled = {kind for _, kind in documents}
    empty = [kind.name for kind in classes if kind not in filled]
    if empty:
        are = "holds no files and is no class" if len(empty) == 1 else "hold no files and are no classes"
        yield warning("class-folders-empty", f"{name}: {quoted(empty)} {are}")
    yield from _classes_below(name, classes)
    yield from _kinds_of_files(name, [path for path, _ in documents])


def _about_in_each(classes: Sequence[Path]) -> list[Path]:
    """Return the files that tell of the data, such as LICENSE.txt, where each of several classes has one."""
    names = [{one.name for one in entries_of(kind) if tells_of_data(one.name)} for kind in classes]
    shared = sorted(set.intersection(*names)) if len(classes) > 1 else []
    return [kind / name for kind in classes for name in shared if (kind / name).is_file()]


def _classes_named_as_parts(name: str, classes: Sequence[Path]) -> Iterator[Warned]:
    beside = [path.name for path in classes if part_of(path.name) is None]
    alike = [path.name for path in classes if part_of(path.name) and folders_in(path)]
    if beside and alike:
        are, them = ("is read as a class", "it") if len(alike) == 1 else ("are read as classes", "them")
        told = f'{name}: {quoted(alike)} {are}, since "{beside[0]}" stands beside {them}'
        yield warning("class-named-as-a-part", told)


def _classes_below(name: str, classes: Sequence[Path]) -> Iterator[Warned]:
    """Yield a warning where the same folders, or files, lie in every class: they may be the classes that are meant."""
    below = [{one for one in os.listdir(kind) if not is_hidden_name(one)} for kind in classes]
    names = sorted(set.intersection(*below))
    if len(classes) > 1 and len(names) > 1 and not any(_DIGITS & {*one} for one in names):
        yield warning(
            "classes-may-lie-deeper",
            f"{name}: the folders {quoted([kind.name for kind in classes[:3]])} are the classes; each of them holds "
            f"{quoted(names[:3])}: to have these as classes, give one folder, such as {classes[0]}",
        )


def _kinds_of_files(name: str, paths: Sequence[Path]) -> Iterator[Warned]:
    """Yield a warning where a few files have other endings than most, or are web pages."""
    endings = Counter(path.suffix.lower() for path in paths)
    pages = sum(endings[ending] for ending in _WEB_PAGE)
    if pages:
        told = f"{name}: {plural(pages, 'document')} of {len(paths):,} are web pages; their tags are read as words"
        yield warning("web-pages-as-texts", told)


def _links(folder: Path, name: str, classes: Sequence[Path]) -> Iterator[str]:
    """Yield what lies behind links: files that are read though they are not in the folder, and links to nothing."""
    real = folder.resolve()
    for path in (link for kind in classes for link in _links_below(kind)):
        target = path.resolve()
        shown = Path(name) / path.relative_to(folder)
        if not path.exists():
            yield f"{shown}: a link to {os.readlink(path)}, which is not there"
        elif real not in (target, *target.parents) and target not in real.parents:
            yield f"{shown}: a link out of the folder, to {target}; what lies there is read"


def _links_below(folder: Path) -> Iterator[Path]:
    """Yield the links in a folder that is a class, and the folder where it is a link itself."""
    if folder.is_symlink():
        yield folder
        return
    for entry in entries_of(folder):
        if entry.is_symlink():
            yield folder / entry.name
        elif entry.is_dir():
            yield from _links_below(folder / entry.name)
