"""Fitted models in a run folder: JSON and safetensors below `models/`, never a pickle; each file whole or absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, read_json, write_json, write_whole
from pipeline.core.fits import ModelFiles
from pipeline.core.names import slug
from pipeline.core.values import Bool, Float32, Vocabulary
from pipeline.run_folder.reading import CONFIG

FOLDER = "models"
MODEL, WEIGHTS = "model.json", "weights.safetensors"
VOCABULARY, VECTORS = "vocabulary.json", "vectors.safetensors"
_FILES = {"model": (WEIGHTS, MODEL), "embedding": (VECTORS, VOCABULARY)}  # of arrays, of what describes them
FORMAT_VERSION = 2  # of what is written for a model

Array = NDArray[Any]
Description = Mapping[str, Any]  # what a model.json holds


def write_model(run: Path, files: ModelFiles) -> list[Path]:
    """Write a model, or a source's vectors, into a folder of its own; return its files."""
    from safetensors.numpy import save

    folder = run / FOLDER / files.folder
    arrays, description = _FILES[files.kind]
    contiguous = {name: np.ascontiguousarray(array) for name, array in files.arrays.items()}
    write_whole(folder / arrays, save(contiguous))
    version = {"format_version": FORMAT_VERSION} if files.kind == "model" else {}
    write_json(folder / description, {**version, **files.described})
    return [folder / arrays, folder / description]


def model_folder(run: Path, name: str) -> Path:
    """Return the folder of a model, named as the run names it."""
    return Path(run) / FOLDER / slug(name)


def saved_names(run: Path, *kinds: str) -> list[str]:
    """Return the names of the models that a run saved, all or those of these kinds, in alphabetical order."""
    described = [describe(path.parent) for path in Path(run).glob(f"{FOLDER}/*/{MODEL}")]
    return sorted(one["name"] for one in described if not kinds or one["kind"] in kinds)


def saved_tokens(run: Path) -> dict[str, set[str]]:
    """Return the tokens that each saved model and source has learned something of, by its folder's name."""
    files = sorted(path for name in (VOCABULARY, MODEL) for path in Path(run).glob(f"{FOLDER}/*/{name}"))
    tokens = {path: set(read_json(path).get("tokens") or ()) for path in files}
    return {path.parent.name: found for path, found in tokens.items() if found}


def describe(folder: Path) -> Description:
    """Return what a model's `model.json` holds: `name`, `kind`, `task` and the rest.

    Raises
    ------
    PipelineError
        If it is no JSON, in the format of another version, or has no name, kind or task.
    """
    path = folder / MODEL
    described = read_json(path)
    found = described.get("format_version") if isinstance(described, dict) else None
    if found != FORMAT_VERSION:
        what = f"its format_version is {found}; this version reads {FORMAT_VERSION}"
        run = folder.parent.parent
        again = f"python -m pipeline run --config {run / CONFIG} --out {run}-again"
        raise PipelineError(str(path), what, f"train it again: {again}")
    for key in ("name", "kind", "task"):
        if not isinstance(described.get(key), str):
            raise PipelineError(str(path), f"it holds no {key} as a text", REWRITE)
    return dict(described)


def read_arrays(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Return the arrays of a safetensors file.

    Raises
    ------
    PipelineError
        If it cannot be read, or holds other names or shapes than these.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(path.read_bytes())
    except OSError as error:
        raise PipelineError(str(path), f"it cannot be read ({error.strerror})", REWRITE) from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise PipelineError(str(path), "this is no whole safetensors file", REWRITE) from error
    for name in sorted({*arrays, *shapes}):
        found = _shown(arrays[name].shape) if name in arrays else "absent"
        expected = _shown(shapes[name]) if name in shapes else "none"
        if found != expected:
            raise PipelineError(str(path), f"{name} is {found}; expected {expected}", REWRITE)
    return arrays


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


@contextmanager
def read_from(path: Path, otherwise: str) -> Iterator[None]:
    """Turn the errors of a block that takes a file's content apart into one that names the file."""
    try:
        yield
    except (KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise PipelineError(str(path), f"{otherwise} ({error})", REWRITE) from error


def read_embedding(folder: Path, dimension: int) -> tuple[Vocabulary, Float32, Bool]:
    """Return a source's vocabulary, its vectors (V, D), and which rows have one (V,).

    Raises
    ------
    PipelineError
        If a file is missing or damaged, or the vectors are not of so many numbers.
    """
    path = folder / VOCABULARY
    described = read_json(path)
    with read_from(path, "it holds no vocabulary"):
        tokens, counts = pl.Series(described["tokens"], dtype=pl.String), np.array(described["counts"])
        vocabulary = Vocabulary(tokens, counts.astype(np.int64), int(described["n_learned"]))
    shapes = {"vectors": (len(vocabulary), dimension), "covered": (len(vocabulary),)}
    arrays = read_arrays(folder / VECTORS, shapes)
    return vocabulary, arrays["vectors"], arrays["covered"].astype(np.bool_)


def bytes_to_predict(run: Path, name: str) -> int | None:
    """Return the size of what a model needs to predict: its folder, and that of its embedding; None if not saved."""
    files = files_to_predict(run, name)
    return sum(file.stat().st_size for file in files) if files else None


def files_to_predict(run: Path, name: str) -> list[Path]:
    """Return the files that a model needs to predict: of its folder, and of its embedding; none if it is not saved."""
    folder = model_folder(run, name)
    if not (folder / MODEL).is_file():
        return []
    embedding: str | None = read_json(folder / MODEL).get("embedding")
    folders = [folder, *([folder.parent / embedding] if embedding else [])]
    return [file for one in folders for file in sorted(one.iterdir()) if file.is_file()]
