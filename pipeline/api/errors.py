"""A mistake of whoever calls from Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.core.errors import PipelineError


class InvalidInput(PipelineError, ValueError):
    """A `PipelineError` about an argument; a `ValueError` too, which scikit-learn's tools expect."""


@contextmanager
def as_invalid_input() -> Iterator[None]:
    """Have every `PipelineError` of the block be a `ValueError` too, with the same words."""
    try:
        yield
    except InvalidInput:
        raise
    except PipelineError as error:
        raise InvalidInput(error.name, error.where, error.what, error.fix) from error
