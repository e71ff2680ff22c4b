"""`--protocol FILE`: written before anything is fitted, kept to or not, never overwritten."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filled import typed
from report_builders import build_run
from whole_runs import answering, perform_planted, read

from pipeline.commands.verify import describe, verify
from pipeline.core.errors import PipelineError
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job
from pipeline.experiment.plan import plan_models, question_of
from pipeline.report import summarise
from pipeline.report.sections.circumstances import protocol_sentence
from pipeline.run_folder.metrics.corpus import CorpusRead
from pipeline.run_folder.protocol import Breach, breaches, plan_of, read_protocol, write_protocol
from pipeline.run_folder.reading import read_run
from pipeline.settings.tables import Config, with_values

pytestmark = pytest.mark.longer

CORPUS = typed(
    CorpusRead,
    {
        "documents": 120,
        "splits": {"train": 80, "validation": 8, "test": 32},
        "folds": 0,
        "hash": "c0" * 32,
        "split_hash": "5f" * 32,
    },
)
WRITTEN = "2026-01-02T10:00:00+00:00"
PLAN = plan_of(Config(), CORPUS, "Is it so?", WRITTEN)


# --- the file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plan.toml", "plan.json", "plan"])
def test_what_was_written_is_read_back(tmp_path: Path, name: str) -> None:
    settings = {
        "networks.dropout": 0.1,
        "run.embeddings": ('say "hi" ü',),
        "baselines.tfidf_strengths": (1.0, 1e-5),
    }
    plan = plan_of(with_values(Config(), settings), CORPUS, 'Is "it" so?', WRITTEN)
    write_protocol(tmp_path / name, plan)
    assert read_protocol(tmp_path / name) == plan
    assert read_protocol(tmp_path / name).sha256 == plan.sha256


def test_one_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_protocol(path, PLAN)
    assert path.read_text() == "mine"


def test_every_change_of_the_content_changes_the_hash() -> None:
    others = [
        plan_of(with_values(Config(), {"run.rope": 0.02}), CORPUS, "Is it so?", WRITTEN),
        plan_of(Config(), replace(CORPUS, hash="c1" * 32), "Is it so?", WRITTEN),
        plan_of(Config(), CORPUS, "Is it not?", WRITTEN),
        plan_of(Config(), CORPUS, "Is it so?", "2026-01-03T10:00:00+00:00"),
    ]
    assert len({plan.sha256 for plan in (PLAN, *others)}) == 5


ANEW = "restore it as it was written, or name a new file"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: text.replace("rope\" = 0.01", "rope\" = 0.02"), "it was changed after it was written"),
        (lambda text: text.replace("Is it so?", "Is it not?"), "it was changed after it was written"),
        (lambda text: text.replace("[settings]", "[setting]"), "it lacks settings"),
        (lambda text: text[: text.index("[documents]") + 5], "this is not TOML"),
        (lambda text: "", "it lacks protocol, embedseq, written, question, settings, documents, sha256"),
    ],
)  # fmt: skip
def test_a_damaged_one_is_refused(tmp_path: Path, change: Any, what: str) -> None:
    path = tmp_path / "plan.toml"
    write_protocol(path, PLAN)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(PipelineError) as raised:
        read_protocol(path)
    assert (raised.value.where.partition(".toml")[0], raised.value.fix) == (str(path.with_suffix("")), ANEW)
    assert what in raised.value.what


def test_one_of_a_later_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN.as_json | {"protocol": 2, "sha256": ""}))
    with pytest.raises(PipelineError) as raised:
        read_protocol(path)
    assert str(raised.value) == (
        f"{path}: protocol is 2; this version reads 1; use the version of embedseq that wrote it"
    )


def test_one_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "plan.toml"
    with pytest.raises(PipelineError) as raised:
        write_protocol(path, PLAN)
    what = f"{path} cannot be written: No such file or directory"
    assert str(raised.value) == f"--protocol: {what}; name another file"


# --- keeping to it ---------------------------------------------------------------------------------------


def test_a_run_as_planned_keeps_to_it() -> None:
    moved = with_values(Config(), {"run.out": "elsewhere", "corpus.path": "moved.csv", "run.protocol": "p"})
    assert breaches(PLAN, moved, CORPUS, PLAN.embedseq) == []


def test_each_difference_is_named() -> None:
    config = with_values(Config(), {"run.models": ("bow", "rnn"), "run.rope": 0.02, "networks.units": 64})
    corpus = replace(CORPUS, hash="c1" * 32, splits=replace(CORPUS.splits, test=31))
    assert breaches(PLAN, config, corpus, "9.9", "interrupted") == [
        Breach("embedseq", "9.9", PLAN.embedseq),
        Breach("networks.units", "64", "128"),
        Breach("models", "bow, rnn", ", ".join(Config().run.models)),
        Breach("rope", "0.02", "0.01"),
        Breach("test_documents", "31", "32"),
        Breach("hash", "c1c1c1c1c1c1...", "c0c0c0c0c0c0..."),
        Breach("end", "interrupted", "done"),
    ]


def test_a_setting_that_an_earlier_version_did_not_have_is_its_default() -> None:
    earlier = plan_of(Config(), CORPUS, "", WRITTEN)
    del earlier.settings["networks.bptt"]
    assert breaches(earlier, Config(), CORPUS, earlier.embedseq) == []
    changed = with_values(Config(), {"networks.bptt": 5})
    assert breaches(earlier, changed, CORPUS, earlier.embedseq) == [Breach("networks.bptt", "5", "0")]


def test_the_question_is_known_before_anything_is_fitted() -> None:
    planned = plan_models(("majority", "bow", "tfidf", "ann", "rnn"), ("word2vec",))
    assert question_of(planned, "accuracy", 0.01) == (
        "Is the one of rnn@word2vec that validation documents choose better on the test documents, by accuracy, than"
        " each of bow, tfidf? Differences of up to 0.01 count as equal."
    )
    assert question_of(planned[:2], "accuracy", 0.01) == "What do majority, bow reach on the test documents?"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], "The run kept to the protocol plan.toml (written 2026-01-02 10:00:00+00:00, sha256 abababababababab)."),
        (
            [Breach("models", "bow, rnn", "bow, lstm"), Breach("rope", "0.02", "0.01")],
            "The run did not keep to the protocol plan.toml (written 2026-01-02 10:00:00+00:00, sha256"
            " abababababababab): models: bow, rnn in this run, bow, lstm in the protocol; rope: 0.02 in this run,"
            " 0.01 in the protocol.",
        ),
    ],
)  # fmt: skip
def test_the_sentence(tmp_path: Path, found: list[Breach], sentence: str) -> None:
    table = {
        "file": "plan.toml",
        "use": "followed",
        "sha256": "ab" * 32,
        "written": WRITTEN,
        "question": "Is it so?",
        "kept": not found,
        "breaches": [vars(breach) for breach in found],
    }
    assert protocol_sentence(read_run(build_run(tmp_path, protocol=table))) == sentence


# --- whole runs ------------------------------------------------------------------------------------------


def perform(folder: Path, **options: Any) -> tuple[Path, dict[str, Any]]:
    """Return a run without trainings, and its metrics."""
    return perform_planted(folder, answering(), **options)[:2]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Return the path of a protocol that a run has written, in `run`, before anything was fitted."""
    path = tmp_path / "plan.toml"

    def noted(data: RunData, job: Job) -> Any:
        assert path.exists()
        return answering()(data, job)

    perform_planted(tmp_path, noted, run_protocol=str(path))
    return path


