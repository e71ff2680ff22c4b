"""Which models a run fits: names from the command line to entries of the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pipeline.core.errors import PipelineError
from pipeline.core.models import MODELS
from pipeline.core.names import AskedSource, ModelName, SourceName, parse_network
from pipeline.core.tasks import TASKS
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.table import parse_source, parse_sources
from pipeline.models.table import PlannedModel
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import NetworkSettings, RunSettings

# What `--embeddings auto` stands for, by the mean number of tokens of a training document: the first row whose bound
# is above it (docs/decisions/0025).
OWN_SOURCES = ((50.0, "word2vec:tuned"), (math.inf, "word2vec"))


def own_source(mean_tokens: float) -> str:
    """Return the embedding source of a run that asks for none, by the tokens of its training documents.

    Short documents leave few tokens to train word vectors on, and a network that reads few tokens of each trains
    them on within its own budget; in long ones the vectors are good, and training them costs more than it brings.

    >>> own_source(10.2), own_source(230.0)
    ('word2vec:tuned', 'word2vec')
    """
    return next(source for bound, source in OWN_SOURCES if mean_tokens < bound)


def plan_models(
    models: tuple[str, ...], sources: tuple[str, ...], task: str = "classify"
) -> tuple[PlannedModel, ...]:
    """Return every model of the run: baselines first, then those that read vectors, crossed with the sources.

    `mean` is crossed with the frozen sources alone, since it changes no vectors (see `left_out`); where there is
    none, with the vectors as they are before a network tunes them. "auto" is planned as its last row: which source
    it is, `own_source` says once the documents are read.

    Raises
    ------
    PipelineError
        If a model, head, source or mode is unknown, a source's package is not installed, two sources would
        have one name, or a model that reads vectors is asked for without a source that it can read.

    >>> [planned.name for planned in plan_models(("lstm", "bow"), ("word2vec", "learned"))]
    ['bow', 'lstm@word2vec', 'lstm@learned']
    """
    asked = parse_sources(_without_auto(sources))
    frozen = [source for source in asked if not source.tuned] or _before_tuning(asked)
    baselines = [_baseline(model) for model in models if _reads_words(model)]
    crossed = [
        _crossed(model, source, task)
        for model in models
        if not _reads_words(model)
        for source in (frozen if _averages(model) else asked)
    ]
    for model in models:
        if _reads_words(model) or any(planned.model == model for planned in crossed):
            continue
        if not sources:
            noun = "a model of averaged vectors" if _averages(model) else "a network"
            raise PipelineError(
                "source-does-not-suit", "--embeddings", f"{noun} needs an embedding source", "add word2vec"
            )
        if _averages(model):
            tuned = ", ".join(source.name for source in asked)
            what = f'"{model}" reads vectors that no network changes, and these are tuned: {tuned}'
            raise PipelineError(
                "source-does-not-suit", "--embeddings", what, "add a frozen source, such as word2vec"
            )
    _check_twins(crossed)
    return tuple(dict.fromkeys(baselines + crossed))


def _without_auto(sources: tuple[str, ...]) -> tuple[str, ...]:
    if AUTO not in sources:
        return sources
    if len(sources) > 1:
        fix = "give auto alone, or name every source"
        raise PipelineError(
            "source-not-understood", "--embeddings", f'"{AUTO}" stands beside other sources', fix
        )
    return (OWN_SOURCES[-1][1],)


def _before_tuning(asked: list[AskedSource]) -> list[AskedSource]:
    """Return the first source as it is before a network tunes it; none where it starts random."""
    for source in asked[:1]:
        stem, _, mode = source.asked.rpartition(":")
        if mode == source.training:
            return [parse_source(stem)]
    return []


def left_out(models: tuple[str, ...], sources: tuple[str, ...]) -> list[Warned]:
    """Return, as sentences, the models that were asked for and cannot read a source that others do.

    A source that they read as it is before a network tunes it is none of these.
    """
    asked = parse_sources(_without_auto(sources))
    read_before = 0 if any(not source.tuned for source in asked) else len(_before_tuning(asked))
    return [
        warning(
            "model-left-out",
            f"{model}@{source.name} is left out: {model} reads vectors that no network changes",
        )
        for model in models
        if _averages(model)
        for source in asked[read_before:]
        if source.tuned
    ]


def _reads_words(model: str) -> bool:
    return model in MODELS and not MODELS[model].reads_vectors


def _averages(model: str) -> bool:
    return model in MODELS and MODELS[model].family == "vectors"


def _check_twins(networks: list[PlannedModel]) -> None:
    """Refuse two names of one network, such as `rnn` and `rnn:last`: it would be trained and compared twice."""
    names: dict[tuple[str | bool | None, ...], str] = {}
    for one in networks:
        kind = (one.model, one.head, one.source, one.shuffled_words)
        other = names.setdefault(kind, one.name)
        if other != one.name:
            raise PipelineError(
                "named-twice", "--models", f'"{other}" and "{one.name}" are one network', "leave one out"
            )


def check_settings(planned: Iterable[PlannedModel], settings: NetworkSettings) -> None:
    """Refuse settings of networks that make two models one, such as the head `max` where `lstm:max` is there too.

    Raises
    ------
    PipelineError
        It would be trained and compared twice.
    """
    names: dict[tuple[object, ...], str] = {}
    for one in planned:
        if not one.seeded or one.asked_source is None:
            continue
        source = parse_source(one.asked_source)
        own = SourceName.parse(source.name)
        named = own.training == source.training or own.learns
        vectors = source.training if named or settings.vectors == "own" else settings.vectors
        read = source.parts, source.letters, source.shuffled, vectors, one.shuffled_words
        kind = (one.model, head_of(one, settings), *read)
        other = names.setdefault(kind, one.name)
        if other != one.name:
            keys = {"networks.head": settings.head, "networks.vectors": settings.vectors}
            set_to = " and ".join(f"{key} {value}" for key, value in keys.items() if value != "own")
            what = f'"{other}" and "{one.name}" are one network with {set_to}'
            raise PipelineError("named-twice", "--models", what, "leave one out, or the setting")


def head_of(planned: PlannedModel, settings: NetworkSettings) -> str:
    """Return the head that the model's name says; where it says none that of the settings, else the model's own."""
    named = ModelName.parse(planned.name).head
    return (planned.head or "") if settings.head == "own" or named or not planned.head else settings.head


def unused_sources(planned: tuple[PlannedModel, ...], sources: tuple[str, ...]) -> list[Warned]:
    """Return, as sentences, the sources that no model reads; the default, which nobody asked for, is none of these."""
    if sources == RunSettings().embeddings:
        return []
    return [
        warning(
            "source-not-used", f"embedding source {source} was asked for, but no model of this run reads it"
        )
        for source in sources
        if all(model.asked_source != source for model in planned)
    ]


def _baseline(name: str) -> PlannedModel:
    return PlannedModel(name, _kind_of_linear(name), name)


def _kind_of_linear(name: str) -> str:
    return "control" if MODELS[name].control else "baseline"


def _crossed(asked: str, source: AskedSource, task: str) -> PlannedModel:
    """Return a model that reads a source's vectors."""
    if not _averages(asked):
        return _network(asked, source, task)
    name = f"{asked}@{source.name}"
    return PlannedModel(name, _kind_of_linear(asked), asked, None, source.name, source.asked)


