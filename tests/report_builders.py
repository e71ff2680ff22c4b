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
LEAK = "1 of 40 test documents also stands among the training documents"


def result(name: str, kind: str, seed: int, accuracy: float, parameters: int) -> dict[str, Any]:
    """Return one row of metrics.results."""
    model, _, embedding = name.partition("@")
    return {
        "name": name,
        "model": model,
        "head": "last" if embedding else None,
        "vectors": "frozen" if embedding else None,
        "embedding": embedding or None,
        "kind": kind,
        "seed": seed,
        "fold": 0,
        "trained": True,
        "why_not": None,
        "warnings": [],
        "accuracy": accuracy,
        "macro_f1": accuracy - 0.01,
        "log_loss": 0.4,
        "ece": 0.05,
        "parameters": parameters,
        "validation_accuracy": accuracy,
        "validation_score": accuracy,
        "signature": signature(name),
    }


def signature(name: str) -> str:
    """Return a signature of one model's scores, with fewer fields than a run writes."""
    return f"accuracy,macro_f1,log_loss,ece|corpus:films#c0ffee00|model:{name}"


def _cost(
    name: str, train: float, latency: float, size: int, difference: float, ci95: list[float], close: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "train_seconds": train,
        "latency_ms_p50": latency,
        "latency_ms_p95": 2 * latency,
        "peak_rss_mib": 400,
        "size_bytes": size,
        "difference_from_best": difference,
        "ci95": ci95,
        "within_rope_of_best": close,
    }


def _curve(name: str, kind: str, points: list[Any]) -> dict[str, Any]:
    """Return a model's learning curve; points are (accuracy, ci95, seeds) with 72 and with 144 documents."""
    found = [
        {
            "documents": size,
            "accuracy": accuracy,
            "ci95": ci95,
            "seeds": seeds,
            "untrained": len(seeds) - 1 if size == 72 else 0,
        }
        for size, (accuracy, ci95, seeds) in zip((72, 144), points, strict=True)
    ]
    return {"name": name, "kind": kind, "points": found}


