"""Fits on a Ray cluster: the same results as on this machine, and what ends early.

The clusters of several nodes run on one machine, each node with the cores that it says it has.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jobs_by_hand
import numpy as np
import psutil
import pytest
import whole_runs
from jobs_by_hand import data_of, fit_named, job_of, named, names, run_all
from whole_runs import FILMS, read, write_films

import pipeline
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.fits import FitResult, JobEnded, JobFailed, JobKey
from pipeline.experiment.data import RunData
from pipeline.experiment.executors import check_executor
from pipeline.experiment.jobs import Job
from pipeline.experiment.ray_cluster import OnRay, on_ray, request
from pipeline.experiment.ray_joined import Cluster, joined
from pipeline.experiment.versions import differences, hash_of_code, versions_here
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.settings.tables import with_values

ray = pytest.importorskip("ray", reason="the extra `cluster` is not installed")
grpc = pytest.importorskip("grpc", reason="Ray's client is not installed")
for module in (sys.modules[__name__], jobs_by_hand):  # no node has the tests
    ray.cloudpickle.register_pickle_by_value(module)

ROOT = Path(pipeline.__file__).parent.parent


@contextmanager
def cluster(nodes: int, **of_head: Any) -> Iterator[tuple[Any, str]]:
    """Give a running cluster, its head without cores and `nodes` of one core each, and its address."""
    from ray.cluster_utils import Cluster

    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # with it Ray's client server often dies of its own fork
    os.environ["PYTHONPATH"] = str(ROOT)  # the nodes run this code, wherever another copy is installed
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head = {"num_cpus": 0, "ray_client_server_port": port, "include_dashboard": False}
    one = Cluster(
        initialize_head=True, head_node_args=head | {"_system_config": {"worker_niceness": 0}} | of_head
    )
    try:
        for _ in range(nodes):
            one.add_node(num_cpus=1)
        wait_until(lambda: answers(port))
        yield one, f"ray://127.0.0.1:{port}"
    finally:
        one.shutdown()


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[tuple[Any, str]]:
    with cluster(2) as found:
        yield found


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def wait_until(found: Any, seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def of_ray() -> list[psutil.Process]:
    """Return the processes of Ray that this one has started."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with psutil_gone():
            command = " ".join(child.cmdline())  # a process of other tests may have Ray's folder on its path
            is_other = "multiprocessing.forkserver" in command or child.status() == psutil.STATUS_ZOMBIE
            if "ray" in command and not is_other:
                found.append(child)
    return found


@contextmanager
def psutil_gone() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


def assert_equal(one: Path, other: Path) -> None:
    """Hold two runs to equal predictions, to the last bit, and to equal metrics, times apart."""
    pairs = zip(read_run_predictions(one), read_run_predictions(other), strict=True)
    for here, there in pairs:
        assert (here.name, here.seed, here.fold) == (there.name, there.seed, there.fold)
        np.testing.assert_array_equal(here.predictions.documents, there.predictions.documents)
        np.testing.assert_array_equal(here.predictions.probabilities, there.predictions.probabilities)
    assert without_times(one) == without_times(other)


def without_times(run: Path) -> Any:
    metrics = read(run)
    metrics["config"]["run"] |= {"out": None, "executor": None}
    metrics["config"]["corpus"]["path"] = metrics["corpus"]["reading"] = None
    for embedding in metrics["embeddings"]:
        embedding["seconds"] = None
    apart = {"timing", "stages", "total_seconds", "environment", "costs", "cheapest", "advice", "reuse"}
    return {key: value for key, value in metrics.items() if key not in apart}


# --- before a cluster is asked for anything ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["ray:", "ray://", "ray://head", "ray://head:", "dask", "RAY"])
def test_an_executor_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(PipelineError) as raised:
        check_executor(name)
    assert str(raised.value) == (
        f"--executor: there is no executor {name}; use local, ray or ray://HOST:PORT"
    )


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PipelineError) as raised, joined(None):
        raise AssertionError
    assert str(raised.value) == (
        "--executor: Ray is not installed; python -m pip install 'embedseq[cluster]'"
    )


