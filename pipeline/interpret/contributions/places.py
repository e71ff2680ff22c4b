"""Where the tokens of a document stand in its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from pipeline.text.unicode import DOTTED_CAPITAL_I


def place_tokens(
    text: str, tokens: Sequence[str], *, lowercase: bool, from_end: bool = False
) -> list[tuple[int, int]] | None:
    """Return start and end, in characters, of each token that stands whole in `text`, an end of a document.

    Parameters
    ----------
    text : str
        The first characters of what the tokenizer was given, or the last ones: a word may be cut at the other end.
    tokens : sequence of str
        The document's first tokens, or its last ones. Whatever is not blank belongs to one.
    lowercase : bool
        Whether they are those of the lower-cased text; a character may be two there.
    from_end : bool
        Whether these are the last characters and tokens.

    Returns
    -------
    list of (int, int), or None
        None where text and tokens do not fit together: the library that lower-cased the text knows other
        characters than this one.

    >>> place_tokens("A GOOD  film with", ["a", "good", "film", "without", "end"], lowercase=True)
    [(0, 1), (2, 6), (8, 12)]
    >>> place_tokens("thout end!", ["without", "end", "!"], lowercase=True, from_end=True)
    [(6, 9), (9, 10)]
    """
    if lowercase:
        text = text.replace(DOTTED_CAPITAL_I, "i")
    lowered = text.lower() if lowercase else text
    widths = (len(character.lower()) if lowercase else 1 for character in text)
    place_of = {start: place for place, start in enumerate(accumulate(widths, initial=0))}
    step = -1 if from_end else 1
    spans: list[tuple[int, int]] = []
    left = lowered[::step]
    for token in tokens[::step]:
        start = left.find(token[::step])
        if start < 0:  # cut, or the two do not fit
            return spans[::step] if _is_start_of(left, token[::step]) else None
        here = len(lowered) - len(left) + start
        ends = [here, here + len(token)]
        first, last = sorted(len(lowered) - end for end in ends) if from_end else ends
        if left[:start].strip() or first not in place_of or last not in place_of:
            return None
        spans.append((place_of[first], place_of[last]))
        left = left[start + len(token) :]
    return None if left.strip() else spans[::step]


def blank_out(pattern: str, text: str) -> str:
    """Return `text` with what `pattern` finds as blanks, so that everything else stays in its place.

    >>> blank_out("<br>", "good<br>film")
    'good    film'
    """
    return re.sub(pattern, lambda found: " " * len(found[0]), text)


def _is_start_of(text: str, token: str) -> bool:
    """Return whether a token may begin with `text`, blanks set aside; a final sigma counts as any other."""
    return token.casefold().startswith(text.strip().casefold())
