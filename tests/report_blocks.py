"""Find blocks of a section, those that are shut among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pipeline.report.page.blocks import Fold, Grid, Table

B = TypeVar("B")


def every(blocks: Iterable[Any], kind: type[B]) -> Iterator[B]:
    """Yield the blocks of a kind in their order, also those inside folds and grids."""
    for block in blocks:
        if isinstance(block, kind):
            yield block
        if isinstance(block, Fold | Grid):
            yield from every(block.blocks, kind)


def table(blocks: Iterable[Any], caption: str) -> Table:
    """Return the table whose caption begins so."""
    return next(one for one in every(blocks, Table) if one.caption.startswith(caption))


def texts(of: Table) -> list[list[str]]:
    """Return the text of every cell."""
    return [[cell.text for cell in line] for line in of.rows]