def test_a_run_writes_its_protocol_and_another_keeps_to_it(tmp_path: Path, plan: Path) -> None:
    first = read(tmp_path / "run")["protocol"]
    assert (first["use"], first["kept"], first["file"]) == ("written", True, str(plan))
    assert first["sha256"] == read_protocol(plan).sha256
    written = plan.read_bytes()
    run, metrics = perform(tmp_path, run_out=str(tmp_path / "again"), run_protocol=str(plan))
    assert metrics["protocol"] == first | {"use": "followed"}
    assert plan.read_bytes() == written
    assert "The run kept to the protocol" in (run / "report.md").read_text(encoding="utf-8")
    verified = verify(run)
    assert verified.differences == ()
    assert "the run kept to it." in describe(verified)


def test_a_run_that_does_otherwise_says_so_everywhere(tmp_path: Path, plan: Path) -> None:
    run, metrics = perform(
        tmp_path,
        run_out=str(tmp_path / "other"),
        run_protocol=str(plan),
        run_models="bow,tfidf,rnn",
        run_seeds=2,
    )
    found = [(one["what"], one["run"], one["protocol"]) for one in metrics["protocol"]["breaches"]]
    assert found == [("models", "bow, tfidf, rnn", "bow, rnn"), ("seeds", "2", "auto")]
    models = "models: bow, tfidf, rnn in this run, bow, rnn in the protocol"
    sentence = f"{models}; seeds: 2 in this run, auto in the protocol"
    assert sentence in (run / "report.md").read_text(encoding="utf-8")
    assert sentence in summarise(run)
    verified = verify(run)
    assert verified.differences == ()
    assert f"the run did not keep to it ({sentence})" in describe(verified)
    assert "this run does not keep to" in (run / "log.txt").read_text(encoding="utf-8")


def test_verify_finds_a_protocol_that_was_changed_or_written_anew_after_the_run(
    tmp_path: Path, plan: Path
) -> None:
    run, sha256 = tmp_path / "run", read_protocol(plan).sha256[:16]
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('rope" = 0.01', 'rope" = 0.05'), encoding="utf-8")
    (difference,) = verify(run).differences
    assert (difference.file, difference.again) == (str(plan), f"sha256 {sha256}")
    assert "it was changed after it was written" in difference.saved
    plan.unlink()
    assert verify(run).differences == ()
    assert "that file is not here, the copy in the run folder is" in describe(verify(run))
    write_protocol(plan, PLAN)
    (difference,) = verify(run).differences
    assert difference.saved == f"sha256 {PLAN.sha256[:16]}"


def test_verify_finds_a_copy_that_was_changed(tmp_path: Path, plan: Path) -> None:
    run = tmp_path / "run"
    copy = run / "details" / "protocol.json"
    copy.write_text(copy.read_text(encoding="utf-8").replace('"auto"', "5"), encoding="utf-8")
    files = {difference.file for difference in verify(run).differences}
    assert {"details/protocol.json", "metrics.json"} <= files


def test_a_damaged_protocol_ends_the_run_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("no = [")
    with pytest.raises(PipelineError) as raised:
        perform(tmp_path, run_protocol=str(path), corpus_path="there is no such file")
    assert (raised.value.where, raised.value.what) == (
        str(path),
        "this is not TOML: Invalid value (at end of document)",
    )
    assert not (tmp_path / "run").exists()
