"""Fits in worker processes: the same results as one after the other, and what ends early."""

from __future__ import annotations

import json
import os
import pickle
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.experiment import fit_linear, fit_networks
from pipeline.experiment import workers as side_by_side_module
from pipeline.experiment.data import Material, read_and_split, tokenize_all
from pipeline.experiment.executors import OneByOne, SideBySide, all_ended, put_in_order
from pipeline.experiment.how_many import Machine, Work, fits_at_once
from pipeline.experiment.plan import plan_models
from pipeline.experiment.record import Choice, Fit
from pipeline.models.table import PlannedModel
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.settings.reading import load_config

SMALL = (
    "networks.units=8",
    "networks.max_epochs=2",
    "embeddings.dimension=8",
    "baselines.bow_strengths=0.1,1",
)
WORK = Work(fits=9, seconds=300, tokens=60_000, gpu=False)
TWO_CORES = Machine(cores=2, available_mib=16_000)


def write_films(folder: Path) -> Path:
    path = folder / "films.csv"
    rows = [f"{('good', 'bad')[n % 2]} film number{n},{('pos', 'neg')[n % 2]}" for n in range(60)]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return path


def perform(folder: Path, at_once: int) -> Path:
    given = {
        "corpus.path": str(write_films(folder)),
        "corpus.folds": 2,
        "run.out": str(folder / "run"),
        "run.models": "bow,lstm",
        "run.embeddings": "learned",
        "run.seeds": 1,
        "run.deterministic": True,
        "run.refit": True,
    }
    settings = load_config(None, (*SMALL, f"run.side_by_side={at_once}"), given)
    return run_experiment(settings, Console(silent=True), "embedseq films.csv")


def read(run: Path, name: str = "metrics.json") -> Any:
    return json.loads((run / name).read_text(encoding="utf-8"))


# --- how many -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "machine", "asked", "at_once"),
    [
        (WORK, TWO_CORES, 0, 2),
        (WORK, TWO_CORES, 1, 1),
        (WORK, TWO_CORES, 3, 3),  # the person knows better
        (WORK, replace(TWO_CORES, cores=1), 0, 1),
        (WORK, replace(TWO_CORES, cores=16), 0, 9),  # a core for each fit
        (WORK, replace(TWO_CORES, cores=16, available_mib=3_000), 0, 2),  # 60 % of it holds two of some 806
        (WORK, replace(TWO_CORES, available_mib=1_500), 0, 1),
        (replace(WORK, fits=1), TWO_CORES, 0, 1),
        (replace(WORK, fits=2), TWO_CORES, 5, 2),
        (replace(WORK, seconds=39), TWO_CORES, 0, 1),
        (
            replace(WORK, tokens=13_000_000),
            replace(TWO_CORES, available_mib=6_000),
            0,
            1,
        ),  # 2,040 MiB a worker
        (replace(WORK, gpu=True), TWO_CORES, 0, 1),
        (replace(WORK, gpu=True), TWO_CORES, 2, 1),
    ],
)
def test_fits_at_once(work: Work, machine: Machine, asked: int, at_once: int) -> None:
    assert fits_at_once(work, machine, asked) == at_once


# --- the same results -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return one run whose fits went one after the other, and one with two at once."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    return perform(one, 1), perform(two, 2)


def test_predictions_are_equal_to_the_last_bit(runs: tuple[Path, Path]) -> None:
    one, two = map(read_run_predictions, runs)
    assert [(e.name, e.seed, e.fold) for e in one] == [(e.name, e.seed, e.fold) for e in two]
    assert len(one) == 2 * 2  # folds; a baseline and a network
    for alone, beside in zip(one, two, strict=True):
        np.testing.assert_array_equal(alone.predictions.documents, beside.predictions.documents)
        np.testing.assert_array_equal(alone.predictions.probabilities, beside.predictions.probabilities)


def test_the_record_is_equal_but_for_what_it_cost(runs: tuple[Path, Path]) -> None:
    one, two = (read(run) for run in runs)
    for metrics in (one, two):
        metrics["config"]["run"] |= {"out": None, "side_by_side": None}
        metrics["config"]["corpus"]["path"] = None
        for embedding in metrics["embeddings"]:
            embedding["seconds"] = None
    apart = {"timing", "stages", "total_seconds", "environment", "costs", "cheapest", "reuse"}
    assert {k: v for k, v in one.items() if k not in apart} == {
        k: v for k, v in two.items() if k not in apart
    }
    names = [[(row["name"], row["seed"], row["fold"]) for row in metrics["timing"]] for metrics in (one, two)]
    assert names[0] == names[1]
    assert [entry["name"] for entry in read(runs[0], "details/probes.json")] == ["lstm@learned"]
    for name in ("choices", "neighbours", "probes"):
        assert read(runs[0], f"details/{name}.json") == read(runs[1], f"details/{name}.json")
    histories = [read(run, "details/histories.json") for run in runs]
    for history in histories:
        for entry in history:
            for evaluation in entry["evaluations"]:
                evaluation["seconds"] = None
    assert histories[0] == histories[1]


