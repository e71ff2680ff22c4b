"""The files of `details/` that the report draws, as values; docs/reference/run-folder.md says what each key means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, get_type_hints

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, read_json_if_there
from pipeline.run_folder.details.documents import ChosenDocuments, ClassScores, Contributions, ShownDocument
from pipeline.run_folder.details.fitting import (
    Assumptions,
    Choice,
    CurveSets,
    Fits,
    History,
    ModelCosts,
    RunFacts,
    SearchSpace,
    Status,
)
from pipeline.run_folder.details.forecast import Forecast
from pipeline.run_folder.details.probes import ProbedNetwork
from pipeline.run_folder.details.words import Audit, Neighbours, TokenFacts
from pipeline.run_folder.metrics.documents import Giveaway
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.protocol import LaidDown

T = TypeVar("T")


@dataclass(frozen=True)
class Details:
    """The files of `details/` by name; one that is absent, or holds nothing, is empty or None."""

    histories: tuple[History, ...] = ()
    scores: ClassScores | None = None
    neighbours: tuple[Neighbours, ...] = ()
    tokens: TokenFacts | None = None
    assumptions: Assumptions = Assumptions()  # noqa: RUF009
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
    forecast: Forecast | None = None


@dataclass(frozen=True)
class Inputs:
    """The files of `details/` that scores are computed from, beside the predictions; as in `Details`."""

    fits: Fits
    run: RunFacts
    fit_costs: tuple[ModelCosts, ...] = ()
    giveaways: tuple[Giveaway, ...] = ()
    curve_sets: CurveSets | None = None
    probes: tuple[ProbedNetwork, ...] = ()
    protocol: LaidDown | None = None


def read_details(kind: type[T], folder: Path, known: Mapping[str, object] = MappingProxyType({})) -> T:
    """Return the files of a folder `details/` that a type names.

    Parameters
    ----------
    kind : `Details` or `Inputs`
    known : files by name that are not read, since this is their content, as JSON has it

    Raises
    ------
    PipelineError
        If one is not JSON, or not what a run writes there.
    """
    found = {}
    for name, of_file in get_type_hints(kind).items():
        path = folder / f"{name}.json"
        content = known[name] if name in known else read_json_if_there(path)
        if content or not hasattr(kind, name):  # one without a default has to be there
            found[name] = _content_as(of_file, content, path)
    return kind(**found)


def _content_as(kind: type[T], content: object, path: Path) -> T:
    try:
        return value_as(kind, content)
    except ValueError as error:
        raise PipelineError(
            "run-file-damaged", str(path), f"this is not what a run writes there ({error})", REWRITE
        ) from None
