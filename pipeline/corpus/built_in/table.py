"""The corpora that have a name instead of a path: one module each, imported when it is read."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.corpus.readers.records import RawTable


def _bbc_news() -> RawTable:
    from pipeline.corpus.built_in.bbc_news import read_bbc_news

    return read_bbc_news()


def _word_order() -> RawTable:
    from pipeline.corpus.built_in.word_order import read_word_order

    return read_word_order()


BUILT_IN: dict[str, Callable[[], RawTable]] = {"bbc-news": _bbc_news, "word-order": _word_order}
