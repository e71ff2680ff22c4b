"""`selftest CORPUS --kill N`: runs that are killed and go on are compared with one that was not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.commands.selftest import Finding, describe_kills
from pipeline.commands.selftest_kill import _at_random, _has_steps, content_of, differences, kill_runs
from pipeline.core.console import Console
from pipeline.run_folder.journal import JOURNAL
from pipeline.settings.reading import load_config


def folder_with(run: Path, accuracy: float, answer: int, seconds: float = 1.0) -> Path:
    run.joinpath("predictions").mkdir(parents=True)
    pl.DataFrame({"answer": [answer]}).write_parquet(run / "predictions" / "bow.s0.f0.parquet")
    metrics = {"results": [{"name": "bow", "accuracy": accuracy}], "timing": [{"fit_seconds": seconds}]}
    (run / "metrics.json").write_text(json.dumps(metrics))
    (run / "details").mkdir()
    for name in ("probes", "contributions"):
        (run / "details" / f"{name}.json").write_text(json.dumps([{"seconds": seconds}]))
    return run


def test_folders_that_differ_in_times_alone_are_equal(tmp_path: Path) -> None:
    one, two = folder_with(tmp_path / "1", 0.5, 1), folder_with(tmp_path / "2", 0.5, 1, seconds=9.0)
    assert differences(content_of(one), content_of(two)) == []


def test_another_score_and_another_answer_are_named(tmp_path: Path) -> None:
    one = content_of(folder_with(tmp_path / "1", 0.5, 1))
    assert differences(one, content_of(folder_with(tmp_path / "2", 0.6, 1))) == ["metrics.json results"]
    assert differences(one, content_of(folder_with(tmp_path / "3", 0.5, 0))) == [
        "predictions/bow.s0.f0.parquet"
    ]


def test_a_step_is_a_fit_or_an_end_counted_once_and_no_stage(tmp_path: Path) -> None:
    fit = {"fit": {"name": "bow", "seed": 0, "fold": 0}}
    bow = ["baselines", "bow", 0, 0, 0, ""]
    lines = [
        ("begin", {}, None),
        ("stage", ["Reading", 1.0], None),
        ("fit", fit, bow),
        ("note", "few", None),
        ("fit", fit, bow),
        ("job", {"key": {}, "lines": 2}, bow),
    ]
    (tmp_path / JOURNAL).parent.mkdir()
    text = "".join(
        json.dumps({"at": 1.0, "kind": kind, "row": row, "job": job}) + "\n" for kind, row, job in lines
    )
    (tmp_path / JOURNAL).write_text(text + '{"at": 1.0, "kind": "fit", "ro')
    assert [_has_steps(steps, tmp_path, 0.0) for steps in (1, 2, 3)] == [True, True, False]
    assert not _has_steps(1, tmp_path / "absent", 0.0)


def test_random_moments_lie_within_a_run(tmp_path: Path) -> None:
    moments = list(_at_random(10.0, np.random.default_rng(0), 9))
    assert len(moments) == 9
    assert [any(moment(tmp_path, now) for moment in moments) for now in (0.0, 10.0)] == [False, True]


def test_what_differs_is_told() -> None:
    passed = Finding("Kill", "each step", "9 kills, 0 pieces differ", "0 pieces differ", True)
    failed = Finding(
        "Kill", "random moments", "3 kills, 1 pieces differ: metrics.json results", "0 pieces differ", False
    )
    assert describe_kills([passed]).endswith("Every run went on to the same predictions and scores.")
    assert "Not all are equal" in describe_kills([passed, failed])


@pytest.mark.slow
def test_runs_that_are_killed_go_on_to_the_same_end(tmp_path: Path) -> None:
    rows = [f"{('good', 'bad')[n % 2]} film number{n},{('pos', 'neg')[n % 2]}" for n in range(60)]
    (tmp_path / "films.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    config = load_config(None, (), {"corpus.path": str(tmp_path / "films.csv")})
    steps, random = kill_runs(config, Console(silent=True), 2)
    assert (steps.passed, random.passed) == (True, True)
    assert steps.figure.endswith(" kills, 0 pieces differ")
    assert int(steps.figure.split()[0]) >= 8  # vectors, four fits, their jobs
