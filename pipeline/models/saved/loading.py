"""The one way to a saved model: what its `model.json` says it is decides who reads the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.models.saved.linear import read_linear
from pipeline.models.saved.model import Common, SavedModel
from pipeline.models.saved.network import SavedNetwork, read_network
from pipeline.run_folder.models import MODEL, Description, describe, model_folder, read_from, saved_names
from pipeline.settings.tables import SETTINGS, TokenizerSettings
from pipeline.tasks.table import TASKS
from pipeline.text.unspaced import check_word_breaker

_READERS: dict[str, Callable[[Path, Description, Common], SavedModel]] = {  # of each kind
    "linear": read_linear,
    "network": read_network,
}


def load_model(folder: Path, name: str | None = None) -> SavedModel:
    """Return a model that a run saved: the first seed's fit of the first fold.

    Parameters
    ----------
    folder : Path
        A run folder; without a name a model's own folder in its `models/`.
    name : str, optional
        As the run names it, such as `tfidf` or `lstm:max@word2vec`.

    Raises
    ------
    PipelineError
        If there is no such model, it is in the format of another version, or a file is missing or damaged.
    """
    place = Path(folder) if name is None else model_folder(folder, name)
    if not (place / MODEL).is_file():
        raise _absent(place, f'model "{name}"' if name else "model")
    described = describe(place)
    with read_from(place / MODEL, "it describes no model of this version"):
        name, task, labels = described["name"], described["task"], tuple(described["label_names"])
        if task not in TASKS:
            raise ValueError(f"task is {json.dumps(task)}")
        own = Common(name, TASKS[task], labels, TokenizerSettings(**described["tokenizer"]))
        read = {f"networks.{key}": described[key] for key in ("keep", "max_tokens") if key in described}
        cuts = {f"tokenizer.{key}": value for key, value in asdict(own.tokenizer).items()}
        for key, value in {**cuts, **read}.items():
            setting = SETTINGS[key]
            if type(value) is not type(setting.default) or not setting.check.allows(value):
                raise ValueError(f"{key} is {json.dumps(value)}")
        check_word_breaker(str(place / MODEL), described["word_breaker"])
        return _READERS[described["kind"]](place, described, own)


def load_network(run: Path, name: str) -> SavedNetwork:
    """Return a network that a run saved.

    Raises
    ------
    PipelineError
        As `load_model`; if the model of this name is none.
    """
    own = model_folder(run, name)
    model = load_model(own) if (own / MODEL).is_file() else None
    if not isinstance(model, SavedNetwork):
        raise _absent(own, f'network "{name}"', "network")
    return model


def _absent(own: Path, what: str, *kinds: str) -> PipelineError:
    """Return the error for a model that is not there, with the names of those that are."""
    names = saved_names(own.parent.parent, *kinds)
    anew = f"give the folder of a run that trained a {kinds[0] if kinds else 'model'}"
    fix = f"give one of {', '.join(names)}" if names else anew
    return PipelineError(str(own / MODEL), f"there is no {what}", fix)
