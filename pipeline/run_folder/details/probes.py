"""Rows of details/probes.json: what each probe found in a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar, TypeVar, cast

from pipeline.run_folder.metrics.rows import (
    Amount,
    Count,
    Counts,
    Detail,
    Free,
    Interval,
    Number,
    Reading,
    Share,
    Texts,
    value_as,
)

T = TypeVar("T")
ByNetwork = Sequence[tuple[str, T]]  # what one probe found, with the name of each network
Numbers = tuple[Number, ...]


@dataclass(frozen=True, kw_only=True)
class Silent(Detail):
    """A probe that had nothing to measure, and why."""

    question: str = ""
    nothing: str


@dataclass(frozen=True, kw_only=True)
class Found(Detail):
    """What every probe says beside its own numbers; `question`, `controls` and `cannot_show` stand in its module."""

    question: str = ""
    reading: str = ""
    controls: str = ""
    cannot_show: str = ""
    summary: Free = field(default_factory=dict)


@dataclass(frozen=True)
class Quartiles(Detail):
    """Median and quartiles over documents, at each of some distances."""

    median: Numbers
    lower_quartile: Numbers
    upper_quartile: Numbers


@dataclass(frozen=True, kw_only=True)
class Profile(Quartiles):
    """How large gradients are by distance from the end."""

    distance: Counts
    looked_back: Count
    falls_after: Count | None
    low_between: tuple[Count, Count] | None = None
    tokens_per_e: Number
    fit_r2: Number
    documents_longer: Share | None
    vanished: Number
    exploded: Number


@dataclass(frozen=True)
class Clipped(Detail):
    """Share of training steps whose gradients were shortened."""

    first_epoch: Share
    all_epochs: Share


@dataclass(frozen=True, kw_only=True)
class Gradients(Found):
    """How far back the gradient reaches."""

    documents: Count
    without_gradient: Count
    trained: Profile
    untrained: Profile | None
    clipped: Clipped | None
    clip_norm: Number


@dataclass(frozen=True)
class Recurrence(Detail):
    """What bounds the Jacobians of a plain network."""

    spectral_radius: Number
    largest_singular_value: Number
    mean_slope: Number
    largest_slope: Number
    must_vanish: bool
    must_vanish_here: bool


@dataclass(frozen=True, kw_only=True)
class Jacobians(Found, Quartiles):
    """How far an earlier state moves the last one."""

    documents: Count
    direction: str | None
    lag: Counts
    logits: Quartiles | None = None
    recurrence: Recurrence | None


@dataclass(frozen=True)
class HeldFor(Detail):
    """Share of units that hold for more than so many tokens."""

    tokens: Count
    units: Share


@dataclass(frozen=True, kw_only=True)
class TimeConstants(Found):
    """For how many tokens units hold."""

    gate: str
    tokens: Numbers
    held_for: tuple[HeldFor, ...]
    median_length: Number


@dataclass(frozen=True)
class ReadDocument(Detail):
    """States and answer of a network, word by word."""

    rule: str
    tokens: Count
    words: Texts
    predicted: Texts
    probability: tuple[float, ...]
    of_answer: tuple[float, ...]
    states: tuple[tuple[float, ...], ...]
    holding_gate: str | None
    holding: tuple[tuple[float, ...], ...]
    gates: dict[str, tuple[float, ...]]
    record: Count
    label: str


@dataclass(frozen=True, kw_only=True)
class States(Found):
    """What states and answer do as the network reads."""

    units: Counts
    direction: str | None
    documents: tuple[ReadDocument, ...]


@dataclass(frozen=True)
class HorizonPoint(Detail):
    """Scores where all but the last `k` tokens are changed."""

    k: Count
    accuracy: Share
    difference: float
    ci95: Interval
    log_loss: Number
    loss_difference: Number
    loss_ci95: Interval | None
    longer: Share


@dataclass(frozen=True)
class HorizonChange(Detail):
    """One way in which all but the last tokens are changed."""

    points: tuple[HorizonPoint, ...]
    enough: Count | None
    by_figures: Count | None


@dataclass(frozen=True, kw_only=True)
class MemoryHorizon(Found):
    """How many tokens from the end the network uses."""

    documents: Count
    longest: Count
    majority: Share
    accuracy: Share
    log_loss: Number = None
    above_majority: bool
    rope: Amount
    resolution: Number = None
    last: str = ""
    changes: dict[str, HorizonChange]


@dataclass(frozen=True)
class ShuffleScore(Detail):
    """Scores of one shuffle of the words."""

    accuracy: Share
    log_loss: Number


@dataclass(frozen=True, kw_only=True)
class WordOrder(Found):
    """How much of what the network knows is in the order of the words."""

    documents: Count
    majority: Share
    accuracy: Share
    log_loss: Number
    shuffled: tuple[ShuffleScore, ...]
    shuffled_accuracy: Share
    shuffled_log_loss: Number
    difference: float
    ci95: Interval
    share: Number
    share_ci95: Interval | None
    shares: Numbers = ()
    rope: Amount = 0.0
    order: str


@dataclass(frozen=True)
class NeedlePoint(Detail):
    """How often a network finds the decisive word `k` tokens from the end."""

    k: Count
    accuracy: Share
    ci95: Interval
    seeds: tuple[Share, ...]


@dataclass(frozen=True)
class NeedleNetwork(Detail):
    """A network that was trained to find one word."""

    name: str
    learning_rate: float
    validation_loss: Numbers
    points: tuple[NeedlePoint, ...]
    reach: Count | None
    seconds: Amount


@dataclass(frozen=True, kw_only=True)
class Needle(Found):
    """From how far back one word that decides can be brought."""

    length: Count
    neutral_words: Texts
    training_documents: Count
    validation_documents: Count
    test_documents: Count
    epochs: Count
    steps: Count
    rates: tuple[float, ...]
    seeds: Count
    chance: Share
    networks: tuple[NeedleNetwork, ...]


@dataclass(frozen=True)
class BiasRow(Detail):
    """What a first bias of the forget gates comes to."""

    bias: float
    validation_accuracy: Number
    accuracy: Share
    seeds: tuple[Share, ...]
    difference: Number
    ci95: Interval | None
    untrained: Count
    start_gate: Number
    gate: Number
    start: Number
    time_constant: Number


@dataclass(frozen=True, kw_only=True)
class ForgetBias(Found):
    """What the first bias of the forget gates changes."""

    seeds: Count
    train_documents: Count
    test_documents: Count
    gate_documents: Count
    biases: tuple[BiasRow, ...]
    own: float
    seconds: Amount


@dataclass(frozen=True, kw_only=True)
class Probes(Detail):
    """The probes of a network, by name; None: it was not asked."""

    __pydantic_config__: ClassVar[Reading] = Detail.__pydantic_config__ | {
        "alias_generator": lambda name: name.replace("_", "-"),
        "extra": "allow",  # a probe that has no type of its own here: see `ProbedNetwork.found`
    }

    gradients: Gradients | Silent | None = None
    jacobians: Jacobians | Silent | None = None
    time_constants: TimeConstants | Silent | None = None
    states: States | Silent | None = None
    memory_horizon: MemoryHorizon | Silent | None = None
    word_order: WordOrder | Silent | None = None
    needle: Needle | Silent | None = None
    forget_bias: ForgetBias | Silent | None = None


@dataclass(frozen=True)
class ProbedNetwork(Detail):
    """What the probes found in a network: an entry of details/probes.json."""

    name: str
    trained: bool
    probes: Probes
    model: str | None = None
    head: str | None = None
    why_not: str | None = None
    test_documents: Count | None = None

    @property
    def found(self) -> dict[str, Found | Silent]:
        """What was found, by the probe's name; of one without a type of its own what every probe says."""
        known = cast("dict[str, Found | Silent | None]", self.probes.as_json)
        names = {field.name for field in fields(self.probes)}
        more = {name: one for name, one in vars(self.probes).items() if name not in names}
        found = {name: one for name, one in known.items() if one is not None}
        for name, one in more.items():
            found[name] = value_as(Silent, one) if "nothing" in one else value_as(Found, one)
        return found
