"""Run folder > scores: every figure that follows from the saved predictions, a pure function of the files.

What only the run could know (`details/fits.json`, `details/run.json` and the other files it writes while it
lasts), the settings in `config.toml` and the predictions go in; metrics.json and the details that derive from
predictions come out. A run writes what comes out; `verify` computes it again and compares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline import evaluation
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.files import read_json, read_json_if_there
from pipeline.core.seeds import stage_generator
from pipeline.core.values import Predictions
from pipeline.run_folder.documents import read_documents, read_giveaways, units_of
from pipeline.run_folder.fits import FitKey, fit_label, fit_of
from pipeline.run_folder.predictions import SavedPredictions, read_run_predictions
from pipeline.run_folder.protocol import describe_protocol
from pipeline.run_folder.reading import CURVE_FOLDER, INPUTS, METRICS, SCHEMA_VERSION
from pipeline.run_folder.signatures import Signer
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config, first_seeds, most_seeds

_OF_TIMING = (
    "name",
    "seed",
    "fold",
    "fit_seconds",
    "predict_documents_per_second",
    "peak_rss_mib",
    "at_once",
)

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Recorded:
    """What a run folder holds before anything is scored, and which of its predictions are scored.

    Attributes
    ----------
    models : mapping of name to `name`, `kind`, `verdict_kind`, `model`, `head`, `embedding`, `seeded`
    fits : mapping of (name, seed, fold) to what the fit cost and whether it trained
    facts : the content of `details/run.json`
    saved : predictions that are scored, by name, seed and fold
    notes : sentences about predictions that are left out
    """

    run: Path
    config: Config
    models: dict[str, Row]
    fits: dict[FitKey, Row]
    facts: Row
    saved: list[SavedPredictions]
    notes: tuple[str, ...]

    @property
    def scored_fits(self) -> list[Row]:
        """The fits whose predictions are scored, in the order of `fits`."""
        scored = {fit_of(entry) for entry in self.saved}
        return [fit for key, fit in self.fits.items() if key in scored]

    @property
    def warnings(self) -> list[str]:
        """Findings about the whole run, as sentences."""
        return [*self.facts["warnings"], *self.notes]

    def detail(self, name: str) -> Any:
        """Return what the run wrote to `details/<name>.json`; None if it wrote no such file."""
        return read_json_if_there(self.run / "details" / f"{name}.json")


@dataclass(frozen=True)
class Scored:
    """What is computed from a run folder: metrics.json, and files of `details/` by name."""

    metrics: Row
    details: dict[str, Any]

    @property
    def files(self) -> dict[str, Any]:
        """What is computed, by its path within the run folder; metrics.json is the last."""
        details = {f"details/{name}.json": value for name, value in self.details.items()}
        return details | {METRICS: self.metrics}


def score_run(run: Path) -> Scored:
    """Return everything that follows from a run folder's predictions.

    Raises
    ------
    PipelineError
        If one of `INPUTS` is absent, or a file is not what it has to be.
    """
    recorded = read_recorded(run)
    return Scored(_metrics(recorded), _details(recorded))


# --- a line for each key of metrics.json, and for each file of details/ that derives from predictions


def _metrics(recorded: Recorded) -> Row:
    saved, facts, config = recorded.saved, recorded.facts, recorded.config
    fits = recorded.scored_fits
    kinds = _of_models(recorded, fits, "kind")
    verdict_kinds = _of_models(recorded, fits, "verdict_kind")
    metric, rope = config.run.metric, config.run.rope
    merits_by_fold = _merits_by_fold(fits, config, verdict_kinds)
    folds = len(merits_by_fold) > 1
    merits = evaluation.merits_to_choose_by(merits_by_fold, list(kinds))
    n_docs = facts["corpus"]["documents"]
    chosen = evaluation.choose_network(verdict_kinds, merits_by_fold)
    trained = _trained(fits)
    if chosen is not None:
        trained |= {chosen.name: _chosen_trained(fits, chosen)}
    baselines = evaluation.baselines_of(verdict_kinds)
    of_chosen = chosen.entries(saved) if chosen else []
    network = None if chosen is None else chosen.name
    answer = _verdict(recorded, chosen, baselines, n_docs)
    own = {name: kind for name, kind in kinds.items() if kind != "outside"}
    pairs = evaluation.planned_pairs(own, merits, every_baseline=folds) + evaluation.outside_pairs(
        verdict_kinds, merits, network, baselines, every_baseline=folds
    )
    answered = {(row["a"], row["b"]) for row in answer["against"]}
    side = _comparable([pair for pair in pairs if pair not in answered], saved, metric)
    compared = evaluation.compare([*saved, *of_chosen], side, rope, n_docs, metric=metric)
    comparisons = answer["against"] + evaluation.withhold(compared, trained)
    of_run = [row for row in comparisons if row["a"] in own]
    gains = evaluation.find_gains(of_run, merits, trained)
    documents = read_documents(recorded.run)
    corpus = facts["corpus"] | {"tested": _documents_tested(saved)}
    signer = Signer(corpus, facts["embeddings"], facts["environment"], config)
    summary = evaluation.summarise(saved, stage_generator(config.run.seed, "bootstrap"))
    calibrated = evaluation.calibrate(saved, stage_generator(config.run.seed, "calibration"))
    return {
        "schema_version": SCHEMA_VERSION,
        "corpus": corpus,
        "results": [_result(entry, recorded, signer) for entry in saved],
        "summary": [_summed(row | calibrated[row["name"]], recorded, signer) for row in summary],
        "comparisons": comparisons,
        "verdict": answer,
        "seeds": find_seeds(saved, verdict_kinds, fits, config, ended=facts["state"] == "done").row,
        "reuse": facts.get("reuse"),
        "protocol": describe_protocol(
            recorded.detail("protocol"),
            config,
            facts["corpus"],
            facts["environment"]["embedseq"],
            facts["state"],
        ),
        "embeddings": facts["embeddings"],
        "gains": gains,
        "causes": evaluation.find_causes(
            of_run, gains, trained, saved, lengths=_lengths(documents), n_docs=n_docs
        ),
        **evaluation.find_costs(
            saved,
            recorded.detail("fit_costs") or [],
            None if folds else merits,
            trained,
            rope,
            n_docs,
            metric=metric,
        ),
        "learning_curve": _learning_curve(recorded, verdict_kinds, merits_by_fold.get(0, {})),
        "slices": evaluation.slice_scores(
            saved, documents, answer, stage_generator(config.run.seed, "slices"), n_docs, of_chosen
        ),
        "hard_documents": evaluation.find_hard_documents(saved, kinds, trained),
        "contamination": evaluation.describe_contamination(
            saved,
            documents,
            read_giveaways(recorded.run),
            answer,
            summary,
            stage_generator(config.run.seed, "bootstrap without contamination"),
            n_docs,
            of_chosen,
        ),
        "tuning": facts["tuning"],
        "budgets": evaluation.describe_budgets(
            recorded.models, recorded.scored_fits, facts["tuning"], metric
        ),
        "probes": _probes(recorded.detail("probes") or []),
        "timing": [
            {name: fit[name] for name in _OF_TIMING}
            for fit in recorded.fits.values()
            if recorded.models[fit["name"]]["kind"] != "outside"
        ],
        "stages": facts["stages"],
        "total_seconds": facts["total_seconds"],
        "environment": facts["environment"],
        "warnings": _warnings(recorded),
        "config": asdict(config),
    }


def _verdict(
    recorded: Recorded, chosen: evaluation.ChosenNetwork | None, baselines: list[str], n_docs: int
) -> Row:
    """Return `verdict`: the chosen network against every baseline."""
    settings = recorded.config.run
    rope, metric = settings.rope, settings.metric
    if chosen is None or not baselines:
        name = None if chosen is None else chosen.name
        return evaluation.no_verdict(name, baselines, rope=rope, metric=metric)
    trained = _chosen_trained(recorded.scored_fits, chosen)
    question = evaluation.ask(recorded.saved, chosen, baselines, rope, n_docs, trained=trained, metric=metric)
    classes = recorded.facts["corpus"]["classes"].values()
    skewed = max(classes, default=0) > evaluation.SKEWED * sum(classes)
    return evaluation.decide_verdict(question, rope=rope, metric=metric, n_docs=n_docs, skewed=skewed)


def _chosen_trained(fits: Iterable[Row], chosen: evaluation.ChosenNetwork) -> bool:
    """Return whether every fit of the network that each fold chose trained."""
    return not any(fit["why_not"] for fit in fits if chosen.of_fold.get(fit["fold"]) == fit["name"])


def _comparable(
    pairs: Iterable[tuple[str, str]], saved: Iterable[SavedPredictions], metric: str
) -> list[tuple[str, str]]:
    """Return the pairs of which both models have the metric: log loss needs probabilities, not answers alone."""
    lacking = set(_lacking(saved, metric))
    return [pair for pair in pairs if not lacking & set(pair)]


def _lacking(saved: Iterable[SavedPredictions], metric: str) -> list[str]:
    """Return the names of the models that the metric cannot be computed of."""
    known = evaluation.METRICS[metric].known_of
    return list(dict.fromkeys(entry.name for entry in saved if not known(entry.predictions)))


def _learning_curve(recorded: Recorded, kinds: dict[str, str], merits: Mapping[str, float]) -> dict[str, Any]:
    settings = recorded.config.run
    generator = stage_generator(settings.seed, "learning curve bands")
    curve = _read_predictions(recorded.run / CURVE_FOLDER, recorded.run)
    sets = recorded.detail("curve_sets") or {}
    whole = evaluation.first_seeds_only(recorded.saved, first_seeds(recorded.config))
    return evaluation.find_learning_curve(whole, curve, sets, kinds, merits, settings.rope, generator)


def _probes(entries: list[Row]) -> dict[str, Any]:
    """Return the reading and the few numbers of each probe that found something, by network and probe."""
    return {
        entry["name"]: {
            name: {"reading": found["reading"], **found["summary"]}
            for name, found in entry["probes"].items()
            if "nothing" not in found
        }
        for entry in entries
    }


def _summed(row: Row, recorded: Recorded, signer: Signer) -> Row:
    """Return a row of `summary` with what the model is, as it was planned, and its signature."""
    model = recorded.models[row["name"]]
    entries = [entry for entry in recorded.saved if entry.name == row["name"]]
    what = {key: model[key] for key in ("name", "model", "embedding")}
    return what | row | {"kind": model["kind"], "signature": _signature(entries, model, signer)}


def _lengths(documents: pl.DataFrame | None) -> dict[int, int]:
    """Return the tokens of each test document by its number; none where the run did not say."""
    return {} if documents is None else dict(documents.select("document", "tokens").iter_rows())


def _details(recorded: Recorded) -> dict[str, Any]:
    facts = recorded.facts
    return {
        "scores": {"label_names": list(facts["corpus"]["classes"]), "models": _by_model(recorded.saved)},
        "assumptions": {"assumptions": facts["assumptions"], "warnings": _warnings(recorded)},
        "chosen_documents": _chosen_documents(recorded),
    }


def _chosen_documents(recorded: Recorded) -> Row:
    fits = recorded.scored_fits
    kinds = _of_models(recorded, fits, "kind")
    answering = {name: kind for name, kind in kinds.items() if recorded.models[name]["model"] != "majority"}
    generator = stage_generator(recorded.config.run.seed, "documents to browse")
    return evaluation.choose_documents(recorded.saved, answering, _trained(fits), generator)


def find_seeds(
    saved: Iterable[SavedPredictions],
    kinds: Mapping[str, str],
    fits: Iterable[Row],
    config: Config,
    *,
    ended: bool = True,
) -> evaluation.SeedsFound:
    """Return whether the seeds so far are enough: `evaluation.find_seeds` of a run's fits.

    Parameters
    ----------
    saved : the predictions that are scored
    kinds : mapping of model name to `verdict_kind`
    fits : their fits, as in details/fits.json
    config : the settings of the run
    ended : whether the run came to its end
    """
    fits = list(fits)
    asked = evaluation.SeedsAsked(config.run.seeds, first_seeds(config), most_seeds(config))
    chosen = evaluation.choose_network(kinds, _merits_by_fold(fits, config, kinds))
    if chosen is not None and len(chosen.names) > 1:
        return evaluation.SeedsFound(asked, None, (), more=False, why="folds chose different networks")
    merits = dict.fromkeys(kinds, 0.0) | ({} if chosen is None else {chosen.name: 1.0})
    metric = config.run.metric
    return evaluation.find_seeds(saved, kinds, merits, _trained(fits), asked, metric=metric, ended=ended)


def _warnings(recorded: Recorded) -> list[str]:
    """Return findings about the whole run, as sentences."""
    metric = recorded.config.run.metric
    uncompared = [
        f"{name} gives answers without probabilities: it has no {metric}, and is compared with no model"
        for name in _lacking(recorded.saved, metric)
    ]
    return [*recorded.warnings, *uncompared, *evaluation.stray_class_warnings(recorded.saved)]


def _trained(fits: Iterable[Row]) -> dict[str, bool]:
    """Return whether every fit of each model trained."""
    fits = list(fits)
    return {fit["name"]: True for fit in fits} | {fit["name"]: False for fit in fits if fit["why_not"]}


# --- what the run folder holds


def read_recorded(run: Path) -> Recorded:
    """Return what a run folder holds before anything is scored."""
    for name in INPUTS:
        if not (run / name).is_file():
            what = f"there is no {name} in it, which scores are computed from"
            raise PipelineError(
                str(run), what, "an older version wrote this run, or it did not end: run again"
            )
    made, facts = read_json(run / "details" / "fits.json"), read_json(run / "details" / "run.json")
    config = load_config(run / "config.toml")
    models = {model["name"]: model for model in made["models"]}
    fits = {(fit["name"], fit["seed"], fit["fold"]): fit for fit in made["fits"]}

    def labels(entries: Iterable[SavedPredictions]) -> str:
        keys = [fit_of(entry) for entry in entries]
        n_seeds = {key: first_seeds(config) if models[key[0]]["seeded"] else 1 for key in keys}
        return first_places([fit_label(*key, n_seeds=n_seeds[key], n_folds=facts["folds"]) for key in keys])

    notes = []
    of_run = [entry for entry in _read_predictions(run, run) if entry.name in models]
    saved, unrecorded = recorded_predictions(of_run, fits)
    if unrecorded:
        left = labels(unrecorded)
        notes.append(f"stopped before the fit was recorded: the predictions of {left} are left out")
    if facts["state"] != "done":
        saved, begun = predictions_of_whole_seeds(saved, first_seeds(config))
        if begun:
            notes.append(
                f"the run did not end: the predictions of {labels(begun)}, of a seed that was being added, are left out"
            )
        saved, left_out = predictions_of_whole_folds(saved)
        if left_out:
            folds = _folds_in_words(sorted({entry.fold for entry in saved}))
            notes.append(
                f"the run did not end, so that only {folds} of {facts['folds']} can be compared"
                f" on the same test documents: the predictions of {labels(left_out)} are left out"
            )
    return Recorded(run, config, models, fits, facts, saved, tuple(notes))


def _read_predictions(folder: Path, run: Path) -> list[SavedPredictions]:
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


# --- rows


def _result(entry: SavedPredictions, recorded: Recorded, signer: Signer) -> Row:
    """Return one row of `results`: scores from the predictions, the rest from the fit."""
    fit, model = recorded.fits[fit_of(entry)], recorded.models[entry.name]
    scores = evaluation.score(entry.predictions)
    return {
        "name": entry.name,
        "kind": model["kind"],
        "model": model["model"],
        "head": fit.get("head") or model["head"],
        "vectors": fit.get("vectors"),
        "embedding": model["embedding"],
        "seed": entry.seed,
        "fold": entry.fold,
        "trained": fit["why_not"] is None,
        "why_not": fit["why_not"],
        "warnings": fit["warnings"],
        "accuracy": scores.accuracy,
        "macro_f1": scores.macro_f1,
        "log_loss": scores.log_loss,
        "ece": scores.ece,
        "parameters": fit["parameters"],
        "validation_accuracy": fit["validation_accuracy"],
        "validation_score": _validation_score(fit, recorded.config.run.metric),
        "signature": _signature([entry], model, signer),
    }


def _of_models(recorded: Recorded, fits: Iterable[Row], key: str) -> dict[str, str]:
    """Return `key` of each model that has a fit, in the order the models were planned."""
    names = {fit["name"] for fit in fits}
    return {name: model[key] for name, model in recorded.models.items() if name in names}


def _signature(entries: list[SavedPredictions], model: Row, signer: Signer) -> str:
    if model["kind"] == "outside":
        return signer.sign_outside(entries)
    return signer.sign(entries, model["embedding"])


def _validation_score(fit: Row, metric: str) -> float | None:
    """Return the fit's score on validation documents; a run older than `run.metric` recorded accuracy alone."""
    score: float | None = fit.get("validation_score")
    return fit["validation_accuracy"] if score is None and metric == "accuracy" else score


