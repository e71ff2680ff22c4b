"""The texts of the test documents that the report speaks of, kept in the run folder: it needs no corpus then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.values import SPLIT_NAMES, Corpus

CHARACTERS = 600  # of a text; the rest is cut
_PARTS = {name: part for part, name in SPLIT_NAMES.items()}


def documents_shown(
    metrics: Mapping[str, Any], corpus: Corpus, folds: Sequence[Corpus]
) -> list[dict[str, Any]]:
    """Return what `details/documents_shown.json` holds: `part`, `document`, `text`, and whether it was `cut`.

    Parameters
    ----------
    metrics : the content of metrics.json
        Its `hard_documents` and `contamination` name the documents.
    corpus : Corpus
        With the texts.
    folds : sequence of Corpus
        The same documents, split; a test document is one of any fold.
    """
    wanted = _documents_named(metrics)
    numbers = {part: {document for of, document in wanted if of == part} for part in _PARTS}
    shown = []
    for name, part in _PARTS.items():
        in_part = np.any([fold.split == part for fold in folds], axis=0)
        places = np.flatnonzero(in_part & np.isin(corpus.records, list(numbers[name])))
        texts = corpus.texts.gather(places).to_list()
        shown += [
            {
                "part": name,
                "document": int(corpus.records[place]),
                "text": text[:CHARACTERS],
                "cut": len(text) > CHARACTERS,
            }
            for place, text in zip(places, texts, strict=True)
        ]
    return shown


def _documents_named(metrics: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Return part and number of every document that a list or a pair names."""
    lists = (metrics.get("hard_documents") or {}).get("lists") or {}
    contamination = metrics.get("contamination") or {}
    pairs = (contamination.get("near_duplicates") or {}).get("pairs") or ()
    named = {("test", row["document"]) for rows in lists.values() for row in rows}
    named |= {("test", row["document"]) for row in pairs}
    return named | {(row["near_duplicate_in"], row["near_duplicate_of"]) for row in pairs}
