"""The corpora that have a name instead of a path: one module each, or for two that belong together."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.corpus.built_in.agreement import read_agreement
from pipeline.corpus.built_in.bbc_news import read_bbc_news
from pipeline.corpus.built_in.brackets import read_brackets
from pipeline.corpus.built_in.labels_of_three import read_labels_apart, read_labels_together
from pipeline.corpus.built_in.word_order import read_word_order
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.tagged.table import TaggedTable

BUILT_IN: dict[str, Callable[[], RawTable]] = {
    "bbc-news": read_bbc_news,
    "word-order": read_word_order,
    "labels-apart": read_labels_apart,
    "labels-together": read_labels_together,
}
TAGGED: dict[str, Callable[[], TaggedTable]] = {"agreement": read_agreement, "brackets": read_brackets}
NAMES = (*BUILT_IN, *TAGGED)
# What is asked of those whose documents do not have one class each.
TASK_OF = {"labels-apart": "multilabel", "labels-together": "multilabel", **dict.fromkeys(TAGGED, "tag")}
