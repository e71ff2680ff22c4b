"""How tags say where a span begins and ends: IOB1, IOB2, BIOES, or not at all (plain tags, such as parts of speech).

A tag is `O` (outside of any span), or a letter, a hyphen and a type, such as `B-NP`; a corpus with spans of one type
may leave hyphen and type out. B begins a span, I goes on with it, E ends it, S is a span of one word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.core.values import Bool, Int32, Int64

Scheme = Literal["IOB1", "IOB2", "BIOES", "plain"]
Letters = NDArray[np.str_]

OUTSIDE = "O"
# Other names of the same: BILOU has L and U, BMES has M, IOBEW has W.
SAME_AS = {"L": "E", "U": "S", "M": "I", "W": "S"}
_TAG = re.compile(r"([BIESLUMW])(?:-(.+))?", re.DOTALL)


@dataclass(frozen=True)
class TagSet:
    """The tags of a corpus, C of them: as they are written, and what their letters mean."""

    names: tuple[str, ...]  # (C,)
    scheme: Scheme

    @classmethod
    @lru_cache
    def of(cls, names: tuple[str, ...]) -> TagSet:
        """Return tags whose scheme their names tell: letters are those of IOB2, or of BIOES where E or S is there.

        >>> TagSet.of(("O", "S-NP")).scheme, TagSet.of(("O", "I-NP")).scheme, TagSet.of(("NN", "O")).scheme
        ('BIOES', 'IOB2', 'plain')
        """
        found = [_TAG.fullmatch(name) for name in names if name != OUTSIDE]
        matches = [match for match in found if match]
        typed = {match[2] is not None for match in matches}
        if not matches or len(matches) < len(found) or len(typed) > 1:
            return cls(names, "plain")
        letters = {SAME_AS.get(match[1], match[1]) for match in matches}
        return cls(names, "BIOES" if letters & {"E", "S"} else "IOB2")

    @cached_property
    def letters(self) -> Letters:
        """The letter of each tag, one of B, I, E, S and O; (C,). A plain tag is a span of one word: S."""
        if self.scheme == "plain":
            return np.full(len(self.names), "S")
        return np.array([_letter(name) for name in self.names], dtype="U1")

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        """The types of spans, sorted; K of them."""
        return tuple(sorted({name for name in map(self._type, self.names) if name is not None}))

    @cached_property
    def types(self) -> Int32:
        """The type of each tag, a place in `type_names`; -1 outside of spans; int32 (C,)."""
        places: dict[str | None, int] = {name: place for place, name in enumerate(self.type_names)}
        return np.array([places.get(self._type(name), -1) for name in self.names], dtype=np.int32)

    def _type(self, name: str) -> str | None:
        if self.scheme == "plain":
            return name
        return None if name == OUTSIDE else _after_letter(name)

    @cached_property
    def may_follow(self) -> Bool:
        """Whether tag j may stand behind tag i; bool (C + 1, C + 1), the last row and column for a sentence's ends.

        >>> TagSet(("B-X", "I-X", "O"), "IOB2").may_follow.astype(int).tolist()
        [[1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1]]
        """
        letters, types = np.append(self.letters, OUTSIDE), np.append(self.types, -1)  # (C + 1,) each
        same: Bool = types[:, None] == types  # (C + 1, C + 1)
        # behind a tag of the same span, or of one like it
        inside: Bool = np.isin(letters, ["B", "I"])[:, None] & same
        goes_on: Bool = np.isin(letters, ["I", "E"])  # (C + 1,)
        begins: Bool = letters == "B"
        if self.scheme == "IOB2":
            return inside | ~goes_on
        if self.scheme == "IOB1":  # B only where two spans of one type meet
            return inside | ~begins
        if self.scheme == "BIOES":  # a span that is open goes on, and nothing else does
            is_open = np.isin(letters, ["B", "I"])[:, None]
            return np.where(is_open, same & goes_on, ~goes_on)
        return np.ones(same.shape, dtype=np.bool_)


def _letter(name: str) -> str:
    return SAME_AS.get(name[0], name[0])


def _after_letter(name: str) -> str:
    return name[2:]


def find_scheme(names: tuple[str, ...], tags: Int32, offsets: Int64) -> TagSet:
    """Return the tags with the scheme that a corpus is written in: of IOB1 and IOB2 the one that it breaks less often.

    Parameters
    ----------
    names : the tags that occur, (C,)
    tags : int32 array, shape (M,)
        The tag of each word, a place in `names`.
    offsets : int64 array, shape (N + 1,)
        Sentence i is `tags[offsets[i]:offsets[i + 1]]`.
    """
    found = TagSet.of(names)
    if found.scheme != "IOB2":
        return found
    other = TagSet(names, "IOB1")
    return min((found, other), key=lambda one: int(cannot_follow(one, tags, offsets).sum()))


def cannot_follow(tagset: TagSet, tags: Int32, offsets: Int64) -> Bool:
    """Return which words have a tag that cannot follow the one before; bool (M,).

    The last word of a sentence is one too where its span has no end.

    >>> iob2 = TagSet(("B-X", "I-X", "O"), "IOB2")
    >>> cannot_follow(iob2, np.array([2, 1, 1, 1, 0]), np.array([0, 3, 5])).tolist()
    [False, True, False, True, False]
    """
    end = len(tagset.names)
    before = np.roll(tags, 1)  # (M,)
    starts, lasts = offsets[:-1][np.diff(offsets) > 0], offsets[1:][np.diff(offsets) > 0] - 1
    before[starts] = end
    wrong: Bool = ~tagset.may_follow[before, tags]  # (M,)
    wrong[lasts] |= ~tagset.may_follow[tags[lasts], end]
    return wrong


def written_as(names: Sequence[str]) -> str:
    """Return the scheme's usual name, by the letters that stand there.

    >>> written_as(["O", "B-X", "L-X", "U-X"]), written_as(["B", "M", "E", "S"]), written_as(["O", "S-X"])
    ('BILOU', 'BMES', 'BIOES')
    """
    letters = {name[0] for name in names if _TAG.fullmatch(name)}
    return "BILOU" if letters & {"L", "U"} else "BMES" if "M" in letters else "BIOES"
