"""What every test file shares: quiet libraries, and Hypothesis without a clock."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from pipeline.console import quiet_tensorflow

quiet_tensorflow()  # before any test imports TensorFlow


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests, and the programs they start, away from the cache of whoever runs them."""
    os.environ["EMBEDSEQ_CACHE"] = str(tmp_path_factory.mktemp("cache"))


# No deadline: the first example of a test pays for imports. Found failures are kept in .hypothesis/.
settings.register_profile("pipeline", deadline=None, print_blob=True)
settings.load_profile("pipeline")
