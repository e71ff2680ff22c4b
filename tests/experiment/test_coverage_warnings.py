"""What is said of a model when few tokens of its test documents have a vector."""

from __future__ import annotations

from builders import indexed_of

from pipeline.experiment.embedded_split import coverage_warnings


def test_no_vector_at_all_few_and_enough() -> None:
    # row 1 is the unknown word
    assert coverage_warnings(indexed_of([[1, 1], [1]])) == (
        "test documents: no word has a vector: all test documents look the same to it [few-vectors]",
    )
    assert coverage_warnings(indexed_of([[1, 1], [1, 4]])) == (
        "test documents: only 25 % of the tokens have a vector [few-vectors]",
    )
    assert coverage_warnings(indexed_of([[1, 2], [1, 3]])) == ()
