"""Cores and memory of a container: its quota, not those of the machine."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from pipeline.core.resources import available_mib, usable_cores


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="ascii")
    return folder


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("100000 100000\n", 1), ("50000 100000\n", 1), ("100000000 100000\n", None), ("max 100000\n", None)],
)
def test_a_quota_of_the_processor_bounds_the_cores(tmp_path: Path, quota: str, cores: int | None) -> None:
    nowhere = tmp_path / "nowhere"
    assert usable_cores(write(tmp_path, cpu_max=quota)) == (cores or usable_cores(nowhere))


def test_a_limit_of_memory_bounds_what_is_free(tmp_path: Path) -> None:
    limited = write(tmp_path, memory_max="104857600\n", memory_current="52428800\n")
    assert available_mib(limited) == 50.0
    assert available_mib(write(tmp_path, memory_max="10\n", memory_current="20\n")) == 0.0
    free = psutil.virtual_memory().available / 2**20
    unlimited = write(tmp_path, memory_max="max\n", memory_current="52428800\n")
    assert available_mib(unlimited) == pytest.approx(free, rel=0.2)
