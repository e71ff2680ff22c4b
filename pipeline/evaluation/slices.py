"""Saved predictions and facts about documents > accuracy by slice: where models win and lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.core.values import Bool, Float64, Int64
from pipeline.evaluation.differences import estimate_difference, paired_runs
from pipeline.evaluation.estimates import Estimate
from pipeline.evaluation.pooling import SingleRun, n_single, pool_folds, pool_single
from pipeline.evaluation.summary import RESAMPLES, bootstrap_accuracy, percentile_interval
from pipeline.run_folder.metrics.comparisons import Verdict
from pipeline.run_folder.metrics.documents import By, Group, ModelScore, Slice
from pipeline.run_folder.metrics.rows import Interval
from pipeline.run_folder.predictions import SavedPredictions

MEASURES: dict[By, str] = {
    "length": "tokens",
    "unknown words": "unknown_share",
    "word frequency": "frequency",
}
GROUPS_BY_SIZE = ((5_000, 10), (200, 4), (40, 2))  # from so many test documents on, so many groups
MOST_CLASSES = 50  # the largest ones


@dataclass(frozen=True, eq=False)
class Some:
    """Some of the answers: those of a class, or those to documents whose measure is from `lo` to `hi`."""

    label: str | None
    lo: float | None
    hi: float | None
    chosen: Bool  # (M,) single answers; while documents are grouped by a measure, documents: (N,)


def slice_scores(
    saved: Sequence[SavedPredictions],
    facts: pl.DataFrame | None,
    verdict: Verdict,
    generator: np.random.Generator,
    n_docs: int | None = None,
    chosen: Sequence[SavedPredictions] = (),
) -> tuple[Slice, ...]:
    """Return `slices` of metrics.json: accuracy by document length, unknown words, word frequency, class.

    Parameters
    ----------
    saved : sequence of SavedPredictions
        All models on the same documents; folds are pooled, seeds are averaged.
    facts : DataFrame with the columns of `document_files.COLUMNS`, or None
        Without it only classes are told apart.
    verdict : Verdict
        The difference of its two models within each slice is given too.
    generator : np.random.Generator
        For the bootstrap of the accuracies. It gives one number; each resample depends on that, on the model and on the
        slice, so that a further model leaves the other intervals as they were.
    n_docs : int, optional
        Documents of the corpus, where there are folds; if absent, all that were tested.
    chosen : sequence of SavedPredictions
        Those of the verdict's network, where folds chose different ones: it is compared, and no row of its own.

    Notes
    -----
    The groups of a measure are cut at quantiles of the test documents, so that none is chosen by its result.
    Documents of equal measure stay in one group. The interval of a difference is made as that of a comparison, by
    folds where there are some. That of an accuracy is a bootstrap of documents and seeds, as in `summary`: near 100 %
    the interval of a normal mean would be too narrow above all. With folds it takes all tested documents as one test,
    so it leaves out that another training set would give another model. None is corrected for the number of slices.
    """
    pooled = pool_folds(saved)
    if not pooled:
        return ()
    first = next(iter(pooled.values()))[0]
    of = first.predictions.document_of  # (M,)
    slices: dict[By, list[Some]] = {
        by: [replace(group, chosen=group.chosen[of]) for group in groups]
        for by, groups in _by_measure(facts, first.predictions.documents).items()
    }
    slices["class"] = _by_class(first.single, saved[0].single_names)
    a, b, base = verdict.a, verdict.b, int(generator.integers(2**32))
    single, n_answers = pool_single(saved), n_single(n_docs, first)
    compared = single | pool_single(chosen)
    return tuple(
        Slice(
            by,
            a,
            b,
            tuple(
                _group_row(group, of, single, compared, a, b, n_answers, (base, number, *by.encode()))
                for number, group in enumerate(groups)
            ),
        )
        for by, groups in slices.items()
        if len(groups) > 1
    )


def _by_measure(facts: pl.DataFrame | None, documents: Int64) -> dict[By, list[Some]]:
    if facts is None:
        return {}
    of_documents = align_facts(facts, documents)
    return {
        by: quantile_groups(of_documents[column].cast(pl.Float64).fill_null(np.nan).to_numpy())
        for by, column in MEASURES.items()
    }


def align_facts(facts: pl.DataFrame, documents: Int64) -> pl.DataFrame:
    """Return the row of `facts` of each of `documents`, in their order; nulls where there is none."""
    wanted = pl.DataFrame({"document": documents})
    return wanted.join(
        facts.unique("document", keep="first", maintain_order=True),
        on="document",
        how="left",
        maintain_order="left",
    )


def quantile_groups(values: Float64) -> list[Some]:
    """Return groups of about equal size, ascending by value; equal values stay together, NaN is in none."""
    known = np.isfinite(values)
    wanted = next((groups for size, groups in GROUPS_BY_SIZE if known.sum() >= size), 1)
    if wanted == 1:
        return []
    inner = np.quantile(values[known], np.arange(1, wanted) / wanted, method="inverted_cdf")  # (wanted - 1,)
    number = np.where(known, np.searchsorted(inner, values, side="left"), -1)  # (N,)
    groups = [number == one for one in np.unique(number[known])]
    return [Some(None, float(values[chosen].min()), float(values[chosen].max()), chosen) for chosen in groups]


def _by_class(run: SingleRun, label_names: Sequence[str]) -> list[Some]:
    """Return the largest classes that have a test document, largest first."""
    sizes = np.bincount(run.predictions.labels, minlength=len(label_names))  # (C,)
    largest = [label for label in np.argsort(-sizes, kind="stable")[:MOST_CLASSES] if sizes[label] > 0]
    return [Some(label_names[label], None, None, run.predictions.labels == label) for label in largest]


def _group_row(
    group: Some,
    document_of: Int64,
    single: Mapping[str, list[SingleRun]],
    compared: Mapping[str, list[SingleRun]],
    a: str | None,
    b: str | None,
    n_docs: int | None,
    seed: tuple[int, ...],
) -> Group:
    between = difference_on(compared, a, b, group.chosen, n_docs)
    models = tuple(
        accuracy_on(name, runs, group.chosen, np.random.default_rng([*seed, *name.encode()]))
        for name, runs in single.items()
    )
    n_documents = len(np.unique(document_of[group.chosen]))
    return Group(group.label, group.lo, group.hi, n_documents, models, *difference_and_interval(between))


def difference_and_interval(between: Estimate | None) -> tuple[float, Interval] | tuple[None, None]:
    """Return what a row says of an estimate; None where there is none."""
    return (between.difference, between.interval) if between else (None, None)


def accuracy_on(
    name: str, runs: Sequence[SingleRun], chosen: Bool, generator: np.random.Generator
) -> ModelScore:
    """Return one model's mean accuracy on the chosen answers (M,) with its interval; folds are one test."""
    accuracy = float(np.mean([run.right[chosen].mean() for run in runs]))
    resampled = bootstrap_accuracy(runs, RESAMPLES, generator, chosen)
    return ModelScore(name, accuracy, percentile_interval(resampled, accuracy))


def difference_on(
    single: Mapping[str, list[SingleRun]], a: str | None, b: str | None, chosen: Bool, n_docs: int | None
) -> Estimate | None:
    """Return the accuracy of a minus that of b on the chosen answers (M,); None where one was not run."""
    if a is None or b is None or a not in single or b not in single:
        return None
    return estimate_difference(*paired_runs(single[a], single[b]), n_docs, chosen)
