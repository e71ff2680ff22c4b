"""What is done on a node of a Ray cluster: one job, from bytes to bytes, telling how far it is.

Nothing of this run stays on a node: what a library has to read from a file lies in a folder of the job, which goes
with it. A process that does the next job too keeps what both read.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import PipelineError
from pipeline.core.fits import WITH_NETWORKS
from pipeline.core.noise import quiet_tensorflow
from pipeline.core.resources import threads
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, Made, RunFiles, VectorFiles
from pipeline.experiment.out_of_memory import want_of_memory
from pipeline.experiment.versions import differences, versions_here
from pipeline.experiment.workers import RelayConsole
from pipeline.models.networks import libraries

Bytes = npt.NDArray[np.uint8]
Ref = Any  # of Ray, to a value in its object store
_KEPT = "kept"  # the folder of vectors that serve every fold
_FILES = "run"  # that of files of the run

Said = tuple[int, str, Any]  # the number of a job, what kind of thing, the thing


class Board:
    """Keeps what jobs say until the run's own process takes it; Ray runs it as an actor, beside the head."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self._something = asyncio.Event()

    async def tell(self, said: Said) -> None:
        """Keep what a job says."""
        self._said.append(said)
        self._something.set()

    async def take(self) -> list[Said]:
        """Wait until something was said; return all that was, in its order."""
        await self._something.wait()
        self._something.clear()
        said, self._said = self._said, []
        return said


@dataclass(frozen=True)
class Teller:
    """How a job speaks to the board; what it says may be lost with the board, its results never are."""

    board: Any
    number: int

    def send(self, said: tuple[str, Any]) -> None:
        """Say something, without waiting."""
        with suppress(Exception):
            self.board.tell.remote((self.number, *said))

    def send_surely(self, said: tuple[str, Any]) -> None:
        """Say something and wait until the board has it: it comes before the results do, or before the process dies."""
        import ray

        with suppress(Exception):
            ray.get(self.board.tell.remote((self.number, *said)), timeout=10)


@dataclass(frozen=True, eq=False)
class Sent:
    """What a job reads, in the object store; values in it are fetched by the node that does the job.

    Attributes
    ----------
    data : what all fits read
    vectors : the content of the files of `Job.vectors`, in their order
    files : the content of each of `Job.files`, by its path in the folder, of a job that reads them
    kept : the content of each file of vectors that serve every fold, by its name
    versions : those of the run's own process
    gpu : whether the job may use the GPU that it asked for; else it is to see none
    """

    data: Ref
    vectors: tuple[Ref, ...]
    files: Mapping[str, Ref]
    kept: Mapping[str, Ref]
    versions: Mapping[str, str]
    gpu: bool


@dataclass(frozen=True, eq=False)
class Done:
    """What came of a job: its results, or with those that had come what it raised."""

    results: tuple[Made, ...]
    kept: Mapping[str, Bytes]  # files of vectors for every fold that it made
    raised: Exception | None = None


@dataclass(frozen=True)
class Place:
    """Where a job is done."""

    node: str
    host: str

    def __str__(self) -> str:
        return in_words(self.node, self.host)


def in_words(node: str, host: str) -> str:
    """Return how a node is called: several may be on one host.

    >>> in_words("3f2a9c41d0", "rack-7")
    'node 3f2a9c of rack-7'
    """
    return f"node {node[:6]} of {host}"


def do_job(job: Job, number: int, sent: Sent, board: Any) -> Done:
    """Do a job on a node of the cluster; `number` tells its words from those of others."""
    import ray

    teller = Teller(board, number)
    here = Place(ray.get_runtime_context().get_node_id(), platform.node())
    teller.send_surely(("began", here))
    start = time.perf_counter()
    try:
        return _done(job, sent, teller, here)
    finally:
        teller.send_surely(("ended", (here, time.perf_counter() - start)))


def _done(job: Job, sent: Sent, teller: Teller, here: Place) -> Done:
    other = differences(sent.versions, versions_here())
    if other:  # a node that has come since the run began
        return Done((), {}, refusal("--executor", {str(here): other}))
    if not sent.gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    quiet_tensorflow()
    if job.key.kind in WITH_NETWORKS and not libraries.are_loaded():
        libraries.load(threads=1)
    results: list[Made] = []
    raised: Exception | None = None
    with _folder(job, sent) as (own, folder):
        data = replace(_held(sent.data), console=RelayConsole(teller), own_cache=folder / _KEPT)
        try:
            with threads(1):  # as many as the cores that it asks for
                results.extend(own.fit(data, own))
        except Exception as error:
            failed = want_of_memory(job.key, error)
            if failed is None:
                raised = error
            else:
                results.append(failed)
        made = [path for path in (folder / _KEPT).glob("*.safetensors") if path.name not in sent.kept]
        return Done(tuple(results), {path.name: np.fromfile(path, np.uint8) for path in made}, raised)


def refusal(where: str, found: Mapping[str, list[str]]) -> PipelineError:
    """Return the error that names what is not the same on which node."""
    what = "; ".join(f"{node} has {', '.join(other)}" for node, other in found.items())
    return PipelineError(
        "cluster-versions-differ",
        where,
        what,
        "install the same versions on every node, and give the command again",
    )


# --- what a process reads --------------------------------------------------------------------------------

_HELD: dict[str, RunData] = {}


def _held(ref: Ref) -> RunData:
    """Return what all fits read; a process that has done a job of this run has it already."""
    return _only(_HELD, ref.hex(), lambda: _fetched(ref))


def _fetched(ref: Ref) -> Any:
    import ray

    return ray.get(ref)


def _only(held: dict[str, RunData], key: str, get: Callable[[], RunData]) -> RunData:
    """Return the entry of a key, got where it is absent; others make room."""
    if key not in held:
        held.clear()
        held[key] = get()
    return held[key]


@contextmanager
def _folder(job: Job, sent: Sent) -> Iterator[tuple[Job, Path]]:
    """Give a folder with the files that a job reads, and the job as it names them.

    What was read of a file is kept by its path (`read_split`), so the same vectors have the same path in the next job.
    """
    names = "-".join(ref.hex() for ref in sent.vectors)[-64:]
    folder = Path(tempfile.gettempdir()) / f"embedseq-{os.getpid()}-{names or 'none'}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        (folder / _KEPT).mkdir()
        for name, ref in sent.kept.items():
            _fetched(ref).tofile(folder / _KEPT / name)
        for name, ref in sent.files.items():
            (folder / _FILES / name).parent.mkdir(parents=True, exist_ok=True)
            _fetched(ref).tofile(folder / _FILES / name)
        if sent.files:
            job = replace(job, files=RunFiles(folder / _FILES, tuple(sent.files)))
        if job.vectors and sent.vectors:
            places = [folder / path.name for path in job.vectors.paths]
            for place, ref in zip(places, sent.vectors, strict=True):
                _fetched(ref).tofile(place)
            job = replace(job, vectors=VectorFiles(places[0], places[1] if len(places) > 1 else None))
        yield job, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
