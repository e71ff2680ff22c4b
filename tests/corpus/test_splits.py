"""Splits: stratified, official parts kept, documents that belong together on one side."""

from __future__ import annotations

import numpy as np
import pytest
from corpus_builders import make_corpus, make_loaded
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import PipelineError
from pipeline.core.values import TEST, TRAIN, UNASSIGNED, VALIDATION, Corpus, LoadedCorpus
from pipeline.corpus.splits import _describe_groups, join_groups, split_corpus


def split(
    loaded: LoadedCorpus,
    groups: object = None,
    *,
    test: float = 0.2,
    validation: float = 0.1,
    folds: int = 0,
    seed: int = 0,
) -> list[Corpus]:
    numbers = np.arange(len(loaded.corpus.texts)) if groups is None else np.array(groups)
    generator = np.random.default_rng(seed)
    return split_corpus(
        loaded, numbers, test_size=test, validation_size=validation, folds=folds, generator=generator
    )


def labelled(counts: list[int]) -> LoadedCorpus:
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    return make_loaded(make_corpus([f"document {number}" for number in range(len(labels))], labels))


def by_class(corpus: Corpus, part: int) -> list[int]:
    return np.bincount(corpus.labels[corpus.split == part], minlength=len(corpus.label_names)).tolist()


def test_each_class_has_its_share_in_each_part() -> None:
    (corpus,) = split(labelled([100, 50]))
    assert by_class(corpus, TEST) == [20, 10]
    assert by_class(corpus, VALIDATION) == [8, 4]
    assert by_class(corpus, TRAIN) == [72, 36]


def test_the_split_depends_on_the_generator_alone() -> None:
    loaded = labelled([30, 30])
    first, again, other = (split(loaded, seed=seed)[0].split.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_documents_are_drawn_at_random_within_a_class() -> None:
    tested = np.mean([split(labelled([10, 10]), seed=seed)[0].split == TEST for seed in range(400)], axis=0)
    assert np.abs(tested - 0.2).max() < 0.08  # 4 standard errors of a share of 0.2 over 400 draws


def test_many_small_classes_are_all_in_every_part_and_the_total_is_right() -> None:
    (corpus,) = split(labelled([10] * 50))
    assert (corpus.split == TEST).sum() == 100
    assert set(by_class(corpus, TEST)) == {2}
    assert min(by_class(corpus, VALIDATION)) == 1
    (smallest,) = split(labelled([3] * 50))
    assert [set(by_class(smallest, part)) for part in (TRAIN, VALIDATION, TEST)] == [{1}, {1}, {1}]


def test_training_and_validation_keep_a_document_however_large_the_test_share() -> None:
    (corpus,) = split(labelled([3] * 20), test=0.9)
    assert [set(by_class(corpus, part)) for part in (TRAIN, VALIDATION, TEST)] == [{1}, {1}, {1}]


def test_no_class_is_favoured_by_rounding() -> None:
    # 0.2 of 7 documents is 1.4: 1 in six draws of ten, 2 in four of ten
    counts = [by_class(split(labelled([7, 7]), seed=seed)[0], TEST) for seed in range(200)]
    assert np.abs(np.mean(counts, axis=0) - 1.4).max() < 0.15
    assert set(np.sum(counts, axis=1).tolist()) == {2, 3}


@pytest.mark.parametrize(
    ("official", "carved", "kept"),
    [
        (TEST, {TRAIN: 45, VALIDATION: 5, TEST: 10}, 50),
        (VALIDATION, {TRAIN: 40, VALIDATION: 10, TEST: 10}, 50),
    ],
)
def test_official_parts_stay_where_they_are(official: int, carved: dict[int, int], kept: int) -> None:
    labels = [0, 1] * 30
    loaded = make_loaded(make_corpus([str(n) for n in labels], labels, [UNASSIGNED] * kept + [official] * 10))
    (corpus,) = split(loaded)
    assert (corpus.split[kept:] == official).all()
    assert {part: int((corpus.split == part).sum()) for part in carved} == carved


def test_nothing_is_carved_where_both_parts_are_official() -> None:
    loaded = make_loaded(make_corpus(list("abcd"), [0, 1, 0, 1], [-1, -1, 1, 2]))
    assert split(loaded)[0].split.tolist() == [TRAIN, TRAIN, VALIDATION, TEST]


def test_an_official_test_document_equal_to_a_training_document_is_not_moved() -> None:
    loaded = make_loaded(make_corpus(list("abcdefa"), [0, 1] * 3 + [0], [-1] * 6 + [2]))
    (corpus,) = split(loaded, [0, 1, 2, 3, 4, 5, 0])
    assert corpus.split[6] == TEST
    assert not (corpus.split[:6] == TEST).any()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 25)), min_size=60, max_size=120),
    st.sampled_from([0, 2, 5]),
    st.integers(0, 9),
)
def test_documents_of_a_group_are_on_one_side(pairs: list[tuple[int, int]], folds: int, seed: int) -> None:
    labels, groups = (
        [label for label, _ in pairs] + [0, 1, 2] * 6,
        [g for _, g in pairs] + list(range(100, 118)),
    )
    loaded = make_loaded(make_corpus([str(n) for n in range(len(labels))], labels), together=groups[::-1])
    joined = join_groups(np.array(groups), np.array(groups[::-1]))
    try:
        parts = split(loaded, groups, folds=folds, seed=seed)
    except PipelineError:
        return
    for corpus in parts:
        sides = {(group, part) for group, part in zip(joined.tolist(), corpus.split.tolist(), strict=True)}
        assert len(sides) == len(set(joined.tolist()))
        assert UNASSIGNED not in corpus.split


