"""Sections > report.md: the same figures as the page, in tables that read well in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import singledispatch

from pipeline.core.clean import cell_text, code_text, prose
from pipeline.core.columns import aligned, widths_of
from pipeline.report.page import blocks, cards, stories
from pipeline.report.page.blocks import Answer, Block, Cell, Points, Section, Table, numbers, row, words
from pipeline.report.page.formats import count, percent

FOLDED_ROWS = 30  # rows of a table that the page folds away
_SPECIAL = re.compile(r"([\\`*\[\]|<>~$])|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_OPENING = re.compile(r"^(\s*\d*)([#+\-=.)])(?=\s|$|[#=\-])")


def escape(text: str) -> str:
    r"""Return `text` as Markdown that shows it: no markup, no new cell.

    >>> escape("a|b <i> `x` __label__ snake_case")
    'a\\|b \\<i\\> \\`x\\` \\_\\_label\\_\\_ snake_case'
    """
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)


def write_markdown(answer: Answer, sections: Sequence[Section]) -> str:
    """Return the whole report as Markdown."""
    parts = [_head(answer)]
    for section in sections:
        parts += [f"## {section.title}", *map(_written, section.blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(answer: Answer) -> str:
    banner = "".join(f"> **{_prose(text)}**\n\n" for text in (answer.banner, answer.warning) if text)
    lead = f"{_prose(answer.lead)}\n\n" if answer.lead else ""
    facts = "\n".join(f"- {term}: {_prose(value)}" for term, value in answer.facts)
    read = f"Read: {_prose(answer.reading)}\n\n" if answer.reading else ""
    rule = _points(Points(answer.rule, "How it is decided")) if answer.rule else ""
    chart = f"{_chart(answer.chart)}\n\n" if answer.chart else ""
    return (
        f"# {_prose(answer.headline)}\n\n{lead}{banner}{_prose(answer.sentence)}\n\n{_prose(answer.decided)}\n\n"
        f"Decision: **{_prose(answer.decision)}**\n\n{chart}{facts}\n\n{read}{rule}"
    ).rstrip()


def _prose(text: str) -> str:
    """Return a paragraph or list entry: escaped, and neither a heading nor a list of its own."""
    return _OPENING.sub(r"\1\\\2", escape(prose(text)))


@singledispatch
def _written(block: Block) -> str:
    """Return a block as Markdown; each kind has a function below."""
    raise TypeError(f"no Markdown is known of a {type(block).__name__}")


@_written.register
def _table(table: Table) -> str:
    shown = table.rows[:FOLDED_ROWS] if table.fold else table.rows
    note = table.note
    if len(shown) < len(table.rows):
        note = f"{note} {len(shown)} of {len(table.rows)} rows; the page has more.".strip()
    head = tuple(Cell(column.title) for column in table.columns)
    places = [place for place, column in enumerate(table.columns) if not column.scale]
    grid = [[_cell(line[place]) for place in places] for line in (head, *shown)]
    rights = [table.columns[place].number for place in places]
    rule = ["-" * max(2, width - 1) for width in widths_of(grid)]
    grid.insert(1, [dashes + (":" if right else "-") for dashes, right in zip(rule, rights, strict=True)])
    lines = [f"| {line} |" for line in aligned(grid, rights, " | ")]
    return "\n\n".join(
        part for part in (f"**{_prose(table.caption)}**", "\n".join(lines), _prose(note)) if part
    )


def _cell(cell: Cell) -> str:
    text = escape(cell_text(cell.text))
    shown = f"**{text}**" if cell.best and text else text
    more = [escape(cell_text(cell.beside))] if cell.beside else []
    more += [f"({escape(cell_text(cell.below))})"] if cell.below else []
    return " ".join([shown, *more, *(f"({tag})" for tag in cell.tags)])


@_written.register
def _heat(heat: blocks.Heat) -> str:
    rows = []
    for label, line in zip(heat.labels, heat.counts, strict=False):
        total = sum(line)
        rows.append(row(label, *(percent(n / total) if total else count(n) for n in line), count(total)))
    columns = (*words("True class"), *numbers(*heat.labels, "Answers"))
    return _table(Table(f"Confusion: {heat.caption}", columns, tuple(rows), heat.reading))


@_written.register
def _chart(chart: blocks.Chart) -> str:
    caption = _prose(chart.caption)
    picture = f"![{caption}]({chart.file})\n\n" if chart.file else ""
    return f"{picture}**{caption}**: {_prose(chart.reading)}"


@_written.register
def _strip(strip: blocks.Strip) -> str:
    return f"**{_prose(strip.caption)}**: {_prose(strip.reading)}"


@_written.register
def _grid(grid: blocks.Grid) -> str:
    return "\n\n".join(map(_written, grid.blocks))


@_written.register
def _browser(browser: blocks.Browser) -> str:
    return "\n\n".join(_table(table) for table in browser.tables)


@_written.register
def _points(points: Points) -> str:
    title = f"**{points.title}**\n\n" if points.title else ""
    return title + "\n".join(f"- {_prose(item)}" for item in points.items)


@_written.register
def _code(code: blocks.Code) -> str:
    lines = code_text(code.text).splitlines()
    caption = f"{_prose(code.caption)}:\n\n" if code.caption else ""
    return caption + "\n".join(f"    {line}" for line in lines)


@_written.register
def _paragraph(paragraph: blocks.Paragraph) -> str:
    return _prose(paragraph.text)


@_written.register
def _seen(seen: cards.Seen) -> str:
    return f"**{_prose(seen.title)}** {_prose(seen.text)}".strip()


@_written.register
def _fold(fold: blocks.Fold) -> str:
    return "\n\n".join(map(_written, fold.blocks))


@_written.register
def _mistakes(mistakes: cards.Mistakes) -> str:
    rows = tuple(row(one.name, ", ".join(map(count, sorted(one.counts)))) for one in mistakes.rows)
    columns = (*words("Model"), *numbers(f"{mistakes.what.capitalize()}, each training"))
    return _table(Table(mistakes.title, columns, rows, mistakes.text))


@_written.register
def _ladder(ladder: cards.Ladder) -> str:
    rows = tuple(
        row(step.name, step.what, step.value or f"not tried: {step.option}", step.change, step.decision)
        for step in ladder.steps
    )
    return _table(
        Table("Steps", words("Model", "What is new", "Right of 100", "Change", "Decision"), rows, ladder.note)
    )


@_written.register
def _flow(flow: cards.Flow) -> str:
    return "\n".join(f"- {one.title}: {_prose(one.number)}. {_prose(one.text)}" for one in flow.stages)


@_written.register
def _choice(choice: cards.Choice) -> str:
    facts = "\n".join(f"- {term}: {_prose(text)}" for term, text in choice.facts)
    said = f"**{_prose(f'{choice.verb} {choice.model}'.strip())}** {_prose(choice.because)}"
    return f"{said}\n\n{facts}".rstrip()


@_written.register
def _interval(interval: cards.Interval) -> str:
    return _prose(interval.says)


@_written.register
def _marked(marked: cards.Marked) -> str:
    return "\n".join(f"- {word}: {_prose(text)}" for _, word, text in marked.items)


@_written.register
def _attempts(attempts: cards.Attempts) -> str:
    return "\n\n".join(
        f"{number}. {_prose(why)}\n\n        {code_text(command)}"
        for number, (why, command) in enumerate(attempts.items, 1)
    )


@_written.register
def _ways(ways: cards.Ways) -> str:
    return "\n\n".join(_code(blocks.Code(command, what)) for what, command in ways.items)


@_written.register
def _peeks(peeks: cards.Peeks) -> str:
    return "\n".join(
        f"- {_prose(title)} ({_prose(label)}, {_prose(what)})" for title, label, what in peeks.items
    )


@_written.register
def _notes(notes: stories.Notes) -> str:
    return ", ".join(f"[{_prose(words)}]({place})" for words, place in notes.links)


@_written.register
def _reader(reader: stories.Reader) -> str:
    columns = words("Word", "Answer, if the text ended there")
    named = ("another", *reader.answers)
    rows = tuple(row(one.word, f"{named[one.of]} {percent(one.share, 0)}") for one in reader.words)
    return _table(Table("Word by word", columns, rows))


@_written.register
def _pictured(picture: stories.Fade | stories.Slope | stories.UnitDots) -> str:
    return ""  # its numbers stand in the tables below


@_written.register
def _nothing(nothing: blocks.Nothing) -> str:
    return f"*Nothing to show.* {_prose(nothing.reason)}"
