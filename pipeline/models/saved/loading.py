"""The one way to a saved model: what its `model.json` says it is decides who reads the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.names import slug
from pipeline.core.values import LABEL_KINDS, Float32, Writing
from pipeline.corpus.readers.forms import FORMS
from pipeline.models.golden import A_FEW
from pipeline.models.saved.ensemble import Ensemble
from pipeline.models.saved.linear import read_linear
from pipeline.models.saved.model import Common, Saved, SavedModel
from pipeline.models.saved.network import SavedNetwork, read_network
from pipeline.models.saved.replayed import check_golden
from pipeline.models.saved.tagger import SavedTagger, read_linear_tagger, read_network_tagger
from pipeline.models.saved.tagger_ensemble import TaggerEnsemble
from pipeline.run_folder.models import Description, SavedFiles, describe, model_folder, names_on, shelf_of
from pipeline.run_folder.shelf import MODEL, NESTED, FolderShelf, Shelf, read_bundle
from pipeline.settings.tables import SETTINGS, TokenizerSettings
from pipeline.tasks.table import DOCUMENT_TASKS, TAG
from pipeline.text.unspaced import check_word_breaker

FOR_OTHERS = (".onnx", ".html")  # endings of models that other programs run
TAGS = {TAG.name: TAG}
T = TypeVar("T")


def _of_task(
    read: Callable[[SavedFiles, Common[T]], Saved], tasks: Mapping[str, T]
) -> Callable[[SavedFiles, TokenizerSettings], Saved]:
    """Return what reads models of one kind, which may have some tasks."""

    def read_own(files: SavedFiles, tokenizer: TokenizerSettings) -> Saved:
        described = files.described
        if described["task"] not in tasks:
            raise ValueError(f"task is {json.dumps(described['task'])}")
        own = described["name"], tasks[described["task"]], tuple(described["label_names"]), tokenizer
        return read(files, Common(*own))

    return read_own


def _refuse_language_model(files: SavedFiles, tokenizer: TokenizerSettings) -> Saved:
    """Raise PipelineError: a language model answers no document, it writes."""
    what = f"{files.described['name']} is a language model, which gives documents no class"
    raise PipelineError("no-such-model", files.where, what, "let it write: python -m pipeline generate RUN")


_READERS = {  # of each kind
    "linear": _of_task(read_linear, DOCUMENT_TASKS),
    "network": _of_task(read_network, DOCUMENT_TASKS),
    "linear tagger": _of_task(read_linear_tagger, TAGS),
    "network tagger": _of_task(read_network_tagger, TAGS),
    "language model": _refuse_language_model,
}


def load_saved(
    place: Path | str,
    name: str | None = None,
    *,
    seed: int | None = None,
    fold: int | None = None,
    ensemble: bool = False,
) -> Saved:
    """Return a model that a run saved: the first seed's fit of the first fold unless another is asked for.

    Parameters
    ----------
    place : Path
        A run folder, a model's own folder, wherever that lies now, or a bundle (`export RUN --to bundle FILE.zip`).
    name : str, optional
        As the run names it, such as `tfidf` or `lstm:max@word2vec`; needed where the place has several models.
    seed, fold : int, optional
        Which fit, as the run counts them, from 0.
    ensemble : bool
        All seeds of the fold as one model, whose probabilities are the mean of theirs.

    Raises
    ------
    PipelineError
        If there is no such model or fit, one seed is asked for and all of them, it is in the format of another version,
        a file is missing, damaged or not the one that the run wrote, or the model does not answer as it did when it
        was fitted.
    """
    if ensemble and seed is not None:
        raise PipelineError(
            "options-exclude-each-other",
            "ensemble",
            "a seed is one training, and an ensemble is all",
            "give one of the two",
        )
    shelf, folder = find_model(place, name)
    wanted = fits_asked(fits_on(shelf, folder), seed, fold)
    members = [read_saved(one) for one in (wanted if ensemble else wanted[:1])]
    return members[0] if len(members) == 1 else _together(members)


def _together(members: Sequence[Saved]) -> Saved:
    """Return several seeds of a model as one."""
    taggers = [one for one in members if isinstance(one, SavedTagger)]
    models = [one for one in members if isinstance(one, SavedModel)]
    return TaggerEnsemble.together(taggers) if taggers else Ensemble.of(models)


def load_model(
    place: Path | str,
    name: str | None = None,
    *,
    seed: int | None = None,
    fold: int | None = None,
    ensemble: bool = False,
) -> SavedModel:
    """Return a model that gives a document one answer; parameters and errors are those of `load_saved`.

    Raises
    ------
    PipelineError
        If the model tags words.
    """
    found = load_saved(place, name, seed=seed, fold=fold, ensemble=ensemble)
    if not isinstance(found, SavedModel):
        raise tags_words(found.name, str(place))
    return found


def tags_words(name: str, where: str) -> PipelineError:
    """Return what is said where a tagger is given to what answers whole documents alone."""
    what = f"{name} gives each word a tag, and this is for answers to whole documents"
    return PipelineError(
        "model-of-another-task", where, what, "take `predict`, `serve` or Python's load_model"
    )


def fits_asked(
    files: Sequence[SavedFiles], seed: int | None = None, fold: int | None = None
) -> list[SavedFiles]:
    """Return the fits of a fold, that of the first one where none is asked for; of one seed, or all."""
    fold = files[0].described["fold"] if fold is None else fold
    wanted = [one for one in files if one.described["fold"] == fold and seed in (None, one.described["seed"])]
    if not wanted:
        raise _no_fit(files, seed, fold)
    return wanted


def find_model(place: Path | str, name: str | None = None) -> tuple[Shelf, str]:
    """Return where a model's files lie, and its folder there; parameters and errors are those of `load_model`."""
    place = Path(place)
    if place.is_file():
        _check_bundle(place)
        shelf: Shelf = read_bundle(place)
        return shelf, _named(shelf, str(place), name)
    if (place / MODEL).is_file():
        own = place if place.name not in ("", "..") else place.resolve()
        _check_name(FolderShelf(own.parent), own.name, name)
        if NESTED.fullmatch(own.name) and (own.parent / MODEL).is_file():
            return FolderShelf(own.parent.parent), f"{own.parent.name}/{own.name}"
        return FolderShelf(own.parent), own.name
    shelf = shelf_of(place)
    return shelf, _named(shelf, str(place), name)


