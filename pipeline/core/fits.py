"""What a fit gives, as plain data that any process can hand over: a fit writes no file, the run folder does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.core.values import Int64
from pipeline.core.warned import Warned

Row = dict[str, Any]  # as JSON has it


class FitKey(NamedTuple):
    """Which fit of a run it is."""

    name: str  # of the model, as the run names it
    seed: int
    fold: int


class JobKey(NamedTuple):
    """Which job of a run it is: the same run makes the same jobs, so a folder can say which of them have ended."""

    kind: str  # "baselines", "tagger", "counts", "source", "mean", "network", "again", "trial", "probes" or "words"
    name: str  # of the model or source; models that read the same n-grams are one job, named by all, with commas
    fold: int = 0
    seed: int = 0
    number: int = 0  # of the trial; 1 of probes that look at the second training of a seed
    part: str = ""  # of probes: the one that trains networks of its own; empty: all those that do not

    @property
    def in_words(self) -> str:
        """How a person is told of it.

        >>> JobKey("network", "lstm@word2vec", fold=2, seed=1).in_words
        'lstm@word2vec, fold 3, seed 2: network'
        """
        where = f", fold {self.fold + 1}" if self.fold else ""
        seed = f", seed {self.seed + 1}" if self.seed else ""
        trial = f" {self.number}" if self.kind == "trial" else ""
        probe = f" {self.part}" if self.part else ""
        return f"{self.name}{where}{seed}: {self.kind}{trial}{probe}"

    @property
    def is_first(self) -> bool:
        """Whether it is of the first seed on the first fold, whose network probes look at."""
        return self.seed == self.fold == 0

    @property
    def rests_on(self) -> tuple[JobKey, ...]:
        """The training that a second one, or what looks at it, has to come after: done again, so are these.

        >>> JobKey("again", "lstm", seed=1).rests_on[0].kind, JobKey("probes", "lstm", number=1).rests_on[0].kind
        ('network', 'again')
        """
        before = {"again": "network", "probes": "again" if self.number else "network"}.get(self.kind)
        return (JobKey(before, self.name, self.fold, self.seed),) if before else ()

    @property
    def second(self) -> JobKey | None:
        """The second training of the seed that this job trains for the first time; it may not be there."""
        return self._replace(kind="again") if self.kind == "network" else None


TRAININGS = ("network", "again", "trial")  # kinds of jobs that train a network
WORDS = "words"  # the kind of what looks at models when they are scored: no score speaks of it
WITH_NETWORKS = (*TRAININGS, "probes")  # and those that run one: they need TensorFlow


@dataclass(frozen=True)
class SecondTraining:
    """What came of training a seed again from another draw of initial weights. Losses are on validation documents."""

    seed: int
    first_loss: float
    second_loss: float
    best_loss: float  # of all seeds, before the second training

    @property
    def second_is_kept(self) -> bool:
        """Whether the second training counts: by validation loss alone; the first does where they are equal."""
        return self.second_loss < self.first_loss


@dataclass(frozen=True)
class Fit:
    """One fitted model: what it cost and whether it trained. Its scores come from its predictions."""

    name: str
    seed: int
    fold: int
    fit_seconds: float | None = None  # None, and so are the next three: the model was fitted elsewhere
    predict_documents_per_second: float | None = None
    peak_rss_mib: float | None = None
    parameters: int | None = None
    validation_accuracy: float | None = None
    why_not: str | None = None
    warnings: tuple[str, ...] = ()
    at_once: int = 1  # fits that ran side by side, at most
    prepare_seconds: float = 0.0  # to count the n-grams, or to make the vectors, that it was given
    latency_ms: tuple[float, ...] = ()  # of single test documents, from tokens to probabilities
    validation_score: float | None = None  # by run.metric: what models are chosen by
    validation_loss: float | None = None  # of a network, in nats: the lowest, whose weights are kept
    validation_error: float | None = None  # the standard error of that score, by the chance of documents
    settings_tried: int = 1  # before this one was chosen; trials of --tune are counted apart
    looks: int | None = None  # of a network: how often its training was judged on validation documents
    head: str | None = None  # of a network: what it read its states by, and
    vectors: str | None = None  # whether its vectors were "frozen", "tuned" or "frozen-then-tuned"
    again: SecondTraining | None = None  # the seed stood far from the others, and was trained a second time

    @property
    def key(self) -> FitKey:
        """Which fit it is."""
        return FitKey(self.name, self.seed, self.fold)

    @classmethod
    def of_row(cls, row: Row) -> Fit:
        """Return the fit that `asdict` made a row of, and JSON a list of each tuple."""
        again = row["again"] and SecondTraining(**row["again"])
        tuples = {name: tuple(row[name]) for name in ("warnings", "latency_ms")}
        return cls(**row | tuples | {"again": again})


@dataclass(frozen=True)
class Score:
    """How one fit did on validation documents; the log loss is in nats.

    `why_not` says why there is no usable fit: it did not train, or could not be made. `by_metric` is the score by
    `run.metric`, with its standard `error` by the chance of documents; None where accuracy or log loss is the metric.
    """

    accuracy: float | None
    log_loss: float | None
    why_not: str | None = None
    by_metric: float | None = None
    error: float = 0.0


@dataclass(frozen=True)
class Trial:
    """Settings that were tried on one fold; trial 1 has the defaults."""

    number: int
    settings: Row
    score: Score
    seconds: float


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """A fitted model, or a source's vectors, as a run folder keeps it.

    Attributes
    ----------
    kind : what it is, which decides how its files are called
    folder : its folder below `models/`
    arrays : by name, such as `recurrent_0/kernel`
    described : what JSON knows, to read and use them
    golden : of a model, what it answers to the golden texts (`pipeline.models.golden`), as JSON knows it
    """

    kind: Literal["model", "embedding"]
    folder: str
    arrays: Mapping[str, npt.NDArray[np.generic]]
    described: Mapping[str, object]
    golden: Row | None = None

    @property
    def is_finite(self) -> bool:
        """Whether all its numbers are: a network that diverged has others, and cannot answer."""
        answers = [] if self.golden is None else [self.golden["answers"]]
        return all(bool(np.isfinite(array).all()) for array in (*self.arrays.values(), *answers))


class Answers(Protocol):
    """What a model says of documents; of what kind it is, is the task's matter (`pipeline.tasks`)."""

    @property
    def documents(self) -> Int64:
        """Their record numbers, (N,)."""

    @property
    def hard(self) -> bool:
        """Whether only the answers are known, and not how sure they are."""


