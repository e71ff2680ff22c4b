"""Whole runs of linear models: nbsvm beside the others, averaged vectors on each source, balanced classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
import whole_runs
from builders import int32
from safetensors.numpy import load_file
from whole_runs import Watched, read, write_films

from pipeline.core.errors import PipelineError
from pipeline.experiment.fit_linear import grade_by
from pipeline.models.baselines import choice
from pipeline.models.baselines.choice import Tried
from pipeline.settings.reading import load_config
from pipeline.settings.tables import RunSettings
from pipeline.tasks.table import CLASSIFY

KINDS = ("good", "bad")
FILMS = [f"{KINDS[number % 2]} film number{number % 17} seen" for number in range(90)]
LABELS = [("pos", "neg")[number % 2] for number in range(90)]


def perform(folder: Path, texts: list[str], labels: list[str], *settings: str, **options: Any) -> Path:
    write_films(folder, texts, labels)
    given = {"run_seeds": 3, "run_embeddings": "random"} | options
    return whole_runs.perform(folder, *settings, small=("embeddings.dimension=8",), **given)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return perform(
        tmp_path_factory.mktemp("linear"),
        FILMS,
        LABELS,
        run_models="mean,tfidf,nbsvm",
        run_embeddings="random,random:shuffled-rows,learned",
    )


def test_mean_is_fitted_once_on_each_frozen_source_and_is_a_control(run: Path) -> None:
    metrics = read(run)
    fits = [(row["name"], row["kind"], row["seed"]) for row in metrics["results"]]
    assert sorted(fits) == [
        ("mean@random", "control", 0),
        ("mean@random:shuffled-rows", "control", 0),
        ("nbsvm", "baseline", 0),
        ("tfidf", "baseline", 0),
    ]
    assert (metrics["verdict"]["a"], metrics["verdict"]["decision"]) == (None, None)
    assert (
        "mean@learned is left out: mean reads vectors that no network changes [model-left-out]"
        in metrics["warnings"]
    )
    status = read(run, "details/status.json")
    assert sorted(status["finished"]) == sorted(status["planned"])
    assert "mean@random" in status["finished"]


@pytest.mark.longer
def test_a_package_of_vectors_is_scored_and_signed_by_its_checksum(tmp_path: Path) -> None:
    run = perform(
        tmp_path, FILMS, LABELS, run_models="mean", run_embeddings="glove-6b-50d,random+glove-6b-50d"
    )
    metrics = read(run)
    of_package, joined = (row["files"] for row in metrics["embeddings"])
    assert len(of_package[0]["sha256"]) == 64
    assert [file["sha256"] for file in joined] == [of_package[0]["sha256"]]
    signature = next(row["signature"] for row in metrics["results"] if row["name"] == "mean@glove-6b-50d")
    assert f"|vectors:glove-6b-50d#{of_package[0]['sha256'][:8]}|" in signature


def test_nothing_is_said_to_be_cut_where_only_averages_read_a_source(run: Path) -> None:
    tokens = read(run, "details/tokens.json")
    assert "max_tokens" not in tokens
    assert "No network was run, so nothing was cut" in (run / "report.md").read_text(encoding="utf-8")


def test_mean_reads_every_token_of_a_long_document(tmp_path: Path) -> None:
    """Its only telling word stands before the last two tokens, which are all that a network would read."""
    texts = [f"{KINDS[number % 2]} page{number % 5} one two" for number in range(60)]
    made = perform(tmp_path, texts, LABELS[:60], "networks.max_tokens=2", run_models="mean")
    assert [row["accuracy"] for row in read(made)["results"]] == [1.0]


@pytest.mark.longer
def test_mean_is_fitted_again_on_training_and_validation_documents(tmp_path: Path) -> None:
    """A refit leaves no validation documents, and scikit-learn refuses to transform none."""
    made = perform(tmp_path, FILMS, LABELS, run_models="mean,nbsvm", run_refit=True)
    assert sorted(row["name"] for row in read(made)["results"]) == ["mean@random", "nbsvm"]


def test_mean_can_be_computed_again_from_its_files(run: Path) -> None:
    folder = run / "models" / "mean@random"
    described = read(run, "models/mean@random/model.json")
    weights = load_file(folder / "weights.safetensors")
    source = run / "models" / described["embedding"]
    vectors = load_file(source / "vectors.safetensors")["vectors"]
    tokens = json.loads((source / "vocabulary.json").read_text(encoding="utf-8"))["tokens"]
    saved = pl.read_parquet(next((run / "predictions").glob("mean@random.s0*")))
    assert described["probabilities"] == "softmax"
    for row in saved.iter_rows(named=True):
        rows = [tokens.index(word) if word in tokens else 1 for word in FILMS[row["document"]].split()]
        average = (vectors[rows].mean(axis=0) - weights["mean"]) / weights["scale"]
        logit = float(average @ weights["coefficients"][0] + weights["intercepts"][0])
        assert described["label_names"] == ["neg", "pos"]
        assert row["p(pos)"] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)


def test_nbsvm_counts_longer_n_grams_where_documents_are_long(tmp_path: Path, run: Path) -> None:
    assert read(run, "models/nbsvm/model.json")["ngram_max"] == 2  # four words a document
    texts = [" ".join([KINDS[number % 2], *["so"] * number, *["word"] * 60]) for number in range(60)]
    long = perform(tmp_path, texts, LABELS[:60], run_models="nbsvm,bow")
    assert read(long, "models/nbsvm/model.json")["ngram_max"] == 3
    assert read(long, "models/bow/model.json")["ngram_max"] == 2


@pytest.mark.longer
@pytest.mark.parametrize("refit", [True, False])
def test_short_documents_choose_whether_n_grams_seen_once_are_read(tmp_path: Path, refit: bool) -> None:
    """Each film is reviewed once, so its name tells nothing of others; the words for it tell all."""
    texts = [f"{text} film{number}" for number, text in enumerate((FILMS * 4)[:200])]
    labels = (LABELS * 4)[:200]
    made = perform(tmp_path, texts, labels, run_models="bow,nbsvm", run_refit=refit)
    for chosen in read(made, "details/choices.json"):
        assert {trial["min_df"] for trial in chosen["tried"]} == {1, 2}
        weights = load_file(made / "models" / chosen["name"] / "weights.safetensors")
        tokens = read(made, f"models/{chosen['name']}/model.json")["tokens"]
        assert weights["coefficients"].shape == (1, len(weights["ngram_keys"]))
        unigrams = weights["ngram_keys"] % (len(tokens) + 1) == 0  # the second digit is empty
        names = [tokens[key // (len(tokens) + 1) - 1] for key in weights["ngram_keys"][unigrams]]
        assert any(name.startswith("film") and name != "film" for name in names) == (chosen["min_df"] == 1)


def test_the_key_of_nbsvm_is_named_where_its_n_grams_are_too_long(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        perform(tmp_path, FILMS, LABELS, "baselines.nbsvm_ngram_max=30", run_models="nbsvm")
    assert error.value.where == "baselines.nbsvm_ngram_max"
    assert error.value.fix == "set it to 29 or less"


@pytest.mark.parametrize(
    ("model", "setting", "fix"),
    [
        ("nbsvm", "baselines.nbsvm_min_df=5", "set baselines.nbsvm_min_df to 1"),
        ("bow", "baselines.min_df=5", "set baselines.min_df to 1"),
        (
            "bow",
            "baselines.min_df=2 baselines.ngram_min=2",
            "set baselines.min_df to 1, lower baselines.ngram_min",
        ),
    ],
)
def test_the_keys_that_left_no_n_gram_are_named(tmp_path: Path, model: str, setting: str, fix: str) -> None:
    texts = [f"a{number} b{number}" for number in range(200)]  # no word stands in two documents
    more = ("baselines.ngram_max=2",)
    with pytest.raises(PipelineError) as error:
        perform(
            tmp_path,
            texts,
            [("a", "b")[number % 2] for number in range(200)],
            *more,
            *setting.split(),
            run_models=model,
        )
    assert error.value.fix == f"{fix}, or look at the text column"


@pytest.mark.longer
@pytest.mark.parametrize("model", ["bow", "tfidf", "nbsvm", "mean"])
def test_balanced_classes_find_more_of_a_rare_class(tmp_path: Path, model: str) -> None:
    """One document in fifteen is rare; the word that tells is missing from half of them, and in some others."""
    generator = np.random.default_rng(5)
    labels = ["rare" if number % 15 == 0 else "usual" for number in range(900)]
    telling = [generator.random() < (0.5 if label == "rare" else 0.1) for label in labels]
    texts = [
        f"{'odd' if told else 'plain'} page w{generator.integers(40)} w{generator.integers(40)}"
        for told in telling
    ]
    recall = {}
    for weights in ("none", "balanced"):
        folder = tmp_path / weights
        settings = (f"run.class_weights={weights}", "embeddings.dimension=30")
        made = perform(folder, texts, labels, *settings, run_models=model)
        (scores,) = read(made, "details/scores.json")["models"]
        recall[weights] = next(row["recall"] for row in scores["per_class"] if row["label"] == "rare")
        report = (made / "report.md").read_text(encoding="utf-8")
        assert ("every class counts the same" in report) == (weights == "balanced")
        assert read(made)["config"]["run"]["class_weights"] == weights
    assert recall["balanced"] > recall["none"] + 0.2


def test_a_document_without_an_n_gram_is_answered(tmp_path: Path) -> None:
    tested = write_films(tmp_path / "tested", ["", "never met"])
    made = perform(tmp_path, FILMS, LABELS, run_models="nbsvm,mean", corpus_test=str(tested))
    for path in (made / "predictions").iterdir():
        probabilities = pl.read_parquet(path).select("p(neg)", "p(pos)").to_numpy()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
        assert len(probabilities) == 2


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1", "balanced-accuracy", "log-loss"])
def test_strengths_are_chosen_by_what_the_run_is_judged_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    best_trial, chosen_by, graded = choice.best_trial, [], []

    def noted(tried: Sequence[Tried], n_validation: int, metric: str = "accuracy") -> Tried:
        chosen_by.append(metric)
        graded.extend(trial.validation_score is not None for trial in tried)
        return best_trial(tried, n_validation, metric)

    monkeypatch.setattr(choice, "best_trial", noted)
    models = "bow,mean"  # one of n-grams, one of vectors
    perform(tmp_path, FILMS, LABELS, run_models=models, run_metric=metric, run_side_by_side=1)
    assert chosen_by == [metric] * 2
    assert set(graded) == {metric in ("macro-f1", "balanced-accuracy")}


def test_a_grade_is_the_metric_of_the_answers_and_its_standard_error(run: Path) -> None:
    """Recalls 4 of 4 and 1 of 2: the error of their mean is half that of a share of 1/2 among two documents."""
    config = replace(load_config(run / "config.toml"), run=replace(RunSettings(), metric="balanced-accuracy"))
    material: Any = SimpleNamespace(config=config, label_names=("common", "rare"), task=CLASSIFY)
    grade = grade_by(material)
    assert grade is not None
    probabilities = np.eye(2, dtype=np.float32)[[0, 0, 0, 0, 1, 0]]
    score, error = grade(int32([0, 0, 0, 0, 1, 1]), probabilities)
    assert score == pytest.approx(0.75)
    assert error == pytest.approx(0.5 * np.sqrt(0.5 * 0.5 / 2))


def test_as_many_settings_are_announced_as_there_are_fits(tmp_path: Path) -> None:
    """Two strengths, two powers, n-grams of one or of two documents: eight fits, and no more than eight are counted."""
    announced: dict[str, int | None] = {}

    texts = [f"{text} once{number}" for number, text in enumerate(FILMS + FILMS)]
    console = Watched(lambda title, total: announced.update({title: total}))
    settings = ("baselines.nbsvm_strengths=0.1,1",)
    made = perform(tmp_path, texts, LABELS + LABELS, *settings, run_models="nbsvm", console=console)
    assert announced["Fitting nbsvm"] == 2 * 2 * 2
    assert [fit["settings_tried"] for fit in read(made, "details/fits.json")["fits"]] == [
        8 * 4
    ]  # four betas each
