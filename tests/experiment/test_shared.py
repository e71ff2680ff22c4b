"""Values that several fits read: by files that every process maps."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.experiment import shared
from pipeline.experiment.shared import SharedFiles, shared_files

LARGE = np.arange(20_000, dtype=np.float32)  # 80,000 bytes


def test_a_value_comes_back_with_its_large_arrays_mapped(tmp_path: Path) -> None:
    held = SharedFiles(tmp_path).put({"vectors": LARGE, "few": np.array([1, 2]), "name": "glove"})
    found = held.get()
    np.testing.assert_array_equal(found["vectors"], LARGE)
    assert isinstance(found["vectors"].base, np.memmap)
    assert not found["vectors"].flags.writeable
    assert (found["few"].tolist(), found["name"]) == ([1, 2], "glove")


def test_a_job_carries_the_place_of_a_value_and_not_the_value(tmp_path: Path) -> None:
    held = SharedFiles(tmp_path).put(LARGE)
    sent = pickle.dumps(held)
    assert len(sent) < 1_000
    assert held.folder is not None
    files = [file.name for file in held.folder.iterdir()]
    assert files == ["0.npy"]  # arrays, and nothing that runs code when it is read
    np.testing.assert_array_equal(pickle.loads(sent).get(), LARGE)


def test_the_files_of_a_value_go_when_nothing_refers_to_it(tmp_path: Path) -> None:
    files = SharedFiles(tmp_path)
    first, second = files.put(LARGE), files.put(LARGE + 1)
    assert len(list(tmp_path.iterdir())) == 2
    del first
    (left,) = tmp_path.iterdir()
    assert second.folder == left


def test_what_finds_no_room_is_held_in_memory_and_so_is_all_that_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("1000 requested and 10 written")  # as NumPy says it

    files = SharedFiles(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(shared.np, "save", full)
        held = files.put(LARGE)
    assert files.why_not == f"{tmp_path} cannot be written (1000 requested and 10 written)"
    assert held.get() is LARGE
    assert files.put("next").folder is None
    assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_with_the_block() -> None:
    with shared_files() as files:
        held = files.put(LARGE)
        assert files.folder.is_dir()
    assert not files.folder.exists()
    assert held.folder is not None


def test_what_a_killed_process_left_is_removed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, of_the_living = (
        tmp_path / f"embedseq-fits-{dead.pid}-ab",
        tmp_path / f"embedseq-fits-{os.getpid()}-cd",
    )
    for folder in (left, of_the_living, tmp_path / "embedseq-fits-notes"):
        folder.mkdir()
        (folder / "0.npy").touch()
    with shared_files():
        assert not left.exists()
        assert of_the_living.exists()
        assert (tmp_path / "embedseq-fits-notes").exists()
