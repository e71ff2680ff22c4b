"""Taggers as arrays and what JSON holds, and back: they answer without TensorFlow, scikit-learn or CRFsuite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from pipeline.core.resources import in_two_threads, one_blas_thread
from pipeline.core.values import Bool, Float32, TokenizedCorpus, Vocabulary
from pipeline.models.baselines.tagging.features import FeatureSpace
from pipeline.models.baselines.tagging.tagger import LinearTagger
from pipeline.models.equations.network import Weights, beside_letters, run_network, weight_shapes
from pipeline.models.equations.output import embed
from pipeline.models.equations.sentences import Tagged, tag_words
from pipeline.models.networks.batches import Batch, batches
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.chain import CHAIN
from pipeline.models.networks.labelled import inputs_of
from pipeline.models.networks.letters import spell
from pipeline.models.saved.network import TABLE
from pipeline.run_folder.models import Array, Description, SavedFiles
from pipeline.text.case import lowered
from pipeline.text.ragged import span_positions
from pipeline.text.vocabulary import encode_known

_BATCH, _MOST_TIMESTEPS = 64, 25_600


@dataclass(frozen=True, eq=False)
class Parts:
    """What a file of arrays and a file of JSON hold of a tagger."""

    arrays: Mapping[str, Array]
    described: Mapping[str, object]


def parts_of_linear(tagger: LinearTagger) -> Parts:
    """Return a linear tagger: of each template its keys, of each weight that is not 0 its feature, tag and value."""
    space, weights = tagger.space, tagger.weights.tocoo()
    arrays: dict[str, Array] = {
        "keys": np.concatenate(space.keys),
        "features": weights.coords[0].astype(np.int32),
        "tags": weights.coords[1].astype(np.int32),
        "weights": weights.data.astype(np.float32),
        "intercepts": tagger.intercepts,
    }
    if tagger.transitions is not None:
        arrays["transitions"] = tagger.transitions
    described = {
        "templates": space.templates,
        "n_keys": [len(keys) for keys in space.keys],
        "n_weights": len(weights.data),
        "values": {name: values.to_list() for name, values in space.values.items()},
        "chain": tagger.transitions is not None,
    }
    return Parts(arrays, described)


def read_linear_tagger(files: SavedFiles) -> LinearTagger:
    """Return a linear tagger of a fit's files.

    Raises
    ------
    PipelineError
        If a file is missing or damaged.
    KeyError, TypeError, ValueError
        If `model.json` is not what that of a linear tagger holds.
    """
    from scipy.sparse import csr_array

    described = files.described
    n_tags, n_keys, n_weights = (
        len(described["label_names"]),
        described["n_keys"],
        int(described["n_weights"]),
    )
    shapes: dict[str, tuple[int, ...]] = {"keys": (sum(n_keys),), "intercepts": (n_tags,)}
    shapes |= dict.fromkeys(("features", "tags", "weights"), (n_weights,))
    if described["chain"]:
        shapes["transitions"] = (n_tags, n_tags)
    arrays = files.weights(shapes)
    space = _space(described, arrays["keys"])
    placed = arrays["weights"], (arrays["features"], arrays["tags"])
    weights = csr_array(placed, shape=(space.n_features, n_tags))
    return LinearTagger(space, weights, arrays["intercepts"], arrays.get("transitions"))


def _space(described: Description, keys: Array) -> FeatureSpace:
    values = {name: pl.Series(held, dtype=pl.String) for name, held in described["values"].items()}
    templates = tuple(
        tuple((str(name), int(place)) for name, place in template) for template in described["templates"]
    )
    each = np.split(keys.astype(np.int64), np.cumsum(described["n_keys"])[:-1])
    if len(each) != len(templates):
        raise ValueError(f"{len(templates)} templates, keys of {len(each)}")
    return FeatureSpace(values, templates, tuple(each))


@dataclass(frozen=True, eq=False)
class NetworkTagger:
    """A trained network that answers words, in the equations that its layers compute.

    Attributes
    ----------
    spec : which network
    weights : float32, in the names of the file, the table left out
    vocabulary : the words of the table's rows
    table : float32 (V, D), as the network reads it
    covered : bool (V,), whether a row has a vector
    lowercase : whether words are looked up in small letters; letters are always read as they are written
    alphabet : the letters that it reads; None where it reads none
    """

    spec: NetworkSpec
    weights: Weights
    vocabulary: Vocabulary
    table: Float32
    covered: Bool
    lowercase: bool
    alphabet: str | None

    def tag(self, words: TokenizedCorpus) -> Tagged:
        """Return shares, float32 (M, C), and the best sequences, int32 (M,), of sentences that all have a word."""
        read = lowered(words) if self.lowercase else words
        indexed = encode_known(read, self.vocabulary, self.covered)
        spelling = None if self.alphabet is None else spell(words, self.alphabet)
        scores = np.zeros((len(words.token_types), self.spec.n_classes), dtype=np.float32)

        def score(batch: Batch) -> None:
            _, _, *letters = inputs_of(batch, indexed.offsets, spelling)
            embedded = beside_letters(self.spec, self.weights, embed(self.table, batch.rows), letters)
            found = run_network(self.spec, self.weights, embedded, batch.lengths).logits  # (B, T, C)
            real = np.arange(batch.rows.shape[1]) < batch.lengths[:, None]
            places = span_positions(indexed.offsets[batch.documents], batch.lengths.astype(np.int64))
            scores[places] = found[real]

        with one_blas_thread():
            in_two_threads(score, batches(indexed, _BATCH, None, _MOST_TIMESTEPS))
        return tag_words(scores, indexed.offsets, self.weights.get(f"{CHAIN}/transitions"))


def parts_of_network(spec: NetworkSpec, arrays: Mapping[str, Array], alphabet: str | None) -> Parts:
    """Return a network that answers words; `arrays` are its own weights, by name."""
    return Parts(arrays, {"network": asdict(spec), "alphabet": alphabet})


def read_network_tagger(files: SavedFiles) -> NetworkTagger:
    """Return a network of a fit's files; raises as `read_linear_tagger`."""
    described = files.described
    spec, alphabet = NetworkSpec(**described["network"]), described["alphabet"]
    if not spec.answers_words or len(described["label_names"]) != spec.n_classes:
        raise ValueError(f"{spec.model}:{spec.head} of {spec.n_classes} tags is no tagger of these labels")
    if (None if alphabet is None else len(alphabet)) != spec.n_letters:
        raise ValueError(f"{spec.n_letters} letters, the alphabet {alphabet!r}")
    vocabulary, vectors, covered = files.embedding(spec.embedding_dim)
    weights = files.weights(weight_shapes(spec) | ({TABLE: vectors.shape} if spec.tuned else {}))
    table = weights.pop(TABLE, vectors)
    lowercase = bool(described["tokenizer"]["lowercase"])
    return NetworkTagger(spec, weights, vocabulary, table, covered, lowercase, alphabet)
