"""Labels that are no classes, test documents that test nothing: refused or said before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.core.clean import cell_text, clip, plural
from pipeline.core.errors import PipelineError
from pipeline.core.values import SPLIT_NAMES, TEST, VALIDATION, Corpus
from pipeline.core.warned import Warned, warning
from pipeline.corpus.asked.cut import half, number_to_predict, numbers_in
from pipeline.corpus.missing import texts_without_text
from pipeline.corpus.part import Part
from pipeline.corpus.readers.column_facts import ENOUGH_TO_SPLIT, MOST_GRADES

FEWEST_TO_JUDGE = 10  # documents, below which nothing is said of what labels look like
LONG_LABEL = 100  # characters
SHOWN = 60  # characters of a label
_SAYS_SOMETHING, _CAN_BE_SEEN = r"[\p{L}\p{N}\p{So}]", r"[^\p{Z}\p{C}]"


def check_labels(training: Part, *, split: bool) -> None:
    """Refuse labels of training documents that are numbers to be predicted, names of documents, or the texts.

    Parameters
    ----------
    training : Part
    split : bool
        Whether test documents are to be taken from these; else a class may have one document.

    Raises
    ------
    PipelineError
        Each says what the column holds and which option names another.
    """
    labels, file = training.labels, training.table.file
    if len(labels) < FEWEST_TO_JUDGE:
        return
    counts = labels.value_counts()
    names, column = counts[labels.name], training.columns.label.column
    _check_exchanged(training, names)
    too_rare = split and int(counts["count"].to_numpy().min()) < ENOUGH_TO_SPLIT
    _check_no_number(training, names, too_rare=too_rare)
    if too_rare and 2 * len(counts) > len(labels):
        what = (
            f'column "{column}" has {len(counts):,} different labels in {plural(len(labels), "record")}, such as '
            f'"{shown(str(labels[0]))}": it tells records apart, and is no class'
        )
        raise PipelineError(
            "label-tells-records-apart", file, what, "name the column of the classes with --label"
        )


def _check_exchanged(training: Part, names: pl.Series) -> None:
    """Refuse labels that are longer and more varied than the texts."""
    texts, of_label, of_text = training.texts, _mean_length(names), _mean_length(training.texts)
    if of_label <= 2 * of_text or len(names) <= texts.n_unique():
        return
    text, label = training.columns.text.column, training.columns.label.column
    of_each = [(of_label, len(names)), (of_text, texts.n_unique())]
    seen = [
        f"{plural(different, 'value')} of {plural(round(length), 'character')} on average"
        for length, different in of_each
    ]
    what = f'the label column "{label}" holds {seen[0]}, the text column "{text}" {seen[1]}'
    fix = f"exchange the two: --text {quote(label)} --label {quote(text)}"
    raise PipelineError("text-and-label-exchanged", training.table.file, what, fix)


def _mean_length(texts: pl.Series) -> float:
    """Return the mean number of characters."""
    return float(texts.str.len_chars().to_numpy().mean())


def _check_no_number(training: Part, names: pl.Series, *, too_rare: bool) -> None:
    """Refuse many different numbers of which some have too few documents to be a class."""
    found = _many_numbers(names)
    if not found or not (too_rare or (found.decimal and len(training.labels) < ENOUGH_TO_SPLIT * len(names))):
        return
    raise number_to_predict(training.table.file, training.columns.label.column, training.labels)


class Numbers(NamedTuple):
    """Many different numbers in a label column."""

    words: str
    decimal: bool  # whether one is no whole number


def _many_numbers(names: pl.Series) -> Numbers | None:
    """Return what is to be said where all labels are numbers, and more than `MOST_GRADES`; else None."""
    read = numbers_in(names) if len(names) > MOST_GRADES else None
    if read is None or read.null_count():
        return None
    numbers = read.to_numpy()
    words = f"{len(names):,} different numbers ({numbers.min():g} to {numbers.max():g})"
    return Numbers(words, bool((numbers % 1 != 0).any()))


def label_warnings(training: Part, names: Sequence[str]) -> tuple[Warned, ...]:
    """Return a sentence on labels that are as long as texts, and one on decimals that are taken as classes."""
    column, said = training.columns.label.column, []
    found, longest = _many_numbers(pl.Series(names, dtype=pl.String)), max(names, key=len)
    if found and found.decimal:
        cut = f'--label "{column}{half(training.labels)}"'
        told = f'column "{column}" holds {found.words}, taken as classes; {cut} cuts a number in two classes'
        said.append(warning("decimals-as-classes", told))
    if len(longest) > LONG_LABEL:
        seen = f'labels have up to {len(longest):,} characters, such as "{shown(longest)}"'
        said.append(warning("labels-are-long", f'{seen}: is column "{column}" the label?'))
    return tuple(said)


def text_warnings(training: Part) -> tuple[Warned, ...]:
    """Return a sentence where training texts say that there is none, or none holds a letter, a digit or a symbol.

    Raises
    ------
    PipelineError
        If none holds a character that can be seen.
    """
    texts, column = training.texts, training.columns.text.column
    if _any_holds(texts.head(FEWEST_TO_JUDGE), _SAYS_SOMETHING) or _any_holds(texts, _SAYS_SOMETHING):
        return texts_without_text(texts, column)
    if not _any_holds(texts, _CAN_BE_SEEN):
        what = f'no text in column "{column}" holds a character that can be seen'
        raise PipelineError(
            "texts-empty", training.table.file, what, "name the column with --text, or correct the file"
        )
    told = (
        f'no text in column "{column}" holds a letter or a digit: there is little to learn from marks alone'
    )
    return (warning("texts-of-marks-alone", told),)


def _any_holds(texts: pl.Series, pattern: str) -> bool:
    return bool(texts.str.contains(pattern).any())


def part_warnings(corpus: Corpus) -> tuple[Warned, ...]:
    """Return a sentence for each official part whose documents are all of one class."""
    found = []
    for split in (VALIDATION, TEST) if corpus.sets is None else ():
        labels = corpus.labels[corpus.split == split]
        if len(labels) > 1 and len(np.unique(labels)) == 1:
            name = cell_text(corpus.label_names[int(labels[0])])
            told = f'every {SPLIT_NAMES[split]} document is of class "{name}": who always answers so is always right'
            found.append(warning("part-of-one-class", told))
    return tuple(found)


def shown(name: str) -> str:
    """Return a label as a message shows it, however long it is."""
    return clip(cell_text(name), SHOWN)
