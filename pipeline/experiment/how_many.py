"""How many fits run side by side: what a run has to do, and what this machine has."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.fits import WITH_NETWORKS, JobKey
from pipeline.core.models import MODELS
from pipeline.core.resources import available_mib, memory_mib, usable_cores
from pipeline.core.sizes import Size, parse_size
from pipeline.core.warned import warning
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.probe_work import GATED, work_of_probes
from pipeline.models.networks.budget import budget_of
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config, first_seeds, settled

LOCAL = "local"  # the executor of this machine
LEAST_WORDS = 4_000_000  # that all fits read: workers take some seconds to start
SHARE_OF_MEMORY = Size(0.6, is_share=True)  # of what is free


@dataclass(frozen=True)
class Work:
    """What decides how many fits run at once."""

    fits: int  # that do not wait for each other
    words: int  # that they read: of a document that a network is trained on, as often as it is
    mib: tuple[float, ...]  # what each of its jobs needs
    gpu: bool  # networks are trained, and there is a GPU to train them


@dataclass(frozen=True)
class Machine:
    """What a run may use."""

    cores: int
    room_mib: float  # for all fits together


def fits_at_once(work: Work, machine: Machine, asked: int) -> int:
    """Return how many fits run side by side: `asked` at most, or as many as pay where it is 0.

    Notes
    -----
    The measurements behind it are in docs/decisions/0009-fits-side-by-side.md. A GPU holds one fit at a time
    whatever was asked: TensorFlow takes all of its memory.

    >>> ten_folds = Work(fits=10, words=30_000_000, mib=(800.0,) * 10, gpu=False)
    >>> fits_at_once(ten_folds, Machine(cores=2, room_mib=9_600), asked=0)
    2
    >>> fits_at_once(ten_folds, Machine(cores=2, room_mib=1_200), asked=0)
    1
    """
    if work.gpu or asked:
        return 1 if work.gpu else min(asked, max(work.fits, 1))
    if work.words < LEAST_WORDS:
        return 1
    together = sum(total <= machine.room_mib for total in accumulate(sorted(work.mib)))
    return max(1, min(work.fits, machine.cores, together))


def describe_work(data: RunData, folds: Sequence[Split], mib: Sequence[float]) -> Work:
    """Return what a run will have to do: the fits that `folds` and seeds make of the planned models."""
    lengths = np.diff(data.tokenized.offsets)
    networks = [model for model in data.planned if model.seeded]
    baselines = len(data.planned) - len(networks)
    read = float(np.minimum(lengths, data.config.networks.max_tokens).mean())
    words = sum(words_of_training(data.config, model.model, len(folds[0].train), read) for model in networks)
    n_seeds = first_seeds(data.config)
    return Work(
        fits=len(folds) * (len(networks) * n_seeds + (1 if baselines else 0)),
        words=len(folds) * (words * n_seeds + baselines * len(data.tokenized.token_types)),
        mib=tuple(mib),
        gpu=bool(networks) and _may_have_gpu(),
    )


def words_of_training(config: Config, model: str, n_docs: int, read: float) -> int:
    """Return the words that a network reads until its first budget ends, `read` of a document; one that averages, none.

    >>> words_of_training(Config(), "lstm", n_docs=22_000, read=230.0)
    50636800
    """
    settings = settled(config, model, n_docs).networks
    updates = budget_of(settings, math.ceil(n_docs / settings.batch_size)).first
    return round(updates * settings.batch_size * read) if MODELS[model].recurrent else 0


def words_of_job(
    data: RunData, key: JobKey, models: Sequence[PlannedModel], fold: Split, config: Config
) -> int:
    """Return the words that a job reads, each as often as it is read: tells long jobs from short ones.

    A network that averages reads a word for much less than a recurrent one, and one with gates for more.
    """
    lengths = np.diff(data.tokenized.offsets)[fold.train]
    tokens = int(lengths.sum())
    if key.kind not in WITH_NETWORKS:
        return tokens * len(models)
    (model,) = models
    if key.kind == "probes":
        batch = settled(config, model.model, len(fold.train)).networks.batch_size
        return round(batch * work_of_probes(data, key.part, model, fold, config).timesteps)
    read = float(np.minimum(lengths, config.networks.max_tokens).mean())
    words = words_of_training(config, model.model, len(fold.train), read)
    return words * (GATED if MODELS[model.model].gated else 1) or tokens


def _may_have_gpu() -> bool:
    """Return whether NVIDIA's driver is here and not hidden; asking TensorFlow would load it into this process."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return os.path.exists("/proc/driver/nvidia/version") or shutil.which("nvidia-smi") is not None


def most_memory(asked: str | None) -> float:
    """Return what a run may take in all its processes, MiB; a share is one of what would be free without this one."""
    size = parse_size(asked) if asked else SHARE_OF_MEMORY
    return size.mib(available_mib() + memory_mib())


def this_machine(asked: str | None) -> Machine:
    """Return the cores that a run may use, and the memory that is left to its fits."""
    return Machine(usable_cores(), most_memory(asked) - memory_mib())


def choose_at_once(data: RunData, folds: Sequence[Split], mib: Sequence[float], machine: Machine) -> int:
    """Return how many fits run side by side on this machine, after a look whether the largest has room, and say so.

    Parameters
    ----------
    mib : what each job needs
    """
    asked = data.config.run
    check_memory(max(mib, default=0.0), machine.room_mib, asked.max_memory, data.console)
    at_once = fits_at_once(describe_work(data, folds, mib), machine, asked.side_by_side)
    if at_once > 1 and asked.executor == LOCAL:
        data.console.say(f"Fits side by side: {at_once}")
    return at_once


def check_memory(needed: float, room: float, asked: str | None, console: Console) -> None:
    """Refuse a bound of memory that the largest fit does not keep to by itself; where nobody gave one, warn.

    Parameters
    ----------
    needed : what the largest fit takes, MiB
    room : what the run leaves to fits, MiB
    asked : `run.max_memory`
    """
    if needed <= room:
        return
    what = f"the largest fit needs about {needed:,.0f} MiB, and there are {max(room, 0.0):,.0f} for it"
    if asked:
        own = most_memory(asked) - room
        fix = f"give {math.ceil((needed + own) / 1024 * 10) / 10:.1f}GB or more"
        raise PipelineError(
            "memory-too-small",
            f"--max-memory {asked}",
            f"{what} beside the {own:,.0f} of the run itself",
            fix,
        )
    told = f"{what}, {SHARE_OF_MEMORY.number:.0%} of what is free: nothing runs beside it"
    console.warn(warning("fit-over-memory", told))
