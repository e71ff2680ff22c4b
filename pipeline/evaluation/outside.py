"""Which models of a run the predictions made elsewhere are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.evaluation.choice import best_baseline


def outside_pairs(
    kinds: Mapping[str, str],
    merits: Mapping[str, float],
    network: str | None,
    baselines: Sequence[str],
    *,
    every_baseline: bool = False,
) -> list[tuple[str, str]]:
    """Return the pairs (a, b): each model fitted elsewhere with the verdict's network and with the best baseline.

    Both were chosen on validation documents. More pairs would raise the p-values of all side questions: the
    correction counts them. With folds, where validation documents are tested too, no baseline is chosen:
    `every_baseline` takes all of them.

    >>> outside_pairs({"bow": "baseline", "other": "outside"}, {"bow": 0.9, "other": 0.0}, None, ["bow"])
    [('other', 'bow')]
    """
    best = baselines if every_baseline else [best_baseline(kinds, merits)]
    partners = [name for name in (network, *best) if name is not None]
    return [(name, partner) for name, kind in kinds.items() if kind == "outside" for partner in partners]
