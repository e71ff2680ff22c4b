"""What each word adds to an answer: by hand, against scikit-learn, and on models that a run saved."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import FEW_STRENGTHS, documents_of, int32, request_of, tokens_of, train_network
from hypothesis import given
from hypothesis import strategies as st
from saved_builders import save_baseline, save_mean, save_network

from pipeline.core.fits import FitKey
from pipeline.core.values import TokenizedCorpus, Vocabulary
from pipeline.embeddings.table import Embedded, embed
from pipeline.experiment.linear_features import average_vectors
from pipeline.interpret.contributions.of_run import (
    CHARACTERS,
    LEFT_OUT,
    Shown,
    explain,
    explain_model,
    find_excerpt,
    word_contributions,
)
from pipeline.interpret.contributions.places import place_tokens
from pipeline.models.baselines.features import presence
from pipeline.models.baselines.fitting import fit_baseline
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.training import FittedNetwork
from pipeline.models.saved import Contributions, load_network
from pipeline.models.saved.linear import AverageFeatures, Features, NgramFeatures, SavedLinear
from pipeline.models.saved.model import contrast
from pipeline.models.saved.network import occlude
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import BaselineSettings, Config, TokenizerSettings, with_values
from pipeline.tasks.table import CLASSIFY
from pipeline.text.ngrams import NgramVocabulary, count_ngrams, find_occurrences, learn_ngrams
from pipeline.text.tokenizer import tokenize
from pipeline.text.vocabulary import encode

TRAIN = tokens_of(
    [
        ["a", "good", "good", "film"],
        ["a", "bad", "film"],
        ["not", "good"],
        ["not", "bad", "at", "all"],
        ["a", "film"],
        ["bad", "bad", "bad", "film"],
    ]
)
TWO, THREE = int32([1, 0, 0, 1, 1, 0]), int32([0, 1, 2, 0, 2, 1])
TESTED = tokens_of([["a", "good", "film", "not", "bad"], ["unseen"], ["bad", "film", "bad", "film"]])
TOKENIZER = TokenizerSettings()


def shown_of(tokenized: TokenizedCorpus) -> Shown:
    tokens = documents_of(tokenized)
    return Shown(tuple(range(len(tokens))), tuple(" ".join(one) for one in tokens), tokenized)


def explained(run: Path, name: str, tokenized: TokenizedCorpus = TESTED) -> tuple[Contributions, ...]:
    model, _, source = name.partition("@")
    shown = shown_of(tokenized)
    excerpts = [
        find_excerpt(text, tokens, TOKENIZER) for text, tokens in zip(shown.texts, shown.tokens, strict=True)
    ]
    found = explain(run, PlannedModel(name, "baseline", model, source=source or None), shown, excerpts)
    assert found.why_not is None
    return found.contributions


# --- linear models


# Tokens a = 1, b = 2; n-grams a = (1, 0), a b = (1, 2), b = (2, 0) in base 3: 3, 5, 6.
A_AND_B = NgramVocabulary(pl.Series(["a", "b"]), np.array([3, 5, 6]), 1, 2)


def linear(features: Features, coefficients: Any, intercepts: Any, classes: Any) -> SavedLinear:
    labels = tuple(map(str, range(10)))
    arrays = (np.array(one) for one in (coefficients, intercepts, classes))
    return SavedLinear("bow", CLASSIFY, labels, TOKENIZER, features, *arrays)


def test_an_n_gram_is_split_over_its_words_and_its_places() -> None:
    document = tokens_of([["a", "b", "a", "unseen", "b"]])
    (found,) = find_occurrences(document, A_AND_B)
    assert sorted(zip(found.columns, found.starts, found.sizes, strict=True)) == [
        *((0, 0, 1), (0, 2, 1)),
        (1, 0, 2),
        *((2, 1, 1), (2, 4, 1)),
    ]
    features = NgramFeatures(A_AND_B, presence, {}, BaselineSettings())
    # weights of "a", "a b" and "b", for the second class
    (one,) = linear(features, [[0.5, 2.0, -1.0]], [0.25], [4, 7]).contributions(document)
    # "a" is worth 0.5 at two places, "a b" 2.0 over two words, "b" -1.0 at two places; the fourth token is unknown
    assert one.words.tolist() == [0.25 + 1.0, -0.5 + 1.0, 0.25, 0.0, -0.5]
    assert (one.predicted, one.score, one.base) == (7, 1.75, 0.25)
    assert one.probability == pytest.approx(1 / (1 + np.exp(-1.75)))


def test_the_first_of_two_classes_is_explained_with_the_signs_turned() -> None:
    features = NgramFeatures(A_AND_B, presence, {}, BaselineSettings())
    (one,) = linear(features, [[-3.0, 0.0, 0.0]], [1.0], [0, 1]).contributions(tokens_of([["a"]]))
    assert (one.predicted, one.score, one.base, one.words.tolist()) == (0, 2.0, -1.0, [3.0])


SETTINGS = {
    "bow": replace(FEW_STRENGTHS, bow_binary=False),
    "bow binary": replace(FEW_STRENGTHS, bow_binary=True),
    "tfidf": replace(FEW_STRENGTHS, sublinear_tf=True),
    "tfidf counts": replace(FEW_STRENGTHS, sublinear_tf=False),
    "nbsvm": FEW_STRENGTHS,
}


def check_against(classifier: Any, features: Any, found: tuple[Contributions, ...]) -> None:
    """Hold contributions to what scikit-learn's own estimator says of the same documents."""
    logits = classifier.decision_function(features).astype(np.float64)  # (N,) or (N, K)
    every = np.stack([-logits / 2, logits / 2], axis=1) if logits.ndim == 1 else logits
    probabilities = classifier.predict_proba(features)
    for document, one in enumerate(found):
        place = list(classifier.classes_).index(one.predicted)
        others = np.delete(every[document], place)
        assert one.predicted == classifier.predict(features)[document]
        assert one.probability == pytest.approx(probabilities[document, place], abs=1e-5)
        assert one.score == pytest.approx(every[document, place] - others.mean(), abs=1e-4)
        assert one.base is not None
        assert one.words.sum() == pytest.approx(one.score - one.base, abs=1e-9)


