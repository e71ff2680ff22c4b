"""A small run folder made by hand: two classes, 40 test documents, three models."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, get_type_hints

from filled import filled

from pipeline.run_folder.details import Details, read_details
from pipeline.run_folder.metrics import Metrics
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.reading import Run

NETWORK = "lstm@word2vec"


def result(name: str, kind: str, seed: int, accuracy: float, parameters: int) -> dict[str, Any]:
    """Return one row of metrics.results."""
    model, _, embedding = name.partition("@")
    read_by = {"head": "last" if embedding else None, "vectors": "frozen" if embedding else None}
    named = {
        "name": name,
        "model": model,
        "embedding": embedding or None,
        "kind": kind,
        "seed": seed,
        "fold": 0,
    }
    scores = {"accuracy": accuracy, "macro_f1": accuracy - 0.01, "log_loss": 0.4, "ece": 0.05}
    on_validation = dict.fromkeys(("validation_accuracy", "validation_score"), accuracy)
    return named | read_by | scores | on_validation | {"parameters": parameters, "signature": signature(name)}


def signature(name: str) -> str:
    """Return a signature of one model's scores, with fewer fields than a run writes."""
    return f"accuracy,macro_f1,log_loss,ece|corpus:films#c0ffee00|model:{name}"


HERE = Path(__file__).parent / "run_by_hand"
_METRICS: dict[str, Any] = json.loads((HERE / "metrics.json").read_text(encoding="utf-8"))
_METRICS["verdict"]["against"] = _METRICS["comparisons"]
METRICS: dict[str, Any] = filled(Metrics, _METRICS)
DETAILS: dict[str, Any] = json.loads((HERE / "details.json").read_text(encoding="utf-8"))
AUDIT: dict[str, Any] = DETAILS["audit"][0]  # of a vector file read for 8,000 tokens


def _trial(number: int, accuracy: float | None, **settings: Any) -> dict[str, Any]:
    judged = {"validation_accuracy": accuracy, "validation_log_loss": None if accuracy is None else 0.25}
    why_not = "no n-gram" if accuracy is None else None
    return {"trial": number, "settings": settings, **judged, "why_not": why_not, "seconds": 1.5}


def _family(name: str, fold: int, chosen: int | None, curve: list[float], *trials: Any) -> dict[str, Any]:
    named = {"name": name, "model": name.partition("@")[0], "fold": fold, "asked": 2, "chosen": chosen}
    tried = {"expected_validation_accuracy": curve, "trials": list(trials)}
    return named | {"seconds": 1.5 * len(trials)} | tried


# A run with --tune: metrics.tuning and details/tuning.json; the literal run has none.
FAMILIES = [
    _family(
        *("tfidf", 0, 2, [0.85, 0.875]),
        _trial(1, 0.8, **{"baselines.tfidf_strengths": [10.0]}),
        _trial(2, 0.9, **{"baselines.tfidf_strengths": [2.5]}),
    ),
    _family(
        *("tfidf", 1, 1, [0.45, 0.675]),
        _trial(1, 0.9, **{"baselines.tfidf_strengths": [10.0]}),
        _trial(2, None, **{"baselines.tfidf_strengths": [2.5]}),
    ),
    _family("lstm@word2vec", 0, 1, [0.75], _trial(1, 0.75)),
    _family("rnn@word2vec", 0, None, [0.5], _trial(1, 0.5, **{"networks.dropout": 0.3})),
]
_SPACE = [
    {"model": model, "key": key, "first": first, "distribution": distribution, "fixed_by": by}
    for model, key, first, distribution, by in (
        ("tfidf", "baselines.tfidf_strengths", [10.0], "one of 2.5, 10", "given"),
        ("lstm", "networks.dropout", 0.3, "uniform from 0 to 0.6", None),
        ("rnn", "networks.dropout", 0.3, "uniform from 0 to 0.6", None),
        ("lstm", "networks.units", 64, None, "--quick"),
    )
]
SPACE = {"trials": 2, "space": _SPACE}


