"""Shards of a run, each computed without the others, and merged to what one run would have been."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from killed import SETTINGS, described, is_unfinished, read

from pipeline.commands.merge import merge
from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.fits import JobKey
from pipeline.experiment.shards import Shard
from pipeline.run_folder.journal import JOURNAL, read_journal, rewrite
from pipeline.settings.reading import load_config

pytestmark = pytest.mark.longer

# times and what is made of them; which command it was; how often these test documents were looked at
APART = {"timing", "stages", "total_seconds", "environment", "costs", "cheapest", "advice", "reuse"}
MODELS = {"run_models": "majority,bow,mean", "run_deterministic": True}


@pytest.fixture(autouse=True)
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a report that is drawn in this process be two files: nothing here depends on what stands in it."""

    def draw(run: Path) -> None:
        for name in ("report.md", "report.html"):
            (run / name).write_text(json.dumps(read(run)["warnings"]), encoding="utf-8")

    monkeypatch.setattr("pipeline.report.draw_report", draw)
    monkeypatch.setattr("pipeline.commands.unfinished.draw_report", draw)


def perform(folder: Path, out: str, said: io.StringIO | None = None, **options: Any) -> Path:
    """Return the folder of a run on the corpus of `folder`."""
    given = described(folder, **(MODELS | options)) | {"run.out": str(folder / out)}
    console = Console(said) if said else Console(silent=True)
    return run_experiment(load_config(None, SETTINGS, given), console, f"run to {out}")


def sharded(folder: Path, n_shards: int, **options: Any) -> list[Path]:
    """Return the folders of all shards of a run."""
    return [
        perform(folder, f"shard{number}", run_shard=f"{number}/{n_shards}", **options)
        for number in range(1, n_shards + 1)
    ]


def merged(folder: Path, shards: list[Path], out: str = "merged", said: io.StringIO | None = None) -> Path:
    return merge(shards, folder / out, None, Console(said) if said else Console(silent=True), "merge")


def refused(folder: Path, shards: list[Path]) -> str:
    before = contents(folder)
    with pytest.raises(PipelineError) as error:
        merged(folder, shards)
    assert contents(folder) == before
    return str(error.value)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def compared(run: Path) -> dict[str, Any]:
    """Return what of metrics.json has to be the same however a run was put together."""
    metrics = {key: value for key, value in read(run).items() if key not in APART}
    metrics["config"]["run"]["out"] = None
    for row in metrics["embeddings"]:
        row["seconds"] = row["cached"] = None
    return metrics


def jobs(run: Path) -> set[JobKey | None]:
    """Return the jobs that ended in a folder."""
    return {line.job for line in read_journal(run).lines if line.kind == "job"}


