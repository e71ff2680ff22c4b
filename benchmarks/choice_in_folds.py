"""`choice_in_folds`: how much better than it is the network of an answer looks when folds choose it, simulated.

A run compares six networks and one baseline by cross-validation. All seven are the same learner (the nearer of two
class means), each on features of its own that are drawn alike, so that over corpora none is better: the true
difference is 0. Validation documents are a tenth of what a fold does not test, and are tested in another fold. The
network is chosen three ways:

- by the mean over folds: one network for all, the way that lets tested documents choose;
- in each fold by that fold's own validation documents (`choose_network`), the way of a run;
- by fresh documents that are tested nowhere, as many as there are validation documents: what a choice that
  knows nothing of the tests would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.results_file import Metric, Outcome
from benchmarks.sides import Options
from pipeline.core.values import Float64, Int32
from pipeline.evaluation.claims import decide_against
from pipeline.evaluation.estimates import Estimate, folds_estimate
from pipeline.evaluation.pairs import choose_network

REPEATS = 2000
SEED = 20_261_130
ROPE = 0.01
BASELINE = "baseline"
N_FEATURES = 8
SIGNAL = 0.35  # distance of a class mean from 0 in each feature; their noise has a variance of 1
SHARED = 0.5  # of that variance, what all learners share: how hard a document is
VALIDATION = 0.1


@dataclass(frozen=True)
class Case:
    """A cross-validation of so many networks and one baseline, all equally good."""

    networks: int
    documents: int
    folds: int


CASES = (Case(6, 300, 5), Case(6, 300, 10), Case(12, 300, 5), Case(6, 1500, 5))


@dataclass(frozen=True, eq=False)
class Tested:
    """One cross-validation: right answers by model and document, and mean right ones by fold, model and part."""

    right: Mapping[str, Float64]  # (N,) each
    fold_of: Int32  # (N,)
    validation: Mapping[int, Mapping[str, float]]
    fresh: Mapping[int, Mapping[str, float]]


def measure(options: Options) -> Outcome:
    """Simulate all cases; the bias of the first one as metrics, every row as details."""
    repeats = options.repeats or REPEATS
    rows = [measure_case(case, repeats) for case in CASES]
    first = rows[0]
    return Outcome(
        [
            Metric(
                f"bias_{way.replace(' ', '_')}",
                100 * first[way]["difference"],
                "points",
                "lower",
                0.2,
                f"mean difference of equal models, network chosen by {way}",
                tolerance_is="unit",
            )
            for way in WAYS
        ],
        {"repeats": repeats, "cases": rows},
    )


def measure_case(case: Case, repeats: int) -> dict[str, Any]:
    """Return for each way of choosing the mean difference from the baseline, and how often that is called."""
    generator = np.random.default_rng([SEED, case.networks, case.documents, case.folds])
    estimates: dict[str, list[Estimate]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        tested = cross_validate(case, generator)
        for way, choose in WAYS.items():
            estimates[way].append(_estimate(tested, choose(tested)))
    return asdict(case) | {way: _rates(found) for way, found in estimates.items()}


def _rates(estimates: list[Estimate]) -> dict[str, float]:
    decisions = [decide_against({BASELINE: one}, ROPE).claim.decision for one in estimates]
    differences = [one.difference for one in estimates]
    return {
        "difference": float(np.mean(differences)),
        "standard_error": float(np.std(differences, ddof=1) / np.sqrt(len(differences))),
        "beats": decisions.count("beats") / len(decisions),
        "loses": decisions.count("loses") / len(decisions),
    }


def cross_validate(case: Case, generator: np.random.Generator) -> Tested:
    """Return a cross-validation of a fresh corpus."""
    names = [BASELINE, *(f"network {number}" for number in range(case.networks))]
    n_docs, n_fresh = case.documents, round(VALIDATION * case.documents * (1 - 1 / case.folds))
    labels, features = _draw(n_docs, len(names), generator)
    fresh_labels, fresh_features = _draw(n_fresh, len(names), generator)
    fold_of = generator.permutation(np.arange(n_docs) % case.folds).astype(np.int32)
    right = {name: np.zeros(n_docs) for name in names}
    validation: dict[int, dict[str, float]] = {}
    fresh: dict[int, dict[str, float]] = {}
    for fold in range(case.folds):
        rest = generator.permutation(np.flatnonzero(fold_of != fold))
        held, train, test = rest[:n_fresh], rest[n_fresh:], fold_of == fold
        validation[fold], fresh[fold] = {}, {}
        for model, name in enumerate(names):
            own = features[model]
            weights = own[train][labels[train] > 0].mean(0) - own[train][labels[train] < 0].mean(0)  # (D,)
            middle = (own[train] @ weights).mean()
            hits = np.sign(own @ weights - middle) == labels  # (N,)
            right[name][test] = hits[test]
            validation[fold][name] = float(hits[held].mean())
            hits_of_fresh = np.sign(fresh_features[model] @ weights - middle) == fresh_labels
            fresh[fold][name] = float(hits_of_fresh.mean())
    return Tested(right, fold_of, validation, fresh)


def _draw(n_docs: int, n_models: int, generator: np.random.Generator) -> tuple[Float64, Float64]:
    """Return labels -1 and 1, (N,), and each model's features, (M, N, D)."""
    labels = np.where(np.arange(n_docs) % 2, 1.0, -1.0)
    hard = generator.standard_normal((1, n_docs, N_FEATURES)) * np.sqrt(SHARED)
    own = generator.standard_normal((n_models, n_docs, N_FEATURES)) * np.sqrt(1 - SHARED)
    return labels, SIGNAL * labels[:, None] + hard + own  # (M, N, D)


# --- three ways to choose; each returns the network of each fold


def _by_the_mean(merits: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
    names = [name for name in merits[0] if name != BASELINE]
    best = max(names, key=lambda name: np.mean([merits[fold][name] for fold in merits]))
    return dict.fromkeys(merits, best)


def _in_each_fold(merits: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
    kinds = {name: "baseline" if name == BASELINE else "network" for name in merits[0]}
    chosen = choose_network(kinds, merits)
    assert chosen is not None, "every case has a network"
    return dict(chosen.of_fold)


WAYS = {
    "the mean over folds": lambda tested: _by_the_mean(tested.validation),
    "each fold": lambda tested: _in_each_fold(tested.validation),
    "fresh documents": lambda tested: _by_the_mean(tested.fresh),
}


def _estimate(tested: Tested, network_of: Mapping[int, str]) -> Estimate:
    right = np.zeros(len(tested.fold_of))
    for fold, name in network_of.items():
        right[tested.fold_of == fold] = tested.right[name][tested.fold_of == fold]
    differences = (right - tested.right[BASELINE])[None]  # (1, N)
    return folds_estimate(differences, tested.fold_of, len(tested.fold_of))
