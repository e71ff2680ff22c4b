"""Labels of documents as numbers of classes, and what answering with their frequencies alone is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.lists import as_typed
from pipeline.core.values import Float64, Int32
from pipeline.core.wording import quoted

LABELS_SHOWN = 10
LONGEST_NUMBER = 1000  # characters; Python turns no more than 4,300 digits into a number


def class_names(labels: pl.Series, file: str) -> tuple[str, ...]:
    """Return the labels in order: by number where all are whole numbers (of a sane length), else by name.

    Raises
    ------
    PipelineError
        If there is one label only; `file` says where.
    """
    names = labels.unique().to_list()
    if len(names) == 1:
        what = f'every document has the label "{names[0]}"'
        raise PipelineError(file, what, "a comparison needs two classes: check --label, or add documents")
    numeric = all(_is_whole_number(name) for name in names)
    return tuple(sorted(names, key=lambda name: (int(name), name)) if numeric else sorted(names))


def _is_whole_number(name: str) -> bool:
    return len(name) <= LONGEST_NUMBER and name.isascii() and name.removeprefix("-").isdigit()


def label_numbers(labels: pl.Series, names: Sequence[str]) -> Int32:
    """Return each label's place among the names; int32 (N,). Every label is one of them."""
    label_type = pl.Enum(pl.Series(names, dtype=pl.String))
    return labels.cast(label_type).to_physical().to_numpy().astype(np.int32)


def known_labels(label: str, names: Sequence[str]) -> str:
    """Return in words which labels there are, for a message about one that is unknown: all, or the nearest.

    >>> known_labels("bat", ("cat", "dog"))
    'the labels are "cat", "dog"'
    """
    if len(names) <= LABELS_SHOWN:
        return f"the labels are {quoted(names)}"
    near = get_close_matches(label, names, n=3, cutoff=0.0)
    return f"the nearest of the {len(names)} labels are {quoted(near)}"


def look_alikes(names: Sequence[str]) -> tuple[str, ...]:
    """Return a warning for each set of labels that differ only in case or blanks, with the --map that joins them.

    >>> look_alikes(["Spam", "ham", "spam"])
    ('labels "Spam", "spam" differ only in case or blanks; they are kept apart; --map "Spam=spam" joins them',)
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike["".join(name.split()).casefold()].append(name)
    sets = [found for found in alike.values() if len(found) > 1]
    return tuple(
        f"labels {quoted(found)} differ only in case or blanks; they are kept apart; "
        f'--map "{_joining(found)}" joins them'
        for found in sets
    )


def _joining(names: Sequence[str]) -> str:
    """Return the rule of --map that makes one class of these: the one in small letters, without blanks at its ends."""
    best = min(names, key=lambda name: (name != name.strip(), name != name.lower(), name))
    return f"{','.join(as_typed(name) for name in names if name != best)}={as_typed(best)}"


def chance_loss(labels: Int32, weights: Float64, n_classes: int) -> float:
    """Return the entropy of the labels' shares in nats: the loss of answering with the frequencies alone.

    Parameters
    ----------
    labels : int32 array, shape (N,)
    weights : float64 array, shape (N,)
        What each document counts in the loss.
    n_classes : int
        The number of classes C.
    """
    shares = np.bincount(labels, weights, n_classes) / weights.sum()  # (C,)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
