"""What a network is given: its documents and labels, how its vectors are trained, and its random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.values import Float32, IndexedCorpus, Int64
from pipeline.core.warned import Warned, warning
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.embedded_split import EmbeddedSplit, coverage_warnings
from pipeline.experiment.plan import head_of
from pipeline.experiment.tuning import fixed_by_name
from pipeline.models.networks import libraries
from pipeline.models.networks.batches import words_in_own_order
from pipeline.models.networks.budget import budget_of
from pipeline.models.networks.build import NetworkSpec, specify
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.save_point import SavePoint
from pipeline.models.networks.training import Schedule
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config, first_seeds
from pipeline.tasks.table import document_task
from pipeline.text.ragged import take

_MOST_CUT = 0.5  # share of tokens above which a warning says so


@dataclass(frozen=True)
class Draw:
    """What chance a training is made with: initial weights, order of batches, dropout."""

    seed: int  # as the run counts them
    again: bool  # whether it is the second training of this seed
    place: Path | None = None  # the folder from which it goes on after a kill; None: it begins anew then

    def name(self, model: str) -> str:
        """Return the name of the random numbers."""
        return f"{model} {self.seed}{' again' if self.again else ''}"


def load_libraries(data: RunData) -> None:
    """Import TensorFlow before any clock of a fit runs."""
    if not libraries.are_loaded():
        with data.console.stage("Loading TensorFlow"):
            libraries.load()


def save_point_of(data: RunData, draw: Draw, *, refit: bool) -> SavePoint | None:
    """Return where one training saves how far it is; the refit of a network has a place of its own."""
    if draw.place is None:
        return None
    return SavePoint(draw.place / ("refit" if refit else "training"), warn=data.console.warn)


@contextmanager
def training_stage(
    data: RunData,
    planned: PlannedModel,
    draw: Draw,
    split: EmbeddedSplit,
    repeat: Schedule | None = None,
) -> Iterator[Callable[[Evaluation], None]]:
    """Show a bar while a network is trained, and yield what tells it of each evaluation.

    `repeat` fixes the updates of each phase for a refit.
    """
    more = f"{', again' if draw.again else ''}{', refit' if repeat else ''}"
    title = f"Training {planned.name} ({which_seed(data.config, draw.seed)}{more})"
    expected, best = expected_updates(data, planned, split, repeat), 0.0
    with data.console.stage(title, expected, "updates") as stage:

        def on_evaluation(now: Evaluation) -> None:
            nonlocal best
            best = max(best, now.validation_accuracy or 0.0)
            stage.reach(now.updates, max(now.updates, expected))
            stage.advance(0, f"best validation accuracy {best:.1%}" if best else f"loss {now.loss:.3f}")

        yield on_evaluation


def expected_updates(
    data: RunData, planned: PlannedModel, split: EmbeddedSplit, repeat: Schedule | None
) -> int:
    """Return how long a bar is: the first budget of all phases, which validation may shorten or extend."""
    if repeat:
        return sum(repeat.phases)
    phases = 2 if training_of_vectors(data, planned, split) == "frozen-then-tuned" else 1
    updates_a_pass = math.ceil(len(split.fold.train) / data.config.networks.batch_size)
    return phases * budget_of(data.config.networks, updates_a_pass).first


def which_seed(config: Config, seed: int) -> str:
    """Return which of a network's trainings it is, in words.

    >>> which_seed(Config(), 0), which_seed(Config(), 3)
    ('seed 1 of 3', 'seed 4, added')
    """
    first = first_seeds(config)
    return f"seed {seed + 1} of {first}" if seed < first else f"seed {seed + 1}, added"


def class_weights_of(data: RunData, fold: Split) -> Float32 | None:
    """Return what a document of each class counts in training, (C,), None if all count the same.

    Balanced: documents / (classes in training * documents of the class), as scikit-learn's `class_weight`.
    """
    if data.config.run.class_weights == "none":
        return None
    counts = np.bincount(data.labels(fold.train), minlength=len(data.label_names))  # (C,)
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts, weights, 0.0).astype(np.float32)


def specify_network(
    data: RunData, planned: PlannedModel, split: EmbeddedSplit, n_letters: int | None = None
) -> NetworkSpec:
    training = training_of_vectors(data, planned, split)
    return specify(
        planned.model,
        head_of(planned, data.config.networks),
        split.embedded.matrix,
        training != "frozen",
        len(data.label_names),
        data.config.networks,
        frozen_first=training == "frozen-then-tuned",
        n_letters=n_letters,
        task=document_task(data.config).name,
    )


def training_of_vectors(data: RunData, planned: PlannedModel, split: EmbeddedSplit) -> str:
    """Return how the vectors are trained, an entry of `TRAINING`: by the source's name, else by the settings."""
    asked, own = data.config.networks.vectors, split.embedded.training
    said = "networks.vectors" in fixed_by_name(Config(), planned.name).run.tune_fixed
    return own if asked == "own" or said else asked


def labelled(data: RunData, planned: PlannedModel, split: EmbeddedSplit, documents: Int64) -> Labelled:
    indexed = as_read(data, planned, take(split.documents.indexed, documents))
    return Labelled(indexed, data.labels(documents))


def as_read(data: RunData, planned: PlannedModel, indexed: IndexedCorpus) -> IndexedCorpus:
    """Return documents in the order of words in which the model reads them.

    Where that is at random, each document has one order in all that a fit answers; in training each epoch has its own.
    """
    return words_in_own_order(indexed, data.config.run.seed) if planned.shuffled_words else indexed


def reading_warnings(last: EmbeddedSplit) -> tuple[Warned, ...]:
    """Return what a reader should know when a network sees little of the text."""
    read = last.documents.indexed
    cut = last.documents.cut_tokens / (len(read.indices) + last.documents.cut_tokens)
    found = coverage_warnings(take(read, last.fold.test))
    if cut > _MOST_CUT:
        told = f"{cut:.0%} of all tokens lie beyond networks.max_tokens and were not read"
        return (warning("tokens-not-read", told), *found)
    return found
