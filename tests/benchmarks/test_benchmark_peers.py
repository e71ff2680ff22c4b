"""The peers of the benchmarks and what they are compared with, on tiny corpora of our own.

`EMBEDSEQ_PEER_PYTHON` names the Python that has the peer packages, if it is not this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from test_benchmark_cases import write_corpus

from benchmarks import by_hand, fasttext_bigrams, imdb_memory, imdb_whole, lstm_step
from benchmarks.__main__ import main
from benchmarks.imdb import TEST, TRAIN
from benchmarks.pipeline_run import MeasuredRun
from benchmarks.results_file import read_result
from benchmarks.sides import Options

PEER_PYTHON = os.environ.get("EMBEDSEQ_PEER_PYTHON")


def peer_options(package: str) -> list[str]:
    """Return the option that names the Python with a package; skip the test if there is none."""
    if PEER_PYTHON and not subprocess.run([PEER_PYTHON, "-c", f"import {package}"], check=False).returncode:
        return ["--peer-python", PEER_PYTHON]
    if find_spec(package) is None:
        pytest.skip(
            f"the peer package {package} is not installed (EMBEDSEQ_PEER_PYTHON names a Python with it)"
        )
    return []


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    write_corpus(tmp_path, TRAIN, TEST)
    return tmp_path


@pytest.mark.longer
def test_the_floor_is_exactly_the_products_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(lstm_step, "TOKENS", 3)
    shapes: list[tuple[int, ...]] = []
    multiply = tf.matmul

    def noted(left: Any, right: Any, *, transpose_a: bool = False, transpose_b: bool = False) -> Any:
        product = multiply(left, right, transpose_a=transpose_a, transpose_b=transpose_b)
        shapes.append((product.shape[0], left.shape[0 if transpose_a else 1], product.shape[1]))
        return product

    monkeypatch.setattr(tf, "matmul", noted)
    assert lstm_step.matrix_products()().shape == (2 + 3 * 3,)
    # 64 documents of 3 tokens, 300 dimensions, 128 units: rows, inner dimension, columns of each product
    forward, back_to_states, of_weights = (64, 128, 512), (64, 512, 128), (128, 64, 512)
    assert shapes == [(192, 300, 512), *[forward] * 3, *[back_to_states, of_weights] * 3, (300, 192, 512)]


def test_a_step_beside_torch(tmp_path: Path) -> None:
    out = tmp_path / "lstm_step.json"
    assert main(["lstm_step", "--documents", "1", "--out", str(out), *peer_options("torch")]) == 0
    result = read_result(out)
    runs = result["details"]["runs"]
    assert [len(runs["torch"][0]["seconds"]), len(runs["embedseq"][0]["floor"])] == [2, 2]
    assert list(result["environment"]["peers"]) == ["torch"]


def test_tfidf_beside_fasttext(corpora: Path) -> None:
    out = corpora / "fasttext.json"
    arguments = f"fasttext --corpora {corpora} --repeats 1 --documents 24 --out {out}".split()
    assert main([*arguments, *peer_options("fasttext")]) == 0
    result = read_result(out)
    assert result["details"]["runs"]["fasttext"][0]["documents"] == 24
    assert {metric["id"]: metric["value"] for metric in result["metrics"]}["accuracy"] == 100.0
    assert str(corpora) not in out.read_text(encoding="utf-8")


def test_seconds_from_text_leave_reading_out() -> None:
    stages = [("Reading CORPORA/a.parquet", 4.0), ("Tokenising", 1.0), ("Fitting tfidf", 2.5)]
    metrics = {"stages": [{"stage": stage, "seconds": seconds} for stage, seconds in stages]}
    assert fasttext_bigrams.seconds_from_text(metrics) == 3.5


def test_a_missing_peer_script_package_names_the_way_out(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("benchmarks.__main__._peer_versions", lambda scenario, options: {"torch": None})
    assert main(["lstm_step"]) == 2
    assert capsys.readouterr().err == (
        "benchmarks lstm_step: the peer package torch is not installed; run `pip install torch`, or name a Python "
        "that has it with --peer-python\n"
    )


@pytest.mark.longer
def test_the_script_by_hand_does_all_four_models(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "MAX_TOKENS", 6)
    monkeypatch.setattr(by_hand, "EPOCHS", 1)
    answer = by_hand.run_by_hand(Options(corpora))
    assert tuple(answer["accuracies"]) == imdb_whole.MODELS
    assert answer["accuracies"]["bow"] == answer["accuracies"]["tfidf"] == 1.0
    assert all(0.0 <= accuracy <= 1.0 for accuracy in answer["accuracies"].values())
    assert list(answer["seconds"]) == ["read", "bow", "tfidf", "words", "word2vec", "rows", "rnn", "lstm"]


def test_an_accuracy_in_float32_becomes_exact() -> None:
    assert by_hand.exact_share(0.8333333134651184, 30) == 25 / 30  # float32(25 / 30)


@pytest.mark.longer
def test_rows_by_hand_are_cut_padded_and_know_unknown_words(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr(by_hand, "MAX_TOKENS", 3)
    words = by_hand.Table({"film": 2, "good": 3}, np.zeros((4, 1), np.float32))
    rows = by_hand.rows_by_hand([["good", "film"], ["a", "good", "good", "film"]], words)
    assert rows.tolist() == [[3, 2, 0], [1, 3, 3]]


def test_both_whole_runs_have_the_same_sizes() -> None:
    given = " ".join(imdb_whole.ARGUMENTS)
    assert given == (
        "--models bow,tfidf,rnn,lstm --seeds 1 --no-cache --set word2vec.vector_size=100 "
        "--set word2vec.algorithm=cbow --set word2vec.min_count=5 --set word2vec.epochs=5 --set networks.units=64 "
        "--set networks.batch_size=64 --set networks.max_tokens=400 --set networks.max_epochs=3 "
        "--set networks.patience=3"
    )


def whole_run(arguments: Any, corpora: Any) -> MeasuredRun:
    accuracies = {"bow": 0.9, "tfidf": 0.91, "rnn": 0.6, "lstm": 0.88}
    results = [{"model": model, "accuracy": accuracy} for model, accuracy in accuracies.items()]
    return MeasuredRun(10.0, 2000.0, {"results": results, "timing": [], "stages": [], "total_seconds": 9.0})


def test_whole_runs_are_compared_row_by_row(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {"bow": 0.89, "tfidf": 0.915, "rnn": 0.56, "lstm": 0.86}
    monkeypatch.setattr(imdb_whole, "run_pipeline", whole_run)
    monkeypatch.setattr(
        imdb_whole, "_run_by_hand", lambda options: {"seconds": 35.0, "accuracies": theirs, "steps": {}}
    )
    values = {metric.id: metric for metric in imdb_whole.measure(Options(corpora)).metrics}
    assert values["times_as_fast"].value == 3.5
    gains = [values[f"accuracy_gain_{model}"].value for model in ("bow", "tfidf", "rnn", "lstm")]
    assert gains == pytest.approx([1.0, -0.5, 4.0, 2.0])  # 90 - 89, 91 - 91.5, 60 - 56, 88 - 86
    assert all(values[f"accuracy_gain_{model}"].target == 0.0 for model in theirs)


def test_memory_is_told_in_gigabytes(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imdb_memory, "run_pipeline", whole_run)
    peak = imdb_memory.measure(Options(corpora)).metrics[0]
    assert (peak.unit, peak.target) == ("GB", 2.5)
    assert peak.value == pytest.approx(2.097152)  # 2,000 MiB of 1,048,576 bytes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["imdb_whole", "imdb_memory"])
def test_whole_runs_work_on_a_slice(name: str, corpora: Path) -> None:
    out = corpora / "result.json"
    command = [sys.executable, "-m", "benchmarks", name, "--corpora", str(corpora), "--out", str(out)]
    subprocess.run([*command, "--documents", "24"], check=True, cwd=Path(__file__).parents[2])
    assert read_result(out)["metrics"][0]["value"] > 0