@pytest.mark.longer
def test_ray_is_imported_for_no_other_executor() -> None:
    code = "import sys, pipeline.experiment.executors, pipeline.commands.run; print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_address_where_nothing_answers_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(PipelineError) as raised, joined(f"ray://127.0.0.1:{port}"):
        raise AssertionError
    assert str(raised.value) == (
        f"--executor ray://127.0.0.1:{port}: nothing answers there; see `ray status` on its head; "
        "PORT is that of Ray's client server, 10001 unless it was changed"
    )


@pytest.mark.parametrize("error", [ConnectionError, grpc.RpcError, ray.exceptions.RaySystemError])
def test_each_error_of_a_connection_that_broke_says_that_the_cluster_is_gone(error: type[Exception]) -> None:
    here = OnRay.__new__(OnRay)
    here._cluster, here._ray = Cluster(ray, "ray://head:10001", ("head", 10001), None, None), ray
    with pytest.raises(PipelineError, match="ray://head:10001: the Ray cluster is gone"), here._reached():
        raise error("Socket closed")


def test_every_difference_of_versions_is_named_with_both() -> None:
    here = {"Python": "3.11.7", "embedseq": "0.1.0", "ray": "2.60.0", "numpy": "2.3.0"}
    there = {"Python": "3.11.9", "embedseq": "0.1.0", "ray": "2.59.1"}
    assert differences(here, there) == [
        "Python 3.11.9 there, 3.11.7 here",
        "ray 2.59.1 there, 2.60.0 here",
        "numpy absent there, 2.3.0 here",
    ]
    assert differences(here, dict(here)) == []


def test_what_is_compared() -> None:
    assert {"Python", "ray", "embedseq", "the code of embedseq", "tensorflow"} < set(versions_here())


