"""Every value that crosses a stage. Frozen, and each checks its own invariants.

N documents, M tokens, V vocabulary rows, D embedding dimension, C classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.core.ragged import places_of
from pipeline.core.reading import Reading
from pipeline.core.warned import Warned

Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

UNASSIGNED, TRAIN, VALIDATION, TEST = -1, 0, 1, 2
SPLIT_NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}

PADDING_ROW, UNKNOWN_ROW = 0, 1
PADDING_TOKEN, UNKNOWN_TOKEN = "<pad>", "<unk>"


def require(condition: bool, message: str) -> None:
    """Raise ValueError with `message` where an invariant of a value does not hold."""
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True, eq=False)
class Words:
    """Documents that came cut into words: document i has `tokens[offsets[i]:offsets[i + 1]]`, as they are written."""

    tokens: pl.Series  # string (M,)
    offsets: Int64  # (N + 1,)

    def __post_init__(self) -> None:
        require(self.tokens.dtype == pl.String, f"tokens are {self.tokens.dtype}, not String")
        _check_offsets(self.offsets, len(self.tokens))


@dataclass(frozen=True, eq=False)
class Corpus:
    """Labelled documents in the order they were read: training file, validation file, test file.

    Each document has a label, or, where `words` are given, each of its words has one, or, where `sets` are given, one
    of these sets of labels. `records` is the record's number (from 0, after any header) in the file it came from.
    `split` is UNASSIGNED (-1), TRAIN (0), VALIDATION (1) or TEST (2).
    """

    texts: pl.Series  # string (N,)
    labels: Int32  # (N,), or (M,) of words; places in `sets` where they are given
    label_names: tuple[str, ...]  # (C,)
    records: Int64  # (N,)
    split: Int8  # (N,)
    words: Words | None = None
    sets: Bool | None = None  # (S, C): which labels each set has

    def __post_init__(self) -> None:
        n_docs = len(self.texts)
        n_labels = n_docs if self.words is None else len(self.words.tokens)
        require(self.texts.dtype == pl.String, f"texts are {self.texts.dtype}, not String")
        require(self.texts.null_count() == 0, "texts hold nulls")
        for name in ("records", "split"):
            require(getattr(self, name).shape == (n_docs,), f"{name} has not one entry for each text")
        require(self.labels.shape == (n_labels,), "labels has not one entry for each text, or for each word")
        n_numbers = len(self.label_names) if self.sets is None else len(self.sets)
        in_range = (self.labels >= 0) & (self.labels < n_numbers)
        require(bool(in_range.all()), "a label is outside 0 <= label < C")
        if self.sets is not None:
            require(self.sets.shape == (n_numbers, len(self.label_names)), "sets are not (S, C)")

    def without_texts(self) -> Corpus:
        """Return the corpus with empty texts, for a process that reads none."""
        words = self.words and replace(self.words, tokens=_empty(len(self.words.tokens)))
        return replace(self, texts=_empty(len(self.texts)), words=words)

    def only(self, documents: Int64) -> Corpus:
        """Return the documents at these positions, in that order."""
        words, labels = self.words, documents
        if words is not None:
            labels, offsets = places_of(words.offsets, documents)
            words = Words(words.tokens.gather(labels), offsets)
        return Corpus(
            self.texts.gather(documents),
            self.labels[labels],
            self.label_names,
            self.records[documents],
            self.split[documents],
            words,
            self.sets,
        )

    def targets(self, documents: Int64) -> Int32:
        """Return what is right for documents: each one's label, (N,), or yes (1) or no to each of C labels, (N, C)."""
        labels = self.labels[documents]
        return labels if self.sets is None else self.sets[labels].astype(np.int32)

    @property
    def counts(self) -> Int64:
        """How many documents, or words, have each label; int64 (C,)."""
        if self.sets is None:
            return np.bincount(self.labels, minlength=len(self.label_names)).astype(np.int64)
        of_sets = np.bincount(self.labels, minlength=len(self.sets))  # (S,)
        counts: Int64 = (of_sets @ self.sets).astype(np.int64)
        return counts

    @property
    def distinct_answers(self) -> Int32:
        """A number for each document that is another one where other labels are right; all are one with words."""
        return np.zeros(len(self.texts), dtype=np.int32) if self.words is not None else self.labels

    @property
    def strata(self) -> Int32:
        """The one class of each document; all are one where words have those, or documents several labels."""
        return self.labels if self._has_classes else np.zeros(len(self.texts), dtype=np.int32)

    @property
    def _has_classes(self) -> bool:
        return self.words is None and self.sets is None

    @property
    def strata_names(self) -> tuple[str, ...]:
        """The names of the strata."""
        return self.label_names if self._has_classes else ("",)

    @property
    def split_of_labels(self) -> Int8:
        """The split of each label: that of its document."""
        return self.split if self.words is None else np.repeat(self.split, np.diff(self.words.offsets))

    def answers(self, documents: Int64) -> list[str]:
        """Return in words what is right for each of these documents: its label, or the tags of its words."""
        names = np.array(self.label_names, dtype=object)
        if self.sets is not None:
            return ["; ".join(names[row]) for row in self.sets[self.labels[documents]]]
        if self.words is None:
            return names[self.labels[documents]].tolist()  # type: ignore[no-any-return]
        places, offsets = places_of(self.words.offsets, documents)
        return [" ".join(tags) for tags in np.split(names[self.labels[places]], offsets[1:-1])]

    def positions(self, *splits: int) -> Int64:
        """Return the positions (int64, ascending) of the documents in `splits`."""
        return np.flatnonzero(np.isin(self.split, splits)).astype(np.int64)


