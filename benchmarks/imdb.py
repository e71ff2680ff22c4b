"""The IMDB reviews as the scenarios read them, whole or as a slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.sides import Options
from pipeline.core.values import Int64

TRAIN, TEST, UNLABELLED = "imdb_train.parquet", "imdb_test.parquet", "imdb_unlabelled.parquet"
HELD_OUT = 0.1  # of the training documents, the same share of both labels


def read_reviews(options: Options, *files: str) -> pl.DataFrame:
    """Return the reviews of `files`, one below the other, or `options.documents` of them.

    A slice takes rows at even distances: the files are sorted by label.
    """
    whole = pl.concat([pl.read_parquet(options.folder / file) for file in files])
    return spread(whole, options.documents)


def spread(frame: pl.DataFrame, n_docs: int | None) -> pl.DataFrame:
    """Return `n_docs` rows at even distances; all rows if there are no more, or for None."""
    if n_docs is None or n_docs >= len(frame):
        return frame
    return frame[np.linspace(0, len(frame) - 1, n_docs).astype(np.int64)]


def write_slice(options: Options, file: str, folder: Path) -> Path:
    """Return the path of a corpus file: the user's own, or a slice of it written to `folder`."""
    whole = options.folder / file
    if options.documents is None:
        return whole
    path = folder / file
    spread(pl.read_parquet(whole), options.documents).write_parquet(path)
    return path


def split_positions(labels: pl.Series, held_out: float, seed: int) -> tuple[Int64, Int64]:
    """Return the positions kept and those held out, the same share of every label; ascending."""
    generator = np.random.default_rng(seed)
    out: list[Int64] = []
    for label in labels.unique().sort():
        positions = np.flatnonzero((labels == label).to_numpy()).astype(np.int64)
        out.append(generator.permutation(positions)[: round(len(positions) * held_out)])
    held = np.sort(np.concatenate(out))
    return np.setdiff1d(np.arange(len(labels), dtype=np.int64), held), held
