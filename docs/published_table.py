"""The section "Published beside measured" of docs/project/results.md, made from the results in benchmarks/results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marked_sections import write_section

from benchmarks.__main__ import SCENARIOS
from benchmarks.quality import arguments_of
from benchmarks.quality_cases import CORPORA, QUALITY, Case, Published
from benchmarks.results_file import RESULTS, read_result
from benchmarks.sides import Options
from benchmarks.table import environment_of, shown
from pipeline.core.errors import PipelineError

PAGE = Path(__file__).parent / "project" / "results.md"
SPEED = ("lstm_step", "imdb_whole", "fasttext", "imdb_memory")
NOT_MEASURED = "not measured yet"
_MET = {True: "yes", False: "**no**"}
_SIGNS = {"higher": "≥", "lower": "≤"}

Result = Mapping[str, Any]

HEAD = """## Published beside measured

Written by `python docs/make_results.py published` from [benchmarks/results](../../benchmarks/results/README.md);
rows that miss their target are among them. Accuracy in % on test documents; a network's is the mean over seeds,
with the lowest and the highest seed (or fold). "Target" is what this project sets itself. The published figures are
for the same corpus and protocol, not for the same model in every detail; a row without one has none that was looked up.
The command for a row is `python -m benchmarks quality --corpora CORPORA --only ROW`.

| row | corpus and protocol | settings | published | target | measured | lowest to highest | reached | machine |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

SPEED_HEAD = """
Speed and memory; a ratio comes from one run, both sides in turn ([how](../../benchmarks/README.md)):

| what | target | measured | reached | command | machine |
| --- | --- | --- | --- | --- | --- |
"""


def write_published(page: Path = PAGE, results: Path = RESULTS) -> Path:
    """Write the section between its two marks in `page`; return the page's path."""
    write_section(page, "published", section(results))
    return page


def section(results: Path = RESULTS) -> str:
    """Return the section, without its marks."""
    quality = _read(results / "quality.json")
    accuracy = [quality_row(name, case, quality) for name, case in QUALITY.items()]
    speed = [row for name in SPEED for row in speed_rows(name, _read(results / f"{name}.json"))]
    tables = (
        HEAD + "".join(f"{row}\n" for row in accuracy) + SPEED_HEAD + "".join(f"{row}\n" for row in speed)
    )
    return tables.rstrip("\n")


def _read(path: Path) -> Result | None:
    """Return a result at full size, None where there is none yet."""
    if not path.exists():
        return None
    result = read_result(path)
    if not result["full_size"]:
        what = f"the result of a slice of {result['documents']} documents"
        raise PipelineError(
            "output-exists", str(path), what, "measure it without --documents, or take the file away"
        )
    return result


def quality_row(name: str, case: Case, result: Result | None) -> str:
    """Return a case's line; measured figures only if they were measured with the arguments of the table."""
    corpus = CORPORA[case.corpus]
    unlabelled = " --unlabelled" if case.unlabelled else ""
    published = "; ".join(_published(figure) for figure in case.published)
    head = [name, f"{corpus.title}, {corpus.protocol}", f"`{case.arguments}{unlabelled}`", published]
    measured = _measured(name, case, result) if result else None
    return _line([*head, f"{case.target:.1f}", *(measured or [NOT_MEASURED, "", "", ""])])


def _published(figure: Published) -> str:
    return f"{figure.accuracy} ({figure.what}: {figure.source})"


def _measured(name: str, case: Case, result: Result) -> list[str] | None:
    """Return accuracy, spread, reached or not, and machine."""
    metric = next((metric for metric in result["metrics"] if metric["id"] == f"accuracy_{name}"), None)
    if metric is None:
        return None
    details = result["details"][name]
    if _without_seeds(details["command"]) != _without_seeds(_command(case)):
        return [f"{NOT_MEASURED} with these settings", "", "", ""]
    each = details["accuracies"]
    over = f"{min(each):.1f} to {max(each):.1f} ({len(each)} {details['spread_over']})"
    spread = over if details["spread_over"] else "one fit"
    return [f"{metric['value']:.1f}", spread, _MET[metric["value"] >= case.target], _machine(result, metric)]


def _command(case: Case) -> str:
    return " ".join(["python run_pipeline.py", *arguments_of(case, Options(), None)])


def _without_seeds(command: str) -> str:
    return command.partition(" --seeds ")[0]


def speed_rows(name: str, result: Result | None) -> Iterator[str]:
    """Yield a line for each metric that has a target."""
    if result is None:
        corpora = " --corpora CORPORA" if SCENARIOS[name].files else ""
        command = f"`python -m benchmarks {name}{corpora}`"
        yield _line([SCENARIOS[name].title, "", NOT_MEASURED, "", command, ""])
        return
    for metric in result["metrics"]:
        if metric["target"] is None:
            continue
        value = f"{shown(metric['value'])} {metric['unit']}"
        target = f"{_SIGNS[metric['better']]} {metric['target']:g} {metric['unit']}"
        command = f"`{result['environment']['command']}`"
        yield _line([metric["what"], target, value, _MET[metric["met"]], command, _machine(result, metric)])


def _machine(result: Result, metric: Mapping[str, Any]) -> str:
    environment = environment_of(result, metric)
    return f"{environment['cpu']}, {environment['cores']} cores"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
