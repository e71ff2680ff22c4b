"""Labels and texts that are written as lists, objects or numbers: how each is read as one string.

A way of writing is a line of `FORMS`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json

SAMPLED = 500  # cells that tell how a column is written
GLANCED_AT = 20  # cells
_OPENING = ("[", "{")
_WITHOUT_COMMA = re.compile(r"""(?<=['"])\s+(?=['"])""")  # as NumPy writes a list of words


@dataclass(frozen=True)
class Form:
    """A way of writing a value: what is said of it, which values are of it, and the string that each is read as."""

    name: str
    words: str
    fits: Callable[[Json], bool]
    read: Callable[[Json], str | None]


def _is_one(value: Json) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 1
        and not any(isinstance(item, list | dict) for item in value)
    )


def _is_choice(value: Json) -> bool:
    """Whether a value says yes or no to each of some names, and yes to one at most: `{"POS": 1, "NEG": 0}`."""
    if not isinstance(value, dict) or len(value) < 2:
        return False
    answers = list(value.values())
    return all(answer in (0, 1) for answer in answers) and sum(map(int, answers)) <= 1


def _is_box(value: Json) -> bool:
    """Whether a value is an object with one key, and one plain value in it: `{"choices": ["pos"]}`."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (inside,) = value.values()
    return isinstance(inside, str) or _is_one(inside)


def _only(value: Json) -> str | None:
    items = value if isinstance(value, list) else [value]
    return next((_as_string(item) for item in items), None)


def _chosen(value: Json) -> str | None:
    return next((name for name, answer in value.items() if answer), None)  # type: ignore[union-attr]


def _inside(value: Json) -> str | None:
    return _only(next(iter(value.values())))  # type: ignore[union-attr]


def _as_string(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_words(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


FORMS = {
    "text": (
        Form("words", "lists of words are joined by blanks", _is_words, " ".join),  # type: ignore[arg-type]
        Form("box", "objects with one value are read as that value", _is_box, _inside),
    ),
    "label": (
        Form("one", "lists of one label are read as that label", _is_one, _only),
        Form(
            "choice",
            "of objects such as {{{example}}} the name is read whose value is 1",
            _is_choice,
            _chosen,
        ),
        Form("box", "objects with one value are read as that value", _is_box, _inside),
    ),
}


def is_nested(cells: pl.Series) -> bool:
    """Whether the cells are lists or objects, written as text, so far as the first of them say."""
    first = next((cell.strip() for cell in cells.head(GLANCED_AT).to_list() if cell and cell.strip()), "[")
    if not first.startswith(_OPENING):  # as nearly all columns
        return False
    head = cells.drop_nulls().head(SAMPLED).str.strip_chars()
    head = head.filter(head != "")
    if len(head) == 0 or not head.str.slice(0, 1).is_in(_OPENING).all():
        return False
    try:
        return all(isinstance(parsed(cell), list | dict) for cell in head.to_list())
    except ValueError:
        return False


def form_of(cells: pl.Series, role: str) -> Form | None:
    """Return the form in which the cells are written as a "text" or "label", None where they are in none."""
    try:
        values = [parsed(cell) for cell in cells.drop_nulls().head(SAMPLED).to_list() if cell.strip()]
    except ValueError:
        return None
    return next((form for form in FORMS[role] if all(map(form.fits, values))), None)


def in_some_form(cells: pl.Series, role: str, name: str = "") -> tuple[pl.Series, pl.Series]:
    """Return cells that are lists or objects as the strings that they are read as, each by itself; all others stay.

    Parameters
    ----------
    name : of the only form that is looked for; every one of the role if absent

    Returns
    -------
    cells : string Series
    unread : boolean Series of the same length
        Which cells are lists or objects that are in no form.
    """
    forms = [form for form in FORMS[role] if name in ("", form.name)]
    places = cells.str.strip_chars_start().str.contains(r"\A[\[{]").fill_null(False)
    read, unread = cells.to_list() if places.any() else [], []
    for place in places.arg_true().to_list():
        try:
            value = parsed(str(read[place]))
        except ValueError:
            continue
        form = next((form for form in forms if form.fits(value)), None)
        if form is not None:
            read[place] = form.read(value)
        elif isinstance(value, list | dict):
            unread.append(place)
    if not read:
        return cells, places
    return pl.Series(cells.name, read, dtype=pl.String), pl.Series(range(len(read))).is_in(unread)


def parsed(cell: str) -> Json:
    """Return a list or an object as JSON writes it, or as Python and NumPy show it.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        value: Json = json.loads(cell)
    except ValueError:
        try:
            value = ast.literal_eval(_WITHOUT_COMMA.sub(", ", cell.strip()))
        except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def read_as(cells: pl.Series, form: Form, place: Callable[[int], str]) -> pl.Series:
    """Return the string of each cell; a blank one is null.

    Raises
    ------
    PipelineError
        At the first record that is written in another way.
    """
    found: list[str | None] = []
    for record, cell in enumerate(cells.to_list()):
        if cell is None or not cell.strip():
            found.append(None)
            continue
        try:
            value = parsed(cell)
        except ValueError:
            value = cell
        if not form.fits(value):
            raise _other(cells.name, cell, form, place(record))
        found.append(form.read(value))
    return pl.Series(cells.name, found, dtype=pl.String)


def _other(name: str, cell: str, form: Form, where: str) -> PipelineError:
    what = f'column "{name}" is {cell[:80]}; in others {form.words}'
    fix = "give --task multilabel for several labels a text, keep one, or choose another column with --label"
    return PipelineError("several-labels", where, what, fix)