def write_vectors(folder: Path) -> str:
    words = ["good", "bad", "film"]
    lines = [f"{word} {number} {number / 2} 0.5 -1" for number, word in enumerate(words)]
    (folder / "vectors.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / "vectors.txt")


# --- equal to one run


def check_equal(folder: Path, n_shards: int, **options: Any) -> Path:
    """Check that the shards of a run become what one run is, and return the merged folder."""
    shards = sharded(folder, n_shards, **options)
    assert not any((shard / "metrics.json").exists() for shard in shards)
    before = contents(folder)
    run = merged(folder, shards)
    assert {path: content for path, content in contents(folder).items() if path in before} == before
    whole = perform(folder, "whole", **options)
    assert compared(run) == compared(whole)
    names = sorted(file.name for file in (whole / "predictions").iterdir())
    assert sorted(file.name for file in (run / "predictions").iterdir()) == names
    for name in names:
        assert (run / "predictions" / name).read_bytes() == (whole / "predictions" / name).read_bytes()
    assert not is_unfinished(run)
    status = read(run, "details/status.json")
    assert (status["state"], status["shard"], status["finished"]) == (
        "done",
        None,
        read(whole, "details/status.json")["finished"],
    )
    assert [row["command"] for row in status["resumed"]] == [
        *(f"run to shard{number}" for number in range(2, n_shards + 1)),
        "merge",
    ]
    return run


def test_shards_of_folds_are_merged_to_the_metrics_of_one_run(tmp_path: Path) -> None:
    check_equal(tmp_path, 3, corpus_folds=3, run_embeddings="random")


def test_shards_of_several_sources_are_merged_to_the_metrics_of_one_run(tmp_path: Path) -> None:
    sources = f"random,{write_vectors(tmp_path)},random:shuffled-rows"
    check_equal(tmp_path, 2, run_embeddings=sources)
    of_file, of_random = jobs(tmp_path / "shard1"), jobs(tmp_path / "shard2")
    if len(of_file) > len(of_random):
        of_file, of_random = of_random, of_file
    assert {key.name for key in of_random} >= {
        "random",
        "random:shuffled-rows",
    }  # they have vectors in common


def test_shards_of_a_learning_curve_are_merged_to_the_metrics_of_one_run(tmp_path: Path) -> None:
    run = check_equal(tmp_path, 3, n_docs=320, run_learning_curve=True, run_embeddings="random")
    assert len(read(run)["learning_curve"]["sizes"]) == 3


@pytest.mark.slow
def test_seeds_that_are_far_off_or_added_are_as_in_one_run(tmp_path: Path) -> None:
    """Second trainings are a shard's own matter, seeds are added by `merge`."""
    networks = {
        "run_models": "bow,ann",
        "run_embeddings": "learned",
        "run_seeds": "auto",
        "run_probes": False,
    }
    check_equal(tmp_path, 2, corpus_folds=2, run_side_by_side=1, **networks)


# --- what a shard is


def test_every_job_is_of_one_shard_and_shards_have_about_as_much_to_do(tmp_path: Path) -> None:
    shards = sharded(tmp_path, 2, corpus_folds=4, run_embeddings="random")
    first, second = map(jobs, shards)
    assert not first & second
    assert {(key.kind, key.fold) for key in first | second} == {
        (kind, fold) for kind in ("baselines", "source", "mean") for fold in range(4)
    }
    assert sorted(key.fold for key in first if key.kind == "mean") == sorted(
        key.fold for key in first if key.kind == "source"
    )
    assert abs(len(first) - len(second)) <= 2


def test_a_shard_says_what_it_is(tmp_path: Path) -> None:
    said = io.StringIO()
    run = perform(tmp_path, "shard", said, run_shard="2/2", corpus_folds=3, run_embeddings="random")
    assert (
        "Shard 2/2: 3 of 6 parts, 44% of the work. A part is what reads the vectors of one source and fold, or a fold's"
        " linear models: each vector is trained in one shard\n"
    ) in said.getvalue()
    assert (
        f"Shard 2/2 is done: {len(read(run, 'details/status.json')['finished'])} fits in {run};"
        in said.getvalue()
    )
    status = read(run, "details/status.json")
    assert (status["state"], status["shard"]) == ("shard", "2/2")
    assert is_unfinished(run)
    assert not list(run.glob("report*"))


def test_a_shard_that_has_no_part_is_an_empty_one(tmp_path: Path) -> None:
    shards = sharded(tmp_path, 3, run_embeddings="random")
    assert sorted(len(jobs(shard)) for shard in shards) == [0, 1, 2]
    assert len(read(merged(tmp_path, shards))["results"]) == 3


def test_a_shard_goes_on_as_the_same_shard_alone(tmp_path: Path) -> None:
    first = perform(
        tmp_path, "shard", run_shard="1/2", run_minutes=0.00001, corpus_folds=2, run_embeddings="random"
    )
    assert (jobs(first), read(first, "details/status.json")["state"]) == (set(), "out of time")
    with pytest.raises(PipelineError) as error:
        perform(tmp_path, "shard", run_shard="2/2", corpus_folds=2, run_embeddings="random")
    assert str(error.value) == (
        f'{first}: it holds a run that cannot go on as another: run.shard was "1/2" and is "2/2";'
        " ask for what that run was asked for, or name a new folder"
    )
    perform(tmp_path, "shard", run_shard="1/2", corpus_folds=2, run_embeddings="random")
    assert read(first, "details/status.json")["state"] == "shard"


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(PipelineError) as error:
        Shard.parse(text)
    assert str(error.value) == (
        f'--shard: "{text}" is no share of a run; give a number and how many there are, such as 1/4 to 4/4'
    )


# --- what is refused


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    """Return the two shards of a run."""
    return sharded(tmp_path, 2, corpus_folds=2, run_embeddings="random")


def test_a_share_that_is_missing_or_there_twice_is_named(tmp_path: Path, shards: list[Path]) -> None:
    first, second = shards
    assert refused(tmp_path, [second]) == (
        "merge: missing: shard 1/2; give their folders too; `run --shard` makes one that does not exist"
    )
    assert refused(tmp_path, [first, second, first]) == (
        f"merge: given twice: shard 1/2 ({first}, {first}); give one folder of each shard"
    )


def test_shards_of_other_settings_versions_or_documents_are_refused_by_name(
    tmp_path: Path, shards: list[Path]
) -> None:
    first, second = shards
    other = perform(tmp_path, "other", run_shard="2/2", corpus_folds=2, run_embeddings="random", run_seed=7)
    said = refused(tmp_path, [first, other])
    assert said.startswith(f"{first} and {other}: they are not of one run; from the first to the second: ")
    assert (
        "run.seed was 0 and is 7; its split into training, validation and test documents had sha256 " in said
    )

    journal = read_journal(second)
    begin = json.loads(json.dumps(journal.lines[0].row))
    begin["about"]["environment"]["packages"]["numpy"] = "1.0"
    lines = list(journal.lines)
    lines[0] = type(lines[0])(lines[0].at, lines[0].seconds, lines[0].kind, begin)
    rewrite(second / JOURNAL, lines)
    said = refused(tmp_path, [first, second])
    assert "from the first to the second: numpy was " in said
    assert said.endswith(" and is 1.0; run the shards with the same command on the same corpus and versions")

    films = tmp_path / "films.csv"
    text = films.read_text()
    changed = tmp_path / "changed"
    changed.mkdir()
    of_changed = perform(
        changed, "shard", run_shard="2/2", corpus_folds=2, run_embeddings="random", n_docs=80
    )
    assert "the corpus had sha256 " in refused(tmp_path, [first, of_changed])
    assert films.read_text() == text


def test_a_damaged_piece_is_named_and_its_shard_computes_it_again(tmp_path: Path, shards: list[Path]) -> None:
    first, second = shards
    file = sorted((second / "predictions").iterdir())[0]
    file.write_bytes(file.read_bytes()[:-1])
    again = "give the command of this shard again: it computes that anew"
    assert refused(tmp_path, [first, second]) == f"{second}: damaged or gone: {file}; {again}"
    perform(tmp_path, "shard2", run_shard="2/2", corpus_folds=2, run_embeddings="random")
    content = (first / JOURNAL).read_bytes()
    (first / JOURNAL).write_bytes(content.replace(b'"kind": "job"', b'"kind": "joc"', 1))
    number = content[: content.index(b'"kind": "job"')].count(b"\n") + 1
    assert refused(tmp_path, [first, second]) == (
        f"{first}: damaged or gone: line {number} of {first / JOURNAL}; {again}"
    )
    perform(tmp_path, "shard1", run_shard="1/2", corpus_folds=2, run_embeddings="random")
    assert len(read(merged(tmp_path, [first, second]))["results"]) == 6


def test_an_unfinished_shard_and_what_is_none_are_refused(tmp_path: Path, shards: list[Path]) -> None:
    first, _ = shards
    late = perform(
        tmp_path, "late", run_shard="2/2", corpus_folds=2, run_embeddings="random", run_minutes=0.00001
    )
    assert refused(tmp_path, [first, late]) == (
        f"{late}: this shard is not finished: it ended as out of time;"
        " give the command of this shard again: it goes on"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refused(tmp_path, [first, empty]) == (
        f"{empty}: there is no shard of a run in it; give the folders that `run --shard` wrote"
    )
    finished = perform(tmp_path, "finished", corpus_folds=2, run_embeddings="random")
    assert refused(tmp_path, [first, finished]) == (
        f"{finished}: it holds a finished run, no shard; give the folders that `run --shard` wrote"
    )
    stopped = perform(tmp_path, "stopped", corpus_folds=2, run_embeddings="random", run_minutes=0.00001)
    assert refused(tmp_path, [first, stopped]) == (
        f"{stopped}: it holds a whole run that was stopped, no shard; give that run's own command: it goes on"
    )


def test_another_corpus_is_refused_before_anything_is_written(tmp_path: Path, shards: list[Path]) -> None:
    films = (tmp_path / "films.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    other = tmp_path / "other.csv"
    other.write_text("".join(films[:-1]), encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        merge(shards, tmp_path / "merged", [str(other)], Console(silent=True), "merge")
    assert str(error.value) == (
        f"{other}: it holds other documents than those that {shards[0]} was made from;"
        " name the corpus of the shards with --corpus"
    )
    assert not (tmp_path / "merged").exists()


# --- where the corpus is not


def test_without_the_corpus_shards_are_scored_and_later_the_run_goes_on(
    tmp_path: Path, shards: list[Path]
) -> None:
    (tmp_path / "films.csv").rename(tmp_path / "away.csv")
    said = io.StringIO()
    run = merged(tmp_path, shards, said=said)
    assert f"{tmp_path / 'films.csv'} is not here, so nothing is trained any more;" in said.getvalue()
    assert len(read(run)["results"]) == 6
    assert (
        "the run was merged from shards before its report was written; `python -m pipeline report` wrote it;"
        " nothing is missing [run-ended-early]"
    ) in read(run)["warnings"]
    shutil.rmtree(run)
    moved = merge(shards, run, [str(tmp_path / "away.csv")], Console(silent=True), "merge")
    assert read(moved, "details/status.json")["state"] == "done"
