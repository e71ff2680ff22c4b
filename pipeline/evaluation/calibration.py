"""Saved predictions > how sure its calibration error and log loss are, and what a calibrated model would show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Float64, Int64
from pipeline.evaluation.pooling import SingleRun, pool_single
from pipeline.evaluation.summary import percentile_interval
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.classification.scores import CALIBRATION_BINS, bins_of, losses

RESAMPLES = 1000  # a quantile of 95 % then errs by 0.7 % of the resamples
MOST_DRAWN, FEWEST_DRAWS = 100_000_000, 100  # outcomes of answers; of hundreds of thousands fewer draws do
CHUNK_CELLS = 4_000_000  # float64 numbers held at a time: 32 MB


@dataclass(frozen=True)
class CalibrationFacts:
    """What stands in `summary` beside a model's ECE and log loss; None where only answers are known.

    `ece_if_calibrated` is the mean of `score(...).ece` over labels drawn from the model's own probabilities, and
    `ece_if_calibrated_95` their 95 % quantile: what a model that is right as often as it says shows by chance.
    """

    ece_ci95: tuple[float, float] | None
    ece_if_calibrated: float | None
    ece_if_calibrated_95: float | None
    log_loss_ci95: tuple[float, float] | None


NOTHING_KNOWN = CalibrationFacts(None, None, None, None)


def calibrate(
    saved: Iterable[SavedPredictions], generator: np.random.Generator
) -> dict[str, CalibrationFacts]:
    """Return the facts of each model by its name, folds pooled within a seed.

    The generator gives one number; what is drawn for a model depends on that and on its name.
    """
    base = int(generator.integers(2**32))
    return {
        name: calibration_facts(runs, np.random.default_rng([base, *name.encode()]))
        for name, runs in pool_single(saved).items()
    }


def calibration_facts(
    runs: Sequence[SingleRun],
    generator: np.random.Generator,
    *,
    n_resamples: int = RESAMPLES,
) -> CalibrationFacts:
    """Return the intervals of one model's ECE and log loss, and the ECE that it would have if it were calibrated.

    Parameters
    ----------
    runs : sequence of SingleRun
        One a seed, of the same N documents; those of one group (copies of a text) are drawn together.
    generator : np.random.Generator
        Draws documents and seeds, then labels.
    n_resamples : int
        Resamples for the intervals, and draws of labels.

    Notes
    -----
    ECE is a mean of distances, which chance can only lengthen: of a calibrated model it is above 0, and the more so
    the fewer documents there are and the nearer its confidence is to one half [1]_. So a measured ECE is to be read
    beside what a calibrated model with the same confidences shows: there, an answer of confidence p is right with
    probability p. Each document has one uniform number for all seeds, so that it is contested for all of them, as
    documents are: the quantile is that of seeds that err together, and rather too high than too low.

    A resample lengthens the distances once more, so that the percentile interval would lie above the error that the
    same bins have on ever more documents. That of ECE ends at the 97.5 % quantile of the resamples and begins as far
    below the measured error e, as the basic interval [2]_ does: 2 e - q_0.975. It begins at 0 where e is within the
    95 % quantile of a calibrated model: what a test does not refute belongs to the interval. docs/decisions/0022 has
    its simulated coverage. The interval of log loss, a mean, is the percentile one. Units of documents and seeds are
    drawn independently of each other, as in `bootstrap_scores`.

    References
    ----------
    .. [1] Broecker, Smith (2007), Weather and Forecasting 22(3), 651-661: reliability diagrams with the spread of a
       calibrated forecast.
    .. [2] Davison, Hinkley (1997), Bootstrap Methods and their Application, section 5.2.
    """
    if any(run.predictions.hard for run in runs):
        return NOTHING_KNOWN
    tallies = [_Tally.of(run) for run in runs]
    units = np.unique(runs[0].groups, return_inverse=True)[1].reshape(-1)  # (N,)
    measured = float(np.mean([tally.error() for tally in tallies]))
    log_loss = float(np.mean([tally.losses.mean() for tally in tallies]))
    errors, means = _resampled(tallies, units, n_resamples, generator)
    n_draws = min(n_resamples, max(FEWEST_DRAWS, MOST_DRAWN // len(units)))
    if_calibrated = _errors_if_calibrated(tallies, units, n_draws, generator)
    by_chance = float(np.quantile(if_calibrated, 0.95))
    return CalibrationFacts(
        error_interval(errors, measured, by_chance),
        float(if_calibrated.mean()),
        by_chance,
        percentile_interval(means, log_loss),
    )


def error_interval(resampled: Float64, measured: float, by_chance: float) -> tuple[float, float]:
    """Return the interval of a calibration error: both ways as far as resamples go up, from 0 if chance explains it.

    >>> error_interval(np.full(9, 0.75), 0.5, by_chance=0.125), error_interval(np.full(9, 0.75), 0.5, by_chance=0.5)
    ((0.25, 0.75), (0.0, 0.75))
    """
    half = max(float(np.quantile(resampled, 0.975)) - measured, 0.0)
    return 0.0 if measured <= by_chance else max(measured - half, 0.0), measured + half


@dataclass(frozen=True, eq=False)
class _Tally:
    """What one run's ECE and log loss are made of. With n_b documents in bin b, ECE is

    sum_b n_b / N |right_b / n_b - confidence_b / n_b| = 1 / N sum_b |sum of (right - confidence) in b|.
    """

    confidence: Float64  # (N,), of the predicted class
    right: Float64  # (N,), 1 or 0
    in_bin: Float64  # (N, B), 1 where a document lies in a bin, else 0
    losses: Float64  # (N,), nats

    @classmethod
    def of(cls, run: SingleRun) -> _Tally:
        confidence = run.predictions.probabilities.max(axis=1).astype(np.float64)  # (N,)
        in_bin = np.eye(CALIBRATION_BINS)[bins_of(confidence)]  # (N, B)
        return cls(confidence, run.right.astype(np.float64), in_bin, losses(run.predictions))

    @property
    def n_docs(self) -> int:
        return len(self.confidence)

    @property
    def gaps(self) -> Float64:
        """Return right - confidence, each in the column of its document's bin; (N, B)."""
        return (self.right - self.confidence)[:, None] * self.in_bin

    def error(self) -> float:
        return float(np.abs(self.gaps.sum(axis=0)).sum() / self.n_docs)


