"""How a fit is named, and which fit a file of predictions is of."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.files import read_json_if_there
from pipeline.core.fits import FitKey
from pipeline.run_folder.predictions import SavedPredictions


def fit_label(name: str, seed: int, fold: int, *, n_seeds: int, n_folds: int) -> str:
    """Return a fit's name with its seed and fold where there are several.

    >>> fit_label("lstm@word2vec", 1, 0, n_seeds=3, n_folds=1)
    'lstm@word2vec seed 1'
    """
    return name + (f" seed {seed}" if n_seeds > 1 else "") + (f" fold {fold}" if n_folds > 1 else "")


def fit_of(entry: SavedPredictions) -> FitKey:
    """Return which fit made these predictions."""
    return FitKey(entry.name, entry.seed, entry.fold)


def planned_names(run: Path) -> list[str]:
    """Return the names of a run's models in the order in which it planned them; none where it did not come so far."""
    fits = read_json_if_there(run / "details" / "fits.json") or {}
    return [model["name"] for model in fits.get("models", ())]
