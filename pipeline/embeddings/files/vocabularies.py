"""The words of a file of arrays: names that are accepted, and vocabularies beside the file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.array_headers import HEADER_BYTES, read_header
from pipeline.embeddings.files.not_vectors import UTF8_MARK
from pipeline.embeddings.files.packing import Content, find_content
from pipeline.embeddings.files.pickles import is_pickle, refuse_pickle

VECTOR_NAMES = (
    "vectors",
    "embeddings",
    "embedding",
    "embedding.weight",
    "embeddings.weight",
    "matrix",
    "weights",
)
WORD_NAMES = ("words", "vocab", "vocabulary", "tokens", "index_to_key")
_SAME_STEM = (".txt", ".json", ".vocab", ".words", ".tsv", ".pkl")
_SAME_FOLDER = (
    *(
        "vocabulary.json",
        "vocabulary.txt",
        "vocab.json",
        "vocab.txt",
        "words.txt",
        "words.json",
        "metadata.tsv",
    ),
    *("tokenizer.json", "words.npy", "vocab.npy", "vocab.pkl", "words.pkl"),
)
# In pairs of names: what numbers are called, what their words are, as TensorBoard's projector and gensim's
# word2vec2tensor have them.
_NUMBERS = ("tensors", "tensor", "vectors", "vecs", "embeddings", "embedding")
_WORDS = ("metadata", "meta", "labels", "words", "vocab")
_COLUMNS = (
    b"word",
    b"words",
    b"token",
    b"tokens",
    b"label",
    b"labels",
    b"name",
    b"term",
    b"text",
    b"key",
)  # the one that holds the words
_ARRAY_ENDINGS = re.compile(r"\.(npz|npy|safetensors)$")
_COUNTED = re.compile(rb"\S+ \d+")  # GloVe's vocab.txt has how often each word occurs
_LOOKED_AT = 1000
SIBLINGS = "a .txt (one word a line) or .json of the same name beside it"


def named(held: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    """Return the first accepted name that the file holds."""
    return next((name for name in names if name in held), None)


def vocabulary_beside(content: Content) -> Path | None:
    """Return the file beside numbers that their words are read from, if they are not inside."""
    return next((path for path in _candidates(content) if path.is_file()), None)


def _candidates(content: Content) -> Iterator[Path]:
    """Yield where the words of a file of numbers may lie, the likeliest first."""
    stem = _ARRAY_ENDINGS.sub("", content.name)
    if stem == content.name:  # a text
        pairs = [(numbers, words) for numbers in _NUMBERS for words in _WORDS if numbers in stem]
        names = [stem.replace(numbers, words) for numbers, words in pairs]
        stem = Path(stem).stem
    else:
        names = []
    names += [f"{stem}{ending}" for ending in _SAME_STEM]
    for name in [*names, *_SAME_FOLDER]:
        if name not in (content.name, content.path.name):
            yield content.path.with_name(name)


def numbers_beside(path: Path) -> Path | None:
    """Return the file of numbers whose words a file holds, such as tensors.tsv beside metadata.tsv."""
    names = [
        path.name.replace(words, numbers) for words in _WORDS for numbers in _NUMBERS if words in path.name
    ]
    names += [f"{path.stem}{ending}" for ending in (".npy", ".npz", ".safetensors")]
    return next(
        (other for name in names if (other := path.with_name(name)).is_file() and other != path), None
    )


def words_for_rows(content: Content, rows: int) -> list[bytes]:
    """Return the words of `rows` rows of numbers, from the file beside them.

    Raises
    ------
    PipelineError
        If there is no such file, or it has not a word for each row.
    """
    beside = words_beside(content, rows)
    if beside is None:
        what = "the lines hold numbers and no words, and no file of words lies beside it"
        fix = f"put the words into {content.path.with_name('metadata.tsv').name}, one a line, or {SIBLINGS}"
        raise PipelineError("vector-words-missing", str(content.path), what, fix)
    check_count(len(beside[1]), rows, str(beside[0]))
    return beside[1]


def words_beside(content: Content, rows: int) -> tuple[Path, list[bytes]] | None:
    """Return the vocabulary that lies beside a file of numbers, one word a row, or None.

    A first line more than `rows` names the columns, as TensorBoard's metadata.tsv with several columns has it.

    Raises
    ------
    PipelineError
        If it is a pickle, or JSON that holds no list of words and no table from words to rows.
    """
    found = vocabulary_beside(content)
    if found is None:
        return None
    with find_content(found).open() as stream:
        data = stream.read()
    if data.startswith(b"\x93NUMPY"):
        return found, _words_of_array(data, str(found))
    if is_pickle(data):
        refuse_pickle(found, data[:2000])
    if found.suffix == ".json":
        return found, words_of_json(data, str(found))
    lines = data.removeprefix(UTF8_MARK).removesuffix(b"\n").split(b"\n")
    return found, _words_of_lines([line.removesuffix(b"\r") for line in lines], rows)


def _words_of_array(data: bytes, where: str) -> list[bytes]:
    fix = "save them with numpy.save(file, numpy.array(words, dtype=str))"
    header = read_header(data[:HEADER_BYTES], where, fix)
    try:  # not numpy.load, which reserves the memory that a header claims
        array = np.frombuffer(data, header.dtype, math.prod(header.shape), header.bytes)
        return [bytes(word) if isinstance(word, bytes) else str(word).encode() for word in array.tolist()]
    except (ValueError, SystemError, OverflowError) as error:  # it ends early, or holds what is no character
        raise PipelineError("vector-words-wrong", where, f"the words cannot be read ({error})", fix) from None


def _words_of_lines(lines: list[bytes], rows: int) -> list[bytes]:
    """Return the words of lines: of a table the column that is called so or the first, without counts behind them."""
    while len(lines) > rows and not lines[-1]:
        lines = lines[:-1]
    names = [name.strip() for name in lines[0].lower().split(b"\t")] if lines else [b""]
    has_header = len(lines) == rows + 1 and (len(names) > 1 or names[0] in _COLUMNS)
    lines = lines[has_header:]
    if len(names) > 1:
        place = next((names.index(name) for name in _COLUMNS if name in names), 0) if has_header else 0
        return [line.split(b"\t")[place] if line.count(b"\t") >= place else b"" for line in lines]
    if lines and all(_COUNTED.fullmatch(line) for line in lines[:_LOOKED_AT]):
        return [line.rpartition(b" ")[0] for line in lines]
    return lines


def words_of_json(data: bytes | str, where: str) -> list[bytes]:
    """Return the words of a JSON vocabulary: a list, a table from words to rows, or an object that holds one."""
    try:
        held = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PipelineError("vector-words-wrong", where, f"not JSON: {error}", "correct it") from None
    words = _find_words(held)
    if words is None:
        what = "expected a list of words, or a table from words to rows 0, 1, 2, ..."
        raise PipelineError("vector-words-wrong", where, what, f'write {{"{WORD_NAMES[0]}": [...]}}')
    return [word.encode("utf-8", "surrogatepass") for word in words]


def _find_words(held: object) -> list[str] | None:
    """Return the words, looked for under accepted names and, as tokenizers keep them, under `model`."""
    if isinstance(held, list):
        first = [one[0] if isinstance(one, list) and len(one) == 2 else one for one in held]  # with its score
        return first if all(isinstance(word, str) for word in first) else None
    if not isinstance(held, dict):
        return None
    if held and sorted(map(str, held.values())) == sorted(map(str, range(len(held)))):
        return sorted(held, key=lambda word: int(held[word]))
    inner = named(held, (*WORD_NAMES, "model"))
    words = None if inner is None else _find_words(held[inner])
    added = held.get("added_tokens") if inner == "model" else None
    return words if words is None or not isinstance(added, list) else [*words, *_added_after(words, added)]


def _added_after(words: list[str], added: list[object]) -> list[str]:
    """Return the tokens of a tokenizer.json whose numbers follow those of its vocabulary."""
    by_number = {
        one["id"]: one["content"]
        for one in added
        if isinstance(one, dict) and {"id", "content"} <= one.keys()
    }
    after: list[str] = []
    while isinstance(token := by_number.get(len(words) + len(after)), str):
        after.append(token)
    return after


def check_count(words: int, rows: int, where: str) -> None:
    """Raise PipelineError where a vocabulary has not one word a row."""
    if words != rows:
        what = f"{words} words for {rows} vectors; expected one word a vector"
        raise PipelineError(
            "vector-words-wrong", where, what, "give the vocabulary that was saved with the vectors"
        )
