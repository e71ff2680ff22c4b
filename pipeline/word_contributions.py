"""Saved models > what each word of the documents that the report shows adds to their answers.

For the first seed's fit on the first fold, which is the one that is saved: linear models exactly, networks by
integrated gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import TokenizerSettings
from pipeline.contributions import (
    Contributions,
    LinearModel,
    blank_out,
    contrast,
    find_occurrences,
    integrated_gradients,
    of_averages,
    of_ngrams,
    place_tokens,
)
from pipeline.contributions.linear import FEATURES
from pipeline.indices import encode, rows_of, take
from pipeline.json_files import read_json
from pipeline.networks.batches import Batch, batches, visible
from pipeline.networks.models import NETWORKS
from pipeline.networks.prediction import forget_graphs
from pipeline.networks.score_gradients import FromVectors
from pipeline.plan import PlannedModel
from pipeline.prediction_files import slug
from pipeline.storage import load_arrays, load_network
from pipeline.tokenizer import HTML_BREAK
from pipeline.values import UNKNOWN_ROW, Float32, IndexedCorpus, TokenizedCorpus, Vocabulary

CHARACTERS = 600  # of a text; the rest is cut
POINTS, MORE_POINTS = 8, 32  # of the integral; the second where the first leave more than NOTABLE_RESIDUAL
NOTABLE_RESIDUAL = 0.05  # of what the words make together, or of 1 where that is less
MOST_OPERATIONS = 8e11  # multiplications and additions that the documents of one network may take
LEVELS = 100  # a document's largest contribution is written as so many, the others in proportion
_BATCH = 64
_MOST_TIMESTEPS = 25_600  # in a batch, padding included: every state is kept for the way back


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
    explained = {}
    for model in planned:
        explained[model.name] = explain(run, model, shown)
        on_model()
    excerpts = [
        _excerpt(text, tokens, tokenizer) for text, tokens in zip(shown.texts, shown.tokens, strict=True)
    ]
    return {
        "characters": CHARACTERS,
        "models": [_describe(name, found) for name, found in explained.items()],
        "documents": [
            {
                "document": number,
                "tokens": len(shown.tokens[place]),
                **excerpts[place],
                "models": {
                    name: _written(found.contributions[place], len(excerpts[place]["spans"]))
                    for name, found in explained.items()
                    if place < len(found.contributions)
                },
            }
            for place, number in enumerate(shown.numbers)
        ],
    }


def explain(run: Path, planned: PlannedModel, shown: Shown) -> Explained:
    """Return the contributions of one model's words, read from its files."""
    folder = run / "models" / slug(planned.name)
    if planned.kind == "outside":
        return Explained(None, why_not="it was made elsewhere: its answers are known, not what it is")
    if planned.shuffled_words:
        return Explained(None, why_not="it reads each document with its words shuffled")
    if not (folder / "model.json").is_file():
        return Explained(None, why_not="its first fit was not saved")
    if planned.model in NETWORKS:
        return _explain_network(run, folder, shown)
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
    table = _read_table(run / "models" / described["embedding"])
    indexed = table.encode(shown.tokenized)

    def of_document(place: int) -> Contributions:
        rows = indexed.indices[indexed.offsets[place] : indexed.offsets[place + 1]]
        return of_averages(linear, table.vectors[rows])

    return of_document


# --- networks


@dataclass(frozen=True, eq=False)
class _Table:
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
        counts = self.vocabulary.counts.astype(np.float64)
        average: Float32 = (counts @ self.vectors[self.row_read] / max(counts.sum(), 1)).astype(np.float32)
        return average


def _read_table(folder: Path, trained: Any = None) -> _Table:
    """Return the vectors of `models/embedding-<slug>/`, or those that training a network left, (V, D)."""
    import polars as pl

    described, arrays = read_json(folder / "vocabulary.json"), load_arrays(folder / "vectors.safetensors")
    vocabulary = Vocabulary(
        pl.Series(described["tokens"], dtype=pl.String),
        np.array(described["counts"], dtype=np.int64),
        described["n_learned"],
    )
    rows = np.arange(len(vocabulary), dtype=np.int32)
    row_read = np.where(arrays["covered"], rows, np.int32(UNKNOWN_ROW))
    return _Table(vocabulary, arrays["vectors"] if trained is None else trained, row_read)


def _explain_network(run: Path, folder: Path, shown: Shown) -> Explained:
    described, arrays = read_json(folder / "model.json"), load_arrays(folder / "weights.safetensors")
    table = _read_table(run / "models" / described["embedding"], arrays.get("embedding/embeddings"))
    cut = {"max_tokens": described["max_tokens"], "keep": described["keep"]}
    indexed = visible(table.encode(shown.tokenized), **cut).indexed
    lengths = np.maximum(np.diff(shown.tokenized.offsets), 1)  # an empty document reads the unknown row
    read = visible(_places(lengths), **cut).indexed
    n_docs = _affordable(np.diff(indexed.offsets), arrays)
    indexed = take(indexed, np.arange(n_docs))
    network, baseline = FromVectors(load_network(folder)), table.average_word
    found: dict[int, Contributions] = {}
    for batch in batches(indexed, _BATCH, None, _MOST_TIMESTEPS):
        for place, one in zip(
            batch.documents.tolist(), _of_batch(network, table, baseline, batch), strict=True
        ):
            words = np.full(lengths[place], np.nan)
            words[read.indices[read.offsets[place] : read.offsets[place + 1]]] = one.words
            found[place] = replace(one, words=words)
    forget_graphs()
    return Explained("integrated gradients", tuple(found[place] for place in range(n_docs)))


