"""Files > LoadedCorpus: parts joined, columns chosen, every record used or in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import first_places
from pipeline.core.reading import Reading
from pipeline.core.values import (
    SPLIT_NAMES,
    TEST,
    VALIDATION,
    Corpus,
    Int64,
    Ledger,
    LoadedCorpus,
)
from pipeline.core.warned import Warned, warning
from pipeline.corpus.asked.classes import AS_THEY_ARE, ClassOptions
from pipeline.corpus.asked.columns import ChosenColumns, ColumnOptions
from pipeline.corpus.how_read import how_read, resting_on
from pipeline.corpus.mending import mend
from pipeline.corpus.part import Part
from pipeline.corpus.parts import select_parts
from pipeline.corpus.plausible import part_warnings
from pipeline.corpus.readers.archives import Unpacked
from pipeline.corpus.readers.column_names import names_label
from pipeline.corpus.readers.hugging_face import NO_CLASS
from pipeline.corpus.readers.layout import Layout
from pipeline.corpus.readers.named_columns import called_so
from pipeline.corpus.readers.records import RawTable, is_blank
from pipeline.corpus.readers.unsettled import Ask, in_every_file
from pipeline.corpus.sources import Named, corpus_name, find_corpus, find_paths
from pipeline.corpus.told_by_columns import by_part, without_rejected
from pipeline.corpus.unlabelled import read_unlabelled
from pipeline.tasks.answers import Answers
from pipeline.tasks.table import OF_CLASSES
from pipeline.tasks.task import DocumentTask

HASHED_AT_ONCE = 10_000  # documents
NO_LABEL_MARKS = (NO_CLASS, f"{NO_CLASS}.0", "?", "unknown", "none", "null", "nan", "NaN", "N/A", "-")


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Text without labels; None where there is none."""

    texts: pl.Series | None  # string
    assumptions: tuple[str, ...]
    warnings: tuple[Warned, ...]


def read_corpus(
    source: Named,
    *,
    test: Named | None = None,
    validation: Named | None = None,
    unlabelled: Named | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    classes: ClassOptions = AS_THEY_ARE,
    task: DocumentTask[Answers] = OF_CLASSES,
    allow_losses: bool = False,
    ask: Ask | None = None,
) -> LoadedCorpus:
    """Return a labelled corpus, its row ledger and everything assumed on the way.

    Parameters
    ----------
    source : str, Path or several
        Files in any format of `READERS`, plain or packed, a table or sheet of one (`shop.db::reviews`), standard
        input (`-`), a pattern of names, a folder with files or with one folder a class, with train and test in it or
        not, or the name of a built-in corpus.
    test, validation : str, Path or several, optional
        The official test and validation files; their documents get the splits TEST and VALIDATION, all others
        are UNASSIGNED.
    unlabelled : str, Path or several, optional
        Extra text for embeddings: any of the formats, or a .txt file with a document a line.
    text_column, label_column : str, optional
        Column names; found by name or content where absent. Several columns, such as "title,body", are joined;
        a number cut in two, such as "stars>3", is a label.
    classes : ClassOptions
        Classes to merge, to rename and to leave out.
    task : DocumentTask
        What is asked of a document: which labels there are, and which are unknown.
    allow_losses : bool
        Whether more than a fifth of a file's records may lack what they are read for.
    ask : callable, optional
        Asks the person at the terminal which column it is, where several would do.

    Raises
    ------
    PipelineError
        A file that cannot be read, files or folders that could be a corpus in several ways, columns that cannot be
        settled, a test label that training does not have, or fewer than two classes.
    """
    asked = ColumnOptions(text_column, label_column)
    with Unpacked() as unpacked:
        layout = find_corpus(source, test, validation, unpacked)
        table = read_training(layout, asked.names)
        beside = [
            (own, own.read(asked.names_beside(table)), split, option)
            for own, split, option in ((layout.validation, VALIDATION, validation), (layout.test, TEST, test))
            if own is not None
        ]
        agreeing = partial(in_every_file, [other for _, other, _, _ in beside], ask)
        first = _choose(table, partial(asked.choose, ask=agreeing))
        others, without = [], []
        for own, table, split, option in beside:
            if option is None and _has_no_labels(table, first):
                without.append((own.paths, SPLIT_NAMES[split]))
            else:
                others.append((split, _choose(table, partial(asked.choose_as, training=first, ask=ask))))
        first, inside = by_part(first, named=bool(others))
        parts, names = select_parts(first, [*inside, *others], classes, task, allow_losses=allow_losses)
        given = () if unlabelled is None else find_paths(unlabelled, option="--unlabelled")
        extra = read_further(tuple(map(unpacked.folder_of, given)), layout, asked, parts[0], without)
        return unpacked.named(join_parts(corpus_name(source), parts, names, extra, task))


# --- files -----------------------------------------------------------------------------------------------


def read_training(layout: Layout, named: tuple[str, ...]) -> RawTable:
    """Return the records of the training files."""
    table = layout.train.read(named)
    return replace(
        table,
        assumptions=(*layout.assumptions, *table.assumptions),
        warnings=(*layout.warnings, *table.warnings),
    )


def _choose(table: RawTable, choose: Callable[[RawTable], ChosenColumns]) -> ChosenColumns:
    with resting_on(how_read(table)):
        return without_rejected(choose(table))


