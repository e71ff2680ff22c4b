"""A file's content, unpacked: by its path, of an archive by `archive.zip::member`, of standard input.

How it is packed is told by its first bytes and not by its name. A way of packing is a line of `PACKED`.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import stat
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, cast

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, did_you_mean, first_places
from pipeline.core.zstandard_stream import ZstandardStream

STANDARD_INPUT = Path("standard input")  # its name in messages; on the command line it is -
PART = "::"  # between a file and what is meant of it: a member, a sheet, a table
MOST_LAYERS = 4  # ways of packing around one content

_ZIP = ".zip"
_LONGEST_MAGIC = 16
_ZIP_MAGIC = re.compile(rb"PK(\x03\x04|\x05\x06)")
# What a .zip holds that is a document itself: office files, arrays, PyTorch's checkpoints, programs.
_OF_A_DOCUMENT = re.compile(r"\[Content_Types\]\.xml|mimetype|META-INF/.*|.*\.npy|(.*/)?data\.pkl")
_BESIDE_DATA = re.compile(
    r"(readme|licen[cs]e|copying|citation|changelog|about)\b.*|.*\.(md|pdf|html?|py)", re.I
)
_DAMAGED = (
    *(OSError, EOFError, ValueError, KeyError, struct.error),  # of a header, the disk
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
_ODD_FILES = {
    stat.S_IFDIR: ("a folder", "give a file"),
    stat.S_IFIFO: ("a pipe", "send what comes through it into standard input, and give - as CORPUS"),
    stat.S_IFSOCK: ("a socket", "give a file"),
    stat.S_IFCHR: ("a device", "give a file"),
    stat.S_IFBLK: ("a device", "give a file"),
}


@dataclass(frozen=True)
class Packing:
    """A line of `PACKED`: its name, how such data begin, and what unpacks them."""

    name: str
    magic: re.Pattern[bytes]
    unpack: Callable[[IO[bytes]], io.RawIOBase | io.BufferedIOBase]


# By the ending that such a file usually has; a .zip, which holds names too, is the one more.
PACKED: dict[str, Packing] = {
    ".gz": Packing("gzip", re.compile(rb"\x1f\x8b\x08"), lambda file: gzip.GzipFile(fileobj=file, mode="rb")),
    ".zst": Packing("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), ZstandardStream),
    ".bz2": Packing("bzip2", re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"), bz2.BZ2File),
    ".xz": Packing("xz", re.compile(rb"\xfd7zXZ\x00"), lzma.LZMAFile),
}


@dataclass(frozen=True)
class Content:
    """What a file holds once it is unpacked."""

    stream: io.BufferedReader
    name: str  # of what is read: `train.csv` of `train.csv.gz` and of `archive.zip::train.csv`
    plain: bool  # whether it lies in a file as it is
    part: str | None = None  # what was asked for with `::` and is no member of an archive
    said: tuple[str, ...] = ()  # what its name does not say of how it was packed
    members: frozenset[str] = frozenset()  # of a .zip that is a document itself
    # turns the errors of a block that reads from the stream into one that names the file
    told: Callable[[], AbstractContextManager[None]] = nullcontext


def packed_ending(path: Path) -> str:
    """Return the ending that says how a file is packed; "" where it has none."""
    ending = path.suffix.lower()
    return ending if ending in PACKED or ending == _ZIP else ""


def inner_name(path: Path) -> Path:
    """Return a file's name without the endings that say how it is packed.

    >>> inner_name(Path("reviews.csv.gz")).name
    'reviews.csv'
    """
    while packed_ending(path):
        path = path.with_suffix("")
    return path


def split_part(path: Path) -> tuple[Path, list[str]]:
    """Return the file that is named, and what is meant of it.

    >>> [str(part) for part in (split_part(Path("shop.db::reviews"))[0], *split_part(Path("shop.db::reviews"))[1])]
    ['shop.db', 'reviews']
    """
    if PART not in str(path) or path.exists():
        return path, []
    file, *parts = str(path).split(PART)
    return Path(file), parts


def is_empty(path: Path) -> bool:
    """Whether there is nothing at all in a file, packed or not."""
    return not read_bytes(path, 1)


def read_bytes(path: Path, n_bytes: int = -1, *, archives: bool = True) -> bytes:
    """Return the bytes that a file holds, unpacked: all, or no more than the first few; a .zip too if `archives`."""
    with open_content(path, archives=archives) as content:
        if not content.plain or n_bytes >= 0:
            return content.stream.read(n_bytes)
        file = cast("io.FileIO", content.stream.raw)  # behind the buffer, which would copy all of it
        file.seek(0)
        return file.readall()


@contextmanager
def open_content(path: Path, *, archives: bool = True) -> Iterator[Content]:
    """Yield what a file holds, unpacked; the block reads from its stream and does nothing else.

    Raises
    ------
    PipelineError
        If it is no file, cannot be read, is damaged or ends early, or is a .zip of several files.
    """
    file, parts = split_part(path)
    with ExitStack() as stack:
        unpacking = _Unpacking(path, parts, stack, archives)
        with unpacking.told():
            yield unpacking.content(_opened(file, stack), file.name)


@contextmanager
def open_stream(stream: io.BufferedReader, name: str) -> Iterator[Content]:
    """Yield what comes through a stream that can be read only once, unpacked as it comes.

    Raises
    ------
    PipelineError
        If it is a .zip, whose list of files stands at its end, is damaged or ends early.
    """
    with ExitStack() as stack:
        unpacking = _Unpacking(Path(name), [], stack, archives=False)
        with unpacking.told():
            content = unpacking.content(stream, name)
            if _packing_of(content.stream.peek(_LONGEST_MAGIC)) == _ZIP:
                fix = "give the file, or send in what it holds (unzip -p FILE)"
                raise PipelineError(
                    "format-not-read", name, "this is a .zip, which cannot be read as it comes", fix
                )
            yield content


# --- layers of packing -----------------------------------------------------------------------------------


class _Unpacking:
    """A file that is being unpacked: the layers that were met, and what is to be said of them."""

    def __init__(self, path: Path, parts: list[str], stack: ExitStack, archives: bool) -> None:
        self._path, self._parts, self._stack, self._archives = path, parts, stack, archives
        self._layers: list[str] = []
        self._notes: list[str] = []

    def content(self, stream: io.BufferedReader, name: str) -> Content:
        """Return what a stream holds once each layer of packing is taken off."""
        ending = _packing_of(stream.peek(_LONGEST_MAGIC))
        if not ending or (ending == _ZIP and not self._archives):
            return self._whole(stream, name)
        if len(self._layers) == MOST_LAYERS:
            raise PipelineError(
                "packed-too-deep", str(self._path), f"it is packed more than {MOST_LAYERS} times", "unpack it"
            )
        self._layers.append(ending)
        if ending == _ZIP:
            return self._of_zip(stream, name)
        unpacked = self._buffered(PACKED[ending].unpack(stream))
        return self.content(unpacked, inner_name(Path(name)).name)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn the errors of a block that reads into one that names the file."""
        try:
            yield
        except RuntimeError as error:  # of zipfile: a password, or an unknown method
            what, fix = f"the archive cannot be unpacked ({error})", "unpack it, and give the file inside"
            raise PipelineError("file-damaged", str(self._path), what, fix) from None
        except _DAMAGED as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> PipelineError:
        if self._layers and getattr(error, "errno", None) is None:
            what = f"the file is not whole {self._layers[-1]} data ({error})"
            return PipelineError("file-damaged", str(self._path), what, "pack or fetch it again")
        what = f"the file cannot be read ({getattr(error, 'strerror', None) or error})"
        return PipelineError("cannot-be-read", str(self._path), what, "check the path")

    def _of_zip(self, stream: io.BufferedReader, name: str) -> Content:
        seekable = stream if stream.seekable() else self._buffered(io.BytesIO(stream.read()))
        archive = self._stack.enter_context(zipfile.ZipFile(seekable))
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if any(_OF_A_DOCUMENT.fullmatch(name) for name in names):
            self._layers.pop()
            seekable.seek(0)
            return self._whole(seekable, name, frozenset(names))
        member = self._member(names)
        return self.content(self._buffered(archive.open(member)), PurePosixPath(member).name)

    def _buffered(self, stream: io.RawIOBase | io.BufferedIOBase | IO[bytes]) -> io.BufferedReader:
        """Return a stream that can be looked into; it is closed with the file."""
        buffered = io.BufferedReader(cast("io.RawIOBase", stream))
        return self._stack.enter_context(cast("io.BufferedReader", buffered))

    def _member(self, names: list[str]) -> str:
        """Return the member that is meant: the one named, the only one, or the only one that holds data."""
        shown = [name for name in names if not _is_hidden(name)]
        if self._parts and (self._parts[0] in names or len(shown) != 1):
            asked = self._parts.pop(0)
            if asked in names:
                return asked
            what = f'the archive has no member "{asked}"'
            raise PipelineError("no-such-member", str(self._path), what, did_you_mean(asked, shown or names))
        data = [name for name in shown if not _BESIDE_DATA.fullmatch(PurePosixPath(name).name)]
        (member, *more) = shown if len(shown) == 1 else data or ("",)
        if not member or more:
            raise self._not_one(data or shown)
        others = [name for name in shown if name != member]
        if others:
            self._notes.append(
                f"{self._path}: {member} is read, and nothing else in it ({first_places(others)})"
            )
        return member

    def _not_one(self, names: list[str]) -> PipelineError:
        if not names:
            return PipelineError(
                "file-is-empty", str(self._path), "the archive holds no file", "give a file with records"
            )
        what = f"the archive holds {plural(len(names), 'file')} ({first_places(names, 5)}), expected one"
        fix = f"name one ({self._path.name}{PART}{names[0]}), or unpack it and give the folder"
        return PipelineError("several-members", str(self._path), what, fix)

    def _whole(self, stream: io.BufferedReader, name: str, members: frozenset[str] = frozenset()) -> Content:
        part = PART.join(self._parts) or None
        file = split_part(self._path)[0]
        plain = not self._layers and file != STANDARD_INPUT
        said = (*self._said(file), *self._notes)
        return Content(stream, inner_name(Path(name)).name, plain, part, said, members, self.told)

    def _said(self, file: Path) -> Iterator[str]:
        ending = packed_ending(file)
        if ending and not self._layers:
            yield f"{self._path}: the content is not packed, whatever the ending {ending} says"
        elif self._layers and self._layers != [ending]:
            names = " in ".join(
                PACKED[layer].name if layer in PACKED else "zip" for layer in reversed(self._layers)
            )
            yield f"{self._path}: the content is packed ({names})"


