"""What is known of a corpus before a model is fitted: row ledger, classes, splits, duplicates, tokens."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict

import numpy as np

from pipeline.core.errors import first_places
from pipeline.core.files import Json
from pipeline.core.values import (
    SPLIT_NAMES,
    TEST,
    Bool,
    Corpus,
    Dropped,
    Duplicates,
    LoadedCorpus,
    TokenizedCorpus,
)
from pipeline.corpus.duplicates import leak_warning
from pipeline.corpus.label_sets.facts import facts_of_sets
from pipeline.corpus.sources import names_of
from pipeline.settings.tables import Config

ROWS_SHOWN = 20  # first records of each ledger entry that metrics.json names


def describe_loaded(
    loaded: LoadedCorpus, duplicates: Duplicates, folds: Sequence[Corpus], config: Config
) -> dict[str, Json]:
    """Return `corpus` of metrics.json, but for the number of documents tested; `splits` are the first fold's."""
    first, given = folds[0], (config.corpus.path, config.corpus.test, config.corpus.validation)
    named_files = {
        name for named in given if named for name in names_of(named)
    }  # of records, or folders of documents
    counts, sets = loaded.corpus.counts, facts_of_sets(loaded.corpus)
    return {
        "name": loaded.name,
        "reading": loaded.reading.line(),
        **{f"{role}_column": name for role, name in loaded.reading.columns().items()},
        "rows_read": loaded.ledger.rows_read,
        "documents": loaded.ledger.documents,
        "dropped": describe_dropped(loaded.ledger.dropped, named_files),
        "classes": dict(zip(loaded.corpus.label_names, counts.tolist(), strict=True)),
        "label_sets": None if sets is None else asdict(sets),
        "splits": {name: len(first.positions(part)) for part, name in SPLIT_NAMES.items()},
        "folds": config.corpus.folds,
        "duplicates": {
            name: getattr(duplicates, name)
            for name in ("exact", "normalised", "across_splits", "conflicting_labels")
        }
        | {"warning": leak_warning(duplicates, len(first.positions(TEST)))},
        "hash": loaded.hash,
        "split_hash": split_hash(folds),
        "unlabelled_hash": None if loaded.unlabelled is None else _hash_of_texts(loaded.unlabelled),
    }


def split_hash(folds: Sequence[Corpus]) -> str:
    """Return the sha256 (hexadecimal) of which documents train, validate and test, over all folds in order."""
    digest = hashlib.sha256()
    for fold in folds:
        digest.update(len(fold.split).to_bytes(8, "little"))
        digest.update(fold.split.astype("i1").tobytes())
    return digest.hexdigest()


def _hash_of_texts(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)} {text}".encode())
    return digest.hexdigest()


def describe_dropped(entries: Iterable[Dropped], named_files: Collection[str]) -> list[dict[str, Json]]:
    """Return `dropped` of metrics.json: one row a reason and file.

    In a folder corpus each file is a document and has an entry of its own; those are one row a reason, which
    names the first files. Such a file has no lines, one record, and was not named by the user.
    """
    alike: dict[tuple[str, str | None], list[Dropped]] = defaultdict(list)
    for entry in entries:
        in_folder = not entry.lines and len(entry.rows) == 1 and entry.file not in named_files
        alike[entry.reason, None if in_folder else entry.file].append(entry)
    return [_dropped_row(reason, together) for (reason, _), together in alike.items()]


def _dropped_row(reason: str, entries: list[Dropped]) -> dict[str, Json]:
    return {
        "reason": reason,
        "count": sum(len(entry.rows) for entry in entries),
        "file": first_places(list(dict.fromkeys(entry.file for entry in entries))),
        "rows": [row for entry in entries for row in entry.rows][:ROWS_SHOWN],
        "lines": [line for entry in entries for line in entry.lines][:ROWS_SHOWN],
    }


def describe_tokens(tokenized: TokenizedCorpus, corpus: Corpus) -> dict[str, Json]:
    """Return counts of tokens; `unknown_tokens` is the share that no training document holds, by split."""
    lengths = np.diff(tokenized.offsets)
    part_of_token = np.repeat(corpus.split, lengths)  # (M,)
    seen = np.zeros(len(tokenized.types), dtype=bool)
    seen[tokenized.token_types[part_of_token == 0]] = True
    unseen = ~seen[tokenized.token_types]  # (M,)
    return {
        "documents": tokenized.n_docs,
        "tokens": len(tokenized.token_types),
        "types": len(tokenized.types),
        "length": {
            "median": float(np.median(lengths)),
            "mean": float(lengths.mean()),
            "p95": float(np.percentile(lengths, 95)),
            "max": int(lengths.max()),
        },
        "empty_documents": {
            name: int((lengths[corpus.split == part] == 0).sum()) for part, name in SPLIT_NAMES.items()
        },
        "unknown_tokens": {name: _share(unseen, part_of_token == part) for part, name in SPLIT_NAMES.items()},
    }


def _share(flags: Bool, chosen: Bool) -> float | None:
    return float(flags[chosen].mean()) if chosen.any() else None
