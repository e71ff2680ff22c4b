"""Sixty sentences of two classes, and settings that fit a linear model on them in a moment."""

from __future__ import annotations

from whole_runs import FILMS, LABELS

TEXTS = FILMS
FEW = {"baselines__tfidf_strengths": [1.0, 10.0], "baselines__mean_strengths": [1.0], "baselines__min_df": 1}

__all__ = ["FEW", "LABELS", "TEXTS"]
