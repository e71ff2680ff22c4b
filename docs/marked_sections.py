"""Write text between two marks of a Markdown page."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.errors import PipelineError


def write_section(page: Path, name: str, text: str) -> None:
    """Write `text` between the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->` of a page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, opened, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise PipelineError(
            "file-damaged", str(page), f"there is no {begin} ... {end}", "put the two marks back"
        )
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
