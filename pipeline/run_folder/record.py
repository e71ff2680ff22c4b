"""What a run has found so far, as rows of its journal tell it: a kind of row is a line of the table `TAKES`.

The same rows come in while the run lasts and when its journal is read again: what has to outlive a kill is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from pipeline.core.fits import Fit, FitKey, JobKey, Row, Score, Trial, WordsResult
from pipeline.core.warned import Warned
from pipeline.run_folder.attempts import BEGUN, LEFT, Attempts
from pipeline.run_folder.details.fitting import CurveSets
from pipeline.run_folder.journal import BEGIN, END, FAR_OFF, JOB, RESUMED, REUSE, STAGE
from pipeline.run_folder.metrics.corpus import Reuse
from pipeline.run_folder.metrics.rows import value_as

K = TypeVar("K")
V = TypeVar("V")


@dataclass(kw_only=True)
class RunRecord:
    """What a run has found so far."""

    state: str = "running"
    total_seconds: float = 0.0  # over all parts of the run, until its last line
    resumed: list[Row] = field(default_factory=list)  # how it went on: a row each time
    damage: Warned | None = None  # what of an earlier part was damaged
    jobs: set[JobKey] = field(default_factory=set)  # that ended
    fits: dict[FitKey, Fit] = field(default_factory=dict)
    choices: dict[tuple[str, int], Row] = field(default_factory=dict)  # by name, fold
    trials: dict[tuple[str, str, int], list[Trial]] = field(default_factory=dict)  # by name, model, fold
    courses: dict[FitKey, Row] = field(default_factory=dict)  # of networks' trainings
    embeddings: list[Row] = field(default_factory=list)
    audits: dict[tuple[str, ...], Row] = field(default_factory=dict)  # by the parts of the source's name
    neighbours: dict[str, Row] = field(default_factory=dict)  # by source, or network that trained its vectors
    notes: list[str] = field(default_factory=list)
    token_facts: Row = field(default_factory=dict)
    curve: CurveSets | None = None  # the sets of --learning-curve
    probed: dict[tuple[str, int], Row] = field(default_factory=dict)  # by network and training of its seed
    words: dict[str, WordsResult] = field(default_factory=dict)  # by model
    reuse: Reuse | None = None  # how many verdicts there were on the same test documents
    sources: dict[tuple[int, str], Row] = field(default_factory=dict)  # what each said, by fold and name
    failed: dict[JobKey, str] = field(default_factory=dict)  # jobs that this part could not do, and why
    attempts: Attempts = field(default_factory=Attempts)  # at jobs during which the run was killed
    # by network, fold, and how many seeds it had by then: those that stood far from the others, and are trained again
    far_off: dict[tuple[str, int, int], list[Row]] = field(default_factory=dict)
    added_seeds: dict[str, int] = field(default_factory=dict)  # by model: trainings beyond the first ones
    stages: list[tuple[str, float]] = field(default_factory=list)  # title, seconds
    ended_stages: list[tuple[str, float]] = field(default_factory=list)  # of this part, as it grows
    gpu: str | None = None
    first_fits: dict[FitKey, Fit] = field(default_factory=dict)  # whose place a second training has taken
    prepares: bool = False  # does again what each part of a run does before its fits
    given: Counter[JobKey] = field(default_factory=Counter)  # lines of each job, but for that of its end

    @property
    def goes_on(self) -> bool:
        """Whether rows come in while the run lasts."""
        return False

    def first_fit(self, name: str, seed: int, fold: int) -> Fit:
        """Return the first training of a seed, though a second may have taken its place."""
        key = FitKey(name, seed, fold)
        return self.first_fits.get(key, self.fits[key])

    @property
    def probes(self) -> dict[str, Row]:
        """What probes found in each network, in that training of its first seed which counts."""
        return {
            name: entry
            for (name, training), entry in self.probed.items()
            if training == self.standing_training(name)
        }

    def standing_training(self, name: str) -> int:
        """Return which training of a network's first seed on the first fold counts: 1 for the second one, else 0."""
        fit = self.fits.get(FitKey(name, 0, 0))
        return int(fit is not None and fit.again is not None and fit.again.second_is_kept)

    def _begin_anew(self) -> None:
        """Forget all that rows told: they are told again."""
        fresh = RunRecord()
        for each in fields(RunRecord):
            if each.name not in ("state", "damage", "ended_stages"):
                setattr(self, each.name, getattr(fresh, each.name))

    def done(self) -> set[FitKey]:
        """Return which fits the folder holds."""
        return set(self.fits)

    def take_row(self, kind: str, row: object, job: JobKey | None) -> None:
        """Take in one row of a kind, which a job gave; None: it is of the run itself."""
        TAKES[kind](self, row)
        if job is not None and kind != JOB:
            self.given[job] += 1

    def put_in_order(self, models: Iterable[tuple[str, str | None]]) -> None:
        """Put what was found in the order of fits that run one after the other; `models` are names with sources."""
        sources: dict[str | None, list[str]] = {}  # None, for baselines, comes first
        for name, source in models:
            sources.setdefault(source, []).append(name)
        names = [name for group in sources.values() for name in group]
        place = {name: number for number, name in enumerate(names)}
        self.fits = _sorted(self.fits, lambda key: (key.fold, place[key.name], key.seed))
        self.courses = _sorted(self.courses, lambda key: (key.fold, place[key.name], key.seed))
        self.choices = _sorted(self.choices, lambda key: (key[1], place[key[0]]))
        self.probed = _sorted(self.probed, lambda key: (place[key[0]], key[1]))
        self.trials = _sorted(self.trials, lambda key: (key[2], place[key[0]]))
        first = {str(source): place[group[0]] for source, group in sources.items()}
        self._put_sources_in_order(first)
        self.neighbours = _sorted(
            self.neighbours, lambda name: (place[name], 1) if name in place else (first[name], 0)
        )

    def _put_sources_in_order(self, place: Mapping[str, int]) -> None:
        """Order what sources said as if their vectors had been made one after the other."""
        self.sources = _sorted(self.sources, lambda key: (key[0], place[key[1]]))
        for row in self.sources.values():
            self.token_facts |= row.get("tokens", {})
        said = dict.fromkeys(text for row in self.sources.values() for text in row.get("notes", ()))
        ordered = iter([text for text in said if text in self.notes])
        self.notes = [next(ordered) if text in said else text for text in self.notes]
        self.embeddings.sort(key=lambda row: place[row["source"]])
        parts = [tuple(row["parts"]) for row in self.sources.values()]
        self.audits = _sorted(self.audits, parts.index)