_METRICS: dict[str, Any] = {
    "corpus": {
        "name": "films",
        "rows_read": 204,
        "documents": 200,
        "dropped": [
            {
                "reason": "no text",
                "count": 3,
                "file": "films.csv",
                "rows": [7, 9, 120],
                "lines": [9, 11, 131],
            },
            {"reason": "no label", "count": 1, "file": "films.csv", "rows": [50], "lines": [53]},
        ],
        "classes": {"good": 110, "bad": 90},
        "splits": {"train": 144, "validation": 16, "test": 40},
        "folds": 0,
        "tested": 40,
        "duplicates": {
            "exact": 4,
            "normalised": 5,
            "across_splits": 1,
            "conflicting_labels": 2,
            "warning": LEAK,
        },
        "hash": "c0ffee" + "0" * 58,
        "split_hash": "5f" * 32,
    },
    "results": [
        result("tfidf", "baseline", 0, 0.875, 1200),
        result("bow", "baseline", 0, 0.85, 1200),
        result(NETWORK, "network", 0, 0.825, 117_000),
        result(NETWORK, "network", 1, 0.775, 117_000),
    ],
    "summary": [
        {
            "name": "tfidf",
            "model": "tfidf",
            "kind": "baseline",
            "runs": 1,
            "accuracy": 0.875,
            "accuracy_ci95": [0.775, 0.95],
            "macro_f1": 0.8712,
            "macro_f1_ci95": [0.77, 0.94],
            "log_loss": 0.3456,
            "log_loss_ci95": [0.2711, 0.4302],
            "ece": 0.0611,
            "ece_ci95": [0.0, 0.0802],
            "ece_if_calibrated": 0.0521,
            "ece_if_calibrated_95": 0.0713,
            "signature": signature("tfidf"),
        },
        {
            "name": "bow",
            "model": "bow",
            "kind": "baseline",
            "runs": 1,
            "accuracy": 0.85,
            "accuracy_ci95": [0.725, 0.95],
            "macro_f1": 0.8444,
            "macro_f1_ci95": [0.72, 0.94],
            "log_loss": 0.4012,
            "log_loss_ci95": [0.31, 0.51],
            "ece": 0.0402,
            "ece_ci95": [0.0, 0.0611],
            "ece_if_calibrated": 0.0544,
            "ece_if_calibrated_95": 0.0732,
            "signature": signature("bow"),
        },
        {
            "name": NETWORK,
            "model": "lstm",
            "embedding": "word2vec",
            "kind": "network",
            "runs": 2,
            "accuracy": 0.8,
            "accuracy_ci95": [0.6878, 0.9],
            "macro_f1": 0.7911,
            "macro_f1_ci95": [0.68, 0.89],
            "log_loss": 0.5123,
            "log_loss_ci95": [0.42, 0.61],
            "ece": 0.0833,
            "ece_ci95": [0.0302, 0.1213],
            "ece_if_calibrated": 0.0523,
            "ece_if_calibrated_95": 0.0722,
            "signature": signature(NETWORK),
        },
    ],
    "budgets": [
        {"name": "tfidf", "settings_tried": 7, "trainings": 1, "looks": None}
        | {"chosen_by": "validation log loss"},
        {"name": NETWORK, "settings_tried": 1, "trainings": 2, "looks": 12.5, "chosen_by": "nothing"},
    ],
    "comparisons": [
        {
            "a": NETWORK,
            "b": "tfidf",
            "difference": -0.075,
            "ci95": [-0.1627, 0.0128],
            "p_value": 0.0871,
            "p_adjusted": 0.1742,
            "decision": "cannot tell",
            "minimum_detectable_difference": 0.125,
            "seeds": [0, 1],
            "method": "documents and seeds",
            "mcnemar": {"seed": 0, "only_a": 1, "only_b": 3, "p_value": 0.625},
        },
        {
            "a": NETWORK,
            "b": "bow",
            "difference": -0.05,
            "ci95": [-0.15, 0.05],
            "p_value": 0.3,
            "p_adjusted": 0.3,
            "decision": "cannot tell",
            "minimum_detectable_difference": 0.1402,
            "seeds": [0, 1],
            "method": "documents and seeds",
            "mcnemar": {"seed": 0, "only_a": 2, "only_b": 3, "p_value": 1.0},
        },
    ],
    "verdict": {
        "a": NETWORK,
        "b": "tfidf",
        "decision": "cannot tell",
        "sentence": "On films it cannot be told whether lstm@word2vec is better or worse than tfidf.",
        "rope": 0.01,
        "minimum_detectable_difference": 0.125,
        "trainings": {"n": 2, "better": 0, "worse": 2, "clearly_better": 0, "clearly_worse": 0},
    },
    "embeddings": [
        {
            "source": "word2vec",
            "dimension": 100,
            "rows": 902,
            "type_coverage": 0.625,
            "token_coverage": 0.9641,
            "rows_from_source": 0,
            "seconds": 1.25,
            "cached": False,
            "settings": {"window": 5, "epochs": 5},
            "training": "frozen",
        }
    ],
    "costs": [
        _cost("tfidf", 0.75, 2.5, 1_200_000, 0.0, [0.0, 0.0], True),
        _cost("bow", 0.25, 2.25, 900_000, -0.025, [-0.1, 0.05], False),
        _cost(NETWORK, 36.5, 5.125, 2_345_678, -0.075, [-0.1627, 0.0128], False),
    ],
    "cheapest": {
        "name": "tfidf",
        "best": "tfidf",
        "sentence": "No cheaper model is shown to be at most 1 point worse than tfidf.",
    },
    "learning_curve": {
        "sizes": [72, 144],
        "models": [
            _curve("tfidf", "baseline", [[0.8, [0.7, 0.9], [0.8]], [0.875, [0.775, 0.95], [0.875]]]),
            _curve(
                NETWORK, "network", [[0.6, [0.5, 0.7], [0.55, 0.65]], [0.8, [0.6878, 0.9], [0.825, 0.775]]]
            ),
        ],
        "crossing": {
            "a": NETWORK,
            "b": "tfidf",
            "differences": [
                {
                    "documents": 72,
                    "difference": -0.2,
                    "ci95": [-0.3, -0.1],
                    "draws": 3,
                    "p_adjusted": 0.002,
                    "ahead": "tfidf",
                },
                {
                    "documents": 144,
                    "difference": -0.075,
                    "ci95": [-0.1627, 0.0128],
                    "draws": 1,
                    "p_adjusted": 0.0871,
                },
            ],
            "changes": [{"from": 72, "to": 144, "before": "tfidf", "after": NETWORK}],
            "sentence": "No crossing within your data: tfidf is ahead beyond chance with 72 training documents.",
        },
    },
    "causes": [
        {
            "cause": "gates",
            "a": NETWORK,
            "b": "rnn@word2vec",
            "difference": 0.0412,
            "ci95": [0.0123, 0.0701],
            "p_adjusted": 0.0234,
            "decision": "beats",
            "by": "more than the rope",
            "minimum_detectable_difference": 0.0432,
            "sentence": "Gates instead of plain recurrence adds +4.1 points.",
            "by_length": [
                {"tokens": [3, 90], "documents": 21, "difference": 0.0105, "ci95": [-0.0211, 0.0421]},
                {"tokens": [91, 700], "documents": 19, "difference": 0.0751, "ci95": [0.0102, 0.14]},
            ],
        },
        {
            "cause": "order",
            "sentence": "Order: not tried.",
        },
    ],
    "seeds": {"asked": 2, "first": 2, "most": 2, "network": NETWORK, "steps": [], "why": "2 were asked for"},
    "timing": [
        {"name": "tfidf", "seed": 0, "fold": 0, "fit_seconds": 0.25}
        | {"predict_documents_per_second": 20_000, "peak_rss_mib": 410.4, "at_once": 1},
        {"name": "bow", "seed": 0, "fold": 0, "fit_seconds": 0.5}
        | {"predict_documents_per_second": 25_000, "peak_rss_mib": 400, "at_once": 1},
        {"name": NETWORK, "seed": 0, "fold": 0, "fit_seconds": 30}
        | {"predict_documents_per_second": 1000, "peak_rss_mib": 900, "at_once": 1},
        {"name": NETWORK, "seed": 1, "fold": 0, "fit_seconds": 40}
        | {"predict_documents_per_second": 1400, "peak_rss_mib": 950, "at_once": 1},
    ],
    "stages": [{"stage": "read", "seconds": 0.5}, {"stage": "train lstm@word2vec", "seconds": 70}],
    "total_seconds": 75.2,
    "environment": {
        "embedseq": "0.1.0",
        "python": "3.11.9",
        "platform": "Linux",
        "cpu": "a processor",
        "cores": 2,
        "memory_gib": 7.75,
        "packages": {"numpy": "2.4.0"},
        "command": "python run_pipeline.py films.csv --seeds 2",
    },
    "config": {"run": {"quick": False}},
    "warnings": ["3 records without text (lines 9, 11, 131)"],
}
_METRICS["verdict"]["against"] = _METRICS["comparisons"]
METRICS: dict[str, Any] = filled(Metrics, _METRICS)

