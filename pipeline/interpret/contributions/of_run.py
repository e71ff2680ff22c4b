"""Saved models > what each word of the documents that the report shows adds to their answers.

For the first seed's fit on the first fold, which is the one that is saved: linear models exactly, networks by
occlusion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.files import read_json
from pipeline.core.models import MODELS
from pipeline.core.names import slug
from pipeline.core.values import IndexedCorpus, Int32, TokenizedCorpus
from pipeline.interpret.contributions import (
    Contributions,
    LinearModel,
    blank_out,
    find_occurrences,
    occlude,
    of_averages,
    of_ngrams,
    place_tokens,
)
from pipeline.interpret.contributions.linear import FEATURES
from pipeline.models.equations.through_time import CELLS
from pipeline.models.networks.batches import MAX_TIMESTEPS, visible
from pipeline.models.networks.prediction import forget_graphs, logits_of
from pipeline.models.saved import SavedVectors, load_arrays, load_network, read_vectors
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import HTML_BREAK
from pipeline.text.vocabulary import rows_of

CHARACTERS = 600  # of a text; of a longer one the first and the last half of that
LEFT_OUT = " […] "  # stands between them
LEVELS = 100  # a document's largest contribution is written as so many, the others in proportion
MOST_WORK = 2.5e11  # timesteps times weights of one network, all its documents; docs/decisions/0014
_WEIGHTS_OF_A_STEP = 60_000  # what the rest of a timestep of one layer and direction takes, in weights
_WEIGHTS_TO_AVERAGE = 30_000.0  # what reading a vector into an average takes


@dataclass(frozen=True, eq=False)
class Shown:
    """The documents whose words are looked at, in the order they were chosen."""

    numbers: tuple[int, ...]  # (N,), as the predictions have them
    texts: tuple[str, ...]
    tokenized: TokenizedCorpus  # whole; `types` are those of these documents

    @cached_property
    def tokens(self) -> list[list[str]]:
        """The tokens of each document."""
        flat = self.tokenized.types.gather(self.tokenized.token_types).to_list()
        bounds = self.tokenized.offsets.tolist()
        return [flat[start:end] for start, end in pairwise(bounds)]


@dataclass(frozen=True)
class Excerpt:
    """What is shown of a document: all of it, or its first and last characters, and the words that are whole there."""

    text: str
    places: tuple[int, ...]  # (P,) which tokens
    spans: tuple[tuple[int, int], ...]  # (P,) start and end of each in `text`

    @property
    def as_json(self) -> dict[str, str]:
        """The text, and the spans as one string of numbers."""
        return {"text": self.text, "spans": " ".join(f"{start} {end}" for start, end in self.spans)}


def find_excerpt(text: str, tokens: Sequence[str], tokenizer: TokenizerSettings) -> Excerpt:
    """Return what is shown of a document; tokens joined by blanks where they cannot be found in the text.

    >>> find_excerpt("A good film", ["a", "good", "film"], TokenizerSettings())
    Excerpt(text='A good film', places=(0, 1, 2), spans=((0, 1), (2, 6), (7, 11)))
    """
    blank = blank_out(HTML_BREAK, text) if tokenizer.html_breaks else text
    whole = _excerpt(text, blank, tokens, lowercase=tokenizer.lowercase)
    joined = " ".join(tokens)
    return whole or _excerpt(joined, joined, tokens, lowercase=False) or Excerpt(joined[:CHARACTERS], (), ())


def _excerpt(text: str, blank: str, tokens: Sequence[str], *, lowercase: bool) -> Excerpt | None:
    if len(text) <= CHARACTERS:
        spans = place_tokens(blank, tokens, lowercase=lowercase)
        return None if spans is None else Excerpt(text, tuple(range(len(spans))), tuple(spans))
    half = CHARACTERS // 2
    start = place_tokens(blank[:half], tokens[:half], lowercase=lowercase)
    end = place_tokens(blank[-half:], tokens[-half:], lowercase=lowercase, from_end=True)
    if start is None or end is None:
        return None
    shift, last = half + len(LEFT_OUT), range(len(tokens) - len(end), len(tokens))
    moved = [(first + shift, after + shift) for first, after in end]
    return Excerpt(text[:half] + LEFT_OUT + text[-half:], (*range(len(start)), *last), (*start, *moved))


@dataclass(frozen=True)
class Explained:
    """What was found of one model, for the first documents of `Shown` or all; or why there is nothing."""

    method: str | None
    contributions: tuple[Contributions, ...] = ()
    why_not: str | None = None


def word_contributions(
    run: Path,
    planned: Sequence[PlannedModel],
    shown: Shown,
    tokenizer: TokenizerSettings,
    on_model: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return what `details/contributions.json` holds.

    Parameters
    ----------
    run : Path
        The run folder: its `models/` are read.
    planned : sequence of PlannedModel
        The models to explain.
    shown : Shown
    tokenizer : TokenizerSettings
        Those of the run.
    on_model : callable
        Told after each model.
    """
    excerpts = [
        find_excerpt(*document, tokenizer) for document in zip(shown.texts, shown.tokens, strict=True)
    ]
    explained = {}
    for model in planned:
        explained[model.name] = explain(run, model, shown, excerpts)
        on_model()
    return {
        "characters": CHARACTERS,
        "models": [_describe(name, found) for name, found in explained.items()],
        "documents": [
            {
                "document": number,
                "tokens": len(shown.tokens[place]),
                **excerpts[place].as_json,
                "models": {
                    name: _written(found.contributions[place], excerpts[place].places)
                    for name, found in explained.items()
                    if place < len(found.contributions)
                },
            }
            for place, number in enumerate(shown.numbers)
        ],
    }


