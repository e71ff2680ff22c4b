"""`ray_nodes`: ten folds on four Ray nodes of one core against one node: what the schedule itself costs.

A fold is a job of `FOLD_SECONDS` that waits and takes no core, so that the cores of this machine do not count: what a
run takes beyond its longest chain of jobs is the schedule's. The first job of a process also loads what it needs; one
such job a core is done before the clock starts.
"""

from __future__ import annotations

import math
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.results_file import Metric, Outcome, ratio
from benchmarks.sides import Options
from pipeline.core.console import Console
from pipeline.core.fits import Fit, FitResult, JobEnded, JobKey
from pipeline.experiment.data import RunData, Split, read_and_split, tokenize_all
from pipeline.experiment.jobs import Job
from pipeline.experiment.plan import plan_models
from pipeline.experiment.ray_cluster import OnRay, on_ray
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config

FOLDS, FOLD_SECONDS, NODES = 10, 6.0, (1, 4)
NOTHING = np.zeros(0, dtype=np.int64)


def measure(options: Options) -> Outcome:
    """Return how much longer the folds take than their jobs alone, and how many times as fast four nodes are."""
    taken = {nodes: [_seconds_on(nodes) for _ in range(options.repeats or 1)] for nodes in NODES}
    metrics = []
    for nodes, found in taken.items():
        jobs = math.ceil(FOLDS / nodes) * FOLD_SECONDS
        over = [100 * (seconds / jobs - 1) for seconds in found]
        what = (
            f"{FOLDS} folds on {nodes} Ray node{'s' * (nodes > 1)} of one core: more than the jobs' own time"
        )
        value, target = float(np.median(over)), 5.0
        metrics.append(
            Metric(f"overhead_{nodes}", value, "%", "lower", 2.0, what, "unit", target, tuple(over))
        )
    least = math.ceil(FOLDS / NODES[1])
    what = f"{FOLDS} folds on four nodes of one core against one; {FOLDS / least:.2f} at most"
    metrics.append(ratio("speed", taken[NODES[0]], taken[NODES[1]], what, target=3.2))
    return Outcome(metrics, {"seconds": {str(nodes): found for nodes, found in taken.items()}})


def _seconds_on(nodes: int) -> float:
    """Return the seconds that the folds take on a cluster of so many nodes."""
    import ray
    from ray.cluster_utils import Cluster

    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # with it Ray's client server often dies of its own fork
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the nodes need not have the benchmarks
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head = {"num_cpus": 0, "ray_client_server_port": port, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head | {"_system_config": {"worker_niceness": 0}})
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=1)
        with tempfile.TemporaryDirectory() as folder:
            data = _data(Path(folder))
        with on_ray(data, f"ray://127.0.0.1:{port}") as executor:
            _run(executor, nodes, 1.0)
            start = time.perf_counter()
            _run(executor, FOLDS, FOLD_SECONDS)
            return time.perf_counter() - start
    finally:
        cluster.shutdown()


def _run(executor: OnRay, jobs: int, seconds: float) -> None:
    begun, running = 0, 0
    while begun < jobs or running:
        while begun < jobs and executor.has_room:
            executor.begin(begun, _job(begun, seconds))
            begun, running = begun + 1, running + 1
        running -= isinstance(executor.next()[1], JobEnded)


def _job(number: int, seconds: float) -> Job:
    fold = Split(number, NOTHING, NOTHING, NOTHING)
    return Job(JobKey("baselines", "waits", number), partial(_wait, seconds), (), fold, Config(), refit=False)


def _wait(seconds: float, data: RunData, job: Job) -> Iterator[FitResult]:
    time.sleep(seconds)
    yield FitResult(Fit(job.key.name, 0, job.fold.number))


def _data(folder: Path) -> RunData:
    """Return what fits read of a small corpus."""
    file = folder / "films.csv"
    texts = [f"{('good', 'bad')[number % 2]} film number{number}" for number in range(60)]
    pl.DataFrame({"text": texts, "label": ["pos", "neg"] * 30}).write_csv(file)
    config, console = load_config(None, (), {"corpus.path": str(file)}), Console(silent=True)
    return tokenize_all(config, console, read_and_split(config, console).loaded, plan_models(("bow",), ()))
