"""Near-duplicates between parts: what counts as one, and that every pair found is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from builders import tokens_of

from pipeline.corpus import near_duplicates
from pipeline.corpus.near_duplicates import find_near_duplicates, shingles_of, sign_documents


def nearest(documents: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> list[tuple[int, float]]:
    """Return for each of `documents` the place of the most similar of `others` and the similarity."""
    tokenized = tokens_of([*others, *documents])
    tested = np.arange(len(others), tokenized.n_docs)
    found = find_near_duplicates(
        tokenized, sign_documents(tokenized), tested, np.arange(len(others), dtype=np.int64)
    )
    return list(zip(found.of.tolist(), found.similarity.tolist(), strict=True))


def words(start: int, end: int) -> list[str]:
    return [f"w{number}" for number in range(start, end)]


def changed(tokens: Sequence[str], *places: int) -> list[str]:
    return ["other" + str(place) if place in places else token for place, token in enumerate(tokens)]


def test_one_word_changed_inside_is_a_near_duplicate_from_29_tokens_on() -> None:
    # n tokens have n - 2 runs of three; a change inside replaces three: (n - 5) / (n + 1) is 24 / 30 for 29
    assert nearest([changed(words(0, 29), 10)], [words(0, 29)]) == [(0, pytest.approx(0.8))]
    assert nearest([changed(words(0, 28), 10)], [words(0, 28)]) == [(-1, 0.0)]


def test_a_document_of_three_tokens_or_fewer_has_to_be_equal() -> None:
    others = [["a", "b", "c"], ["a", "b"], ["a"]]
    assert nearest([["a", "b"], ["a"], ["b", "a"], ["a", "b", "c"]], others) == [
        (1, 1.0),
        (2, 1.0),
        (-1, 0.0),
        (0, 1.0),
    ]


def test_documents_without_tokens_repeat_nothing() -> None:
    assert nearest([[], words(0, 9)], [[], words(20, 29)]) == [(-1, 0.0), (-1, 0.0)]


def test_the_most_similar_one_is_named_and_of_equal_ones_the_first() -> None:
    document = words(0, 60)
    others = [changed(document, 5, 30), changed(document, 30), document, document]
    assert nearest([document], others) == [(2, 1.0)]
    assert nearest([document], others[:2]) == [(1, pytest.approx(55 / 61))]


def test_a_run_of_tokens_does_not_go_on_in_the_next_document() -> None:
    tokenized = tokens_of([["a", "b", "c", "d"], ["e"], [], ["a", "b", "c"], ["c", "d", "a"]])
    shingles, offsets = shingles_of(tokenized, 0, 5)
    assert offsets.tolist() == [0, 2, 3, 3, 4, 5]
    assert shingles[0] == shingles[3]
    assert len(set(shingles.tolist())) == 4
    again, _ = shingles_of(tokenized, 3, 5)
    assert again.tolist() == shingles[3:].tolist()


def jaccard(a: Sequence[str], b: Sequence[str]) -> float:
    """Return the similarity the slow way, on sets of tuples."""
    one, other = ({tuple(tokens[i : i + 3]) for i in range(max(len(tokens) - 2, 1))} for tokens in (a, b))
    return len(one & other) / len(one | other)


def test_all_pairs_that_a_slow_search_finds_are_found() -> None:
    generator = np.random.default_rng(5)
    others = [words(start, start + 40) for start in range(0, 4000, 50)]
    documents = []
    for other in others:
        places = generator.choice(40, size=int(generator.integers(0, 4)), replace=False)
        documents.append(changed(other, *places.tolist()))
    best = [
        max((jaccard(document, other), -place) for place, other in enumerate(others))
        for document in documents
    ]
    expected = [(-place, similarity) if similarity >= 0.8 else (-1, 0.0) for similarity, place in best]
    found = nearest(documents, others)
    assert [place for place, _ in found] == [place for place, _ in expected]
    assert [similarity for _, similarity in found] == pytest.approx(
        [similarity for _, similarity in expected]
    )
    assert 10 < sum(place >= 0 for place, _ in found) < len(documents)


def test_signatures_do_not_depend_on_how_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenized = tokens_of([words(start, start + 9) for start in range(5)])
    whole = sign_documents(tokenized)
    monkeypatch.setattr(near_duplicates, "DOCUMENTS_AT_ONCE", 2)
    assert (sign_documents(tokenized) == whole).all()


def test_a_run_that_a_document_repeats_counts_once() -> None:
    assert nearest([["a", "b", "c"] * 10], [["a", "b", "c"] * 4]) == [(0, 1.0)]


@pytest.mark.parametrize("limit", ["PER_DOCUMENT", "PER_BUCKET"])
def test_many_copies_of_one_document_are_not_compared_pair_by_pair(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    for name in ("PER_DOCUMENT", "PER_BUCKET"):
        monkeypatch.setattr(near_duplicates, name, 3 if name == limit else 1_000)
    compared = []
    similarities = near_duplicates._similarities
    monkeypatch.setattr(
        near_duplicates,
        "_similarities",
        lambda tokenized, pairs: compared.append(len(pairs)) or similarities(tokenized, pairs),
    )
    assert nearest([words(0, 30)] * 50, [words(0, 30)] * 100) == [(0, 1.0)] * 50
    assert compared == [50 * 3]
