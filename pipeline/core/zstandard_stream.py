"""Unpack zstd so that data which end early are an error: the library's own reader takes them for whole."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_READ_BYTES = 1 << 20


class ZstandardStream(io.RawIOBase):
    """Unpack zstd frames one after the other; a frame that ends early is an error, not the end."""

    def __init__(self, file: IO[bytes]) -> None:
        import zstandard

        self._new_frame = zstandard.ZstdDecompressor().decompressobj
        self._file, self._frame, self._ready = file, self._new_frame(), b""
        self._inside = False  # a frame has begun and has not ended

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        while not self._ready:
            packed = self._frame.unused_data if self._frame.eof else b""
            packed = packed or self._file.read(_READ_BYTES)
            if not packed and self._inside:
                raise EOFError("the data end inside a frame")
            if not packed:
                return 0
            self._unpack(packed)
        wanted = memoryview(buffer)
        size = min(len(wanted), len(self._ready))
        wanted[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _unpack(self, packed: bytes) -> None:
        import zstandard

        if self._frame.eof:
            self._frame = self._new_frame()
        try:
            self._ready = self._frame.decompress(packed)
        except zstandard.ZstdError as error:
            raise OSError(str(error)) from None
        self._inside = not self._frame.eof