@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two classes", "three classes"])
@pytest.mark.parametrize("case", SETTINGS)
def test_the_words_of_a_linear_model_add_up_to_its_logits(tmp_path: Path, case: str, labels: Any) -> None:
    name, settings = case.split(maxsplit=1)[0], SETTINGS[case]
    config = replace(Config(), baselines=settings)
    ngrams, counts = learn_ngrams(TRAIN, ngram_max=2)
    fitted = fit_baseline(name, counts, labels, n_classes=4, strength=1.0, settings=settings)
    save_baseline(tmp_path, name, fitted, ngrams, ("a", "b", "c", "d"), config)
    found = explained(tmp_path, name)
    features = count_ngrams(TESTED, ngrams).astype(np.float32)
    check_against(fitted.pipeline, features, found)
    assert np.abs(found[0].words).min() > 0  # every word of it is known
    assert found[1].words.tolist() == [0.0]
    assert found[1].score == found[1].base


def test_one_problem_a_class_is_explained_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.models.baselines.table.ONE_VERSUS_REST", 0)
    ngrams, counts = learn_ngrams(TRAIN, ngram_max=2)
    fitted = fit_baseline("tfidf", counts, THREE, n_classes=3, strength=1.0, settings=FEW_STRENGTHS)
    assert fitted.probabilities == "one-versus-rest"
    config = replace(Config(), baselines=FEW_STRENGTHS)
    save_baseline(tmp_path, "tfidf", fitted, ngrams, ("a", "b", "c"), config)
    classifier = fitted.pipeline
    check_against(classifier, count_ngrams(TESTED, ngrams).astype(np.float32), explained(tmp_path, "tfidf"))


