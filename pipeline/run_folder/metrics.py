"""metrics.json is held to a JSON schema that stands in the package: `pipeline/run_folder/metrics.schema.json`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def metrics_schema() -> dict[str, Any]:
    """Return the JSON schema of metrics.json (draft 2020-12)."""
    text = files("pipeline.run_folder").joinpath("metrics.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def check_metrics(metrics: object) -> None:
    """Do nothing if `metrics`, as JSON has it, is what the schema says.

    Raises
    ------
    ValueError
        If it is not; the message names the first few places.
    """
    mistakes = metrics_mistakes(metrics)
    if mistakes:
        raise ValueError(f"metrics.json is not what its schema says: {'; '.join(mistakes[:3])}")


def metrics_mistakes(metrics: object) -> list[str]:
    """Return what contradicts the schema, as `place: what`; empty if nothing does."""
    from jsonschema import Draft202012Validator

    found = Draft202012Validator(metrics_schema()).iter_errors(metrics)
    return [f"{error.json_path}: {error.message}" for error in found]
