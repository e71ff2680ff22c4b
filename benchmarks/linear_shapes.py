"""`linear_shapes`: the linear models on corpora of many shapes, beside plain logistic regressions of scikit-learn.

A corpus (`linear_corpora.py`) is split several times inside a training file. Each split is fitted three times: by the
linear models as the default run fits them, by the same with the defaults of before decision 0020, and by scikit-learn
with binary n-grams, TF-IDF and naive-Bayes ratios of 1-2-grams, those seen once included, at fixed strengths. All
read the same tokens, and are scored on the same documents; no official test file is read.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from benchmarks.linear_corpora import LINEAR_CORPORA, LinearCorpus, Parts, split, tokens_of
from benchmarks.results_file import Metric, Outcome
from benchmarks.sides import Options
from pipeline.core.resources import describe_environment
from pipeline.core.values import Float32, Int32, Int64, TokenizedCorpus
from pipeline.models.baselines.choice import as_fitted, choose_strength
from pipeline.models.baselines.fitting import fit_baseline
from pipeline.models.baselines.table import BASELINES, TextSize
from pipeline.settings.tables import BaselineSettings
from pipeline.text.ngrams import count_ngrams, learn_ngrams
from pipeline.text.ragged import select

SPLITS = 5
MODELS = ("bow", "tfidf", "nbsvm")
STRENGTHS = (1.0, 3.0, 10.0)  # of the references
_FORMER = BaselineSettings(
    min_df=2,
    bow_strengths=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    tfidf_strengths=(0.3, 1.0, 3.0, 10.0, 30.0, 100.0),
    nbsvm_min_df=2,
    nbsvm_betas=(0.75,),
    nbsvm_powers=(1.0,),
    nbsvm_strengths=(0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
)


@dataclass(frozen=True)
class Scored:
    """One model on one split's scored documents: shares of 1, log loss in nats, and what was chosen."""

    accuracy: float
    macro_f1: float
    log_loss: float
    seconds: float
    chosen: Mapping[str, float | None]
    settings_tried: int


@dataclass(frozen=True, eq=False)
class Split:
    """Tokens and labels of one split."""

    tokens: TokenizedCorpus
    labels: Int32  # (N,)
    parts: Parts
    n_classes: int

    @property
    def size(self) -> TextSize:
        """The training documents' size."""
        n_tokens = int(np.diff(self.tokens.offsets)[self.parts.train].sum())
        return TextSize(len(self.parts.train), n_tokens, self.n_classes)

    def of(self, documents: Int64) -> TokenizedCorpus:
        """Return the tokens of some documents."""
        return select(self.tokens, documents)


def measure(options: Options) -> Outcome:
    """Measure the corpora, or those that `--only` names; `--repeats` is the number of splits."""
    metrics: list[Metric] = []
    details: dict[str, Any] = {}
    for name in options.only or tuple(LINEAR_CORPORA):
        found = measure_corpus(LINEAR_CORPORA[name], options)
        details[name] = {"environment": describe_environment("", gpu=None), **found}
        metrics += _metrics(name, found)
        print(f"{name}: {found['summary']}", file=sys.stderr, flush=True)
    return Outcome(metrics, details)


def measure_corpus(corpus: LinearCorpus, options: Options) -> dict[str, Any]:
    """Return every model's scores on each split, and what they amount to."""
    frame = corpus.make(options.corpora or Path())
    names = frame["label"].unique().sort().to_list()
    labels = frame["label"].replace_strict(names, range(len(names))).to_numpy().astype(np.int32)
    tokens = tokens_of(frame)
    rows: dict[str, list[Scored]] = defaultdict(list)
    for seed in range(options.repeats or SPLITS):
        one = Split(tokens, labels, split(frame, corpus, seed), len(names))
        for model, scored in _all(one):
            rows[model].append(scored)
    lengths = np.diff(tokens.offsets)
    return {
        "documents": len(one.parts.train) + len(one.parts.validation),
        "scored": len(one.parts.scored),
        "classes": len(names),
        "tokens": round(float(lengths.mean()), 1),
        "summary": summarise(rows),
        "splits": {model: [asdict(scored) for scored in found] for model, found in rows.items()},
    }


def _all(one: Split) -> Iterator[tuple[str, Scored]]:
    for name in MODELS:
        yield name, fit_as_the_run(name, one, BaselineSettings())
    for name in MODELS:
        yield f"former {name}", fit_as_the_run(name, one, former(one.size))
    yield from _references(one)


def former(size: TextSize) -> BaselineSettings:
    """Return the defaults of before: `nbsvm` read n-grams seen once where documents were short."""
    return replace(_FORMER, nbsvm_min_df=1) if size.short else _FORMER


def fit_as_the_run(name: str, one: Split, settings: BaselineSettings) -> Scored:
    """Return a linear model fitted and chosen as in a run without --tune."""
    start = time.perf_counter()
    wanted = BASELINES[name].ngrams(settings, one.size)  # type: ignore[misc]
    ngrams, train = learn_ngrams(
        one.of(one.parts.train), ngram_min=wanted.shortest, ngram_max=wanted.longest, min_df=wanted.min_dfs[0]
    )
    validation, scored = (
        count_ngrams(one.of(part), ngrams) for part in (one.parts.validation, one.parts.scored)
    )
    columns = {least: np.flatnonzero(ngrams.document_counts >= least) for least in wanted.min_dfs}
    chosen = choose_strength(
        name,
        (train, one.labels[one.parts.train]),
        (validation, one.labels[one.parts.validation]),
        settings,
        columns=columns,
    )
    read = columns[chosen.min_df or wanted.min_dfs[0]]
    probabilities = as_fitted(chosen, one.n_classes, settings).predict_probabilities(scored[:, read])
    spent = time.perf_counter() - start
    what = {"C": chosen.strength, "min_df": chosen.min_df, "power": chosen.power, "beta": chosen.beta}
    return score(probabilities, one.labels[one.parts.scored], spent, what, chosen.settings_tried)


