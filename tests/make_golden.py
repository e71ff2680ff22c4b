"""A tiny run of linear models whose results are kept in `golden/`; `python tests/make_golden.py` rewrites them.

The kept files guard against change: they do not prove that the numbers are right. Read the diff before it is
committed. Times, environment and paths are set aside, so that the files are the same on every machine.
"""

from __future__ import annotations

import contextlib
import json
import re
import struct
import tempfile
from pathlib import Path
from typing import Any

from filled import filled

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.interpret.explain import explain
from pipeline.report import draw_report
from pipeline.report.page.terminal import write_example
from pipeline.run_folder.metrics.corpus import Environment
from pipeline.run_folder.metrics.models import Cheapest
from pipeline.settings.reading import load_config

GOLDEN = Path(__file__).parent / "golden"

# Each word of the first column stands with each of the second: enough overlap that no model is always right.
WORDS = {
    label: (openings.split(", "), nouns.split(", "))
    for label, openings, nouns in (
        ("praise", "a fine, a warm, an odd, a great", "film, story, cast, ending, scene, score"),
        ("blame", "a dull, a cold, an odd, a weak", "film, story, plot, ending, scene, script"),
        ("neither", "the, another, a new, an odd", "film, plot, cast, script, poster, trailer"),
    )
}
EXTRA = ['"A fine, warm <story>",praise', "a fine film,praise", ",blame", "an odd film,neither"]
MODELS = {"run.models": "majority,bow,tfidf", "run.embeddings": "learned"}
OPTIONS = {"corpus.path": "films.csv", "run.out": "run", "run.seeds": 1} | MODELS


def corpus() -> str:
    """Return the corpus as CSV: 75 documents of three classes, one of them a repeat, and a record without text."""
    rows = [
        f"{opening} {noun},{label}"
        for label, (openings, nouns) in WORDS.items()
        for opening in openings
        for noun in nouns
    ]
    return "\n".join(["text,label", *rows, *EXTRA]) + "\n"


def make(folder: Path) -> tuple[dict[str, Any], str, str]:
    """Run in `folder` and return metrics.json and report.md without times, environment and paths, and its pictures.

    Of a picture its name, width and height stand on a line: other processors may round a pixel otherwise.
    """
    with contextlib.chdir(folder):  # so that every path in the report is relative
        Path("films.csv").write_text(corpus(), encoding="utf-8")
        run = run_experiment(load_config(None, (), OPTIONS), Console(silent=True), "embedseq films.csv")
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        metrics |= {"timing": [], "stages": [], "total_seconds": 0.0, "environment": filled(Environment, {})}
        metrics |= {"costs": [], "cheapest": filled(Cheapest, {})}
        metrics["advice"]["because"] = "a text"  # it says seconds
        for step in metrics["advice"]["next"]:
            step["minutes"] = None
        metrics["embeddings"] = [entry | {"seconds": 0.0} for entry in metrics["embeddings"]]
        for row in (*metrics["results"], *metrics["summary"]):
            row["signature"] = row["signature"].partition("|embedseq:")[0]  # without versions
        (run / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
        draw_report(run)
        return metrics, (run / "report.md").read_text(encoding="utf-8"), pictures(run)


def pictures(run: Path) -> str:
    """Return a line for each picture of a run folder: its name, width and height in pixels."""
    lines = []
    for path in sorted((run / "charts").iterdir()):
        width, height = struct.unpack(">II", path.read_bytes()[16:24])  # PNG specification, 11.2.2
        lines.append(f"{path.name} {width} {height}\n")
    return "".join(lines)


def explained() -> str:
    """Return a worked example as text; how far TensorFlow's numbers lie apart is a machine's own, and is left out."""
    text = write_example(explain("dog bites man", cell="rnn", units=2))
    above, title, table = text.partition("Compared with TensorFlow\n")
    return (
        above
        + title
        + re.sub(r"( {2}|difference is )(0|\de-\d\d)(, in .*)?$", r"\1..", table, flags=re.M)
        + "\n"
    )


def main() -> None:
    """Rewrite the files of `golden/`."""
    with tempfile.TemporaryDirectory() as folder:
        metrics, report, charts = make(Path(folder))
    GOLDEN.mkdir(exist_ok=True)
    text = json.dumps(metrics, indent=1, ensure_ascii=False) + "\n"
    (GOLDEN / "metrics.json").write_text(text, encoding="utf-8")
    (GOLDEN / "report.md").write_text(report, encoding="utf-8")
    (GOLDEN / "explain.txt").write_text(explained(), encoding="utf-8")
    (GOLDEN / "charts.txt").write_text(charts, encoding="utf-8")


if __name__ == "__main__":
    main()
