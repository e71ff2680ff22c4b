"""Slices, hard documents and contamination: computed from predictions and facts written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import int32, tokens_of
from filled import typed

from pipeline.evaluation.comparisons import compare
from pipeline.evaluation.contamination import describe_contamination
from pipeline.evaluation.differences import estimate_difference, paired_runs
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.evaluation.hard_documents import find_hard_documents
from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.slices import quantile_groups, slice_scores
from pipeline.evaluation.summary import summarise
from pipeline.experiment.document_facts import word_facts
from pipeline.run_folder.documents import COLUMNS
from pipeline.run_folder.metrics.comparisons import Verdict
from pipeline.run_folder.metrics.documents import Giveaway, Giveaways, GivenAnswer, ScoresOn
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions

VERDICT = typed(Verdict, {"a": "net", "b": "tfidf"})
KINDS = {"net": "network", "tfidf": "baseline", "bow": "baseline", "majority": "control"}


def seeded() -> np.random.Generator:
    return np.random.default_rng(0)


def saved(name: str, of_label: Sequence[float], seed: int = 0, labels: Sequence[int] | None = None) -> Any:
    """Return predictions that give each document's label this probability, the other class the rest."""
    right = np.array(of_label, np.float32)
    label = int32(labels if labels is not None else [1] * len(right))
    table = np.where(label[:, None] == np.arange(2), right[:, None], 1 - right[:, None])
    predictions = Predictions(10 + np.arange(len(right)), label, table.astype(np.float32))
    return SavedPredictions(name, seed, 0, "h", ("bad", "good"), predictions)


def facts(n_docs: int, **columns: Sequence[Any]) -> pl.DataFrame:
    """Return the facts of documents 10, 11 .. with nothing to remark but `columns`."""
    plain = {name: [None] * n_docs for name in COLUMNS}
    plain |= {"document": list(range(10, 10 + n_docs)), "fold": [0] * n_docs, "giveaway": [False] * n_docs}
    return pl.DataFrame(plain | columns, schema=COLUMNS)


def test_groups_are_of_about_equal_size_and_equal_values_stay_together() -> None:
    values = np.array([5.0] * 30 + list(range(100, 110)) + [np.nan])
    groups = quantile_groups(values)
    assert [(group.lo, group.hi, int(group.chosen.sum())) for group in groups] == [
        (5.0, 5.0, 30),
        (100.0, 109.0, 10),
    ]
    assert [int(group.chosen.sum()) for group in quantile_groups(np.arange(200.0))] == [50] * 4
    assert quantile_groups(np.arange(39.0)) == []


def test_accuracy_and_difference_of_each_group() -> None:
    lengths = [*range(20), *range(100, 120)]
    net = [saved("net", [0.9] * 20 + [0.2] * 20, 0), saved("net", [0.9] * 20 + [0.8] * 10 + [0.2] * 10, 1)]
    entries = [*net, saved("tfidf", [0.6] * 40)]
    by_length, *_ = slice_scores(entries, facts(40, tokens=lengths), VERDICT, seeded())
    assert (by_length.by, by_length.a, by_length.b) == ("length", "net", "tfidf")
    short, long = by_length.groups
    assert (short.lo, short.hi, short.documents) == (0.0, 19.0, 20)
    assert [model.accuracy for model in short.models] == [1.0, 1.0]
    assert (short.difference, long.difference) == (0.0, pytest.approx(-0.75))
    by_seed = np.stack([np.full(20, -1.0), np.repeat([0.0, -1.0], 10)])
    assert long.ci95 == pytest.approx(crossed_estimate(by_seed).interval)
    assert all(0 <= end <= 1 for model in long.models for end in model.ci95)


