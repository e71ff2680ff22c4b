"""What stands in for the charts of a report, whose drawing would take longer than most of the runs of tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.report.page import charts, html_page
from pipeline.report.page.charts import Picture
from pipeline.report.page.figures import Figure

DRAW = charts.draw


def plain(figure: Figure) -> Picture:
    """Return an empty picture that says which figure it stands for: the same one for equal figures alone."""
    svg = f'<svg viewBox="0 0 9 9"><title>{hashlib.sha256(repr(figure).encode()).hexdigest()}</title></svg>'
    return Picture(svg, svg)


@contextmanager
def charts_by(draw: object) -> Iterator[None]:
    """Have reports drawn with the pictures of a function."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (charts, html_page):
            patched.setattr(module, "draw", draw)
        yield
