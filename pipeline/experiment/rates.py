"""How long what jobs do takes: rates by kind of work, those of one machine or measured on this one.

A job's work is counted in a unit of its kind: timesteps of a batch for a recurrent network, updates for one that
averages, words times passes for vectors, n-grams times settings for a linear model. So one rate serves a sample and
the whole corpus.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.names import SourceName
from pipeline.core.resources import one_blas_thread
from pipeline.embeddings.word2vec import fitting_epochs
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.jobs import Job
from pipeline.experiment.linear_features import range_of
from pipeline.experiment.memory_of_jobs import sizes_of_ngrams
from pipeline.models.baselines.language.table import COUNTS
from pipeline.models.baselines.table import BASELINES
from pipeline.models.networks.budget import Budget, budget_of
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import settled

_ANSWERED_AT_ONCE = 256  # documents a batch
_AN_ORDER = 100  # numbers that counting n-grams of an order reads of a word
_IN_A_WINDOW = 100  # numbers that a step of a tagger's fit reads of a word, for each tag
_OF_A_STEP = 45  # times that a step of L-BFGS reads its weights: ten steps and ten gradients before it, twice
_SPEED_ROUNDS = 200
_SPEED_SECONDS = (
    0.022  # of the processor, for these rounds, on the machine that `usual_rates` was measured on
)


@dataclass(frozen=True)
class Rate:
    """Seconds of a piece of work."""

    each: float  # a unit
    fixed: float = 0.0  # whatever there is to do: graphs are built


@dataclass(frozen=True)
class Rates:
    """Seconds of everything that jobs do.

    Attributes
    ----------
    rates : by the name of a model or source, "counting" for n-grams
    loading : to import TensorFlow, once a process
    closing : a model, at the end: scores, words, the report
    """

    rates: Mapping[str, Rate]
    loading: float
    closing: float = 2.0
    measured: frozenset[str] = field(default=frozenset())

    def __getitem__(self, name: str) -> Rate:
        return self.rates[name]


# --- how much there is to do ----------------------------------------------------------------------------


def tokens_of(data: RunData, fold: Split) -> int:
    """Return the tokens of the training documents of a split."""
    return int(np.diff(data.tokenized.offsets)[fold.train].sum())


def counted(data: RunData, job: Job, model: PlannedModel) -> float:
    """Return the n-grams that are counted for a linear model."""
    return sizes_of_ngrams(data, model, job.fold)[0]


def work_of_linear(data: RunData, job: Job, model: PlannedModel) -> float:
    """Return the numbers that a step of a linear model's fits reads: those of documents, and the weights many times."""
    if MODELS[model.model].family == "language":
        return float(tokens_of(data, job.fold) * _AN_ORDER * len(COUNTS[model.model].orders))
    if MODELS[model.model].family == "windows":
        return float(tokens_of(data, job.fold) * len(data.label_names) * _IN_A_WINDOW)
    entry, settings = BASELINES[model.model], job.settings.baselines
    n_settings = max(len(entry.strengths(settings)), 1) * max(len(entry.powers(settings)), 1)
    n_classes = len(data.label_names)
    numbers = len(job.fold.train) * 100.0
    if entry.ngrams is not None:
        n_ngrams, features = sizes_of_ngrams(data, model, job.fold)
        numbers = 2 * n_ngrams + _OF_A_STEP * features
        n_settings *= len(range_of(data, model, job.fold).min_dfs)
    return numbers * n_settings * (1 if n_classes == 2 else n_classes)


def work_of_source(data: RunData, job: Job) -> float:
    """Return the words that are read to make vectors, each as often as it is; 1 where none are trained."""
    tokens = tokens_of(data, job.fold)
    if data.unlabelled is not None:
        tokens += len(data.unlabelled.token_types)
    parts = SourceName.parse(job.key.name).parts
    epochs = {
        "word2vec": fitting_epochs(job.settings.word2vec.epochs, tokens),
        "fasttext": fitting_epochs(job.settings.word2vec.epochs, tokens),
    }
    return max(1.0, float(sum(tokens * epochs.get(part, 0) for part in parts)))


@dataclass(frozen=True)
class Training:
    """What a network's training reads: `an_update` and `a_look` at validation documents are in its unit."""

    budget: Budget
    an_update: float
    a_look: float
    phases: int

    def work(self, updates: int) -> float:
        """Return the work of so many updates a phase, with the evaluations among them."""
        looks = math.ceil(updates / self.budget.span) * self.budget.looks
        return self.phases * (updates * self.an_update + looks * self.a_look)

    @property
    def least(self) -> int:
        """Updates of a phase that ends at the first evaluation where it may."""
        return min(max(self.budget.floor, self.budget.patience), self.budget.first)


def training_of(data: RunData, job: Job, model: PlannedModel) -> Training:
    """Return what one training of a network reads."""
    networks = settled(job.settings, model.model, len(job.fold.train)).networks
    updates_a_pass = math.ceil(len(job.fold.train) / networks.batch_size)
    read = np.minimum(np.diff(data.tokenized.offsets), networks.max_tokens)
    recurrent = MODELS[model.model].recurrent
    timesteps = float(read[job.fold.train].mean()) if recurrent else 1.0
    looked_at = math.ceil(len(job.fold.validation) / _ANSWERED_AT_ONCE)
    source = SourceName.parse(model.source or "")
    phases = 2 if source.training == "frozen-then-tuned" else 1
    budget = budget_of(networks, updates_a_pass)
    return Training(budget, timesteps, looked_at * timesteps, phases)


# --- rates without a measurement ------------------------------------------------------------------------


def machine_speed() -> float:
    """Return how fast this machine is now, 1.0 for the one of `usual_rates`: short products, a fifth of a second."""
    generator = np.random.default_rng(0)
    states, weights = generator.random((32, 128)), generator.random((128, 512))
    best = math.inf
    with one_blas_thread():
        for _ in range(3):
            start = time.perf_counter()
            for _ in range(_SPEED_ROUNDS):
                np.tanh(states @ weights)
            best = min(best, time.perf_counter() - start)
    return _SPEED_SECONDS / best


def usual_rates(jobs: list[Job], speed: float) -> Rates:
    """Return the rates of jobs as one machine had them, for one of another speed.

    Notes
    -----
    Two cores of an Intel Xeon server, TensorFlow 2.21, a job on one core. A timestep of a batch costs what starting
    it costs, and what its products cost: 7.2e-11 s a multiplication, forward and back (docs/decisions/0009).
    """
    found = {"counting": Rate(2e-7 / speed)}
    for job in jobs:
        if job.key.kind == "source":
            trained = {"word2vec", "fasttext"} & {*SourceName.parse(job.key.name).parts}
            found[job.key.name] = Rate((3e-6 if trained else 3.0) / speed)
        for model in job.models if job.key.kind != "source" else ():
            found[model.name] = _usual_rate(job, model, speed)
    return Rates(found, loading=6.0 / speed, closing=2.0 / speed)


def _usual_rate(job: Job, model: PlannedModel, speed: float) -> Rate:
    entry = MODELS[model.model]
    if not entry.network:
        return Rate(4e-8 / speed)
    if not entry.recurrent:
        return Rate(2e-3 / speed, fixed=0.8 / speed)
    networks = settled(job.settings, model.model, len(job.fold.train)).networks
    gates = 4 if entry.gated else 1
    products = gates * networks.units * (networks.units + 100) * networks.layers * len(entry.directions)
    starting = 1.2e-4 * networks.layers * len(entry.directions)
    each = starting + 7.2e-11 * networks.batch_size * products
    return Rate(each / speed, fixed=3.0 / speed)