def in_folds(entry: Any, sizes: Sequence[int]) -> list[Any]:
    """Return the same predictions, one file a fold."""
    of, ends = entry.predictions, np.cumsum([0, *sizes])
    parts = [slice(start, end) for start, end in pairwise(ends)]
    return [
        replace(entry, fold=fold, predictions=Predictions(of.documents[p], of.labels[p], of.probabilities[p]))
        for fold, p in enumerate(parts)
    ]


def test_with_folds_a_difference_is_that_of_the_comparisons() -> None:
    """The corpus has 200 documents, and two of its five folds ended."""
    right = np.random.default_rng(1).random((2, 80)).round(1)
    entries = [*in_folds(saved("net", right[0]), [40, 40]), *in_folds(saved("tfidf", right[1]), [40, 40])]
    (row,) = compare(entries, [("net", "tfidf")], 0.01, n_docs=200)
    table = facts(80, tokens=[7] * 80, fold=[0] * 40 + [1] * 40)
    summary = summarise(entries, np.random.default_rng(0))
    found = describe_contamination(entries, table, [], VERDICT, summary, np.random.default_rng(1), n_docs=200)
    assert found is not None
    assert found.scores[0].ci95 == row.ci95
    lengths = [*range(60), *range(60, 80)]
    halves = slice_scores(entries, facts(80, tokens=lengths), VERDICT, seeded(), n_docs=200)[0].groups
    first = [np.arange(80) < 40, np.arange(80) >= 40]
    pooled = pool_folds(entries)
    runs = paired_runs(pooled["net"], pooled["tfidf"])
    for group, chosen in zip(halves, first, strict=True):
        assert group.ci95 == estimate_difference(*runs, 200, chosen).interval


def test_facts_belong_to_documents_whatever_the_order_of_their_rows() -> None:
    lengths = [*range(20), *range(100, 120)]
    entries = [saved("net", [0.9] * 20 + [0.2] * 20), saved("tfidf", [0.6] * 40)]
    shuffled = facts(40, tokens=lengths).sample(fraction=1, shuffle=True, seed=3)
    short, long = slice_scores(entries, shuffled, VERDICT, seeded())[0].groups
    assert [group.models[0].accuracy for group in (short, long)] == [1.0, 0.0]


def test_without_facts_or_a_network_there_are_still_classes() -> None:
    entries = [saved("tfidf", [0.9, 0.9, 0.2], labels=[1, 0, 1])]
    (by_class,) = slice_scores(entries, None, typed(Verdict, {"b": "tfidf"}), seeded())
    assert [(group.label, group.documents) for group in by_class.groups] == [("good", 2), ("bad", 1)]
    assert [group.models[0].accuracy for group in by_class.groups] == [0.5, 1.0]
    assert [group.difference for group in by_class.groups] == [None, None]
    assert slice_scores([], None, VERDICT, seeded()) == ()


def numbers(found: dict, name: str) -> list[int]:
    return [row.document for row in found.lists[name]]


def test_each_list_holds_the_documents_of_its_rule_in_order() -> None:
    entries = [
        saved("net", [0.1, 0.9, 0.2, 0.6, 0.9], 0),
        saved("net", [0.3, 0.9, 0.2, 0.8, 0.9], 1),
        saved("tfidf", [0.4, 0.4, 0.1, 0.9, 0.6]),
        saved("bow", [0.4, 0.3, 0.3, 0.9, 0.4]),
        saved("majority", [0.9] * 5),
    ]
    found = find_hard_documents(entries, KINDS)
    assert found is not None
    assert (found.models, found.documents) == (("net", "tfidf", "bow"), 5)
    assert numbers(found, "all wrong") == [12, 10]  # mean of the label's probability 0.2, then 1 / 3
    assert numbers(found, "only one right") == [11]
    assert numbers(found, "only networks right") == [11]
    assert numbers(found, "only baselines right") == []
    assert numbers(found, "sure mistakes") == [12, 10, 11, 14]  # wrong with 0.9, 0.8, 0.7, 0.6
    assert found.counts["sure mistakes"] == 4
    assert found.wrong == ((2, 2, 2), (2, 3, 3), (2, 3, 4))
    answer = found.lists["all wrong"][1].answers[0]
    assert (answer.name, answer.predicted) == ("net", "bad")
    assert answer.probability == pytest.approx(0.8)  # 1 - the mean of 0.1 and 0.3


