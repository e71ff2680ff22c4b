"""The probe of states: what a network holds and would answer, word by word, as a picture under the words."""

from __future__ import annotations

from pipeline.core.clean import cell_text, clip, plural
from pipeline.report.page.blocks import Block, Limits, Panel, Paragraph, Strip
from pipeline.report.page.formats import percent
from pipeline.report.page.strips import bars, shades
from pipeline.run_folder.details.probes import ByNetwork, ReadDocument, States
from pipeline.run_folder.reading import Run

WORD = 14  # characters of a word that stands above its column
NETWORKS = 4  # that are drawn; the others' numbers are in the file
ROWS_A_NETWORK = 20  # of a table: where the page has to be shortened, fewer networks are drawn
HOW_TO_READ = (
    "Each column is a word, as the network reads it. Bars: the probability of its last answer, from 0 to 1, if the"
    " document ended at that word. Below, a row for each unit, those that hold longest first: its state from -1 (blank)"
    " to 1 (full); then the same units' gate that holds, and the mean of each gate over all units, from 0 (blank) to 1"
    " (full)."
)


def states(found: ByNetwork[States], run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return a picture of each document of each network, and how it is read."""
    drawn = max(1, min(NETWORKS, limits.rows // ROWS_A_NETWORK))
    strips = [_strip(name, one, result) for name, result in found[:drawn] for one in result.documents]
    rest = [name for name, _ in found[drawn:]]
    left_out = f" Not drawn, and in details/probes.json: {', '.join(rest)}." if rest else ""
    return (Paragraph(HOW_TO_READ + left_out), *strips)


def _strip(name: str, one: ReadDocument, result: States) -> Strip:
    words = tuple(clip(cell_text(word), WORD) for word in one.words)
    units = [str(unit) for unit in result.units]
    panels = [Panel(f"State of {len(units)} units", len(units), shades(one.states, -1.0, 1.0))]
    if one.holding:
        panels.append(Panel(f"Their {one.holding_gate} gate", len(units), shades(one.holding, 0.0, 1.0)))
    panels += [
        Panel(f"Mean {gate} gate", 1, shades([values], 0.0, 1.0), tall=2)
        for gate, values in one.gates.items()
    ]
    caption = f"{name}, {one.rule}: document {one.record}"
    title = f"P({clip(cell_text(one.predicted[-1]), WORD)})"
    return Strip(caption, _reading(one), words, title, bars(one.of_answer), tuple(panels))


def _reading(one: ReadDocument) -> str:
    """Return label and answer, and at which words the answer changed."""
    shown, read, predicted = len(one.words), one.tokens, one.predicted
    start = f"Label {one.label}; answer {predicted[-1]}, {percent(one.probability[-1], 0)}."
    if shown < read:
        start += f" The last {shown} of {read} words."
    changes = [
        f'{answer} at "{clip(cell_text(word), WORD)}" (word {read - shown + place + 1})'
        for place, (word, answer) in enumerate(zip(one.words, predicted, strict=True))
        if place and answer != predicted[place - 1]
    ]
    if not changes:
        return f"{start} It would have answered {predicted[0]} at every word shown."
    more = f", and {plural(len(changes) - 6, 'change')} more" if len(changes) > 6 else ""
    return f"{start} It begins with {predicted[0]} and changes to {', '.join(changes[:6])}{more}."
