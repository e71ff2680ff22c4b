"""Files > LoadedCorpus: parts joined, columns chosen, every record used or in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.values import (
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
from pipeline.corpus.built_in.table import BUILT_IN
from pipeline.corpus.mending import mend
from pipeline.corpus.readers.columns import check_column, choose_columns, choose_text
from pipeline.corpus.readers.folders import Parts, find_parts, read_unlabelled_folder
from pipeline.corpus.readers.plain_text import read_lines, read_text
from pipeline.corpus.readers.records import UNDECODABLE, WRONG_FIELDS, RawTable
from pipeline.corpus.readers.table import check_exists, find_reader, read_table
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


def read_corpus(
    source: str | Path,
    *,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    unlabelled: str | Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    task: Task = CLASSIFY,
) -> LoadedCorpus:
    """Return a labelled corpus, its row ledger and everything assumed on the way.

    Parameters
    ----------
    source : str or Path
        A file (.csv .tsv .jsonl .ndjson .json .parquet .txt, plain, .gz or .zst), a folder with one folder
        a class or with train and test in it, or the name of a built-in corpus.
    test, validation : str or Path, optional
        The official test and validation files; their documents get the splits TEST and VALIDATION, all others
        are UNASSIGNED.
    unlabelled : str or Path, optional
        Extra text for embeddings: any of the formats, or a .txt file with a document a line.
    text_column, label_column : str, optional
        Column names; found by name or content where absent.

    task : Task
        What is asked of a document: which labels there are, and which are unknown.

    Raises
    ------
    PipelineError
        A file that cannot be read, columns that cannot be settled, a test label that training does not have,
        or fewer than two classes.
    """
    named = tuple(name for name in (text_column, label_column) if name is not None)
    table, test, validation = _read_training(source, test, validation, named)
    columns = choose_columns(table, text_column, label_column)
    training = select_training(table, *columns)
    classes = task.names(training.labels, table.file)
    parts = [training]
    for path, split in ((validation, VALIDATION), (test, TEST)):
        if path is not None:
            parts.append(_read_evaluation(path, split, named, columns[:2], classes, task))
    extra, extra_assumptions = _read_unlabelled(unlabelled, text_column, table, columns[0])
    return _join(_corpus_name(source), parts, classes, extra, extra_assumptions, task)


# --- files -----------------------------------------------------------------------------------------------


def _read_training(
    source: str | Path, test: str | Path | None, validation: str | Path | None, named: tuple[str, ...]
) -> tuple[RawTable, str | Path | None, str | Path | None]:
    """Return the training table and the paths of test and validation: options, else parts of the folder."""
    if str(source) in BUILT_IN:
        return BUILT_IN[str(source)](), test, validation
    path = Path(source)
    check_exists(path, tuple(BUILT_IN))
    parts = find_parts(path) if path.is_dir() else None
    if parts is None:
        return read_table(path, named, tuple(BUILT_IN)), test, validation
    _check_given_once(path, parts, test, validation)
    return read_table(parts.train, named), test or parts.test, validation or parts.validation


def _check_given_once(
    folder: Path, parts: Parts, test: str | Path | None, validation: str | Path | None
) -> None:
    for option, given, inside in (
        ("--test", test, parts.test),
        ("--validation", validation, parts.validation),
    ):
        if given is not None and inside is not None:
            fix = f"leave out {option}, or give {parts.train} as CORPUS"
            raise PipelineError(option, f"the corpus {folder} has a part of its own, {inside.name}", fix)


def _read_evaluation(
    path: str | Path,
    split: int,
    named: tuple[str, ...],
    training: tuple[str, str],
    classes: tuple[str, ...],
    task: Task,
) -> Part:
    """Read a test or validation file; its columns are called as in training, else found anew."""
    table = read_table(Path(path), (*named, *training))
    text, label = (name if name in table.cells.columns else None for name in training)
    columns = choose_columns(table, text, label)
    return select_evaluation(table, *columns, split=split, classes=classes, task=task)


def _read_unlabelled(
    path: str | Path | None, text_column: str | None, training: RawTable, corpus_column: str
) -> tuple[pl.Series | None, tuple[str, ...]]:
    if path is None:
        own = training.unlabelled
        return (None if own is None or own.is_empty() else own), ()
    path = Path(path)
    check_exists(path)
    texts, how = _unlabelled_texts(path, text_column, corpus_column)
    blank = _is_blank(texts).to_numpy()
    left_out = f", {int(blank.sum()):,} without text left out" if blank.any() else ""
    kept = texts.filter(pl.Series(~blank))
    if kept.is_empty():
        fix = "give a file with a document a line, or leave out --unlabelled"
        raise PipelineError("--unlabelled", f"{path} holds no text", fix)
    return kept, (f"{path}: {len(kept):,} unlabelled texts ({how}){left_out}",)


def _unlabelled_texts(path: Path, text_column: str | None, corpus_column: str) -> tuple[pl.Series, str]:
    if path.is_dir():
        return read_unlabelled_folder(path), "a file each"
    if find_reader(path) is read_text:
        return read_lines(path)
    table = read_table(path, (text_column,) if text_column else ())
    if text_column in table.cells.columns:
        check_column(table, str(text_column), "--text")
        name, how = str(text_column), "as --text says"
    elif len(table.cells.columns) == 1:
        name, how = table.cells.columns[0], "the only column"
    elif corpus_column in table.cells.columns:
        name, how = corpus_column, "named as in the corpus"
    else:
        try:
            name, how = choose_text(table)
        except PipelineError as error:  # --text, which it advises, would name the corpus's column too
            fix = f'name its text column "{corpus_column}", as in the corpus, or leave the other columns out'
            raise PipelineError(error.where, error.what, fix) from None
    return table.cells[name].alias("text"), f'column "{name}", {how}'


def _corpus_name(source: str | Path) -> str:
    if str(source) in BUILT_IN:
        return str(source)
    path = Path(source).resolve()
    name = path.name.lstrip(".")  # a run's folder is called after it, and is not to be hidden
    return (name if path.is_dir() else name.split(".")[0]) or "corpus"


# --- records used, records dropped -----------------------------------------------------------------------


def select_training(table: RawTable, text: str, label: str, assumptions: tuple[str, ...]) -> Part:
    """Keep the records with text and label; the others go to the ledger with the first reason that holds."""
    texts, labels = table.cells[text], table.cells[label]
    reasons = {
        UNDECODABLE_BYTES: (table.problems & UNDECODABLE) > 0,
        WRONG_NUMBER: (table.problems & WRONG_FIELDS) > 0,
        NO_TEXT: _is_blank(texts).to_numpy(),
        NO_LABEL: _is_blank(labels).to_numpy(),
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
        NO_LABEL: _is_blank(labels).to_numpy() & ~wrong,
        UNDECODABLE_BYTES: undecodable & unknown,
        WRONG_NUMBER: wrong & (unknown | texts.is_null().to_numpy()),
    }
    used = ~np.logical_or.reduce(list(reasons.values()))
    _check_labels(table, label, np.flatnonzero(unknown & used).tolist(), classes, task)
    part = _split_off(table, split, texts.fill_null(""), labels, reasons)
    kept = np.isin(np.arange(len(texts)), part.records)
    notes = {
        "without text, kept as empty": kept & _is_blank(texts).to_numpy(),
        "with undecodable bytes, kept with U+FFFD in their place": kept & undecodable,
        "with a wrong number of fields, kept": kept & wrong,
    }
    warnings = tuple(_note(table, note, rows) for note, rows in notes.items() if rows.any())
    return replace(part, assumptions=table.assumptions + assumptions, warnings=table.warnings + warnings)


def _is_blank(cells: pl.Series) -> pl.Series:
    return cells.is_null() | (cells.str.strip_chars().str.len_bytes() == 0).fill_null(False)


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
    """Return ledger entries for `rows`: one, or one for each file of a folder."""
    if len(rows) == 0:
        return []
    if table.files is not None:
        return [Dropped(reason, table.files[row], (row,), ()) for row in rows.tolist()]
    lines = () if table.lines is None else tuple(table.lines[rows].tolist())
    return [Dropped(reason, table.file, tuple(rows.tolist()), lines)]


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
    extra: pl.Series | None,
    extra_assumptions: tuple[str, ...],
    task: Task,
) -> LoadedCorpus:
    more = [] if extra is None else [extra]
    mended = mend([*(part.texts for part in parts), *more])
    corpus = Corpus(
        texts=pl.concat(mended.parts[: len(parts)]).alias("text"),
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
        unlabelled=None if extra is None else mended.parts[-1],
        assumptions=(
            *(line for part in parts for line in part.assumptions),
            *extra_assumptions,
            *mended.notes,
        ),
        warnings=(
            *(line for part in parts for line in part.warnings),
            *mended.warnings,
            *task.warnings(classes),
        ),
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
