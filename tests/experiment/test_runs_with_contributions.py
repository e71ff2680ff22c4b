"""Whole runs: the files that the document browser is drawn from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import whole_runs
from whole_runs import stopping, write_films

from pipeline.commands.verify import verify
from pipeline.report import draw_report

pytestmark = pytest.mark.longer

SMALL = (
    "networks.units=8",
    "networks.max_epochs=12",
    "networks.learning_rate=0.02",
    "embeddings.dimension=16",
    "baselines.bow_strengths=1",
    "baselines.tfidf_strengths=10",
    "baselines.nbsvm_strengths=1",
    "baselines.mean_strengths=1",
)
HOSTILE = (
    "</script><script>alert(1)</script> \u202eabc " + "w" * 5000 + " zorp \u05e9\u05dc\u05d5\u05dd<br />end"
)


def write_corpus(folder: Path) -> None:
    """Write 90 documents; "zorp" alone tells their class."""
    fill = ("a film", "the plot", "some scene", "one cast", "this end")
    texts = [f"{fill[n % 5]} {('zorp', 'plain')[n % 2]} {fill[(n * 3) % 5]} {n % 7}" for n in range(90)]
    labels = [("yes", "no")[n % 2] for n in range(90)]
    texts[0] = HOSTILE
    write_films(folder, texts, labels)


def perform(folder: Path, **options: Any) -> Path:
    write_corpus(folder)
    given = {"run_embeddings": "random", "run_probes": True} | options
    return whole_runs.perform(folder, small=SMALL, **given)


def read(run: Path, name: str) -> Any:
    return whole_runs.read(run, f"details/{name}")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = "majority,bow,tfidf,nbsvm,mean,ann,lstm"
    return perform(tmp_path_factory.mktemp("run"), run_models=models, corpus_test_size=0.5)


def test_every_model_but_the_majority_has_contributions(run: Path) -> None:
    methods = {model["name"]: model["method"] for model in read(run, "contributions.json")["models"]}
    assert methods == {
        **{"bow": "weights", "tfidf": "weights", "nbsvm": "weights", "mean@random": "weights"},
        **{"ann@random": "occlusion", "lstm@random": "occlusion"},
    }
    assert [model["name"] for model in read(run, "chosen_documents.json")["models"]] == list(methods)


def test_the_planted_word_has_the_largest_contribution_to_every_model(run: Path) -> None:
    found = read(run, "contributions.json")
    planted = [entry for entry in found["documents"] if " zorp " in entry["text"] and len(entry["text"]) < 60]
    assert len(planted) > 5
    for name in ("bow", "tfidf", "nbsvm", "lstm@random"):
        largest = 0
        for entry in planted:
            levels = [int(level) for level in entry["models"][name]["words"].split(",")]
            ends = [int(number) for number in entry["spans"].split()]
            words = [entry["text"][a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)]
            largest += words[levels.index(max(levels, key=abs))] == "zorp"
        least = 0.75 if "@" in name else 0.9  # a small network listens to the neighbours of a word too
        assert largest >= least * len(planted), name


def test_the_texts_of_all_documents_to_browse_are_kept_and_the_run_verifies(run: Path) -> None:
    numbers = {row["document"] for row in read(run, "chosen_documents.json")["documents"]}
    assert numbers <= {row["document"] for row in read(run, "documents_shown.json") if row["part"] == "test"}
    assert verify(run).differences == ()


def test_edits_are_named(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    for name in ("chosen_documents.json", "contributions.json"):
        path = copy / "details" / name
        path.write_text(path.read_text(encoding="utf-8").replace('"label": 0', '"label": 1', 1) + " ")
    chosen = copy / "details" / "chosen_documents.json"
    text = chosen.read_text(encoding="utf-8")
    chosen.write_text(text.replace('"tested": 45', '"tested": 46'), encoding="utf-8")
    named = {difference.file for difference in verify(copy).differences}
    assert {"details/chosen_documents.json", "details/contributions.json"} <= named


def test_with_folds_only_documents_of_the_first_have_contributions(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow", corpus_folds=3)
    fold_of = {row["document"]: row["fold"] for row in read(run, "chosen_documents.json")["documents"]}
    assert set(fold_of.values()) == {0, 1, 2}
    explained = {entry["document"] for entry in read(run, "contributions.json")["documents"]}
    assert explained == {number for number, fold in fold_of.items() if fold == 0}


def test_predictions_made_elsewhere_are_shown_without_contributions(tmp_path: Path) -> None:
    first = perform(tmp_path, run_models="bow")
    theirs = tmp_path / "theirs.csv"
    (file,) = (first / "predictions").glob("bow*.parquet")
    pl.read_parquet(file).select("document", "predicted").write_csv(theirs)
    run = perform(tmp_path, run_models="bow,tfidf", run_compare=str(theirs), run_out=str(tmp_path / "second"))
    found = {model["name"]: model for model in read(run, "contributions.json")["models"]}
    assert found["theirs"]["why_not"] == "it was made elsewhere: its answers are known, not what it is"
    chosen = read(run, "chosen_documents.json")
    place = [model["name"] for model in chosen["models"]].index("theirs")
    assert {row["probability"][place] for row in chosen["documents"]} == {None}


@pytest.mark.parametrize("way", ["interrupted", "without probes"])
def test_a_run_without_contributions_still_has_documents_to_browse(tmp_path: Path, way: str) -> None:
    if way == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            perform(tmp_path, run_models="bow,tfidf,ann", executors=stopping("ann@random"))
    else:
        perform(tmp_path, run_models="bow,tfidf", run_probes=False)
    run = tmp_path / "run"
    assert not (run / "details" / "contributions.json").exists()
    assert read(run, "chosen_documents.json")["documents"]
    draw_report(run)
    assert "browser-data" in (run / "report.html").read_text(encoding="utf-8")
