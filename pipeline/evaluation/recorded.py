"""Run folder > Recorded: what it holds before anything is scored, and which of its predictions are scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from pipeline.core.errors import first_places
from pipeline.core.fits import Fit, FitKey
from pipeline.core.tasks import TASKS, TaskFacts
from pipeline.core.warned import warning
from pipeline.core.wording import Metric
from pipeline.run_folder.details import Inputs
from pipeline.run_folder.details.fitting import FittedModel, RunFacts
from pipeline.run_folder.fits import fit_label, fit_of
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.tables import Config, first_seeds
from pipeline.tasks.table import METRICS, task_of


@dataclass(frozen=True, eq=False)
class Recorded:
    """What a run folder holds before anything is scored, and which of its predictions are scored.

    Attributes
    ----------
    inputs : what only the run could know
    models : mapping of name to what a model is
    fits : mapping of (name, seed, fold) to what the fit cost and whether it trained
    saved : predictions that are scored, by name, seed and fold
    notes : sentences about predictions that are left out
    """

    folder: RunFolder
    config: Config
    inputs: Inputs
    models: dict[str, FittedModel]
    fits: dict[FitKey, Fit]
    saved: list[SavedPredictions]
    notes: tuple[str, ...]

    @property
    def facts(self) -> RunFacts:
        """What the run knew."""
        return self.inputs.run

    @property
    def missing(self) -> list[FitKey]:
        """The fits that the run was to have from its beginning, and that it does not have."""
        planned = (
            FitKey(model.name, seed, fold)
            for model in self.models.values()
            for fold in range(self.facts.folds)
            for seed in range(first_seeds(self.config) if model.seeded else 1)
        )
        return [key for key in planned if key not in self.fits]

    def labels(self, keys: Iterable[FitKey]) -> str:
        """Return the names of fits in words."""
        return _labels(keys, self.models, first_seeds(self.config), self.facts.folds)

    @property
    def scored_fits(self) -> list[Fit]:
        """The fits whose predictions are scored, in the order of `fits`."""
        scored = {fit_of(entry) for entry in self.saved}
        return [fit for key, fit in self.fits.items() if key in scored]

    @property
    def scored_models(self) -> list[FittedModel]:
        """The models whose predictions are scored, in the order in which they were planned."""
        names = {fit.name for fit in self.scored_fits}
        return [model for model in self.models.values() if model.name in names]

    @property
    def metric(self) -> Metric:
        """What the run is judged by."""
        return cast(Metric, self.config.run.metric)

    @property
    def lacking(self) -> list[str]:
        """The names of the models that the metric cannot be computed of."""
        known = METRICS[self.metric].known_of
        return list(dict.fromkeys(entry.name for entry in self.saved if not known(entry.predictions)))

    @property
    def facts_of_task(self) -> TaskFacts:
        """What is known of the task."""
        return TASKS[task_of(self.config).name]

    @property
    def browsed(self) -> list[SavedPredictions]:
        """The predictions whose documents are looked at one by one; none where the report shows no documents."""
        return [] if "looked-at" in self.facts_of_task.without else self.saved

    @property
    def n_docs(self) -> int:
        """How many documents the whole corpus has."""
        return self.facts.corpus.documents

    @property
    def warnings(self) -> list[str]:
        """Findings about the whole run, as sentences."""
        return [*self.facts.warnings, *self.notes]


def read_recorded(folder: RunFolder) -> Recorded:
    """Return what a run folder holds before anything is scored."""
    inputs, config = folder.inputs(), folder.settings()
    facts = inputs.run
    models = {model.name: model for model in inputs.fits.models}
    fits = {fit.key: fit for fit in inputs.fits.fits}

    def labels(entries: Iterable[SavedPredictions]) -> str:
        return _labels(map(fit_of, entries), models, first_seeds(config), facts.folds)

    notes: list[str] = []
    of_run = [entry for entry in folder.answers() if entry.name in models]
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
    told = tuple(warning("predictions-left-out", note) for note in notes)
    return Recorded(folder, config, inputs, models, fits, saved, told)


def _labels(keys: Iterable[FitKey], models: Mapping[str, FittedModel], n_seeds: int, n_folds: int) -> str:
    """Return the names of fits, with seeds and folds where there are several."""
    seeds = {name: n_seeds if model.seeded else 1 for name, model in models.items()}
    return first_places([fit_label(*key, n_seeds=seeds[key.name], n_folds=n_folds) for key in keys])


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
