"""`brackets`: words that open and one word that closes; its tag is what it closes.

"round far square close late close": the first `close` is `square`, the second `round`. Which kind is opened is drawn
each time, up to four are open at once, and all that closes is written alike. So the tag of a `close` can be read off
two words to the left only where what it closes stands there; any other is a guess between three kinds. Whoever keeps
what is open, the last one on top, has all of them (the language of Dyck; Suzgun et al. 2019, arXiv:1911.03329, ask the
same of recurrent networks).
"""

from __future__ import annotations

import numpy as np

from pipeline.corpus.built_in.made_sentences import OTHER, Tagged, as_table, reach
from pipeline.corpus.tagged.table import TaggedTable

N_SENTENCES, SEED = 2_400, 20191
KINDS, CLOSE = ("round", "square", "curly"), "close"
FILLERS = ("far", "late", "warm", "dry", "old", "thin", "loud", "pale")
MOST_OPEN, PAIRS = 4, (2, 6)  # at once; in a sentence, at least and at most
SEEN = 2  # words to each side that a window shows


def make_sentences(n_sentences: int = N_SENTENCES, seed: int = SEED) -> list[Tagged]:
    """Return distinct sentences in which all that is opened is closed."""
    generator = np.random.default_rng(seed)
    found: dict[Tagged, None] = {}
    while len(found) < n_sentences:
        found.setdefault(_sentence(generator))
    return list(found)


def _sentence(generator: np.random.Generator) -> Tagged:
    is_open: list[str] = []
    words: list[tuple[str, str]] = []
    left = int(generator.integers(PAIRS[0], PAIRS[1] + 1))
    while left or is_open:
        opens = left and len(is_open) < MOST_OPEN and (not is_open or generator.random() < 0.6)
        if opens:
            kind = KINDS[int(generator.integers(len(KINDS)))]
            is_open.append(kind)
            left -= 1
            words.append((kind, kind))
        else:
            words.append((CLOSE, is_open.pop()))
        if generator.random() < 0.4:
            words.append((FILLERS[int(generator.integers(len(FILLERS)))], OTHER))
    return tuple(words)


def best_of_window(sentences: list[Tagged], seen: int = SEEN) -> float:
    """Return the share of words that are right on average for a tagger that sees `seen` words to each side.

    What closes something that was opened further back is a guess: its kind was drawn apart from all that is seen.
    """
    right, total = 0.0, 0
    for sentence in sentences:
        opened: list[int] = []
        for place, (word, _) in enumerate(sentence):
            if word in KINDS:
                opened.append(place)
            known = word != CLOSE or place - opened.pop() <= seen
            right += 1.0 if known else 1 / len(KINDS)
        total += len(sentence)
    return right / total


def best_of_counting(sentences: list[Tagged]) -> float:
    """Return the share of words that are right on average where every `close` is a guess between the kinds."""
    return best_of_window(sentences, seen=0)


def read_brackets() -> TaggedTable:
    """Return the corpus, with what can be reached on it."""
    sentences = make_sentences()
    counted, seen = reach(best_of_counting(sentences)), reach(best_of_window(sentences))
    told = (
        f"counting is right on {counted} at most, a tagger that sees two words to each side on {seen},"
        " one that remembers on all"
    )
    return as_table("brackets", sentences, told)
