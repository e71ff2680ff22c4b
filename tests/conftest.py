"""What every test file shares: quiet libraries, and Hypothesis without a clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from chromium import start_browser
from hypothesis import settings

from pipeline.core.noise import quiet_tensorflow

quiet_tensorflow()  # before any test imports TensorFlow
# pytest runs one process a core: more threads in each would only wait for each other.
for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests, and the programs they start, away from the cache of whoever runs them."""
    os.environ["EMBEDSEQ_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for all tests."""
    yield from start_browser()


# No deadline: the first example of a test pays for imports. Found failures are kept in .hypothesis/.
settings.register_profile("pipeline", deadline=None, print_blob=True)
settings.load_profile("pipeline")
