"""The command export for other programs and pages: what it writes, says, refuses, and removes again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import saved_builders
from saved_builders import NEW, build_and_save, fit_and_save

from pipeline.cli import main
from pipeline.core.errors import PipelineError
from pipeline.export import html_page, in_browser, onnx_file
from pipeline.export.onnx_file import OnnxFile
from pipeline.export.table import TARGETS, export_model
from pipeline.models.golden import TEXTS
from pipeline.models.saved import load_model
from pipeline.run_folder.models import model_folder
from pipeline.settings.tables import Config, with_values

pytest.importorskip("onnxruntime")
GRU = "gru:max@random:tuned"
FILES = {"onnx": "model.onnx", "html": "model.html"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return saved models whose tokenizer is settled, as that of a run is."""
    folder = tmp_path_factory.mktemp("run")
    settled = with_values(Config(), {"tokenizer.unspaced": "characters"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saved_builders, "Config", lambda: settled)
        fit_and_save(folder, "tfidf")
        fit_and_save(folder, "majority")
        build_and_save(folder, GRU)
        build_and_save(folder, GRU, seed=1)
        build_and_save(folder, "gru:shuffled-words@random")
        yield folder


@pytest.mark.parametrize("name", ["tfidf", "majority", GRU])
def test_a_file_of_onnx_answers_as_the_run_does(run: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "model.onnx"
    said = export_model(run, "onnx", out, name)
    np.testing.assert_allclose(OnnxFile(out).answer(NEW), load_model(run, name).answer(NEW), atol=1e-5)
    assert (said.texts, said.unasked, said.fewer) == (len(TEXTS), "", "")
    assert said.largest_difference is not None
    assert said.largest_difference < 1e-5
    assert said.in_words().startswith(f"Exported {name}: {out} (")
    assert f"; {len(TEXTS)} golden texts answered as when it was fitted, within " in said.in_words()


@pytest.mark.longer
@pytest.mark.parametrize("name", ["tfidf", GRU])
def test_a_page_is_asked_in_chromium(run: Path, tmp_path: Path, name: str) -> None:
    if not any(map(in_browser.shutil.which, in_browser.PROGRAMS)):
        pytest.skip("no Chromium on the PATH")
    said = export_model(run, "html", tmp_path / "model.html", name)
    assert said.largest_difference is not None
    assert said.largest_difference < 1e-5


def test_without_chromium_a_page_says_that_it_was_not_asked(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "model.html"
    said = export_model(run, "html", out, "tfidf")
    why = "none of chromium, chromium-browser, google-chrome is on the PATH"
    assert said.in_words() == f"Exported tfidf: {out} (0.1 MiB; not asked the golden texts: {why})"
    assert out.is_file()


@pytest.mark.parametrize("to", FILES)
def test_what_answers_otherwise_is_removed(
    run: Path, tmp_path: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a little: a bias of the last layer that is 0.01 too large."""
    if to == "html" and not any(map(in_browser.shutil.which, in_browser.PROGRAMS)):
        pytest.skip("no Chromium on the PATH")
    module: Any = {"onnx": onnx_file, "html": html_page}[to]
    maker = {"onnx": "onnx_model", "html": "page"}[to]
    make = getattr(module, maker)

    def off(model: Any, more: Any) -> Any:
        bias = model.weights["output/bias"]
        bias[0] += 0.01
        made = make(model, more)
        bias[0] -= 0.01
        return made

    monkeypatch.setattr(module, maker, off)
    with pytest.raises(PipelineError) as error:
        export_model(run, to, tmp_path / FILES[to], GRU)
    where, _, what = str(error.value).partition(": its golden answers differ by 0.00")
    assert where == str(tmp_path / FILES[to])
    assert what.endswith("; 1e-05 is allowed; no file was left; report it with the versions in model.json")
    assert not list(tmp_path.iterdir())


def test_with_fewer_words_it_says_what_that_changes(run: Path, tmp_path: Path) -> None:
    said = export_model(run, "onnx", tmp_path / "model.onnx", "tfidf", words=3)
    assert "answered as the model with fewer words answers, within " in said.in_words()
    assert said.fewer.startswith("It knows 3 of ")
    assert " points of a probability at most." in said.fewer
    unlike = OnnxFile(tmp_path / "model.onnx").answer(NEW) - load_model(run, "tfidf").answer(NEW)
    assert np.abs(unlike).max() > 0.01


REFUSED = {
    "shuffled words": (
        {"name": "gru:shuffled-words@random"},
        "--model: gru:shuffled-words@random reads its words in a random order, which is a control and no model to use;"
        " export the network that reads them in order",
    ),
    "several seeds": (
        {"name": GRU, "every_seed": True},
        "--ensemble: a file of {to} holds one seed; export it without --ensemble",
    ),
    "a seed and all": (
        {"name": GRU, "seed": 0, "every_seed": True},
        "--ensemble: --seed takes one training, --ensemble all; give one of the two",
    ),
    "no such seed": (
        {"name": GRU, "seed": 7},
        "{own}: there is no seed 7 of it; give one of 0, 1",
    ),
    "no words": ({"name": GRU, "words": 0}, "--words: 0 is no number of words; give 1 or more"),
    "another ending": (
        {"name": GRU, "out": "model.zip"},
        "{out}: the file's name has to end in {suffix}; write {out}{suffix}",
    ),
}


@pytest.mark.parametrize("to", FILES)
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_exported_is_refused_by_name(run: Path, tmp_path: Path, case: str, to: str) -> None:
    asked, words = REFUSED[case]
    given: dict[str, Any] = {"out": FILES[to], **asked}
    out = tmp_path / given.pop("out")
    with pytest.raises(PipelineError) as error:
        export_model(run, to, out, **given)
    assert str(error.value) == words.format(
        to=to, out=out, suffix=TARGETS[to].suffix, own=model_folder(run, GRU) / "model.json"
    )
    assert not list(tmp_path.iterdir())


def test_a_bundle_holds_every_word(run: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        export_model(run, "bundle", tmp_path / "model.zip", GRU, words=5)
    assert str(error.value) == "--words: a file of bundle holds every word; export it without --words"


def test_the_command_writes_a_file_and_ends_with_2_where_it_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.onnx"
    asked = ["export", str(run), str(out), "--to", "onnx", "--model", "tfidf", "--words", "4"]
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 0
    assert "It knows 4 of " in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{out}: it is there already; give a new file [output-exists]\n"
