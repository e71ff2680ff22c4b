"""Which model is served, and what is said of it: of a run, of a run without its scores, of a bundle."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from saved_builders import seal_again
from served import advise, write_served_run

from pipeline.core.errors import PipelineError
from pipeline.export.table import export_model
from pipeline.models.saved.ensemble import Ensemble
from pipeline.predict.which_model import AskedModel
from pipeline.serve.facts import gather, load_asked
from pipeline.serve.limits import Limits


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was scored, with two models."""
    return write_served_run(tmp_path_factory.mktemp("run") / "films", "tfidf", "bow")


@pytest.mark.parametrize("name", ["tfidf", "bow"])
def test_the_model_that_is_advised_is_served_unless_another_is_named(run: Path, name: str) -> None:
    advise(run, name)
    assert load_asked(AskedModel(run))[0].name == name
    assert load_asked(AskedModel(run, "tfidf"))[0].name == "tfidf"


def test_where_none_is_advised_one_has_to_be_named(run: Path) -> None:
    advise(run, None)
    with pytest.raises(PipelineError, match=r"the run advises no model: .*; name one \(bow, tfidf\)"):
        load_asked(AskedModel(run))


def test_the_accuracy_is_that_of_the_run(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    (row,) = [row for row in metrics["summary"] if row["name"] == "tfidf"]
    said = asdict(gather(AskedModel(run), *load_asked(AskedModel(run, "tfidf")), Limits()))
    assert json.loads(json.dumps(said["accuracy"])) == {
        "value": row["accuracy"],
        "ci95": row["accuracy_ci95"],
    }
    assert (said["model"], said["run"], said["words"]) == ("tfidf", "films", "weights")


def test_of_a_bundle_the_accuracy_is_not_known(run: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "films.zip"
    export_model(run, "bundle", bundle, "bow", every_seed=False)
    said = gather(AskedModel(bundle), *load_asked(AskedModel(bundle)), Limits())
    assert (said.model, said.run, said.accuracy) == ("bow", "films.zip", None)


def test_another_training_or_all_of_them_are_served(run: Path, tmp_path: Path) -> None:
    own = tmp_path / "models" / "tfidf"
    shutil.copytree(run / "models" / "tfidf", own)
    shutil.copytree(own, own / "s1.f0")
    content = json.loads((own / "s1.f0" / "model.json").read_text(encoding="utf-8")) | {"seed": 1}
    (own / "s1.f0" / "model.json").write_text(json.dumps(content), encoding="utf-8")
    seal_again(tmp_path / "models")
    second, both = AskedModel(own, seed=1), AskedModel(own, ensemble=True)
    assert gather(second, *load_asked(second), Limits()).trainings == "seed 1"
    assert gather(both, *load_asked(both), Limits()).trainings == "all"
    assert isinstance(load_asked(both)[0], Ensemble)
    with pytest.raises(PipelineError, match=r"there is no seed 2 of it; give one of 0, 1"):
        load_asked(AskedModel(own, seed=2))
    with pytest.raises(PipelineError, match="--ensemble: --seed takes one training, --ensemble all"):
        AskedModel(own, seed=1, ensemble=True)


def test_of_all_trainings_together_the_accuracy_was_not_measured(run: Path) -> None:
    model, choice = load_asked(AskedModel(run, "tfidf"))
    assert gather(AskedModel(run, "tfidf"), model, choice, Limits()).accuracy is not None
    assert gather(AskedModel(run, "tfidf", ensemble=True), model, choice, Limits()).accuracy is None
