"""Which words of a vector file are kept."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


class Selection:
    """Keep wanted words, the first of duplicates; count what is met on the way.

    Parameters
    ----------
    wanted : string Series or None
        A word is kept if it or its lower-case form is among these; None keeps every word.
    """

    def __init__(self, wanted: pl.Series | None) -> None:
        self._wanted = None if wanted is None else frozenset(wanted.to_list())
        self._kept: dict[str, None] = {}
        self.rows = 0  # words met
        self.repeated = 0  # kept words that came again
        self.replaced = 0  # words with bytes that are not UTF-8

    @property
    def words(self) -> list[str]:
        """The kept words in file order."""
        return list(self._kept)

    def choose(self, words: Sequence[bytes]) -> list[int]:
        """Return the places of the words to keep among the next words of the file."""
        self.rows += len(words)
        return [place for place, word in enumerate(self._decoded(words)) if self._is_new(word)]

    def _decoded(self, words: Sequence[bytes]) -> list[str]:
        try:
            return [word.decode() for word in words]
        except UnicodeDecodeError:
            decoded = [word.decode("utf-8", "replace") for word in words]
            self.replaced += sum(text.encode() != word for text, word in zip(decoded, words, strict=True))
            return decoded

    def _is_new(self, word: str) -> bool:
        if self._wanted is not None and word not in self._wanted and word.lower() not in self._wanted:
            return False
        if word in self._kept:
            self.repeated += 1
            return False
        self._kept[word] = None
        return True
