"""Write the tables of keys in docs/reference/run-folder.md from the types of metrics.json."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from docs.marked_sections import write_section
from pipeline.run_folder import metrics
from pipeline.run_folder.metrics import comparisons, corpus, documents, models, spans
from pipeline.run_folder.metrics.rows import Row, key_of

PAGE = Path(__file__).parent / "reference" / "run-folder.md"
TABLES: tuple[
    type[Row], ...
] = (  # those with a table of their own; rows within them are told of in its lines
    metrics.Metrics,
    *(corpus.Corpus, models.Result, models.Summary, comparisons.Comparison, comparisons.Verdict),
    *(
        comparisons.Advice,
        comparisons.Seeds,
        corpus.Reuse,
        comparisons.Protocol,
        corpus.Embedding,
        comparisons.Gains,
    ),
    *(
        comparisons.Cause,
        models.Budget,
        documents.Group,
        spans.SpanScores,
        documents.HardDocuments,
        documents.Contamination,
    ),
    *(models.Cost, models.Cheapest, models.LearningCurve, models.Tuned, models.Timing, corpus.Environment),
)


def meanings(kind: type[Row]) -> dict[str, str]:
    """Return the text below each field of a type; a field without one is told of with the field above it."""
    found = {}
    for base in reversed(kind.__mro__[:-1]):
        body = ast.parse(inspect.getsource(base)).body[0].body
        for line, below in zip(body, [*body[1:], None], strict=True):
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                text = below.value.value if _is_text(below) else ""
                found[line.target.id] = " ".join(text.split())
    return found


def _is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def table(kind: type[Row]) -> str:
    """Return the table of a type's keys as Markdown."""
    return "\n".join(["| key | meaning |", "| --- | --- |", *_lines(kind)])


def _lines(kind: type[Row]) -> Iterator[str]:
    told, together, meaning = meanings(kind), "", ""
    names = [field.name for field in fields(kind)]
    for name, following in zip(names, [*names[1:], ""], strict=True):
        together += f"{', ' if together else ''}`{key_of(name)}`"
        meaning = told[name] or meaning
        if not following or told[following]:
            yield f"| {together} | {meaning} |"
            together = ""


def write(page: Path = PAGE) -> None:
    """Write every table into the page."""
    for kind in TABLES:
        write_section(page, kind.__name__, table(kind))


if __name__ == "__main__":
    write()
    print(f"wrote the tables of {PAGE.name}")
