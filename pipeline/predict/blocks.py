"""A stream of bytes > blocks of whole lines as text, so that a file of any size is read in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.decoding import WITH_MARK, Decoded, Known, decode_bytes, guess_together, is_utf8
from pipeline.corpus.readers.encoding_names import UTF_8, Encoding
from pipeline.corpus.readers.wide import find_wide

BLOCK = 4 << 20  # bytes that are read at once
LONGEST_LINE = 256 << 20
WIDE = ("utf-16", "utf-32")  # how the names of encodings begin in which a line's end is no byte of its own
Read = Callable[[int], bytes]  # returns at most so many bytes, none at the end


@dataclass
class TextBlocks:
    """The lines of a file or of standard input, block by block.

    Attributes
    ----------
    name : as it is called in messages
    read : returns the next bytes; fewer than asked for where they are not there yet
    asked : the encoding that the user says; None: as it is found
    done : bytes that were read so far
    """

    name: str
    read: Read
    asked: Encoding | None = None
    done: int = 0
    encoding: str = ""  # in words, once a block is read
    notes: tuple[str, ...] = ()  # what was assumed of the first bytes that are no UTF-8
    later: tuple[str, ...] = ()  # what was assumed of bytes behind the first block
    nul_bytes: int = 0  # that were left out so far, as readers leave them out
    _of_first: str = field(default="", init=False)  # the encoding of the first block, as it is decoded
    _known: Known = field(default=Known(), init=False)
    _begun: list[str] = field(default_factory=list, init=False)
    _others: Iterator[str] | None = field(default=None, init=False)

    @property
    def first(self) -> str:
        """The first block; it is yielded too."""
        return self.beginning(0)

    def beginning(self, n_lines: int) -> str:
        """Return the first block, with others where it has fewer lines than that; they are yielded too."""
        if self._others is None:
            self._others = self._texts()
            self._begun.append(next(self._others, ""))
        while sum(text.count("\n") for text in self._begun) < n_lines:
            text = next(self._others, None)
            if text is None:
                break
            self._begun.append(text)
        return "".join(self._begun)

    def __iter__(self) -> Iterator[str]:
        """Yield text that ends with a line's end, but for the last; a byte that cannot be read is a lone surrogate."""
        yield self.first
        yield from self._begun[1:]
        self._begun.clear()
        if self._others is not None:
            yield from self._others

    def said(self) -> Iterator[str]:
        """Yield what was assumed of its bytes, as sentences; nothing of plain UTF-8."""
        if self.encoding not in ("", UTF_8.words):
            yield f"{self.name}: the encoding is {self.encoding}"
        yield from (f"{self.name}: {note}" for note in self.notes)

    def ended(self) -> Iterator[str]:
        """Yield what is to be said once all of it was read."""
        yield from (f"{self.name}: {note}" for note in self.later)
        if self.nul_bytes:
            yield f"{self.name}: {plural(self.nul_bytes, 'NUL byte')} left out"

    def _texts(self) -> Iterator[str]:
        for data in self._whole_lines(self._as_utf8()):
            yield self._decoded(data).data.decode("utf-8", "surrogateescape")

    def _decoded(self, data: bytes) -> Decoded:
        """Return the text of a block; what the first one beyond UTF-8 is in, the others are in where they can be."""
        if self.asked is not None:
            self._known = Known(self.asked)
        elif self._known.guess is None and not is_utf8(data):
            self._known = Known(guess=guess_together([data], self._known))
        decoded = decode_bytes(data, self._known)
        self.nul_bytes += decoded.nul_bytes
        own = decoded.encoding.removesuffix(WITH_MARK)
        if not self._of_first:
            self._of_first = own
            self.encoding, self.notes = self.encoding or decoded.encoding, decoded.notes
        elif own != self._of_first and not data.isascii() and not self.later:
            self.later = (f"further on the encoding is {own}", *decoded.notes)
        return decoded

    def _as_utf8(self) -> Iterator[bytes]:
        """Yield the bytes as they come; those of UTF-16 and UTF-32, whose lines have no byte of their own, in UTF-8."""
        first = self._next()
        wide = self._wide(first)
        if wide is None:
            yield first
            while data := self._next():
                yield data
            return
        self.encoding, decoder, data = (
            wide.words,
            codecs.getincrementaldecoder(wide.codec)("replace"),
            first,
        )
        while data:
            yield decoder.decode(data).encode("utf-8", "replace")
            data = self._next()
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")

    def _wide(self, first: bytes) -> Encoding | None:
        """Return the encoding of UTF-16 or UTF-32 that is asked for, or found; its bytes are UTF-8 from here on."""
        if self.asked in (None, UTF_8):
            return find_wide(first)
        if not self.asked.codec.startswith(WIDE):
            return None
        wide, self.asked = self.asked, UTF_8
        return wide

    def _next(self) -> bytes:
        data = self.read(BLOCK)
        self.done += len(data)
        return data

    def _whole_lines(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the bytes cut at ends of lines; a carriage return alone is one in a file that has no other."""
        begun: list[bytes] = []
        size, returns = 0, None
        for data in pieces:
            if returns is None and data:
                returns = b"\r" in data and b"\n" not in data
            piece = data.replace(b"\r", b"\n") if returns else data
            end = piece.rfind(b"\n") + 1
            if end:
                yield b"".join((*begun, piece[:end]))
                begun, size = [], 0
            begun.append(piece[end:])
            size += len(piece) - end
            if size > LONGEST_LINE:
                what = f"a line is longer than {LONGEST_LINE >> 20} MB"
                raise PipelineError("line-too-long", self.name, what, "give a file with a document a line")
        if rest := b"".join(begun):
            yield rest
