"""A folder with one folder a class, and the parts (train/, test/) that may stand above them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError, first_places
from pipeline.corpus.readers.encodings import decode_all, read_bytes
from pipeline.corpus.readers.records import UNDECODABLE, RawTable

PART_NAMES = {
    "train": "train", "training": "train",
    "test": "test",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
}  # fmt: skip
NOT_OF_THE_CORPUS = ("__MACOSX",)  # what unpacking an archive leaves beside its folders
UNLABELLED_NAMES = ("unsup", "unlabelled", "unlabeled")


@dataclass(frozen=True)
class Parts:
    """The files or folders that hold the official parts of a corpus."""

    train: Path
    test: Path | None = None
    validation: Path | None = None


def find_parts(folder: Path) -> Parts | None:
    """Return the train/, test/ and validation/ folders or files in `folder`; None where it has no train.

    Where a folder of another name stands beside them, all folders are classes.
    """
    found: dict[str, Path] = {}
    beside = _strangers(folder)
    for path in visible(folder):
        part = _part_name(path)
        if part is None or (path.is_dir() and (beside or not _folders(path))):
            continue  # beside others a folder is a class, whose name happens to be that of a part
        if part in found:
            what = f'both "{found[part].name}" and "{path.name}" could be the {part} part'
            raise PipelineError(str(folder), what, "keep one of them there")
        found[part] = path
    return Parts(**found) if "train" in found else None


def read_folder(folder: Path, shown: str | None = None) -> RawTable:
    """Read one folder a class: each file is a document, in sorted path order; `unsup/` is unlabelled text.

    `shown` stands for the folder in messages.
    """
    name = shown or str(folder)
    unlabelled = [path for path in _folders(folder) if path.name.lower() in UNLABELLED_NAMES]
    classes = [path for path in _folders(folder) if path not in unlabelled]
    if not classes:
        what = "the folder has no folder for each class"
        raise PipelineError(str(folder), what, "put the documents of each class in a folder named after it")
    paths = [(path, kind.name) for kind in classes for path in _documents(kind)]
    if not paths:
        raise PipelineError(str(folder), "the class folders hold no files", "put one document in each file")
    texts, assumptions, damaged = _read_documents([path for path, _ in paths], folder, name)
    assumptions = (f"{name}: each folder is a class, each file a document", *assumptions)
    return RawTable(
        file=name,
        cells=pl.DataFrame({"text": texts, "label": pl.Series([kind for _, kind in paths], dtype=pl.String)}),
        problems=(UNDECODABLE * np.array(damaged)).astype(np.int8),
        assumptions=assumptions + tuple(f"{path}: read as unlabelled text" for path in unlabelled),
        text_column="text",
        label_column="label",
        files=tuple(str(Path(name) / path.relative_to(folder)) for path, _ in paths),
        warnings=_loose_files(folder, name) + _classes_named_as_parts(folder, name),
        unlabelled=read_unlabelled_folder(unlabelled[0]) if unlabelled else None,
    )


def read_unlabelled_folder(folder: Path) -> pl.Series:
    """Return the text of every file below `folder`, in sorted path order; string Series."""
    return _read_documents(_documents(folder), folder, str(folder))[0]


def visible(folder: Path) -> list[Path]:
    """Return what a folder holds in sorted order, hidden entries left out."""
    entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return sorted(path for path in entries if path.name not in NOT_OF_THE_CORPUS)


def _folders(folder: Path) -> list[Path]:
    return [path for path in visible(folder) if path.is_dir()]


def _strangers(folder: Path) -> list[Path]:
    """Return the folders in `folder` that are called neither as a part nor as unlabelled text."""
    named = [path for path in _folders(folder) if _part_name(path) is None]
    return [path for path in named if path.name.lower() not in UNLABELLED_NAMES]


def _part_name(path: Path) -> str | None:
    return PART_NAMES.get(path.name.split(".")[0].lower())


def _documents(folder: Path) -> list[Path]:
    """Return every file below `folder`, in sorted path order, hidden files and folders left out.

    Links are followed, but each folder is entered once and none above `folder` is, so that no loop is.
    """
    real = folder.resolve()
    return sorted(_files_below(folder, {real, *real.parents}))


def _files_below(folder: Path, entered: set[Path]) -> Iterator[Path]:
    for path in visible(folder):
        if path.is_file():
            yield path
        elif path.is_dir() and (real := path.resolve()) not in entered:
            entered.add(real)
            yield from _files_below(path, entered)


def _read_documents(
    paths: list[Path], folder: Path, name: str
) -> tuple[pl.Series, tuple[str, ...], list[bool]]:
    texts, damaged = [], []
    others: dict[str, list[str]] = {}
    sources = decode_all([(str(path), read_bytes(path)) for path in paths])
    for path, source in zip(paths, sources, strict=True):
        texts.append(source.data.decode("utf-8", "replace"))
        damaged.append(source.damaged)
        if not source.encoding.startswith("UTF-8"):
            others.setdefault(source.encoding, []).append(str(path.relative_to(folder)))
    assumptions = [f"{name}: the encoding is UTF-8"]
    for encoding, names in sorted(others.items()):
        files = "1 file is" if len(names) == 1 else f"{len(names)} files are"
        assumptions[0] += f"; {files} {encoding} ({first_places(names)})"
    return pl.Series("text", texts, dtype=pl.String), tuple(assumptions), damaged


def _classes_named_as_parts(folder: Path, name: str) -> tuple[str, ...]:
    beside = [path.name for path in _strangers(folder)]
    alike = [path.name for path in _folders(folder) if _part_name(path) and _folders(path)]
    if not beside or not alike:
        return ()
    are, them = ("is read as a class", "it") if len(alike) == 1 else ("are read as classes", "them")
    names = ", ".join(f'"{part}"' for part in alike)
    return (f'{name}: {names} {are}, since "{beside[0]}" stands beside {them}',)


def _loose_files(folder: Path, name: str) -> tuple[str, ...]:
    loose = [path.name for path in visible(folder) if path.is_file()]
    if not loose:
        return ()
    files = "1 file" if len(loose) == 1 else f"{len(loose)} files"
    return (f"{name}: {files} beside the class folders not read ({first_places(loose)})",)
