"""Golden texts asked again: does a model that was read from files answer as the fit itself did?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.ragged import places_of
from pipeline.core.values import Float32
from pipeline.run_folder.models import GOLDEN, Golden, SavedFiles


class Answering(Protocol):
    """A saved model of any kind."""

    def rows(self, texts: pl.Series) -> tuple[Float32, Sequence[int]]:
        """Return its answers to texts, and how many it has to each."""


def largest_difference(model: Answering, golden: Golden, asked: Sequence[int] | None = None) -> float:
    """Return the largest difference of a probability of the golden texts `asked`, of all where that is None."""
    wanted = golden.numbers if asked is None else asked
    places = np.flatnonzero(np.isin(golden.numbers, wanted)).astype(np.int64)
    answers, lengths = model.rows(golden.texts.gather(places))
    rows, offsets = places_of(golden.offsets, places)
    if [*np.diff(offsets)] != [*lengths]:  # it cuts texts into other words
        return math.inf
    return float(np.abs(answers - golden.answers[rows]).max(initial=0.0))


def check_golden(
    model: Answering, golden: Golden, files: SavedFiles, asked: Sequence[int] | None = None
) -> float:
    """Return the largest difference of golden answers; raise PipelineError where it is beyond their tolerance."""
    found = largest_difference(model, golden, asked)
    if not found <= golden.tolerance:  # a number that is none is beyond it too
        what = (
            f"golden answers differ by {found:.2g} from those of {golden.answered_by} when the model was fitted;"
            f" {golden.tolerance:.0e} is allowed"
        )
        fix = f"the versions that it was fitted with stand in {files.where}: install those, or fit it again here"
        raise PipelineError("golden-answers-differ", files.shelf.place(f"{files.folder}/{GOLDEN}"), what, fix)
    return found
