"""Rows of details/ about tokens and their vectors."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.metrics.rows import Count, Detail, Interval, Number, Texts


@dataclass(frozen=True)
class Near(Detail):
    """A neighbour of a word."""

    word: str
    cosine: float


@dataclass(frozen=True)
class NeighbourWord(Detail):
    """A word with its neighbours; `before` are those before training, where the vectors were trained."""

    word: str
    why: str
    neighbours: tuple[Near, ...]
    before: tuple[Near, ...] | None = None


@dataclass(frozen=True)
class Neighbours(Detail):
    """Nearest neighbours in one embedding source: an entry of details/neighbours.json."""

    source: str
    words: tuple[NeighbourWord, ...]


@dataclass(frozen=True)
class Lengths(Detail):
    """Tokens of a document."""

    median: float
    mean: float
    p95: float
    max: Count


@dataclass(frozen=True)
class TokenFacts(Detail):
    """Counts of tokens: details/tokens.json. What networks read is None where none was run."""

    documents: Count
    tokens: Count
    types: Count
    length: Lengths
    empty_documents: dict[str, Count]
    unknown_tokens: dict[str, Number]
    vocabulary: Count | None = None
    max_tokens: Count | None = None
    keep: str | None = None
    cut_documents: Count | None = None
    cut_tokens: Count | None = None


@dataclass(frozen=True)
class VectorsFile(Detail):
    """A file of vectors that was read, or a package with some, of which less is known."""

    sha256: str
    format: str | None = None
    compression: str | None = None
    dimension: Count | None = None
    rows: Count | None = None
    repeated: Count | None = None
    replaced: Count | None = None
    notes: Texts = ()


@dataclass(frozen=True)
class Coverage(Detail):
    """How much of a split's documents, or of a label's training documents, a source has vectors for."""

    types: Count
    tokens: Count
    type_coverage: Number
    token_coverage: Number
    split: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class FoundAt(Detail):
    """Types and tokens that a step of the search found."""

    step: str
    types: Count
    tokens: Count


@dataclass(frozen=True)
class ExactCoverage(Detail):
    """Coverage by words exactly as they are."""

    type_coverage: Number
    token_coverage: Number


@dataclass(frozen=True)
class CaseEffect(Detail):
    """Coverage with case kept, and with everything in lower case."""

    lower_cased: bool
    kept: ExactCoverage
    lowered: ExactCoverage


@dataclass(frozen=True)
class FrequentWord(Detail):
    """A word without a vector, and how often it occurs."""

    word: str
    tokens: Count


@dataclass(frozen=True)
class TellingWord(Detail):
    """A word without a vector, and what it says about a class."""

    word: str
    label: str
    coefficient: float


@dataclass(frozen=True)
class Norms(Detail):
    """Lengths of the vectors."""

    mean: Number
    sd: Number
    min: Number
    p5: Number
    p25: Number
    median: Number
    p75: Number
    p95: Number
    max: Number
    zero: Count


@dataclass(frozen=True)
class JudgedPairs(Detail):
    """A list of word pairs that people judged, beside the vectors' cosines."""

    title: str
    pairs: Count
    covered: Count
    spearman: Number
    ci95: Interval | None


@dataclass(frozen=True)
class Audit(Detail):
    """How well an embedding source fits the corpus: an entry of details/audit.json."""

    source: str
    dimension: Count
    rows_kept: Count
    files: tuple[VectorsFile, ...]
    by_split: tuple[Coverage, ...]
    by_class: tuple[Coverage, ...]
    steps: tuple[FoundAt, ...]
    case: CaseEffect | None
    frequent_missing: tuple[FrequentWord, ...]
    discriminative_missing: tuple[TellingWord, ...]
    norms: Norms | None
    word_pairs: tuple[JudgedPairs, ...]
    shuffled: bool = False
