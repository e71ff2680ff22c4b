"""A file's bytes brought to UTF-8: what every text reader starts from. `decoding` finds their encoding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.warned import Warned, within
from pipeline.corpus.readers.decoding import Decoded, Known, decode_bytes, evidence_of, guess_together
from pipeline.corpus.readers.encoding_names import Encoding, named
from pipeline.corpus.readers.packing import read_bytes


@dataclass(frozen=True)
class TextSource:
    """One file as UTF-8 bytes without a byte order mark. `damaged`: some bytes are not valid UTF-8."""

    file: str
    data: bytes
    encoding: str  # in words, as found
    damaged: bool = False
    notes: tuple[str, ...] = ()  # what was assumed of its bytes, the encoding apart
    warnings: tuple[Warned, ...] = ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was assumed of its bytes, as sentences about the file."""
        return tuple(f"{self.file}: {note}" for note in (f"the encoding is {self.encoding}", *self.notes))

    def text(self) -> str:
        """Return the whole text; a byte that is not UTF-8 becomes a lone surrogate (`core.clean`)."""
        return self.data.decode("utf-8", "surrogateescape")


def read_source(path: Path) -> TextSource:
    """Return the file's text with its encoding found; an empty file is an error."""
    source = decode(str(path), read_bytes(path))
    if not source.data or source.data.isspace():  # of NUL bytes and byte order marks nothing is left
        raise PipelineError(
            "file-is-empty", str(path), "the file is empty", "give a file with one document a record"
        )
    return source


def decode(file: str, data: bytes) -> TextSource:
    """Return the text of `data`, in the encoding that was asked for (`reading_as`) or else the one that is found."""
    wanted = _WANTED.get()
    known = Known(wanted.encoding, partial(_evidence_beside, file, wanted.beside))
    return _source(file, decode_bytes(data, known))


def _source(file: str, decoded: Decoded) -> TextSource:
    warnings = tuple(within(file, one) for one in decoded.warnings)
    return TextSource(file, decoded.data, decoded.encoding, decoded.damaged, decoded.notes, warnings)


def decode_all(files: Sequence[tuple[str, bytes]]) -> list[TextSource]:
    """Return the texts of many files, named and read, of one corpus; all together tell their encoding."""
    wanted = _WANTED.get()
    known = Known(wanted.encoding)
    if wanted.encoding is None:
        known = Known(guess=guess_together((data for _, data in files), known))
    return [_source(file, decode_bytes(data, known)) for file, data in files]


def _evidence_beside(file: str, beside: tuple[Path, ...]) -> bytes:
    """Return what of the other files of a corpus tells its encoding."""
    others = [path for path in beside if str(path) != file and path.is_file()]
    return b"\n".join(evidence_of(read_bytes(path)) for path in others)


@dataclass(frozen=True)
class _Wanted:
    """The encoding that was asked for, None for the one that is found, and the files of one corpus."""

    encoding: Encoding | None = None
    beside: tuple[Path, ...] = ()


# It is that of every file of a corpus, whichever reader it has, so it is no argument of readers.
_AS_FOUND = _Wanted()
_WANTED: ContextVar[_Wanted] = ContextVar("_WANTED", default=_AS_FOUND)


@contextmanager
def reading_as(encoding: str | None, beside: Iterable[Path] = ()) -> Iterator[None]:
    """Read the text files of a corpus in this encoding while the block lasts.

    Parameters
    ----------
    encoding : str or None
        A name of an encoding; None: each file's own, as it is found.
    beside : iterable of Path
        The files of the corpus: where one leaves its encoding open, the others may tell it.

    Raises
    ------
    PipelineError
        If there is no encoding of that name.
    """
    token = _WANTED.set(_Wanted(named(encoding) if encoding else None, tuple(beside)))
    try:
        yield
    finally:
        _WANTED.reset(token)