def _resampled(
    tallies: Sequence[_Tally], units: Int64, n_resamples: int, generator: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return ECE and log loss of resampled units and seeds, means over the seeds drawn; two arrays (R,)."""
    n_seeds, n_units = len(tallies), int(units.max()) + 1
    parts = [np.hstack([tally.gaps, tally.losses[:, None]]) for tally in tallies]  # (N, B + 1) each
    columns = np.hstack([*parts, np.ones((len(units), 1))])  # (N, S (B + 1) + 1)
    of_unit = np.zeros((n_units, columns.shape[1]))
    np.add.at(of_unit, units, columns)  # (U, S (B + 1) + 1)
    errors, means = [], []
    for size in _pieces(n_resamples, n_units):
        drawn = generator.integers(0, n_units, (size, n_units))
        weights = np.stack([np.bincount(row, minlength=n_units) for row in drawn]).astype(
            np.float64
        )  # (R', U)
        sums = weights @ of_unit
        n_docs, by_seed = sums[:, -1], sums[:, :-1].reshape(size, n_seeds, -1)  # (R',), (R', S, B + 1)
        seeds = generator.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size) / n_seeds  # (R', S)
        errors.append((np.abs(by_seed[:, :, :-1]).sum(axis=2) * seeds).sum(axis=1) / n_docs)
        means.append((by_seed[:, :, -1] * seeds).sum(axis=1) / n_docs)
    return np.concatenate(errors), np.concatenate(means)


def _errors_if_calibrated(
    tallies: Sequence[_Tally], units: Int64, n_resamples: int, generator: np.random.Generator
) -> Float64:
    """Return the mean ECE over seeds for drawn outcomes, right with the probability that is the confidence; (R,)."""
    errors = []
    for size in _pieces(n_resamples, len(units)):
        uniform = generator.random((size, int(units.max()) + 1))[:, units]  # (R', N)
        total = np.zeros(size)
        for tally in tallies:
            right = uniform < tally.confidence  # (R', N)
            total += np.abs((right - tally.confidence) @ tally.in_bin).sum(axis=1)  # (R', B) > (R',)
        errors.append(total / (len(tallies) * len(units)))
    return np.concatenate(errors)


def _pieces(n_resamples: int, width: int) -> Iterator[int]:
    """Yield how many resamples to hold at a time, together `n_resamples`."""
    size = max(1, CHUNK_CELLS // width)
    for start in range(0, n_resamples, size):
        yield min(size, n_resamples - start)
