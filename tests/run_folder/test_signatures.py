"""Signatures: equal for equal runs, different where anything a score depends on is different."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from filled import typed

from pipeline.corpus.facts import split_hash
from pipeline.run_folder.metrics.corpus import CorpusRead, Embedding, Environment
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.signatures import Signer, read_signature, write_signature
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.answers import Predictions

CORPUS = typed(CorpusRead, {"name": "my films", "hash": "c0" * 32, "split_hash": "5f" * 32})
PACKAGES = {"numpy": "2.4.6", "tensorflow": None}
ENVIRONMENT = typed(Environment, {"embedseq": "0.1.0", "python": "3.11.1", "packages": PACKAGES})
FILES = typed(
    tuple[Embedding, ...],
    [
        {"source": "glove.txt", "files": [{"sha256": "ab" * 32}]},
        {"source": "glove.txt+word2vec", "files": [{"sha256": "ab" * 32}]},
        {"source": "word2vec", "files": []},
    ],
)


def sign(
    name: str,
    seeds: tuple[int, ...] = (0,),
    corpus: CorpusRead = CORPUS,
    **settings: Any,
) -> str:
    values = {key.replace("_", ".", 1): value for key, value in settings.items()}
    signer = Signer(corpus, FILES, ENVIRONMENT, with_values(Config(), values))
    answers = Predictions(np.array([0]), np.array([0], dtype=np.int32), np.ones((1, 1), dtype=np.float32))
    entries = [SavedPredictions(name, seed, 0, "c0" * 32, ("a",), answers) for seed in seeds]
    return signer.sign(entries, name.partition("@")[2] or None)


def test_a_signature_names_data_model_vectors_and_versions() -> None:
    scores, fields = read_signature(sign("lstm:max@glove.txt", (1, 0)))
    assert scores == ("accuracy", "macro_f1", "log_loss", "ece")
    assert len(fields.pop("settings")) == 8
    assert fields == {
        "corpus": "my films#c0c0c0c0",
        "split": "5f5f5f5f",
        "model": "lstm:max@glove.txt",
        "vectors": "glove.txt#abababab",
        "seeds": "0,1",
        "folds": "0",
        "embedseq": "0.1.0",
        "python": "3.11.1",
        "numpy": "2.4.6",
        "scikit-learn": "none",
        "tensorflow": "none",
        "gensim": "none",
    }
    assert read_signature(sign("bow"))[1]["vectors"] == "none"


@pytest.mark.parametrize("value", ["a|b", "50 %", "één", "a:b", "two\nlines", "%7C", ""])
def test_any_name_can_be_read_back_from_one_line_of_ascii(value: str) -> None:
    signature = write_signature(["accuracy"], {"corpus": value, "model": "bow"})
    assert signature.isascii()
    assert "\n" not in signature
    assert read_signature(signature) == (("accuracy",), {"corpus": value, "model": "bow"})


def test_what_changes_no_score_changes_no_signature() -> None:
    assert sign("bow") == sign(
        "bow", run_out="elsewhere", run_models=("bow",), run_debug=True, corpus_path="x.csv"
    )


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("settings", {"networks_units": 7}),
        ("settings", {"run_seed": 1}),
        ("settings", {"run_class_weights": "balanced"}),
        ("vectors", {"word2vec_window": 2}),
        ("vectors", {"run_seed": 1}),
        ("vectors", {"corpus": replace(CORPUS, split_hash="6a" * 32)}),
        ("vectors", {"corpus": replace(CORPUS, unlabelled_hash="6a" * 32)}),
    ],
)
def test_what_changes_a_score_changes_its_field(field: str, changes: dict[str, Any]) -> None:
    before, after = (
        read_signature(text)[1] for text in (sign("lstm@word2vec"), sign("lstm@word2vec", **changes))
    )
    assert before[field] != after[field]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("bow", {"networks_units": 7}),
        ("bow", {"word2vec_window": 2}),
        ("bow", {"embeddings_scale": 0.25}),
        ("mean@word2vec", {"networks_units": 7}),
        ("lstm@word2vec", {"baselines_min_df": 5}),
        ("lstm@glove.txt", {"word2vec_window": 2}),
    ],
)
def test_settings_that_a_model_does_not_read_change_nothing(name: str, changes: dict[str, Any]) -> None:
    assert sign(name, **changes) == sign(name)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("bow", {"baselines_min_df": 5}),
        ("bow", {"tokenizer_lowercase": False}),
        ("bow", {"run_refit": True}),
        ("mean@word2vec", {"baselines_mean_strengths": (1.0,)}),
        ("mean@glove.txt", {"embeddings_scale": 0.25}),
        ("lstm@glove.txt", {"vocabulary_min_count": 3}),
        ("lstm@word2vec", {"tokenizer_lowercase": False}),
    ],
)
def test_settings_that_a_model_reads_change_its_signature(name: str, changes: dict[str, Any]) -> None:
    assert sign(name, **changes) != sign(name)


def test_predictions_made_elsewhere_are_signed_by_their_answers() -> None:
    def outside(*right: float, **settings: Any) -> str:
        probabilities = np.array([[1 - one, one] for one in right], dtype=np.float32)
        answers = Predictions(np.arange(len(right)), np.ones(len(right), np.int32), probabilities)
        values = {key.replace("_", ".", 1): value for key, value in settings.items()}
        signer = Signer(CORPUS, FILES, ENVIRONMENT, with_values(Config(), values))
        return signer.sign_outside([SavedPredictions("other", 0, 0, "c0" * 32, ("a", "b"), answers)])

    _, fields = read_signature(outside(0.25, 1.0))
    assert len(fields.pop("answers")) == 8
    assert set(fields) == set(read_signature(sign("bow"))[1]) - {"vectors", "settings", "seeds"}
    assert outside(0.25, 1.0) == outside(0.25, 1.0, networks_units=7)
    assert len({outside(0.25, 1.0), outside(0.25, 0.75), outside(1.0, 0.25)}) == 3


def test_a_file_beside_a_trained_source_is_not_named_by_the_file_alone() -> None:
    assert read_signature(sign("lstm@glove.txt+word2vec"))[1]["vectors"] != "glove.txt+word2vec#abababab"


def test_the_split_hash_tells_splits_and_folds_apart() -> None:
    class Fold:
        def __init__(self, *split: int) -> None:
            self.split = np.array(split, dtype=np.int8)

    divided = ([Fold(0, 1, 2)], [Fold(0, 2, 1)], [Fold(0, 1), Fold(2)], [Fold(0), Fold(1, 2)])
    assert len({split_hash(folds) for folds in divided}) == 4  # type: ignore[arg-type]
