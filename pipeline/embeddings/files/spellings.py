"""How a vector file writes its words: as they are, behind a language, before a tag, or as pieces of a tokenizer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

FEWEST_WORDS = 5  # a file of fewer shows no habit
_MOST_LOOKED_AT = 5000
_HABIT = 0.9  # share of the words that have to be written so
_MOST_TAGS = 150  # the finest tag sets of published files have about a hundred
_MOST_LANGUAGES = 400

# Tags of Universal Dependencies, WordNet, RusVectores and the Penn Treebank; others are told by their capitals.
_TAGS_IN_WORDS = (
    "a adj adp adv advpro anum apro aux cconj com conj det intj n noun np num p part pr pron propn punct r s sconj"
    " spro sym v verb x cc cd dt ex fw in jj jjr jjs ls md nn nnp nnps nns pdt pos prp prp$ rb rbr rbs rp to uh vb"
    " vbd vbg vbn vbp vbz wdt wp wp$ wrb"
)
_TAGS = frozenset(_TAGS_IN_WORDS.split())
_LETTER = re.compile(r"[^\W\d_]")


class Written(NamedTuple):
    """What stands in a file for a word."""

    word: str
    mark: str  # its language or tag; empty where it has none


@dataclass(frozen=True)
class Spelling:
    """A way to write words.

    Attributes
    ----------
    shown : an example, for messages
    take : (what the file writes) > the word and its mark; None where it is not written so
    is_habit : (the words that are written so, all words that were looked at) > whether the file writes so
    marks : what a mark is: "language", "tag", or "piece" where what is not written so stands inside words
    """

    shown: str
    take: Callable[[str], Written | None]
    is_habit: Callable[[Sequence[Written], int], bool]
    marks: str

    def read(self, text: str) -> Written | None:
        """Return the word that the file means; None for the inside of a word."""
        found = self.take(text)
        if found is not None:
            return found
        return None if self.marks == "piece" and _LETTER.search(text) else Written(text, "")


def find_spelling(words: Sequence[str]) -> Spelling | None:
    """Return the way in which most of these words of a file are written; None where it is the plain one.

    >>> find_spelling(["/c/en/house", "/c/de/haus", "/c/en/a", "/c/en/b", "/c/fr/c"]).shown
    '/c/en/house'
    """
    looked_at = [word for word in words[:_MOST_LOOKED_AT] if _LETTER.search(word)]
    if len(looked_at) < FEWEST_WORDS:
        return None
    for spelling in _SPELLINGS:
        taken = [found for word in looked_at if (found := spelling.take(word)) is not None]
        if spelling.is_habit(taken, len(looked_at)):
            return spelling
    return None


def _by(pattern: str) -> Callable[[str], Written | None]:
    """Return the function that takes a word by a pattern with the groups `word` and, it may be, `mark`."""
    compiled = re.compile(pattern)

    def take(text: str) -> Written | None:
        found = compiled.fullmatch(text)
        return None if found is None else Written(found["word"], found.groupdict().get("mark") or "")

    return take


def _most(taken: Sequence[Written], looked_at: int) -> bool:
    return len(taken) >= _HABIT * looked_at


def _of_languages(taken: Sequence[Written], looked_at: int) -> bool:
    return _most(taken, looked_at) and len({one.mark for one in taken}) <= _MOST_LANGUAGES


def _of_tags(taken: Sequence[Written], looked_at: int) -> bool:
    """Whether the ends of words are tags: few, each of a known set, or in capitals and on several words."""
    tags = Counter(one.mark for one in taken)
    known = sum(count for tag, count in tags.items() if tag.lower() in _TAGS)
    others = sum(
        count for tag, count in tags.items() if tag.lower() not in _TAGS and tag.isupper() and count > 1
    )
    few = len(tags) <= _MOST_TAGS and (known > 0 or 2 * len(tags) <= len(taken))
    return _most(taken, looked_at) and few and known + others >= _HABIT * len(taken)


def _of_pieces(taken: Sequence[Written], looked_at: int) -> bool:
    """Whether enough pieces begin, or end, a word: the others are the insides of words."""
    return 5 * len(taken) >= looked_at


_SPELLINGS = (
    Spelling(
        "/c/en/house",  # ConceptNet's own names; a part of speech may follow
        _by(r"(?:https?://[^/]+)?/c/(?P<mark>[a-z_]{2,8})/(?P<word>[^/]+)(?:/.*)?"),
        _most,
        "language",
    ),
    Spelling("en:house", _by(r"(?P<mark>[a-z]{2,3})[:/](?P<word>.+)"), _of_languages, "language"),
    Spelling(
        "house_NOUN",
        _by(r"(?P<word>.+)(?:_|\||/|#|::)(?P<mark>[A-Za-z][A-Za-z0-9$:.+=-]{0,11})"),
        _of_tags,
        "tag",
    ),
    Spelling("▁house", _by(r"▁(?P<word>.+)"), _of_pieces, "piece"),
    Spelling("Ġhouse", _by(r"Ġ(?P<word>.+)"), _of_pieces, "piece"),
    Spelling("house</w>", _by(r"(?P<word>.+)</w>"), _of_pieces, "piece"),
)
