"""An archive of files: unpacked for as long as it is read, and called by its own name in every message."""

from __future__ import annotations

import lzma
import struct
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import fields, is_dataclass, replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TypeVar, cast

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.entries import is_hidden_name, tells_of_data

_ZIP = ".zip"
_TAR_ENDINGS = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_OF_A_DOCUMENT = ("[Content_Types].xml", "mimetype")  # in a .zip that is an office file
_DAMAGED = (
    *(RuntimeError, EOFError, OSError, ValueError, struct.error),  # of a header, a password, the disk
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
_T = TypeVar("_T")


class Unpacked:
    """Archives that are unpacked into folders of their own, which are removed at the end of the block.

    A PipelineError that leaves the block names the archive in the place of the folder.

    >>> with Unpacked() as unpacked:
    ...     unpacked.folder_of(Path("reviews.csv")).name
    'reviews.csv'
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._archives: dict[str, str] = {}  # by the folder that an archive was unpacked into

    def __enter__(self) -> Unpacked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if isinstance(error, PipelineError) and self._archives:
            raise PipelineError(error.name, *map(self.named, (error.where, error.what, error.fix))) from None

    def folder_of(self, path: Path) -> Path:
        """Return the folder that an archive of files was unpacked into; any other path as it is.

        Raises
        ------
        PipelineError
            If the archive is damaged, or asks for a password.
        """
        if not _holds_files(path):
            return path
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="embedseq-")), path.name)
        self._archives[str(folder)] = str(path)
        try:
            if path.suffix.lower() == _ZIP:
                with zipfile.ZipFile(path) as zipped:
                    zipped.extractall(folder)
            else:
                with tarfile.open(path) as tarred:
                    tarred.extractall(folder, filter="data")
        except _DAMAGED as error:
            raise _damaged(path, error) from None
        return folder

    def named(self, value: _T) -> _T:
        """Return a text, or what holds texts (tuples and dataclasses), with the names of archives in it."""
        if not self._archives:
            return value
        found: object = value
        if isinstance(value, str):
            found = self._named_text(value)
        elif type(value) is tuple:
            found = tuple(self.named(one) for one in cast("tuple[object, ...]", value))
        elif is_dataclass(value) and not isinstance(value, type):
            found = replace(
                value, **{one.name: self.named(getattr(value, one.name)) for one in fields(value)}
            )
        return cast("_T", found)

    def _named_text(self, text: str) -> str:
        for folder, archive in self._archives.items():
            text = text.replace(folder, archive)
        return text


def _holds_files(path: Path) -> bool:
    """Whether a path is an archive of files; a .zip of one file of records is that file, packed."""
    if not path.is_file():
        return False
    if path.suffix.lower() != _ZIP:
        return path.name.lower().endswith(_TAR_ENDINGS)
    try:
        with zipfile.ZipFile(path) as zipped:
            names = [info.filename for info in zipped.infolist() if not info.is_dir()]
    except _DAMAGED:
        return False  # it is told by whatever reads the file
    parts = [
        PurePosixPath(name).parts for name in names if not any(map(is_hidden_name, PurePosixPath(name).parts))
    ]
    records = [one for one in parts if not tells_of_data(one[-1])]
    return len(records) > 1 and not any(name in names for name in _OF_A_DOCUMENT)


def _damaged(path: Path, error: Exception) -> PipelineError:
    what = f"the archive cannot be unpacked ({error})"
    return PipelineError("file-damaged", str(path), what, "fetch it again, or unpack it and give the folder")
