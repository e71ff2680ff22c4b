"""Fitted models in a run folder: JSON and safetensors below `models/`, never a pickle; each file whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipeline.core.files import write_json, write_whole
from pipeline.core.fits import ModelFiles
from pipeline.core.names import slug

FOLDER = "models"
_DESCRIPTION = "model.json"
_FILES = {  # by kind: of arrays, of what describes them
    "model": ("weights.safetensors", _DESCRIPTION),
    "embedding": ("vectors.safetensors", "vocabulary.json"),
}


def write_model(run: Path, files: ModelFiles) -> None:
    """Write a model, or a source's vectors, into a folder of its own."""
    from safetensors.numpy import save

    folder = run / FOLDER / files.folder
    arrays, description = _FILES[files.kind]
    contiguous = {name: np.ascontiguousarray(array) for name, array in files.arrays.items()}
    write_whole(folder / arrays, save(contiguous))
    write_json(folder / description, files.described)


def bytes_to_predict(run: Path, name: str) -> int | None:
    """Return the size of what a model needs to predict: its folder, and that of its embedding; None if not saved."""
    folder = run / FOLDER / slug(name)
    described = folder / _DESCRIPTION
    if not described.is_file():
        return None
    embedding = json.loads(described.read_text(encoding="utf-8")).get("embedding")
    folders = [folder, *([run / FOLDER / embedding] if embedding else [])]
    return sum(file.stat().st_size for one in folders for file in one.iterdir() if file.is_file())
