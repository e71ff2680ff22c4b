"""How long a run still takes, from the jobs that have ended."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.core.console import Console
from pipeline.core.fits import JobKey
from pipeline.experiment import time_left
from pipeline.experiment.jobs import Job
from pipeline.experiment.time_left import TimeLeft

EXPECTED = {"tfidf": 10.0, "lstm": 100.0, "rnn": 50.0}


def job(name: str) -> Job:
    return cast(Job, SimpleNamespace(key=JobKey("network", name)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    now = [0.0]
    monkeypatch.setattr(time_left.time, "perf_counter", lambda: now[0])
    return now


def test_what_is_left_is_set_right_by_what_ended_jobs_took(clock: list[float]) -> None:
    stream = io.StringIO()
    console = Console(stream)
    with TimeLeft(console, lambda one: EXPECTED[one.key.name], at_once=2) as left:
        _three_jobs(left, stream, clock)
    assert console.stage_seconds == []


def _three_jobs(left: TimeLeft, stream: io.StringIO, clock: list[float]) -> None:
    left.begins(job("tfidf"))
    left.begins(job("lstm"))
    clock[0] = 30.0  # three times what was expected
    left.ends(job("tfidf"), [job("lstm"), job("rnn")])
    # lstm: 3 * 100 - 30 that have passed, rnn: 3 * 50, two at once
    assert left.seconds([job("lstm"), job("rnn")]) == pytest.approx((270 + 150) / 2)
    assert stream.getvalue() == ""
    clock[0] = 330.0
    left.ends(job("lstm"), [job("rnn")])  # 360 s for what was expected to take 110
    assert stream.getvalue() == "In all: 2 of 3 jobs, 300.0 s, about 1 min left\n"


def test_a_job_that_takes_longer_than_it_may_is_not_said_to_end_at_once(clock: list[float]) -> None:
    left = TimeLeft(Console(silent=True), lambda one: EXPECTED[one.key.name], at_once=1)
    left.begins(job("tfidf"))
    left.begins(job("lstm"))
    clock[0] = 10.0
    left.ends(job("tfidf"), [job("lstm")])
    clock[0] = 1_000.0
    assert left.seconds([job("lstm")]) == pytest.approx(10.0)  # a tenth of what was expected
