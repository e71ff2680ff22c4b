"""Say what changed between two results of one scenario: python benchmarks/compare.py OLD.json NEW.json.

Exit status: 0 if nothing regressed, 1 if something did, 2 if the two cannot be compared.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:  # run as a file: the packages stand beside this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.results_file import read_result
from pipeline.core.errors import PipelineError

Result = Mapping[str, Any]
_MUST_AGREE = ("scenario", "documents")


def judge(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return "regressed", "improved" or "unchanged" for two values of one metric.

    >>> metric = {"value": 10.0, "better": "lower", "tolerance": 0.1, "tolerance_is": "share"}
    >>> judge(metric, {**metric, "value": 11.5}), judge(metric, {**metric, "value": 10.9})
    ('regressed', 'unchanged')
    """
    allowed = new["tolerance"] * (abs(old["value"]) if new["tolerance_is"] == "share" else 1.0)
    change = new["value"] - old["value"]
    if abs(change) <= allowed:
        return "unchanged"
    return "improved" if (change > 0) == (new["better"] == "higher") else "regressed"


def compare(old: Result, new: Result) -> list[str]:
    """Return one line a metric, of both results; the last word or words are the judgement."""
    before = {metric["id"]: metric for metric in old["metrics"]}
    after = {metric["id"]: metric for metric in new["metrics"]}
    lines = []
    for id in dict.fromkeys([*before, *after]):
        if id not in after or id not in before:
            lines.append(f"{new['scenario']} {id}: only in the {'old' if id in before else 'new'} result")
            continue
        was, now = before[id], after[id]
        values = f"{was['value']:g} -> {now['value']:g} {now['unit']}"
        lines.append(f"{new['scenario']} {id}: {values}: {judge(was, now)}")
    return lines


def notes(old: Result, new: Result) -> Iterator[str]:
    """Yield the differences of the machines that make absolute figures differ."""
    for key in ("cpu", "cores", "python"):
        was, now = old["environment"][key], new["environment"][key]
        if was != now:
            yield f"note: {key} was {was}, now {now}; ratios compare, seconds and MiB hardly"


def check_comparable(old: Result, new: Result, place: str) -> None:
    """Raise PipelineError if the two results are of different scenarios, sizes or data."""
    fix = "compare two results of one scenario on the same documents"
    for key in _MUST_AGREE:
        if old[key] != new[key]:
            what = f"{key} is {new[key]}, in the old result {old[key]}"
            raise PipelineError("runs-not-comparable", place, what, fix)
    for file in sorted(old["data"].keys() & new["data"].keys()):
        if old["data"][file] != new["data"][file]:
            raise PipelineError(
                "runs-not-comparable", place, f"{file} is another file than the old result's", fix
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    given = parser.parse_args(arguments)
    try:
        old, new = read_result(given.old), read_result(given.new)
        check_comparable(old, new, str(given.new))
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 2
    lines = compare(old, new)
    print("\n".join([*notes(old, new), *lines]))
    return int(any(line.endswith(": regressed") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
