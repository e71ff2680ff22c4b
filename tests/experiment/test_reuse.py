"""How many verdicts there were on the same test documents: what counts as one, and that none is lost."""

from __future__ import annotations

import multiprocessing
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_builders import make_corpus
from filled import typed
from report_builders import build_run
from whole_runs import answering, perform_planted, read

from pipeline.commands.verify import verify
from pipeline.core.files import plain
from pipeline.experiment.reuse import (
    FILE,
    Look,
    count_verdict,
    counted,
    hash_of_tests,
    read_looks,
    settings_hash,
)
from pipeline.report import summarise
from pipeline.report.sections.circumstances import reuse_sentence
from pipeline.run_folder.metrics.corpus import CorpusRead, Reuse
from pipeline.run_folder.reading import read_run
from pipeline.settings.tables import Config, deciding, with_values

LOOK = Look("run 1", "2026-01-02T10:00:00+00:00", "tests a", "settings a")
CORPUS = typed(CorpusRead, {})


def looks(*rows: tuple[str, str, str]) -> list[Look]:
    """Return looks by run, test documents, settings; one a day."""
    return [
        Look(run, f"2026-01-{day:02}T00:00:00+00:00", tests, settings)
        for day, (run, tests, settings) in enumerate(rows, start=1)
    ]


# --- what counts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "verdicts", "runs", "repeated"),
    [
        ([("1", "a", "x")], 1, 1, False),
        ([("1", "a", "x"), ("2", "a", "y")], 2, 2, False),
        ([("1", "b", "x"), ("2", "a", "y")], 1, 1, False),  # other test documents
        ([("1", "a", "x"), ("2", "a", "x")], 1, 2, True),  # the same settings again are no other look
        ([("1", "a", "x"), ("2", "a", "y"), ("3", "a", "x")], 2, 3, True),
        ([("1", "a", "x"), ("1", "a", "x")], 1, 1, False),  # one run that was concluded twice
    ],
)
def test_verdicts_are_counted_by_settings(rows: Any, verdicts: int, runs: int, repeated: bool) -> None:
    found = counted(looks(*rows)[-1], 445, looks(*rows))
    assert (found.verdicts, found.runs, found.repeated, found.documents) == (verdicts, runs, repeated, 445)


def test_of_two_runs_at_once_one_is_first_whatever_they_read_afterwards() -> None:
    both = looks(("1", "a", "x"), ("2", "a", "y"))
    assert [counted(look, 9, both).verdicts for look in both] == [1, 2]
    assert counted(both[1], 9, both).first == "2026-01-01T00:00:00+00:00"


def test_a_test_set_is_its_documents_and_labels_in_any_order() -> None:
    one = make_corpus(["a", "b", "c"], [0, 1, 0], [2, 2, 0])
    tests, n_docs = hash_of_tests([one])
    assert n_docs == 2
    turned = make_corpus(["x", "b", "a"], [0, 1, 0], [1, 2, 2])  # other training documents, another order
    assert hash_of_tests([turned]) == (tests, 2)
    assert hash_of_tests([replace(one, labels=np.array([1, 1, 0], np.int32))])[0] != tests
    assert hash_of_tests([replace(one, split=np.array([2, 0, 2], np.int8))])[0] != tests
    folds = [replace(one, split=np.array(split, np.int8)) for split in ([2, 0, 0], [0, 2, 0])]
    assert hash_of_tests(folds) == (tests, 2)  # two folds that test them together


def test_settings_that_change_no_answer_are_no_other_look() -> None:
    own = settings_hash(Config(), CORPUS)
    for key, value in (("run.out", "elsewhere"), ("run.probes", False), ("corpus.path", "moved.csv")):
        assert settings_hash(with_values(Config(), {key: value}), CORPUS) == own
    for key, value in (("networks.units", 64), ("run.models", ("bow",)), ("run.seed", 1), ("run.rope", 0.02)):
        assert settings_hash(with_values(Config(), {key: value}), CORPUS) != own
    assert settings_hash(Config(), replace(CORPUS, split_hash="60" * 32)) != own  # other training documents
    assert "run.seeds" in deciding(Config())


# --- the file --------------------------------------------------------------------------------------------


def count_many(folder: Path, process: int, times: int) -> None:
    for number in range(times):
        look = replace(LOOK, run=f"{process} {number}", settings=f"{process} {number}")
        count_verdict(look, 445, folder)


