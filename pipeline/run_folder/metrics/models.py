"""Rows of metrics.json with one entry a model, or a fit: scores, choices, costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.run_folder.metrics.comparisons import Crossing
from pipeline.run_folder.metrics.rows import (
    Amount,
    AmountInterval,
    Count,
    Counts,
    Free,
    Interval,
    Kind,
    OneOrMore,
    Row,
    Share,
    ShareInterval,
    Signature,
    Texts,
    Training,
)

ChosenBy = Literal["--tune", "validation score and log loss", "validation log loss", "nothing"]


@dataclass(frozen=True)
class Result(Row):
    """`results`: one entry a fit."""

    name: str
    """the model as it was asked for: `model[:head]@source[:mode]`"""
    kind: Kind
    """`baseline`, `network` or `control`; `outside`: predictions made elsewhere, named by their file"""
    model: str
    """its parts; `null` where it has none. `head` is the one of the fit: `--tune` may have drawn it"""
    head: str | None
    vectors: Training | None
    """how the network's word vectors were trained: `frozen`, `tuned`, `frozen-then-tuned`; `null` for other models"""
    embedding: str | None
    """the source of its vectors, another part of the name"""
    seed: Count
    """which fit"""
    fold: Count
    trained: bool
    """`false` and the reason when the fit did not train"""
    why_not: str | None
    warnings: Texts
    """milder findings, as sentences"""
    accuracy: Share
    """scores on the test documents (ECE: expected calibration error). A network that diverged answers with chance, so
    it has scores too: look at `trained`"""
    macro_f1: Share
    log_loss: Amount | None
    ece: Share | None
    parameters: Count | None
    """learned numbers in the model; `null` for predictions made elsewhere, as `log_loss` and `ece` are without
    probabilities"""
    validation_accuracy: Share | None
    """accuracy on the validation documents; `null` where there are none"""
    validation_score: float | None
    """the score on them by `run.metric`, which models are chosen by (of log loss the lowest)"""
    signature: Signature
    """what the four scores were computed from, as a line: see below"""


@dataclass(frozen=True)
class Summary(Row):
    """`summary`: one entry a model."""

    name: str
    """as in `results`"""
    model: str
    embedding: str | None
    runs: OneOrMore
    """fits"""
    accuracy: Share
    """means over the seeds, with 95 % intervals; `null` for log loss and ECE where only answers are known"""
    accuracy_ci95: ShareInterval
    macro_f1: Share
    macro_f1_ci95: ShareInterval
    log_loss: Amount | None
    ece: Share | None
    ece_ci95: ShareInterval | None
    """of the error without the chance that is in every ECE, so that it may begin at 0 where `ece` does not"""
    ece_if_calibrated: Share | None
    """an ECE is above 0 by chance alone: its mean, and its 95 % quantile, if the model were right exactly as often as
    it says; labels are drawn from its probabilities"""
    ece_if_calibrated_95: Share | None
    log_loss_ci95: AmountInterval | None
    """95 % interval of `log_loss`"""
    kind: Kind
    """as in `results`"""
    signature: Signature
    """of the four means"""


@dataclass(frozen=True, kw_only=True)
class Trial(Row):
    """One trial of `--tune`."""

    trial: Count
    settings: Free
    validation_accuracy: Share | None
    validation_log_loss: Amount | None
    validation_score: Share | None = None
    why_not: str | None
    seconds: Amount


@dataclass(frozen=True)
class Tuned(Row):
    """`tuning`: one entry a model and fold."""

    name: str
    """which model, its entry in the table, which fold"""
    model: str
    fold: Count
    asked: Count
    """the number of trials asked for; there are fewer where no other settings exist"""
    chosen: OneOrMore | None
    """the trial with the lowest `validation_log_loss`, with `--metric macro-f1` or `balanced-accuracy` among those
    within a standard error of the best score by it; `null` where the run was stopped before all trials ended"""
    seconds: Amount
    """of all its trials, n-gram counts included, loading and training of embeddings not; they are not part of
    `fit_seconds`"""
    expected_validation_accuracy: tuple[Share, ...]
    """entry n - 1: the highest accuracy to expect of n trials; a trial without a fit counts as 0"""
    trials: tuple[Trial, ...]
    """one entry a trial that ended: `trial` (its number, 1 has the settings as they were), `settings` (key to value),
    `validation_accuracy`, `validation_log_loss` (in nats), `validation_score` (by `run.metric`, where that chooses:
    macro F1 or balanced accuracy; else `null`), `why_not` (why it is no usable fit, else `null`), `seconds`"""


