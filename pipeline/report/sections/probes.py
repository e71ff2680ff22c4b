"""Section on what the trained networks use: one part a probe, drawn from `details/probes.json` alone."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.report.page.blocks import Block, Limits, Nothing, Paragraph, Points
from pipeline.report.page.chart_numbers import with_numbers
from pipeline.report.sections.facts import Found, status_sentence
from pipeline.report.sections.probe_forget_bias import forget_bias
from pipeline.report.sections.probe_gradients import gradients
from pipeline.report.sections.probe_jacobians import jacobians
from pipeline.report.sections.probe_memory_horizon import memory_horizon
from pipeline.report.sections.probe_needle import needle
from pipeline.report.sections.probe_states import states
from pipeline.report.sections.probe_time_constants import time_constants
from pipeline.report.sections.probe_word_order import word_order
from pipeline.run_folder.reading import Record, Run

Writer = Callable[[Found, Run, Limits], tuple[Block, ...]]

WHAT_IT_IS = (
    "Measured on the first seed's fit of each network, on test documents that were drawn once for all networks. It"
    " says what a network does with these documents; it decides nothing about which model is better."
)

# Charts and tables of each probe, in the order of the report; all that probes share is written here.
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


def probes(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return, for each probe, its question, a line for each network, charts, and what it cannot show."""
    entries = [_whole(entry) for entry in run.details.probes]
    if not entries:
        return (Nothing(_why_nothing(run)),)
    blocks: list[Block] = [Paragraph(WHAT_IT_IS, "muted"), *_untrained(entries), *_silent(entries)]
    entries = [entry for entry in entries if not _same_reason(entry)]
    for name, writer in WRITERS.items():
        blocks += _probe(name, writer, entries, run, limits)
    return tuple(blocks)


def _whole(entry: Record) -> Record:
    """Return an entry with the probes that left a table of results."""
    kept = {name: found for name, found in (entry.get("probes") or {}).items() if isinstance(found, dict)}
    return entry | {"probes": kept}


def _why_nothing(run: Run) -> str:
    """Return why a run has no probes."""
    if status := status_sentence(run):
        return status
    settings = run.table("config").get("run") or {}
    if settings.get("probes") is False:
        return "Not asked for: --no-probes."
    if not run.details.histories:
        return "No network was trained: there is no memory to look at."
    return "This run kept no probes: an older version wrote it. Run again to get them."


def _untrained(entries: list[Record]) -> tuple[Block, ...]:
    """Return the networks that did not train: their figures speak of a network that has learned nothing."""
    names = [str(entry.get("name")) for entry in entries if not entry.get("trained", True)]
    if not names:
        return ()
    text = f"Did not train, so that what follows says little of what the network could remember: {', '.join(names)}."
    return (Points((text,), tone="warning"),)


def _silent(entries: list[Record]) -> tuple[Block, ...]:
    """Return the networks that have nothing to show for one and the same reason, whatever is asked."""
    lines = tuple(f"{entry.get('name')}: {reason}." for entry in entries if (reason := _same_reason(entry)))
    return (Points(lines),) if lines else ()


def _same_reason(entry: Record) -> str:
    """Return the reason why no probe has anything to say of a network; empty where one has, or reasons differ."""
    reasons = {str(result.get("nothing") or "") for result in entry["probes"].values()}
    return reasons.pop() if len(reasons) == 1 else ""


def _probe(name: str, writer: Writer, entries: list[Record], run: Run, limits: Limits) -> list[Block]:
    """Return the part of one probe; nothing where no network was asked."""
    asked = [(str(entry.get("name")), entry["probes"][name]) for entry in entries if name in entry["probes"]]
    if not asked:
        return []
    found = [(network, result) for network, result in asked if "nothing" not in result]
    lines = tuple(f"{network}: {result.get('nothing') or result.get('reading')}" for network, result in asked)
    blocks: list[Block] = [Points(lines, str(asked[0][1].get("question") or name))]
    if found:
        for block in _drawn(writer, found, run, limits):
            blocks += with_numbers(block, limits, "details/probes.json")
        blocks.append(Paragraph(_limits_of(found[0][1]), "muted"))
    return blocks


def _drawn(writer: Writer, found: Found, run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return charts and tables of a probe; why there are none where the file lacks what they show."""
    try:
        return writer(found, run, limits)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return (Nothing(f"details/probes.json lacks what is drawn here ({type(error).__name__}: {error})."),)


def _limits_of(result: Record) -> str:
    """Return which confounders a probe removes, and what it cannot show."""
    return f"Controls: {result.get('controls')} Cannot show: {result.get('cannot_show')}"
