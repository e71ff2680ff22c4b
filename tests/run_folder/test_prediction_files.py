"""Prediction files: what is written is read back to the last bit, under any label and any model name."""

import os
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import PipelineError
from pipeline.core.names import slug
from pipeline.run_folder.predictions import (
    prediction_path,
    read_predictions,
    read_run_predictions,
    write_predictions,
)
from pipeline.tasks.answers import Predictions

TWO_DOCUMENTS = Predictions(
    documents=np.array([7, 3], np.int64),
    labels=np.array([1, 0], np.int32),
    probabilities=np.array([[0.25, 0.75], [0.125, 0.875]], np.float32),
)


def write(path, predictions=TWO_DOCUMENTS, labels=("no", "yes"), *, name="lstm:max@word2vec", seed=0, fold=0):
    write_predictions(path, predictions, labels, name=name, seed=seed, fold=fold, corpus_hash="abc")
    return path


def error_text(path):
    with pytest.raises(PipelineError) as caught:
        read_predictions(path)
    return str(caught.value)


def rewrite(path, change, metadata=None):
    """Write the file at `path` again with its table changed."""
    kept = {key: value for key, value in pl.read_parquet_metadata(path).items() if key != "ARROW:schema"}
    change(pl.read_parquet(path)).write_parquet(path, metadata=kept if metadata is None else metadata)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bow", "bow"),
        ("lstm:max@word2vec:frozen", "lstm=max@word2vec=frozen"),
        ("lstm:max+mean@word2vec+learned:tuned", "lstm=max+mean@word2vec+learned=tuned"),
        ("rnn@glove.6b.50d.txt", "rnn@glove.6b.50d.txt"),
    ],
)
def test_slug_of_ordinary_names_is_the_name_with_another_colon(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("rnn@GloVe.txt", "rnn@glove.txt"),
        ("rnn@my file.vec", "rnn@my-file.vec"),
        ("a=b", "a=b"),
        ("../x", "_.-x"),
        ("x.", "x_"),
        ("", "_"),
        ("x" * 300, "x" * 100),
    ],
)
def test_slug_with_something_replaced_ends_in_a_hash(name, readable):
    assert re.fullmatch(re.escape(readable) + "~[0-9a-f]{8}", slug(name))


NAMES = st.text(
    alphabet=st.one_of(st.sampled_from("aA:=@.-_~/ é"), st.characters(codec="utf-8")), max_size=12
)


@given(NAMES, NAMES)
def test_slugs_of_different_names_differ_on_any_file_system(first, second):
    assert (slug(first).casefold() == slug(second).casefold()) == (first == second)


@given(NAMES)
def test_slug_is_one_safe_file_name(name):
    assert re.fullmatch(r"[a-z0-9@+_-][a-z0-9@=+_.~-]*(?<!\.)", slug(name))


def test_prediction_path(tmp_path):
    path = prediction_path(tmp_path, "lstm:max@word2vec", seed=2, fold=1)
    assert path.relative_to(tmp_path).as_posix() == "predictions/lstm=max@word2vec.s2.f1.parquet"


def test_columns_and_metadata_of_the_file(tmp_path):
    path = write(tmp_path / "a.parquet", seed=2, fold=1)
    expected = pl.DataFrame(
        {
            "document": [7, 3],
            "label": ["yes", "no"],
            "predicted": ["yes", "yes"],
            "p(no)": pl.Series([0.25, 0.125], dtype=pl.Float32),
            "p(yes)": pl.Series([0.75, 0.875], dtype=pl.Float32),
        }
    )
    assert pl.read_parquet(path).equals(expected, null_equal=False)
    assert dict(pl.read_parquet(path).schema) == dict(expected.schema)
    metadata = pl.read_parquet_metadata(path)
    metadata.pop("ARROW:schema", None)
    named = {"model": "lstm:max@word2vec", "seed": "2", "fold": "1", "corpus_hash": "abc"}
    assert metadata == named | {"task": "classify"}


def test_what_was_written_is_read(tmp_path):
    saved = read_predictions(write(tmp_path / "a.parquet", seed=2, fold=1))
    assert (saved.name, saved.seed, saved.fold, saved.corpus_hash) == ("lstm:max@word2vec", 2, 1, "abc")
    assert saved.label_names == ("no", "yes")
    assert saved.predictions.documents.tolist() == [7, 3]
    assert saved.predictions.labels.tolist() == [1, 0]
    assert saved.predictions.labels.dtype == np.int32
    assert saved.predictions.probabilities.tolist() == [[0.25, 0.75], [0.125, 0.875]]
    assert saved.predictions.probabilities.dtype == np.float32


