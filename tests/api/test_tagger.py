"""`TextTagger`, and taggers that a run or an estimator saved, asked from Python."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

import pipeline
from pipeline.api.tagger import Tagger
from pipeline.api.text_tagger import TextTagger

GENERATOR = np.random.default_rng(0)
NAMES = ("Ida", "Bo", "Kim", "Lea")
SENTENCES = [
    [
        str(GENERATOR.choice(NAMES)),
        *["Hill"] * (n % 2),
        str(GENERATOR.choice(["runs", "sings"])),
        f"n{n}",
        ".",
    ]
    for n in range(40)
]
TAGS = [["B-PER", *["I-PER"] * (n % 2), "O", "O", "O"] for n in range(40)]


@pytest.fixture(scope="module")
def tagger() -> TextTagger:
    return TextTagger("window", seed=1).fit(SENTENCES, TAGS)


def test_it_tags_words_and_raw_texts_alike(tagger: TextTagger) -> None:
    assert tagger.tags_ == ("B-PER", "I-PER", "O")
    assert tagger.predict([["Ida", "Hill", "sings"], ["Bo", "runs"]]) == [
        ["B-PER", "I-PER", "O"],
        ["B-PER", "O"],
    ]
    assert tagger.predict(["Ida Hill sings", "Bo runs"]) == [["B-PER", "I-PER", "O"], ["B-PER", "O"]]
    shares = tagger.predict_proba([["Ida", "runs"], []])
    assert [one.shape for one in shares] == [(2, 3), (0, 3)]
    np.testing.assert_allclose(shares[0].sum(axis=1), 1, atol=1e-6)
    assert tagger.predict([]) == []


def test_spans_say_what_where_and_how_sure(tagger: TextTagger) -> None:
    (of_words,), (of_text,) = (
        tagger.predict_spans([["Bo", "Hill", "runs"]]),
        tagger.predict_spans(["Bo  Hill runs"]),
    )
    (one,), (other,) = of_words, of_text
    assert (one.type, one.start, one.end, one.text, one.characters) == ("PER", 0, 2, "Bo Hill", None)
    assert (other.text, other.characters, other.confidence) == ("Bo  Hill", (0, 8), one.confidence)
    shares = tagger.predict_proba([["Bo", "Hill", "runs"]])[0]
    assert one.confidence == pytest.approx(min(shares[0, 0], shares[1, 1]))


def test_it_is_scored_by_spans_or_words(tagger: TextTagger) -> None:
    sentences, right = [["Ida", "Hill", "runs"], ["Bo", "sings"]], [["B-PER", "O", "O"], ["B-PER", "O"]]
    # said: Ida Hill, Bo; there: Ida, Bo; one of two: 2 * 1 / (2 + 2)
    assert tagger.score(sentences, right) == pytest.approx(0.5)
    assert tagger.score(sentences, right, metric="token-accuracy") == pytest.approx(4 / 5)


def test_it_is_saved_loaded_and_pickled(tagger: TextTagger, tmp_path: Path) -> None:
    tagger.save(tmp_path / "model")
    loaded = pipeline.load_model(tmp_path / "model")
    assert isinstance(loaded, Tagger)
    again = pickle.loads(pickle.dumps(tagger))
    for one in (loaded, again, pickle.loads(pickle.dumps(loaded))):
        np.testing.assert_array_equal(
            one.predict_proba([SENTENCES[0]])[0], tagger.predict_proba([SENTENCES[0]])[0]
        )
    assert repr(loaded) == "Tagger('window', tags_=['B-PER', 'I-PER', 'O'])"


def test_it_is_an_estimator_of_scikit_learn() -> None:
    one = TextTagger("most-frequent", seed=3)
    assert clone(one).get_params() == {"model": "most-frequent", "seed": 3}
    assert cross_val_score(one, SENTENCES, TAGS, cv=2).min() > 0.5


def test_it_answers_as_the_model_of_a_run_on_the_same_sentences(tmp_path: Path, tagger: TextTagger) -> None:
    """The split of a run with a test file is the same, by the same seed."""
    write = [
        "\n\n".join("\n".join(f"{word} {tag}" for word, tag in zip(*one, strict=True)) for one in some) + "\n"
        for some in (zip(SENTENCES, TAGS, strict=True), zip(SENTENCES[:4], TAGS[:4], strict=True))
    ]
    for name, text in zip(("train", "test"), write, strict=True):
        (tmp_path / f"{name}.conll").write_text(text, encoding="utf-8")
    files = tmp_path / "train.conll", tmp_path / "test.conll"
    result = pipeline.run(
        files[0], test=files[1], models=["window"], seed=1, out=tmp_path / "run", no_probes=True
    )
    model = result.model("window")
    assert isinstance(model, Tagger)
    for own, other in zip(model.predict_proba(SENTENCES), tagger.predict_proba(SENTENCES), strict=True):
        np.testing.assert_array_equal(own, other)


MISTAKES = [
    (([["a"]], [["X", "O"]]), "tags: sentence 0 has 2 tags for 1 words; give one tag a word"),
    (
        ([["a"]], [["X"], ["O"]]),
        "tags: there are tags for 2 sentences, and 1 sentences; give a list of tags a sentence",
    ),
    ((["a b"], [["X", "O"]]), "sentences: these are raw texts; give every sentence as a list of words"),
    (([["a", 3]], [["X", "O"]]), "sentences: sentence 0 is no list of words"),
    (([["a"], ["b"]], [["O"], ["O"]]), 'every word has the tag "O"'),
    (([], []), "sentences: there is no word"),
]


@pytest.mark.parametrize(("given", "what"), MISTAKES)
def test_a_mistake_is_a_value_error_that_says_what_to_do(given: tuple[object, object], what: str) -> None:
    with pytest.raises(ValueError) as error:
        TextTagger("most-frequent").fit(*given)  # type: ignore[arg-type]
    assert isinstance(error.value, pipeline.PipelineError)
    assert what in str(error.value)


def test_what_a_tagger_does_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match='there is no keyword "run__class_weights"'):
        TextTagger("window", run__class_weights="balanced")
    with pytest.raises(ValueError, match="gives no tag for each word"):
        TextTagger("tfidf").fit(SENTENCES, TAGS)
    with pytest.raises(ValueError, match="a single text is no list of texts"):
        TextTagger("most-frequent").fit(SENTENCES, TAGS).predict("Ida runs")


def test_sentences_without_words_are_left_out_and_told() -> None:
    fitted = TextTagger("most-frequent").fit([*SENTENCES, []], [*TAGS, []])
    assert fitted.notes_[0] == "1 sentence without words left out"
