"""`--probes forget-bias` in a whole run: the fit with the run's own bias is the run's own fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import perform, read


@pytest.mark.slow
def test_the_bias_of_the_run_gives_the_fit_of_the_run(tmp_path: Path) -> None:
    """The gates of a fit are seen by another probe too: the same weights have the same time constants."""
    run = perform(
        tmp_path,
        run_models="lstm",
        run_embeddings="learned",
        run_seeds=1,
        run_deterministic=True,
        run_debug=True,
        run_probes=True,
        run_extra_probes="forget-bias",
        run_class_weights="balanced",
    )
    (entry,) = read(run, "details/probes.json")
    found = entry["probes"]["forget-bias"]
    assert found["own"] == 3.0
    own = next(row for row in found["biases"] if row["bias"] == 3.0)
    (result,) = read(run)["results"]
    assert own["accuracy"] == pytest.approx(result["accuracy"])
    assert own["validation_accuracy"] == pytest.approx(result["validation_accuracy"])
    held = entry["probes"]["time-constants"]["summary"]["median_tokens"]
    assert own["time_constant"] == pytest.approx(held, rel=1e-6)
