"""What a run will take: jobs laid out on cores and nodes, the work of a training, and what is measured of both."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import configure, perform, read

from pipeline.commands.plan import describe, plan_run
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.fits import JobKey
from pipeline.experiment.data import Split
from pipeline.experiment.forecast import Cluster, Expected, every_job, longest_chain, schedule
from pipeline.experiment.jobs import Job
from pipeline.experiment.rates import Training
from pipeline.models.networks.budget import Budget
from pipeline.run_folder.details.forecast import Seconds
from pipeline.settings.tables import Config

NOBODY = Split(0, *[None] * 3)  # type: ignore[arg-type]
VECTORS = JobKey("source", "word2vec")


def usual(seconds: Seconds) -> float:
    return seconds.usual


def lasting(seconds: float, key: JobKey, mib: float = 100.0, needs: JobKey | None = None) -> Expected:
    job = Job(key, print, (), NOBODY, Config(), refit=False, mib=mib, needs=needs)  # type: ignore[arg-type]
    return Expected(job, Seconds(seconds / 2, seconds, 3 * seconds), (), 0.0)


def networks(number: int, seconds: float, mib: float = 100.0) -> list[Expected]:
    """Return trainings that wait for vectors."""
    return [lasting(seconds, JobKey("network", "lstm", seed=seed), mib, VECTORS) for seed in range(number)]


@pytest.mark.parametrize(
    ("at_once", "room", "nodes", "seconds", "peak"),
    [
        (1, 9_000, 1, 10 + 5 + 4 * 20, 300),
        (2, 9_000, 1, 10 + 2 * 20, 600),  # bow runs beside the vectors
        (2, 500, 1, 10 + 4 * 20, 300),  # two networks do not fit
        (2, 9_000, 2, 10 + 20, 600),  # of the node that holds most
        (2, 200, 1, 10 + 4 * 20, 300),  # one that fits by no means is run alone
    ],
)
def test_jobs_are_laid_out_as_a_run_begins_them(
    at_once: int, room: float, nodes: int, seconds: float, peak: float
) -> None:
    jobs = [
        lasting(5, JobKey("baselines", "bow"), mib=50),
        lasting(10, VECTORS),
        *networks(4, 20, mib=300),
    ]
    assert schedule(jobs, Cluster(at_once, room, own_mib=0, nodes=nodes), usual) == (seconds, peak)


def test_what_has_to_follow_each_other_bounds_a_run_on_any_number_of_nodes() -> None:
    jobs = [lasting(25, JobKey("baselines", "bow")), lasting(10, VECTORS), *networks(4, 20)]
    assert longest_chain(jobs, usual) == 10 + 20
    assert longest_chain([*jobs, lasting(31, JobKey("baselines", "nbsvm"))], usual) == 31
    assert schedule(jobs, Cluster(1, 9_000, 0, nodes=100), usual)[0] == 30


def test_the_work_of_a_training_is_its_updates_and_its_looks_at_validation_documents() -> None:
    budget = Budget(first=100, most=300, floor=30, patience=40, span=50, looks=2)
    training = Training(budget, an_update=7.0, a_look=3.0, phases=1)
    assert training.work(100) == 100 * 7 + 4 * 3
    assert training.least == 40  # the patience is at its end no earlier
    assert Training(budget, 7.0, 3.0, phases=2).work(100) == 2 * (100 * 7 + 4 * 3)


def test_under_tune_the_seeds_come_after_the_last_trial() -> None:
    trials = [lasting(1, JobKey("trial", "lstm", number=number)).job for number in (1, 2)]
    found = every_job(trials, seeds=2)
    assert [job.key for job in found[2:]] == [JobKey("network", "lstm", seed=seed) for seed in (0, 1)]
    assert {job.needs for job in found[2:]} == {trials[1].key}


@pytest.mark.longer
def test_plan_measures_the_jobs_of_a_run_on_the_corpus(tmp_path: Path) -> None:
    found = plan_run(configure(tmp_path, run_models="bow,tfidf"), Console(silent=True), nodes=2)
    assert [(row.name, row.fits, row.measured) for row in found.rows] == [
        ("bow", 1, True),
        ("tfidf", 1, True),
    ]
    assert all(row.seconds.least == row.seconds.most > 0 for row in found.rows)  # nothing stops them early
    assert found.nodes == 2
    assert found.peak_mib > 100
    lines = describe(found).splitlines()
    assert " ".join(lines[0].split()) == (
        "jobs a job, min least, min usual, min at most, min memory, MiB disk, MiB"
    )
    assert not any("added" in line or "training" in line for line in lines)  # no network is asked for
    assert [line.split()[0] for line in lines[1:4]] == ["bow", "tfidf", "the"]
    assert not list(tmp_path.glob("run*"))  # nothing was fitted for good


def test_a_run_keeps_what_was_expected_of_it(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow")
    (row,) = read(run, "details/forecast.json")["rows"]
    assert (row["name"], row["fits"], row["measured"]) == ("bow", 1, False)
    assert "What was expected, and what happened" in (run / "report.md").read_text()


@pytest.mark.longer
def test_plan_takes_the_share_of_a_shard_alone(tmp_path: Path) -> None:
    shares = [
        plan_run(
            configure(tmp_path, run_models="bow,mean", run_embeddings="random", run_shard=f"{number}/2"),
            Console(silent=True),
        )
        for number in (1, 2)
    ]
    assert sorted(row.name for share in shares for row in share.rows) == [
        "bow",
        "mean@random",
        "vectors of random",
    ]
    assert all(share.rows for share in shares)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"run_shard": "5/3"}, "--shard"),
        ({"run_compare": "nofile.csv"}, "nofile.csv"),
        ({"run_out": "README.md"}, "--out"),
    ],
)
def test_plan_refuses_what_a_run_would_refuse(tmp_path: Path, options: dict[str, str], where: str) -> None:
    with pytest.raises(PipelineError) as error:
        plan_run(configure(tmp_path, run_models="bow", **options), Console(silent=True))
    assert error.value.where == where
