"""What the files of every kind of model have in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, read_json
from pipeline.core.values import Bool, Float32, Vocabulary
from pipeline.run_folder.models import VECTORS, VOCABULARY, Description, read_arrays, read_from
from pipeline.settings.tables import SETTINGS, TokenizerSettings


def labels_of(described: Description) -> tuple[str, ...]:
    """Return the classes in the order of a model's answers."""
    return tuple(map(str, described["label_names"]))


def tokenizer_of(described: Description) -> TokenizerSettings:
    """Return how a model cuts text into tokens."""
    tokenizer = TokenizerSettings(**described["tokenizer"])
    check_choice("tokenizer.name", tokenizer.name)
    return tokenizer


def check_choice(key: str, value: str) -> None:
    """Raise ValueError if the setting `key` may not have this value."""
    if not SETTINGS[key].check.allows(value):
        raise ValueError(f'{key} is "{value}"')


def read_embedding(
    folder: Path, dimension: int, n_rows: int | None = None
) -> tuple[Vocabulary, Float32, Bool]:
    """Return a source's vocabulary, its vectors (V, D), and which rows have one (V,).

    Raises
    ------
    PipelineError
        If a file is missing or damaged, or there are not so many rows of so many numbers.
    """
    path = folder / VOCABULARY
    described = read_json(path)
    with read_from(path, "it holds no vocabulary"):
        tokens = pl.Series(described["tokens"], dtype=pl.String)
        counts = np.array(described["counts"], dtype=np.int64)
        vocabulary = Vocabulary(tokens, counts, int(described["n_learned"]))
    if n_rows is not None and len(vocabulary) != n_rows:
        what = f"it holds {len(vocabulary)} tokens; the network was trained with {n_rows}"
        raise PipelineError(str(path), what, REWRITE)
    shapes = {"vectors": (len(vocabulary), dimension), "covered": (len(vocabulary),)}
    arrays = read_arrays(folder / VECTORS, shapes)
    return vocabulary, arrays["vectors"], arrays["covered"].astype(np.bool_)
