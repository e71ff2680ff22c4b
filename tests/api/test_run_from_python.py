"""`pipeline.run` is the command line's run, and its result what the run folder holds."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from command_lines import SCRIPT, status_of
from python_api import LABELS, TEXTS
from whole_runs import write_films

import pipeline
from pipeline import cli
from pipeline.api import notebook
from pipeline.api.documents import as_paths, as_texts
from pipeline.api.keywords import config_of
from pipeline.api.model import Model
from pipeline.api.result import RunResult, as_frame
from pipeline.api.running import KEYWORDS
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.run_folder.metrics.comparisons import Comparison
from pipeline.settings.tables import SETTINGS

SMALL = {"baselines.tfidf_strengths": [1.0, 10.0], "baselines.min_df": 1}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    folder = tmp_path_factory.mktemp("python")
    frame = pl.DataFrame({"text": TEXTS, "label": LABELS})
    return pipeline.run(frame, models=["majority", "tfidf"], seeds=1, settings=SMALL, out=folder / "run")


def test_the_verdict_is_the_sentence_of_the_run(result: RunResult) -> None:
    metrics = json.loads((result.folder / "metrics.json").read_text(encoding="utf-8"))
    assert str(result.verdict) == metrics["verdict"]["sentence"]
    assert result.verdict.decision is None
    assert repr(result) == f"<RunResult '{result.folder}': {metrics['verdict']['sentence']}>"


def test_tables_are_frames_whose_columns_are_the_keys_of_the_run_folder(result: RunResult) -> None:
    metrics = json.loads((result.folder / "metrics.json").read_text(encoding="utf-8"))
    assert result.summary.columns == [*metrics["summary"][0]]
    assert result.summary["name"].to_list() == [row["name"] for row in metrics["summary"]]
    assert result.summary["accuracy_ci95"].to_list() == [row["accuracy_ci95"] for row in metrics["summary"]]
    assert result.comparisons.to_dicts() == metrics["comparisons"]


def test_a_table_without_rows_has_its_columns_all_the_same() -> None:
    empty = as_frame(Comparison, [])
    assert (len(empty), empty.columns[:3]) == (0, ["a", "b", "metric"])


def test_models_are_loaded_by_their_names(result: RunResult) -> None:
    assert result.models == ("majority", "tfidf")
    model = result.model("tfidf")
    assert model.classes_.tolist() == ["neg", "pos"]
    assert model.predict(["good film", "bad film"]).tolist() == ["pos", "neg"]
    probabilities = model.predict_proba(pd.Series(["good film", "bad film"]))
    assert (probabilities.shape, probabilities.dtype) == ((2, 2), np.float32)
    assert probabilities[0, 1] > 0.5 > probabilities[1, 1]
    assert repr(model) == "Model('tfidf', classes_=['neg', 'pos'])"
    with pytest.raises(PipelineError, match="give one of majority, tfidf"):
        result.model("tfdif")


def test_a_model_is_loaded_again_where_it_was_pickled_and_is_its_own_copy(
    result: RunResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(result.folder.parent)
    model = pipeline.load_model(result.folder.name, "tfidf")
    monkeypatch.chdir(tmp_path)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_proba(["good"]).tolist() == model.predict_proba(["good"]).tolist()
    assert copy.deepcopy(model) is copy.copy(model) is model
    with pytest.raises(
        PipelineError, match="tfidf: it lies in no folder to load it from again; save it first"
    ):
        pickle.dumps(Model(model.saved))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"seed": 1, "ensemble": True},
            "ensemble: a seed is one training, and an ensemble is all; give one of the two",
        ),
        ({"place": None}, "place: None is no path; give a run folder, a model's own folder or a bundle"),
        ({"name": 3}, 'name: 3 is no name of a model; give one such as "tfidf"'),
        ({"seed": "1"}, "seed: '1' is no number of one; give a whole number from 0 on"),
        ({"fold": 0.5}, "fold: 0.5 is no number of one; give a whole number from 0 on"),
    ],
)
def test_arguments_that_cannot_be_are_errors_with_what_to_do(
    result: RunResult, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        pipeline.load_model(**{"place": result.folder, "name": "tfidf", **given})
    assert str(caught.value) == message
    assert isinstance(caught.value, PipelineError)
    with pytest.raises(PipelineError, match=r"^run: None is no path"):
        pipeline.read_run(None)  # type: ignore[arg-type]


def test_the_best_is_the_model_that_is_advised(result: RunResult) -> None:
    assert result.advice.model == result.best.name
    metrics = json.loads((result.folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["advice"]["model"] == result.best.name


def test_words_say_what_they_add_and_make_up_the_answer(result: RunResult) -> None:
    explained = result.model("tfidf").explain("good film")
    assert explained.predicted == "pos"
    assert explained.words["word"].to_list() == ["good", "film"]
    assert explained.base is not None
    score = explained.base + explained.words["adds"].sum()
    assert 1 / (1 + np.exp(-score)) == pytest.approx(explained.probability, abs=1e-6)
    first, second, *_ = str(explained).splitlines()
    assert first == f"pos  {explained.probability:.1%}"
    assert second.split()[1] == "good"
    assert explained._repr_html_().count("<tr>") == 3


def test_the_command_line_answers_a_file_as_python_answers_its_texts(
    result: RunResult, tmp_path: Path
) -> None:
    texts = ["good film", "bad, bad film", "what?"]
    pl.DataFrame({"text": texts}).write_csv(tmp_path / "new.csv")
    out = tmp_path / "answers.parquet"
    asked = ["predict", str(result.folder), str(tmp_path / "new.csv"), "--model", "tfidf", "--out", str(out)]
    assert status_of(cli.main, *asked) == 0
    answers, model = pl.read_parquet(out), result.model("tfidf")
    assert answers["predicted"].to_list() == model.predict(texts).tolist()
    np.testing.assert_array_equal(answers.select("p(neg)", "p(pos)").to_numpy(), model.predict_proba(texts))


def test_a_text_without_words_has_an_answer_of_none(result: RunResult) -> None:
    explained = result.model("tfidf").explain(" ")
    assert (len(explained.words), explained.base) == (0, None)
    assert explained.probability == result.model("tfidf").predict_proba([" "]).max()
    assert str(explained) == f"{explained.predicted}  {explained.probability:.1%}"


def test_a_model_that_reads_no_word_cannot_say_what_one_adds(result: RunResult) -> None:
    with pytest.raises(PipelineError) as caught:
        result.model("majority").explain("good film")
    assert str(caught.value) == "majority: it cannot say what a word adds to its answer; ask another model"


def test_all_seeds_of_a_model_can_be_asked_as_one(result: RunResult) -> None:
    one, all_seeds = (pipeline.load_model(result.folder, "tfidf", ensemble=whole) for whole in (False, True))
    np.testing.assert_array_equal(one.predict_proba(["good"]), all_seeds.predict_proba(["good"]))
    with pytest.raises(PipelineError, match="seed"):
        pipeline.load_model(result.folder, "tfidf", seed=3)


def test_a_notebook_shows_the_answer_and_the_report_in_a_frame_of_its_own(result: RunResult) -> None:
    shown = result._repr_html_()
    assert f"<b>{result.verdict}</b>" in shown
    assert "<td>tfidf</td>" in shown
    page = result.report._repr_html_()
    assert page.startswith('<iframe title="Report" srcdoc="&lt;!')
    assert page.count('"') == 6  # the page's own are escaped
    assert str(result.report) == (result.folder / "report.md").read_text(encoding="utf-8")


def test_a_run_is_read_again_and_says_how_it_was_asked_for(result: RunResult) -> None:
    again = pipeline.read_run(str(result.folder))
    assert again.summary.equals(result.summary)
    command = again.content.metrics.environment.command
    few = "{'baselines.tfidf_strengths': [1.0, 10.0], 'baselines.min_df': 1}"
    assert command.startswith(
        f"pipeline.run(documents, settings={few}, models=['majority', 'tfidf'], seeds=1"
    )
    with pytest.raises(PipelineError, match=r"it holds no metrics.json"):
        pipeline.read_run(result.folder.parent)


# --- documents --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "corpus",
    [
        pl.DataFrame({"text": TEXTS, "label": LABELS}),
        pl.LazyFrame({"text": TEXTS, "label": LABELS}),
        pd.DataFrame({"text": TEXTS, "label": pd.Categorical(LABELS)}),
        (TEXTS, np.array(LABELS)),
    ],
    ids=["polars", "lazy", "pandas", "texts and labels"],
)
def test_documents_in_memory_are_read_as_those_of_a_file(corpus: Any, tmp_path: Path) -> None:
    of_file = read_corpus(write_films(tmp_path))
    with as_paths(corpus) as (path, columns):
        names = {f"{role}_column": name for role, name in columns.items()}
        of_memory = read_corpus(path, **names)
        assert Path(path).is_file()
    assert of_memory.hash == of_file.hash
    assert not Path(path).exists()


def test_what_is_missing_in_a_frame_of_pandas_is_missing() -> None:
    frame = pd.DataFrame({"text": ["good", None], "stars": [5.0, float("nan")]})
    with as_paths(frame) as (path, _):
        assert pl.read_parquet(path).to_dict(as_series=False) == {
            "text": ["good", None],
            "stars": [5.0, None],
        }


def test_paths_are_left_as_they_are() -> None:
    for corpus in ("a.csv", Path("a.csv"), ["a.csv", "b.csv"], ("a.csv", "b.csv")):
        with as_paths(corpus) as given:
            assert given == (corpus, {})


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("good", "texts: a single text is no list of texts; put it in a list: [text]"),
        ([1.5], "texts: document 0 is 1.5, which is no text; make it a str, or leave the document out"),
        (None, "texts: NoneType holds no texts; give a list of texts"),
        (
            ["good", "b\ud83d"],
            "texts: document 1 holds half of a surrogate pair, 'b\\ud83d', which is no character; decode it again, or"
            ' replace it: text.encode("utf-8", "replace").decode()',
        ),
    ],
)
def test_what_is_no_list_of_texts_is_refused(texts: Any, message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        as_texts(texts)
    assert str(caught.value) == message


# --- keywords ---------------------------------------------------------------------------------------------


def test_every_option_of_the_command_line_is_a_keyword_of_the_same_name() -> None:
    options = {option for one in SCRIPT.params for option in one.opts if option.startswith("--")}
    meant = {option.removeprefix("--").replace("-", "_") for option in options}
    apart = {"set": "settings", "shard": None, "json": None, "help": None, "version": None}
    expected = {apart.get(name, name) for name in meant} - {None} | {"corpus"}
    assert {*signature(pipeline.run).parameters} == expected
    assert "max_tokens\n        Tokens of a document that a recurrent network reads." in str(
        pipeline.run.__doc__
    )


def test_keywords_are_read_as_the_command_line_reads_options() -> None:
    given = {
        "models": ("bow", "tfidf"),
        "max_tokens": np.int64(50),
        "no_cache": True,
        "quick": False,
        "out": Path("a") / "b",
        "drop_class": ["x"],
    }
    config = config_of(KEYWORDS, given, settings={"networks.units": 64, "word2vec.algorithm": "cbow"})
    assert config.run.models == ("bow", "tfidf")
    assert config.networks.max_tokens == 50
    assert (config.run.cache, config.run.quick, config.run.out) == (False, False, str(Path("a") / "b"))
    assert config.corpus.drop_classes == ("x",)
    assert (config.networks.units, config.word2vec.algorithm) == (64, "cbow")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"modles": ["bow"]}, 'pipeline.run: there is no keyword "modles"; did you mean "models"?'),
        ({"seeds": 0}, "--seeds: run.seeds is 0; give auto, or a whole number from 1"),
        (
            {"settings": {"networks.unit": 3}},
            '--set networks.unit=3: [networks] has no key "unit"; did you mean "units"?',
        ),
        ({"corpus": "no.csv"}, "no.csv: there is no such file"),
        ({"corpus": None}, "corpus: it is None; give a path, a frame, or (texts, labels)"),
    ],
)
def test_mistakes_are_errors_and_end_no_program(given: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        pipeline.run(**{"corpus": "bbc-news", **given})
    assert str(caught.value).startswith(message)


def test_every_setting_with_an_option_has_its_own_keyword() -> None:
    with_option = [key for key, setting in SETTINGS.items() if setting.option]
    assert len(KEYWORDS) == len(with_option) - 2  # the corpus, and a share of a run, which has no result


# --- where it is called -----------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Play a notebook: give what it shows in the place of a display, one after the other."""
    updates: list[str] = []
    kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    handle = SimpleNamespace(update=lambda data, raw: updates.append(data["text/plain"]))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(
        sys.modules, "IPython.display", SimpleNamespace(display=lambda data, raw, display_id: handle)
    )
    return updates