def test_the_code_counts_by_content_and_name(tmp_path: Path) -> None:
    found = []
    for number, (name, text) in enumerate([("a.py", "1"), ("b.py", "1"), ("a.py", "2"), ("a.py", "1")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(text)
        (folder / "notes.txt").write_text(str(number))
        found.append(hash_of_code(folder))
    assert found[0] == found[3]
    assert len(set(found)) == 3


@pytest.mark.parametrize(("gpu", "gpus"), [(True, 1), (False, 0)])
def test_a_job_asks_for_a_core_its_memory_and_where_it_trains_a_gpu(gpu: bool, gpus: int) -> None:
    assert request(10, gpu=gpu) == {"num_cpus": 1, "num_gpus": gpus, "memory": 10, "max_retries": 2}


# --- a cluster that is started here -----------------------------------------------------------------------


@pytest.mark.longer
def test_a_run_on_a_cluster_started_here_gives_the_same_and_leaves_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(Path("/tmp").glob("ray-*"))
    shown = io.StringIO()
    options: dict[str, Any] = {"run_models": "bow", "corpus_folds": 2}
    there = whole_runs.perform(tmp_path / "ray", "run.executor=ray", console=Console(shown), **options)
    assert capfd.readouterr() == ("", "")  # nothing of Ray's own
    said = shown.getvalue()
    for fold in ("bow", "bow, fold 2"):
        assert f"{fold}: baselines began on node " in said
        assert f"{fold}: baselines ended on node " in said
    assert of_ray() == []
    assert set(Path("/tmp").glob("ray-*")) == before
    assert_equal(whole_runs.perform(tmp_path / "here", **options), there)


@pytest.mark.longer
def test_a_cluster_started_here_is_reached_from_this_machine_alone(tmp_path: Path) -> None:
    given = ("--executor", "ray", "--models", "bow", "--no-probes", "--out", str(tmp_path / "run"))
    command = [sys.executable, "-m", "pipeline", "run", str(write_films(tmp_path)), *given]
    heard: set[str] = set()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with psutil_gone():
                for child in psutil.Process(process.pid).children(recursive=True):
                    heard |= doors_of(child)
            time.sleep(0.1)
    assert process.returncode == 0
    assert {address.removeprefix("::ffff:") for address in heard} == {"127.0.0.1"}


def doors_of(process: psutil.Process) -> set[str]:
    """Return the addresses at which a process takes connections."""
    with suppress(psutil.Error):
        found = process.net_connections("inet")
        return {one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN}
    return set()


# --- several nodes ----------------------------------------------------------------------------------------


def mark(place: Path) -> int:
    """Count a visit; return which it is, from 1 on."""
    with place.open("a") as file:
        file.write("x")
    return place.stat().st_size


def die_at_first(times: int, place: Path, data: RunData, job: Job) -> Iterator[FitResult]:
    if mark(place) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    yield FitResult(fit_named(job.key.name))


def wait_at_first(place: Path, data: RunData, job: Job) -> Iterator[FitResult]:
    if mark(place) == 1:
        place.with_suffix(".node").write_text(ray_node())
        while not place.with_name("go").exists():
            time.sleep(0.1)
    yield FitResult(fit_named(job.key.name))


def ray_node() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())


def count(place: Path, data: RunData, job: Job) -> Iterator[FitResult]:
    mark(place)
    yield FitResult(fit_named(job.key.name))


def fail(data: RunData, job: Job) -> Iterator[FitResult]:
    raise PipelineError("no-label-column", "films.csv:3", "no label", "give one")


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_its_job_alone(two_nodes: Any, tmp_path: Path) -> None:
    shown = io.StringIO()
    data = shown_by(data_of(tmp_path), shown)
    jobs = [
        job_of(partial(die_at_first, 1, tmp_path / "once"), "nbsvm"),
        job_of(partial(die_at_first, 9, tmp_path / "ever"), "bow"),
        *(job_of(partial(count, tmp_path / name), name) for name in ("tfidf", "mean")),
    ]
    with on_ray(data, two_nodes[1]) as executor:
        assert executor.at_once == 2
        found = run_all(executor, jobs)
    assert sorted(names(found)) == ["mean", "nbsvm", "tfidf"]
    assert [one for one in found if isinstance(one, JobFailed)] == [
        JobFailed(JobKey("baselines", "bow"), "WorkerCrashedError, 3 times")
    ]
    visits = {name: (tmp_path / name).stat().st_size for name in ("once", "ever", "tfidf", "mean")}
    assert visits == {"once": 2, "ever": 3, "tfidf": 1, "mean": 1}
    assert "is gone: nbsvm: baselines begins again, on node " in shown.getvalue()


@pytest.mark.slow
def test_a_node_that_is_killed_costs_its_job_alone(two_nodes: Any, tmp_path: Path) -> None:
    one, address = two_nodes
    shown = io.StringIO()
    data = shown_by(data_of(tmp_path), shown)
    extra = one.add_node(num_cpus=1)
    with on_ray(data, address) as executor:
        assert executor.at_once == 3
        executor.begin(0, job_of(partial(count, tmp_path / "tfidf"), "tfidf"))
        first = [executor.next()[1], executor.next()[1]]
        places = [tmp_path / str(number) for number in range(3)]
        for number, place in enumerate(places):
            executor.begin(number + 1, job_of(partial(wait_at_first, place), f"waits {number}"))
        there = [place.with_suffix(".node") for place in places]
        wait_until(lambda: all(place.exists() for place in there))
        (lost,) = (place for place in there if place.read_text() == extra.node_id)
        one.remove_node(extra, allow_graceful=False)
        wait_until(lambda: len([row for row in ray.nodes() if row["Alive"]]) == 3)
        (tmp_path / "go").touch()
        found = [executor.next()[1] for _ in range(6)]  # a result and an end each
        executor._look()
    assert sorted(names([*first, *found])) == ["tfidf", "waits 0", "waits 1", "waits 2"]
    visits = {place.name: place.stat().st_size for place in (*places, tmp_path / "tfidf")}
    assert visits == {"0": 1, "1": 1, "2": 1, "tfidf": 1} | {lost.stem: 2}
    gone = f"warning: node {extra.node_id[:6]} of {socket.gethostname()} is gone; its jobs are done elsewhere"
    assert f"{gone}, 2 nodes and 2 cores now" in shown.getvalue()


@pytest.mark.slow
def test_what_a_fit_raises_ends_the_run_with_it_and_the_cluster_runs_on(
    two_nodes: Any, tmp_path: Path
) -> None:
    one, address = two_nodes
    with on_ray(data_of(tmp_path), address) as executor:
        with pytest.raises(PipelineError) as raised:
            run_all(executor, [job_of(fail)])
        assert str(raised.value) == "films.csv:3: no label; give one"
        executor.begin(1, job_of(partial(wait_at_first, tmp_path / "endless")))
        wait_until((tmp_path / "endless").exists)
    with on_ray(data_of(tmp_path), address) as executor:  # nothing of the one before runs there
        assert names(run_all(executor, [named("bow"), named("tfidf"), named("nbsvm")])) != []
    assert len(one.list_all_nodes()) == 3


@pytest.mark.slow
def test_a_node_with_other_code_is_named_before_anything_is_submitted(two_nodes: Any, tmp_path: Path) -> None:
    one, address = two_nodes
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "pipeline", copy / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "pipeline" / "core" / "wording.py").open("a").write("\n# edited\n")
    other = one.add_node(num_cpus=1, env_vars={"PYTHONPATH": str(copy)})
    try:
        with pytest.raises(PipelineError) as raised, on_ray(data_of(tmp_path), address):
            raise AssertionError
    finally:
        one.remove_node(other)
    here, there = hash_of_code(ROOT / "pipeline"), hash_of_code(copy / "pipeline")
    assert str(raised.value) == (
        f"--executor {address}: node {other.node_id[:6]} of {socket.gethostname()} has "
        f"the code of embedseq {there} there, {here} here; "
        "install the same versions on every node, and give the command again"
    )


