"""A tagger as a service: words or raw texts are asked, each word has a tag, and spans say where they stand."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest

pytest.importorskip("starlette")

from starlette.testclient import TestClient
from tagger_by_hand import TAGGER

from pipeline.predict.unlike import Usual
from pipeline.serve.app import Service
from pipeline.serve.facts import Facts
from pipeline.serve.kinds import OF_WORDS, answerer_of, kind_of
from pipeline.serve.limits import Limits

LIMITS = Limits(texts=3, characters=20)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    facts = Facts("most-frequent", TAGGER.label_names, None, None, "first", "run", {}, 4, LIMITS)
    service = Service(facts, answerer_of(TAGGER, Usual()), LIMITS, kind_of(TAGGER))
    with service.answering:
        yield TestClient(service.app(), raise_server_exceptions=False)


def test_words_and_texts_have_tags_and_spans(client: TestClient) -> None:
    words = client.post("/predict", json={"tokens": [["Then", "Ida", "Kim", "runs"], []]}).json()
    assert words["model"] == "most-frequent"
    first, empty = words["answers"]
    assert (first["tokens"], first["tags"]) == (["Then", "Ida", "Kim", "runs"], ["O", "B-PER", "I-PER", "O"])
    (span,) = first["spans"]
    assert (span["type"], span["start"], span["end"], span["text"]) == ("PER", 1, 3, "Ida Kim")
    assert "start_character" not in span
    assert empty == {"tokens": [], "tags": [], "confidence": [], "spans": []}
    (text,) = client.post("/predict", json={"texts": ["Then Ida  Kim runs"]}).json()["answers"]
    assert (text["tags"], text["confidence"]) == (first["tags"], first["confidence"])
    (span,) = text["spans"]
    assert (span["start_character"], span["end_character"], span["text"]) == (5, 13, "Ida  Kim")


def test_questions_that_wait_together_get_their_own_answers() -> None:
    of_words, of_texts = (
        OF_WORDS.question.model_validate_json(body)
        for body in ('{"tokens": [["Bo"]]}', '{"texts": ["Kim runs"]}')
    )
    both = answerer_of(TAGGER, Usual())([of_texts, of_words, of_texts])
    assert [[one["tokens"] for one in own] for own in both] == [
        [["Kim", "runs"]],
        [["Bo"]],
        [["Kim", "runs"]],
    ]


REFUSED = {
    "neither": ("{}", 422, "body", "it holds both texts and tokens, or none of them"),
    "both": (
        '{"texts": ["a"], "tokens": [["a"]]}',
        422,
        "body",
        "it holds both texts and tokens, or none of them",
    ),
    "a text as words": ('{"tokens": ["a b"]}', 422, "tokens[0]", "it is no list"),
    "a key of another kind": ('{"texts": ["a"], "top": 2}', 422, "top", "there is no such key"),
    "too many": (
        '{"tokens": [["a"], ["a"], ["a"], ["a"]]}',
        413,
        "tokens",
        "4 texts; at most 3 in a request",
    ),
    "too long": (
        '{"tokens": [["a"], ["aaaaaaaaaa", "aaaaaaaaaa"]]}',
        413,
        "tokens[1]",
        "22 characters; at most 20 in a text",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_question_is_told(client: TestClient, case: str) -> None:
    body, status, where, what = REFUSED[case]
    reply = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["where"], reply.json()["what"]) == (status, where, what)


def test_the_service_describes_itself(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    example = described["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    reply = client.post("/predict", json=example)
    jsonschema.validate(example, schemas["Question"])
    resolver = {"$ref": "#/components/schemas/Answers", "components": described["components"]}
    jsonschema.validate(reply.json(), resolver)
    page = client.get("/")
    assert "Which tags do these words have?" in page.text
    assert "script-src 'sha256-" in page.headers["content-security-policy"]
    assert "tokens" in client.get("/docs").text