def test_where_answers_alone_are_known_nothing_is_said_of_how_sure_they_are() -> None:
    other = saved("other", [0.0, 1.0, 0.0])
    other = replace(other, predictions=replace(other.predictions, hard=True))
    entries = [saved("net", [0.9, 0.2, 0.3]), saved("tfidf", [0.8, 0.4, 0.7]), other]
    found = find_hard_documents(entries, KINDS | {"other": "outside"})
    assert found is not None
    assert numbers(found, "sure mistakes") == [
        11,
        12,
    ]  # wrong with 0.8 and 0.7; "other" is wrong on 10 and 12
    assert numbers(found, "only one right") == [12, 11]  # right with 0.7, and who knows
    (answer,) = [row for row in found.lists["sure mistakes"][0].answers if row.name == "other"]
    assert answer == GivenAnswer("other", "good", None)


def test_a_kind_is_right_alone_where_all_of_it_are_and_none_of_the_other() -> None:
    entries = [
        saved("net", [0.4, 0.1, 0.2, 0.8, 0.6, 0.9]),
        saved("tfidf", [0.7, 0.6, 0.9, 0.7, 0.4, 0.2]),
        saved("bow", [0.3, 0.6, 0.7, 0.3, 0.4, 0.4]),
    ]
    found = find_hard_documents(entries, KINDS)
    assert found is not None
    assert numbers(found, "only baselines right") == [
        12,
        11,
    ]  # gaps of 0.6 and 0.5; of 10 one baseline is wrong
    assert numbers(found, "only networks right") == [
        15,
        14,
    ]  # gaps of 0.6 and 0.2; of 13 one baseline is right
    two = find_hard_documents(entries[:2], KINDS)
    assert two is not None
    assert two.counts["only one right"] == 0  # of two models that is what the other lists say


def test_no_mistake_is_sure_where_only_answers_are_known() -> None:
    """A model from elsewhere without probabilities: 1 for its answer would lead every list."""
    other = saved("other", [0.0, 1.0, 0.0, 1.0, 0.0])
    other = replace(other, predictions=replace(other.predictions, hard=True))
    entries = [saved("net", [0.3, 0.2, 0.9, 0.6, 0.9]), saved("tfidf", [0.1, 0.4, 0.2, 0.9, 0.9]), other]
    found = find_hard_documents(entries, KINDS | {"other": "outside"})
    assert found is not None
    assert numbers(found, "sure mistakes") == [10, 11, 12]  # 0.9, 0.8, 0.8; only `other` is wrong on 14
    assert found.counts["sure mistakes"] == 3
    assert numbers(found, "only one right") == [12, 11]  # net with 0.9; `other` with nobody knows what
    assert [answer.probability for answer in found.lists["all wrong"][0].answers] == [
        pytest.approx(0.7),
        pytest.approx(0.9),
        None,
    ]


def test_controls_alone_give_no_hard_documents() -> None:
    assert find_hard_documents([saved("majority", [0.9])], KINDS) is None


def test_a_model_that_did_not_train_says_nothing_of_documents() -> None:
    entries = [saved("net", [0.1, 0.9]), saved("tfidf", [0.9, 0.4]), saved("bow", [0.9, 0.3])]
    found = find_hard_documents(entries, KINDS, {"net": False})
    assert found is not None
    assert found.models == ("tfidf", "bow")
    assert numbers(found, "all wrong") == [11]
    assert find_hard_documents(entries[:1], KINDS, {"net": False}) is None


