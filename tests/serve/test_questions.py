"""What a body has to be: every kind of wrong one is told where, what, and what to do, with its own status."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline.core.errors import PipelineError
from pipeline.serve.limits import Limits
from pipeline.serve.questions import Question, read_question
from pipeline.serve.refused import Refused

SMALL = Limits(texts=3, characters=10, explained=1, explained_characters=5)
SEND = 'send {"texts": ["a good film"]}'
NUMBER = "send a number from 1 on, or leave it out"


def test_a_body_becomes_a_question() -> None:
    question = read_question(b'{"texts": ["a", "", "\\u0000b"], "top": 2, "explain": false}', SMALL)
    assert (question.texts, question.top, question.explain) == (["a", "", "\0b"], 2, False)
    assert read_question(b'{"texts": []}', SMALL).texts == []


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_question(b'\xef\xbb\xbf{"texts": ["a"]}', SMALL).texts == ["a"]


REFUSED: dict[str, tuple[bytes, int, str, str, str]] = {
    "empty": (b"", 400, "body", "it is empty", SEND),
    "blank": (b" \n", 400, "body", "it is empty", SEND),
    "not JSON": (b'{"texts": [a]}', 400, "body:1:12", "this is not JSON (expected value)", SEND),
    "cut off": (b'{"texts":\n["a"', 400, "body:2:4", "this is not JSON (EOF while parsing a list)", SEND),
    "more than JSON": (b'{"texts": []} x', 400, "body:1:15", "this is not JSON (trailing characters)", SEND),
    "not UTF-8": (
        b'{"texts": ["\xe9"]}',
        400,
        "body, byte 12",
        "this is not UTF-8",
        "send the body in UTF-8",
    ),
    "UTF-16": (
        '{"texts": []}'.encode("utf-16"),
        400,
        "body, byte 0",
        "this is not UTF-8",
        "send the body in UTF-8",
    ),
    "a bare null byte": (
        b'{"texts": ["\0"]}',
        400,
        "body:1:13",
        "this is not JSON (control character (\\u0000-\\u001F) found while parsing a string)",
        SEND,
    ),
    "half a pair": (
        b'{"texts": ["\\ud800"]}',
        400,
        "body:1:19",
        "this is not JSON (unexpected end of hex escape)",
        SEND,
    ),
    "deep": (b"[" * 1_000_000, 400, "body:1:202", "this is not JSON (recursion limit exceeded)", SEND),
    "no object": (b"[]", 422, "body", "it is no object", SEND),
    "no texts": (b"{}", 422, "texts", "it is missing", SEND),
    "one text": (
        b'{"texts": "a"}',
        422,
        "texts",
        "it is no list",
        'send a list of strings, as in {"texts": ["a good film"]}',
    ),
    "a null": (
        b'{"texts": ["a", null]}',
        422,
        "texts[1]",
        "it is no string",
        "send every text in quotation marks; leave out those that are null",
    ),
    "a slip": (b'{"text": ["a"]}', 422, "text", "there is no such key", 'did you mean "texts"?'),
    "top of none": (b'{"texts": [], "top": 0}', 422, "top", "it is less than 1", NUMBER),
    "half a top": (b'{"texts": [], "top": 1.5}', 422, "top", "it is no whole number", NUMBER),
    "top as a word": (b'{"texts": [], "top": "1"}', 422, "top", "it is no whole number", NUMBER),
    "explain as a number": (
        b'{"texts": [], "explain": 1}',
        422,
        "explain",
        "it is neither true nor false",
        "send true or false, or leave it out",
    ),
    "too many": (
        b'{"texts": ["a", "b", "c", "d"]}',
        413,
        "texts",
        "4 texts; at most 3 in a request",
        "send them in several requests",
    ),
    "too many to explain": (
        b'{"texts": ["a", "b"], "explain": true}',
        413,
        "texts",
        "2 texts; at most 1 in a request with `explain`",
        "send them in several requests",
    ),
    "too long": (
        b'{"texts": ["a", "12345678901"]}',
        413,
        "texts[1]",
        "11 characters; at most 10 in a text",
        "shorten it, or start the service with `--limit characters=N`",
    ),
    "too long to explain": (
        b'{"texts": ["123456"], "explain": true}',
        413,
        "texts[0]",
        "6 characters; at most 5 in a text with `explain`",
        "shorten it, or start the service with `--limit explained_characters=N`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_question_is_refused(case: str) -> None:
    body, status, where, what, fix = REFUSED[case]
    with pytest.raises(Refused) as refused:
        read_question(body, SMALL)
    assert refused.value.status == status
    assert refused.value.body == {"where": where, "what": what, "fix": fix}


def test_a_million_wrong_texts_are_one_fault() -> None:
    """An error made for each of them would hold the service up for seconds."""
    with pytest.raises(ValidationError) as error:
        Question.model_validate_json(b'{"texts": [' + b"1," * 1_000_000 + b"1]}")
    assert error.value.error_count() == 1


# --- limits


def test_limits_are_set_by_name() -> None:
    assert Limits.told(["texts=5", "waiting=7", "texts=6"]) == Limits(texts=6, waiting=7)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("text=5", '--limit: there is no limit "text"; did you mean "texts"?'),
        ("texts", '--limit: texts is ""; expected a number from 1 on; give one, as in --limit texts=500'),
        ("texts=0", '--limit: texts is "0"; expected a number from 1 on; give one, as in --limit texts=500'),
        (
            "texts=-1",
            '--limit: texts is "-1"; expected a number from 1 on; give one, as in --limit texts=500',
        ),
    ],
)
def test_a_limit_that_is_none_is_refused(given: str, expected: str) -> None:
    with pytest.raises(PipelineError) as error:
        Limits.told([given])
    assert str(error.value) == expected