def _merits_by_fold(
    fits: Iterable[Row], config: Config, kinds: Mapping[str, str]
) -> dict[int, dict[str, float]]:
    """Return each model's mean score on the validation documents of each fold, turned so that higher is better.

    They are what choices are made by: among networks of about the same score the one of the lowest loss comes first;
    without one of its scores a model comes last. The first seeds alone count: whether seeds are added depends on
    test documents, so that what is added chooses nothing.
    """
    first = first_seeds(config)
    by_fold: dict[int, list[Row]] = defaultdict(list)
    for fit in fits:
        if fit["seed"] < first:
            by_fold[fit["fold"]].append(fit)
    networks = [name for name, kind in kinds.items() if kind == "network"]
    return {fold: _merits(rows, config, networks) for fold, rows in sorted(by_fold.items())}


def _merits(fits: Iterable[Row], config: Config, networks: Sequence[str]) -> dict[str, float]:
    """Return the merits of the models of one fold."""
    metric, sign = config.run.metric, evaluation.METRICS[config.run.metric].sign
    scores, losses = defaultdict(list), defaultdict(list)
    n_docs = 0
    for fit in fits:
        score = _validation_score(fit, metric)
        scores[fit["name"]].append(-np.inf if score is None else sign * score)
        if fit.get("validation_loss") is not None:
            losses[fit["name"]].append(fit["validation_loss"])
        n_docs = max(n_docs, fit.get("validation_documents") or 0)
    merits = {name: float(np.mean(found)) for name, found in scores.items()}
    mean_losses = {
        name: float(np.mean(found)) for name, found in losses.items() if len(found) == len(scores[name])
    }
    return evaluation.by_loss_where_level(merits, mean_losses, [n for n in networks if n in merits], n_docs)


