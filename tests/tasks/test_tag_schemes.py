"""Tags and the spans that they make: the rules of the official scorer, case by case and against a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tasks.tag.schemes import TagSet, cannot_follow, find_scheme, written_as
from pipeline.tasks.tag.spans import rewritten, spans_of

IOB2 = ("B-NP", "B-VP", "I-NP", "I-VP", "O")


def numbered(text: str, names: tuple[str, ...] | None = None):
    """Return names, tags and offsets of sentences that are divided by a bar."""
    sentences = [sentence.split() for sentence in text.split("|")]
    words = [tag for sentence in sentences for tag in sentence]
    names = names or tuple(sorted({*words}))
    offsets = np.cumsum([0, *map(len, sentences)]).astype(np.int64)
    return names, np.array([names.index(tag) for tag in words], np.int32), offsets


def found(text: str, scheme: str | None = None) -> list[tuple[str, int, int]]:
    """Return the type, the first and the last word of each span."""
    names, tags, offsets = numbered(text)
    tagset = TagSet.of(names) if scheme is None else TagSet(names, scheme)
    spans = spans_of(tagset, tags, offsets)
    types = [tagset.type_names[kind] for kind in spans.types]
    return list(zip(types, spans.starts.tolist(), (spans.ends - 1).tolist(), strict=True))


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-NP I-NP O B-VP", [("NP", 0, 1), ("VP", 3, 3)]),
        ("B-NP B-NP", [("NP", 0, 0), ("NP", 1, 1)]),
        ("I-NP I-NP B-NP", [("NP", 0, 1), ("NP", 2, 2)]),  # IOB1
        ("O I-NP I-VP", [("NP", 1, 1), ("VP", 2, 2)]),  # cannot follow, and is a span all the same
        ("B-NP I-VP", [("NP", 0, 0), ("VP", 1, 1)]),
        ("S-NP B-NP I-NP E-NP E-NP", [("NP", 0, 0), ("NP", 1, 3), ("NP", 4, 4)]),
        ("B-NP | I-NP", [("NP", 0, 0), ("NP", 1, 1)]),  # another sentence
        ("U-NP B-NP L-NP", [("NP", 0, 0), ("NP", 1, 2)]),
        ("B M E S", [("", 0, 2), ("", 3, 3)]),  # words of Chinese: one type, which has no name
        ("NN VB NN", [("NN", 0, 0), ("VB", 1, 1), ("NN", 2, 2)]),
        ("O O", [("O", 0, 0), ("O", 1, 1)]),  # no letter: as plain as any
    ],
)
def test_a_span_begins_and_ends_as_the_official_scorer_has_it(tags, spans):
    assert found(tags) == spans


@given(
    st.lists(st.sampled_from([f"{letter}-{kind}" for letter in "BIES" for kind in "XY"] + ["O"]), min_size=1)
)
def test_spans_are_those_of_a_loop_over_the_words(tags):
    spans, open_type = [], None
    for place, tag in enumerate(tags):
        letter, _, kind = tag.partition("-")
        if open_type is not None and letter in ("I", "E") and kind == open_type:
            spans[-1] = (kind, spans[-1][1], place)
        elif letter != "O":
            spans.append((kind, place, place))
        open_type = kind if letter in ("B", "I") else None
    assert found(" ".join(tags), "BIOES") == spans


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-NP I-NP O | B-VP", "IOB2"),
        ("I-NP I-NP O | I-VP", "IOB1"),
        ("I-NP B-NP O | I-NP I-VP", "IOB1"),
        ("B-NP O | I-NP I-NP | B-NP I-NP | B-VP", "IOB2"),  # one mistake in IOB2, three in IOB1
        ("B-NP E-NP S-VP", "BIOES"),
        ("B-NP L-NP U-VP", "BIOES"),
        ("NN VB -LRB- PRP$", "plain"),
        ("B-NP X", "plain"),
        ("B I-NP", "plain"),  # a type or none, but not both
    ],
)
def test_the_scheme_is_the_one_that_the_corpus_breaks_least(tags, scheme):
    assert find_scheme(*numbered(tags)).scheme == scheme


@pytest.mark.parametrize(
    ("tags", "scheme", "wrong"),
    [
        ("O I-NP", "IOB2", [0, 1]),
        ("B-NP I-NP I-VP", "IOB2", [0, 0, 1]),
        ("O | I-NP", "IOB2", [0, 1]),
        ("I-NP B-NP B-VP", "IOB1", [0, 0, 1]),
        ("B-NP O E-NP", "BIOES", [0, 1, 1]),  # a span without an end, an end without a span
        ("B-NP | S-NP", "BIOES", [1, 0]),  # the sentence ends within a span
        ("B-NP E-NP S-NP O", "BIOES", [0, 0, 0, 0]),
        ("NN VB", "plain", [0, 0]),
    ],
)
def test_tags_that_cannot_follow_are_found(tags, scheme, wrong):
    names, numbers, offsets = numbered(tags)
    assert cannot_follow(TagSet(names, scheme), numbers, offsets).astype(int).tolist() == wrong


def rewrite(text: str, read: str, write: str) -> str:
    names, tags, offsets = numbered(text)
    tagset, found = rewritten(TagSet(names, read), tags, offsets, write)
    return " ".join(tagset.names[tag] for tag in found)


def test_schemes_are_converted():
    assert rewrite("I-NP I-NP B-NP O I-VP", "IOB1", "IOB2") == "B-NP I-NP B-NP O B-VP"
    assert rewrite("B-NP I-NP I-NP O B-VP", "IOB2", "BIOES") == "B-NP I-NP E-NP O S-VP"
    assert rewrite("B-NP L-NP U-VP O", "BIOES", "IOB2") == "B-NP I-NP B-VP O"
    assert rewrite("O I-NP I-VP", "IOB2", "IOB2") == "O B-NP B-VP"  # what could not follow begins
    assert rewrite("B M E S", "BIOES", "IOB2") == "B I I B"


@given(st.lists(st.sampled_from(IOB2), min_size=1, max_size=12), st.sampled_from(["IOB2", "BIOES"]))
def test_rewriting_keeps_the_spans_and_leaves_no_tag_that_cannot_follow(tags, scheme):
    names, numbers, offsets = numbered(" ".join(tags))
    tagset = TagSet(names, "IOB2")
    other, again = rewritten(tagset, numbers, offsets, scheme)
    before, after = spans_of(tagset, numbers, offsets), spans_of(other, again, offsets)
    assert (before.starts.tolist(), before.ends.tolist()) == (after.starts.tolist(), after.ends.tolist())
    assert [tagset.type_names[kind] for kind in before.types] == [
        other.type_names[kind] for kind in after.types
    ]
    assert not cannot_follow(other, again, offsets).any()


def test_a_scheme_is_called_as_its_letters_are():
    assert written_as(("O", "B-X", "I-X", "L-X", "U-X")) == "BILOU"
