"""The words of a file of arrays: names that are accepted, and vocabularies beside the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.packing import Content

VECTOR_NAMES = ("vectors", "embeddings", "embedding", "matrix", "weights")
WORD_NAMES = ("words", "vocab", "vocabulary", "tokens", "index_to_key")
_SAME_STEM = (".txt", ".json", ".vocab")
_SAME_FOLDER = ("vocabulary.json", "vocabulary.txt", "vocab.json", "vocab.txt", "tokenizer.json")
SIBLINGS = "a .txt (one word a line) or .json of the same name beside it"


def named(held: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    """Return the first accepted name that the file holds."""
    return next((name for name in names if name in held), None)


def vocabulary_beside(content: Content) -> Path | None:
    """Return the file beside a file of arrays that its words are read from, if they are not inside."""
    stem = content.name.removesuffix(".npz").removesuffix(".safetensors")
    names = [f"{stem}{ending}" for ending in _SAME_STEM] + list(_SAME_FOLDER)
    return next((path for name in names if (path := content.path.with_name(name)).is_file()), None)


def words_beside(content: Content) -> tuple[Path, list[bytes]] | None:
    """Return the vocabulary that lies beside a file of arrays, one word a row, or None.

    Raises
    ------
    PipelineError
        If it is JSON that holds no list of words and no table from words to rows.
    """
    found = vocabulary_beside(content)
    if found is None:
        return None
    data = found.read_bytes()
    if found.suffix != ".json":
        return found, [line.removesuffix(b"\r") for line in data.removesuffix(b"\n").split(b"\n")]
    return found, words_of_json(data, str(found))


def words_of_json(data: bytes | str, where: str) -> list[bytes]:
    """Return the words of a JSON vocabulary: a list, a table from words to rows, or an object that holds one."""
    try:
        held = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PipelineError(where, f"not JSON: {error}", "correct it") from None
    words = _find_words(held)
    if words is None:
        what = "expected a list of words, or a table from words to rows 0, 1, 2, ..."
        raise PipelineError(where, what, f'write {{"{WORD_NAMES[0]}": [...]}}')
    return [word.encode("utf-8", "surrogatepass") for word in words]


def _find_words(held: object) -> list[str] | None:
    """Return the words, looked for under accepted names and, as tokenizers keep them, under `model`."""
    if isinstance(held, list):
        return held if all(isinstance(word, str) for word in held) else None
    if not isinstance(held, dict):
        return None
    if held and sorted(map(str, held.values())) == sorted(map(str, range(len(held)))):
        return sorted(held, key=lambda word: int(held[word]))
    inner = named(held, (*WORD_NAMES, "model"))
    return None if inner is None else _find_words(held[inner])


def check_count(words: int, rows: int, where: str) -> None:
    """Raise PipelineError where a vocabulary has not one word a row."""
    if words != rows:
        what = f"{words} words for {rows} vectors; expected one word a vector"
        raise PipelineError(where, what, "give the vocabulary that was saved with the vectors")
