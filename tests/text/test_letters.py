"""Letters of documents: the text of their tokens with blanks between, and its bytes."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.values import TokenizedCorpus
from pipeline.text.letters import bytes_of, letters_of

WORD = st.text(st.characters(exclude_categories=("Cs", "Zs", "Cc")), min_size=1, max_size=4)


def cut(documents: list[list[str]]) -> TokenizedCorpus:
    types = sorted({word for document in documents for word in document})
    flat = [types.index(word) for document in documents for word in document]
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    return TokenizedCorpus(np.array(flat, dtype=np.int32), offsets, pl.Series(types, dtype=pl.String))


@given(st.lists(st.lists(WORD, max_size=5), max_size=6))
def test_letters_are_those_of_the_joined_words_and_bytes_theirs(documents: list[list[str]]) -> None:
    tokenized = cut(documents)
    found = letters_of(tokenized)
    letters = found.types.gather(found.token_types).to_list()
    texts = ["".join(letters[a:b]) for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]
    assert texts == [" ".join(document) for document in documents]
    assert bytes_of(tokenized).tolist() == [len(text.encode()) + 1 for text in texts]
