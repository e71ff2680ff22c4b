"""Fits on a Ray cluster: each job is a Ray task with a request for cores and memory; Ray places and retries it.

Bytes travel, never paths: tokens and word vectors lie in Ray's object store, and what a task gives comes back as a
value, which the run's own process writes. So a node needs this package and nothing else, and a lost node costs the
jobs that it had not ended.

The scheduling is Ray's own: Moritz et al. 2018, "Ray: A Distributed Framework for Emerging AI Applications", OSDI.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import stopping
from pipeline.core.errors import PipelineError
from pipeline.core.files import unfinished
from pipeline.core.fits import TRAININGS, WITH_NETWORKS, FitResult, JobEnded, JobFailed, JobStopped, Said
from pipeline.core.resources import memory_mib
from pipeline.core.sizes import parse_size
from pipeline.core.warned import warning
from pipeline.embeddings.table import SOURCES, parse_source
from pipeline.experiment.data import RunData
from pipeline.experiment.here import Here
from pipeline.experiment.jobs import Job, stored
from pipeline.experiment.ray_joined import LOOK_SECONDS, Cluster, answers, joined, of_connections
from pipeline.experiment.ray_node import Board, Done, Place, Ref, Sent, do_job, in_words, refusal
from pipeline.experiment.versions import differences, versions_here
from pipeline.experiment.workers import Relayed

RETRIES = 2  # of a task whose process or node is lost, by Ray
_GONE_AFTER = 3  # looks at a head that does not answer
_MIB = 2**20


@contextmanager
def on_ray(data: RunData, address: str | None) -> Iterator[OnRay]:
    """Give the place where a cluster does the fits of a run; arguments as of `joined` and `OnRay`."""
    with joined(address) as cluster:
        yield OnRay(data, cluster)


class OnRay:
    """Runs each fit as a task of a Ray cluster.

    Parameters
    ----------
    data : RunData
        What all fits read; sent to the object store once.
    cluster : Cluster
        Where they run.

    Raises
    ------
    PipelineError
        If a node has other versions.
    """

    def __init__(self, data: RunData, cluster: Cluster) -> None:
        self._cluster, self._ray, self._console, self._here = cluster, cluster.ray, data.console, data
        self._gpu = bool(self._ray.cluster_resources().get("GPU"))
        self._head: str = self._ray.get_runtime_context().get_node_id()
        self._versions = versions_here()
        check_versions(cluster, self._versions)
        self._most = cluster.most("memory")  # more than a node has would be waited for without end
        self._most_mib = self._bound(data.config.run.max_memory)
        self._nodes = {node: row["NodeManagerHostname"] for node, row in cluster.nodes().items()}
        self.at_once = self._cores()
        self._say_what_there_is()
        self._data = self._ray.put(data)
        self._board = self._start_board()
        self._said = self._board.take.remote()
        self._files: dict[Path, Ref] = {}
        self._running: dict[Ref, Running] = {}
        self._come: list[tuple[int, Said]] = []
        self._looked, self._silent = time.monotonic(), 0

    @property
    def has_room(self) -> bool:
        """Whether a core of the cluster has no job yet."""
        return len(self._running) < self.at_once

    def fits(self, job: Job) -> bool:
        """Return whether the tasks stay within --max-memory with a job; Ray waits for a node with what each asks for.

        Nothing waits for that bound where nothing runs.
        """
        running = sum(one.job.mib for one in self._running.values())
        return not self._running or running + job.mib <= self._most_mib

    def begin(self, number: int, job: Job) -> None:
        """Submit a job with what it reads; vectors that lie in a file are read here, where the file is."""
        if job.key.kind == "source" and not _is_made(job):
            self._do_here(number, job)
            return
        gpu = self._gpu and job.key.kind in WITH_NETWORKS
        sent = Sent(
            self._data, self._vectors_of(job), self._files_of(job), self._kept(job), self._versions, gpu
        )
        asked = request(int(min(job.mib * _MIB, self._most)), gpu=gpu)
        own = replace(job, place=None)  # a node has no folder that outlives it
        with self._reached():
            task = self._ray.remote(**asked)(do_job).remote(own, number, sent, self._board)
        self._running[task] = Running(number, job, Relayed(self._console))

    def next(self) -> tuple[int, Said]:
        """Return what comes next; raise what a job raised, or that the cluster is gone."""
        while not self._come:
            with self._reached():
                self._wait()
        return self._come.pop(0)

    def close(self) -> list[tuple[int, Said]]:
        """Leave the cluster, where what is running ends with that; return what had come and was not given yet."""
        for running in self._running.values():
            running.stages.stop()
        self._running = {}
        self._cluster.leave()
        come, self._come = self._come, []
        return come

    # --- what is sent -------------------------------------------------------------------------------------

    def _vectors_of(self, job: Job) -> tuple[Ref, ...]:
        """Return the files of vectors that a job reads, in the object store."""
        paths = job.vectors.paths if job.vectors and job.key.kind != "source" else ()
        return tuple(map(self._sent, paths))

    def _files_of(self, job: Job) -> dict[str, Ref]:
        """Return the other files that a job reads; a training does not read the network that it makes."""
        if job.files is None or job.key.kind in TRAININGS:
            return {}
        return {name: self._sent(path) for name, path in zip(job.files.names, job.files.paths, strict=True)}

    def _kept(self, job: Job) -> dict[str, Ref]:
        """Return the vectors of unlabelled text that serve every fold, as far as they are made."""
        folder = self._here.own_cache
        if folder is None or job.key.kind != "source":
            return {}
        return {path.name: self._sent(path) for path in folder.glob("*.safetensors")}

    def _sent(self, path: Path) -> Ref:
        """Return the bytes of a file in the object store, sent once."""
        if path not in self._files:
            with self._reached():
                self._files[path] = self._ray.put(np.fromfile(path, dtype=np.uint8))
        return self._files[path]

    def _do_here(self, number: int, job: Job) -> None:
        here = Here(self._here)
        here.begin(number, job)
        while not here.has_room:
            self._come.append(here.next())

    # --- what comes ---------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Take in what jobs say and give, and how the cluster is."""
        ready, _ = self._ray.wait([self._said, *self._running], num_returns=1, timeout=LOOK_SECONDS)
        if self._said in ready:
            self._hear()
        for task in ready:
            if task in self._running:
                self._end(task)
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look()
        if stopping.asked() and not ready:
            self._stop()

    def _stop(self) -> None:
        """Cancel what is running: it begins anew when the run goes on."""
        for task, running in self._running.items():
            with suppress(Exception):
                self._ray.cancel(task, force=True)
            running.stages.stop()
            self._come.append((running.number, JobStopped(running.job.key)))
        self._running = {}

    def _hear(self) -> None:
        """Show what jobs have said."""
        said, self._said = self._ray.get(self._said), self._board.take.remote()
        by_number = {running.number: (task, running) for task, running in self._running.items()}
        for number, kind, content in said:
            if number not in by_number:
                continue
            task, running = by_number[number]
            if kind == "began":
                self._began(task, running, content)
            elif kind == "ended":
                running.said_all = True
                place, seconds = content
                self._console.say(f"{running.job.key.in_words} ended on {place}, {seconds:.1f} s")
            else:
                running.stages.show(kind, content)

    def _began(self, task: Ref, running: Running, place: Place) -> None:
        """Say where a job began; one that begins again was lost with its process or node."""
        running.begun += 1
        running.stages.stop()
        if running.begun == 1:
            self._console.say(f"{running.job.key.in_words} began on {place}")
        elif running.begun <= RETRIES + 1:
            lost = "the process or node that did it is gone"
            told = f"{lost}: {running.job.key.in_words} begins again, on {place}"
            self._console.warn(warning("job-begun-again", told))
        else:  # Ray itself would begin it for ever where memory is what it lacks
            with suppress(Exception):
                self._ray.cancel(task, force=True)
            self._fail(task, "its process was ended for want of memory")

    def _end(self, task: Ref) -> None:
        """Take in the results of a task that has ended."""
        running, errors = self._running[task], self._ray.exceptions
        lost = (
            *(errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError),
            *(errors.ObjectLostError, errors.LocalRayletDiedError),
        )
        try:
            done: Done = self._ray.get(task)
        except lost as error:
            self._fail(task, type(error).__name__)
            return
        except errors.RayTaskError as error:  # not the fit's own, which comes as a value
            raise error.cause or RuntimeError(str(error)) from None
        while not running.said_all and self._ray.wait([self._said], timeout=LOOK_SECONDS)[0]:
            self._hear()
        del self._running[task]
        running.stages.stop()
        self._keep(done.kept)
        if done.raised is not None:
            raise done.raised
        for made in (*done.results, JobEnded(running.job.key)):
            result = stored(running.job, made)
            if isinstance(result, FitResult):
                result = replace(result, fit=replace(result.fit, at_once=self.at_once))
            if result is not None:
                self._come.append((running.number, result))
            if isinstance(result, JobFailed):
                return

    def _fail(self, task: Ref, why: str) -> None:
        running = self._running.pop(task)
        running.stages.stop()
        failed = JobFailed(running.job.key, f"{why}, {RETRIES + 1} times")
        self._come.append((running.number, failed))

    def _keep(self, files: Mapping[str, np.ndarray]) -> None:
        """Write the vectors of unlabelled text that a job made, for the folds to come."""
        if self._here.own_cache is None:
            return
        for name, content in files.items():
            with unfinished(self._here.own_cache / name) as file:
                content.tofile(file)

    # --- the cluster --------------------------------------------------------------------------------------

    def _bound(self, asked: str | None) -> float:
        """Return what --max-memory leaves to all tasks together, MiB; a share is one of the cluster's memory."""
        if not asked:
            return math.inf
        most = parse_size(asked).mib(self._ray.cluster_resources().get("memory", 0.0) / _MIB)
        return (
            most - memory_mib() if self._cluster.is_own else most
        )  # this process is none of another cluster's

    def _cores(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def _say_what_there_is(self) -> None:
        cores = _counted(self.at_once, "core")
        gpus = f", {_counted(int(self._ray.cluster_resources()['GPU']), 'GPU')}" if self._gpu else ""
        nodes = _counted(len(self._nodes), "node")
        self._console.say(f"Ray: {self._cluster.name}, {nodes}, {cores}{gpus}")

    def _start_board(self) -> Any:
        """Start the board on the node that this process speaks to: without that the run has ended anyway."""
        affinity = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        lasting = self._ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Board)
        return lasting.options(scheduling_strategy=affinity(self._head, soft=True)).remote()

    def _look(self) -> None:
        """Look whether the head answers, and say which nodes have gone or come."""
        self._looked = time.monotonic()
        if not answers(*self._cluster.door):
            self._silent += 1
            if self._silent >= _GONE_AFTER:
                raise self._gone("its head does not answer")
            return
        self._silent = 0
        alive = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        if self._head not in alive:
            raise self._gone("its head node has ended")
        now = {node: row["NodeManagerHostname"] for node, row in self._cluster.nodes().items()}
        if now == self._nodes:
            return
        gone = [in_words(node, host) for node, host in self._nodes.items() if node not in now]
        come = [in_words(node, host) for node, host in now.items() if node not in self._nodes]
        self._nodes, self.at_once = now, self._cores()
        left = f"{_counted(len(now), 'node')} and {_counted(self.at_once if now else 0, 'core')} now"
        if gone:
            told = f"{', '.join(gone)} is gone; its jobs are done elsewhere, {left}"
            self._console.warn(warning("node-gone", told))
        if come:
            self._console.say(f"{', '.join(come)} has come, {left}")

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn what Ray raises where the cluster is gone into words."""
        try:
            yield
        except (ConnectionError, self._ray.exceptions.RayError, *of_connections()) as error:
            raise self._gone(type(error).__name__) from None

    def _gone(self, why: str) -> PipelineError:
        what = f"the Ray cluster is gone ({why}); what had finished is kept"
        fix = "give the same command again: it goes on from there"
        return PipelineError("cluster-gone", f"--executor {self._cluster.name}", what, fix)


@dataclass(eq=False)
class Running:
    """A job that is submitted."""

    number: int
    job: Job
    stages: Relayed
    begun: int = 0  # times: more than once where its process or node was lost
    said_all: bool = False


def request(memory: int, *, gpu: bool) -> dict[str, int]:
    """Return what a task asks Ray for: a core, `memory` bytes, and of a training where there are some a GPU.

    >>> request(838_860_800, gpu=True)
    {'num_cpus': 1, 'num_gpus': 1, 'memory': 838860800, 'max_retries': 2}
    """
    return {"num_cpus": 1, "num_gpus": int(gpu), "memory": memory, "max_retries": RETRIES}


def check_versions(cluster: Cluster, here: Mapping[str, str]) -> None:
    """Refuse nodes that have other versions than this process, before anything is submitted."""
    ray = cluster.ray
    affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    ask = ray.remote(num_cpus=0, max_retries=0)(versions_here)
    nodes = {node: row["NodeManagerHostname"] for node, row in cluster.nodes().items()}
    asked = {
        in_words(node, host): ask.options(scheduling_strategy=affinity(node, soft=False)).remote()
        for node, host in nodes.items()
    }
    found = {node: differences(here, _versions_at(ray, answer, here)) for node, answer in asked.items()}
    found = {node: other for node, other in found.items() if other}
    if found:
        raise refusal(f"--executor {cluster.name}", found)


def _versions_at(ray: Any, answer: Ref, here: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a node has; where this package cannot be imported that alone is what differs."""
    try:
        found: Mapping[str, str] = ray.get(answer)
    except ray.exceptions.RayTaskError as error:
        last = str(error).strip().splitlines()[-1]
        return {**here, "embedseq": f"unusable ({last})"}
    return found


def _is_made(job: Job) -> bool:
    """Return whether all vectors of a source are trained or drawn, so that any node can make them."""
    source = job.models[0]
    return all(part in SOURCES for part in parse_source(source.asked_source or str(source.source)).parts)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
