"""Saved predictions > paired comparisons of models on the same documents, and which pairs to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.evaluation.choice import baselines_of, best_baseline
from pipeline.evaluation.claims import Against, Claim, claim_of, decide_against
from pipeline.evaluation.differences import Runs, estimate_difference, paired_runs
from pipeline.evaluation.estimates import Estimate, holm, mcnemar_p_value
from pipeline.evaluation.gains import parse_named, source_pairs
from pipeline.evaluation.pooling import pool_folds
from pipeline.prediction_files import SavedPredictions

SIDE, VERDICT = "side", "verdict"  # the families in which p-values are corrected
MODEL_PAIRS = (  # the same embedding on both sides
    ("lstm", "rnn"),
    ("gru", "rnn"),
    ("lstm", "ann"),
    ("lstm", "mean"),
    ("ann", "mean"),
    ("tfidf", "bow"),
    ("nbsvm", "tfidf"),
)
LAST_BY_DEFAULT = ("rnn", "gru", "lstm")  # networks that read their last state where no head is named
POOLED = ("max", "mean", "max+mean")  # heads that read every state
_SHUFFLED_WORDS = ":shuffled-words"  # what the name of a control adds to that of its network


def planned_pairs(
    kinds: Mapping[str, str], merits: Mapping[str, float], *, every_baseline: bool = False
) -> list[tuple[str, str]]:
    """Return the pairs (a, b) to compare beside those of the verdict: the side questions.

    Networks with the best baseline, `MODEL_PAIRS`, averaged vectors with TF-IDF, a network with itself on
    shuffled words, a pooled head with the last state, pairs of sources. They are all planned: which models were asked
    for decides, no result does.

    Parameters
    ----------
    kinds : mapping of model name to "network", "baseline" or "control"
    merits : mapping of model name to its mean validation score, higher is better
        Chooses the best baseline; test documents choose nothing.
    every_baseline : bool
        Compare networks with every baseline, so that none need be chosen: with folds, where validation documents
        are tested too.
    """
    baselines = baselines_of(kinds)
    if baselines and not every_baseline:
        baselines = [name for name in [best_baseline(kinds, merits)] if name is not None]
    networks = [name for name, kind in kinds.items() if kind == "network"]
    pairs = [(network, baseline) for network in networks for baseline in baselines]
    for first, second in MODEL_PAIRS:
        named_first = [name for name in kinds if name.partition("@")[0].partition(":")[0] == first]
        partners = [(name, second + name.removeprefix(first)) for name in named_first]
        pairs += [(name, partner) for name, partner in partners if partner in kinds]
    pairs += [(name, "tfidf") for name in kinds if "tfidf" in kinds and _averages_pretrained(name)]
    controls = {name: name.replace(_SHUFFLED_WORDS, "", 1) for name in kinds}
    pairs += [(network, name) for name, network in controls.items() if network != name and network in kinds]
    return list(dict.fromkeys(pairs + pooled_pairs(kinds) + source_pairs(kinds)))


def pooled_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return each network with a pooled head with the one that is the same but reads the last state.

    >>> pooled_pairs(["rnn@word2vec", "lstm@word2vec", "lstm:max@word2vec", "lstm:max@random", "bilstm@word2vec"])
    [('lstm:max@word2vec', 'lstm@word2vec')]
    """
    known = list(names)
    pairs = []
    for name in known:
        asked, _, source = name.partition("@")
        model, _, head = asked.partition(":")
        last = [f"{model}@{source}", f"{model}:last@{source}"] if model in LAST_BY_DEFAULT else []
        if head in POOLED:
            pairs += [(name, other) for other in last if other in known]
    return pairs


def _averages_pretrained(name: str) -> bool:
    model, _, source = name.partition("@")
    return model == "mean" and parse_named(source).pretrained


