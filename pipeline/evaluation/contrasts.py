"""Where a difference comes from: one table of pairs that differ in one thing, from TF-IDF to a gated network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from pipeline.core.models import LAST, POOLED
from pipeline.core.names import LEARNED, RANDOM, ModelName, SourceName
from pipeline.core.wording import METRIC_WORDS, detectable_words
from pipeline.evaluation.comparisons import withhold
from pipeline.evaluation.differences import estimate_difference, paired_runs
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.run_folder.metrics.comparisons import (
    Cause,
    Comparison,
    Effect,
    EffectName,
    Gains,
    LengthThird,
)
from pipeline.run_folder.predictions import SavedPredictions

EFFECTS: tuple[EffectName, ...] = ("pretraining", "fine-tuning")
LENGTH_GROUPS = 3  # thirds of the tested documents

SENTENCES = {
    "beats": "{what} {adds}.",
    "loses": "{what} {costs}.",
    "equal": "{smallest}, and {what} makes no difference that matters: {figures}.",
    "cannot tell": "{smallest}, and whether {what} makes a difference cannot be told{corrected}: {figures}.",
    "withheld": "What {what} adds is withheld, since one of the two did not train.",
}
CORRECTED = " once corrected for the number of comparisons"
ONE_FIT = " This is about these fitted models only."


@dataclass(frozen=True)
class Partner:
    """What a source is compared with, however its modes are written."""

    base: str  # {base} is the source's own name
    tuned: bool = False
    shuffled: bool | None = False  # None: as the source is

    def fits(self, source: SourceName, other: SourceName) -> bool:
        """Whether `other` is this partner of `source`."""
        shuffled = source.shuffled_rows if self.shuffled is None else self.shuffled
        wanted = (self.base.format(base=source.base), self.tuned, shuffled)
        return (other.base, other.tuned, other.shuffled_rows) == wanted


@dataclass(frozen=True)
class Sources:
    """Which sources of one network are compared, and with what, the best choice first."""

    asks: Callable[[SourceName], bool]
    partners: tuple[Partner, ...]


@dataclass(frozen=True)
class Contrast:
    """An entry of the table: which pairs of models differ in one thing, and in which words that is said.

    One of `shows` (whether a minus b shows it) and `sources` says which pairs. Without `what` the pairs are compared,
    and no cause is read from them.
    """

    cause: str
    what: str = ""  # {a}, {b}, {model}, {source}, {other}
    models: str = ""  # what to ask for where no pair of the run shows it
    embeddings: str = "word2vec"
    shows: Callable[[ModelName, ModelName], bool] | None = None
    sources: tuple[Sources, ...] = ()
    by_length: bool = False


def _same_text_other_weights(a: ModelName, b: ModelName) -> bool:
    return averages_pretrained(a) and b.model == "tfidf"


def _network_on_the_same_average(a: ModelName, b: ModelName) -> bool:
    return (a.model, b.model) == ("ann", "mean") and a.source == b.source


def _words_in_order(a: ModelName, b: ModelName) -> bool:
    return b.shuffled_words and a == b.in_order()


def _pooled_head(a: ModelName, b: ModelName) -> bool:
    """Return whether `a` reads every state where `b`, else the same, reads the last one."""
    heads = a.head in POOLED and b.head in ("", LAST) and not a.shuffled_words
    by_default = a.entry is not None and a.entry.default_head == LAST
    return heads and by_default and a == b.with_head(a.head)


def _gates(a: ModelName, b: ModelName) -> bool:
    """Return whether `a` has gates and `b`, which reads in the same directions, has none."""
    of_a, of_b = a.entry, b.entry
    if of_a is None or of_b is None or not of_a.directions == of_b.directions != ():
        return False
    return of_a.gated and not of_b.gated and a == b.with_model(a.model)


def averages_pretrained(name: ModelName) -> bool:
    """Return whether it is the linear model of averaged vectors, on vectors that mean something."""
    return name.model == "mean" and name.source is not None and name.source.pretrained


CONTRASTS = (
    Contrast(
        "representation",
        "averaging {source} vectors instead of weighting n-grams by TF-IDF, with the same classifier,",
        "tfidf,mean",
        shows=_same_text_other_weights,
    ),
    Contrast(
        "pretraining",
        "{source} instead of {other} in {model}",
        "lstm",
        "word2vec,random",
        sources=(
            Sources(
                lambda source: source.pretrained and not source.tuned,
                (Partner(RANDOM), Partner("{base}", shuffled=True)),
            ),
        ),
    ),
    Contrast(
        "fine-tuning",
        "{source} instead of {other} in {model}",
        "lstm",
        "word2vec,word2vec:tuned",
        sources=(
            Sources(
                lambda source: source.tuned and source.base != LEARNED, (Partner("{base}", shuffled=None),)
            ),
            Sources(lambda source: source.tuned and source.base == LEARNED, (Partner(RANDOM),)),
        ),
    ),
    Contrast(
        "capacity",
        "a network on the averaged {source} vectors ({a}) instead of a linear classifier ({b})",
        "mean,ann",
        shows=_network_on_the_same_average,
    ),
    Contrast(
        "order",
        "the order of the words, read by {a},",
        "lstm,lstm:shuffled-words",
        shows=_words_in_order,
    ),
    Contrast(
        "last state against pooled",
        "pooling the states after every word ({a}) instead of reading the last one ({b})",
        "lstm,lstm:max",
        shows=_pooled_head,
    ),
    Contrast(
        "gates",
        "gates ({a}) instead of plain recurrence ({b})",
        "rnn,lstm",
        shows=_gates,
        by_length=True,
    ),
    Contrast(
        "against learned",
        sources=(Sources(lambda source: source.pretrained, (Partner(LEARNED, tuned=True),)),),
    ),
)


def find_causes(
    comparisons: Sequence[Comparison],
    gains: Sequence[Gains],
    trained: Mapping[str, bool],
    saved: Iterable[SavedPredictions],
    *,
    n_docs: int | None = None,
    lengths: Mapping[int, int] | None = None,
) -> list[Cause]:
    """Return `causes` of metrics.json: a row for each pair of models that shows a cause, in the order of `CONTRASTS`.

    Parameters
    ----------
    comparisons : the rows of `compare`
    gains : the rows of `find_gains`, which choose the pair for pretraining and for fine-tuning
    trained : mapping of model name to whether its training worked; models that are absent count as trained
    saved : the predictions that the comparisons were made from
    n_docs : documents of the corpus, where there are folds; all that were tested if absent
    lengths : mapping of document to its tokens
        Shows gates by document length; without it they are shown over all documents only.

    Notes
    -----
    A cause that no pair of the run shows has one row of None with a sentence that says what to ask for.
    """
    pooled = pool_folds(saved)
    rows = {(row.a, row.b): row for row in withhold(comparisons, trained)}
    found: list[Cause] = []
    for cause in CONTRASTS:
        if not cause.what:
            continue
        pairs = _from_gains(cause, gains) if cause.sources else _from_names(cause, rows)
        shown = [_row(cause, rows[pair]) for pair in pairs]
        if cause.by_length and lengths:
            shown = [
                row
                if row.decision == "withheld"
                else replace(row, by_length=_by_length(pooled, rows[pair], lengths, n_docs))
                for row, pair in zip(shown, pairs, strict=True)
            ]
        found += shown or [_absent(cause)]
    return found


def _from_gains(cause: Contrast, gains: Sequence[Gains]) -> list[tuple[str, str]]:
    effects = [effect for entry in gains for effect in entry.effects]
    return [(effect.a, effect.b) for effect in effects if effect.effect == cause.cause]


def _from_names(cause: Contrast, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    parsed = {(a, b): (ModelName.parse(a), ModelName.parse(b)) for a, b in pairs}
    return [pair for pair, names in parsed.items() if cause.shows and cause.shows(*names)]


def _row(cause: Contrast, row: Comparison) -> Cause:
    return Cause(cause=cause.cause, **_told(row), sentence=_sentence(cause, row), by_length=None)


def _told(row: Comparison) -> dict[str, Any]:
    """Return what an effect, or a cause, says of the comparison that shows it."""
    return {field.name: getattr(row, field.name) for field in fields(Effect) if field.name != "effect"}


def _sentence(cause: Contrast, row: Comparison) -> str:
    a, b = ModelName.parse(row.a), ModelName.parse(row.b)
    what = cause.what.format(a=row.a, b=row.b, model=a.asked, source=a.source, other=b.source)
    low, high = row.ci95
    words = METRIC_WORDS[row.metric]
    figures = words.difference(row.difference, row.ci95)
    said = SENTENCES[row.decision].format(
        what=what,
        corrected=CORRECTED if low > 0 or high < 0 else "",
        figures=figures,
        adds=words.adds.format(figures=figures),
        costs=words.costs.format(figures=figures, metric=words.name),
        smallest=detectable_words(row.minimum_detectable_difference, row.metric),
    )
    alone = row.method == "documents" and row.decision != "withheld"
    return said[0].upper() + said[1:] + (ONE_FIT if alone else "")


def _absent(cause: Contrast) -> Cause:
    asked = f"--models {cause.models} --embeddings {cause.embeddings}"
    sentence = f"{cause.cause.capitalize()}: not tried; shown by {asked}"
    return Cause(cause.cause, None, None, None, None, None, None, None, None, sentence, None)


def _by_length(
    pooled: Mapping[str, Sequence[PooledRun]],
    row: Comparison,
    lengths: Mapping[int, int],
    n_docs: int | None,
) -> tuple[LengthThird, ...]:
    """Return the difference in thirds of the documents, the shortest first; equal lengths stay together."""
    a, b = paired_runs(pooled[row.a], pooled[row.b])
    tokens = np.array([lengths.get(int(document), -1) for document in a[0].predictions.documents])  # (N,)
    known = tokens[tokens >= 0]
    if len(known) == 0:
        return ()
    edges = np.unique(np.quantile(known, np.arange(1, LENGTH_GROUPS) / LENGTH_GROUPS))
    groups = np.searchsorted(edges, tokens, side="left")  # a length on an edge falls below it
    rows = []
    for group in range(len(edges) + 1):
        chosen = (groups == group) & (tokens >= 0)  # (N,)
        if chosen.any():
            estimate = estimate_difference(a, b, n_docs, chosen, metric=row.metric)
            ends = int(tokens[chosen].min()), int(tokens[chosen].max())
            rows.append(LengthThird(ends, int(chosen.sum()), estimate.difference, estimate.interval))
    return tuple(rows)


def source_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs (a, b) of one network on two sources that `CONTRASTS` asks for, where both were run.

    >>> source_pairs(["bow", "lstm@word2vec", "lstm@random", "rnn@random"])
    [('lstm@word2vec', 'lstm@random')]
    """
    names = list(names)
    pairs = [
        (name, partner)
        for contrast in CONTRASTS
        for sources in contrast.sources
        for name in names
        for partner in _partners(name, sources, names)
    ]
    return list(dict.fromkeys(pairs))


