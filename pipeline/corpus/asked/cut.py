"""`--label "stars>3"`: a column of numbers as two classes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.column_facts import MOST_GRADES
from pipeline.corpus.readers.records import RawTable


class Sign(NamedTuple):
    """How numbers are compared, and the sign of all others."""

    holds: Callable[[pl.Series, float], pl.Series]
    otherwise: str


SIGNS = {
    ">=": Sign(operator.ge, "<"),
    "<=": Sign(operator.le, ">"),
    "==": Sign(operator.eq, "!="),
    "!=": Sign(operator.ne, "=="),
    ">": Sign(operator.gt, "<="),
    "<": Sign(operator.lt, ">="),
}
_CUT = re.compile(
    rf"\s*(?P<column>.*?\S)(?P<before>\s*)(?P<sign>{'|'.join(SIGNS)})(?P<after>\s*)"
    r"(?P<number>[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*",
    re.DOTALL,
)


NO_NUMBER = "no number as label"


@dataclass(frozen=True)
class Cut:
    """Where a column of numbers is cut, and what the two classes are called."""

    column: str
    sign: str
    number: float
    holds: str
    otherwise: str

    def classes(self, labels: pl.Series) -> pl.Series:
        """Return the class of each label, null where that is no number; string Series of the same length."""
        numbers = numbers_in(labels)
        holds = SIGNS[self.sign].holds(numbers, self.number)
        either = pl.when(holds).then(pl.lit(self.holds)).otherwise(pl.lit(self.otherwise))
        return pl.select(either).to_series().set(numbers.is_null(), None).alias(labels.name)


def read_cut(asked: str) -> Cut | None:
    """Return what `--label` compares; None where it is the name of a column alone.

    >>> read_cut("stars > 3")
    Cut(column='stars', sign='>', number=3.0, holds='stars > 3', otherwise='stars <= 3')
    >>> read_cut("stars") is None
    True
    """
    match = _CUT.fullmatch(asked)
    if match is None:
        return None
    column, before, sign, after, number = match.groups()
    holds, otherwise = (f"{column}{before}{one}{after}{number}" for one in (sign, SIGNS[sign].otherwise))
    return Cut(column, sign, float(number), holds, otherwise)


def cut_labels(table: RawTable, label: str, cut: Cut) -> RawTable:
    """Return the table with two classes in its label column; records whose label is no number are left out.

    Raises
    ------
    PipelineError
        If the column holds no number.
    """
    cells = table.cells[label]
    numbers = numbers_in(cells)
    if numbers.null_count() == len(numbers):
        example = cells.drop_nulls().head(1).to_list()
        shown = f'"{example[0]}"' if example else "nothing"
        what = (
            f'column "{label}" of {table.file} holds no number, but {shown}; "{cut.holds}" compares numbers'
        )
        raise PipelineError(
            "label-is-a-number", "--label", what, "name a column of numbers, or the label's column alone"
        )
    no_number = numbers.is_null() & cells.is_not_null() & (cells.str.strip_chars() != "")
    said = f'{table.file}: column "{label}" is cut in two classes, "{cut.holds}" and "{cut.otherwise}"'
    return replace(
        table,
        cells=table.cells.with_columns(cut.classes(cells)),
        assumptions=(*table.assumptions, said),
        left_out={**table.left_out, NO_NUMBER: no_number.to_numpy()},
    )


def numbers_in(cells: pl.Series) -> pl.Series:
    """Return the finite numbers of a column of strings, float64; null where a cell is none.

    A comma with one or two digits after it is that of decimals; before three it may part thousands, and is none.

    >>> numbers_in(pl.Series(["4", " 3.5 ", "3,5", "1,000", "many", "nan", None])).to_list()
    [4.0, 3.5, 3.5, None, None, None, None]
    """
    texts = cells.str.strip_chars().str.replace(r"^([-+]?[0-9]+),([0-9]{1,2})$", "${1}.${2}")
    numbers = texts.cast(pl.Float64, strict=False)
    return numbers.set(~numbers.is_finite().fill_null(False), None)


def half(labels: pl.Series) -> str:
    """Return where numbers are best cut in two: at their median, with the sign that leaves both sides some.

    >>> half(pl.Series(["1", "2.5", "4"])), half(pl.Series(["1", "5", "5"]))
    ('>2.5', '>=5')
    """
    numbers = numbers_in(labels).drop_nulls()
    median = float(np.quantile(numbers.to_numpy(), 0.5, method="lower"))
    return f"{'>' if (numbers > median).any() else '>='}{median:g}"


def cut_of_numbers(names: Sequence[str], column: str) -> str:
    """Return the option that cuts a column in two where its many classes are all numbers; empty where they are not.

    >>> cut_of_numbers(["1", "2", "3"], "stars"), cut_of_numbers([str(n) for n in range(41)], "score")
    ('', '--label "score>20"')
    """
    labels = pl.Series(names, dtype=pl.String)
    if len(names) <= MOST_GRADES or numbers_in(labels).null_count():
        return ""
    return f'--label "{column}{half(labels)}"'


def _in_thirds(column: str, numbers: pl.Series) -> str:
    """Return in words where thirds of the numbers end, and the line that makes classes of them; empty for few numbers.

    >>> _in_thirds("price", pl.Series([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    ', or in thirds, up to 2, up to 4 and above: pandas.cut(frame["price"], [float("-inf"), 2, 4, float("inf")])'
    """
    low, high = np.quantile(numbers.to_numpy(), [1 / 3, 2 / 3], method="inverted_cdf").tolist()
    if not low < high < float(numbers.to_numpy().max()):
        return ""
    edges = f"up to {low:g}, up to {high:g} and above"
    made = f'pandas.cut(frame["{column}"], [float("-inf"), {low:g}, {high:g}, float("inf")])'
    return f", or in thirds, {edges}: {made}"


def number_to_predict(file: str, column: str, labels: pl.Series) -> PipelineError:
    """Return the refusal of labels that are many different numbers, with the cut that halves them."""
    numbers = numbers_in(labels).drop_nulls()
    if 2 * len(numbers) < len(labels):  # with a per cent sign, or thousands apart
        such_as = f'{labels.n_unique():,} different numbers, such as "{labels[0]}"'
        what = f'column "{column}" holds {such_as}: a number to be predicted'
        return PipelineError(
            "label-is-a-number",
            file,
            what,
            "write plain numbers, which --label can cut in two, or name another column",
        )
    span = f"{float(numbers.to_numpy().min()):g} to {float(numbers.to_numpy().max()):g}"
    what = (
        f'column "{column}" holds {labels.n_unique():,} different numbers ({span}): a number to be predicted,'
        " and models here give classes"
    )
    fix = f'cut it in two classes, such as --label "{column}{half(labels)}"{_in_thirds(column, numbers)}'
    fix += ", or name another column"
    return PipelineError("label-is-a-number", file, what, fix)
