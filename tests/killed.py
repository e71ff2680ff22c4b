"""Runs in processes of their own that SIGKILL ends at a named place."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
from plain_charts import charts_by, plain

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.run_folder.journal import JOURNAL
from pipeline.settings.reading import load_config

SETTINGS = ("networks.units=4", "networks.max_epochs=1", "embeddings.dimension=4", "run.seeds=1")
LINEAR = {"run.models": "majority,bow,tfidf"}


def described(folder: Path, n_docs: int = 60, **options: Any) -> dict[str, Any]:
    """Return the settings of a run of linear models, where `options` say nothing else, on a corpus made here."""
    rows = [f"{('good', 'bad')[n % 2]} film number{n},{('pos', 'neg')[n % 2]}" for n in range(n_docs)]
    (folder / "films.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    given = {"corpus.path": str(folder / "films.csv"), "run.out": str(folder / "run")} | LINEAR
    return given | {name.replace("_", ".", 1): value for name, value in options.items()}


def killed(folder: Path, place: tuple[str, str], call: int = 1, **options: Any) -> Path:
    """Return the folder of a run that was killed when `place` was called for the `call`-th time.

    `children.json` beside it has the workers that it had started.
    """
    killed_in(_run_until, place, call, described(folder, **options), folder / "children.json")
    return folder / "run"


def killed_in(function: Callable[..., object], *arguments: Any) -> None:
    """Call a function in a process of its own, which has to kill itself.

    It begins as a copy of one that has imported what a run needs, which takes seconds.
    """
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["pipeline.commands.run", "sklearn.linear_model"])
    process = processes.Process(target=_without_charts, args=(function, *arguments))
    process.start()
    process.join(300)
    assert process.exitcode == -signal.SIGKILL


def _without_charts(function: Callable[..., object], *arguments: Any) -> None:
    with charts_by(plain):
        function(*arguments)


def _run_until(place: tuple[str, str], call: int, given: dict[str, Any], children: Path) -> None:
    """Run what is given, and end by SIGKILL when `place` is called for the `call`-th time."""
    owner: Any = importlib.import_module(f"pipeline.{place[0]}")
    *owners, name = place[1].split(".")
    for one in owners:
        owner = getattr(owner, one)
    original, calls = getattr(owner, name), itertools.count(1)

    def called(*arguments: Any, **named: Any) -> Any:
        if next(calls) == call:
            workers = psutil.Process().children(recursive=True)
            children.write_text(json.dumps([worker.pid for worker in workers]), encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(owner, name, called)
    run_experiment(load_config(None, SETTINGS, given), Console(silent=True), "embedseq films.csv")


def read(run: Path, name: str = "metrics.json") -> Any:
    return json.loads((run / name).read_text(encoding="utf-8"))


def is_unfinished(run: Path) -> bool:
    return (run / JOURNAL).is_file()
