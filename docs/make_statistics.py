"""Write the tables of docs/explanations/statistics.md from benchmarks/results/statistics*.json.

Run from the repository's root: PYTHONPATH=. python docs/make_statistics.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results_file import RESULTS, read_result
from benchmarks.statistics_simulated import DECIDING, seed_spread
from benchmarks.statistics_verdicts import DECISIONS

PAGE = Path(__file__).parent / "explanations" / "statistics.md"
Rows = Sequence[Mapping[str, Any]]


def tables(simulated: Mapping[str, Any], references: Mapping[str, Any]) -> dict[str, str]:
    """Return the Markdown of each table by its name in the page."""
    details = simulated["details"]
    settings = details["settings"]
    decided = [row for row in settings if row["deciding_documents"] >= DECIDING]
    return {
        "seeds": _by_seeds(decided),
        "noise": _by_noise(decided),
        "documents": _by_documents(decided),
        "few": _few(settings),
        "folds": _folds(details["folds"]),
        "copies": _lines(
            details["copies"],
            {
                "test documents": lambda row: f"{row['copies']}: {row['documents']}",
                "told apart, a text one unit": _rate("called_though_equal"),
                "told apart, each document alone": _rate("called_as_documents"),
            },
        ),
        "metrics": _lines(
            details["metrics"],
            {
                "metric": lambda row: row["metric"],
                "test documents": lambda row: f"{row['documents']:,}",
                "equal models told apart": _rate("called_though_equal"),
            },
        ),
        "small": _lines(
            details["small"],
            {
                "seeds": lambda row: str(row["seeds"]),
                "accuracy": lambda row: f"{100 * row['accuracy']:.0f} %",
                "equal models told apart": _rate("called_though_equal"),
                "called equal": _rate("called_equal"),
                "a smallest difference is printed": _rate("smallest_printed"),
            },
        ),
        "verdicts": _lines(
            details["verdicts"],
            {
                "test documents": lambda row: f"{row['documents']:,}",
                "accuracy": lambda row: f"{100 * row['accuracy']:.1f} %",
                "baselines, points below the best": lambda row: ", ".join(
                    f"{100 * worse:.2g}" for worse in row["worse"]
                ),
                **{decision: _rate(decision) for decision in DECISIONS},
            },
        ),
        "power": _lines(
            details["power"],
            {
                "test documents": lambda row: f"{row['documents']:,}",
                "accuracy": lambda row: f"{100 * row['accuracy']:.0f} %",
                "baselines": lambda row: str(row["baselines"]),
                "other comparisons": lambda row: str(row["others"]),
                "printed smallest difference, points": lambda row: f"{100 * row['smallest']:.1f}",
                "beats every baseline": _rate("power"),
                "if Holm counted the others": _rate("corrected_for_all"),
            },
        ),
        "references": _references(references["metrics"]),
    }


Cell = Callable[[Mapping[str, Any]], str]


def _rate(key: str) -> Cell:
    return lambda row: f"{100 * row[key]:.1f}"


def _lines(rows: Rows, columns: Mapping[str, Cell]) -> str:
    """Return a line for each row."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(cell(row) for cell in columns.values()) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def fill(page: str, written: Mapping[str, str]) -> str:
    """Return the page with each table between its two marks replaced."""
    for name, table in written.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not marks.search(page):
            raise ValueError(f"docs/explanations/statistics.md has no place for the table {name}")
        page = marks.sub(lambda found, table=table: found[1] + table + found[2], page)
    return page


def _by_seeds(rows: Rows) -> str:
    groups = [("1 | these fitted models only", [row for row in rows if row["seeds"] == 1])]
    groups += [
        (f"{seeds} | {against}", [row for row in rows if (row["seeds"], row["against"]) == (seeds, against)])
        for seeds in (2, 3, 5, 10)
        for against in ("a linear model", "a network")
    ]
    return _table("seeds | a network against", groups)


def _by_noise(rows: Rows) -> str:
    groups = [
        (
            f"{noise} ({100 * seed_spread(noise, 0.9):.1f}) | {seeds}",
            [row for row in rows if (row["noise"], row["seeds"]) == (noise, seeds)],
        )
        for noise in dict.fromkeys(row["noise"] for row in rows)
        for seeds in (2, 3, 5, 10)
    ]
    return _table("what differs (points that seeds spread by at 90 %) | seeds", groups)


def _by_documents(rows: Rows) -> str:
    several = [row for row in rows if row["seeds"] >= 5]
    groups = [
        (
            f"{n_docs:,} | {100 * accuracy:.0f} %",
            [row for row in several if (row["documents"], row["accuracy"]) == (n_docs, accuracy)],
        )
        for n_docs, accuracy in sorted({(row["documents"], row["accuracy"]) for row in several})
    ]
    return _table("test documents | accuracy", groups)


def _few(rows: Rows) -> str:
    few = [row for row in rows if row["deciding_documents"] < DECIDING]
    groups = [
        (f"{n_docs:,} | {100 * accuracy:.0f} %", [r for r in few if (r["documents"], r["accuracy"]) == key])
        for key in sorted({(row["documents"], row["accuracy"]) for row in few})
        for n_docs, accuracy in [key]
    ]
    return _table("test documents | accuracy", groups)


def _table(first: str, groups: Sequence[tuple[str, Rows]]) -> str:
    """Return a line for each group: how many settings, and the mean and range of each rate in percent."""
    head = f"| {first} | settings | equal models told apart | 95 % intervals that hold the truth | power |"
    columns = head.count("|") - 1
    lines = [head, "|" + " --- |" * columns]
    lines += [
        f"| {title} | {len(rows)} | {_range(rows, 'called_though_equal')} | {_range(rows, 'coverage')}"
        f" | {_range(rows, 'power')} |"
        for title, rows in groups
        if rows
    ]
    return "\n".join(lines) + "\n"


def _range(rows: Rows, key: str) -> str:
    values = [100 * row[key] for row in rows if row[key] is not None]
    return f"{sum(values) / len(values):.1f} ({min(values):.1f} to {max(values):.1f})" if values else "–"


def _folds(rows: Rows) -> str:
    return _lines(
        rows,
        {
            "learner": lambda row: row["learner"],
            "documents": lambda row: str(row["documents"]),
            "folds": lambda row: str(row["folds"]),
            "seeds": lambda row: str(row["seeds"]),
            "told apart, corrected": _rate("called_though_equal"),
            "told apart, documents pooled": _rate("called_by_pooling"),
        },
    )


def _references(metrics: Rows) -> str:
    lines = ["| what | largest distance |", "| --- | --- |"]
    lines += [f"| {metric['what']} | {metric['value']:.1g} |" for metric in metrics]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fill the page."""
    written = tables(
        read_result(RESULTS / "statistics.json"), read_result(RESULTS / "statistics_references.json")
    )
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), written), encoding="utf-8")
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()
