"""Networks: a network's equations in NumPy on its own weights, and on documents in which a word is exchanged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from pipeline.core.models import networks
from pipeline.core.names import ModelName
from pipeline.core.resources import one_blas_thread
from pipeline.core.seeds import stage_generator
from pipeline.core.values import (
    UNKNOWN_ROW,
    Bool,
    Float32,
    IndexedCorpus,
    Int32,
    Int64,
    TokenizedCorpus,
    Vocabulary,
)
from pipeline.models.equations.network import Weights, run_network, weight_shapes
from pipeline.models.equations.output import embed, softmax
from pipeline.models.networks.batches import Batch, batches, shuffle_words, visible
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.saved.contributions import Common, Contributions, Places, occlude
from pipeline.run_folder.models import WEIGHTS, Description, read_arrays, read_embedding
from pipeline.run_folder.reading import CONFIG
from pipeline.settings.reading import load_config
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import tokenize
from pipeline.text.vocabulary import encode_known

TABLE = "embedding/embeddings"  # the weight of a tuned table; one that rests is saved once for all models
_BATCH = 64
_MOST_TIMESTEPS = 25_600  # in a batch: every state is kept
_WEIGHTS_OF_A_STEP = 60_000  # what the rest of a timestep of one layer and direction takes, in weights
_WEIGHTS_TO_AVERAGE = 30_000  # what reading a vector into an average takes

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class SavedNetwork:
    """A trained network with all that turns tokens into its answers."""

    name: str  # as the run names it, such as "lstm:max@word2vec"
    label_names: tuple[str, ...]  # (C,)
    tokenizer: TokenizerSettings
    spec: NetworkSpec
    weights: Weights  # float32, in the names of the file, the table left out
    vocabulary: Vocabulary
    table: Float32  # (V, D), as the network reads it
    covered: Bool  # (V,), whether a row has a vector
    max_tokens: int
    keep: str
    shuffle_seed: int | None = None  # of a network that reads documents whose words are shuffled

    @property
    def method(self) -> str | None:
        """Words are exchanged one by one; None where it is not kept which place a word came from."""
        return "occlusion" if self.shuffle_seed is None else None

    def answer(self, texts: pl.Series) -> Float32:
        """Return each text's distribution over the classes; float32 (N, C)."""
        return self.probabilities(self.as_read(tokenize(texts, self.tokenizer)))

    def as_read(self, tokenized: TokenizedCorpus) -> IndexedCorpus:
        """Return documents as the network reads them: rows, cut to length, shuffled where it was trained so.

        Words are shuffled as the run shuffled them if the documents are those of one of its parts, in its order.
        """
        cut = self._cut(encode_known(tokenized, self.vocabulary, self.covered))
        if self.shuffle_seed is None:
            return cut
        return shuffle_words(cut, stage_generator(self.shuffle_seed, "shuffled words"))

    def probabilities(self, indexed: IndexedCorpus) -> Float32:
        """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
        probabilities = np.zeros((indexed.n_docs, len(self.label_names)), dtype=np.float32)

        def answer(batch: Batch) -> None:
            probabilities[batch.documents] = softmax(self._logits(self.table, batch.rows, batch.lengths))

        _in_two_threads(answer, batches(indexed, _BATCH, None, _MOST_TIMESTEPS))
        return probabilities

    def contributions(
        self, tokenized: TokenizedCorpus, places: Places = None, most_work: float = math.inf
    ) -> list[Contributions]:
        """Return what each token that is asked for adds to the answer to its document, found by `occlude`.

        The average word, the mean vector of the training documents' tokens, takes the place of each.

        Raises
        ------
        ValueError
            If the network reads shuffled words.
        """
        if self.method is None:
            raise ValueError(f"which place a word came from is not kept of {self.name}")
        lengths = np.maximum(np.diff(tokenized.offsets), 1)  # an empty document reads the unknown row
        rows, read = _each(self.as_read(tokenized)), _each(self._cut(_places(lengths)))
        asked = [
            np.flatnonzero(np.isin(own, places[document])) if places is not None else np.arange(len(own))
            for document, own in enumerate(read)
        ]
        timesteps = np.cumsum([len(own) * (len(wanted) + 1) for own, wanted in zip(read, asked, strict=True)])
        affordable = int((timesteps * self.weights_a_step() <= most_work).sum())
        table = np.concatenate([self.table, self._average_word()[None]])  # (V + 1, D)

        def logits(rows: Int32, lengths: Int32) -> Float32:
            return self._logits(table, rows, lengths)

        def of_document(document: int) -> Contributions:
            one = occlude(logits, rows[document], asked[document], len(self.table), _MOST_TIMESTEPS)
            words = np.full(lengths[document], np.nan)
            words[read[document]] = one.words
            return replace(one, words=words)

        return _in_two_threads(of_document, range(affordable))

    def weights_a_step(self) -> int:
        """Return what a timestep takes: the weights that it goes through, and the rest of its work as so many more."""
        kernels = [
            self.weights[name].size
            for name in self.weights
            if name.startswith("recurrent_") and "bias" not in name
        ]
        return sum(kernels) + _WEIGHTS_OF_A_STEP * len(kernels) // 2 or _WEIGHTS_TO_AVERAGE

    def _cut(self, indexed: IndexedCorpus) -> IndexedCorpus:
        return visible(indexed, max_tokens=self.max_tokens, keep=self.keep).indexed

    def _logits(self, table: Float32, rows: Int32, lengths: Int32) -> Float32:
        """Return the logits of documents, rows (B, T) of the table, in float32 (B, C)."""
        run = run_network(self.spec, self.weights, embed(table, rows), lengths)
        return run.logits.astype(np.float32)

    def _average_word(self) -> Float32:
        """Return the mean vector of the training documents' tokens, (D,); those without a vector read as unknown."""
        counts = self.vocabulary.counts.astype(np.float64)  # (V,)
        read = np.where(self.covered, np.arange(len(self.table)), UNKNOWN_ROW)
        average: Float32 = (counts @ self.table[read] / max(counts.sum(), 1.0)).astype(np.float32)
        return average


