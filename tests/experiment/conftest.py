"""The run that the tests of several files look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from whole_runs import OF_FILMS_RUN, made_once, perform


@pytest.fixture(scope="session")
def films_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with every probe of every run, made once for all processes; nobody writes into it."""
    of_process = tmp_path_factory.getbasetemp()
    folder = (of_process.parent if "PYTEST_XDIST_WORKER" in os.environ else of_process) / "films"
    made_once(folder, lambda folder: perform(folder, **OF_FILMS_RUN))
    return folder / "run"
