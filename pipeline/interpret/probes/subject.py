"""A trained network as a probe sees it, and what every probe says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.models import MODELS, ModelEntry
from pipeline.core.names import ModelName
from pipeline.core.seeds import stage_generator
from pipeline.core.values import Float32, IndexedCorpus, Int32, Int64
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.keras_types import Model
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.training import FittedNetwork
from pipeline.models.save import arrays_of
from pipeline.settings.tables import Config
from pipeline.text.ragged import take

SAMPLED = 128  # test documents that a probe reads unless it says otherwise


@dataclass(frozen=True, eq=False)
class Subject:
    """The first seed's fit of a network on the first fold, with the documents as that network reads them.

    A probe reads and never writes: `model` has the same weights afterwards, which a test compares.

    Attributes
    ----------
    name : the planned name, such as `lstm:max@word2vec`
    fitted : specification, Keras model, history, and why it counts as "did not train" (None if it trained)
    seed : what `fit_network` was given, so that the network can be built again as it was before training
    vectors, first_vectors : float32 (V, D), the embedding after training, and before
    words : string (V,), the word of each row
    documents : every document of the corpus as the network reads it: cut, in its order of words
    whole_lengths : int64 (N,), tokens of each document before it was cut
    labels : int32 (N,)
    records : int64 (N,), the record's number in the file it came from
    train, validation, test : int64, positions of the documents that were trained on, chose when to stop, are tested
    config : the settings of this network, with its own batch size and learning rate
    probabilities : from documents of vocabulary rows to float32 (N, C)
    fit : trains a network of the same kind: (spec, train, validation, settings, seed) > FittedNetwork
    """

    name: str
    fitted: FittedNetwork
    seed: int
    vectors: Float32
    first_vectors: Float32
    words: pl.Series
    documents: IndexedCorpus
    whole_lengths: Int64
    labels: Int32
    label_names: tuple[str, ...]
    records: Int64
    train: Int64
    validation: Int64
    test: Int64
    config: Config
    probabilities: Callable[[IndexedCorpus], Float32]
    fit: Callable[..., FittedNetwork]

    @property
    def named(self) -> ModelName:
        """The planned name, taken apart."""
        return ModelName.parse(self.name)

    @property
    def entry(self) -> ModelEntry:
        """The network's line in the table of models."""
        return MODELS[self.spec.model]

    @property
    def spec(self) -> NetworkSpec:
        """What is needed to build the network again."""
        return self.fitted.spec

    @property
    def model(self) -> Model:
        """The Keras model, to be read alone."""
        return self.fitted.model

    @property
    def weights(self) -> dict[str, Float32]:
        """Every weight by layer and name, such as `recurrent_0/kernel`: copies."""
        return arrays_of(self.model.weights)

    def sampled(self, most: int = SAMPLED) -> Int64:
        """Return positions of up to `most` test documents, ascending: the same ones for every network of a run."""
        drawn = stage_generator(self.config.run.seed, "probed documents").permutation(self.test)[:most]
        return np.sort(drawn)

    def generator(self, probe: str) -> np.random.Generator:
        """Return a generator of this network and probe: other probes do not change its numbers."""
        return stage_generator(self.config.run.seed, f"probe {probe} of {self.name}")

    def read(self, positions: Int64) -> IndexedCorpus:
        """Return documents by position, as the network reads them."""
        return take(self.documents, positions)

    def labelled(self, positions: Int64) -> Labelled:
        """Return documents by position with their labels."""
        return Labelled(self.read(positions), self.labels[positions])


def tokens(number: int) -> str:
    """Return a number of tokens in words.

    >>> tokens(1), tokens(34)
    ('1 token', '34 tokens')
    """
    return f"{number} token{'' if number == 1 else 's'}"
