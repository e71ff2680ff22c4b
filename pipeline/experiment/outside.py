"""Predictions made elsewhere (`--compare`): a file with an answer to each test document, for the same comparisons.

The file is a table with the columns `document` (the record's number, from 0 after any header, in the test file, or
in the corpus where there is none) and `predicted` (a label of the corpus). Columns `p(<label>)` may give the
probability of every label; without them only the answers are known. `label`, where it is there, must agree with
the corpus: so files of another run's `predictions/` are read too, and those of another corpus are told. Rows that a
column `split` says to be of training or validation are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.values import SPLIT_NAMES, TEST, Corpus, Float32, Float64, Int32, Int64, LoadedCorpus
from pipeline.core.wording import quoted
from pipeline.corpus.readers.entries import part_of
from pipeline.corpus.readers.packing import inner_name
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.table import read_table
from pipeline.tasks.answers import Answers, Predictions
from pipeline.tasks.classification.targets import LABELS_SHOWN, known_labels, label_numbers

DOCUMENT, PREDICTED, LABEL, SPLIT = "document", "predicted", "label", "split"
SUM_TOLERANCE = 0.02  # probabilities written with two or three decimals; they are brought to sum 1
EXACT = 1e-5  # float32 written in full
WHICH_DOCUMENTS = (
    "the test documents are in the column `document` of predictions/*.parquet of a run with the same corpus, --seed"
    " and split"
)


@dataclass(frozen=True, eq=False)
class OutsideModel:
    """A model that was fitted elsewhere: its name, its file, and its answers fold by fold."""

    name: str
    file: str
    folds: tuple[Answers, ...]
    passed_over: int = 0  # rows about records that are not tested

    @property
    def hard(self) -> bool:
        """Whether only its answers are known, not their probabilities."""
        return self.folds[0].hard


def name_of(path: str | Path) -> str:
    """Return the model's name: the file's without its ending.

    >>> name_of("elsewhere/large-model.csv.gz")
    'large-model'
    """
    return inner_name(Path(path)).stem


def check_names(paths: Sequence[str], models: Collection[str]) -> None:
    """Refuse a file that is called as a model of this run, or as another file.

    Raises
    ------
    PipelineError
        A model's predictions are told from others' by its name.
    """
    seen: dict[str, str] = {}
    for path in paths:
        name = name_of(path)
        if name in models:
            what = f'"{name}" is also a model of this run, and a file is named by its name without the ending'
            raise PipelineError("name-taken", f"--compare {path}", what, "rename the file")
        if name in seen:
            what = f'{seen[name]} and {path} are both called "{name}"'
            raise PipelineError("name-taken", f"--compare {path}", what, "rename one of the files")
        seen[name] = path


def read_outside(path: str, folds: Sequence[Corpus], untested: Collection[int] = ()) -> OutsideModel:
    """Return a model's answers to the test documents, each checked.

    Parameters
    ----------
    path : str
        A table in any format that a corpus may have: CSV, TSV, Parquet, JSON Lines, JSON.
    folds : sequence of Corpus
        One, or a corpus for each fold: every document is tested once over all of them.
    untested : collection of int
        Records of an official test file that are no test documents: left out by an option, or without a label. The
        other model may have answered them; its answers are passed over.

    Raises
    ------
    PipelineError
        A column that is missing or unknown, a document that is no test document, is missing or stands twice, a
        label that the corpus does not have, or probabilities that are none.
    """
    if Path(path).is_dir():
        raise PipelineError(
            "file-expected", f"--compare {path}", "it is a folder", "give a file of predictions"
        )
    table = read_table(Path(path), (DOCUMENT, PREDICTED))
    _check_columns(table)
    _check_fields(table)
    table, passed_over = _without(table, untested)
    numbers = _document_numbers(table, folds)
    label_names = folds[0].label_names
    predicted = _label_numbers(table, PREDICTED, label_names)
    probabilities, hard = _probabilities(table, predicted, label_names)
    if LABEL in table.cells.columns:
        _check_labels(table, numbers, folds)
    row_of = dict(zip(numbers.tolist(), range(len(numbers)), strict=True))
    return OutsideModel(
        name_of(path),
        path,
        tuple(_of_fold(corpus, row_of, probabilities, hard) for corpus in folds),
        passed_over,
    )


def _of_fold(corpus: Corpus, row_of: dict[int, int], probabilities: Float32, hard: bool) -> Predictions:
    """Return the answers to a fold's test documents, in their order."""
    test = corpus.positions(TEST)
    documents = corpus.records[test]
    rows = np.array([row_of[document] for document in documents.tolist()], dtype=np.int64)
    return Predictions(documents, corpus.labels[test], probabilities[rows], hard)