@pytest.mark.slow
def test_whole_runs_on_two_nodes_are_equal_to_the_last_bit(two_nodes: Any, tmp_path: Path) -> None:
    """Networks and linear models, with vectors that unlabelled text gave to every fold."""
    more = tmp_path / "more.txt"
    more.write_text("\n".join(f"{text} again" for text in FILMS))
    options: dict[str, Any] = {
        "corpus_folds": 2,
        "corpus_unlabelled": str(more),
        "run_models": "bow,mean,lstm",
        "run_embeddings": "word2vec",
        "run_deterministic": True,
        "run_cache": False,
    }
    here = whole_runs.perform(tmp_path / "here", "run.side_by_side=1", **options)
    there = whole_runs.perform(
        tmp_path / "there", "run.side_by_side=1", f"run.executor={two_nodes[1]}", **options
    )
    assert_equal(here, there)
    at = {
        line.split(" on ")[1] for line in (there / "log.txt").read_text().splitlines() if " began on " in line
    }
    assert len(at) == 2
    assert [one["cached"] for one in read(there)["embeddings"]] == [
        one["cached"] for one in read(here)["embeddings"]
    ]


@pytest.mark.slow
def test_vectors_in_a_file_are_read_where_the_file_is(two_nodes: Any, tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("good 1 0 0\nbad 0 1 0\nfilm 0 0 1\n")
    options: dict[str, Any] = {"run_models": "mean", "run_embeddings": str(vectors), "run_cache": False}
    here = whole_runs.perform(tmp_path / "here", **options)
    there = whole_runs.perform(tmp_path / "there", f"run.executor={two_nodes[1]}", **options)
    assert_equal(here, there)
    assert "source began on" not in (there / "log.txt").read_text()


# --- the run's own process --------------------------------------------------------------------------------


def shown_by(data: RunData, stream: io.StringIO) -> RunData:
    data.console._stream, data.console._silent = stream, False
    return data


def command(folder: Path, *options: str) -> list[str]:
    """Return the command of a run whose linear model ends long before its network."""
    films = folder / "films.csv"
    if not films.exists():
        write_films(folder)
    sets = [f"--set={one}" for one in (*whole_runs.SMALL, "networks.max_epochs=40", "networks.patience=40")]
    run = ["run", str(films), "--models", "bow,lstm", "--embeddings", "learned", "--seeds", "1"]
    flags = ["--no-probes", "--deterministic", "--no-cache"]
    return [sys.executable, "-m", "pipeline", *run, *flags, *sets, *options]


def start(asked: list[str], folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        asked, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def ended(run: Path) -> list[str]:
    """Return the kinds of the jobs that a run folder holds."""
    journal = run / "details" / "journal.jsonl"
    if not journal.exists():
        return []
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    return [line["job"][0] for line in rows if line["kind"] == "job"]


@pytest.mark.slow
def test_when_the_head_is_killed_the_run_says_so_and_the_same_command_goes_on(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with cluster(2) as (one, address):
        process = start(command(tmp_path, "--executor", address, "--out", str(run)), tmp_path)
        wait_until(lambda: "baselines" in ended(run))
        one.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert len(said.splitlines()) == 1, said
    line = said.strip()
    assert line.startswith(f"--executor {address}: the Ray cluster is gone (")
    assert line.endswith("); what had finished is kept; give the same command again: it goes on from there")
    finished = ended(run)
    assert "network" not in finished
    subprocess.run(command(tmp_path, "--out", str(run)), check=True, capture_output=True, cwd=tmp_path)
    whole = tmp_path / "whole"
    subprocess.run(command(tmp_path, "--out", str(whole)), check=True, capture_output=True, cwd=tmp_path)
    assert_equal(run, whole)
    assert (run / "log.txt").read_text().count("bow: baselines began on") == 1


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, (130,)), (signal.SIGTERM, (143, 1))])
def test_a_run_that_is_stopped_leaves_no_process(
    sent: signal.Signals, status: tuple[int, ...], tmp_path: Path
) -> None:
    """On SIGTERM Ray's own library sometimes ends the process first, with 1."""
    run = tmp_path / "run"
    process = start(command(tmp_path, "--executor", "ray", "--out", str(run)), tmp_path)
    wait_until(lambda: (run / "log.txt").exists() and "network began on" in (run / "log.txt").read_text())
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("raylet" in child.name() for child in children)
    send = os.killpg if sent == signal.SIGINT else os.kill  # as a terminal does, and as `kill` does
    send(process.pid, sent)
    shown, said = process.communicate(timeout=120)
    assert process.returncode in status, (shown, said)
    kept = f"Interrupted. Finished: bow; what there is stands in {run}; the same command, with --out {run}, goes on\n"
    assert said == ("" if sent == signal.SIGTERM else kept)
    wait_until(lambda: not any(child.is_running() for child in children), 30)


