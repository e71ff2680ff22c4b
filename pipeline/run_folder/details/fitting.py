"""Rows of details/ about how models were fitted, and how the run went."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.fits import Fit
from pipeline.run_folder.metrics.corpus import CorpusRead, Embedding, Environment, Reuse, Stage
from pipeline.run_folder.metrics.models import Tuned
from pipeline.run_folder.metrics.rows import Amount, Count, Detail, Kind, Number, Texts


@dataclass(frozen=True)
class Evaluation(Detail):
    """A look at the validation documents while a network was trained."""

    updates: Count
    epochs: Amount
    loss: Number
    accuracy: Number
    validation_loss: Number
    validation_accuracy: Number
    seconds: Number
    tuned: bool = False
    clipped: Number = None


@dataclass(frozen=True)
class History(Detail):
    """How one training of a network went: an entry of details/histories.json."""

    name: str
    seed: Count
    fold: Count
    best_updates: Count
    stopped: str
    evaluations: tuple[Evaluation, ...]
    batch_size: Count | None = None
    learning_rate: Number = None


@dataclass(frozen=True)
class Tried(Detail):
    """One value of a setting that validation documents judged."""

    value: float
    validation_log_loss: Number
    validation_accuracy: Number
    beta: Number = None
    power: Number = None
    min_df: Count | None = None


@dataclass(frozen=True)
class Choice(Detail):
    """A setting that validation documents chose: an entry of details/choices.json."""

    name: str
    fold: Count
    what: str
    chosen: float
    tried: tuple[Tried, ...]
    beta: Number = None
    power: Number = None
    min_df: Count | None = None


@dataclass(frozen=True)
class SpaceRow(Detail):
    """What trials of a model draw for one setting."""

    model: str
    key: str
    distribution: str | None
    first: object
    fixed_by: str | None


@dataclass(frozen=True)
class SearchSpace(Detail):
    """What trials of `--tune` draw: details/tuning.json."""

    trials: Count
    space: tuple[SpaceRow, ...]


@dataclass(frozen=True)
class CurveSet(Detail):
    """A set of training documents for the learning curve."""

    set: Count
    train: Count
    validation: Count | None = None  # absent from older runs


@dataclass(frozen=True)
class UntrainedFit(Detail):
    """A fit of the learning curve that did not train."""

    name: str
    seed: Count
    set: Count
    why_not: str


@dataclass(frozen=True)
class CurveSets(Detail):
    """The training sets of the learning curve: details/curve_sets.json."""

    sets: tuple[CurveSet, ...]
    untrained: tuple[UntrainedFit, ...] = ()


@dataclass(frozen=True)
class Assumptions(Detail):
    """What was assumed of the files, and what was warned of: details/assumptions.json."""

    assumptions: Texts = ()
    warnings: Texts = ()


@dataclass(frozen=True)
class Status(Detail):
    """How far the run has come: details/status.json."""

    state: str
    finished: Texts
    planned: Texts


@dataclass(frozen=True)
class RunFacts(Detail):
    """What only the run knew: details/run.json."""

    state: str
    folder: str
    folds: Count
    corpus: CorpusRead
    embeddings: tuple[Embedding, ...]
    tuning: tuple[Tuned, ...]
    assumptions: Texts
    warnings: Texts
    stages: tuple[Stage, ...]
    total_seconds: Amount
    environment: Environment
    reuse: Reuse | None = None


@dataclass(frozen=True)
class FittedModel(Detail):
    """A model of the run, as it was planned; `verdict_kind` is its part in the verdict."""

    name: str
    kind: Kind
    verdict_kind: Kind
    model: str
    head: str | None
    embedding: str | None
    seeded: bool


@dataclass(frozen=True)
class Fits(Detail):
    """The models of a run, and every fit that ended: details/fits.json."""

    models: tuple[FittedModel, ...]
    fits: tuple[Fit, ...]


@dataclass(frozen=True)
class FitCost(Detail):
    """Seconds and memory of one fit."""

    seed: Count
    fold: Count
    prepare_seconds: Amount
    fit_seconds: Amount
    peak_rss_mib: Amount


@dataclass(frozen=True)
class ModelCosts(Detail):
    """What a model that was fitted here took: an entry of details/fit_costs.json."""

    name: str
    fits: tuple[FitCost, ...]
    latency_ms: tuple[Amount, ...]
    size_bytes: Count | None
