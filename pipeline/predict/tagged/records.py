"""JSON Lines with lists of tokens > sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pipeline.core.clean import has_surrogates, without_surrogates
from pipeline.corpus.readers.json_records import Decoder
from pipeline.corpus.tagged.json_tokens import TAGS, WORDS
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.columns import NOT_DECODED
from pipeline.predict.json_lines import Found, objects_of_line
from pipeline.predict.tagged.sentences import AT_ONCE, NO_WORD, Input, Sentences, offsets_of
from pipeline.predict.text_lines import lines_of

Known = Callable[[Sequence[str | None]], bool]


def words_key(record: Mapping[str, object]) -> str | None:
    """Return the key below which a record has its words; None where it has no list of them.

    >>> words_key({"id": 1, "tokens": ["a"]}), words_key({"text": "a"})
    ('tokens', None)
    """
    return next((name for name in WORDS if isinstance(record.get(name), list)), None)


def open_records(blocks: TextBlocks, key: str, asked: str | None, trained: str | None, known: Known) -> Input:
    """Return the records of a file of JSON Lines, each a sentence; parameters as of `columns.open_words`.

    `key` is where the first record has its words.
    """
    said = (*blocks.said(), f'{blocks.name}: a record a sentence, its words in "{key}"')
    return Input(
        blocks.name, "records", _sentences(blocks, key, asked or trained, known, asked), said, blocks.ended
    )


def _sentences(
    blocks: TextBlocks, key: str, named: str | None, known: Known, asked: str | None
) -> Iterator[Sentences]:
    decoder, column, settled = Decoder(), named, False
    for text in blocks:
        found = [one for line in lines_of(text) for one in objects_of_line(line, decoder)]
        for start in range(0, len(found), AT_ONCE):
            some = found[start : start + AT_ONCE]
            if not settled:
                column, settled = _column(some, key, named, known, asked), True
            yield _of(some, key, column)


def _column(
    some: Sequence[Found], key: str, named: str | None, known: Known, asked: str | None
) -> str | None:
    """Return the key of right tags, if records have some: the named one, else the likeliest."""
    records = [record for record, _ in some if record is not None]
    names = [named] if named else [name for name in TAGS if any(name in record for record in records)]
    for name in names:
        cells = [tag for record in records for tag in _tags(record, name, record.get(key)) or ()]
        if asked or known(cells):
            return name
    return None


def _of(some: Sequence[Found], key: str, column: str | None) -> Sentences:
    words: list[str] = []
    right: list[str | None] = []
    lengths, broken = [], {}
    for place, (record, reason) in enumerate(some):
        own, why = _words(record, key) if record is not None else ([], reason)
        if why:
            broken[place] = why
        words += [without_surrogates(word) for word in own]
        lengths.append(len(own))
        right += (None if record is None or column is None else _tags(record, column, own)) or [None] * len(
            own
        )
    records = [record for record, _ in some]
    return Sentences(words, offsets_of(lengths), broken, right if column else None, records=records)


def _words(record: Mapping[str, object], key: str) -> tuple[list[str], str]:
    """Return the words of a record, and why it cannot be answered."""
    words = record.get(key)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return [], f'there is no list of words in "{key}"'
    if not words:
        return [], NO_WORD
    return words, NOT_DECODED if any(map(has_surrogates, words)) else ""


def _tags(record: Mapping[str, object], name: str, words: object) -> list[str | None] | None:
    """Return the tags of a record; None where they are no list as long as its words."""
    tags = record.get(name)
    if not isinstance(tags, list) or not isinstance(words, list) or len(tags) != len(words):
        return None
    return [None if tag is None else without_surrogates(str(tag)) for tag in tags]
