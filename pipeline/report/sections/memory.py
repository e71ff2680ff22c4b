"""Five pictures of what a network remembers: what is seen, the words of the notes, and all that was measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.core.clean import cell_text, clip
from pipeline.core.names import ModelName
from pipeline.core.wording import called
from pipeline.report.page.blocks import Block, Chart, Fold, Limits, Paragraph, Points, Strip, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.figures import BandLine, BandPoint, Bands, Mark
from pipeline.report.page.stories import (
    Fade,
    FadeRow,
    Notes,
    Reader,
    ReadWord,
    Slope,
    SlopeLine,
    UnitDots,
)
from pipeline.report.sections.probes import FIRST_PICTURE, in_common, of_probe
from pipeline.report.words import memory as words
from pipeline.run_folder.details.probes import (
    Found,
    Gradients,
    MemoryHorizon,
    ReadDocument,
    States,
    TimeConstants,
    WordOrder,
)
from pipeline.run_folder.reading import Run

F = TypeVar("F", bound=Found)

LEARN = "../../docs/learn/"  # from a run's folder in reports/
SHOWN_WORDS = 20
WORD = 14
NAMED = 3  # answers with a colour
NETWORKS = 4  # in a picture
STRIPES = 100
LEAST = 1e-3  # of the largest correction: paler is nothing
COLUMNS = 40  # of units
ROOM_FOR_LAST = 0.8  # of the axis of units: a number beyond would stand in that of its end
ROOM = 0.13  # of the height, for a label


def reading(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the picture of a network that reads a document word by word."""
    found = measured(run, "states", States)
    told = [(name, one) for name, result in found for one in result.documents if len(one.words) > 1]
    if not told:
        return all_of(run, limits, "states")
    name, one = min(told, key=_restless)
    first, last = _window(one)
    shown = slice(first, last)
    title, said = words.reading(_called(run)(name), one.words[shown], one.predicted[shown])
    links = Notes((("forward pass and hidden state: chapter 4", f"{LEARN}04-forward.md"),))
    return (Seen(title, said), _reader(one, shown, said), links, *all_of(run, limits, "states"))


