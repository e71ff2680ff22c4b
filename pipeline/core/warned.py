"""A warning: a sentence that ends with its name, which `pipeline.core.warnings_by_name` explains."""

from __future__ import annotations

import re
from typing import NewType

Warned = NewType("Warned", str)
_NAME = re.compile(r" \[[a-z0-9]+(?:-[a-z0-9]+)+\]$")


def warning(name: str, text: str) -> Warned:
    """Return a warning as it is told everywhere, in the terminal, in `metrics.json` and in the report.

    Parameters
    ----------
    name : str
        One of `pipeline.core.warnings_by_name`.
    text : str
        The sentence, without a full stop.

    >>> warning("nul-bytes-left-out", "2 NUL bytes left out (line 3)")
    '2 NUL bytes left out (line 3) [nul-bytes-left-out]'
    """
    return Warned(f"{text} [{name}]")


def within(place: str, warned: Warned) -> Warned:
    """Return a warning with the file or the model that it is about."""
    return Warned(f"{place}: {warned}")


def without_name(warned: str) -> str:
    """Return the sentence alone, for a place where it is read before anything else.

    >>> without_name(warning("nul-bytes-left-out", "2 NUL bytes left out (line 3)"))
    '2 NUL bytes left out (line 3)'
    """
    return _NAME.sub("", warned)
