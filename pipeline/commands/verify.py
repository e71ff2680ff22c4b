"""Check a run folder against itself: every score computed again from the predictions, the report drawn again."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.commands.replay import replay_models
from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.files import Json, file_hash, plain, read_json
from pipeline.core.resources import describe_environment
from pipeline.evaluation.scoring import Scored, score_run
from pipeline.report.draw import draw, kept_pictures
from pipeline.run_folder.journal import JOURNAL
from pipeline.run_folder.metrics import SCHEMA_VERSION, Metrics
from pipeline.run_folder.metrics.corpus import Environment
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.names import INPUTS, METRICS, STATUS
from pipeline.run_folder.protocol import read_protocol
from pipeline.run_folder.reading import run_with
from pipeline.run_folder.receipts import RECEIPTS, kept_files

# Sums of float64 may be ordered differently by another processor; nothing that is shown has so many digits.
TOLERANCE = 1e-9
NEAR_ZERO = 1e-12  # what is left where two such sums should cancel out
SHOWN = 30  # differences named of one file
ABSENT = "absent"
SCORES = "scores: none can be computed"
DRAWN = "a report: none can be drawn"
_REPORT = ("report.", "charts/")  # how the names of files begin that are drawn
DRAWN_BY = "vl-convert-python"


@dataclass(frozen=True)
class Difference:
    """One place where a file is not what it has to be.

    Attributes
    ----------
    file : path within the run folder
    place : key path or line; empty for the whole file
    saved, again : what the file says, and what it has to say
    """

    file: str
    place: str
    saved: str
    again: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.place}: " if self.place else f"{self.file}: "
        return f"{where}saved {self.saved}, found again {self.again}"


@dataclass(frozen=True)
class Verified:
    """What was checked, as sentences, and every difference that was found."""

    checked: tuple[str, ...]
    differences: tuple[Difference, ...]


def verify(run: Path) -> Verified:
    """Compute every score of a run folder again, draw its report again, and compare with the files.

    Raises
    ------
    PipelineError
        If `run` is no run folder, or was written by an older or a newer version whose files this one cannot read.

    Notes
    -----
    It shows that the files agree with each other. Whoever changes the predictions, their receipts and all that
    follows from them together leaves a folder that agrees with itself: only a run on the same corpus tells.
    """
    kept = _receipts(run)
    differences = [*_changed_files(run, kept), *_unknown_files(run, kept)]
    checked = [f"{len(kept)} files that scores are computed from: sha256"]
    try:
        scored = score_run(run)
    except Exception as error:
        damaged = "no score: a file that scores are computed from is damaged"
        why = _damage(run, error, differences, METRICS, SCORES)
        return Verified((*checked, damaged), _once([*differences, why]))
    for path, value in scored.files.items():
        differences += _compare_json(run, path, plain(value))
    metrics = scored.metrics
    checked.append(
        f"{plural(len(metrics.results), 'fit')} of {plural(len(metrics.summary), 'model')},"
        f" {plural(len(metrics.comparisons), 'comparison')} and the verdict: computed again from predictions"
    )
    checked += _protocol_lines(metrics)
    differences += _changed_protocol(metrics)
    replayed, otherwise = replay_models(run)
    checked += replayed
    differences += [Difference(*one) for one in otherwise]
    try:
        differences += _compare_report(run, scored)
        checked.append("report.md, report.html and charts/: drawn again")
    except Exception as error:
        checked.append("no report: a file that it is drawn from is damaged")
        differences.append(_damage(run, error, differences, "report.md", DRAWN))
    return Verified((*checked, *_other_versions(metrics)), _once(differences))


def _damage(
    run: Path, error: Exception, differences: Sequence[Difference], file: str, again: str
) -> Difference:
    """Return the difference that a damaged file makes: its own place where the error names it, else `file`.

    Raises
    ------
    PipelineError
        If the files are those that the run wrote, but not what this version reads.
    Exception
        `error`, where the files are those that the run wrote: it is a fault of this program then.
    """
    if isinstance(error, PipelineError):
        named, place = _within(run, error.where)
        if not differences:
            what = f"no file was changed, but this version of embedseq cannot read {named}: {error.what}"
            fix = "use the version of embedseq that wrote the run"
            raise PipelineError("other-version", str(run), what, fix) from error
        return Difference(named, place, error.what, again)
    if not differences:
        raise error
    return Difference(file, "", f"{type(error).__name__}: {error}", again)


def describe(verified: Verified) -> str:
    """Return the lines that `verify` prints."""
    lines = [f"Checked {text}." for text in verified.checked]
    if not verified.differences:
        return "\n".join([*lines, "Everything agrees."])
    by_file: dict[str, list[Difference]] = {}
    for difference in verified.differences:
        by_file.setdefault(difference.file, []).append(difference)
    for file, found in by_file.items():
        lines += [str(difference) for difference in found[:SHOWN]]
        rest = len(found) - SHOWN
        lines += [f"{file}: and {rest} more"] if rest > 0 else []
    if all(one.file.startswith(_REPORT) and one.again != DRAWN for one in verified.differences):
        lines.append(
            "Every score agrees; `python -m pipeline report` draws the report again, with this version."
        )
    return "\n".join(
        [*lines, f"Differences: {len(verified.differences)}, in {plural(len(by_file), 'file')}."]
    )


# --- files


def _receipts(run: Path) -> dict[str, str]:
    """Return the receipts of a run folder that this version can verify: path to sha256."""
    path = run / RECEIPTS
    if (run / JOURNAL).is_file() and not (run / METRICS).is_file():
        fix = "finish it with `python -m pipeline report`"
        raise PipelineError(
            "not-a-finished-run", str(run), "the run did not come to its end: it has no metrics.json", fix
        )
    if not any((run / name).is_file() for name in (METRICS, RECEIPTS, *INPUTS[:2])):
        raise PipelineError(
            "not-a-finished-run", str(run), "it holds no metrics.json", "give the folder of a finished run"
        )
    if not any((run / name).is_file() for name in (RECEIPTS, *INPUTS[:2])):
        what = f"there is no {RECEIPTS} in it: an older version of embedseq wrote this run"
        fix = "run again to get one that can be verified"
        raise PipelineError("other-version", str(run), what, fix)
    receipts = _table(path)
    for file, table in ((path, receipts), (run / METRICS, _table(run / METRICS))):
        version = table.get("schema_version")
        if isinstance(version, int) and version > SCHEMA_VERSION:
            what = f"schema_version is {version}; this version reads {SCHEMA_VERSION}"
            raise PipelineError(
                "other-version", str(file), what, "use the version of embedseq that wrote the run"
            )
    files = receipts.get("files")
    return {str(name): str(sha256) for name, sha256 in files.items()} if isinstance(files, dict) else {}


def _table(path: Path) -> dict[str, Json]:
    """Return the table in a JSON file; an empty one where there is none."""
    try:
        content = read_json(path) if path.is_file() else None
    except PipelineError:
        return {}
    return content if isinstance(content, dict) else {}


def _changed_files(run: Path, kept: Mapping[str, str]) -> Iterator[Difference]:
    """Yield the files that are gone or are not those that the run wrote."""
    if not kept:
        yield Difference(RECEIPTS, "", "no receipts", "the sha256 of every file that the run wrote")
    for name in (*kept, *(name for name in INPUTS if name not in kept)):
        path = run / name
        wanted = f"sha256 {kept[name][:16]}" if name in kept else "a file"
        if not path.is_file():
            yield Difference(name, "", "no file", wanted)
        elif name in kept and (found := file_hash(path)) != kept[name]:
            yield Difference(name, "", f"sha256 {found[:16]}", wanted)


def _unknown_files(run: Path, kept: Mapping[str, str]) -> Iterator[Difference]:
    """Yield the files that the run did not write, where it writes files that are read again."""
    for name in kept_files(run) if kept else ():
        if name not in kept and name != STATUS:  # of which earlier runs have no receipt
            yield Difference(name, "", "a file", "no file: the run did not write it")


# --- metrics.json and details


def _compare_json(run: Path, path: str, again: object) -> Iterator[Difference]:
    file = run / path
    if not file.is_file():
        yield Difference(path, "", "no file", "a file")
        return
    try:
        saved = read_json(file)
    except PipelineError as error:
        yield Difference(path, "", error.what, "a file of JSON")
        return
    for place, one, other in compare_values(saved, again):
        yield Difference(path, place, one, other)


def compare_values(saved: object, again: object, place: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the key path, the saved and the recomputed value of each place where two JSON values differ.

    >>> list(compare_values({"a": [1, 2]}, {"a": [1, 3], "b": None}))
    [('a[1]', '2', '3'), ('b', 'absent', 'null')]
    """
    if isinstance(saved, dict) and isinstance(again, dict):
        for key in dict.fromkeys([*again, *saved]):
            below = f"{place}.{key}" if place else str(key)
            if key in saved and key in again:
                yield from compare_values(saved[key], again[key], below)
            else:
                yield below, _shown(saved, key), _shown(again, key)
    elif isinstance(saved, list) and isinstance(again, list):
        if len(saved) != len(again):
            yield place, f"{len(saved)} entries", f"{len(again)} entries"
        for number, (one, other) in enumerate(zip(saved, again, strict=False)):
            yield from compare_values(one, other, f"{place}[{number}]")
    elif not _equal(saved, again):
        yield place, _text(saved), _text(again)


