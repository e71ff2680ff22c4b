"""Runs in processes of their own that SIGKILL ends at a named place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.run_folder.journal import JOURNAL

# The run of `arguments`, killed when `place` is called for the `call`-th time; its workers are named first.
KILLED_RUN = """
import importlib, itertools, json, os, signal, sys
import psutil
from pipeline.settings.reading import load_config
from pipeline.core.console import Console
from pipeline.commands.run import run_experiment

if __name__ == "__main__":
    module, names, call, settings, given = json.loads(sys.argv[1])
    place = importlib.import_module(module)
    *owners, name = names.split(".")
    for owner in owners:
        place = getattr(place, owner)
    original, calls = getattr(place, name), itertools.count(1)

    def called(*arguments, **named):
        if next(calls) == call:
            print([child.pid for child in psutil.Process().children(recursive=True)], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(place, name, called)
    run_experiment(load_config(None, settings, given), Console(silent=True), "embedseq films.csv")
"""
SETTINGS = ("networks.units=4", "networks.max_epochs=1", "embeddings.dimension=4", "run.seeds=1")
LINEAR = {"run.models": "majority,bow,tfidf"}


def described(folder: Path, n_docs: int = 60, **options: Any) -> dict[str, Any]:
    """Return the settings of a run of linear models, where `options` say nothing else, on a corpus made here."""
    rows = [f"{('good', 'bad')[n % 2]} film number{n},{('pos', 'neg')[n % 2]}" for n in range(n_docs)]
    (folder / "films.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    given = {"corpus.path": str(folder / "films.csv"), "run.out": str(folder / "run")} | LINEAR
    return given | {name.replace("_", ".", 1): value for name, value in options.items()}


def killed(folder: Path, place: tuple[str, str], call: int = 1, **options: Any) -> Path:
    """Return the folder of a run that was killed when `place` was called for the `call`-th time."""
    given = described(folder, **options)
    script = folder / "killed_run.py"  # a file: worker processes import it again
    script.write_text(KILLED_RUN, encoding="utf-8")
    arguments = json.dumps([f"pipeline.{place[0]}", place[1], call, SETTINGS, given])
    ended = subprocess.run(
        [sys.executable, str(script), arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    (folder / "children.json").write_text(ended.stdout, encoding="utf-8")
    return folder / "run"


def read(run: Path, name: str = "metrics.json") -> Any:
    return json.loads((run / name).read_text(encoding="utf-8"))


def is_unfinished(run: Path) -> bool:
    return (run / JOURNAL).is_file()
