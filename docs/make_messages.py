"""Write the tables of names in docs/reference/messages.md from the two tables of the code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from docs.marked_sections import write_section
from pipeline.core.errors_by_name import ERRORS
from pipeline.core.warnings_by_name import WARNINGS

PAGE = Path(__file__).parent / "reference" / "messages.md"


def table(messages: Mapping[str, Mapping[str, str]]) -> str:
    """Return names and what they mean as Markdown, a table below a heading for each place."""
    return "\n\n".join(
        "\n".join([f"### {place}", "", "| name | what it means |", "| --- | --- |", *_rows(kinds)])
        for place, kinds in messages.items()
    )


def _rows(kinds: Mapping[str, str]) -> list[str]:
    return [f"| `{name}` | {meaning} |" for name, meaning in kinds.items()]


def write(page: Path = PAGE) -> None:
    """Write every table into the page."""
    write_section(page, "errors", table(ERRORS))
    write_section(page, "warnings", table(WARNINGS))


if __name__ == "__main__":
    write()
    print(f"wrote the names of {PAGE.name}")
