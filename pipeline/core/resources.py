"""What a run costs and what it ran on: peak memory, processor, versions."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pipeline

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

PACKAGES = (
    "tensorflow",
    "keras",
    "gensim",
    "scikit-learn",
    "numpy",
    "scipy",
    "polars",
    "altair",
    "vl-convert-python",
    "chardet",
    "icu4py",
)
_SAMPLE_SECONDS = 0.05

Item = TypeVar("Item")
Result = TypeVar("Result")


class PeakMemory:
    """Sample this process's resident memory every 50 ms while the block runs; `mib` is the peak."""

    def __init__(self) -> None:
        import psutil  # takes as long as the answer to a text

        self._process = psutil.Process()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.mib = 0.0

    def __enter__(self) -> PeakMemory:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def _sample(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        self.mib = max(self.mib, self._process.memory_info().rss / 2**20)


def milliseconds_of_each(answer: Callable[[Item], object], items: Sequence[Item]) -> tuple[float, ...]:
    """Return how long `answer` takes for each item alone, in milliseconds; the first one is answered twice.

    The first call does what is done once, such as building a graph, and is not timed.
    """
    for item in items[:1]:
        answer(item)
    found = []
    for item in items:
        start = time.perf_counter()
        answer(item)
        found.append(1000 * (time.perf_counter() - start))
    return tuple(found)


def describe_environment(command: str, gpu: str | None) -> dict[str, object]:
    """Return `environment` of metrics.json."""
    import psutil

    return {
        "embedseq": pipeline.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "cores": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpu": gpu,
        "packages": {name: _version(name) for name in PACKAGES},
        "command": command,
    }


def versions() -> dict[str, str | None]:
    """Return the versions of this package, of Python, and of the packages that answers depend on."""
    packages = {name: _version(name) for name in PACKAGES}
    return {"embedseq": pipeline.__version__, "python": platform.python_version(), **packages}


def usable_cores(container: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many cores this process may use: in a container those of its quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _numbers_in(container / "cpu.max")  # microseconds of processor, and of the clock
    return max(1, min(cores, int(quota[0] / quota[1]))) if len(quota) == 2 else cores


def available_mib(container: Path = Path("/sys/fs/cgroup")) -> float:
    """Return how much memory may still be taken, MiB: in a container, of what that is limited to."""
    import psutil

    free: float = psutil.virtual_memory().available / 2**20
    limit, used = _numbers_in(container / "memory.max"), _numbers_in(container / "memory.current")
    return max(0.0, min(free, (limit[0] - used[0]) / 2**20)) if limit and used else free


def _numbers_in(path: Path) -> list[int]:
    """Return the numbers in a file of a control group (version 2), none where it is absent or says "max"."""
    try:
        words = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
    return [int(word) for word in words] if words and all(word.isdigit() for word in words) else []


def _processor() -> str:
    """Return the processor's name; Linux keeps it in a file, other systems tell `platform`."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


_one_thread = threading.Lock()
_inside: list[
    AbstractContextManager[object]
] = []  # the blocks of `one_blas_thread` that run, the first has the limit


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """Return the BLAS libraries of this process, which come with modules: they are looked for when one was imported."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have BLAS use one thread while the block runs, and while one of another thread does.

    For short products: waking threads for those made a fit of L-BFGS on 5,000 questions up to thirty times slower on
    two busy cores. And for answers: how many threads share a sum's terms decides its last bits.
    """
    with _one_thread:
        _inside.append(nullcontext() if _inside else _libraries(len(sys.modules)).limit(limits=1))
        if len(_inside) == 1:
            _inside[0].__enter__()
    try:
        yield
    finally:
        with _one_thread:
            if len(_inside) > 1:
                _inside.pop()
            else:
                _inside.pop().__exit__(None, None, None)


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_given: list[int] = []  # of this process, by `threads`; the last counts


def n_threads() -> int:
    """Return how many threads a task may use: those that `threads` gave this process, else one a core."""
    return _given[-1] if _given else usable_cores()


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Give what this process does while the block runs so many threads: a task beside others has its share of cores.

    BLAS that is loaded has them at once; what is loaded later reads the environment.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(number)))
    _given.append(number)
    try:
        with threadpool_limits(number):
            yield
    finally:
        _given.pop()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def in_two_threads(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what `work` makes of each item, for work in native code: it releases the interpreter's lock.

    A task that was given one thread has one after the other done; a single item needs no other thread.
    """
    items = list(items)
    if len(items) < 2 or n_threads() == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(work, items))


def memory_mib() -> float:
    """Return the memory that this process has resident, MiB."""
    import psutil

    return float(psutil.Process().memory_info().rss / 2**20)
