"""Texts of a model's own words, beside the golden ones: of those a model of few words may know none."""

from __future__ import annotations

import numpy as np

from pipeline.export.tokenizer_json import what_it_reads
from pipeline.models.saved import SavedModel

_N_WORDS, _A_TEXT = 40, 7  # from the first to the last of the vocabulary, and so many beside each other
_LONG = 400  # tokens of the longest text, where the model reads all


def texts_of_own_words(model: SavedModel) -> list[str]:
    """Return single words of a model, several together, and more than it reads; none of a model without words."""
    reads = what_it_reads(model)
    words = [word for word in reads.vocabulary if word]
    if not words:
        return []
    spread = [words[place] for place in np.linspace(0, len(words) - 1, _N_WORDS).astype(int)]
    together = [" ".join(spread[place : place + _A_TEXT]) for place in range(0, _N_WORDS, _A_TEXT)]
    many = (spread * ((reads.most or _LONG) // _N_WORDS + 1))[: (reads.most or _LONG) + 5]
    return [*spread[:: _N_WORDS // 5], *together, " ".join(many)]
