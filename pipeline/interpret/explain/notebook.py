"""A worked example while it is written: what is noted in it is shown, and its results are numbers to go on with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.interpret.explain.written import Numbers, computed, numbers, shown, values
from pipeline.models.equations.values import Array
from pipeline.report.page.blocks import Block, Cell, Code, Column, Paragraph, Section, Table

Row = Sequence[str | float]


def _counted(*place: int) -> str:
    """Return a place in an array, counted from 1.

    >>> _counted(), _counted(0), _counted(1, 0)
    ('', '[1]', '[2,1]')
    """
    return f"[{','.join(str(at + 1) for at in place)}]" if place else ""


def norm(matrix: Array) -> float:
    """Return the largest singular value."""
    return float(np.linalg.norm(matrix, ord=2))


class Notebook:
    """Sections in the order in which they are written, each under the part that it belongs to."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._sections: list[tuple[str, str, list[Block]]] = []
        self.known: dict[str, Numbers] = {}  # by the names that equations give them

    def section(self, title: str, part: str) -> None:
        """Begin a section; what follows stands in it."""
        if part not in self._parts:
            self._parts.append(part)
        self._sections.append((title, part, []))

    def say(self, text: str) -> None:
        """Note a paragraph."""
        self.show(Paragraph(text))

    def state(self, *equations: str) -> None:
        """Note equations that are only stated."""
        self.show(Code("\n".join(equations)))

    def table(self, caption: str, columns: Sequence[str], rows: Sequence[Row], bar: str = "") -> None:
        """Note figures side by side; `bar` names the column that is drawn as a bar as well."""
        self.show(figures(caption, columns, rows, bar))

    def matrix(self, caption: str, columns: Sequence[str], names: Sequence[str], entries: Array) -> None:
        """Note a matrix that is given, or whose numbers were computed in the steps before it."""
        rows = [(name, *row) for name, row in zip(names, entries.tolist(), strict=True)]
        self.show(figures(caption, ("", *columns), rows))

    def norms(self, steps: Sequence[str], jacobians: Array, products: Array, units: int) -> None:
        """Note the norm of each one-step Jacobian (T, S, S) and of the product from the end to it, the last one first.

        Of the products the rows of h count: nothing reads an lstm's last c.
        """
        rows = [
            (step, norm(jacobian), norm(product[:units]))
            for step, jacobian, product in zip(steps, jacobians[::-1], products[::-1], strict=True)
        ]
        caption = "Each factor, and the product from the end to it: below 1 it shrinks what passes, above 1 it may grow"
        self.table(caption, ("step t", "norm of J_t", "norm of P_(t-1)"), rows, bar="norm of P_(t-1)")

    def work(self, words: str, symbols: str, place: Callable[..., str] = _counted) -> Numbers:
        """Note an equation as `step` does, compute it as it stands, and know its results from then on."""
        name, _, right_side = symbols.partition(" = ")
        self.known[name] = self.step(words, symbols, computed(right_side, self.known), place=place)
        return self.known[name]

    def step(
        self,
        words: str,
        symbols: str,
        put_in: Numbers,
        *,
        name: str = "",
        place: Callable[..., str] = _counted,
    ) -> Numbers:
        """Note an equation in words and symbols, and a line for each number that it yields.

        Parameters
        ----------
        words, symbols : str
        put_in : Numbers
            The equation with the numbers put in.
        name : str
            What the numbers are called; what stands before the equals sign by default.
        place : function
            How the place of a number in its array is written; counted from 1 by default.

        Returns
        -------
        Numbers
            The results, as numbers alone.
        """
        name = name or symbols.partition(" = ")[0]
        columns = (Column("", number=False), Column(symbols, number=False, equation=True), Column("result"))
        rows = [
            (Cell(f"{name}{place(*at)}"), Cell(f"= {one}"), Cell(shown(one.value), best=True))
            for at, one in zip(np.ndindex(put_in.shape), put_in.ravel().tolist(), strict=True)
        ]
        self.show(Table(words, columns, tuple(rows)))
        return numbers(values(put_in))

    def sections(self) -> tuple[Section, ...]:
        """Return what was written."""
        return tuple(
            Section(f"s{count}", title, tuple(blocks), part, self._parts.index(part) + 1)
            for count, (title, part, blocks) in enumerate(self._sections, start=1)
        )

    def show(self, block: Block) -> None:
        """Note a block of the report."""
        if self._sections:
            self._sections[-1][2].append(block)


def figures(caption: str, columns: Sequence[str], rows: Sequence[Row], bar: str = "") -> Table:
    """Return a table of words and numbers; each number of the column `bar` has a bar, the largest a whole one."""
    place = columns.index(bar) if bar else -1
    largest = max((float(row[place]) for row in rows), default=0) if bar else 0

    def cell(row: Row, at: int) -> Cell:
        value = row[at]
        if isinstance(value, str):
            return Cell(value)
        return Cell(shown(value), bar=value / largest if at == place and largest > 0 else None)

    heads = [
        Column(title, number=not isinstance(value, str))
        for title, value in zip(columns, rows[0], strict=True)
    ]
    return Table(caption, tuple(heads), tuple(tuple(cell(row, at) for at in range(len(row))) for row in rows))
