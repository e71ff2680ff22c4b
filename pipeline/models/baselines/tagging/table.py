"""The table of linear taggers: what fits each, and which of its penalties validation sentences choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Int32
from pipeline.models.baselines.tagging.crf import fit_crf
from pipeline.models.baselines.tagging.fitting import Penalty, fit_most_frequent, fit_window
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.tagger import LinearTagger


@dataclass(frozen=True)
class TaggerEntry:
    """A line of the table.

    Attributes
    ----------
    fit : (training sentences, their tags (M,), how many tags there are, penalty) > the fitted tagger
    penalties : what is tried, the weakest last; where there are no validation sentences the middle one is taken
    library : what it is fitted with
    """

    fit: Callable[[Sentences, Int32, int, Penalty], LinearTagger]
    penalties: tuple[Penalty, ...]
    library: str
    absolute: bool = False  # whether it knows absolute penalties

    def tried(self, asked: int, generator: np.random.Generator) -> tuple[Penalty, ...]:
        """Return the penalties that validation sentences choose from, `asked` of them (0: those of the table).

        More than the table has are drawn: squares log-uniform from 0.01 to 10, absolute ones from 0.001 to 1.
        """
        if len(self.penalties) == 1:
            return self.penalties
        drawn = [*self.penalties]
        while len(drawn) < asked:
            square, absolute = (10 ** generator.uniform(low, high) for low, high in ((-2, 1), (-3, 0)))
            with_absolute = self.absolute and generator.random() < 0.5
            drawn.append(Penalty(_rounded(absolute) if with_absolute else 0.0, _rounded(square)))
        return tuple(drawn[: asked or None])


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")


TAGGERS: dict[str, TaggerEntry] = {
    "most-frequent": TaggerEntry(fit_most_frequent, (Penalty(),), "NumPy"),
    "window": TaggerEntry(
        fit_window, (Penalty(square=3.0), Penalty(square=1.0), Penalty(square=0.3)), "scikit-learn"
    ),
    "crf": TaggerEntry(
        fit_crf,
        (Penalty(square=1.0), Penalty(square=0.3), Penalty(absolute=0.1, square=0.01)),
        "CRFsuite",
        absolute=True,
    ),
}


@dataclass(frozen=True)
class TriedPenalty:
    """A penalty, and the mean loss of a validation word with it, in nats."""

    penalty: Penalty
    validation_loss: float


@dataclass(frozen=True, eq=False)
class ChosenTagger:
    """The tagger that validation sentences choose, and all that was tried; nothing was where they had no choice."""

    tagger: LinearTagger
    penalty: Penalty
    tried: tuple[TriedPenalty, ...] = ()


def choose_tagger(
    name: str,
    train: tuple[Sentences, Int32],
    validation: tuple[Sentences, Int32] | None,
    n_tags: int,
    on_trial: Callable[[TriedPenalty], None] = lambda tried: None,
    penalties: tuple[Penalty, ...] | None = None,
) -> ChosenTagger:
    """Return a tagger with that of some penalties (those of the table) that gives validation words the lowest loss.

    The loss moves with every word. F1 is made of a few thousand spans: of penalties that are near each other it seldom
    knows which is better.
    """
    entry = TAGGERS[name]
    penalties = penalties or entry.penalties
    if validation is None or len(penalties) == 1:
        penalty = penalties[0] if len(penalties) == 1 else entry.penalties[len(entry.penalties) // 2]
        return ChosenTagger(entry.fit(*train, n_tags, penalty), penalty)
    tried: list[TriedPenalty] = []
    best: LinearTagger | None = None
    for penalty in penalties:
        tagger = entry.fit(*train, n_tags, penalty)
        loss = float(tagger.losses(*validation).sum() / len(validation[1]))
        if best is None or loss < min(one.validation_loss for one in tried):
            best = tagger
        tried.append(TriedPenalty(penalty, loss))
        on_trial(tried[-1])
    assert best is not None, "there is a penalty"
    return ChosenTagger(best, min(tried, key=lambda one: one.validation_loss).penalty, tuple(tried))
