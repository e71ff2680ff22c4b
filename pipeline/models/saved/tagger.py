"""Saved taggers: a tag for each word from raw text or given words, in NumPy alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.core.models import MODELS, OF_WORDS
from pipeline.core.ragged import span_positions
from pipeline.core.resources import in_two_threads, one_blas_thread
from pipeline.core.values import Bool, Float32, TokenizedCorpus, Vocabulary
from pipeline.models.baselines.tagging.attributes import ATTRIBUTES
from pipeline.models.baselines.tagging.features import FeatureSpace
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.tagger import LinearTagger
from pipeline.models.baselines.tagging.weights import SparseWeights
from pipeline.models.equations.chain import TRANSITIONS
from pipeline.models.equations.network import Weights, scores_of_rows, weight_shapes
from pipeline.models.equations.sentences import Tagged, tag_words
from pipeline.models.networks.batches import Batch, batches
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.labelled import inputs_of
from pipeline.models.networks.letters import spell
from pipeline.models.saved.model import Common, SavedOf
from pipeline.models.saved.network import TABLE
from pipeline.run_folder.models import SavedFiles
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.schemes import TagSet
from pipeline.tasks.task import Task
from pipeline.text.ragged import own_types
from pipeline.text.tokenizer import normalised, tokenize
from pipeline.text.vocabulary import encode_known

_BATCH = 128
_MOST_TIMESTEPS = 25_600  # in a batch: every state is kept, and a distribution for each


@dataclass(frozen=True, eq=False)
class SavedTagger(SavedOf[Task[TagAnswers]]):
    """A tagger; `label_names` are its tags. Whole sentences are read, however long."""

    column: str | None  # in which the tags of its corpus stood, as `corpus.tags` says it

    @property
    def tagset(self) -> TagSet:
        """Its tags with what their letters mean."""
        return TagSet.of(self.label_names)

    def tokenize(self, texts: pl.Series) -> TokenizedCorpus:
        """Return the words of raw texts as they are written: what a file that holds words has in their place."""
        return tokenize(self.read(texts), replace(self.tokenizer, lowercase=False))

    @abstractmethod
    def scores(self, words: TokenizedCorpus) -> Float32:
        """Return what each tag of each word is worth, along a chain without its transitions; float32 (M, C)."""

    @property
    @abstractmethod
    def transitions(self) -> Float32 | None:
        """What a tag is worth behind another, (C, C); None where each word stands alone."""

    def tag(self, words: TokenizedCorpus) -> Tagged:
        """Return shares, float32 (M, C), and the best sequence of tags, int32 (M,), of words as they are written.

        A sentence has the same answer, to the last bit, whatever stands beside it; one without words has none.
        """
        there = np.flatnonzero(np.diff(words.offsets) > 0)
        filled = own_types(words, there) if len(there) < len(words.offsets) - 1 else words
        if not len(filled.token_types):
            return Tagged(np.zeros((0, len(self.label_names)), np.float32), np.zeros(0, np.int32))
        return tag_words(self.scores(filled), filled.offsets, self.transitions)

    def rows(self, texts: pl.Series) -> tuple[Float32, Sequence[int]]:
        """Return the distribution of each word of texts, (M, C), and how many words each text has."""
        words = self.tokenize(texts)
        return self.tag(words).shares, np.diff(words.offsets).tolist()


@dataclass(frozen=True, eq=False)
class SavedLinearTagger(SavedTagger):
    """A linear tagger: weights of what stands around a word."""

    linear: LinearTagger

    @property
    def words(self) -> pl.Series:
        """The words of its training sentences, in the letters in which it reads them."""
        return next(iter(self.linear.space.values.values()))

    @property
    def transitions(self) -> Float32 | None:
        """Those of a chain."""
        return self.linear.transitions

    def scores(self, words: TokenizedCorpus) -> Float32:
        """Return the sums of weights."""
        return self.linear.scores(Sentences(words))


@dataclass(frozen=True, eq=False)
class SavedNetworkTagger(SavedTagger):
    """A trained network that answers words, in the equations that its layers compute."""

    spec: NetworkSpec
    weights: Weights  # float32, in the names of the file, the table left out
    vocabulary: Vocabulary
    table: Float32  # (V, D), as the network reads it
    covered: Bool  # (V,), whether a row has a vector
    alphabet: str | None  # of the letters that it reads

    @property
    def words(self) -> pl.Series:
        """The tokens with a vector."""
        return self.vocabulary.tokens.filter(pl.Series(self.covered))

    @property
    def transitions(self) -> Float32 | None:
        """Those of its chain."""
        return self.weights.get(TRANSITIONS)

    def scores(self, words: TokenizedCorpus) -> Float32:
        """Return the numbers of its last layer."""
        indexed = encode_known(normalised(words, self.tokenizer), self.vocabulary, self.covered)
        spelling = None if self.alphabet is None else spell(words, self.alphabet)
        scores = np.zeros((len(indexed.indices), len(self.label_names)), dtype=np.float32)

        def answer(batch: Batch) -> None:
            rows, lengths, *letters = inputs_of(batch, indexed.offsets, spelling)
            found = scores_of_rows(self.spec, self.weights, self.table, (rows, *letters), lengths)
            at = span_positions(indexed.offsets[batch.documents], lengths.astype(np.int64))
            scores[at] = found[np.arange(found.shape[1]) < lengths[:, None]]

        with one_blas_thread():  # the products of a timestep are short
            in_two_threads(answer, batches(indexed, _BATCH, None, _MOST_TIMESTEPS))
        return scores


# --- from files


def read_linear_tagger(files: SavedFiles, own: Common[Task[TagAnswers]]) -> SavedLinearTagger:
    """Return the linear tagger of a fit's files; `own` is what it has in common with every kind of model.

    Raises
    ------
    PipelineError
        If a file is missing or damaged.
    KeyError, TypeError, ValueError
        If `model.json` is not what that of a linear tagger holds.
    """
    described, n_tags = files.described, len(own.label_names)
    attributes = {described["reads"]: described["tokens"], **described["attributes"]}
    templates = tuple(tuple((str(name), int(far)) for name, far in one) for one in described["templates"])
    for name, _ in (part for template in templates for part in template):
        if name not in attributes or name not in ATTRIBUTES:
            raise ValueError(f'a template reads "{name}"')
    sizes, n_weights = [int(size) for size in described["n_keys"]], int(described["n_weights"])
    n_features = sum(sizes)
    arrays = files.weights(
        {f"keys_{number}": (size,) for number, size in enumerate(sizes)}
        | {"starts": (n_features + 1,), "tags": (n_weights,), "values": (n_weights,), "intercepts": (n_tags,)}
        | ({"transitions": (n_tags, n_tags)} if described["chain"] else {})
    )
    if len(sizes) != len(templates) or not _whole(arrays["starts"], arrays["tags"], n_tags):
        raise ValueError("its weights belong to no features and tags")
    space = FeatureSpace(
        {name: pl.Series(values, dtype=pl.String) for name, values in attributes.items()},
        templates,
        tuple(arrays[f"keys_{number}"] for number in range(len(sizes))),
    )
    weights = SparseWeights(arrays["starts"], arrays["tags"], arrays["values"], n_tags)
    linear = LinearTagger(space, weights, arrays["intercepts"], arrays.get("transitions"))
    return SavedLinearTagger(*own, described["column"], linear)


def _whole(starts: np.ndarray, tags: np.ndarray, n_tags: int) -> bool:
    ascending = bool((np.diff(starts) >= 0).all()) and starts[0] == 0 and starts[-1] == len(tags)
    return ascending and bool(((tags >= 0) & (tags < n_tags)).all())


def read_network_tagger(files: SavedFiles, own: Common[Task[TagAnswers]]) -> SavedNetworkTagger:
    """Return the network of a fit's files; parameters and errors are those of `read_linear_tagger`."""
    described = files.described
    spec, alphabet = NetworkSpec(**described["network"]), described["alphabet"]
    if spec.head not in OF_WORDS or not MODELS[spec.model].recurrent:
        raise ValueError(f'{spec.model} has no head "{spec.head}" that answers words')
    if len(own.label_names) != spec.n_classes:
        raise ValueError(f"{spec.n_classes} tags, {len(own.label_names)} names")
    if (None if alphabet is None else len(alphabet)) != spec.n_letters:
        raise ValueError("the letters are not those of the network")
    vocabulary, vectors, covered = files.embedding(spec.embedding_dim)
    if len(vocabulary) != spec.embedding_rows:
        raise ValueError(f"{spec.embedding_rows} rows, {len(vocabulary)} tokens in {described['embedding']}")
    table_shape = {TABLE: vectors.shape} if spec.tuned else {}
    weights = files.weights(weight_shapes(spec) | table_shape)
    table = weights.pop(TABLE, vectors)
    return SavedNetworkTagger(*own, described["column"], spec, weights, vocabulary, table, covered, alphabet)
