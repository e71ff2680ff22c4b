"""A run that was stopped, as its folder has it: what of it is trusted, and what is set aside and computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.fits import (
    Fit,
    FitKey,
    FitResult,
    JobEnded,
    JobKey,
    ModelFiles,
    ProbesResult,
    Result,
    SecondTraining,
    SourceResult,
)
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.stopped import ASIDE, StoppedRun, holds
from pipeline.tasks.answers import Predictions

ANSWERS = Predictions(np.array([4]), np.array([0], np.int32), np.array([[0.75, 0.25]], np.float32))
LSTM = "lstm@word2vec"
SOURCE = ("word2vec", 0, ("word2vec",))  # its name, fold and parts
WORD, BAGS, TREES = (
    JobKey("source", "word2vec"),
    JobKey("baselines", "bow,majority"),
    JobKey("baselines", "tfidf"),
)
FIRST, SECOND = JobKey("network", LSTM), JobKey("network", LSTM, seed=1)
PROBED = JobKey("probes", LSTM)
JOBS = {WORD, BAGS, TREES, FIRST, PROBED, SECOND}


def model(name: str, kind: str = "model") -> ModelFiles:
    arrays = {"kernel": np.eye(2, dtype=np.float32)}
    return ModelFiles("embedding" if kind == "embedding" else "model", name, arrays, {"name": name})


def stopped_run(run: Path) -> None:
    """Write the folder of a run that was killed: a source, two baselines, two seeds of a network, all of them ended."""
    folder = RunFolder.create(run, ("bad", "good"), "hash", {"texts": {"config.toml": "[run]\n"}})
    (run / "config.toml").write_text("[run]\n")
    embedding = {"source": "word2vec", "files": []}
    vectors = model("embedding-word2vec", "embedding")
    ended(folder, WORD, SourceResult(("few words",), *SOURCE, vectors, embedding))
    for name, job in (("bow", BAGS), ("tfidf", TREES)):
        ended(folder, job, FitResult(Fit(name, 0, 0), ANSWERS, model(name), choice={"name": name}))
    ended(folder, FIRST, FitResult(Fit(LSTM, 0, 0), ANSWERS, model(LSTM), course={"name": LSTM}))
    ended(folder, PROBED, ProbesResult(LSTM, 0, {"name": LSTM, "probes": {}}))
    ended(folder, SECOND, FitResult(Fit(LSTM, 1, 0), ANSWERS))


def ended(folder: RunFolder, job: JobKey, *results: Result) -> None:
    for result in (*results, JobEnded(job)):
        folder.keep(result, job)


def flip(path: Path, place: int = -20) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def again(run: Path) -> RunFolder:
    return RunFolder.of(StoppedRun.read(run))


def told(run: Path, pieces: str) -> str:
    return (
        f"damaged or gone: {pieces}; what was left is set aside in {run / 'damaged'}, and computed again"
        " [run-pieces-damaged]"
    )


def labels(folder: RunFolder) -> set[str]:
    return {f"{key.name} {key.seed}" for key in folder.fits}


ALL = {"bow 0", "tfidf 0", f"{LSTM} 0", f"{LSTM} 1"}


def test_a_folder_that_is_whole_is_trusted_and_left_as_it_is(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    before = (tmp_path / JOURNAL).read_bytes()
    stopped = StoppedRun.read(tmp_path)
    assert (stopped.damage, (tmp_path / ASIDE).exists()) == (None, False)
    assert (tmp_path / JOURNAL).read_bytes() == before
    assert (RunFolder.of(stopped).jobs, labels(RunFolder.of(stopped))) == (JOBS, ALL)


@pytest.mark.parametrize(
    ("file", "fits", "jobs"),
    [
        (
            "predictions/bow.s0.f0.parquet",
            {"bow 0"},
            {BAGS},
        ),
        ("models/tfidf/weights.safetensors", {"tfidf 0"}, {TREES}),
        ("models/tfidf/model.json", {"tfidf 0"}, {TREES}),
        (f"predictions/{LSTM}.s0.f0.parquet", {f"{LSTM} 0"}, {FIRST, PROBED}),
        (f"predictions/{LSTM}.s1.f0.parquet", {f"{LSTM} 1"}, {SECOND}),
        (f"models/{LSTM}/weights.safetensors", {f"{LSTM} 0"}, {FIRST, PROBED}),
        ("models/embedding-word2vec/vectors.safetensors", set(), {WORD}),
        ("models/embedding-word2vec/vocabulary.json", set(), {WORD}),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_a_damaged_file_costs_what_hangs_together_with_it(
    tmp_path: Path, file: str, fits: set[str], jobs: set[JobKey], gone: bool
) -> None:
    stopped_run(tmp_path)
    flip(tmp_path / file)
    damaged = (tmp_path / file).read_bytes()
    if gone:
        (tmp_path / file).unlink()
    stopped = StoppedRun.read(tmp_path)
    folder = RunFolder.of(stopped)
    assert (labels(folder), folder.jobs) == (ALL - fits, JOBS - jobs)
    assert stopped.damage == told(tmp_path, file)
    assert not (tmp_path / file).exists()
    aside = tmp_path / ASIDE / f"{file}.damaged"
    assert aside.exists() is not gone
    if not gone:
        assert aside.read_bytes() == damaged
    assert StoppedRun.read(tmp_path).damage is None  # once
    assert again(tmp_path).jobs == JOBS - jobs


def test_with_the_first_fit_of_a_network_its_course_and_probes_are_lost_and_no_others(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    assert (set(again(tmp_path).probes), set(again(tmp_path).choices)) == ({LSTM}, {("bow", 0), ("tfidf", 0)})
    flip(tmp_path / "predictions" / "bow.s0.f0.parquet")
    assert (set(again(tmp_path).probes), set(again(tmp_path).choices)) == ({LSTM}, {("tfidf", 0)})
    flip(tmp_path / "predictions" / f"{LSTM}.s1.f0.parquet")
    assert FitKey(LSTM, 0, 0) in again(tmp_path).courses
    assert set(again(tmp_path).probes) == {LSTM}
    flip(tmp_path / "models" / LSTM / "model.json", 5)
    assert (again(tmp_path).courses, again(tmp_path).probes) == ({}, {})


def test_a_source_whose_vectors_are_damaged_is_described_anew(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    flip(tmp_path / "models" / "embedding-word2vec" / "vectors.safetensors")
    assert (again(tmp_path).embeddings, again(tmp_path).notes) == ([], [])


def test_a_damaged_line_costs_the_job_that_gave_it_and_no_later_one(tmp_path: Path) -> None:
    """It no longer says whose it was; the job's last line says how many lines there were."""
    stopped_run(tmp_path)
    content = (tmp_path / JOURNAL).read_bytes().split(b"\n")
    assert b'"tfidf"' in content[5]
    content[5] = content[5].replace(b"tfidf", b"tfadf")
    (tmp_path / JOURNAL).write_bytes(b"\n".join(content))
    stopped = StoppedRun.read(tmp_path)
    assert stopped.damage == told(tmp_path, "line 6 of details/journal.jsonl")
    folder = RunFolder.of(stopped)
    assert (labels(folder), folder.jobs) == (ALL - {"tfidf 0"}, JOBS - {TREES})
    aside = tmp_path / ASIDE / "details" / "journal.jsonl.damaged"
    assert aside.read_bytes() == content[5] + b"\n"
    assert again(tmp_path).jobs == JOBS - {TREES}