@dataclass(frozen=True)
class Budget(Row):
    """`budgets`: one entry a model that was fitted here."""

    name: str
    """the model"""
    settings_tried: OneOrMore
    """in a fold: trials of `--tune`, else strengths of a linear model with all that is tried beside them, else 1"""
    trainings: OneOrMore
    """fits with what was chosen, over seeds and folds"""
    looks: Amount | None
    """how often one training of a network was judged on validation documents, which keep its best state: the mean;
    `null` for other models"""
    chosen_by: ChosenBy
    """`--tune`; `validation score and log loss`: the least log loss among scores within a standard error of the best;
    `validation log loss` where that is the metric; or `nothing` where one setting was tried"""


@dataclass(frozen=True)
class Cost(Row):
    """`costs`: one entry a model that was fitted here."""

    name: str
    """the model"""
    train_seconds: Amount
    """the mean over its fits of what one of them takes: its n-gram counts or its word vectors, and `fit_seconds`.
    Vectors that several models read count for each; trials of `--tune` are left out"""
    latency_ms_p50: Amount | None
    """milliseconds for one test document alone, from its tokens to its probabilities: median and 95th percentile of up
    to 50, spread evenly over the test documents, on the first fit; `null` where that fit did not end"""
    latency_ms_p95: Amount | None
    peak_rss_mib: Amount
    """the highest of its fits, as in `timing`"""
    size_bytes: Count | None
    """the files that predicting needs: `models/<slug>/` and the folder of its embedding; `null` where the first seed's
    fit of the first fold did not end"""
    difference_from_best: float | None
    """paired difference by `run.metric` from `best` (see `cheapest`) with its 95 % interval; with folds from the model
    that it does worst against"""
    ci95: Interval | None
    within_rope_of_best: bool | None
    """whether the interval ends at -`rope` or above: at most `rope` worse (non-inferiority; not corrected for the
    number of models). `null` for a model that cannot be chosen: it did not train, or reads shuffled words"""


@dataclass(frozen=True)
class Cheapest(Row):
    """`cheapest`: which model costs least among those that are hardly worse than the best."""

    name: str | None
    """the one with the fewest `train_seconds` among those within the region of practical equivalence of `best`. With
    folds, where validation documents are tested too, none is chosen as the best: the cheapest that is within the region
    of every other model, `null` where none is shown to be"""
    best: str | None
    """the model of the highest mean validation score, of all that can be chosen; `null` with folds"""
    sentence: str
    """the same in words"""


@dataclass(frozen=True)
class CurvePoint(Row):
    """A model's accuracy with so many training documents."""

    documents: Count
    accuracy: Share
    ci95: ShareInterval
    seeds: tuple[Share, ...]
    untrained: Count


@dataclass(frozen=True)
class Curve(Row):
    """A model's learning curve."""

    name: str
    kind: Kind
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class LearningCurve(Row):
    """`learning_curve`: accuracy by number of training documents; a table without keys if it was not asked for."""

    LEFT_OUT_IF_NONE: ClassVar[bool] = True

    sizes: Counts | None = None
    """training documents of the sets that every fit finished"""
    models: tuple[Curve, ...] | None = None
    """one entry a model: `name`, `kind`, `points`: `documents` (for training), `accuracy`, `ci95`, the accuracies of
    the `seeds` (of the sets, where several were drawn), and how many of its fits are `untrained`"""
    crossing: Crossing | None = None
    """the best network `a` and the best baseline `b` of the whole set. `differences`: at each size the paired
    `difference` a minus b, its `ci95`, the `draws` (sets of that size; with more than one the interval holds the chance
    of which documents they hold), `p_adjusted` for the number of sizes (Holm), and who is `ahead` (`null`: neither,
    beyond chance, or one of the two is `untrained` there). `changes` of the lead: `from` the last size at which one is
    ahead (`before`) `to` the first at which the other one is (`after`); `sentence`"""


@dataclass(frozen=True)
class Timing(Row):
    """`timing`: one entry a fit."""

    name: str
    """which fit"""
    seed: Count
    fold: Count
    fit_seconds: Amount
    """training, with the choice of strength and epoch on validation documents; not the loading of libraries. Counting
    n-grams and training embeddings are in `stages`"""
    predict_documents_per_second: Amount
    """from tokens to predictions of the test documents"""
    peak_rss_mib: Amount
    """memory of the process that fitted it (the whole program, where `at_once` is 1), the highest sampled while that
    model was fitted"""
    at_once: OneOrMore
    """how many fits ran side by side, at most; with more than 1, `fit_seconds` are longer than those of a fit alone"""