def _packing_of(start: bytes) -> str:
    """Return the ending of the packing that data which begin so have; "" for none."""
    if _ZIP_MAGIC.match(start):
        return _ZIP
    return next((ending for ending, packing in PACKED.items() if packing.magic.match(start)), "")


def _is_hidden(member: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(member).parts)


# --- where a file lies -----------------------------------------------------------------------------------


def _opened(file: Path, stack: ExitStack) -> io.BufferedReader:
    if file == STANDARD_INPUT:
        copy = _copy_of_standard_input()
        copy.seek(0)
        return copy  # not closed: it can be read again
    check_is_file(file)
    return stack.enter_context(file.open("rb"))


def check_is_file(path: Path) -> None:
    """Raise PipelineError where a path leads to a folder, a pipe or a device."""
    mode = stat.S_IFMT(path.stat().st_mode)
    if mode in _ODD_FILES:
        kind, fix = _ODD_FILES[mode]
        raise PipelineError("file-expected", str(path), f"this is {kind}, expected a file", fix)


@cache
def _copy_of_standard_input() -> io.BufferedReader:
    """Return a temporary file with all that comes through standard input, which can be read only once."""
    where = str(STANDARD_INPUT)
    if sys.stdin is None or sys.stdin.isatty():
        fix = "send a file into it (cat FILE | COMMAND -), or give the file"
        raise PipelineError("file-is-empty", where, "nothing is sent into it", fix)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 -- kept open, so that it can be read again
    try:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    except OSError as error:
        what = f"it cannot be kept in {tempfile.gettempdir()} ({error.strerror})"
        raise PipelineError(
            "no-room-to-unpack", where, what, "set TMPDIR to a folder with room for it"
        ) from None
    return cast("io.BufferedReader", copy)