def untested_records(loaded: LoadedCorpus) -> frozenset[int]:
    """Return the records of an official test part that are no test documents; none where documents are held out.

    Where a column says which part a record is of, records of the other parts are among them.
    """
    tested = loaded.corpus.records[loaded.corpus.split == TEST].tolist()
    files = {part.file for part in loaded.reading.parts if part.part == SPLIT_NAMES[TEST]}
    n_read = sum(part.read for part in loaded.reading.parts if part.file in files)
    return frozenset(range(n_read)) - {*tested}


# --- columns and rows ------------------------------------------------------------------------------------


def _header(table: RawTable) -> str:
    """Return the place of the column names; the file alone where the format has no lines."""
    return table.file if table.find_lines is None else f"{table.file}:1"


def _check_columns(table: RawTable) -> None:
    absent = [name for name in (DOCUMENT, PREDICTED) if name not in table.cells.columns]
    if absent:
        what = f"there is no column `{absent[0]}`; the columns are {quoted(table.cells.columns)}"
        fix = "give a table with the columns document and predicted"
        raise PipelineError("outside-columns", _header(table), what, fix)
    twice = [name for name in (DOCUMENT, PREDICTED, LABEL) if f"{name} (2)" in table.cells.columns]
    if twice:
        what = f"the header has the column `{twice[0]}` twice"
        raise PipelineError("outside-columns", _header(table), what, "leave one of the two out")


def _check_fields(table: RawTable) -> None:
    wrong = np.flatnonzero(table.wrong_fields)
    if len(wrong):
        raise PipelineError(
            "outside-row",
            table.place(int(wrong[0])),
            f"the record has not {len(table.cells.columns)} fields",
            _correct(table, wrong),
        )


def _refuse(table: RawTable, rows: Int64, column: str, problem: str) -> NoReturn:
    """Raise an error that names the first of `rows`, its cell, and the places of the others."""
    row = int(rows[0])
    cell = table.cells[column][row]
    what = f'column `{column}` is "{"" if cell is None else cell}"; {problem}'
    raise PipelineError("outside-row", table.place(row), what, _correct(table, rows))


def _correct(table: RawTable, rows: Int64) -> str:
    if len(rows) == 1:
        return "correct the row"
    places = [table.place(row).removeprefix(f"{table.file}:") for row in rows.tolist()]
    return f"correct the {len(rows):,} such rows ({first_places(places)})"


# --- documents -------------------------------------------------------------------------------------------


def _without(table: RawTable, untested: Collection[int]) -> tuple[RawTable, int]:
    """Return the table without rows about records that are not tested, and how many those are."""
    named = table.cells[DOCUMENT].fill_null("").str.strip_chars().is_in([str(record) for record in untested])
    named |= _is_of_another_part(table)
    rows = np.flatnonzero(~named.to_numpy())
    if len(rows) == len(named):
        return table, 0
    places = tuple(table.place(row) for row in rows.tolist())
    damage = {name: damaged[rows] for name, damaged in table.undecodable.items()}
    rest = replace(
        table,
        cells=table.cells[rows],
        wrong_fields=table.wrong_fields[rows],
        undecodable=damage,
        files=places,
    )
    return rest, len(named) - len(rows)