def embedded_of(source: str = "random") -> Embedded:
    return embed(source, request_of(TRAIN))


@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two classes", "three classes"])
def test_the_words_of_averaged_vectors_add_up_to_the_logits(tmp_path: Path, labels: Any) -> None:
    embedded = embedded_of()
    settings = BaselineSettings()
    averages = average_vectors(TRAIN, embedded)
    fitted = fit_baseline("mean", averages, labels, n_classes=3, strength=1.0, settings=settings)
    save_mean(tmp_path, "mean@random", fitted, embedded, ("a", "b", "c"), Config())
    found = explained(tmp_path, "mean@random")
    check_against(fitted.pipeline, average_vectors(TESTED, embedded), found)


def test_a_word_at_the_average_adds_nothing() -> None:
    learned = {"mean": np.array([1.0, 2.0]), "scale": np.array([2.0, 1.0])}
    words = Vocabulary(pl.Series(["<pad>", "<unk>", "usual", "rare"]), np.array([0, 0, 1, 1]), 4)
    vectors = np.array([[0, 0], [0, 0], [1, 2], [1, 4]], dtype=np.float32)
    features = AverageFeatures(words, vectors, np.ones(4, dtype=bool), learned)
    model = linear(features, [[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]], [0.0, 0.0, 0.0], [0, 1, 2])
    (one,) = model.contributions(tokens_of([["usual", "rare"]]))
    # the second word: logits 0, 3 * 2 / 2 words = 3, 0; predicted 1, less the mean of the others
    assert (one.predicted, one.words.tolist()) == (1, [0.0, 3.0])


# --- networks


ROW_WEIGHTS = np.array([0.0, 0.0, 3.0, -1.0, 0.5, 0.25])  # of vocabulary rows, for the second class


def bag_of_rows(rows: Any, lengths: Any) -> Any:
    logits = ROW_WEIGHTS[rows].sum(axis=1)
    return np.stack([np.zeros(len(rows)), logits], axis=1).astype(np.float32)


@pytest.mark.parametrize("max_timesteps", [1, 8, 1000])
def test_occlusion_of_a_bag_of_words_is_the_weight_of_each_word(max_timesteps: int) -> None:
    one = occlude(bag_of_rows, int32([2, 3, 4, 2]), np.array([0, 1, 3]), 5, max_timesteps)
    assert np.array_equal(one.words, [2.75, -1.25, np.nan, 2.75], equal_nan=True)  # row 5 has 0.25
    assert (one.predicted, one.score, one.base) == (1, 5.5, None)
    assert one.probability == pytest.approx(1 / (1 + np.exp(-5.5)))


def test_a_word_that_speaks_for_the_other_class_counts_against_the_predicted_one() -> None:
    one = occlude(bag_of_rows, int32([3, 3, 4]), np.arange(3), 5, 1000)
    assert (one.predicted, one.score, one.words.tolist()) == (0, 1.5, [1.25, 1.25, -0.25])


CONFIG = Config()


@cache  # saved by several tests, changed by none
def tiny_network(model: str, tuned: bool) -> tuple[FittedNetwork, Embedded]:
    """Return a network that tells documents with the word "zorp" from others, and what it was fitted on."""
    words = ["a", "film", "plot", "scene", "cast"]
    generator = np.random.default_rng(1)
    documents = [
        [*generator.choice(words, 5), *(["zorp"] if label else ["plain"]), *generator.choice(words, 2)]
        for label in [0, 1] * 40
    ]
    tokenized = tokens_of(documents)
    embedded = embed("random", request_of(tokenized, dimension=32))
    train = Labelled(encode(tokenized, embedded.vocabulary), int32([0, 1] * 40))
    fitted = train_network(
        model, train, matrix=embedded.matrix, max_epochs=30, learning_rate=0.02, units=8, tuned=tuned
    )
    return fitted, embedded


