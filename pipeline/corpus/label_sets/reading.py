"""Files of documents with several labels > LoadedCorpus: read as those of classes, but for the column of the labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from pipeline.core.errors import first_places
from pipeline.core.reading import Chosen
from pipeline.core.values import TEST, UNASSIGNED, VALIDATION, Corpus, LoadedCorpus
from pipeline.core.warned import Warned, warning
from pipeline.corpus.asked.columns import ChosenColumns, ColumnOptions, text_parts
from pipeline.corpus.how_read import how_read, resting_on
from pipeline.corpus.label_sets.columns import LabelColumns, columns_like, label_columns, read_sets
from pipeline.corpus.loading import join_parts, read_further, read_training
from pipeline.corpus.part import Part, select_evaluation, select_training
from pipeline.corpus.plausible import text_warnings
from pipeline.corpus.readers.archives import Unpacked
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.unsettled import Ask
from pipeline.corpus.sources import Named, corpus_name, find_corpus, find_paths
from pipeline.corpus.told_by_columns import by_part, without_rejected
from pipeline.tasks.multilabel.targets import names_in_sets
from pipeline.tasks.table import OF_LABEL_SETS

PLACEHOLDER = "set"  # of labels, while the other column is looked for


@dataclass(frozen=True, eq=False)
class WithSets:
    """A file whose labels are one column of sets, with the columns that they came from."""

    chosen: ChosenColumns
    labels: LabelColumns


def read_label_sets(
    source: Named,
    *,
    test: Named | None = None,
    validation: Named | None = None,
    unlabelled: Named | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    allow_losses: bool = False,
    ask: Ask | None = None,
) -> LoadedCorpus:
    """Return a corpus whose documents have any number of labels.

    Parameters
    ----------
    source, test, validation, unlabelled, text_column, allow_losses, ask
        As those of `read_corpus`.
    label_column : str, optional
        One column of lists, or of labels with `;`, `|` or `,` between; or several columns of 0 and 1, with commas.

    Raises
    ------
    PipelineError
        A file that cannot be read, columns that cannot be settled, or documents that all have the same labels.
    """
    asked = ColumnOptions(text_column, None)
    with Unpacked() as unpacked:
        layout = find_corpus(source, test, validation, unpacked)
        table = read_training(layout, asked.names)
        first = _choose(table, asked, label_column, None, ask)
        others = [
            (split, _choose(own.read(asked.names_beside(table)), asked, None, first, ask))
            for own, split in ((layout.validation, VALIDATION), (layout.test, TEST))
            if own is not None
        ]
        training, inside = by_part(first.chosen, named=bool(others))
        parts = [select_training(training.table, training.columns, allow_losses=allow_losses)]
        for split, own in [*inside, *((split, one.chosen) for split, one in others)]:
            parts.append(_evaluated(own, split, allow_losses=allow_losses))
        with resting_on(how_read(training.table, training.columns)):
            names = names_in_sets(parts[0].labels, parts[0].table.file)
        seen = text_warnings(parts[0])
        parts[0] = replace(parts[0], warnings=(*parts[0].warnings, *seen))
        every = names_in_sets(pl.concat([part.labels for part in parts]), parts[0].table.file)
        given = () if unlabelled is None else find_paths(unlabelled, option="--unlabelled")
        extra = read_further(tuple(map(unpacked.folder_of, given)), layout, asked, parts[0])
        loaded = join_parts(corpus_name(source), parts, every, extra, OF_LABEL_SETS)
        return unpacked.named(_told(loaded, names))


def _choose(
    table: RawTable, asked: ColumnOptions, label: str | None, training: WithSets | None, ask: Ask | None
) -> WithSets:
    """Return a file with its text, and its labels as one column of sets: named, called as in training, or found."""
    with resting_on(how_read(table)):
        texts = text_parts(asked.text, table.cells.columns)
        columns = (
            label_columns(table, label, texts) if training is None else columns_like(table, training.labels)
        )
        sets = read_sets(table, columns)
        name = columns.called
        without = [column for column in columns.names if column != name]
        placeholder = pl.Series(
            name, [None if cell is None else PLACEHOLDER for cell in sets.cells], dtype=pl.String
        )
        plain = replace(
            table,
            cells=table.cells.drop(without).with_columns(placeholder),
            label_column=name,
            nested=table.nested - {name},
            left_out={**table.left_out, **sets.left_out},
        )
        found = asked.choose(plain, ask) if training is None else asked.choose_as(plain, training.chosen, ask)
    told = [f'{table.file}, column "{name}": {words}' for words in sets.told]
    cells = found.table.cells.with_columns(sets.cells.alias(name))
    own = replace(found.table, cells=cells, assumptions=(*found.table.assumptions, *told))
    label_chosen = Chosen(name, _how(columns))
    chosen = replace(found, table=own, columns=replace(found.columns, table=own, label=label_chosen))
    return WithSets(without_rejected(chosen), columns)


def _how(columns: LabelColumns) -> str:
    if len(columns.names) > 1:
        return f"{len(columns.names)} columns, {columns.how}"
    return columns.how


def _evaluated(chosen: ChosenColumns, split: int, *, allow_losses: bool) -> Part:
    known = tuple(chosen.labels.drop_nulls().unique().to_list())
    return select_evaluation(
        chosen.table, chosen.columns, split=split, classes=known, allow_losses=allow_losses
    )


def _told(loaded: LoadedCorpus, learned: tuple[str, ...]) -> LoadedCorpus:
    """Return the corpus with what is said of its sets: how many are empty, and which labels no model can learn."""
    corpus = loaded.corpus
    empty = n_empty(corpus)
    notes: tuple[str, ...] = ()
    if empty:
        notes = (f"{empty:,} of {len(corpus.texts):,} documents have no label: that is an answer too",)
    reading = replace(loaded.reading, called="label")
    return replace(
        loaded,
        reading=reading,
        assumptions=(*loaded.assumptions, *notes),
        warnings=(*loaded.warnings, *_unknown(corpus, learned)),
    )


def n_empty(corpus: Corpus) -> int:
    """Return how many documents have no label."""
    assert corpus.sets is not None, "documents have sets of labels"
    sizes = corpus.sets.sum(axis=1)  # (S,)
    return int((sizes[corpus.labels] == 0).sum())


def _unknown(corpus: Corpus, learned: tuple[str, ...]) -> tuple[Warned, ...]:
    unknown = [name for name in corpus.label_names if name not in {*learned}]
    if not unknown:
        return ()
    assert corpus.sets is not None, "documents have sets of labels"
    places = [corpus.label_names.index(name) for name in unknown]
    own = corpus.sets[:, places].sum(axis=1)[corpus.labels] > 0  # (N,)
    n_docs = int((own & (corpus.split != UNASSIGNED)).sum())
    names = first_places([f'"{name}"' for name in unknown])
    told = f"no training document has the labels {names}, which {n_docs:,} of the others have"
    return (warning("labels-not-in-training", told),)