DETAILS: dict[str, Any] = {
    "histories": [
        {
            "name": NETWORK,
            "seed": 0,
            "fold": 0,
            "batch_size": 16,
            "learning_rate": 0.002,
            "budget": {"first": 30, "most": 90, "floor": 20, "patience": 10, "span": 10, "looks": 1},
            "best_updates": 20,
            "stopped": "early",
            "evaluations": [
                {"updates": 10, "epochs": 1.0, "loss": 0.69, "accuracy": 0.5, "validation_loss": 0.68}
                | {"validation_accuracy": 0.5625, "seconds": 3.5},
                {"updates": 20, "epochs": 2.0, "loss": 0.5, "accuracy": 0.75, "validation_loss": 0.55}
                | {"validation_accuracy": 0.8125, "seconds": 3.25},
                {"updates": 30, "epochs": 3.0, "loss": 0.3, "accuracy": 0.9, "validation_loss": 0.6}
                | {"validation_accuracy": 0.75, "seconds": 3.25},
            ],
        }
    ],
    "scores": {
        "label_names": ["good", "bad"],
        "models": [
            {
                "name": "tfidf",
                "runs": 1,
                "per_class": [
                    {"label": "good", "precision": 0.8696, "recall": 0.9091, "f1": 0.8889, "support": 22},
                    {"label": "bad", "precision": 0.8824, "recall": 0.8333, "f1": 0.8571, "support": 18},
                ],
                "confusion": [[20, 2], [3, 15]],
                "calibration": [
                    {"lo": 0.5, "hi": 0.75, "count": 10, "confidence": 0.7, "accuracy": 0.6},
                    {"lo": 0.75, "hi": 1.0, "count": 30, "confidence": 0.9, "accuracy": 0.9667},
                ],
            }
        ],
    },
    "neighbours": [
        {
            "source": "word2vec",
            "words": [
                {
                    "word": "superb",
                    "why": "characteristic of good",
                    "neighbours": [{"word": "great", "cosine": 0.8123}, {"word": "fine", "cosine": 0.7}],
                }
            ],
        }
    ],
    "tokens": {
        "documents": 200,
        "tokens": 8000,
        "types": 1500,
        "vocabulary": 902,
        "length": {"median": 38, "mean": 40.0, "p95": 90, "max": 450},
        "cut_documents": 2,
        "cut_tokens": 80,
        "max_tokens": 400,
        "keep": "last",
        "empty_documents": {"train": 0, "validation": 0, "test": 1},
        "unknown_tokens": {"train": 0.0, "validation": 0.0212, "test": 0.0345},
    },
    "assumptions": {"assumptions": ["the text is in column `review`"], "warnings": []},
    "choices": [
        {
            "name": "tfidf",
            "fold": 0,
            "what": "C",
            "chosen": 3.0,
            "tried": [
                {"value": 1.0, "validation_log_loss": 0.41, "validation_accuracy": 0.8125},
                {"value": 3.0, "validation_log_loss": 0.38, "validation_accuracy": 0.875},
            ],
            "settings_tried": 2,
        }
    ],
    "status": {
        "state": "done",
        "finished": ["tfidf", "bow", NETWORK],
        "planned": ["tfidf", "bow", NETWORK],
        "started": "2025-01-01T10:00:00",
        "ended": "2025-01-01T10:01:15",
    },
}