def _has_no_labels(table: RawTable, training: ChosenColumns) -> bool:
    """Whether a part that was found by its name holds no labels: no column for them, or one mark (-1, ?) in all."""
    label = called_so(table, training.columns.label)
    if label is None:
        return not any(map(names_label, table.cells.columns))
    labels = table.cells[label.column].str.strip_chars()
    marks = labels.filter(~is_blank(labels)).unique()
    known = training.table.cells[training.columns.label.column].str.strip_chars()
    return len(marks) == 0 or (len(marks) == 1 and marks[0] not in known and marks[0] in NO_LABEL_MARKS)


def read_further(
    given: tuple[Path, ...],
    layout: Layout,
    asked: ColumnOptions,
    training: Part,
    without: Sequence[tuple[tuple[Path, ...], str]] = (),
) -> Unlabelled:
    """Return the text without labels: what --unlabelled names, else what lies in the corpus.

    `without` are parts that were found by their names and hold no labels, with what they would have been.
    """
    then = "left out, since --unlabelled names others" if given else "read as unlabelled text"
    warnings = tuple(
        warning(
            "part-without-labels",
            f"{first_places(paths, 1)}: without labels, and so no {part} part; {then}",
        )
        for paths, part in without
    )
    paths = () if layout.unlabelled is None else layout.unlabelled.paths
    paths += tuple(path for those, _ in without for path in those)
    paths = given or paths
    own = training.table.unlabelled
    if not paths:
        return Unlabelled(None if own is None or own.is_empty() else own, (), warnings)
    name = first_places([str(path) for path in paths])
    texts, assumptions = read_unlabelled(paths, name, asked, training.columns.text.column)
    if own is not None and not given:
        texts = pl.concat([own, texts])
    return Unlabelled(texts, assumptions, warnings)


# --- the whole -------------------------------------------------------------------------------------------


def join_parts(
    name: str,
    parts: list[Part],
    classes: tuple[str, ...],
    extra: Unlabelled,
    task: DocumentTask[Answers],
) -> LoadedCorpus:
    """Return the parts of a corpus as one, whose names of classes or labels are `classes`."""
    more = [] if extra.texts is None else [extra.texts]
    cells = pl.concat([part.labels for part in parts])
    sets, labels = task.sets(cells, classes) if task.sets else (None, task.targets(cells, classes))
    mended = mend([*(part.texts for part in parts), *more])
    corpus = Corpus(
        texts=pl.concat(mended.parts[: len(parts)]).alias("text"),
        labels=labels,
        label_names=classes,
        records=np.concatenate([part.table.numbers(part.records) for part in parts]),
        split=np.concatenate([np.full(len(part.texts), part.split, dtype=np.int8) for part in parts]),
        sets=sets,
    )
    dropped = tuple(entry for part in parts for entry in part.dropped)
    return LoadedCorpus(
        name=name,
        corpus=corpus,
        ledger=Ledger(sum(len(part.table.cells) for part in parts), len(corpus.texts), dropped),
        unlabelled=None if extra.texts is None else mended.parts[-1],
        assumptions=(
            *(line for part in parts for line in part.assumptions),
            *extra.assumptions,
            *mended.notes,
        ),
        warnings=(
            *(line for part in parts for line in part.warnings),
            *extra.warnings,
            *mended.warnings,
            *task.warnings(classes),
            *part_warnings(corpus),
        ),
        hash=corpus_hash(corpus),
        reading=Reading(tuple(part.reading() for part in parts), classes_by_size(corpus)),
        together=_together(parts),
        writing=replace(mended.writing, form=parts[0].columns.form),
    )


def classes_by_size(corpus: Corpus) -> tuple[tuple[str, int], ...]:
    """Return the classes with their documents, most first."""
    counts = corpus.counts.tolist()
    return tuple(sorted(zip(corpus.label_names, counts, strict=True), key=lambda pair: -pair[1]))


def _together(parts: list[Part]) -> Int64 | None:
    """Return the numbers of documents that stay in one split; those of a test file get their own."""
    numbers = parts[0].table.together
    if numbers is None:
        return None
    own = numbers[parts[0].records]
    n_others = sum(len(part.texts) for part in parts[1:])
    return np.concatenate([own, numbers.max() + 1 + np.arange(n_others, dtype=np.int64)])


def corpus_hash(corpus: Corpus) -> str:
    """Return the sha256 (hexadecimal) of label names, labels, splits and texts, in any file format."""
    digest = sha256("\n".join(f"{len(name)} {name}" for name in corpus.label_names).encode())
    digest.update(corpus.labels.astype("<i4").tobytes())
    if corpus.sets is not None:
        digest.update(corpus.sets.astype("i1").tobytes())
    if corpus.words is not None:  # where one word ends, its text does not say
        digest.update(corpus.words.offsets.astype("<i8").tobytes())
        digest.update(corpus.words.tokens.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    digest.update(corpus.split.astype("i1").tobytes())
    digest.update(corpus.texts.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    for start in range(0, len(corpus.texts), HASHED_AT_ONCE):
        joined = corpus.texts[start : start + HASHED_AT_ONCE].str.join("").cast(pl.Binary)
        digest.update(joined.item() or b"")  # as bytes: a string would be decoded and encoded again
    return digest.hexdigest()
