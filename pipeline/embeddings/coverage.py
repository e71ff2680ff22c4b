"""Low coverage in words: what a file's words look like beside those of the corpus, the likely reason, what to do."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import polars as pl

from pipeline.core.values import Vocabulary
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import LOW_COVERAGE
from pipeline.embeddings.cascade import Resolution
from pipeline.embeddings.request import WordVectors

SHOWN = 5  # words of the file, and of the corpus
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST = 3  # words that a guess has to find, and
_GUESS = 0.05  # so many of the file's words that were looked at
_OWN_SCRIPT = 0.5  # of the words: from here on a script is the file's, or the corpus's


def low_coverage_notes(
    name: str, found: WordVectors, resolution: Resolution, vocabulary: Vocabulary
) -> list[Warned]:
    """Return what to say of a file that has vectors for few of the training tokens: one text, or none.

    Parameters
    ----------
    name : of the file, as results have it
    resolution : which vector each row of the vocabulary below padding and unknown has
    vocabulary : of the training documents, most frequent words first
    """
    counts = vocabulary.counts[2:]
    covered = resolution.places >= 0
    share = float(counts[covered].sum() / max(counts.sum(), 1))
    if not found.sample or share >= LOW_COVERAGE:
        return []
    missing = vocabulary.tokens[2:].filter(pl.Series(~covered & (counts > 0)))
    words = [word for word in missing.to_list() if _LETTER.search(word)]
    theirs = [word for word in found.sample if _LETTER.search(word)] or list(found.sample)
    said = [f"{name}: {_share_in_words(share)}."]
    said += [f"The file's words look like {_listed(theirs[:: max(len(theirs) // SHOWN, 1)])}."]
    said += [f"Frequent words without one: {_listed(words)}."] if words else []
    return [warning("few-vectors", " ".join([*said, guess(theirs, words)]))]


def _share_in_words(share: float) -> str:
    if share == 0:
        return "none of the training words has a vector"
    return f"only {_percent(share)} of 100 training tokens have a vector"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.01 else "fewer than 1"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f'"{word[:40]}"' for word in words[:SHOWN])


# --- the likely reason ---------------------------------------------------------------------------------------


def guess(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """Return the likeliest reason why words of a file are not found, and what to do, as sentences.

    Parameters
    ----------
    theirs : words as the file writes them
    ours : words of the corpus that have no vector

    >>> guess(["w:sail", "w:harbour", "w:crew", "w:sea"], ["harbour", "sail", "crew"])
    'Perhaps a prefix is in the way: "harbour" is written "w:harbour" there. Write the file without it.'
    """
    wanted = {form(word) for word in ours for form in (str, str.lower)}
    for reason, change, fix in _REASONS:
        pairs = [
            (word, changed)
            for word in theirs
            if (changed := change(word)) not in ("", word) and changed in wanted
        ]
        if len(pairs) >= max(_FEWEST, _GUESS * len(theirs)):
            written, meant = max(pairs, key=lambda pair: len(pair[1]))
            return f'Perhaps {reason}: "{meant}" is written "{written}" there. {fix}'
    bare = Counter(map(_bare, ours))
    if sum(bool(bare[_bare(word)]) for word in theirs) >= max(_FEWEST, _GUESS * len(theirs)):
        return "Perhaps accents or vowel signs are in the way: without them words agree. Write both alike."
    return _guess_by_letters(theirs, ours)


def _guess_by_letters(theirs: Sequence[str], ours: Sequence[str]) -> str:
    if not any(_LETTER.search(word) for word in theirs):
        return "Perhaps the file numbers its words, and they lie in another file. Give one with the words themselves."
    if any(mark in word for word in theirs for mark in ("\ufffd", "Ã", "Ð", "Â")):
        return "Perhaps the file's words were written in one encoding and read in another. Fetch it anew as UTF-8."
    scripts = _script(theirs), _script(ours)
    if all(scripts) and scripts[0] != scripts[1]:
        what = f"The file's words are in {scripts[0]} letters, the corpus's in {scripts[1]}"
        return f"{what}. Give vectors of its language."
    what = "Perhaps the vectors are of another language or another subject"
    return f"{what}. Give others, or train: --embeddings word2vec."


def _script(words: Sequence[str]) -> str:
    """Return the script of most words, as Unicode names its letters; empty where none has half of them."""
    first = [found[0] for word in words if (found := _LETTER.search(word))]
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0].capitalize() for letter in first)
    name, count = scripts.most_common(1)[0] if scripts else ("", 0)
    return name if count >= _OWN_SCRIPT * len(first) else ""


def _bare(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _by(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def change(word: str) -> str:
        found = compiled.fullmatch(word)
        return found[1].lower() if found else ""

    return change


_WITHOUT_IT = "Write the file without it."
# (what is in the way, the word without it, what to do), the first that gives words of the corpus
_REASONS: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("a language or another prefix is in the way", _by(r"/?(?:\w+/)+(\w[^/]*)(?:/\w*)?"), _WITHOUT_IT),
    ("a prefix is in the way", _by(r"\w{1,12}[:/|#.@=-]+(\w.*)"), _WITHOUT_IT),
    ("a tag is in the way", _by(r"(\w.*?)(?:[_/|#.:@+=-]+\w{1,12})+"), _WITHOUT_IT),
    ("quotation marks or brackets are in the way", _by(r"[\W_]+(\w.*?)[\W_]*"), _WITHOUT_IT),
    ("a mark at the end is in the way", _by(r"(\w.*?)[\W_]+"), _WITHOUT_IT),
    ("a prefix is in the way", _by(r"[A-Za-z]{1,4}_(\w.*)"), _WITHOUT_IT),
    ("words are joined", _by(r"([^\W_]+)[_-]\w.*"), "Write each word alone."),
)
