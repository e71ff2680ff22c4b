"""The description of the service that machines read (OpenAPI 3.1), and the page that people read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import TypeAdapter

import pipeline
from pipeline.core.files import Json
from pipeline.serve.facts import Facts
from pipeline.serve.questions import EXAMPLE, question_schema

Schema = dict[str, Json]


def _object(properties: Mapping[str, Schema], *optional: str) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _refers(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_PLACE: Schema = {"type": ["integer", "null"], "minimum": 0}
_WORD = _object({"word": _TEXT, "weight": {"type": ["number", "null"]}, "start": _PLACE, "end": _PLACE})
_EXPLANATION: Schema = {
    "description": "The words for and against `label`, above and below 0; or why they cannot be said.",
    "oneOf": [
        _object(
            {
                "label": _TEXT,
                "method": {"enum": ["weights", "occlusion"]},
                "text": _TEXT,
                "words": {"type": "array", "items": _WORD},
            }
        ),
        _object({"why_not": _TEXT}),
    ],
}
_ANSWER = _object(
    {
        "label": _TEXT,
        "probabilities": {"type": "object", "additionalProperties": _SHARE},
        "confidence": _SHARE,
        "unlike_training": {"type": ["string", "null"]},
        "explanation": _refers("Explanation"),
    },
    "explanation",
)
SCHEMAS: dict[str, Schema] = {
    "Answer": _ANSWER,
    "Answers": _object({"model": _TEXT, "answers": {"type": "array", "items": _refers("Answer")}}),
    "Explanation": _EXPLANATION,
    "Health": _object({"status": _TEXT}),
    "Refusal": _object({"where": _TEXT, "what": _TEXT, "fix": _TEXT}),
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


def describe() -> dict[str, Json]:
    """Return the content of `/openapi.json`."""
    refusals = {str(status): _response(what, "Refusal") for status, what in REFUSALS.items()}
    question = {"application/json": {"schema": _refers("Question"), "example": json.loads(EXAMPLE)}}
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
                    "summary": "The label of each text, and how probable every label is.",
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
        "components": {"schemas": SCHEMAS | _metadata() | {"Question": question_schema()}},
    }


def _response(what: str, schema: str) -> Schema:
    return {"description": what, "content": {"application/json": {"schema": _refers(schema)}}}


def _read(summary: str, schema: str | None = None) -> Schema:
    response: Schema = _response(summary, schema) if schema else {"description": summary}
    return {"get": {"summary": summary, "responses": {"200": response}}}
