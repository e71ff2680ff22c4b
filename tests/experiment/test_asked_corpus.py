"""A run on a corpus of which classes were asked for: its receipts say so, and its answers keep the records' numbers."""

from __future__ import annotations

from pathlib import Path

from whole_runs import perform, read, write_films

from pipeline.commands.verify import verify
from pipeline.core.console import Console
from pipeline.run_folder.predictions import read_run_predictions


def test_ledger_settings_and_answers_follow_what_was_asked(tmp_path: Path) -> None:
    write_films(tmp_path, [f"film number{n}" for n in range(60)], [str(n % 5 + 1) for n in range(60)])
    test = write_films(
        tmp_path / "test", ["one film", "two films", "three films", "four", "five"], [*"94382"]
    )
    other = tmp_path / "other.csv"
    other.write_text("document,predicted\n0,good\n1,good\n3,bad\n4,bad\n", encoding="utf-8")
    run = perform(
        tmp_path,
        run_models="majority",
        corpus_test=str(test),
        corpus_class_map="4,5=good;1,2=bad;3=",
        corpus_only_known_classes=True,
        run_compare=[str(other)],
    )
    corpus = read(run)["corpus"]
    assert corpus["classes"] == {"bad": 25, "good": 25}
    assert [(row["reason"], row["count"], row["rows"][:3]) for row in corpus["dropped"]] == [
        ('of class "3" (--map)', 12, [2, 7, 12]),
        ('of class "3" (--map)', 1, [2]),
        ("of a class that training does not have (--only-known-classes)", 2, [0, 3]),
    ]
    asked = read(run)["config"]["corpus"]
    assert (asked["class_map"], asked["only_known_classes"]) == ("4,5=good;1,2=bad;3=", True)
    assert {entry.name: entry.predictions.documents.tolist() for entry in read_run_predictions(run)} == {
        "majority": [1, 4],
        "other": [1, 4],
    }
    assert not verify(run).differences


def test_a_model_that_says_one_class_alone_is_told_on_the_console(tmp_path: Path) -> None:
    write_films(
        tmp_path,
        [f"a film of number {n}" for n in range(80)],
        ["rare" if n % 10 == 3 else "usual" for n in range(80)],
    )
    told: list[str] = []
    console = Console(silent=True)
    console.warn = told.append  # type: ignore[method-assign]
    run = perform(tmp_path, run_models="tfidf", console=console)
    sentence = (
        'tfidf always answers "usual", whatever a document says: right on 14 of 16 answers, and never on another '
        "class [always-one-answer]"
    )
    assert sentence in told
    assert sentence in read(run)["warnings"]
    assert sentence.partition(" [")[0] in (run / "report.md").read_text(encoding="utf-8")


def test_a_limit_is_in_the_ledger_of_a_run_with_folds(tmp_path: Path) -> None:
    write_films(
        tmp_path, [f"film number{n}" for n in range(90)], [("pos", "neg", "odd")[n % 3] for n in range(90)]
    )
    run = perform(
        tmp_path, run_models="majority", corpus_drop_classes=["odd"], corpus_limit=24, corpus_folds=3
    )
    corpus = read(run)["corpus"]
    assert corpus["classes"] == {"neg": 12, "pos": 12}
    assert [(row["reason"], row["count"]) for row in corpus["dropped"]] == [
        ('of class "odd" (--drop-class)', 30),
        ("not in the sample", 36),
    ]
    tested = sorted(
        document for entry in read_run_predictions(run) for document in entry.predictions.documents.tolist()
    )
    assert len(tested) == len({*tested}) == 24
    assert all(document % 3 < 2 for document in tested)
