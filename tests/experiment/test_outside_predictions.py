"""Predictions made elsewhere: what is read from a file, every mistake in it, and a run that compares with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import whole_runs
from whole_runs import answering, fitting, write_films

from pipeline.core.errors import PipelineError
from pipeline.core.values import TEST, TRAIN, Corpus
from pipeline.corpus.asked.classes import ClassOptions
from pipeline.corpus.loading import read_corpus
from pipeline.experiment import conclude
from pipeline.experiment.outside import OutsideModel, check_names, read_outside, untested_records
from pipeline.run_folder.predictions import read_run_predictions

WHERE_TO_LOOK = (
    "the test documents are in the column `document` of predictions/*.parquet of a run with the same corpus, --seed"
    " and split"
)


def corpus(split: list[int], labels: tuple[int, ...] = (0, 1, 0, 1)) -> Corpus:
    """Return four documents, records 10 to 13, of the classes bad and good."""
    return Corpus(
        texts=pl.Series(["text"] * 4, dtype=pl.String),
        labels=np.array(labels, dtype=np.int32),
        label_names=("bad", "good"),
        records=np.arange(10, 14, dtype=np.int64),
        split=np.array(split, dtype=np.int8),
    )


TESTED = corpus([TEST, TRAIN, TEST, TEST])  # documents 10, 12, 13


def read(folder: Path, text: str, *folds: Corpus, name: str = "other.csv") -> OutsideModel:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_outside(str(file), folds or (TESTED,))


def refused(folder: Path, text: str, name: str = "other.csv") -> str:
    """Return the error without the folder in front of the file."""
    with pytest.raises(PipelineError) as error:
        read(folder, text, name=name)
    return str(error.value).replace(f"{folder}/", "")


# --- what is read ----------------------------------------------------------------------------------------


def test_rows_about_records_that_were_left_out_of_the_test_file_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("document,predicted\n13,good\n9,no class\n10,bad\n12,good\n", encoding="utf-8")
    found = read_outside(str(file), (TESTED,), untested={9, 11})
    assert found.passed_over == 1
    assert found.folds[0].documents.tolist() == [10, 12, 13]
    file.write_text("document,predicted\n9,good\n10,bad\n12,fine\n13,bad\n", encoding="utf-8")
    with pytest.raises(PipelineError) as error:  # the line is that of the file
        read_outside(str(file), (TESTED,), untested={9, 11})
    assert str(error.value).startswith(f'{file}:4: column `predicted` is "fine"; ')


def test_records_that_are_not_tested_are_those_of_an_official_test_part(tmp_path: Path) -> None:
    train, test = tmp_path / "a.csv", tmp_path / "b.csv"
    train.write_text("text,label\ngood,pos\nbad,neg\n", encoding="utf-8")
    test.write_text("text,label\nfine,pos\nodd,other\nlost,\npoor,neg\n", encoding="utf-8")
    asked = ClassOptions(drop=("other",))
    assert untested_records(read_corpus(train, test=test, classes=asked, allow_losses=True)) == {1, 2}
    assert untested_records(read_corpus(train)) == frozenset()


def test_records_of_the_other_parts_are_not_tested_where_a_column_says_the_parts(tmp_path: Path) -> None:
    rows = "good,pos,train\nbad,neg,train\nfine,pos,test\npoor,neg,test\n"
    file = tmp_path / "a.csv"
    file.write_text(f"text,label,split\n{rows}", encoding="utf-8")
    assert untested_records(read_corpus(file)) == {0, 1}


def test_rows_that_a_column_gives_to_another_part_are_passed_over(tmp_path: Path) -> None:
    found = read(tmp_path, "document,predicted,split\n11,bad,train\n10,bad,test\n12,bad,test\n13,good,test\n")
    assert (found.passed_over, found.folds[0].documents.tolist()) == (1, [10, 12, 13])


def test_answers_stand_in_the_order_of_the_test_documents(tmp_path: Path) -> None:
    found = read(tmp_path, "document,predicted\n13,good\n10,bad\n12,good\n")
    (fold,) = found.folds
    assert (found.name, found.hard, fold.hard) == ("other", True, True)
    assert fold.documents.tolist() == [10, 12, 13]
    assert fold.labels.tolist() == [0, 0, 1]
    assert fold.predicted.tolist() == [0, 1, 1]


def test_probabilities_written_with_few_decimals_are_brought_to_sum_1(tmp_path: Path) -> None:
    text = "document,predicted,p(bad),p(good)\n10,bad,0.66,0.33\n12,good,0.25,0.75\n13,good,0.5,0.5\n"
    (fold,) = read(tmp_path, text).folds
    assert not fold.hard
    np.testing.assert_allclose(fold.probabilities[0], [2 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(fold.probabilities[1:], [[0.25, 0.75], [0.5, 0.5]], rtol=1e-6)
    assert fold.predicted.tolist() == [0, 1, 1]  # of two equal ones the answer that was given


def test_each_fold_gets_its_documents(tmp_path: Path) -> None:
    folds = (corpus([TEST, TEST, TRAIN, TRAIN]), corpus([TRAIN, TRAIN, TEST, TEST]))
    found = read(tmp_path, "document,predicted\n10,bad\n11,bad\n12,good\n13,good\n", *folds)
    assert [fold.documents.tolist() for fold in found.folds] == [[10, 11], [12, 13]]
    assert [fold.predicted.tolist() for fold in found.folds] == [[0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("other.tsv", "document\tpredicted\n10\tbad\n12\tbad\n13\tbad\n"),
        ("other.jsonl", "".join(f'{{"document": {n}, "predicted": "bad"}}\n' for n in (10, 12, 13))),
    ],
)
def test_other_formats_are_read(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, text, name=name).folds[0].predicted.tolist() == [0, 0, 0]


# --- mistakes --------------------------------------------------------------------------------------------

MISTAKES = {
    'other.csv:1: there is no column `predicted`; the columns are "document", "answer"; give a table with the'
    " columns document and predicted": "document,answer\n10,bad\n12,bad\n13,bad\n",
    'other.csv:3: column `document` is "x12"; expected a whole number from 0; correct the row': "document,predicted\n"
    "10,bad\nx12,bad\n13,bad\n",
    'other.csv:3: column `document` is "11", which is no test document (2 rows are so); leave such rows out; '
    + WHERE_TO_LOOK: "document,predicted\n10,bad\n11,bad\n12,bad\n13,bad\n99,bad\n",
    'other.csv:5: column `document` is "10", as at other.csv:2; give one row for each document': "document,predicted"
    "\n10,bad\n12,bad\n13,bad\n10,good\n",
    "other.csv: 2 of the 3 test documents are missing: 12, 13; give a row for every one; "
    + WHERE_TO_LOOK: "document,predicted\n10,bad\n",
    'other.csv:2: column `predicted` is "Bad"; the labels are "bad", "good"; correct the 2 such rows (2, 4)': "document"
    ",predicted\n10,Bad\n12,bad\n13,\n",
    'other.csv:4: column `label` is "bad", and document 13 of the corpus has the label "good"; 1 of 3 rows differ;'
    " give predictions for this corpus and this split": "document,label,predicted\n10,bad,bad\n12,bad,bad\n"
    "13,bad,bad\n",
    "other.csv:1: column `p(worse)` is of no label; give p(bad), p(good), or none": "document,predicted,p(bad),p(good)"
    ",p(worse)\n10,bad,1,0,0\n12,bad,1,0,0\n13,bad,1,0,0\n",
    "other.csv:1: there is no column `p(good)`; give p(bad), p(good), or none": "document,predicted,p(bad)\n10,bad,1\n"
    "12,bad,1\n13,bad,1\n",
    'other.csv:3: column `p(good)` is "half"; expected a number from 0 to 1; correct the row': "document,predicted,"
    "p(bad),p(good)\n10,bad,1,0\n12,bad,0.5,half\n13,bad,1,0\n",
    'other.csv:3: column `p(good)` is "nan"; expected a number from 0 to 1; correct the row': "document,predicted,"
    "p(bad),p(good)\n10,bad,1,0\n12,bad,0.5,nan\n13,bad,1,0\n",
    "other.csv:4: the probabilities sum to 1.3, not to 1; correct the row": "document,predicted,p(bad),p(good)\n"
    "10,bad,1,0\n12,bad,1,0\n13,bad,0.9,0.4\n",
    'other.csv:2: column `predicted` is "bad"; p(good) is higher; correct the row': "document,predicted,p(bad),"
    "p(good)\n10,bad,0.4,0.6\n12,bad,1,0\n13,bad,0.9,0.1\n",
    "other.csv:3: the record has not 2 fields; correct the row": "document,predicted\n10,bad\n12,bad,good\n13,bad\n",
    'other.csv:2: column `document` is "١٠"; expected a whole number from 0; correct the row': "document,predicted\n"
    "١٠,bad\n12,bad\n13,bad\n",
    "other.csv:1: the header has the column `predicted` twice; leave one of the two out": "document,predicted,predicted"
    "\n10,bad,good\n12,bad,good\n13,bad,good\n",
}


@pytest.mark.parametrize("message", MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, message: str) -> None:
    assert refused(tmp_path, MISTAKES[message]) == message


def test_columns_of_a_file_without_lines_are_told_by_the_file(tmp_path: Path) -> None:
    pl.DataFrame({"document": [10], "answer": ["bad"]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(PipelineError) as error:
        read_outside(str(tmp_path / "other.parquet"), (TESTED,))
    assert error.value.where == str(tmp_path / "other.parquet")


def test_a_folder_and_a_missing_file_are_no_predictions(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="it is a folder; give a file of predictions"):
        read_outside(str(tmp_path), (TESTED,))
    with pytest.raises(PipelineError, match="there is no such file or folder"):
        read_outside(str(tmp_path / "none.csv"), (TESTED,))


def test_a_name_stands_for_one_model() -> None:
    check_names(["a/other.csv", "b/large.csv"], {"bow"})
    with pytest.raises(PipelineError) as error:
        check_names(["a/bow.csv.gz"], {"bow"})
    assert str(error.value) == (
        '--compare a/bow.csv.gz: "bow" is also a model of this run, and a file is named by its name without the'
        " ending; rename the file"
    )
    with pytest.raises(PipelineError) as error:
        check_names(["a/other.csv", "b/other.parquet"], {"bow"})
    assert str(error.value) == (
        '--compare b/other.parquet: a/other.csv and b/other.parquet are both called "other"; rename one of the files'
    )


# --- whole runs ------------------------------------------------------------------------------------------


def perform(folder: Path, name: str, **options: Any) -> Path:
    given = {"run_models": "bow,tfidf", "run_out": str(folder / name)} | options
    return whole_runs.perform(folder, executors=fitting(answering()), **given)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    write_films(folder, [f"{('good', 'bad')[number % 2]} film{number % 7}" for number in range(60)])
    return perform(folder, "first")


def numbers_of(first: Path) -> pl.Series:
    """Return the numbers of the test documents."""
    return pl.read_parquet(first / "predictions" / "bow.s0.f0.parquet")["document"]


def write_answers(path: Path, documents: Iterable[int]) -> str:
    """Write one answer for all documents, and return where."""
    pl.DataFrame({"document": documents, "predicted": "pos"}).write_csv(path)
    return str(path)


def test_predictions_of_another_run_are_taken_as_they_are(first: Path) -> None:
    run = perform(first.parent, "parquet", run_compare=[str(first / "predictions" / "bow.s0.f0.parquet")])
    saved = {entry.name: entry.predictions for entry in read_run_predictions(run)}
    np.testing.assert_array_equal(saved["bow.s0.f0"].probabilities, saved["bow"].probabilities)
    rows = {row["name"]: row for row in whole_runs.read(run)["results"]}
    scores = ("accuracy", "macro_f1", "log_loss", "ece")
    assert [rows["bow.s0.f0"][key] for key in scores] == [rows["bow"][key] for key in scores]


def test_answers_alone_are_compared_and_have_no_log_loss(first: Path) -> None:
    documents = numbers_of(first)
    other = write_answers(first.parent / "large@model.csv", documents)
    run = perform(first.parent, "answers", run_compare=[other])
    metrics = whole_runs.read(run)
    (row,) = [row for row in metrics["results"] if row["kind"] == "outside"]
    right = sum(number % 2 == 0 for number in documents)
    assert row["accuracy"] == pytest.approx(right / len(documents))
    assert (row["log_loss"], row["ece"], row["parameters"]) == (None, None, None)
    (summed,) = [row for row in metrics["summary"] if row["kind"] == "outside"]
    assert (summed["name"], summed["embedding"], summed["log_loss"]) == ("large@model", None, None)
    pairs = [(row["a"], row["b"]) for row in metrics["comparisons"]]
    own = [row for row in metrics["results"] if row["kind"] != "outside"]
    best = max(own, key=lambda row: row["validation_accuracy"])["name"]
    assert pairs == [("tfidf", "bow"), ("large@model", best)]
    assert [row["name"] for row in metrics["timing"]] == ["bow", "tfidf"]
    (saved,) = [entry for entry in read_run_predictions(run) if entry.name == "large@model"]
    assert saved.predictions.hard
    assert any("labels alone" in text for text in metrics["warnings"])
    assert "not trained in this run" in (run / "report.md").read_text(encoding="utf-8")
    status = whole_runs.read(run, "details/status.json")
    assert sorted(status["finished"]) == sorted(status["planned"])


def test_a_file_that_is_called_as_a_model_shows_no_cause(first: Path) -> None:
    other = first.parent / "mean@word2vec.parquet"
    other.write_bytes((first / "predictions" / "bow.s0.f0.parquet").read_bytes())
    metrics = whole_runs.read(perform(first.parent, "named", run_compare=[str(other)], run_models="tfidf"))
    assert [(row["a"], row["b"]) for row in metrics["comparisons"]] == [("mean@word2vec", "tfidf")]
    assert {row["a"] for row in metrics["causes"]} == {None}
    assert metrics["gains"] == []


@pytest.mark.parametrize("name", ["bert@v2", "a:max@glove"])
def test_a_name_with_signs_of_our_own_names_is_kept_whole(first: Path, name: str) -> None:
    """Beside a network on two sources, so that every table of networks and sources is drawn."""
    other = write_answers(first.parent / f"{name}.csv", numbers_of(first))
    options = {"run_models": "bow,ann", "run_embeddings": "random,learned"}
    run = perform(first.parent, name, run_compare=[other], **options)
    metrics = whole_runs.read(run)
    for table in ("results", "summary"):
        (row,) = [row for row in metrics[table] if row["kind"] == "outside"]
        assert (row["name"], row["model"], row["embedding"]) == (name, "outside", None)
        assert f"|model:{name}|" in row["signature"]
    assert {row["a"] for row in metrics["comparisons"] if name in (row["a"], row["b"])} == {name}
    assert [row["model"] for row in metrics["gains"]] == ["ann"]
    assert name not in [side for row in metrics["causes"] for side in (row["a"], row["b"])]
    report = (run / "report.md").read_text(encoding="utf-8")
    model, _, source = name.partition("@")
    tables = re.findall(r"^\| Source .*\n(?:\|.*\n)+", report, re.MULTILINE)
    (table,) = [one for one in tables if one.splitlines()[0].replace(" ", "") == "|Source|ann|"]
    assert {line.split("|")[1].strip() for line in table.splitlines()[2:]} == {"random", "learned"}
    for line in report.splitlines():
        cells = [cell.strip(" `*") for cell in line.split("|")]
        assert model not in cells, line
        assert source not in cells, line


def test_a_stop_while_the_report_is_drawn_counts_no_fit_twice(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_answers(first.parent / "stopped.csv", numbers_of(first))
    scored, calls = conclude.score_run, iter([True])

    def stop_once(run: Path) -> object:
        if next(calls, False):
            raise KeyboardInterrupt
        return scored(run)

    monkeypatch.setattr(conclude, "score_run", stop_once)
    with pytest.raises(KeyboardInterrupt):
        perform(first.parent, "drawing", run_compare=[other])
    status = whole_runs.read(first.parent / "drawing", "details/status.json")
    assert sorted(status["finished"]) == sorted(status["planned"]) == ["bow", "stopped", "tfidf"]


def test_folds_are_compared_over_the_whole_corpus(first: Path) -> None:
    other = first.parent / "folded.csv"
    answers = [("pos", "neg")[number % 2] for number in range(60)]
    pl.DataFrame({"document": range(60), "predicted": answers}).write_csv(other)
    run = perform(first.parent, "folds", run_compare=[str(other)], corpus_folds=2, run_models="bow")
    (summed,) = [row for row in whole_runs.read(run)["summary"] if row["kind"] == "outside"]
    assert (summed["runs"], summed["accuracy"]) == (2, 1.0)


def test_a_mistake_leaves_no_run_folder(first: Path) -> None:
    other = first.parent / "wrong.csv"
    other.write_text("document,predicted\n0,pos\n", encoding="utf-8")
    with pytest.raises(PipelineError, match=r"wrong\.csv"):
        perform(first.parent, "never", run_compare=[str(other)])
    assert not (first.parent / "never").exists()
