"""What a network reads from the states of a document: one vector, and the way back to the states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.core.values import Bool
from pipeline.models.equations.values import Array, Lengths


@dataclass(frozen=True)
class Head:
    """An entry of the table of heads."""

    read: Callable[[Array, Lengths], Array]  # (states (N, T, H), lengths (N,)) > (N, H)
    # (states, lengths, dL/dread (N, H)) > dL/dstates (N, T, H)
    back: Callable[[Array, Lengths, Array], Array]


def _last(states: Array, lengths: Lengths) -> Array:
    """Return h_L: the state after the last real timestep."""
    return states[np.arange(len(states)), lengths - 1]  # (N, H)


def _back_to_last(states: Array, lengths: Lengths, d_read: Array) -> Array:
    d_states = np.zeros_like(states)
    d_states[np.arange(len(states)), lengths - 1] = d_read
    return d_states


def _mean(states: Array, lengths: Lengths) -> Array:
    """Return (h_1 + .. + h_L) / L, added up one after the other: padding and other documents change no bit of it."""
    total = np.zeros_like(states[:, 0])  # (N, H)
    for t in range(states.shape[1]):
        total += np.where((t < lengths)[:, None], states[:, t], 0)
    return total / lengths[:, None].astype(states.dtype)


def _back_to_mean(states: Array, lengths: Lengths, d_read: Array) -> Array:
    share = d_read / lengths[:, None].astype(states.dtype)  # (N, H)
    return np.where(real(states, lengths), share[:, None, :], 0)  # (N, T, H)


def _max(states: Array, lengths: Lengths) -> Array:
    """Return each unit's largest value in h_1 .. h_L."""
    largest: Array = np.where(real(states, lengths), states, -np.inf).max(axis=1)  # (N, H)
    return largest.astype(states.dtype)


def _back_to_max(states: Array, lengths: Lengths, d_read: Array) -> Array:
    """Return the gradient of `_max`; equally large values share it, as in TensorFlow. (N, T, H)."""
    chosen = real(states, lengths) & (states == _max(states, lengths)[:, None, :])  # (N, T, H)
    return np.where(chosen, (d_read / chosen.sum(axis=1).astype(states.dtype))[:, None, :], 0)


HEADS: dict[str, Head] = {
    "last": Head(_last, _back_to_last),
    "max": Head(_max, _back_to_max),
    "mean": Head(_mean, _back_to_mean),
}


def real(states: Array, lengths: Lengths) -> Bool:
    """Return which timesteps of `states` (N, T, H) are no padding; (N, T, 1)."""
    return (np.arange(states.shape[1]) < lengths[:, None])[:, :, None]