def test_the_scores_without_near_duplicates_and_without_giveaways() -> None:
    entries = [saved("net", [0.9, 0.9, 0.2, 0.9]), saved("tfidf", [0.9, 0.2, 0.2, 0.2])]
    table = facts(
        4,
        near_duplicate_of=[3, None, 7, None],
        near_duplicate_in=["train", None, "validation", None],
        similarity=[1.0, None, 0.9, None],
        same_label=[True, None, False, None],
        giveaway=[False, False, False, True],
    )
    tokens = typed(tuple[Giveaway, ...], [{"fold": 0, "token": "header"}, {"fold": 1, "token": "other"}])
    found = contamination_of(entries, table, tokens, VERDICT)
    near = found.near_duplicates
    assert (near.documents, near.identical, near.same_label) == (2, 1, 1)
    assert [pair.document for pair in near.pairs] == [12, 10]  # the one that differs first
    assert found.giveaways == Giveaways(1, tokens[:1])
    left = {row.of: (row.documents, [m.accuracy for m in row.models]) for row in found.scores}
    assert left["all"] == (4, [0.75, 0.25])
    assert left["without near-duplicates"] == (2, [1.0, 0.0])
    assert left["without giveaways"] == (3, [pytest.approx(2 / 3), pytest.approx(1 / 3)])
    fewer = [replace(e, predictions=predictions_of(e, [11, 13])) for e in entries]
    again = summarise(fewer, np.random.default_rng(1))
    assert [m.ci95 for m in found.scores[1].models] == [row.accuracy_ci95 for row in again]


def test_a_model_has_one_interval_on_all_documents_in_the_whole_report() -> None:
    """Another method beside that of `summary` would give the same accuracy two intervals."""
    entries = [
        saved("net", [0.9] * 30 + [0.2]),
        saved("net", [0.9] * 29 + [0.2] * 2, 1),
        saved("tfidf", [0.9] * 31),
    ]
    found = contamination_of(entries, facts(31), [], VERDICT)
    expected = [row.accuracy_ci95 for row in summarise(entries, np.random.default_rng(0))]
    assert [[model.ci95 for model in row.models] for row in found.scores] == [expected] * 3


def predictions_of(entry: SavedPredictions, documents: Sequence[int]) -> Predictions:
    """Return the answers to these documents alone."""
    rows = np.isin(entry.predictions.documents, documents)
    whole = entry.predictions
    return Predictions(whole.documents[rows], whole.labels[rows], whole.probabilities[rows])


def contamination_of(
    entries: Sequence[SavedPredictions], table: pl.DataFrame, tokens: Any, verdict: dict[str, str | None]
) -> dict[str, Any]:
    summary = summarise(entries, np.random.default_rng(0))
    found = describe_contamination(entries, table, tokens, verdict, summary, np.random.default_rng(1))
    assert found is not None
    return found


def test_when_every_document_is_contaminated_no_score_is_left() -> None:
    table = facts(2, near_duplicate_of=[3, 4], similarity=[1.0, 1.0], same_label=[True, True])
    found = contamination_of([saved("net", [0.9, 0.9])], table, [], typed(Verdict, {"a": "net"}))
    assert found.scores[1] == ScoresOn("without near-duplicates", 0, (), None, None)


def test_unknown_words_and_frequency_are_counted_in_training_documents_alone() -> None:
    tokenized = tokens_of([["a", "a", "b"], ["new", "a"], ["new", "new"], [], ["b", "new"]])
    unknown, frequency = word_facts(tokenized, np.array([0]), np.array([1, 2, 3, 4]))
    assert unknown[[0, 1, 3]].tolist() == [
        0.5,
        1.0,
        0.5,
    ]  # a word that stands in one training document is known
    assert frequency[0] == pytest.approx(np.sqrt(3 * 1) - 1)  # 1 + 2 for "a", 1 + 0 for "new"
    assert frequency[1] == 0.0
    assert np.isnan([unknown[2], frequency[2]]).all()
