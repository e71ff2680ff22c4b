"""Shards of a run, joined in one folder as if the run had gone on from one to the next.

A shard is the folder of a run that did its share and kept its journal. What it holds is checked as when a run goes on,
but nothing is changed in it: what is damaged is refused.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import write_whole
from pipeline.core.fits import Row
from pipeline.run_folder.journal import BEGIN, END, JOURNAL, RESUMED, Line, read_journal, rewrite
from pipeline.run_folder.lock import check_free
from pipeline.run_folder.names import CONFIG, CURVE_FOLDER, METRICS, STATUS, UNFINISHED
from pipeline.run_folder.predictions import FOLDER as PREDICTIONS
from pipeline.run_folder.stopped import StoppedRun, damaged_files

SHARD, MERGED = "shard", "merged"  # states of a run
_OWN = {JOURNAL.name, Path(STATUS).name}  # files of details/ that are of one folder alone


@dataclass(frozen=True)
class Piece:
    """A whole shard.

    Attributes
    ----------
    run : what its journal holds
    curve : that of the smaller sets; None without --learning-curve
    """

    run: StoppedRun
    curve: StoppedRun | None

    @classmethod
    def read(cls, path: Path) -> Piece:
        """Return the shard in a folder.

        Raises
        ------
        PipelineError
            If there is none, it is not finished or in use, or something in it is damaged.
        """
        if not (path / JOURNAL).is_file():
            fix = "give the folders that `run --shard` wrote"
            finished = (path / METRICS).is_file()
            what = "it holds a finished run, no shard" if finished else "there is no shard of a run in it"
            raise PipelineError("not-a-finished-shard", str(path), what, fix)
        check_free(path)
        run = _whole(path, path)
        state = _state(run)
        if not tomllib.loads(run.begin["texts"][CONFIG])["run"]["shard"]:
            what = "it holds a whole run that was stopped, no shard"
            raise PipelineError(
                "not-a-finished-shard", str(path), what, "give that run's own command: it goes on"
            )
        if state != SHARD:
            what = f"this shard is not finished: it {_UNFINISHED.get(state, f'ended as {state}')}"
            raise PipelineError(
                "not-a-finished-shard", str(path), what, "give the command of this shard again: it goes on"
            )
        curve = path / CURVE_FOLDER
        return cls(run, _whole(path, curve) if (curve / JOURNAL).is_file() else None)

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.run.path


_UNFINISHED = {
    "": "was killed, or is a run of another kind",
    "done": "is a whole run",
}


def _state(run: StoppedRun) -> str:
    """Return how a run ended the last time; empty where its journal does not say."""
    ends = [line.row["state"] for line in run.conclusion if line.kind == END]
    return ends[0] if ends else ""


def _whole(shard: Path, path: Path) -> StoppedRun:
    """Return what a journal holds; raise where it, or a file that it speaks of, is not as the run wrote it."""
    journal = read_journal(path)
    damaged = [f"line {line.number} of {path / JOURNAL}" for line in journal.damaged]
    damaged += [str(path / name) for name in damaged_files(path, journal.lines)]
    texts: dict[str, str] = {}
    for line in journal.lines:
        texts |= line.row["texts"] if line.kind in (BEGIN, RESUMED) else {}
    damaged += [
        str(path / name)
        for name, text in texts.items()
        if not (path / name).is_file() or (path / name).read_bytes() != text.encode()
    ]
    if damaged:
        what = f"damaged or gone: {first_places(damaged, shown=5)}"
        raise PipelineError(
            "run-file-damaged",
            str(shard),
            what,
            "give the command of this shard again: it computes that anew",
        )
    return StoppedRun(path, journal.lines, None)


def join(pieces: Sequence[Piece], out: Path, begin: Row) -> None:
    """Write shards into a folder, which becomes that of a run that can go on; its journal comes last.

    Parameters
    ----------
    begin : what the run was begun with, with the texts of its own files
    """
    for piece in pieces:
        _copy(piece.run, out)
        if piece.curve is not None:
            _copy(piece.curve, out / CURVE_FOLDER)
        if (piece.path / UNFINISHED).is_dir():  # the vectors, for seeds that are added
            shutil.copytree(piece.path / UNFINISHED, out / UNFINISHED, dirs_exist_ok=True)
    _copy_what_all_have(pieces[0].path, out, {name for piece in pieces for name in piece.run.files})
    for name, text in begin["texts"].items():
        write_whole(out / name, text.encode())
    curves = [piece.curve for piece in pieces if piece.curve is not None]
    if curves:
        (out / CURVE_FOLDER / JOURNAL).parent.mkdir(parents=True, exist_ok=True)
        rewrite(out / CURVE_FOLDER / JOURNAL, joined(curves, curves[0].begin))
    rewrite(out / JOURNAL, joined([piece.run for piece in pieces], begin))


def _copy(run: StoppedRun, out: Path) -> None:
    for name in run.files:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run.path / name, out / name)


def _copy_what_all_have(first: Path, out: Path, known: set[str]) -> None:
    """Copy facts of test documents, and predictions that were made elsewhere."""
    for file in (*first.glob("details/*"), *first.glob(f"{PREDICTIONS}/*")):
        name = file.relative_to(first).as_posix()
        if file.is_file() and file.name not in _OWN and name not in known:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, out / name)


def joined(runs: Sequence[StoppedRun], begin: Row) -> Iterator[Line]:
    """Yield the lines of journals as those of one run, which went on from one to the next.

    Seconds add up. What every shard notes is told once; of the smaller sets each knows its own fits alone.
    """
    before, last = 0.0, runs[0].lines[0]
    notes: set[str] = set()
    for number, run in enumerate(runs):
        for line in run.without_conclusion():
            last = replace(line, seconds=before + line.seconds)
            if line.kind == BEGIN:
                last = replace(last, row=begin) if number == 0 else _as_resumed(last)
            elif line.kind == RESUMED:
                last = replace(last, row=line.row | {"texts": {}})
            elif line.kind == "note":
                if line.row in notes:
                    continue
                notes.add(line.row)
            yield last
        before = last.seconds
    curves = [[line.row for line in run.lines if line.kind == "curve"] for run in runs]
    if all(curves):
        known = [row for rows in curves for row in rows[-1]["untrained"]]
        fits = [row for place, row in enumerate(known) if row not in known[:place]]
        yield replace(last, kind="curve", row=curves[0][-1] | {"untrained": fits})
    yield replace(last, kind=END, row={"state": MERGED})


def _as_resumed(line: Line) -> Line:
    """Return the beginning of a further shard as that of a further part of the run."""
    row: Row = {"texts": {}}
    if "about" in line.row:
        about = line.row["about"]
        row |= {"time": about["started"], "command": about["command"], "host": about["host"]}
    return replace(line, kind=RESUMED, row=row)
