"""What stands in for the charts of a report, whose drawing would take longer than most of the runs of tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pipeline.report.page import charts
from pipeline.report.page.figures import Figure

DRAW = charts.draw


def plain(figure: Figure) -> str:
    """Return an empty picture that says which figure it stands for: the same one for equal figures alone."""
    return f'<svg viewBox="0 0 9 9"><title>{hashlib.sha256(repr(figure).encode()).hexdigest()}</title></svg>'


@contextmanager
def charts_by(draw: Callable[[Figure], str]) -> Iterator[None]:
    """Have reports drawn with the pictures of a function."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(charts, "draw", draw)
        yield
