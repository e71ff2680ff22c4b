"""What the files of a run folder are called; read by those who look for one file, and need not read the run."""

from __future__ import annotations

from pathlib import Path

METRICS = "metrics.json"
CONFIG = "config.toml"
STATUS = "details/status.json"  # how far it has come
CURVE_FOLDER = Path("details", "learning_curve")  # its predictions stand apart: they enter no other table
UNFINISHED = "unfinished"  # a folder that goes when the run is complete
INPUTS = ("details/fits.json", "details/run.json", CONFIG)  # without these nothing can be scored
COMPUTED = (  # by `score_run`, metrics.json last
    "details/scores.json",
    "details/assumptions.json",
    "details/chosen_documents.json",
    METRICS,
)

PAGE, MARKDOWN = "report.html", "report.md"  # the two forms of a report
CHARTS = "charts"  # the folder of a run's pictures


def detail_file(name: str) -> str:
    """Return where a run keeps a detail, within its folder.

    >>> detail_file("fits")
    'details/fits.json'
    """
    return f"details/{name}.json"
