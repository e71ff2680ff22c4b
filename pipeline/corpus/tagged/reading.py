"""Files of words with tags > LoadedCorpus: sentences are the documents, every one used or in the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.ragged import places_of
from pipeline.core.reading import Chosen, PartRead, Reading
from pipeline.core.values import (
    SPLIT_NAMES,
    TEST,
    UNASSIGNED,
    VALIDATION,
    Bool,
    Corpus,
    Dropped,
    Int32,
    Int64,
    Ledger,
    LoadedCorpus,
    Words,
)
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import quoted
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.corpus.built_in.table import TAGGED
from pipeline.corpus.loading import classes_by_size, corpus_hash
from pipeline.corpus.losses import NO_LABEL, check_losses
from pipeline.corpus.sources import Named, corpus_name, find_paths, names_of
from pipeline.corpus.tagged.kinds import reader_of
from pipeline.corpus.tagged.table import TaggedTable
from pipeline.corpus.unlabelled import read_unlabelled
from pipeline.tasks.tag.schemes import Scheme, TagSet, cannot_follow, find_scheme, written_as
from pipeline.tasks.tag.spans import rewritten


@dataclass(frozen=True, eq=False)
class Part:
    """The sentences of one file that are used."""

    table: TaggedTable
    column: str
    split: int
    sentences: Int64  # places in the table
    tags: list[str]  # of their words
    offsets: Int64
    dropped: tuple[Dropped, ...]
    warnings: tuple[Warned, ...]

    @property
    def words(self) -> list[str]:
        """The words of the sentences that are used."""
        places, _ = places_of(self.table.offsets, self.sentences)
        return [self.table.words[place] for place in places.tolist()]

    def reading(self, how: str) -> PartRead:
        """Return how the file was read; `how` says how the column of the tags was chosen."""
        return PartRead(
            file=self.table.file,
            text=Chosen(self.table.word_column, "the words"),
            label=Chosen(self.column, how),
            header_line=None,
            encoding=self.table.encoding,
            read=self.table.n_sentences,
            used=len(self.sentences),
            part=SPLIT_NAMES.get(self.split, ""),
            left_out=tuple((entry.reason, len(entry.rows)) for entry in self.dropped),
        )


def read_tagged(
    source: Named,
    *,
    test: Named | None = None,
    validation: Named | None = None,
    unlabelled: Named | None = None,
    tags: str | None = None,
    allow_losses: bool = False,
) -> LoadedCorpus:
    """Return a corpus whose words have tags; its documents are sentences, and the given words are kept as they are.

    Parameters
    ----------
    source, test, validation : Named
        Files with a word a line, CoNLL-U, or JSON Lines with `tokens` and `tags`, plain or packed.
    unlabelled : Named, optional
        Extra text for embeddings.
    tags : str, optional
        The column of the tags: its number, from 1 for that of the words, or its name.
    allow_losses : bool
        Whether more than a fifth of a file's sentences may be unusable.

    Raises
    ------
    PipelineError
        A file that cannot be read, a column that is not there, or words that all have one tag.
    """
    named = ((source, UNASSIGNED, "CORPUS"), (validation, VALIDATION, "--validation"), (test, TEST, "--test"))
    parts = [
        _part(table, tags, split, allow_losses)
        for given, split, option in named
        if given is not None
        for table in _tables(given, option, tags)
    ]
    extra: tuple[pl.Series | None, tuple[str, ...]] = (None, ())
    if unlabelled is not None:
        paths = find_paths(unlabelled, option="--unlabelled")
        extra = read_unlabelled(paths, first_places([*map(str, paths)]), ColumnOptions(None, None), "text")
    return _join(corpus_name(source), parts, tags, *extra)


def corpus_of(table: TaggedTable) -> LoadedCorpus:
    """Return sentences that lie in memory as a corpus; whoever gives them has looked at what is left out."""
    part = _part(table, None, UNASSIGNED, allow_losses=True)
    return _join("sentences", [part], None, None, ())


def _tables(named: Named, option: str, tags: str | None) -> Iterator[TaggedTable]:
    """Yield the sentences of each file that was named, or of the corpus that comes with the package."""
    names = names_of(named)
    if names[0] in TAGGED and len(names) == 1:
        yield TAGGED[names[0]]()
        return
    yield from (_read(path, tags) for path in _files(named, option))


def _files(named: Named, option: str) -> tuple[Path, ...]:
    paths = find_paths(named, tuple(TAGGED), option)
    folder = next((path for path in paths if path.is_dir()), None)
    if folder is not None:
        what = "a folder of files with tags is not read as one corpus"
        raise PipelineError(
            "corpus-ambiguous",
            str(folder),
            what,
            "name its files; --test and --validation name those of the parts",
        )
    return paths


def _read(path: Path, tags: str | None) -> TaggedTable:
    return reader_of(path)(path, tags)


# --- one file


def _part(table: TaggedTable, asked: str | None, split: int, allow_losses: bool) -> Part:
    """Return the sentences that are used; each other one is in the ledger for the first reason that holds."""
    column = table.column(asked)
    cells = table.columns[column]
    untagged = np.array([cell is None or not cell for cell in cells], dtype=np.bool_)  # (M,)
    lengths = np.diff(table.offsets)
    sentence_of = np.repeat(np.arange(table.n_sentences), lengths)
    has_none = np.bincount(sentence_of, untagged, table.n_sentences) > 0
    used = np.ones(table.n_sentences, dtype=np.bool_)
    dropped = []
    for reason, holds in {**table.left_out, NO_LABEL: has_none}.items():
        rows = np.flatnonzero(used & holds)
        used &= ~holds
        if len(rows):
            dropped.append(_dropped(table, reason, rows))
    if not used.any():
        reasons = ", ".join(f"{len(one.rows):,} {one.reason}" for one in dropped)
        what = f"none of the {plural(table.n_sentences, 'sentence')} can be used: {reasons}"
        raise PipelineError(
            "fields-differ", table.file, what, "give each word as many columns, and a tag (--tags COLUMN)"
        )
    losses = check_losses(
        table.file, table.n_sentences, dropped, allowed=allow_losses, columns="another column with --tags"
    )
    sentences = np.flatnonzero(used).astype(np.int64)
    places, offsets = places_of(table.offsets, sentences)
    tags = [str(cells[place]) for place in places.tolist()]
    return Part(table, column, split, sentences, tags, offsets, tuple(dropped), (*table.warnings, *losses))


def _dropped(table: TaggedTable, reason: str, rows: np.ndarray) -> Dropped:
    return Dropped(reason, table.file, tuple(rows.tolist()), tuple(table.lines[rows].tolist()))


# --- the whole


def _join(
    name: str,
    parts: Sequence[Part],
    asked: str | None,
    unlabelled: pl.Series | None,
    assumptions: tuple[str, ...],
) -> LoadedCorpus:
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tagset, tags, told, warned = _tags(parts, offsets)
    tokens = pl.Series("token", [word for part in parts for word in part.words], dtype=pl.String)
    texts = [
        " ".join(words) for part in parts for words in _cut(part.words, part.offsets)
    ]  # of the report: what is learned from are the words
    corpus = Corpus(
        texts=pl.Series("text", texts, dtype=pl.String),
        labels=tags,
        label_names=tagset.names,
        records=np.concatenate([part.sentences for part in parts]),
        split=np.concatenate([np.full(len(part.sentences), part.split, dtype=np.int8) for part in parts]),
        words=Words(tokens, offsets),
    )
    how = "--tags" if asked is not None else "the usual one"
    return LoadedCorpus(
        name=name,
        corpus=corpus,
        ledger=Ledger(
            sum(part.table.n_sentences for part in parts),
            len(texts),
            tuple(entry for part in parts for entry in part.dropped),
        ),
        unlabelled=unlabelled,
        assumptions=(*(line for part in parts for line in part.table.assumptions), *told, *assumptions),
        warnings=(*(line for part in parts for line in part.warnings), *warned, *_unknown_tags(corpus)),
        hash=corpus_hash(corpus),
        reading=Reading(tuple(part.reading(how) for part in parts), classes_by_size(corpus), "tag"),
        together=_together(parts),
    )


def _cut(words: list[str], offsets: Int64) -> list[list[str]]:
    return [words[start:end] for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]


def _tags(parts: Sequence[Part], offsets: Int64) -> tuple[TagSet, Int32, tuple[str, ...], tuple[Warned, ...]]:
    """Return the tags of all words in IOB2 or BIOES, or as they are if they make no spans; what is told and warned."""
    written = [tag for part in parts for tag in part.tags]
    names = tuple(sorted({*written}))
    if len(names) == 1:
        what = f'every word has the tag "{names[0]}"'
        others = [name for name in parts[0].table.columns if name != parts[0].column]
        fix = (
            f"name another column with --tags: {quoted(others)}"
            if others
            else "give a file with several tags"
        )
        raise PipelineError("one-class", parts[0].table.file, what, fix)
    numbers = {tag: number for number, tag in enumerate(names)}
    tags = np.array([numbers[tag] for tag in written], dtype=np.int32)
    found = find_scheme(names, tags, offsets)
    if found.scheme == "plain":
        return found, tags, ("the tags make no spans: each word is answered by itself",), ()
    scheme: Scheme = "BIOES" if found.scheme == "BIOES" else "IOB2"
    called = written_as(names) if scheme == "BIOES" else found.scheme
    told = f"the tags are {called}" + (f", read as {scheme}" if called != scheme else "")
    wrong = cannot_follow(found, tags, offsets)
    return *rewritten(found, tags, offsets, scheme), (told,), _broken(parts, wrong, offsets, called)


def _broken(parts: Sequence[Part], wrong: Bool, offsets: Int64, called: str) -> tuple[Warned, ...]:
    """Return a warning of the tags that cannot follow the ones before, with the first places."""
    if not wrong.any():
        return ()
    sentences = np.unique(np.searchsorted(offsets, np.flatnonzero(wrong), side="right") - 1)
    ends = np.cumsum([len(part.sentences) for part in parts])
    places = []
    for sentence in sentences[:4].tolist():
        at = int(np.searchsorted(ends, sentence, side="right"))
        own = parts[at].sentences[sentence - int(ends[at]) + len(parts[at].sentences)]
        places.append(parts[at].table.place(int(own)))
    shown = ", ".join(places[:3]) + (" ..." if len(sentences) > 3 else "")
    told = (
        f"{plural(int(wrong.sum()), 'tag')} in {plural(len(sentences), 'sentence')} cannot follow the one before in"
        f" {called} ({shown}); spans are read as the official scorer reads them"
    )
    return (warning("tags-out-of-order", told),)


def _unknown_tags(corpus: Corpus) -> tuple[Warned, ...]:
    """Return a warning of tags that stand in test or validation sentences alone: no model can learn them."""
    learned = np.unique(corpus.labels[corpus.split_of_labels == UNASSIGNED])
    unknown = np.setdiff1d(np.arange(len(corpus.label_names)), learned)
    if not len(unknown):
        return ()
    names = first_places([f'"{corpus.label_names[tag]}"' for tag in unknown.tolist()])
    n_words = int(np.isin(corpus.labels, unknown).sum())
    told = f"no training sentence has the tags {names}, which {plural(n_words, 'word')} of others have"
    return (warning("tags-not-in-training", told),)


def _together(parts: Sequence[Part]) -> Int64 | None:
    """Return numbers by which the sentences of one document of a file stay in one part; None where none is marked.

    Sentences of validation and test files stay where they are, each by itself.
    """
    own = [part for part in parts if part.split == UNASSIGNED]
    sections = [part.table.sections[part.sentences] for part in own]
    if all(len(np.unique(one)) < 2 for one in sections):
        return None
    numbers, first = [], 0
    for one in sections:
        numbers.append(one + first)
        first += int(one.max()) + 1
    n_others = sum(len(part.sentences) for part in parts if part.split != UNASSIGNED)
    return np.concatenate([*numbers, first + np.arange(n_others, dtype=np.int64)])
