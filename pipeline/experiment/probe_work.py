"""How much probes have to do, in timesteps of a batch that their network is trained on: so one rate serves both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.names import ModelName
from pipeline.experiment.data import RunData, Split
from pipeline.interpret.probes import forget_bias, needle
from pipeline.interpret.probes.memory_horizon import MOST_DOCUMENTS, MOST_TOKENS
from pipeline.models.equations.through_time import CELLS
from pipeline.models.networks.budget import budget_of
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config, first_seeds, settled

GATED = 3  # so many times what a step without gates takes, about
_READ = 30  # times: what the probes of every run take of their sample, measured beside a training (docs/decisions/0041)
_ANSWERED_AT_ONCE = 256  # documents a batch


@dataclass(frozen=True)
class ProbeWork:
    """What a job of probes has to do.

    Attributes
    ----------
    timesteps : of a batch, in all
    trainings : of networks
    as_own : whether these are trained as the network itself is, until validation stops them
    """

    timesteps: float
    trainings: int = 0
    as_own: bool = False


def work_of_probes(data: RunData, part: str, model: PlannedModel, fold: Split, config: Config) -> ProbeWork:
    """Return what the probes of a `part` of a job's key have to do; one that averages is not looked at."""
    if not MODELS[model.model].recurrent:
        return ProbeWork(0.0)
    return _WORK.get(part, _of_every_run)(data, model, fold, settled(config, model.model, len(fold.train)))


def _of_every_run(data: RunData, model: PlannedModel, fold: Split, config: Config) -> ProbeWork:
    mean = _mean_read(data, fold, config)
    n_docs = min(len(fold.test), MOST_DOCUMENTS, MOST_TOKENS / max(mean, 1.0))
    return ProbeWork(_READ * math.ceil(n_docs / _ANSWERED_AT_ONCE) * mean)


def _of_needle(data: RunData, model: PlannedModel, fold: Split, config: Config) -> ProbeWork:
    longest = int(np.diff(data.tokenized.offsets)[fold.train].max(initial=1))
    length = min(needle.MOST_TOKENS, longest, config.networks.max_tokens)
    trained = needle.names_to_train(ModelName.parse(model.name).asked, config.run.models)
    relative = 1.0 + sum(_steps(name) / _steps(model.model) for name in trained[1:])
    return ProbeWork(needle.FITS * needle.updates_of_a_fit() * length * relative, needle.FITS * len(trained))


def _of_forget_bias(data: RunData, model: PlannedModel, fold: Split, config: Config) -> ProbeWork:
    if CELLS[MODELS[model.model].cell].forget_block is None:
        return ProbeWork(0.0)
    trainings = len({*forget_bias.BIASES, config.networks.forget_bias}) * first_seeds(config)
    updates = budget_of(config.networks, math.ceil(len(fold.train) / config.networks.batch_size)).first
    return ProbeWork(trainings * updates * _mean_read(data, fold, config), trainings, as_own=True)


_WORK = {"": _of_every_run, "needle": _of_needle, "forget-bias": _of_forget_bias}


def _mean_read(data: RunData, fold: Split, config: Config) -> float:
    """Return how many words a network reads of a document."""
    return float(np.minimum(np.diff(data.tokenized.offsets)[fold.train], config.networks.max_tokens).mean())


def _steps(model: str) -> int:
    return GATED if MODELS[model].gated else 1
