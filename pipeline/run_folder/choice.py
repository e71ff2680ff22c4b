"""What a run says of its models to one who wants to use one, read without the checks that all of metrics.json takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, read_json
from pipeline.run_folder.names import METRICS

if TYPE_CHECKING:
    from pipeline.core.fits import Row


@dataclass(frozen=True)
class ModelToUse:
    """A model's accuracy with its 95 % interval, and what it costs; None: not known."""

    name: str
    accuracy: float
    accuracy_ci95: tuple[float, float]
    latency_ms_p50: float | None
    size_bytes: int | None


@dataclass(frozen=True)
class Choice:
    """The advice of a run, its models, and the columns of its corpus."""

    advised: str | None  # the name of the model that the run advises
    because: str  # why this one, or none
    models: Mapping[str, ModelToUse]
    text: str  # the columns of the corpus, as options say them; empty where it has none
    label: str
    class_map: str  # the classes that the run renamed, as `--map` says it


def read_choice(run: Path) -> Choice:
    """Return what a finished run says of its models.

    Raises
    ------
    PipelineError
        If it is no run folder, did not end, or another version wrote it.
    """
    path = run / METRICS
    if not path.is_file():
        fix = "give the folder of a finished run, or finish it (`python -m pipeline report RUN`)"
        raise PipelineError(
            "not-a-finished-run", str(run), f"it holds no {METRICS}, so it is no finished run", fix
        )
    try:
        return _choice(read_json(path))
    except (KeyError, TypeError, AttributeError) as error:
        what = f"it is damaged, or another version wrote it ({error})"
        raise PipelineError("run-file-damaged", str(path), what, REWRITE) from None


def _choice(content: Row) -> Choice:
    costs = {row["name"]: row for row in content["costs"]}
    rows = [row | costs[row["name"]] for row in content["summary"] if row["name"] in costs]
    models = (ModelToUse(**{field.name: row[field.name] for field in fields(ModelToUse)}) for row in rows)
    advice, corpus, asked = content["advice"], content["corpus"], content["config"]["corpus"]
    return Choice(
        advice["model"],
        advice["because"],
        {model.name: model for model in models},
        asked["text"] or corpus["text_column"],
        asked["label"] or corpus["label_column"],
        asked["class_map"] or "",
    )
