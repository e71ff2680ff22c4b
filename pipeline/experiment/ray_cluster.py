"""Fits on a Ray cluster: each job is a Ray task with a request for cores and memory; Ray places and retries it.

Bytes travel, never paths: tokens and word vectors lie in Ray's object store, and what a task gives comes back as a
value, which the run's own process writes. So a node needs this package and nothing else, and a lost node costs the
jobs that it had not ended.

The scheduling is Ray's own: Moritz et al. 2018, "Ray: A Distributed Framework for Emerging AI Applications", OSDI.
"""

from __future__ import annotations

import os
import platform
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import pipeline
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.fits import TRAININGS, FitResult, JobEnded, JobFailed, Result
from pipeline.core.noise import quiet_tensorflow
from pipeline.core.resources import threads
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, VectorFiles, VectorsMade, stored
from pipeline.models.networks import libraries

RETRIES = 2  # of a task whose process or node is lost, by Ray
_MIB = 2**20


@dataclass(frozen=True)
class Versions:
    """What has to be equal on every node: numbers and what is sent depend on it."""

    python: str
    ray: str
    embedseq: str
    tensorflow: str


def versions_here() -> Versions:
    """Return those of this process."""
    packages = (version("ray"), pipeline.__version__, version("tensorflow"))
    return Versions(platform.python_version(), *packages)


class OnRay:
    """Runs each fit as a task of a Ray cluster.

    Parameters
    ----------
    data : RunData
        What all fits read; sent to the object store once.
    address : str or None
        `ray://HOST:PORT`, or an address of a cluster that this machine is a node of; None starts one here.

    Raises
    ------
    PipelineError
        If Ray is not installed, there is no cluster at the address, or a node has other versions.
    """

    def __init__(self, data: RunData, address: str | None) -> None:
        self._ray = ray = _import_ray()
        self._address = address or "a cluster of this machine"
        self._started = not ray.is_initialized()
        if self._started:
            _connect(ray, address)
        self._check_versions()
        self._console = data.console
        self._data = ray.put(data)
        self._vectors: dict[Path, Any] = {}
        # more than a node has would be waited for without end
        self._most_mib = max(node["Resources"].get("memory", 0.0) for node in ray.nodes()) / _MIB
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES)(do_job)
        self._running: dict[Any, tuple[int, Job]] = {}
        self._come: list[tuple[int, Result]] = []
        self.at_once = max(1, int(ray.cluster_resources().get("CPU", 1)))
        data.console.say(f"Ray: {self._address}, {self.at_once} cores")

    @property
    def has_room(self) -> bool:
        """Whether a core of the cluster has no job yet."""
        return len(self._running) < self.at_once

    def fits(self, job: Job) -> bool:
        """Return True: Ray holds a task back until a node has the memory that it asks for."""
        return True

    def begin(self, number: int, job: Job) -> None:
        """Submit a job with what it reads."""
        files = job.vectors.paths if job.vectors and job.key.kind != "source" else ()
        own = replace(job, place=None)  # a node has no folder that outlives it
        task = self._task.options(memory=int(min(job.mib, self._most_mib) * _MIB))
        self._running[task.remote(own, self._data, *map(self._sent, files))] = number, job

    def next(self) -> tuple[int, Result]:
        """Return what comes next; raise what a job raised, or that the cluster is gone."""
        while not self._come:
            self._wait()
        return self._come.pop(0)

    def close(self) -> list[tuple[int, Result]]:
        """Cancel what is running, and leave the cluster."""
        for task in self._running:
            with suppress(Exception):
                self._ray.cancel(task, force=True)
        self._running = {}
        if self._started:
            self._started = False
            self._ray.shutdown()
        come, self._come = self._come, []
        return come

    def _wait(self) -> None:
        """Take in the results of a task that has ended."""
        errors = self._ray.exceptions
        try:
            ready, _ = self._ray.wait(list(self._running), num_returns=1)
        except (ConnectionError, errors.RaySystemError, errors.RpcError) as error:
            raise self._gone(error) from None
        number, job = self._running.pop(ready[0])
        try:
            found = self._ray.get(ready[0])
        except errors.RayTaskError as error:
            raise error.cause from None
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.OutOfMemoryError,
            errors.ObjectLostError,
        ) as error:
            why = f"{type(error).__name__}, {RETRIES + 1} times"
            self._come.append((number, JobFailed(job.key, why)))
            return
        except (ConnectionError, errors.RayError) as error:
            raise self._gone(error) from None
        for made in found:
            result = stored(job, made)
            if isinstance(result, FitResult):
                result = replace(result, fit=replace(result.fit, at_once=self.at_once))
            if result is not None:
                self._come.append((number, result))

    def _gone(self, error: Exception) -> PipelineError:
        what = f"the Ray cluster is gone ({type(error).__name__})"
        fix = "give the same command again: it goes on from what had finished"
        return PipelineError(f"--executor {self._address}", what, fix)

    def _sent(self, path: Path) -> Any:
        """Return the bytes of a file of vectors in the object store, sent once."""
        if path not in self._vectors:
            self._vectors[path] = self._ray.put(np.fromfile(path, dtype=np.uint8))
        return self._vectors[path]

    def _check_versions(self) -> None:
        """Raise where a node has other versions than this process, before anything is submitted."""
        ray, here = self._ray, versions_here()
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        ask = ray.remote(num_cpus=0, max_retries=0)(versions_here)
        found = [ask.options(scheduling_strategy=strategy(node, soft=False)).remote() for node in nodes]
        for node, there in zip(nodes, ray.get(found), strict=True):
            names = [
                name
                for name in ("python", "ray", "embedseq", "tensorflow")
                if getattr(here, name) != getattr(there, name)
            ]
            if names:
                other = ", ".join(
                    f"{name} {getattr(there, name)} there, {getattr(here, name)} here" for name in names
                )
                fix = "install the same versions on every node"
                raise PipelineError(f"--executor {self._address}", f"node {node[:8]} has {other}", fix)


def do_job(job: Job, data: RunData, *vectors: Any) -> list[Result | VectorsMade]:
    """Do a job on a node; `vectors` are the bytes of the files that it reads."""
    quiet_tensorflow()
    if job.key.kind in TRAININGS and not libraries.are_loaded():
        libraries.load(threads=1)
    data = replace(data, console=Console(silent=True), own_cache=None)
    with tempfile.TemporaryDirectory(prefix="embedseq-") as folder:
        if vectors and job.vectors:
            places = [Path(folder) / path.name for path in job.vectors.paths]
            for place, content in zip(places, vectors, strict=True):
                content.tofile(place)
            job = replace(job, vectors=VectorFiles(places[0], places[1] if len(places) > 1 else None))
        try:
            with threads(1):
                return [*job.fit(data, job), JobEnded(job.key)]
        except MemoryError:
            return [JobFailed(job.key, "memory ran out")]


def _import_ray() -> Any:
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError:
        fix = "python -m pip install 'embedseq[cluster]'"
        raise PipelineError("--executor", "Ray is not installed", fix) from None
    return ray


def _connect(ray: Any, address: str | None) -> None:
    """Join a cluster, or start one here."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    own = {} if address else {"include_dashboard": False, "num_cpus": None}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", configure_logging=True, **own)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        what = f"there is no Ray cluster that answers ({str(error).splitlines()[0][:200]})"
        fix = "see `ray status` on its head, or leave the address out to start one here"
        raise PipelineError(f"--executor {address or 'ray'}", what, fix) from None
