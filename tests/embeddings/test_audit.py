"""The fit audit on corpora made by hand: coverage, cascade, case, missing words, norms."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from builders import int32, tokens_of

from pipeline.core.values import TEST, TRAIN, VALIDATION, Corpus, EmbeddingMatrix, TokenizedCorpus, Vocabulary
from pipeline.embeddings.audit.discriminative import WordWeights, weigh_words
from pipeline.embeddings.audit.fit import (
    CorpusFacts,
    TypeCounts,
    audit_fit,
    case_effect,
    counts_by_step,
    coverage_by_class,
    coverage_by_split,
    discriminative_missing,
    exact_coverage,
    frequent_missing,
    norms_of,
    steps_of_types,
)
from pipeline.embeddings.audit.neighbours import neighbour_rows
from pipeline.embeddings.cascade import DIGITS, EXACT, LOWER_CASE, STEPS, UNKNOWN
from pipeline.embeddings.table import Embedded
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import tokenize

DOCUMENTS = (("a", "b", "a"), ("c",), ("a", "d", "d"), (), ("b", "e"))


def corpus_of(texts: list[str], labels: list[int], split: list[int], names: tuple[str, ...]) -> Corpus:
    records = np.arange(len(texts), dtype=np.int64)
    return Corpus(pl.Series(texts, dtype=pl.String), int32(labels), names, records, np.array(split, np.int8))


CORPUS = corpus_of(
    [" ".join(document) for document in DOCUMENTS],
    [0, 1, 0, 0, 1],
    [TRAIN, TRAIN, VALIDATION, TEST, TEST],
    ("x", "y"),
)
TOKENS = tokens_of(DOCUMENTS)  # types a b c d e
HAS_AB = np.array([True, True, False, False, False])


def vocabulary_of(*words: str, n_learned: int | None = None) -> Vocabulary:
    tokens = pl.Series(["<pad>", "<unk>", *words])
    counts = np.array([0, 0, *[1] * len(words)], dtype=np.int64)
    return Vocabulary(tokens, counts, n_learned or len(tokens))


def test_coverage_by_split() -> None:
    assert coverage_by_split(TOKENS, CORPUS, HAS_AB) == [
        {"split": "all", "types": 5, "tokens": 9, "type_coverage": 2 / 5, "token_coverage": 5 / 9},
        {"split": "train", "types": 3, "tokens": 4, "type_coverage": 2 / 3, "token_coverage": 3 / 4},
        {"split": "validation", "types": 2, "tokens": 3, "type_coverage": 1 / 2, "token_coverage": 1 / 3},
        {"split": "test", "types": 2, "tokens": 2, "type_coverage": 1 / 2, "token_coverage": 1 / 2},
    ]


def test_a_split_without_tokens_has_no_coverage() -> None:
    corpus = corpus_of(["", ""], [0, 1], [TRAIN, TEST], ("x", "y"))
    found = coverage_by_split(tokens_of([("a",), ()]), corpus, np.array([True]))
    assert found[2:] == [
        {"split": part, "types": 0, "tokens": 0, "type_coverage": None, "token_coverage": None}
        for part in ("validation", "test")
    ]


def test_coverage_by_class_is_that_of_training_documents() -> None:
    train = tokens_of(DOCUMENTS[:2])
    assert coverage_by_class(train, CORPUS, HAS_AB[:3]) == [
        {"label": "x", "types": 2, "tokens": 3, "type_coverage": 1.0, "token_coverage": 1.0},
        {"label": "y", "types": 1, "tokens": 1, "type_coverage": 0.0, "token_coverage": 0.0},
    ]


def test_the_step_of_a_type_is_its_rows_and_a_row_without_a_vector_is_unknown() -> None:
    vocabulary = vocabulary_of("Good", "bad", "1999")
    covered = np.array([False, False, True, False, True])
    steps = np.array([EXACT, EXACT, LOWER_CASE, EXACT, DIGITS], dtype=np.int8)
    types = pl.Series(["1999", "absent", "<unk>", "bad", "Good"])
    found = steps_of_types(types, vocabulary, covered, steps)
    assert [STEPS[step] for step in found] == ["digits", "unknown", "unknown", "unknown", "lower-case"]


def test_counts_by_step() -> None:
    steps = np.array([EXACT, UNKNOWN, EXACT, DIGITS], dtype=np.int8)
    assert counts_by_step(steps, np.array([5, 2, 1, 4])) == [
        {"step": "exact", "types": 2, "tokens": 6},
        {"step": "lower-case", "types": 0, "tokens": 0},
        {"step": "normalised", "types": 0, "tokens": 0},
        {"step": "digits", "types": 1, "tokens": 4},
        {"step": "subword", "types": 0, "tokens": 0},
        {"step": "unknown", "types": 1, "tokens": 2},
    ]


def test_exact_coverage_and_nothing_to_cover() -> None:
    counted = TypeCounts(pl.Series(["the", "The", "x"]), np.array([6, 3, 1]))
    assert exact_coverage(counted, pl.Series(["the"])) == {"type_coverage": 1 / 3, "token_coverage": 0.6}
    nothing = TypeCounts(pl.Series([], dtype=pl.String), np.zeros(0, np.int64))
    assert exact_coverage(nothing, pl.Series(["the"])) == {"type_coverage": None, "token_coverage": None}


@pytest.mark.parametrize("lowercase", [True, False])
def test_what_lower_casing_changes_is_the_same_question_from_both_sides(lowercase: bool) -> None:
    texts = ["The the Rome", "rome THE"]
    settings = TokenizerSettings(lowercase=lowercase)
    facts = CorpusFacts(
        tokenize(pl.Series(texts), settings), corpus_of(texts, [0, 1], [TRAIN, TEST], ("x", "y")), settings
    )
    # with case kept: The, the, Rome, rome, THE, of which "the" and "Rome" are there; lower-cased: the x3, rome x2
    assert case_effect(facts, pl.Series(["the", "Rome"])) == {
        "lower_cased": lowercase,
        "kept": {"type_coverage": 2 / 5, "token_coverage": 2 / 5},
        "lowered": {"type_coverage": 1 / 2, "token_coverage": 3 / 5},
    }


def test_the_most_frequent_missing_words_ties_in_order() -> None:
    types = pl.Series(["a", "b", "c", "d", "never"])
    counts = np.array([9, 2, 5, 2, 0])
    missing = frequent_missing(types, counts, np.array([True, False, False, False, False]))
    assert missing == [{"word": "c", "tokens": 5}, {"word": "b", "tokens": 2}, {"word": "d", "tokens": 2}]
    assert len(frequent_missing(types, counts, np.zeros(5, bool), most=2)) == 2


def test_the_most_discriminative_missing_words_by_size() -> None:
    weights = WordWeights(
        pl.Series(["w", "x", "y", "z", "null"]),
        np.array([1.0, -3.0, 2.0, 9.0, 0.0]),
        np.array([0, 1, 1, 0, 0]),
    )
    assert discriminative_missing(weights, pl.Series(["z"]), ("good", "bad")) == [
        {"word": "x", "label": "bad", "coefficient": -3.0},
        {"word": "y", "label": "bad", "coefficient": 2.0},
        {"word": "w", "label": "good", "coefficient": 1.0},
    ]


def test_word_weights_of_two_classes_name_the_class_that_a_word_speaks_for() -> None:
    train = tokens_of([("good", "film"), ("bad", "film"), ("good", "plot"), ("bad", "plot")])
    weights = weigh_words(train, int32([1, 0, 1, 0]))
    found = {word: (weights.coefficients[i], weights.classes[i]) for i, word in enumerate(weights.words)}
    assert set(found) == {"good", "bad", "film", "plot"}
    assert found["good"][1] == 1
    assert found["bad"][1] == 0
    assert found["good"][0] == pytest.approx(found["bad"][0], rel=1e-3)  # the corpus is symmetric
    assert found["good"][0] > 0.1
    assert abs(found["film"][0]) < 1e-3


def test_word_weights_are_scikit_learns_on_the_same_words() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    documents = [f"{w} x common" for w in ("a", "b", "c")] * 3 + ["a b", "once a"]
    labels = int32([0, 1, 2] * 3 + [0, 0])
    weights = weigh_words(tokens_of([text.split() for text in documents]), labels)
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"\S+")
    classifier = LogisticRegression(max_iter=50).fit(vectorizer.fit_transform(documents), labels)
    assert weights.words.to_list() == vectorizer.get_feature_names_out().tolist()  # not "once"
    strongest = np.abs(classifier.coef_).argmax(axis=0)
    assert weights.classes.tolist() == strongest.tolist()
    np.testing.assert_allclose(
        weights.coefficients, classifier.coef_[strongest, np.arange(len(strongest))], atol=1e-6
    )


def test_one_class_tells_nothing_apart_and_words_of_one_document_are_used_where_there_are_no_others() -> None:
    assert len(weigh_words(tokens_of([("a",), ("b",)]), int32([1, 1])).words) == 0
    assert weigh_words(tokens_of([("a",), ("b",)]), int32([0, 1])).words.to_list() == ["a", "b"]


def test_norms_by_hand() -> None:
    vectors = np.array([[3, 4], [0, 0], [0, 10], [6, 8], [0, 5]], dtype=np.float32)  # 5, 0, 10, 10, 5
    assert norms_of(vectors) == {
        "mean": 6.0,
        "sd": pytest.approx(np.sqrt((1 + 36 + 16 + 16 + 1) / 4)),
        "min": 0.0,
        "p5": pytest.approx(1.0),  # a fifth of the way from 0 to 5
        "p25": 5.0,
        "median": 5.0,
        "p75": 10.0,
        "p95": 10.0,
        "max": 10.0,
        "zero": 1,
    }
    assert norms_of(np.zeros((0, 2), np.float32)) is None


def embedded_of(**changes: object) -> Embedded:
    """Return vectors for "a" (exact) and "b" (lower-case form) of the corpus by hand; "c" has none."""
    vectors = np.array([[0, 0], [1, 1], [3, 4], [0, 2], [1, 1]], dtype=np.float32)
    covered = np.array([False, False, True, True, False])
    made = {
        "vocabulary": vocabulary_of("a", "b", "c"),
        "matrix": EmbeddingMatrix(vectors, covered, "v.txt"),
        "tuned": False,
        "seconds": 0.0,
        "settings": {},
        "notes": (),
        "steps": np.array([UNKNOWN, UNKNOWN, EXACT, LOWER_CASE, UNKNOWN], dtype=np.int8),
    }
    return Embedded(**(made | changes))  # type: ignore[arg-type]


def facts_of(tokens: TokenizedCorpus = TOKENS) -> CorpusFacts:
    return CorpusFacts(tokens, CORPUS, TokenizerSettings())


def test_the_whole_audit_of_a_corpus_by_hand() -> None:
    audit = audit_fit(embedded_of(files=({"format": "GloVe text"},)), facts_of())
    assert list(audit) == [
        *("source", "dimension", "rows_kept", "files", "by_split", "by_class", "steps", "case"),
        *("frequent_missing", "discriminative_missing", "norms", "word_pairs"),
    ]
    assert [audit[key] for key in ("source", "dimension", "rows_kept")] == ["v.txt", 2, 2]
    assert audit["files"] == [{"format": "GloVe text"}]
    assert audit["by_split"][0]["token_coverage"] == 5 / 9
    assert {step["step"]: step["tokens"] for step in audit["steps"] if step["tokens"]} == {
        "exact": 3,
        "lower-case": 2,
        "unknown": 4,
    }
    assert audit["frequent_missing"] == [
        {"word": "d", "tokens": 2},
        {"word": "c", "tokens": 1},
        {"word": "e", "tokens": 1},
    ]
    assert [word["word"] for word in audit["discriminative_missing"]] == ["c"]  # d and e: not in training
    assert (audit["norms"]["mean"], audit["norms"]["max"]) == (3.5, 5.0)
    assert [(pairs["title"], pairs["pairs"], pairs["covered"]) for pairs in audit["word_pairs"]] == [
        ("WordSim-353", 353, 0),
        ("SimLex-999", 999, 0),
    ]
    assert audit["case"] is None


def test_case_is_asked_of_words_that_were_read() -> None:
    audit = audit_fit(embedded_of(file_words=pl.Series(["a", "B"])), facts_of())
    assert audit["case"]["lowered"] == {"type_coverage": 1 / 5, "token_coverage": 3 / 9}


def test_neighbours_before_and_after_training_stand_in_one_row() -> None:
    vocabulary = vocabulary_of("a", "b", "c", "d")
    counts = np.array([0, 0, 4, 4, 4, 4])
    vocabulary = Vocabulary(vocabulary.tokens, counts, 6)
    before = np.array([[0, 0], [0, 0], [1, 0], [1, 1], [0, 1], [9, 9]], dtype=np.float32)
    covered = np.array([False, False, True, True, True, False])
    matrix = EmbeddingMatrix(before, covered, "learned")
    after = before.copy()
    after[4] = [1, 0]
    words = [("a", "x"), ("d", "y")]  # d has no vector
    assert neighbour_rows(words, vocabulary, matrix, after) == [
        {
            "word": "a",
            "why": "marks x",
            "neighbours": [
                {"word": "c", "cosine": pytest.approx(1.0)},
                {"word": "b", "cosine": pytest.approx(0.70711, rel=1e-4)},
            ],
            "before": [
                {"word": "b", "cosine": pytest.approx(0.70711, rel=1e-4)},
                {"word": "c", "cosine": pytest.approx(0.0)},
            ],
        }
    ]
    assert "before" not in neighbour_rows(words, vocabulary, matrix)[0]
