"""The table of quality cases, results that are merged case by case, and the options that choose cases."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import quality, results_file, table
from benchmarks.__main__ import SCENARIOS, main
from benchmarks.pipeline_run import MeasuredRun
from benchmarks.quality_cases import CORPORA, IMDB_QUALITY, QUALITY
from benchmarks.results_file import Metric, Outcome
from benchmarks.sides import Options
from pipeline import cli
from pipeline.core.errors import PipelineError

ALL_CASES = [*QUALITY.items(), *IMDB_QUALITY.items()]
IDS = [name for name, _ in ALL_CASES]
# The targets of the project, by corpus and kind of model.
TARGETS = {
    "imdb_tfidf": 90.9,
    "imdb_nbsvm": 91.7,
    "imdb_lstm": 91.3,
    "imdb_bilstm": 92.0,
    "mr_nbsvm": 79.0,
    "mr_recurrent": 80.5,
    "sst2_nbsvm": 81.5,
    "sst2_recurrent": 86.0,
    "trec_linear": 90.0,
    "trec_recurrent": 91.0,
}


def test_every_target_is_a_case() -> None:
    assert {name: case.target for name, case in QUALITY.items()} == TARGETS


@pytest.mark.parametrize(("name", "case"), ALL_CASES, ids=IDS)
def test_the_model_that_counts_is_the_one_that_is_run(name: str, case: Any) -> None:
    words = case.arguments.split()
    given = {
        option: words[words.index(option) + 1] for option in ("--models", "--embeddings") if option in words
    }
    expected = given["--models"] + (f"@{given['--embeddings']}" if "--embeddings" in given else "")
    assert case.model == expected


@pytest.mark.parametrize(("name", "case"), ALL_CASES, ids=IDS)
def test_a_network_of_a_split_has_three_seeds_and_folds_have_one(name: str, case: Any) -> None:
    if name in QUALITY:
        network, folds = "@" in case.model, "--folds" in case.arguments
        assert case.seeds == (3 if network and not folds else 1)
        assert folds == (case.corpus == "mr")


def test_files_are_those_of_the_corpus_and_the_unlabelled_text() -> None:
    assert QUALITY["sst2_recurrent"].files == (
        "sst2_train.parquet",
        "sst2_dev.parquet",
        "sst2_test.parquet",
        "imdb_unlabelled.parquet",
    )
    assert QUALITY["mr_nbsvm"].files == ("mr.parquet",)


def test_every_corpus_file_is_written_by_the_recipes_of_data() -> None:
    page = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
    for corpus in CORPORA.values():
        assert f"**{corpus.title.removesuffix('-6')}**" in page
    for name in ("imdb_train", "imdb_test", "imdb_unlabelled", "trec_train", "trec_test"):
        assert f'"{name}"' in page
    assert "mr.parquet" in page
    assert "sst2_{source}.parquet" in page


def test_arguments_are_those_of_the_product() -> None:
    arguments = quality.arguments_of(QUALITY["sst2_recurrent"], Options(), None)
    assert " ".join(arguments) == (
        "CORPORA/sst2_train.parquet --validation CORPORA/sst2_dev.parquet --test CORPORA/sst2_test.parquet "
        "--unlabelled CORPORA/imdb_unlabelled.parquet --models bilstm --embeddings word2vec+glove-6b-50d "
        + QUALITY["sst2_recurrent"].arguments.partition("glove-6b-50d ")[2]
        + " --seeds 3"
    )


def row(seed: int, fold: int, accuracy: float) -> dict[str, Any]:
    return {"seed": seed, "fold": fold, "accuracy": accuracy}


@pytest.mark.parametrize(
    ("rows", "over", "values"),
    [
        ([row(0, 0, 0.5)], None, (50.0,)),
        ([row(0, 0, 0.5), row(1, 0, 0.75)], "seeds", (50.0, 75.0)),
        ([row(0, 0, 0.5), row(0, 1, 0.75)], "folds", (50.0, 75.0)),
        # two seeds of two folds: (50 + 75) / 2 and (100 + 75) / 2
        ([row(0, 0, 0.5), row(0, 1, 0.75), row(1, 0, 1.0), row(1, 1, 0.75)], "seeds", (62.5, 87.5)),
    ],
)
def test_the_spread_is_over_seeds_or_folds(rows: Any, over: str | None, values: tuple[float, ...]) -> None:
    assert quality.spread(rows) == (over, values)


# --- merging ------------------------------------------------------------------------------------------------


def head(**changes: Any) -> dict[str, Any]:
    return {
        "scenario": "quality",
        "documents": None,
        "full_size": True,
        "data": {},
        "environment": {},
        **changes,
    }


def outcome(case: str, value: float, cpu: str = "A chip") -> Outcome:
    metric = Metric(f"accuracy_{case}", value, "%", "higher", 0.5, "test accuracy", "unit", 80.0, case=case)
    environment = {"cpu": cpu, "cores": 2, "memory_gib": 8.0, "command": f"measure {case}"}
    return Outcome([metric], {case: {"environment": environment}})


def test_a_case_measured_later_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    results_file.write_result(path, head(data={"a": "1"}), outcome("one", 81.0), merge=True)
    results_file.write_result(path, head(data={"b": "2"}), outcome("two", 70.0, "Another"), merge=True)
    results_file.write_result(path, head(data={"a": "1"}), outcome("one", 82.0), merge=True)
    result = results_file.read_result(path)
    assert [(m["id"], m["value"], m["met"]) for m in result["metrics"]] == [
        ("accuracy_one", 82.0, True),
        ("accuracy_two", 70.0, False),
    ]
    assert result["data"] == {"a": "1", "b": "2"}
    rows = table.rows([result])
    assert "`measure one` | A chip, 2 cores" in rows[0]
    assert "`measure two` | Another, 2 cores" in rows[1]
    assert [file.name for file in tmp_path.iterdir()] == ["quality.json"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"documents": 100}, "documents is None there, now 100"),
        ({"scenario": "imdb_quality"}, "scenario is quality there, now imdb_quality"),
        ({"data": {"a": "2"}}, "its results are of another a"),
    ],
)
def test_results_of_another_kind_are_not_mixed_in(tmp_path: Path, change: Any, what: str) -> None:
    path = tmp_path / "quality.json"
    results_file.write_result(path, head(data={"a": "1"}), outcome("one", 81.0), merge=True)
    before = path.read_bytes()
    with pytest.raises(PipelineError) as error:
        results_file.write_result(path, head(**change), outcome("two", 70.0), merge=True)
    assert str(error.value) == f"{path}: {what}; name another file with --out"
    assert path.read_bytes() == before


def test_what_is_no_result_is_not_merged_into(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"schema_version": 1}', encoding="utf-8")
    for path, message in (
        (tmp_path, f"{tmp_path}: it cannot be read: Is a directory; name a file"),
        (
            tmp_path / "half.json",
            f"{tmp_path / 'half.json'}: not a benchmark's result of schema_version 1; run the benchmark again",
        ),
    ):
        with pytest.raises(PipelineError) as error:
            results_file.check_mergeable(path, head())
        assert str(error.value) == message


# --- the command line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["quality", "--only", "imdb_nbsvn"],
            '--only: there is no case "imdb_nbsvn"; did you mean "imdb_nbsvm"?\n',
        ),
        (
            ["quality", "--run", "mr_nbsvn=r"],
            '--run: there is no case "mr_nbsvn"; did you mean "mr_nbsvm"?\n',
        ),
        (
            ["quality", "--run", "mr_nbsvm"],
            '--run: "mr_nbsvm" names no run; give mr_nbsvm=RUN, RUN a run folder\n',
        ),
        (
            ["quality", "--only", "mr_nbsvm", "--run", "imdb_lstm=r"],
            '--run: "imdb_lstm" is not among the cases of --only; add it there\n',
        ),
        (["help", "--only", "one"], '--only: there is no case "one"; help has no cases\n'),
        (["help", "--peer-python", "p"], "--peer-python: help uses this Python alone; leave it out\n"),
        (
            ["lstm_step", "--peer-python", "no/python"],
            "--peer-python no/python: No such file or directory; name a Python\n",
        ),
        (
            ["quality", "--only", "trec_linear"],
            "--corpora: quality reads trec_train.parquet, trec_test.parquet; "
            "name the folder that holds them (data/README.md)\n",
        ),
    ],
)
def test_mistakes_in_the_options(arguments: list[str], message: str, capsys: Any) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == message


def write_corpus(folder: Path, *names: str) -> None:
    """Write 30 documents of two classes of our own making to each file, sorted by label."""
    texts = [f"{word} tune number {number}" for word in ("dull", "lovely") for number in range(15)]
    labels = ["neg"] * 15 + ["pos"] * 15
    for name in names:
        pl.DataFrame({"text": texts, "label": labels}).write_parquet(folder / name)


@pytest.mark.longer
def test_cases_are_measured_by_the_product_and_written_one_by_one(tmp_path: Path, capsys: Any) -> None:
    write_corpus(tmp_path, *QUALITY["imdb_tfidf"].files, *QUALITY["trec_linear"].files)
    out = tmp_path / "quality.json"
    arguments = ["quality", "--corpora", str(tmp_path), "--documents", "24", "--out", str(out)]
    assert main([*arguments, "--only", "imdb_tfidf"]) == 0
    text = out.read_text(encoding="utf-8")
    result = json.loads(text)
    assert not result["full_size"]
    assert [metric["id"] for metric in result["metrics"]] == ["accuracy_imdb_tfidf", "seconds_imdb_tfidf"]
    assert result["metrics"][0]["value"] == 100.0  # one word tells the classes apart
    details = result["details"]["imdb_tfidf"]
    assert details["command"] == (
        "python run_pipeline.py CORPORA/imdb_train.parquet --test CORPORA/imdb_test.parquet --models tfidf --refit "
        "--seeds 1"
    )
    assert details["environment"]["command"] == (
        "python -m benchmarks quality --corpora CORPORA --documents 24 --only imdb_tfidf"
    )
    assert str(tmp_path) not in text
    # a finished run is taken as it is, and the case before it stays
    assert main([*arguments, "--only", "trec_linear", "--run", f"trec_linear={finished_run(tmp_path)}"]) == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    assert result["details"]["trec_linear"]["finished_run"] == (
        "python run_pipeline.py CORPORA/trec_train.parquet --test CORPORA/trec_test.parquet --refit"
    )
    metrics = result["metrics"]
    assert [(metric["id"], metric["value"]) for metric in metrics if metric["unit"] == "%"] == [
        ("accuracy_imdb_tfidf", 100.0),
        ("accuracy_trec_linear", 87.5),
    ]


def finished_run(folder: Path, model: str = "tfidf", *more: str, state: str = "done") -> Path:
    """Write what counts of a run of `trec_linear`'s files and settings, with one model more and `more` arguments."""
    run = folder / "run"
    (run / "details").mkdir(parents=True)
    (run / "details" / "status.json").write_text(json.dumps({"state": state}), encoding="utf-8")
    files = ("elsewhere/trec_train.parquet", "--test", "elsewhere/trec_test.parquet")
    config = asdict(cli.settings_of([*files, "--models", "bow,tfidf", "--refit", "--seeds", "1", *more]))
    fit = {"name": model, "model": model, "seed": 0, "fold": 0, "accuracy": 0.875, "peak_rss_mib": 100.0}
    command = f"python run_pipeline.py {' '.join(files)} --refit --out o"
    environment = {"command": command, "cpu": "c", "cores": 2, "memory_gib": 1}
    metrics = {
        "results": [fit],
        "summary": [fit],
        "timing": [fit],
        "environment": environment,
        "config": config,
    }
    (run / "metrics.json").write_text(json.dumps({**metrics, "total_seconds": 2.0}), encoding="utf-8")
    return run


