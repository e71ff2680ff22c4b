"""Saved answers of language models > a row for each: bits a byte with the document as the unit of chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from pipeline.evaluation.differences import unit_scores
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.evaluation.slices import align_facts, quantile_groups
from pipeline.run_folder.metrics.language import BitsOfGroup, BitsOfRun, LanguageScores
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.generate.answers import LanguageAnswers
from pipeline.tasks.generate.metrics import bits_per_byte

METRIC = "bits-per-byte"


def find_language(
    saved: Iterable[SavedPredictions], kinds: Mapping[str, str], facts: pl.DataFrame | None
) -> tuple[LanguageScores, ...]:
    """Return `language` of metrics.json: a row for each language model, in the order of `kinds`; none for others.

    `facts` are those of test documents, with their shares of unknown words.
    """
    pooled = pool_folds(entry for entry in saved if isinstance(entry.predictions, LanguageAnswers))
    return tuple(_row(name, pooled[name], facts) for name in kinds if name in pooled)


def _row(name: str, runs: Sequence[PooledRun], facts: pl.DataFrame | None) -> LanguageScores:
    answers = [run.predictions for run in runs if isinstance(run.predictions, LanguageAnswers)]
    each = [bits_per_byte(one) for one in answers]
    per_symbol = [float((one.bits - one.spelled).sum() / one.symbols.sum()) for one in answers]
    estimate = crossed_estimate(unit_scores(runs, METRIC), runs[0].groups)
    low, high = replace(estimate, largest=math.inf).interval
    return LanguageScores(
        name=name,
        bits_per_byte=float(np.mean(each)),
        bits_per_byte_ci95=(max(low, 0.0), high),
        bits_per_symbol=float(np.mean(per_symbol)),
        perplexity=float(np.mean(np.exp2(per_symbol))),
        symbols=int(answers[0].symbols.sum()),
        unknown=float(np.mean([one.unknown.sum() / one.symbols.sum() for one in answers])),
        spelled=float(np.mean([one.spelled.sum() / one.bits.sum() for one in answers])),
        runs=tuple(BitsOfRun(run.seed, bits) for run, bits in zip(runs, each, strict=True)),
        groups=() if facts is None else _by_unknown(answers, facts),
    )


def _by_unknown(answers: Sequence[LanguageAnswers], facts: pl.DataFrame) -> tuple[BitsOfGroup, ...]:
    """Return the bits of documents by the share of their words that stand in no training document."""
    shares = align_facts(facts, answers[0].documents)["unknown_share"].cast(pl.Float64)
    groups = quantile_groups(shares.fill_null(np.nan).to_numpy())
    return tuple(
        BitsOfGroup(
            lo=group.lo or 0.0,
            hi=group.hi or 0.0,
            documents=int(group.chosen.sum()),
            bits_per_byte=float(np.mean([bits_per_byte(one.only(group.chosen)) for one in answers])),
        )
        for group in groups
    )
