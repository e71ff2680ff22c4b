"""The protocol that a run is held to: one that is there, or one that it lays down."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from pipeline.experiment.plan import question_of
from pipeline.experiment.planned_run import AskedRun, corpus_of
from pipeline.run_folder.protocol import LaidDown, plan_of, read_protocol, write_protocol


def check_protocol(file: str | None) -> None:
    """Refuse a protocol that no run can be held to, before anything is read."""
    if file is not None and Path(file).exists():
        read_protocol(Path(file))


def lay_down(asked: AskedRun) -> LaidDown:
    """Return the protocol of a run: written now where its file is absent, else the one in the file."""
    config, read = asked.config, asked.read
    path = Path(str(config.run.protocol))
    if not path.exists():
        question = question_of(asked.planned, config.run.metric, config.run.rope)
        written = datetime.now(UTC).isoformat(timespec="seconds")
        corpus = corpus_of(read, config)
        protocol = plan_of(config, corpus, question, written)
        with contextlib.suppress(FileExistsError):  # another run has just written it: this one follows
            write_protocol(path, protocol)
            return LaidDown(str(path), "written", protocol)
    return LaidDown(str(path), "followed", read_protocol(path))
