"""Simulations beside the tables of `statistics`: copies, metrics, small tests, the verdict against every baseline.

Models know documents as in statistics_simulated.py ("some luck"): difficulty that all share, a liking of each model,
luck of each seed. Every rate is the share of `repeats` made-up studies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from benchmarks.results_file import Metric
from pipeline.core.values import Float64, Int64
from pipeline.evaluation.claims import decide_against, largest_detectable
from pipeline.evaluation.differences import estimate_difference
from pipeline.evaluation.estimates import Estimate, holm, unpaired_estimate
from pipeline.evaluation.few_documents import FEW, sign_flips
from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions

SEED = 20_260_105
LEVEL = 0.05
ROPE = 0.01
LIKING, LUCK, INTERACTION = 0.15, 0.003, 0.10  # variances; with the shared difficulty they are 1


def judge(a: Float64, b: Float64, groups: Int64 | None = None) -> Estimate:
    """Return the difference in accuracy as `estimate_difference` has it, from right answers, (S_a, N) and (S_b, N)."""
    estimate, of_documents = unpaired_estimate(a, b, groups), a.mean(axis=0) - b.mean(axis=0)  # (N,)
    if groups is None:
        if np.count_nonzero(of_documents) >= FEW:
            return estimate
        groups = np.arange(len(of_documents))
    return replace(estimate, few=sign_flips(of_documents, groups))


def knowledge(runs: Sequence[int], n_docs: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Return how well models know the same documents; for each number of runs a float64 (S, N), variance 1."""
    difficulty = np.sqrt(1 - LIKING - LUCK - INTERACTION) * generator.standard_normal(n_docs)
    return [_knowledge(difficulty, n_runs, generator) for n_runs in runs]


def _knowledge(difficulty: np.ndarray, n_runs: int, generator: np.random.Generator) -> np.ndarray:
    n_docs = len(difficulty)
    if n_runs == 1:
        return difficulty + np.sqrt(LIKING + LUCK + INTERACTION) * generator.standard_normal((1, n_docs))
    return (
        difficulty
        + np.sqrt(LIKING) * generator.standard_normal(n_docs)
        + np.sqrt(LUCK) * generator.standard_normal((n_runs, 1))
        + np.sqrt(INTERACTION) * generator.standard_normal((n_runs, n_docs))
    )  # (S, N)


def right(known: np.ndarray, accuracy: float) -> Float64:
    """Return which documents a model of this true accuracy has right; float64 (S, N)."""
    return (known > -ndtri(accuracy)).astype(np.float64)


# --- copies among the test documents


@dataclass(frozen=True)
class Copies:
    """Test documents of which some are copies: (texts, how often each stands there)."""

    words: str
    parts: tuple[tuple[int, int], ...]

    @property
    def groups(self) -> Int64:
        """Return the text of each document; int64 (N,)."""
        times = np.concatenate([np.full(texts, often) for texts, often in self.parts])
        return np.repeat(np.arange(len(times)), times)


COPIES = (
    Copies("345 texts once and 20 five times", ((345, 1), (20, 5))),
    Copies("345 texts once and 20 ten times", ((345, 1), (20, 10))),
    Copies("every other text twice", ((297, 1), (297, 2))),
)


def measure_copies(case: Copies, repeats: int) -> dict[str, Any]:
    """Return how often equal models (network against linear, 90 %, three seeds) are told apart on copies."""
    generator, groups = np.random.default_rng([SEED, len(case.groups)]), case.groups
    units, documents = [], []
    for _ in range(repeats):
        a, b = (right(known, 0.9)[:, groups] for known in knowledge((3, 1), groups.max() + 1, generator))
        units.append(judge(a, b, groups).p_value < LEVEL)
        documents.append(judge(a, b).p_value < LEVEL)
    return {
        "copies": case.words,
        "documents": len(groups),
        "called_though_equal": float(np.mean(units)),
        "called_as_documents": float(np.mean(documents)),
    }


