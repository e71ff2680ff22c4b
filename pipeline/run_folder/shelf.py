"""Where saved models lie: a folder, or a bundle, which is a zip file with one model and all that it needs."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE

MODEL = "model.json"
CONTENTS = "bundle.json"  # of a bundle: `name` of its model, and the sha256 of every other file
NESTED = re.compile(r"s(\d+)\.f(\d+)")  # the folder of another seed or fold, within that of the model
GET_AGAIN = "get the bundle again, or export it again: python -m pipeline export RUN --to bundle FILE.zip"
_PARTS = re.compile(r"[^/\\\0:]+")  # what a name in a bundle is made of, between its slashes
_LARGEST = 2**36  # bytes
_STORED = zipfile.ZIP_STORED


class Shelf(Protocol):
    """Files of saved models by name, such as `tfidf/model.json`."""

    @property
    def fix(self) -> str:
        """What to do where a file is not as it was written."""

    def place(self, name: str) -> str:
        """Return how a person is told of a file."""

    def holds(self, name: str) -> bool:
        """Return whether there is such a file."""

    def read(self, name: str) -> bytes:
        """Return a file's content; PipelineError where there is none that can be read."""

    def models(self) -> list[str]:
        """Return the folders of models, those of further seeds and folds left out."""

    def nested(self, folder: str) -> Iterator[tuple[int, int]]:
        """Yield the seed and fold of each further fit of a model."""


@dataclass(frozen=True)
class FolderShelf:
    """The folder `models/` of a run, or another one with the same folders in it."""

    root: Path
    fix: str = REWRITE

    def place(self, name: str) -> str:
        """Return the file's path."""
        return str(self.root / name)

    def holds(self, name: str) -> bool:
        """Return whether there is such a file."""
        return (self.root / name).is_file()

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            what = f"it cannot be read ({error.strerror})"
            raise PipelineError("cannot-be-read", self.place(name), what, self.fix) from error

    def models(self) -> list[str]:
        """Return the folders of models."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{MODEL}"))

    def nested(self, folder: str) -> Iterator[tuple[int, int]]:
        """Yield the seed and fold of each further fit of a model."""
        yield from _fits_in(path.parent.name for path in (self.root / folder).glob(f"*/{MODEL}"))


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle's files, all of them as they were exported."""

    path: Path
    files: Mapping[str, bytes]
    fix: str = GET_AGAIN

    def place(self, name: str) -> str:
        """Return where in the bundle the file lies."""
        return f"{self.path}/{name}"

    def holds(self, name: str) -> bool:
        """Return whether there is such a file."""
        return name in self.files

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        if name not in self.files:
            raise PipelineError("model-file-damaged", str(self.path), f"{name} is missing in it", self.fix)
        return self.files[name]

    def models(self) -> list[str]:
        """Return the folders of models."""
        parts = (name.split("/") for name in self.files)
        return sorted(own[0] for own in parts if len(own) == 2 and own[1] == MODEL)

    def nested(self, folder: str) -> Iterator[tuple[int, int]]:
        """Yield the seed and fold of each further fit of a model."""
        parts = (name.split("/") for name in self.files)
        yield from _fits_in(own[1] for own in parts if len(own) == 3 and (own[0], own[2]) == (folder, MODEL))


def _fits_in(names: Iterator[str]) -> Iterator[tuple[int, int]]:
    for name in names:
        if found := NESTED.fullmatch(name):
            yield int(found[1]), int(found[2])


def read_bundle(path: Path) -> Bundle:
    """Return the files of a bundle; nothing of it is written anywhere, and nothing in it is executed.

    Raises
    ------
    PipelineError
        If it is no bundle, or not whole: cut, changed, encrypted, with files missing or too many.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(path, members, archive.comment)
            files = {member.filename: archive.read(member) for member in members}
    except OSError as error:
        raise PipelineError(
            "cannot-be-read", str(path), f"it cannot be read ({error.strerror or error})", GET_AGAIN
        ) from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise PipelineError(
            "bundle-damaged", str(path), f"this is no whole zip file ({error})", GET_AGAIN
        ) from error
    _check_contents(path, files)
    return Bundle(path, {name: content for name, content in files.items() if name != CONTENTS})


def _check_members(path: Path, members: Sequence[zipfile.ZipInfo], comment: bytes) -> None:
    """Raise PipelineError where a bundle is not as `export` writes one, before any of its content is read."""
    twice = [name for name, count in Counter(member.filename for member in members).items() if count > 1]
    size = path.stat().st_size
    for wrong, what in (
        (
            [one.orig_filename for one in members if not _is_plain(one.orig_filename)],
            "is no name in a bundle",
        ),
        (twice, "is in it twice"),
        ([one.filename for one in members if one.flag_bits & 1], "is encrypted"),
        ([one.filename for one in members if one.compress_type != _STORED], "is compressed; a bundle stores"),
        (
            [one.filename for one in members if one.file_size != one.compress_size or one.file_size > size],
            "is said to be of another size than it is",
        ),
        (["a comment"] if comment else [], "is in it"),
        (
            ["its content"] if sum(one.file_size for one in members) > min(size, _LARGEST) else [],
            "is too large",
        ),
    ):
        if wrong:
            raise PipelineError("bundle-damaged", str(path), f"{json.dumps(wrong[0])} {what}", GET_AGAIN)


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return all(_PARTS.fullmatch(part) and part.strip(".") for part in parts) and len(parts) <= 4


def _check_contents(path: Path, files: Mapping[str, bytes]) -> None:
    """Raise PipelineError where a bundle's files are not those that its list names, byte for byte."""
    if CONTENTS not in files:
        raise PipelineError(
            "bundle-damaged", str(path), f"there is no {CONTENTS} in it, so it is no bundle", GET_AGAIN
        )
    try:
        listed = json.loads(files[CONTENTS])["files"]
        wanted = {str(name): str(own) for name, own in listed.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PipelineError(
            "bundle-damaged", f"{path}/{CONTENTS}", "it does not say what is in the bundle", GET_AGAIN
        ) from error
    for name in sorted({*wanted, *files} - {CONTENTS}):
        if name not in files:
            raise PipelineError("bundle-damaged", str(path), f"{name} is missing in it", GET_AGAIN)
        if name not in wanted:
            raise PipelineError(
                "bundle-damaged", str(path), f"{name} is in it, and no part of the model", GET_AGAIN
            )
        if sha256(files[name]).hexdigest() != wanted[name]:
            raise PipelineError(
                "bundle-damaged", f"{path}/{name}", "it was changed: its sha256 is another one", GET_AGAIN
            )
