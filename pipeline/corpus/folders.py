"""A folder with one folder a class, and the parts (train/, test/) that may stand above them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ..errors import PipelineError, first_places
from .records import UNDECODABLE, RawTable
from .sources import decode, read_bytes

PART_NAMES = {
    "train": "train", "training": "train",
    "test": "test",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
}  # fmt: skip
UNLABELLED_NAMES = ("unsup", "unlabelled", "unlabeled")


@dataclass(frozen=True)
class Parts:
    """The files or folders that hold the official parts of a corpus."""

    train: Path
    test: Path | None = None
    validation: Path | None = None


def find_parts(folder: Path) -> Parts | None:
    """Return the train/, test/ and validation/ folders or files in `folder`; None where it has no train."""
    found: dict[str, Path] = {}
    for path in visible(folder):
        part = PART_NAMES.get(path.name.split(".")[0].lower())
        if part is None or (path.is_dir() and not any(child.is_dir() for child in visible(path))):
            continue
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
    classes = [path for path in visible(folder) if path.is_dir()]
    unlabelled = [path for path in classes if path.name.lower() in UNLABELLED_NAMES]
    classes = [path for path in classes if path not in unlabelled]
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
        warnings=_loose_files(folder, name),
        unlabelled=read_unlabelled_folder(unlabelled[0]) if unlabelled else None,
    )


def read_unlabelled_folder(folder: Path) -> pl.Series:
    """Return the text of every file below `folder`, in sorted path order; string Series."""
    return _read_documents(_documents(folder), folder, str(folder))[0]


def visible(folder: Path) -> list[Path]:
    """Return what a folder holds in sorted order, hidden entries left out."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _documents(folder: Path) -> list[Path]:
    below = (path for path in folder.rglob("*") if not path.name.startswith("."))
    return sorted(path for path in below if path.is_file())


def _read_documents(
    paths: list[Path], folder: Path, name: str
) -> tuple[pl.Series, tuple[str, ...], list[bool]]:
    texts, damaged = [], []
    others: dict[str, list[str]] = {}
    for path in paths:
        source = decode(str(path), read_bytes(path))
        texts.append(source.data.decode("utf-8", "replace"))
        damaged.append(source.damaged)
        if not source.encoding.startswith("UTF-8"):
            others.setdefault(source.encoding, []).append(str(path.relative_to(folder)))
    assumptions = [f"{name}: the encoding is UTF-8"]
    for encoding, names in sorted(others.items()):
        files = "1 file is" if len(names) == 1 else f"{len(names)} files are"
        assumptions[0] += f"; {files} {encoding} ({first_places(names)})"
    return pl.Series("text", texts, dtype=pl.String), tuple(assumptions), damaged


def _loose_files(folder: Path, name: str) -> tuple[str, ...]:
    loose = [path.name for path in visible(folder) if path.is_file()]
    if not loose:
        return ()
    files = "1 file" if len(loose) == 1 else f"{len(loose)} files"
    return (f"{name}: {files} beside the class folders not read ({first_places(loose)})",)