def test_a_run_without_the_model_that_counts_is_refused(tmp_path: Path) -> None:
    options = Options(tmp_path, runs={"trec_linear": finished_run(tmp_path, "bow")}, only=("trec_linear",))
    with pytest.raises(PipelineError) as error:
        quality.measure(options)
    assert str(error.value) == "case trec_linear: its run has no tfidf; it is one of bow"


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (["--set", "baselines.min_df=3"], "baselines.min_df is 3 in that run, 0 in the case"),
        (["--seeds", "2"], "run.seeds is 2 in that run, 1 in the case"),
        (
            ["--test", "mr.parquet"],
            'corpus.test is "trec_test.parquet, mr.parquet" in that run, "trec_test.parquet" in the case',
        ),
        (["--models", "bow"], 'run.models is ["bow"] in that run, ["tfidf"] in the case'),
    ],
)
def test_a_run_of_other_files_or_settings_is_not_taken_for_a_case(
    tmp_path: Path, more: list[str], what: str
) -> None:
    run = finished_run(tmp_path, "tfidf", *more)
    with pytest.raises(PipelineError) as error:
        quality.measure(Options(tmp_path, runs={"trec_linear": run}, only=("trec_linear",)))
    assert str(error.value) == (
        f"--run trec_linear={run}: {what}; run `python run_pipeline.py CORPORA/trec_train.parquet "
        "--test CORPORA/trec_test.parquet --models tfidf --refit --seeds 1`"
    )


