"""Which network and which baseline stand for their kind, chosen by validation accuracy alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def best_network(kinds: Mapping[str, str], validation_accuracy: Mapping[str, float]) -> str | None:
    """Return the network of the highest mean validation accuracy, the first of equals; None without one."""
    return _best((name for name, kind in kinds.items() if kind == "network"), validation_accuracy)


def best_baseline(kinds: Mapping[str, str], validation_accuracy: Mapping[str, float]) -> str | None:
    """Return the baseline of the highest mean validation accuracy, the first of equals; None without one.

    A control such as `majority` stands in where there is no baseline; a control with an embedding
    reads what the networks read and cannot.
    """
    baselines = [name for name, kind in kinds.items() if kind == "baseline"]
    controls = [name for name, kind in kinds.items() if kind == "control" and "@" not in name]
    return _best(baselines or controls, validation_accuracy)


def _best(names: Iterable[str], validation_accuracy: Mapping[str, float]) -> str | None:
    return max(names, key=lambda name: validation_accuracy[name], default=None)