# --- memory -----------------------------------------------------------------------------------------------


def when_it_ran(data: RunData, job: Job) -> Iterator[FitResult]:
    begin = time.time()
    time.sleep(3.0)
    yield FitResult(fit_named(f"{begin} {time.time()}"))


@pytest.mark.slow
@pytest.mark.parametrize(("bound", "at_once"), [("2000MB", 1), ("8000MB", 2)])
def test_tasks_stay_within_the_memory_that_was_asked_for(
    two_nodes: tuple[Any, str], tmp_path: Path, bound: str, at_once: int
) -> None:
    """Two jobs that need 1,500 MiB each."""
    data = data_of(tmp_path)
    data = replace(data, config=with_values(data.config, {"run.max_memory": bound}))
    with on_ray(data, two_nodes[1]) as executor:
        jobs = [replace(job_of(when_it_ran, name), mib=1_500.0) for name in ("bow", "tfidf")]
        executor.begin(0, jobs[0])
        assert executor.fits(jobs[1]) is (at_once == 2)
        if at_once == 2:
            executor.begin(1, jobs[1])
        while not isinstance(executor.next()[1], JobEnded):
            continue
        assert executor.fits(replace(jobs[1], mib=9_000.0)) is (
            at_once == 1
        )  # what runs alone is never held back
