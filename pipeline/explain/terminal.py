"""The worked example as plain text: aligned columns, no colours, the same in a terminal and in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence

from pipeline.explain.worked import Equations, Matrix, Prose, Section, Step, Table, Worked
from pipeline.explain.written import shown, shown_difference
from pipeline.report.text import clean

NARROWEST, WIDEST = 80, 100
HEADINGS = ("result", "TensorFlow", "difference")
_COLUMN = 11  # characters of a number
_BAR = 20
_PLAIN: dict[str, str | int | None] = {"σ": "sigmoid", "·": "*", "²": "^2", "ᵀ": "^T", "█": "#", "‹": "<", "›": ">", "…": "..."}


def write_text(worked: Worked, width: int = WIDEST, encoding: str | None = "utf-8") -> str:
    """Return the worked example as lines of at most `width` characters (80 to 100), where words allow it.

    Signs that `encoding` lacks are spelt: sigmoid, *, ^2, ^T.
    """
    width = min(max(width, NARROWEST), WIDEST)
    parts = [_title(clean(worked.title)), _paragraph(worked.lead, width)]
    parts += [text for section in worked.sections for text in _section(section, width)]
    text = "\n\n".join([*parts, _paragraph(worked.conclusion, width)])
    return text if _can(text, encoding) else text.translate(str.maketrans(_PLAIN))


def _can(text: str, encoding: str | None) -> bool:
    """Return whether the signs of equations in `text` can be written in this encoding."""
    signs = "".join(sign for sign in _PLAIN if sign in text)
    try:
        signs.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _title(text: str) -> str:
    return f"{text}\n{'=' * cells(text)}"


def _section(section: Section, width: int) -> Iterator[str]:
    title = clean(section.title)
    yield f"{title}\n{'-' * cells(title)}"
    for block in section.blocks:
        yield _WRITERS[block.kind](block, width)


def _paragraph(text: str, width: int) -> str:
    return "\n".join(_wrapped(clean(text), width))


def _prose(block: Prose, width: int) -> str:
    return _paragraph(block.text, width)


def _equations(block: Equations, width: int) -> str:
    return "\n".join(f"  {line}" for line in block.lines)


def _step(block: Step, width: int) -> str:
    left = width - 3 * _COLUMN
    heading = _wrapped(block.symbols, left, "  ")
    columns = "".join(name.rjust(_COLUMN) for name in HEADINGS)
    lines = [*_wrapped(clean(block.words), width), *heading[:-1], _padded(heading[-1], left) + columns]
    for line in block.lines:
        numbers = (shown(line.result), shown(line.tensorflow), shown_difference(line.difference))
        written = _wrapped(f"{clean(line.name)} = {line.put_in}", left, "    ", "        ")
        last = _padded(written[-1], left) + "".join(text.rjust(_COLUMN) for text in numbers)
        lines += [*written[:-1], last]
    return "\n".join(lines)


def _matrix(block: Matrix, width: int) -> str:
    rows = [(clean(name), *(shown(value) for value in values)) for name, values in block.rows]
    return "\n".join([*_wrapped(clean(block.caption), width), *_aligned(("", *block.columns), rows, width)])


def _table(block: Table, width: int) -> str:
    columns = list(block.columns)
    rows = [[_cell(value) for value in row] for row in block.rows]
    if block.bar:
        place = block.columns.index(block.bar)
        largest = max(float(row[place]) for row in block.rows) or 1.0
        columns.append("")
        for row, values in zip(rows, block.rows, strict=True):
            row.append("█" * round(_BAR * float(values[place]) / largest))
    return "\n".join(
        [*_wrapped(clean(block.caption), width), *_aligned(columns, rows, width, bool(block.bar))]
    )


def _cell(value: str | float) -> str:
    return clean(value) if isinstance(value, str) else shown(value)


def _aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, bar: bool = False
) -> Iterator[str]:
    """Yield lines in columns, the first and a bar to the left; what is too wide goes on below, columns repeated."""
    lines = [[clean(name).strip() for name in columns], *rows]
    widths = [max(cells(line[place]) for line in lines) for place in range(len(columns))]
    for places in _groups(widths, width):
        for line in lines:
            texts = [
                _padded(line[place], widths[place])
                if place == 0 or (bar and place == len(columns) - 1)
                else " " * (widths[place] - cells(line[place])) + line[place]
                for place in places
            ]
            yield f"  {'  '.join(texts)}".rstrip()


def _groups(widths: Sequence[int], width: int) -> Iterator[list[int]]:
    """Yield the places of columns that fit beside each other, each time after the first column."""
    group, used = [0], widths[0] + 2
    for place in range(1, len(widths)):
        if used + widths[place] + 2 > width and len(group) > 1:
            yield group
            group, used = [0], widths[0] + 2
        group.append(place)
        used += widths[place] + 2
    yield group


def _wrapped(text: str, width: int, first: str = "", later: str | None = None) -> list[str]:
    later = first if later is None else later
    return textwrap.wrap(
        text,
        width - 1 if first else width,
        initial_indent=first,
        subsequent_indent=later,
        break_on_hyphens=False,
    ) or [first]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes: two for a wide character."""
    from rich.cells import cell_len

    return cell_len(text)


_WRITERS: dict[str, Callable[..., str]] = {
    "prose": _prose,
    "equations": _equations,
    "step": _step,
    "matrix": _matrix,
    "table": _table,
}
