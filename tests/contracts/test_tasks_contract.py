"""What every task of the table promises: its runs keep models that answer again, alone, from files, in a bundle."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.api.running import run as run_pipeline
from pipeline.commands.verify import verify
from pipeline.core.console import Console
from pipeline.core.tasks import TASKS
from pipeline.export.table import export_model
from pipeline.models.saved import load_saved
from pipeline.predict.options import Options
from pipeline.predict.predicting import predict
from pipeline.predict.which_model import AskedModel
from pipeline.run_folder.models import saved_names


@dataclass(frozen=True)
class Example:
    """What a task is tried on: a file, the answers that it has, and quick models of it.

    `write` returns the content of a file of n documents; `new` is a document that somebody types; `outside` writes what
    a model from elsewhere says of the test documents: (a run, a folder) > its file; None where none is compared with.
    """

    file: str
    write: Callable[[int, int], str]
    models: tuple[str, ...]
    new: str
    outside: Callable[[Path, Path], Path] | None = None


def of_documents(run: Path, folder: Path) -> Path:
    file = folder / "elsewhere.csv"
    pl.read_parquet(run / "predictions" / "bow.s0.f0.parquet").write_csv(file)
    return file


def of_words(run: Path, folder: Path) -> Path:
    file = folder / "elsewhere.conll"
    predict(
        Options(AskedModel(run, "most-frequent"), str(run.parent / "words.conll"), out=file),
        Console(io.StringIO()),
    )
    return file


def texts(n: int, seed: int) -> str:
    generator = np.random.default_rng(seed)
    rows = ["text,label"]
    for number in range(n):
        words = " ".join(generator.choice(["film", "plot", "end", "very", "so"], 4))
        rows.append(f"{words} {number} {('good', 'bad')[number % 2]},{('pos', 'neg')[number % 2]}")
    return "\n".join(rows) + "\n"


def sentences(n: int, seed: int) -> str:
    generator = np.random.default_rng(seed)
    written = []
    for number in range(n):
        name = ["Ida B-PER", "Kim I-PER"] if number % 2 else ["Bo B-PER"]
        words = generator.choice(["runs", "sings", "here", "there", "and", "now"], 4)
        written.append("\n".join([*name, *(f"{word} O" for word in words), f"{number} O"]))
    return "\n\n".join(written) + "\n"


def several(n: int, seed: int) -> str:
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        named = [name for name, with_it in (("good", number % 2), ("long", number % 3 == 0)) if with_it]
        words = " ".join([*generator.choice(["film", "plot", "end"], 3), str(number), *named])
        rows.append(json.dumps({"text": words, "labels": named}))
    return "\n".join(rows) + "\n"


EXAMPLES = {
    "classify": Example("texts.csv", texts, ("bow", "tfidf"), "a very good film", of_documents),
    "tag": Example("words.conll", sentences, ("most-frequent", "window"), "Ida Kim runs there", of_words),
    "multilabel": Example("several.jsonl", several, ("bow", "tfidf"), "a good and long film"),
}
each_task = pytest.mark.parametrize("task", [name for name in TASKS if TASKS[name].keeps_models])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a run of each task that has an example."""
    made = {}
    for task, example in EXAMPLES.items():
        folder = tmp_path_factory.mktemp(task)
        (folder / example.file).write_text(example.write(60, 1), encoding="utf-8")
        run_pipeline(folder / example.file, models=list(example.models), out=folder / "run", no_probes=True)
        made[task] = folder / "run"
    return made


@each_task
def test_every_model_is_saved_and_answers_as_it_did(task: str, runs: dict[str, Path]) -> None:
    run, models = runs[task], EXAMPLES[task].models
    assert TASKS[task].keeps_models
    assert saved_names(run) == sorted(models)
    verified = verify(run)
    assert verified.differences == ()
    assert any(f"{len(models)} saved models: golden texts asked again" in line for line in verified.checked)


@each_task
def test_a_document_is_answered_alike_alone_and_among_others(task: str, runs: dict[str, Path]) -> None:
    example = EXAMPLES[task]
    for name in example.models:
        model = load_saved(runs[task], name)
        documents = pl.Series([example.new, "so", "", "nothing of this is known", example.new])
        together, lengths = model.rows(documents)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        for place in range(len(documents)):
            alone, own = model.rows(documents.slice(place, 1))
            assert list(own) == [lengths[place]]
            np.testing.assert_array_equal(alone, together[starts[place] : starts[place + 1]])
        assert model.task.name == task


@each_task
def test_a_bundle_of_a_model_answers_as_the_model_does(
    task: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    name, new = EXAMPLES[task].models[-1], pl.Series([EXAMPLES[task].new])
    exported = export_model(runs[task], "bundle", tmp_path / "model.zip", name)
    assert exported.largest_difference is not None
    assert exported.largest_difference < 1e-5
    own, _ = load_saved(runs[task], name).rows(new)
    np.testing.assert_array_equal(load_saved(tmp_path / "model.zip").rows(new)[0], own)


@each_task
def test_a_text_and_a_file_are_answered(
    task: str, runs: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    example, told = EXAMPLES[task], io.StringIO()
    asked = AskedModel(runs[task], example.models[-1])
    predict(Options(asked, say=example.new), Console(told))
    assert capfd.readouterr().out.strip()
    new, out = tmp_path / f"new{Path(example.file).suffix}", tmp_path / "answers.jsonl"
    new.write_text(example.write(12, 2), encoding="utf-8")
    predict(Options(asked, str(new), out=out), Console(told))
    assert "F1 " in told.getvalue()  # the file has what is right too
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(answers) == 12
    assert all(one["predicted"] for one in answers)


@pytest.fixture(scope="module")
def with_everything(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a run of each task with the options that ask for more fits, and a model that was trained elsewhere."""
    made = {}
    for task, example in EXAMPLES.items():
        folder = tmp_path_factory.mktemp(f"{task}-more")
        file = folder / example.file
        file.write_text(example.write(160, 1), encoding="utf-8")
        elsewhere = []
        if example.outside is not None:
            run_pipeline(file, models=list(example.models), out=folder / "first", no_probes=True)
            elsewhere = [str(example.outside(folder / "first", folder))]
        made[task] = run_pipeline(
            file,
            models=list(example.models),
            out=folder / "run",
            no_probes=True,
            refit=True,
            tune=4,
            learning_curve=True,
            compare=elsewhere,
        ).folder
    return made


@pytest.mark.longer
@each_task
def test_refit_tuning_curve_and_a_model_from_elsewhere_hold_for_every_task(
    task: str, with_everything: dict[str, Path]
) -> None:
    run, models = with_everything[task], EXAMPLES[task].models
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    elsewhere = ["elsewhere"] if EXAMPLES[task].outside else []
    assert {row["name"] for row in metrics["results"]} == {*models, *elsewhere}
    for row in metrics["results"]:  # trained elsewhere as the first model was, but on fewer documents
        if row["name"] == "elsewhere":
            assert row["accuracy"] > 0.5
    assert {curve["name"] for curve in metrics["learning_curve"]["models"]} == {*models}
    assert len(metrics["learning_curve"]["sizes"]) > 1
    assert max(row["settings_tried"] for row in metrics["budgets"]) >= 4
    assert verify(run).differences == ()
