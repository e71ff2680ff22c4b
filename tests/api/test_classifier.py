"""TextClassifier is scikit-learn's in all that scikit-learn asks of text, and the model that a run fits."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from python_api import FEW, LABELS, TEXTS
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

import pipeline
from pipeline import TextClassifier
from pipeline.api.classifier import KEYWORDS
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.names import ModelName
from pipeline.predict.options import Options
from pipeline.predict.predicting import predict
from pipeline.predict.which_model import AskedModel
from pipeline.settings.tables import SETTINGS

CHEAP = {"baselines__tfidf_strengths": [30.0], "baselines__min_df": 1}


def of_numbers(X: Any) -> list[str]:
    """Return rows of numbers as texts: near numbers share a word, and equal rows alone are equal texts."""
    return [
        " ".join(f"column{column}near{int(np.floor(2 * x))} {x!r}" for column, x in enumerate(row))
        for row in np.asarray(X, dtype=np.float64).tolist()
    ]


def tagged_as_numeric(tags: Any) -> Any:
    """Return the tags of an estimator that scikit-learn's checks, which give rows of numbers, do not pass over."""
    tags.input_tags.two_d_array = True
    tags.input_tags.string = tags.input_tags.one_d_array = False
    return tags


class OnNumbers(TextClassifier):
    """The estimator on rows of numbers, written as texts: what scikit-learn's checks give is numbers."""

    def __sklearn_tags__(self) -> Any:
        return tagged_as_numeric(super().__sklearn_tags__())

    def fit(self, X: Any, y: Any) -> OnNumbers:
        super().fit(of_numbers(validate_data(self, X, dtype=np.float64)), y)
        return self

    def predict_proba(self, X: Any) -> Any:
        check_is_fitted(self)
        return super().predict_proba(of_numbers(validate_data(self, X, dtype=np.float64, reset=False)))


@parametrize_with_checks([OnNumbers("tfidf", **CHEAP)])
def test_scikit_learn_finds_nothing_wrong_where_numbers_are_written_as_text(
    estimator: Any, check: Any
) -> None:
    check(estimator)


class ChecksGiven(TextClassifier):
    """The estimator as it is, but that scikit-learn is told to check it: it gives rows of numbers."""

    def __sklearn_tags__(self) -> Any:
        return tagged_as_numeric(super().__sklearn_tags__())


NUMBERS = "it fits on rows of numbers, which are no texts"
RULED_OUT = {
    **dict.fromkeys(
        (
            *("check_fit_score_takes_y", "check_estimators_overwrite_params"),
            *("check_dont_overwrite_parameters", "check_estimators_fit_returns_self"),
            *("check_readonly_memmap_input", "check_n_features_in_after_fitting"),
            *("check_positive_only_tag_during_fit", "check_estimators_dtypes", "check_dtype_object"),
            *("check_pipeline_consistency", "check_estimators_pickle", "check_f_contiguous_array_estimator"),
            *("check_classifier_data_not_an_array", "check_classifiers_classes", "check_classifiers_train"),
            *("check_supervised_y_2d", "check_methods_sample_order_invariance"),
            *("check_methods_subset_invariance", "check_fit2d_1feature"),
            *("check_dict_unchanged", "check_fit_idempotent", "check_fit_check_is_fitted"),
            *("check_n_features_in", "check_fit2d_predict1d"),
        ),
        NUMBERS,
    ),
    "check_estimators_empty_data_messages": "it asks for a message about a matrix without columns",
    "check_estimators_nan_inf": "it asks for a message about numbers that are not finite",
}


