"""Tags > a file or standard output, in the format of the input or another: whole lines, none of them lost."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from pipeline.core.clean import clean
from pipeline.corpus.tagged.conllu import COLUMNS
from pipeline.predict.json_lines import readable
from pipeline.predict.tagged.answers import PLACES, Answered
from pipeline.predict.tagged.sentences import Kind
from pipeline.predict.typed_columns import for_csv

PREDICTED, CONFIDENCE, REASON, SPANS = "predicted", "confidence", "reason", "spans"
NONE = "_"  # in a column of words: no tag


class Output(ABC):
    """Where tags go, some sentences after the other."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @abstractmethod
    def text(self, answered: Answered) -> str:
        """Return what is written of some sentences."""

    def write(self, answered: Answered) -> None:
        """Write some sentences."""
        data = self.text(answered).encode("utf-8", "replace")
        while data:  # a file without a buffer may take a part
            data = data[self._file.write(data) :]
        self._file.flush()  # so that a full disk is told here


class Columns(Output):
    """A word a line: the lines of the input as they are, each with its tag in one more column."""

    def text(self, answered: Answered) -> str:
        """Return the lines."""
        lines = answered.sentences.lines
        if lines is None:
            return "".join(f"{line}\n" for line in _written(answered))
        tag_of = dict(zip(lines[1].tolist(), answered.names, strict=True))
        return "".join(
            f"{line}{_with(line, tag_of[place])}\n" if place in tag_of else f"{line}\n"
            for place, line in enumerate(lines[0])
        )


def _with(line: str, tag: str | None) -> str:
    parted_by = "\t" if "\t" in line else " "
    return f"{parted_by}{tag or NONE}"


def _written(answered: Answered) -> Iterator[str]:
    """Yield the lines of sentences that stood in none: word and tag, a tab between them, a blank line behind each."""
    of = answered.sentences
    for place, (start, end) in enumerate(pairwise(of.offsets.tolist())):
        if place in of.broken:
            yield f"# {REASON} = {of.broken[place]}"
        for at in range(start, end):
            yield f"{clean(of.words[at])}\t{answered.names[at] or NONE}"
        yield ""


class Conllu(Output):
    """CoNLL-U: the tag in the last column as `predicted=`, and in the column of training where that holds nothing."""

    def __init__(self, file: IO[bytes], column: str | None) -> None:
        super().__init__(file)
        self._column = COLUMNS.index(column or "upos") if (column or "upos") in COLUMNS else None

    def text(self, answered: Answered) -> str:
        """Return the lines."""
        assert answered.sentences.lines is not None, "such files come from files of lines"
        lines, at = answered.sentences.lines
        tag_of = dict(zip(at.tolist(), answered.names, strict=True))
        return "".join(f"{self._line(line, tag_of.get(place))}\n" for place, line in enumerate(lines))

    def _line(self, line: str, tag: str | None) -> str:
        if tag is None:
            return line
        cells = line.split("\t")
        if self._column is not None and cells[self._column] == NONE:
            cells[self._column] = tag
        cells[-1] = f"predicted={tag}" if cells[-1] == NONE else f"{cells[-1]}|predicted={tag}"
        return "\t".join(cells)


class JsonLines(Output):
    """An object a sentence: its own keys, then its words, tags, how sure each is, and spans."""

    def text(self, answered: Answered) -> str:
        """Return the lines."""
        return "".join(
            f"{json.dumps(one, ensure_ascii=False, default=str)}\n" for one in as_objects(answered)
        )


def as_objects(answered: Answered) -> Iterator[dict[str, object]]:
    """Yield each sentence with its answers, as an object of JSON."""
    of = answered.sentences
    sure = [round(float(share), PLACES) for share in answered.confidence]
    for place, ((start, end), spans) in enumerate(
        zip(pairwise(of.offsets.tolist()), answered.spans(), strict=True)
    ):
        own = _own(answered, place)
        if of.records is None:
            own["tokens"] = list(of.words[start:end])
        if place in of.broken:
            yield {**own, REASON: of.broken[place]}
        else:
            found = [span.as_json() for span in spans]
            yield {**own, PREDICTED: answered.names[start:end], CONFIDENCE: sure[start:end], SPANS: found}


