"""Reports of this folder are drawn with their charts."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="module")
def _charts(charts_drawn: None) -> None:
    pass
