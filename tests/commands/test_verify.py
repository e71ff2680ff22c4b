"""`verify RUN`: a run folder that was not touched agrees with itself; every planted edit is found and named."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from plain_charts import DRAW, charts_by
from run_builders import write_run

from pipeline.cli import main
from pipeline.commands import verify as module
from pipeline.commands.verify import Difference, compare_values, describe, verify
from pipeline.core.errors import PipelineError
from pipeline.run_folder.names import COMPUTED

LSTM = "predictions/lstm@word2vec.s1.f0.parquet"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("verify") / "run")


@pytest.fixture
def run(untouched: Path, tmp_path: Path) -> Path:
    """A copy in another folder of another name: nothing in a run depends on where it lies."""
    return Path(shutil.copytree(untouched, tmp_path / "moved"))


COMPUTED_AGAIN = (
    *COMPUTED,
    "report.md",
    "report.html",
    "charts/",
)  # what neither scores nor report are made from
MADE: dict[tuple[str, str], Any] = {}


def content_of(run: Path) -> str:
    """Return a digest of what scores and report of a run are made from: names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if path.is_file() and not name.startswith(COMPUTED_AGAIN):
            digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def once_for_the_same_files(name: str, path_of: Callable[[Any], Path]) -> Callable[[Any], Any]:
    """Return a function of `verify` that computes once for all run folders with the same content."""
    original = getattr(module, name)

    def computed(given: Any) -> Any:
        key = name, content_of(path_of(given))
        if key not in MADE:
            MADE[key] = original(given)
        return MADE[key]

    return computed


