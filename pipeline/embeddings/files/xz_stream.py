"""Unpack xz with a bound on memory: the header of a damaged file may ask for a dictionary of gigabytes."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_READ_BYTES = 1 << 20
_MOST_MEMORY = 256 << 20  # bytes; the strongest preset of xz needs 65 MiB to unpack


class XzStream(io.RawIOBase):
    """Unpack xz streams one after the other; one that ends early is an error, not the end."""

    def __init__(self, file: IO[bytes]) -> None:
        import lzma

        self._file, self._packed = file, b""
        self._new = lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
        self._unpacker = self._new()
        self._inside = False  # a stream has begun and has not ended

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        wanted = memoryview(buffer)
        while True:
            if self._unpacker.eof:
                self._packed, self._unpacker = self._unpacker.unused_data.lstrip(b"\0"), self._new()
                self._inside = False
            if self._unpacker.needs_input and not self._packed:
                self._packed = self._file.read(_READ_BYTES)
                if not self._packed and self._inside:
                    raise EOFError("the data end inside a stream")
                if not self._packed:
                    return 0
            ready = self._unpack(len(wanted))
            if ready:
                wanted[: len(ready)] = ready
                return len(ready)

    def _unpack(self, most: int) -> bytes:
        """Return at most so many unpacked bytes."""
        import lzma

        packed, self._packed, self._inside = self._packed, b"", True
        try:
            return self._unpacker.decompress(packed, most)
        except lzma.LZMAError as error:
            raise OSError(str(error)) from None
