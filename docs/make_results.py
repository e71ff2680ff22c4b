"""Make the tables of docs/results.md.

python docs/make_results.py rows|grid RUN [RUN ...]   print Markdown rows for run folders
python docs/make_results.py published                 write "Published beside measured" into docs/results.md

`rows`: a line a run, the models of the default run beside each other and the verdict.
`grid`: a line a model and source, over several runs of one corpus.
`published`: a line for each target, from the results in benchmarks/results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from published_table import write_published  # noqa: E402

MODELS = ("bow", "tfidf", "ann", "rnn", "lstm")


def main(arguments: list[str]) -> int:
    """Print what the first argument names for the run folders after it."""
    if arguments == ["published"]:
        print(f"written: {write_published()}")
        return 0
    kinds = {"rows": print_rows, "grid": print_grid}
    if len(arguments) < 2 or arguments[0] not in kinds:
        print(__doc__)
        return 2
    kinds[arguments[0]]([read_metrics(Path(folder)) for folder in arguments[1:]])
    return 0


def read_metrics(run: Path) -> dict[str, Any]:
    """Return the metrics.json of a run folder."""
    metrics: dict[str, Any] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return metrics


def print_rows(runs: list[dict[str, Any]]) -> None:
    """Print one line a run."""
    for metrics in runs:
        best = {model: best_row(metrics, model) for model in MODELS}
        cells = [with_interval(row) if row else "-" for row in best.values()]
        name, decision = metrics["corpus"]["name"], metrics["verdict"]["decision"]
        minutes = f"{metrics['total_seconds'] / 60:.1f}"
        print("| " + " | ".join([name, *cells, str(decision), minutes]) + " |")
        print(f"    {metrics['verdict']['sentence']}")


def print_grid(runs: list[dict[str, Any]]) -> None:
    """Print one line a model and source, with the spread over seeds."""
    for metrics in runs:
        for row in metrics["summary"]:
            each = [fit["accuracy"] for fit in metrics["results"] if fit["name"] == row["name"]]
            spread = f"{100 * min(each):.1f} to {100 * max(each):.1f}" if len(each) > 1 else "-"
            cells = [row["name"], f"{100 * row['accuracy']:.1f}", interval(row), spread, str(row["runs"])]
            print("| " + " | ".join(cells) + " |")


def best_row(metrics: dict[str, Any], model: str) -> dict[str, Any] | None:
    """Return the summary row of the first source of a model."""
    return next((row for row in metrics["summary"] if row["model"] == model), None)


def with_interval(row: dict[str, Any]) -> str:
    """Return accuracy and interval in percent, such as `87.4 [84.1, 90.2]`."""
    return f"{100 * row['accuracy']:.1f} [{interval(row).replace(' to ', ', ')}]"


def interval(row: dict[str, Any]) -> str:
    """Return the 95 % interval of the accuracy in percent."""
    low, high = row["accuracy_ci95"]
    return f"{100 * low:.1f} to {100 * high:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
