"""`--max-error 5%`: how sure an answer has to be so that few of those that are given are wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.values import Bool, Float32, Float64
from pipeline.run_folder.predictions import prediction_path, read_predictions, validation_path
from pipeline.tasks.answers import Predictions

CONFIDENCE = 0.95
COVERAGES = (
    np.arange(1, 21) / 20
)  # shares of validation documents that are answered: where a threshold may lie
STARTS = (0.25, 0.5, 0.75, 1.0)  # coverages from which tests go on to larger ones
LIMITS = (  # what is tried where a promise cannot be kept
    *(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08),
    *(0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4),
)
OPTION = "--max-error"
MOST = 0.5  # a share of wrong answers that is no promise any more
EXAMPLE = "give one such as 5% or 0.05"


@dataclass(frozen=True)
class Counted:
    """How many documents there are, how many of them get an answer, and how many of these are wrong."""

    documents: int
    answered: int
    wrong: int

    @property
    def share(self) -> float:
        """The share of given answers that are wrong; 0 where none is given."""
        return self.wrong / self.answered if self.answered else 0.0

    def words(self) -> str:
        """Return it in words.

        >>> Counted(445, 401, 7).words()
        '401 of 445 answered, 7 of these wrong (1.7 %)'
        """
        given = f"{self.answered:,} of {self.documents:,} answered"
        return f"{given}, {self.wrong:,} of these wrong ({100 * self.share:.1f} %)"


@dataclass(frozen=True)
class Promise:
    """That at most a share of the answers that are given is wrong, and what it rests on.

    Attributes
    ----------
    limit : the share
    least_confidence : an answer that is less sure is not given
    validation : the documents that chose it
    test : those that it was checked on
    """

    limit: float
    least_confidence: float
    validation: Counted
    test: Counted

    def words(self) -> str:
        """Return it as lines for a person."""
        return (
            f"Promise: at most {_percent(self.limit)} of the answers that are given are wrong, with"
            f" {100 * CONFIDENCE:.0f} % confidence, on documents like those of the run.\n"
            f"  chosen on validation documents: {self.validation.words()}\n"
            f"  checked on test documents: {self.test.words()}\n"
            f"  answers below a confidence of {self.least_confidence:.4f} are left out"
        )


def parse_limit(typed: str) -> float:
    """Return the share that `--max-error` says.

    >>> parse_limit("5%"), parse_limit("2.5 %"), parse_limit("0.05")
    (0.05, 0.025, 0.05)
    """
    match = re.fullmatch(r"\s*([0-9]*[.,]?[0-9]+)\s*(%?)\s*", typed)
    if match is None:
        raise PipelineError(
            "option-not-understood", OPTION, f'"{typed}" is no share of wrong answers', EXAMPLE
        )
    share = float(match[1].replace(",", ".")) / (100 if match[2] else 1)
    if share == 0:
        what = "no number of documents can promise that not one answer is wrong"
        raise PipelineError("option-not-understood", OPTION, what, EXAMPLE)
    if share >= MOST:
        what = f'"{typed}" is {_percent(share)} of the answers; what is promised has to be below {_percent(MOST)}'
        raise PipelineError("number-out-of-range", OPTION, what, EXAMPLE)
    return share


def promise_of(run: Path, name: str, seeds: Sequence[int], limit: float) -> Promise:
    """Return the promise that a run's model can keep.

    Parameters
    ----------
    seeds : the trainings whose mean answers

    Raises
    ------
    PipelineError
        If it cannot be kept; the message says the best that can.
    """
    paths = [validation_path(run, name, seed, 0) for seed in seeds]
    absent = next((path for path in paths if not path.is_file()), None)
    if absent is not None:
        what = "the run kept no answers to validation documents, which a promise is chosen by"
        raise PipelineError(
            "no-validation-documents",
            str(absent),
            what,
            f"train with validation documents, or leave {OPTION} out",
        )
    validation = _mean([read_predictions(path).predictions.single for path in paths])
    test = _mean([read_predictions(prediction_path(run, name, seed, 0)).predictions.single for seed in seeds])
    found = keep(limit, validation, test)
    if found is not None:
        return found
    best = next(
        (one for one in (keep(other, validation, test) for other in LIMITS if other > limit) if one), None
    )
    n_docs = len(validation.documents)
    what = f"{name} cannot promise at most {_percent(limit)} of wrong answers, by {n_docs:,} validation documents"
    if best is None:
        raise PipelineError(
            "promise-impossible", OPTION, what, "take another --model, or train on more documents"
        )
    kept = f"the best that it can is {_percent(best.limit)} ({best.test.words()} on test documents)"
    raise PipelineError(
        "promise-impossible",
        OPTION,
        f"{what}; {kept}",
        f"give {OPTION} {_percent(best.limit).replace(' ', '')}",
    )


def seeds_kept(run: Path, name: str) -> list[int]:
    """Return the trainings of a model whose answers to validation documents the run kept; the first at least."""
    paths = validation_path(run, name, 0, 0).parent.glob("*.parquet")
    known = (read_predictions(path) for path in sorted(paths))
    return sorted(saved.seed for saved in known if saved.name == name) or [0]


def _mean(entries: Sequence[Predictions]) -> Predictions:
    """Return the mean answers of several trainings to the same documents."""
    first = entries[0]
    shares: Float32 = np.mean([one.probabilities for one in entries], axis=0, dtype=np.float32)
    return Predictions(first.documents, first.labels, shares)


def keep(limit: float, validation: Predictions, test: Predictions) -> Promise | None:
    """Return the promise that answers the most documents; None where none is kept.

    Notes
    -----
    Each threshold is a hypothesis, "more than `limit` of the answers that are at least so sure are wrong", rejected
    where the upper Clopper-Pearson bound of the errors on validation documents is no more than `limit` [1]_. The
    thresholds are tested in a fixed order, from several coverages on to larger ones, each such row at its part of the
    5 % until one is not rejected: then the chance that any rejected one is true stays below 5 % [2]_. What remains is
    that validation documents also chose the epoch or the strength, so test documents, which chose nothing, have to
    agree: no more than `limit` of the answers given to them are wrong.

    References
    ----------
    .. [1] Clopper, Pearson (1934), Biometrika 26(4), 404-413.
    .. [2] Angelopoulos, Bates, Candes, Jordan, Lei (2021), Learn then Test, arXiv:2110.01052, section 2.3 (fixed
       sequences) and the example of selective classification in Angelopoulos, Bates (2021), arXiv:2107.07511.
    """
    wrong, sure = _wrong(validation), _confidence(validation)
    thresholds = np.quantile(sure, 1 - COVERAGES, method="higher") if len(sure) else np.zeros(0)
    certain = [place for start in STARTS for place in _certain_from(start, wrong, sure, thresholds, limit)]
    if not certain:
        return None
    threshold = float(thresholds[max(certain)])
    checked = _count(test, threshold)
    if checked.share > limit:
        return None
    return Promise(limit, threshold, _count(validation, threshold), checked)


def _certain_from(
    start: float, wrong: Bool, sure: Float64, thresholds: Float64, limit: float
) -> Sequence[int]:
    """Return the places of the thresholds that are certain, from one coverage to larger ones, up to the first not."""
    found = []
    for place in np.flatnonzero(start <= COVERAGES).tolist()[: len(thresholds)]:
        given = sure >= thresholds[place]
        n, k = int(given.sum()), int((wrong & given).sum())
        if upper_bound(k, n, (1 - CONFIDENCE) / len(STARTS)) > limit:
            break
        found.append(place)
    return found


def upper_bound(wrong: int, n: int, chance: float) -> float:
    """Return the most that a true share can be, but for this chance, where `wrong` of n were seen.

    >>> round(upper_bound(0, 59, 0.05), 3), round(upper_bound(3, 100, 0.05), 3)
    (0.05, 0.076)
    """
    from scipy.special import betaincinv

    return 1.0 if wrong >= n else float(betaincinv(wrong + 1, n - wrong, 1 - chance))


def _count(answers: Predictions, threshold: float) -> Counted:
    given = _confidence(answers) >= threshold
    return Counted(len(given), int(given.sum()), int((_wrong(answers) & given).sum()))


def _wrong(answers: Predictions) -> Bool:
    found: Bool = answers.predicted != answers.labels
    return found


def _confidence(answers: Predictions) -> Float64:
    found: Float64 = answers.probabilities.max(axis=1).astype(np.float64)
    return found


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