def explain(run: Path, planned: PlannedModel, shown: Shown, excerpts: Sequence[Excerpt]) -> Explained:
    """Return the contributions of one model's words, read from its files."""
    folder = run / "models" / slug(planned.name)
    if planned.kind == "outside":
        return Explained(None, why_not="it was made elsewhere: its answers are known, not what it is")
    if planned.shuffled_words:
        return Explained(None, why_not="it reads each document with its words shuffled")
    if not (folder / "model.json").is_file():
        return Explained(None, why_not="its first fit was not saved")
    if planned.seeded:
        return _explain_network(run, folder, shown, excerpts)
    return _explain_linear(run, folder, planned.model, shown)


# --- linear models


def _explain_linear(run: Path, folder: Path, model: str, shown: Shown) -> Explained:
    described, arrays = read_json(folder / "model.json"), load_arrays(folder / "weights.safetensors")
    if "coefficients" not in arrays:
        return Explained(None, why_not="it answers every document alike: there is one class to learn from")
    linear = LinearModel(
        model,
        arrays["coefficients"],
        arrays["intercepts"],
        arrays["classes"],
        described["probabilities"] == "one-versus-rest",
        arrays,
        described["baselines"],
    )
    of_document = (_by_counts if model in FEATURES else _by_vectors)(run, described, linear, arrays, shown)
    return Explained("weights", tuple(of_document(place) for place in range(len(shown.numbers))))


def _by_counts(
    run: Path, described: dict[str, Any], linear: LinearModel, arrays: dict[str, Any], shown: Shown
) -> Callable[[int], Contributions]:
    """Return the function from a document's place to what its n-grams add."""
    import polars as pl

    known = pl.Series(described["tokens"], dtype=pl.String)
    digits = rows_of(shown.tokenized.types, known).astype(np.int64)[shown.tokenized.token_types] + 1  # (M,)
    bounds, keys = shown.tokenized.offsets, arrays["ngram_keys"]
    shape = (len(known) + 1, described["ngram_min"], described["ngram_max"])

    def of_document(place: int) -> Contributions:
        own = digits[bounds[place] : bounds[place + 1]]
        return of_ngrams(linear, find_occurrences(own, keys, *shape))

    return of_document


def _by_vectors(
    run: Path, described: dict[str, Any], linear: LinearModel, arrays: dict[str, Any], shown: Shown
) -> Callable[[int], Contributions]:
    """Return the function from a document's place to what its vectors add."""
    table = read_vectors(run / "models" / described["embedding"])
    indexed = table.encode(shown.tokenized)

    def of_document(place: int) -> Contributions:
        rows = indexed.indices[indexed.offsets[place] : indexed.offsets[place + 1]]
        return of_averages(linear, table.vectors[rows])

    return of_document


