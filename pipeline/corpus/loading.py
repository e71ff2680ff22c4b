"""Files > LoadedCorpus: parts joined, columns chosen, every record used or in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.values import (
    SPLIT_NAMES,
    TEST,
    UNASSIGNED,
    VALIDATION,
    Bool,
    Corpus,
    Dropped,
    Int64,
    Ledger,
    LoadedCorpus,
)
from pipeline.core.wording import quoted
from pipeline.corpus.readers.archives import Unpacked
from pipeline.corpus.readers.columns import choose_columns, is_label_name
from pipeline.corpus.readers.hugging_face import NO_CLASS
from pipeline.corpus.readers.layout import Layout, Source
from pipeline.corpus.readers.records import UNDECODABLE, WRONG_FIELDS, RawTable, is_blank
from pipeline.corpus.sources import Named, corpus_name, find_corpus, find_paths
from pipeline.corpus.unlabelled import read_unlabelled
from pipeline.tasks.table import CLASSIFY
from pipeline.tasks.task import Task

NO_TEXT, NO_LABEL = "no text", "no label"
UNDECODABLE_BYTES, WRONG_NUMBER = "undecodable bytes", "wrong number of fields"
HASHED_AT_ONCE = 10_000  # documents


@dataclass(frozen=True, eq=False)
class Part:
    """The records of one file that are used, and those that are not."""

    table: RawTable
    split: int
    texts: pl.Series  # string (n_used,)
    labels: pl.Series  # string (n_used,)
    records: Int64  # (n_used,)
    dropped: tuple[Dropped, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Text without labels; None where there is none."""

    texts: pl.Series | None  # string
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]


