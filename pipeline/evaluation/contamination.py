"""Saved predictions and facts about documents > the scores again without documents that are no fair test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import polars as pl

from pipeline.core.values import Bool, Int64
from pipeline.evaluation.pooling import n_single, pool_folds, pool_single
from pipeline.evaluation.slices import align_facts, difference_and_interval, difference_on
from pipeline.evaluation.summary import MeanScores, summarise
from pipeline.run_folder.metrics.comparisons import Verdict
from pipeline.run_folder.metrics.documents import (
    Contamination,
    Giveaway,
    Giveaways,
    ModelScore,
    NearDuplicate,
    NearDuplicates,
    ScoresOn,
    Without,
)
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Answers

SHOWN_PAIRS = 10
SHOWN_TOKENS = 20


def describe_contamination(
    saved: Sequence[SavedPredictions],
    facts: pl.DataFrame | None,
    giveaways: Sequence[Giveaway],
    verdict: Verdict,
    summary: Sequence[MeanScores],
    generator: np.random.Generator,
    n_docs: int | None = None,
    chosen_network: Sequence[SavedPredictions] = (),
) -> Contamination | None:
    """Return `contamination` of metrics.json; None without predictions or facts.

    Parameters
    ----------
    saved : sequence of SavedPredictions
        All models on the same documents; folds are pooled, seeds are averaged.
    facts : DataFrame with the columns of `document_files.COLUMNS`, or None
    giveaways : the tokens that give a label away, of every fold
    verdict : Verdict
    summary : the rows of `summarise` on all test documents
    generator : np.random.Generator
        For the bootstrap of the intervals on fewer documents, made as those of `summary`.
    n_docs : documents of the corpus, where there are folds; if absent, all that were tested
    chosen_network : predictions of the verdict's network, where folds chose different ones

    Notes
    -----
    No model is fitted again: the models have seen what they have seen, and are scored on fewer documents. The
    documents that are left may be harder for another reason, above all those without a giveaway.
    """
    pooled = pool_folds(saved)
    if not pooled or facts is None:
        return None
    first = next(iter(pooled.values()))[0]
    documents = first.predictions.documents  # (N,)
    of_documents = align_facts(facts, documents)
    repeated = of_documents["near_duplicate_of"].is_not_null().to_numpy()
    given_away = of_documents["giveaway"].fill_null(False).to_numpy()
    every = np.ones(len(repeated), dtype=bool)
    sets: dict[Without, Bool] = {
        "all": every,
        "without near-duplicates": ~repeated,
        "without giveaways": ~given_away,
    }
    a, b = verdict.a, verdict.b
    document_of = first.predictions.document_of  # (M,)
    compared = pool_single(saved) | pool_single(chosen_network)
    tokens = [row for row in giveaways if row.fold == first_fold(facts)]
    scores = []
    for of, chosen in sets.items():
        on = summary if chosen.all() else _summary_on(saved, documents[chosen], generator)
        between = (
            difference_on(compared, a, b, chosen[document_of], n_single(n_docs, first))
            if chosen.any()
            else None
        )
        models = tuple(ModelScore(row.name, row.accuracy, row.accuracy_ci95) for row in on)
        scores.append(ScoresOn(of, int(chosen.sum()), models, *difference_and_interval(between)))
    return Contamination(
        documents=len(every),
        near_duplicates=_near_duplicates(of_documents),
        giveaways=Giveaways(int(given_away.sum()), tuple(tokens[:SHOWN_TOKENS])),
        a=a,
        b=b,
        scores=tuple(scores),
    )


def first_fold(facts: pl.DataFrame) -> int | None:
    """Return the lowest fold number; None without a row."""
    return facts["fold"].min()  # type: ignore[return-value]


def _near_duplicates(facts: pl.DataFrame) -> NearDuplicates:
    found = facts.filter(pl.col("near_duplicate_of").is_not_null())
    inexact = found.sort(pl.col("similarity") == 1, -pl.col("similarity"), "document")
    shown = [field.name for field in fields(NearDuplicate)]
    return NearDuplicates(
        documents=len(found),
        identical=int((found["similarity"] == 1).sum()),
        same_label=int(found["same_label"].sum()),
        pairs=tuple(NearDuplicate(*row) for row in inexact.head(SHOWN_PAIRS).select(shown).iter_rows()),
    )


def _summary_on(
    saved: Sequence[SavedPredictions], documents: Int64, generator: np.random.Generator
) -> list[MeanScores]:
    """Return the rows of `summarise` on these documents alone; none where there is no document."""
    if len(documents) == 0:
        return []
    return summarise(
        [replace(entry, predictions=_only(entry.predictions, documents)) for entry in saved], generator
    )


def _only(answers: Answers, documents: Int64) -> Answers:
    return answers.only(np.isin(answers.documents, documents))
