"""`verify` asks every saved model the golden texts again, all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from saved_builders import fit_and_save, seal_again

from pipeline.commands.replay import replay_models


@pytest.fixture
def run(tmp_path: Path) -> Path:
    fit_and_save(tmp_path, "tfidf")
    fit_and_save(tmp_path, "mean")
    return tmp_path


def test_models_that_answer_as_their_fits_did_agree(run: Path) -> None:
    (said,), otherwise = replay_models(run)
    assert otherwise == []
    what, _, far = said.rpartition(" is ")
    assert what == "2 saved models: golden texts asked again, the largest difference of a probability"
    assert float(far) < 1e-6


def test_a_model_that_answers_one_text_otherwise_is_named(run: Path) -> None:
    golden = run / "models" / "tfidf" / "golden.json"
    content = json.loads(golden.read_text(encoding="utf-8"))
    content["answers"][20][1] += 0.001  # one that loading does not ask
    golden.write_text(json.dumps(content), encoding="utf-8")
    seal_again(run / "models")
    _, otherwise = replay_models(run)
    named = ("models/tfidf/golden.json", "answers", "those of scikit-learn", "others, by 0.001")
    assert otherwise == [named]


def test_a_model_that_cannot_be_asked_is_named(run: Path) -> None:
    (run / "models" / "tfidf" / "weights.safetensors").write_bytes(b"")
    said, otherwise = replay_models(run)
    assert otherwise == []
    assert said[1] == (
        "models/tfidf: its golden texts could not be asked: it is not the file that tfidf/model.json names: its sha256 "
        "is another one"
    )


def test_a_run_without_models_has_nothing_to_ask(tmp_path: Path) -> None:
    assert replay_models(tmp_path) == ([], [])