# --- other metrics, on three classes of which one is large

SHARES = (0.90, 0.07, 0.03)
METRICS = ("accuracy", "macro-f1", "balanced-accuracy", "log-loss")
TESTS = (445, 2000)


def measure_metrics(n_docs: int, repeats: int) -> list[dict[str, Any]]:
    """Return how often two equal networks are told apart by each metric; three seeds each, 90 / 7 / 3 %."""
    generator = np.random.default_rng([SEED, n_docs, 3])
    called: dict[str, list[bool]] = {metric: [] for metric in METRICS}
    for _ in range(repeats):
        labels = generator.choice(len(SHARES), n_docs, p=SHARES).astype(np.int32)
        a, b = (
            _runs(name, known, labels, generator)
            for name, known in zip("ab", knowledge((3, 3), n_docs, generator), strict=True)
        )
        for metric in METRICS:
            called[metric].append(estimate_difference(a, b, metric=metric).p_value < LEVEL)
    return [
        {"metric": metric, "documents": n_docs, "called_though_equal": float(np.mean(found))}
        for metric, found in called.items()
    ]


def _runs(name: str, known: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> list[Any]:
    """Return a network's runs: its knowledge speaks for the right class, chance for the others."""
    prior = np.log(SHARES)
    saved = []
    for seed, of_seed in enumerate(known):
        logits = prior + 0.8 * generator.standard_normal((len(labels), len(SHARES)))  # (N, C)
        logits[np.arange(len(labels)), labels] += 3 + 2 * of_seed
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
        predictions = Predictions(np.arange(len(labels)), labels, probabilities)
        saved.append(SavedPredictions(name, seed, 0, "h", ("large", "small", "rare"), predictions))
    return pool_folds(saved)[name]


# --- small tests

SMALL = tuple((seeds, accuracy) for seeds in (1, 3) for accuracy in (0.7, 0.9))


def measure_small(seeds: int, accuracy: float, repeats: int) -> dict[str, Any]:
    """Return how often two equal models are told apart or called equal on 20 documents."""
    generator = np.random.default_rng([SEED, 20, seeds, round(100 * accuracy)])
    called, equal, printed = [], [], []
    for _ in range(repeats):
        estimate = judge(*(right(known, accuracy) for known in knowledge((seeds, 1), 20, generator)))
        called.append(estimate.p_value < LEVEL)
        low, high = estimate.interval
        equal.append(low >= -ROPE and high <= ROPE)
        printed.append(estimate.minimum_detectable_difference is not None)
    return {
        "seeds": seeds,
        "accuracy": accuracy,
        "called_though_equal": float(np.mean(called)),
        "called_equal": float(np.mean(equal)),
        "smallest_printed": float(np.mean(printed)),
    }


# --- the verdict: a network against every baseline


@dataclass(frozen=True)
class Run:
    """A run of one network (three seeds) and several baselines, and how much worse each is than the best."""

    documents: int
    accuracy: float  # of the best baseline
    worse: tuple[float, ...]


RUNS = (
    Run(445, 0.975, (0.0, 0.01, 0.02)),
    Run(2000, 0.90, (0.0, 0.01, 0.02)),
    Run(2000, 0.90, (0.0, 0.015, 0.015)),
    Run(2000, 0.90, (0.0, 0.0, 0.0)),
)
OTHERS = (0, 5, 11)  # comparisons of the run that are no part of the question


def studies(
    run: Run, difference: float, repeats: int, generator: np.random.Generator
) -> Iterator[dict[str, Estimate]]:
    """Yield a network's estimates against each baseline; it is better than the best one by `difference`."""
    for _ in range(repeats):
        network, *baselines = knowledge((3, *[1] * len(run.worse)), run.documents, generator)
        answers = right(network, run.accuracy + difference)
        yield {
            f"baseline {number}": judge(answers, right(known, run.accuracy - worse))
            for number, (known, worse) in enumerate(zip(baselines, run.worse, strict=True))
        }


def measure_verdicts(run: Run, number: int, repeats: int) -> dict[str, Any]:
    """Return what is said of a network that is exactly as good as the best baseline."""
    generator = np.random.default_rng([SEED, number, 4])
    said = [decide_against(found, ROPE).claim.decision for found in studies(run, 0.0, repeats, generator)]
    return {
        "documents": run.documents,
        "accuracy": run.accuracy,
        "worse": list(run.worse),
        **{decision: float(np.mean([one == decision for one in said])) for decision in DECISIONS},
    }


DECISIONS = ("beats", "loses", "equal", "cannot tell")


def measure_power(run: Run, number: int, repeats: int) -> list[dict[str, Any]]:
    """Return how often a network that is better by the printed smallest difference is said to beat every baseline.

    It is better than the best baseline by what runs without a difference print (median).
    Beside the verdict: how often the comparison with the best baseline would be called if Holm's correction counted the
    other comparisons of the run, all of them without a difference.
    """
    generator = np.random.default_rng([SEED, number, 5])
    printed = [
        largest_detectable(one.minimum_detectable_difference for one in found.values())
        for found in studies(run, 0.0, min(200, repeats), generator)
    ]
    smallest = float(np.median([one for one in printed if one is not None]))
    rows = []
    for others in OTHERS:
        beats, corrected = [], []
        for found in studies(run, smallest, repeats, generator):
            side = generator.random(others).tolist()  # p-values where there is no difference
            beats.append(decide_against(found, ROPE).claim.decision == "beats")
            corrected.append(holm([found["baseline 0"].p_value, *side])[0] < LEVEL)
        rows.append(
            {
                "documents": run.documents,
                "accuracy": run.accuracy,
                "baselines": len(run.worse),
                "others": others,
                "smallest": smallest,
                "power": float(np.mean(beats)),
                "corrected_for_all": float(np.mean(corrected)),
            }
        )
    return rows


POWER_RUNS = (Run(445, 0.95, (0.0,)), Run(2000, 0.90, (0.0,)), Run(2000, 0.90, (0.0, 0.01, 0.02)))


def measure_more(repeats: int) -> dict[str, Any]:
    """Return every table of this module, by name; rates near 2.5 % from four times as many studies as others."""
    return {
        "copies": [measure_copies(case, repeats) for case in COPIES],
        "metrics": [row for n_docs in TESTS for row in measure_metrics(n_docs, repeats)],
        "small": [measure_small(*case, repeats) for case in SMALL],
        "verdicts": [measure_verdicts(run, number, 4 * repeats) for number, run in enumerate(RUNS)],
        "power": [
            row for number, run in enumerate(POWER_RUNS) for row in measure_power(run, number, repeats)
        ],
    }


def more_metrics(found: dict[str, Any]) -> list[Metric]:
    """Return the figures that have a target, in percent."""
    highest = [
        ("called_on_copies", "copies", "called_though_equal", "equal models told apart on copies", 6.0),
        ("called_by_metrics", "metrics", "called_though_equal", "equal models told apart, by metric", 6.0),
        ("called_small", "small", "called_though_equal", "equal models told apart on 20 documents", 6.0),
        (
            "false_beats",
            "verdicts",
            "beats",
            "said to beat three baselines, as good as the best of them",
            3.0,
        ),
    ]
    metrics = [
        Metric(
            id,
            100 * max(row[key] for row in found[table]),
            "%",
            "lower",
            1.0,
            f"{what}, highest",
            "unit",
            target,
        )
        for id, table, key, what, target in highest
    ]
    for others in OTHERS:
        powers = [100 * row["power"] for row in found["power"] if row["others"] == others]
        what = f"printed smallest difference found by the verdict, {others} other comparisons, lowest"
        metrics.append(Metric(f"verdict_power_{others}", min(powers), "%", "higher", 2.0, what, "unit", 75.0))
    return metrics