def _sorted(rows: dict[K, V], order: Callable[[K], int | tuple[int, ...]]) -> dict[K, V]:
    return {key: rows[key] for key in sorted(rows, key=order)}


def _take_fit(record: RunRecord, row: Row) -> None:
    """Put a fit, and what is known of it, in the place of one of the same model, seed and fold."""
    fit = Fit.of_row(row["fit"])
    if fit.again is not None and fit.key in record.fits and record.fits[fit.key].again is None:
        record.first_fits[fit.key] = record.fits[fit.key]
    if fit.again is None:
        record.first_fits.pop(fit.key, None)  # it is done again, and so is the second training
    record.fits[fit.key] = fit
    if "choice" in row:
        record.choices[fit.name, fit.fold] = row["choice"]
    if "course" in row:
        record.courses[fit.key] = row["course"]
    if "neighbours" in row:
        record.neighbours[row["neighbours"]["source"]] = row["neighbours"]
    record.gpu = record.gpu or row.get("gpu")


def _take_source(record: RunRecord, row: Row) -> None:
    """Take in what a source said of itself; a later one does not take away what an earlier one said of tokens."""
    record.sources[row["fold"], row["source"]] = row
    record.notes += [text for text in dict.fromkeys(row.get("notes", ())) if text not in record.notes]
    record.token_facts |= row.get("tokens", {})
    if "embedding" in row:
        others = [known for known in record.embeddings if known["source"] != row["source"]]
        record.embeddings = [*others, row["embedding"]]
    if "neighbours" in row:
        record.neighbours[row["neighbours"]["source"]] = row["neighbours"]
    if "audit" in row and not (row["audit"]["shuffled"] and tuple(row["parts"]) in record.audits):
        record.audits[tuple(row["parts"])] = row["audit"]