def _is_of_another_part(table: RawTable) -> pl.Series:
    """Return whether a column of the file says that a record is of another part than the test; boolean (N,)."""
    cells = table.cells[SPLIT].fill_null("").to_list() if SPLIT in table.cells.columns else []
    parts = [part_of(cell) for cell in cells]
    if SPLIT_NAMES[TEST] not in parts or None in parts:
        return pl.repeat(False, len(table.cells), dtype=pl.Boolean, eager=True)
    return pl.Series([part != SPLIT_NAMES[TEST] for part in parts], dtype=pl.Boolean)


def _document_numbers(table: RawTable, folds: Sequence[Corpus]) -> Int64:
    """Return each row's document, int64 (N,): the test documents of all folds, each once."""
    cells = table.cells[DOCUMENT].fill_null("").str.strip_chars()
    numbers = cells.str.extract("^([0-9]{1,18})$").cast(pl.Int64)
    no_number = np.flatnonzero(numbers.is_null().to_numpy())
    if len(no_number):
        _refuse(table, no_number, DOCUMENT, "expected a whole number from 0")
    documents = numbers.to_numpy().astype(np.int64)
    tested = np.concatenate([corpus.records[corpus.positions(TEST)] for corpus in folds])
    unknown = np.flatnonzero(~np.isin(documents, tested))
    if len(unknown):
        many = "" if len(unknown) == 1 else f" ({len(unknown):,} rows are so)"
        what = f'column `{DOCUMENT}` is "{documents[unknown[0]]}", which is no test document{many}'
        fix = f"leave such rows out; {WHICH_DOCUMENTS}"
        raise PipelineError("outside-other-documents", table.place(int(unknown[0])), what, fix)
    _check_each_once(table, documents, tested)
    return documents


def _check_each_once(table: RawTable, documents: Int64, tested: Int64) -> None:
    order = np.argsort(documents, kind="stable")
    again = np.sort(order[1:][documents[order][1:] == documents[order][:-1]])  # rows after the first of each
    if len(again):
        row = int(again[0])
        first = int(np.flatnonzero(documents == documents[row])[0])
        what = f'column `{DOCUMENT}` is "{documents[row]}", as at {table.place(first)}'
        many = "" if len(again) == 1 else f"; {len(again):,} rows repeat a document"
        raise PipelineError(
            "outside-other-documents", table.place(row), what + many, "give one row for each document"
        )
    missing = np.setdiff1d(tested, documents)
    if len(missing):
        n_missing, n_tested = len(missing), len(tested)
        noun = "document is" if n_missing == 1 else "documents are"
        what = f"{n_missing:,} of the {n_tested:,} test {noun} missing: {first_places(missing.tolist())}"
        raise PipelineError(
            "outside-other-documents", table.file, what, f"give a row for every one; {WHICH_DOCUMENTS}"
        )


# --- labels ----------------------------------------------------------------------------------------------


def _label_numbers(table: RawTable, column: str, label_names: Sequence[str]) -> Int32:
    """Return each row's label by its number; int32 (N,)."""
    cells = table.cells[column].fill_null("")
    unknown = np.flatnonzero(~cells.is_in(list(label_names)).to_numpy())
    if len(unknown):
        _refuse(table, unknown, column, known_labels(str(cells[int(unknown[0])]), label_names))
    return label_numbers(cells, label_names)


