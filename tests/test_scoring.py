"""What is computed from a run folder as a whole: who takes part in what."""

from __future__ import annotations

from pathlib import Path

from run_builders import SKILLS, write_run

from pipeline.scoring import COMPUTED, score_run


def test_the_computed_files_are_those_that_have_no_receipt(tmp_path: Path) -> None:
    assert tuple(score_run(write_run(tmp_path / "run", drawn=False)).files) == COMPUTED


def test_a_file_of_predictions_that_is_called_like_a_model_shows_no_cause(tmp_path: Path) -> None:
    """`mean` minus `tfidf` would be the representation, if this `mean` were a model of the run."""
    metrics = score_run(write_run(tmp_path / "run", outside=("mean",), drawn=False)).metrics
    assert ("mean", "tfidf") in [(row["a"], row["b"]) for row in metrics["comparisons"]]
    assert [row["cause"] for row in metrics["causes"] if row["a"] is not None] == []


def test_a_network_that_did_not_train_has_lost_no_comparison(tmp_path: Path) -> None:
    skills = SKILLS | {"lstm@word2vec": -4.0, "lstm@random": 2.0}
    metrics = score_run(
        write_run(tmp_path / "run", skills, untrained=("lstm@word2vec",), drawn=False)
    ).metrics
    decisions = {(row["a"], row["b"]): row["decision"] for row in metrics["comparisons"]}
    assert {decisions[pair] for pair in decisions if "lstm@word2vec" in pair} == {"withheld"}
    assert "withheld" not in {decisions[pair] for pair in decisions if "lstm@word2vec" not in pair}
    assert metrics["verdict"]["a"] == "lstm@random"  # the better one on validation documents
    assert metrics["verdict"]["decision"] != "withheld"
