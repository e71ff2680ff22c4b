"""The corpora of tagged words that come with the package: what they ask, and what can be reached on them."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.api.running import run as run_pipeline
from pipeline.corpus.built_in import agreement, brackets
from pipeline.corpus.tagged.reading import read_tagged
from pipeline.evaluation.scoring import score_run

NUMBER_OF = {
    noun + ending: number
    for noun in agreement.NOUNS
    for ending, number in (("", "singular"), ("s", "plural"))
}


def test_a_verb_has_the_number_of_the_first_noun_and_no_noun_stands_within_two_words_of_it() -> None:
    for sentence in agreement.make_sentences(300):
        words = [word for word, _ in sentence]
        nouns = [place for place, word in enumerate(words) if word in NUMBER_OF]
        verbs = [place for place, word in enumerate(words) if word in agreement.VERBS]
        assert {sentence[place][1] for place in verbs} == {NUMBER_OF[words[nouns[0]]]}
        assert len(nouns) >= 2
        assert min(verbs) - max(nouns) > 2


def test_numbers_of_subjects_and_of_the_nouns_between_are_apart() -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for sentence in agreement.make_sentences():
        nouns = [NUMBER_OF[word] for word, _ in sentence if word in NUMBER_OF]
        seen[nouns[0], nouns[-1]] += 1
    assert all(550 <= number <= 650 for number in seen.values())  # 600 each, 3 standard deviations are 64
    assert len(seen) == 4


def test_each_bracket_is_closed_by_its_own_kind() -> None:
    for sentence in brackets.make_sentences(300):
        text = "".join({"round": "(", "square": "[", "curly": "{"}.get(word, "") if word != "close" else
                       {"round": ")", "square": "]", "curly": "}"}[tag] for word, tag in sentence)  # fmt: skip
        while any(pair in text for pair in ("()", "[]", "{}")):
            text = text.replace("()", "").replace("[]", "").replace("{}", "")
        assert text == ""


def test_what_a_window_can_reach_is_worked_out_on_a_sentence_by_hand() -> None:
    words = ["round", "far", "square", "close", "late", "close"]
    sentence = tuple((word, "other") for word in words)
    # the first close stands one word behind what it closes, the second five
    assert brackets.best_of_window([sentence]) == pytest.approx((5 + 1 / 3) / 6)
    assert brackets.best_of_counting([sentence]) == pytest.approx((4 + 2 / 3) / 6)
    assert agreement.best_of_counting([(("the", ""), ("letter", ""), ("fell", ""), ("moved", ""))]) == 0.75


@pytest.mark.parametrize("name", ["agreement", "brackets"])
def test_a_name_is_enough_to_read_one(name: str) -> None:
    loaded = read_tagged(name)
    assert (loaded.name, len(loaded.corpus.texts), loaded.ledger.dropped) == (name, 2400, ())
    assert loaded.corpus.texts.n_unique() == 2400
    assert "made in memory" in loaded.assumptions[0]


@pytest.mark.longer
def test_a_window_reaches_what_it_can_on_brackets_and_no_more(tmp_path) -> None:  # type: ignore[no-untyped-def]
    run_pipeline("brackets", models=["most-frequent", "window"], out=tmp_path / "run")
    counted, seen = (row.token_accuracy for row in score_run(tmp_path / "run").metrics.spans)
    sentences = brackets.make_sentences()
    assert counted == pytest.approx(brackets.best_of_counting(sentences), abs=0.02)
    assert seen == pytest.approx(brackets.best_of_window(sentences), abs=0.02)