def _documents_tested(saved: Iterable[SavedPredictions]) -> int:
    """Return how many documents each model answers, its folds together."""
    by_fold = {entry.fold: len(entry.predictions.documents) for entry in saved}
    return sum(by_fold.values())


def _by_model(saved: Iterable[SavedPredictions]) -> list[dict[str, Any]]:
    """Return per-class scores, confusion and calibration of each model, its runs taken together."""
    runs: dict[str, list[SavedPredictions]] = defaultdict(list)
    for entry in saved:
        runs[entry.name].append(entry)
    return [_detailed(name, entries) for name, entries in runs.items()]


def _detailed(name: str, entries: list[SavedPredictions]) -> dict[str, Any]:
    together = Predictions.joined([entry.predictions for entry in entries])
    scores, n_seeds = evaluation.score(together), len({entry.seed for entry in entries})
    bins = scores.calibration
    return {
        "name": name,
        "runs": len(entries),
        "per_class": [
            {
                "label": label,
                "precision": precision,
                "recall": recall,
                "f1": f1,
                "support": support // n_seeds,
            }
            for label, precision, recall, f1, support in zip(
                entries[0].label_names,
                scores.precision,
                scores.recall,
                scores.f1,
                scores.support,
                strict=True,
            )
        ],
        "confusion": scores.confusion,
        "calibration": [
            {"lo": lo, "hi": hi, "count": count, "confidence": confidence, "accuracy": accuracy}
            for lo, hi, count, confidence, accuracy in zip(
                bins.edges[:-1], bins.edges[1:], bins.counts, bins.confidence, bins.accuracy, strict=True
            )
        ],
    }