def save_tiny_network(
    run: Path, model: str, config: Config = CONFIG, tuned: bool = False
) -> tuple[FittedNetwork, Embedded]:
    fitted, embedded = tiny_network(model, tuned)
    save_network(run, FitKey(f"{model}@random", 0, 0), fitted, embedded, ("no", "yes"), config)
    return fitted, embedded


PLANTED = tokens_of([["a", "plot", "film", "zorp", "scene", "cast"], ["a", "plain", "film"], []])


@pytest.mark.longer
@pytest.mark.parametrize(("model", "tuned"), [("ann", False), ("lstm", False), ("rnn", True)])
def test_the_word_that_decides_gets_the_largest_contribution(tmp_path: Path, model: str, tuned: bool) -> None:
    from pipeline.models.networks.prediction import predict_probabilities

    fitted, embedded = save_tiny_network(tmp_path, model, tuned=tuned)
    first, second, empty = explained(tmp_path, f"{model}@random", PLANTED)
    assert (first.predicted, second.predicted) == (1, 0)
    assert first.words.argmax() == 3
    assert second.words.argmax() == 1
    assert len(empty.words) == 1  # it reads the unknown row
    expected = predict_probabilities(fitted.model, encode(PLANTED, embedded.vocabulary), 2)
    assert [first.probability, second.probability] == pytest.approx(expected[:2].max(axis=1), abs=1e-5)


@pytest.mark.longer
def test_what_a_network_does_not_read_has_no_contribution(tmp_path: Path) -> None:
    cut = with_values(CONFIG, {"networks.max_tokens": 2, "networks.keep": "first+last"})
    save_tiny_network(tmp_path, "ann", cut)
    first, *_ = explained(tmp_path, "ann@random", PLANTED)
    assert np.isnan(first.words).tolist() == [False, True, True, True, True, False]


def test_a_model_that_cannot_be_explained_says_why(tmp_path: Path) -> None:
    shown = shown_of(TESTED)
    told = {
        name: explain(tmp_path, PlannedModel(name, kind, model, shuffled_words=shuffled), shown, [])
        for name, kind, model, shuffled in (
            ("theirs", "outside", "outside", False),
            ("lstm:shuffled-words@random", "control", "lstm", True),
            ("rnn@random", "network", "rnn", False),
        )
    }
    assert {name: one.why_not for name, one in told.items()} == {
        "theirs": "it was made elsewhere: its answers are known, not what it is",
        "lstm:shuffled-words@random": "it reads each document with its words shuffled",
        "rnn@random": "its first fit was not saved",
    }


@pytest.mark.longer
def test_a_network_is_asked_about_as_many_documents_as_a_fixed_amount_of_work_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tiny_network(tmp_path, "lstm")
    work = load_network(tmp_path, "lstm@random").weights_a_step()
    assert work == 4 * 8 * (8 + 32) + 60_000
    # 6 tokens, each out once and all in once: 42 timesteps; then 12; the third document has one token, asked for none
    monkeypatch.setattr("pipeline.interpret.contributions.of_run.MOST_WORK", 41 * work)
    assert len(explained(tmp_path, "lstm@random", PLANTED)) == 0
    monkeypatch.setattr("pipeline.interpret.contributions.of_run.MOST_WORK", 53 * work)
    assert len(explained(tmp_path, "lstm@random", PLANTED)) == 1
    monkeypatch.setattr("pipeline.interpret.contributions.of_run.MOST_WORK", 54 * work)
    assert len(explained(tmp_path, "lstm@random", PLANTED)) == 2


def test_contributions_are_written_as_whole_numbers_of_the_largest(tmp_path: Path) -> None:
    save_tiny_network(tmp_path, "ann")
    planned = [PlannedModel("ann@random", "network", "ann", source="random")]
    shown = shown_of(PLANTED)
    rows = [explain_model(tmp_path, model, shown, TOKENIZER) for model in planned]
    written = word_contributions(rows, shown, TOKENIZER)
    (found,) = written["models"]
    assert found == {"name": "ann@random", "method": "occlusion", "why_not": None, "documents": 3}
    first, _, empty = written["documents"]
    assert first["text"] == "a plot film zorp scene cast"
    assert first["spans"] == "0 1 2 6 7 11 12 16 17 22 23 27"
    one = first["models"]["ann@random"]
    levels = [int(number) for number in one["words"].split(",")]
    (exact, *_) = explained(tmp_path, "ann@random", PLANTED)
    assert levels[3] == 100
    np.testing.assert_allclose(np.array(levels) * one["unit"], exact.words, atol=0.51 * one["unit"])
    assert (empty["text"], empty["spans"], empty["models"]["ann@random"]["words"]) == ("", "", "")


