"""fasttext: real characters reach gensim's n-grams; words that training never met are put together from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from builders import TINY_WORD2VEC, request_of, tokens_of

from pipeline.core.errors import PipelineError
from pipeline.core.values import Float32
from pipeline.embeddings.cascade import STEPS
from pipeline.embeddings.fasttext import average_of_ngrams, ngram_hashes, train_fasttext
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.embeddings.table import embed
from pipeline.settings.tables import FastTextSettings
from pipeline.text.ragged import select

STEMS = [["kicking", "kicked", "ball"], ["tea", "teacup", "milk"]] * 60
SETTINGS = replace(TINY_WORD2VEC, vector_size=10, epochs=5, sample=0.0)


def strings(words: list[str]) -> pl.Series:
    return pl.Series(words, dtype=pl.String)


def requested(*test: str, documents: list[list[str]] = STEMS, **changes: object) -> EmbeddingRequest:
    """Return a request whose corpus has a test document of these words."""
    corpus = tokens_of([*documents, list(test)])
    train = select(corpus, np.arange(len(documents)))
    return replace(request_of(train, word2vec=SETTINGS), **changes)  # type: ignore[arg-type]


def vector(found: WordVectors, word: str) -> Float32:
    return found.vectors[found.words.to_list().index(word)]


def cosine(one: Float32, other: Float32) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_ngrams_are_those_of_the_word_between_its_signs() -> None:
    hashes, offsets = ngram_hashes(strings(["ab", "é", "abcd"]), FastTextSettings(min_n=3, max_n=4))
    assert offsets.tolist() == [0, 3, 4, 11]  # <ab ab> <ab>; <é>; <ab abc bcd cd> <abc abcd bcd>
    assert hashes[0] == hashes[4]  # <ab starts "ab" and "abcd"
    assert len(set(hashes.tolist())) == 10


def test_an_unseen_word_is_the_average_of_the_ngrams_that_training_met() -> None:
    settings = FastTextSettings(min_n=3, max_n=3)
    seen = np.unique(ngram_hashes(strings(["cat"]), settings)[0])  # <ca cat at>
    table = np.array([[1, 0], [0, 1], [5, 5]], dtype=np.float32)
    place = {int(one): number for number, one in enumerate(seen)}
    ca, cat, at = ngram_hashes(strings(["cat"]), settings)[0].tolist()
    averages = average_of_ngrams(strings(["bat", "cat", "can", "dog"]), seen, table, settings)
    np.testing.assert_allclose(averages[0], table[place[at]])  # at> of <ba bat at>
    np.testing.assert_allclose(averages[1], table.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(averages[2], table[place[ca]])
    assert averages[3].tolist() == [0, 0]
    assert cat in place


def test_a_word_shares_its_stem_s_vector_and_a_made_up_word_has_none() -> None:
    found = train_fasttext(requested("kicks", "zzz", "Ball"))
    words = found.words.to_list()
    assert sorted(words[: len(words) - found.from_subwords]) == sorted({*STEMS[0], *STEMS[1]})
    assert words[len(words) - found.from_subwords :] == ["kicks"]  # "Ball" is found by its lower-case form
    kicks = vector(found, "kicks")
    assert cosine(kicks, vector(found, "kicked")) > cosine(kicks, vector(found, "tea")) + 0.3


def test_steps_tell_words_from_subwords_from_words_of_the_text() -> None:
    embedded = embed("fasttext", requested("kicks", "zzz", "Ball"))
    tokens = embedded.vocabulary.tokens.to_list()
    assert tokens[embedded.vocabulary.n_learned :] == ["kicks", "Ball"]
    assert STEPS[embedded.steps[tokens.index("kicks")]] == "subword"
    assert STEPS[embedded.steps[tokens.index("Ball")]] == "lower-case"
    assert STEPS[embedded.steps[tokens.index("tea")]] == "exact"


def test_a_word_too_rare_for_a_vector_of_its_own_is_put_together() -> None:
    settings = replace(SETTINGS, min_count=2)
    found = train_fasttext(requested(documents=[*STEMS, ["teacups"]], word2vec=settings))
    assert found.words[-1] == "teacups"
    assert found.from_subwords == 1


def test_words_that_never_meet_are_alike_by_their_characters() -> None:
    documents = [["kicking", "ball", "goal"], ["kicked", "milk", "tea"], ["reading", "page", "ink"]] * 40
    with_ngrams = train_fasttext(requested(documents=documents))
    without = train_fasttext(requested(documents=documents, fasttext=FastTextSettings(min_n=30, max_n=30)))
    alike, unlike = (
        cosine(vector(found, "kicking"), vector(found, "kicked")) for found in (with_ngrams, without)
    )
    assert without.settings["ngrams"] == 0
    assert alike > unlike + 0.1
    assert alike > cosine(vector(with_ngrams, "page"), vector(with_ngrams, "kicked")) + 0.1


def test_words_with_odd_blanks_keep_their_own_vectors() -> None:
    odd = ["a\x1cb", "c\x85d", "e\xa0f", "g\u200bh", "i\0j", "12", "0"]
    found = train_fasttext(requested(documents=[odd, odd]))
    assert sorted(found.words.to_list()) == sorted(odd)
    assert found.settings["tokens"] == 14


def test_unlabelled_text_is_trained_on() -> None:
    unlabelled = tokens_of([["sequel", "kicking"]] * 5)
    request = requested("sequel", unlabelled=unlabelled)
    found = train_fasttext(request)
    assert "sequel" in found.words[: len(found.words) - found.from_subwords].to_list()
    assert found.settings["tokens"] == 6 * 60 + 10


def test_the_same_seed_gives_the_same_vectors() -> None:
    first, again = train_fasttext(requested("kicks")), train_fasttext(requested("kicks"))
    other = train_fasttext(requested("kicks", seed=1))
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert not np.array_equal(first.vectors, other.vectors)


def test_ngrams_share_places_where_the_bucket_is_small() -> None:
    found = train_fasttext(requested("kicks", fasttext=FastTextSettings(bucket=5)))
    assert found.settings["bucket"] == 5
    assert int(str(found.settings["ngrams"])) > 5
    assert np.isfinite(found.vectors).all()


def test_epochs_and_settings_are_told() -> None:
    told: list[tuple[int, int]] = []
    found = train_fasttext(requested(on_epoch=lambda *epoch: told.append(epoch)))
    assert told[0] == (1, 5)
    assert {name: found.settings[name] for name in ("vector_size", "epochs", "min_count", "workers")} == {
        "vector_size": 10,
        "epochs": 5,
        "min_count": 1,
        "workers": 1,
    }


def test_text_without_a_token_is_refused() -> None:
    with pytest.raises(PipelineError) as error:
        train_fasttext(replace(requested(), train=tokens_of([[]])))
    assert str(error.value) == "fasttext: the training documents hold no token; look at the text column"
