"""A run on words with tags: what its folder holds, that its parts agree, and that each task is whole."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.api.model import load_model
from pipeline.api.running import run as run_pipeline
from pipeline.api.tagger import Tagger
from pipeline.commands.verify import verify
from pipeline.core.tasks import TASKS as FACTS
from pipeline.corpus.by_settings import READ
from pipeline.evaluation.scoring import score_run
from pipeline.experiment.fits_of_task import FITS
from pipeline.report.words.task import TASKS as WORDS
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.tasks.table import TASKS
from pipeline.tasks.tag.scores import score

NAMES, VERBS = ("Ida", "Bo", "Kim", "Lea", "Max"), ("runs", "sings", "sleeps", "waits")


def sentences(n: int, seed: int) -> str:
    """Return sentences of a name of one word or two, a verb, and now and then the name as a verb's object."""
    generator, written = np.random.default_rng(seed), []
    for _ in range(n):
        rows = [f"{generator.choice(NAMES)} NNP B-PER"]
        rows += [f"{generator.choice(NAMES)} NNP I-PER"] * int(generator.integers(2))
        rows += [
            f"{generator.choice(VERBS)} VBZ O",
            f"{generator.choice(['there', 'here', 'Bonn'])} RB O",
            ". . O",
        ]
        written.append("\n".join(rows))
    return "\n\n".join(written) + "\n"


@pytest.fixture(scope="module")
def tag_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tags")
    (folder / "train.conll").write_text(sentences(60, 1))
    (folder / "test.conll").write_text(sentences(20, 2))
    run_pipeline(
        folder / "train.conll",
        test=folder / "test.conll",
        models=["most-frequent", "window"],
        out=folder / "run",
    )
    return folder / "run"


def test_each_table_of_tasks_has_all_of_them() -> None:
    names = ["classify", "tag", "multilabel", "generate"]
    assert [list(table) for table in (FACTS, TASKS, READ, FITS, WORDS)] == [names] * 5


def test_answers_are_kept_word_by_word(tag_run: Path) -> None:
    first, second = (entry.predictions for entry in read_run_predictions(tag_run))
    assert first.documents.tolist() == list(range(20))
    assert (first.labels.tolist(), first.offsets.tolist()) == (
        second.labels.tolist(),
        second.offsets.tolist(),
    )
    text = (tag_run.parent / "test.conll").read_text()
    tags = [line.split()[2] for line in text.splitlines() if line]
    assert [first.names[tag] for tag in first.labels] == tags


def test_scores_are_those_of_the_answers(tag_run: Path) -> None:
    metrics = score_run(tag_run).metrics
    expected = {entry.name: score(entry.predictions) for entry in read_run_predictions(tag_run)}
    for row in metrics.spans:
        assert row.f1 == pytest.approx(expected[row.name].f1)
        assert row.f1_ci95[0] <= row.f1 <= row.f1_ci95[1]
    for summary in metrics.summary:
        assert summary.accuracy == pytest.approx(expected[summary.name].accuracy)
    assert metrics.verdict.metric == "span-f1"
    assert metrics.corpus.tested == 20
    assert metrics.spans[1].f1 > metrics.spans[0].f1  # who reads the word before knows where a name goes on


def test_the_run_is_verified_and_told_in_the_words_of_its_task(tag_run: Path) -> None:
    assert verify(tag_run).differences == ()
    report = (tag_run / "report.md").read_text()
    assert "Span F1" in report
    assert "reaches span F1" in report
    assert "right class" not in report
    config = json.loads((tag_run / "metrics.json").read_text())["config"]
    assert (config["run"]["task"], config["run"]["metric"]) == ("tag", "span-f1")


def test_tags_that_make_no_spans_are_judged_by_words(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text(sentences(60, 1))
    (tmp_path / "test.conll").write_text(sentences(20, 2))
    files = {"test": tmp_path / "test.conll", "models": ["most-frequent"], "tags": "2"}
    run_pipeline(tmp_path / "train.conll", out=tmp_path / "run", **files)
    metrics = score_run(tmp_path / "run").metrics
    (saved,) = (entry.predictions for entry in read_run_predictions(tmp_path / "run"))
    (row,) = metrics.spans
    assert metrics.verdict.metric == "token-accuracy"
    assert row.runs[0].words_wrong == int((saved.predicted != saved.labels).sum())
    assert row.token_accuracy_ci95[0] <= row.token_accuracy <= row.token_accuracy_ci95[1]
    report = (tmp_path / "run" / "report.md").read_text()
    assert "Words of 100 that have the right tag in test sentences" in report
    run_pipeline(tmp_path / "train.conll", out=tmp_path / "spans", metric="span-f1", **files)
    assert score_run(tmp_path / "spans").metrics.verdict.metric == "span-f1"  # where it is asked for


@pytest.mark.longer
def test_networks_that_read_letters_are_refitted_kept_and_answer_again(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text(sentences(60, 1))
    (tmp_path / "test.conll").write_text(sentences(20, 2))
    result = run_pipeline(
        tmp_path / "train.conll",
        test=tmp_path / "test.conll",
        models=["window", "gru:crf"],
        embeddings=["random+chars"],
        seeds=2,
        refit=True,
        settings={"networks.units": 4, "networks.max_epochs": 1},
        out=tmp_path / "run",
    )
    assert result.models == ("gru:crf@random+chars", "window")
    verified = verify(tmp_path / "run")
    assert verified.differences == ()
    assert any("3 saved models: golden texts asked again" in line for line in verified.checked)
    name = "gru:crf@random+chars"
    entries = {(one.name, one.seed): one.predictions for one in read_run_predictions(tmp_path / "run")}
    words = [line.split()[0] for line in (tmp_path / "test.conll").read_text().splitlines() if line]
    starts = entries[name, 0].offsets.tolist()
    given = [words[start:end] for start, end in pairwise(starts)]
    for seed in (0, 1):
        tagger = load_model(tmp_path / "run", name, seed=seed)
        assert isinstance(tagger, Tagger)
        shares = np.concatenate(tagger.predict_proba(given))
        np.testing.assert_allclose(shares, entries[name, seed].probabilities, atol=1e-5)
    assert not np.allclose(entries[name, 0].probabilities, entries[name, 1].probabilities)
