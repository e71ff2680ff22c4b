"""Words in their surroundings as rows of a sparse matrix: the features of a training corpus, and those of a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.values import Int32, Int64
from pipeline.models.baselines.tagging.attributes import ATTRIBUTES, Template
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.text.vocabulary import rows_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Numbers of an attribute: beyond the sentence, not in training, its values.
_OUTSIDE, _UNKNOWN, _FIRST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """The features that training sentences have often enough; F of them.

    Attributes
    ----------
    values : what each attribute is in training, in the order of their numbers
    templates : where a tagger looks
    keys : of each template what it found, ascending int64: features are numbered through them, one template after
        the other
    """

    values: Mapping[str, pl.Series]
    templates: tuple[Template, ...]
    keys: tuple[Int64, ...]

    @classmethod
    def learn(cls, train: Sentences, templates: Sequence[Template], least: int) -> FeatureSpace:
        """Return the features that stand at `least` words of the training sentences or more."""
        names = sorted({name for template in templates for name, _ in template})
        values = {name: _strings(train, name).unique().sort() for name in names}
        seen = cls(values, tuple(templates), ())
        found = [np.unique(keys, return_counts=True) for keys in seen._all_keys(train)]
        keys = tuple(found_keys[counts >= least] for found_keys, counts in found)
        return cls(values, tuple(templates), keys)

    @cached_property
    def starts(self) -> Int64:
        """The first feature of each template, and F; (templates + 1,)."""
        return np.concatenate([[0], np.cumsum([len(keys) for keys in self.keys])]).astype(np.int64)

    @property
    def n_features(self) -> int:
        """F."""
        return int(self.starts[-1])

    def columns(self, sentences: Sentences) -> Int32:
        """Return the feature that each template finds at each word, -1 for none that is known; (M, templates)."""
        found = np.full((sentences.n_words, len(self.templates)), -1, dtype=np.int32)
        for number, keys in enumerate(self._all_keys(sentences)):
            known = self.keys[number]
            if len(known):
                place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
                found[:, number] = np.where(known[place] == keys, place + self.starts[number], -1)
        return found

    def matrix(self, sentences: Sentences) -> csr_array:
        """Return 1 where a word has a feature; float32 (M, F)."""
        from scipy.sparse import csr_array

        columns = self.columns(sentences)
        there = columns >= 0
        ends = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        ones = np.ones(ends[-1], dtype=np.float32)
        return csr_array((ones, columns[there], ends), shape=(len(columns), self.n_features))

    def _all_keys(self, sentences: Sentences) -> Sequence[Int64]:
        """Return what each template finds at each word as one number; (M,) each.

        What holds a part that training lacks has a number that training lacks.
        """
        numbers = {name: self._numbers(sentences, name) for name in self.values}
        return [self._keys(numbers, template, sentences.words.offsets) for template in self.templates]

    def _keys(self, numbers: Mapping[str, Int64], template: Template, offsets: Int64) -> Int64:
        keys = np.zeros(int(offsets[-1]), dtype=np.int64)
        for name, distance in template:
            part = _moved(numbers[name], offsets, distance)
            keys = keys * (len(self.values[name]) + _FIRST) + part
        return keys

    def _numbers(self, sentences: Sentences, name: str) -> Int64:
        """Return the number of each word's attribute; (M,)."""
        words = sentences.words
        rows = rows_of(ATTRIBUTES[name](words.types), self.values[name]).astype(np.int64)  # (T,)
        return np.where(rows < 0, _UNKNOWN, rows + _FIRST)[words.token_types]


def _strings(sentences: Sentences, name: str) -> pl.Series:
    """Return an attribute of the words that occur."""
    words = sentences.words
    return ATTRIBUTES[name](words.types).gather(np.unique(words.token_types))


def _moved(numbers: Int64, offsets: Int64, distance: int) -> Int64:
    """Return for each word the number of the word `distance` behind it, `_OUTSIDE` beyond its sentence; (M,).

    >>> _moved(np.array([5, 6, 7]), np.array([0, 2, 3]), 1).tolist()
    [6, 0, 0]
    """
    lengths = np.diff(offsets)
    starts, ends = np.repeat(offsets[:-1], lengths), np.repeat(offsets[1:], lengths)  # (M,) each
    place = np.arange(len(numbers)) + distance
    inside = (place >= starts) & (place < ends)
    return np.where(inside, numbers[np.clip(place, 0, max(len(numbers) - 1, 0))], _OUTSIDE)