# --- results: what a run folder is given ----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FitResult:
    """One fitted model.

    Attributes
    ----------
    fit : which it is, what it cost, and whether it trained
    predictions : of the test documents; None where those that are kept already stay, as the next ones do
    model : its files, where it is saved: each seed of the first fold, with --keep-folds of all folds
    choice : the strength that validation chose, and those tried; None where there was none to choose
    course : of a network: each evaluation of its training
    neighbours : of characteristic words in the vectors that it trained further
    gpu : the name of the GPU that it was trained on
    on_validation : predictions of the first fold's validation documents, by the fit that they judged
    """

    kind: ClassVar = "fit"
    fit: Fit
    predictions: Answers | None = None
    model: ModelFiles | None = None
    choice: Row | None = None
    course: Row | None = None
    neighbours: Row | None = None
    gpu: str | None = None
    on_validation: Answers | None = None

    @property
    def row(self) -> Row:
        """What of it the journal holds: all but what has files of its own."""
        known = {"choice": self.choice, "course": self.course, "neighbours": self.neighbours, "gpu": self.gpu}
        return {"fit": asdict(self.fit)} | {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class TrialResult:
    """A trial of --tune, of one model on one fold."""

    kind: ClassVar = "trial"
    name: str
    model: str
    fold: int
    trial: Trial

    @property
    def row(self) -> Row:
        """What the journal holds."""
        return asdict(self)


@dataclass(frozen=True)
class ProbesResult:
    """What some of the probes found in a network."""

    kind: ClassVar = "probes"
    name: str  # of the network
    training: int  # which of its first seed it looked at: 0, or 1 for the second one
    entry: Row  # of details/probes.json, with these probes alone

    @property
    def row(self) -> Row:
        """What the journal holds."""
        return asdict(self)


@dataclass(frozen=True)
class WordsResult:
    """What the words of the documents that are shown add to the answers of a model.

    Attributes
    ----------
    shown : the documents
    explained : its entry of `models` in details/contributions.json
    documents : its entries of these documents
    """

    kind: ClassVar = "words"
    shown: tuple[int, ...]
    explained: Row
    documents: tuple[Row, ...]

    @property
    def row(self) -> Row:
        """What the journal holds."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class SourceResult:
    """An embedding source as one fold uses it.

    Attributes
    ----------
    notes : sentences that a reader should know
    source, fold : which source it is, and of which fold
    parts : the names of the sources that stand side by side in it
    embedding, tokens, neighbours, audit : rows of the files of `details/`; of the first fold alone
    model : its vectors, to be saved; of the first fold, with --keep-folds of each
    """

    kind: ClassVar = "source"
    notes: tuple[Warned, ...]
    source: str
    fold: int
    parts: tuple[str, ...]
    model: ModelFiles | None = None
    embedding: Row | None = None
    tokens: Row | None = None
    neighbours: Row | None = None
    audit: Row | None = None

    @property
    def row(self) -> Row:
        """What of it the journal holds: all but the vectors."""
        names = ("notes", "embedding", "tokens", "neighbours", "audit")
        known = {name: getattr(self, name) for name in names if getattr(self, name)}
        return {"source": self.source, "fold": self.fold, "parts": self.parts} | known


@dataclass(frozen=True)
class JobEnded:
    """Says that a job has come to its end: all that it gave was given before."""

    kind: ClassVar = "job"
    key: JobKey

    @property
    def row(self) -> Row:
        """What the journal holds, beside how many lines the job gave."""
        return {"key": self.key._asdict()}


@dataclass(frozen=True)
class JobFailed:
    """Says that a job could not be done, though others can: memory ran out, or its process was killed."""

    kind: ClassVar = "failed"
    key: JobKey
    why: str

    @property
    def row(self) -> Row:
        """What the journal holds."""
        return {"key": self.key._asdict(), "why": self.why}


INCOMPLETE = "incomplete"  # the state of a run that ended, but for jobs that could not be done


@dataclass(frozen=True)
class JobStopped:
    """Says that a job ended before its end, since the run was asked to stop: it is still to be done."""

    key: JobKey


Result = FitResult | TrialResult | ProbesResult | WordsResult | SourceResult | JobEnded | JobFailed
Said = Result | JobStopped  # what comes from where a job runs
Last = JobEnded | JobFailed | JobStopped  # what a job says last
