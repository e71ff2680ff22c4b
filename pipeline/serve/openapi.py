"""The description of the service that machines read (OpenAPI 3.1), and the page that people read."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

import pipeline
from pipeline.core.files import Json
from pipeline.serve.facts import Facts
from pipeline.serve.kinds import Kind
from pipeline.serve.questions import question_schema
from pipeline.serve.schemas import EXPLANATION, TEXT, Schema, refers, table

SCHEMAS: dict[str, Schema] = {
    "Answers": table({"model": TEXT, "answers": {"type": "array", "items": refers("Answer")}}),
    "Explanation": EXPLANATION,
    "Health": table({"status": TEXT}),
    "Refusal": table({"where": TEXT, "what": TEXT, "fix": TEXT}),
}
REFUSALS = {
    400: "It is no JSON in UTF-8.",
    408: "It did not arrive in time.",
    413: "It is too large.",
    415: "It is not said to be JSON.",
    422: "It is JSON and no question.",
    500: "A fault of the service.",
    503: "Too many requests are waiting; Retry-After says for how many seconds to wait.",
    504: "It was not answered in time.",
}


def _metadata() -> dict[str, Schema]:
    """Return the schemas of `/metadata`: that of `Facts`, and of the values in it."""
    schema = TypeAdapter(Facts).json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Metadata": schema}


def describe(kind: Kind) -> dict[str, Json]:
    """Return the content of `/openapi.json`, for a model of a kind."""
    refusals = {str(status): _response(what, "Refusal") for status, what in REFUSALS.items()}
    question = {"application/json": {"schema": refers("Question"), "example": json.loads(kind.example)}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "embedseq",
            "version": pipeline.__version__,
            "description": "Answers of a saved model.",
        },
        "paths": {
            "/predict": {
                "post": {
                    "summary": kind.summary,
                    "requestBody": {"required": True, "content": question},
                    "responses": {
                        "200": _response("An answer to each text, in order.", "Answers"),
                        **refusals,
                    },
                }
            },
            "/metadata": _read(
                "Which model this is, its labels, how often it is right, versions.", "Metadata"
            ),
            "/health": _read("Whether questions are answered.", "Health"),
            "/metrics": _read("Counts for Prometheus."),
            "/openapi.json": _read("This description."),
        },
        "components": {
            "schemas": {"Answer": kind.answer}
            | SCHEMAS
            | _metadata()
            | {"Question": question_schema(kind.question)}
        },
    }


def _response(what: str, schema: str) -> Schema:
    return {"description": what, "content": {"application/json": {"schema": refers(schema)}}}


def _read(summary: str, schema: str | None = None) -> Schema:
    response: Schema = _response(summary, schema) if schema else {"description": summary}
    return {"get": {"summary": summary, "responses": {"200": response}}}
