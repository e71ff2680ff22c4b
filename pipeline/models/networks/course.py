"""How a training goes: what is counted between evaluations, and which weights were the best so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from pipeline.core.values import Float32
from pipeline.models.networks.labelled import Evaluation


@dataclass
class Course:
    """How a training went so far, over all its phases."""

    history: list[Evaluation] = field(default_factory=list)
    best_loss: float = np.inf
    best_updates: int = 0
    gained_loss: float = np.inf  # the last validation loss that fell by `min_gain` or more
    gained_updates: int = 0
    best_weights: list[Float32 | None] = field(default_factory=list)  # None: a table that rested, as it began
    phases: tuple[int, ...] = ()
    documents: int = 0  # trained on, each as often as it was

    @property
    def updates(self) -> int:
        """Updates up to the last evaluation."""
        return self.history[-1].updates if self.history else 0

    @property
    def kept_updates(self) -> int:
        """Updates up to the weights that are kept: the best, or the last where nothing was judged."""
        return self.best_updates or self.updates

    @property
    def diverged(self) -> bool:
        """Whether the last loss is not finite."""
        return bool(self.history) and not np.isfinite(self.history[-1].loss)


@dataclass
class Tally:
    """What is counted from one evaluation to the next."""

    course: Course
    start: float = field(default_factory=time.perf_counter)
    updates: int = 0
    answers: int = 0  # one a document, or one a word
    loss: float = 0.0
    right: float = 0
    clipped: int = 0

    @property
    def seconds(self) -> float:
        """Seconds of work since the evaluation before."""
        return time.perf_counter() - self.start

    def add(self, documents: int, answers: int, loss: float, right: float, clipped: int) -> None:
        """Count one update."""
        self.updates += 1
        self.answers += answers
        self.course.documents += documents
        self.loss += loss
        self.right += right
        self.clipped += clipped

    def evaluation(self, judged: tuple[float | None, float | None], n_docs: int, tuned: bool) -> Evaluation:
        """Return what was counted, with the validation loss and accuracy, of `n_docs` training documents."""
        return Evaluation(
            updates=self.course.updates + self.updates,
            epochs=self.course.documents / n_docs,
            loss=self.loss / self.answers,
            accuracy=self.right / self.answers,
            validation_loss=judged[0],
            validation_accuracy=judged[1],
            seconds=self.seconds,
            tuned=tuned,
            clipped=self.clipped / self.updates,
        )
