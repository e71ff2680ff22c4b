"""A request's body > a question: UTF-8, JSON, the right types, within the limits; else it says where it is wrong."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from pipeline.core.errors import did_you_mean
from pipeline.core.files import Json
from pipeline.serve.limits import OPTION, Limits
from pipeline.serve.refused import Refused

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

EXAMPLE = '{"texts": ["a good film"]}'
_PLACE_IN_JSON = re.compile(r"(?P<what>.*) at line (?P<line>\d+) column (?P<column>\d+)", re.DOTALL)


class Asked(BaseModel):
    """What every kind of question is: so many sentences or documents."""

    def sizes(self) -> list[tuple[str, int]]:
        """Return the place and the characters of each text."""
        raise NotImplementedError


class Question(Asked):
    """The body of `POST /predict`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    texts: Annotated[
        list[str],
        FailFast(),  # a body of a million numbers is one fault
        Field(description="The documents, one string each; an empty one is answered too."),
    ]
    top: Annotated[
        int | None, Field(ge=1, description="Only the K most probable labels, the most probable one first.")
    ] = None
    explain: Annotated[bool, Field(description="With the words that speak for and against each answer.")] = (
        False
    )

    def sizes(self) -> list[tuple[str, int]]:
        """Return the place and the characters of each text."""
        return [(f"texts[{place}]", len(text)) for place, text in enumerate(self.texts)]


Q = TypeVar("Q", bound=Asked)


class Fault(NamedTuple):
    """What is said of one kind of wrong content."""

    what: str
    fix: str


_FAULTS: Mapping[str, Fault] = {  # by pydantic's types of errors
    "missing": Fault("it is missing", f"send {EXAMPLE}"),
    "model_type": Fault("it is no object", f"send {EXAMPLE}"),
    "list_type": Fault("it is no list", f"send a list of strings, as in {EXAMPLE}"),
    "string_type": Fault(
        "it is no string", "send every text in quotation marks; leave out those that are null"
    ),
    "int_type": Fault("it is no whole number", "send a number from 1 on, or leave it out"),
    "greater_than_equal": Fault("it is less than 1", "send a number from 1 on, or leave it out"),
    "value_error": Fault("it holds both texts and tokens, or none of them", "send one of the two"),
    "bool_type": Fault("it is neither true nor false", "send true or false, or leave it out"),
}


def read_question(body: bytes, limits: Limits, kind: type[Q] = Question, example: str = EXAMPLE) -> Q:  # type: ignore[assignment]
    """Return the question of a kind that a request's body holds.

    Raises
    ------
    Refused
        400 if it is no JSON in UTF-8, 422 if it holds something else than a question, 413 if it holds too much.
    """
    if not body.strip():
        raise Refused(400, "body", "it is empty", f"send {example}")
    try:
        question = kind.model_validate_json(body.removeprefix(BOM_UTF8))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        unknown = [
            fault for fault in faults if fault["type"] == "extra_forbidden"
        ]  # why another key is missing
        raise _refusal([*unknown, *faults][0], body, kind, example) from None
    _check(question, limits)
    return question


def _refusal(error: ErrorDetails, body: bytes, kind: type[Asked], example: str) -> Refused:
    """Return what is said of the first thing that is wrong."""
    if error["type"] == "json_invalid":
        return _no_json(str(error.get("ctx", {}).get("error", error["msg"])), body, example)
    where = _place(error["loc"])
    if error["type"] == "extra_forbidden":
        known = did_you_mean(str(error["loc"][-1]), kind.model_fields)
        return Refused(422, where, "there is no such key", known)
    what, fix = _FAULTS.get(error["type"], Fault(error["msg"], f"send {EXAMPLE}"))
    return Refused(422, where, what, fix.replace(EXAMPLE, example))


def _no_json(message: str, body: bytes, example: str) -> Refused:
    """Return what is said of a body that is not JSON: where that begins, in lines and columns."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refused(400, f"body, byte {error.start}", "this is not UTF-8", "send the body in UTF-8")
    found = _PLACE_IN_JSON.fullmatch(message)
    where = f"body:{found['line']}:{found['column']}" if found else "body"
    return Refused(400, where, f"this is not JSON ({found['what'] if found else message})", f"send {example}")


def _place(loc: tuple[int | str, ...]) -> str:
    """Return a place in the body as a program writes it.

    >>> _place(("texts", 3)), _place(())
    ('texts[3]', 'body')
    """
    written = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in loc)
    return written.removeprefix(".") or "body"


def _check(question: Asked, limits: Limits) -> None:
    texts, characters = "texts", "characters"
    if isinstance(question, Question) and question.explain:
        texts, characters = "explained", "explained_characters"
    most, longest = getattr(limits, texts), getattr(limits, characters)
    with_words = " with `explain`" * (texts == "explained")
    sizes = question.sizes()
    if len(sizes) > most:
        what = f"{len(sizes):,} texts; at most {most:,} in a request{with_words}"
        where = sizes[0][0].partition("[")[0]
        raise Refused(413, where, what, "send them in several requests")
    for where, size in sizes:
        if size > longest:
            what = f"{size:,} characters; at most {longest:,} in a text{with_words}"
            fix = f"shorten it, or start the service with `{OPTION} {characters}=N`"
            raise Refused(413, where, what, fix)


@cache
def question_schema(kind: type[Asked] = Question) -> dict[str, Json]:
    """Return the JSON schema of a kind of question (draft 2020-12)."""
    return kind.model_json_schema()
