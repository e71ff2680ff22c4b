"""Shares as columns of a file, one a name, beside a few fixed columns: what answers of every task are written as."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipeline.core.values import Float32, Int32, require

Fixed = Mapping[str, type[pl.DataType]]  # the columns that are no shares, in their order

_SHARE = re.compile(r"p\((.*)\)", re.DOTALL)


def share_columns(shares: Float32, names: Sequence[str]) -> dict[str, pl.Series]:
    """Return a column `p(<name>)` for each name, from shares (M, C)."""
    return {f"p({name})": pl.Series(shares[:, number], dtype=pl.Float32) for number, name in enumerate(names)}


def shares_in(table: pl.DataFrame, fixed: Fixed) -> tuple[Float32, tuple[str, ...]]:
    """Return what `share_columns` wrote, unchanged to the last bit, and the names."""
    names = tuple(column[2:-1] for column in table.columns if column not in fixed)
    return table.drop(fixed).to_numpy(order="c").astype(np.float32), names


def numbers_in(column: pl.Series, names: Sequence[str], what: str) -> Int32:
    """Return each name's place among those that have a column; `what` they are, in words.

    Raises
    ------
    ValueError
        If one has none.
    """
    numbers = {name: number for number, name in enumerate(names)}
    for name in column.unique(maintain_order=True):
        require(name in numbers, f'{what} "{name}" has no column p({name})')
    found: Int32 = column.replace_strict(numbers, return_dtype=pl.Int32).to_numpy().astype(np.int32)
    return found


def check_columns(table: pl.DataFrame, fixed: Fixed, what: str) -> None:
    """Raise ValueError if a file has other columns than the fixed ones and shares, or an empty cell."""
    shares = [column for column in table.columns if _SHARE.fullmatch(column)]
    if dict(table.schema) != {**fixed, **dict.fromkeys(shares, pl.Float32)}:
        found = ", ".join(f"{column} {dtype}" for column, dtype in table.schema.items())
        *first, last = (f"{column} {dtype.__name__}" for column, dtype in fixed.items())
        expected = f"{', '.join((*first, last))} and p(<{what}>) Float32"
        raise ValueError(f"expected {expected}; found {found}")
    with_nulls = [column.name for column in table if column.null_count()]
    if with_nulls:
        raise ValueError(f"column {with_nulls[0]} has empty cells")
