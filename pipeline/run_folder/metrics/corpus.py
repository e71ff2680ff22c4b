"""Rows of metrics.json about what went in: the corpus, embedding sources, the machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.run_folder.metrics.rows import (
    Amount,
    Count,
    Counts,
    FileFacts,
    Free,
    OneOrMore,
    Row,
    Sha256,
    Share,
    Training,
)


@dataclass(frozen=True)
class Dropped(Row):
    """Records that were left out, for one reason and of one file."""

    reason: str
    count: Count
    file: str
    rows: Counts
    lines: Counts


@dataclass(frozen=True)
class Splits(Row):
    """Documents by part."""

    train: Count
    validation: Count
    test: Count


@dataclass(frozen=True)
class Duplicates(Row):
    """How often texts repeat."""

    exact: Count
    normalised: Count
    across_splits: Count
    conflicting_labels: Count
    warning: str | None


@dataclass(frozen=True)
class LabelPair(Row):
    """Two labels that documents have `together`, and how many would be `expected` to, were the two independent."""

    a: str
    b: str
    together: Count
    expected: Amount


@dataclass(frozen=True)
class LabelSets(Row):
    """The sets of labels of all documents."""

    cardinality: Amount
    most: Count
    empty: Count
    distinct: Count
    sizes: tuple[Count, ...]
    pairs: tuple[LabelPair, ...]


@dataclass(frozen=True)
class CorpusRead(Row):
    """What was read, and how it was split."""

    name: str
    """the corpus as the report calls it"""
    reading: str
    """one line: columns and how they were chosen, header, encoding, records read, used and left out, classes"""
    text_column: str
    """the column with the text, and the one with the label, as the first file calls them; empty where it has none"""
    label_column: str
    rows_read: Count
    """records read from all files: `documents` + the sum of `dropped`"""
    documents: Count
    """documents used"""
    dropped: tuple[Dropped, ...]
    """the row ledger, one entry a reason and file: `reason`, `file`, `count`, `rows` (the first record numbers, from
    0), `lines` (where those records start, from 1; empty if the format has no lines). Where each file is a document,
    in a folder corpus, one entry a reason: `file` names the first files"""
    classes: dict[str, Count]
    """documents by label"""
    label_sets: LabelSets | None = field(default=None, kw_only=True)
    """of the sets of labels, where a document may have several: `cardinality` (labels a document), the `most` of one,
    documents without any (`empty`), `distinct` sets, documents by how many labels they have (`sizes`, from 0), and
    `pairs` that stand together more often than by chance; else `null`"""
    splits: Splits
    """documents in `train`, `validation` and `test`; with folds, those of the first"""
    folds: Count
    """how many folds; 0: one split"""
    duplicates: Duplicates
    """`exact` and `normalised` (case and blanks set aside) repeats; `across_splits`: test documents that also occur in
    training or validation; `conflicting_labels`: documents whose text occurs with more than one label; `warning`: a
    sentence if `across_splits` is not 0, else `null`"""
    hash: Sha256
    """hash of texts, labels and official split, in hexadecimal"""
    split_hash: Sha256
    """sha256 of which documents train, validate and test, over all folds"""
    unlabelled_hash: Sha256 | None
    """sha256 of the unlabelled texts, `null` without any"""


@dataclass(frozen=True)
class Corpus(CorpusRead):
    """`corpus`: what was read, and how it was split."""

    tested: Count
    """documents that each model answers, its folds together"""


@dataclass(frozen=True)
class Embedding(Row):
    """`embeddings`: one entry a source."""

    source: str
    """its name, its dimension, the rows of its matrix"""
    dimension: Count
    rows: Count
    type_coverage: Share
    """share of the types, and of the tokens, that have a vector"""
    token_coverage: Share
    rows_from_source: Count
    """rows for words outside the training documents that the source brought"""
    training: Training
    """`frozen`, `tuned` or `frozen-then-tuned`: what the networks do with its vectors"""
    files: tuple[FileFacts, ...]
    """facts of each vector file that was read, as in `details/audit.json`"""
    seconds: Amount
    """a time, which differs from run to run: to make or load it; `cached`: that was in an earlier run (cache.md)"""
    cached: bool
    settings: Free
    """its settings, and a remark or `null`"""
    note: str | None


@dataclass(frozen=True)
class Stage(Row):
    """`stages`: one entry a stage that ended, in the order in which they did."""

    stage: str
    seconds: Amount


@dataclass(frozen=True)
class Environment(Row):
    """`environment`: versions and machine."""

    embedseq: str
    """version"""
    python: str
    """version"""
    platform: str
    """operating system"""
    cpu: str
    """the processor's name, its `cores`, the machine's `memory_gib`"""
    cores: Count
    memory_gib: Amount
    gpu: str | None
    """its name, or `null`"""
    packages: dict[str, str | None]
    """versions by name"""
    command: str
    """as it was given"""


@dataclass(frozen=True)
class Reuse(Row):
    """`reuse`: how many verdicts this computer has seen on the same test documents."""

    tests: Sha256
    """sha256 of the test documents with their labels, all folds together, in no order; how many there are"""
    documents: OneOrMore
    verdicts: OneOrMore | None
    """different settings (of models, training, documents, version) that were judged on them so far, these included;
    `null` where they could not be counted"""
    runs: OneOrMore | None
    """runs that did so; one that repeats earlier settings is a run and no further verdict"""
    repeated: bool | None
    """whether these settings were judged on them before"""
    first: str | None
    """when the first of these runs was, UTC"""