def _equal(saved: object, again: object) -> bool:
    if isinstance(saved, int | float) and isinstance(again, int | float):
        try:
            close = math.isclose(saved, again, rel_tol=TOLERANCE, abs_tol=NEAR_ZERO)
        except OverflowError:  # a whole number of hundreds of digits
            return False
        return close if bool not in (type(saved), type(again)) else saved is again
    return type(saved) is type(again) and bool(saved == again)


def _shown(table: Mapping[str, object], key: str) -> str:
    return _text(table[key]) if key in table else ABSENT


def _text(value: object) -> str:
    """Return a value as JSON has it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."


# --- the protocol


def _protocol_lines(metrics: Metrics) -> list[str]:
    """Return whether the run kept to its protocol, in words; nothing for a run without one."""
    protocol = metrics.protocol
    if protocol is None:
        return []
    name = f"protocol {protocol.file}, sha256 {protocol.sha256[:16]}, of {protocol.written}"
    here = "" if Path(protocol.file).exists() else "; that file is not here, the copy in the run folder is"
    if protocol.kept:
        return [f"{name}: the run kept to it{here}"]
    named = "; ".join(str(breach) for breach in protocol.breaches)
    return [f"{name}: the run did not keep to it ({named}){here}"]


def _changed_protocol(metrics: Metrics) -> Iterator[Difference]:
    """Yield the protocol's own file where it is there and says something else than when the run began."""
    protocol = metrics.protocol
    if protocol is None or not Path(protocol.file).exists():
        return
    saved = f"sha256 {protocol.sha256[:16]}"
    try:
        found = read_protocol(Path(protocol.file)).sha256
    except PipelineError as error:
        yield Difference(protocol.file, "", error.what, saved)
        return
    if found != protocol.sha256:
        yield Difference(protocol.file, "", f"sha256 {found[:16]}", saved)


