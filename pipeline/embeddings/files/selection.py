"""Which words of a vector file are kept, whatever its format, and how the file writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.cascade import by_letters, holds_semitic
from pipeline.embeddings.files.spellings import Spelling, Written, find_spelling
from pipeline.embeddings.files.tokenizer_file import Tokens
from pipeline.embeddings.files.word_encodings import WordDecoder
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.unicode import one_form

_MOST_SAMPLED = 2000
_SHOWN = 4  # languages


@dataclass
class WordSample:
    """Words as the file writes them, evenly spread over it, whatever its size."""

    words: list[str] = field(default_factory=list)
    _step: int = 1
    _skip: int = 0  # words to pass over before the next one is taken

    def add(self, words: Sequence[str]) -> None:
        """Look at the next words of the file."""
        self.words += words[self._skip :: self._step]
        self._skip = (self._skip - len(words)) % self._step
        while len(self.words) > _MOST_SAMPLED:
            self._skip += self._step if len(self.words) % 2 else 0
            self.words, self._step = self.words[::2], 2 * self._step


def _in_one_form(words: Sequence[str]) -> Sequence[str]:
    """Return words in the Unicode form of the corpus's tokens."""
    others = [place for place, word in enumerate(words) if not word.isascii()]
    if not others:
        return words
    forms = one_form(pl.Series([words[place] for place in others], dtype=pl.String), TokenizerSettings())
    changed = list(words)
    for place, form in zip(others, forms.to_list(), strict=True):
        changed[place] = form
    return changed