def test_the_source_that_auto_turned_out_to_be_is_what_was_asked_for() -> None:
    ran = asdict(cli.settings_of(["bbc-news", "--models", "lstm", "--embeddings", "word2vec"]))
    run = MeasuredRun(1.0, 1.0, {"config": ran})
    quality.check_same_run("--run", run, ["bbc-news", "--models", "lstm"])
    with pytest.raises(PipelineError, match=r"run\.embeddings"):
        quality.check_same_run("--run", run, ["bbc-news", "--models", "lstm", "--embeddings", "learned"])


def test_a_run_that_has_not_finished_is_not_taken_for_a_case(tmp_path: Path) -> None:
    options = Options(tmp_path, runs={"trec_linear": tmp_path}, only=("trec_linear",))
    with pytest.raises(PipelineError) as error:
        quality.measure(options)
    assert str(error.value) == f"{tmp_path}: this is no folder of a run; name one that has finished"
    run = finished_run(tmp_path, state="interrupted")
    with pytest.raises(PipelineError) as error:
        quality.measure(replace(options, runs={"trec_linear": run}))
    assert str(error.value) == f"{run}: the run is interrupted; name one that has finished"


def test_seeds_of_the_command_line_replace_the_cases_own(monkeypatch: Any, tmp_path: Path) -> None:
    write_corpus(tmp_path, *QUALITY["imdb_lstm"].files)
    asked: list[list[str]] = []

    def run_pipeline(arguments: list[str], corpora: Any) -> MeasuredRun:
        asked.append(arguments)
        fit = {"name": "lstm@word2vec", "seed": 0, "fold": 0, "accuracy": 0.5}
        metrics = {"results": [fit], "summary": [fit], "timing": [], "environment": {"command": "c"}}
        return MeasuredRun(1.0, 1.0, metrics)

    monkeypatch.setattr(quality, "run_pipeline", run_pipeline)
    options = Options(tmp_path, only=("imdb_lstm",))
    quality.measure(options)
    quality.measure(replace(options, seeds=1))
    assert [arguments[-2:] for arguments in asked] == [["--seeds", "3"], ["--seeds", "1"]]


def test_scenarios_with_cases_name_no_files_of_their_own() -> None:
    for scenario in SCENARIOS.values():
        assert not (scenario.cases and scenario.files)
