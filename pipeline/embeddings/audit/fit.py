"""The fit audit: how well an embedding source fits a corpus, before any network is trained on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.values import (
    SPLIT_NAMES,
    TRAIN,
    Bool,
    Corpus,
    Float32,
    Int8,
    Int64,
    TokenizedCorpus,
    Vocabulary,
)
from pipeline.embeddings.audit.discriminative import WordWeights, weigh_words
from pipeline.embeddings.audit.word_pairs import installed_pairs, judge_pairs
from pipeline.embeddings.cascade import STEPS, UNKNOWN
from pipeline.embeddings.table import Embedded
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.ragged import select
from pipeline.text.tokenizer import tokenize
from pipeline.text.vocabulary import rows_of

MOST_WORDS = 20  # missing words that are named
QUANTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True, eq=False)
class TypeCounts:
    """Distinct tokens and how often each occurs."""

    types: pl.Series  # string (T,)
    counts: Int64  # (T,)


@dataclass(frozen=True, eq=False)
class CorpusFacts:
    """What every source of a run is audited against; the slow parts are worked out once, when first asked for."""

    tokenized: TokenizedCorpus  # every document
    corpus: Corpus
    tokenizer: TokenizerSettings

    @cached_property
    def train(self) -> TokenizedCorpus:
        """The training documents."""
        return select(self.tokenized, self.corpus.positions(TRAIN))

    @cached_property
    def counts(self) -> Int64:
        """How often each type occurs in all documents, (T,)."""
        return count_types(self.tokenized)

    @cached_property
    def weights(self) -> WordWeights:
        """What each word of the training documents says about the classes."""
        return weigh_words(self.train, self.corpus.strata[self.corpus.positions(TRAIN)])

    @cached_property
    def other_case(self) -> TypeCounts:
        """The types of all documents as they are with lower-casing turned the other way."""
        turned = replace(self.tokenizer, lowercase=not self.tokenizer.lowercase)
        tokenized = tokenize(self.corpus.texts, turned)
        return TypeCounts(tokenized.types, count_types(tokenized))


def audit_fit(found: Embedded, facts: CorpusFacts, name: str = "") -> dict[str, Json]:
    """Return the fit audit of a source: one entry of details/audit.json, plain values only.

    Parameters
    ----------
    found : Embedded
        The source laid on the vocabulary of the training documents.
    facts : CorpusFacts
        Every document with its tokens, label and split.
    name : str
        What the audit calls the source; its own name if empty.

    Returns
    -------
    dict
        See docs/reference/run-folder.md. `case` is None unless all vectors were read from files: words of vectors made
        here have the corpus's own case.
    """
    steps = steps_of_types(facts.tokenized.types, found.vocabulary, found.matrix.covered, found.steps)
    covered = steps != UNKNOWN  # (T,)
    rows = np.flatnonzero(found.matrix.covered)
    words, vectors = found.vocabulary.tokens.gather(rows), found.matrix.vectors[rows]
    return {
        "source": name or found.matrix.source,
        "dimension": int(found.matrix.vectors.shape[1]),
        "rows_kept": len(rows),
        "files": list(found.files),
        "by_split": coverage_by_split(facts.tokenized, facts.corpus, covered),
        "by_class": coverage_by_class(facts.train, facts.corpus, covered),
        "steps": counts_by_step(steps, facts.counts),
        "case": None if found.file_words is None else case_effect(facts, found.file_words),
        "frequent_missing": frequent_missing(facts.tokenized.types, facts.counts, covered),
        "discriminative_missing": discriminative_missing(
            facts.weights, facts.tokenized.types.filter(pl.Series(covered)), facts.corpus.strata_names
        ),
        "norms": norms_of(vectors),
        "word_pairs": [judge_pairs(pairs, words, vectors) for pairs in installed_pairs()],
    }


def count_types(tokenized: TokenizedCorpus) -> Int64:
    """Return how often each type occurs; int64 (T,)."""
    return np.bincount(tokenized.token_types, minlength=len(tokenized.types)).astype(np.int64)


def steps_of_types(types: pl.Series, vocabulary: Vocabulary, covered: Bool, steps: Int8) -> Int8:
    """Return the step of the cascade that found each type's vector; int8 (T,), UNKNOWN without one.

    `covered` and `steps` (V,) belong to the rows of `vocabulary`.
    """
    rows = rows_of(types, vocabulary.tokens)
    known = (rows >= 2) & covered[rows]  # rows 0 and 1 belong to no word, even if a text spells them
    return np.where(known, steps[rows], UNKNOWN).astype(np.int8)


def coverage_by_split(tokenized: TokenizedCorpus, corpus: Corpus, covered: Bool) -> list[dict[str, Json]]:
    """Return the coverage of all documents, then of each split; `covered` (T,) says which types have a vector."""
    parts = {name: select(tokenized, corpus.positions(part)) for part, name in SPLIT_NAMES.items()}
    return [_coverage({"split": name}, part, covered) for name, part in {"all": tokenized, **parts}.items()]


def coverage_by_class(train: TokenizedCorpus, corpus: Corpus, covered: Bool) -> list[dict[str, Json]]:
    """Return the coverage of each class's training documents."""
    labels = corpus.strata[corpus.positions(TRAIN)]
    return [
        _coverage({"label": name}, select(train, np.flatnonzero(labels == number)), covered)
        for number, name in enumerate(corpus.strata_names)
    ]


