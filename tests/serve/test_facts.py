"""Which model is served, and what is said of it: of a run, of a run without its scores, of a bundle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from served import advise, write_served_run

from pipeline.core.errors import PipelineError
from pipeline.export.table import export_model
from pipeline.serve.facts import gather, load_asked
from pipeline.serve.limits import Limits


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was scored, with two models."""
    return write_served_run(tmp_path_factory.mktemp("run") / "films", "tfidf", "bow")


@pytest.mark.parametrize("name", ["tfidf", "bow"])
def test_the_model_that_is_advised_is_served_unless_another_is_named(run: Path, name: str) -> None:
    advise(run, name)
    assert load_asked(run, None)[0].name == name
    assert load_asked(run, "tfidf")[0].name == "tfidf"


def test_where_none_is_advised_one_has_to_be_named(run: Path) -> None:
    advise(run, None)
    with pytest.raises(PipelineError, match=r"the run advises no model: .*; name one \(bow, tfidf\)"):
        load_asked(run, None)


def test_the_accuracy_is_that_of_the_run(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    (row,) = [row for row in metrics["summary"] if row["name"] == "tfidf"]
    said = asdict(gather(run, *load_asked(run, "tfidf"), Limits()))
    assert json.loads(json.dumps(said["accuracy"])) == {
        "value": row["accuracy"],
        "ci95": row["accuracy_ci95"],
    }
    assert (said["model"], said["run"], said["words"]) == ("tfidf", "films", "weights")


def test_of_a_bundle_the_accuracy_is_not_known(run: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "films.zip"
    export_model(run, "bundle", bundle, "bow", every_seed=False)
    said = gather(bundle, *load_asked(bundle, None), Limits())
    assert (said.model, said.run, said.accuracy) == ("bow", "films.zip", None)
