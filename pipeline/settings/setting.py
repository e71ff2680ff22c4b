"""One setting: its default, what it means, which values it may take, and its option on the command line."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeVar, get_type_hints

from pipeline.core.sizes import SIZES, is_size

Value = bool | int | float | str | tuple[str, ...] | tuple[float, ...] | None
CountOrAuto = int | Literal["auto"]
Paths = str | tuple[str, ...]  # one file, folder or pattern, or several
AUTO: Literal["auto"] = "auto"  # of `run.seeds` and `run.embeddings`: as the documents ask for


@dataclass(frozen=True)
class Check:
    """What a key's value may be, beyond its type. Bounds are inclusive but for `above` and `below`."""

    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    min_items: int = 0
    unit: str = ""  # what a number out of range was probably meant in
    auto: bool = False  # a number, or "auto"
    size: bool = False  # a text that says how much memory

    def allows(self, value: Value) -> bool:
        """Return whether `value`, already of the key's type, is within the bounds; None is always allowed."""
        if isinstance(value, tuple):
            return len(value) >= self.min_items and all(self.allows(item) for item in value)
        if isinstance(value, str):
            if self.auto:
                return value == AUTO
            if self.size:
                return is_size(value)
            return value in self.choices if self.choices else "\0" not in value and is_utf8(value)
        if value is None or isinstance(value, bool):
            return True
        bounds = self._bounds()
        return math.isfinite(value) and all(holds(value, bound) for _, bound, holds in bounds)

    def words(self) -> str:
        """Return the bounds as words, such as ` from 1`; empty without bounds."""
        unit = f" ({self.unit})" if self.unit else f": {SIZES}" if self.size else ""
        return "".join(f" {word} {bound}" for word, bound, _ in self._bounds()) + unit

    def _bounds(self) -> list[tuple[str, float, Callable[[float, float], bool]]]:
        """Return each bound that is set, with its word and the comparison that must hold."""
        rows = (
            ("from", self.minimum, operator.ge),
            ("above", self.above, operator.gt),
            ("to", self.maximum, operator.le),
            ("below", self.below, operator.lt),
        )
        return [(word, bound, holds) for word, bound, holds in rows if bound is not None]


def is_utf8(text: str) -> bool:
    """Return whether text can be written as UTF-8; the name of a file may hold bytes that cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def one_or_several(paths: Sequence[str]) -> Paths:
    """Return the value of a setting of paths: a single one is itself; ValueError if there is none.

    >>> one_or_several(["a.csv"]), one_or_several(["a.csv", "b.csv"])
    ('a.csv', ('a.csv', 'b.csv'))
    """
    if not paths:
        raise ValueError
    return paths[0] if len(paths) == 1 else tuple(paths)


ANY = Check()
COUNT = Check(minimum=1)  # one at least
COUNT_OR_NONE = Check(minimum=0)
SHARE = Check(above=0, below=1)
POSITIVE = Check(above=0)
DROPOUT = Check(minimum=0, below=1)
STRENGTHS = Check(above=0, min_items=1)


@dataclass(frozen=True)
class Setting:
    """All that is known of a key: the command line, the checks and the configuration page are made from it.

    `option` is written as in a usage line: "--seeds N"; "--no-cache" sets its key to false; "--compare FILE..." may be
    repeated; "CORPUS...", without dashes, is the argument. Without an option a key is reached by --set and --config.
    """

    default: Value
    help: str
    check: Check = ANY
    option: str = ""
    # whether an answer depends on it; else only what is shown or kept, or where a file lies
    decides: bool = True
    quick: int | None = None  # what --quick asks for; a smaller value stays
    hint: object = None  # the type of its field

    @property
    def flag(self) -> str:
        """The name of the option, such as "--seeds"; empty without one."""
        return self.option.removesuffix("...").partition(" ")[0]

    @property
    def repeated(self) -> bool:
        """Whether the option may be given several times, a value each."""
        return self.option.endswith("...")


_T = TypeVar("_T")


def setting(
    default: _T,
    help: str,
    check: Check = ANY,
    *,
    option: str = "",
    decides: bool = True,
    quick: int | None = None,
) -> _T:
    """Return the field of a setting in its table; the arguments are those of `Setting`."""
    told = Setting(default, help, check, option, decides, quick)  # type: ignore[arg-type]
    made: _T = field(default=default, metadata={"setting": told})
    return made


def named(help: str, option: str) -> str | None:
    """Return the field of a name that a person may give; no answer depends on how something is called."""
    return setting(None, help, option=option, decides=False)


def named_paths(help: str, option: str) -> Paths | None:
    """Return the field of files that a person may name; documents are known by their hashes."""
    return setting(None, help, option=option, decides=False)


def switch(help: str, option: str, *, decides: bool = True) -> bool:
    """Return the field of what is on or off: its option turns it, off where that begins with "--no-"."""
    return setting(option.startswith("--no-"), help, option=option, decides=decides)


def settings_of(table: type) -> dict[str, Setting]:
    """Return the settings of a table, in the order of its fields."""
    hints = get_type_hints(table)
    return {item.name: replace(item.metadata["setting"], hint=hints[item.name]) for item in fields(table)}