def _partners(name: str, sources: Sources, names: Iterable[str]) -> list[str]:
    """Return those of `names` that a network is compared with; none for a model without a source."""
    source, others = ModelName.parse(name).source, _on_sources(names, ModelName.parse(name).asked)
    if source is None or not sources.asks(source):
        return []
    return [other for partner in sources.partners for other in others if partner.fits(source, others[other])]


def _on_sources(names: Iterable[str], asked: str) -> dict[str, SourceName]:
    """Return the names of one model on its sources."""
    parsed = {name: ModelName.parse(name) for name in names}
    return {name: one.source for name, one in parsed.items() if one.source is not None and one.asked == asked}


def find_gains(
    comparisons: Sequence[Comparison],
    merits: Mapping[str, float],
    trained: Mapping[str, bool],
) -> list[Gains]:
    """Return `gains` of metrics.json: for each network model what pretraining and fine-tuning add.

    Parameters
    ----------
    comparisons : the rows of `compare`
    merits : mapping of model name to its mean validation score, higher is better
        Chooses, of several sources, the one that the effect is read from: test documents choose nothing. Where all
        merits are the same, as with folds, it is the source that was asked for first.
    trained : mapping of model name to whether its training worked; models that are absent count as trained

    Notes
    -----
    An effect without a pair is left out; where a side of every pair did not train, the decision is "withheld".
    """
    rows = {(row.a, row.b): row for row in comparisons}
    usable = {pair: row for pair, row in rows.items() if all(trained.get(name, True) for name in pair)}
    parsed = [ModelName.parse(a) for a, _ in rows]
    found = []
    for model in dict.fromkeys(name.asked for name in parsed if name.source is not None):
        names = _on_sources((a for a, _ in rows), model)
        effects = [
            _effect(effect, names, usable, merits) or _withheld(_effect(effect, names, rows, merits))
            for effect in EFFECTS
        ]
        if any(effects):
            found.append(Gains(model, tuple(effect for effect in effects if effect)))
    return found


