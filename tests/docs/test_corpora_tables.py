"""Tables of whole runs on public corpora: true to the results that they are made from."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import corpus_runs
from benchmarks.__main__ import main
from benchmarks.corpora_cases import BEST_RUNS, CORPUS_RUNS, DEFAULT_RUNS, GRID_RUNS, CorpusRun
from benchmarks.results_file import RESULTS, read_result
from benchmarks.sides import Options
from pipeline import cli
from pipeline.core.errors import PipelineError
from pipeline.settings.tables import RunSettings

DOCS = Path(__file__).parents[2] / "docs"
sys.path.append(str(DOCS))

import corpora_tables  # noqa: E402
from marked_sections import write_section  # noqa: E402


def test_arguments_name_the_files_of_the_folder() -> None:
    arguments = corpus_runs.arguments_of(DEFAULT_RUNS["trec"], Options(seeds=2), None)
    assert arguments == ["CORPORA/trec_train.parquet", "--test", "CORPORA/trec_test.parquet", "--seeds", "2"]


@pytest.mark.parametrize("name", CORPUS_RUNS)
def test_arguments_are_those_of_the_product(name: str) -> None:
    settings = cli.settings_of(corpus_runs.arguments_of(CORPUS_RUNS[name], Options(), None))
    assert settings.corpus.path in (
        *(f"CORPORA/{file}" for file in CORPUS_RUNS[name].files),
        "bbc-news",
        "word-order",
    )


def test_default_runs_train_the_default_models_with_the_default_seeds_or_say_so() -> None:
    for case in DEFAULT_RUNS.values():
        settings = cli.settings_of(corpus_runs.arguments_of(case, Options(), None))
        assert settings.run.models == corpora_tables.MODELS
        assert settings.run.seeds == (1 if "one seed" in case.title else RunSettings().seeds)


def found(**changes: Any) -> dict[str, Any]:
    """A run as `corpora.json` keeps it: two models, one with two seeds."""
    summary = [
        {
            "name": "tfidf",
            "model": "tfidf",
            "embedding": None,
            "accuracy": 0.8,
            "accuracy_ci95": [0.75, 0.85],
            "runs": 1,
        },
        {
            "name": "lstm@random",
            "model": "lstm",
            "embedding": "random",
            "accuracy": 0.7,
            "accuracy_ci95": [0.6, 0.8],
            "runs": 2,
        },
    ]
    results = [
        {"name": "tfidf", "accuracy": 0.8},
        {"name": "lstm@random", "accuracy": 0.65},
        {"name": "lstm@random", "accuracy": 0.75},
    ]
    verdict = {"a": "lstm@random", "b": "tfidf", "decision": "loses", "sentence": "It loses."}
    return {"summary": summary, "results": results, "verdict": verdict, "total_seconds": 90.0, **changes}


def test_a_default_row_has_every_model_the_decision_and_the_minutes() -> None:
    rows = [
        {"name": f"{model}@random", "accuracy": 0.5, "accuracy_ci95": [0.4, 0.6]}
        for model in corpora_tables.MODELS
    ]
    rows[-1]["accuracy"] = 0.7  # of `lstm:max`, which is no `lstm`
    cells = corpora_tables._default_cells(found(summary=rows))
    assert cells == ["50.0 [40.0, 60.0]"] * 6 + ["70.0 [40.0, 60.0]", "lstm loses", "1.5"]


def test_a_default_row_says_which_model_was_not_run() -> None:
    assert corpora_tables._default_cells(found())[0] == corpora_tables.NOT_MEASURED


def test_a_source_has_its_spread_of_seeds() -> None:
    assert list(corpora_tables._grid_lines(found(), more_text=True)) == [
        "| lstm@random, unlabelled | 70.0 | 60.0 to 80.0 | 65.0 to 75.0 | 2 |",
        "| tfidf, unlabelled | 80.0 | 75.0 to 85.0 | - | 1 |",
    ]


def test_what_was_not_measured_is_said() -> None:
    assert "\n".join(corpora_tables._verdict_rows({})).count(corpora_tables.NOT_MEASURED) == len(
        DEFAULT_RUNS | BEST_RUNS
    )
    assert "\n".join(corpora_tables._source_rows({})).count(corpora_tables.NOT_MEASURED) == len(GRID_RUNS)
    assert "\n".join(corpora_tables._default_rows({})).count(corpora_tables.NOT_MEASURED) == len(DEFAULT_RUNS)


def test_a_section_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        write_section(page, "one", "text")
    assert str(error.value) == (
        f"{page}: there is no <!-- one: begin --> ... <!-- one: end -->; put the two marks back"
    )


def test_the_pages_hold_what_the_results_say(tmp_path: Path) -> None:
    """If this fails, run `python docs/make_results.py corpora`."""
    pages = (corpora_tables.README, corpora_tables.RESULTS_PAGE)
    copies = [Path(shutil.copy(page, tmp_path)) for page in pages]
    corpora_tables.write_corpora(RESULTS, *copies)
    for page, copy in zip(pages, copies, strict=True):
        assert copy.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


@pytest.mark.longer
def test_a_run_is_measured_by_the_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{word} tune number {number}" for word in ("dull", "lovely") for number in range(20)]
    pl.DataFrame({"text": texts, "label": ["neg"] * 20 + ["pos"] * 20}).write_parquet(
        tmp_path / "tunes.parquet"
    )
    monkeypatch.setitem(
        CORPUS_RUNS, "tunes", CorpusRun("Tunes", "{tunes.parquet} --models majority,bow --no-probes")
    )
    out = tmp_path / "corpora.json"
    assert main(["corpora", "--corpora", str(tmp_path), "--only", "tunes", "--out", str(out)]) == 0
    kept = read_result(out)["details"]["tunes"]
    assert kept["command"] == "python run_pipeline.py CORPORA/tunes.parquet --models majority,bow --no-probes"
    assert {row["name"]: row["accuracy"] for row in kept["results"]} == {"majority": 0.5, "bow": 1.0}
    assert kept["verdict"]["decision"] is None
    assert str(tmp_path) not in out.read_text(encoding="utf-8")


def test_every_case_of_the_results_is_in_the_table() -> None:
    measured = read_result(RESULTS / "corpora.json")
    assert measured["details"].keys() <= CORPUS_RUNS.keys()
    assert not re.findall(r'"(?:/[^"/]+){2,}\.parquet"', json.dumps(measured))  # no folder of a machine
