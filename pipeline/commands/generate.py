"""`generate RUN`: texts that a saved language model writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.models.saved.language import load_language_model
from pipeline.models.writing import Drawing


def generate_texts(run: Path, name: str | None, start: str, how: Drawing, seed: int, n: int) -> Iterator[str]:
    """Yield texts, each from a random stream of its own, so that the third is the third however many are asked for.

    Raises
    ------
    PipelineError
        If a number makes no sense, there is no such model, or it does not know what texts are to begin with.
    """
    _check(how, n)
    model = load_language_model(run, name)
    for number in range(n):
        yield model.write(start, how, np.random.default_rng([seed, number]))


def _check(how: Drawing, n: int) -> None:
    bounds = (
        ("--temperature", how.temperature, how.temperature >= 0, "0 or more"),
        ("--top-k", how.top_k, how.top_k >= 0, "0 or more"),
        ("--top-p", how.top_p, 0 < how.top_p <= 1, "above 0 and at most 1"),
        ("--longest", how.longest, how.longest >= 1, "1 or more"),
        ("--texts", n, n >= 1, "1 or more"),
    )
    for option, value, holds, what in bounds:
        if not holds:
            raise PipelineError("number-out-of-range", option, f"{value:g} is not {what}", f"give {what}")
