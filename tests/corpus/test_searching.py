"""What is seldom in a large content is found there as a search for the whole mark finds it."""

from __future__ import annotations

import pytest

from pipeline.corpus.readers.searching import holds


@pytest.mark.parametrize("many", [0, 1, 999, 1_000, 1_001, 5_000])
def test_a_mark_is_found_however_often_its_rare_byte_stands_before_it(many: int) -> None:
    assert holds(b"\\n" * many + b"text \\N", b"\\N")
    assert not holds(b"\\n" * many + b"text", b"\\N")


def test_a_mark_is_found_by_a_byte_inside_it() -> None:
    assert holds(b"a\nbc", b"\nb", rare=1)
    assert not holds(b"b\tbc\n", b"\nb", rare=1)
    assert holds(b"b" * 1_000 + b"\nb", b"\nb", rare=1)
