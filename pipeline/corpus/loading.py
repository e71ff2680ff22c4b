"""Files > LoadedCorpus: parts joined, columns chosen, every record used or in the ledger."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen, Reading
from pipeline.core.values import (
    TEST,
    VALIDATION,
    Corpus,
    Int64,
    Ledger,
    LoadedCorpus,
)
from pipeline.corpus.built_in.table import BUILT_IN
from pipeline.corpus.how_read import how_read, resting_on
from pipeline.corpus.part import Part, is_blank, select_evaluation, select_training
from pipeline.corpus.readers.columns import Columns, check_column, choose_columns, choose_text
from pipeline.corpus.readers.folders import Parts, find_parts, read_unlabelled_folder
from pipeline.corpus.readers.plain_text import read_lines, read_text
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.table import check_exists, find_reader, read_table
from pipeline.tasks.table import CLASSIFY
from pipeline.tasks.task import Task

HASHED_AT_ONCE = 10_000  # documents


def read_corpus(
    source: str | Path,
    *,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    unlabelled: str | Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    task: Task = CLASSIFY,
    allow_losses: bool = False,
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
    allow_losses : bool
        Whether more than a fifth of a file's records may lack what they are read for.

    Raises
    ------
    PipelineError
        A file that cannot be read, columns that cannot be settled, a test label that training does not have,
        or fewer than two classes.
    """
    named = tuple(name for name in (text_column, label_column) if name is not None)
    table, test, validation = _read_training(source, test, validation, named)
    text, label = _asked(text_column, "--text"), _asked(label_column, "--label")
    with resting_on(how_read(table)):
        columns = choose_columns(table, text, label)
    with resting_on(how_read(table, columns)):
        training = select_training(table, columns, allow_losses=allow_losses)
        classes = task.names(training.labels, table.file)
    parts = [training]
    for path, split in ((validation, VALIDATION), (test, TEST)):
        if path is not None:
            parts.append(_read_evaluation(path, split, named, columns, classes, task, allow_losses))
    extra, extra_assumptions = _read_unlabelled(unlabelled, text_column, table, columns.text.column)
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


def _asked(column: str | None, option: str) -> Chosen | None:
    return None if column is None else Chosen(column, option)


def _read_evaluation(
    path: str | Path,
    split: int,
    named: tuple[str, ...],
    training: Columns,
    classes: tuple[str, ...],
    task: Task,
    allow_losses: bool,
) -> Part:
    """Read a test or validation file; its columns are called as in training, else found anew."""
    table = read_table(Path(path), (*named, training.text.column, training.label.column))
    text, label = (
        column if column.column in table.cells.columns else None for column in (training.text, training.label)
    )
    with resting_on(how_read(table)):
        columns = choose_columns(table, text, label)
    with resting_on(how_read(table, columns)):
        return select_evaluation(
            table, columns, split=split, classes=classes, task=task, allow_losses=allow_losses
        )


def _read_unlabelled(
    path: str | Path | None, text_column: str | None, training: RawTable, corpus_column: str
) -> tuple[pl.Series | None, tuple[str, ...]]:
    if path is None:
        own = training.unlabelled
        return (None if own is None or own.is_empty() else own), ()
    path = Path(path)
    check_exists(path)
    texts, how = _unlabelled_texts(path, text_column, corpus_column)
    blank = is_blank(texts).to_numpy()
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
            column = choose_text(table)
            name, how = column.column, column.how
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


# --- the whole -------------------------------------------------------------------------------------------


def _join(
    name: str,
    parts: list[Part],
    classes: tuple[str, ...],
    extra: pl.Series | None,
    extra_assumptions: tuple[str, ...],
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
        unlabelled=extra,
        assumptions=tuple(line for part in parts for line in part.assumptions) + extra_assumptions,
        warnings=tuple(line for part in parts for line in part.warnings) + task.warnings(classes),
        hash=corpus_hash(corpus),
        reading=Reading(tuple(part.reading() for part in parts), _classes(corpus)),
        together=_together(parts),
    )


def _classes(corpus: Corpus) -> tuple[tuple[str, int], ...]:
    """Return the classes with their documents, most first."""
    counts = np.bincount(corpus.labels, minlength=len(corpus.label_names)).tolist()
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
    digest.update(corpus.split.astype("i1").tobytes())
    digest.update(corpus.texts.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    for start in range(0, len(corpus.texts), HASHED_AT_ONCE):
        digest.update((corpus.texts[start : start + HASHED_AT_ONCE].str.join("").item() or "").encode())
    return digest.hexdigest()
