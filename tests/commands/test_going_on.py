"""Runs that were killed, interrupted or failed, and begun again with the same command: they go on in their folder."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import whole_runs
from killed import SETTINGS, described, is_unfinished, killed, read
from whole_runs import fitting, noting, run_job

from pipeline.commands.run import run_experiment
from pipeline.commands.unfinished import finish
from pipeline.commands.verify import verify
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.experiment import fit_linear
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, Made
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.lock import LOCK
from pipeline.settings.reading import load_config

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
ROOT = Path(__file__).parents[2]
APART = {
    "timing",
    "stages",
    "total_seconds",
    "environment",
    "costs",
    "cheapest",
    "advice",
    "reuse",
}  # times; other runs


def perform(
    folder: Path, *, resume: bool = False, command: str = "embedseq films.csv", **options: Any
) -> str:
    """Run what `described` says in this process, and return what was said."""
    told = io.StringIO()
    run_experiment(
        load_config(None, SETTINGS, described(folder, **options)), Console(told), command, resume=resume
    )
    return told.getvalue()


def refused(folder: Path, **options: Any) -> str:
    with pytest.raises(PipelineError) as error:
        perform(folder, **options)
    return str(error.value)


def interrupted(folder: Path, monkeypatch: pytest.MonkeyPatch, call: int = 3, **options: Any) -> Path:
    """Return the folder of a run in which Ctrl-C is pressed when a linear model is fitted for the `call`-th time."""
    original, calls = fit_linear._fit, iter(range(1, 1000))

    def fit(*arguments: Any, **named: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return original(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(fit_linear, "_fit", fit)
        with pytest.raises(KeyboardInterrupt):
            perform(folder, **options)
    return folder / "run"


def compared(run: Path) -> dict[str, Any]:
    """Return what of metrics.json has to be the same however often a run went on."""
    metrics = {key: value for key, value in read(run).items() if key not in APART}
    metrics["config"]["run"]["out"] = metrics["config"]["corpus"]["path"] = None
    metrics["corpus"]["reading"] = None  # it names the file
    return metrics


def scored_again(run: Path) -> bool:
    """Return whether every file is as its receipt says, and every score is computed again from predictions."""
    return all(one.file.startswith(("report.", "charts/")) for one in verify(run).differences)


@pytest.fixture(autouse=True, scope="module")
def reports_without_charts() -> Iterator[None]:
    """Let a report that is drawn in this process be two files: nothing here depends on what stands in it."""

    def draw(run: Path) -> None:
        for name in ("report.md", "report.html"):
            (run / name).write_text(json.dumps(read(run)["warnings"]), encoding="utf-8")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipeline.report.draw_report", draw)
        patched.setattr("pipeline.commands.unfinished.draw_report", draw)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the run that nothing stops."""
    folder = tmp_path_factory.mktemp("whole")
    perform(folder, run_deterministic=True)
    return folder / "run"


def slow(*case: Any) -> Any:
    return pytest.param(*case, marks=pytest.mark.slow)


# --- equal to a run that was not stopped


