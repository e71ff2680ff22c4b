"""Which models are compared: the best of its kind by validation documents, and the pairs of the side questions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.core.models import MODELS
from pipeline.core.names import ModelName
from pipeline.core.wording import with_head
from pipeline.evaluation.contrasts import averages_pretrained, pooled_pairs, source_pairs
from pipeline.run_folder.predictions import SavedPredictions

Merits = Mapping[str, float]  # mean validation score of each model, turned so that higher is better


def best_network(kinds: Mapping[str, str], merits: Merits) -> str | None:
    """Return the network of the highest merit on validation documents, the first of equals; None without one."""
    return _best((name for name, kind in kinds.items() if kind == "network"), merits)


def best_baseline(kinds: Mapping[str, str], merits: Merits) -> str | None:
    """Return the baseline of the highest merit on validation documents, the first of equals; None without one."""
    return _best(baselines_of(kinds), merits)


def baselines_of(kinds: Mapping[str, str]) -> list[str]:
    """Return the baselines that the best network is compared with: every one of the run.

    A control such as `majority` stands in where there is no baseline; a control with an embedding
    reads what the networks read and cannot.

    >>> baselines_of({"majority": "control", "bow": "baseline", "tfidf": "baseline"})
    ['bow', 'tfidf']
    """
    baselines = [name for name, kind in kinds.items() if kind == "baseline"]
    controls = [name for name, kind in kinds.items() if kind == "control"]
    return baselines or [name for name in controls if ModelName.parse(name).source is None]


def by_loss_where_level(
    merits: Merits, losses: Mapping[str, float], errors: Mapping[str, float], names: Iterable[str]
) -> dict[str, float]:
    """Return merits in which the lowest validation loss comes first among networks of about the same score.

    About the same: within one standard error of the best score, by the chance of documents. On 178 documents two
    networks that differ by one answer are level, and the next training turns them round; their losses read how sure
    every answer was, and differ by less chance.

    Parameters
    ----------
    merits : mapping of model name to its mean validation score, higher is better
    losses : mapping of network name to its mean validation loss, in nats; a network that is absent is not moved
    errors : mapping of network name to the standard error of its score; 0 where it is absent
    names : the networks among which one is chosen

    >>> merits, losses = {"lstm": 0.983, "gru": 0.978, "rnn": 0.7}, {"lstm": 0.052, "gru": 0.045, "rnn": 0.03}
    >>> moved = by_loss_where_level(merits, losses, {"lstm": 0.0097}, list(merits))
    >>> max(moved, key=lambda name: moved[name])
    'gru'
    """
    named = list(names)
    best = _best(named, merits)
    if best is None:
        return dict(merits)
    level = merits[best] - errors.get(best, 0.0)
    near = [name for name in named if merits[name] >= level and math.isfinite(losses.get(name, math.inf))]
    if not near:
        return dict(merits)
    chosen = min(near, key=lambda name: losses[name])
    return dict(merits) | {chosen: math.nextafter(merits[best], math.inf)}


def _best(names: Iterable[str], merits: Merits) -> str | None:
    return max(names, key=lambda name: merits[name], default=None)


@dataclass(frozen=True)
class ChosenNetwork:
    """The network that validation documents chose, in each fold by that fold's own: test documents choose nothing.

    `of_fold` maps each fold to the name of its network; one fold where there is one split.
    """

    of_fold: Mapping[int, str]
    show: Callable[[str], str] = with_head  # how sentences say a network

    @property
    def names(self) -> list[str]:
        """The networks that were chosen, most often chosen first."""
        return [name for name, _ in Counter(self.of_fold.values()).most_common()]

    @property
    def name(self) -> str:
        """The network's name, or in how many folds which one was chosen.

        >>> ChosenNetwork({0: "rnn@w", 1: "lstm@w", 2: "lstm@w"}).name
        'lstm@w in 2 folds, rnn@w in 1'
        """
        return self._in_words(str)

    @property
    def spoken(self) -> str:
        """The name as a sentence says it: with what the network reads out, and how it was chosen.

        >>> ChosenNetwork({0: "lstm@w"}).spoken
        'lstm@w (last state)'
        """
        words = self._in_words(self.show)
        return words if len(self.names) == 1 else f"the network chosen in each fold ({words})"

    def _in_words(self, show: Callable[[str], str]) -> str:
        (first, n_first), *others = Counter(self.of_fold.values()).most_common()
        if not others:
            return show(first)
        start = f"{show(first)} in {n_first} fold{'' if n_first == 1 else 's'}"
        return ", ".join([start, *(f"{show(name)} in {number}" for name, number in others)])

    def entries(self, saved: Iterable[SavedPredictions]) -> list[SavedPredictions]:
        """Return the predictions of each fold's network under the common name; none where it is one network.

        Seeds that not every fold's network has are left out, so that each seed answers every document.
        """
        if len(self.names) == 1:
            return []
        found = [entry for entry in saved if self.of_fold.get(entry.fold) == entry.name]
        seeds = [{one.seed for one in found if one.fold == fold} for fold in self.of_fold]
        shared = set.intersection(*seeds)
        return [replace(entry, name=self.name) for entry in found if entry.seed in shared]


def choose_network(kinds: Mapping[str, str], merits_by_fold: Mapping[int, Merits]) -> ChosenNetwork | None:
    """Return the network that each fold's validation documents chose; None without a network.

    A fold's validation documents are tested in other folds, so that a choice by the mean over folds would let
    test documents choose. Each fold's own choice knows nothing of the documents that it is tested on.
    """
    chosen = {fold: best_network(kinds, merits) for fold, merits in merits_by_fold.items()}
    known = {fold: name for fold, name in chosen.items() if name is not None}
    return ChosenNetwork(known) if known else None


def merits_to_choose_by(merits_by_fold: Mapping[int, Merits], names: Sequence[str]) -> dict[str, float]:
    """Return what a choice for the whole run may use: validation with one split, nothing with folds.

    With folds every document is tested, those for validation too. All merits are then 0, and the first one asked
    for is taken.
    """
    if len(merits_by_fold) > 1:
        return dict.fromkeys(names, 0.0)
    (merits,) = merits_by_fold.values() or ({},)
    return dict(merits)


def outside_pairs(
    kinds: Mapping[str, str],
    merits: Mapping[str, float],
    network: str | None,
    baselines: Sequence[str],
    *,
    every_baseline: bool = False,
) -> list[tuple[str, str]]:
    """Return the pairs (a, b): each model fitted elsewhere with the verdict's network and with the best baseline.

    Both were chosen on validation documents. More pairs would raise the p-values of all side questions: the
    correction counts them. With folds, where validation documents are tested too, no baseline is chosen:
    `every_baseline` takes all of them.

    >>> outside_pairs({"bow": "baseline", "other": "outside"}, {"bow": 0.9, "other": 0.0}, None, ["bow"])
    [('other', 'bow')]
    """
    best = baselines if every_baseline else [best_baseline(kinds, merits)]
    partners = [name for name in (network, *best) if name is not None]
    return [(name, partner) for name, kind in kinds.items() if kind == "outside" for partner in partners]


_SIMPLER_FIRST = (
    "rnn",
    "ann",
    "mean",
    "bow",
    "tfidf",
)  # in this order they stand in comparisons; others follow


def model_pairs() -> list[tuple[str, str]]:
    """Return the models of the table that are compared on the same vectors: each with the simpler one.

    >>> model_pairs()[:3]
    [('lstm', 'rnn'), ('gru', 'rnn'), ('lstm', 'ann')]
    """
    simpler = dict.fromkeys((*_SIMPLER_FIRST, *MODELS))
    return [(a, b) for b in simpler for a in reversed(MODELS) if b in MODELS[a].compared_with]


def planned_pairs(
    kinds: Mapping[str, str], merits: Mapping[str, float], *, every_baseline: bool = False
) -> list[tuple[str, str]]:
    """Return the pairs (a, b) to compare beside those of the verdict: the side questions.

    Networks with the best baseline, `model_pairs`, averaged vectors with TF-IDF, a network with itself on
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
    parsed = {name: ModelName.parse(name) for name in kinds}
    called = {name: text for text, name in parsed.items()}
    for first, second in model_pairs():
        partners = [(text, name.with_model(second)) for text, name in parsed.items() if name.model == first]
        pairs += [(text, called[partner]) for text, partner in partners if partner in called]
    pairs += [
        (text, "tfidf") for text, name in parsed.items() if "tfidf" in kinds and averages_pretrained(name)
    ]
    in_order = {text: name.in_order() for text, name in parsed.items() if name.shuffled_words}
    pairs += [(called[network], text) for text, network in in_order.items() if network in called]
    return list(dict.fromkeys(pairs + pooled_pairs(kinds) + source_pairs(kinds)))
