"""Where the tokens of a document stand in its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate


def place_tokens(text: str, tokens: Sequence[str], *, lowercase: bool) -> list[tuple[int, int]] | None:
    """Return start and end, in characters, of each token that stands whole in `text`, the start of a document.

    Parameters
    ----------
    text : str
        The first characters of what the tokenizer was given; a word may be cut at its end.
    tokens : sequence of str
        The document's tokens. Whatever is not blank belongs to one.
    lowercase : bool
        Whether they are those of the lower-cased text; a character may be two there.

    Returns
    -------
    list of (int, int), or None
        None where text and tokens do not fit together: the library that lower-cased the text knows other
        characters than this one.

    >>> place_tokens("A GOOD  film with", ["a", "good", "film", "without", "end"], lowercase=True)
    [(0, 1), (2, 6), (8, 12)]
    """
    lowered = text.lower() if lowercase else text
    widths = (len(character.lower()) if lowercase else 1 for character in text)
    place_of = {start: place for place, start in enumerate(accumulate(widths, initial=0))}
    spans: list[tuple[int, int]] = []
    here = 0
    for token in tokens:
        start = lowered.find(token, here)
        if start < 0:  # cut, or the two do not fit
            return spans if _is_start_of(lowered[here:], token) else None
        end = start + len(token)
        if lowered[here:start].strip() or start not in place_of or end not in place_of:
            return None
        spans.append((place_of[start], place_of[end]))
        here = end
    return None if lowered[here:].strip() else spans


def blank_out(pattern: str, text: str) -> str:
    """Return `text` with what `pattern` finds as blanks, so that everything else stays in its place.

    >>> blank_out("<br>", "good<br>film")
    'good    film'
    """
    return re.sub(pattern, lambda found: " " * len(found[0]), text)


def _is_start_of(text: str, token: str) -> bool:
    """Return whether a token may begin with `text`, blanks set aside; a final sigma counts as any other."""
    return token.casefold().startswith(text.strip().casefold())