def test_a_run_that_was_interrupted_goes_on_and_says_what_it_found(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted(tmp_path, monkeypatch, run_deterministic=True)
    assert (run / "report.html").exists()
    assert is_unfinished(run)
    first = read(run, "details/status.json")
    seconds = read(run)["total_seconds"]
    said = perform(tmp_path, command="once more", run_deterministic=True, run_side_by_side=1)
    there = f"2 of 3 fits are there, begun {first['started']}; it was interrupted"
    assert f"Goes on in {run}: {there}\n" in said
    assert f"Goes on in {run}: {there}\n" in (run / "log.txt").read_text()
    metrics, unstopped = compared(run), compared(whole)
    assert metrics["config"]["run"].pop("side_by_side") == 1  # as the new command asks
    unstopped["config"]["run"].pop("side_by_side")
    assert metrics == unstopped
    for file in (whole / "predictions").iterdir():
        assert (
            run / "predictions" / file.name
        ).read_bytes() == file.read_bytes() or b"corpus" in file.read_bytes()
    status = read(run, "details/status.json")
    assert (status["state"], status["started"]) == ("done", first["started"])
    assert [row["command"] for row in status["resumed"]] == ["once more"]
    assert read(run)["environment"]["command"] == "embedseq films.csv"
    assert read(run)["total_seconds"] > seconds
    titles = [row["stage"] for row in read(run)["stages"]]
    assert titles.count("Tokenising") == 1
    assert not is_unfinished(run)
    assert not (run / LOCK).exists()


@pytest.mark.longer
@pytest.mark.parametrize(
    ("place", "call"),
    [
        slow(
            ("run_folder.folder", "RunFolder.create"), 1
        ),  # nothing is there yet, and yet the folder is held
        slow(("experiment.planned_run", "PlannedRun.write_status"), 1),  # the journal alone
        (("core.fits", "Fit.of_row"), 3),
        slow(("experiment.conclude", "score_run"), 1),
        slow(("run_folder.folder", "RunFolder.close"), 1),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else str(value),
)
def test_a_killed_run_goes_on_from_wherever_it_was(
    tmp_path: Path, whole: Path, place: tuple[str, str], call: int
) -> None:
    run = killed(tmp_path, place, call, run_deterministic=True)
    assert (run / LOCK).exists()
    said = perform(tmp_path, run_deterministic=True)
    assert f"{run} was held by process " in said
    assert compared(run) == compared(whole)


@pytest.mark.longer
def test_vectors_that_were_made_before_an_error_are_not_made_again(tmp_path: Path) -> None:
    def head_dies(data: RunData, job: Job) -> Iterator[Made]:
        if job.key.kind != "source":
            raise PipelineError(
                "cluster-gone", "--executor ray://head:10001", "the Ray cluster is gone", "begin again"
            )
        yield from run_job(data, job)

    told = io.StringIO()
    asked = {"run_models": "lstm", "run_embeddings": "word2vec"}
    with pytest.raises(PipelineError, match="is gone"):
        whole_runs.perform(tmp_path, executors=fitting(head_dies), console=Console(told), **asked)
    run = tmp_path / "run"
    assert is_unfinished(run)
    assert (
        f"the run ends here; the same command, with --out {run}, goes on [run-ends-here]" in told.getvalue()
    )
    seen: list[Job] = []
    sources: list[str] = []

    def noted(data: RunData, job: Job) -> Iterator[Made]:
        sources.extend([job.key.name] if job.key.kind == "source" else [])
        yield from run_job(data, job)

    whole_runs.perform(tmp_path, executors=noting(seen, noted), **asked)
    assert (sources, [job.key.kind for job in seen]) == ([], ["network"])
    assert not is_unfinished(run)


@pytest.mark.slow
def test_a_network_and_the_sets_of_a_learning_curve_go_on(tmp_path: Path) -> None:
    options = {
        "n_docs": 320,
        "run_models": "bow,ann",
        "run_embeddings": "learned",
        "run_learning_curve": True,
        "run_deterministic": True,
        "run_side_by_side": 1,
    }
    folders = [tmp_path / name for name in ("stopped", "unstopped")]
    for folder in folders:
        folder.mkdir()
    run = killed(folders[0], ("core.fits", "Fit.of_row"), call=6, **options)
    curve = run / "details" / "learning_curve"
    assert (curve / JOURNAL).is_file()
    perform(folders[0], **options)
    perform(folders[1], **options)
    metrics = [compared(folder / "run") for folder in folders]
    for one in metrics:
        for embedding in one["embeddings"]:
            embedding["seconds"] = None
    assert metrics[0] == metrics[1]
    assert not (curve / "details").exists()


@pytest.mark.slow
def test_report_leaves_a_run_that_can_go_on(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted(tmp_path, monkeypatch, run_deterministic=True)
    finish(run, Console(silent=True))
    assert any("was interrupted before its report was written" in text for text in read(run)["warnings"])
    assert is_unfinished(run)
    assert "2 of 3 fits are there" in perform(tmp_path, resume=True, run_deterministic=True)
    assert compared(run) == compared(whole)  # and the sentence of that report is gone


# --- what is damaged


def test_damaged_pieces_are_set_aside_and_computed_again(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted(tmp_path, monkeypatch, run_deterministic=True)
    pieces = ("predictions/bow.s0.f0.parquet", "models/majority/weights.safetensors", "config.toml")
    for piece in pieces:
        content = bytearray((run / piece).read_bytes())
        content[len(content) // 2] ^= 1
        (run / piece).write_bytes(content)
    with (run / JOURNAL).open("ab") as file:
        file.write(b'{"at": 1, "kind": "fit", "row": {')
    for written_anew in ("details/status.json", "metrics.json", "details/tokens.json", "report.md"):
        (run / written_anew).write_text("{")
    said = perform(tmp_path, run_deterministic=True)
    assert "warning: damaged or gone: line " in said
    for piece in pieces:
        assert piece in said
        assert (run / "damaged" / f"{piece}.damaged").is_file()
    assert "0 of 3 fits are there" in said
    assert compared(run) == compared(whole)
    assert scored_again(run)


@pytest.mark.slow
def test_a_damaged_beginning_is_refused_and_nothing_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted(tmp_path, monkeypatch)
    content = (run / JOURNAL).read_bytes()
    (run / JOURNAL).write_bytes(b"}" + content[1:])
    assert refused(tmp_path) == (
        f"{run / JOURNAL}: its first line is damaged, and that alone says which run this is;"
        " restore the file, or begin anew with another --out"
    )
    assert (run / "predictions" / "bow.s0.f0.parquet").exists()
    (run / JOURNAL).write_bytes(content)
    assert "2 of 3 fits are there" in perform(tmp_path)


# --- what is refused


def test_settings_and_documents_that_differ_are_named_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "theirs.csv"
    outside.write_text("document,predicted\n" + "".join(f"{n},pos\n" for n in range(60)))
    run = interrupted(tmp_path, monkeypatch, run_compare=str(outside), corpus_folds=2, run_probes=False)
    begun = (run / JOURNAL).read_bytes()
    outside.write_text("document,predicted\n" + "".join(f"{n},neg\n" for n in range(60)))
    said = refused(
        tmp_path,
        n_docs=60,
        run_compare=str(outside),
        corpus_folds=2,
        run_seed=4,
        networks_dropout=0.25,
        run_debug=True,
    )
    start = f"{run}: it holds a run that cannot go on as another: "
    end = "; ask for what that run was asked for, or name a new folder"
    assert said.startswith(start)
    assert said.endswith(end)
    named = said.removeprefix(start).removesuffix(end).split("; ")
    assert [one.split(" was ")[0].split(" had ")[0] for one in named] == [
        "networks.dropout",
        "run.seed",
        "run.probes",
        "its split into training, validation and test documents",
        "--compare theirs",
    ]
    assert named[1:3] == ["run.seed was 0 and is 4", "run.probes was false and is true"]
    assert (run / JOURNAL).read_bytes() == begun
    outside.unlink()
    assert "--compare theirs had sha256 " in refused(tmp_path, corpus_folds=2, run_probes=False)
    text = (tmp_path / "films.csv").read_text().replace("film number7,", "song number7,")
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: 0)  # `described` leaves the corpus as it is then
    (tmp_path / "films.csv").write_bytes(text.encode())
    assert "the corpus had sha256 " in refused(tmp_path, corpus_folds=2, run_probes=False)
    other = refused(tmp_path, corpus_folds=2, run_probes=False, corpus_limit=30, corpus_class_map="pos=good")
    assert 'corpus.class_map was not given and is "pos=good"; corpus.limit was 0 and is 30;' in other


@pytest.mark.slow
def test_a_vector_file_that_differs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = tmp_path / "tiny.vec"
    vectors.write_text("good 1 2 3\nbad -1 0 1\nfilm 0 1 0\n")
    given = {"run_models": "bow,mean", "run_embeddings": str(vectors), "run_deterministic": True}
    run = interrupted(tmp_path, monkeypatch, call=2, **given)  # the vectors are there, the mean is not
    vectors.write_text("good 1 2 3\nbad -1 0 2\nfilm 0 1 0\n")
    assert refused(tmp_path, **given).startswith(
        f"{run}: it holds a run that cannot go on as another: {vectors} had sha256 "
    )
    vectors.write_text("good 1 2 3\nbad -1 0 1\nfilm 0 1 0\n")
    assert "1 of 2 fits are there" in perform(tmp_path, **given)


def test_a_finished_run_is_refused_by_name(whole: Path) -> None:
    folder = whole.parent
    said = f"--out: {whole} holds a finished run; name a new folder, or delete this one"
    assert refused(folder, run_deterministic=True) == said
    assert refused(folder, run_deterministic=True, resume=True) == said


def test_to_resume_there_has_to_be_a_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    nothing = (
        f"--resume: there is no run in {run} to go on with;"
        " leave it out to begin one, or name another folder with --out"
    )
    assert refused(tmp_path, resume=True) == nothing
    run.mkdir()
    assert refused(tmp_path, resume=True) == nothing
    config = load_config(None, (), {"corpus.path": "films.csv"})
    with pytest.raises(PipelineError) as error:
        run_experiment(config, Console(silent=True), "", resume=True)
    assert str(error.value) == "--resume: it goes on in a folder, and none is named; name it with --out"
    (run / "mine.txt").touch()
    assert refused(tmp_path, resume=True) == (
        f"--out: the folder {run} is not empty; name a new folder, or empty this one"
    )


# --- real processes and real disks


def begun(folder: Path, *more: str, out: Path | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start the command that `described` says in a process of its own."""
    given = described(folder, **options) | {"run.out": str(out or folder / "run")}
    corpus, run = given.pop("corpus.path"), given.pop("run.out")
    settings = [f"--set={setting}" for setting in SETTINGS]
    settings += [
        f"--set={key}={json.dumps(value) if isinstance(value, bool) else value}"
        for key, value in given.items()
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", corpus, f"--out={run}", *settings, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=folder,
    )


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_ctrl_c_writes_what_had_finished_and_a_second_one_ends_at_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = begun(tmp_path, corpus_folds=5)
    wait_for((run / "predictions" / "bow.s0.f1.parquet").exists, process)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: '"interrupted"' in (run / JOURNAL).read_text(), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert is_unfinished(run)
    again = begun(tmp_path, "--resume", corpus_folds=5)
    told, error = again.communicate(timeout=300)
    assert again.returncode == 0, error
    assert f"Goes on in {run}: " in told
    assert "it was interrupted" in told
    assert not is_unfinished(run)


@pytest.mark.slow
def test_of_two_commands_at_once_one_runs_and_the_other_is_told_who_does(tmp_path: Path) -> None:
    both = [begun(tmp_path), begun(tmp_path)]
    ended = [process.communicate(timeout=600) for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 2], ended
    winner, loser = (both[codes.index(code)] for code in (0, 2))
    error = ended[codes.index(2)][1]
    assert f"in use by process {winner.pid} of " in error or "holds a finished run" in error
    assert scored_again(tmp_path / "run")
    assert loser.pid != winner.pid


def test_a_folder_that_vanishes_ends_the_run_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = fit_linear._fit, iter(range(1, 100))

    def fit(*arguments: Any, **named: Any) -> Any:
        if next(calls) == 2:
            shutil.rmtree(tmp_path / "run")
        return original(*arguments, **named)

    monkeypatch.setattr(fit_linear, "_fit", fit)
    assert refused(tmp_path) == (
        f"{tmp_path / 'run'}: the run's files are no longer there: they were moved or deleted while it was going on;"
        " run again"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be another user")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_fitted(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir(mode=0o755)
    script = (
        "import fcntl, os, pwd, sys\nfrom pathlib import Path\nfrom pipeline.run_folder.lock import RunLock\n"
        "from pipeline.core.errors import PipelineError\nos.setuid(65534)\n"
        "try:\n    RunLock.take(Path(sys.argv[1]), print)\nexcept PipelineError as error:\n    print(error)\n"
    )
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    ended = subprocess.run(
        [sys.executable, "-c", script, str(run)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert ended.stdout == (
        f"{run}: it cannot be written (Permission denied); make it writable, or name another folder\n"
    )
    assert list(run.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a file system of 160 KiB: a run begins there and does not come to its end."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user cannot mount a file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_full_disk_ends_a_run_that_goes_on_when_there_is_room(
    tmp_path: Path, small_disk: Path, whole: Path
) -> None:
    out = small_disk / "run"
    filler = small_disk / "filler"
    process = begun(tmp_path, out=out, run_deterministic=True)
    wait_for((out / "predictions" / "majority.s0.f0.parquet").exists, process)
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):  # noqa: PT012 # until it is full
        while True:
            file.write(bytes(1024))
            file.flush()
    _, error = process.communicate(timeout=300)
    assert process.returncode == 2, error
    assert "No space left on device; make room; the same command, with --out" in error
    assert is_unfinished(out)
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    said = perform(tmp_path, run_out=str(out), run_deterministic=True)
    assert f"Goes on in {out}: " in said
    assert compared(out) == compared(whole)


def test_ctrl_c_while_the_report_is_drawn_makes_no_second_one_and_the_same_command_has_it_alone_to_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []

    def draw(run: Path) -> None:
        drawn.append(run)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.report.draw_report", draw)
        with pytest.raises(KeyboardInterrupt):
            perform(tmp_path)
    assert drawn == [tmp_path / "run"]
    assert read(tmp_path / "run", "details/status.json")["state"] == "interrupted"
    assert "Goes on in" in perform(tmp_path)
    assert "3 of 3 fits are there" in (tmp_path / "run" / "log.txt").read_text(encoding="utf-8")
    assert read(tmp_path / "run", "details/status.json")["state"] == "done"
