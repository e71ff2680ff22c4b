"""Rows of metrics.json about which model is better: pairs of models, the verdict, where a difference comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from pipeline.core.wording import Metric
from pipeline.run_folder.metrics.rows import (
    Amount,
    By,
    Count,
    Counts,
    Decision,
    Difference,
    DifferenceInterval,
    Interval,
    OneOrMore,
    Row,
    Sha256,
    Share,
    Texts,
)

Family = Literal["verdict", "side"]
EffectName = Literal["pretraining", "fine-tuning"]
Method = Literal["documents", "documents and seeds", "folds"]
Verb = Literal["Use", "Use .. if", "Start with", "Do not choose yet"]


@dataclass(frozen=True)
class McNemar(Row):
    """McNemar's exact test of one seed's predictions."""

    seed: Count
    only_a: Count
    only_b: Count
    p_value: Share


@dataclass(frozen=True)
class Comparison(Row):
    """`comparisons`: one entry a pair."""

    a: str
    """the two models"""
    b: str
    metric: Metric
    """that of the run, `run.metric`: `accuracy`, `macro-f1`, `balanced-accuracy` or `log-loss`"""
    family: Family
    """`verdict` or `side`: the comparisons that `p_adjusted` counts"""
    difference: float
    """a minus b, on the same test documents; of log loss b minus a, in nats, so that a is better wherever it is
    positive"""
    ci95: Interval
    """its 95 % interval"""
    p_value: Share
    """the p-value, and the same adjusted for the number of comparisons of its family (Holm): the baselines of the
    verdict, or all side questions"""
    p_adjusted: Share
    decision: Decision
    """said of a: `equal` where `ci95` lies within the region of practical equivalence (corrected for nothing); else
    `beats` or `loses` where `ci95` leaves out 0 and `p_adjusted` is below 0.05; else `cannot tell`. `withheld` where a
    fit of one of the two did not train. Where the verdict is `beats`, its rows are so by `p_value`
    ([why](../decisions/0018-one-question-against-every-baseline.md))"""
    by: By | None
    """where it beats or loses: `more than the rope` where the whole of `ci95` lies beyond the region, else `perhaps
    less`; `null` elsewhere"""
    minimum_detectable_difference: Amount | None
    """as in `verdict`"""
    seeds: Counts
    """the seeds of the model that has more of them; the seeds of two models are not paired"""
    method: Method
    """which chance the interval holds: `documents` (one seed), `documents and seeds`, or `folds`"""
    mcnemar: McNemar | None
    """McNemar's exact test of one `seed`'s predictions: documents that `only_a` and `only_b` have right, `p_value`, not
    corrected. `null` with folds. It decides nothing"""


@dataclass(frozen=True)
class Trainings(Row):
    """How many of a network's trainings, each alone, are better or worse than a baseline.

    `clearly_better` and `clearly_worse` are those whose own test, of the chance of documents, is below 5 %.
    """

    n: Count
    better: Count
    worse: Count
    clearly_better: Count
    clearly_worse: Count


@dataclass(frozen=True)
class Beside(Row):
    """The verdict's two models by a metric that does not decide."""

    metric: Metric
    a: float
    b: float
    difference: float
    ci95: Interval


@dataclass(frozen=True)
class Verdict(Row):
    """`verdict`: the best network against every baseline."""

    a: str | None
    """the network of the highest mean validation score by `run.metric`; of those within one standard error of it the
    one of the lowest validation loss. With folds each fold chooses by its own validation documents; where they choose
    different ones, `a` says how many chose which (`lstm@word2vec in 3 folds, rnn@word2vec in 2`), and what is compared
    is each fold's choice"""
    b: str | None
    """the baseline that decides: for `beats` and `cannot tell` the one that it does worst against (of those that leave
    it open), for `loses` the one that it loses to most surely, for `equal` the nearest of those within the region"""
    decision: Decision | None
    """`beats`: better than every baseline. `loses`: worse than one. `equal`: at most the region worse than each, and
    equal to one. `cannot tell`, `withheld`; `null` when there was no network or no baseline"""
    by: By | None
    """as in `comparisons`; for `beats` it holds against every baseline"""
    sentence: str
    """the answer"""
    rope: Amount
    """region of practical equivalence, in units of the metric: differences up to this size count as equal"""
    minimum_detectable_difference: Amount | None
    """with as many documents and seeds, a true difference of this size would be found four times out of five (80 %
    power, plain 5 % level) against the baseline where that takes the largest. Smaller ones are found too, less often; a
    value above 1 is none that a share can have. Of log loss it is in nats. `null` where fewer than ten documents tell
    the two apart: the exact test decides there"""
    metric: Metric
    """what decides"""
    against: tuple[Comparison, ...]
    """the row of `comparisons` of every baseline"""
    trainings: Trainings | None
    """how many of the trainings of `a`, each alone, are `better` or `worse` than `b`, and how many `clearly_better` or
    `clearly_worse`, by a test of the chance of documents at 5 %; `n` in all. `null` without a decision"""
    beside: tuple[Beside, ...]
    """where the largest class holds more than 60 % of the documents: accuracy and macro F1, whichever does not decide,
    with `metric`, the scores `a` and `b`, `difference` and `ci95`"""

    def __str__(self) -> str:
        """Return the answer."""
        return self.sentence


@dataclass(frozen=True)
class NextStep(Row):
    """One thing to try next."""

    command: str
    minutes: Amount | None
    because: str

    def __str__(self) -> str:
        return f"{self.because} {self.command}"


