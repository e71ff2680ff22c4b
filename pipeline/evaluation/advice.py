"""Decisions, costs and sizes > what to do meanwhile: one rule for every verdict, as a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.core.tasks import TASKS
from pipeline.core.wording import METRIC_WORDS, called, lasting
from pipeline.evaluation.claims import MORE
from pipeline.evaluation.next_steps import Measured, Situation, next_steps
from pipeline.run_folder.metrics.comparisons import Advice, Comparison, Seeds, Verb, Verdict
from pipeline.run_folder.metrics.models import Cost, Result
from pipeline.tasks.table import task_of

A_MOMENT = 1.0  # seconds of training by which nobody would choose
MATTERS = 0.1  # 10 documents in 100: where not even that would be seen, nothing is advised

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
    measured: Measured,
) -> Advice:
    """Return `advice` of metrics.json.

    Parameters
    ----------
    verdict, comparisons : as metrics.json has them, like costs, results and seeds
    network : the model that stands for the verdict's network
    measured : what its trainings took, for what to try next

    Notes
    -----
    The rule is computed from decisions, costs and sizes alone. A point estimate chooses nothing: a model that was not
    shown to be worse is not taken for worse.
    """
    kept = TASKS[task_of(measured.config).name].keeps_models
    shown = _shown(verdict, comparisons, costs, results, network, measured.tested, kept=kept)
    rule = RULES[case_of(shown)]
    model = rule.choose(shown)
    if model is None and rule.verb != NOTHING.verb:
        rule = NOTHING
    said = rule.because.format(**_words(shown, model))
    return Advice(
        rule.verb, model, said, next_steps(Situation(verdict, model, network, shown.results, seeds, measured))
    )


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
        "{a} was shown to be better than every baseline, perhaps by less than {rope}. Where so little does not matter,"
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
    short = called(row.name for row in shown.results)
    a, b, named = (short.get(name or "", name or "") for name in (verdict.a, verdict.b, model))
    return {
        "a": a,
        "b": b,
        "model": named,
        "rope": METRIC_WORDS[verdict.metric].plain(verdict.rope),
        "n_docs": f"{shown.n_docs:,}",
        "why_not": failed[0].partition(";")[0] if failed else "it did not train",
        "price": "".join(_price(row) for row in shown.costs if row.name == model),
    }


def _price(row: Cost) -> str:
    """Return what a model costs, in words.

    >>> from pipeline.run_folder.metrics.models import Cost
    >>> _price(Cost("bow", 4.8, 3.6, 4.0, 300.0, 3_205_287, None, None, None))
    '4.8 s to train, 3.6 ms a document'
    """
    latency = "" if row.latency_ms_p50 is None else f", {row.latency_ms_p50:.2g} ms a document"
    return f"{lasting(row.train_seconds)} to train{latency}"


# --- what it rests on ---------------------------------------------------------------------------------------


def _shown(
    verdict: Verdict,
    comparisons: Iterable[Comparison],
    costs: Iterable[Cost],
    results: Iterable[Result],
    network: str | None,
    n_docs: int,
    *,
    kept: bool,
) -> Shown:
    results = tuple(results)
    kinds = {row.name: row.kind for row in results}
    usable = [
        row for row in costs if kinds.get(row.name) in ("baseline", "network") and _can_be_used(row, kept)
    ]
    names = {row.name for row in usable}
    between = [row for row in comparisons if {row.a, row.b} <= names]
    lost = {row.a for row in between if row.decision == "loses"}
    lost |= {row.b for row in between if row.decision == "beats"}
    return Shown(verdict, network, usable, lost, results, n_docs)


def _can_be_used(row: Cost, kept: bool) -> bool:
    """Whether a model trained, reads words in their order, and lies in the run folder if such models are kept there."""
    return row.within_rope_of_best is not None and (row.size_bytes is not None or not kept)
