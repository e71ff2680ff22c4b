"""`agreement`: each verb's tag is the number of its subject, which stands far before it, with other nouns between.

"the letter near the gardens behind the tower slowly and quietly vanished and returned": `vanished` and `returned` are
`singular`, since `letter` is. No verb shows a number, every noun in between has one of its own, drawn apart from the
subject's, and two words stand between the last noun and the verb. So whoever counts the tags of a word, or sees two
words to each side, has a verb right every other time; a tagger that carries the subject's number along has them all
(Linzen, Dupoux, Goldberg 2016, Assessing the ability of LSTMs to learn syntax-sensitive dependencies, section 2, ask
the same of English).
"""

from __future__ import annotations

import numpy as np

from pipeline.corpus.built_in.made_sentences import OTHER, Tagged, as_table, reach
from pipeline.corpus.tagged.table import TaggedTable

N_SENTENCES, SEED = 2_400, 20161
MOST_BETWEEN = 3  # nouns between subject and verb; at least one
NUMBERS = ("singular", "plural")
NOUNS = (
    "letter", "garden", "tower", "window", "basket", "engine", "ladder", "mirror", "pillow", "ribbon",
    "saddle", "temple", "wagon", "candle", "button", "lantern", "bridge", "cottage", "blanket", "hammer",
)  # fmt: skip
PLACES = ("near", "behind", "below", "above", "beside", "under")
MANNERS = ("slowly", "quietly", "suddenly", "finally", "nearly", "gladly", "hardly", "rarely")
VERBS = (
    "vanished",
    "returned",
    "fell",
    "burned",
    "appeared",
    "shook",
    "moved",
    "broke",
    "lasted",
    "remained",
)


def make_sentences(n_sentences: int = N_SENTENCES, seed: int = SEED) -> list[Tagged]:
    """Return distinct sentences; half of the subjects are plural, and of the nouns between."""
    generator = np.random.default_rng(seed)
    found: dict[Tagged, None] = {}
    while len(found) < n_sentences:
        found.setdefault(_sentence(generator))
    return list(found)


def _sentence(generator: np.random.Generator) -> Tagged:
    def pick(words: tuple[str, ...]) -> str:
        return words[int(generator.integers(len(words)))]

    def noun() -> tuple[tuple[str, str], str]:
        number = pick(NUMBERS)
        return (pick(NOUNS) + ("s" if number == "plural" else ""), number), number

    subject, number = noun()
    words = [("the", OTHER), subject]
    for _ in range(int(generator.integers(1, MOST_BETWEEN + 1))):
        words += [(pick(PLACES), OTHER), ("the", OTHER), noun()[0]]
    words += [(pick(MANNERS), OTHER), ("and", OTHER), (pick(MANNERS), OTHER), (pick(VERBS), number)]
    return (*words, ("and", OTHER), (pick(VERBS), number))


def best_of_counting(sentences: list[Tagged]) -> float:
    """Return the share of words that are right on average where every verb is a guess between two numbers."""
    words = [word for sentence in sentences for word, _ in sentence]
    n_verbs = sum(word in VERBS for word in words)
    return 1 - n_verbs / 2 / len(words)


def read_agreement() -> TaggedTable:
    """Return the corpus, with what can be reached on it."""
    sentences = make_sentences()
    least = reach(best_of_counting(sentences))
    told = f"a tagger that sees two words to each side is right on {least} at most, one that remembers on all"
    return as_table("agreement", sentences, told)