def _withheld(effect: Effect | None) -> Effect | None:
    return effect and replace(effect, decision="withheld", by=None)


def _effect(
    effect: EffectName,
    names: Iterable[str],
    rows: Mapping[tuple[str, str], Comparison],
    merits: Mapping[str, float],
) -> Effect | None:
    """Return the comparison that an effect is read from: the first sources, the best of them, its first partner."""
    (contrast,) = [one for one in CONTRASTS if one.cause == effect]
    for sources in contrast.sources:
        pairs: dict[str, tuple[str, str]] = {}
        for name in names:
            compared = _partners(name, sources, [b for a, b in rows if a == name])
            pairs |= {name: (name, compared[0])} if compared else {}
        if pairs:
            best = max(pairs, key=lambda name: merits.get(name, -math.inf))
            return Effect(effect, **_told(rows[pairs[best]]))
    return None


def pooled_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return each network with a pooled head with the one that is the same but reads the last state.

    >>> pooled_pairs(["rnn@word2vec", "lstm@word2vec", "lstm:max@word2vec", "lstm:max@random", "bilstm@word2vec"])
    [('lstm:max@word2vec', 'lstm@word2vec')]
    """
    known = {name: ModelName.parse(name) for name in names}
    return [(a, b) for a in known for b in known if _pooled_head(known[a], known[b])]