def _check_bundle(file: Path) -> None:
    """Raise PipelineError where a file is called otherwise than a bundle, and is none by its first bytes either."""
    with file.open("rb") as opened:
        if file.suffix.lower() == ".zip" or opened.read(2) == b"PK":
            return
    what = "this is neither a run folder nor a bundle"
    if file.suffix.lower() in FOR_OTHERS:
        what = "this is a model as it was exported for other programs, and none that is loaded here"
    fix = "give the run that it comes from, or a bundle (export RUN --to bundle FILE.zip)"
    raise PipelineError("not-a-saved-model", str(file), what, fix)


def _check_name(shelf: Shelf, folder: str, name: str | None) -> None:
    """Raise PipelineError where a model's own folder is that of another model than the one that is asked for."""
    own = describe(shelf, folder)["name"] if name is not None else None
    if own != name and slug(str(name)) != slug(str(own)):
        what = f'this is the folder of "{own}", and not of "{name}"'
        raise PipelineError(
            "no-such-model", shelf.place(folder), what, "leave the name out, or give the folder of the run"
        )


def _named(shelf: Shelf, place: str, name: str | None) -> str:
    """Return the folder of the model of a name, without a name of the only one there is."""
    folders = shelf.models()
    if name is not None:
        found = [folder for folder in folders if folder == slug(name)]
        found = found or [folder for folder in folders if describe(shelf, folder)["name"] == name]
        if found:
            return found[0]
    elif len(folders) == 1:
        return folders[0]
    asked = (
        f'there is no model "{name}"' if name else "it has several models" if folders else "there is no model"
    )
    names = names_on(shelf)
    where = shelf.place(f"{slug(name)}/{MODEL}") if name else place
    anew = "give the folder of a run that trained a model, or a bundle"
    raise PipelineError("no-such-model", where, asked, f"give one of {', '.join(names)}" if names else anew)


