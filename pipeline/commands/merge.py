"""Shards of one run, made one run again: joined, completed where something is left, scored and reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.commands.out_folder import check_out, out_folder
from pipeline.commands.run import run_experiment
from pipeline.commands.unfinished import finish
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import plain
from pipeline.core.warned import warning
from pipeline.corpus.sources import is_here, names_of
from pipeline.experiment.data import read_and_split
from pipeline.experiment.planned_run import PlannedRun, corpus_of, differences
from pipeline.experiment.shards import Shard
from pipeline.run_folder.joined import Piece, join
from pipeline.run_folder.lock import RunLock
from pipeline.run_folder.names import CONFIG
from pipeline.run_folder.stopped import holds
from pipeline.settings.setting import one_or_several
from pipeline.settings.tables import Config, save_config, with_values

_VERSIONS = ("embedseq", "python")  # and those of packages


def merge(
    shards: Sequence[Path], out: Path, corpus: Sequence[str] | None, console: Console, command: str
) -> Path:
    """Join the shards of a run in a new folder, do what is left, and return the folder with its report.

    What is left takes all shards: seeds that are added. It is done if the corpus can be read here; else the folder is
    scored as it is. The shards stay as they are.

    Parameters
    ----------
    corpus : where the corpus lies here, if that is elsewhere than where the first shard read it

    Raises
    ------
    PipelineError
        If a shard is missing, given twice, unfinished or damaged, or of another run than the first one.
    """
    check_out(str(out), resume=False)
    if holds(out) != "nothing":
        what = f"{out} holds a run that can go on"
        raise PipelineError(
            "output-exists",
            "--out",
            what,
            f"name a new folder, or go on with `run ... --out {out}` without --shard",
        )
    pieces = [Piece.read(path) for path in shards]
    runs = [PlannedRun.stopped(piece.run) for piece in pieces]
    _check_shares(runs)
    for run in runs[1:]:
        _check_same(runs[0], run)
    pieces = [
        piece for _, piece in sorted(zip(runs, pieces, strict=True), key=lambda pair: _shard(pair[0]).number)
    ]
    config = _config_of_all(runs[0].config, out, corpus)
    here = is_here(config.corpus.path)
    if here:
        _check_documents(runs[0], config)
    path = out_folder(str(out), "")
    with RunLock.take(path, console.say), console.stage(f"Joining {len(pieces)} shards"):
        begin = pieces[0].run.begin
        texts = begin["texts"] | {CONFIG: save_config(config)}
        about = begin["about"] | {"folder": path.as_posix(), "command": command}
        about["environment"] = about["environment"] | {"command": command}
        join(pieces, path, plain(begin | {"about": about, "texts": texts}))
    if here:
        return run_experiment(config, console, command, resume=True)
    where = first_places(names_of(config.corpus.path))
    told = f"{where} is not here, so nothing is trained any more; --corpus says where the corpus lies"
    console.warn(warning("corpus-not-here", told))
    with RunLock.take(path, console.say):
        finish(path, console)
    return path


def _check_documents(run: PlannedRun, config: Config) -> None:
    """Raise a PipelineError, before anything is written, if the corpus holds other documents than the shards read."""
    read = read_and_split(config, Console(silent=True))
    found = corpus_of(read, config)
    if (found.hash, found.split_hash) != (run.about.corpus.hash, run.about.corpus.split_hash):
        what = f"it holds other documents than those that {run.folder.path} was made from"
        where = first_places(names_of(config.corpus.path))
        raise PipelineError(
            "shards-of-different-runs", where, what, "name the corpus of the shards with --corpus"
        )


def _config_of_all(config: Config, out: Path, corpus: Sequence[str] | None) -> Config:
    """Return the settings of the whole run; a time limit and a cluster were those of a shard."""
    values: dict[str, Any] = {
        "run.shard": "",
        "run.out": str(out),
        "run.minutes": 0.0,
        "run.executor": "local",
    }
    if corpus:
        values["corpus.path"] = one_or_several(corpus)
    return with_values(config, values)


def _shard(run: PlannedRun) -> Shard:
    return Shard.parse(run.config.run.shard)


def _check_shares(runs: Sequence[PlannedRun]) -> None:
    """Raise a PipelineError unless each share of one run is there once."""
    where = defaultdict(list)
    for run in runs:
        where[_shard(run)].append(str(run.folder.path))
    of = {shard.of for shard in where}
    if len(of) > 1:
        told = ", ".join(f"{paths[0]} is {shard}" for shard, paths in where.items())
        raise PipelineError(
            "shards-incomplete",
            "merge",
            f"these are shards of different numbers: {told}",
            "give those of one number",
        )
    (n_shards,) = of
    twice = [f"{shard} ({', '.join(paths)})" for shard, paths in where.items() if len(paths) > 1]
    if twice:
        raise PipelineError(
            "shards-incomplete",
            "merge",
            f"given twice: shard {first_places(twice)}",
            "give one folder of each shard",
        )
    wanted = [Shard(number, n_shards) for number in range(1, n_shards + 1)]
    missing = [str(shard) for shard in wanted if shard not in where]
    if missing:
        what = f"missing: shard {first_places(missing)}"
        raise PipelineError(
            "shards-incomplete",
            "merge",
            what,
            "give their folders too; `run --shard` makes one that does not exist",
        )


def _check_same(first: PlannedRun, other: PlannedRun) -> None:
    """Raise a PipelineError, which names each difference, if two shards are not of one run."""
    found = [*differences(first, other), *_other_versions(first, other)]
    if found:
        where = f"{first.folder.path} and {other.folder.path}"
        what = f"they are not of one run; from the first to the second: {'; '.join(found)}"
        raise PipelineError(
            "shards-of-different-runs",
            where,
            what,
            "run the shards with the same command on the same corpus and versions",
        )


def _other_versions(first: PlannedRun, other: PlannedRun) -> Iterator[str]:
    """Yield in words what was of another version."""
    ours, theirs = (_versions(run.about.environment) for run in (first, other))
    for name in ours | theirs:
        if ours.get(name) != theirs.get(name):
            yield f"{name} was {ours.get(name)} and is {theirs.get(name)}"


def _versions(environment: Mapping[str, Any]) -> dict[str, str | None]:
    return {**{name: environment[name] for name in _VERSIONS}, **environment["packages"]}