def _explain_network(run: Path, folder: Path, shown: Shown, excerpts: Sequence[Excerpt]) -> Explained:
    described, weights = read_json(folder / "model.json"), load_arrays(folder / "weights.safetensors")
    table = read_vectors(run / "models" / described["embedding"])
    table = replace(table, vectors=weights.get("embedding/embeddings", table.vectors))  # as training left it
    cut = {"max_tokens": described["max_tokens"], "keep": described["keep"]}
    indexed = visible(table.encode(shown.tokenized), **cut).indexed
    lengths = np.maximum(np.diff(shown.tokenized.offsets), 1)  # an empty document reads the unknown row
    read = visible(_places(lengths), **cut).indexed  # places in the document
    asked = [  # places in what the network reads
        np.flatnonzero(np.isin(_of(read, place), excerpt.places)) for place, excerpt in enumerate(excerpts)
    ]
    n_docs = _affordable(np.diff(indexed.offsets), [len(places) for places in asked], described["network"])
    found = _occluded(folder, table, [_of(indexed, place) for place in range(n_docs)], asked)
    forget_graphs()
    if not all(np.isfinite(one.score) for one in found):
        return Explained(None, why_not="its answers are no numbers: it did not train")
    spread = []
    for place, one in enumerate(found):
        words = np.full(lengths[place], np.nan)
        words[_of(read, place)] = one.words
        spread.append(replace(one, words=words))
    return Explained("occlusion", tuple(spread))


def _occluded(
    folder: Path, table: SavedVectors, documents: Sequence[Int32], asked: Sequence[Any]
) -> list[Contributions]:
    """Return the contributions to a network's answers; the row after its table's is the average word."""
    with_average = np.concatenate([table.vectors, table.average_word[None]])  # (V + 1, D)
    logits = logits_of(load_network(folder, with_average))
    average = len(table.vectors)
    return [
        occlude(logits, rows, places, average, MAX_TIMESTEPS)
        for rows, places in zip(documents, asked, strict=False)
    ]


def _of(indexed: IndexedCorpus, place: int) -> Int32:
    return indexed.indices[indexed.offsets[place] : indexed.offsets[place + 1]]


def _places(lengths: Any) -> IndexedCorpus:
    """Return documents whose tokens are their places, 0, 1, ..: what is left of them is what a network reads."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    return IndexedCorpus(places.astype(np.int32), offsets)


def _affordable(lengths: Any, n_asked: Sequence[int], network: dict[str, Any]) -> int:
    """Return how many documents, the first ones, a network is asked about; none where the first one is too long."""
    timesteps = np.cumsum(lengths * (np.array(n_asked, dtype=np.int64) + 1))
    return int((timesteps * weights_a_step(network) <= MOST_WORK).sum())


def weights_a_step(network: Mapping[str, Any]) -> float:
    """Return what a timestep takes: the weights that it goes through, and the rest of its work in as many weights.

    >>> weights_a_step({"model": "rnn", "units": 128, "layers": 1, "embedding_dim": 100})
    89184.0
    """
    entry = MODELS[network["model"]]
    if not entry.recurrent:
        return _WEIGHTS_TO_AVERAGE
    matrices = CELLS[entry.cell].blocks * len(entry.directions)
    units, inputs = network["units"], network["embedding_dim"]
    width = units * len(entry.directions)  # of the states that a deeper layer reads
    weights = sum(
        matrices * units * (units + (inputs if layer == 0 else width)) for layer in range(network["layers"])
    )
    return float(weights + _WEIGHTS_OF_A_STEP * network["layers"] * (width // units))


# --- as JSON has it


def _describe(name: str, found: Explained) -> dict[str, Any]:
    n_docs = len(found.contributions)
    return {"name": name, "method": found.method, "why_not": found.why_not, "documents": n_docs}


def _written(one: Contributions, places: Sequence[int]) -> dict[str, Any]:
    """Return one model's contributions to one document, those of the words at `places` as whole numbers of `unit`."""
    shown = one.words[np.array(places, dtype=np.int64)]
    largest = float(np.nanmax(np.abs(shown), initial=0.0)) if np.isfinite(shown).any() else 0.0
    unit = largest / LEVELS
    levels = np.rint(shown / unit) if unit else np.where(np.isnan(shown), np.nan, 0.0)
    return {
        "predicted": one.predicted,
        "probability": one.probability,
        "score": one.score,
        "base": one.base,
        "unit": unit,
        "words": ",".join("" if np.isnan(level) else str(int(level)) for level in levels),
    }
