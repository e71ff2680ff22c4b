"""Sizes as a person writes them: 4GB, 500MB, 60%."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MIB_IN = {"KB": 2**-10, "MB": 1.0, "GB": 2.0**10, "TB": 2.0**20}
_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>%|[KMGT]i?B)", re.IGNORECASE)
SIZES = "a size such as 4GB, 500MB or 60%"


@dataclass(frozen=True)
class Size:
    """So many MiB, or a share of what there is."""

    number: float
    is_share: bool

    def mib(self, of: float) -> float:
        """Return the size in MiB; a share is one of `of` MiB."""
        return self.number * of if self.is_share else self.number


def parse_size(text: str) -> Size:
    """Return the size that a text says; GB and GiB are both 1,024 MiB.

    Raises
    ------
    ValueError
        If it says none, or nothing but zero.

    >>> parse_size("1.5GB"), parse_size("60%")
    (Size(number=1536.0, is_share=False), Size(number=0.6, is_share=True))
    """
    found = _SIZE.fullmatch(text.strip())
    number = float(found["number"]) if found else 0.0
    if found is None or number == 0.0 or (found["unit"] == "%" and number > 100):
        raise ValueError(f"{text!r} is no size")
    if found["unit"] == "%":
        return Size(number / 100, is_share=True)
    return Size(number * _MIB_IN[found["unit"].upper().replace("I", "")], is_share=False)


def is_size(text: str) -> bool:
    """Return whether a text says a size."""
    try:
        parse_size(text)
    except ValueError:
        return False
    return True
