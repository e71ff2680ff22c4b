"""Whether a fit counts as trained, and milder signs that something is amiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.core.values import Float32
from pipeline.core.warned import Warned, warning
from pipeline.models.networks.labelled import Evaluation, Labelled, document_weights, sample_documents
from pipeline.tasks.answers import Answers
from pipeline.tasks.table import OF_CLASSES
from pipeline.tasks.task import DocumentTask

_NO_BETTER_THAN_FREQUENCIES = 0.98  # of their entropy
_CONSTANT = 1e-4  # predictions that differ less than this are the same
_STILL_FELL = 0.02  # share of the validation loss that the updates since the evaluation before took away

_SMALLER_STEPS = "lower networks.learning_rate or networks.clip_norm"
_NOTHING_LEARNED = (
    "train longer (networks.budget_updates) or with another networks.learning_rate, read less of each document "
    "(--max-tokens), or use a network that remembers longer (gru, lstm, a pooled head such as :max)"
)


def why_not_trained(
    shares: Callable[[Labelled], Float32],
    history: Sequence[Evaluation],
    train: Labelled,
    n_classes: int,
    class_weights: Float32 | None = None,
    task: DocumentTask[Answers] = OF_CLASSES,
) -> str | None:
    """Return why a fit counts as "did not train" and what to do, or None: the rule of `docs/reference/run-folder.md`.

    Parameters
    ----------
    shares : callable
        What the network answers: documents > a distribution for each answer, (A, C).
    history : sequence of Evaluation
        How training went; the last training loss counts.
    train : Labelled
        Training documents; the predictions of up to 2,000 are looked at.
    n_classes : int
        The number of classes C.
    class_weights : float32 array, shape (C,), optional
        What a document of each class counted in the loss.
    task : DocumentTask
        What is asked of documents.
    """
    last = history[-1]
    if not np.isfinite(last.loss):
        return f"the training loss is {last.loss} after {last.updates:,} updates; {_SMALLER_STEPS}"
    counts = document_weights(class_weights, train.labels)
    entropy = task.chance(train.labels, counts, n_classes)
    if last.loss >= _NO_BETTER_THAN_FREQUENCIES * entropy:
        what = f"the training loss ended at {last.loss:.3f} nats"
        what += f"; {entropy:.3f} is what the class frequencies alone give"
        return f"{what}; {_NOTHING_LEARNED}"
    probabilities = shares(train.take(sample_documents(train.indexed)))
    if not np.isfinite(probabilities).all():
        return f"a predicted probability is not finite; {_SMALLER_STEPS}"
    if len(probabilities) > 1 and np.ptp(probabilities, axis=0).max() < _CONSTANT:
        return f"every training document gets the same prediction; {_NOTHING_LEARNED}"
    return None


def milder_signs(
    history: Sequence[Evaluation], best_updates: int, stopped: str, *, fixed: bool, raised: str
) -> tuple[Warned, ...]:
    """Return in words what a reader should know of a fit that trained.

    Parameters
    ----------
    history : sequence of Evaluation
        How training went.
    best_updates : int
        After how many updates the validation loss was lowest.
    stopped : str
        "early", or "budget" if there were no more updates to run.
    fixed : bool
        Whether the number of updates was not chosen by validation, so that nothing can be said of it.
    raised : str
        The setting that gives a longer training.
    """
    losses = [one.validation_loss for one in history if one.validation_loss is not None]
    if fixed or len(losses) < 2:
        return ()
    last = history[-1].updates
    still_fell = losses[-1] < (1.0 - _STILL_FELL) * min(losses[:-1])
    if stopped == "budget" and best_updates == last and still_fell:
        told = f"it was still learning when its {last:,} updates were over: raise {raised}"
        return (warning("still-learning", told),)
    if stopped == "early" and best_updates == history[0].updates:
        told = f"the validation loss was lowest at the first evaluation, after {best_updates:,} updates"
        tried = "a smaller networks.learning_rate or more dropout may do better"
        return (warning("best-at-the-first-look", f"{told}: {tried}"),)
    return ()
