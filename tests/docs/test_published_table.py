"""The section "Published beside measured": made from results, true to them, losing rows among them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quality import arguments_of
from benchmarks.quality_cases import QUALITY
from benchmarks.results_file import Metric, Outcome, write_result
from benchmarks.sides import Options
from pipeline.core.errors import PipelineError

DOCS = Path(__file__).parents[2] / "docs"
sys.path.append(str(DOCS))

import published_table  # noqa: E402

ENVIRONMENT = {"cpu": "A chip", "cores": 2, "memory_gib": 8.0, "command": "python -m benchmarks x"}


def head(**changes: Any) -> dict[str, Any]:
    fixed = {"scenario": "x", "documents": None, "full_size": True, "data": {}, "environment": ENVIRONMENT}
    return {**fixed, **changes}


def write_quality(
    folder: Path, name: str, accuracies: tuple[float, ...], over: str | None, **details: Any
) -> None:
    value = sum(accuracies) / len(accuracies)
    metric = Metric(
        f"accuracy_{name}", value, "%", "higher", 0.5, "a", "unit", QUALITY[name].target, case=name
    )
    command = " ".join(["python run_pipeline.py", *arguments_of(QUALITY[name], Options(), None)])
    values = {"command": command, "accuracies": accuracies, "spread_over": over, "environment": ENVIRONMENT}
    write_result(
        folder / "quality.json", head(), Outcome([metric], {name: {**values, **details}}), merge=True
    )


def row(folder: Path, start: str) -> list[str]:
    lines = [line for line in published_table.section(folder).splitlines() if line.startswith(f"| {start} |")]
    assert len(lines) == 1
    return [cell.strip() for cell in lines[0].strip("|").split("|")]


def test_a_case_that_wins_and_one_that_loses(tmp_path: Path) -> None:
    write_quality(tmp_path, "imdb_lstm", (91.2, 91.4, 91.5), "seeds")
    write_quality(tmp_path, "mr_nbsvm", (78.0, 79.0), "folds")
    write_quality(tmp_path, "imdb_tfidf", (90.9,), None)
    assert row(tmp_path, "imdb_lstm")[4:] == [
        "91.3",
        "91.4",
        "91.2 to 91.5 (3 seeds)",
        "yes",
        "A chip, 2 cores",
    ]
    assert row(tmp_path, "mr_nbsvm")[4:] == [
        "79.0",
        "78.5",
        "78.0 to 79.0 (2 folds)",
        "**no**",
        "A chip, 2 cores",
    ]
    assert row(tmp_path, "imdb_tfidf")[4:] == ["90.9", "90.9", "one fit", "yes", "A chip, 2 cores"]


def test_every_case_has_a_row_before_it_is_measured(tmp_path: Path) -> None:
    for name, case in QUALITY.items():
        cells = row(tmp_path, name)
        assert cells[4:6] == [f"{case.target:.1f}", "not measured yet"]
        assert all(figure.accuracy in cells[3] for figure in case.published)


def test_a_figure_measured_with_other_settings_is_not_shown(tmp_path: Path) -> None:
    write_quality(
        tmp_path, "mr_nbsvm", (80.0,), None, command="python run_pipeline.py CORPORA/mr.parquet --seeds 1"
    )
    assert row(tmp_path, "mr_nbsvm")[5] == "not measured yet with these settings"


def test_other_seeds_are_no_other_settings(tmp_path: Path) -> None:
    command = " ".join(arguments_of(QUALITY["trec_recurrent"], Options(seeds=1), None))
    write_quality(tmp_path, "trec_recurrent", (92.0,), None, command=f"python run_pipeline.py {command}")
    assert row(tmp_path, "trec_recurrent")[5:7] == ["92.0", "one fit"]


def test_a_slice_is_refused(tmp_path: Path) -> None:
    write_result(tmp_path / "quality.json", head(full_size=False, documents=300), Outcome([]))
    with pytest.raises(PipelineError) as error:
        published_table.section(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'quality.json'}: the result of a slice of 300 documents; measure it without --documents, or "
        "take the file away"
    )


def test_speed_rows_are_the_metrics_with_a_target(tmp_path: Path) -> None:
    ratio = Metric("r", 1.1, "times", "higher", 0.1, "times as fast", target=1.2)
    plain = Metric("s", 2.0, "seconds", "lower", 0.1, "seconds of it")
    peak = Metric("p", 2.25, "GB", "lower", 0.1, "peak", target=2.5)
    write_result(tmp_path / "lstm_step.json", head(), Outcome([ratio, plain, peak]))
    machine = ["`python -m benchmarks x`", "A chip, 2 cores"]
    assert row(tmp_path, "times as fast")[1:] == ["≥ 1.2 times", "1.1 times", "**no**", *machine]
    assert row(tmp_path, "peak")[1:] == ["≤ 2.5 GB", "2.25 GB", "yes", *machine]
    assert "seconds of it" not in published_table.section(tmp_path)


def test_the_section_is_replaced_and_the_rest_of_the_page_kept(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    begin, end = "<!-- published: begin -->", "<!-- published: end -->"
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    published_table.write_published(page, tmp_path)
    text = published_table.section(tmp_path)
    assert page.read_text(encoding="utf-8") == f"before\n{begin}\n{text}\n{end}\nafter\n"
    page.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(PipelineError, match="put the two marks back"):
        published_table.write_published(page, tmp_path)


def test_the_page_holds_what_the_results_say() -> None:
    """If this fails, run `python docs/make_results.py published`."""
    assert published_table.section() in published_table.PAGE.read_text(encoding="utf-8")
