"""`statistics`: how often the comparisons of this project are right, on made-up results whose truth is known.

A document has a difficulty that both models share and a liking of each model that all its seeds share; a seed has
luck on all documents and on each of them. A prediction is right where the sum is above 0, all parts are normal, so
the true accuracies, and the true difference, are known exactly. For every setting there are two simulations:

- equal models (A/A): how often is a difference called at 5 %?
- models that differ by the smallest detectable difference that such comparisons print (the median of 200): how often is
  it found (power; it should be 80 %)? Both give the share of 95 % intervals that hold the truth.

Folds are simulated with scikit-learn's own models in real cross-validation: both learners read features of one
distribution, drawn apart, so that over corpora neither is better. Copies, other metrics, small tests and the whole
verdict are in statistics_verdicts.py.
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
from benchmarks.statistics_verdicts import SEED, judge, measure_more, more_metrics
from pipeline.core.values import Float64
from pipeline.evaluation.estimates import Estimate, crossed_estimate, folds_estimate

REPEATS = (
    1000  # comparisons of each setting and simulation; as many cross-validations; twice as many of the rest
)
LEVEL = 0.05
DECIDING = 10  # documents that one model alone has right; with fewer the intervals are wide on purpose
MOST_ACCURATE = 0.995  # a difference that leads above this is taken downwards
_CELLS_AT_ONCE = 1_000_000
FIRST = 200  # comparisons of equal models whose median smallest detectable difference is the true one of the others


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
    tests = [*product((200, 1000), (0.7, 0.9, 0.97)), (3000, 0.9)]
    others = ("a linear model", "a network")
    one = [Setting(1, *test, "steady seeds", others[0]) for test in tests]
    return one + [
        Setting(seeds, *test, noise, against)
        for seeds, test, noise, against in product((2, 3, 5, 10), tests, NOISES, others)
    ]


def measure(options: Options) -> Outcome:
    """Simulate everything; percentages with their extremes as metrics, every row as details."""
    repeats = options.repeats or REPEATS
    more = measure_more(2 * repeats)
    folds = [measure_folds(case, repeats) for case in FOLD_CASES]
    rows = [measure_setting(setting, number, repeats) for number, setting in enumerate(settings())]
    details = {"repeats": repeats, "settings": rows, "folds": folds, **more}
    return Outcome([*_metrics(rows), *_fold_metrics(folds), *more_metrics(more)], details)


def measure_setting(setting: Setting, number: int, repeats: int) -> dict[str, Any]:
    """Return a setting with its rates: fractions of 1; None for a power where no smallest difference is printed."""
    generator = np.random.default_rng([SEED, number])
    first = min(FIRST, repeats)
    equal = [(judge(*tables[0]), tables[0]) for tables in simulate(setting, (0.0,), first, generator)]
    smallest = _median([estimate.minimum_detectable_difference for estimate, _ in equal])
    true = 0.0 if smallest is None else smallest
    true = true if setting.accuracy + true < MOST_ACCURATE else -true
    called, held, found, deciding = [], [], [], []
    for same, differing in simulate(setting, (0.0, true), repeats, generator):
        estimates = judge(*same), judge(*differing)
        called.append(estimates[0].p_value < LEVEL)
        found.append(estimates[1].p_value < LEVEL)
        held += [_holds(estimates[0], 0.0), _holds(estimates[1], true)]
        deciding.append((same[0][0] != same[1][0]).sum())
    return asdict(setting) | {
        "deciding_documents": float(np.mean(deciding)),
        "called_though_equal": float(np.mean(called)),
        "coverage": float(np.mean(held)),
        "smallest_detectable_difference": smallest,
        "power": None if smallest is None else float(np.mean(found)),
    }


def _median(values: Sequence[float | None]) -> float | None:
    """Return the median of the numbers; None where most are none."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if 2 * len(known) > len(values) else None


def _holds(estimate: Estimate, true: float) -> bool:
    low, high = estimate.interval
    return low <= true <= high


