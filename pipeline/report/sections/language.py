"""How many bits language models take, and for what: words that they know, unknown ones, documents of many such."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Fold, Limits, Paragraph, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import count, decimal, interval, percent
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import nothing
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.metrics.language import BitsOfGroup, LanguageScores
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

WHAT_IS_COUNTED = (
    "Bits that a model takes to write the test documents down, for each byte of their text: the better it foretells"
    " what follows, the fewer. Each document counts whole, with its end."
)
CHARGED = (
    "The text is that of the tokens, with a blank between them, in UTF-8; one byte more for each document's end. A"
    " model of words pays for an unknown word, and then for its letters, by a model of the letters of rare training"
    " words. A letter that no training document has costs 20.1 bits. So models of words and of characters pay for the"
    " same text."
)
PERPLEXITY = (
    "Perplexity is 2 to the power of the bits a word or character, unknown ones unspelled: it compares models of the"
    " same words, and no others."
)


def language(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the bits of each model, then by the share of unknown words."""
    models = sorted(run.metrics.language, key=lambda one: one.bits_per_byte)
    if not models:
        return nothing(run, "No text was foretold.")
    name = namer(run)
    best = models[0]
    seen = f"{name(best.name)} takes {decimal(best.bits_per_byte, 2)} bits a byte"
    more = (_by_unknown(models, run, limits),) if best.groups else ()
    return (
        Seen(seen, WHAT_IS_COUNTED),
        _table(models, run, limits),
        *more,
        Fold(
            "What is counted, and how unknown words are charged", (Paragraph(CHARGED), Paragraph(PERPLEXITY))
        ),
    )


def _table(models: Sequence[LanguageScores], run: Run, limits: Limits) -> Table:
    name = namer(run)
    columns: Columns[LanguageScores] = (
        text("Model", lambda one: name(one.name)),
        number("Bits a byte", lambda one: decimal(one.bits_per_byte, 3)),
        number("95 % interval", lambda one: interval(one.bits_per_byte_ci95, decimal, 3)),
        number("Words or characters", lambda one: count(one.symbols)),
        number("Bits of one", lambda one: decimal(one.bits_per_symbol, 3)),
        number("Perplexity", lambda one: decimal(one.perplexity, 1)),
        number("Unknown", lambda one: percent(one.unknown, 2)),
        number("Their part of the bits", lambda one: percent(one.spelled)),
    )
    note = f"Of {plural(run.metrics.corpus.tested, 'test document')}; means over the trainings."
    return table_of("Bits by model", models, columns, limits.rows, METRICS, note)


def _by_unknown(models: Sequence[LanguageScores], run: Run, limits: Limits) -> Table:
    name = namer(run)

    def column(model: LanguageScores) -> ColumnOf[int]:
        return number(name(model.name), lambda place: decimal(model.groups[place].bits_per_byte, 3))

    groups = models[0].groups
    columns: Columns[int] = (
        text("Words that no training document has", lambda place: _share(groups[place])),
        number("Documents", lambda place: count(groups[place].documents)),
        *map(column, models),
    )
    return table_of("Bits a byte by unknown words", list(range(len(groups))), columns, limits.rows, METRICS)


def _share(group: BitsOfGroup) -> str:
    if group.lo == group.hi:
        return percent(group.lo)
    return f"{percent(group.lo).removesuffix(' %')} to {percent(group.hi)}"