def _check_labels(table: RawTable, documents: Int64, folds: Sequence[Corpus]) -> None:
    """Refuse labels that are not those of the corpus: the file would be about other documents."""
    found = _label_numbers(table, LABEL, folds[0].label_names)
    label_of = {
        document: label
        for corpus in folds
        for document, label in zip(
            corpus.records[corpus.positions(TEST)].tolist(),
            corpus.labels[corpus.positions(TEST)].tolist(),
            strict=True,
        )
    }
    expected = np.array([label_of[document] for document in documents.tolist()], dtype=np.int32)
    wrong = np.flatnonzero(found != expected)
    if not len(wrong):
        return
    row = int(wrong[0])
    what = (
        f'column `{LABEL}` is "{folds[0].label_names[found[row]]}", and document {documents[row]} of the corpus has'
        f' the label "{folds[0].label_names[expected[row]]}"; {len(wrong):,} of {len(found):,} rows differ'
    )
    raise PipelineError(
        "outside-other-documents", table.place(row), what, "give predictions for this corpus and this split"
    )


# --- probabilities ---------------------------------------------------------------------------------------


def _probabilities(table: RawTable, predicted: Int32, label_names: Sequence[str]) -> tuple[Float32, bool]:
    """Return each row's distribution, float32 (N, C), and whether it is 1 for the answer for want of columns."""
    columns = [name for name in table.cells.columns if re.fullmatch(r"p\(.*\)", name, re.DOTALL)]
    if not columns:
        hard = np.zeros((len(predicted), len(label_names)), dtype=np.float32)
        hard[np.arange(len(predicted)), predicted] = 1.0
        return hard, True
    expected = [f"p({label})" for label in label_names]
    unknown = [name for name in columns if name not in expected]
    absent = [name for name in expected if name not in columns]
    if unknown or absent:
        what = f"column `{unknown[0]}` is of no label" if unknown else f"there is no column `{absent[0]}`"
        fix = f"give {', '.join(expected[:LABELS_SHOWN])}{' ...' if len(expected) > LABELS_SHOWN else ''}, or none"
        raise PipelineError("outside-columns", _header(table), what, fix)
    values = np.column_stack([_numbers(table, name) for name in expected])  # (N, C)
    _check_distributions(table, values, predicted, label_names)
    sums = values.sum(axis=1, keepdims=True)  # (N, 1)
    exact = np.abs(sums - 1) <= EXACT  # kept to the last bit
    normal = np.where(exact, values, values / sums).astype(np.float32)
    return _with_answer_first(normal, predicted), False


def _numbers(table: RawTable, column: str) -> Float64:
    """Return a column of probabilities; float64 (N,)."""
    values = table.cells[column].str.strip_chars().cast(pl.Float64, strict=False)
    values_or_nan = values.fill_null(float("nan")).to_numpy()
    wrong = np.flatnonzero(~((values_or_nan >= 0) & (values_or_nan <= 1)))
    if len(wrong):
        _refuse(table, wrong, column, "expected a number from 0 to 1")
    return values_or_nan.astype(np.float64)


def _check_distributions(
    table: RawTable, values: Float64, predicted: Int32, label_names: Sequence[str]
) -> None:
    sums = values.sum(axis=1)  # (N,)
    wrong = np.flatnonzero(np.abs(sums - 1) > SUM_TOLERANCE)
    if len(wrong):
        what = f"the probabilities sum to {sums[wrong[0]]:.4g}, not to 1"
        raise PipelineError("outside-row", table.place(int(wrong[0])), what, _correct(table, wrong))
    highest = values.max(axis=1)  # (N,)
    other = np.flatnonzero(values[np.arange(len(values)), predicted] < highest)
    if len(other):
        row = int(other[0])
        label = label_names[int(values[row].argmax())]
        _refuse(table, other, PREDICTED, f"p({label}) is higher")


def _with_answer_first(probabilities: Float32, predicted: Int32) -> Float32:
    """Return the distributions with the answer above labels of the same probability, by the smallest step."""
    not_first = probabilities.argmax(axis=1) != predicted
    tied = np.flatnonzero(not_first)
    raised = probabilities.copy()
    highest = probabilities[tied].max(axis=1)
    raised[tied, predicted[tied]] = np.nextafter(highest, np.float32(2))
    return raised
