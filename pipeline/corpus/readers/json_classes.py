"""JSON in which a key, or a field beside a list, is the class of all texts below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core.files import Json
from pipeline.corpus.readers.column_names import is_known_name, names_label, names_text
from pipeline.corpus.readers.entries import part_of
from pipeline.corpus.readers.json_layouts import Object

LEAST_DISTINCT = 0.5  # of the strings of a list: a column of labels has the same few again and again
LEAST_BLANKS = 0.5  # of the strings hold a blank: they are texts, not words
LEAST_PHRASES = 2  # strings of a record, in the mean, that are texts of their own
_CHUNK = "text"  # of SNIPS: a text in pieces, some of which are entities
# Fields that hold the examples of an intent, as chatbots have them.
_PHRASES = frozenset((
    "patterns", "pattern", "examples", "utterances", "phrases", "samples", "expressions", "training phrases",
))  # fmt: skip


def records_by_class(whole: Object, wanted: Sequence[str]) -> list[Object] | None:
    """Return the records of `{"pos": ["a good film", ...], "neg": [...]}`; None where keys are no classes.

    Below a class may also be objects with the same fields, of which none is called a label, or texts in pieces:
    `{"GetWeather": [{"data": [{"text": "will it "}, {"text": "rain", "entity": "condition"}]}]}`.
    """
    if not whole or any(_names_a_column(key) or key in wanted or part_of(key) for key in whole):
        return None
    read = next((read for read in _BELOW_A_CLASS if (all(map(read, whole.values())))), None)
    if read is None or (len(whole) < 2 and read is not _in_pieces):
        return None
    records = [{"label": key, **record} for key, below in whole.items() for record in read(below) or ()]
    return records if _have_the_same_fields(records) else None


def _names_a_column(key: str) -> bool:
    """Whether a key is called as a column is, `question1` too: what lies below is one."""
    return is_known_name(key) or names_text(key) or names_label(key)


def _texts(below: Json) -> list[Object] | None:
    if not isinstance(below, list) or not below or not all(isinstance(one, str) for one in below):
        return None
    texts = [str(one) for one in below]
    blanks = sum(" " in text.strip() or not text.isascii() for text in texts)
    varied = len({*texts}) >= LEAST_DISTINCT * len(texts) and blanks >= LEAST_BLANKS * len(texts)
    return [{"text": text} for text in texts] if varied else None


def _in_pieces(below: Json) -> list[Object] | None:
    if not isinstance(below, list) or not below:
        return None
    texts = [_joined(one) for one in below]
    return None if None in texts else [{"text": text} for text in texts]


def _joined(record: Json) -> str | None:
    match record:
        case {"data": [*pieces], **others} if not others:
            texts = [piece.get(_CHUNK) for piece in pieces if isinstance(piece, dict)]
            if len(texts) == len(pieces) and all(isinstance(text, str) for text in texts):
                return "".join(map(str, texts))
    return None


def _objects(below: Json) -> list[Object] | None:
    if not isinstance(below, list) or not below:
        return None
    records = [one for one in below if isinstance(one, dict)]
    if len(records) < len(below) or not any(map(names_text, records[0])):
        return None
    return None if any(names_label(name) for record in records for name in record) else records


_BELOW_A_CLASS = (_texts, _in_pieces, _objects)


def _have_the_same_fields(records: Sequence[Mapping[str, Json]]) -> bool:
    return all(record.keys() == records[0].keys() for record in records)


# --- several texts in each record


def phrases_key(records: Sequence[Object]) -> str | None:
    """Return the field of a list of texts in each record, beside a label: `{"tag": "hi", "patterns": [...]}`."""
    if not records:
        return None
    keys = [key for key in records[0] if key.replace("_", " ").lower() in _PHRASES]
    if len(keys) != 1 or not any(names_label(key) or key == "name" for key in records[0]):
        return None
    lists = [one for record in records if isinstance(one := record.get(keys[0]), list)]
    if len(lists) < len(records) or not all(isinstance(text, str) for one in lists for text in one):
        return None
    return keys[0] if sum(map(len, lists)) >= LEAST_PHRASES * len(records) else None


def with_one_phrase(record: Object, key: str) -> list[Object]:
    """Return a record for each text of a field, the fields beside it repeated.

    >>> with_one_phrase({"tag": "hi", "patterns": ["Hello", "Good day"]}, "patterns")
    [{'tag': 'hi', 'patterns': 'Hello'}, {'tag': 'hi', 'patterns': 'Good day'}]
    """
    texts = record[key]
    return [{**record, key: text} for text in texts] if isinstance(texts, list) else [record]