@dataclass(frozen=True)
class Dropped:
    """Records that were read and not used, for one reason: `rows` are record numbers, from 0."""

    reason: str
    file: str
    rows: tuple[int, ...]
    lines: tuple[int, ...]  # where each record starts in the file, from 1; empty if the format has no lines


@dataclass(frozen=True)
class Ledger:
    """The row ledger: every record read is a document or is named here."""

    rows_read: int
    documents: int
    dropped: tuple[Dropped, ...] = ()

    def __post_init__(self) -> None:
        total = self.documents + sum(len(entry.rows) for entry in self.dropped)
        require(self.rows_read == total, f"{self.rows_read} records read, {total} accounted for")


LABEL_KINDS: dict[str, Callable[[str], str | float]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda label: label == str(True),
}


@dataclass(frozen=True)
class Writing:
    """How texts are written in a corpus where they are not written as they are: what reads others reads them alike.

    Attributes
    ----------
    escapes : whether `\\n`, `\\t` and `\\"` stand for a line break, a tab and a quotation mark
    names : words behind a backslash that mean themselves all the same, such as `theta`
    form : the name of the form in which each text is a list or an object, written as JSON or Python does; else ""
    labels : what labels are in memory, where they came from there: "int", "float" or "bool"; else "str"
    """

    escapes: bool = False
    names: tuple[str, ...] = ()
    form: str = ""
    labels: str = "str"


AS_IT_IS = Writing()


@dataclass(frozen=True, eq=False)
class LoadedCorpus:
    """What reading gives: the corpus, the ledger and everything assumed on the way.

    `corpus.split` is official where the user gave a test or validation file, UNASSIGNED elsewhere.
    """

    name: str
    corpus: Corpus
    ledger: Ledger
    unlabelled: pl.Series | None  # string; extra text for embeddings
    assumptions: tuple[str, ...]
    warnings: tuple[Warned, ...]
    hash: str  # sha256 of texts, labels and official split
    reading: Reading
    together: Int64 | None = None  # (N,): documents that share a number must stay in one split (twins)
    writing: Writing = AS_IT_IS  # what reading undid


