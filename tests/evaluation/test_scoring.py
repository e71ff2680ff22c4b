"""What is computed from a run folder as a whole: who takes part in what."""

from __future__ import annotations

import json
from pathlib import Path

from run_builders import SKILLS, write_run

from pipeline.evaluation.scoring import score_run
from pipeline.run_folder.names import COMPUTED


def test_the_computed_files_are_those_that_have_no_receipt(tmp_path: Path) -> None:
    assert tuple(score_run(write_run(tmp_path / "run", drawn=False)).files) == COMPUTED


def test_a_file_of_predictions_that_is_called_like_a_model_shows_no_cause(tmp_path: Path) -> None:
    """`mean` minus `tfidf` would be the representation, if this `mean` were a model of the run."""
    metrics = score_run(write_run(tmp_path / "run", outside=("mean",), drawn=False)).metrics
    assert ("mean", "tfidf") in [(row.a, row.b) for row in metrics.comparisons]
    assert [row.cause for row in metrics.causes if row.a is not None] == []


def test_a_network_that_did_not_train_has_lost_no_comparison(tmp_path: Path) -> None:
    skills = SKILLS | {"lstm@word2vec": -4.0, "lstm@random": 2.0}
    metrics = score_run(
        write_run(tmp_path / "run", skills, untrained=("lstm@word2vec",), drawn=False)
    ).metrics
    decisions = {(row.a, row.b): row.decision for row in metrics.comparisons}
    assert {decisions[pair] for pair in decisions if "lstm@word2vec" in pair} == {"withheld"}
    assert "withheld" not in {decisions[pair] for pair in decisions if "lstm@word2vec" not in pair}
    assert metrics.verdict.a == "lstm@random"  # the better one on validation documents
    assert metrics.verdict.decision != "withheld"


def test_with_folds_no_document_that_is_tested_chooses_for_its_fold(tmp_path: Path) -> None:
    """In fold 1 its own validation documents prefer rnn; the mean over both would have taken lstm."""
    skills = {"bow": 1.0, "tfidf": 2.0, "lstm@word2vec": 2.0, "rnn@word2vec": 1.0}
    run = write_run(tmp_path / "run", skills, n_folds=2, outside=("other",), drawn=False)
    file = run / "details" / "fits.json"
    made = json.loads(file.read_text(encoding="utf-8"))
    for fit in made["fits"]:
        if (fit["name"], fit["fold"]) == ("rnn@word2vec", 1):
            fit["validation_accuracy"] = 0.75  # lstm has 0.7 in both folds, rnn 0.6 in the other one
    file.write_text(json.dumps(made), encoding="utf-8")
    metrics = score_run(run).metrics
    chosen = "lstm@word2vec in 1 fold, rnn@word2vec in 1"
    assert metrics.verdict.a == chosen
    pairs = [(row.a, row.b, row.family) for row in metrics.comparisons]
    assert pairs[:2] == [(chosen, "bow", "verdict"), (chosen, "tfidf", "verdict")]
    assert {b for a, b, _ in pairs if a == "rnn@word2vec"} == {"bow", "tfidf"}  # no baseline is chosen either
    assert [b for a, b, _ in pairs if a == "other"] == [chosen, "bow", "tfidf"]
    assert metrics.cheapest.best is None
    assert {entry.a for entry in metrics.slices} == {chosen}
    assert chosen not in {row.name for row in (*metrics.results, *metrics.summary)}


def test_answers_alone_are_said_not_to_be_compared_by_log_loss(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", outside=("bert@v2",), drawn=False)
    said = (
        "bert@v2 gives answers without probabilities: it has no log-loss, and is compared with no model"
        " [no-probabilities]"
    )
    assert said not in score_run(run).metrics.warnings
    file = run / "config.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('metric = "accuracy"', 'metric = "log-loss"'), encoding="utf-8")
    metrics = score_run(run).metrics
    assert metrics.verdict.metric == "log-loss"
    assert "bert@v2" not in {name for row in metrics.comparisons for name in (row.a, row.b)}
    assert said in metrics.warnings
