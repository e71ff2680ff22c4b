"""Saved predictions > a warning where answers of a class that no test document has decide the macro F1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.core.errors import first_places
from pipeline.core.warned import Warned, warning
from pipeline.evaluation.pooling import SingleRun, pool_single
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.classification.scores import count, f1_by_class, macro_f1

NOTABLE = 0.005  # of macro F1


def stray_class_warnings(saved: Iterable[SavedPredictions]) -> list[Warned]:
    """Return a sentence for each model whose macro F1 falls by half a point or more for such answers.

    Notes
    -----
    Macro F1 is the mean over the classes met among labels or answers, as scikit-learn takes it. One answer of a class
    that no document has adds a class of F1 0: with two classes and no other mistake it takes 1.00 to 0.67. That is
    the definition, not a measurement of the model.
    """
    saved = list(saved)
    names = saved[0].single_names if saved else ()
    found = [_stray(name, runs, names) for name, runs in pool_single(saved).items()]
    return [warning("answers-outside-test", text) for text in found if text]


def _stray(name: str, runs: Sequence[SingleRun], names: Sequence[str]) -> str:
    counts = [count(run.predictions) for run in runs]
    stray = np.sum([one.predicted * (one.support == 0) for one in counts], axis=0)  # (C,)
    if not stray.any():
        return ""
    as_it_is = np.mean([macro_f1(one.hits, one.support, one.predicted) for one in counts])
    without = np.mean(
        [f1_by_class(one.hits, one.support, one.predicted)[one.support > 0].mean() for one in counts]
    )
    if without - as_it_is < NOTABLE:
        return ""
    n_answers, n_stray = sum(int(one.support.sum()) for one in counts), int(stray.sum())
    labels = first_places([f'"{names[number]}"' for number in np.flatnonzero(stray).tolist()])
    says = "says" if n_stray == 1 else "say"
    return (
        f"{name}: {n_stray:,} of {n_answers:,} answers {says} {labels}, the label of no test document; that alone takes"
        f" macro F1 from {without:.3f} to {as_it_is:.3f}"
    )