def _network(asked: str, source: AskedSource, task: str) -> PlannedModel:
    network = parse_network(asked)
    model = network.model
    own, possible = MODELS[model].default_head, TASKS[task].heads
    head = network.head or (own if own in possible or not own else possible[0])
    kind = "control" if network.shuffled_words else "network"
    name = f"{asked}@{source.name}"
    return PlannedModel(name, kind, model, head, source.name, source.asked, network.shuffled_words)


def question_of(planned: tuple[PlannedModel, ...], metric: str, rope: float) -> str:
    """Return what a run asks, in a sentence: known before anything is fitted."""
    kinds = kinds_for_verdict(planned)
    networks = ", ".join(name for name, kind in kinds.items() if kind == "network")
    baselines = ", ".join(name for name, kind in kinds.items() if kind == "baseline")
    if not networks or not baselines:
        return f"What do {', '.join(kinds)} reach on the test documents?"
    return (
        f"Is the one of {networks} that validation documents choose better on the test documents, by {metric}, than"
        f" each of {baselines}? Differences of up to {rope:g} count as equal."
    )


def kinds_for_verdict(planned: tuple[PlannedModel, ...]) -> dict[str, str]:
    """Return each model's kind; a network without memory stands for the networks only if it is alone.

    The question is about recurrent networks, so `ann` is a control of the verdict where one of them was run.
    """
    families = {model.name: model.entry.family for model in planned if model.entry is not None}
    recurrent = "recurrent" in families.values()
    return {
        model.name: "control" if families.get(model.name) == "averages" and recurrent else model.kind
        for model in planned
    }