def test_models_are_saved_alike(runs: tuple[Path, Path]) -> None:
    files = [sorted(path.relative_to(run) for path in run.joinpath("models").rglob("*.*")) for run in runs]
    assert files[0] == files[1]
    for file in files[0]:
        assert (runs[0] / file).read_bytes() == (runs[1] / file).read_bytes(), file


def test_arguments_that_are_sent_apart_train_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each argument is a copy of its own: no two are the same object, and none says by that whether to refit."""
    trained: list[str] = []

    def sent_apart(self: OneByOne, fit: Any, fold: int, *arguments: Any) -> None:
        apart = [pickle.loads(pickle.dumps(argument)) for argument in arguments]
        fit(self._material, *apart, self._record.fold(fold))

    def counted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def called(*arguments: Any, **named: Any) -> Any:
            trained.append(f"{module.__name__.partition('.')[2]}.{name}")
            return original(*arguments, **named)

        monkeypatch.setattr(module, name, called)

    monkeypatch.setattr(OneByOne, "run", sent_apart)
    counted(fit_networks, "fit_network")
    counted(fit_linear, "_count")
    counted(fit_linear, "fit_baseline")
    counted(fit_linear, "_features")
    given = {"corpus.path": str(write_films(tmp_path)), "run.out": str(tmp_path / "run"), "run.seeds": 1}
    given |= {"run.models": "bow,mean,ann", "run.embeddings": "random", "run.probes": False}
    run = run_experiment(load_config(None, SMALL, given), Console(silent=True), "")
    assert sorted(trained) == [
        "experiment.fit_linear._count",
        "experiment.fit_linear._features",
        "experiment.fit_networks.fit_network",
    ]
    assert [row["name"] for row in read(run)["results"]] == ["ann@random", "bow", "mean@random"]


def test_timing_and_report_say_how_many_ran_at_once(runs: tuple[Path, Path]) -> None:
    one, two = (read(run) for run in runs)
    assert {row["at_once"] for row in one["timing"]} == {1}
    assert {row["at_once"] for row in two["timing"]} == {2}
    assert all(row["fit_seconds"] > 0 and row["peak_rss_mib"] > 100 for row in two["timing"])
    said = "Up to 2 fits ran side by side"
    assert [said in (run / "report.md").read_text() for run in runs] == [False, True]


def test_the_log_has_every_training(runs: tuple[Path, Path]) -> None:
    one, two = (
        sorted(
            line[20:].split(":")[0]
            for line in (run / "log.txt").read_text().splitlines()
            if "Training" in line and "started" not in line
        )
        for run in runs
    )
    assert one == two


# --- what ends early ------------------------------------------------------------------------------------


def material_of(folder: Path) -> Material:
    """Return the material of a run without networks: workers load no TensorFlow."""
    config = load_config(None, SMALL, {"corpus.path": str(write_films(folder)), "run.models": "bow"})
    console = Console(silent=True)
    loaded, _, _ = read_and_split(config, console)
    return tokenize_all(config, console, folder / "run", loaded, plan_models(("bow",), ()))


@dataclass
class Parts:
    """Stands for the record of a run, and for the part of one fold."""

    fits: list[Fit] = field(default_factory=list)
    planned: tuple[PlannedModel, ...] = plan_models(("bow", "tfidf"), ())
    histories: list[Any] = field(default_factory=list)
    choices: list[Any] = field(default_factory=list)
    neighbours: list[Any] = field(default_factory=list)
    trials: dict[tuple[str, str, int], list[Any]] = field(default_factory=dict)
    probes: list[Any] = field(default_factory=list)

    def fold(self, number: int) -> Parts:
        return self

    def baseline(self, fit: Fit, choice: Choice | None) -> None:
        self.fits.append(fit)


def fit_named(name: str) -> Fit:
    return Fit(name, 0, 0, 1.0, 1.0, 1.0, 1, None, None, ())


def finish_at_once(material: Material, name: str, parts: Any) -> None:
    parts.baseline(fit_named(name), None)


def write_without_end(material: Material, parts: Any) -> None:
    (material.run / "half.part").write_text("half")
    time.sleep(600)


def fail(material: Material, parts: Any) -> None:
    raise PipelineError("films.csv:3", "no label", "give one")


def meet_a_fault(material: Material, parts: Any) -> None:
    raise KeyError("a fault")


def die(material: Material, parts: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def side_by_side(folder: Path) -> tuple[SideBySide, Parts]:
    (folder / "run").mkdir()
    parts = Parts()
    return SideBySide(material_of(folder), parts, 2), parts  # type: ignore[arg-type]


def workers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]


def fit_until_recorded(fits: SideBySide, parts: Parts, name: str) -> None:
    fits.run(finish_at_once, 0, name)
    while name not in [fit.name for fit in parts.fits]:
        fits.wait_for_room()


def test_after_waiting_for_all_every_fit_is_recorded_and_more_can_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(console: Any, stages: Any, found: Any, content: Any) -> None:
        time.sleep(0.3)  # what a worker said is read later than the worker ends
        found.put(content)

    monkeypatch.setitem(side_by_side_module.ACTIONS, "found", slowly)
    fits, parts = side_by_side(tmp_path)
    with all_ended(fits):
        for name in ("tfidf", "bow"):
            fits.run(finish_at_once, 0, name)
        fits.wait_for_all()
        assert [fit.name for fit in parts.fits] == ["bow", "tfidf"]
        fits.run(finish_at_once, 0, "tfidf")
    assert [fit.name for fit in parts.fits] == ["bow", "tfidf", "tfidf"]


def test_ctrl_c_stops_the_workers_and_keeps_what_had_finished(tmp_path: Path) -> None:
    fits, parts = side_by_side(tmp_path)
    running: list[psutil.Process] = []

    def press_ctrl_c() -> None:
        with all_ended(fits):
            fits.run(write_without_end, 0)
            fit_until_recorded(fits, parts, "tfidf")
            fit_until_recorded(fits, parts, "bow")
            while not (tmp_path / "run" / "half.part").exists():
                time.sleep(0.05)
            running.extend(workers())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()
    assert [(fit.name, fit.at_once) for fit in parts.fits] == [("bow", 2), ("tfidf", 2)]
    assert running
    assert not any(worker.is_running() for worker in running)
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize(
    ("fit", "error", "words"),
    [
        (fail, PipelineError, "films.csv:3: no label; give one"),
        (meet_a_fault, KeyError, "'a fault'"),
        (
            die,
            PipelineError,
            "run.side_by_side: a process that fitted a model beside others ended without a word; memory may have"
            " run out; set run.side_by_side = 1",
        ),
    ],
)
def test_an_error_of_a_fit_ends_the_run_with_it(
    fit: Any, error: type[Exception], words: str, tmp_path: Path
) -> None:
    fits, parts = side_by_side(tmp_path)

    def run_them() -> None:
        with all_ended(fits):
            fit_until_recorded(fits, parts, "bow")
            fits.run(fit, 0)
            fits.run(write_without_end, 0)

    with pytest.raises(error) as raised:
        run_them()
    assert str(raised.value) == words
    assert [kept.name for kept in parts.fits] == ["bow"]


def test_a_worker_never_gets_ctrl_c(tmp_path: Path) -> None:
    fits, parts = side_by_side(tmp_path)
    with all_ended(fits):
        fit_until_recorded(fits, parts, "bow")
        for worker in workers():
            worker.send_signal(signal.SIGINT)
        fits.run(finish_at_once, 0, "tfidf")
    assert [fit.name for fit in parts.fits] == ["bow", "tfidf"]


def test_what_was_found_is_put_in_the_order_of_a_run_one_after_the_other() -> None:
    planned = plan_models(("bow", "ann", "lstm"), ("learned", "random"))
    names = ["lstm@random", "ann@learned", "ann@random", "lstm@learned", "bow"]
    record = Parts(
        [replace(fit_named(name), fold=fold) for fold in (1, 0) for name in names],
        planned,
        [{"name": name, "fold": 0, "seed": 0} for name in names[:4]],
        [],
        [{"source": source} for source in ("lstm@learned", "random", "ann@learned", "learned")],
    )
    record.trials = {(name, name.partition("@")[0], fold): [] for fold in (1, 0) for name in names}
    record.probes = [{"name": name} for name in names[:4]]
    put_in_order(record)  # type: ignore[arg-type]
    networks = ["ann@learned", "lstm@learned", "ann@random", "lstm@random"]
    in_order = [(fold, name) for fold in (0, 1) for name in ("bow", *networks)]
    assert [(fit.fold, fit.name) for fit in record.fits] == in_order
    assert [one["name"] for one in record.histories] == networks
    assert [one["name"] for one in record.probes] == networks
    assert [(fold, name) for name, _, fold in record.trials] == in_order
    assert [one["source"] for one in record.neighbours] == ["learned", *networks[:2], "random"]