@parametrize_with_checks(
    [ChecksGiven("tfidf", **CHEAP)],
    expected_failed_checks=lambda estimator: RULED_OUT,
    xfail_strict=True,
)
def test_of_scikit_learns_checks_on_numbers_those_fail_that_are_listed(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_page_lists_the_checks_that_raw_text_rules_out_with_the_reason() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    section = page.partition("\n## Checks that raw text rules out\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    listed = {check.strip("`"): reason for reason_row in rows for check, reason in [reason_row]}
    assert listed == RULED_OUT
    assert all(hasattr(estimator_checks, check) for check in RULED_OUT)


def test_scikit_learn_is_told_that_a_document_is_one_text() -> None:
    tags = TextClassifier("tfidf").__sklearn_tags__().input_tags
    assert (tags.string, tags.one_d_array, tags.two_d_array) == (True, True, False)


# --- with scikit-learn's own tools ------------------------------------------------------------------------


def test_it_works_under_cross_validation() -> None:
    assert cross_val_score(TextClassifier("tfidf", **FEW), TEXTS, LABELS, cv=3).tolist() == [1.0] * 3


def test_a_grid_search_chooses_among_models_and_settings() -> None:
    grid = {"model": ["majority", "tfidf"], "tokenizer__lowercase": [True, False], "seed": [0]}
    search = GridSearchCV(TextClassifier(**FEW), grid, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_["model"] == "tfidf"
    assert search.predict(["good film", "bad film"]).tolist() == ["pos", "neg"]


def test_it_ends_a_pipeline_whose_first_step_changes_texts() -> None:
    shout = FunctionTransformer(lambda texts: [text.replace("gut", "good") for text in texts])
    chain = make_pipeline(shout, TextClassifier("tfidf", **FEW)).fit(TEXTS, LABELS)
    assert chain.predict(["gut film"]).tolist() == ["pos"]
    assert chain.set_params(textclassifier__networks__units=7)[-1].get_params()["networks__units"] == 7


def test_its_probabilities_can_be_calibrated() -> None:
    calibrated = CalibratedClassifierCV(TextClassifier("tfidf", **FEW), cv=2).fit(TEXTS, LABELS)
    assert calibrated.predict(["good film", "bad film"]).tolist() == ["pos", "neg"]


@pytest.mark.slow
def test_folds_run_in_other_processes() -> None:
    scores = cross_val_score(TextClassifier("tfidf", **FEW), TEXTS, LABELS, cv=2, n_jobs=2)
    assert scores.tolist() == [1.0, 1.0]


def test_a_copy_has_the_same_settings_and_no_model() -> None:
    fitted = TextClassifier("tfidf", seed=3, **FEW).fit(TEXTS, LABELS)
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params() == {"model": "tfidf", "seed": 3, **FEW}
    with pytest.raises(NotFittedError):
        copied.predict(["good"])


def test_parameters_are_those_that_were_given() -> None:
    assert repr(TextClassifier("bow", networks__units=8)) == "TextClassifier(model='bow', networks__units=8)"
    assert TextClassifier().set_params(seed=2).get_params() == {"model": "lstm:max@word2vec", "seed": 2}


# --- the model of a run -----------------------------------------------------------------------------------


def check_same_bits(folder: Path, *models: str, **settings: Any) -> None:
    """Check that each model answers unseen texts alike, of a run and of the estimator on the same documents."""
    unseen = ["good good film", "bad film number7", "", "what"]
    tested = [("good old film", "pos"), ("bad old film", "neg")]
    for file, rows in (("train.csv", zip(TEXTS, LABELS, strict=True)), ("test.csv", tested)):
        lines = "".join(f'"{text}",{label}\n' for text, label in rows)
        (folder / file).write_text(f"text,label\n{lines}", encoding="utf-8")
    names = [ModelName.parse(model) for model in models]
    result = pipeline.run(
        folder / "train.csv",
        test=folder / "test.csv",
        models=[name.asked for name in names],
        embeddings=["word2vec"],
        seeds=1,
        seed=5,
        deterministic=True,
        no_probes=True,
        out=folder / "run",
        settings={keyword.replace("__", "."): value for keyword, value in settings.items()},
    )
    for model in models:
        of_run = result.model(model).predict_proba(unseen)
        fitted = TextClassifier(model, seed=5, deterministic=True, **settings).fit(TEXTS, LABELS)
        of_estimator = fitted.predict_proba(unseen)
        assert of_run.dtype == of_estimator.dtype == np.float32
        np.testing.assert_array_equal(of_estimator, of_run)


VECTORS = {"word2vec__vector_size": 8, "word2vec__epochs": 2}


@pytest.mark.longer
def test_it_answers_as_the_model_of_a_run_on_the_same_documents_to_the_last_bit(tmp_path: Path) -> None:
    check_same_bits(tmp_path, "tfidf", "mean@word2vec", **FEW, **VECTORS)


@pytest.mark.slow
def test_a_network_answers_as_that_of_a_run_to_the_last_bit(tmp_path: Path) -> None:
    check_same_bits(tmp_path, "lstm:max@word2vec", networks__units=4, networks__max_epochs=2, **VECTORS)


@pytest.mark.slow
def test_a_network_works_under_cross_validation_and_says_what_words_add() -> None:
    small = {"networks__units": 8, "networks__learning_rate": 0.02, "embeddings__dimension": 8}
    network = TextClassifier("lstm:max@learned", deterministic=True, **small)
    assert cross_val_score(network, TEXTS, LABELS, cv=2).tolist() == [1.0, 1.0]
    words = network.fit(TEXTS, LABELS).explain("good film").words
    assert words["word"].to_list() == ["good", "film"]
    assert words["adds"][0] > abs(words["adds"][1])


def test_what_was_saved_answers_the_same_and_so_does_a_pickled_copy(tmp_path: Path) -> None:
    fitted = TextClassifier("tfidf", **FEW).fit(TEXTS, LABELS)
    fitted.save(tmp_path / "model")
    expected = fitted.predict_proba(TEXTS)
    saved = pipeline.load_model(tmp_path / "model", "tfidf")
    np.testing.assert_array_equal(saved.predict_proba(TEXTS), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(TEXTS), expected)
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    asked = Options(AskedModel(tmp_path / "model"), str(tmp_path / "texts.txt"), out=tmp_path / "a.parquet")
    predict(asked, Console(silent=True))
    answered = pl.read_parquet(tmp_path / "a.parquet").select("p(neg)", "p(pos)")
    np.testing.assert_array_equal(answered.to_numpy(), expected)
    with pytest.raises(PipelineError, match=r"model: there is something of this name; name a new folder"):
        fitted.save(tmp_path / "model")


def test_a_pickle_holds_plain_data() -> None:
    state = TextClassifier("tfidf", **FEW).fit(TEXTS, LABELS).__getstate__()
    assert {*state} == {"model", *FEW, "classes_", "notes_", "_fitted", "_sklearn_version"} - {
        "_sklearn_version"
    }
    assert {type(content) for content in state["_fitted"].files.values()} == {bytes}


def test_a_fit_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    TextClassifier("mean@word2vec", no_cache=True, **FEW, **VECTORS).fit(TEXTS, LABELS)
    assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


def test_labels_come_back_as_they_were_given() -> None:
    numbers = [3 if label == "pos" else -1 for label in LABELS]
    fitted = TextClassifier("tfidf", **FEW).fit(np.array(TEXTS, dtype=object), numbers)
    assert fitted.classes_.tolist() == [-1, 3]
    assert fitted.predict(["bad film", "good film"]).tolist() == [-1, 3]
    assert fitted.score(TEXTS, numbers) == 1.0


@pytest.mark.parametrize("kinds", [(-1, 3), (1.0, 2.0), (False, True), ("1", "2")])
def test_labels_are_what_they_were_after_saving_too(tmp_path: Path, kinds: tuple[Any, Any]) -> None:
    given = [kinds[label == "pos"] for label in LABELS]
    fitted = TextClassifier("majority", **FEW).fit(TEXTS, given)
    fitted.save(tmp_path / "model")
    loaded = pipeline.load_model(tmp_path / "model")
    assert loaded.classes_.tolist() == [*kinds]
    assert [*map(type, loaded.classes_.tolist())] == [*map(type, kinds)]
    assert loaded.predict(TEXTS[:2]).tolist() == fitted.predict(TEXTS[:2]).tolist()


def test_weights_of_documents_are_refused_with_the_reason() -> None:
    estimator = TextClassifier("tfidf", **FEW)
    with pytest.raises(ValueError) as caught:
        estimator.fit(TEXTS, LABELS, sample_weight=[1.0] * len(TEXTS))
    assert str(caught.value) == (
        "sample_weight: documents have no weights in a run; leave it out, or weigh classes:"
        ' TextClassifier(..., run__class_weights="balanced")'
    )
    assert isinstance(caught.value, PipelineError)
    assert not has_fit_parameter(estimator, "sample_weight")
    with pytest.raises(TypeError, match="unexpected keyword argument 'weight'"):
        estimator.fit(TEXTS, LABELS, weight=1)


def test_documents_without_text_are_left_out_and_told() -> None:
    fitted = TextClassifier("tfidf", **FEW).fit([*TEXTS, "", " \n"], [*LABELS, "pos", "neg"])
    assert fitted.notes_[0] == "2 documents without text left out"
    without = TextClassifier("tfidf", **FEW).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(fitted.predict_proba(TEXTS), without.predict_proba(TEXTS))


def test_a_network_that_did_not_train_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.api import classifier

    whole = classifier.fit_model

    def untrained(*documents: Any) -> Any:
        from dataclasses import replace

        return replace(whole(*documents), why_not="its loss is not finite")

    monkeypatch.setattr(classifier, "fit_model", untrained)
    with pytest.warns(ConvergenceWarning, match="tfidf did not train: its loss is not finite"):
        TextClassifier("tfidf", **FEW).fit(TEXTS, LABELS)


# --- mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("good film", LABELS, "X: a single text is no list of texts; put it in a list: [text]"),
        (
            [["good film"]] * 2,
            ["a", "b"],
            "X: document 0 is ['good film'], which is no text; make it a str, or leave the document out",
        ),
        (
            np.zeros((60, 2)),
            LABELS,
            "X: it has the shape 60 x 2; give one text a document: a list, or one column of a frame",
        ),
        (
            ["good", None],
            ["a", "b"],
            "X: document 1 is None, which is no text; make it a str, or leave the document out",
        ),
        (TEXTS, LABELS[1:], "y: there are 59 labels for 60 texts; give one label a text"),
        (TEXTS, ["pos"] * 60, "y: there is one class, 'pos'; give documents of two classes or more"),
        (
            ["good film", "bad film", "bad"],
            ["pos", "neg", "neg"],
            'y: class "pos" has 1 document to split, train and validation need one each; add documents of the class,'
            " or leave it out with --drop-class",
        ),
    ],
)
def test_documents_that_cannot_be_fitted_are_refused(texts: Any, labels: Any, message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        TextClassifier("tfidf", **FEW).fit(texts, labels)
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "tfdif"}, '--models: there is no model "tfdif"; did you mean "tfidf"?'),
        ({"networks__units": 0}, '--set networks.units=0: networks.units is "0"; give a whole number from 1'),
        (
            {"networks__units": "8.5"},
            '--set networks.units=8.5: networks.units is "8.5"; give a whole number from 1',
        ),
    ],
)
def test_settings_that_are_none_are_refused_when_it_is_fitted(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        TextClassifier(**given).fit(TEXTS, LABELS)
    assert str(caught.value) == message


def test_a_keyword_that_is_none_is_refused_at_once() -> None:
    words = 'TextClassifier: there is no keyword "networks__unit"; did you mean "networks__units"?'
    for make in (TextClassifier, TextClassifier().set_params):
        with pytest.raises(ValueError) as caught:
            make(networks__unit=3)
        assert str(caught.value) == words


def test_every_setting_of_a_model_is_a_keyword() -> None:
    tables = ("tokenizer", "vocabulary", "word2vec", "fasttext", "embeddings", "baselines", "networks")
    of_models = {key for key in SETTINGS if key.split(".")[0] in tables}
    assert of_models <= {*KEYWORDS.values()}
    assert KEYWORDS["max_tokens"] == "networks.max_tokens"
