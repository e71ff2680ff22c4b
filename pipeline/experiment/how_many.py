"""How many fits run side by side: what a run has to do, and what this machine has."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.resources import available_mib, usable_cores
from pipeline.experiment.data import Fold, Material
from pipeline.models.networks.budget import budget_of
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config, first_seeds, settled

LEAST_SECONDS = 40.0  # of all fits, as estimated below: workers take some seconds to start
SHARE_OF_MEMORY = 0.6  # of what is free
_WORKER_MIB = 800  # TensorFlow loaded, a network of the usual size: seen with 3,200 documents of 9 tokens
_WORKER_BYTES_A_TOKEN = 100  # tokens, n-gram counts while they are sorted

# Seconds on one core, to the order of magnitude: they only tell seconds from minutes.
_SECONDS_A_UPDATE, _SECONDS_A_TIMESTEP = 0.002, 0.001  # of an update of 64 documents
_PLAIN = 0.4  # of a timestep with gates
_STRENGTHS_TRIED = 6  # of a long list: beyond the best two more are tried
_SECONDS_A_TOKEN = 1e-6  # of fitting one linear model with one strength


@dataclass(frozen=True)
class Work:
    """What decides how many fits run at once."""

    fits: int  # that do not wait for each other
    seconds: float  # all of them on one core, to the order of magnitude
    tokens: int  # of the corpus
    gpu: bool  # networks are trained, and there is a GPU to train them


@dataclass(frozen=True)
class Machine:
    """What a run may use."""

    cores: int
    available_mib: float


def fits_at_once(work: Work, machine: Machine, asked: int) -> int:
    """Return how many fits run side by side: `asked` at most, or as many as pay where it is 0.

    Notes
    -----
    The measurements behind it are in docs/decisions/0009-fits-side-by-side.md. A GPU holds one fit at a time
    whatever was asked: TensorFlow takes all of its memory.

    >>> ten_folds = Work(fits=10, seconds=300, tokens=60_000, gpu=False)
    >>> fits_at_once(ten_folds, Machine(cores=2, available_mib=16_000), asked=0)
    2
    >>> fits_at_once(ten_folds, Machine(cores=2, available_mib=2_000), asked=0)
    1
    """
    if work.gpu or asked:
        return 1 if work.gpu else min(asked, max(work.fits, 1))
    if work.seconds < LEAST_SECONDS:
        return 1
    worker_mib = _WORKER_MIB + work.tokens * _WORKER_BYTES_A_TOKEN / 2**20
    return max(1, min(work.fits, machine.cores, int(SHARE_OF_MEMORY * machine.available_mib / worker_mib)))


def describe_work(material: Material, folds: list[Fold]) -> Work:
    """Return what a run will have to do: the fits that `folds` and seeds make of the planned models."""
    config, lengths = material.config, np.diff(material.tokenized.offsets)
    networks = [model for model in material.planned if model.seeded]
    baselines = [model for model in material.planned if not model.seeded]
    read = float(np.minimum(lengths, config.networks.max_tokens).mean())
    strengths = max(len(config.baselines.bow_strengths), len(config.baselines.tfidf_strengths))
    seconds_a_token = _SECONDS_A_TOKEN * min(strengths, _STRENGTHS_TRIED)
    linear_seconds = len(folds) * len(baselines) * len(material.tokenized.token_types) * seconds_a_token
    fits = len(folds) * len(networks) * first_seeds(config)
    n_docs = len(folds[0].train)
    models = {network.model for network in networks}
    fit_seconds = {name: seconds_to_train(config, name, n_docs, read) for name in models}
    network_seconds = sum(fit_seconds[model.model] for model in networks)
    return Work(
        fits=fits + (len(folds) if baselines else 0),
        seconds=linear_seconds + network_seconds * len(folds) * first_seeds(config),
        tokens=len(material.tokenized.token_types),
        gpu=bool(networks) and _may_have_gpu(),
    )


def longest_first(settings: Mapping[PlannedModel, Config], n_docs: int, read: float) -> list[PlannedModel]:
    """Return networks, each with its settings, those that take longest to train first.

    A long training that begins last would leave the other cores with nothing to do. `read` are the tokens that a
    network reads of a document, on average.

    >>> networks = [PlannedModel(name, "network", name) for name in ("ann", "rnn", "lstm")]
    >>> [one.name for one in longest_first(dict.fromkeys(networks, Config()), n_docs=1_000, read=200)]
    ['lstm', 'rnn', 'ann']
    """
    return sorted(settings, key=lambda one: -seconds_to_train(settings[one], one.model, n_docs, read))


def seconds_to_train(config: Config, model: str, n_docs: int, read: float) -> float:
    """Return the seconds of one training that ends after half of its first budget; `read` tokens of a document."""
    settings = settled(config, model, n_docs).networks
    updates = budget_of(settings, math.ceil(n_docs / settings.batch_size)).first / 2
    entry = MODELS[model]
    a_timestep = _SECONDS_A_TIMESTEP * (1.0 if entry.gated else _PLAIN) if entry.recurrent else 0.0
    of_64 = _SECONDS_A_UPDATE + a_timestep * read
    return (
        updates * of_64 * math.sqrt(settings.batch_size / 64)
    )  # a quarter of the documents takes half as long


def _may_have_gpu() -> bool:
    """Return whether NVIDIA's driver is here and not hidden; asking TensorFlow would load it into this process."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return os.path.exists("/proc/driver/nvidia/version") or shutil.which("nvidia-smi") is not None


def this_machine() -> Machine:
    """Return the cores and memory that a run may use."""
    return Machine(usable_cores(), available_mib())