def fits_on(shelf: Shelf, folder: str) -> list[SavedFiles]:
    """Return the fits of a model, ordered by fold and seed; they share the vectors that were read once.

    Raises
    ------
    PipelineError
        If a `model.json` is damaged, or in the format of another version.
    """
    nested = sorted((fold, seed) for seed, fold in shelf.nested(folder))
    own = [folder, *(f"{folder}/s{seed}.f{fold}" for fold, seed in nested)]
    first = SavedFiles(shelf, own[0], describe(shelf, own[0]))
    found = [first, *(SavedFiles(shelf, one, describe(shelf, one), first.shared) for one in own[1:])]
    for one in found:
        with one.reading(f"{one.folder}/{MODEL}", _OTHER):
            if not all(type(one.described[key]) is int for key in ("seed", "fold")):
                raise ValueError("seed and fold are no numbers")
    return sorted(found, key=lambda one: (one.described["fold"], one.described["seed"]))


_OTHER = "it describes no model of this version"


def _no_fit(files: Sequence[SavedFiles], seed: int | None, fold: int) -> PipelineError:
    folds = sorted({one.described["fold"] for one in files})
    if fold not in folds:
        what = f"fold {fold} was not kept; kept: {', '.join(map(str, folds))}"
        return PipelineError(
            "no-such-model", files[0].where, what, "give one of these, or run again with --keep-folds"
        )
    seeds = [str(one.described["seed"]) for one in files if one.described["fold"] == fold]
    return PipelineError(
        "no-such-model", files[0].where, f"there is no seed {seed} of it", f"give one of {', '.join(seeds)}"
    )


def read_saved(files: SavedFiles, golden: Sequence[int] | None = A_FEW) -> Saved:
    """Return the model of a fit's files, when it has answered some golden texts (all: None) as it did when fitted.

    Raises
    ------
    PipelineError
        As `load_model`.
    """
    described = files.described
    with files.reading(f"{files.folder}/{MODEL}", _OTHER):
        tokenizer, read_kind = TokenizerSettings(**described["tokenizer"]), _READERS[described["kind"]]
        read = {f"networks.{key}": described[key] for key in ("keep", "max_tokens") if key in described}
        cuts = {f"tokenizer.{key}": value for key, value in asdict(tokenizer).items()}
        for key, value in {**cuts, **read}.items():
            setting = SETTINGS[key]
            if type(value) is not type(setting.default) or not setting.check.allows(value):
                raise ValueError(f"{key} is {json.dumps(value)}")
        check_word_breaker(files.where, described["word_breaker"])
        model = replace(read_kind(files, tokenizer), writing=_writing(described["writing"]))
        if isinstance(model, SavedModel):
            model = replace(model, thresholds=_thresholds(described["thresholds"], model))
        answered = files.golden()
    check_golden(model, answered, files, golden)
    return model


def _thresholds(held: object, own: SavedModel) -> Float32 | None:
    """Return from which probability on each label is given, as a `model.json` has it; ValueError where it is none."""
    if held is None:
        return None
    found = np.array(held, dtype=np.float32)
    if found.shape != (len(own.label_names),) or not np.isfinite(found).all() or own.task.thresholds is None:
        raise ValueError(f"thresholds are {json.dumps(held)}")
    return found


def _writing(held: Description) -> Writing:
    """Return how texts are written, as a `model.json` has it; ValueError or TypeError where it is none."""
    found = Writing(**{**held, "names": tuple(held["names"])})
    known = {"", *(form.name for form in FORMS["text"])}
    plain = all(re.fullmatch("[a-z]+", name) for name in found.names)
    if (
        type(found.escapes) is not bool
        or not plain
        or found.form not in known
        or found.labels not in LABEL_KINDS
    ):
        raise ValueError(f"writing is {json.dumps(held)}")
    return found


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
        names = names_on(FolderShelf(own.parent), "network")
        fix = (
            f"give one of {', '.join(names)}" if names else "give the folder of a run that trained a network"
        )
        raise PipelineError("no-such-model", str(own / MODEL), f'there is no network "{name}"', fix)
    return model
