"""The files of `details/` that the report draws, as values; docs/run-folder.md says what each key means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, read_json_if_there
from pipeline.run_folder.details.documents import ChosenDocuments, ClassScores, Contributions, ShownDocument
from pipeline.run_folder.details.fitting import (
    Assumptions,
    Choice,
    CurveSets,
    History,
    RunFacts,
    SearchSpace,
    Status,
)
from pipeline.run_folder.details.probes import ProbedNetwork
from pipeline.run_folder.details.words import Audit, Neighbours, TokenFacts
from pipeline.run_folder.metrics.rows import value_as

T = TypeVar("T")


@dataclass(frozen=True)
class Details:
    """The files of `details/` by name; one that is absent, or holds nothing, is empty or None."""

    histories: tuple[History, ...] = ()
    scores: ClassScores | None = None
    neighbours: tuple[Neighbours, ...] = ()
    tokens: TokenFacts | None = None
    assumptions: Assumptions = field(default_factory=Assumptions)
    choices: tuple[Choice, ...] = ()
    status: Status | None = None
    audit: tuple[Audit, ...] = ()
    tuning: SearchSpace | None = None
    run: RunFacts | None = None
    documents_shown: tuple[ShownDocument, ...] = ()
    chosen_documents: ChosenDocuments | None = None
    contributions: Contributions | None = None
    curve_sets: CurveSets | None = None
    probes: tuple[ProbedNetwork, ...] = ()


def read_details(folder: Path, known: Mapping[str, Any]) -> Details:
    """Return the files of a folder `details/`, but for those whose content, as JSON has it, is `known` by name.

    Raises
    ------
    PipelineError
        If one is not JSON, or not what a run writes there.
    """
    found = {}
    for name, kind in get_type_hints(Details).items():
        path = folder / f"{name}.json"
        content = known[name] if name in known else read_json_if_there(path)
        if content:
            found[name] = content_as(kind, content, path)
    return Details(**found)


def content_as(kind: type[T], content: object, path: Path) -> T:
    """Return the content of a file, as JSON has it, as a value of a type.

    Raises
    ------
    PipelineError
        If it is none.
    """
    try:
        return value_as(kind, content)
    except ValueError as error:
        raise PipelineError(str(path), f"this is not what a run writes there ({error})", REWRITE) from None
