"""A text that was typed > its one row; nothing that reads files is imported for it."""

from __future__ import annotations

import sys

import polars as pl

from pipeline.core.clean import has_surrogates, without_surrogates
from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.records import RawTable, none_of
from pipeline.predict.rows import Input, Rows

SAID = "--say"  # what it is called in messages


def of_said(text: str) -> Input:
    """Return the one row of a text that was typed.

    Raises
    ------
    PipelineError
        If it holds bytes that are no text.
    """
    if has_surrogates(text):
        what = f'"{without_surrogates(text)}" holds bytes that are no {sys.getfilesystemencoding().upper()}'
        raise PipelineError(
            "text-not-utf-8",
            SAID,
            what,
            "type it in a terminal that writes UTF-8, or give a file and --encoding",
        )
    cells = pl.DataFrame({"text": [text]})
    return Input(SAID, iter([Rows(RawTable(SAID, cells, none_of(1), text_column="text"))]))
