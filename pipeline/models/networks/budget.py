"""How long a network is trained, and when it is looked at: in updates, whatever the size of corpus and batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Int64
from pipeline.settings.tables import NetworkSettings

_USUAL_UPDATES = 50  # between two evaluations, or so: each costs a pass over the validation documents
_MOST_IN_A_PASS = 4  # evaluations


@dataclass(frozen=True)
class Budget:
    """How long one phase of a training may last; every number counts updates, each of one batch.

    Attributes
    ----------
    first : what the phase gets without validation documents; with a falling learning rate it is 0 after so many
    most : where the phase ends at the latest: `first`, or more where the budget grows
    floor : no phase that begins with new weights is stopped before
    patience : a phase is stopped after so many without a better validation loss
    span, looks : `looks` evaluations in every `span`, evenly spread
    """

    first: int
    most: int
    floor: int
    patience: int
    span: int
    looks: int = 1

    def is_due(self, update: int) -> bool:
        """Return whether there is an evaluation after this update of the phase, counted from 1.

        >>> budget = Budget(first=10, most=10, floor=0, patience=5, span=5, looks=2)
        >>> [update for update in range(1, 11) if budget.is_due(update)]
        [3, 5, 8, 10]
        """
        return update * self.looks // self.span > (update - 1) * self.looks // self.span


def updates_in_a_pass(lengths: Int64, batch_size: int, most_timesteps: int) -> int:
    """Return how many batches one pass over documents of these lengths (N,) makes.

    Exact where no batch is cut for its length, and where one pool holds all documents; else batches of about equal
    length are counted, which come close to it.

    >>> updates_in_a_pass(np.array([3, 3, 3, 3, 3]), batch_size=2, most_timesteps=100)
    3
    """
    ordered = np.sort(lengths)
    longest = np.maximum.reduceat(ordered, np.arange(0, len(ordered), batch_size))  # (batches,)
    sizes = np.diff(np.append(np.arange(0, len(ordered), batch_size), len(ordered)))  # (batches,)
    room = np.maximum(1, most_timesteps // longest)  # documents that fit
    return int(np.ceil(sizes / room).sum())


def budget_of(settings: NetworkSettings, updates_a_pass: int) -> Budget:
    """Return the budget of each phase of a training.

    Parameters
    ----------
    settings : NetworkSettings
        Of one network: no number that stands for "follows the corpus" but `evaluate_every`.
    updates_a_pass : int
        Updates of one pass over the training documents.

    Notes
    -----
    With a constant learning rate, to extend a budget whenever the lowest validation loss lies within the patience is
    to train until the patience is at an end: so there is one bound, `most`. Where the rate falls, the budget is what
    it falls over, and cannot grow.

    Whoever gives `networks.max_epochs` counts in passes: there is an evaluation after each, and no growth.
    """
    in_passes = settings.max_epochs > 0
    first = settings.max_epochs * updates_a_pass
    if not in_passes:
        first = max(settings.budget_updates, settings.budget_epochs * updates_a_pass)
    grows = not in_passes and settings.schedule == "constant"
    span, looks = _evaluations(settings.evaluate_every, updates_a_pass, each_pass=in_passes)
    return Budget(
        first=first,
        most=int(first * settings.budget_growth) if grows else first,
        floor=min(settings.min_updates, first),
        patience=max(settings.patience_updates, settings.patience * updates_a_pass),
        span=span,
        looks=looks,
    )


def _evaluations(asked: int, updates_a_pass: int, *, each_pass: bool) -> tuple[int, int]:
    """Return a number of updates and of the evaluations in it: whole passes, or a pass in up to four parts."""
    if asked:
        return asked, 1
    looks = min(_MOST_IN_A_PASS, updates_a_pass // _USUAL_UPDATES)
    if looks or each_pass:
        return updates_a_pass, max(looks, 1)
    return updates_a_pass * -(-_USUAL_UPDATES // updates_a_pass), 1
