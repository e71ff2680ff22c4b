"""Saved predictions > one row for each model: means over seeds, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.evaluation.scores import macro_f1, score
from pipeline.prediction_files import SavedPredictions
from pipeline.values import Float64, Int64

RESAMPLES = 2000
CHUNK_CELLS = 4_000_000  # float64 weights held at a time: 32 MB
MEAN_SCORES = ("accuracy", "macro_f1", "log_loss", "ece")


def summarise(saved: Iterable[SavedPredictions], generator: np.random.Generator) -> list[dict]:
    """Return the rows of `summary` in metrics.json, one for each model.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        All fitted models; folds are pooled within a seed, so that every document is tested once.
    generator : np.random.Generator
        Gives one number; each model's resamples depend on that and on its name, so that a further model
        leaves the other intervals as they were.

    Returns
    -------
    list of dict
        name, runs (fitted models: seeds x folds),
        accuracy, accuracy_ci95 [lo, hi], macro_f1, macro_f1_ci95, log_loss, ece; scores are means over seeds.
    """
    base = int(generator.integers(2**32))
    return [
        _summary_row(name, runs, np.random.default_rng([base, *name.encode()]))
        for name, runs in pool_folds(saved).items()
    ]


def _summary_row(name: str, runs: Sequence[PooledRun], generator: np.random.Generator) -> dict:
    scores = [score(run.predictions) for run in runs]
    means = {key: float(np.mean([getattr(entry, key) for entry in scores])) for key in MEAN_SCORES}
    accuracies, f1s = bootstrap_scores(runs, RESAMPLES, generator)
    return {
        "name": name,
        "runs": sum(run.folds for run in runs),
        "accuracy": means["accuracy"],
        "accuracy_ci95": percentile_interval(accuracies, means["accuracy"]),
        "macro_f1": means["macro_f1"],
        "macro_f1_ci95": percentile_interval(f1s, means["macro_f1"]),
        "log_loss": means["log_loss"],
        "ece": means["ece"],
    }


def percentile_interval(values: Float64, estimate: float) -> list[float]:
    """Return the central 95 % of resampled values as [lo, hi], widened where need be to hold the estimate.

    Resamples of small classes have a lower macro F1 on average than the documents they were drawn from.
    """
    low, high = np.quantile(values, [0.025, 0.975])
    return [min(float(low), estimate), max(float(high), estimate)]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Documents that are alike: the same label and, seed by seed, the same prediction. K patterns, S seeds.

    All that a resample of documents needs is how often each pattern was drawn, and those counts are
    multinomial.
    """

    labels: Int64  # (K,)
    predicted: Int64  # (S, K)
    counts: Float64  # (K,), documents

    @property
    def right(self) -> np.ndarray:
        """Whether each seed has a pattern right; bool (S, K)."""
        return self.predicted == self.labels


def patterns_of(runs: Sequence[PooledRun]) -> Patterns:
    """Return the patterns of one model's runs, which are tested on the same documents."""
    columns = [runs[0].predictions.labels, *(run.predictions.predicted for run in runs)]
    distinct, counts = np.unique(np.stack(columns), axis=1, return_counts=True)  # (1 + S, K), (K,)
    return Patterns(distinct[0].astype(np.int64), distinct[1:].astype(np.int64), counts.astype(np.float64))


def add_one_of_each(patterns: Patterns, n_classes: int) -> Patterns:
    """Return the patterns with one document more that all seeds have right, and one more that all have wrong.

    Both are spread over the classes as the labels are. Without them a perfect score has an interval of no
    width, as if it held for all documents to come; with them 445 of 445 gives about 99.3 % to 100 %.
    """
    share = np.bincount(patterns.labels, weights=patterns.counts, minlength=n_classes) / patterns.counts.sum()
    classes, n_seeds = np.arange(n_classes), len(patterns.predicted)
    another = (classes + 1) % n_classes
    return Patterns(
        labels=np.concatenate([patterns.labels, classes, classes]),  # (K + 2C,)
        predicted=np.hstack([patterns.predicted, np.tile(np.concatenate([classes, another]), (n_seeds, 1))]),
        counts=np.concatenate([patterns.counts, share, share]),  # (K + 2C,)
    )


def bootstrap_scores(
    runs: Sequence[PooledRun], n_resamples: int, generator: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return accuracy and macro F1 of resampled documents and seeds; two float64 arrays, shape (R,).

    Notes
    -----
    Documents and seeds are drawn with replacement, independently of each other; a document drawn counts under
    every seed drawn [1]_. That keeps both sources of chance. With two or three seeds the part of the seeds
    comes out too small (by 1/S, and without a t quantile); decisions are left to `compare`, which has neither
    fault.

    References
    ----------
    .. [1] Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1(2), arXiv:0712.1111.
    """
    n_docs, n_classes = runs[0].predictions.probabilities.shape
    patterns = add_one_of_each(patterns_of(runs), n_classes)
    shares = patterns.counts / patterns.counts.sum()
    chunk = max(1, CHUNK_CELLS // len(shares))
    accuracies, f1s = [], []
    for start in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - start)
        documents = generator.multinomial(n_docs, shares, size=size).astype(np.float64)  # (R', K)
        seeds = generator.multinomial(len(runs), np.full(len(runs), 1 / len(runs)), size=size) / len(
            runs
        )  # (R', S)
        accuracy, f1 = _weighted_scores(patterns, documents, n_classes)
        accuracies.append((accuracy * seeds).sum(axis=1))  # (R',)
        f1s.append((f1 * seeds).sum(axis=1))  # (R',)
    return np.concatenate(accuracies), np.concatenate(f1s)


def _weighted_scores(patterns: Patterns, documents: Float64, n_classes: int) -> tuple[Float64, Float64]:
    """Return accuracy and macro F1 of each seed, given how often each pattern occurs; two arrays (R', S)."""
    right = patterns.right
    accuracy = documents @ right.T.astype(np.float64) / documents.sum(axis=1, keepdims=True)  # (R', S)
    support = documents @ _indicator(patterns.labels, n_classes)  # (R', C)
    f1 = np.empty_like(accuracy)
    for seed, predicted in enumerate(patterns.predicted):
        hits = documents @ _indicator(patterns.labels, n_classes, right[seed])  # (R', C)
        f1[:, seed] = macro_f1(hits, support, documents @ _indicator(predicted, n_classes))
    return accuracy, f1


def _indicator(classes: Int64, n_classes: int, weights: np.ndarray | None = None) -> sparse.csr_array:
    """Return the matrix that adds patterns up by class; sparse float64 (K, C)."""
    n_patterns = len(classes)
    values = np.ones(n_patterns) if weights is None else weights.astype(np.float64)
    return sparse.csr_array((values, (np.arange(n_patterns), classes)), shape=(n_patterns, n_classes))