def read_corpus(
    source: Named,
    *,
    test: Named | None = None,
    validation: Named | None = None,
    unlabelled: Named | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    task: Task = CLASSIFY,
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
        Column names; found by name or content where absent.

    task : Task
        What is asked of a document: which labels there are, and which are unknown.

    Raises
    ------
    PipelineError
        A file that cannot be read, files or folders that could be a corpus in several ways, columns that cannot be
        settled, a test label that training does not have, or fewer than two classes.
    """
    named = tuple(name for name in (text_column, label_column) if name is not None)
    with Unpacked() as unpacked:
        layout = find_corpus(source, test, validation, unpacked)
        table = _read_training(layout, named)
        columns = choose_columns(table, text_column, label_column)
        training = select_training(table, *columns)
        classes = task.names(training.labels, table.file)
        parts, without = [training], []
        for own, split, option in ((layout.validation, VALIDATION, validation), (layout.test, TEST, test)):
            if own is None:
                continue
            table, text, label = _read_evaluation(own, named, columns[:2])
            if option is None and _has_no_labels(table, label):
                without.append((own.paths, SPLIT_NAMES[split]))
            else:
                chosen = choose_columns(table, text, label)
                parts.append(select_evaluation(table, *chosen, split=split, classes=classes, task=task))
        given = (
            ()
            if unlabelled is None
            else tuple(map(unpacked.folder_of, find_paths(unlabelled, option="--unlabelled")))
        )
        extra = _read_unlabelled(given, layout, without, text_column, training, columns[0])
        return unpacked.named(_join(corpus_name(source), parts, classes, extra, task))


# --- files -----------------------------------------------------------------------------------------------


def _read_training(layout: Layout, named: tuple[str, ...]) -> RawTable:
    table = layout.train.read(named)
    return replace(
        table,
        assumptions=(*layout.assumptions, *table.assumptions),
        warnings=(*layout.warnings, *table.warnings),
    )


def _read_evaluation(
    source: Source, named: tuple[str, ...], training: tuple[str, str]
) -> tuple[RawTable, str | None, str | None]:
    """Return a test or validation table, and its text and label column if they are called as in training."""
    table = source.read((*named, *training))
    text, label = (name if name in table.cells.columns else None for name in training)
    return table, text, label


def _has_no_labels(table: RawTable, label: str | None) -> bool:
    """Whether a part that was found by its name holds no labels: no column for them, or none in it (-1)."""
    if label is None:
        return not any(is_label_name(name) for name in table.cells.columns)
    labels = table.cells[label]
    return bool((is_blank(labels) | labels.is_in([NO_CLASS, f"{NO_CLASS}.0"]).fill_null(True)).all())


def _read_unlabelled(
    given: tuple[Path, ...],
    layout: Layout,
    without: Sequence[tuple[tuple[Path, ...], str]],
    text_column: str | None,
    training: Part,
    corpus_column: str,
) -> Unlabelled:
    """Return the text without labels: what --unlabelled names, else what lies in the corpus.

    `without` are parts that were found by their names and hold no labels, with what they would have been.
    """
    warnings = tuple(
        f"{first_places(paths, 1)}: without labels, and so no {part} part" for paths, part in without
    )
    paths = () if layout.unlabelled is None else layout.unlabelled.paths
    paths += tuple(path for those, _ in without for path in those)
    paths = given or paths
    own = training.table.unlabelled
    if not paths:
        return Unlabelled(None if own is None or own.is_empty() else own, (), warnings)
    name = first_places([str(path) for path in paths])
    texts, assumptions = read_unlabelled(paths, name, text_column, corpus_column)
    if own is not None and not given:
        texts = pl.concat([own, texts])
    return Unlabelled(texts, assumptions, warnings)


# --- records used, records dropped -----------------------------------------------------------------------


def select_training(table: RawTable, text: str, label: str, assumptions: tuple[str, ...]) -> Part:
    """Keep the records with text and label; the others go to the ledger with the first reason that holds."""
    texts, labels = table.cells[text], table.cells[label]
    reasons = {
        UNDECODABLE_BYTES: (table.problems & UNDECODABLE) > 0,
        WRONG_NUMBER: (table.problems & WRONG_FIELDS) > 0,
        **table.left_out,
        NO_TEXT: is_blank(texts).to_numpy(),
        NO_LABEL: is_blank(labels).to_numpy(),
    }
    part = _split_off(table, UNASSIGNED, texts, labels, reasons)
    if len(part.texts) == 0:
        what = f"none of the {len(table.cells)} records has both text and label"
        raise PipelineError(table.file, what, f"check the columns {quoted([text, label])} (--text, --label)")
    return replace(part, assumptions=table.assumptions + assumptions, warnings=table.warnings)


def select_evaluation(
    table: RawTable,
    text: str,
    label: str,
    assumptions: tuple[str, ...],
    *,
    split: int,
    classes: tuple[str, ...],
    task: Task = CLASSIFY,
) -> Part:
    """Keep every test record whose label can be read, so that no denominator shrinks.

    A text that is missing becomes empty, undecodable bytes stay as U+FFFD; both are counted in a warning.
    """
    texts, labels = table.cells[text], table.cells[label]
    unknown = ~labels.is_in(list(classes)).fill_null(False).to_numpy()
    undecodable, wrong = (table.problems & UNDECODABLE) > 0, (table.problems & WRONG_FIELDS) > 0
    reasons = {
        **table.left_out,
        NO_LABEL: is_blank(labels).to_numpy() & ~wrong,
        UNDECODABLE_BYTES: undecodable & unknown,
        WRONG_NUMBER: wrong & (unknown | texts.is_null().to_numpy()),
    }
    used = ~np.logical_or.reduce(list(reasons.values()))
    _check_labels(table, label, np.flatnonzero(unknown & used).tolist(), classes, task)
    part = _split_off(table, split, texts.fill_null(""), labels, reasons)
    kept = np.isin(np.arange(len(texts)), part.records)
    notes = {
        "without text, kept as empty": kept & is_blank(texts).to_numpy(),
        "with undecodable bytes, kept with U+FFFD in their place": kept & undecodable,
        "with a wrong number of fields, kept": kept & wrong,
    }
    warnings = tuple(_note(table, note, rows) for note, rows in notes.items() if rows.any())
    return replace(part, assumptions=table.assumptions + assumptions, warnings=table.warnings + warnings)


def _note(table: RawTable, note: str, rows: Bool) -> str:
    places = [table.place(record) for record in np.flatnonzero(rows).tolist()]
    return f"{table.file}: {plural(len(places), 'record')} {note} ({first_places(places)})"


def _split_off(
    table: RawTable, split: int, texts: pl.Series, labels: pl.Series, reasons: dict[str, Bool]
) -> Part:
    used = np.ones(len(texts), dtype=bool)
    dropped: list[Dropped] = []
    for reason, holds in reasons.items():
        dropped.extend(_dropped(table, reason, np.flatnonzero(holds & used)))
        used &= ~holds
    mask = pl.Series(used)
    records = np.flatnonzero(used).astype(np.int64)
    return Part(table, split, texts.filter(mask), labels.filter(mask), records, tuple(dropped), ())


def _dropped(table: RawTable, reason: str, rows: Int64) -> list[Dropped]:
    """Return ledger entries for `rows`: one for each file, which is the only one or one of several."""
    return [Dropped(reason, file, numbers, lines) for file, numbers, lines in table.by_file(rows)]


# --- labels ----------------------------------------------------------------------------------------------


def _check_labels(
    table: RawTable, column: str, unknown: list[int], names: tuple[str, ...], task: Task
) -> None:
    """Raise PipelineError that names the first of the records whose labels are unknown, and where the others are."""
    if not unknown:
        return
    label = table.cells[column][unknown[0]]
    fix = "correct the row"
    if len(unknown) > 1:
        places = [table.place(row).removeprefix(f"{table.file}:") for row in unknown]
        fix = f"correct the {len(unknown)} rows with such labels ({first_places(places)})"
    what = f'column `{column}` is "{label}"; {task.unknown(label, names)}'
    raise PipelineError(table.place(unknown[0]), what, fix)


# --- the whole -------------------------------------------------------------------------------------------


def _join(
    name: str,
    parts: list[Part],
    classes: tuple[str, ...],
    extra: Unlabelled,
    task: Task,
) -> LoadedCorpus:
    corpus = Corpus(
        texts=pl.concat([part.texts for part in parts]).alias("text"),
        labels=task.targets(pl.concat([part.labels for part in parts]), classes),
        label_names=classes,
        records=np.concatenate([part.records for part in parts]),
        split=np.concatenate([np.full(len(part.texts), part.split, dtype=np.int8) for part in parts]),
    )
    dropped = tuple(entry for part in parts for entry in part.dropped)
    return LoadedCorpus(
        name=name,
        corpus=corpus,
        ledger=Ledger(sum(len(part.table.cells) for part in parts), len(corpus.texts), dropped),
        unlabelled=extra.texts,
        assumptions=tuple(line for part in parts for line in part.assumptions) + extra.assumptions,
        warnings=tuple(line for part in parts for line in part.warnings)
        + extra.warnings
        + task.warnings(classes),
        hash=corpus_hash(corpus),
        together=_together(parts),
    )


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
    digest.update(corpus.split.astype("i1").tobytes())
    digest.update(corpus.texts.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    for start in range(0, len(corpus.texts), HASHED_AT_ONCE):
        digest.update((corpus.texts[start : start + HASHED_AT_ONCE].str.join("").item() or "").encode())
    return digest.hexdigest()
