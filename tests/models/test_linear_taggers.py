"""Linear taggers: what they look for around a word, what each of them learns, and their answers against CRFsuite's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from builders import int32, tokens_of

from pipeline.models.baselines.tagging.attributes import ATTRIBUTES
from pipeline.models.baselines.tagging.features import FeatureSpace
from pipeline.models.baselines.tagging.fitting import Penalty, fit_most_frequent, fit_window
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.table import TAGGERS, TaggerEntry, TriedPenalty, choose_tagger

TEXTS = [["The", "dog", "barks"], ["the", "cat"], ["Dogs", "bark"]]
TRAIN = Sentences(tokens_of(TEXTS))
TAGS = int32([0, 1, 2, 0, 1, 1, 2])  # determiner, noun, verb


def test_attributes_are_read_off_the_writing() -> None:
    words = tokens_of([["MP3-like", "Straße", "a"]]).types
    found = {name: ATTRIBUTES[name](words).to_list() for name in ("word", "shape", "prefix 2", "suffix 3")}
    assert found == {
        "word": ["mp3-like", "straße", "a"],
        "shape": ["A0-a", "Aa", "a"],
        "prefix 2": ["MP", "St", "a"],
        "suffix 3": ["ike", "aße", "a"],
    }


def test_a_feature_is_what_stands_at_a_place_in_its_own_sentence_often_enough() -> None:
    templates = ((("word", 1),), (("word", -1), ("word", 0)))
    space = FeatureSpace.learn(TRAIN, templates, least=2)
    # Beyond the end: three words. "the" is twice at the beginning behind nothing; no word is twice a next one.
    assert [len(keys) for keys in space.keys] == [1, 1]
    assert space.columns(TRAIN).tolist() == [[-1, 1], [-1, -1], [0, -1], [-1, 1], [0, -1], [-1, -1], [0, -1]]
    assert space.matrix(TRAIN).toarray().sum(axis=0).tolist() == [3, 2]


def test_a_word_that_training_lacks_is_no_feature() -> None:
    space = FeatureSpace.learn(TRAIN, ((("word", 0),), (("word", 0), ("word", 1))), least=1)
    unknown = Sentences(tokens_of([["dog", "howls"]]))
    assert (space.columns(unknown) >= 0).tolist() == [[True, False], [False, False]]


def test_the_most_frequent_tag_of_a_word_and_of_words_that_stand_once() -> None:
    words = Sentences(tokens_of([["can", "can", "can", "a", "b", "c", "the", "the"]]))
    tagger = fit_most_frequent(words, int32([0, 1, 1, 2, 2, 0, 1, 1]), 3, Penalty())
    answers = tagger.tag(Sentences(tokens_of([["can", "new", "the"]])))
    assert answers.best.tolist() == [1, 2, 1]
    # a, b and c stand once: tags 2, 2, 0, and one of each tag beside them; "can" has 1, 2 and 0 of 3.
    once = np.array([2, 1, 3]) / 6
    np.testing.assert_allclose(answers.shares[1], once, rtol=1e-5)
    np.testing.assert_allclose(answers.shares[0], (np.array([1, 2, 0]) + once) / 4, rtol=1e-5)


def sentences_by_rule(n: int, seed: int) -> tuple[Sentences, np.ndarray]:
    """Return sentences of x and y: the tag of a word says whether it and the word before are the same."""
    generator = np.random.default_rng(seed)
    drawn = generator.integers(2, size=(n, 5))
    same = np.concatenate([np.zeros((n, 1), bool), drawn[:, 1:] == drawn[:, :-1]], axis=1)
    return Sentences(tokens_of([["xy"[one] for one in row] for row in drawn])), int32(same.ravel())


def test_a_window_learns_what_the_words_beside_say() -> None:
    tagger = fit_window(*sentences_by_rule(60, 0), 3, Penalty(square=0.1))
    new, tags = sentences_by_rule(20, 1)
    assert tagger.tag(new).best.tolist() == tags.tolist()
    assert tagger.tag(new).shares[:, 2].max() == 0.0  # a tag that no training word has
    assert tagger.losses(new, tags).mean() < 0.5


def parity(n: int, seed: int) -> tuple[Sentences, np.ndarray]:
    """Return sentences in which the tags go 0, 1, 0, 1 from a first word that alone says where they begin."""
    generator = np.random.default_rng(seed)
    first = generator.integers(2, size=n)
    texts = [["even" if one else "odd", *["so"] * 7] for one in first]
    return Sentences(tokens_of(texts)), int32((first[:, None] + np.arange(8)).ravel() % 2)


def test_a_chain_carries_on_what_no_window_sees() -> None:
    crf = pytest.importorskip("pipeline.models.baselines.tagging.crf")
    pytest.importorskip("pycrfsuite")
    tagger = crf.fit_crf(*parity(40, 0), 2, Penalty(square=0.01))
    new, tags = parity(10, 1)
    assert tagger.tag(new).best.tolist() == tags.tolist()
    window = fit_window(*parity(40, 0), 2, Penalty(square=0.01))
    assert (window.tag(new).best == tags).mean() < 0.9


def test_crfsuite_gives_the_same_answers_with_its_weights(tmp_path: object) -> None:
    pycrfsuite = pytest.importorskip("pycrfsuite")
    from pipeline.models.baselines.tagging.crf import train_crfsuite

    sentences, tags = sentences_by_rule(30, 0)
    model, tagger = train_crfsuite(sentences, tags, 2, Penalty(0.01, 0.1))
    other = pycrfsuite.Tagger()
    other.open_inmemory(model)
    columns, offsets = tagger.space.columns(sentences), sentences.words.offsets
    answers = tagger.tag(sentences)
    for start, end in pairwise(offsets[:6]):
        given = [[*map(str, row[row >= 0]), "always"] for row in columns[start:end]]
        assert [int(tag) for tag in other.tag(given)] == answers.best[start:end].tolist()
        shares = [[other.marginal(str(tag), place) for tag in range(2)] for place in range(end - start)]
        np.testing.assert_allclose(answers.shares[start:end], shares, atol=1e-5)


def test_a_sentence_has_a_word() -> None:
    with pytest.raises(ValueError, match="a sentence has no word"):
        Sentences(tokens_of([["a"], []]))


def test_the_penalty_with_the_lowest_loss_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    weak, strong = Penalty(square=0.1), Penalty(square=1000.0)
    monkeypatch.setitem(TAGGERS, "window", TaggerEntry(fit_window, (strong, weak), "scikit-learn"))
    told: list[TriedPenalty] = []
    given = sentences_by_rule(40, 0), sentences_by_rule(10, 1)
    chosen = choose_tagger("window", *given, 2, told.append)
    assert (chosen.penalty, chosen.tried) == (weak, tuple(told))
    assert told[1].validation_loss < 0.2 < told[0].validation_loss
    assert told[1].validation_loss == pytest.approx(chosen.tagger.losses(*given[1]).mean() / 5)
    assert choose_tagger("window", given[0], None, 2).tried == ()


def test_a_fit_that_was_cut_short_says_so_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.models.baselines.tagging.fitting._MOST_ITERATIONS", 1)
    tagger = fit_window(*sentences_by_rule(30, 0), 2, Penalty(square=0.01))
    assert tagger.warnings == ("logistic regression stopped after 1 iterations [linear-model-cut-short]",)
