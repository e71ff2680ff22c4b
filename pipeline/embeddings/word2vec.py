"""`word2vec`: gensim's Word2Vec on the training documents, and on unlabelled text where there is some."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.core.resources import n_threads
from pipeline.core.values import Int32, Int64, TokenizedCorpus
from pipeline.core.warned import Warned, warning
from pipeline.embeddings.kept import cached_vectors, training_key
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.settings.tables import Word2VecSettings
from pipeline.text.vocabulary import rows_of

if TYPE_CHECKING:
    from gensim.models import Word2Vec

GENSIM_LINE = 10_000  # gensim drops, without a word, what stands after this many tokens of a line
_LINES_PER_WRITE = 4096
_TOKENS_READ, _FEWEST_EPOCHS, _MOST_EPOCHS = 8_000_000, 5, 100


@dataclass(frozen=True, eq=False)
class Text:
    """What gensim is trained on: documents as word numbers, and how often each word occurs in all of them."""

    words: pl.Series  # string (W,)
    counts: Int64  # (W,)
    numbered: list[tuple[Int32, Int64]]  # (numbers, offsets) of each corpus

    @property
    def tokens(self) -> int:
        """The number of tokens."""
        return int(self.counts.sum())


def train_word2vec(request: EmbeddingRequest) -> WordVectors:
    """Return gensim's vectors for the words of the training documents and the unlabelled text.

    Returns
    -------
    WordVectors
        float32 (W, `word2vec.vector_size`); W words that occur `word2vec.min_count` times or more. With too
        little text for `min_count` it is lowered, and a note says so.

    Raises
    ------
    PipelineError
        If there is no token to train on.

    Notes
    -----
    Skip-gram with negative sampling, or CBOW [1]_. gensim reads a file of word numbers instead of lists of
    strings: it splits that in C without holding the interpreter lock, and a number cannot hold a blank.
    Repeatable only with one worker (`--deterministic`).

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado, Dean (2013), arXiv:1310.4546, eq. 4.
    """
    key = training_key("word2vec", request, request.word2vec)
    return cached_vectors(request.cache, key, lambda: _train(request))


def _train(request: EmbeddingRequest) -> WordVectors:
    from gensim.models import Word2Vec

    text = read_text(request, "word2vec")
    options, facts = gensim_options(request, text)
    model = Word2Vec(**options)
    kept = train_on_numbers(model, text, facts["epochs"], request.on_epoch)
    vectors = np.asarray(model.wv.vectors, dtype=np.float32)
    notes = lowered_min_count(request, text, facts["min_count"], "word2vec")
    return WordVectors(text.words.gather(kept), vectors, {**described(request.word2vec), **facts}, notes)


def read_text(request: EmbeddingRequest, source: str) -> Text:
    """Return the training documents and the unlabelled text as numbers of their distinct words."""
    corpora = [request.train] if request.unlabelled is None else [request.train, request.unlabelled]
    words, numbered = _number_words(corpora)
    if len(words) == 0:
        raise PipelineError(
            "no-token-left", source, "the training documents hold no token", "look at the text column"
        )
    counts = np.sum([np.bincount(numbers, minlength=len(words)) for numbers, _ in numbered], axis=0)
    return Text(words, counts, numbered)


def gensim_options(request: EmbeddingRequest, text: Text) -> tuple[dict[str, object], dict[str, int]]:
    """Return gensim's own options for this text, and the settings that the text decided."""
    settings = request.word2vec
    facts = {
        "epochs": fitting_epochs(settings.epochs, text.tokens),
        "min_count": fitting_min_count(text.counts, settings.min_count),
        "workers": 1 if request.deterministic else settings.workers or n_threads(),
        "tokens": text.tokens,
    }
    as_they_are = ("vector_size", "window", "negative", "ns_exponent", "sample", "alpha", "min_alpha")
    options = {
        **{name: getattr(settings, name) for name in as_they_are},
        "sg": int(settings.algorithm == "skip-gram"),
        "hs": int(settings.hierarchical_softmax),
        "shrink_windows": settings.shrink_windows,
        "cbow_mean": int(settings.cbow_mean),
        "min_count": facts["min_count"],
        "workers": facts["workers"],
        "seed": request.seed + 1,
    }
    return options, facts


def train_on_numbers(
    model: Word2Vec,
    text: Text,
    epochs: int,
    on_epoch: Callable[[int, int], None],
    prepare: Callable[[Word2Vec], None] = lambda model: None,
) -> Int64:
    """Train a gensim model on the text; return the numbers of the words it kept, in its own order.

    `prepare` is given the model when it has its vocabulary and has not been trained.
    """
    frequencies = {
        str(number): int(text.counts[number]) for number in np.argsort(-text.counts, kind="stable")
    }
    with tempfile.TemporaryDirectory(prefix="embedseq-") as folder:
        path = Path(folder) / "tokens.txt"
        lines = write_number_lines(path, text.numbered)
        model.build_vocab_from_freq(frequencies, corpus_count=lines)
        prepare(model)
        model.train(
            corpus_file=str(path),
            total_examples=lines,
            total_words=text.tokens,
            epochs=epochs,
            callbacks=[_epoch_callback(on_epoch, epochs)],
        )
    return np.array(model.wv.index_to_key, dtype=np.int64)