def simulate(
    setting: Setting, differences: Sequence[float], repeats: int, generator: np.random.Generator
) -> Iterator[list[tuple[Float64, Float64]]]:
    """Yield, for each difference of the true accuracies, what a and b have right, float64 (S, N) or (1, N) each.

    The documents, likings and luck of a study are the same for all `differences`.
    """
    noise, n_seeds, n_docs = NOISES[setting.noise], setting.seeds, setting.documents
    alone = n_seeds == 1 or setting.against == "a linear model"
    at_once = max(1, _CELLS_AT_ONCE // (n_seeds * n_docs))
    for start in range(0, repeats, at_once):
        shape = (min(at_once, repeats - start), n_seeds, n_docs)
        difficulty = np.sqrt(1 - noise.liking - noise.luck - noise.interaction) * _normal(
            generator, (shape[0], 1, n_docs)
        )
        a = _skill(difficulty, noise, shape, n_seeds == 1, generator)
        b = _skill(difficulty, noise, shape, alone, generator)
        levels = [ndtri([setting.accuracy + difference, setting.accuracy]) for difference in differences]
        for one_a, one_b in zip(a, b, strict=True):  # (S, N) each
            yield [
                ((one_a > -of_a).astype(np.float64), (one_b > -of_b).astype(np.float64))
                for of_a, of_b in levels
            ]


def _skill(
    difficulty: np.ndarray,
    noise: Noise,
    shape: tuple[int, int, int],
    fixed: bool,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return how well a model knows documents, variance 1; float32 (R, S, N), or (R, 1, N) without chance."""
    n_runs, _, n_docs = shape
    if fixed:  # what is chance for others is how this model happens to be
        own = noise.liking + noise.luck + noise.interaction
        return difficulty + np.float32(np.sqrt(own)) * _normal(generator, (n_runs, 1, n_docs))
    shared = difficulty + np.float32(np.sqrt(noise.liking)) * _normal(generator, (n_runs, 1, n_docs))
    luck = np.float32(np.sqrt(noise.luck)) * _normal(generator, (*shape[:2], 1))
    return shared + luck + np.float32(np.sqrt(noise.interaction)) * _normal(generator, shape)


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


def _share_called(estimates: Sequence[Estimate]) -> float:
    return float(np.mean([estimate.p_value < LEVEL for estimate in estimates]))


def _metrics(rows: Sequence[dict[str, Any]]) -> list[Metric]:
    """Return the extremes over the settings in which enough documents decide."""
    counted = [row for row in rows if row["deciding_documents"] >= DECIDING]
    groups = {
        "one_seed": ("one seed, this fitted model", [row for row in counted if row["seeds"] == 1]),
        "two_seeds": ("two seeds", [row for row in counted if row["seeds"] == 2]),
        "three_seeds": ("three seeds", [row for row in counted if row["seeds"] == 3]),
        "five_or_ten_seeds": ("five or ten seeds", [row for row in counted if row["seeds"] >= 5]),
    }
    metrics = []
    for id, (words, group) in groups.items():
        targets = (93.0, 97.0) if id == "five_or_ten_seeds" else (None, None)
        coverage = [100 * row["coverage"] for row in group]
        called = [100 * row["called_though_equal"] for row in group]
        power = [100 * row["power"] for row in group if row["power"] is not None]
        metrics += [
            _percent(
                f"coverage_lowest_{id}", min(coverage), f"95 % intervals true, {words}, lowest", targets[0]
            ),
            _percent(f"coverage_highest_{id}", max(coverage), "the same, highest", targets[1], "lower"),
            _percent(f"called_equal_{id}", float(np.mean(called)), f"equal models told apart, {words}, mean"),
            _percent(f"power_{id}", float(np.mean(power)), f"smallest detectable found, {words}, mean"),
            *(
                _percent(f"called_equal_{against.split()[-1]}_{id}", *_mean_called(group, against, words))
                for against in ("a linear model", "a network")
                if id != "one_seed"
            ),
        ]
    return metrics


def _mean_called(rows: Sequence[dict[str, Any]], against: str, words: str) -> tuple[float, str]:
    called = [100 * row["called_though_equal"] for row in rows if row["against"] == against]
    return float(np.mean(called)), f"the same, against {against}"


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
