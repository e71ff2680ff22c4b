"""Sizes as a person writes them."""

from __future__ import annotations

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.sizes import is_size, parse_size
from pipeline.settings.reading import load_config


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("4GB", 4096.0),
        ("500MB", 500.0),
        ("512kb", 0.5),
        ("1.5 GiB", 1536.0),
        ("1TB", 1048576.0),
        ("60%", 1200.0),
    ],
)
def test_a_size_is_a_number_with_its_unit_or_a_share_of_what_there_is(text: str, mib: float) -> None:
    assert parse_size(text).mib(of=2000.0) == mib


@pytest.mark.parametrize("text", ["", "4", "GB", "0MB", "0%", "101%", "4 GB of", "-1GB", "4GBit"])
def test_what_says_no_size_is_none(text: str) -> None:
    assert not is_size(text)


def test_an_option_that_is_no_size_is_refused_with_what_it_takes() -> None:
    with pytest.raises(PipelineError) as raised:
        load_config(options={"run.max_memory": "4"})
    expected = '--max-memory: run.max_memory is "4"; give text: a size such as 4GB, 500MB or 60%'
    assert str(raised.value) == expected