def coverage(part: str, name: str, types: int, tokens: int, covered: float | None) -> dict[str, Any]:
    """Return one row of an audit's coverage; as many of the types as of the tokens have a vector."""
    return {
        part: name,
        "types": types,
        "tokens": tokens,
        "type_coverage": covered,
        "token_coverage": covered,
    }


AUDIT: dict[str, Any] = {  # of a vector file read for 8,000 tokens
    "source": "vectors.txt",
    "shuffled": False,
    "dimension": 50,
    "rows_kept": 1234,
    "files": [
        {
            "path": "vectors/vectors.txt",
            "format": "word2vec text",
            "compression": "gzip",
            "dimension": 50,
            "rows": 400_000,
            "repeated": 3,
            "replaced": 2,
            "notes": ["the header says 400,001 rows"],
            "sha256": "0123456789abcdef" * 4,
        }
    ],
    "by_split": [coverage("split", "all", 1500, 8000, 0.75), coverage("split", "test", 300, 900, None)],
    "by_class": [coverage("label", "good", 700, 3000, 0.5), coverage("label", "bad", 600, 2500, 0.875)],
    "steps": [
        {"step": "exact", "types": 1200, "tokens": 5000},
        {"step": "lower-case", "types": 34, "tokens": 1000},
        {"step": "unknown", "types": 266, "tokens": 2000},
    ],
    "case": {
        "lower_cased": True,
        "kept": {"type_coverage": 0.5, "token_coverage": 0.5625},
        "lowered": {"type_coverage": 0.8, "token_coverage": 0.625},
    },
    "frequent_missing": [{"word": "biopic", "tokens": 1100}, {"word": "remake", "tokens": 40}],
    "discriminative_missing": [
        {"word": "unfunny", "label": "bad", "coefficient": 3.26},
        {"word": "biopic", "label": "bad", "coefficient": -1.04},
    ],
    "norms": {
        "mean": 3.456,
        "sd": 0.5,
        "min": 0.0,
        "p5": 2.25,
        "p25": 3.0,
        "median": 3.5,
        "p75": 4.0,
        "p95": 4.75,
        "max": 9.125,
        "zero": 1,
    },
    "word_pairs": [
        {"title": "WordSim-353", "pairs": 353, "covered": 120, "spearman": 0.612, "ci95": [0.47, 0.724]},
        {"title": "SimLex-999", "pairs": 999, "covered": 29, "spearman": None, "ci95": None},
    ],
}
DETAILS["audit"] = [AUDIT]


