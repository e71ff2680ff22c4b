"""Does a run survive a kill, on this corpus and this machine? Small runs are killed and go on, and are compared.

One run is killed at each step that its journal tells of (a fit, what probes found, the end of a job or of the run),
another at random moments.
Each goes on by the same command until it has ended. What it then holds has to be what a run holds that nobody killed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.commands.selftest import SETTINGS, Finding
from pipeline.core.console import Console
from pipeline.core.errors import NOT_ALL, PipelineError
from pipeline.core.files import Json, read_json
from pipeline.core.seeds import stage_generator
from pipeline.core.tasks import TASKS
from pipeline.corpus.task_of import name_of_task
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.names import METRICS, detail_file
from pipeline.run_folder.predictions import FOLDER as PREDICTIONS
from pipeline.settings.setting import Value
from pipeline.settings.tables import Config, save_config, with_values

OWN: dict[str, Value] = {
    "run.seeds": 2,
    "run.deterministic": True,
    "run.probes": True,
    "run.cache": False,
    "corpus.folds": 0,
}
TIMES = {  # keys of metrics.json that say how long something took, where, when, or how often it was looked
    *("seconds", "fit_seconds", "prepare_seconds", "total_seconds", "train_seconds", "stages", "environment"),
    *("predict_documents_per_second", "peak_rss_mib", "latency_ms_p50", "latency_ms_p95", "reuse", "at_once"),
    *("timing", "costs", "cheapest", "advice", "cached", "out", "executor"),
}
_LOOK_SECONDS = 0.01
_MOST_RUNS = 3  # for each kill: one that comes when a run has ended kills nothing
_MOST_TRIES = 3  # of a run of which something could not be done
_STEP = re.compile(rb'"kind": ?"(?:source|fit|probes|words|job|end)"')

Moment = Callable[[Path, float], bool]  # (the run's folder, seconds since the run began): is it time to kill?


def kill_runs(config: Config, console: Console, kills: int) -> tuple[Finding, ...]:
    """Return whether runs that were killed are equal to one that was not.

    Parameters
    ----------
    config : Config
        The corpus, its split and the seed; sizes of models are the selftest's own.
    kills : int
        How many kills at random moments, beside one at each line of the journal.

    Raises
    ------
    PipelineError
        If a run cannot be made at all.
    """
    facts = TASKS[name_of_task(config)]
    models = tuple(dict.fromkeys((facts.models[0], *facts.needed)))
    config = with_values(config, SETTINGS | OWN | {"run.models": models})
    with tempfile.TemporaryDirectory(prefix="embedseq-kill-") as place:
        folder = Path(place)
        whole, seconds = folder / "whole", time.perf_counter()
        with console.stage("A run that nobody kills"):
            _run(config, whole)
        seconds = time.perf_counter() - seconds
        expected = content_of(whole)
        at_random = partial(_at_random, seconds, stage_generator(config.run.seed, "selftest kill"))
        with console.stage("Kills at each step", unit="kills") as stage:
            runs = [_killed(config, folder / "each-step", _each_step(), stage.advance)]
        steps = _finding("each step", runs, expected)
        runs = []
        with console.stage("Kills at random moments", kills, "kills") as stage:
            while (left := kills - sum(run.kills for run in runs)) > 0 and len(runs) < _MOST_RUNS * kills:
                run = folder / f"random-{len(runs)}"
                runs.append(_killed(config, run, at_random(left), stage.advance))
        return steps, _finding("random moments", runs, expected)


@dataclass(frozen=True)
class KilledRun:
    """What a run held that was killed so often, and went on to its end."""

    kills: int
    content: dict[str, str]


def _finding(part: str, runs: Sequence[KilledRun], expected: Mapping[str, str]) -> Finding:
    kills = sum(run.kills for run in runs)
    other = sorted({name for run in runs for name in differences(expected, run.content)})
    figure = f"{kills} kills, {len(other)} pieces differ" + (f": {', '.join(other[:3])}" if other else "")
    return Finding("Kill", part, figure, "0 pieces differ", not other and kills > 0)


def content_of(run: Path) -> dict[str, str]:
    """Return the sha256 of what a run holds without its times, by name.

    Of each file of predictions, each key of metrics.json, and what probes and words of documents have shown, where a
    run has these.
    """
    found = {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((run / PREDICTIONS).iterdir())
    }
    metrics = without_times(read_json(run / METRICS))
    assert isinstance(metrics, Mapping), "the file of scores was checked when it was written"
    details = (name for name in ("probes", "contributions") if (run / detail_file(name)).is_file())
    shown = {name: without_times(read_json(run / detail_file(name))) for name in details}
    pieces = {f"{METRICS} {key}": value for key, value in metrics.items()} | shown
    return found | {name: hashlib.sha256(repr(value).encode()).hexdigest() for name, value in pieces.items()}


def without_times(value: Json) -> Json:
    """Return JSON without what says how long something took, or where and when.

    >>> without_times({"accuracy": 0.5, "timing": [{"fit_seconds": 3.1}]})
    {'accuracy': 0.5}
    """
    if isinstance(value, Mapping):
        return {key: without_times(one) for key, one in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    return value


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of files that only one has, or that are not the same.

    >>> differences({"a": "1", "b": "2"}, {"b": "3"})
    ['a', 'b']
    """
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _killed(config: Config, run: Path, moments: Iterator[Moment], advance: Callable[[], None]) -> KilledRun:
    """Kill a run at one moment after the other, each time going on, and let it end."""
    kills = 0
    for moment in moments:
        if not _until_ended(config, run, moment):
            break
        kills += 1
        advance()
    _until_ended(config, run)
    return KilledRun(kills, content_of(run))