def _own(answered: Answered, place: int) -> dict[str, object]:
    """Return what an input has of a sentence."""
    of = answered.sentences
    if of.records is not None:
        record = of.records[place]
        return {**readable(dict(record))} if record else {}
    if of.beside is not None:
        return dict(of.beside[0].row(place, named=True))
    start, end = of.offsets[place], of.offsets[place + 1]
    return {name: of.cells[name][int(start) : int(end)].to_list() for name in of.cells.columns}


class Csv(Output):
    """A row a word."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self._done = 0

    def text(self, answered: Answered) -> str:
        """Return the rows, below a header at first."""
        table = for_csv(as_table(answered, self._done))
        text = table.write_csv(include_header=not self._done)
        self._done += answered.sentences.n
        return text


def as_table(answered: Answered, done: int = 0) -> pl.DataFrame:
    """Return a row a word: `sentence` and `token` from 0, `word`, what stands beside it, and the answer.

    A sentence without words has one row, with the reason. `done` is how many sentences came before.
    """
    of = answered.sentences
    lengths = np.diff(of.offsets)
    rows_of = np.repeat(np.arange(of.n), np.maximum(lengths, 1))  # (R,)
    starts = np.concatenate([[0], np.cumsum(np.maximum(lengths, 1))])
    token = np.arange(len(rows_of)) - starts[rows_of]
    filled = lengths[rows_of] > 0
    at = np.where(filled, of.offsets[rows_of] + token, -1)  # (R,), which word
    picked = pl.Series(at, dtype=pl.Int64).set(pl.Series(~filled), None)
    own = _gathered(of.cells, picked) if of.beside is None else _gathered(of.beside[0], pl.Series(rows_of))
    reasons = [of.broken.get(place) for place in rows_of.tolist()]
    predicted = pl.Series(answered.names, dtype=pl.String).gather(picked)
    table = {
        "sentence": pl.Series(rows_of + done, dtype=pl.Int64),
        "token": pl.Series(token, dtype=pl.Int64).set(pl.Series(~filled), None),
        "word": pl.Series(of.words, dtype=pl.String).gather(picked),
        **{_free(name, own): own[name] for name in own.columns},
        PREDICTED: predicted,
        CONFIDENCE: pl.Series(answered.confidence).gather(picked).set(predicted.is_null(), None),
        REASON: pl.Series(reasons, dtype=pl.String),
    }
    return pl.DataFrame(table)


def _gathered(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    return pl.DataFrame([column.gather(rows) for column in frame])


def _free(name: str, own: pl.DataFrame) -> str:
    """Return the name of a column of the input, another one where an answer's is called so."""
    others = {"sentence", "token", "word", PREDICTED, CONFIDENCE, REASON}
    if name not in others:
        return name
    numbered = (f"{name} ({number})" for number in range(2, len(own.columns) + 3))
    return next(new for new in numbered if new not in own.columns)


OF_WORDS = (".conll", ".iob", ".iob2", ".bio", ".bioes", ".tsv", ".txt")  # written as columns
ENDINGS = (".conll", ".conllu", ".csv", ".jsonl")
WRITERS: Mapping[Kind, type[Columns] | type[JsonLines]] = {
    "columns": Columns,
    "records": JsonLines,
    "texts": Columns,
}


def output_for(kind: Kind, path: Path | None, file: IO[bytes], column: str | None) -> Output:
    """Return what writes into a file by the ending of its name; without a name, what the input was."""
    ending = None if path is None else path.suffix.lower()
    if ending == ".conllu" or (ending is None and kind == "conllu"):
        return Conllu(file, column)
    if ending == ".csv":
        return Csv(file)
    if ending == ".jsonl":
        return JsonLines(file)
    if ending is None:
        return WRITERS[kind](file)
    return Columns(file)