def test_joined_groups_are_connected_components() -> None:
    # 0-1 by the first array, 1-2 by the second, 3-4 by the first, 5 alone
    assert join_groups(np.array([7, 7, 1, 2, 2, 3]), np.array([0, 5, 5, 8, 9, 1])).tolist() == [
        0,
        0,
        0,
        1,
        1,
        2,
    ]


def test_a_text_repeated_many_times_does_not_fill_the_test_part() -> None:
    groups = [0] * 60 + list(range(1, 41))
    loaded = labelled([100, 100])
    for seed in range(20):
        (corpus,) = split(loaded, groups + list(range(100, 200)), seed=seed)
        assert by_class(corpus, TEST) == [20, 20]
        assert (corpus.split[:60] == TRAIN).all()


def test_every_document_is_tested_in_exactly_one_fold() -> None:
    parts = split(labelled([53, 20, 11]), folds=5)
    tested = sum((corpus.split == TEST).astype(int) for corpus in parts)
    assert tested.tolist() == [1] * 84
    assert sorted(int((corpus.split == TEST).sum()) for corpus in parts) == [16, 17, 17, 17, 17]
    for corpus in parts:
        counts = by_class(corpus, TEST)
        assert counts[0] in (10, 11)
        assert counts[1] == 4
        assert counts[2] in (2, 3)
        assert min(by_class(corpus, VALIDATION)) >= 1


def test_fold_sizes_are_even_where_documents_come_in_pairs() -> None:
    parts = split(labelled([40, 40]), np.repeat(np.arange(40), 2), folds=4)
    assert [int((corpus.split == TEST).sum()) for corpus in parts] == [20] * 4


def test_fold_sizes_are_even_where_some_documents_come_in_pairs() -> None:
    groups = [*range(20), *np.repeat(np.arange(20, 40), 2).tolist(), *range(40, 60)]
    for seed in range(5):
        parts = split(labelled([60, 20]), groups, folds=4, seed=seed)
        assert [int((corpus.split == TEST).sum()) for corpus in parts] == [20] * 4


def test_folds_are_drawn_at_random() -> None:
    first, second = (split(labelled([20, 20]), folds=2, seed=seed)[0].split == TEST for seed in (1, 2))
    assert first.tolist() != second.tolist()


def message_of(loaded: LoadedCorpus, groups: object = None, **options: float) -> str:
    with pytest.raises(PipelineError) as caught:
        split(loaded, groups, **options)
    return str(caught.value)


def test_classes_too_small_for_the_parts() -> None:
    assert message_of(labelled([9, 1])) == (
        'toy: class "c1" has 1 document to split, train, validation and test need one each; '
        "add documents of the class, or leave it out with --drop-class"
    )
    assert message_of(labelled([9, 1]), validation=0.0) == (
        'toy: class "c1" has 1 document to split, train and test need one each; '
        "add documents of the class, or leave it out with --drop-class"
    )
    assert message_of(labelled([9, 4]), [*range(9), 9, 9, 9, 10]) == (
        'toy: class "c1" has 4 documents to split (2 when equal texts count once), '
        "train, validation and test need one each; add documents of the class, or leave it out with --drop-class"
    )


def test_a_class_of_which_only_test_documents_are_left() -> None:
    loaded = make_loaded(make_corpus(list("abc"), [0, 0, 1], [-1, -1, 2]))
    assert message_of(loaded) == (
        'toy: class "c1" has 0 documents to split, train and validation need one each; '
        "add documents of the class, or leave it out with --drop-class"
    )


def test_fewer_documents_of_a_class_than_folds() -> None:
    assert message_of(labelled([20, 7]), folds=10) == (
        'toy: class "c1" has 7 documents to split, 10 folds need 10; '
        "use fewer folds, add documents of the class, or leave it out with --drop-class"
    )


