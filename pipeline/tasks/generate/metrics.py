"""Metrics of language models: bits a byte, which compare models of words with models of characters."""

from __future__ import annotations

import math

from pipeline.core.values import Float64
from pipeline.tasks.generate.answers import LanguageAnswers
from pipeline.tasks.metric import Metric


def bits_per_byte(answers: LanguageAnswers) -> float:
    """Return the bits of all documents divided by their bytes."""
    return float(answers.bits.sum() / answers.bytes.sum())


def influence(answers: LanguageAnswers) -> Float64:
    """Return what each document adds: the ratio's linear approximation, whose mean is the ratio; (N,)."""
    ratio = bits_per_byte(answers)
    mean: float = answers.bytes.mean()
    found: Float64 = ratio + (answers.bits - ratio * answers.bytes) / mean
    return found


METRICS: dict[str, Metric[LanguageAnswers]] = {
    "bits-per-byte": Metric(
        "bits-per-byte",
        "bits a byte",
        higher_is_better=False,
        value=bits_per_byte,
        influence=influence,
        slope=None,
        largest=math.inf,
    ),
}
