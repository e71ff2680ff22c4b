"""A search of large contents for what is seldom in them."""

from __future__ import annotations

_RARE = 1_000  # places: what is there more often is looked for as a whole


def holds(data: bytes, mark: bytes, rare: int = 0) -> bool:
    """Whether bytes hold a mark; to look for one byte alone is many times quicker, where that byte is rare.

    `rare` is the place in the mark of the byte that is looked for.
    """
    byte = mark[rare : rare + 1]
    place = data.find(byte)
    for _ in range(_RARE):
        if place < 0:
            return False
        if place >= rare and data.startswith(mark, place - rare):
            return True
        place = data.find(byte, place + 1)
    return place >= 0 and data.rfind(mark, max(place - rare, 0)) >= 0  # quicker than `find`