def fitting_min_count(counts: Int64, wanted: int) -> int:
    """Return the largest min_count up to `wanted` that keeps at least half of the tokens.

    >>> fitting_min_count(np.array([5, 4, 1]), 2), fitting_min_count(np.array([1, 1, 1]), 2)
    (2, 1)
    """
    total = counts.sum()
    fitting = (least for least in range(wanted, 1, -1) if 2 * counts[counts >= least].sum() >= total)
    return next(fitting, 1)


def fitting_epochs(wanted: int, tokens: int) -> int:
    """Return the number of epochs: `wanted`, or where that is 0 enough to read eight million tokens.

    Five passes over a small corpus leave the vectors near their random start (docs/decisions has figures).

    >>> fitting_epochs(0, 50_000), fitting_epochs(0, 1_000_000), fitting_epochs(0, 9_000_000)
    (100, 8, 5)
    """
    return wanted or min(max(_TOKENS_READ // max(tokens, 1), _FEWEST_EPOCHS), _MOST_EPOCHS)


def write_number_lines(path: Path, numbered: list[tuple[Int32, Int64]]) -> int:
    """Write documents as lines of word numbers, at most 10,000 a line; return the number of lines."""
    lines = 0
    with path.open("wb") as file:
        for numbers, offsets in numbered:
            bounds = _line_bounds(offsets)
            for start in range(0, len(bounds) - 1, _LINES_PER_WRITE):
                file.write(_lines_of(numbers, bounds[start : start + _LINES_PER_WRITE + 1]))
            lines += len(bounds) - 1
    return lines


def _line_bounds(offsets: Int64) -> Int64:
    """Return where lines start and end: document bounds, and a cut after each 10,000 tokens of a document."""
    long = np.flatnonzero(np.diff(offsets) > GENSIM_LINE)
    cuts = [np.arange(offsets[one] + GENSIM_LINE, offsets[one + 1], GENSIM_LINE) for one in long]
    return np.unique(np.concatenate([offsets, *cuts]))


def _lines_of(numbers: Int32, bounds: Int64) -> bytes:
    """Return the tokens between `bounds` as lines of blank-separated numbers, in UTF-8."""
    text = pl.Series(numbers[bounds[0] : bounds[-1]]).cast(pl.String)
    lengths = np.diff(bounds)
    line = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    joined = (
        pl.DataFrame({"line": line, "text": text}).group_by("line", maintain_order=True).agg(pl.col("text"))
    )
    lines = joined["text"].list.join(" ")
    return ("\n".join(lines.to_list()) + "\n").encode()


def _number_words(corpora: list[TokenizedCorpus]) -> tuple[pl.Series, list[tuple[Int32, Int64]]]:
    """Return the distinct words of all corpora, and each corpus as numbers into them with its offsets.

    Only words that occur: `types` may hold words of documents that are not in the corpus.
    """
    used = [np.bincount(corpus.token_types, minlength=len(corpus.types)) > 0 for corpus in corpora]
    occurring = [corpus.types.filter(pl.Series(mask)) for corpus, mask in zip(corpora, used, strict=True)]
    words = pl.concat(occurring).unique(maintain_order=True)
    return words, [(rows_of(corpus.types, words)[corpus.token_types], corpus.offsets) for corpus in corpora]


def _epoch_callback(on_epoch: Callable[[int, int], None], epochs: int) -> object:
    from gensim.models.callbacks import CallbackAny2Vec

    class ReportEpoch(CallbackAny2Vec):
        """Tell the terminal after each epoch."""

        def __init__(self) -> None:
            self.done = 0

        def on_epoch_end(self, model: object) -> None:
            self.done += 1
            on_epoch(self.done, epochs)

    return ReportEpoch()


def described(settings: Word2VecSettings) -> dict[str, Json]:
    """Return the settings that the report shows."""
    names = ("algorithm", "vector_size", "window", "negative", "sample", "alpha")
    return {name: getattr(settings, name) for name in names}


def lowered_min_count(request: EmbeddingRequest, text: Text, used: int, source: str) -> tuple[Warned, ...]:
    """Return a note if the text was too small for the `min_count` of the settings."""
    wanted = request.word2vec.min_count
    if used == wanted:
        return ()
    what = f"min_count {wanted} would leave fewer than half of the {text.tokens} tokens; {used} was used"
    return (warning("min-count-lowered", f"{source}: {what}"),)
