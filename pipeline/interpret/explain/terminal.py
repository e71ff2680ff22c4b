"""The worked example as plain text: aligned columns, no colours, the same in a terminal and in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence

from pipeline.core.clean import clean, clip
from pipeline.interpret.explain.worked import Equations, Matrix, Prose, Section, Step, Table, Worked
from pipeline.interpret.explain.written import shown, shown_difference

NARROWEST, WIDEST = 80, 100
HEADINGS = ("result", "TensorFlow", "difference")
_COLUMN = 11  # characters of a number
_BAR = 20
_LONGEST_WORD = 40
_PLAIN: dict[str, str | int | None] = {
    "σ": "sigmoid",
    "·": "*",
    "²": "^2",
    "ᵀ": "^T",
    "█": "#",
    "‹": "<",
    "›": ">",
    "…": "...",
}


def write_text(worked: Worked, width: int = WIDEST, encoding: str | None = "utf-8") -> str:
    """Return the worked example as lines of at most `width` characters (80 to 100), where words allow it.

    Signs that `encoding` lacks are spelt: sigmoid, *, ^2, ^T.
    """
    width = min(max(width, NARROWEST), WIDEST)
    parts = [_title(worked.title, width, "="), _paragraph(worked.lead, width)]
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


def _title(text: str, width: int, line: str) -> str:
    lines = _wrapped(clean(text), width)
    return "\n".join([*lines, line * max(map(cells, lines))])


def _section(section: Section, width: int) -> Iterator[str]:
    yield _title(section.title, width, "-")
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
    rows = [(_cell(name), *(shown(value) for value in values)) for name, values in block.rows]
    lines = _aligned(("", *block.columns), rows, [0], width)
    return "\n".join([*_wrapped(clean(block.caption), width), *lines])


def _table(block: Table, width: int) -> str:
    columns, rows = list(block.columns), [[_cell(value) for value in row] for row in block.rows]
    words = [place for place, value in enumerate(block.rows[0]) if isinstance(value, str)]
    if block.bar:
        bars = _bars([float(row[block.columns.index(block.bar)]) for row in block.rows])
        with_bars = [[*row, bar] for row, bar in zip(rows, bars, strict=True)]
        if sum(_widths([columns, *rows])) + _BAR <= width:
            words, columns, rows = [*words, len(columns)], [*columns, ""], with_bars
    return "\n".join([*_wrapped(clean(block.caption), width), *_aligned(columns, rows, words, width)])


def _bars(values: Sequence[float]) -> Iterator[str]:
    largest = max(values)
    return ("█" * round(_BAR * value / largest) if largest > 0 else "" for value in values)


def _cell(value: str | float) -> str:
    return clip(clean(value), _LONGEST_WORD) if isinstance(value, str) else shown(value)


def _aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[int], width: int
) -> Iterator[str]:
    """Yield lines in columns, those of `words` to the left; what is too wide goes on below, the first repeated."""
    lines = [[_cell(name) for name in columns], *rows]
    widths = _widths(lines)
    for places in _groups(widths, width):
        for line in lines:
            texts = []
            for place in places:
                filling = " " * (widths[place] - 2 - cells(line[place]))
                texts.append(line[place] + filling if place in words else filling + line[place])
            yield f"  {'  '.join(texts)}".rstrip()


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column is, two blanks before it included."""
    return [2 + max(cells(line[place]) for line in lines) for place in range(len(lines[0]))]


def _groups(widths: Sequence[int], width: int) -> Iterator[list[int]]:
    """Yield the places of columns that fit beside each other, each time after the first column."""
    group = [0]
    for place in range(1, len(widths)):
        if sum(widths[each] for each in (*group, place)) > width and len(group) > 1:
            yield group
            group = [0]
        group.append(place)
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
