"""What must not happen, and when it does: a fault, an answer that takes too long. Neither ends the service."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from clients import result_of

from pipeline.serve.answers import Answer
from pipeline.serve.app import Service
from pipeline.serve.facts import Facts
from pipeline.serve.limits import Limits
from pipeline.serve.questions import Question
from pipeline.serve.refused import Refused

OF_NOTHING = Facts("tfidf", ("good",), None, None, "first", "films", {}, 2, Limits())


def answered(service: Service, *texts: str) -> tuple[int, dict[str, Any], Exception | None]:
    """Return status and content of what the application sends, and what it raises after that."""
    body = json.dumps({"texts": texts}).encode()
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": headers, "query_string": b""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def call() -> Exception | None:
        try:
            await service.app()(scope, receive, send)
        except Exception as error:
            return error
        return None

    raised = result_of(call())
    start, content = sent
    return start["status"], json.loads(content["body"]), raised


def test_a_fault_is_told_without_what_it_says_and_the_next_question_is_answered() -> None:
    def answer(questions: Sequence[Question]) -> list[list[Answer]]:
        if questions[0].texts == ["bad"]:
            raise ArithmeticError("the secret of the house")
        return [[{"label": "good"}] for _ in questions]

    service = Service(OF_NOTHING, answer, Limits())
    with service.answering:
        status, content, raised = answered(service, "bad")
        assert status == 500
        assert content == {
            "where": "service",
            "what": "a fault of the service, ArithmeticError",
            "fix": "its console says more; report it with the text",
        }
        assert isinstance(raised, ArithmeticError)  # for the server, which logs it
        assert answered(service, "good") == (200, {"model": "tfidf", "answers": [{"label": "good"}]}, None)


@pytest.mark.longer
def test_what_takes_too_long_is_given_up_and_what_waits_behind_it_is_passed_over() -> None:
    go, asked = threading.Event(), []

    def answer(questions: Sequence[Question]) -> list[list[Answer]]:
        asked.extend(questions)
        assert go.wait(20)
        return [[] for _ in questions]

    service = Service(OF_NOTHING, answer, Limits(answer_seconds=1))
    with service.answering:
        late = {
            "where": "service",
            "what": "it was not answered within 1 s",
            "fix": "send fewer texts in a request, or try again later",
        }
        assert answered(service, "first") == (504, late, None)
        assert answered(service, "second") == (504, late, None)
        go.set()
    assert [question.texts for question in asked] == [["first"]]


def test_a_service_whose_thread_has_ended_says_that_it_is_not_well() -> None:
    service = Service(OF_NOTHING, lambda questions: [], Limits())
    with pytest.raises(Refused) as refused:
        result_of(service.health(None))  # type: ignore[arg-type] # it reads nothing of the request
    assert refused.value.status == 503
    assert refused.value.what == "no question is answered any more"
