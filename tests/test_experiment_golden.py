"""A tiny run of linear models gives the kept results. `make golden` rewrites them; read the diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from make_golden import GOLDEN, make


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, str]:
    return make(tmp_path_factory.mktemp("golden"))


def close(found: Any, kept: Any, place: str = "metrics") -> None:
    """Compare JSON values; numbers may differ in the fifth digit, as single-precision fits do."""
    if isinstance(kept, dict):
        assert list(found) == list(kept), place
        for key in kept:
            close(found[key], kept[key], f"{place}.{key}")
    elif isinstance(kept, list):
        assert len(found) == len(kept), place
        for number, (one, other) in enumerate(zip(found, kept, strict=True)):
            close(one, other, f"{place}[{number}]")
    elif isinstance(kept, float):
        assert found == pytest.approx(kept, rel=1e-4, abs=1e-9), place
    else:
        assert found == kept, place


def test_the_metrics_are_the_kept_ones(made: tuple[dict[str, Any], str, str]) -> None:
    close(made[0], json.loads((GOLDEN / "metrics.json").read_text(encoding="utf-8")))


def test_the_report_is_the_kept_one(made: tuple[dict[str, Any], str, str]) -> None:
    assert made[1].splitlines() == (GOLDEN / "report.md").read_text(encoding="utf-8").splitlines()


def test_the_pictures_are_the_kept_ones(made: tuple[dict[str, Any], str, str]) -> None:
    assert made[2] == (GOLDEN / "charts.txt").read_text(encoding="utf-8")


def test_the_kept_files_name_no_folder_of_a_machine() -> None:
    for path in (GOLDEN / "metrics.json", GOLDEN / "report.md"):
        text = path.read_text(encoding="utf-8")
        assert str(Path(__file__).parent.parent) not in text
        assert "/tmp" not in text
