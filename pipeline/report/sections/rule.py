"""The rule that makes a difference of two models a decision, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.formats import interval, percent
from pipeline.report.sections.circumstances import AUTO
from pipeline.report.sections.facts import n_folds
from pipeline.report.sections.metric import REPORT_METRICS, metric_of
from pipeline.run_folder.metrics.comparisons import Beside, Comparison, Verdict
from pipeline.run_folder.reading import Run

METHODS = {
    "documents": "Where each of the two models was trained once, the interval holds the chance of which documents are"
    " tested: it speaks of these fitted models only.",
    "documents and seeds": "Where one was trained with several seeds, the interval holds two kinds of chance, which"
    " documents are tested and which seed the training had, by Student's t.",
    "folds": "The intervals are of differences between folds, widened because folds share training documents"
    " (Nadeau and Bengio 2003), by Student's t.",
}


CHOSEN = {
    False: "the network of the answer is chosen by mean validation {metric}, its opponents are every baseline of the"
    " run, and test documents choose nothing.",
    True: "the network of the answer is chosen in each fold by that fold's own validation {metric}, its opponents are"
    " every baseline of the run, and no document that is tested in a fold chooses for it.",
}
NOTHING_CHOSEN = "test documents choose nothing."
FEW = (
    "Where fewer than ten documents tell two models apart, an exact test counts every way in which those could have"
    " fallen, too: the wider interval and the larger p of the two tests decide."
)
BUT_SEEDS = (
    " One thing test documents do decide: how many seeds the network of the answer has (--seeds auto), by the share of"
    " the variance that is due to seeds, not by which model is ahead."
)
COMPARED = "Compared is the {metric} of two models on the same test documents; "
ONE_BASELINE = (
    "The answer is one question. Beats or loses, where not equal: the interval leaves out zero, and p is below 0.05."
    " Which other models were run does not change that."
)
EVERY_BASELINE = (
    "The answer is one question. Beats, where not equal: the interval against each of the {n} baselines leaves out"
    " zero and p is below 0.05; beating all is one claim, which needs no correction. Loses: so against one of them,"
    " after Holm's correction for the {n} baselines. Which other models were run changes neither."
)
SIDE_QUESTIONS = (
    "Side questions. Beats or loses, where not equal: the interval leaves out zero, and p is below 0.05 after Holm's"
    " correction for the {questions} of this run, all planned before this run saw a test result."
)


def decision_rule(run: Run) -> tuple[str, ...]:
    """Return in plain words what is compared, and what makes a difference; nothing where nothing was compared."""
    entries = run.metrics.comparisons
    if not entries:
        return ()
    metric, rope = metric_of(run), run.metrics.verdict.rope
    few = any(entry.minimum_detectable_difference is None for entry in entries)
    methods = {entry.method for entry in entries}
    chosen = _chosen(run).format(metric=metric.name)
    chosen += BUT_SEEDS if run.metrics.seeds.asked == AUTO else ""
    return (
        COMPARED.format(metric=metric.name) + chosen,
        *(text for method, text in METHODS.items() if method in methods),
        *((FEW,) if few else ()),
        f"Equal: the whole 95 % interval lies within {metric.exact(rope)} either way. This is corrected for nothing:"
        " of pairs that truly differ by more, at most 2.5 % are called so.",
        *_families(entries),
        "Better or worse by more than the region: the whole interval lies beyond it. Perhaps by less: the interval"
        " leaves out zero, and a part of it lies within the region.",
        "Cannot tell: everything else. Withheld: a fit of one of the two did not train.",
    )


def _chosen(run: Run) -> str:
    """Return what chooses the two sides of the answer; some runs have none."""
    return CHOSEN[n_folds(run) > 1] if run.metrics.verdict.against else NOTHING_CHOSEN


def _families(entries: Sequence[Comparison]) -> tuple[str, ...]:
    """Return how p-values are corrected in each family of which there are comparisons."""
    sizes = Counter(entry.family for entry in entries)
    n_baselines, n_side = sizes["verdict"], sizes["side"]
    found = {
        ONE_BASELINE: n_baselines == 1,
        EVERY_BASELINE.format(n=n_baselines): n_baselines > 1,
        SIDE_QUESTIONS.format(questions=plural(n_side, "side question")): n_side > 0,
    }
    return tuple(text for text, there in found.items() if there)


def beside_words(run: Run) -> str:
    """Return why and how two metrics stand side by side, and which decides; empty where the classes are balanced."""
    verdict, classes = run.metrics.verdict, run.metrics.corpus.classes
    if not verdict.beside:
        return ""
    largest = max(classes, key=lambda label: classes[label])
    share = percent(classes[largest] / sum(classes.values()), 0)
    shown = "; ".join(_beside(entry, verdict, run.places) for entry in verdict.beside)
    return (
        f"“{largest}” holds {share} of the documents, so that a model which never finds a rare class can be right"
        f" often: {shown}. Decided is by {metric_of(run).name}, which was fixed before the run (--metric)."
    )


def _beside(entry: Beside, verdict: Verdict, places: int) -> str:
    metric = REPORT_METRICS[entry.metric]
    return (
        f"{metric.name} {metric.score(entry.a, places)} of {verdict.a} against"
        f" {metric.score(entry.b, places)} of {verdict.b}, a difference of"
        f" {metric.signed(entry.difference, places)} {metric.unit} (95 % interval"
        f" {interval(entry.ci95, metric.signed, places)})"
    )
