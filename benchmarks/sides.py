"""Run one side of a comparison in a fresh process, and sides in turn: A B A B."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.resources import PeakMemory

ROOT = Path(__file__).resolve().parents[1]
_MARK = "benchmark side: "
Figures = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What a person asked for, or a scenario's default."""

    corpora: Path | None = None
    documents: int | None = None  # a slice; None for all
    repeats: int | None = None
    seeds: int | None = None  # None for each case's own number
    only: tuple[str, ...] = ()
    runs: Mapping[str, Path] = field(default_factory=dict)  # case > a finished run's folder
    peer_python: Path | None = None  # the Python that has the peer packages; None for this one

    @property
    def folder(self) -> Path:
        """The folder of the corpora, for a scenario that needs one."""
        assert self.corpora is not None
        return self.corpora


Side = Callable[[Options, int], Figures]  # (options, seed)


@contextmanager
def clock() -> Iterator[Figures]:
    """Yield a dictionary that holds `seconds` and `peak_mib` of the whole process once the block has ended."""
    figures: Figures = {}
    with PeakMemory() as memory:
        start = time.perf_counter()
        yield figures
        figures["seconds"] = time.perf_counter() - start
    figures["peak_mib"] = memory.mib


def alternate(module: str, sides: Sequence[str], options: Options, rounds: int) -> dict[str, list[Figures]]:
    """Run each side once a round, in order, each in a fresh process; the round's number is the seed."""
    figures: dict[str, list[Figures]] = {side: [] for side in sides}
    for number in range(rounds):
        for side in sides:
            figures[side].append(run_side(module, side, options, number))
            print(f"round {number + 1} of {rounds}, {side}: {figures[side][-1]}", file=sys.stderr, flush=True)
    return figures


def run_side(module: str, side: str, options: Options, seed: int) -> Figures:
    """Return what `SIDES[side]` of a scenario's module measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sides", module, side, "--seed", str(seed)]
    if options.corpora is not None:
        command += ["--corpora", str(options.corpora.resolve())]
    if options.documents is not None:
        command += ["--documents", str(options.documents)]
    lines = run_command(command).stdout.splitlines()
    answer = next(line for line in reversed(lines) if line.startswith(_MARK))
    figures: Figures = json.loads(answer.removeprefix(_MARK))
    return figures


def run_peer(script: str, options: Options, arguments: Sequence[str] = ()) -> Figures:
    """Return what a script in `peers/` measured, run by the Python that has its package; its last line is JSON."""
    python = str(options.peer_python or sys.executable)
    done = run_command([python, str(ROOT / "benchmarks" / "peers" / script), *arguments])
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder, on the processor alone; PipelineError with its last words if it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise failed(command, done.returncode, done.stderr)
    return done


def environment() -> dict[str, str]:
    """Return the environment of every measured process: no GPU, no chatter."""
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def failed(command: Sequence[str], status: int, stderr: str) -> PipelineError:
    """Return the error of a measured process that failed."""
    last = "\n".join(stderr.strip().splitlines()[-15:])
    shown = " ".join(str(part) for part in command[1:])
    return PipelineError(
        "benchmark-failed", f"python {shown}", f"exit status {status}", f"its last words:\n{last}"
    )


def main() -> None:
    """Measure one side in this process and print its figures as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("side")
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--documents", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    side: Side = importlib.import_module(given.module).SIDES[given.side]
    print(_MARK + json.dumps(side(Options(given.corpora, given.documents), given.seed)))


if __name__ == "__main__":
    main()
