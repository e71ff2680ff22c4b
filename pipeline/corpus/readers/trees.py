"""Sentences as trees with a label at every node: `(3 (2 It) (4 (4 works) (2 .)))`, as the SST has them.

Source: Socher et al. (2013), "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.encodings import TextSource, read_source
from pipeline.corpus.readers.plain_text import numbered_lines, table_of_lines
from pipeline.corpus.readers.records import RawTable

TREE_START = re.compile(r"\s*\((\d+|[A-Za-z]+) +(\(|[^()\s]+\s*\))")  # a label, then a node or a word
_PIECE = re.compile(r"\(|\)|[^()\s]+")


def read_trees(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a file with a tree a line: its words are the text, the label at its top is the label."""
    source = read_source(path)
    numbered = numbered_lines(source)
    pairs = [_sentence(source, number, line) for number, line in numbered]
    labels, texts = zip(*pairs, strict=True)
    note = "each line is a tree; the label at its top is read, those of parts of it are not"
    return table_of_lines(source, numbered, {"text": texts, "label": labels}, label="label", note=note)


def _sentence(source: TextSource, number: int, line: str) -> tuple[str, str]:
    """Return the label of a whole tree and its words, separated by blanks."""
    pieces = _PIECE.findall(line)
    depths = np.cumsum([(piece == "(") - (piece == ")") for piece in pieces])
    begun = len(pieces) > 3 and pieces[0] == "(" and pieces[1] not in "()"
    if not begun or depths[-1] != 0 or (depths[:-1] < 1).any():
        what = "the line is not one whole tree such as (3 (2 It) (4 works)): its parentheses do not match"
        raise PipelineError(
            "tree-broken", f"{source.file}:{number}", what, "correct the line, or leave it out"
        )
    behind = pairwise(pieces)
    words = (piece for before, piece in behind if before != "(" and piece not in "()")
    return pieces[1], " ".join(words)
