"""The beginning of a file's content: what its format is told from where the name does not say it, or says another."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.core.files import Json
from pipeline.corpus.readers.packing import open_content
from pipeline.corpus.readers.wide import find_wide

HEAD_BYTES = 1 << 16
_OF_TEXT = "\t\n\r\f\v\x00\x1a\x1b"  # control characters that are met in text, NUL and Ctrl-Z among them
_LOOKED_AT, _SHARE_OF_CONTROLS = 4096, 50


@dataclass(frozen=True)
class Head:
    """The beginning of what a file holds, and what its name says."""

    file: str  # as it is called in messages
    ending: str  # in lower case, without those of packing; "" where there is none
    data: bytes
    whole: bool  # whether `data` is all there is
    members: frozenset[str] = frozenset()  # of a .zip that is one document
    part: str | None = None  # what is asked for behind `::`
    said: tuple[str, ...] = ()  # how it was packed, where its name does not say so

    @cached_property
    def text(self) -> str:
        """The beginning as text, whatever its encoding; what cannot be decoded becomes U+FFFD."""
        wide = find_wide(self.data)
        return self.data.decode(wide.codec if wide else "utf-8", "replace").removeprefix("\ufeff")

    @cached_property
    def lines(self) -> list[str]:
        """The lines that are not blank: those that are there to their end, if one is."""
        lines = re.split(r"\r\n|\n|\r", self.text)
        if not self.whole and len(lines) > 1:
            lines.pop()
        return [line for line in lines if line.strip()]

    @property
    def start(self) -> str:
        """The text from its first character that is not blank."""
        return self.text.lstrip()

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return the share of lines that begin as `pattern` says."""
        return sum(pattern.match(line) is not None for line in self.lines) / max(len(self.lines), 1)

    def is_empty(self) -> bool:
        """Whether nothing is there but blanks and what stands for no character."""
        return self.whole and not self.text.replace("\0", "").strip()

    def is_binary(self) -> bool:
        """Whether the content is no text: control characters that no text needs are more than a fiftieth of it."""
        text = self.text[:_LOOKED_AT]
        return _SHARE_OF_CONTROLS * sum(char < " " and char not in _OF_TEXT for char in text) > len(text)

    def first_json(self) -> Json:
        """Return the JSON value of the first line; None where it is not one."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.lines[0]) if self.lines else None
        return None


def read_head(path: Path) -> Head:
    """Return the beginning of what a file holds, unpacked."""
    with open_content(path) as content:
        data = content.stream.read(HEAD_BYTES)
        ending = Path(content.name).suffix.lower()
        return Head(
            str(path), ending, data, len(data) < HEAD_BYTES, content.members, content.part, content.said
        )
