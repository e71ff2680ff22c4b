"""Decisions, costs and sizes > what to do meanwhile: one rule for every verdict, as a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.core.wording import METRIC_WORDS
from pipeline.evaluation.claims import MORE
from pipeline.run_folder.metrics.comparisons import Advice, Comparison, Seeds, Verb, Verdict
from pipeline.run_folder.metrics.models import Cost, Result

A_MOMENT = 1.0  # seconds of training by which nobody would choose
MATTERS = 0.1  # 10 documents in 100: where not even that would be seen, nothing is advised
OPEN_SHARE = 0.5  # of the variance, what is the chance of seeds: from here on more seeds tell more
MOST_NEXT = 3
STILL_FELL = "the validation loss still fell"  # as a network's warnings say it

Case = Literal[
    "better",
    "better, perhaps by less",
    "worse",
    "equal",
    "cannot tell",
    "too small",
    "withheld",
    "nothing",
]


@dataclass(frozen=True, eq=False)
class Shown:
    """What a run has shown, as far as advice rests on it.

    Attributes
    ----------
    verdict : of the run
    network : the model that stands for the verdict's network; with folds the one that most of them chose
    costs : of the models that can be advised: they were fitted here, trained, read text and were saved
    beaten : those of them that another one was shown to beat
    results : the fits
    n_docs : test documents
    """

    verdict: Verdict
    network: str | None
    costs: Sequence[Cost]
    beaten: Collection[str]
    results: Sequence[Result]
    n_docs: int

    def cheapest(self, among: Iterable[str] | None = None) -> str | None:
        """Return the cheapest model that no other one was shown to beat; None where there is none.

        The fewest seconds of training; of those within a moment of it the smallest.
        """
        names = {row.name for row in self.costs} if among is None else {*among}
        rows = [row for row in self.costs if row.name in names and row.name not in self.beaten]
        if not rows:
            return None
        least = min(row.train_seconds for row in rows)
        near = [row for row in rows if row.train_seconds <= least + A_MOMENT]
        return min(near, key=lambda row: (row.size_bytes or 0, row.name)).name

    def unless_beaten(self, name: str | None) -> str | None:
        """Return the model, or the cheapest unbeaten one where it was beaten or cannot be used."""
        return self.cheapest([name] if name else []) or self.cheapest()


def advise(
    verdict: Verdict,
    comparisons: Iterable[Comparison],
    network: str | None,
    costs: Iterable[Cost],
    results: Iterable[Result],
    seeds: Seeds,
    n_docs: int,
) -> Advice:
    """Return `advice` of metrics.json.

    Parameters
    ----------
    verdict, comparisons : as metrics.json has them, like costs, results and seeds
    network : the model that stands for the verdict's network
    n_docs : test documents

    Notes
    -----
    The rule is computed from decisions, costs and sizes alone. A point estimate chooses nothing: a model that was not
    shown to be worse is not taken for worse.
    """
    shown = _shown(verdict, comparisons, costs, results, network, n_docs)
    rule = RULES[case_of(shown)]
    model = rule.choose(shown)
    if model is None and rule.verb != NOTHING.verb:
        rule = NOTHING
    said = rule.because.format(**_words(shown, model))
    return Advice(rule.verb, model, said, tuple(_next(shown, seeds))[:MOST_NEXT])


def case_of(shown: Shown) -> Case:
    """Return which line of the rule's table holds."""
    verdict = shown.verdict
    if verdict.decision == "cannot tell":
        return "too small" if _half_interval(verdict) > MATTERS else "cannot tell"
    if verdict.decision == "beats":
        return "better" if verdict.by == MORE else "better, perhaps by less"
    named: dict[str | None, Case] = {"loses": "worse", "equal": "equal", "withheld": "withheld"}
    return named.get(verdict.decision, "nothing")


def _half_interval(verdict: Verdict) -> float:
    """Return half of the widest interval: the difference that would be seen every other time; 0 of log loss."""
    if verdict.metric == "log-loss":
        return 0.0
    return max(((row.ci95[1] - row.ci95[0]) / 2 for row in verdict.against), default=0.0)


# --- the table ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A line of the table: what is advised, of which model, and why."""

    verb: Verb
    choose: Callable[[Shown], str | None]
    because: str