# --- the report


def _compare_report(run: Path, scored: Scored) -> Iterator[Difference]:
    """Yield each line and picture of the report that is not as it is drawn from the recomputed scores."""
    drawn = draw(run_with(run, value_as(Metrics, plain(scored.metrics)), plain(scored.details)))
    for name, text in drawn.files.items():
        yield from _compare_text(run, name, text)
    yield from _compare_pictures(run, drawn.pictures)


def _compare_pictures(run: Path, again: Mapping[str, bytes]) -> Iterator[Difference]:
    """Yield the pictures that are absent, that are drawn otherwise, or that the report does not have."""
    for name, picture in again.items():
        path = run / name
        if not path.is_file():
            yield Difference(name, "", "no file", "a picture")
        elif (found := path.read_bytes()) != picture:
            yield Difference(name, "", _sha256(found), _sha256(picture))
    for name in kept_pictures(run):
        if name not in again:
            yield Difference(name, "", "a picture", "no file: the report does not show it")


def _sha256(content: bytes) -> str:
    return f"sha256 {hashlib.sha256(content).hexdigest()[:16]}"


def _compare_text(run: Path, name: str, again: str) -> Iterator[Difference]:
    path = run / name
    if not path.is_file():
        yield Difference(name, "", "no file", "a file")
        return
    saved = path.read_bytes().decode("utf-8", errors="replace")
    if saved == again:
        return
    one, other = saved.split("\n"), again.split("\n")
    for number in range(max(len(one), len(other))):
        found, wanted = (lines[number] if number < len(lines) else None for lines in (one, other))
        if found != wanted:
            yield Difference(name, f"line {number + 1}", _line(found, wanted), _line(wanted, found))


def _line(line: str | None, other: str | None) -> str:
    """Return the part of a line where it begins to differ from the other."""
    if line is None:
        return "no line"
    start = 0
    if other is not None and len(line) > 200:
        same = next((at for at, (a, b) in enumerate(zip(line, other, strict=False)) if a != b), len(other))
        start = max(0, same - 60)
    cut = line[start : start + 200]
    return f'"{"..." if start else ""}{cut}{"..." if start + 200 < len(line) else ""}"'


# --- words


def _other_versions(metrics: Metrics) -> list[str]:
    """Return a sentence where the packages that scores and pictures depend on are not those of the run."""
    then, now = metrics.environment, value_as(Environment, describe_environment("", None))
    named = (
        "numpy",
        "scipy",
        "altair",
        *([DRAWN_BY] * (DRAWN_BY in then.packages)),
    )  # earlier runs did not name it
    pairs: dict[str, tuple[str | None, str | None]] = {"embedseq": (then.embedseq, now.embedseq)}
    pairs |= {name: (then.packages.get(name), now.packages[name]) for name in named}
    changed = [f"{name} {was} (now {found})" for name, (was, found) in pairs.items() if was != found]
    if not changed:
        return []
    return [f"with other versions than the run had, which can explain a difference: {', '.join(changed)}"]


def _within(run: Path, where: str) -> tuple[str, str]:
    """Return the file of an error's place, as a path within the run folder, and the line in it."""
    found = re.search(r":(\d+):(\d+)$", where)
    file = where[: found.start()] if found else where
    return file.removeprefix(f"{run}/"), f"line {found[1]}, column {found[2]}" if found else ""


def _once(differences: list[Difference]) -> tuple[Difference, ...]:
    return tuple(dict.fromkeys(differences))
