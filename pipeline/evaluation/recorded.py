"""Run folder > Recorded: what it holds before anything is scored, and which of its predictions are scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import read_json, read_json_if_there
from pipeline.core.fits import FitKey
from pipeline.core.wording import Metric
from pipeline.run_folder.details import content_as
from pipeline.run_folder.details.fitting import RunFacts
from pipeline.run_folder.documents import read_documents, units_of
from pipeline.run_folder.fits import fit_label, fit_of
from pipeline.run_folder.predictions import SavedPredictions, read_run_predictions
from pipeline.run_folder.reading import CONFIG, INPUTS, detail_file
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config, first_seeds

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Recorded:
    """What a run folder holds before anything is scored, and which of its predictions are scored.

    Attributes
    ----------
    models : mapping of name to `name`, `kind`, `verdict_kind`, `model`, `head`, `embedding`, `seeded`
    fits : mapping of (name, seed, fold) to what the fit cost and whether it trained
    facts : what the run knew
    saved : predictions that are scored, by name, seed and fold
    notes : sentences about predictions that are left out
    """

    run: Path
    config: Config
    models: dict[str, Row]
    fits: dict[FitKey, Row]
    facts: RunFacts
    saved: list[SavedPredictions]
    notes: tuple[str, ...]

    @property
    def scored_fits(self) -> list[Row]:
        """The fits whose predictions are scored, in the order of `fits`."""
        scored = {fit_of(entry) for entry in self.saved}
        return [fit for key, fit in self.fits.items() if key in scored]

    @property
    def metric(self) -> Metric:
        """What the run is judged by."""
        return cast(Metric, self.config.run.metric)

    @property
    def n_docs(self) -> int:
        """How many documents the whole corpus has."""
        return int(self.facts.corpus["documents"])

    @property
    def warnings(self) -> list[str]:
        """Findings about the whole run, as sentences."""
        return [*self.facts.warnings, *self.notes]

    def detail(self, name: str) -> Any:
        """Return what the run wrote to `details/<name>.json`; None if it wrote no such file."""
        return read_json_if_there(self.run / detail_file(name))

    def of_models(self, key: str) -> dict[str, str]:
        """Return `key` of each model whose predictions are scored, in the order the models were planned."""
        names = {fit["name"] for fit in self.scored_fits}
        return {name: model[key] for name, model in self.models.items() if name in names}


def read_recorded(run: Path) -> Recorded:
    """Return what a run folder holds before anything is scored."""
    for name in INPUTS:
        if not (run / name).is_file():
            what = f"there is no {name} in it, which scores are computed from"
            raise PipelineError(
                str(run), what, "an older version wrote this run, or it did not end: run again"
            )
    made, path = read_json(run / detail_file("fits")), run / detail_file("run")
    facts = content_as(RunFacts, read_json(path), path)
    config = load_config(run / CONFIG)
    models = {model["name"]: model for model in made["models"]}
    fits = {FitKey(fit["name"], fit["seed"], fit["fold"]): fit for fit in made["fits"]}

    def labels(entries: Iterable[SavedPredictions]) -> str:
        keys = [fit_of(entry) for entry in entries]
        n_seeds = {key: first_seeds(config) if models[key[0]]["seeded"] else 1 for key in keys}
        return first_places([fit_label(*key, n_seeds=n_seeds[key], n_folds=facts.folds) for key in keys])

    notes = []
    of_run = [entry for entry in read_predictions(run, run) if entry.name in models]
    saved, unrecorded = recorded_predictions(of_run, fits)
    if unrecorded:
        left = labels(unrecorded)
        notes.append(f"stopped before the fit was recorded: the predictions of {left} are left out")
    if facts.state != "done":
        saved, begun = predictions_of_whole_seeds(saved, first_seeds(config))
        if begun:
            notes.append(
                f"the run did not end: the predictions of {labels(begun)}, of a seed that was being added, are left out"
            )
        saved, left_out = predictions_of_whole_folds(saved)
        if left_out:
            folds = _folds_in_words(sorted({entry.fold for entry in saved}))
            notes.append(
                f"the run did not end, so that only {folds} of {facts.folds} can be compared"
                f" on the same test documents: the predictions of {labels(left_out)} are left out"
            )
    return Recorded(run, config, models, fits, facts, saved, tuple(notes))


def read_predictions(folder: Path, run: Path) -> list[SavedPredictions]:
    """Return the predictions below a folder, with the documents that the run takes for one unit."""
    units = units_of(read_documents(run))
    return [replace(entry, units=units) for entry in read_run_predictions(folder)]


def _folds_in_words(folds: list[int]) -> str:
    return f"fold{'' if len(folds) == 1 else 's'} {', '.join(map(str, folds))}"


def recorded_predictions(
    saved: Iterable[SavedPredictions], recorded: Collection[FitKey]
) -> tuple[list[SavedPredictions], list[SavedPredictions]]:
    """Return the predictions whose fit was recorded, and the others.

    A stop between the two leaves a file without a fit: nothing says whether that model trained.
    """
    kept: list[SavedPredictions] = []
    others: list[SavedPredictions] = []
    for entry in saved:
        (kept if fit_of(entry) in recorded else others).append(entry)
    return kept, others


def predictions_of_whole_seeds(
    saved: Iterable[SavedPredictions], first: int
) -> tuple[list[SavedPredictions], list[SavedPredictions]]:
    """Return the predictions but for those of seeds, beyond the `first`, that lack a fold; and those.

    A seed is added to every fold; a stop in between leaves some of them.
    """
    saved = list(saved)
    folds: dict[tuple[str, int], set[int]] = defaultdict(set)
    for entry in saved:
        folds[entry.name, entry.seed].add(entry.fold)
    whole = {key for key, own in folds.items() if key[1] < first or own >= folds[key[0], 0]}
    kept = [entry for entry in saved if (entry.name, entry.seed) in whole]
    return kept, [entry for entry in saved if (entry.name, entry.seed) not in whole]


def predictions_of_whole_folds(
    saved: Iterable[SavedPredictions],
) -> tuple[list[SavedPredictions], list[SavedPredictions]]:
    """Return the predictions of the folds that every model and seed finished, and the others.

    What is kept answers the same documents, so that models can be compared. Where no fold is whole, the one
    with the most fits is kept.
    """
    saved = list(saved)
    by_fold: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for entry in saved:
        by_fold[entry.fold].add((entry.name, entry.seed))
    every_fit = {(entry.name, entry.seed) for entry in saved}
    whole = {fold for fold, fits in by_fold.items() if fits == every_fit}
    if not whole:
        whole = set(sorted(by_fold, key=lambda fold: (-len(by_fold[fold]), fold))[:1])
    kept = [entry for entry in saved if entry.fold in whole]
    return kept, [entry for entry in saved if entry.fold not in whole]
