"""Iterative stratification: parts in which every one of several labels has about its share of the documents."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Float64, Int64


def spread(counts: Int64, sizes: Int64, shares: Float64, generator: np.random.Generator) -> Int64:
    """Return the part of each group of documents; int64 (G,).

    Parameters
    ----------
    counts : int64 array, shape (G, C)
        How many documents of a group have each label. A group stays together; of one document it is its labels.
    sizes : int64 array, shape (G,)
        How many documents a group has.
    shares : float64 array, shape (K,)
        The share of all documents that each part is to have; their sum is 1.
    generator : numpy Generator
        Draws the order in which groups are looked at.

    Notes
    -----
    Sechidis, Tsoumakas, Vlahavas (2011), On the Stratification of Multi-Label Data, ECML PKDD, algorithm 1: the label
    with the fewest documents left is next; each of its documents goes to the part that still wants most documents of
    that label, of several such to the one that wants most documents, then to the first. What a part wants falls by
    what it gets. Documents without a label come last, by what parts still want. Where the paper draws ties of labels
    and parts by lot, they are taken in order here: the order of documents is random already.
    """
    order = generator.permutation(len(sizes))
    left = counts.sum(axis=0).astype(np.float64)  # (C,) documents not yet placed
    wanted_of = np.outer(shares, left)  # (K, C)
    wanted = shares * sizes.sum()  # (K,)
    part = np.full(len(sizes), -1, dtype=np.int64)

    def place(group: int, most: Float64) -> None:
        first = np.flatnonzero(most == most.max())
        chosen = first[int(wanted[first].argmax())]
        part[group] = chosen
        wanted[chosen] -= sizes[group]
        wanted_of[chosen] -= counts[group]
        left[:] -= counts[group]

    while (left > 0).any():
        label = int(np.where(left > 0, left, np.inf).argmin())
        for group in order[(counts[order, label] > 0) & (part[order] < 0)].tolist():
            place(group, wanted_of[:, label])
    for group in order[part[order] < 0].tolist():
        place(group, wanted)
    return part