def compare(
    saved: Iterable[SavedPredictions],
    pairs: Sequence[tuple[str, str]],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: str = "accuracy",
) -> list[dict[str, Any]]:
    """Return rows of `comparisons` in metrics.json: the score of a minus that of b on the same documents.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        Folds are pooled within a seed; documents are matched by their number.
    pairs : sequence of (a, b)
        All the side questions: their p-values are corrected for their number (Holm), which those of the verdict
        do not raise.
    rope : float
        Region of practical equivalence: differences within [-rope, rope] do not matter to the user.
    n_docs : int, optional
        Documents of the corpus, where there are folds; if absent, all that were tested.
    metric : str
        A key of `METRICS`.

    Returns
    -------
    list of dict
        a, b, metric, family ("side": in which p_adjusted is corrected), difference (positive: a is better, also
        where a lower score is), ci95 [lo, hi], p_value, p_adjusted, decision ("beats", "loses", "equal" or
        "cannot tell", said of a), by ("more than the rope" or "perhaps less" where it beats or loses, else None),
        minimum_detectable_difference (a true difference of that size is found with 80 % power, before correction; a
        smaller one can be found, less often. Above 1 no difference that a share can have is found that often),
        seeds (those compared), method ("documents", "documents and seeds" or "folds": which chance the interval
        holds), mcnemar (of the first seed's predictions: seed, only_a, only_b, p_value; None with folds).

    Raises
    ------
    ValueError
        If two models were tested on different documents or labels.
    """
    pooled = pool_folds(saved)
    paired = [paired_runs(pooled[a], pooled[b]) for a, b in pairs]
    estimates = [estimate_difference(*runs, n_docs, metric=metric) for runs in paired]
    adjusted = holm([estimate.p_value for estimate in estimates])
    return [
        _row(pair, runs, estimate, p_adjusted, claim_of(estimate.interval, p_adjusted, rope), SIDE, metric)
        for pair, runs, estimate, p_adjusted in zip(pairs, paired, estimates, adjusted, strict=True)
    ]


def compare_with_baselines(
    pooled: Mapping[str, Runs],
    a: str,
    baselines: Sequence[str],
    rope: float,
    n_docs: int | None = None,
    *,
    metric: str = "accuracy",
) -> tuple[list[dict[str, Any]], Against]:
    """Return the rows of `comparisons` that answer the run's one question, and what they say together.

    The rows are those of `compare`, with the family "verdict": p_adjusted is corrected for the number of
    baselines alone, whatever else was run. See `decide_against` for what is said of all; `pooled` has the runs of
    each model.
    """
    paired = {b: paired_runs(pooled[a], pooled[b]) for b in baselines}
    estimates = {b: estimate_difference(*runs, n_docs, metric=metric) for b, runs in paired.items()}
    against = decide_against(estimates, rope)
    rows = [
        _row((a, b), paired[b], estimates[b], against.p_adjusted[b], against.rows[b], VERDICT, metric)
        for b in baselines
    ]
    return rows, against


def _row(
    pair: tuple[str, str],
    runs: tuple[Runs, Runs],
    estimate: Estimate,
    p_adjusted: float,
    claim: Claim,
    family: str,
    metric: str,
) -> dict[str, Any]:
    a, b = pair
    return {
        "a": a,
        "b": b,
        "metric": metric,
        "family": family,
        "difference": estimate.difference,
        "ci95": estimate.interval,
        "p_value": estimate.p_value,
        "p_adjusted": p_adjusted,
        "decision": claim.decision,
        "by": claim.by,
        "minimum_detectable_difference": estimate.minimum_detectable_difference,
        "seeds": sorted({run.seed for run in max(runs, key=len)}),
        "method": _method(*runs),
        "mcnemar": _mcnemar(*runs),
    }


def withhold(comparisons: Iterable[Mapping[str, Any]], trained: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Return the rows of `compare`, the decision "withheld" where one of the two models did not train.

    Such a model has lost nothing: it is a failed measurement. `trained` maps names to whether training worked;
    models that are absent count as trained.
    """
    rows = [dict(row) for row in comparisons]
    for row in rows:
        if not (trained.get(row["a"], True) and trained.get(row["b"], True)):
            row |= {"decision": "withheld", "by": None}
    return rows


def _method(a: Runs, b: Runs) -> str:
    if max(a[0].folds, b[0].folds) > 1:
        return "folds"
    return "documents and seeds" if max(len(a), len(b)) > 1 else "documents"


def _mcnemar(a: Runs, b: Runs) -> dict[str, Any] | None:
    """Return McNemar's test of the first seed's predictions; None with folds, which are several fitted models."""
    if _method(a, b) == "folds":
        return None
    only_a, only_b = int((a[0].right & ~b[0].right).sum()), int((b[0].right & ~a[0].right).sum())
    seed = max(a, b, key=len)[0].seed
    return {"seed": seed, "only_a": only_a, "only_b": only_b, "p_value": mcnemar_p_value(only_a, only_b)}
