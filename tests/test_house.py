"""The figures of the package's structure stay within their bounds, which only ever fall."""

from __future__ import annotations

import pytest
from house import Figure, figures


@pytest.mark.parametrize("figure", figures(), ids=lambda figure: figure.what)
def test_the_package_is_no_larger_and_no_more_tangled_than_it_was(figure: Figure) -> None:
    assert figure.value <= figure.most, "python -m tests.house names what grew"
