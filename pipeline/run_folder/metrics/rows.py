"""What the rows of metrics.json and of details/ are made of: the kinds of their numbers, and how JSON is checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Required, TypeVar, cast

from annotated_types import Ge, Le
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import ErrorDetails

T = TypeVar("T")


def key_of(field: str) -> str:
    """Return the key of a field: `from` of `from_`, since that word is taken in Python."""
    return field.removesuffix("_")


class Reading(TypedDict):
    """How a type is read: what becomes of keys that it has no field for, and the key of a field."""

    extra: Literal["forbid", "ignore", "allow"]
    alias_generator: Callable[[str], str]


@dataclass(frozen=True)
class Row:
    """A table of a run's JSON files; its fields are the keys, in their order, and JSON may have no others.

    A text below a field says what its key means; `docs/make_run_folder.py` writes it into the page. A field without
    one is told of together with the field above it. A field with a default may be absent from what is read.
    """

    __pydantic_config__: ClassVar[Reading] = {"extra": "forbid", "alias_generator": key_of}
    LEFT_OUT_IF_NONE: ClassVar[bool] = False  # a field that is None: no key instead of null

    @property
    def as_json(self) -> dict[str, object]:
        """The fields by their keys; rows within them are still rows."""
        key = self.__pydantic_config__["alias_generator"]
        values = ((key(field.name), getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if value is not None or not self.LEFT_OUT_IF_NONE}


class Detail(Row):
    """A table of a file in details/, which may hold more keys than its type says: other programs read metrics.json."""

    __pydantic_config__: ClassVar[Reading] = Row.__pydantic_config__ | {"extra": "ignore"}


@dataclass(frozen=True)
class Pattern:
    """Marks a text that has to match a regular expression."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: object, handler: Callable[[object], object]) -> object:
        from pydantic_core.core_schema import str_schema

        return str_schema(pattern=self.pattern)


Count = Annotated[int, Ge(0)]
OneOrMore = Annotated[int, Ge(1)]
Counts = tuple[Count, ...]
Amount = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]
Difference = Annotated[float, Ge(-1), Le(1)]  # of two shares
Interval = tuple[float, float]
AmountInterval = tuple[Amount, Amount]
ShareInterval = tuple[Share, Share]
DifferenceInterval = tuple[Difference, Difference]
Sha256 = Annotated[str, Pattern("^[0-9a-f]{64}$")]
Signature = Annotated[str, Pattern(r"^[a-z0-9_,]+(\|[a-z-]+:[!-{}~]+)+$")]
Number = float | None  # null where it is not finite
Texts = tuple[str, ...]
Free = dict[str, object]  # keys that settings supply


class FileFacts(TypedDict, total=False):
    """What is known of a file of vectors, or of a package with some; `sha256` of every one."""

    path: str
    format: str
    compression: str | None
    dimension: int
    rows: int
    repeated: int
    replaced: int
    notes: list[str]
    sha256: Required[str]


class ProbeFound(TypedDict):
    """What a probe found: one line in words, and the few numbers that it gives."""

    reading: str


for _kind in (FileFacts, ProbeFound):  # a format, or a probe, may say more
    _kind.__pydantic_config__ = {"extra": "allow"}  # type: ignore[union-attr]

Kind = Literal["baseline", "network", "control", "outside"]
Decision = Literal["beats", "loses", "equal", "cannot tell", "withheld"]
By = Literal["more than the rope", "perhaps less"]
Training = Literal["frozen", "tuned", "frozen-then-tuned"]


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def json_schema(kind: type) -> dict[str, object]:
    """Return the JSON schema (draft 2020-12) of a type."""
    return _adapter(kind).json_schema()


def value_as(kind: type[T], content: object) -> T:
    """Return a value, as JSON has it, as one of a type.

    Raises
    ------
    ValueError
        If it is none; the message names the first few places.
    """
    from pydantic import ValidationError

    try:
        value: T = _adapter(cast(Any, kind)).validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        raise ValueError("; ".join(_in_words(error)[:3])) from None
    return value


def _in_words(error: ValidationError) -> list[str]:
    """Return what keeps a value from being of a type, as `place: what`."""
    return [f"{_place(one['loc'])}: {_what(one)}" for one in error.errors(include_url=False)]


def _what(one: ErrorDetails) -> str:
    text, of_keys = str(one["msg"]), one["type"] in ("missing", "unexpected_keyword_argument")
    return text[0].lower() + text[1:] + ("" if of_keys else f" (it is {one['input']!r:.40})")


def _place(steps: Iterable[int | str]) -> str:
    """Return a place in JSON.

    >>> _place(("results", 0, "accuracy"))
    '$.results[0].accuracy'
    """
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
