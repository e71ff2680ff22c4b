"""What a fit gives, as plain data that any process can hand over: nobody here writes a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """A fitted model, or a source's vectors, as a run folder keeps it.

    Attributes
    ----------
    kind : what it is, which decides how its files are called
    folder : its folder below `models/`
    arrays : by name, such as `recurrent_0/kernel`
    described : what JSON knows, to read and use them
    """

    kind: Literal["model", "embedding"]
    folder: str
    arrays: Mapping[str, npt.NDArray[np.generic]]
    described: Mapping[str, object]