# --- where words stand


@pytest.mark.longer
@given(st.text(max_size=60), st.booleans())
def test_every_token_is_found_where_it_stands(text: str, lowercase: bool) -> None:
    settings = TokenizerSettings(lowercase=lowercase, html_breaks=False)
    text = text.encode("utf-8", "replace").decode()
    tokens = documents_of(tokenize(pl.Series([text]), settings))[0]
    spans = place_tokens(text, tokens, lowercase=lowercase)
    if spans is not None:  # the two libraries know the same characters
        found = [text[start:end] for start, end in spans]
        assert [word.lower() if lowercase else word for word in found] == [
            token.lower() if lowercase else token for token in tokens
        ]
        assert place_tokens(text, tokens, lowercase=lowercase, from_end=True) == spans


@pytest.mark.parametrize(
    "text", ["İstanbul, İzmir!", "ΟΔΟΣ ΟΔΟΣΑΣ", "don’t 東京 \U0001f600 ok", "é\u0301a b"]
)
def test_words_of_every_script_are_found(text: str) -> None:
    tokens = documents_of(tokenize(pl.Series([text]), TOKENIZER))[0]
    spans = place_tokens(text, tokens, lowercase=True)
    assert spans is not None
    assert len(spans) == len(tokens)


def test_a_token_that_is_not_in_the_text_is_no_place() -> None:
    assert place_tokens("a film", ["a", "plot"], lowercase=True) is None
    assert place_tokens("a film", ["a", "film", "more"], lowercase=True) == [(0, 1), (2, 6)]
    assert place_tokens("a film", ["film"], lowercase=True) is None
    assert place_tokens("a film", ["a"], lowercase=True) is None


def test_of_a_long_text_both_ends_are_kept_and_their_words_are_whole() -> None:
    text = "start" + "<br />word" * 200 + " end"
    tokens = ["start", *["word"] * 200, "end"]
    found = find_excerpt(text, tokens, TOKENIZER)
    assert len(found.text) == CHARACTERS + len(LEFT_OUT)
    words = [found.text[start:end] for start, end in found.spans]
    assert words == [tokens[place] for place in found.places]
    assert (found.places[0], found.places[-1]) == (0, 201)
    assert len(found.places) < 100


def test_a_text_whose_tokens_are_not_found_is_shown_as_its_tokens() -> None:
    found = find_excerpt("something else", ["good", "film"], TOKENIZER)
    assert (found.text, found.spans) == ("good film", ((0, 4), (5, 9)))
    assert find_excerpt("x", ["b"] * 400, TOKENIZER).places[-1] == 399


def test_one_class_alone_has_nothing_to_explain() -> None:
    assert contrast(0, 1).tolist() == [0.0]


def test_a_text_is_shown_in_the_form_in_which_it_was_read() -> None:
    text = "Un CAFE\u0301 in\u00adterne, I\u0307YI"
    tokens = documents_of(tokenize(pl.Series([text]), TOKENIZER))[0]
    assert tokens == ["un", "caf\u00e9", "interne", ",", "iyi"]
    excerpt = find_excerpt(text, tokens, TOKENIZER)
    assert excerpt.text == "Un CAF\u00c9 interne, \u0130YI"
    assert [excerpt.text[start:end] for start, end in excerpt.spans] == [
        "Un",
        "CAF\u00c9",
        "interne",
        ",",
        "\u0130YI",
    ]
