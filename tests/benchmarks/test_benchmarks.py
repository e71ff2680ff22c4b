"""The benchmarks' own arithmetic, table and comparison; no benchmark is run."""

import importlib
import json

import polars as pl
import pytest

from benchmarks import compare, sides, table
from benchmarks.__main__ import SCENARIOS, main
from benchmarks.imdb import split_positions, spread
from benchmarks.results_file import Metric, Outcome, meets_target, ratio, write_result


def metric(value, better="higher", tolerance=0.1, tolerance_is="share", id="speed"):
    return {"id": id, "value": value, "unit": "times", "better": better} | {
        "tolerance": tolerance,
        "tolerance_is": tolerance_is,
    }


def accuracy(value):
    return metric(value, tolerance=0.5, tolerance_is="unit")


def head(**changes):
    environment = {"cpu": "A chip", "cores": 2, "python": "3.11.9", "memory_gib": 8.0}
    environment["command"] = "python -m benchmarks indices --corpora CORPORA"
    values = {"scenario": "indices", "documents": 50_000, "full_size": True, "data": {"a": "sha256:1"}}
    return {**values, "environment": environment, **changes}


@pytest.mark.parametrize(
    ("old", "new", "judged"),
    [
        (metric(10.0), metric(9.0), "unchanged"),
        (metric(10.0), metric(8.9), "regressed"),
        (metric(10.0), metric(11.1), "improved"),
        (metric(10.0, "lower"), metric(11.1, "lower"), "regressed"),
        (metric(10.0, "lower"), metric(8.9, "lower"), "improved"),
        (accuracy(90.0), accuracy(89.4), "regressed"),
        (accuracy(90.0), accuracy(89.5), "unchanged"),
        (metric(-1.0), metric(-1.2), "regressed"),
        (metric(-1.0), metric(-1.05), "unchanged"),
    ],
)  # fmt: skip
def test_judge(old, new, judged):
    assert compare.judge(old, new) == judged


def write(path, value, **changes):
    measured = Metric("speed", value, "times", "higher", 0.1, "times as fast", target=8.0)
    write_result(path, head(**changes), Outcome([measured]))
    return str(path)


def test_compare_prints_a_line_a_metric_and_fails_on_a_regression(tmp_path, capsys):
    old, new = write(tmp_path / "old.json", 10.0), write(tmp_path / "new.json", 8.0)
    assert compare.main([old, new]) == 1
    assert capsys.readouterr().out == "indices speed: 10 -> 8 times: regressed\n"
    assert compare.main([new, old]) == 0
    assert capsys.readouterr().out == "indices speed: 8 -> 10 times: improved\n"


def test_compare_refuses_other_documents(tmp_path, capsys):
    old, new = write(tmp_path / "old.json", 10.0), write(tmp_path / "new.json", 8.0, documents=2_000)
    assert compare.main([old, new]) == 2
    assert capsys.readouterr().err == (
        f"{new}: documents is 2000, in the old result 50000; compare two results of one scenario on the "
        "same documents\n"
    )


def test_compare_refuses_another_file_of_the_same_name(tmp_path, capsys):
    old = write(tmp_path / "old.json", 10.0, data={"a": "sha256:1", "b": "sha256:1"})
    new = write(tmp_path / "new.json", 8.0, data={"a": "sha256:2"})
    assert compare.main([old, new]) == 2
    assert capsys.readouterr().err == (
        f"{new}: a is another file than the old result's; compare two results of one scenario on the same "
        "documents\n"
    )


def test_compare_names_another_machine(tmp_path, capsys):
    other = {**head()["environment"], "cores": 8}
    old, new = write(tmp_path / "old.json", 10.0), write(tmp_path / "new.json", 10.0, environment=other)
    assert compare.main([old, new]) == 0
    assert capsys.readouterr().out == (
        "note: cores was 2, now 8; ratios compare, seconds and MiB hardly\n"
        "indices speed: 10 -> 10 times: unchanged\n"
    )


def test_compare_refuses_what_is_no_result(tmp_path, capsys):
    path = tmp_path / "other.json"
    path.write_text('{"schema_version": 9}')
    assert compare.main([str(path), str(path)]) == 2
    assert capsys.readouterr().err == (
        f"{path}: not a benchmark's result of schema_version 1; run the benchmark again\n"
    )