@pytest.mark.parametrize(
    ("line", "jobs"),
    [
        (2, {WORD}),  # what the source gave
        (3, {WORD}),  # that it ended
        (8, {FIRST, PROBED}),  # without the training nothing is known of what its probes looked at
        (9, {FIRST, PROBED}),
        (10, {PROBED}),
        (11, {PROBED}),
        (12, {SECOND}),
    ],
)
def test_whichever_line_is_damaged_one_job_is_done_again_with_what_looks_at_it(
    tmp_path: Path, line: int, jobs: set[JobKey]
) -> None:
    stopped_run(tmp_path)
    content = (tmp_path / JOURNAL).read_bytes().split(b"\n")
    content[line - 1] = content[line - 1].replace(b'"row"', b'"raw"')
    (tmp_path / JOURNAL).write_bytes(b"\n".join(content))
    assert again(tmp_path).jobs == JOBS - jobs


def test_a_damaged_line_of_the_run_itself_costs_no_job(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    folder = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    folder.note("a sentence")
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes().replace(b"a sentence", b"a santence"))
    assert (again(tmp_path).jobs, again(tmp_path).notes) == (JOBS, ["few words"])


AGAIN = JobKey("again", LSTM)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("lost", [8, 9, 14, 15])
def test_of_two_trainings_of_a_seed_neither_stays_without_the_other(
    tmp_path: Path, lost: int, kept: bool
) -> None:
    """Lines 8, 9: the first training and its end; 14, 15: the second. The end of the second alone is all it costs."""
    stopped_run(tmp_path)
    folder = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    losses = (0.75, 0.25, 0.2) if kept else (0.25, 0.75, 0.2)
    fit = Fit(LSTM, 0, 0, again=SecondTraining(0, *losses))
    looked = PROBED._replace(number=1)
    ended(folder, AGAIN, FitResult(fit, ANSWERS, model(LSTM)) if kept else FitResult(fit))
    ended(folder, looked, ProbesResult(LSTM, 1, {"name": LSTM, "probes": {}}))
    content = (tmp_path / JOURNAL).read_bytes().split(b"\n")
    place = lost + (lost > 9)  # that the run went on is a line of its own
    content[place - 1] = content[place - 1].replace(b'"row"', b'"raw"')
    (tmp_path / JOURNAL).write_bytes(b"\n".join(content))
    both = {FIRST, PROBED, AGAIN, looked}
    assert again(tmp_path).jobs == {*JOBS, AGAIN, looked} - ({AGAIN, looked} if lost == 15 else both)