def reach(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the picture of how far back learning reaches: the gradient by distance from the end."""
    found = measured(run, "gradients", Gradients)
    if not found:
        return all_of(run, limits, "gradients", "jacobians")
    call = _called(run)
    title, said = words.reach(found, call, [ModelName.parse(row.name).asked for row in run.metrics.summary])
    rows = tuple(_fade(call(name), one) for name, one in found[:NETWORKS])
    note = "One stripe is one word; the fuller, the more of the largest correction it gets, down to a thousandth."
    links = Notes(
        (
            ("vanishing gradient: chapter 7", f"{LEARN}07-vanishing-and-exploding.md"),
            ("Jacobian ∂h/∂h: chapter 6", f"{LEARN}06-jacobians.md"),
        )
    )
    return (Seen(title, said), Fade(said, rows, note), links, *all_of(run, limits, "gradients", "jacobians"))


def needed(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the picture of how much text is needed: right answers by the number of last words."""
    found = [pair for pair in measured(run, "memory-horizon", MemoryHorizon) if pair[1].above_majority]
    if not found:
        return all_of(run, limits, "memory-horizon", "needle")
    call, (name, best) = _called(run), _best(run, found)
    title, said = words.needed(call(name), best)
    lines = tuple(
        BandLine(
            call(one),
            tuple(BandPoint(p.k, p.accuracy, None, None) for p in result.changes["dropped"].points if p.k),
        )
        for one, result in found[:NETWORKS]
        if "dropped" in result.changes
    )
    marks = (Mark("most frequent class", best.majority, right=True),)
    figure = Bands(lines, "last words that are left", "right of 100", marks=marks)
    links = Notes((("why recurrence: chapter 2", f"{LEARN}02-recurrence.md"),))
    chart = Chart("Right answers, when only the last words are left", "", figure)
    return (Seen(title, said), chart, links, *all_of(run, limits, "memory-horizon", "needle"))


def order(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the picture of what is left when words are shuffled."""
    found = measured(run, "word-order", WordOrder)
    if not found:
        return all_of(run, limits, "word-order")
    call, (name, best) = _called(run), _best(run, found)
    title, said = words.order(call(name), best)
    lines = _slope_lines([(call(one), result) for one, result in found[:NETWORKS]])
    picture = Slope(said, ("words in order", "words shuffled"), lines, best.majority, "always one class")
    links = Notes((("what order is to a network: chapter 3", f"{LEARN}03-four-shapes.md"),))
    return (Seen(title, said), picture, links, *all_of(run, limits, "word-order"))


def units(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the picture of how long the units of a network with gates hold."""
    found = measured(run, "time-constants", TimeConstants)
    if not found:
        return all_of(run, limits, "time-constants", "forget-bias")
    name, best = _best(run, found)
    title, said = words.units(_called(run)(name), best)
    links = Notes((("gates and cell state: chapter 9", f"{LEARN}09-lstm.md"),))
    rest = all_of(run, limits, "time-constants", "forget-bias")
    return (Seen(title, said), _unit_dots(best, said), links, *rest)


# --- what every picture needs


def measured(run: Run, probe: str, kind: type[F]) -> list[tuple[str, F]]:
    """Return what a probe found in each network, by the network's name."""
    found = [(entry.name, entry.found[probe]) for entry in run.details.probes if probe in entry.found]
    return [(name, one) for name, one in found if isinstance(one, kind)]


def all_of(run: Run, limits: Limits, *probes: str) -> tuple[Block, ...]:
    """Return all that some probes say, shut: every number, what the measurement controls and what it cannot show."""
    blocks = [block for probe in probes for block in of_probe(probe, run, limits)]
    if blocks and FIRST_PICTURE in probes:
        blocks = [*in_common(run), *blocks]
    inner = tuple(
        replace(block, fold=False) if isinstance(block, Table) else block
        for block in blocks
        if isinstance(block, Table | Chart | Paragraph | Points | Strip)
    )
    return (Fold("All that was measured, and what this cannot show", inner),) if inner else ()


def _called(run: Run) -> Callable[[str], str]:
    short = called(row.name for row in run.metrics.summary)
    return lambda name: short.get(name, name) if name in short else name


def _best(run: Run, found: Sequence[tuple[str, F]]) -> tuple[str, F]:
    """Return the network that is right most often."""
    accuracies = dict.fromkeys((name for name, _ in found), 0.0)
    accuracies |= {row.name: row.accuracy for row in run.metrics.summary}
    return max(found, key=lambda pair: accuracies[pair[0]])


# --- 1: reads word by word


def _restless(told: tuple[str, ReadDocument]) -> tuple[bool, int]:
    """Return what orders documents: those whose answer changes first, and of them the ones that change least."""
    changes = sum(one != two for one, two in zip(told[1].predicted, told[1].predicted[1:], strict=False))
    return not changes, changes


def _window(one: ReadDocument) -> tuple[int, int]:
    """Return which words are shown: so many that end a little after the last change."""
    changes = [
        place for place in range(1, len(one.words)) if one.predicted[place] != one.predicted[place - 1]
    ]
    last = min(len(one.words), (changes[-1] if changes else len(one.words)) + 5)
    return max(0, last - SHOWN_WORDS), max(last, min(SHOWN_WORDS, len(one.words)))


def _reader(one: ReadDocument, shown: slice, said: str) -> Reader:
    answers = list(dict(Counter(one.predicted[shown]).most_common(NAMED)))
    words_shown = tuple(
        ReadWord(
            clip(cell_text(word), WORD),
            answers.index(answer) + 1 if answer in answers else 0,
            share,
            tuple((unit[place] + 1) / 2 for unit in one.states[:4]),
        )
        for place, (word, answer, share) in enumerate(
            zip(one.words, one.predicted, one.probability, strict=False)
        )
        if shown.start <= place < shown.stop
    )
    return Reader(said, words_shown, tuple(cell_text(answer) for answer in answers))


# --- 2: how far back learning reaches


def _fade(name: str, result: Gradients) -> FadeRow:
    """Return a stripe for each word before the end, as dark as its part of the largest correction on a log scale."""
    norms = dict(zip(result.trained.distance, result.trained.median, strict=True))
    longest = min(max(norms, default=0) + 1, STRIPES)
    known = [distance for distance in norms if norms[distance] is not None]
    nearest = [max((d for d in known if d <= place), default=None) for place in range(longest)]
    shades = tuple(0.0 if near is None else _shade(norms[near] or 0.0) for near in nearest)
    falls = result.trained.falls_after
    return FadeRow(name, shades, falls if falls is not None and falls < longest else None)


def _shade(norm: float) -> float:
    return 0.0 if norm <= LEAST else min(1.0, 1 - math.log10(norm) / math.log10(LEAST))


# --- 4: order


def _slope_lines(found: Sequence[tuple[str, WordOrder]]) -> tuple[SlopeLine, ...]:
    """Return a line a network, its labels far enough from each other to be read."""
    before = _apart([one.accuracy for _, one in found])
    after = _apart([one.shuffled_accuracy for _, one in found])
    return tuple(
        SlopeLine(name, one.accuracy, one.shuffled_accuracy, *labels)
        for (name, one), *labels in zip(found, before, after, strict=True)
    )


def _apart(values: Sequence[float]) -> list[float]:
    """Return where the labels of some heights stand: each at its own, or below the one above it.

    >>> [round(place, 2) for place in _apart([0.95, 0.97, 0.6])]
    [0.84, 0.97, 0.6]
    """
    places: dict[int, float] = {}
    last = math.inf
    for number in sorted(range(len(values)), key=lambda one: -values[one]):
        last = places[number] = min(values[number], last - ROOM)
    return [places[number] for number in range(len(values))]


# --- 5: how long units hold


def _unit_dots(result: TimeConstants, said: str) -> UnitDots:
    held = [max(one, 1.0) for one in result.tokens if one is not None]
    top = max([*held, result.median_length or 1.0, 10.0])
    place = lambda tokens: math.log(tokens) / math.log(top)  # noqa: E731
    columns = Counter(round(place(one) * COLUMNS) for one in held)
    marks = [
        (place(one), f"{one:,}")
        for one in (1, 3, 10, 30, 100, 300, 1_000, 3_000)
        if one < top and place(one) < ROOM_FOR_LAST
    ]
    marks.append((1.0, f"{top:,.0f} words"))
    return UnitDots(said, tuple((number / COLUMNS, n) for number, n in sorted(columns.items())), tuple(marks))
