"""Networks: a network's equations in NumPy on its own weights, and on documents in which a word is exchanged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from pipeline.core.models import networks
from pipeline.core.names import ModelName
from pipeline.core.resources import in_two_threads, one_blas_thread
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
from pipeline.models.equations.network import Weights, logits_of_rows, weight_shapes
from pipeline.models.equations.output import SHARES, sigmoid, softmax
from pipeline.models.equations.values import Array
from pipeline.models.networks.batches import Batch, batches, visible, words_in_own_order
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.saved.model import Common, Contributions, Places, SavedModel, alone, contrast
from pipeline.run_folder.models import SavedFiles
from pipeline.tasks.answers import Answers
from pipeline.tasks.task import DocumentTask
from pipeline.text.ragged import split
from pipeline.text.vocabulary import encode_known

TABLE = "embedding/embeddings"  # the weight of a tuned table; one that rests is saved once for all models
_BATCH = 128  # fewer wait for each other's threads, more than these gain nothing
_MOST_TIMESTEPS = 51_200  # in a batch: every state is kept
_WEIGHTS_OF_A_STEP = 60_000  # what the rest of a timestep of one layer and direction takes, in weights
_WEIGHTS_TO_AVERAGE = 30_000  # what reading a vector into an average takes


@dataclass(frozen=True, eq=False)
class SavedNetwork(SavedModel):
    """A trained network, in the equations that its layers compute."""

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

    @property
    def words(self) -> pl.Series:
        """The tokens with a vector."""
        return self.vocabulary.tokens.filter(pl.Series(self.covered))

    def answer_tokens(self, tokenized: TokenizedCorpus) -> Float32:
        """Return each document's distribution over the classes; float32 (N, C)."""
        return self.probabilities(self.as_read(tokenized))

    def as_read(self, tokenized: TokenizedCorpus) -> IndexedCorpus:
        """Return documents as the network reads them: rows, cut to length, in an order of their own if trained so."""
        cut = self._cut(encode_known(tokenized, self.vocabulary, self.covered))
        return cut if self.shuffle_seed is None else words_in_own_order(cut, self.shuffle_seed)

    def places_read(self, tokenized: TokenizedCorpus) -> list[Int32]:
        """Return which tokens of each document the network reads; of an empty one place 0, the unknown row."""
        offsets = np.concatenate([[0], np.cumsum(np.maximum(np.diff(tokenized.offsets), 1))]).astype(np.int64)
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
        return split(self._cut(IndexedCorpus(places.astype(np.int32), offsets)))

    def probabilities(self, indexed: IndexedCorpus) -> Float32:
        """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
        output = self.task.output(len(self.label_names))
        probabilities = np.zeros((indexed.n_docs, output.numbers), dtype=np.float32)

        def answer(batch: Batch) -> None:
            probabilities[batch.documents] = SHARES[output.shares](
                self._logits(self.table, batch.rows, batch.lengths)
            )

        with one_blas_thread():  # the products of a timestep are short
            in_two_threads(answer, batches(indexed, _BATCH, None, _MOST_TIMESTEPS))
        return probabilities

    def contributions(
        self, tokenized: TokenizedCorpus, places: Places = None, most_work: float = math.inf
    ) -> list[Contributions]:
        """Return what each token that is asked for adds to the answer to its document, found by `occlude`.

        The average word, the mean vector of the training documents' tokens, takes the place of each.
        """
        if self.method is None:
            raise ValueError(f"which place a word came from is not kept of {self.name}")
        rows, read = split(self.as_read(tokenized)), self.places_read(tokenized)
        wanted: Sequence[ArrayLike] = places or read
        asked = [np.flatnonzero(np.isin(own, of)) for own, of in zip(read, wanted, strict=True)]
        timesteps = np.cumsum([len(own) * (len(of) + 1) for own, of in zip(read, asked, strict=True)])
        affordable = int((timesteps * self.weights_a_step() <= most_work).sum())
        counts = self.vocabulary.counts  # (V,)
        known = self.table[np.where(self.covered, np.arange(len(counts)), UNKNOWN_ROW)]  # (V, D)
        average = counts.astype(np.float64) @ known / max(counts.sum(), 1)  # (D,)
        logits = partial(self._logits, np.vstack([self.table, average.astype(np.float32)]))

        def of_document(document: int) -> Contributions:
            one = occlude(
                logits,
                rows[document],
                asked[document],
                len(counts),
                _MOST_TIMESTEPS,
                labels=self.gives_labels,
            )
            words = np.full(max(np.diff(tokenized.offsets)[document], 1), np.nan)
            words[read[document]] = one.words
            return replace(one, words=words)

        with one_blas_thread():
            return in_two_threads(of_document, range(affordable))

    def weights_a_step(self) -> int:
        """Return what a timestep takes: the weights that it goes through, and the rest of its work as so many more."""
        of_layers = (name for name in self.weights if name.startswith("recurrent_"))
        kernels = [self.weights[name].size for name in of_layers if name.endswith("kernel")]
        return sum(kernels) + _WEIGHTS_OF_A_STEP * len(kernels) // 2 or _WEIGHTS_TO_AVERAGE

    def _cut(self, indexed: IndexedCorpus) -> IndexedCorpus:
        return visible(indexed, max_tokens=self.max_tokens, keep=self.keep).indexed

    def _logits(self, table: Float32, rows: Int32, lengths: Int32) -> Array:
        """Return the logits (B, C) of documents, rows (B, T) of the table."""
        return logits_of_rows(self.spec, self.weights, table, rows, lengths)


Logits = Callable[[Int32, Int32], Array]  # (rows (B, T), lengths (B,)) > logits (B, C)


def occlude(
    logits: Logits, rows: Int32, places: Int64, nothing: int, max_timesteps: int, *, labels: bool = False
) -> Contributions:
    """Return what each word adds to a network's answer to one document.

    Parameters
    ----------
    logits : callable
        From vocabulary rows (B, T) and lengths (B,) to logits (B, C).
    rows : int32 array (T,)
        The document as the network reads it.
    places : int64 array (P,)
        The words that are asked for.
    nothing : int
        The row that takes their place, one at a time.
    max_timesteps : int
        In one call, which bounds memory.
    labels : bool
        Whether each number is that of a label by itself: the likeliest one's log-odds are taken apart.

    Returns
    -------
    Contributions
        `words` (T,): NaN where it was not asked. Without a base: what single words add does not make up the score.

    Notes
    -----
    Word t gets S(x) - S(x with row `nothing` in its place), S the score. So one of two words that say the same gets 0
    where each alone is enough. Zeiler, Fergus (2014,
    arXiv:1311.2901, section 4.2) cover parts of a picture in this way; Li, Monroe, Jurafsky (2016,
    arXiv:1612.08220) erase words.
    """
    versions = np.repeat(rows[None, :], len(places) + 1, axis=0)  # (P + 1, T), the first as it is
    versions[np.arange(1, len(versions)), places] = nothing
    size = max(1, max_timesteps // len(rows))
    parts = [versions[start : start + size] for start in range(0, len(versions), size)]
    found = np.concatenate([logits(part, np.full(len(part), len(rows), dtype=np.int32)) for part in parts])
    found = found.astype(np.float64)  # (P + 1, C)
    predicted = int(found[0].argmax())
    weigh, shares = (alone, sigmoid) if labels else (contrast, softmax)
    scores = found @ weigh(predicted, found.shape[1])  # (P + 1,)
    words = np.full(len(rows), np.nan)
    words[places] = scores[0] - scores[1:]
    return Contributions(predicted, float(shares(found[:1])[0, predicted]), float(scores[0]), None, words)


# --- from files


def read_network(files: SavedFiles, own: Common[DocumentTask[Answers]]) -> SavedNetwork:
    """Return the network of a fit's files; `own` is what it has in common with every kind of model.

    Raises
    ------
    PipelineError
        If a file is missing or damaged.
    KeyError, TypeError, ValueError
        If `model.json` is not what that of a network holds.
    """
    described = files.described
    spec, max_tokens = NetworkSpec(**described["network"]), int(described["max_tokens"])
    if spec.head not in (networks()[spec.model].heads or ("",)):
        raise ValueError(f'{spec.model} has no head "{spec.head}"')
    if spec.task != own.task.name:
        raise ValueError(f'the network answers "{spec.task}", the model "{own.task.name}"')
    if len(own.label_names) != spec.n_classes:
        raise ValueError(f"{spec.n_classes} classes, {len(own.label_names)} labels")
    vocabulary, vectors, covered = files.embedding(spec.embedding_dim)
    if len(vocabulary) != spec.embedding_rows:
        raise ValueError(f"{spec.embedding_rows} rows, {len(vocabulary)} tokens in {described['embedding']}")
    table_shape = {TABLE: vectors.shape} if spec.tuned else {}
    weights = files.weights(weight_shapes(spec) | table_shape)
    table = weights.pop(TABLE, vectors)
    seed = described["shuffle_seed"]
    if (type(seed) is int) != ModelName.parse(own.name).shuffled_words:
        raise ValueError(f"shuffle_seed is {seed}")
    reading = max_tokens, str(described["keep"]), seed
    return SavedNetwork(*own, spec, weights, vocabulary, table, covered, *reading)
