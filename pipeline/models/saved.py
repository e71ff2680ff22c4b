"""Models as a run saved them: a network's equations in NumPy, its Keras model, a source's vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import REWRITE, read_json
from pipeline.core.models import networks
from pipeline.core.names import ModelName, slug
from pipeline.core.seeds import stage_generator
from pipeline.core.values import UNKNOWN_ROW, Bool, Float32, IndexedCorpus, TokenizedCorpus, Vocabulary
from pipeline.models.equations.network import Weights, run_network, weight_shapes
from pipeline.models.equations.output import embed, softmax
from pipeline.models.networks.batches import batches, shuffle_words, visible
from pipeline.models.networks.build import NetworkSpec, build, own_weights
from pipeline.settings.reading import load_config
from pipeline.settings.tables import SETTINGS, TokenizerSettings
from pipeline.text.vocabulary import encode, encode_known

TABLE = "embedding/embeddings"  # the weight of a tuned table; one that rests is saved once for all models
_BATCH = 64
_MOST_TIMESTEPS = 25_600  # in a batch: every state is kept


@dataclass(frozen=True, eq=False)
class SavedNetwork:
    """A trained network with all that turns tokens into its answers."""

    name: str  # as the run names it, such as "lstm:max@word2vec"
    spec: NetworkSpec
    weights: Weights  # float32, in the names of the file, the table left out
    table: Float32  # (V, D), as the network reads it
    covered: Bool  # (V,), whether a row has a vector
    vocabulary: Vocabulary
    label_names: tuple[str, ...]  # (C,)
    tokenizer: TokenizerSettings
    max_tokens: int
    keep: str
    shuffle_seed: int | None = None  # of a network that reads documents whose words are shuffled

    def as_read(self, tokenized: TokenizedCorpus) -> IndexedCorpus:
        """Return documents as the network reads them: rows, cut to length, shuffled where it was trained so.

        Words are shuffled as the run shuffled them if the documents are those of one of its parts, in its order.
        """
        indexed = encode_known(tokenized, self.vocabulary, self.covered)
        cut = visible(indexed, max_tokens=self.max_tokens, keep=self.keep).indexed
        if self.shuffle_seed is None:
            return cut
        return shuffle_words(cut, stage_generator(self.shuffle_seed, "shuffled words"))

    def probabilities(self, indexed: IndexedCorpus) -> Float32:
        """Return each document's distribution over the classes; float32 (N, C), in the order of `indexed`."""
        probabilities = np.zeros((indexed.n_docs, len(self.label_names)), dtype=np.float32)
        for batch in batches(indexed, _BATCH, None, _MOST_TIMESTEPS):
            run = run_network(self.spec, self.weights, embed(self.table, batch.rows), batch.lengths)
            probabilities[batch.documents] = softmax(run.logits)
        return probabilities


def load_saved(run: Path, name: str) -> SavedNetwork:
    """Return a network that a run saved: the first seed's fit of the first fold.

    Parameters
    ----------
    run : Path
        A run folder.
    name : str
        As the run names it, such as `lstm:max@word2vec`.

    Raises
    ------
    PipelineError
        If there is no such network in the folder, or one of its files is missing or damaged.
    """
    path = Path(run) / "models" / slug(name) / "model.json"
    if not path.is_file():
        raise PipelineError(str(path), f'there is no network "{name}"', _one_of(Path(run)))
    described = read_json(path)
    if not isinstance(described, dict) or "network" not in described:
        raise PipelineError(str(path), "it describes no network", _one_of(Path(run)))
    try:
        spec = NetworkSpec(**described["network"])
        folder = path.parent.parent / described["embedding"]
        label_names, own_name = tuple(described["label_names"]), str(described["name"])
        tokenizer = TokenizerSettings(**described["tokenizer"])
        max_tokens, keep = int(described["max_tokens"]), str(described["keep"])
        _check(spec, label_names, {"tokenizer.name": tokenizer.name, "networks.keep": keep})
        shapes = weight_shapes(spec)
        shuffled = ModelName.parse(own_name).shuffled_words
    except (KeyError, TypeError, ValueError) as error:
        raise PipelineError(
            str(path), f"it describes no network of this version ({error})", REWRITE
        ) from error
    vocabulary, vectors, covered = _read_embedding(folder, spec)
    table_shape = {TABLE: vectors.shape} if spec.tuned else {}
    weights = _read_arrays(path.parent / "weights.safetensors", shapes | table_shape)
    table = weights.pop(TABLE, vectors)
    return SavedNetwork(
        name=own_name,
        spec=spec,
        weights=weights,
        table=table,
        covered=covered,
        vocabulary=vocabulary,
        label_names=label_names,
        tokenizer=tokenizer,
        max_tokens=max_tokens,
        keep=keep,
        shuffle_seed=load_config(Path(run) / "config.toml").run.seed if shuffled else None,
    )


