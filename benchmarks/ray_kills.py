"""Kills of a Ray cluster: of processes that do a job, of nodes, and of the head.

    python -m benchmarks.ray_kills CORPUS [--runs 10]

Small runs (those of `selftest --kill`) on a cluster of two nodes of one core. Each run is hit at random moments: twice
in a process that does a job, once in a node, which another one replaces, and once in the head, after which the same
command goes on on a new cluster. What it then holds is compared with a run on this machine that nobody killed.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from pipeline.commands.selftest import SETTINGS
from pipeline.commands.selftest_kill import OWN, content_of, differences
from pipeline.run_folder.journal import JOURNAL
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config, save_config, with_values

NODES = 2
HITS = ("worker", "node", "worker", "head")
LONGEST = 900.0  # seconds until a run must have come to its next hit or end


@contextmanager
def cluster() -> Iterator[tuple[Any, str]]:
    """Give a cluster on this machine, its head without cores, and the address of its client server."""
    from ray.cluster_utils import Cluster

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head = {"num_cpus": 0, "ray_client_server_port": port, "include_dashboard": False}
    one = Cluster(initialize_head=True, head_node_args=head | {"_system_config": {"worker_niceness": 0}})
    try:
        for _ in range(NODES):
            one.add_node(num_cpus=1)
        yield one, f"ray://127.0.0.1:{port}"
    finally:
        with suppress(Exception):  # its head may have been killed
            one.shutdown()


def start(config: Config, run: Path, address: str | None) -> subprocess.Popen[bytes]:
    """Begin a run, or go on with it."""
    settings = run.with_name(f"{run.name}.toml")
    settings.write_text(save_config(with_values(config, {"run.out": str(run), "run.executor": address})))
    command = [sys.executable, "-m", "pipeline", "run", "--config", str(settings)]
    with run.with_name(f"{run.name}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def kill_one_worker(draw: np.random.Generator) -> bool:
    """Kill a process that does a job; return whether there was one."""
    there = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            title = child.cmdline()[0]
            if title.startswith("ray::do_job"):  # Ray has processes of its own, which end a node with them
                there.append(child)
    if not there:
        return False
    one = there[int(draw.integers(len(there)))]
    with suppress(psutil.Error):
        print(f"    kills {one.cmdline()[0]}", flush=True)
    one.kill()
    return True


def kill_one_node(one: Any, draw: np.random.Generator) -> bool:
    """Kill a node with all its processes, and add another."""
    nodes = sorted(one.worker_nodes, key=lambda node: node.unique_id)
    one.remove_node(nodes[int(draw.integers(len(nodes)))], allow_graceful=False)
    one.add_node(num_cpus=1)
    return True


def wait(seconds: float, process: subprocess.Popen[bytes]) -> bool:
    """Wait so long; return whether the run still goes on."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    return process.poll() is None


def works(run: Path, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a job of this run has begun on the cluster; return whether the run still goes on."""
    end = time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < end:
        log = run / "log.txt"
        if log.is_file() and " began on node " in log.read_text(errors="replace"):
            return True
        time.sleep(0.1)
    return False


def hit(config: Config, run: Path, seconds: float, draw: np.random.Generator) -> Counter[str]:
    """Make one run, hit at random moments until no hit is left or the run has ended; return the hits."""
    done: Counter[str] = Counter()
    left = list(HITS)
    while (run / JOURNAL).is_file() or not (run / "metrics.json").is_file():
        with cluster() as (one, address):
            process = start(config, run, address)
            try:
                going = works(run, process)
                while going and left and wait(float(draw.uniform(0.0, seconds / len(HITS))), process):
                    what = left[0]
                    if what == "worker" and not kill_one_worker(draw):
                        continue
                    if what == "node":
                        kill_one_node(one, draw)
                    if what == "head":
                        one.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
                    done[what] += 1
                    left.pop(0)
                    if what == "head":
                        break
                process.wait(LONGEST)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        if process.returncode not in (0, 2, 4) or (process.returncode == 2 and not done["head"]):
            log = run.with_name(f"{run.name}.log")
            raise SystemExit(f"exit status {process.returncode}: {log.read_text()[-3000:]}")
    return done


def main() -> None:
    """Print a line a run, and the sum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--runs", type=int, default=10)
    asked = parser.parse_args()
    os.environ |= {"GRPC_ENABLE_FORK_SUPPORT": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    config = load_config(None, (), {"corpus.path": asked.corpus})
    config = with_values(config, SETTINGS | OWN)
    draw = np.random.default_rng(16)
    hits: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="embedseq-ray-kills-") as place:
        whole, began = Path(place, "whole"), time.perf_counter()
        assert start(config, whole, None).wait() == 0
        seconds = time.perf_counter() - began
        expected = content_of(whole)
        print(f"a run that nobody hits: {seconds:.0f} s", flush=True)
        other: set[str] = set()
        for number in range(asked.runs):
            run = Path(place, f"run-{number}")
            of_run = hit(config, run, seconds, draw)
            hits += of_run
            differ = differences(expected, content_of(run))
            other.update(differ)
            print(f"run {number + 1}: {dict(of_run)}; {len(differ)} pieces differ {differ[:3]}", flush=True)
    print(f"in all: {dict(hits)}, {hits.total()} hits; {len(other)} pieces differ")


if __name__ == "__main__":
    main()