CHEAPEST = "The cheapest model that no other one was shown to beat: {price}."
NOTHING = Rule("Do not choose yet", lambda shown: None, "No model that can be used has finished.")
RULES: Mapping[Case, Rule] = {
    "better": Rule(
        "Use",
        lambda shown: shown.unless_beaten(shown.network),
        "{a} was shown to be better than every baseline, by more than {rope}.",
    ),
    "better, perhaps by less": Rule(
        "Use .. if",
        lambda shown: shown.unless_beaten(shown.network),
        "{a} was shown to be better than every baseline, perhaps by less than {rope}: where so little does not matter,"
        " {b} costs less.",
    ),
    "worse": Rule(
        "Use", lambda shown: shown.unless_beaten(shown.verdict.b), "{a} was shown to be worse than {b}."
    ),
    "equal": Rule(
        "Use",
        lambda shown: shown.cheapest(filter(None, (shown.network, shown.verdict.b))) or shown.cheapest(),
        "{a} and {b} differ by no more than {rope}, and {model} costs less.",
    ),
    "cannot tell": Rule("Start with", Shown.cheapest, CHEAPEST),
    "too small": Rule(
        "Do not choose yet",
        lambda shown: None,
        "{n_docs} test documents are too few: a difference of 10 in 100 would be missed more often than seen.",
    ),
    "withheld": Rule("Do not choose yet", lambda shown: None, "A training of {a} failed: {why_not}."),
    "nothing": Rule("Start with", Shown.cheapest, CHEAPEST),
}


def _words(shown: Shown, model: str | None) -> dict[str, str]:
    verdict = shown.verdict
    failed = [row.why_not for row in shown.results if row.name == shown.network and row.why_not]
    return {
        "a": verdict.a or "",
        "b": verdict.b or "",
        "model": model or "",
        "rope": METRIC_WORDS[verdict.metric].exact(verdict.rope),
        "n_docs": f"{shown.n_docs:,}",
        "why_not": failed[0] if failed else "it did not train",
        "price": "".join(_price(row) for row in shown.costs if row.name == model),
    }


def _price(row: Cost) -> str:
    """Return what a model costs, in words.

    >>> from pipeline.run_folder.metrics.models import Cost
    >>> _price(Cost("bow", 4.8, 3.6, 4.0, 300.0, 3_205_287, None, None, None))
    '4.8 s to train, 3.6 ms a document, 3.2 MB'
    """
    latency = "" if row.latency_ms_p50 is None else f", {row.latency_ms_p50:.2g} ms a document"
    return f"{row.train_seconds:.2g} s to train{latency}, {(row.size_bytes or 0) / 1e6:.1f} MB"


# --- what it rests on ---------------------------------------------------------------------------------------


def _shown(
    verdict: Verdict,
    comparisons: Iterable[Comparison],
    costs: Iterable[Cost],
    results: Iterable[Result],
    network: str | None,
    n_docs: int,
) -> Shown:
    results = tuple(results)
    kinds = {row.name: row.kind for row in results}
    usable = [row for row in costs if kinds.get(row.name) in ("baseline", "network") and _can_be_used(row)]
    names = {row.name for row in usable}
    between = [row for row in comparisons if {row.a, row.b} <= names]
    lost = {row.a for row in between if row.decision == "loses"}
    lost |= {row.b for row in between if row.decision == "beats"}
    return Shown(verdict, network, usable, lost, results, n_docs)


def _can_be_used(row: Cost) -> bool:
    """Whether a model trained, reads words in their order, and lies in the run folder."""
    return row.within_rope_of_best is not None and row.size_bytes is not None


def _next(shown: Shown, seeds: Seeds) -> Iterator[str]:
    """Yield what to try next, likeliest first: each from a fact of this run."""
    verdict = shown.verdict
    if verdict.decision is None:
        kinds = {row.kind for row in shown.results}
        if "network" not in kinds:
            yield "--models tfidf,lstm: a network is missing, so there is nothing to compare with"
        elif "baseline" not in kinds:
            yield "--models tfidf,lstm: a model that counts words is missing, so there is nothing to compare with"
    if any(row.name == shown.network and STILL_FELL in "".join(row.warnings) for row in shown.results):
        yield f"--set networks.max_epochs=20: {shown.network} was still learning when its time was over"
    if verdict.decision == "cannot tell":
        if seeds.steps and seeds.steps[-1].share > OPEN_SHARE:
            yield f"--seeds {2 * seeds.steps[-1].seeds}: its trainings differ more than the documents do"
        if len({row.fold for row in shown.results}) == 1:
            yield "--folds 5: every document is tested once, so that smaller differences are seen"
