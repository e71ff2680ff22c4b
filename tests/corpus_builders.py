"""Small corpora and files made by hand for the tests of `pipeline.corpus`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.reading import Chosen, PartRead, Reading
from pipeline.core.values import UNASSIGNED, Corpus, Ledger, LoadedCorpus

TEXTS = ("a good film", "a bad film", "so good", "so bad")
LABELS = ("pos", "neg", "pos", "neg")
READING = Reading((PartRead("toy", Chosen("text"), Chosen("label"), None, "", 0),), ())
CSV = "text,label\na good film,pos\na bad film,neg\nso good,pos\nso bad,neg\n"


def write(path: Path, content: str | bytes) -> Path:
    """Write `content` (UTF-8 where it is a string, line ends as they are) and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_classes(folder: Path, documents: dict[str, str | bytes]) -> Path:
    """Write one file for each `class/name` and return the folder."""
    for name, content in documents.items():
        write(folder / name, content)
    return folder


def make_corpus(texts: Sequence[str], labels: Sequence[int], split: Sequence[int] | None = None) -> Corpus:
    """Return a corpus with the labels c0, c1, ...; all documents unassigned unless `split` says otherwise."""
    n_docs = len(texts)
    return Corpus(
        texts=pl.Series("text", list(texts), dtype=pl.String),
        labels=np.array(labels, dtype=np.int32),
        label_names=tuple(f"c{number}" for number in range(max(labels) + 1)),
        records=np.arange(n_docs, dtype=np.int64),
        split=np.full(n_docs, UNASSIGNED, dtype=np.int8) if split is None else np.array(split, dtype=np.int8),
    )


def make_loaded(corpus: Corpus, together: Sequence[int] | None = None) -> LoadedCorpus:
    """Return a loaded corpus named "toy" with nothing dropped or assumed."""
    return LoadedCorpus(
        name="toy",
        corpus=corpus,
        ledger=Ledger(len(corpus.texts), len(corpus.texts)),
        unlabelled=None,
        assumptions=(),
        warnings=(),
        hash="0",
        reading=READING,
        together=None if together is None else np.array(together, dtype=np.int64),
    )


def documents(loaded: LoadedCorpus) -> list[tuple[str, str]]:
    """Return (text, label) of every document."""
    corpus = loaded.corpus
    return [
        (text, corpus.label_names[label]) for text, label in zip(corpus.texts, corpus.labels, strict=True)
    ]
