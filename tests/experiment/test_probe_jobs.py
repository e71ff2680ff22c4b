"""Probes and words as jobs: when they can begin, what they wait for, and that each is done once and fails alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from whole_runs import FitJob, configure, fitting, noting, perform, read, run_job

from pipeline.core.console import Console
from pipeline.core.fits import Fit, FitResult, JobFailed, JobKey, ProbesResult, SecondTraining, SourceResult
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.data import RunData, read_and_split, tokenize_all
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.here import Here
from pipeline.experiment.job_graph import run_jobs
from pipeline.experiment.jobs import Job, Made
from pipeline.experiment.plan import plan_models
from pipeline.experiment.probe_work import ProbeWork, work_of_probes
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.journal import JOURNAL

LSTM = "lstm@learned"
BOW, LEARNED = JobKey("baselines", "bow"), JobKey("source", "learned")
FIRST, AGAIN = JobKey("network", LSTM), JobKey("again", LSTM)
PROBES = JobKey("probes", LSTM)


def loop_of(folder: Path, **options: Any) -> FitLoop:
    """Return the jobs of a run on sixty films, of which none has ended."""
    given = {"run_models": "bow,lstm", "run_embeddings": "learned", "run_probes": True} | options
    config, console = configure(folder, **given), Console(silent=True)
    read = read_and_split(config, console)
    planned = plan_models(config.run.models, config.run.embeddings)
    data = tokenize_all(config, console, read.loaded, planned)
    facts = CorpusFacts(data.tokenized, read.corpora[0], config.tokenizer)
    own = RunFolder(path=folder / "run")
    return FitLoop(data, read.folds, own, own.keep, facts, lambda fold: config, config, lambda: False)


def keys_of(jobs: list[Job]) -> list[JobKey]:
    return [job.key for job in jobs]


# --- when they can begin


def test_one_job_runs_the_quick_probes_of_a_network_and_each_that_trains_has_its_own(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, run_extra_probes="needle,forget-bias")
    probes = [job for job in loop.open_jobs() if job.key.kind == "probes"]
    assert keys_of(probes) == [PROBES._replace(part=part) for part in ("", "needle", "forget-bias")]
    assert {job.needs for job in probes} == {FIRST}


def test_of_several_folds_and_seeds_the_first_network_is_looked_at(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, corpus_folds=2, run_seeds=2)
    assert [job.key for job in loop.open_jobs() if job.key.kind == "probes"] == [PROBES]
    assert loop_of(tmp_path, run_probes=False).open_jobs()[-1].key == FIRST


class InTurn(Here):
    """Runs nothing: each job ends at once, and which it was is noted. It says that several run at once."""

    def __init__(self, data: RunData, at_once: int) -> None:
        super().__init__(data)
        self.at_once, self.begun = at_once, []  # type: list[JobKey]

    def fit(self, job: Job) -> Iterator[Made]:
        self.begun.append(job.key)
        if job.key.kind == "network":
            yield FitResult(Fit(job.model.name, job.seed, 0, validation_loss=0.5))


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_fit_waits_for_a_probe(tmp_path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = loop_of(tmp_path, run_models="bow,lstm", run_seeds=2, run_extra_probes="forget-bias")
    executor = InTurn(loop.data, at_once)
    monkeypatch.setattr(
        "pipeline.experiment.fit_loop.describe_source", lambda *_: SourceResult((), "learned", 0, ())
    )
    monkeypatch.setattr("pipeline.experiment.lost_pieces.is_whole", lambda path: True)
    run_jobs([loop], executor)
    assert set(executor.begun[:4]) == {BOW, LEARNED, FIRST, FIRST._replace(seed=1)}
    last = [PROBES, PROBES._replace(part="forget-bias")]  # of several at once the longest comes first
    assert executor.begun[4:] == (last if at_once == 1 else last[::-1])


def test_where_a_second_training_is_kept_that_one_is_looked_at(tmp_path: Path) -> None:
    loop = loop_of(tmp_path)
    for kept, number, before in ((False, 0, FIRST), (True, 1, AGAIN)):
        losses = (0.75, 0.25, 0.2) if kept else (0.25, 0.75, 0.2)
        loop.folder.keep(FitResult(Fit(LSTM, 0, 0, again=SecondTraining(0, *losses))), AGAIN)
        (probes,) = loop.probes()
        assert (probes.key, probes.needs) == (PROBES._replace(number=number), before)
        assert probes.files is not None
        assert probes.files.names == (f"network.{LSTM}.{number}.safetensors",)


def test_what_was_found_in_the_first_training_is_no_entry_of_the_second(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path)
    folder.keep(ProbesResult(LSTM, 0, {"name": LSTM, "probes": {"states": 1}}), PROBES)
    folder.keep(ProbesResult(LSTM, 0, {"name": LSTM, "probes": {"needle": 2}}), PROBES)
    assert folder.probes == {LSTM: {"name": LSTM, "probes": {"states": 1, "needle": 2}}}
    folder.keep(FitResult(Fit(LSTM, 0, 0, again=SecondTraining(0, 0.75, 0.25, 0.2))), AGAIN)
    assert folder.probes == {}
    folder.keep(ProbesResult(LSTM, 1, {"name": LSTM, "probes": {"states": 3}}), PROBES)
    assert folder.probes == {LSTM: {"name": LSTM, "probes": {"states": 3}}}


def test_a_network_that_could_not_be_trained_has_no_probes(tmp_path: Path) -> None:
    loop = loop_of(tmp_path)
    (training,) = [job for job in loop.first_trainings() if job.key == FIRST]
    loop.take(training, JobFailed(FIRST, "memory ran out"))
    assert list(loop.probes()) == []


def test_a_network_whose_file_is_gone_is_trained_anew_before_its_probes(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, run_deterministic=True)
    told = io.StringIO()
    object.__setattr__(loop.data, "console", Console(told))
    loop.folder.jobs |= {BOW, LEARNED, FIRST}
    loop.folder.fits[FIRST.name, 0, 0] = Fit(LSTM, 0, 0)  # type: ignore[index]
    loop.drop_what_is_lost()
    assert loop.folder.jobs == {BOW}  # its vectors are gone too
    said = told.getvalue()
    assert (
        f"the network {LSTM} is damaged or gone from {loop.folder.unfinished}: it is trained anew"
        " [network-trained-anew]" in said
    )
    loop.folder.jobs |= {LEARNED, FIRST, PROBES}
    loop.drop_what_is_lost()
    assert loop.folder.jobs == {BOW, LEARNED, FIRST, PROBES}  # nothing looks at it any more


# --- what they take


@pytest.mark.parametrize(
    ("part", "models", "work"),
    [
        ("", "bow,lstm", ProbeWork(30 * 1 * 3)),  # twelve test documents of three words are one batch
        ("needle", "gru,lstm", ProbeWork(5 * 144 * 3, 5)),  # not the first recurrent network: itself alone
        ("needle", "lstm,gru", ProbeWork(5 * 144 * 3 * (1 + 1 / 3), 10)),  # and an rnn, a third of its work
        (
            "forget-bias",
            "bow,lstm",
            ProbeWork(3 * 2 * 6 * 3, 6, as_own=True),
        ),  # three biases, two seeds; two passes of three updates
    ],
)
def test_the_work_of_probes(tmp_path: Path, part: str, models: str, work: ProbeWork) -> None:
    loop = loop_of(tmp_path, run_models=models, run_seeds=2, run_extra_probes="needle,forget-bias")
    job = next(job for job in loop.probes() if job.key.part == part and job.key.name == LSTM)
    found = work_of_probes(loop.data, part, job.model, job.fold, job.settings)
    assert found == work


def test_an_average_is_not_looked_at_and_a_gru_has_no_forget_bias(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, run_models="ann,gru", run_extra_probes="needle,forget-bias")
    work = {
        (job.model.model, job.key.part): work_of_probes(
            loop.data, job.key.part, job.model, job.fold, job.settings
        )
        for job in loop.probes()
    }
    assert work["ann", ""] == work["ann", "needle"] == work["gru", "forget-bias"] == ProbeWork(0.0)


# --- done once


def raising(on: Callable[[Job], bool], error: BaseException, fit: FitJob = run_job) -> FitJob:
    """Return a fit that raises for some jobs."""

    def raised(data: RunData, job: Job) -> Iterator[Made]:
        if on(job):
            raise error
        yield from fit(data, job)

    return raised


WITH_WORDS = {"run_models": "bow,tfidf", "run_probes": True, "run_deterministic": True}
WORDS = [JobKey("words", name) for name in ("bow", "tfidf")]


@pytest.mark.longer
def test_a_run_that_is_stopped_among_words_looks_at_the_rest_alone(tmp_path: Path) -> None:
    whole = perform(tmp_path / "whole", **WITH_WORDS)
    with pytest.raises(KeyboardInterrupt):
        perform(
            tmp_path,
            executors=fitting(raising(lambda job: job.key == WORDS[1], KeyboardInterrupt())),
            **WITH_WORDS,
        )
    run = tmp_path / "run"
    assert (run / "report.md").is_file()
    assert not (run / "details" / "contributions.json").exists()
    seen: list[Job] = []
    perform(tmp_path, executors=noting(seen), **WITH_WORDS)
    assert keys_of(seen) == WORDS[1:]
    assert read(run, "details/contributions.json") == read(whole, "details/contributions.json")
    assert not (run / JOURNAL).exists()


def test_words_that_could_not_be_looked_at_are_said_and_tried_again(tmp_path: Path) -> None:
    told = io.StringIO()
    fit = raising(lambda job: job.key == WORDS[0], MemoryError())
    run = perform(tmp_path, executors=fitting(fit), console=Console(told), **WITH_WORDS)
    why = "bow: words could not be done (memory ran out); the rest went on without it [job-failed]"
    assert f"warning: {why}" in told.getvalue()
    models = read(run, "details/contributions.json")["models"]
    assert [one["why_not"] for one in models] == ["it could not be looked at: memory ran out", None]
    assert (run / JOURNAL).exists()
    seen: list[Job] = []
    perform(tmp_path, executors=noting(seen), **WITH_WORDS)
    assert keys_of(seen) == WORDS[:1]
    models = read(run, "details/contributions.json")["models"]
    assert [one["why_not"] for one in models] == [None, None]
    assert not any("could not be done" in text for text in read(run)["warnings"])
    assert not (run / JOURNAL).exists()


EVERY = [
    JobKey("baselines", "bow,tfidf"),
    JobKey("source", "random"),
    JobKey("mean", "mean@random"),
    *WORDS,
    JobKey("words", "mean@random"),
]


@pytest.mark.longer
@pytest.mark.parametrize("place", range(len(EVERY)))
def test_no_job_is_done_twice_wherever_a_run_is_stopped(tmp_path: Path, place: int) -> None:
    """A job that ended stays ended: the second command begins what is missing, and nothing else."""
    options = WITH_WORDS | {"run_models": "bow,tfidf,mean", "run_embeddings": "random"}
    begun: list[JobKey] = []

    def counted(data: RunData, job: Job) -> Iterator[Made]:
        begun.append(job.key)
        if job.key == EVERY[place] and len(begun) == place + 1:
            raise KeyboardInterrupt
        yield from job.fit(data, job)

    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, "run.tune=0", executors=fitting(counted), **options)
    assert begun == EVERY[: place + 1]
    again: list[JobKey] = []

    def noted(data: RunData, job: Job) -> Iterator[Made]:
        again.append(job.key)
        yield from job.fit(data, job)

    perform(tmp_path, "run.tune=0", executors=fitting(noted), **options)
    assert again == EVERY[place:]


@pytest.mark.slow
def test_a_probe_that_ended_is_not_done_again_and_one_that_failed_fails_alone(tmp_path: Path) -> None:
    options = {
        "run_models": "bow,lstm", "run_embeddings": "learned", "run_probes": True, "run_deterministic": True,
        "run_extra_probes": "forget-bias",
    }  # fmt: skip
    bias = PROBES._replace(part="forget-bias")
    whole = perform(tmp_path / "whole", **options)
    told = io.StringIO()
    fit = raising(lambda job: job.key == bias, MemoryError())
    run = perform(tmp_path, executors=fitting(fit), console=Console(told), **options)
    why = f"{LSTM}: probes forget-bias could not be done (memory ran out); the rest went on without it [job-failed]"
    assert f"warning: {why}" in told.getvalue()
    assert why in read(run)["warnings"]
    assert "forget-bias" not in read(run, "details/probes.json")[0]["probes"]
    seen: list[Job] = []
    perform(tmp_path, executors=noting(seen), **options)
    assert keys_of(seen) == [bias]  # neither the other probes nor what words add
    ours, theirs = (read(one, "details/probes.json") for one in (run, whole))
    for found in (ours, theirs):
        found[0]["probes"]["forget-bias"].pop("seconds")
    assert ours == theirs
    assert why not in read(run)["warnings"]
