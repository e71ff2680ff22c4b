"""A tagger that was trained elsewhere (`--compare`): its tags of the test sentences, in a file of words.

The file holds the sentences of the test file, or of the corpus where there is none, in their order, each word with the
tag that was given to it: in the last column of a file of columns, in CoNLL-U's `upos` or the column of `--tags`, in
`predicted` of JSON Lines, else in `tags`. So what an outside tagger writes beside a test file is read as it is, and
so is what `predict` writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.ragged import places_of
from pipeline.core.values import TEST, Corpus, Int32, Int64
from pipeline.corpus.tagged.kinds import reader_of
from pipeline.corpus.tagged.table import TaggedTable
from pipeline.experiment.outside import OutsideModel, name_of
from pipeline.tasks.classification.targets import known_labels
from pipeline.tasks.tag.answers import TagAnswers
from pipeline.tasks.tag.schemes import TagSet, find_scheme
from pipeline.tasks.tag.spans import rewritten

PREDICTED = "predicted"  # the key of tags in JSON Lines
_SAME = "give the tags of the same sentences in the same order: the test file with a column of tags"


def read_outside_tags(path: str, folds: Sequence[Corpus], tags: str | None = None) -> OutsideModel:
    """Return a tagger's answers to the test sentences, each word compared with that of the corpus.

    Parameters
    ----------
    path : str
        A file of words: columns, CoNLL-U, or JSON Lines with `tokens`.
    folds : sequence of Corpus
        One, or a corpus for each fold: every sentence is tested once over all of them.
    tags : str, optional
        The column of tags in the corpus; of CoNLL-U it is that of the file too.

    Raises
    ------
    PipelineError
        A file that is not read, other sentences or words than those of the corpus, a word without a tag, or a tag that
        the corpus does not have.
    """
    if Path(path).is_dir():
        raise PipelineError(
            "file-expected", f"--compare {path}", "it is a folder", "give a file of words with tags"
        )
    table = reader_of(Path(path))(Path(path), None)
    column = PREDICTED if PREDICTED in table.columns else table.column(None)
    if tags is not None and tags in table.columns and table.word_column == "form":
        column = tags
    answers = tuple(_of_fold(table, column, corpus) for corpus in folds)
    return OutsideModel(name_of(path), path, answers)


def _of_fold(table: TaggedTable, column: str, corpus: Corpus) -> TagAnswers:
    """Return the answers to a fold's test sentences, in their order."""
    assert corpus.words is not None, "a corpus of tagged words has them"
    test = corpus.positions(TEST)
    records = corpus.records[test]
    _check_words(table, corpus, test, records)
    places, offsets = places_of(table.offsets, records)
    cells = table.columns[column]
    written = [cells[place] for place in places.tolist()]
    _check_tagged(table, column, written, records, offsets)
    predicted = _numbers(table, [str(tag) for tag in written], offsets, records, corpus.label_names)
    own, _ = places_of(corpus.words.offsets, test)
    shares = np.eye(len(corpus.label_names), dtype=np.float32)[predicted]
    right = corpus.labels[own]
    return TagAnswers(records, offsets, right, predicted, shares, corpus.label_names, hard=True)


def _check_words(table: TaggedTable, corpus: Corpus, test: Int64, records: Int64) -> None:
    """Raise PipelineError where a test sentence is not in the file, or has other words there."""
    assert corpus.words is not None, "a corpus of tagged words has them"
    absent = records[records >= table.n_sentences]
    if len(absent):
        what = (
            f"it holds {plural(table.n_sentences, 'sentence')}, and sentence {int(absent[0]) + 1} is tested"
        )
        raise PipelineError("outside-other-documents", table.file, what, _SAME)
    tokens = corpus.words.tokens
    for place, record in zip(test.tolist(), records.tolist(), strict=True):
        start, end = corpus.words.offsets[place : place + 2].tolist()
        own = tokens[start:end].to_list()
        found = list(table.words[table.offsets[record] : table.offsets[record + 1]])
        if own != found:
            at = next((at for at, (a, b) in enumerate(zip(own, found, strict=False)) if a != b), None)
            what = (
                f"sentence {record + 1} has {plural(len(found), 'word')}, in the corpus {len(own)}"
                if at is None
                else f'word {at + 1} of sentence {record + 1} is "{found[at]}", in the corpus "{own[at]}"'
            )
            raise PipelineError("outside-other-documents", table.place(record), what, _SAME)


def _check_tagged(
    table: TaggedTable, column: str, written: Sequence[str | None], records: Int64, offsets: Int64
) -> None:
    for record, (start, end) in zip(records.tolist(), pairwise(offsets.tolist()), strict=True):
        if not all(written[start:end]):
            what = f'a word of sentence {record + 1} has no tag in column "{column}"'
            raise PipelineError("outside-row", table.place(record), what, "give each word a tag")


def _numbers(
    table: TaggedTable, written: Sequence[str], offsets: Int64, records: Int64, names: tuple[str, ...]
) -> Int32:
    """Return the tag of each word as a number of the corpus, in whatever scheme the file has them; int32 (M,)."""
    found = tuple(sorted({*written}))
    numbers = {tag: number for number, tag in enumerate(found)}
    tags = np.array([numbers[tag] for tag in written], dtype=np.int32)
    tagset, scheme = find_scheme(found, tags, offsets), TagSet.of(names).scheme
    if scheme != "plain" and tagset.scheme != "plain":
        tagset, tags = rewritten(tagset, tags, offsets, scheme)
    unknown = np.flatnonzero(~np.isin(np.array(tagset.names), names))
    if len(unknown):
        at = int(np.flatnonzero(np.isin(tags, unknown))[0])
        record = int(records[np.searchsorted(offsets, at, side="right") - 1])
        what = f'the tag "{written[at]}" is none of the corpus; {known_labels(written[at], names)}'
        raise PipelineError("outside-row", table.place(record), what, "correct the tag")
    return np.array([names.index(name) for name in tagset.names], dtype=np.int32)[tags]
