"""A run on documents with several labels: what its folder holds, that its parts agree, and what it tells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import f1_score

from pipeline.api.running import run as run_pipeline
from pipeline.commands.verify import verify
from pipeline.core.errors import PipelineError
from pipeline.evaluation.scoring import score_run
from pipeline.export.table import export_model
from pipeline.models.saved.loading import load_model
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.tasks.multilabel.answers import LabelAnswers

WORDS = {"art": ("paint", "poem"), "money": ("bank", "loan"), "war": ("tank", "siege")}
FILLERS = ("the", "of", "a", "to", "in")


def documents(n: int, seed: int) -> str:
    """Return documents of fillers and a word or two of each of their labels, as JSON Lines."""
    generator, written = np.random.default_rng(seed), []
    for _ in range(n):
        labels = [name for name in WORDS if generator.random() < 0.4]
        words = [str(generator.choice(WORDS[name])) for name in labels for _ in range(2)]
        words += [str(word) for word in generator.choice(FILLERS, 6)]
        text = " ".join(generator.permutation(words).tolist())
        written.append(json.dumps({"text": text, "labels": labels}))
    return "\n".join(written) + "\n"


@pytest.fixture(scope="module")
def label_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    (folder / "train.jsonl").write_text(documents(120, 1))
    (folder / "test.jsonl").write_text(documents(40, 2))
    run_pipeline(
        folder / "train.jsonl",
        test=folder / "test.jsonl",
        task="multilabel",
        models=["majority", "tfidf", "nbsvm"],
        out=folder / "run",
    )
    return folder / "run"


def answers_of(run: Path) -> dict[str, LabelAnswers]:
    found = {entry.name: entry.predictions for entry in read_run_predictions(run)}
    return {name: one for name, one in found.items() if isinstance(one, LabelAnswers)}


def test_answers_are_kept_label_by_label(label_run: Path) -> None:
    lines = (label_run.parent / "test.jsonl").read_text().splitlines()
    expected = [[name in json.loads(line)["labels"] for name in sorted(WORDS)] for line in lines]
    for answers in answers_of(label_run).values():
        assert answers.labels.tolist() == expected


def test_scores_are_those_of_scikit_learn(label_run: Path) -> None:
    metrics, found = score_run(label_run).metrics, answers_of(label_run)
    for row in metrics.labels:
        answers = found[row.name]
        right, said = answers.labels.astype(int), answers.said.astype(int)
        assert row.micro_f1 == pytest.approx(f1_score(right, said, average="micro", zero_division=0))
        assert row.macro_f1 == pytest.approx(f1_score(right, said, average="macro", zero_division=0))
        assert row.micro_f1_ci95[0] <= row.micro_f1 <= row.micro_f1_ci95[1]
        assert row.runs[0].wrong == int((right != said).sum())
    assert [row.name for row in metrics.labels] == ["majority", "tfidf", "nbsvm"]
    assert metrics.labels[1].micro_f1 > 0.9  # the words tell the labels
    assert metrics.verdict.metric == "micro-f1"


def test_the_control_says_the_most_frequent_set_of_every_document(label_run: Path) -> None:
    said = answers_of(label_run)["majority"].said
    lines = (label_run.parent / "train.jsonl").read_text().splitlines()
    sets = [tuple(json.loads(line)["labels"]) for line in lines]
    given = tuple(np.array(sorted(WORDS))[said[0]])
    assert (said == said[0]).all()
    counts = {one: sets.count(one) for one in {*sets}}
    assert counts[given] > 0.9 * max(counts.values())  # validation documents were set aside


def test_a_saved_model_gives_the_labels_that_the_run_tested(label_run: Path) -> None:
    lines = (label_run.parent / "test.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    for name, answers in answers_of(label_run).items():
        model = load_model(label_run, name)
        probabilities = model.answer(pl.Series(texts))
        np.testing.assert_allclose(probabilities, answers.probabilities, atol=1e-5)
        assert (model.given(probabilities) == answers.said).mean() > 0.99


def test_the_run_is_verified_and_told_in_the_words_of_its_task(label_run: Path) -> None:
    assert verify(label_run).differences == ()
    report = (label_run / "report.md").read_text()
    assert "micro F1" in report
    assert "What is found, label by label" in report
    assert "right class" not in report
    config = json.loads((label_run / "metrics.json").read_text())["config"]
    assert (config["run"]["task"], config["run"]["metric"]) == ("multilabel", "micro-f1")
    sets = score_run(label_run).metrics.corpus.label_sets
    assert sets is not None
    assert sum(sets.sizes) == 160


def test_what_is_written_for_one_class_refuses_several_labels(label_run: Path, tmp_path: Path) -> None:
    for target in ("onnx", "html"):
        with pytest.raises(PipelineError, match="gives several labels"):
            export_model(label_run, target, tmp_path / f"model.{target}", "tfidf")
    export_model(label_run, "bundle", tmp_path / "model.zip", "tfidf")
    bundled = load_model(tmp_path / "model.zip")
    assert bundled.given(bundled.answer(pl.Series(["paint a tank"]))).tolist() == [[True, False, True]]


def test_settings_of_one_class_are_refused(label_run: Path) -> None:
    with pytest.raises(PipelineError, match="any number of labels for each document is asked for"):
        run_pipeline(label_run.parent / "train.jsonl", map="art=war")
