"""Saved predictions > one row for each model: means over seeds, with bootstrap intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from pipeline.core.values import Bool, Float64, Int64
from pipeline.evaluation.pooling import SingleRun, pool_single
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.classification.scores import macro_f1, score

RESAMPLES = 2000
CHUNK_CELLS = 4_000_000  # float64 weights held at a time: 32 MB


@dataclass(frozen=True)
class MeanScores:
    """A model's scores, means over its seeds, with 95 % intervals; `runs` counts seeds times folds."""

    name: str
    runs: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    macro_f1: float
    macro_f1_ci95: tuple[float, float]
    log_loss: float | None
    ece: float | None


def summarise(saved: Iterable[SavedPredictions], generator: np.random.Generator) -> list[MeanScores]:
    """Return the scores of each model, with intervals.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        All fitted models; folds are pooled within a seed, so that every document is tested once.
    generator : np.random.Generator
        Gives one number; each model's resamples depend on that and on its name, so that a further model
        leaves the other intervals as they were.

    """
    base = int(generator.integers(2**32))
    return [
        _summary_row(name, runs, np.random.default_rng([base, *name.encode()]))
        for name, runs in pool_single(saved).items()
    ]


def _summary_row(name: str, runs: Sequence[SingleRun], generator: np.random.Generator) -> MeanScores:
    scores = [score(run.predictions) for run in runs]
    accuracy, macro_f1, log_loss, ece = (
        float(np.mean(values))
        for values in zip(
            *((one.accuracy, one.macro_f1, one.log_loss, one.ece) for one in scores), strict=True
        )
    )
    accuracies, f1s = bootstrap_scores(runs, RESAMPLES, generator)
    return MeanScores(
        name=name,
        runs=sum(run.folds for run in runs),
        accuracy=accuracy,
        accuracy_ci95=percentile_interval(accuracies, accuracy),
        macro_f1=macro_f1,
        macro_f1_ci95=percentile_interval(f1s, macro_f1),
        log_loss=log_loss,
        ece=ece,
    )


def percentile_interval(values: Float64, estimate: float) -> tuple[float, float]:
    """Return the central 95 % of resampled values as (lo, hi), widened where need be to hold the estimate.

    Resamples of small classes have a lower macro F1 on average than the documents they were drawn from.
    """
    low, high = np.quantile(values, [0.025, 0.975])
    return min(float(low), estimate), max(float(high), estimate)


@dataclass(frozen=True, eq=False)
class Patterns:
    """Documents that are alike: the same label and, seed by seed, the same prediction. K patterns, S seeds.

    A unit (a document, or copies that stand for one) is how many documents of each pattern it holds; units that hold
    the same are one of U kinds. All that a resample of units needs is how often each kind was drawn, and those
    counts are multinomial.
    """

    labels: Int64  # (K,)
    predicted: Int64  # (S, K)
    held: sparse.csr_array  # (U, K), documents of a pattern in a unit of a kind
    counts: Float64  # (U,), units of a kind

    @property
    def right(self) -> np.ndarray:
        """Whether each seed has a pattern right; bool (S, K)."""
        return self.predicted == self.labels


def patterns_of(runs: Sequence[SingleRun], chosen: Bool | slice = slice(None)) -> Patterns:
    """Return the patterns of one model's runs on the chosen documents, the same ones for all its runs."""
    columns = [runs[0].predictions.labels, *(run.predictions.predicted for run in runs)]
    distinct, pattern_of = np.unique(
        np.stack(columns)[:, chosen], axis=1, return_inverse=True
    )  # (1 + S, K), (n,)
    held, counts = _kinds_of_units(pattern_of.reshape(-1), runs[0].groups[chosen], distinct.shape[1])
    return Patterns(distinct[0].astype(np.int64), distinct[1:].astype(np.int64), held, counts)


def _kinds_of_units(pattern_of: Int64, groups: Int64, n_patterns: int) -> tuple[sparse.csr_array, Float64]:
    """Return the kinds of units, (U, K), and how many there are of each, float64 (U,)."""
    _, unit_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    alone = sizes[unit_of] == 1  # (n,)
    of_one = np.bincount(pattern_of[alone], minlength=n_patterns)  # (K,)
    ordered = np.lexsort((pattern_of, unit_of))  # (n,), the documents of a unit beside each other
    several = ordered[~alone[ordered]]
    units = np.split(pattern_of[several], np.cumsum(sizes[sizes > 1])[:-1]) if len(several) else []
    kinds = Counter(tuple(unit.tolist()) for unit in units)
    kinds.update({(pattern,): int(of_one[pattern]) for pattern in np.flatnonzero(of_one)})
    return _held(list(kinds), n_patterns), np.array(list(kinds.values()), dtype=np.float64)


def _held(kinds: Sequence[tuple[int, ...]], n_patterns: int) -> sparse.csr_array:
    """Return how many documents of each pattern stand in each kind of unit; float64 (U, K)."""
    rows = np.repeat(np.arange(len(kinds)), [len(kind) for kind in kinds])
    columns = np.array([pattern for kind in kinds for pattern in kind], dtype=np.int64)
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(kinds), n_patterns))


