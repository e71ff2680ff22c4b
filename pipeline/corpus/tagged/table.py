"""What every reader of tagged files returns: the words of one file with all that stands beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.values import Bool, Int64, require
from pipeline.core.warned import Warned

Cells = Sequence[str | None]


@dataclass(frozen=True, eq=False)
class TaggedTable:
    """The sentences of one file, before a column is chosen and sentences are left out. N sentences, M words.

    Attributes
    ----------
    file : as it was given
    words : the words as they are written, (M,)
    columns : what else stands beside each word, by the column's name, (M,) each; None where a word has none
    offsets : int64 (N + 1,); sentence i has the words offsets[i] to offsets[i + 1]
    lines : int64 (N,), the line where each sentence begins, from 1
    sections : int64 (N,), the document of the file that each sentence belongs to
    usual : the column of the tags, where the format itself says which it is
    word_column : how the column of the words is called
    left_out : by reason, bool (N,): sentences that cannot be used
    """

    file: str
    words: Sequence[str]
    columns: Mapping[str, Cells]
    offsets: Int64
    lines: Int64
    sections: Int64
    usual: str
    word_column: str
    encoding: str = ""
    left_out: Mapping[str, Bool] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()

    def __post_init__(self) -> None:
        require(int(self.offsets[-1]) == len(self.words), "offsets do not end at the number of words")
        for name, cells in self.columns.items():
            require(len(cells) == len(self.words), f"column {name} has not one cell a word")

    @property
    def n_sentences(self) -> int:
        """How many sentences the file has."""
        return len(self.offsets) - 1

    def place(self, sentence: int) -> str:
        """Return `file:line` of a sentence."""
        return f"{self.file}:{self.lines[sentence]}"

    def column(self, asked: str | None) -> str:
        """Return the column of the tags: the one that was asked for, or the usual one of the format.

        Raises
        ------
        PipelineError
            If there is no such column, or none at all.
        """
        if not self.columns:
            what = "each line holds a word and nothing else, so there are no tags"
            raise PipelineError(
                "no-label-column",
                self.file,
                what,
                "give a file with a column of tags, or leave out --task tag",
            )
        if asked is None:
            return self.usual
        if asked not in self.columns:
            what = f'there is no column "{asked}" beside the words'
            raise PipelineError(
                "no-such-column", f"--tags {asked}", f"{self.file}: {what}", did_you_mean(asked, self.columns)
            )
        return asked


def sections_of(starts: Sequence[bool]) -> Int64:
    """Return the number of the section of each sentence, of which some begin one; int64 (N,).

    >>> sections_of([False, False, True, False]).tolist()
    [0, 0, 1, 1]
    """
    return np.cumsum(np.array(starts, dtype=np.int64)).astype(np.int64)
