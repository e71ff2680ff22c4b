"""The corpora that have a name instead of a path: one module each."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.corpus.built_in.bbc_news import read_bbc_news
from pipeline.corpus.built_in.word_order import read_word_order
from pipeline.corpus.readers.records import RawTable

BUILT_IN: dict[str, Callable[[], RawTable]] = {"bbc-news": read_bbc_news, "word-order": read_word_order}
