"""Raw texts, in any format that `predict` reads > sentences: the words are those that the tokenizer cuts."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.models.saved import SavedTagger
from pipeline.predict.columns import Choice, Documents
from pipeline.predict.rows import Input as Rows
from pipeline.predict.tagged.sentences import AT_ONCE, NO_WORD, Input, Sentences

CUT = "each text is one sentence, cut into words as raw text is"


def open_texts(found: Rows, first: Documents, columns: Choice, model: SavedTagger, *, say: bool) -> Input:
    """Return the texts of an input that was opened, `first` its first rows.

    `say`: whether it is to be said what a sentence is.
    """

    def sentences() -> Iterator[Sentences]:
        yield from _in_portions(first, model)
        for rows in found.rows:
            yield from _in_portions(columns.of(rows), model)

    said = (*found.said, *((f"{found.name}: {CUT}",) if say else ()))
    return Input(found.name, "texts", sentences(), said, found.ended)


def _in_portions(documents: Documents, model: SavedTagger) -> Iterator[Sentences]:
    for start in range(0, len(documents.texts), AT_ONCE):
        texts = documents.texts.slice(start, AT_ONCE)
        tokenized = model.tokenize(texts)
        words = tokenized.types.gather(tokenized.token_types).to_list()
        empty = tokenized.offsets[1:] == tokenized.offsets[:-1]
        broken = dict.fromkeys(empty.nonzero()[0].tolist(), NO_WORD)
        broken |= {
            place - start: why for place, why in documents.broken.items() if 0 <= place - start < len(texts)
        }
        beside = documents.rows.columns.slice(start, AT_ONCE)
        yield Sentences(words, tokenized.offsets, broken, beside=(beside, model.read(texts).to_list()))