def test_of_several_classes_too_small_the_number_is_told() -> None:
    assert message_of(labelled([9, 2, 2, 1])) == (
        'toy: class "c3" has 1 document to split, train, validation and test need one each; 3 of the 4 classes have so '
        "few; add documents, or leave such classes out (--drop-class) or merge them (--map)"
    )


def test_fewer_texts_than_parts_are_told_as_texts() -> None:
    equal = make_loaded(make_corpus(["x"] * 6, [0, 1] * 3))
    assert message_of(equal, [0] * 6) == (
        "toy: all 6 documents have the same text, train, validation and test need one each; "
        "add documents with other texts"
    )
    assert message_of(labelled([1, 1])) == (
        "toy: the 2 documents to split have 2 different texts, train, validation and test need one each; "
        "add documents with other texts"
    )
    assert message_of(equal, [0, 1] * 3, folds=5) == (
        "toy: the 6 documents to split have 2 different texts, 5 folds need 5; "
        "use fewer folds, add documents with other texts"
    )


def test_a_part_that_would_be_empty_is_refused() -> None:
    canned = make_loaded(
        make_corpus(list("xyzxyz"), [0, 1, 0, 1, 0, 1])
    )  # three texts, each with both labels
    assert message_of(canned, [0, 1, 2] * 2) == (
        "toy: no document is left for test: the 6 documents to split have 3 different texts, and equal texts stay in "
        "one part; add documents with other texts, or try another --seed"
    )
    assert message_of(canned, [0, 1, 2] * 2, folds=3) == (
        "toy: no document is left for validation in fold 1: the 6 documents to split have 3 different texts, and equal "
        "texts stay in one part; add documents with other texts, or try another --seed"
    )


def test_folds_of_a_corpus_with_an_official_test_split() -> None:
    loaded = make_loaded(make_corpus(list("abcd"), [0, 1, 0, 1], [-1, -1, -1, 2]))
    assert message_of(loaded, folds=2) == (
        "--folds: toy has an official test split; leave out --folds, or leave out the test documents"
    )


def test_texts_with_two_labels_leave_the_rarer_class_in_training() -> None:
    texts = [*range(40), 3, 17, 31]  # three of the forty texts stand there again with the other label
    loaded = make_loaded(make_corpus([str(number) for number in texts], [0] * 40 + [1] * 3))
    for seed in range(60):
        (corpus,) = split(loaded, texts, seed=seed)
        assert [by_class(corpus, part)[1] for part in (TRAIN, VALIDATION, TEST)] == [1, 1, 1]
        for fold in split(loaded, texts, folds=3, seed=seed):
            assert [by_class(fold, part)[1] for part in (TRAIN, VALIDATION, TEST)] == [1, 1, 1]


def test_of_two_equally_rare_labels_the_first_document_decides() -> None:
    members = _describe_groups(np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1], dtype=np.int32))
    assert members.stratum.tolist() == [1, 0]
    members = _describe_groups(np.array([0, 0, 1, 2]), np.array([0, 1, 0, 0], dtype=np.int32))
    assert members.stratum.tolist() == [1, 0, 0]


def test_a_class_without_a_training_document() -> None:
    # each text stands twice; c0 has four texts, all of them with a rarer label too: two of c1, two of c2
    labels, groups = [0, 1, 0, 1, 1, 1, 0, 2, 0, 2, 2, 2], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    loaded = make_loaded(make_corpus([str(group) for group in groups], labels))
    outcomes = {outcome(loaded, groups, seed) for seed in range(60)}
    assert outcomes == {
        "every class is trained",
        'toy: class "c0" has no training document, since equal texts stay in one part whatever their labels; '
        "keep one label for each text, or try another --seed",
    }


def outcome(loaded: LoadedCorpus, groups: list[int], seed: int) -> str:
    try:
        (corpus,) = split(loaded, groups, seed=seed)
    except PipelineError as error:
        return str(error)
    assert min(by_class(corpus, TRAIN)) > 0
    return "every class is trained"


def test_a_class_without_a_training_document_in_one_fold() -> None:
    labels, groups = [0, 1, 0, 1, 1, 1, 0, 2, 0, 2, 2, 2], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    loaded = make_loaded(make_corpus([str(group) for group in groups], labels))
    messages = set()
    for seed in range(60):
        try:
            parts = split(loaded, groups, folds=3, seed=seed)
        except PipelineError as error:
            messages.add(str(error))
        else:
            assert min(min(by_class(part, TRAIN)) for part in parts) > 0
    assert messages == {
        f'toy: class "c0" has no training document in fold {fold}, since equal texts stay in one part '
        "whatever their labels; keep one label for each text, or try another --seed"
        for fold in (1, 2, 3)
    }