class Selection:
    """Keep wanted words, the first of duplicates; count what is met on the way.

    Parameters
    ----------
    wanted : string Series or None
        A word is kept if it or its lower-case form is among these, or a Hebrew or Arabic word by its letters;
        None keeps every word.
    language : str
        Of a file whose words stand behind their language the one to keep; empty: the one that has most of `wanted`.
    """

    def __init__(self, wanted: pl.Series | None, language: str = "") -> None:
        self._wanted = None if wanted is None else frozenset(wanted.to_list())
        self._language = language
        # Where the corpus writes words without vowel signs, the file may have them.
        self._by_letters = wanted is not None and holds_semitic(wanted)
        self._also: set[str] = set()  # words of the file that are wanted in another form of their letters
        self._kept: dict[Written, int] = {}  # without tags: the first row of a word counts
        self._spelling: Spelling | None = None
        self._languages: Counter[str] = Counter()
        self._marked = 0  # words with a tag
        self._decoder = WordDecoder(None if wanted is None else self._is_wanted)
        self.sample = WordSample()
        self.rows = 0  # words met
        self.repeated = 0  # kept words that came again
        self.blank = 0  # rows without a word

    @property
    def replaced(self) -> int:
        """Words with bytes that are not text in the file's encoding."""
        return self._decoder.replaced

    @property
    def words(self) -> list[str]:
        """The kept words in file order, before one language is chosen of several."""
        return [written.word for written in self._kept]

    def choose(self, words: Sequence[bytes]) -> list[int]:
        """Return the places of the words to keep among the next words of the file."""
        return self.choose_text(self._decoder.decode(words))

    def choose_text(self, words: Sequence[str]) -> list[int]:
        """Return the places of the words to keep among the next words of the file, which are text already."""
        if self.rows == 0:
            self._spelling = find_spelling(words)
        self.rows += len(words)
        self.sample.add(words)
        words = _in_one_form(words)
        self.blank += sum(not word or word.isspace() for word in words)
        written = self._read(words)
        if self._by_letters:
            self._want_by_letters([one.word for one in written if one is not None and not one.word.isascii()])
        return [place for place, one in enumerate(written) if one is not None and self._is_new(one)]

    def _read(self, words: Sequence[str]) -> list[Written | None]:
        """Return what the file means by what it writes; tags and languages are counted, tags left out."""
        if self._spelling is None:
            may_be = self._by_letters
            return [Written(word, "") if may_be or self._is_wanted(word) else None for word in words]
        written = [self._spelling.read(word) for word in words]
        if self._spelling.marks == "language":
            self._languages.update(one.mark for one in written if one is not None)
            return written
        self._marked += sum(one is not None and one.mark != "" for one in written)
        return [one and Written(one.word, "") for one in written]

    def _want_by_letters(self, words: list[str]) -> None:
        """Have words kept that are wanted in another form of their letters."""
        letters = by_letters(pl.Series(words, dtype=pl.String)).to_list()
        wanted = self._wanted or frozenset()
        self._also |= {word for word, form in zip(words, letters, strict=True) if form in wanted}

    def take_tokens(self, tokens: Tokens, drop_unknown: bool) -> list[int]:
        """Return the tokens of the words to keep: wanted words that are one token; without wanted ones every token."""
        numbers = tokens.numbers()
        self.rows += len(numbers)
        self.sample.add(list(numbers))
        if self._wanted is None:
            self._kept = {Written(name, ""): place for place, name in enumerate(numbers)}
            return list(numbers.values())
        words = sorted(self._wanted)
        pieces = tokens.pieces(words, drop_unknown)
        whole = {word: own[0] for word, own in zip(words, pieces, strict=True) if len(own) == 1}
        self._kept = {Written(word, ""): place for place, word in enumerate(whole)}
        return list(whole.values())

    def _is_wanted(self, word: str) -> bool:
        if self._wanted is None or word in self._wanted or word.lower() in self._wanted:
            return True
        return word in self._also

    def _is_new(self, written: Written) -> bool:
        if not self._is_wanted(written.word):
            return False
        if written in self._kept:
            self.repeated += 1
            return False
        self._kept[written] = len(self._kept)
        return True

    # --- at the end of the file -------------------------------------------------------------------------------

    def settle(self) -> tuple[list[str], list[int]]:
        """Return the words in file order, and the place of each among the kept ones: those of one language.

        Raises
        ------
        PipelineError
            If the language that was asked for is not in the file.
        """
        if not self._languages:
            return self.words, list(range(len(self._kept)))
        chosen = self._chosen_language()
        # What has no language, such as punctuation, is of every one.
        groups = [
            [(one.word, place) for one, place in self._kept.items() if one.mark == mark]
            for mark in (chosen, "")
        ]
        first: dict[str, int] = {}
        for word, place in chain(*groups):
            first.setdefault(word, place)
        places = sorted(first, key=lambda word: first[word])
        return places, [first[word] for word in places]

    def _chosen_language(self) -> str:
        if self._language and self._language not in self._languages:
            held = ", ".join(name for name, _ in self._languages.most_common(10) if name)
            what = f'no word of the file is of the language "{self._language}"; it has {held}'
            raise PipelineError(
                "no-such-language", "embeddings.language", what, "name one of these, or leave it out"
            )
        return self._language or self._best_language()

    def _best_language(self) -> str:
        covered = self._covered()
        return max(filter(None, self._languages), key=lambda name: (covered[name], self._languages[name]))

    def _covered(self) -> Counter[str]:
        """Return how many kept words each language has."""
        return Counter(written.mark for written in self._kept)

    def notes(self) -> list[Warned]:
        """Return what a reader should know of how the words were read."""
        return [*self._spelling_notes(), *self._encoding_notes(), *self._blank_notes()]

    def _spelling_notes(self) -> list[Warned]:
        if self._spelling is None:
            return []
        if self._languages:
            return [warning("one-language-of-many", self._language_note())]
        shown = self._spelling.shown
        if self._spelling.marks == "tag":
            some = "words have a tag" if self._marked < self.rows else "no word is without a tag"
            told = f"{some} ({shown}); the vector of a word's first tag counts, and it is looked up without"
            return [warning("words-with-tags", told)]
        told = f"words are pieces of a tokenizer, like {shown}: those that are whole words are read"
        return [warning("words-are-pieces", told)]

    def _language_note(self) -> str:
        chosen, covered = self._chosen_language(), self._covered()
        shown = self._spelling.shown.replace("en", chosen, 1) if self._spelling else ""
        others = [name for name, _ in covered.most_common(_SHOWN) if name not in (chosen, "")]
        names = len([name for name in self._languages if name])
        what = f"words are written like {shown}, in {names} languages"
        if names == 1:
            return f"words are written like {shown}: {chosen} is the one language"
        if self._language:
            return f"{what}: {chosen} is read, as embeddings.language says"
        counts = "; ".join([str(covered[chosen]), *(f"{name} {covered[name]}" for name in others)])
        why = f"which has most words of the corpus ({counts})"
        return f"{what}: {chosen} is read, {why}; embeddings.language names another"

    def _encoding_notes(self) -> list[Warned]:
        name = self._decoder.encoding
        told = f"words are not UTF-8: read as {name}, which gives words of the corpus"
        return [] if name == "utf-8" else [warning("words-not-utf-8", told)]

    def _blank_notes(self) -> list[Warned]:
        rows = "1 row has" if self.blank == 1 else f"{self.blank} rows have"
        return [warning("rows-without-a-word", f"{rows} no word, or a blank for one")] if self.blank else []
