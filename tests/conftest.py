"""What every test file shares: quiet libraries, and Hypothesis without a clock."""

from __future__ import annotations

from hypothesis import settings

from pipeline.console import quiet_tensorflow

quiet_tensorflow()  # before any test imports TensorFlow

# No deadline: the first example of a test pays for imports. Found failures are kept in .hypothesis/.
settings.register_profile("pipeline", deadline=None, print_blob=True)
settings.load_profile("pipeline")