def _until_ended(config: Config, run: Path, moment: Moment | None = None) -> bool:
    """Run until nothing is left to do, or to the kill; return whether it was killed.

    A fit during which two kills came in a row counts as failed, and the same command tries it again.
    """
    for _ in range(_MOST_TRIES):
        if _has_ended(run):
            return False
        if _run(config, run, moment):
            return True
    return False


def _has_ended(run: Path) -> bool:
    """Return whether the last kill came after all was written: a finished run is not begun again."""
    return (run / METRICS).is_file() and not (run / JOURNAL).is_file()


def _at_random(seconds: float, generator: np.random.Generator, kills: int) -> Iterator[Moment]:
    """Yield moments within so many seconds from the start."""
    for after in generator.uniform(0.0, seconds, kills).tolist():
        yield partial(_is_late, after)


def _is_late(after: float, run: Path, now: float) -> bool:
    return now >= after


def _each_step() -> Iterator[Moment]:
    """Yield a moment for each step: a run that goes on finds those before it in its folder."""
    for steps in itertools.count(1):
        yield partial(_has_steps, steps)


def _has_steps(steps: int, run: Path, now: float) -> bool:
    """Return whether the journal tells of so many steps; a fit that is made again after a kill is no other step."""
    try:
        lines = (run / JOURNAL).read_bytes().splitlines()
    except OSError:
        return False
    return len({_step_of(line) for line in lines if _STEP.search(line)} - {""}) >= steps


def _step_of(line: bytes) -> str:
    """Return what a line of the journal is of; nothing for one that is being written."""
    try:
        entry = json.loads(line)
        row = entry["row"].get("fit", {})
        return repr([entry["kind"], entry["job"], row.get("name"), row.get("seed"), row.get("fold")])
    except (ValueError, LookupError):
        return ""


def _run(config: Config, run: Path, moment: Moment | None = None) -> bool:
    """Run until it ends, or kill it at a moment with all its processes; return whether it was killed.

    Raises
    ------
    PipelineError
        If it ended with an error.
    """
    settings = run.with_name(f"{run.name}.toml")
    settings.write_text(save_config(with_values(config, {"run.out": str(run)})), encoding="utf-8")
    command = [sys.executable, "-m", "pipeline", "run", "--config", str(settings)]
    log = run.with_name(f"{run.name}.log")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        began = time.perf_counter()
        try:
            while process.poll() is None:
                if moment is not None and moment(run, time.perf_counter() - began):
                    _kill(process)
                    return True
                time.sleep(_LOOK_SECONDS)
        finally:
            if process.poll() is None:
                _kill(process)
    if process.returncode not in (0, NOT_ALL):
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise PipelineError(
            "selftest-not-possible",
            "selftest kill",
            f"a run ended with an error: {''.join(last)}",
            "mend that first",
        )
    return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a run and its workers at once: they have a session of their own."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
