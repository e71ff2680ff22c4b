"""Tables of whole runs on public corpora, made from `benchmarks/results/corpora.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marked_sections import write_section

from benchmarks.corpora_cases import BEST_RUNS, CORPUS_RUNS, DEFAULT_RUNS, GRID_RUNS
from benchmarks.corpus_runs import arguments_of
from benchmarks.results_file import RESULTS, read_result
from benchmarks.sides import Options

ROOT = Path(__file__).resolve().parents[1]
README, RESULTS_PAGE = ROOT / "README.md", ROOT / "docs" / "project" / "results.md"
MODELS = ("bow", "tfidf", "nbsvm", "ann", "rnn", "lstm", "lstm:max")
NOT_MEASURED = "not measured yet"

Found = Mapping[str, Any]  # a run as `corpora.json` keeps it


def write_corpora(results: Path = RESULTS, readme: Path = README, page: Path = RESULTS_PAGE) -> list[Path]:
    """Write the table of the README and those of docs/project/results.md; return the pages."""
    runs = read_result(results / "corpora.json")["details"]
    table = "\n".join(_default_rows(runs))
    write_section(readme, "corpora", table)
    write_section(page, "corpora", "\n".join([table, *_default_commands()]))
    write_section(page, "verdicts", "\n".join(_verdict_rows(runs)))
    write_section(page, "sources", "\n".join(_source_rows(runs)))
    return [readme, page]


def _default_rows(runs: Mapping[str, Found]) -> Iterator[str]:
    """Yield the table of the default models, a row a corpus."""
    yield _line(["corpus", *MODELS, "verdict", "minutes"])
    yield _line(["---"] * (len(MODELS) + 3))
    for name, case in DEFAULT_RUNS.items():
        run = runs.get(name)
        yield _line(
            [case.title, *(_default_cells(run) if run else [NOT_MEASURED, *[""] * (len(MODELS) + 1)])]
        )


def _default_commands() -> Iterator[str]:
    """Yield the command of each row of that table."""
    yield "\nThe command of each row; [the benchmark `corpora`](../../benchmarks/README.md) runs them all:\n"
    yield "```sh"
    yield from (_command(name) for name in DEFAULT_RUNS)
    yield "```"


def _default_cells(run: Found) -> list[str]:
    rows = {row["name"].partition("@")[0]: row for row in run["summary"]}
    cells = [with_interval(rows[model]) if model in rows else NOT_MEASURED for model in MODELS]
    verdict = run["verdict"]
    network = (verdict["a"] or "").partition("@")[0]
    return [*cells, f"{network} {verdict['decision']}", f"{run['total_seconds'] / 60:.1f}"]


def _verdict_rows(runs: Mapping[str, Found]) -> Iterator[str]:
    """Yield a line a run: its verdict sentence, and the command."""
    yield "| corpus | verdict | command |"
    yield "| --- | --- | --- |"
    for name, case in (DEFAULT_RUNS | BEST_RUNS).items():
        sentence = runs[name]["verdict"]["sentence"] if name in runs else NOT_MEASURED
        yield _line([case.title, sentence, f"`{_command(name)}`"])


def _source_rows(runs: Mapping[str, Found]) -> Iterator[str]:
    """Yield a table a corpus: one network on each embedding source, with the commands of its two runs."""
    for title in dict.fromkeys(case.title for case in GRID_RUNS.values()):
        names = [name for name, case in GRID_RUNS.items() if case.title == title]
        yield f"### {title}\n"
        yield "| model and source | accuracy | 95 % interval | seeds, lowest to highest | runs |"
        yield "| --- | --- | --- | --- | --- |"
        for name in names:
            yield from (
                _grid_lines(runs[name], more_text="more_text" in name)
                if name in runs
                else [_line([name, NOT_MEASURED, "", "", ""])]
            )
        yield "\n```sh"
        yield from (_command(name) for name in names)
        yield "```\n"


def _grid_lines(run: Found, more_text: bool) -> Iterator[str]:
    for row in sorted(run["summary"], key=lambda row: str(row["name"])):
        seeds = [one["accuracy"] for one in run["results"] if one["name"] == row["name"]]
        spread = f"{100 * min(seeds):.1f} to {100 * max(seeds):.1f}" if len(seeds) > 1 else "-"
        name = row["name"] + (", unlabelled" if more_text else "")
        yield _line([name, f"{100 * row['accuracy']:.1f}", interval(row), spread, str(len(seeds))])


def _command(name: str) -> str:
    case = CORPUS_RUNS[name]
    return " ".join(["python run_pipeline.py", *arguments_of(case, Options(), None)])


def with_interval(row: Mapping[str, Any]) -> str:
    """Return accuracy and interval in percent.

    >>> with_interval({"accuracy": 0.874, "accuracy_ci95": [0.841, 0.902]})
    '87.4 [84.1, 90.2]'
    """
    return f"{100 * row['accuracy']:.1f} [{interval(row).replace(' to ', ', ')}]"


def interval(row: Mapping[str, Any]) -> str:
    """Return the 95 % interval of the accuracy in percent."""
    low, high = row["accuracy_ci95"]
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
