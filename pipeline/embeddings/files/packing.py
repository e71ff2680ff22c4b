"""A file's content: plain, gzip, bzip2, xz, zstd, or the one member of a .zip, told by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.core.errors import PipelineError
from pipeline.core.zstandard_stream import ZstandardStream
from pipeline.embeddings.files.xz_stream import XzStream

PACKED = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
PACKED |= {bytes([0x50 + number]) + b"\x2a\x4d\x18": "zstd" for number in range(16)}  # a frame to be skipped
PACKED |= {b"BZh%d1AY&SY" % level: "bzip2" for level in range(1, 10)}
FETCH_AGAIN = "fetch the file again"
_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
_READ_BYTES = 1 << 20
_STREAMS: dict[str, Callable[[IO[bytes]], io.RawIOBase]] = {"zstd": ZstandardStream, "xz": XzStream}
# Beside the vectors in an archive of the NLPL repository, and of others.
_ABOUT = re.compile(
    r"(?i)(.*/)?(readme|license|licence|meta|\.|__macosx/)[^/]*(\.(md|txt|json|html))?|__MACOSX/.*"
)


# The ending of a member that names what the .zip is > what is said of it.
_ZIPS_OF_OTHERS = (
    (
        "data.pkl",
        "this is a PyTorch file, which holds a pickle: reading one runs code inside it",
        "save words and vectors with numpy.savez",
    ),
    ("[Content_Types].xml", "this is an Office document", "save words and numbers as text, one word a line"),
)


@dataclass(frozen=True)
class Content:
    """What a vector file holds once it is unpacked."""

    path: Path
    compression: str | None  # None, or a value of PACKED
    member: str | None = None  # the name inside a .zip

    @property
    def name(self) -> str:
        """The name of the unpacked file, such as `wiki.vec`."""
        if self.member:
            return Path(self.member).name
        packed = self.compression and self.path.suffix.lower() in _ENDINGS
        return self.path.stem if packed else self.path.name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Yield the unpacked bytes as a stream.

        Raises
        ------
        PipelineError
            If the packed data are damaged or end early.
        """
        with damage_explained(self.path, self.compression), ExitStack() as stack:
            yield self._stream(stack)

    @contextmanager
    def open_seekable(self) -> Iterator[IO[bytes]]:
        """Yield the unpacked bytes as a file that can be read at any place; a packed one is unpacked to disk."""
        with self.open() as stream:
            if self.compression is None:
                yield stream
                return
            with tempfile.TemporaryFile() as unpacked:
                self._unpack_to(unpacked, stream)
                yield unpacked

    def _unpack_to(self, unpacked: IO[bytes], stream: IO[bytes]) -> None:
        try:
            shutil.copyfileobj(stream, unpacked, _READ_BYTES)
            unpacked.seek(0)  # writes what is left, too
        except OSError as error:
            if error.errno is None:  # the packed data are damaged
                raise
            what = f"it cannot be unpacked into {tempfile.gettempdir()} ({error.strerror})"
            raise PipelineError(
                "no-room-to-unpack", str(self.path), what, "set TMPDIR to a folder with room for it"
            ) from None

    def _stream(self, stack: ExitStack) -> IO[bytes]:
        if self.compression == "zip":
            archive = stack.enter_context(open_zip(self.path))
            return stack.enter_context(archive.open(self.member or ""))
        if self.compression == "gzip":
            return io.BufferedReader(stack.enter_context(gzip.open(self.path)))
        if self.compression == "bzip2":
            return io.BufferedReader(stack.enter_context(bz2.open(self.path)), _READ_BYTES)
        file = stack.enter_context(self.path.open("rb"))
        if self.compression is None:
            return file
        return stack.enter_context(io.BufferedReader(_STREAMS[self.compression](file), _READ_BYTES))


def find_content(path: Path) -> Content:
    """Return how the file is packed.

    Raises
    ------
    PipelineError
        If there is no such file, or a .zip holds not exactly one file.
    """
    if not path.is_file():
        raise PipelineError("no-such-file", str(path), "there is no such file", "give a vector file")
    with damage_explained(path, None), path.open("rb") as file:
        start = file.read(10)
    packing = next((name for magic, name in PACKED.items() if start.startswith(magic)), None)
    if packing != "zip":
        return Content(path, packing)
    with damage_explained(path, "zip"), open_zip(path) as archive:
        return _inside_zip(path, [name for name in archive.namelist() if not name.endswith("/")])


def open_zip(file: Path | IO[bytes]) -> zipfile.ZipFile:
    """Return an archive; BadZipFile, too, where zipfile stumbles over a damaged table of contents."""
    try:
        return zipfile.ZipFile(file)
    except (IndexError, ValueError, OverflowError, struct.error, NotImplementedError) as error:
        raise zipfile.BadZipFile(f"its table of contents is damaged: {error}") from None


def _inside_zip(path: Path, names: list[str]) -> Content:
    """Return the one member of a .zip; an .npz, a .zip of arrays, is left as it is."""
    if names and all(name.endswith(".npy") for name in names):
        return Content(path, None)
    for ending, what, fix in _ZIPS_OF_OTHERS:
        if any(name.endswith(ending) for name in names):
            raise PipelineError("not-a-vector-file", str(path), what, fix)
    members = _same_vectors([name for name in names if not _ABOUT.fullmatch(name)])
    if len(members) != 1:
        held = ", ".join(members) or "none"
        what = f"the .zip holds {len(members)} files ({held}); expected one"
        raise PipelineError("not-a-vector-file", str(path), what, "unpack the one you want and give that")
    return Content(path, "zip", members[0])


def _same_vectors(names: list[str]) -> list[str]:
    """Return the one of two members that holds more, where they are text and binary of the same vectors."""
    stems = {name.rpartition(".")[0] for name in names}
    binary = [name for name in names if name.endswith(".bin")]
    text = [name for name in names if name.endswith((".txt", ".vec"))]
    is_pair = len(names) == 2 and len(stems) == len(binary) == len(text) == 1
    return binary if is_pair else names


@contextmanager
def damage_explained(path: Path, compression: str | None) -> Iterator[None]:
    """Turn a failure to read into a PipelineError."""
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile, OSError, RuntimeError, lzma.LZMAError) as error:
        if isinstance(error, RuntimeError) and compression != "zip":
            raise  # zipfile alone uses it, for a password or an unknown method
        if compression is None or getattr(error, "errno", None) is not None:
            reason = getattr(error, "strerror", None) or error
            raise PipelineError(
                "cannot-be-read", str(path), f"the file cannot be read ({reason})", "check the path"
            ) from None
        fix = "unpack it and give the file inside" if isinstance(error, RuntimeError) else FETCH_AGAIN
        raise PipelineError(
            "file-damaged", str(path), f"the file is not whole {compression} data ({error})", fix
        ) from None