@pytest.mark.longer
def test_two_processes_at_once_lose_no_count(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=count_many, args=(tmp_path, number, 200)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found, problem = count_verdict(LOOK, 445, tmp_path)
    assert (found.verdicts, found.runs, problem) == (401, 401, None)


def test_a_line_that_was_cut_costs_itself_alone(tmp_path: Path) -> None:
    count_verdict(LOOK, 445, tmp_path)
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"run": "cut\n[1]\n\xff\xfe\n{"run": "also cut')
    found, _ = count_verdict(replace(LOOK, run="run 2", settings="settings b"), 445, tmp_path)
    assert (found.verdicts, len(read_looks(tmp_path / FILE))) == (2, 2)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full disk is /dev/full")
def test_what_cannot_be_counted_is_said_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / FILE).symlink_to("/dev/full")
    (tmp_path / "folder" / FILE).mkdir(parents=True)
    for name, why in (
        ("file", "File exists"),
        ("full", "No space left on device"),
        ("folder", "Is a directory"),
    ):
        found, problem = count_verdict(LOOK, 445, tmp_path / name)
        assert found == Reuse("tests a", 445, None, None, None, None)
        path = tmp_path / name / FILE
        assert (
            problem
            == f"verdicts on these test documents are not counted: {path}: {why} [verdicts-not-counted]"
        )


def test_without_a_home_folder_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.experiment.reuse.default_folder", lambda: None)
    assert count_verdict(LOOK, 445)[1].endswith("there is no home folder [verdicts-not-counted]")


# --- words -----------------------------------------------------------------------------------------------


ADVICE = (
    " The more settings are tried on one test set, the likelier one of them looks better by chance. Judge the last"
    " choice on documents that no run has tested."
)


@pytest.mark.parametrize(
    ("reuse", "sentence"),
    [
        (
            Reuse("a" * 64, 445, 1, 1, False, "2026-01-02T10:00:00"),
            "This is the first verdict on these 445 test documents on this computer.",
        ),
        (
            Reuse("a" * 64, 2132, 7, 9, False, "2026-01-02T10:00:00"),
            "This is the 7th verdict on these 2,132 test documents on this computer, by as many different"
            f" settings. There were 9 runs since 2026-01-02.{ADVICE}",
        ),
        (
            Reuse("a" * 64, 445, 1, 2, True, "2026-01-02"),
            "The same settings were judged on these 445 test documents before.",
        ),
        (
            Reuse("a" * 64, 445, 3, 4, True, "2026-01-02"),
            "The same settings were judged on them before; 3 different settings were judged on these 445 test"
            f" documents so far.{ADVICE}",
        ),
        (Reuse("a" * 64, 445, None, None, None, None), ""),
    ],
)
def test_the_sentence(tmp_path: Path, reuse: Reuse, sentence: str) -> None:
    assert reuse_sentence(read_run(build_run(tmp_path, reuse=plain(reuse)))) == sentence


# --- whole runs ------------------------------------------------------------------------------------------


@pytest.mark.longer
def test_a_second_run_with_other_settings_is_the_second_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDSEQ_CACHE", str(tmp_path / "cache"))

    def perform(number: int, **options: Any) -> tuple[Path, dict[str, Any]]:
        return perform_planted(tmp_path, answering(), run_out=str(tmp_path / str(number)), **options)[:2]

    _, first = perform(1)
    run, second = perform(2, run_rope=0.02, run_cache=False)
    _, again = perform(3)
    _, alone = perform(4, run_models="bow")
    found = [metrics["reuse"] for metrics in (first, second, again)]
    assert [(one["verdicts"], one["runs"], one["repeated"]) for one in found] == [
        (1, 1, False),
        (2, 2, False),
        (2, 3, True),
    ]
    assert {one["tests"] for one in found} == {found[0]["tests"]}
    assert found[0]["documents"] == first["corpus"]["tested"]
    assert alone["reuse"] is None  # nothing was compared
    sentence = "This is the 2nd verdict on these 32 test documents on this computer"
    assert sentence in (run / "report.md").read_text(encoding="utf-8")
    assert sentence in re.sub(r"\s+", " ", summarise(run))
    assert verify(run).differences == ()


def test_a_count_that_cannot_be_kept_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    monkeypatch.setenv("EMBEDSEQ_CACHE", str(tmp_path / "cache"))
    run, metrics, _ = perform_planted(tmp_path, answering())
    assert metrics["reuse"]["verdicts"] is None
    assert any("are not counted" in text for text in metrics["warnings"])
    assert read(run, "details/status.json")["state"] == "done"