@pytest.fixture(autouse=True)
def _computed_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute scores and report once for the same files; for a test that asks whether they are the same, anew."""
    if "agrees_with_itself" in request.node.name:
        return
    monkeypatch.setattr(module, "score_run", once_for_the_same_files("score_run", lambda run: run))
    monkeypatch.setattr(module, "draw", once_for_the_same_files("draw", lambda run: run.path))


def found(run: Path) -> list[tuple[str, str]]:
    """Return the file and place of each difference."""
    return [(difference.file, difference.place) for difference in verify(run).differences]


def edit_json(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def edit_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_table(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    metadata = pl.read_parquet_metadata(path)
    kept = {key: metadata[key] for key in ("model", "seed", "fold", "corpus_hash")}
    change(pl.read_parquet(path)).write_parquet(path, metadata=kept)


@pytest.mark.longer
def test_a_run_that_nobody_touched_agrees_with_itself_wherever_it_lies(tmp_path: Path) -> None:
    with charts_by(DRAW):
        run = write_run(tmp_path / "run").rename(tmp_path / "moved")
        DRAW.cache_clear()
        verified = verify(run)
    assert verified.differences == ()
    files, scores, report = verified.checked[:3]
    assert (
        files == f"{5 + 1 + 11} files that scores are computed from: sha256"
    )  # predictions, settings, details
    assert re.fullmatch(
        r"5 fits of 4 models, \d+ comparisons and the verdict: computed again from .*", scores
    )
    assert report == "report.md, report.html and charts/: drawn again"
    assert describe(verified).endswith("Everything agrees.")


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (
            "results[2].accuracy",
            lambda m: m["results"][2].update(accuracy=m["results"][2]["accuracy"] + 1e-6),
        ),
        ("results[0].log_loss", lambda m: m["results"][0].update(log_loss=0.1)),
        ("results[0].signature", lambda m: m["results"][0].update(signature="accuracy|corpus:other")),
        ("summary[1].ece", lambda m: m["summary"][1].update(ece=0.0)),
        ("summary[1].accuracy_ci95[0]", lambda m: m["summary"][1]["accuracy_ci95"].__setitem__(0, 0.0)),
        ("comparisons[0].p_value", lambda m: m["comparisons"][0].update(p_value=0.0123)),
        ("comparisons[1].decision", lambda m: m["comparisons"][1].update(decision="sure")),
        ("verdict.decision", lambda m: m["verdict"].update(decision="sure")),
        ("verdict.sentence", lambda m: m["verdict"].update(sentence="bow wins.")),
        ("timing[0].fit_seconds", lambda m: m["timing"][0].update(fit_seconds=0.1)),
        ("environment.cpu", lambda m: m["environment"].update(cpu="a faster one")),
        ("extra", lambda m: m.update(extra=1)),
        ("summary", lambda m: m["summary"].pop()),
    ],
)
def test_an_edit_to_metrics_is_named_by_its_key_path(
    run: Path, place: str, change: Callable[[Any], None]
) -> None:
    edit_json(run / "metrics.json", change)
    assert found(run) == [("metrics.json", place)]


def test_the_saved_and_the_recomputed_value_are_named(run: Path) -> None:
    edit_json(run / "metrics.json", lambda metrics: metrics["corpus"].update(tested=61))
    assert verify(run).differences == (Difference("metrics.json", "corpus.tested", "61", "60"),)


def test_an_edit_to_every_key_of_metrics_is_named(run: Path) -> None:
    def edit(metrics: Any) -> None:
        for key in metrics:
            if key != "schema_version":  # that of a newer one is refused
                metrics[key] = "edited"

    keys = json.loads((run / "metrics.json").read_text(encoding="utf-8")).keys() - {"schema_version"}
    edit_json(run / "metrics.json", edit)
    assert set(found(run)) == {("metrics.json", key) for key in keys}


def test_keys_in_another_order_say_the_same(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    (run / "metrics.json").write_text(json.dumps(dict(reversed(metrics.items()))), encoding="utf-8")
    assert found(run) == []


@pytest.mark.parametrize(
    "number", ["NaN", "-Infinity", "1e999", "1" + 400 * "0", "-0.5", '"0.5"', "[]", "{}", "true", "null"]
)
def test_a_number_that_is_none_is_named(run: Path, number: str) -> None:
    text = (run / "metrics.json").read_text(encoding="utf-8")
    changed = re.sub(r"\"p_value\": [^,]*", f'"p_value": {number}', text, count=1)
    (run / "metrics.json").write_text(changed, encoding="utf-8")
    assert {file for file, _ in found(run)} == {"metrics.json"}


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"schema_version": 1', "[" * 100_000, '{"a": ' + "1" * 5000 + "}", "[1]", "7", "\0", "\ud800"],
)
def test_a_file_that_is_no_json_is_named_and_the_rest_is_checked_all_the_same(run: Path, text: str) -> None:
    (run / "metrics.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    (run / "details" / "scores.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    edit_text(run / "report.md", "95 % interval", "99 % interval")
    assert {file for file, _ in found(run)} == {"metrics.json", "details/scores.json", "report.md"}


def test_predictions_put_beside_those_of_a_learning_curve_are_named(run: Path) -> None:
    folder = run / "details" / "learning_curve" / "predictions"
    folder.mkdir(parents=True)
    shutil.copy(run / LSTM, folder / "planted.parquet")
    assert found(run)[0] == ("details/learning_curve/predictions/planted.parquet", "")


def nudge(table: pl.DataFrame) -> pl.DataFrame:
    """Change a probability in its last digit, which changes no score."""
    values = table["p(bad)"].to_numpy().copy()
    values[0] = np.nextafter(values[0], np.float32(1))
    return table.with_columns(pl.Series("p(bad)", values))


def drop_a_key(fits: Any) -> None:
    fits["fits"][0].pop("warnings")


@pytest.mark.parametrize(
    ("file", "edit", "change", "place"),
    [
        (
            "details/scores.json",
            edit_json,
            (lambda kept: kept["models"][0].update(runs=7),),
            "models[0].runs",
        ),
        ("details/fits.json", edit_json, (drop_a_key,), ""),
        ("report.html", edit_text, ("95 % interval", "99 % interval"), None),
        ("config.toml", edit_text, ("rope = 0.01", "rope = 0.01  # nothing"), ""),
        ("config.toml", edit_text, ("rope = 0.01", "rope = = 1"), ""),
        (LSTM, edit_table, (nudge,), ""),
        (LSTM, edit_table, (lambda table: table.reverse(),), ""),  # rows in another order
        (
            LSTM,
            edit_table,
            (lambda table: table.with_columns(predicted=pl.lit("mixed")),),
            "",
        ),  # not the likeliest
    ],
)
def test_an_edit_to_a_file_is_named_first(
    run: Path, file: str, edit: Callable[..., None], change: tuple[Any, ...], place: str | None
) -> None:
    edit(run / file, *change)
    differences = found(run)
    assert differences[0] == (file, differences[0][1] if place is None else place)
    if file == LSTM or file.endswith(("scores.json", "html")):  # nothing follows from it
        assert {name for name, _ in differences} == {file}


def test_an_edit_to_the_report_is_named_by_its_line(run: Path) -> None:
    lines = (run / "report.md").read_text(encoding="utf-8").split("\n")
    number = next(n for n, line in enumerate(lines) if "lstm@word2vec" in line and "|" in line)
    before, lines[number] = lines[number], lines[number].replace("lstm@word2vec", "bow")
    (run / "report.md").write_text("\n".join(lines), encoding="utf-8")
    (difference,) = verify(run).differences
    assert (difference.file, difference.place) == ("report.md", f"line {number + 1}")
    assert lines[number][:50] in difference.saved
    assert before[:50] in difference.again


def test_a_label_that_was_changed_is_named_with_the_scores_that_follow(run: Path) -> None:
    def flip(table: pl.DataFrame) -> pl.DataFrame:
        label = "good" if table["label"][0] != "good" else "bad"
        return table.with_columns(pl.Series("label", [label, *table["label"][1:]]))

    for path in (run / "predictions").iterdir():
        edit_table(path, flip)
    places = found(run)
    assert (LSTM, "") in places
    assert any(file == "metrics.json" and place.startswith("results") for file, place in places)
    assert "report.md" in [file for file, _ in places]


def test_a_label_that_was_changed_in_one_file_leaves_nothing_to_compare(run: Path) -> None:
    edit_table(
        run / LSTM, lambda table: table.with_columns(label=pl.Series(["good", "bad", *table["label"][2:]]))
    )
    places = found(run)
    assert places[0] == (LSTM, "")
    assert "no score: a file that scores are computed from is damaged" in verify(run).checked


def test_an_edit_to_the_settings_is_named_with_what_follows(run: Path) -> None:
    edit_text(run / "config.toml", "rope = 0.01", "rope = 0.5")
    places = found(run)
    assert places[0] == ("config.toml", "")
    assert ("metrics.json", "verdict.rope") in places
    assert ("metrics.json", "config.run.rope") in places


@pytest.mark.parametrize(
    "name",
    [
        *(LSTM, "config.toml", "metrics.json", "report.md", "report.html"),
        *(f"details/{name}.json" for name in ("fits", "run", "scores", "histories", "receipts")),
    ],
)
def test_a_file_that_was_removed_is_named(run: Path, name: str) -> None:
    (run / name).unlink()
    first = verify(run).differences[0]
    assert first.file == name
    assert first.saved.startswith("no ")


def test_a_prediction_file_that_the_run_did_not_write_is_named(run: Path) -> None:
    shutil.copy(run / LSTM, run / "predictions" / "lstm@word2vec.s2.f0.parquet")
    assert ("predictions/lstm@word2vec.s2.f0.parquet", "") in found(run)


def files_of(run: Path) -> set[str]:
    return {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}


def test_every_file_that_was_touched_is_named(run: Path) -> None:
    """One byte more, which changes nothing that is read: the receipts tell."""
    computed = {*COMPUTED, "details/receipts.json"}
    touched = {name for name in files_of(run) if name.endswith((".json", ".toml"))} - computed
    assert {"config.toml", "details/status.json", "details/giveaways.json"} < touched
    for name in touched:
        with (run / name).open("a", encoding="utf-8") as file:
            file.write("\n")
    assert set(found(run)) >= {(name, "") for name in touched}
    assert {file for file, _ in found(run)} - {"report.md", "report.html"} == touched


@pytest.mark.parametrize(
    "name",
    [
        "predictions/notes.txt",
        "details/extra.json",
        "details/extra.parquet",
        "details/learning_curve/predictions/bow.s0.f1.parquet",
        "models/bow/weights.safetensors",
        "models/ann@x/s1.f0/weights.safetensors",
    ],
)
def test_a_file_that_the_run_did_not_write_is_named(run: Path, name: str) -> None:
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(run / "predictions" / "bow.s0.f0.parquet", run / name)
    assert Difference(name, "", "a file", "no file: the run did not write it") in verify(run).differences


@pytest.mark.longer
@pytest.mark.parametrize("value", ["text", [{}], {"models": 7}])
def test_details_of_another_shape_are_named_and_are_no_fault(run: Path, value: object) -> None:
    for path in sorted((run / "details").glob("*.json")):
        if path.name in ("receipts.json", "scores.json", "assumptions.json"):
            continue
        before = path.read_bytes()
        path.write_text(json.dumps(value), encoding="utf-8")
        assert f"details/{path.name}" in [file for file, _ in found(run)]
        path.write_bytes(before)
    assert found(run) == []


def test_a_damaged_prediction_file_is_named_and_is_no_fault(run: Path) -> None:
    whole = (run / LSTM).read_bytes()
    for damaged in (
        b"",
        whole[: len(whole) // 2],
        whole[:-9] + b"\xff" * 9,
        b"PAR1" + whole[4:][::-1],
        b"\0" * 99,
    ):
        (run / LSTM).write_bytes(damaged)
        assert (LSTM, "") in found(run)


def test_a_folder_in_the_place_of_a_file_is_named(run: Path) -> None:
    for name in ("metrics.json", "details/histories.json", "report.md"):
        (run / name).unlink()
        (run / name).mkdir()
    assert {"metrics.json", "details/histories.json"} <= {file for file, _ in found(run)}


def test_two_files_exchanged_are_named(run: Path) -> None:
    one, other = run / LSTM, run / "predictions" / "lstm@word2vec.s0.f0.parquet"
    one.rename(run / "kept")
    other.rename(one)
    (run / "kept").rename(other)
    assert [file for file, _ in found(run)] == [f"predictions/{other.name}", LSTM]


@pytest.mark.longer
@pytest.mark.parametrize(
    ("options", "state"),
    [
        ({"n_folds": 3}, "done"),
        ({"n_folds": 2}, "interrupted"),
        ({"n_seeds": 1}, "done"),
        ({"n_docs": 2}, "done"),
        ({"outside": ("other", "mean")}, "done"),
        ({"outside": ("other",), "n_folds": 2}, "done"),
        ({"untrained": ("lstm@word2vec",)}, "done"),
    ],
)
def test_runs_of_every_shape_can_be_verified(tmp_path: Path, options: dict[str, Any], state: str) -> None:
    assert found(write_run(tmp_path / "run", state=state, **options)) == []


def test_a_run_of_baselines_alone_can_be_verified(tmp_path: Path) -> None:
    assert found(write_run(tmp_path / "run", {"bow": 1.0})) == []


def test_an_older_run_is_told_apart(run: Path) -> None:
    for name in ("fits", "run", "receipts"):
        (run / "details" / f"{name}.json").unlink()
    with pytest.raises(PipelineError) as error:
        verify(run)
    assert str(error.value) == (
        f"{run}: there is no details/receipts.json in it: an older version of embedseq wrote this run;"
        " run again to get one that can be verified"
    )


def test_a_run_with_settings_that_this_version_does_not_have_is_refused_and_not_called_damaged(
    run: Path,
) -> None:
    """Its receipt says that the file is as the run wrote it."""
    edit_text(run / "config.toml", "[baselines]", "[baselines]\nolder_setting = 1")
    receipt = hashlib.sha256((run / "config.toml").read_bytes()).hexdigest()
    edit_json(run / "details" / "receipts.json", lambda kept: kept["files"].update({"config.toml": receipt}))
    with pytest.raises(PipelineError) as error:
        verify(run)
    assert str(error.value).startswith(
        f"{run}: no file was changed, but this version of embedseq cannot read config.toml: "
    )
    assert str(error.value).endswith("use the version of embedseq that wrote the run")


@pytest.mark.parametrize("name", ["metrics.json", "details/receipts.json"])
def test_a_newer_run_is_refused(run: Path, name: str) -> None:
    edit_json(run / name, lambda content: content.update(schema_version=2))
    with pytest.raises(PipelineError) as error:
        verify(run)
    assert str(error.value) == (
        f"{run / name}: schema_version is 2; this version reads 1; use the version of embedseq that wrote the run"
    )


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        verify(tmp_path)
    assert str(error.value) == f"{tmp_path}: it holds no metrics.json; give the folder of a finished run"


def test_values_are_compared_with_the_tolerance_of_another_processor() -> None:
    saved = {"a": 0.1, "b": [1, None], "c": True, "d": "x", "p": 2e-10, "zero": 1e-17, "e": 1}
    again = {"a": 0.1 + 1e-16, "b": [1, 0], "c": 1, "d": "x", "p": 1e-10, "zero": 0.0, "f": 2}
    assert list(compare_values(saved, again)) == [
        ("b[1]", "null", "0"),
        ("c", "true", "1"),
        ("p", "2e-10", "1e-10"),
        ("f", "absent", "2"),
        ("e", "1", "absent"),
    ]


def test_a_picture_that_was_edited_lost_or_added_is_named(run: Path) -> None:
    pictures = sorted((run / "charts").iterdir())
    edited, lost = pictures[0], pictures[1]
    edited.write_bytes(edited.read_bytes() + b"x")
    lost.unlink()
    (run / "charts" / "extra.png").write_bytes(b"")
    assert set(found(run)) == {
        (f"charts/{edited.name}", ""),
        (f"charts/{lost.name}", ""),
        ("charts/extra.png", ""),
    }
    saved = {difference.file: (difference.saved, difference.again) for difference in verify(run).differences}
    assert saved[f"charts/{lost.name}"] == ("no file", "a picture")
    assert saved["charts/extra.png"] == ("a picture", "no file: the report does not show it")


def test_where_only_the_report_differs_the_command_that_draws_it_again_is_named(run: Path) -> None:
    hint = "Every score agrees; `python -m pipeline report` draws the report again, with this version."
    with (run / "report.html").open("a", encoding="utf-8") as page:
        page.write("more")
    assert describe(verify(run)).splitlines()[-2:] == [hint, "Differences: 1, in 1 file."]
    edit_json(run / "metrics.json", lambda metrics: metrics["corpus"].update(tested=61))
    assert hint not in describe(verify(run))


def test_the_package_that_draws_is_named_where_the_run_had_another_version(run: Path) -> None:
    told = verify(run).checked[-1]
    assert "vl-convert-python 1.0 (now " in told


def test_the_command_ends_with_0_or_3(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(run)])
    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith("Everything agrees.\n")
    edit_json(run / "metrics.json", lambda metrics: metrics["corpus"].update(tested=61))
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(run)])
    assert ended.value.code == 3
    told = capsys.readouterr().err
    assert "metrics.json: corpus.tested: saved 61, found again 60" in told
    assert told.endswith("Differences: 1, in 1 file.\n")