def _take_trial(record: RunRecord, row: Row) -> None:
    """Put a trial in the place of an earlier one of the same number."""
    trial = Trial(**row["trial"] | {"score": Score(**row["trial"]["score"])})
    trials = record.trials.setdefault((row["name"], row["model"], row["fold"]), [])
    trials[:] = sorted(
        [one for one in trials if one.number != trial.number] + [trial], key=lambda one: one.number
    )


def _take_probes(record: RunRecord, row: Row) -> None:
    """Take in what some probes found beside what others did in the same training."""
    key, entry = (row["name"], row["training"]), row["entry"]
    others = record.probed[key]["probes"] if key in record.probed else {}
    record.probed[key] = entry | {"probes": others | entry["probes"]}


def _take_words(record: RunRecord, row: Row) -> None:
    record.words[row["explained"]["name"]] = WordsResult(
        tuple(row["shown"]), row["explained"], tuple(row["documents"])
    )


def _take_job(record: RunRecord, row: Row) -> None:
    key = JobKey(**row["key"])
    record.jobs.add(key)
    record.failed.pop(key, None)
    record.attempts.end(key)


def _take_failed(record: RunRecord, row: Row) -> None:
    key = JobKey(**row["key"])
    record.failed[key] = row["why"]
    record.attempts.end(key)


def _take_far_off(record: RunRecord, row: Row) -> None:
    record.far_off.setdefault((row["name"], row["fold"], row["seeds"]), []).extend(row["fits"])


def _take_resumed(record: RunRecord, row: Row) -> None:
    """Take in that the run goes on: what could not be done before is tried again."""
    record.attempts.go_on()
    record.failed.clear()
    record.resumed.append({name: row[name] for name in row if name != "texts"})
    record.state, record.prepares = "running" if record.goes_on else "killed", True


def _take_tokens(record: RunRecord, row: Row) -> None:
    """Take in what is told when all is prepared for the fits."""
    record.token_facts |= row
    record.prepares = False


def _take_stage(record: RunRecord, row: tuple[str, float]) -> None:
    """Take in a stage that ended; what each part of the run does before its fits is one stage in all."""
    title, seconds = row
    titles = [known for known, _ in record.stages]
    if record.prepares and title in titles:
        place = titles.index(title)
        record.stages[place] = title, record.stages[place][1] + seconds
    else:
        record.stages.append((title, seconds))


TAKES: dict[str, Callable[[RunRecord, Any], None]] = {
    BEGIN: lambda record, row: None,
    RESUMED: _take_resumed,
    "fit": _take_fit,
    "failed": _take_failed,
    BEGUN: lambda record, row: record.attempts.begin(row),
    LEFT: lambda record, row: record.attempts.leave(),
    FAR_OFF: _take_far_off,
    JOB: _take_job,
    "trial": _take_trial,
    "source": _take_source,
    "probes": _take_probes,
    "words": _take_words,
    "note": lambda record, row: record.notes.append(row),
    "tokens": _take_tokens,
    "curve": lambda record, row: setattr(record, "curve", value_as(CurveSets, row)),
    REUSE: lambda record, row: setattr(record, "reuse", value_as(Reuse, row)),
    "added seeds": lambda record, row: record.added_seeds.update(row),
    END: lambda record, row: setattr(record, "state", row["state"]),
    STAGE: _take_stage,
}
