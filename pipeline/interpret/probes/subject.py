"""A trained network as a probe sees it, and what every probe says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.models import MODELS, ModelEntry
from pipeline.core.names import ModelName
from pipeline.core.seeds import stage_generator
from pipeline.core.values import Float32, IndexedCorpus, Int32, Int64
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.keras_types import Model
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.training import FittedNetwork
from pipeline.settings.tables import Config
from pipeline.text.ragged import take

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

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
        """Every weight by its path, such as `recurrent_0/lstm_cell/kernel`: copies."""
        return {weight.path: weight.numpy().copy() for weight in self.model.weights}

    def layer_weights(self, layer: str) -> list[Float32]:
        """Return copies of a layer's weights: of `recurrent_0` kernel, recurrent kernel and bias."""
        return [weight.copy() for weight in self.model.get_layer(layer).get_weights()]

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


@dataclass(frozen=True)
class Finding:
    """What a probe found.

    Attributes
    ----------
    numbers : what it measured, under the names that `details/probes.json` has
    reading : one line in plain words
    summary : the few numbers that go into metrics.json
    """

    numbers: DataclassInstance
    reading: str
    summary: Mapping[str, Json]


@dataclass(frozen=True)
class Nothing:
    """Why a probe has nothing to measure."""

    reason: str


@dataclass(frozen=True)
class Probe:
    """An entry of the table.

    Attributes
    ----------
    question : what it answers
    measure : returns what it found in a network that reads word after word
    controls : the confounders it removes
    cannot_show : what its numbers do not say
    on_demand : it trains networks of its own, so it runs only where `--probes` names it
    """

    question: str
    measure: Callable[[Subject], Finding | Nothing]
    controls: str = ""
    cannot_show: str = ""
    on_demand: bool = False


def tokens(number: int) -> str:
    """Return a number of tokens in words.

    >>> tokens(1), tokens(34)
    ('1 token', '34 tokens')
    """
    return f"{number} token{'' if number == 1 else 's'}"