def test_a_notebook_sees_one_line_that_changes_and_keeps_the_warnings(
    shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with notebook.progress() as console:
        console.say("reading")
        console.warn("a column is empty")
        with console.stage("Training", total=200, unit="updates") as stage:
            for _ in range(200):
                stage.advance()
    read, began, first, done, ended = shown
    assert (read, ended) == ("reading", "warning: a column is empty")
    assert began == "warning: a column is empty\nTraining"
    assert first.startswith("warning: a column is empty\nTraining: 1 of 200 updates, 0.")
    assert done.startswith("warning: a column is empty\nTraining: 200 of 200 updates, 0.")
    assert capsys.readouterr() == ("", "")


def test_elsewhere_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with notebook.progress() as console:
        assert isinstance(console, Console)
        console.say("reading")
    assert capsys.readouterr() == ("", "reading\n")


@pytest.mark.longer
def test_the_package_imports_nothing_until_something_of_it_is_used() -> None:
    code = (
        "import sys, pipeline, pipeline.cli\n"
        "assert not {'sklearn', 'tensorflow', 'gensim', 'altair', 'pipeline.api'} & {*sys.modules}\n"
        "pipeline.run, pipeline.read_run, pipeline.load_model\n"
        "assert not {'sklearn', 'tensorflow', 'gensim', 'altair'} & {*sys.modules}\n"
        "pipeline.TextClassifier\n"
        "assert 'sklearn' in sys.modules and 'tensorflow' not in sys.modules\n"
        "assert {*pipeline.__all__} <= {*dir(pipeline)}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="module 'pipeline' has no attribute 'runs'"):
        _ = pipeline.runs  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_script_that_runs_wherever_it_is_imported_runs_once(tmp_path: Path) -> None:
    write_films(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(
        "import pipeline\nprint('begins')\n"
        "small = {'baselines.bow_strengths': [1.0], 'baselines.min_df': 1, 'run.side_by_side': 2}\n"
        "result = pipeline.run('films.csv', models=['bow'], folds=3, out='run', settings=small)\n"
        "print(result.content.metrics.timing[0].at_once)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "begins\n2\n"
