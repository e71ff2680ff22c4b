"""A run folder that was scored, made without training anything: predictions of made-up models, drawn by chance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.core.files import write_json
from pipeline.core.fits import Fit, FitKey
from pipeline.core.resources import PACKAGES
from pipeline.core.values import Float32, Int32
from pipeline.evaluation.scoring import score_run
from pipeline.experiment.conclude import fitted_models, write_scores
from pipeline.experiment.plan import plan_models
from pipeline.models.table import PlannedModel
from pipeline.report import draw_report
from pipeline.run_folder.details.fitting import FitCost, Fits, ModelCosts
from pipeline.run_folder.documents import COLUMNS, write_documents
from pipeline.run_folder.predictions import prediction_path, write_predictions
from pipeline.settings.tables import Config, save_config, with_values
from pipeline.tasks.answers import Predictions

SKILLS = {"majority": 0.0, "bow": 1.0, "tfidf": 2.0, "lstm@word2vec": 3.0}  # how often a model is right
LABELS = ("bad", "good", "mixed")


def write_run(
    run: Path,
    skills: Mapping[str, float] = SKILLS,
    *,
    n_seeds: int = 2,
    n_folds: int = 1,
    n_docs: int = 60,
    state: str = "done",
    untrained: Collection[str] = (),
    outside: Collection[str] = (),
    drawn: bool = True,
) -> Path:
    """Write a run folder as a run leaves it, scored; `n_docs` test documents in each fold. Drawing takes longest.

    Networks have a fit for each seed, linear models one; the last fit of each of `untrained` did not train. Of
    `outside` models nothing but their answers is known.
    """
    names = tuple(dict.fromkeys(name.partition("@")[0] for name in skills))
    sources = tuple(dict.fromkeys(name.partition("@")[2] for name in skills if "@" in name))
    corpus = {"corpus.path": "films.csv", "corpus.folds": n_folds if n_folds > 1 else 0}
    models = {"run.models": names, "run.embeddings": sources or Config().run.embeddings, "run.seeds": n_seeds}
    config = with_values(Config(), corpus | models | {"run.out": "run"})
    planned = plan_models(names, sources)
    run.mkdir(parents=True)
    (run / "config.toml").write_text(save_config(config), encoding="utf-8")
    generator, fits = np.random.default_rng(7), []
    for fold in range(n_folds):
        labels = generator.integers(len(LABELS), size=n_docs).astype(np.int32)
        for model in planned:
            for seed in range(n_seeds if model.seeded else 1):
                predictions = Predictions(
                    np.arange(fold * n_docs, (fold + 1) * n_docs),
                    labels,
                    _probabilities(labels, skills[model.name], generator),
                )
                _write_predictions(run, FitKey(model.name, seed, fold), predictions)
                fits.append(_fit(model.name, seed, fold, skills[model.name]))
        for name in outside:
            answers = np.eye(len(LABELS), dtype=np.float32)[generator.integers(len(LABELS), size=n_docs)]
            documents = np.arange(fold * n_docs, (fold + 1) * n_docs)
            _write_predictions(run, FitKey(name, 0, fold), Predictions(documents, labels, answers, hard=True))
            fits.append(Fit(name, 0, fold))
    for name in untrained:
        last = max(number for number, fit in enumerate(fits) if fit.name == name)
        fits[last] = replace(fits[last], why_not="the loss did not fall")
    planned += tuple(PlannedModel(name, "outside", "outside") for name in outside)
    details: dict[str, Any] = {
        "fits": Fits(fitted_models(planned), tuple(fits)),
        "run": _facts(sources, n_docs * n_folds, n_folds, state),
        "histories": [],
        "choices": [],
        "neighbours": [],
        "audit": [],
        "tokens": {},
        "fit_costs": [_cost(model.name, fits) for model in planned if model.name not in outside],
        "giveaways": [],
        "status": {"state": state, "finished": [], "planned": [], "started": "", "ended": ""},
    }
    for name, value in details.items():
        write_json(run / "details" / f"{name}.json", value)
    write_documents(run, _documents(n_docs, n_folds))
    write_scores(run, score_run(run))
    if drawn:
        draw_report(run)
    return run


def _write_predictions(run: Path, key: FitKey, predictions: Predictions) -> None:
    path, named = prediction_path(run, *key), key._asdict()
    write_predictions(path, predictions, LABELS, **named, corpus_hash="c0" * 32)


def _probabilities(labels: Int32, skill: float, generator: np.random.Generator) -> Float32:
    """Return softmax of noise with `skill` added to the right class; float32 (N, C)."""
    logits = generator.standard_normal((len(labels), len(LABELS)))
    logits[np.arange(len(labels)), labels] += skill
    odds = np.exp(logits)
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def _fit(name: str, seed: int, fold: int, skill: float) -> Fit:
    return Fit(name, seed, fold, 1.5, 2000.0, 300.0, 100, 0.5 + skill / 10, None, ())


def _cost(name: str, fits: Sequence[Fit]) -> ModelCosts:
    """Return what a model cost; nothing of it was saved, so that its size is not known."""
    kept = ("seed", "fold", "prepare_seconds", "fit_seconds", "peak_rss_mib")
    own = [FitCost(*(getattr(fit, key) for key in kept)) for fit in fits if fit.name == name]
    return ModelCosts(name, tuple(own), (1.0, 3.0), None)


def _documents(n_docs: int, n_folds: int) -> pl.DataFrame:
    """Return the facts about the test documents of all folds: lengths from 1 to 40, and nothing to remark."""
    numbers = np.arange(n_docs * n_folds)
    facts = {name: [None] * len(numbers) for name in COLUMNS}
    facts |= {"document": numbers, "fold": numbers // n_docs, "tokens": 1 + numbers % 40}
    return pl.DataFrame(facts | {"giveaway": [False] * len(numbers)})


_PROCESSOR = {"platform": "a platform", "cpu": "a processor", "cores": 2, "memory_gib": 8.0, "gpu": None}
_PROGRAM = {"embedseq": "0.1.0", "python": "3.11.1", "command": "embedseq films.csv"}
_ENVIRONMENT = _PROGRAM | _PROCESSOR | {"packages": dict.fromkeys(PACKAGES, "1.0")}


def _facts(sources: tuple[str, ...], tested: int, n_folds: int, state: str) -> dict[str, Any]:
    splits = {"train": 2 * tested, "validation": tested, "test": tested // n_folds}
    return {
        **{"state": state, "folder": "run", "folds": n_folds},
        "corpus": {
            **{
                "name": "films",
                "reading": "films.csv: 3 classes",
                "text_column": "text",
                "label_column": "label",
            },
            **{"rows_read": 4 * tested, "documents": 4 * tested, "dropped": []},
            "classes": dict.fromkeys(LABELS, 4 * tested // len(LABELS)),
            "splits": splits,
            "folds": n_folds if n_folds > 1 else 0,
            "duplicates": dict.fromkeys(("exact", "normalised", "across_splits", "conflicting_labels"), 0)
            | {"warning": None},
            **{"hash": "c0" * 32, "split_hash": "5f" * 32, "unlabelled_hash": None, "label_sets": None},
        },
        "embeddings": [_source(source) for source in sources],
        **{"tuning": [], "assumptions": ["the texts are English"], "warnings": ["a warning of the run"]},
        "stages": [{"stage": "Tokenising", "seconds": 0.5}],
        "total_seconds": 12.5,
        "environment": _ENVIRONMENT,
    }


def _source(name: str) -> dict[str, Any]:
    covered = {"type_coverage": 1.0, "token_coverage": 1.0, "rows_from_source": 0, "training": "frozen"}
    made = {"files": [], "seconds": 1.0, "cached": False, "settings": {}, "note": None}
    return {"source": name, "dimension": 8, "rows": 100} | covered | made