def _summary(name: str, accuracy: float, interval: list[float]) -> dict[str, Any]:
    model, _, embedding = name.partition("@")
    scores = {
        "accuracy": accuracy,
        "accuracy_ci95": interval,
        "macro_f1": accuracy,
        "log_loss": 0.4,
        "ece": 0.1,
    }
    return {"name": name, "model": model, "embedding": embedding, "kind": "network", "runs": 2, **scores}


def _effect(
    effect: str, a: str, b: str, difference: float, ci95: list[float], decision: str
) -> dict[str, Any]:
    figures = {"difference": difference, "ci95": ci95, "p_adjusted": 0.02, "decision": decision}
    return {"effect": effect, "a": a, "b": b, **figures, "minimum_detectable_difference": 0.0625}


# Two networks on three sources; changes to METRICS for `build_run`.
GRID: dict[str, Any] = {
    "results": [
        result(name, "network", seed, accuracy + 0.025 * (2 * seed - 1), 100)
        for name, accuracy in (
            ("rnn@glove.txt", 0.7),
            ("rnn@random", 0.6),
            ("lstm@glove.txt", 0.85),
            ("lstm@random", 0.8),
            ("lstm@glove.txt:tuned", 0.875),
        )
        for seed in (0, 1)
    ],
    "summary": [
        METRICS["summary"][0],
        _summary("rnn@glove.txt", 0.7, [0.55, 0.8]),
        _summary("rnn@random", 0.6, [0.45, 0.75]),
        _summary("lstm@glove.txt", 0.85, [0.75, 0.95]),
        _summary("lstm@random", 0.8, [0.7, 0.9]),
        _summary("lstm@glove.txt:tuned", 0.875, [0.775, 0.95]),
    ],
    "gains": [
        {
            "model": "lstm",
            "effects": [
                _effect("pretraining", "lstm@glove.txt", "lstm@random", 0.05, [0.01, 0.09], "beats"),
                _effect(
                    *("fine-tuning", "lstm@glove.txt:tuned", "lstm@glove.txt"),
                    *(0.025, [-0.02, 0.07], "cannot tell"),
                ),
            ],
        },
        {
            "model": "rnn",
            "effects": [
                _effect("pretraining", "rnn@glove.txt", "rnn@random", 0.1, [0.002, 0.198], "cannot tell")
            ],
        },
    ],
}


def build_run(
    folder: Path, config_toml: str | None = '[corpus]\npath = "films.csv"\n', **changes: Any
) -> Path:
    """Write a run folder below `folder` and return its path.

    `changes` replace a key of metrics.json or a file of details/ by its name; what they do not say of a row its type
    does. None leaves a file out, and stands for a key of metrics.json that holds nothing. `tuned` is the key `tuning`
    of metrics.json, since a file is called so too.
    """
    run, (metrics, details) = folder / "run", _changed(changes)
    (run / "details").mkdir(parents=True)
    _write(run / "metrics.json", metrics)
    for name, value in details.items():
        if value is not None:
            _write(run / "details" / f"{name}.json", value)
    if config_toml is not None:
        (run / "config.toml").write_text(config_toml, encoding="utf-8")
    return run


def run_with_rows(**changes: Any) -> Run:
    """Return the content of the folder that `build_run` would write, without writing one."""
    metrics, details = _changed(changes)
    return Run(Path("x"), value_as(Metrics, metrics), read_details(Details, Path("x"), details), "")


def _changed(changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of metrics.json, and of the files of details/ by name."""
    metrics, details = copy.deepcopy(METRICS), copy.deepcopy(DETAILS)
    if "tuned" in changes:
        metrics["tuning"] = changes.pop("tuned")
    for key, value in changes.items():
        (details if key in DETAILS else metrics)[key] = value
    left_out = {key for key, value in changes.items() if value is None}
    kept = {key: value for key, value in metrics.items() if key not in left_out}
    kinds = get_type_hints(Details)
    rows = {name: value and filled(kinds[name], value) for name, value in details.items()}
    return filled(Metrics, kept), rows


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
