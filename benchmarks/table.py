"""All results as one Markdown table: `python -m benchmarks table`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.results_file import RESULTS, read_result

_HEAD = """# Benchmark results

Made by `python -m benchmarks table` from the JSON files in this folder; they hold every repeat, the versions and
the data's checksums. A ratio says how many times as fast this project is, both sides measured in turn in one run.
`CORPORA` is the folder with the Parquet files of the corpora (`data/README.md`).

| Scenario | What | Value | Target | Met | Command | Machine |
| --- | --- | --- | --- | --- | --- | --- |
"""
_SIGNS = {"higher": "≥", "lower": "≤"}
_MET = {True: "yes", False: "**no**", None: ""}


def write_table(folder: Path = RESULTS) -> Path:
    """Write `README.md` in `folder` from all of its JSON files and return its path."""
    results = [read_result(path) for path in sorted(folder.glob("*.json"))]
    table = folder / "README.md"
    table.write_text(_HEAD + "".join(f"{row}\n" for row in rows(results)), encoding="utf-8")
    return table


def rows(results: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the table's rows: one a metric."""
    return [_row(result, metric) for result in results for metric in result["metrics"]]


def _row(result: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    environment = environment_of(result, metric)
    target = "" if metric["target"] is None else f"{_SIGNS[metric['better']]} {metric['target']:g}"
    what = metric["what"] + ("" if result["full_size"] else f" (a slice: {result['documents']} documents)")
    cells = [
        result["scenario"],
        what,
        f"{shown(metric['value'])} {metric['unit']}",
        target,
        _MET[metric["met"]] if result["full_size"] else "",
        f"`{environment['command']}`",
        f"{environment['cpu']}, {environment['cores']} cores, {environment['memory_gib']:g} GiB",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def environment_of(result: Mapping[str, Any], metric: Mapping[str, Any]) -> dict[str, Any]:
    """Return the command and machine of a metric: its case's own, where cases were run one at a time."""
    case = metric.get("case")
    environment: dict[str, Any] = (result["details"][case] if case else result)["environment"]
    return environment


def shown(value: float) -> str:
    """Return a value to four significant digits and never in powers of ten.

    >>> shown(8.1234), shown(12345.6), shown(90.0)
    ('8.123', '12350', '90')
    """
    return f"{Decimal(f'{value:.4g}'):f}"
