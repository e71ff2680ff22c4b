"""Answers of a tagger as the columns of a file, a row a word, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.core.values import Int64, require
from pipeline.tasks.columns import check_columns, numbers_in, share_columns, shares_in
from pipeline.tasks.tag.answers import TagAnswers

FIXED_COLUMNS = {"document": pl.Int64, "token": pl.Int32, "label": pl.String, "predicted": pl.String}


def to_columns(answers: TagAnswers, names: Sequence[str]) -> pl.DataFrame:
    """Return `document` (the sentence), `token` (its place there, from 0), `label`, `predicted` and `p(<tag>)`."""
    tags = pl.Series(names, dtype=pl.String)
    lengths = np.diff(answers.offsets)
    places = np.arange(len(answers.labels)) - np.repeat(answers.offsets[:-1], lengths)  # (M,)
    columns = {
        "document": pl.Series(np.repeat(answers.documents, lengths), dtype=pl.Int64),
        "token": pl.Series(places, dtype=pl.Int32),
        "label": tags.gather(answers.labels),
        "predicted": tags.gather(answers.predicted),
    }
    return pl.DataFrame(columns | share_columns(answers.probabilities, names))


def from_columns(table: pl.DataFrame, hard: bool) -> tuple[TagAnswers, tuple[str, ...]]:
    """Return what `to_columns` wrote, unchanged to the last bit, and the tags.

    Raises
    ------
    ValueError
        If a column or a tag is not what it has to be, or the words of a sentence are not in their order.
    """
    check_columns(table, FIXED_COLUMNS, "tag")
    shares, names = shares_in(table, FIXED_COLUMNS)
    documents, offsets = _sentences(table)
    answers = TagAnswers(
        documents=documents,
        offsets=offsets,
        labels=numbers_in(table["label"], names, "tag"),
        predicted=numbers_in(table["predicted"], names, "tag"),
        probabilities=shares,
        names=names,
        hard=hard,
    )
    return answers, names


def _sentences(table: pl.DataFrame) -> tuple[Int64, Int64]:
    """Return the sentences, (N,), and where each begins, (N + 1,)."""
    documents, places = table["document"].to_numpy(), table["token"].to_numpy()
    starts = np.flatnonzero(places == 0)
    require(
        len(table) == 0 or (len(starts) > 0 and starts[0] == 0),
        "the first row is not the first word of a sentence",
    )
    offsets = np.append(starts, len(table)).astype(np.int64)  # (N + 1,)
    expected = np.arange(len(table)) - np.repeat(starts, np.diff(offsets))
    same = documents == np.repeat(documents[starts], np.diff(offsets))
    wrong = np.flatnonzero((places != expected) | ~same)
    require(len(wrong) == 0, f"row {wrong[0] if len(wrong) else 0} is not the word that follows")
    return documents[starts].astype(np.int64), offsets
