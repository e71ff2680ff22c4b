"""metrics.json and its schema: a run's file is what the schema says, and a wrong one is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from make_golden import GOLDEN
from report_builders import METRICS
from run_builders import write_run

from pipeline.evaluation.scoring import score_run
from pipeline.experiment.conclude import write_scores
from pipeline.run_folder.metrics import check_metrics, metrics_schema


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = write_run(tmp_path_factory.mktemp("schema") / "run", drawn=False)
    content: dict[str, Any] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return content


def test_the_schema_is_one() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(metrics_schema())


def test_a_run_keeps_to_the_schema(metrics: dict[str, Any]) -> None:
    check_metrics(metrics)


def test_what_the_tests_of_the_report_are_given_keeps_to_the_schema() -> None:
    """A key that a run now writes is missing there: give it a value in tests/report_builders.py."""
    check_metrics(METRICS)


SKILLS = {"majority": 0.0, "tfidf": 2.0}
NETWORKS = dict.fromkeys(("lstm@word2vec", "lstm@random", "lstm@word2vec:tuned"), 1.0)


@pytest.mark.parametrize(
    "options",
    [
        {"skills": SKILLS | NETWORKS},
        {"skills": SKILLS | NETWORKS, "untrained": ("lstm@random",)},
        {"skills": SKILLS | NETWORKS, "n_folds": 2, "state": "interrupted"},
        {"n_seeds": 1},
        {"n_docs": 1},
        {"n_docs": 2, "n_folds": 2},
        {"outside": ("other",)},
        {"skills": {"majority": 0.0}},
        {"skills": {"lstm@word2vec": 0.0}},
        {"skills": SKILLS | {"mean@word2vec": 1.0, "ann@word2vec": 4.0, "rnn@word2vec": 5.0}},
    ],
)
def test_runs_of_every_shape_keep_to_the_schema(tmp_path: Path, options: dict[str, Any]) -> None:
    run = write_run(tmp_path / "run", drawn=False, **options)  # it is held to the schema before it is written
    check_metrics(json.loads((run / "metrics.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("$.schema_version", lambda m: m.update(schema_version=2)),
        ("$.results[0].accuracy", lambda m: m["results"][0].update(accuracy=96.2)),
        ("$.results[0].signature", lambda m: m["results"][0].pop("signature")),
        ("$.results[0].precison", lambda m: m["results"][0].update(precison=0.5)),
        ("$.results[0].seed", lambda m: m["results"][0].update(seed=True)),
        ("$.summary[0].accuracy_ci95[1]", lambda m: m["summary"][0].update(accuracy_ci95=[0.5])),
        ("$.comparisons[0].decision", lambda m: m["comparisons"][0].update(decision="wins")),
        ("$.verdict.sentence", lambda m: m["verdict"].update(sentence=None)),
        ("$.corpus.hash", lambda m: m["corpus"].update(hash="c0")),
        ("$.verdict", lambda m: m.pop("verdict")),
        ("$.verdikt", lambda m: m.update(verdikt={})),
    ],
)
def test_a_wrong_file_does_not(metrics: dict[str, Any], place: str, change: Callable[[Any], None]) -> None:
    wrong = copy.deepcopy(metrics)
    change(wrong)
    with pytest.raises(ValueError, match=r"^metrics\.json is not what its schema says: ") as raised:
        check_metrics(wrong)
    (mistake,) = str(raised.value).partition("says: ")[2].split("; ")
    assert mistake.startswith(f"{place}: ")


def test_a_run_that_would_write_a_wrong_file_writes_none(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"bow": 1.0}, drawn=False)
    scored = score_run(run)
    (run / "metrics.json").unlink()
    with pytest.raises(
        ValueError,
        match=r"metrics\.json is not what its schema says: \$\.schema_version: input should be 1 \(it is 7\)",
    ):
        write_scores(run, replace(scored, metrics=replace(scored.metrics, schema_version=7)))
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_the_kept_results_are_what_the_schema_says() -> None:
    kept = json.loads((GOLDEN / "metrics.json").read_text(encoding="utf-8"))
    check_metrics(kept)
