"""Saved predictions > paired comparisons of models on the same documents, and which pairs to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from pipeline.evaluation.choice import best_baseline
from pipeline.evaluation.gains import source_pairs
from pipeline.evaluation.pooling import PooledRun, check_same_documents, pool_folds
from pipeline.prediction_files import SavedPredictions
from pipeline.values import Float64

CONFIDENCE = 0.95
SIGNIFICANCE = 0.05
POWER = 0.8
MODEL_PAIRS = (  # the same embedding on both sides
    ("lstm", "rnn"),
    ("lstm", "ann"),
    ("lstm", "mean"),
    ("tfidf", "bow"),
    ("nbsvm", "tfidf"),
)
_SHUFFLED_WORDS = ":shuffled-words"  # what the name of a control adds to that of its network


def planned_pairs(
    kinds: Mapping[str, str], validation_accuracy: Mapping[str, float]
) -> list[tuple[str, str]]:
    """Return the pairs (a, b) to compare.

    Networks with the best baseline, `MODEL_PAIRS`, a network with itself on shuffled words, pairs of sources.

    Parameters
    ----------
    kinds : mapping of model name to "network", "baseline" or "control"
    validation_accuracy : mapping of model name to mean validation accuracy
        Chooses the best baseline; test documents choose nothing.
    """
    baseline = best_baseline(kinds, validation_accuracy)
    networks = [name for name, kind in kinds.items() if kind == "network"]
    pairs = [(network, baseline) for network in networks if baseline is not None]
    for first, second in MODEL_PAIRS:
        named_first = [name for name in kinds if name.partition("@")[0].partition(":")[0] == first]
        partners = [(name, second + name.removeprefix(first)) for name in named_first]
        pairs += [(name, partner) for name, partner in partners if partner in kinds]
    controls = {name: name.replace(_SHUFFLED_WORDS, "", 1) for name in kinds}
    pairs += [(network, name) for name, network in controls.items() if network != name and network in kinds]
    return pairs + source_pairs(kinds)


def compare(saved: Iterable[SavedPredictions], pairs: Sequence[tuple[str, str]], rope: float) -> list[dict]:
    """Return the rows of `comparisons` in metrics.json: accuracy of a minus that of b on the same documents.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        Folds are pooled within a seed; documents are matched by their number.
    pairs : sequence of (a, b)
        All the comparisons that are made: the p-values are corrected for their number (Holm).
    rope : float
        Region of practical equivalence: differences within [-rope, rope] do not matter to the user.

    Returns
    -------
    list of dict
        a, b, metric ("accuracy"), difference, ci95 [lo, hi], p_value, p_adjusted, decision ("beats", "loses",
        "equal" or "cannot tell", said of a), minimum_detectable_difference (a true
        difference of that size is found with 80 % power; a smaller one can be found, less often. Above 1 no
        difference that accuracy can have is found that often).

    Raises
    ------
    ValueError
        If two models were tested on different documents or labels, or share no seed.
    """
    pooled = pool_folds(saved)
    estimates = [crossed_estimate(paired_differences(pooled[a], pooled[b])) for a, b in pairs]
    adjusted = holm([estimate.p_value for estimate in estimates])
    return [
        {
            "a": a,
            "b": b,
            "metric": "accuracy",
            "difference": estimate.difference,
            "ci95": estimate.interval,
            "p_value": estimate.p_value,
            "p_adjusted": p_adjusted,
            "decision": decide(estimate.interval, p_adjusted, rope),
            "minimum_detectable_difference": estimate.minimum_detectable_difference,
        }
        for (a, b), estimate, p_adjusted in zip(pairs, estimates, adjusted, strict=True)
    ]


def decide(interval: Sequence[float], p_adjusted: float, rope: float) -> str:
    """Return what a difference and its chance allow to say of a: beats, loses, equal or cannot tell.

    >>> decide([0.01, 0.03], p_adjusted=0.001, rope=0.01)
    'beats'
    >>> decide([-0.004, 0.006], p_adjusted=1.0, rope=0.01)
    'equal'
    """
    low, high = interval
    if p_adjusted < SIGNIFICANCE and (low > 0 or high < 0):
        return "beats" if low > 0 else "loses"
    return "equal" if -rope <= low and high <= rope else "cannot tell"


def paired_differences(a: Sequence[PooledRun], b: Sequence[PooledRun]) -> Float64:
    """Return right(a) - right(b) for each seed and document: -1, 0 or 1; float64 (S, N).

    Seeds that both models have are paired. A model with one run (a linear one has no chance in its training)
    is taken as fixed and paired with every run of the other.
    """
    check_same_documents(a[0], b[0])
    if len(a) > 1 and len(b) > 1:
        a, b = _shared_seeds(a, b)
    right_a = np.stack([run.right for run in a]).astype(np.float64)  # (S, N), or (1, N)
    right_b = np.stack([run.right for run in b]).astype(np.float64)
    return right_a - right_b  # (S, N)


def _shared_seeds(a: Sequence[PooledRun], b: Sequence[PooledRun]) -> tuple[list[PooledRun], list[PooledRun]]:
    shared = {run.seed for run in a} & {run.seed for run in b}
    if not shared:
        raise ValueError(f"{a[0].name} and {b[0].name} have no seed in common")
    return [run for run in a if run.seed in shared], [run for run in b if run.seed in shared]


@dataclass(frozen=True)
class Estimate:
    """A difference in accuracy, its standard error, and the degrees of freedom of that."""

    difference: float
    standard_error: float
    degrees_of_freedom: float

    @property
    def _t(self) -> float:
        """The quantile of Student's t that the interval reaches to."""
        return float(stdtrit(self.degrees_of_freedom, (1 + CONFIDENCE) / 2))

    @property
    def interval(self) -> list[float]:
        """The 95 % interval [lo, hi], within [-1, 1]."""
        half = self._t * self.standard_error
        return [max(-1.0, float(self.difference - half)), min(1.0, float(self.difference + half))]

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        return float(2 * stdtr(self.degrees_of_freedom, -abs(self.difference) / self.standard_error))

    @property
    def minimum_detectable_difference(self) -> float:
        """The true difference that a test at 5 %, before correction, would find with 80 % power.

        Smaller ones are found too, less often; a value above 1 is none that accuracy can have.
        """
        return float((self._t + ndtri(POWER)) * self.standard_error)