STRANGE = [
    "",
    "p(x)",
    "document",
    "label",
    "a)",
    "(b",
    "a, b",
    'quote"',
    "línea\nnueva",
    "词",
    "🙂",
    "Yes",
    "yes",
    "007",
]


@pytest.mark.parametrize("labels", [STRANGE, [f"class {n}" for n in range(500)], ["only"]])
def test_any_label_survives(tmp_path, labels):
    n_classes = len(labels)
    numbers = np.arange(n_classes, dtype=np.int32)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(n_classes), n_classes).astype(np.float32)
    predictions = Predictions(numbers.astype(np.int64), numbers, probabilities)
    saved = read_predictions(write(tmp_path / "a[1].parquet", predictions, labels))
    assert saved.label_names == tuple(labels)
    assert saved.predictions.labels.tolist() == numbers.tolist()
    assert saved.predictions.probabilities.tobytes() == probabilities.tobytes()


def test_labels_must_be_as_many_as_probabilities(tmp_path):
    with pytest.raises(
        ValueError, match=re.escape("lstm:max@word2vec: 2 probabilities a document, 1 labels")
    ):
        write(tmp_path / "a.parquet", labels=["no"])
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = write(tmp_path / "a.parquet", seed=1)

    def interrupt(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path, seed=2)
    assert read_predictions(path).seed == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.parquet"]


def test_a_run_is_read_in_order_of_name_seed_and_fold(tmp_path):
    for name, seed, fold in [("rnn", 0, 0), ("lstm", 10, 0), ("lstm", 2, 1), ("lstm", 2, 0)]:
        write(prediction_path(tmp_path, name, seed, fold), name=name, seed=seed, fold=fold)
    (tmp_path / "predictions" / "rnn.s1.f0.parquet.part").write_bytes(b"PAR1")
    read = [(saved.name, saved.seed, saved.fold) for saved in read_run_predictions(tmp_path)]
    assert read == [("lstm", 2, 0), ("lstm", 2, 1), ("lstm", 10, 0), ("rnn", 0, 0)]


def test_a_run_without_predictions_has_none(tmp_path):
    assert read_run_predictions(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"", b"document,predicted\n1,yes\n"])
def test_a_file_that_is_not_parquet(tmp_path, content):
    path = tmp_path / "a.parquet"
    if content is not None:
        path.write_bytes(content)
    assert error_text(path) == (
        f"{path}: expected a Parquet file of predictions, found none; "
        "predict again, or take this file out of the folder"
    )


def test_a_file_without_metadata(tmp_path):
    path = write(tmp_path / "a.parquet")
    rewrite(path, lambda table: table, metadata={"model": "x", "fold": "0"})
    assert error_text(path) == (
        f"{path}: the file metadata lacks seed, corpus_hash; "
        "predict again, or take this file out of the folder"
    )


def test_a_file_with_other_columns(tmp_path):
    path = write(tmp_path / "a.parquet")
    rewrite(path, lambda table: table.select("document", "predicted"))
    assert error_text(path) == (
        f"{path}: expected document Int64, label String, predicted String and p(<label>) Float32; "
        "found document Int64, predicted String; predict again, or take this file out of the folder"
    )


def test_a_label_without_a_column(tmp_path):
    path = write(tmp_path / "a.parquet")
    rewrite(path, lambda table: table.with_columns(label=pl.lit("maybe")))
    assert error_text(path) == (
        f'{path}: label "maybe" has no column p(maybe); predict again, or take this file out of the folder'
    )


def test_a_prediction_that_is_not_the_most_probable(tmp_path):
    path = write(tmp_path / "a.parquet")
    rewrite(path, lambda table: table.with_columns(predicted=pl.lit("no")))
    assert error_text(path) == (
        f"{path}: in 2 rows `predicted` is not the most probable label; "
        "predict again, or take this file out of the folder"
    )


def test_a_file_with_an_empty_cell(tmp_path):
    path = write(tmp_path / "a.parquet")
    rewrite(path, lambda table: table.with_columns(document=pl.Series([7, None])))
    assert error_text(path) == (
        f"{path}: column document has empty cells; predict again, or take this file out of the folder"
    )


def test_probabilities_that_do_not_sum_to_one(tmp_path):
    path = write(tmp_path / "a.parquet")
    rewrite(path, lambda table: table.with_columns(pl.col("p(yes)") + 1))
    assert error_text(path) == (
        f"{path}: a document's probabilities do not sum to 1; "
        "predict again, or take this file out of the folder"
    )
