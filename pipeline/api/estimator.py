"""What the estimators have in common: keywords that are a run's options, a model as files, and how it is kept."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from pipeline.api.errors import InvalidInput, as_invalid_input
from pipeline.api.fitting import FittedModel
from pipeline.api.keywords import check_known, config_of, keywords_of
from pipeline.core.files import write_whole
from pipeline.core.names import ModelName
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import SETTINGS, Config, with_values

# What a single fit depends on. The rest of [corpus] and [run] is about files, tests and comparisons.
TABLES = ("tokenizer", "vocabulary", "word2vec", "fasttext", "embeddings", "baselines", "networks")
OWN = (
    "corpus.validation_size",
    *("run.seed", "run.training_seed", "run.refit", "run.tune", "run.class_weights", "run.metric"),
    *("run.deterministic", "run.cache"),
)


def keywords_but(*keys: str) -> dict[str, str]:
    """Return the keys of all settings that a single fit depends on, by their keywords, but for some."""
    own = (key for key in SETTINGS if key.split(".")[0] in TABLES or key in OWN)
    return keywords_of(key for key in own if key not in keys)


class Estimator(BaseEstimator):
    """One model of a run as scikit-learn has estimators."""

    keywords: ClassVar[dict[str, str]]  # the keys of its settings by their keywords
    model: str

    def __init__(self, model: str, **settings: object) -> None:
        with as_invalid_input():
            check_known(settings, ("model", *self.keywords), type(self).__name__)
        self.model = model
        for name, value in settings.items():
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """Return the model and the settings that were given, by their keywords."""
        given = {name: value for name, value in vars(self).items() if name in self.keywords}
        return {"model": self.model, **given}

    def set_params(self, **params: object) -> Self:
        """Change the model or settings, and return the estimator."""
        with as_invalid_input():
            check_known(params, ("model", *self.keywords), type(self).__name__)
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model into a new folder, from which `pipeline.load_model` reads it: JSON and arrays, no pickle.

        Raises
        ------
        PipelineError
            If there is something in the folder.
        """
        check_is_fitted(self)
        place = Path(folder)
        if place.is_file() or (place.is_dir() and any(place.iterdir())):
            raise InvalidInput(
                "output-exists", str(place), "there is something of this name", "name a new folder"
            )
        _write(self._fitted.files, place)

    def _config(self) -> Config:
        name = ModelName.parse(self.model)
        source = AUTO if name.source is None else str(name.source)
        given = {keyword: value for keyword, value in self.get_params().items() if keyword != "model"}
        models = {"run.models": (name.asked or self.model,), "run.embeddings": (source,)}
        return with_values(config_of(self.keywords, given), models)

    def _take(self, fitted: FittedModel) -> None:
        self._fitted = fitted
        with TemporaryDirectory(prefix="embedseq-") as place:
            _write(fitted.files, Path(place))
            self._load(Path(place), fitted.name)

    @abstractmethod
    def _load(self, place: Path, name: str) -> None:
        """Keep the model that lies in a folder, to answer with it, in `_model`."""

    def __getstate__(self) -> dict[str, object]:
        """Return plain data: the settings, and the files of the model as bytes."""
        state: dict[str, object] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_model"}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take them, and read the model from them."""
        super().__setstate__(state)
        fitted = state.get("_fitted")
        if isinstance(fitted, FittedModel):
            self._take(fitted)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        write_whole(folder / name, content)
