"""`diff` names the documents whose answer changed, and says whether chance explains them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import int32

from pipeline.cli import main
from pipeline.commands.diff import compare_runs
from pipeline.core.errors import PipelineError
from pipeline.run_folder.predictions import prediction_path, write_predictions
from pipeline.tasks.answers import Predictions

NAMES = ("bad", "good")


def save(
    run: Path,
    name: str,
    seed: int,
    answers: str,
    labels: str = "01010101",
    fold: int = 0,
    first: int = 0,
    corpus: str = "a" * 64,
) -> None:
    """Write what one fit answered: a digit a document, which is sure of itself."""
    chosen = int32([int(digit) for digit in answers])
    probabilities = np.where(np.arange(2) == chosen[:, None], 0.9, 0.1).astype(np.float32)
    documents = np.arange(first, first + len(answers))
    predictions = Predictions(documents, int32([int(digit) for digit in labels]), probabilities)
    path = prediction_path(run, name, seed, fold)
    write_predictions(path, predictions, NAMES, name=name, seed=seed, fold=fold, corpus_hash=corpus)


def test_a_linear_model_changed_for_a_reason(tmp_path: Path) -> None:
    save(tmp_path / "a", "tfidf", 0, "01010000")
    save(tmp_path / "b", "tfidf", 0, "01011101")
    save(tmp_path / "a", "bow", 0, "01010101")
    save(tmp_path / "b", "nbsvm", 0, "01010101")
    found = compare_runs(tmp_path / "a", tmp_path / "b")
    assert found.in_words() == (
        "tfidf: 3 of 8 documents changed the answer (37.5 %)\n"
        "  wrong to right 2, right to wrong 1, wrong to wrong 0\n"
        "  there is no chance in its fit: what changed is due to settings, word vectors or versions\n"
        "  document 4: bad > good (label bad)\n"
        "  document 5: bad > good (label good)\n"
        "  document 7: bad > good (label good)\n"
        "Only in run A: bow.\n"
        "Only in run B: nbsvm."
    )


NETWORK = "lstm@word2vec"


def test_seeds_of_a_network_vote_and_their_noise_is_told(tmp_path: Path) -> None:
    for seed, answers in enumerate(("01010101", "01010100", "01010101")):
        save(tmp_path / "a", NETWORK, seed, answers)
    for seed, answers in enumerate(("01010100", "01010100", "01010101")):
        save(tmp_path / "b", NETWORK, seed, answers)
    words = compare_runs(tmp_path / "a", tmp_path / "b").in_words()
    assert words.startswith(
        "lstm@word2vec (3 and 3 seeds): 1 of 8 documents changed the answer (12.5 %)\n"
        "  wrong to right 0, right to wrong 1, wrong to wrong 0\n"
        "  too few seeds to tell it from their noise: two seeds differ on 6.9 % of the documents across the runs, on"
        " 8.3 % within a run (p = 1); run with --seeds 4 or more\n"
        "  document 7: good > bad (label good)"
    )


def test_four_seeds_that_all_changed_are_more_than_noise(tmp_path: Path) -> None:
    for seed in range(4):
        save(tmp_path / "a", NETWORK, seed, "0101010" + str(seed % 2))
        save(tmp_path / "b", NETWORK, seed, "1010101" + str(seed % 2))
    words = compare_runs(tmp_path / "a", tmp_path / "b").in_words()
    assert (
        "\n  more than the noise of seeds: two seeds differ on 93.8 % of the documents across the runs, on"
        in words
    )
    assert " 8.3 % within a run (p = 0.029)\n" in words
    assert words.endswith("\n  and 2 more; --out FILE.csv has all of them")


def test_a_single_seed_tells_nothing(tmp_path: Path) -> None:
    for run in ("a", "b"):
        save(tmp_path / run, NETWORK, 0, "01010101")
    assert compare_runs(tmp_path / "a", tmp_path / "b").in_words() == (
        "lstm@word2vec (1 and 1 seed): 0 of 8 documents changed the answer (0.0 %)\n"
        "  one seed in each run: nothing tells what another seed would have changed; run with --seeds 4"
    )


def test_the_file_has_a_row_for_each_changed_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for fold in (0, 1):
        save(tmp_path / "a", NETWORK, 0, "0101", "0101", fold, first=4 * fold)
        save(tmp_path / "b", NETWORK, 0, "0111" if fold else "0101", "0101", fold, first=4 * fold)
    with pytest.raises(SystemExit) as ended:
        main(["diff", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "changed.csv")])
    assert ended.value.code == 0
    assert "1 of 8 documents changed the answer (12.5 %)" in capsys.readouterr().out
    assert pl.read_csv(tmp_path / "changed.csv").rows() == [(NETWORK, 6, "bad", "bad", "good", 1, 1)]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    save(tmp_path / "a", NETWORK, 0, "0101", "0101")
    (tmp_path / "b.zip").write_bytes(b"mine")
    with pytest.raises(PipelineError, match=r"there is a file .*b\.zip already; name another one"):
        compare_runs(tmp_path / "a", tmp_path / "a").write(tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"mine"


def test_runs_that_cannot_be_compared_are_refused_by_name(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    save(a, "tfidf", 0, "01010101")
    b.mkdir()
    refused = {
        "empty": f"{b}: there are no predictions in it; give the folder of a run that has ended, such as reports/NAME",
        "other": f"{b}: no model of it is in {a}, which has tfidf; it has bow; compare two runs that share a model",
        "corpus": f"{b}: it is a run on other documents or labels than {a} (corpora aaaaaaaa and bbbbbbbb); compare "
        "two runs on the same corpus",
        "split": f"{b}: tfidf was tested on 8 documents there and on 8 in {a}; 6 are in both; compare runs of the same "
        "split: the same --seed, --folds and --limit",
    }
    said = {}
    for name in refused:
        for file in b.rglob("*.parquet"):
            file.unlink()
        if name != "empty":
            corpus = ("b" if name == "corpus" else "a") * 64
            save(
                b,
                "bow" if name == "other" else "tfidf",
                0,
                "0" * 8,
                first=2 * (name == "split"),
                corpus=corpus,
            )
        with pytest.raises(PipelineError) as error:
            compare_runs(a, b)
        said[name] = str(error.value)
    assert said == refused
