"""Which models of a run the predictions made elsewhere are compared with."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.evaluation.choice import best_baseline, best_network


def outside_pairs(
    kinds: Mapping[str, str], validation_accuracy: Mapping[str, float]
) -> list[tuple[str, str]]:
    """Return the pairs (a, b): each model fitted elsewhere with the best network and with the best baseline.

    The two are those of the verdict, chosen by validation accuracy. More pairs would raise every p-value of the
    run: the correction counts them all.

    >>> outside_pairs({"bow": "baseline", "other": "outside"}, {"bow": 0.9, "other": 0.0})
    [('other', 'bow')]
    """
    bests = [best_network(kinds, validation_accuracy), best_baseline(kinds, validation_accuracy)]
    return [(name, best) for name, kind in kinds.items() if kind == "outside" for best in bests if best]