def crossed_estimate(differences: Float64) -> Estimate:
    """Return the mean difference, with a standard error that holds both sources of chance: documents, seeds.

    Parameters
    ----------
    differences : float64 array, shape (S, N)
        -1, 0 or 1 for each seed and document.

    Notes
    -----
    Documents and seeds are crossed, and both are drawn from more that could have been: the design of a study
    in which several readers judge the same cases. It is analysed as there [1]_, with seeds for readers. The
    table of S x N differences gives three variances of its mean: `documents` (of the means over seeds, / N:
    what a bootstrap of documents gives, without the bootstrap's own noise), `seeds` (of the means over
    documents, / S) and `both` (of what neither explains, / SN). `documents` and `seeds` each contain `both`,
    so the variance is

        documents + max(seeds - both, 0),

    never less than documents alone give. The degrees of freedom are Satterthwaite's [2]_: near S - 1 where
    seeds rule, near N - 1 where documents do. With one seed only `documents` is left: the interval then
    speaks of this fitted model alone.

    Counting one document more for each side adds 2 / (N + 2)^2 to `documents` (after [3]_), so that two
    models that agree on ten documents are not called equal for all that could come.

    Simulated with equal models and a 5 % level, a difference is called in 1 to 9 % of cases with three seeds
    and in 1 to 6 % with five: least where two networks differ by chance alone from document to document, most
    where the luck of a seed outweighs the documents. Two seeds can call it in 13 %: train three or more.

    References
    ----------
    .. [1] Dorfman, Berbaum, Metz (1992), Investigative Radiology 27(9), 723-731.
    .. [2] Satterthwaite (1946), Biometrics Bulletin 2(6), 110-114.
    .. [3] Bonett, Price (2012), Journal of Educational and Behavioral Statistics 37(4), 479-488.
    """
    n_seeds, n_docs = differences.shape
    of_documents, of_seeds = differences.mean(axis=0), differences.mean(axis=1)  # (N,), (S,)
    mean = float(of_seeds.mean())
    documents = _variance(of_documents) / n_docs + 2 / (n_docs + 2) ** 2
    if n_seeds == 1:
        return Estimate(mean, float(np.sqrt(documents)), max(n_docs - 1, 1))
    seeds = _variance(of_seeds) / n_seeds
    rest = differences - of_documents - of_seeds[:, None] + mean  # (S, N)
    both = (rest**2).sum() / ((n_seeds - 1) * max(n_docs - 1, 1)) / (n_seeds * n_docs)
    variance = documents + max(seeds - both, 0.0)
    freedom = variance**2 / (documents**2 / max(n_docs - 1, 1) + seeds**2 / (n_seeds - 1))
    return Estimate(mean, float(np.sqrt(variance)), float(freedom))


def _variance(values: Float64) -> float:
    """Return the unbiased variance; 0 for a single value."""
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many there are (Holm 1979, Scandinavian Journal of Statistics 6(2)).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    ascending = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(np.maximum.accumulate(np.asarray(p_values)[ascending] * factors), 1.0)
    result = np.empty(len(p_values))
    result[ascending] = corrected
    return [float(value) for value in result]