def _of_batch(network: FromVectors, table: _Table, baseline: Float32, batch: Batch) -> list[Contributions]:
    """Return the contributions of a batch's documents; the residual of one that needs it is made smaller."""
    found = _integrate(network, table, baseline, batch, POINTS)
    again = [place for place, one in enumerate(found) if _leaves_too_much(one)]
    if again:
        part = Batch(batch.documents[again], batch.rows[again], batch.lengths[again])
        for place, one in zip(again, _integrate(network, table, baseline, part, MORE_POINTS), strict=True):
            found[place] = one
    return found


def _leaves_too_much(one: Contributions) -> bool:
    return abs(one.residual) > NOTABLE_RESIDUAL * max(1.0, abs(one.score - one.base))


def _integrate(
    network: FromVectors, table: _Table, baseline: Float32, batch: Batch, n_points: int
) -> list[Contributions]:
    vectors = table.vectors[batch.rows]  # (B, T, D)
    logits = network.logits(vectors, batch.lengths).astype(np.float64)  # (B, C)
    predicted = logits.argmax(axis=1)
    weights = np.stack([contrast(int(one), logits.shape[1]) for one in predicted])  # (B, C)
    nothing = np.broadcast_to(baseline, vectors.shape).astype(np.float32)
    at_baseline = network.logits(nothing, batch.lengths).astype(np.float64)  # (B, C)
    words = integrated_gradients(
        vectors, batch.lengths, baseline, weights.astype(np.float32), network.gradients, n_points
    )
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = shares / shares.sum(axis=1, keepdims=True)
    return [
        Contributions(
            int(predicted[row]),
            float(probabilities[row, predicted[row]]),
            float(weights[row] @ logits[row]),
            float(weights[row] @ at_baseline[row]),
            words[row, : batch.lengths[row]],
        )
        for row in range(len(predicted))
    ]


def _places(lengths: Any) -> IndexedCorpus:
    """Return documents whose tokens are their places, 0, 1, ..: what is left of them is what a network reads."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    return IndexedCorpus(places.astype(np.int32), offsets)


def _affordable(lengths: Any, arrays: dict[str, Any]) -> int:
    """Return how many documents, the first ones, a network is asked about; 1 at least.

    A word takes a multiplication and an addition with each weight, three times with the way back, at each point.
    """
    weights = sum(array.size for name, array in arrays.items() if not name.startswith("embedding/"))
    operations = np.cumsum(lengths) * (2 * 3 * POINTS * weights)
    return max(1, int((operations <= MOST_OPERATIONS).sum()))


# --- as JSON has it


def _excerpt(text: str, tokens: Sequence[str], tokenizer: TokenizerSettings) -> dict[str, Any]:
    """Return `spans`, start and end in the text's first characters of each whole token there.

    Where the tokens cannot be found in the text, `text` holds them joined by blanks, and the spans are in that.
    """
    blank = blank_out(HTML_BREAK, text) if tokenizer.html_breaks else text
    first = tokens[:CHARACTERS]
    spans = place_tokens(blank[:CHARACTERS], first, lowercase=tokenizer.lowercase)
    if spans is not None:
        return {"spans": spans}
    joined = " ".join(first)[:CHARACTERS]
    return {"spans": place_tokens(joined, first, lowercase=False) or [], "text": joined}


def _describe(name: str, found: Explained) -> dict[str, Any]:
    misses = [abs(one.residual) for one in found.contributions]
    return {
        "name": name,
        "method": found.method,
        "why_not": found.why_not,
        "documents": len(found.contributions),
        "median_residual": float(np.median(misses)) if misses else None,
        "largest_residual": float(np.max(misses)) if misses else None,
    }


def _written(one: Contributions, n_shown: int) -> dict[str, Any]:
    """Return one model's contributions to one document, those of the first words as whole numbers of `unit`."""
    shown = one.words[:n_shown]
    largest = float(np.nanmax(np.abs(shown), initial=0.0)) if np.isfinite(shown).any() else 0.0
    unit = largest / LEVELS
    levels = np.rint(shown / unit) if unit else np.where(np.isnan(shown), np.nan, 0.0)
    return {
        "predicted": one.predicted,
        "probability": one.probability,
        "score": one.score,
        "base": one.base,
        "rest": float(np.nansum(one.words[n_shown:])),
        "unit": unit,
        "words": ",".join("" if np.isnan(level) else str(int(level)) for level in levels),
    }
