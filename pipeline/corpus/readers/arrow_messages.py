"""Whether the messages of an Arrow file lie inside it: Polars believes their lengths, and a wrong one ends the process.

Sources: Arrow columnar format, "IPC file format" and "Encapsulated message format"; the schemas Message.fbs and
File.fbs; the flatbuffers "internals" page.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

FILE_MAGIC = b"ARROW1\x00\x00"  # of the layout that can be read from anywhere
_END_OF_FILE = struct.Struct("<i6s")  # the footer's length, and the magic without its padding
_CONTINUES = 0xFFFFFFFF  # before the length of a message
_RECORDS, _DICTIONARY = 3, 2  # the kinds of messages that have a body
_BLOCK, _BUFFER, _NODE = struct.Struct("<qi4xq"), struct.Struct("<qq"), struct.Struct("<qq")
_MOST_FROM_A_BYTE = (255, 1 << 15)  # what LZ4, and zstd, can make of one byte
_START_OF_FRAME = 1 << 20  # bytes that may be made of a few, whatever the shares


class Unsound(ValueError):
    """A length or an offset that leads out of the file."""


@dataclass(frozen=True)
class _Table:
    """A table of a flatbuffer: where it starts, and the bytes that it lies in."""

    data: bytes
    start: int

    def _field(self, number: int) -> int | None:
        """Return where a field stands, None where the table lacks it."""
        fields = self.start - _number("<i", self.data, self.start)
        if 4 + 2 * number >= _number("<H", self.data, fields):
            return None
        offset = _number("<H", self.data, fields + 4 + 2 * number)
        return self.start + offset if offset else None

    def number(self, field: int, layout: str) -> int:
        """Return a number; 0 where there is none."""
        place = self._field(field)
        return 0 if place is None else _number(layout, self.data, place)

    def table(self, field: int) -> _Table | None:
        """Return the table that a field points at."""
        place = self._field(field)
        return None if place is None else _Table(self.data, place + _number("<I", self.data, place))

    def structs(self, field: int, layout: struct.Struct) -> Iterator[tuple[int, ...]]:
        """Yield the structs of a vector."""
        place = self._field(field)
        if place is None:
            return iter(())
        start = place + _number("<I", self.data, place)
        end = start + 4 + _number("<I", self.data, start) * layout.size
        if end > len(self.data):
            raise Unsound
        return layout.iter_unpack(memoryview(self.data)[start + 4 : end])


def check_messages(data: bytes) -> None:
    """Raise Unsound where a length or an offset of a file or stream of records leads out of it."""
    try:
        if data.startswith(FILE_MAGIC):
            _check_file(data)
        else:
            _check_stream(data)
    except struct.error:
        raise Unsound from None


def _check_file(data: bytes) -> None:
    length, _ = _END_OF_FILE.unpack(data[-_END_OF_FILE.size :])
    start = len(data) - _END_OF_FILE.size - length
    if length <= 0 or start < len(FILE_MAGIC):
        raise Unsound
    footer = _root(data[start : start + length])
    for field in (2, 3):  # dictionaries, records
        for offset, head, body in footer.structs(field, _BLOCK):
            if min(offset, head, body) < 0 or offset + head + body > len(data):
                raise Unsound
            _check_message(data, offset)


def _check_stream(data: bytes) -> None:
    place: int | None = 0
    while place is not None and place + 8 <= len(data):
        place = _check_message(data, place)


def _check_message(data: bytes, place: int) -> int | None:
    """Check the message at a place, and return where it ends; None for the mark of the end."""
    continues = _number("<I", data, place) == _CONTINUES
    start = place + 8 if continues else place + 4
    length = _number("<i", data, start - 4)
    if length == 0:
        return None
    if length < 0 or start + length > len(data):
        raise Unsound
    message = _root(data[start : start + length])
    body, content = message.number(3, "<q"), message.table(2)
    end = start + length + body
    if body < 0 or end > len(data):
        raise Unsound
    kind = message.number(1, "<B")
    records = content.table(1) if kind == _DICTIONARY and content is not None else content
    if kind in (_RECORDS, _DICTIONARY) and records is not None:
        _check_records(records, memoryview(data)[start + length : end])
    return end


def _check_records(records: _Table, body: memoryview) -> None:
    compression = records.table(3)
    most = 8 * len(body)  # records, if each has a bit
    for offset, length in records.structs(2, _BUFFER):
        if min(offset, length) < 0 or (length and offset + length > len(body)):
            raise Unsound
        if compression is not None and length:
            most += 8 * _check_compressed(body[offset : offset + length], compression.number(0, "<b"))
    nodes = [length for length, _ in records.structs(1, _NODE)]
    if any(not 0 <= length <= max(most, _START_OF_FRAME) for length in [records.number(0, "<q"), *nodes]):
        raise Unsound


def _check_compressed(buffer: memoryview, codec: int) -> int:
    """Return how many bytes a compressed buffer says it makes; raise Unsound where it cannot make so many."""
    unpacked = _number("<q", buffer, 0)
    most = _MOST_FROM_A_BYTE[codec == 1] * len(buffer) + _START_OF_FRAME
    if unpacked > most or unpacked < -1:  # -1: it is not compressed
        raise Unsound
    return max(unpacked, 0)


def _root(data: bytes) -> _Table:
    return _Table(data, _number("<I", data, 0))


def _number(layout: str, data: bytes | memoryview, place: int) -> int:
    if place < 0:
        raise Unsound
    (number,) = struct.unpack_from(layout, data, place)
    return int(number)
