"""Every sentence of the page that nobody has to open: 25 words, two numbers; above the fold no statistician's word."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from markdown_pages import ROOT
from report_builders import run_with_rows
from wording import FORBIDDEN, faults

from pipeline.report.page.blocks import Block, Chart, Grid, Heat, Limits, Nothing, Paragraph, Points, Table
from pipeline.report.page.cards import Seen
from pipeline.report.sections.table import build_sections

RUN = run_with_rows()
FACTS = ("warnings",)  # lines about files, as they were read, with every place
ABOVE = ("do", "sure")  # what stands beside the answer


def said(block: Block) -> Iterator[str]:
    """Yield the texts of a block, but those that are shut."""
    if isinstance(block, Seen):
        yield from (block.title, block.text)
    elif isinstance(block, Paragraph):
        yield block.text
    elif isinstance(block, Points):
        yield from block.items
    elif isinstance(block, Nothing):
        yield block.reason
    elif isinstance(block, Chart | Heat):
        yield from (block.caption, block.reading)
    elif isinstance(block, Table):
        yield block.note
    elif isinstance(block, Grid):
        yield from (text for one in block.blocks for text in said(one))


SECTIONS = [section for section in build_sections(RUN, Limits()) if section.id not in FACTS]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.id)
def test_a_sentence_that_is_not_shut_keeps_the_rules(section: object) -> None:
    blocks, place = section.blocks, section.id  # type: ignore[attr-defined]
    texts = [text for block in blocks for text in said(block) if text and text != RUN.metrics.corpus.reading]
    found = faults(texts)
    lower = [fault for fault in found if not FORBIDDEN.fullmatch(fault.partition("'")[2].partition("'")[0])]
    assert (found if place in ABOVE else lower) == []


def test_the_head_of_the_golden_report_keeps_the_rules() -> None:
    report = (ROOT / "tests" / "golden" / "report.md").read_text(encoding="utf-8").replace("\\", "")
    head = report.partition("**How it is decided**")[0]
    lines = [
        line.removeprefix("# ") for line in re.split(r"\n+", head) if not line.startswith(("- ", "Read: "))
    ]
    assert len(lines) > 3
    assert faults(lines) == []