@pytest.mark.parametrize("cut", [1, 40])
def test_a_last_line_that_a_kill_cut_short_costs_its_own_job_alone(tmp_path: Path, cut: int) -> None:
    stopped_run(tmp_path)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-cut])
    assert (again(tmp_path).jobs, labels(again(tmp_path))) == (JOBS - {SECOND}, ALL)


@pytest.mark.parametrize("content", [None, "[run]\nseeds = 9\n", ""])
def test_a_text_that_the_journal_has_is_written_again(tmp_path: Path, content: str | None) -> None:
    stopped_run(tmp_path)
    config = tmp_path / "config.toml"
    config.unlink()
    if content is not None:
        config.write_text(content)
    assert StoppedRun.read(tmp_path).damage == told(tmp_path, "config.toml")
    assert config.read_text() == "[run]\n"
    assert (tmp_path / ASIDE / "config.toml.damaged").exists() is (content is not None)
    assert again(tmp_path).jobs == JOBS


def test_several_pieces_are_one_sentence(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    for name in ("bow", "tfidf"):
        flip(tmp_path / "predictions" / f"{name}.s0.f0.parquet")
    both = "predictions/bow.s0.f0.parquet, predictions/tfidf.s0.f0.parquet"
    assert StoppedRun.read(tmp_path).damage == told(tmp_path, both)


# --- going on


def test_a_run_goes_on_without_the_conclusion_of_its_report_and_its_seconds_add_up(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    first = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {"time": "t1"}, began=0.0)
    first.tell("end", {"state": "interrupted"})
    first.note("a sentence of the report")
    first.keep(FitResult(Fit("theirs", 0, 0)))
    assert again(tmp_path).state == "interrupted"
    assert again(tmp_path).notes == ["few words", "a sentence of the report"]
    stopped = StoppedRun.read(tmp_path)
    second = RunFolder.going_on(stopped, ("bad", "good"), "hash", {"time": "t2"}, began=0.0)
    assert (second.state, second.notes, labels(second)) == ("running", ["few words"], ALL)
    assert second.resumed == [{"time": "t1"}, {"time": "t2"}]
    assert again(tmp_path).resumed == second.resumed
    assert second.total_seconds > first.total_seconds + stopped.lines[0].seconds


def test_predictions_of_a_fit_that_was_not_recorded_are_taken_for_none(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    before = {path.name for path in (tmp_path / "predictions").iterdir()}
    replace(again(tmp_path), label_names=("bad", "good")).write_predictions(FitKey(LSTM, 2, 0), ANSWERS)
    folder = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    assert {path.name for path in (tmp_path / "predictions").iterdir()} == before
    assert folder.done() == again(tmp_path).done()


def test_what_every_part_prepares_is_one_stage_and_a_fold_is_one_more(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, ("bad", "good"), "hash", {})
    folder.ended_stages = [("Reading", 2.0), ("Tokenising", 1.0)]
    folder.tell("tokens", {})
    folder.ended_stages += [("Fitting bow", 4.0)]
    folder.note("a")
    part = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    part.ended_stages = [("Reading", 0.5), ("Tokenising", 0.25)]
    part.tell("tokens", {})
    part.ended_stages += [("Fitting bow", 8.0)]
    part.note("b")
    stages = [("Reading", 2.5), ("Tokenising", 1.25), ("Fitting bow", 4.0), ("Fitting bow", 8.0)]
    assert part.stages == stages
    assert again(tmp_path).stages == stages


def test_the_smaller_sets_go_on_too_and_their_damage_is_their_own(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, ("bad", "good"), "hash", {})
    curve = folder.for_curve()
    for fold in (1, 2):
        ended(curve, BAGS._replace(fold=fold), FitResult(Fit("bow", 0, fold), ANSWERS))
    flip(curve.path / "predictions" / "bow.s0.f1.parquet")
    part = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    curve = part.for_curve()
    assert curve.jobs == {BAGS._replace(fold=2)}
    assert set(curve.fits) == {FitKey("bow", 0, 2)}
    assert curve.damage == told(curve.path, "predictions/bow.s0.f1.parquet")
    assert (
        RunFolder.of(StoppedRun.read(tmp_path)).for_curve().journal is None
    )  # who only reads begins nothing


def test_the_smaller_sets_go_on_without_the_first_line_of_their_journal(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, ("bad", "good"), "hash", {})
    curve = folder.for_curve()
    ended(curve, BAGS._replace(fold=1), FitResult(Fit("bow", 0, 1), ANSWERS))
    path = curve.path / JOURNAL
    flip(path, 3)
    first = path.read_bytes().split(b"\n")[0]
    part = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    curve = part.for_curve()
    assert curve.jobs == {BAGS._replace(fold=1)}
    assert curve.damage == told(curve.path, "line 1 of details/journal.jsonl")
    assert (curve.path / ASIDE / "details" / "journal.jsonl.damaged").read_bytes() == first + b"\n"
    assert again(curve.path).jobs == {BAGS._replace(fold=1)}


def test_a_fit_that_is_computed_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    part = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    part.keep(SourceResult(("few words",), *SOURCE, None, {"source": "word2vec", "files": [], "rows": 3}))
    part.keep(FitResult(replace(Fit("bow", 0, 0), fit_seconds=2.0), ANSWERS))
    assert part.embeddings == [{"source": "word2vec", "files": [], "rows": 3}]
    assert part.fits[FitKey("bow", 0, 0)].fit_seconds == 2.0
    assert part.notes == ["few words"]
    assert again(tmp_path).embeddings == part.embeddings


@pytest.mark.parametrize("left", ["details/.journal.jsonl.x1.part", "details", "unfinished/vectors"])
def test_what_a_kill_leaves_before_the_first_line_is_nothing(tmp_path: Path, left: str) -> None:
    path = tmp_path / left
    path.parent.mkdir(exist_ok=True)
    if path.suffix:
        path.touch()
    else:
        path.mkdir()
    assert holds(tmp_path) == "nothing"
    (tmp_path / "details" / "notes.txt").parent.mkdir(exist_ok=True)
    (tmp_path / "details" / "notes.txt").touch()
    assert holds(tmp_path) == "other files"


def test_a_run_that_is_taken_back_leaves_nothing_of_its_smaller_sets(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    folder = RunFolder.create(run, ("bad", "good"), "hash", {})
    folder.for_curve()
    folder.unfinished.mkdir()
    (folder.unfinished / "vectors.safetensors").touch()
    folder.take_back()
    assert not run.exists()


def test_a_verdict_that_was_counted_stays_counted_when_the_run_goes_on(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    folder = RunFolder.going_on(StoppedRun.read(tmp_path), ("bad", "good"), "hash", {}, began=0.0)
    folder.tell("end", {"state": "interrupted"})
    row = {"tests": "a" * 64, "documents": 445, "verdicts": 7, "runs": 8, "repeated": False, "first": None}
    folder.tell("reuse", row)
    assert [line.kind for line in StoppedRun.read(tmp_path).without_conclusion()][-1] == "reuse"
