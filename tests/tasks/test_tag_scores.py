"""What answers of a tagger are worth: by hand, by the published counts of the official scorer, by resampling."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.predictions import SavedPredictions, read_predictions, write_predictions
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.metrics import METRICS
from pipeline.tasks.tag.scores import score

NAMES = ("B-NP", "B-VP", "I-NP", "I-VP", "O")


def answers(*pairs: tuple[str, str]) -> TagAnswers:
    """Return answers to sentences, each as what is right and what is said."""
    right, said = ([NAMES.index(tag) for pair in pairs for tag in pair[side].split()] for side in (0, 1))
    offsets = np.cumsum([0, *(len(pair[0].split()) for pair in pairs)]).astype(np.int64)
    shares = np.full((len(right), 5), 0.1, np.float32)
    shares[np.arange(len(right)), said] = 0.6
    documents = np.arange(len(pairs), dtype=np.int64)
    return TagAnswers(documents, offsets, np.array(right, np.int32), np.array(said, np.int32), shares, NAMES)


MIXED = answers(
    ("B-NP I-NP O", "B-NP I-NP O"),  # 1 of 1
    ("B-NP I-NP B-VP", "B-NP O B-VP"),  # too short: 1 of 2
    ("B-NP B-VP", "B-VP B-VP"),  # another type: 1 of 2
    ("O O", "O I-NP"),  # one that is not there, and cannot follow
)


def test_a_span_is_right_if_beginning_end_and_type_are():
    found = score(MIXED)
    # 5 spans are there, 6 said, 3 right; 7 of 10 words
    assert (found.precision, found.recall) == (3 / 6, 3 / 5)
    assert found.f1 == pytest.approx(2 * 3 / 11)
    assert (found.accuracy, found.sentences_right, found.invalid) == (0.7, 0.25, 1)
    assert found.by_type.hits.tolist() == [1, 2]  # NP, VP
    assert found.by_type.predicted.tolist() == [3, 3]
    assert found.by_type.there.tolist() == [3, 2]


def test_without_spans_there_is_nothing_to_find():
    found = score(answers(("O O", "O O")))
    assert (found.precision, found.recall, found.f1, found.accuracy) == (0.0, 0.0, 0.0, 1.0)


def test_plain_tags_are_spans_of_one_word():
    tags = np.array([0, 1, 1], np.int32)
    shares = np.eye(2, dtype=np.float32)[[0, 1, 0]]
    said = TagAnswers(
        np.array([3]), np.array([0, 3]), tags, np.array([0, 1, 0], np.int32), shares, ("NN", "O")
    )
    found = score(said)
    assert found.f1 == pytest.approx(found.accuracy) == pytest.approx(2 / 3)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_the_mean_of_the_influence_values_is_the_metric(metric):
    values = metric.influence(MIXED)
    assert (values.shape, values.dtype) == ((4,), np.float64)
    assert values.mean() == pytest.approx(metric.value(MIXED), abs=1e-12)


def test_influence_on_span_f1_by_hand():
    # F1 = 6/11; a sentence with h right, p said and t there adds F1 + 4 (2 h / 11 - (p + t) 6 / 121)
    f1 = 6 / 11
    by_sentence = [(1, 1, 1), (1, 2, 2), (1, 2, 2), (0, 1, 0)]
    expected = [f1 + 4 * (2 * h / 11 - (p + t) * 6 / 121) for h, p, t in by_sentence]
    assert METRICS["span-f1"].influence(MIXED) == pytest.approx(expected)


@pytest.mark.longer
@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_the_variance_of_the_influence_values_is_that_of_resampled_sentences(metric):
    generator = np.random.default_rng(2)
    lengths = generator.integers(1, 12, 800)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    right = generator.integers(0, 5, offsets[-1]).astype(np.int32)
    quality = np.repeat(generator.random(800), lengths)  # sentences differ in how hard they are
    said = np.where(generator.random(len(right)) < quality, right, 4).astype(np.int32)
    shares = np.eye(5, dtype=np.float32)[said]
    found = TagAnswers(np.arange(800), offsets, right, said, shares, NAMES)
    resampled = [metric.value(found.only(generator.integers(0, 800, 800))) for _ in range(800)]
    # the standard deviation of 800 resamples is known to 2.5 %
    assert np.sqrt(metric.influence(found).var() / 800) == pytest.approx(np.std(resampled), rel=0.08)


def test_chosen_sentences_keep_their_words():
    chosen = MIXED.only(np.array([2, 0]))
    assert chosen.documents.tolist() == [2, 0]
    assert chosen.labels.tolist() == [0, 1, 0, 2, 4]
    assert TagAnswers.joined([chosen, MIXED.only(slice(1, 2))]).offsets.tolist() == [0, 2, 5, 8]
    assert MIXED.differs(
        answers(*[("B-NP I-NP O", "O O O")], *[("O O O", "O O O"), ("O O", "O O"), ("O O", "O O")])
    ).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_answers_come_back_from_their_file_to_the_last_bit(tmp_path):
    path = tmp_path / "one.parquet"
    write_predictions(path, MIXED, NAMES, name="most-frequent", seed=0, fold=0, corpus_hash="h")
    again = read_predictions(path)
    assert (again.predictions.task, again.label_names) == ("tag", NAMES)
    for name in ("documents", "offsets", "labels", "predicted", "probabilities"):
        assert np.array_equal(getattr(again.predictions, name), getattr(MIXED, name))


def test_single_answers_are_words_in_the_units_of_their_sentence():
    (run,) = pool_folds([SavedPredictions("m", 0, 0, "h", NAMES, MIXED)])["m"]
    single = run.single
    assert single.groups.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert single.right.tolist() == [True, True, True, True, False, True, False, True, True, False]