def _coverage(part: Mapping[str, str], tokenized: TokenizedCorpus, covered: Bool) -> dict[str, Json]:
    counts = count_types(tokenized)
    occurring = counts > 0  # `types` may hold words of documents that are not in this part
    sizes = {"types": int(occurring.sum()), "tokens": len(tokenized.token_types)}
    return {**part, **sizes, **_shares(counts[occurring], covered[occurring])}


def _shares(counts: Int64, found: Bool) -> dict[str, float | None]:
    """Return the shares of types (T,) and of their occurrences that were found; None of nothing."""
    total = int(counts.sum())
    return {
        "type_coverage": float(found.mean()) if len(found) else None,
        "token_coverage": float(counts[found].sum() / total) if total else None,
    }


def counts_by_step(steps: Int8, counts: Int64) -> list[dict[str, Json]]:
    """Return how many types and tokens each step of the cascade found; `counts` (T,) are occurrences."""
    types = np.bincount(steps, minlength=len(STEPS))
    tokens = np.bincount(steps, weights=counts, minlength=len(STEPS)).astype(np.int64)
    return [
        {"step": name, "types": int(types[step]), "tokens": int(tokens[step])}
        for step, name in enumerate(STEPS)
    ]


def case_effect(facts: CorpusFacts, words: pl.Series) -> dict[str, Json]:
    """Return the coverage of all documents by exact matches with `words`: with case kept, and lower-cased."""
    as_read = TypeCounts(facts.tokenized.types, facts.counts)
    kept, lowered = as_read, facts.other_case
    if facts.tokenizer.lowercase:
        kept, lowered = lowered, kept
    return {
        "lower_cased": facts.tokenizer.lowercase,
        "kept": exact_coverage(kept, words),
        "lowered": exact_coverage(lowered, words),
    }


def exact_coverage(counted: TypeCounts, words: pl.Series) -> dict[str, float | None]:
    """Return the shares of types and of tokens that stand among `words` exactly as they are."""
    return _shares(counted.counts, rows_of(counted.types, words) >= 0)


def frequent_missing(
    types: pl.Series, counts: Int64, covered: Bool, *, most: int = MOST_WORDS
) -> list[dict[str, Json]]:
    """Return the most frequent types without a vector, with how often each occurs; ties in the types' order."""
    missing = np.flatnonzero(~covered & (counts > 0))
    first = missing[np.argsort(-counts[missing], kind="stable")[:most]]
    return [{"word": types[int(number)], "tokens": int(counts[number])} for number in first]


def discriminative_missing(
    weights: WordWeights, covered_types: pl.Series, label_names: Sequence[str], *, most: int = MOST_WORDS
) -> list[dict[str, Json]]:
    """Return the words without a vector that tell most about the classes, by the size of their coefficient."""
    missing = np.flatnonzero(rows_of(weights.words, covered_types) < 0)
    sizes = np.abs(weights.coefficients[missing])
    first = missing[np.argsort(-sizes, kind="stable")[:most]]
    return [
        {
            "word": weights.words[int(number)],
            "label": label_names[int(weights.classes[number])],
            "coefficient": float(weights.coefficients[number]),
        }
        for number in first
        if weights.coefficients[number] != 0.0
    ]


def norms_of(vectors: Float32) -> dict[str, float] | None:
    """Return mean, standard deviation, range and quantiles of the vectors' lengths (D numbers each); None without any.

    `zero` counts vectors of length 0, which a network cannot tell from padding.
    """
    if not len(vectors):
        return None
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    return {
        "mean": float(norms.mean()),
        "sd": float(norms.std(ddof=1)) if len(norms) > 1 else 0.0,
        "min": float(norms.min()),
        **{name: float(np.quantile(norms, share)) for name, share in QUANTILES.items()},
        "max": float(norms.max()),
        "zero": int((norms == 0).sum()),
    }
