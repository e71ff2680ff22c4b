"""The run that the tests of several files look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import OF_FILMS_RUN, made_once, perform


@pytest.fixture(scope="session")
def films_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with every probe of every run, made once for all processes; nobody writes into it."""
    return made_once(tmp_path_factory, "films", lambda folder: perform(folder, **OF_FILMS_RUN)) / "run"