def _references(one: Split) -> Iterator[tuple[str, Scored]]:
    """Yield scikit-learn's logistic regression at each strength on each kind of features."""
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import Binarizer

    ngrams, train = learn_ngrams(one.of(one.parts.train), ngram_min=1, ngram_max=2, min_df=1)
    scored = count_ngrams(one.of(one.parts.scored), ngrams)
    labels, truth = one.labels[one.parts.train], one.labels[one.parts.scored]
    weights: dict[str, Callable[[], Any]] = {"binary": Binarizer, "tf-idf": TfidfTransformer}
    for strength in STRENGTHS:
        for kind, make in weights.items():
            start = time.perf_counter()
            transformer = make()
            model = LogisticRegression(C=strength, max_iter=1000)
            model.fit(transformer.fit_transform(train.astype(np.float64)), labels)
            probabilities = np.zeros((len(truth), one.n_classes), dtype=np.float32)
            probabilities[:, model.classes_] = model.predict_proba(
                transformer.transform(scored.astype(np.float64))
            )
            spent = time.perf_counter() - start
            yield f"plain {kind} C {strength:g}", score(probabilities, truth, spent, {"C": strength}, 1)
        start = time.perf_counter()
        fitted = fit_baseline(
            "nbsvm",
            train,
            labels,
            n_classes=one.n_classes,
            strength=strength,
            settings=_FORMER,
            beta=1.0,
            power=1.0,
        )
        probabilities = fitted.predict_probabilities(scored)
        spent = time.perf_counter() - start
        yield f"plain ratios C {strength:g}", score(probabilities, truth, spent, {"C": strength}, 1)


def score(
    probabilities: Float32, labels: Int32, spent: float, chosen: Mapping[str, float | None], tried: int
) -> Scored:
    """Return the scores of predicted distributions, float array (N, C)."""
    from sklearn.metrics import f1_score

    said = probabilities.argmax(axis=1)
    picked = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12).astype(np.float64)
    return Scored(
        float((said == labels).mean()),
        float(f1_score(labels, said, average="macro", zero_division=0)),
        float(-np.log(picked).mean()),
        spent,
        chosen,
        tried,
    )


def summarise(rows: Mapping[str, Sequence[Scored]]) -> dict[str, Any]:
    """Return means over splits, and each model less its former self and less the best plain reference.

    The best reference is the one of highest mean accuracy on the scored documents, so it is flattered.
    """
    best = max(
        (name for name in rows if name.startswith("plain")), key=lambda name: _mean(rows[name], "accuracy")
    )
    summary: dict[str, Any] = {"best_plain": best, **_means(rows[best])}
    for model in MODELS:
        summary[model] = {
            **_means(rows[model]),
            "former": _means(rows[f"former {model}"]),
            "accuracy_less_plain": _difference(rows[model], rows[best], "accuracy"),
            "accuracy_less_former": _difference(rows[model], rows[f"former {model}"], "accuracy"),
            "log_loss_less_former": _difference(rows[model], rows[f"former {model}"], "log_loss"),
        }
    return summary


def _mean(scores: Sequence[Scored], what: str) -> float:
    return fmean(getattr(one, what) for one in scores)


def _means(scores: Sequence[Scored]) -> dict[str, float]:
    return {what: round(_mean(scores, what), 4) for what in ("accuracy", "macro_f1", "log_loss", "seconds")}


def _difference(ours: Sequence[Scored], theirs: Sequence[Scored], what: str) -> tuple[float, float | None]:
    """Return the mean of the paired differences over splits and its standard error (None for one split).

    >>> def scored(accuracy): return Scored(accuracy, 0.0, 0.0, 0.0, {}, 1)
    >>> _difference([scored(0.9), scored(0.8)], [scored(0.8), scored(0.8)], "accuracy")
    (0.05, 0.05)
    """
    each = [getattr(one, what) - getattr(other, what) for one, other in zip(ours, theirs, strict=True)]
    error = round(stdev(each) / len(each) ** 0.5, 5) if len(each) > 1 else None
    return round(fmean(each), 5), error


def _metrics(name: str, found: Mapping[str, Any]) -> Iterator[Metric]:
    for model in MODELS:
        values = found["summary"][model]
        repeats = tuple(100 * one["accuracy"] for one in found["splits"][model])
        what = f"accuracy of {model}, mean over splits inside the training file, {name}"
        yield Metric(
            f"accuracy_{name}_{model}",
            100 * values["accuracy"],
            "%",
            "higher",
            0.5,
            what,
            "unit",
            repeats=repeats,
            case=name,
        )
        yield Metric(
            f"less_plain_{name}_{model}",
            100 * values["accuracy_less_plain"][0],
            "points",
            "higher",
            0.5,
            f"{model} less the best plain reference, {name}",
            "unit",
            case=name,
        )
