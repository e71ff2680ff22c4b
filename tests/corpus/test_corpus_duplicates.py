"""Duplicates are counted apart, and `inspect corpus` says what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from corpus_builders import CSV, make_corpus, make_loaded, write
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.values import TEST, TRAIN, Dropped, Ledger
from pipeline.corpus.describe import describe_corpus
from pipeline.corpus.duplicates import find_duplicates, leak_warning
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.splits import split_corpus


def test_exact_normalised_conflicting_and_across_splits() -> None:
    texts = ["good film", "good film", "Good  film ", "bad", "bad", "fine", "fine", "", ""]
    corpus = make_corpus(texts, [0, 0, 0, 0, 1, 1, 1, 0, 1], split=[-1, -1, 2, 0, 1, 2, 2, 2, 2])
    found = find_duplicates(corpus)
    assert found.exact == 3  # good film, bad, fine: one each beyond the first
    assert found.normalised == 4  # and "Good  film "
    assert found.across_splits == 1  # "Good  film "; both "fine" are in test alone
    assert found.conflicting_labels == 2  # the two "bad"
    first_of_group = [texts.index(text.lower().strip().replace("  ", " ")) for text in texts[:7]]
    assert [found.groups.tolist().index(number) for number in found.groups[:7]] == first_of_group
    assert len(set(found.groups.tolist())) == 5  # three texts and two empty documents on their own


@given(
    st.lists(
        st.sampled_from(["a", "A", " a\n", "b", "b  c", "B c", "b\tc", "b \r\n c", "d"]),
        min_size=1,
        max_size=12,
    )
)
def test_counts_agree_with_a_plain_loop(texts: list[str]) -> None:
    found = find_duplicates(make_corpus(texts, [0] * len(texts)))
    plain = [" ".join(text.lower().split()) for text in texts]
    assert found.exact == len(texts) - len(set(texts))
    assert found.normalised == len(texts) - len(set(plain))
    same = found.groups[:, None] == found.groups[None, :]
    assert same.tolist() == [[one == other for other in plain] for one in plain]


def test_the_description_says_all_there_is_to_know(tmp_path: Path) -> None:
    path = write(tmp_path / "films.csv", CSV + "So  good,pos\nso good,neg\nx,\n,pos\n,neg\n")
    loaded = read_corpus(path, allow_losses=True)
    splits = replace(loaded.corpus, split=np.array([0, 0, 0, 0, 1, 2], dtype=np.int8))
    assert (
        describe_corpus(loaded, find_duplicates(splits), splits)
        == f"""films
  {path}: text "text" (by its name), label "label" (by its name), header in line 1, UTF-8, 9 records read, 6 used, \
3 left out (2 no text, 1 no label); 2 classes: "neg" (3), "pos" (3)
  2 left out: no text ({path}:9, {path}:10)
  1 left out: no label ({path}:8)

Assumed
  {path}: the encoding is UTF-8
  {path}: fields are separated by commas
  {path}: the first line is a header
  {path}: the text is column "text" (by its name)
  {path}: the label is column "label" (by its name)

Warnings
  {path}: 3 of 9 records are left out (33.3 %): 2 no text ({path}:9, {path}:10), 1 no label ({path}:8) \
[losses-over-2-percent]
  1 of 1 test documents also stands among the training or validation documents: a right answer on it is no evidence \
[test-documents-seen]

Classes
               train  validation        test      in all
  neg              2           0           1           3
  pos              2           1           0           3
  in all           4           1           1           6

Documents
  characters: median 8, 95th percentile 11, longest 11
  exact duplicates: 1
  duplicates but for case and blanks (exact ones included): 2
  test documents also in train or validation: 1
  equal texts with different labels: 3"""
    )


def test_places_of_formats_without_lines() -> None:
    corpus = make_corpus(["a", "b"], [0, 1], [TRAIN, TEST])
    dropped = (Dropped("no text", "a.parquet", (3, 8), ()), Dropped("no text", "films/pos/7", (12,), ()))
    loaded = replace(make_loaded(corpus), ledger=Ledger(5, 2, dropped))
    assert "  3 left out: no text (a.parquet:record 3, a.parquet:record 8, films/pos/7)\n" in describe_corpus(
        loaded, find_duplicates(corpus), corpus
    )


def test_the_description_of_many_classes_is_short(tmp_path: Path) -> None:
    rows = "".join(f"document {number},class {number % 500}\n" for number in range(1500))
    loaded = read_corpus(write(tmp_path / "a.csv", "text,label\n" + rows))
    duplicates = find_duplicates(loaded.corpus)
    settings = {"test_size": 0.2, "validation_size": 0.1, "folds": 0}
    (splits,) = split_corpus(loaded, duplicates.groups, **settings, generator=np.random.default_rng(0))
    text = describe_corpus(loaded, duplicates, splits)
    assert "  and 481 more classes of 3 to 3 documents\n" in text
    assert text.count("class ") == 19 + 11  # in the table, in the line


def test_a_test_set_that_was_seen_in_training_is_said_plainly() -> None:
    corpus = make_corpus(["a", "b", "A", "c"], [0, 1, 0, 1], [TRAIN, TRAIN, TEST, TEST])
    found = find_duplicates(corpus)
    told = (
        "1 of 2 test documents also stands among the training or validation documents: "
        "a right answer on it is no evidence [test-documents-seen]"
    )
    assert leak_warning(found, 2) == told
    loaded = replace(make_loaded(corpus), warnings=("small",))
    assert f"Warnings\n  small\n  {told}\n\n" in describe_corpus(loaded, found, corpus)
    already = replace(loaded, warnings=("small", told))
    assert describe_corpus(already, found, corpus).count(told) == 1


def test_the_warning_counts_in_the_plural_and_is_silent_without_a_leak() -> None:
    found = replace(find_duplicates(make_corpus(["a", "b"], [0, 1])), across_splits=1200)
    assert leak_warning(found, 3000) == (
        "1,200 of 3,000 test documents also stand among the training or validation documents: "
        "right answers on them are no evidence [test-documents-seen]"
    )
    assert leak_warning(replace(found, across_splits=0), 3000) is None
