"""Rows of metrics.json and details/ as JSON, of which a test gives what it speaks of; the types give the rest."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pipeline.run_folder.metrics.rows import Detail, Pattern, Row, Sha256, value_as

T = TypeVar("T")
# What stands where a test says nothing: the least that is allowed of a kind.
TEXT, SHA256, SIGNATURE = "a text", "0" * 64, "accuracy|corpus:films#00000000|model:a"


def filled(kind: Any, given: Any) -> Any:
    """Return a row, or several, of which what is not given stands as its type has it.

    A key that may be null is null, a list empty, a number 1 or (a share) 0.5, one of some words the first.
    """
    kind, _ = _unmarked(kind)
    if get_origin(kind) in (Union, types.UnionType):
        rows = [one for one in get_args(kind) if one is not type(None)]
        return None if given is None else filled(_which(rows, given), given)
    if dataclasses.is_dataclass(kind) and isinstance(given, Mapping):
        return _filled_row(kind, given)
    if get_origin(kind) is tuple and isinstance(given, list | tuple):
        inner = get_args(kind)
        return [
            filled(inner[0] if inner[-1] is Ellipsis else inner[place], one)
            for place, one in enumerate(given)
        ]
    if get_origin(kind) is dict and isinstance(given, Mapping):
        return {key: filled(get_args(kind)[1], one) for key, one in given.items()}
    return given


def typed(kind: type[T], given: Any) -> T:
    """Return such a row as a value."""
    return value_as(kind, filled(kind, given))


def _filled_row(kind: type[Row], given: Mapping[str, Any]) -> dict[str, Any]:
    key_of = kind.__pydantic_config__["alias_generator"]
    hints = get_type_hints(kind, include_extras=True)
    row = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        key = key_of(field.name)
        if key in given:
            row[key] = filled(hints[field.name], given[key])
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            row[key] = least(hints[field.name])
    more = {key: value for key, value in given.items() if key not in row}
    assert issubclass(kind, Detail) or not more, f"{kind.__name__} has no {', '.join(more)}"
    return row | more


def least(kind: Any) -> Any:
    """Return what stands in the place of a value that is not given."""
    kind, marks = _unmarked(kind)
    inner = get_args(kind)
    of_origin = {
        **dict.fromkeys((Union, types.UnionType), lambda: None if type(None) in inner else least(inner[0])),
        Literal: lambda: inner[0],
        tuple: lambda: [] if inner[-1] is Ellipsis else [least(one) for one in inner],
        dict: dict,
    }
    if get_origin(kind) in of_origin:
        return of_origin[get_origin(kind)]()
    if dataclasses.is_dataclass(kind):
        return _filled_row(kind, {})  # type: ignore[arg-type]
    if any(isinstance(mark, Pattern) for mark in marks):
        return SHA256 if marks == Sha256.__metadata__ else SIGNATURE
    return {str: TEXT, bool: True, int: 1, float: 0.5, object: None}[kind]


def _unmarked(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type without what constrains it, and that."""
    inner, *marks = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    return inner, tuple(marks)


def _which(kinds: list[Any], given: Any) -> Any:
    """Return which of several rows is meant: the first that has all keys that are given."""
    for kind in kinds:
        row, _ = _unmarked(kind)
        if dataclasses.is_dataclass(row) and isinstance(given, Mapping):
            key_of = row.__pydantic_config__["alias_generator"]
            if set(given) <= {key_of(field.name) for field in dataclasses.fields(row)}:
                return kind
    return kinds[-1]
