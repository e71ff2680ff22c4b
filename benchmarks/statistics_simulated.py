"""`statistics`: how often the comparisons of this project are right, on made-up results whose truth is known.

A document has a difficulty that both models share and a liking of each model that all its seeds share; a seed has
luck on all documents and on each of them. A prediction is right where the sum is above 0, all parts are normal, so
the true accuracies, and the true difference, are known exactly. For every setting there are two simulations:

- equal models (A/A): how often is a difference called at 5 %?
- models that differ by the smallest detectable difference that the first simulation prints (its median): how often is
  it found (power; it should be 80 %)? Both give the share of 95 % intervals that hold the truth.

Folds are simulated with scikit-learn's own models in real cross-validation: both learners read features of one
distribution, drawn apart, so that over corpora neither is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.special import ndtri

from benchmarks.results_file import Metric, Outcome
from benchmarks.sides import Options
from pipeline.evaluation.estimates import Estimate, crossed_estimate, folds_estimate
from pipeline.values import Float64

REPEATS = 2000  # comparisons of each setting and simulation; half as many cross-validations
SEED = 20_260_105
LEVEL = 0.05
DECIDING = 10  # documents that one model alone has right; with fewer the intervals are wide on purpose
MOST_ACCURATE = 0.995  # a difference that leads above this is taken downwards
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Noise:
    """Variances by source; together with the difficulty that both models share they are 1."""

    liking: float  # of a model for a document, the same with every seed
    luck: float  # of a seed, on all documents
    interaction: float  # of a seed and a document


NOISES = {
    "steady seeds": Noise(0.15, 0.0, 0.05),
    "some luck": Noise(0.15, 0.003, 0.10),  # seeds spread by 1.0 point around 90 %
    "much luck": Noise(0.10, 0.01, 0.10),  # by 1.8 points
    "documents by chance": Noise(0.0, 0.0, 0.40),
}


@dataclass(frozen=True)
class Setting:
    """One line of the tables. With one seed, nothing but the choice of documents is chance."""

    seeds: int
    documents: int
    accuracy: float
    noise: str
    against: str  # "a linear model" (one run, no chance) or "a network"


def settings() -> list[Setting]:
    """Return all settings: one seed has no noise of seeds, so it is simulated once."""
    tests = [*product((200, 1000), (0.7, 0.9, 0.97)), (5000, 0.9)]
    others = ("a linear model", "a network")
    one = [Setting(1, *test, "steady seeds", others[0]) for test in tests]
    return one + [
        Setting(seeds, *test, noise, against)
        for seeds, test, noise, against in product((3, 5, 10), tests, NOISES, others)
    ]


def measure(options: Options) -> Outcome:
    """Simulate all settings and the folds; percentages with their extremes as metrics, every row as details."""
    repeats = options.repeats or REPEATS
    rows = [measure_setting(setting, number, repeats) for number, setting in enumerate(settings())]
    folds = [measure_folds(case, max(1, repeats // 2)) for case in FOLD_CASES]
    return Outcome(
        [*_metrics(rows), *_fold_metrics(folds)], {"repeats": repeats, "settings": rows, "folds": folds}
    )


def measure_setting(setting: Setting, number: int, repeats: int) -> dict[str, Any]:
    """Return a setting with its rates: fractions of 1."""
    generator = np.random.default_rng([SEED, number])
    tables = list(simulate(setting, 0.0, repeats, generator))
    equal = [crossed_estimate(table) for table in tables]
    smallest = float(np.median([estimate.minimum_detectable_difference for estimate in equal]))
    true = smallest if setting.accuracy + smallest < MOST_ACCURATE else -smallest
    differing = [crossed_estimate(table) for table in simulate(setting, true, repeats, generator)]
    held = [_holds(estimate, 0.0) for estimate in equal] + [_holds(estimate, true) for estimate in differing]
    return asdict(setting) | {
        "deciding_documents": float(np.mean([np.abs(table).sum(axis=1).mean() for table in tables])),
        "called_though_equal": _share_called(equal),
        "coverage": float(np.mean(held)),
        "smallest_detectable_difference": smallest,
        "power": _share_called(differing),
    }


def _holds(estimate: Estimate, true: float) -> bool:
    low, high = estimate.interval
    return low <= true <= high


def _share_called(estimates: Sequence[Estimate]) -> float:
    return float(np.mean([estimate.p_value < LEVEL for estimate in estimates]))


def simulate(
    setting: Setting, difference: float, repeats: int, generator: np.random.Generator
) -> Iterator[Float64]:
    """Yield right(a) - right(b), float64 (S, N), of models whose true accuracies differ by `difference`."""
    noise, n_seeds, n_docs = NOISES[setting.noise], setting.seeds, setting.documents
    fixed = setting.against == "a linear model"
    thresholds = ndtri([setting.accuracy + difference, setting.accuracy])  # of a, b
    at_once = max(1, _CELLS_AT_ONCE // (n_seeds * n_docs))
    for start in range(0, repeats, at_once):
        shape = (min(at_once, repeats - start), n_seeds, n_docs)
        difficulty = np.sqrt(1 - noise.liking - noise.luck - noise.interaction) * _normal(
            generator, (shape[0], 1, n_docs)
        )
        right_a = _right(difficulty + np.float32(thresholds[0]), noise, shape, n_seeds == 1, generator)
        right_b = _right(difficulty + np.float32(thresholds[1]), noise, shape, fixed, generator)
        yield from right_a.astype(np.float64) - right_b  # (R, S, N), one at a time


def _right(
    difficulty: np.ndarray,
    noise: Noise,
    shape: tuple[int, int, int],
    fixed: bool,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return which documents a model has right; bool (R, S, N), or (R, 1, N) of a model without chance."""
    n_runs, _, n_docs = shape
    if fixed:  # what is chance for others is how this model happens to be
        own = noise.liking + noise.luck + noise.interaction
        return difficulty + np.sqrt(own) * _normal(generator, (n_runs, 1, n_docs)) > 0
    return (
        difficulty
        + np.sqrt(noise.liking) * _normal(generator, (n_runs, 1, n_docs))
        + np.sqrt(noise.luck) * _normal(generator, (*shape[:2], 1))
        + np.sqrt(noise.interaction) * _normal(generator, shape)
        > 0
    )


