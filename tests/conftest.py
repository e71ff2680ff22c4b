"""What every test file shares: quiet libraries, Hypothesis without a clock, and no charts."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from chromium import start_browser
from hypothesis import settings
from plain_charts import DRAW, charts_by, plain

from pipeline.core.noise import quiet_tensorflow

quiet_tensorflow()  # before any test imports TensorFlow
# pytest runs one process a core: more threads in each would only wait for each other.
for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests, and the programs they start, away from the cache of whoever runs them."""
    os.environ["EMBEDSEQ_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True, scope="session")
def _no_charts() -> Iterator[None]:
    """Draw the reports of runs without charts, which take longer than the runs."""
    with charts_by(plain):
        yield


@pytest.fixture(autouse=True, scope="session")
def _machine_as_usual() -> Iterator[None]:
    """Let runs take the machine for as fast as the usual one, which takes them no time to find out."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipeline.experiment.forecast.machine_speed", lambda: 1.0)
        yield


@pytest.fixture(scope="module")
def charts_drawn() -> Iterator[None]:
    """Draw the charts of reports, for a file that asks for them with `usefixtures`."""
    with charts_by(DRAW):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for all tests."""
    yield from start_browser()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    _leave_what_stays_to_itself()


_with_tensorflow: list[bool] = []


def pytest_runtest_teardown() -> None:
    if "tensorflow" in sys.modules and not _with_tensorflow:
        _with_tensorflow.append(True)
        _leave_what_stays_to_itself()


def _leave_what_stays_to_itself() -> None:
    """Have no collection of garbage look again at what is there now: modules and thousands of tests.

    Each training ends with two collections, which would take half a second each.
    """
    gc.collect()
    gc.freeze()


# No deadline: the first example of a test pays for imports. Found failures are kept in .hypothesis/.
settings.register_profile("pipeline", deadline=None, print_blob=True)
settings.register_profile("fast", settings.get_profile("pipeline"), max_examples=50)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("fast" if "not slow" in config.option.markexpr else "pipeline")
