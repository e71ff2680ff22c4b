"""One stream of random numbers a stage: a new stage changes no other's numbers."""

from __future__ import annotations

import numpy as np


def stage_generator(seed: int, stage: str) -> np.random.Generator:
    """Return the random generator of one stage: its numbers do not depend on which other stages exist."""
    return np.random.default_rng([seed, *stage.encode()])
