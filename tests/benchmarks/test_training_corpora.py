"""Corpora of the benchmarks that are made of what a run does not test."""

from pathlib import Path

from benchmarks import linear_corpora, training_curves

ARTICLES = 1_780  # of 2,225, the default run tests a fifth: 445


def test_articles_are_those_that_the_default_run_does_not_test() -> None:
    for_courses, for_linear = (
        training_curves.CORPORA["bbc_news"].read(Path()),
        linear_corpora.read_articles(Path()),
    )
    assert (len(for_courses), len(for_linear)) == (ARTICLES, ARTICLES)
    assert set(for_courses["text"]) == set(for_linear["text"])