def _normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.standard_normal(shape, dtype=np.float32)


def seed_spread(noise: str, accuracy: float) -> float:
    """Return the standard deviation over seeds of a model's true accuracy, to first order.

    >>> round(seed_spread("some luck", 0.9), 4)
    0.0096
    """
    density = np.exp(-(ndtri(accuracy) ** 2) / 2) / np.sqrt(2 * np.pi)
    return float(np.sqrt(NOISES[noise].luck) * density)


@dataclass(frozen=True)
class FoldCase:
    """A cross-validation of two learners that are equally good."""

    learner: str
    documents: int
    folds: int
    seeds: int


FOLD_CASES = (
    FoldCase("naive Bayes", 300, 5, 1),
    FoldCase("naive Bayes", 300, 10, 1),
    FoldCase("decision tree", 300, 5, 1),
    FoldCase("decision tree", 300, 5, 3),
)
N_WORDS = 60
_STRENGTHS = np.abs(np.random.default_rng(SEED).normal(0, 0.05, N_WORDS)).clip(0, 0.2)


def measure_folds(case: FoldCase, repeats: int) -> dict[str, Any]:
    """Return how often two equally good learners are told apart: corrected for overlap, and by pooling alone."""
    generator = np.random.default_rng([SEED, case.documents, case.folds, case.seeds])
    corrected, pooled = [], []
    for _ in range(repeats):
        differences, fold_of = cross_validate(case, generator)
        corrected.append(folds_estimate(differences, fold_of, case.documents))
        pooled.append(crossed_estimate(differences))
    rates = {"called_though_equal": _share_called(corrected), "called_by_pooling": _share_called(pooled)}
    return asdict(case) | rates


