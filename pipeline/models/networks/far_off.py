"""A training that ended far from those of the same network with other seeds: which it is, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pipeline.core.fits import SecondTraining
from pipeline.core.warned import Warned, warning

_FACTOR, _NATS = 1.5, 0.1  # above the lowest loss; why both: docs/decisions/0017


def far_off(losses: Mapping[int, float | None]) -> tuple[int, ...]:
    """Return the seeds whose validation loss stands far above the lowest of the same network, in ascending order.

    Parameters
    ----------
    losses : mapping of seed to its lowest validation loss in nats
        None, or what is not finite, is no loss: far from every loss, if there is one.

    Notes
    -----
    Far is more than 1.5 times the lowest and 0.1 nats more. The factor leaves networks alone that all do badly, where
    0.1 nats are little; the 0.1 nats leave those alone that all do well, where 0.05 against 0.09 is noise. Whether a
    seed stands far is a matter of validation documents alone.

    >>> far_off({0: 0.12, 1: 0.13, 2: 0.34}), far_off({0: 0.05, 1: 0.09}), far_off({0: 0.8, 1: 1.0}), far_off({0: 0.9})
    ((2,), (), (), ())
    """
    known = {seed: _as_loss(loss) for seed, loss in losses.items()}
    best = min(known.values(), default=math.inf)
    if not math.isfinite(best):
        return ()
    return tuple(sorted(seed for seed, loss in known.items() if is_far(loss, best)))


def is_far(loss: float, best: float) -> bool:
    """Return whether a validation loss stands far above the lowest one."""
    return loss > max(_FACTOR * best, best + _NATS)


def second_training_in_words(again: SecondTraining) -> Warned:
    """Return what happened as a sentence without its full stop.

    >>> told = second_training_in_words(SecondTraining(2, first_loss=0.341, second_loss=0.119, best_loss=0.122))
    >>> told.removesuffix(" [trained-again]")
    'seed 2 was trained again: validation loss 0.34 against 0.12 of the best seed; the second training is kept (0.12)'
    """
    kept = "second training is kept" if again.second_is_kept else "second is not kept"
    told = (
        f"seed {again.seed} was trained again: validation loss {again.first_loss:.2f} against {again.best_loss:.2f} of"
        f" the best seed; the {kept} ({again.second_loss:.2f})"
    )
    still = is_far(min(again.first_loss, again.second_loss), again.best_loss)
    return warning("trained-again", told + (", and this seed stands far from the others" if still else ""))


def second_training(
    seed: int, first_loss: float | None, second_loss: float | None, best_loss: float
) -> SecondTraining:
    """Return what came of it; a loss of None is infinite: that training is kept only if the other is no better."""
    return SecondTraining(seed, _as_loss(first_loss), _as_loss(second_loss), best_loss)


def _as_loss(loss: float | None) -> float:
    return math.inf if loss is None or math.isnan(loss) else loss