@dataclass(frozen=True)
class Duplicates:
    """Repeated documents, counted as documents beyond the first of their group.

    `normalised` compares lower-cased texts with runs of blanks as one; it includes the exact ones.
    """

    exact: int
    normalised: int
    across_splits: int  # test documents whose normalised text is also in train or validation
    conflicting_labels: int  # documents in groups of equal normalised text with two labels or more
    # (N,): documents of equal normalised text share a number
    groups: Int64 = field(repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class TokenizedCorpus:
    """Flat tokens: document i is `token_types[offsets[i]:offsets[i + 1]]`, numbers into `types`."""

    token_types: Int32  # (M,)
    offsets: Int64  # (N + 1,)
    types: pl.Series  # string (T,), a dictionary of this corpus alone; learned from nothing, shows nothing

    def __post_init__(self) -> None:
        _check_offsets(self.offsets, len(self.token_types))
        in_range = len(self.token_types) == 0 or int(self.token_types.max()) < len(self.types)
        require(in_range, "a token has no entry among the types")

    @property
    def n_docs(self) -> int:
        """The number of documents N."""
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Row 0 padding, row 1 unknown, then learned rows, then rows that a source brought (`n_learned` on).

    `counts` are occurrences in training documents; 0 for padding, unknown and rows from a source.
    """

    tokens: pl.Series  # string (V,)
    counts: Int64  # (V,)
    n_learned: int  # rows 2 .. n_learned - 1 were learned from training documents

    def __post_init__(self) -> None:
        require(len(self.tokens) == len(self.counts), "a vocabulary row has no count")
        require(self.tokens[:2].to_list() == [PADDING_TOKEN, UNKNOWN_TOKEN], "rows 0 and 1 are reserved")
        require(2 <= self.n_learned <= len(self.tokens), "n_learned is out of range")

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each token."""
        return dict(zip(self.tokens.to_list(), range(len(self.tokens)), strict=True))

    @property
    def rows_from_source(self) -> int:
        """How many frozen rows an embedding source supplied for words outside the training documents."""
        return len(self.tokens) - self.n_learned


@dataclass(frozen=True, eq=False)
class IndexedCorpus:
    """Ragged vocabulary rows: document i is `indices[offsets[i]:offsets[i + 1]]`, never empty."""

    indices: Int32  # (M',)
    offsets: Int64  # (N + 1,)

    def __post_init__(self) -> None:
        _check_offsets(self.offsets, len(self.indices))
        require(bool((np.diff(self.offsets) > 0).all()), "a document has no index")

    @property
    def n_docs(self) -> int:
        """The number of documents N."""
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class EmbeddingMatrix:
    """Row i belongs to vocabulary row i; row 0 (padding) is zero. `covered`: the source has the word."""

    vectors: Float32  # (V, D)
    covered: Bool  # (V,)
    source: str

    def __post_init__(self) -> None:
        require(self.vectors.ndim == 2 and self.vectors.dtype == np.float32, "vectors are not float32 (V, D)")
        require(self.covered.shape == (len(self.vectors),), "covered has not one entry a row")
        require(not self.vectors[PADDING_ROW].any(), "row 0 (padding) is not zero")
        require(bool(np.isfinite(self.vectors).all()), "a vector is not finite")


@dataclass(frozen=True, eq=False)
class Units:
    """Which documents are one unit of chance: copies of one text, and documents that a corpus keeps together."""

    documents: Int64  # (K,) record numbers, ascending
    groups: Int64  # (K,) the same number for the documents of one unit

    def __post_init__(self) -> None:
        require(self.groups.shape == self.documents.shape, "groups has not one entry a document")
        require(bool((np.diff(self.documents) > 0).all()), "documents are not ascending")

    def of(self, documents: Int64) -> Int64:
        """Return the group of each document, numbered from 0; one that is not known is alone; int64 (N,).

        >>> Units(np.array([2, 5, 7]), np.array([8, 8, 3])).of(np.array([7, 2, 4, 5])).tolist()
        [0, 1, 2, 1]
        """
        groups = self.groups.max(initial=0) + 1 + np.arange(len(documents), dtype=np.int64)  # (N,)
        if len(self.documents):
            at = np.searchsorted(self.documents, documents).clip(max=len(self.documents) - 1)
            groups = np.where(self.documents[at] == documents, self.groups[at], groups)
        return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _empty(n: int) -> pl.Series:
    return pl.repeat("", n, dtype=pl.String, eager=True)


def _check_offsets(offsets: Int64, n_tokens: int) -> None:
    require(offsets.ndim == 1 and len(offsets) >= 1 and offsets[0] == 0, "offsets do not start at 0")
    require(int(offsets[-1]) == n_tokens, "offsets do not end at the number of tokens")
    require(bool((np.diff(offsets) >= 0).all()), "offsets fall")
