"""`--limit` and `--quick`: a sample keeps classes in proportion, twins together and the ledger whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from corpus_builders import make_corpus, make_loaded

from pipeline.core.values import TEST, UNASSIGNED, Dropped, Ledger, LoadedCorpus
from pipeline.corpus.sample import REASON, sample_corpus


def loaded_of(
    labels: list[int], split: list[int] | None = None, together: list[int] | None = None
) -> LoadedCorpus:
    texts = [f"document {number}" for number in range(len(labels))]
    return make_loaded(make_corpus(texts, labels, split), together)


def draw(loaded: LoadedCorpus, most: int, seed: int = 0) -> LoadedCorpus:
    return sample_corpus(loaded, most, np.random.default_rng(seed))


def test_a_small_corpus_is_left_as_it_is() -> None:
    loaded = loaded_of([0, 1] * 10)
    assert draw(loaded, 20) is loaded


def test_classes_are_drawn_in_proportion_and_the_rest_goes_to_the_ledger() -> None:
    loaded = loaded_of([0] * 300 + [1] * 100)
    sample = draw(loaded, 100)
    assert np.bincount(sample.corpus.labels).tolist() == [75, 25]
    assert (sample.ledger.rows_read, sample.ledger.documents) == (400, 100)
    (entry,) = sample.ledger.dropped
    assert entry.reason == REASON == "not in the sample"
    assert sorted([*entry.rows, *sample.corpus.records.tolist()]) == list(range(400))
    assert sample.corpus.texts.to_list() == [f"document {row}" for row in sample.corpus.records]
    assert sample.warnings == (
        "--quick: 100 of 400 documents were drawn; the figures are a first look [sample-drawn]",
    )


def test_what_was_dropped_before_stays_in_the_ledger() -> None:
    loaded = replace(
        loaded_of([0, 1] * 50), ledger=Ledger(102, 100, (Dropped("no text", "a.csv", (7, 9), (8, 10)),))
    )
    sample = draw(loaded, 40)
    assert sample.ledger.rows_read == 102
    assert [(entry.reason, len(entry.rows)) for entry in sample.ledger.dropped] == [
        ("no text", 2),
        (REASON, 60),
    ]


def test_a_small_class_keeps_ten_documents_or_all_it_has() -> None:
    sample = draw(loaded_of([0] * 1000 + [1] * 30 + [2] * 4), 100)
    assert np.bincount(sample.corpus.labels).tolist() == [86, 10, 4]


def test_what_does_not_divide_makes_no_document_more_or_less() -> None:
    sample = draw(loaded_of([0, 1, 2] * 80), 100)
    assert sorted(np.bincount(sample.corpus.labels).tolist()) == [33, 33, 34]


def test_of_many_classes_three_documents_each_are_drawn() -> None:
    sample = draw(loaded_of(list(range(50)) * 5), 100)
    assert np.bincount(sample.corpus.labels).tolist() == [3] * 50


def test_a_sample_is_not_the_head_of_the_file_and_follows_the_seed() -> None:
    loaded = loaded_of([0, 1] * 500)
    first, again, other = (draw(loaded, 50, seed).corpus.records.tolist() for seed in (0, 0, 1))
    assert first == again != other
    assert max(first) > 900
    assert min(first) < 100


def test_the_warning_names_the_option_that_asked_for_a_sample() -> None:
    sample = sample_corpus(loaded_of([0, 1] * 30), 20, np.random.default_rng(0), "--limit 20")
    assert sample.warnings == (
        "--limit 20: 20 of 60 documents were drawn; the figures are a first look [sample-drawn]",
    )


def test_test_documents_are_drawn_apart_from_the_rest() -> None:
    split = [UNASSIGNED] * 100 + [TEST] * 100
    sample = draw(loaded_of([0, 1] * 100, split), 40)
    assert (sample.corpus.split == TEST).sum() == 40
    assert [(entry.file, len(entry.rows)) for entry in sample.ledger.dropped] == [
        ("CORPUS", 60),
        ("--test", 60),
    ]
    few = draw(loaded_of([0, 1] * 60, [UNASSIGNED] * 100 + [TEST] * 20), 40)
    assert (few.corpus.split == TEST).sum() == 20
    assert len(few.ledger.dropped) == 1


def test_twins_are_drawn_together() -> None:
    twins = np.repeat(np.arange(60), 2).tolist()
    sample = draw(loaded_of([0, 1] * 60, together=twins), 40)
    assert len(sample.corpus.texts) == 40
    assert sample.together is not None
    assert np.bincount(sample.together)[np.unique(sample.together)].tolist() == [2] * 20
    assert np.bincount(sample.corpus.labels).tolist() == [20, 20]


def test_the_sample_is_that_of_the_generator_and_has_a_hash_of_its_own() -> None:
    loaded = loaded_of([0, 1] * 100)
    first, again, other = (draw(loaded, 50, seed) for seed in (1, 1, 2))
    assert first.corpus.records.tolist() == again.corpus.records.tolist()
    assert first.corpus.records.tolist() != other.corpus.records.tolist()
    assert first.hash == again.hash
    assert len({first.hash, other.hash, loaded.hash}) == 3


def test_validation_documents_that_are_left_out_are_not_named_as_records_of_the_corpus() -> None:
    corpus = make_corpus([f"document {number}" for number in range(120)], [0, 1] * 60, [-1] * 60 + [1] * 60)
    records = np.tile(np.arange(60), 2)  # each file counts its records from 0
    sample = draw(make_loaded(replace(corpus, records=records)), 40)
    files = {entry.file: entry.rows for entry in sample.ledger.dropped}
    assert set(files) == {"CORPUS", "--validation"}
    assert sum(len(rows) for rows in files.values()) == 80
    assert all(len(set(rows)) == len(rows) for rows in files.values())


def test_unlabelled_text_is_sampled_too() -> None:
    more = pl.Series("text", [f"line {number}" for number in range(60)])
    loaded = replace(loaded_of([0, 1] * 50), unlabelled=more)
    sample, again, other = (draw(loaded, 40, seed) for seed in (1, 1, 2))
    assert sample.unlabelled is not None
    assert again.unlabelled is not None
    assert other.unlabelled is not None
    assert sample.unlabelled.n_unique() == 40
    assert sample.unlabelled.is_in(more.to_list()).all()
    assert sample.unlabelled.to_list() == again.unlabelled.to_list() != other.unlabelled.to_list()
    assert sample.warnings == (
        "--quick: 40 of 100 documents and 40 of 60 unlabelled texts were drawn; the figures are a first look"
        " [sample-drawn]",
    )
    assert sample.corpus.records.tolist() == draw(loaded_of([0, 1] * 50), 40, 1).corpus.records.tolist()


def test_unlabelled_text_of_a_small_corpus_is_sampled_and_a_small_one_is_kept() -> None:
    more = pl.Series("text", [f"line {number}" for number in range(60)])
    small = replace(loaded_of([0, 1] * 10), unlabelled=more)
    sample = draw(small, 40)
    assert sample.corpus.texts.to_list() == small.corpus.texts.to_list()
    assert sample.hash == small.hash
    assert sample.ledger == small.ledger
    assert sample.unlabelled is not None
    assert len(sample.unlabelled) == 40
    assert sample.warnings == (
        "--quick: 40 of 60 unlabelled texts were drawn; the figures are a first look [sample-drawn]",
    )
    assert draw(small, 60) is small
