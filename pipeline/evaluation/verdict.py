"""Comparisons > the verdict: the best network against every baseline, in one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.fits import INCOMPLETE
from pipeline.core.wording import FIRST_METRIC, METRIC_WORDS, Metric, MetricWords, detectable_words
from pipeline.evaluation.claims import MORE, PERHAPS_LESS, SIGNIFICANCE, Against, largest_detectable
from pipeline.evaluation.comparisons import compare_with_baselines, withhold
from pipeline.evaluation.differences import Runs, estimate_difference, paired_runs
from pipeline.evaluation.pairs import ChosenNetwork
from pipeline.evaluation.pooling import PooledRun, pool_folds
from pipeline.evaluation.recorded import Recorded
from pipeline.run_folder.metrics.comparisons import Beside, Comparison, Trainings, Verdict
from pipeline.run_folder.metrics.rows import Decision
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.classification.metrics import SIDE_BY_SIDE
from pipeline.tasks.table import METRICS, TASKS

CLAIMS = {
    "beats": "{a} beats {b}{size}: {figures}.",
    "loses": "{a} loses to {b}{one_of}{size}: {figures}.",
    "equal": "{smallest}, and {a} and {b}{one_of}{pause} are equal within {rope}: {figures}.{known}{others}",
    "cannot tell": "{smallest}, and it cannot be told whether {a} or {b}{one_of}{pause} is better: {figures}.{why}",
    "withheld": "{failed} did not train, so the verdict is withheld: {scores} for {b}"
    " says nothing of what such a network can do here.",
}
BEATS_EVERY = "{a} beats every baseline ({n_baselines} of them){size}; the closest is {b}: {figures}."
SIZES = {MORE: ", by more than {rope}", PERHAPS_LESS: ", perhaps by less than {rope}", None: ""}
KNOWN = " The difference is not zero, but too small to matter."
ONE_OF = ", one of {n_baselines} baselines"
OTHERS = {1: " Against the other baseline", 2: " Against each of the other {n_others} baselines"}
AT_MOST_WORSE = " it is at most {rope} worse, if it is worse at all."
ONE_SEED = " This is about this fitted model only: it was trained with one seed."
TRAININGS = {  # where the size alone leaves a question open
    "each beyond chance": " {all_n} trainings are {better} than {b}, each beyond the chance of documents;"
    " by how much such networks are {better} cannot be told.",
    "same direction": " {all_n} trainings are {better} than {b}, which may be chance.",
}


@dataclass(frozen=True, eq=False)
class Question:
    """The one question of a run: how its best network stands to every baseline.

    Attributes
    ----------
    chosen : the network, chosen on validation documents
    runs : the runs of the network and of each baseline, by name
    rows : the rows of `compare_with_baselines`
    against : what they say together
    trained : whether the fits of the network trained
    """

    chosen: ChosenNetwork
    runs: Mapping[str, Runs]
    rows: Sequence[Comparison]
    against: Against
    trained: bool

    @property
    def decisive(self) -> Comparison:
        """The row of the baseline that decides."""
        return next(row for row in self.rows if row.b == self.against.b)

    @property
    def minimum_detectable_difference(self) -> float | None:
        """The true difference from every baseline that would be told from each, four times out of five."""
        return largest_detectable(row.minimum_detectable_difference for row in self.rows)


def ask(
    saved: Iterable[SavedPredictions],
    chosen: ChosenNetwork,
    baselines: Sequence[str],
    rope: float,
    n_docs: int | None = None,
    *,
    trained: bool = True,
    metric: Metric = FIRST_METRIC,
) -> Question:
    """Return the question of a run, with the comparisons that answer it.

    Parameters
    ----------
    saved : iterable of SavedPredictions
        Those of all models; what `chosen` chose in each fold is put together here.
    chosen, baselines, rope, n_docs, metric
        As in `compare_with_baselines`.
    trained : whether the fits of the network trained

    Raises
    ------
    ValueError
        If there is no baseline.
    """
    saved = list(saved)
    asked = {chosen.name, *baselines}
    pooled = pool_folds([entry for entry in [*saved, *chosen.entries(saved)] if entry.name in asked])
    rows, against = compare_with_baselines(pooled, chosen.name, baselines, rope, n_docs, metric=metric)
    untrained = {} if trained else {chosen.name: False}
    return Question(chosen, pooled, withhold(rows, untrained), against, trained)


def decide_verdict(
    question: Question,
    *,
    rope: float,
    metric: Metric = FIRST_METRIC,
    n_docs: int | None = None,
    skewed: bool = False,
) -> Verdict:
    """Return `verdict` of metrics.json: the best network (a) against every baseline.

    Parameters
    ----------
    question : Question
    rope : region of practical equivalence, in units of the metric
    metric : a name of `METRICS`
    n_docs : documents of the corpus, where there are folds; all that were tested if absent
    skewed : whether the largest class holds more than `SKEWED` of the documents
    """
    a, b = question.chosen.name, question.against.b
    decision: Decision = question.against.claim.decision if question.trained else "withheld"
    trainings = count_trainings(question.runs[a], question.runs[b], metric, n_docs)
    own = next(task.metrics for task in TASKS.values() if metric in task.metrics)
    beside = [name for name in SIDE_BY_SIDE if name != metric and name in own] if skewed else []
    return Verdict(
        a=a,
        b=b,
        decision=decision,
        by=question.against.claim.by if question.trained else None,
        sentence=_sentence(question, decision, trainings, rope, metric),
        rope=rope,
        minimum_detectable_difference=question.minimum_detectable_difference,
        metric=metric,
        against=tuple(question.rows),
        trainings=trainings,
        beside=tuple(_beside(question, name, n_docs) for name in beside),
    )


def no_verdict(
    a: str | None,
    baselines: Sequence[str],
    *,
    rope: float,
    metric: Metric = FIRST_METRIC,
    planned: Collection[str] = (),
) -> Verdict:
    """Return `verdict` of a run that lacks a network or a baseline; `planned`: the kinds that it was to have."""
    absent = [kind for kind, there in (("network", a), ("baseline", baselines)) if not there]
    told = {"was run": {*absent} - {*planned}, "has finished": {*absent} & {*planned}}
    parts = [
        f"no {' and no '.join(kind for kind in absent if kind in kinds)} {verb}"
        for verb, kinds in told.items()
        if kinds
    ]
    sentence = f"There is no verdict: {' and '.join(parts)}."
    return Verdict(a, None, None, None, sentence, rope, None, metric, (), None, ())


def naming_what_is_missing(verdict: Verdict, recorded: Recorded) -> Verdict:
    """Return the verdict of a run in which fits could not be done with a sentence that names them."""
    if recorded.facts.state != INCOMPLETE or not recorded.missing:
        return verdict
    named = recorded.labels(recorded.missing)
    return replace(verdict, sentence=f"{verdict.sentence} Missing, since it could not be done: {named}.")


def count_trainings(a: Runs, b: Runs, metric: Metric = FIRST_METRIC, n_docs: int | None = None) -> Trainings:
    """Return how the trainings of a, each alone, stand to b; of b the first run counts."""
    alone = [estimate_difference(*paired_runs([run], b[:1]), n_docs, metric=metric) for run in a]
    clear = [one for one in alone if one.p_value < SIGNIFICANCE]
    return Trainings(
        n=len(alone),
        better=sum(one.difference > 0 for one in alone),
        worse=sum(one.difference < 0 for one in alone),
        clearly_better=sum(one.interval[0] > 0 for one in clear),
        clearly_worse=sum(one.interval[1] < 0 for one in clear),
    )


def mean_score(runs: Runs, metric: str) -> float:
    """Return the mean over seeds of one model's score, in the metric's own direction."""
    return float(np.mean([METRICS[metric].value(run.predictions) for run in runs]))


def _beside(question: Question, metric: Metric, n_docs: int | None) -> Beside:
    a, b = question.runs[question.chosen.name], question.runs[question.against.b]
    estimate = estimate_difference(*paired_runs(a, b), n_docs, metric=metric)
    return Beside(
        metric, mean_score(a, metric), mean_score(b, metric), estimate.difference, estimate.interval
    )


def _sentence(
    question: Question, decision: Decision, trainings: Trainings, rope: float, metric: Metric
) -> str:
    """Return the verdict in plain words, with its numbers."""
    row, said, n_baselines = question.decisive, METRIC_WORDS[metric], len(question.rows)
    runs_a, runs_b = question.runs[row.a], question.runs[row.b]
    scores = mean_score(runs_a, metric), mean_score(runs_b, metric)
    several = n_baselines > 1
    claim = BEATS_EVERY if several and decision == "beats" else CLAIMS[decision]
    text = claim.format(
        a=question.chosen.spoken,
        b=row.b,
        n_baselines=n_baselines,
        one_of=ONE_OF.format(n_baselines=n_baselines) if several else "",
        pause="," if several else "",
        figures=said.figures(*scores, row.difference, row.ci95),
        scores=said.both(*scores),
        rope=said.exact(rope),
        size=SIZES[question.against.claim.by].format(rope=said.exact(rope)) if rope else "",
        smallest=detectable_words(question.minimum_detectable_difference, metric),
        known=KNOWN if _leaves_out_zero(row) and row.p_adjusted < SIGNIFICANCE else "",
        others=_others(n_baselines, said, rope),
        why=_why_not_told(row, n_baselines) + _trainings(trainings, row.b),
        failed=_failed(question.chosen.spoken, runs_a),
    )
    one_seed = len(runs_a) == 1 and runs_a[0].folds == 1 and decision != "withheld"
    return f"On {_documents(runs_a)} {text}" + (ONE_SEED if one_seed else "")


def _others(n_baselines: int, said: MetricWords, rope: float) -> str:
    """Return what "equal" says of the baselines that it does not name."""
    if n_baselines == 1:
        return ""
    start = OTHERS[min(n_baselines - 1, 2)].format(n_others=n_baselines - 1)
    return start + AT_MOST_WORSE.format(rope=said.exact(rope))


def _trainings(trainings: Trainings, b: str) -> str:
    """Return what all trainings say alike where together they leave the question open."""
    found = agreement(trainings)
    if found is None:
        return ""
    alike, better = found
    all_n = "Both" if trainings.n == 2 else f"All {trainings.n}"
    return TRAININGS[alike].format(all_n=all_n, better=better, b=b)


def agreement(trainings: Trainings) -> tuple[str, str] | None:
    """Return a key of `TRAININGS` and the direction in which all lie; None where they do not, or for one."""
    for word, some, clear in (
        ("better", trainings.better, trainings.clearly_better),
        ("worse", trainings.worse, trainings.clearly_worse),
    ):
        if trainings.n > 1 and some == trainings.n:
            return ("each beyond chance" if clear == trainings.n else "same direction"), word
    return None


def _failed(spoken: str, runs: Sequence[PooledRun]) -> str:
    """Return what did not train of a network of which at least one fit did not."""
    n_fits = sum(run.folds for run in runs)
    return f"at least one of the {n_fits} fits of {spoken}" if n_fits > 1 else spoken


def _documents(runs: Sequence[PooledRun]) -> str:
    n_docs = len(runs[0].predictions.documents)
    if runs[0].folds > 1:
        return f"these {n_docs:,} documents, each tested once,"
    return "this one test document" if n_docs == 1 else f"these {n_docs:,} test documents"


def _why_not_told(row: Comparison, n_baselines: int) -> str:
    """Return what the correction changed; empty where the interval alone leaves the question open."""
    if not _leaves_out_zero(row):
        return ""
    return (
        f" Corrected for the {n_baselines} baselines the p-value is"
        f" {row.p_adjusted:.2f}, not below {SIGNIFICANCE:.2f}."
    )


def _leaves_out_zero(row: Comparison) -> bool:
    low, high = row.ci95
    return bool(low > 0 or high < 0)
