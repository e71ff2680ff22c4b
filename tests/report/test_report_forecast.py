"""The table of what was expected beside what happened."""

from __future__ import annotations

import json
from pathlib import Path

from report_builders import build_run

from pipeline.report.page.blocks import Limits
from pipeline.report.sections.forecast import compare, forecast_table
from pipeline.run_folder.reading import read_run

A_MINUTE = {"least": 30.0, "usual": 60.0, "most": 180.0}
ROW = {
    "seconds": A_MINUTE,
    "training_seconds": A_MINUTE,
    "peak_mib": 800.0,
    "disk_mib": 1.0,
    "measured": False,
}
FORECAST = {
    "nodes": 1,
    "at_once": 2,
    "seconds": A_MINUTE,
    "critical_seconds": A_MINUTE,
    "peak_mib": 1_800.0,
    "disk_mib": 2.0,
    "rows": [{"name": "bow", "fits": 2, **ROW}, {"name": "vectors of word2vec", "fits": 1, **ROW}],
    "unknown": ["When a training stops."],
}
TIMING = [
    {"name": "bow", "seed": 0, "fold": fold, "fit_seconds": 20.0 + fold, "peak_rss_mib": 700.0 + fold}
    for fold in range(3)
]


def test_fits_are_compared_with_what_was_expected_of_as_many(tmp_path: Path) -> None:
    folder = build_run(tmp_path, timing=TIMING, total_seconds=90.0)
    (folder / "details" / "forecast.json").write_text(json.dumps(FORECAST), encoding="utf-8")
    run = read_run(folder)
    assert run.details.forecast is not None
    bow, whole = compare(run, run.details.forecast)
    assert (bow.name, bow.seconds.usual, bow.took) == ("bow", 90.0, 63.0)  # three fits of 30 s
    assert (bow.expected_mib, bow.peak_mib) == (800.0, 702.0)
    assert (whole.name, whole.seconds.most, whole.took) == ("the whole run", 180.0, 90.0)


def test_a_run_without_a_forecast_has_no_such_table(tmp_path: Path) -> None:
    assert forecast_table(read_run(build_run(tmp_path)), Limits()) == ()
