"""A trained tagger, asked from Python: a tag for each word, and spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import polars as pl

from pipeline.api.documents import as_texts
from pipeline.api.errors import InvalidInput
from pipeline.core.clean import has_surrogates
from pipeline.core.values import Float32
from pipeline.models.saved import SavedTagger
from pipeline.predict.tagged.answers import Answered, Span, answer
from pipeline.predict.tagged.scored import as_answers
from pipeline.predict.tagged.sentences import Sentences, offsets_of
from pipeline.tasks.table import METRICS

Sentence = str | Sequence[str]  # a raw text, or its words
SPAN_F1, TOKEN_ACCURACY = "span-f1", "token-accuracy"


@dataclass(frozen=True, eq=False)
class Tagger:
    """A trained tagger; it answers in NumPy, without TensorFlow.

    Sentences are lists of words, or raw texts, which are cut into words (`words` says which); a text is one sentence.
    One has the same answer, to the last bit, whatever stands beside it.

    Attributes
    ----------
    name : str
        As the run names it, such as `bilstm:crf@word2vec`.
    tags_ : tuple of str
        The tags, in the order of the columns of `predict_proba`.
    """

    saved: SavedTagger = field(repr=False)
    reload: Callable[[], object] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The tagger as the run names it."""
        return self.saved.name

    @property
    def tags_(self) -> tuple[str, ...]:
        """The tags, (C,)."""
        return self.saved.label_names

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        """Return what loads it again."""
        if self.reload is None:
            raise InvalidInput(
                "model-in-no-folder", self.name, "it lies in no folder to load it from again", "save it first"
            )
        return self.reload, ()

    def __repr__(self) -> str:
        """Return its name and tags."""
        return f"Tagger({self.name!r}, tags_={list(self.tags_)})"

    def words(self, sentences: Iterable[Sentence]) -> list[list[str]]:
        """Return the words of each sentence: those that were given, or those that a raw text is cut into."""
        read = self._read(sentences)
        return [list(read.words[start:end]) for start, end in pairwise(read.offsets.tolist())]

    def predict(self, sentences: Iterable[Sentence]) -> list[list[str]]:
        """Return the tag of each word of each sentence: those of the best sequence.

        Raises
        ------
        PipelineError
            If `sentences` is a single text, or holds something that is no sentence.
        """
        answered = self._answered(sentences)
        names = [str(name) for name in answered.names]
        return [names[start:end] for start, end in pairwise(answered.sentences.offsets.tolist())]

    def predict_proba(self, sentences: Iterable[Sentence]) -> list[Float32]:
        """Return for each sentence the share of each tag at each word; float32 (words, C)."""
        words, _ = self._read(sentences).to_answer()
        shares = self.saved.tag(words).shares
        return [shares[start:end] for start, end in pairwise(words.offsets.tolist())]

    def predict_spans(self, sentences: Iterable[Sentence]) -> list[list[Span]]:
        """Return the spans of each sentence: `type`, `start`, `end`, `text`, `confidence`.

        `start` and `end` count words; of raw texts `characters` says where in the text. Tags that make no spans, such
        as parts of speech, give none.
        """
        return list(self._answered(sentences).spans())

    def score(
        self, sentences: Iterable[Sentence], tags: Iterable[Sequence[str]], metric: str | None = None
    ) -> float:
        """Return how well tags are found: the F1 of spans, or the share of right tags where these make no spans.

        Parameters
        ----------
        metric : str, optional
            `span-f1` or `token-accuracy`.
        """
        read = self._read(sentences)
        right = [*map(list, tags)]
        check_lengths(offsets_of([*map(len, right)]), read)
        told = Sentences(
            read.words, read.offsets, {}, [tag for own in right for tag in own], beside=read.beside
        )
        found = as_answers(answer(self.saved, told))
        if found is None:
            raise InvalidInput("one-label-a-text", "sentences", "there is no word", "give sentences of words")
        own = SPAN_F1 if self.saved.tagset.scheme != "plain" else TOKEN_ACCURACY
        if metric not in (None, SPAN_F1, TOKEN_ACCURACY):
            raise InvalidInput(
                "unknown-choice", "metric", f"{metric!r} is none", f"give {SPAN_F1} or {TOKEN_ACCURACY}"
            )
        return METRICS[metric or own].value(found)

    def _answered(self, sentences: Iterable[Sentence]) -> Answered:
        return answer(self.saved, self._read(sentences))

    def _read(self, sentences: Iterable[Sentence]) -> Sentences:
        given = as_sentences(sentences)
        if not isinstance(given, pl.Series):
            return given
        cut = self.saved.tokenize(given)
        words = cut.types.gather(cut.token_types).to_list()
        return Sentences(words, cut.offsets, {}, beside=(pl.DataFrame(), self.saved.read(given).to_list()))


def as_sentences(sentences: Iterable[Sentence], where: str = "sentences") -> Sentences | pl.Series:
    """Return sentences of words as they are; raw texts as a column, (N,).

    Raises
    ------
    InvalidInput
        If it is a single text, or holds something that is no sentence.
    """
    found = sentences if isinstance(sentences, str | bytes | pl.Series) else _listed(sentences, where)
    if isinstance(found, str | bytes | pl.Series) or (found and all(isinstance(one, str) for one in found)):
        return as_texts(found, where)  # type: ignore[arg-type]
    for place, own in enumerate(found):
        if (
            isinstance(own, str)
            or not isinstance(own, Iterable)
            or not all(isinstance(word, str) for word in own)
        ):
            what = f"sentence {place} is no list of words"
            raise InvalidInput(
                "texts-expected", where, what, "give every sentence as words, or every one as a text"
            )
        if any(map(has_surrogates, own)):
            what = f"sentence {place} holds half of a surrogate pair, which is no character"
            raise InvalidInput("texts-expected", where, what, "decode it again")
    lists = [[str(word) for word in own] for own in found]
    return Sentences([word for own in lists for word in own], offsets_of([*map(len, lists)]), {})


def _listed(sentences: Iterable[Sentence], where: str) -> list[Sentence]:
    if not isinstance(sentences, Iterable):
        what = f"{type(sentences).__name__} holds no sentences"
        raise InvalidInput("texts-expected", where, what, "give a list of sentences")
    return [*sentences]


def check_lengths(tags: object, read: Sentences, where: str = "tags") -> None:
    """Raise InvalidInput where tags, by the offsets of their sentences, are not one a word."""
    own, of = list(tags), read.offsets.tolist()  # type: ignore[call-overload]
    if len(own) != len(of):
        what = f"there are tags for {len(own) - 1:,} sentences, and {read.n:,} sentences"
        raise InvalidInput("one-label-a-text", where, what, "give a list of tags a sentence")
    for place, ((start, end), (first, last)) in enumerate(zip(pairwise(own), pairwise(of), strict=True)):
        if end - start != last - first:
            what = f"sentence {place} has {end - start} tags for {last - first} words"
            raise InvalidInput("one-label-a-text", where, what, "give one tag a word")