def add_one_of_each(patterns: Patterns, n_classes: int) -> Patterns:
    """Return the patterns with one document more that all seeds have right, and one more that all have wrong.

    Both are spread over the classes as the labels are. Without them a perfect score has an interval of no
    width, as if it held for all documents to come; with them 445 of 445 gives about 99.3 % to 100 %. Each is a unit
    of its own. Where every unit holds a right and a wrong document under every seed (twins of which a model that is
    blind to their difference gets exactly one) the two are one unit more of that kind.
    """
    documents = patterns.held.T @ patterns.counts  # (K,)
    share = np.bincount(patterns.labels, weights=documents, minlength=n_classes) / documents.sum()  # (C,)
    classes, (n_seeds, n_patterns) = np.arange(n_classes), patterns.predicted.shape
    another, right, wrong = (classes + 1) % n_classes, n_patterns + classes, n_patterns + n_classes + classes
    alone = [(pattern,) for pattern in (*right.tolist(), *wrong.tolist())]
    twins = list(zip(right.tolist(), wrong.tolist(), strict=True))
    added = twins if _all_mixed(patterns) else alone
    held = sparse.csr_array(
        (patterns.held.data, patterns.held.indices, patterns.held.indptr),
        shape=(len(patterns.counts), n_patterns + 2 * n_classes),
    )
    return Patterns(
        labels=np.concatenate([patterns.labels, classes, classes]),  # (K + 2C,)
        predicted=np.hstack([patterns.predicted, np.tile(np.concatenate([classes, another]), (n_seeds, 1))]),
        held=sparse.vstack(
            [held, _held(added, n_patterns + 2 * n_classes)], format="csr"
        ),  # (U + 2C, K + 2C)
        counts=np.concatenate([patterns.counts, np.tile(share, len(added) // n_classes)]),  # (U + 2C,)
    )


def _all_mixed(patterns: Patterns) -> bool:
    """Return whether every unit holds a right and a wrong document under every seed."""
    right = patterns.held @ patterns.right.T.astype(np.float64)  # (U, S)
    size = patterns.held.sum(axis=1)[:, None]  # (U, 1)
    return bool(((right > 0) & (right < size)).all())


def bootstrap_scores(
    runs: Sequence[SingleRun], n_resamples: int, generator: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return accuracy and macro F1 of resampled documents and seeds; two float64 arrays, shape (R,).

    Notes
    -----
    Documents and seeds are drawn with replacement, independently of each other; a document drawn counts under
    every seed drawn [1]_. That keeps both sources of chance. Documents of one unit are drawn together. With two or
    three seeds the part of the seeds comes out too small (by 1/S, and without a t quantile); decisions are left to
    `compare`, which has neither fault.

    References
    ----------
    .. [1] Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1(2), arXiv:0712.1111.
    """
    n_classes = runs[0].predictions.probabilities.shape[1]
    accuracies, f1s = [], []
    for patterns, documents, seeds in _resamples(runs, n_resamples, generator):
        accuracy, f1 = _weighted_scores(patterns, documents, n_classes)
        accuracies.append((accuracy * seeds).sum(axis=1))  # (R',)
        f1s.append((f1 * seeds).sum(axis=1))  # (R',)
    return np.concatenate(accuracies), np.concatenate(f1s)


def bootstrap_accuracy(
    runs: Sequence[SingleRun], n_resamples: int, generator: np.random.Generator, chosen: Bool
) -> Float64:
    """Return the accuracy of resampled documents and seeds, of the chosen documents (N,) alone; float64 (R,)."""
    return np.concatenate(
        [
            (_accuracy(patterns, documents) * seeds).sum(axis=1)  # (R',)
            for patterns, documents, seeds in _resamples(runs, n_resamples, generator, chosen)
        ]
    )


def _resamples(
    runs: Sequence[SingleRun],
    n_resamples: int,
    generator: np.random.Generator,
    chosen: Bool | slice = slice(None),
) -> Iterator[tuple[Patterns, Float64, Float64]]:
    """Yield the patterns, how many documents of each were drawn, (R', K), and each seed's weight, (R', S)."""
    n_classes, n_seeds = runs[0].predictions.probabilities.shape[1], len(runs)
    met = patterns_of(runs, chosen)
    n_units, patterns = round(met.counts.sum()), add_one_of_each(met, n_classes)
    shares = patterns.counts / patterns.counts.sum()
    chunk = max(1, CHUNK_CELLS // max(patterns.held.shape))
    for start in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - start)
        units = generator.multinomial(n_units, shares, size=size).astype(np.float64)  # (R', U)
        seeds = generator.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=size) / n_seeds  # (R', S)
        yield patterns, units @ patterns.held, seeds


def _accuracy(patterns: Patterns, documents: Float64) -> Float64:
    """Return the accuracy of each seed, given how often each pattern occurs; float64 (R', S)."""
    return documents @ patterns.right.T.astype(np.float64) / documents.sum(axis=1, keepdims=True)


def _weighted_scores(patterns: Patterns, documents: Float64, n_classes: int) -> tuple[Float64, Float64]:
    """Return accuracy and macro F1 of each seed, given how often each pattern occurs; two arrays (R', S)."""
    right, accuracy = patterns.right, _accuracy(patterns, documents)
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
