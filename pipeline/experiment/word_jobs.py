"""What the words of the documents in the report add to each model's answers: a job for each saved model.

Which documents these are the scores of all models have chosen, so these jobs come when everything else has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import polars as pl

from pipeline.core.console import Console, Stage
from pipeline.core.fits import WORDS, JobEnded, JobFailed, JobKey, Result, WordsResult
from pipeline.core.noise import quiet
from pipeline.core.stopping import INTERRUPTED, stoppable
from pipeline.core.values import Corpus, TokenizedCorpus
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.executors import Executors
from pipeline.experiment.fit_loop import failure
from pipeline.experiment.how_many import LOCAL
from pipeline.experiment.job_graph import run_jobs
from pipeline.experiment.jobs import Job, RunFiles
from pipeline.experiment.memory_of_jobs import LINEAR_MIB
from pipeline.experiment.planned_run import PlannedRun
from pipeline.interpret.contributions.of_run import NOT_SAVED, ExplainedModel, Shown, explain_model
from pipeline.models.table import PlannedModel
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.models import files_to_predict
from pipeline.settings.tables import with_values

_MIB = 2**20
_STATES_MIB = 250.0  # of one call of a network's equations (`_MOST_TIMESTEPS` of `models.saved.network`)
_COPIES = 3  # of a model's files: as read, as used, and a table with one more row


def explain_words(shown: Shown, data: RunData, job: Job) -> Iterator[WordsResult]:
    """Return what each word adds to the answers of a job's model."""
    assert job.files is not None, "a job that explains a model says where that lies"
    found = explain_model(job.files.folder, job.model, shown, data.config.tokenizer)
    yield WordsResult(shown.numbers, found.row, found.documents)


@dataclass(eq=False)
class WordLoop:
    """A job for each model whose words are looked at; what it found stands in the run folder.

    Attributes
    ----------
    data : what jobs read; without documents, for they have those that they need
    shown : the documents
    planned : the models
    """

    data: RunData
    folder: RunFolder
    shown: Shown
    planned: Sequence[PlannedModel]
    stage: Stage
    failed: dict[JobKey, str] = field(default_factory=dict, init=False)

    def open_jobs(self) -> list[Job]:
        """Return the jobs that have not ended."""
        return [job for job in map(self._job, self.planned) if not self.is_over(job.key)]

    def is_over(self, key: JobKey) -> bool:
        """Return whether a job has ended, well or not.

        One that looked at other documents has not, nor one that came when its model was not saved yet: that fit had
        failed, and was done when the run went on.
        """
        if key in self.failed:
            return True
        found = self.folder.words.get(key.name)
        if key not in self.folder.jobs or found is None or found.shown != self.shown.numbers:
            return False
        return found.explained["why_not"] != NOT_SAVED or not files_to_predict(self.folder.path, key.name)

    def take(self, job: Job, result: Result) -> None:
        """Keep what a job found."""
        if isinstance(result, JobFailed):
            self.failed[job.key] = result.why
            self.data.console.warn(failure(job.key, result.why))
        self.folder.keep(result, job.key)
        if isinstance(result, JobEnded | JobFailed):
            self.stage.advance(1, job.key.name)

    def drop_what_is_lost(self) -> None:
        """Do nothing: the models that these jobs read were looked at when the run went on."""

    def found(self) -> list[ExplainedModel]:
        """Return what was found of each model, in their order; of one that failed, why."""
        return [self._found(model.name) for model in self.planned]

    def _found(self, name: str) -> ExplainedModel:
        key = JobKey(WORDS, name)
        if key in self.failed:
            return ExplainedModel.failed(name, self.failed[key])
        found = self.folder.words[name]
        return ExplainedModel(found.explained, found.documents)

    def _job(self, model: PlannedModel) -> Job:
        paths = files_to_predict(self.folder.path, model.name)
        size = sum(path.stat().st_size for path in paths) / _MIB
        names = tuple(path.relative_to(self.folder.path).as_posix() for path in paths)
        nothing = np.zeros(0, dtype=np.int64)
        return Job(
            JobKey(WORDS, model.name),
            partial(explain_words, self.shown),
            (model,),
            Split(0, nothing, nothing, nothing),
            self.data.config,
            refit=False,
            files=RunFiles(self.folder.path, names),
            words=int(size * 1000),
            mib=LINEAR_MIB + _STATES_MIB + _COPIES * size,
        )


Explain = Callable[[Sequence[PlannedModel], Shown], Sequence[ExplainedModel] | None]


def explain_with(
    run: PlannedRun,
    console: Console,
    executors: Executors,
    at_once: int = 1,
    tell: Callable[[str], None] = lambda why: None,
    deadline: float | None = None,
) -> Explain:
    """Return the function from models and documents to what words add; it returns None if the time was over before.

    Parameters
    ----------
    run : PlannedRun
        What it finds stands in the journal of its folder, so that no model is looked at twice.
    executors : callable
        Makes the place where jobs run, `at_once` at most.
    tell, deadline
        As of `stoppable`.
    """

    def explain(planned: Sequence[PlannedModel], shown: Shown) -> Sequence[ExplainedModel] | None:
        config = with_values(run.config, {"run.executor": LOCAL})  # saved models lie here
        data = RunData(config, console, _NO_CORPUS, _NO_TOKENS, None, tuple(planned))
        with console.stage("Word contributions", len(planned), "models") as stage:
            loop = WordLoop(data, run.folder, shown, planned, stage)
            n_jobs = len(loop.open_jobs())
            stage.advance(len(planned) - n_jobs)
            with (
                executors(data, max(1, min(at_once, n_jobs))) as executor,
                quiet(run.config.run.debug),
                stoppable(tell, deadline) as stop,
            ):
                run_jobs([loop], executor)
        if stop.why == INTERRUPTED:
            raise KeyboardInterrupt
        return None if stop.why else loop.found()

    return explain


_NO_CORPUS = Corpus(
    pl.Series(dtype=pl.String), np.zeros(0, np.int32), (), np.zeros(0, np.int64), np.zeros(0, np.int8)
)
_NO_TOKENS = TokenizedCorpus(np.zeros(0, np.int32), np.zeros(1, np.int64), pl.Series(dtype=pl.String))