def _check(spec: NetworkSpec, label_names: tuple[str, ...], choices: Mapping[str, str]) -> None:
    """Raise ValueError where parts of a description do not fit each other or name what there is not."""
    if spec.head not in (networks()[spec.model].heads or ("",)):
        raise ValueError(f'{spec.model} has no head "{spec.head}"')
    if len(label_names) != spec.n_classes:
        raise ValueError(f"{spec.n_classes} classes, {len(label_names)} labels")
    for key, value in choices.items():
        if not SETTINGS[key].check.allows(value):
            raise ValueError(f'{key} is "{value}"')


def saved_networks(run: Path) -> list[str]:
    """Return the names of the networks that a run saved, in alphabetical order."""
    described = [read_json(path) for path in Path(run).glob("models/*/model.json")]
    return sorted(one["name"] for one in described if isinstance(one, dict) and "network" in one)


def _one_of(run: Path) -> str:
    names = saved_networks(run)
    return f"give one of {', '.join(names)}" if names else "give the folder of a run that trained a network"


def _read_embedding(folder: Path, spec: NetworkSpec) -> tuple[Vocabulary, Float32, Bool]:
    """Return the vocabulary, the vectors (V, D) as the source gave them, and which rows have one (V,)."""
    path = folder / "vocabulary.json"
    described, n_rows = read_json(path), spec.embedding_rows
    try:
        tokens = pl.Series(described["tokens"], dtype=pl.String)
        vocabulary = Vocabulary(
            tokens, np.array(described["counts"], dtype=np.int64), int(described["n_learned"])
        )
    except (KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise PipelineError(str(path), f"it holds no vocabulary ({error})", REWRITE) from error
    if len(vocabulary) != n_rows:
        what = f"it holds {len(vocabulary)} tokens; the network was trained with {n_rows}"
        raise PipelineError(str(path), what, REWRITE)
    shapes = {"vectors": (n_rows, spec.embedding_dim), "covered": (n_rows,)}
    arrays = _read_arrays(folder / "vectors.safetensors", shapes)
    return vocabulary, arrays["vectors"], arrays["covered"].astype(np.bool_)


def _read_arrays(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return the arrays of a safetensors file, which have these names and shapes and no others."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(path.read_bytes())
    except OSError as error:
        raise PipelineError(str(path), f"it cannot be read ({error.strerror})", REWRITE) from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise PipelineError(str(path), "this is no whole safetensors file", REWRITE) from error
    for name in sorted({*arrays, *shapes}):
        found = _shown(arrays[name].shape) if name in arrays else "absent"
        expected = _shown(shapes[name]) if name in shapes else "none"
        if found != expected:
            raise PipelineError(str(path), f"{name} is {found}; expected {expected}", REWRITE)
    return arrays


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def load_network(folder: Path, vectors: Float32) -> Any:
    """Return the Keras model of a folder `models/<slug>/`, built again with its weights and this table (V', D)."""
    described = read_json(folder / "model.json")
    arrays = load_arrays(folder / "weights.safetensors") | {"embedding/embeddings": vectors}
    model = build(replace(NetworkSpec(**described["network"]), embedding_rows=len(vectors)))
    for weight in own_weights(model, tuned=True):
        weight.assign(arrays[weight_name(weight)])
    return model


def load_arrays(path: Path) -> dict[str, Any]:
    """Return the arrays of a safetensors file of a run folder, by name."""
    from safetensors.numpy import load_file

    arrays: dict[str, Any] = load_file(path)
    return arrays


def weight_name(weight: Any) -> str:
    return "/".join([*weight.path.split("/")[:1], weight.path.split("/")[-1]])


@dataclass(frozen=True, eq=False)
class SavedVectors:
    """A source's vectors as a run saved them."""

    vocabulary: Vocabulary
    vectors: Float32  # (V, D)
    row_read: Any  # int32 (V,): the row that is read for each row, the unknown one where a word has no vector

    def encode(self, tokenized: TokenizedCorpus) -> IndexedCorpus:
        """Return documents as the rows that are read."""
        indexed = encode(tokenized, self.vocabulary)
        return IndexedCorpus(self.row_read[indexed.indices], indexed.offsets)

    @property
    def average_word(self) -> Float32:
        """The mean vector of the training documents' tokens, (D,)."""
        counts = self.vocabulary.counts.astype(np.float64)  # (V,)
        average = counts @ self.vectors[self.row_read] / max(counts.sum(), 1.0)
        return average.astype(np.float32)


def read_vectors(folder: Path) -> SavedVectors:
    """Return what a folder `models/embedding-<slug>/` holds."""
    import polars as pl

    described, arrays = read_json(folder / "vocabulary.json"), load_arrays(folder / "vectors.safetensors")
    vocabulary = Vocabulary(
        pl.Series(described["tokens"], dtype=pl.String),
        np.array(described["counts"], dtype=np.int64),
        described["n_learned"],
    )
    rows = np.arange(len(vocabulary), dtype=np.int32)
    row_read = np.where(arrays["covered"], rows, np.int32(UNKNOWN_ROW))
    return SavedVectors(vocabulary, arrays["vectors"], row_read)
