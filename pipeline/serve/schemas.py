"""JSON schemas of what the service answers, as OpenAPI has them."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.core.files import Json

Schema = dict[str, Json]


def table(properties: Mapping[str, Schema], *optional: str) -> Schema:
    """Return the schema of an object; all keys but the optional ones are there."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def refers(name: str) -> Schema:
    """Return a reference to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_PLACE: Schema = {"type": ["integer", "null"], "minimum": 0}
_WORD = table({"word": TEXT, "weight": {"type": ["number", "null"]}, "start": _PLACE, "end": _PLACE})
EXPLANATION: Schema = {
    "description": "The words for and against `label`, above and below 0; or why they cannot be said.",
    "oneOf": [
        table(
            {
                "label": TEXT,
                "method": {"enum": ["weights", "occlusion"]},
                "text": TEXT,
                "words": {"type": "array", "items": _WORD},
            }
        ),
        table({"why_not": TEXT}),
    ],
}
ANSWER = table(
    {
        "label": TEXT,
        "probabilities": {"type": "object", "additionalProperties": _SHARE},
        "confidence": _SHARE,
        "unlike_training": {"type": ["string", "null"]},
        "explanation": refers("Explanation"),
    },
    "explanation",
)
_LIST: Schema = {"type": "array", "items": TEXT}
_AT: Schema = {"type": "integer", "minimum": 0}
_SPAN = table(
    {
        **{"type": TEXT, "start": _AT, "end": _AT, "text": TEXT, "confidence": _SHARE},
        **{"start_character": _AT, "end_character": _AT},
    },
    "start_character",
    "end_character",
)
TAGGED = table(
    {
        "tokens": _LIST,
        "tags": _LIST,
        "confidence": {"type": "array", "items": _SHARE},
        "spans": {"type": "array", "items": _SPAN},
    }
)
