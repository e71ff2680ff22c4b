"""Text of which nothing is told: documents for language models, from files with labels or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from pipeline.core.errors import first_places
from pipeline.core.reading import Chosen, PartRead, Reading
from pipeline.core.values import TEST, UNASSIGNED, VALIDATION, Corpus, Ledger, LoadedCorpus
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.corpus.built_in.table import BUILT_IN
from pipeline.corpus.loading import classes_by_size, corpus_hash, read_corpus
from pipeline.corpus.mending import mend
from pipeline.corpus.sources import Named, corpus_name, find_paths, names_of
from pipeline.corpus.unlabelled import read_unlabelled

NAME = "text"  # of the one class that all documents have
_USUAL_COLUMN = "text"


def read_text(
    source: Named,
    *,
    test: Named | None = None,
    validation: Named | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    allow_losses: bool = False,
) -> LoadedCorpus:
    """Return documents without classes.

    A built-in corpus and one whose label column is named are read as a corpus with classes is, and the classes are
    left out then. All else is read as text without labels: a `.txt` file has a document a line, a folder without
    tables a document a file, a table its text column.

    Raises
    ------
    PipelineError
        A file that cannot be read, or no text.
    """
    if label_column is not None or set(names_of(source)) & set(BUILT_IN):
        loaded = read_corpus(
            source,
            test=test,
            validation=validation,
            text_column=text_column,
            label_column=label_column,
            allow_losses=allow_losses,
        )
        corpus = _of_one_class(loaded.corpus)
        reading = replace(loaded.reading, classes=classes_by_size(corpus), called="kind")
        return replace(loaded, corpus=corpus, hash=corpus_hash(corpus), reading=reading)
    asked = ColumnOptions(text_column)
    given = ((source, UNASSIGNED, ""), (validation, VALIDATION, "validation"), (test, TEST, "test"))
    return _join(source, [(one, split, part) for one, split, part in given if one is not None], asked)


def _of_one_class(corpus: Corpus) -> Corpus:
    return replace(corpus, labels=np.zeros(len(corpus.texts), dtype=np.int32), label_names=(NAME,))


def _join(source: Named, given: Sequence[tuple[Named, int, str]], asked: ColumnOptions) -> LoadedCorpus:
    texts: list[pl.Series] = []
    told: list[str] = []
    parts: list[PartRead] = []
    for named, _, part in given:
        paths = find_paths(named, tuple(BUILT_IN) if not part else (), *(["--" + part] if part else []))
        name = first_places([str(path) for path in paths])
        own, assumptions = read_unlabelled(paths, name, asked, asked.text or _USUAL_COLUMN)
        texts.append(own)
        told += assumptions
        column = Chosen(asked.text or _USUAL_COLUMN)
        parts.append(PartRead(name, column, None, None, "", len(own), len(own), part))
    mended = mend(texts)
    corpus = Corpus(
        texts=pl.concat(mended.parts).alias("text"),
        labels=np.zeros(sum(map(len, texts)), dtype=np.int32),
        label_names=(NAME,),
        records=np.concatenate([np.arange(len(own), dtype=np.int64) for own in texts]),
        split=np.concatenate(
            [np.full(len(own), split, dtype=np.int8) for own, (_, split, _) in zip(texts, given, strict=True)]
        ),
    )
    return LoadedCorpus(
        name=corpus_name(source),
        corpus=corpus,
        ledger=Ledger(len(corpus.texts), len(corpus.texts)),
        unlabelled=None,
        assumptions=(*told, *mended.notes),
        warnings=mended.warnings,
        hash=corpus_hash(corpus),
        reading=Reading(tuple(parts), classes_by_size(corpus), "kind"),
        writing=mended.writing,
    )