def cross_validate(case: FoldCase, generator: np.random.Generator) -> tuple[Float64, np.ndarray]:
    """Return right(a) - right(b), float64 (S, N), and each document's fold, int32 (N,), of a fresh corpus."""
    from sklearn.model_selection import StratifiedKFold

    labels = generator.integers(2, size=case.documents)  # (N,)
    words_a, words_b = _words(labels, generator), _words(labels, generator)
    differences = np.zeros((case.seeds, case.documents))
    fold_of = np.zeros(case.documents, dtype=np.int32)
    splitter = StratifiedKFold(case.folds, shuffle=True, random_state=int(generator.integers(2**31)))
    for fold, (train, test) in enumerate(splitter.split(words_a, labels)):
        fold_of[test] = fold
        for seed in range(case.seeds):
            right = [
                _learner(case.learner, int(generator.integers(2**31))).fit(words[train], labels[train])
                .predict(words[test]) == labels[test]
                for words in (words_a, words_b)
            ]  # fmt: skip
            differences[seed, test] = right[0].astype(float) - right[1]
    return differences, fold_of


def _words(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return which words each document holds, a little more often in one of the classes; bool (N, W)."""
    shares = np.where(labels[:, None] == 1, 0.25 + _STRENGTHS, 0.25 - _STRENGTHS)  # (N, W)
    return generator.random(shares.shape) < shares


def _learner(name: str, seed: int) -> Any:
    from sklearn.naive_bayes import BernoulliNB
    from sklearn.tree import DecisionTreeClassifier

    if name == "naive Bayes":
        return BernoulliNB()
    return DecisionTreeClassifier(max_features=8, min_samples_leaf=10, random_state=seed)


def _metrics(rows: Sequence[dict[str, Any]]) -> list[Metric]:
    """Return the extremes over the settings in which enough documents decide."""
    counted = [row for row in rows if row["deciding_documents"] >= DECIDING]
    groups = {
        "one_seed": ("one seed, this fitted model", [row for row in counted if row["seeds"] == 1]),
        "three_seeds": ("three seeds", [row for row in counted if row["seeds"] == 3]),
        "five_or_ten_seeds": ("five or ten seeds", [row for row in counted if row["seeds"] >= 5]),
    }
    metrics = []
    for id, (words, group) in groups.items():
        targets = (93.0, 97.0) if id == "five_or_ten_seeds" else (None, None)
        coverage = [100 * row["coverage"] for row in group]
        called = [100 * row["called_though_equal"] for row in group]
        power = [100 * row["power"] for row in group]
        metrics += [
            _percent(
                f"coverage_lowest_{id}", min(coverage), f"95 % intervals true, {words}, lowest", targets[0]
            ),
            _percent(f"coverage_highest_{id}", max(coverage), "the same, highest", targets[1], "lower"),
            _percent(f"called_equal_{id}", float(np.mean(called)), f"equal models told apart, {words}, mean"),
            _percent(f"power_{id}", float(np.mean(power)), f"smallest detectable found, {words}, mean"),
        ]
    return metrics


def _fold_metrics(rows: Sequence[dict[str, Any]]) -> list[Metric]:
    called = max(100 * row["called_though_equal"] for row in rows)
    pooled = max(100 * row["called_by_pooling"] for row in rows)
    return [
        _percent(
            "folds_called_though_equal", called, "equal learners told apart over folds, highest", 6.0, "lower"
        ),
        _percent("folds_called_by_pooling", pooled, "the same without the correction", None, "lower"),
    ]


def _percent(id: str, value: float, what: str, target: float | None = None, better: str = "higher") -> Metric:
    return Metric(id, value, "%", better, 1.0, what, "unit", target)
