"""What every baseline of the table promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import FEW_STRENGTHS, documents_of, int32, request_of, tokens_of
from safetensors.numpy import load_file
from saved_builders import particulars, save_baseline, save_mean

from pipeline.core.values import Int32
from pipeline.embeddings.table import embed
from pipeline.experiment.linear_features import average_vectors
from pipeline.models.baselines.choice import choose_strength
from pipeline.models.baselines.fitting import FittedBaseline, fit_baseline
from pipeline.models.baselines.table import BASELINES
from pipeline.models.save import files_of_baseline
from pipeline.models.saved import load_model
from pipeline.run_folder.models import write_model
from pipeline.settings.tables import Config
from pipeline.text.ngrams import count_ngrams, learn_ngrams

TRAIN = tokens_of([["good", "film"], ["bad", "film"], ["so", "good"], ["so", "bad"], ["dull", "!"]])
LABELS = int32([0, 2, 0, 2, 4])  # of six classes, 1, 3 and 5 are never trained
NEW = tokens_of([["good"], ["bad", "!"], [], ["never", "seen"]])
NGRAMS, COUNTS = learn_ngrams(TRAIN)

VECTORS = np.random.default_rng(3).normal(size=(COUNTS.shape[1], 3)).astype(np.float32)

each_baseline = pytest.mark.parametrize("name", BASELINES)


def read_by(name: str, counts: Any) -> Any:
    """Return what a model reads of documents: n-gram counts, or vectors, here one for each count."""
    return counts if BASELINES[name].ngrams else (counts @ VECTORS).astype(np.float32)


def fitted(name: str, labels: Int32 = LABELS, class_weight: str | None = None) -> FittedBaseline:
    return fit_baseline(
        name,
        read_by(name, COUNTS),
        labels,
        n_classes=6,
        strength=1.0,
        settings=FEW_STRENGTHS,
        class_weight=class_weight,
    )


@each_baseline
def test_probabilities_are_a_distribution_over_all_classes(name: str) -> None:
    probabilities = fitted(name).predict_probabilities(read_by(name, count_ngrams(NEW, NGRAMS)))
    assert (probabilities.shape, probabilities.dtype) == ((4, 6), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert (probabilities[:, [0, 2, 4]] > 0).all()


@each_baseline
def test_its_weights_are_counted_and_saved(name: str, tmp_path: Path) -> None:
    model = fitted(name)
    write_model(tmp_path, files_of_baseline(particulars(name, tuple("abcdef"), Config()), model, NGRAMS))
    weights = load_file(tmp_path / "models" / name / "weights.safetensors")
    learned = ("class_prior",) if "class_prior" in weights else ("coefficients", "intercepts")
    assert weights["classes"].tolist() == [0, 2, 4]
    assert sum(weights[key].size for key in learned) == model.parameters
    assert {len(weights[key]) for key in learned} == {3}


@each_baseline
def test_read_from_its_files_it_answers_as_its_fit_did(name: str, tmp_path: Path) -> None:
    texts, labels = pl.Series([" ".join(tokens) for tokens in documents_of(NEW)]), tuple("abcdef")
    if BASELINES[name].ngrams:
        model, features = fitted(name), count_ngrams(NEW, NGRAMS)
        save_baseline(tmp_path, name, model, NGRAMS, labels, Config())
    else:
        vectors = embed("random", request_of(TRAIN))
        train, features = average_vectors(TRAIN, vectors), average_vectors(NEW, vectors)
        model = fit_baseline(name, train, LABELS, n_classes=6, strength=1.0, settings=FEW_STRENGTHS)
        save_mean(tmp_path, name, model, vectors, labels, Config())
    answers = load_model(tmp_path, name).answer(texts)
    np.testing.assert_allclose(answers, model.predict_probabilities(features), atol=1e-6)


@each_baseline
def test_a_class_that_was_never_trained_gets_nothing(name: str) -> None:
    probabilities = fitted(name).predict_probabilities(read_by(name, COUNTS))
    assert not probabilities[:, [1, 3, 5]].any()


@each_baseline
def test_the_same_fit_gives_the_same_result(name: str) -> None:
    first, again = (fitted(name).predict_probabilities(read_by(name, COUNTS)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@each_baseline
def test_the_inputs_are_left_as_they_were(name: str) -> None:
    before = (COUNTS.data.copy(), COUNTS.indices.copy(), COUNTS.indptr.copy(), LABELS.copy())
    features = read_by(name, COUNTS)
    choose_strength(name, (features, LABELS), (features, LABELS), FEW_STRENGTHS)
    fitted(name).predict_probabilities(read_by(name, COUNTS))
    for array, copy in zip((COUNTS.data, COUNTS.indices, COUNTS.indptr, LABELS), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@each_baseline
def test_validation_documents_of_a_class_that_was_never_trained_are_judged(name: str) -> None:
    features = read_by(name, COUNTS)
    chosen = choose_strength(name, (features, LABELS), (features[:2], int32([1, 5])), FEW_STRENGTHS)
    assert chosen.strength > 0
    for trial in chosen.tried:
        assert trial.validation_accuracy == 0.0
        assert trial.validation_log_loss == pytest.approx(-np.log(1e-12))


@each_baseline
def test_the_strength_tried_last_does_not_reach_the_fit(name: str) -> None:
    alone = fitted(name).predict_probabilities(read_by(name, COUNTS))
    features = read_by(name, COUNTS)
    choose_strength(name, (features, LABELS), (features, LABELS), FEW_STRENGTHS)
    np.testing.assert_array_equal(fitted(name).predict_probabilities(read_by(name, COUNTS)), alone)


@each_baseline
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_training_documents_of_one_class_give_one_answer(name: str, class_weight: str | None) -> None:
    labels, features = int32([3] * 5), read_by(name, COUNTS)
    chosen = choose_strength(
        name, (features, labels), (features, labels), FEW_STRENGTHS, class_weight=class_weight
    )
    assert chosen.strength > 0
    probabilities = fitted(name, labels, class_weight).predict_probabilities(features)
    assert probabilities.tolist() == [[0, 0, 0, 1, 0, 0]] * 5


@each_baseline
def test_without_validation_documents_a_strength_is_taken_untried(name: str) -> None:
    features = read_by(name, COUNTS)
    chosen = choose_strength(name, (features, LABELS), (features[:0], int32([])), FEW_STRENGTHS)
    assert chosen.strength > 0
    assert (chosen.tried, chosen.pipeline) == ((), None)


@each_baseline
def test_a_hundred_classes_are_told_apart(name: str) -> None:
    generator = np.random.default_rng(0)
    labels = int32(np.repeat(np.arange(100), 2).tolist())
    words = [[f"of{label}", f"w{generator.integers(9)}"] for label in labels]
    ngrams, counts = learn_ngrams(tokens_of(words))
    features: Any = counts
    if BASELINES[name].ngrams is None:
        features = (counts @ generator.normal(size=(len(ngrams.keys), 50))).astype(np.float32)
    fitted = fit_baseline(
        name, features, labels, n_classes=100, strength=10.0, settings=FEW_STRENGTHS, class_weight="balanced"
    )
    probabilities = fitted.predict_probabilities(features)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    right = (probabilities.argmax(axis=1) == labels).mean()
    assert right == (0.01 if name == "majority" else 1.0)