def test_ratio_pairs_the_rounds():
    # rounds: 6/2 = 3, 9/3 = 3, 20/2 = 10; the quotient of the medians would be 9/2 = 4.5
    measured = ratio("speed", [6.0, 9.0, 20.0], [2.0, 3.0, 2.0], "theirs / ours", target=8.0)
    assert (measured.value, measured.repeats, measured.target) == (3.0, (3.0, 3.0, 10.0), 8.0)


@pytest.mark.parametrize(
    ("value", "target", "better", "met"),
    [(8.0, 8.0, "higher", True), (7.9, 8.0, "higher", False), (0.6, 0.5, "lower", False), (1, None, "lower", None)],
)  # fmt: skip
def test_meets_target(value, target, better, met):
    assert meets_target({"value": value, "target": target, "better": better}) is met


def test_table_has_a_row_a_metric(tmp_path):
    write(tmp_path / "indices.json", 7.5)
    written = table.write_table(tmp_path).read_text(encoding="utf-8").splitlines()
    assert written[-1] == (
        "| indices | times as fast | 7.5 times | ≥ 8 | **no** | `python -m benchmarks indices --corpora CORPORA` "
        "| A chip, 2 cores, 8 GiB |"
    )


def test_table_marks_a_slice_and_judges_it_not(tmp_path):
    write(tmp_path / "indices.json", 7.5, full_size=False, documents=2_000)
    row = table.write_table(tmp_path).read_text(encoding="utf-8").splitlines()[-1]
    assert row.startswith("| indices | times as fast (a slice: 2000 documents) | 7.5 times | ≥ 8 |  |")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.095064, "0.09506"), (8.1234, "8.123"), (90.0, "90"), (12345.6, "12350"), (-0.5, "-0.5")],
)
def test_shown(value, text):
    assert table.shown(value) == text


def test_sides_take_turns(monkeypatch):
    calls = []

    def run_side(module, side, options, seed):
        calls.append((side, seed))
        return {"seconds": len(calls)}

    monkeypatch.setattr(sides, "run_side", run_side)
    figures = sides.alternate("a module", ("ours", "theirs"), sides.Options(), 2)
    assert calls == [("ours", 0), ("theirs", 0), ("ours", 1), ("theirs", 1)]
    assert figures == {"ours": [{"seconds": 1}, {"seconds": 3}], "theirs": [{"seconds": 2}, {"seconds": 4}]}


def test_a_split_holds_out_the_same_share_of_each_label():
    labels = pl.Series(["neg"] * 20 + ["pos"] * 10)
    kept, held = split_positions(labels, 0.1, seed=0)
    assert sorted([*kept, *held]) == list(range(30))
    assert [int((held < 20).sum()), int((held >= 20).sum())] == [2, 1]


def test_a_slice_is_spread_over_the_file():
    assert spread(pl.DataFrame({"row": range(9)}), 3)["row"].to_list() == [0, 4, 8]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_measured(name):
    module = importlib.import_module(f"benchmarks.{SCENARIOS[name].module}")
    assert callable(module.measure)


def test_a_missing_corpus_is_named(tmp_path, capsys):
    assert main(["ngrams", "--corpora", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"--corpora {tmp_path}: the folder holds no imdb_train.parquet; see data/README.md for where it comes from\n"
    )


def test_a_missing_peer_is_named(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.__main__._peer_versions", lambda scenario, options: {"tokenizers": None})
    assert main(["indices", "--corpora", "anywhere"]) == 2
    assert capsys.readouterr().err == (
        "benchmarks indices: the peer package tokenizers is not installed; run `pip install tokenizers`\n"
    )


def test_a_result_holds_no_path_of_this_machine(tmp_path, monkeypatch):
    for file in SCENARIOS["ngrams"].files:
        (tmp_path / file).write_bytes(b"")
    outcome = Outcome([Metric("speed", 1.0, "times", "higher", 0.1, "times as fast")])
    monkeypatch.setattr("benchmarks.ngrams.measure", lambda options: outcome)
    out = tmp_path / "ngrams.json"
    assert main(["ngrams", "--corpora", str(tmp_path), "--documents", "10", "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    command = json.loads(text)["environment"]["command"]
    assert command == "python -m benchmarks ngrams --corpora CORPORA --documents 10"