def _trial(number: int, accuracy: float | None, **settings: Any) -> dict[str, Any]:
    return {
        "trial": number,
        "settings": settings,
        "validation_accuracy": accuracy,
        "validation_log_loss": None if accuracy is None else 0.25,
        "why_not": "no n-gram" if accuracy is None else None,
        "seconds": 1.5,
    }


def _family(name: str, fold: int, chosen: int | None, curve: list[float], *trials: Any) -> dict[str, Any]:
    return {
        "name": name,
        "model": name.partition("@")[0],
        "fold": fold,
        "asked": 2,
        "chosen": chosen,
        "seconds": 1.5 * len(trials),
        "expected_validation_accuracy": curve,
        "trials": list(trials),
    }


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
DETAILS["tuning"] = {}
DETAILS["run"] = {}
DETAILS["documents_shown"] = []
DETAILS["chosen_documents"] = {}
DETAILS["contributions"] = {}
_PROFILE = {
    "distance": [0, 1, 2, 25],
    "median": [1.0, 0.4, 0.02, 1e-13],
    "lower_quartile": [1.0, 0.3, 0.01, 0.0],
    "upper_quartile": [1.0, 0.5, 0.05, 1e-9],
    "looked_back": 26,
    "falls_after": 7,
    "tokens_per_e": 3.25,
    "fit_r2": 0.987,
    "documents_longer": 0.71,
    "vanished": 0.25,
    "exploded": 0.05,
}


def _horizon_point(k: int, accuracy: float) -> dict[str, Any]:
    rest = {"difference": accuracy - 0.9, "ci95": [accuracy - 1.0, accuracy - 0.8], "longer": 0.75}
    return {
        "k": k,
        "accuracy": accuracy,
        "log_loss": 0.5,
        "loss_difference": 0.25,
        "loss_ci95": [0.0, 0.5],
    } | rest


