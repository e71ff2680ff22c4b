"""Names in a list that a person types: what is written by `as_typed` is read back, whatever it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.lists import as_typed, names_and_marks, names_in


@given(st.lists(st.text("ab,;=' \"\n", min_size=1), min_size=1))
def test_names_come_back_as_they_were(names: list[str]) -> None:
    assert names_in(",".join(map(as_typed, names))) == names


def test_each_name_stands_with_the_mark_that_ends_it() -> None:
    found = names_and_marks(' 4 ,\'a;b\'="c=""d""";', ",;=")
    assert found == [("4", ","), ("a;b", "="), ('c="d"', ";"), ("", "")]


def test_a_quotation_mark_that_closes_before_the_end_of_a_name_encloses_none() -> None:
    with pytest.raises(ValueError, match=r"^the quotation mark at character 3 encloses no whole name$"):
        names_and_marks("a,'b'c", ",")
