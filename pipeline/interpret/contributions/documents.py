"""The texts of the test documents that the report speaks of, kept in the run folder: it needs no corpus then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.values import SPLIT_NAMES, TEST, Corpus, TokenizedCorpus
from pipeline.interpret.contributions.of_run import CHARACTERS, Shown
from pipeline.run_folder.details.documents import ChosenDocuments, ShownDocument
from pipeline.run_folder.metrics import Metrics
from pipeline.text.ragged import own_types

_PARTS = {name: part for part, name in SPLIT_NAMES.items()}


def documents_shown(
    metrics: Metrics, chosen: ChosenDocuments | None, corpus: Corpus, folds: Sequence[Corpus]
) -> list[ShownDocument]:
    """Return what `details/documents_shown.json` holds: `part`, `document`, `text`, and whether it was `cut`.

    Parameters
    ----------
    metrics : the content of metrics.json
        Its `hard_documents` and `contamination` name documents.
    chosen : the content of details/chosen_documents.json
        It names the documents that can be browsed.
    corpus : Corpus
        With the texts.
    folds : sequence of Corpus
        The same documents, split; a test document is one of any fold.
    """
    wanted = _documents_named(metrics) | {
        ("test", row.document) for row in (chosen.documents if chosen else ())
    }
    numbers = {part: {document for of, document in wanted if of == part} for part in _PARTS}
    shown: list[ShownDocument] = []
    for name, part in _PARTS.items():
        in_part = np.any([fold.split == part for fold in folds], axis=0)
        places = np.flatnonzero(in_part & np.isin(corpus.records, list(numbers[name])))
        texts = corpus.texts.gather(places).to_list()
        shown += [
            ShownDocument(name, int(corpus.records[place]), text[:CHARACTERS], cut=len(text) > CHARACTERS)
            for place, text in zip(places, texts, strict=True)
        ]
    return shown


def shown_of_first_fold(chosen: ChosenDocuments, first: Corpus, tokenized: TokenizedCorpus) -> Shown:
    """Return the chosen documents that the first fold tested: its fits are those that are saved.

    Parameters
    ----------
    chosen : the content of details/chosen_documents.json
    first : Corpus
        The first fold's split, with the texts.
    tokenized : TokenizedCorpus
        All documents of the corpus.
    """
    numbers = [row.document for row in chosen.documents if row.fold == 0]
    tested = first.positions(TEST)
    place_of = dict(zip(first.records[tested].tolist(), tested.tolist(), strict=True))
    places = np.array([place_of[number] for number in numbers], dtype=np.int64)
    return Shown(tuple(numbers), tuple(first.texts.gather(places).to_list()), own_types(tokenized, places))


def _documents_named(metrics: Metrics) -> set[tuple[str, int]]:
    """Return part and number of every document that a list or a pair names."""
    lists = metrics.hard_documents.lists if metrics.hard_documents else {}
    pairs = metrics.contamination.near_duplicates.pairs if metrics.contamination else ()
    named = {("test", row.document) for rows in lists.values() for row in rows}
    named |= {("test", row.document) for row in pairs}
    return named | {(row.near_duplicate_in, row.near_duplicate_of) for row in pairs}