_SAID = {"controls": "nothing is padded.", "cannot_show": "what a word means.", "summary": {}}
DETAILS["probes"] = [
    {
        "name": NETWORK,
        "model": "lstm",
        "head": "last",
        "trained": True,
        "why_not": None,
        "test_documents": 40,
        "probes": {
            "gradients": {
                "question": "How far back does the gradient reach?",
                "documents": 40,
                "without_gradient": 1,
                "trained": _PROFILE,
                "untrained": _PROFILE | {"falls_after": None},
                "clipped": {"first_epoch": 0.5, "all_epochs": 0.123},
                "clip_norm": 1.0,
                "reading": "the gradient falls to 1 % of its value at the end after 7 tokens.",
            }
            | _SAID,
            "jacobians": {
                "question": "How much of an earlier state is left in the last one?",
                "documents": 12,
                "direction": None,
                "lag": [1, 2, 5],
                "median": [0.9, 0.5, 0.0],
                "lower_quartile": [0.8, 0.4, 0.0],
                "upper_quartile": [1.1, 0.6, 0.1],
                "logits": {
                    "median": [0.7, 0.25, 0.0],
                    "lower_quartile": [0.6, 0.2, 0.0],
                    "upper_quartile": [0.8, 0.3, 0.0],
                },
                "recurrence": {
                    "spectral_radius": 0.8765,
                    "largest_singular_value": 1.2345,
                    "mean_slope": 0.5678,
                    "largest_slope": 0.789,
                    "must_vanish": False,
                    "must_vanish_here": True,
                },
                "reading": "at most this much is left: 0 over 5 tokens.",
            }
            | _SAID,
            "time-constants": {
                "question": "How long do the units hold what they hold?",
                "gate": "forget",
                "tokens": [2.5, 120.0],
                "held_for": [{"tokens": 1, "units": 1.0}, {"tokens": 100, "units": 0.5}],
                "median_length": 30.0,
                "reading": "half of the 2 units forget within 61.2 tokens.",
            }
            | _SAID,
            "states": {
                "question": "What do states and answer do as the network reads?",
                "units": [1, 0],
                "direction": None,
                "documents": [
                    {
                        "rule": "the surest right answer",
                        "record": 7,
                        "label": "good",
                        "tokens": 5,
                        "words": ["a", "<b>", "fine"],
                        "predicted": ["bad", "good", "good"],
                        "probability": [0.6, 0.7, 0.93],
                        "of_answer": [0.4, 0.7, 0.93],
                        "states": [[-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]],
                        "holding_gate": "forget",
                        "holding": [[0.0, 0.5, 1.0], [1.0, 1.0, 1.0]],
                        "gates": {"input": [0.25, 0.25, 0.75], "forget": [0.5, 0.75, 1.0]},
                    }
                ],
                "reading": "the surest right answer stands from word 4 of 5 on.",
            }
            | _SAID,
            "memory-horizon": {
                "question": "How many last tokens are enough, and how far back does order count?",
                "documents": 40,
                "longest": 9,
                "majority": 0.55,
                "accuracy": 0.9,
                "above_majority": True,
                "rope": 0.01,
                "changes": {
                    "dropped": {
                        "points": [_horizon_point(1, 0.6), _horizon_point(8, 0.9)],
                        "enough": 8,
                        "by_figures": 8,
                    },
                    "shuffled": {
                        "points": [_horizon_point(0, 0.7), _horizon_point(8, 0.875)],
                        "enough": None,
                        "by_figures": None,
                    },
                },
                "last": "The last k tokens are those at the end of the document.",
                "reading": "the last 8 tokens give the accuracy of the whole text within 1 point.",
            }
            | _SAID,
            "word-order": {
                "question": "How much of what the network knows is in the order of words?",
                "documents": 40,
                "majority": 0.55,
                "accuracy": 0.9,
                "log_loss": 0.25,
                "shuffled": [{"accuracy": 0.6, "log_loss": 0.5}, {"accuracy": 0.8, "log_loss": 0.75}],
                "shuffled_accuracy": 0.7,
                "shuffled_log_loss": 0.625,
                "difference": -0.2,
                "ci95": [-0.3, -0.1],
                "share": 0.4286,
                "share_ci95": [0.1, 0.8],
                "reading": "part of it is order: 43 % survives.",
            }
            | _SAID,
            "needle": {
                "question": "From how far back can such a network bring one word that decides?",
                "length": 4,
                "neutral_words": ["the", "of"],
                "training_documents": 1536,
                "validation_documents": 400,
                "test_documents": 100,
                "epochs": 6,
                "steps": 144,
                "rates": [0.002, 0.004, 0.008],
                "seeds": 2,
                "chance": 0.5,
                "networks": [
                    {
                        "name": "lstm",
                        "learning_rate": 0.004,
                        "validation_loss": [0.6, 0.5, 0.7],
                        "points": [
                            {"k": 1, "accuracy": 1.0, "ci95": [0.97, 1.0], "seeds": [1.0, 1.0]},
                            {"k": 4, "accuracy": 0.6, "ci95": [0.4, 0.8], "seeds": [0.5, 0.7]},
                        ],
                        "reach": 1,
                        "seconds": 12.5,
                    }
                ],
                "reading": "lstm finds the word up to 1 token from the end.",
            }
            | _SAID,
            "forget-bias": {
                "question": "What does the first bias of the forget gates change?",
                "seeds": 1,
                "train_documents": 144,
                "test_documents": 40,
                "gate_documents": 40,
                "own": 1.0,
                "biases": [
                    {
                        "bias": 3.0,
                        "validation_accuracy": 0.875,
                        "accuracy": 0.925,
                        "seeds": [0.925],
                        "difference": 0.025,
                        "ci95": [-0.05, 0.1],
                        "untrained": 0,
                        "start_gate": 0.953,
                        "gate": 0.94,
                        "start": 20.58,
                        "time_constant": 18.5,
                    }
                ],
                "seconds": 61.0,
                "reading": "whether 3 is better or worse cannot be told.",
            }
            | _SAID,
        },
    },
    {
        "name": "ann@word2vec",
        "model": "ann",
        "head": None,
        "trained": False,
        "why_not": "the loss did not fall",
        "test_documents": 40,
        "probes": {
            name: {"question": "", "nothing": "it averages its words"}
            for name in ("gradients", "jacobians", "time-constants", "states", "memory-horizon", "word-order")
        },
    },
]
DETAILS["curve_sets"] = {
    "sets": [{"set": 1, "train": 72, "validation": 8}, {"set": 0, "train": 144, "validation": 16}],
    "untrained": [{"name": NETWORK, "seed": 1, "set": 1, "why_not": "the training loss did not fall"}],
}


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
    return Run(Path("x"), value_as(Metrics, metrics), read_details(Path("x"), details), "")


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