@dataclass(frozen=True)
class Advice(Row):
    """`advice`: what to do meanwhile, by one rule from decisions, costs and sizes."""

    verb: Verb
    """`Use` where the verdict says so (`Use .. if` where the better model is perhaps better by less than the region),
    `Start with` where it cannot be told, `Do not choose yet` where not even a difference of 10 in 100 would more often
    be seen than missed, or a training failed"""
    model: str | None
    """which one: the network that is better, the baseline that is not worse, the cheaper of two that are equal, else
    the cheapest that no other one was shown to beat (by `train_seconds`; of those within a second of it the smallest).
    It is what `predict` takes unless told; `null` where none is advised"""
    because: str
    """why, in a sentence"""
    next: tuple[NextStep, ...]
    """what to try next, likeliest first, three at most: `command` (that of this run with other options; the options
    alone where it was no command), `minutes` (by what the trainings of this run took; `null` where nothing was
    measured), `because` (the fact of this run that speaks for it, in a sentence)"""


@dataclass(frozen=True)
class SeedsStep(Row):
    """The seeds' share of the variance of a difference, after so many seeds of the network."""

    seeds: OneOrMore
    against: str
    share: Share


@dataclass(frozen=True)
class Seeds(Row):
    """`seeds`: how often the network of the verdict was trained, and why not more often."""

    asked: Literal["auto"] | Annotated[int, Ge(1)]
    """`auto` or a number"""
    first: OneOrMore
    """trainings of each network on each fold; trainings of the network of the verdict at most"""
    most: OneOrMore
    network: str | None
    """the network of the verdict; `null` where nothing was compared"""
    steps: tuple[SeedsStep, ...]
    """after the first seeds and after each one that was added: `seeds` (how many), `share` (of the variance of the
    network's difference from a baseline, the part that is the chance of seeds), `against` (the baseline against which
    it is largest)"""
    why: str
    """why no more were trained: `the seeds' share of the variance is 0.31 after 3`, `bound of 6 reached; ..`, `a
    training of it failed`, `the run was stopped; ..`, `5 asked for`, `nothing was compared`, `folds chose different
    networks`"""


@dataclass(frozen=True)
class Breach(Row):
    """One thing that a run did otherwise than its protocol says."""

    what: str
    run: str
    protocol: str

    def __str__(self) -> str:
        return f"{self.what}: {self.run} in this run, {self.protocol} in the protocol"


@dataclass(frozen=True)
class Protocol(Row):
    """`protocol`: what was laid down before the run, and whether it did so."""

    file: str
    """the file as it was named; `written` by this run before anything was fitted, or `followed`"""
    use: Literal["written", "followed"]
    sha256: Sha256
    """of its content, whether TOML or JSON; when it was written, UTC; what was asked"""
    written: str
    question: str
    kept: bool
    """whether the run did what it says"""
    breaches: tuple[Breach, ...]
    """each difference: `what` (`models`, `networks.units`, `test_documents`, `hash`, `embedseq`, `end` ..), its value
    in the `run` and in the `protocol`"""


@dataclass(frozen=True)
class Effect(Row):
    """What one change of a network's embedding source does, with the comparison that it is read from."""

    effect: EffectName
    a: str
    b: str
    difference: float
    ci95: Interval
    p_adjusted: Share
    decision: Decision
    by: By | None
    minimum_detectable_difference: Amount | None


@dataclass(frozen=True)
class Gains(Row):
    """`gains`: one entry a network on several sources."""

    model: str
    """the network, with its head"""
    effects: tuple[Effect, ...]
    """for each `effect` (`pretraining`: trained vectors against random ones or against their own rows shuffled;
    `fine-tuning`: tuned vectors against the same frozen, or `learned` against `random`) the comparison it is read from:
    `a`, `b`, `difference`, `ci95`, `p_adjusted`, `decision`, `by`, `minimum_detectable_difference`"""


@dataclass(frozen=True)
class LengthThird(Row):
    """A difference on a third of the test documents, by their length."""

    tokens: Counts
    documents: Count
    difference: float
    ci95: Interval


@dataclass(frozen=True)
class Cause(Row):
    """`causes`: one entry a pair of models that differ in one thing."""

    cause: str
    """`representation` (`mean` minus `tfidf`, the same classifier), `pretraining` and `fine-tuning` (the pairs of
    `gains`), `capacity` (`ann` minus `mean`), `order` (a network minus itself on shuffled words), `gates` (`lstm` or
    `gru` minus `rnn`), `last state against pooled` (such as `lstm:max` minus `lstm`)"""
    a: str | None
    """the two models; `null` where no pair of the run shows the cause"""
    b: str | None
    difference: float | None
    """of the row of `comparisons`; `decision` is `withheld` where one of the two did not train"""
    ci95: Interval | None
    p_adjusted: Share | None
    decision: Decision | None
    by: By | None
    minimum_detectable_difference: Amount | None
    sentence: str
    """the same in plain words, or the arguments that would show the cause"""
    by_length: tuple[LengthThird, ...] | None
    """for `gates`, thirds of the test documents by length: `tokens` (from, to), `documents`, `difference`, `ci95` (not
    corrected for their number); else `null`"""


@dataclass(frozen=True)
class SizeDifference(Row):
    """Accuracy of `a` minus that of `b` of a learning curve's crossing, at one size."""

    documents: Count
    difference: Difference
    ci95: DifferenceInterval
    draws: OneOrMore
    p_adjusted: Share
    ahead: str | None
    untrained: Texts


@dataclass(frozen=True)
class LeadChange(Row):
    """Between which two sizes the lead changes."""

    from_: Count
    to: Count
    before: str
    after: str


@dataclass(frozen=True)
class Crossing(Row):
    """Where the learning curves of the best network and the best baseline cross."""

    a: str | None
    b: str | None
    differences: tuple[SizeDifference, ...]
    changes: tuple[LeadChange, ...]
    sentence: str