def _in_two_threads(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what `work` makes of each item: a timestep's products are too short for threads of their own."""
    with one_blas_thread(), ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(work, items))


def _each(indexed: IndexedCorpus) -> list[Int32]:
    """Return the rows of each document."""
    return np.split(indexed.indices, indexed.offsets[1:-1])


def _places(lengths: Int64) -> IndexedCorpus:
    """Return documents whose tokens are their places, 0, 1, ..: what is left of them is what a network reads."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    return IndexedCorpus(places.astype(np.int32), offsets)


# --- from files


def read_network(folder: Path, described: Description, own: Common) -> SavedNetwork:
    """Return the network of a folder; `own` is what it has in common with every kind of model.

    Raises
    ------
    PipelineError
        If a file is missing or damaged.
    KeyError, TypeError, ValueError
        If `described` is not what a network's `model.json` holds.
    """
    spec, max_tokens = NetworkSpec(**described["network"]), int(described["max_tokens"])
    if spec.head not in (networks()[spec.model].heads or ("",)):
        raise ValueError(f'{spec.model} has no head "{spec.head}"')
    if len(own[1]) != spec.n_classes:
        raise ValueError(f"{spec.n_classes} classes, {len(own[1])} labels")
    embedding = folder.parent / described["embedding"]
    vocabulary, vectors, covered = read_embedding(embedding, spec.embedding_dim, spec.embedding_rows)
    table_shape = {TABLE: vectors.shape} if spec.tuned else {}
    weights = read_arrays(folder / WEIGHTS, weight_shapes(spec) | table_shape)
    table = weights.pop(TABLE, vectors)
    seed = None
    if ModelName.parse(own[0]).shuffled_words:
        seed = load_config(folder.parent.parent / CONFIG).run.seed
    reading = max_tokens, str(described["keep"]), seed
    return SavedNetwork(*own, spec, weights, vocabulary, table, covered, *reading)
