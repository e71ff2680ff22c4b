"""Sources laid on the vocabulary: coverage, scaling, rows that a source brings, names and modes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from builders import THREE_DOCUMENTS, request_of, tokens_of

from pipeline.core.errors import PipelineError
from pipeline.core.values import UNKNOWN_ROW, Vocabulary
from pipeline.embeddings import table
from pipeline.embeddings.audit.neighbours import characteristic_words, nearest_neighbours
from pipeline.embeddings.request import WordVectors
from pipeline.embeddings.table import embed, parse_source
from pipeline.text.ragged import select

TRAIN = tokens_of(THREE_DOCUMENTS)


def test_a_word_of_test_documents_and_unlabelled_text_has_a_row_after_the_learned_ones() -> None:
    corpus = tokens_of([*THREE_DOCUMENTS, ("sequel", "zzcanary")])
    train = select(corpus, np.array([0, 1, 2]))
    unlabelled = tokens_of([["a", "sequel"], ["the", "sequel"]])
    embedded = embed("word2vec", request_of(train, unlabelled=unlabelled))
    tokens = embedded.vocabulary.tokens.to_list()
    assert tokens[embedded.vocabulary.n_learned :] == ["sequel"]  # not "a", "the": no document holds them
    assert embedded.vocabulary.counts[-1] == 0
    assert embedded.matrix.covered[-1]
    assert embedded.vocabulary.rows_from_source == 1


def lay(monkeypatch: pytest.MonkeyPatch, scale: float = 0.0, *, scaled: bool = True) -> table.Embedded:
    """Return a source of two words, in an order of its own, laid on the vocabulary of `TRAIN`."""
    vectors = np.array([[1, 2], [3, 4]], dtype=np.float32)
    entry = table.Source(lambda request: WordVectors(pl.Series(["film", "good"]), vectors), scaled=scaled)
    monkeypatch.setitem(table.SOURCES, "by-hand", entry)
    return embed("by-hand", request_of(TRAIN, scale=scale))


def test_vectors_are_laid_on_their_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = lay(monkeypatch)
    assert embedded.vocabulary.tokens[:4].to_list() == ["<pad>", "<unk>", "good", "film"]
    assert embedded.matrix.vectors[[0, 2, 3]].tolist() == [[0, 0], [3, 4], [1, 2]]
    assert embedded.matrix.covered.tolist() == [False, False, True, True, False, False, False]
    assert (embedded.matrix.vectors[4:] == embedded.matrix.vectors[UNKNOWN_ROW]).all()


def test_covered_rows_are_brought_to_the_standard_deviation_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedded = lay(monkeypatch, scale=0.25)
    covered = embedded.matrix.vectors[2:4]
    assert covered.std() == pytest.approx(0.25)
    np.testing.assert_allclose(covered / covered[1, 0], [[3, 4], [1, 2]], rtol=1e-6)  # directions stay
    unscaled = lay(monkeypatch, scale=0.25, scaled=False)
    assert unscaled.matrix.vectors[2:4].tolist() == [[3, 4], [1, 2]]


def test_random_vectors_are_standard_normal_before_scaling() -> None:
    words = tokens_of([[f"word{number}" for number in range(500)]])
    vectors = embed("random", request_of(words, dimension=20, scale=0.0)).matrix.vectors[2:]
    assert abs(vectors.mean()) < 0.05  # 5 standard errors of 10,000 draws
    assert vectors.std() == pytest.approx(1.0, abs=0.05)


def test_learned_starts_small_and_words_seen_once_share_the_unknown_row() -> None:
    embedded = embed("learned", request_of(TRAIN))
    assert embedded.vocabulary.tokens.filter(embedded.matrix.covered).to_list() == ["good", "film"]
    assert np.abs(embedded.matrix.vectors[2:4]).max() <= 0.05
    once = embed("learned", request_of(tokens_of([["a", "b"]])))
    assert once.matrix.covered.tolist() == [False, False, True, True]  # nothing is seen twice: all keep a row


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("word2vec", ("word2vec", False)),
        ("learned", ("learned", True)),
        ("random", ("random", False)),
        ("word2vec:tuned", ("word2vec", True)),
        ("learned:frozen", ("learned", False)),
    ],
)
def test_only_learned_is_tuned_unless_told(name: str, expected: tuple[str, bool]) -> None:
    source = parse_source(name)
    assert (*source.parts, source.tuned) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("word2vek", '--embeddings: there is no source "word2vek"; did you mean "word2vec"?'),
        (
            "zzz",
            '--embeddings: there is no source "zzz"; it is one of word2vec, fasttext, learned, random, glove-6b-50d',
        ),
        ("random:tuneed", '--embeddings: "random:tuneed" has no mode "tuneed"; did you mean "tuned"?'),
    ],
)
def test_an_unknown_source_or_mode_is_named(name: str, message: str) -> None:
    with pytest.raises(PipelineError) as error:
        parse_source(name)
    assert str(error.value) == message


def vocabulary_of(tokens: list[str], counts: list[int]) -> Vocabulary:
    return Vocabulary(
        pl.Series(["<pad>", "<unk>", *tokens]), np.array([0, 0, *counts], dtype=np.int64), len(tokens) + 2
    )


@pytest.mark.filterwarnings("error")
def test_neighbours_of_a_training_that_went_astray_are_found_without_a_warning() -> None:
    vocabulary = vocabulary_of(["north", "east", "northeast"], [9, 9, 9])
    vectors = np.array([[0, 0], [0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32) * np.float32(1e30)
    (near,) = nearest_neighbours(["north"], vocabulary, vectors, np.array([0, 0, 1, 1, 1], dtype=bool), k=1)
    assert near == [("northeast", pytest.approx(2**-0.5))]


def test_neighbours_are_the_words_of_highest_cosine() -> None:
    vocabulary = vocabulary_of(["north", "east", "northeast", "rare"], [5, 5, 5, 1])
    vectors = np.array([[0, 0], [9, 9], [0, 2], [1, 0], [3, 3], [0, 1]], dtype=np.float32)
    covered = np.array([False, False, True, True, True, True])
    near, missing = nearest_neighbours(["north", "absent"], vocabulary, vectors, covered, k=2)
    assert missing is None
    assert near is not None
    assert [word for word, _ in near] == ["northeast", "east"]  # "rare" is nearest and too rare to be shown
    assert [cosine for _, cosine in near] == pytest.approx([0.5**0.5, 0.0], abs=1e-6)


def test_a_word_without_a_vector_has_no_neighbours() -> None:
    vocabulary = vocabulary_of(["a", "b"], [5, 5])
    vectors = np.ones((4, 2), dtype=np.float32)
    covered = np.array([False, False, True, False])
    assert nearest_neighbours(["b"], vocabulary, vectors, covered) == [None]


def test_words_that_mark_a_class_are_those_it_holds_most() -> None:
    train = tokens_of(
        [["the", "goal", "goal", "goal", "goal"], ["the", "vote", "vote", "vote", "12"], ["the"]]
    )
    labels = np.array([0, 1, 0], dtype=np.int32)
    marked = characteristic_words(train, labels, ("sport", "politics"))
    assert marked[:2] == [("goal", "sport"), ("vote", "politics")]
    assert {word for word, _ in marked} == {"goal", "vote", "the"}  # "12" has no letter, and is too rare
