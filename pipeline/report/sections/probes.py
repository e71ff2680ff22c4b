"""Section on what the trained networks use: one part a probe, drawn from `details/probes.json` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.report.page.blocks import Block, Limits, Nothing, Paragraph, Points
from pipeline.report.page.chart_numbers import with_numbers
from pipeline.report.sections.by_network import PROBES_FILE
from pipeline.report.sections.facts import status_sentence
from pipeline.report.sections.probe_forget_bias import forget_bias
from pipeline.report.sections.probe_gradients import gradients
from pipeline.report.sections.probe_jacobians import jacobians
from pipeline.report.sections.probe_memory_horizon import memory_horizon
from pipeline.report.sections.probe_needle import needle
from pipeline.report.sections.probe_states import states
from pipeline.report.sections.probe_time_constants import time_constants
from pipeline.report.sections.probe_word_order import word_order
from pipeline.run_folder.details.probes import Found, ProbedNetwork, Silent
from pipeline.run_folder.reading import Run

Writer = Callable[..., tuple[Block, ...]]  # of what one probe found, by network; the run; the limits

WHAT_IT_IS = (
    "Measured on the first seed's fit of each network, on test documents that were drawn once for all networks. It"
    " says what a network does with these documents; it decides nothing about which model is better."
)

# Charts and tables of each probe, in the order of the report. All that probes share is written here, and is all that
# stands there of a probe without a line.
WRITERS: dict[str, Writer] = {
    "gradients": gradients,
    "jacobians": jacobians,
    "time-constants": time_constants,
    "states": states,
    "memory-horizon": memory_horizon,
    "word-order": word_order,
    "needle": needle,
    "forget-bias": forget_bias,
}


STORIES = frozenset(WRITERS)  # probes that belong to one of the pictures of `memory`
FIRST_PICTURE = "states"


def probes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what all pictures rest on, and the probes that belong to none of them."""
    entries = list(run.details.probes)
    if not entries:
        return (Nothing(_why_nothing(run)),)
    if not _stands_alone(entries):
        return (Nothing("It stands with the first picture of what the network remembers."),)
    blocks: list[Block] = [*_in_common(entries)]
    return (*blocks, *(block for name in _of_no_picture(entries) for block in of_probe(name, run, limits)))


def in_common(run: Run) -> tuple[Block, ...]:
    """Return what all pictures rest on, for the first of them; nothing where that is a card of its own."""
    entries = list(run.details.probes)
    return () if _stands_alone(entries) else _in_common(entries)


def _in_common(entries: list[ProbedNetwork]) -> tuple[Block, ...]:
    return (Paragraph(WHAT_IT_IS, "muted"), *_untrained(entries), *_silent(entries))


def _stands_alone(entries: list[ProbedNetwork]) -> bool:
    """Return whether there is more to say than fits below the first picture, or there is no such picture."""
    untrained = any(not entry.trained for entry in entries)
    found = (one for entry in entries for name, one in entry.found.items() if name == FIRST_PICTURE)
    pictured = any(isinstance(one, Found) for one in found)
    return untrained or not pictured or bool(_of_no_picture(entries))


def _of_no_picture(entries: list[ProbedNetwork]) -> tuple[str, ...]:
    """Return the probes that belong to none of the pictures."""
    return tuple(dict.fromkeys(name for entry in entries for name in entry.found if name not in STORIES))


def of_probe(name: str, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return all that one probe says of the networks that it was asked about."""
    entries = [entry for entry in run.details.probes if not _same_reason(entry)]
    return tuple(_probe(name, entries, run, limits))


def _why_nothing(run: Run) -> str:
    """Return why a run has no probes."""
    if status := status_sentence(run):
        return status
    if run.metrics.setting("run.probes") is False:
        return "Not asked for: --no-probes."
    if not run.details.histories:
        return "No network was trained: there is no memory to look at."
    return "This run kept no probes: an older version wrote it. Run again to get them."


def _untrained(entries: list[ProbedNetwork]) -> tuple[Block, ...]:
    """Return the networks that did not train: their figures speak of a network that has learned nothing."""
    names = [entry.name for entry in entries if not entry.trained]
    if not names:
        return ()
    text = f"Did not train, so that what follows says little of what the network could remember: {', '.join(names)}."
    return (Points((text,), tone="warning"),)


def _silent(entries: list[ProbedNetwork]) -> tuple[Block, ...]:
    """Return the networks that have nothing to show for one and the same reason, whatever is asked."""
    lines = tuple(f"{entry.name}: {reason}." for entry in entries if (reason := _same_reason(entry)))
    return (Points(lines),) if lines else ()


def _same_reason(entry: ProbedNetwork) -> str:
    """Return the reason why no probe has anything to say of a network; empty where one has, or reasons differ."""
    reasons = {found.nothing if isinstance(found, Silent) else "" for found in entry.found.values()}
    return reasons.pop() if len(reasons) == 1 else ""


def _probe(name: str, entries: list[ProbedNetwork], run: Run, limits: Limits) -> Iterator[Block]:
    """Yield the part of one probe; nothing where no network was asked."""
    asked = [(entry.name, entry.found[name]) for entry in entries if name in entry.found]
    if not asked:
        return
    lines = (
        f"{network}: {found.nothing if isinstance(found, Silent) else found.reading}"
        for network, found in asked
    )
    yield Points(tuple(lines), asked[0][1].question)
    measured = [(network, found) for network, found in asked if isinstance(found, Found)]
    if not measured:
        return
    for block in WRITERS[name](measured, run, limits) if name in WRITERS else ():
        yield from with_numbers(block, limits, PROBES_FILE)
    _, first = measured[0]
    yield Paragraph(f"Controls: {first.controls} Cannot show: {first.cannot_show}", "muted")
