"""`TextTagger`: a tagger of a run as scikit-learn has estimators, on lists of words."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from inspect import Parameter, Signature
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from pipeline.api.errors import InvalidInput, as_invalid_input
from pipeline.api.estimator import Estimator, keywords_but
from pipeline.api.fitting import fit_loaded
from pipeline.api.keywords import parameters, with_keywords
from pipeline.api.tagger import Sentence, Tagger, as_sentences, check_lengths
from pipeline.core.clean import plural
from pipeline.core.values import Float32
from pipeline.corpus.losses import NO_TEXT
from pipeline.corpus.tagged.reading import corpus_of
from pipeline.corpus.tagged.table import TaggedTable
from pipeline.corpus.task_of import with_task
from pipeline.models.saved import SavedTagger, load_saved
from pipeline.predict.tagged.answers import Span
from pipeline.predict.tagged.sentences import Sentences, offsets_of
from pipeline.settings.tables import with_values

FIRST = "bilstm:crf@word2vec"


class TextTagger(Estimator):
    """One tagger of a run, fitted on sentences as a run fits it, with what turns words or raw text into its answers.

    Validation sentences, which choose penalties and epochs, are split off inside `fit`, from its sentences alone.

    Parameters
    ----------
    model : str
        As a run names it: `window`, `crf`, `bilstm:crf@word2vec+chars`. A network without a source reads the one that
        `embeddings auto` stands for.
    **settings
        Options of a run by their names, `seed=3`, and every other setting with its table before it,
        `networks__units=64`; docs/reference/configuration.md has them all.

    Attributes
    ----------
    tags_ : tuple of str
        The tags: IOB1 is learned as IOB2.
    notes_ : tuple of str
        What was found on the way, as sentences.

    Examples
    --------
    >>> sentences = [[name, verb] for name in ("Ida", "Bo", "Kim", "Lea") for verb in ("runs", "sings", "waits")]
    >>> tagger = TextTagger("most-frequent").fit(sentences, [["B-PER", "O"]] * 12)
    >>> tagger.predict([["Ida", "waits"]]), tagger.predict_spans(["Bo waits"])[0][0].text
    ([['B-PER', 'O']], 'Bo')
    """

    keywords = keywords_but("run.class_weights")
    tags_: tuple[str, ...]
    notes_: tuple[str, ...]

    def __init__(self, model: str = FIRST, **settings: object) -> None:
        super().__init__(model, **settings)

    def fit(self, sentences: Iterable[Sequence[str]], tags: Iterable[Sequence[str]]) -> TextTagger:
        """Fit the tagger on N sentences, each a list of words, with a tag for each word; return the estimator.

        Sentences without words are left out, as a run leaves them out.

        Raises
        ------
        PipelineError
            For settings that are none, sentences that are no lists of words, other numbers of tags than of words, or
            one tag alone; it is a `ValueError` too.
        """
        with as_invalid_input():
            config = with_task(with_values(self._config(), {"run.task": "tag"}))
            table = _as_table(sentences, tags)
            fitted = fit_loaded(corpus_of(table), config)
        self.notes_ = fitted.notes
        left_out = int(table.left_out[NO_TEXT].sum())
        if left_out:
            self.notes_ = (f"{plural(left_out, 'sentence')} without words left out", *self.notes_)
        if fitted.why_not is not None:
            warnings.warn(f"{fitted.name} did not train: {fitted.why_not}", ConvergenceWarning, stacklevel=2)
        self._take(fitted)
        self.tags_ = self._model.tags_
        return self

    def predict(self, sentences: Iterable[Sentence]) -> list[list[str]]:
        """Return the tag of each word of each sentence, words or a raw text; see `Tagger.predict`."""
        check_is_fitted(self)
        return self._model.predict(sentences)

    def predict_proba(self, sentences: Iterable[Sentence]) -> list[Float32]:
        """Return for each sentence the share of each of `tags_` at each word; float32 (words, C)."""
        check_is_fitted(self)
        return self._model.predict_proba(sentences)

    def predict_spans(self, sentences: Iterable[Sentence]) -> list[list[Span]]:
        """Return the spans of each sentence; see `Tagger.predict_spans`."""
        check_is_fitted(self)
        return self._model.predict_spans(sentences)

    def score(
        self, sentences: Iterable[Sentence], tags: Iterable[Sequence[str]], metric: str | None = None
    ) -> float:
        """Return the F1 of spans, or the share of right tags where these make no spans; see `Tagger.score`."""
        check_is_fitted(self)
        return self._model.score(sentences, tags, metric)

    def _load(self, place: Path, name: str) -> None:
        saved = load_saved(place, name)
        assert isinstance(saved, SavedTagger), "it was fitted to tag words"
        self._model = Tagger(saved)


def _as_table(sentences: Iterable[Sequence[str]], tags: Iterable[Sequence[str]]) -> TaggedTable:
    """Return sentences in memory as reading gives those of a file."""
    read, right = as_sentences(sentences), [*map(list, tags)]
    if not isinstance(read, Sentences):
        fix = "give every sentence as a list of words, whose tags are known one by one"
        raise InvalidInput("texts-expected", "sentences", "these are raw texts", fix)
    check_lengths(offsets_of([*map(len, right)]), read)
    if not read.words:
        raise InvalidInput("one-class", "sentences", "there is no word", "give sentences of words")
    lengths = np.diff(read.offsets)
    return TaggedTable(
        file="sentences",
        words=read.words,
        columns={"tags": [str(tag) for own in right for tag in own]},
        offsets=read.offsets,
        lines=np.arange(1, read.n + 1, dtype=np.int64),
        sections=np.zeros(read.n, dtype=np.int64),
        usual="tags",
        word_column="words",
        left_out={NO_TEXT: lengths == 0},
    )


TextTagger.__signature__ = Signature(  # what `help` and editors show
    [
        Parameter("model", Parameter.POSITIONAL_OR_KEYWORD, default=FIRST, annotation=str),
        *parameters(TextTagger.keywords),
    ]
)
TextTagger.__doc__ = with_keywords(TextTagger.__doc__, TextTagger.keywords)
