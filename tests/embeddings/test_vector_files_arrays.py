"""fastText .bin against gensim; .npz and .safetensors with vocabularies of all accepted forms."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import save_file
from vector_file_builders import fasttext_bin, write

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files import rows
from pipeline.embeddings.files.reading import read_vector_file

WORDS = ["a", "b", "c"]
VECTORS = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
TEXT = [["good", "film", "bad", "caf\u00e9"], ["film", "</s>", "unfilmable"]] * 5
VECTORS_NAMED = "vectors, embeddings, embedding, embedding.weight, embeddings.weight, matrix, weights"
NAMES = "words, vocab, vocabulary, tokens, index_to_key"
SIBLING = "or a .txt (one word a line) or .json of the same name beside it"


def refusal(path: Path, wanted: pl.Series | None = None) -> str:
    """Return the error's whole text, the folder left out."""
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, wanted)
    return str(error.value).replace(f"{path.parent}/", "")


# --- fastText .bin ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that gensim trained and wrote in Facebook's format."""
    from gensim.models.fasttext import FastText, save_facebook_model

    model = FastText(TEXT, vector_size=3, min_count=1, bucket=50, min_n=3, max_n=4, epochs=1, workers=1)
    path = tmp_path_factory.mktemp("fasttext") / "model.bin"
    save_facebook_model(model, str(path))
    return path


def test_fasttext_vectors_equal_gensims(trained: Path) -> None:
    from gensim.models.fasttext import load_facebook_vectors

    theirs = load_facebook_vectors(str(trained))
    file = read_vector_file(trained, None)
    known = [word for word in file.words if word != "</s>"]  # gensim gives it n-grams, fastText does not
    ours = dict(zip(file.words, file.vectors, strict=True))
    for word in known:
        np.testing.assert_allclose(ours[word], theirs[word], rtol=1e-5)
    assert sorted(file.words) == sorted(theirs.index_to_key)


def test_fasttext_subwords_equal_gensims(trained: Path) -> None:
    from gensim.models.fasttext import load_facebook_vectors

    theirs = load_facebook_vectors(str(trained))
    subwords = read_vector_file(trained, pl.Series(["film"])).subwords
    assert subwords is not None
    unseen = ["filmed", "x", "\u00e9t\u00e9", "GOOD"]
    expected = np.stack([theirs[word] for word in unseen])
    np.testing.assert_allclose(subwords(pl.Series(unseen)), expected, rtol=1e-5)
    np.testing.assert_array_equal(subwords(pl.Series([""])), np.zeros((1, 3)))


def test_fasttext_subwords_of_a_packed_file(trained: Path, tmp_path: Path) -> None:
    packed = write(tmp_path / "model.bin.gz", gzip.compress(trained.read_bytes()))
    plain_file, packed_file = read_vector_file(trained, None), read_vector_file(packed, None)
    assert packed_file.compression == "gzip"
    np.testing.assert_array_equal(packed_file.vectors, plain_file.vectors)
    assert packed_file.subwords is not None
    assert plain_file.subwords is not None
    unseen = pl.Series(["filmed"])
    np.testing.assert_array_equal(packed_file.subwords(unseen), plain_file.subwords(unseen))


def test_fasttext_words_are_summed_in_batches(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.embeddings.files import fasttext_binary

    whole = read_vector_file(trained, None)
    monkeypatch.setattr(fasttext_binary, "_WORDS_AT_ONCE", 2)
    np.testing.assert_array_equal(read_vector_file(trained, None).vectors, whole.vectors)


def test_fasttext_without_ngrams_has_no_subwords(tmp_path: Path) -> None:
    from gensim.models.fasttext import FastText, save_facebook_model

    model = FastText(TEXT, vector_size=3, min_count=1, min_n=3, max_n=0, bucket=5, epochs=1, workers=1)
    save_facebook_model(model, str(tmp_path / "model.bin"))
    file = read_vector_file(tmp_path / "model.bin", None)
    assert file.subwords is None
    np.testing.assert_array_equal(file.vectors, model.wv.vectors_vocab[: len(file.words)])


def test_fasttext_labels_of_a_classifier_are_no_words(tmp_path: Path) -> None:
    path = fasttext_bin(tmp_path, WORDS, VECTORS)
    data = bytearray(path.read_bytes())
    entry = data.index(b"b\x00\x01")  # the word, its zero byte, its count of 1; then the kind
    data[entry + 2 + 8] = 1
    assert sorted(read_vector_file(write(path, bytes(data)), None).words) == ["a", "c"]


def test_fasttext_end_of_sentence_has_no_ngrams(tmp_path: Path) -> None:
    # "<</s>>" would have 4 n-grams of three characters and 3 of four: its row was written for a mean of 8.
    file = read_vector_file(fasttext_bin(tmp_path, ["</s>", "b", "c"], VECTORS), pl.Series(["</s>"]))
    assert file.vectors.tolist() == [[8.0, 16.0]]


def test_fasttext_classifiers_of_an_old_version_have_no_ngrams(tmp_path: Path) -> None:
    # "<a>" is one n-gram: the row of "a" was written for a mean of 2.
    path = fasttext_bin(tmp_path, WORDS, VECTORS)
    data = path.read_bytes()
    version, supervised = (11).to_bytes(4, "little"), (3).to_bytes(4, "little")
    old = data[:4] + version + data[8:36] + supervised + data[40:]
    file = read_vector_file(write(path, old), pl.Series(["a"]))
    assert (file.vectors.tolist(), file.subwords) == ([[2.0, 4.0]], None)


def test_fasttext_files_that_are_refused(tmp_path: Path) -> None:
    path = fasttext_bin(tmp_path, WORDS, VECTORS)
    data = path.read_bytes()
    # The header takes 64 bytes, the dictionary's own 28, each of three words 11: the matrix begins at 125,
    # its rows at 142, each of 8 bytes.
    assert refusal(write(path, data[:160])) == (
        "model.bin:byte 158: the file ends after 2 of 1003 rows; fetch the file again"
    )
    assert refusal(write(path, data[:100])) == (
        "model.bin:byte 100: the file ends inside the header or the words, after 100 bytes; fetch the file again"
    )
    quantised = data[:125] + b"\x01" + data[126:]
    assert refusal(write(path, quantised)) == (
        "model.bin:byte 125: the vectors are quantised (.ftz); give the .bin that it was made from"
    )
    nan = np.array([np.nan], "<f4").tobytes()
    first = read_vector_file(write(path, data), None).words[0]
    assert refusal(write(path, data[:142] + nan + data[146:])) == (
        f'model.bin:byte 142: the vector of "{first}" holds a value that is not finite; fetch the file again'
    )


@pytest.mark.parametrize(
    ("place", "number", "what"),
    [
        (8, 5, "1003 rows of 2 numbers; the header says 1003 or more of 5"),  # dimension
        (40, 5000, "1003 rows of 2 numbers; the header says 5003 or more of 2"),  # places of n-grams
        (126, 10, "10 rows of 2 numbers; the header says 1003 or more of 2"),  # rows of the matrix
    ],
)
def test_fasttext_header_and_matrix_that_contradict_each_other(
    place: int, number: int, what: str, tmp_path: Path
) -> None:
    path = fasttext_bin(tmp_path, WORDS, VECTORS)
    data = path.read_bytes()
    write(path, data[:place] + number.to_bytes(4, "little") + data[place + 4 :])
    assert refusal(path) == f"model.bin:byte 125: {what}; fetch the file again"


def test_fasttext_longest_ngram_below_zero_means_no_ngrams(tmp_path: Path) -> None:
    path = fasttext_bin(tmp_path, WORDS, VECTORS)
    data = path.read_bytes()
    write(path, data[:48] + (-1).to_bytes(4, "little", signed=True) + data[52:])
    assert read_vector_file(path, None).subwords is None


# --- .npz ------------------------------------------------------------------------------------------------


def save_npz(path: Path, **arrays: np.ndarray) -> Path:
    """Write arrays and return the path."""
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("vectors", ["vectors", "embeddings", "embedding", "matrix", "weights"])
@pytest.mark.parametrize("words", ["words", "vocab", "vocabulary", "tokens", "index_to_key"])
def test_npz_names(vectors: str, words: str, tmp_path: Path) -> None:
    path = save_npz(tmp_path / "a.npz", **{words: np.array(WORDS), vectors: VECTORS.astype(np.float64)})
    file = read_vector_file(path, pl.Series(["c", "a"]))
    assert (file.words.to_list(), file.vectors.tolist()) == (["a", "c"], [[1.0, 2.0], [5.0, 6.0]])


def test_npz_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_npz(tmp_path / "a.npz", words=np.array([b"a", b"\xff", b"c"]), vectors=VECTORS)
    whole = read_vector_file(path, None)
    assert (whole.words.to_list(), whole.replaced) == (["a", "\ufffd", "c"], 1)
    from pipeline.embeddings.files import arrays

    monkeypatch.setattr(arrays, "BLOCK_BYTES", 1)
    monkeypatch.setattr(rows, "BLOCK_BYTES", 1)
    assert read_vector_file(path, None).vectors.tolist() == VECTORS.tolist()


def test_npz_that_is_packed(tmp_path: Path) -> None:
    plain = save_npz(tmp_path / "a.npz", words=np.array(WORDS), vectors=VECTORS)
    file = read_vector_file(write(tmp_path / "a.npz.gz", gzip.compress(plain.read_bytes())), None)
    assert (file.format, file.compression, file.vectors.tolist()) == ("npz", "gzip", VECTORS.tolist())


def test_npz_files_that_are_refused(tmp_path: Path) -> None:
    words = np.array(WORDS)
    save_again = "save it again with numpy.savez(file, words=numpy.array(words, dtype=str), vectors=vectors)"
    path = tmp_path / "a.npz"
    assert refusal(save_npz(path, words=words, x=VECTORS)) == (
        f'a.npz: the .npz has no array of vectors; it holds "words", "x"; name it one of {VECTORS_NAMED}'
    )
    assert refusal(save_npz(path, vectors=VECTORS)) == (
        f'a.npz: the .npz has no array of words; it holds "vectors"; name it one of {NAMES}, {SIBLING}'
    )
    assert refusal(save_npz(path, words=words[:2], vectors=VECTORS)) == (
        "a.npz: 2 words for 3 vectors; expected one word a vector; "
        "give the vocabulary that was saved with the vectors"
    )
    assert refusal(save_npz(path, words=words, vectors=np.asfortranarray(VECTORS))) == (
        'a.npz: array "vectors" lies column by column; save numpy.ascontiguousarray(vectors)'
    )
    assert refusal(save_npz(path, words=words, vectors=np.arange(3))) == (
        'a.npz: array "vectors" is int64 of shape (3,); expected floats of two axes, a row a word; '
        + save_again
    )
    assert refusal(save_npz(path, words=np.arange(3), vectors=VECTORS)) == (
        'a.npz: array "words" is int64 of shape (3,); expected text of one axis; ' + save_again
    )
    assert refusal(save_npz(path, words=words, vectors=np.array([[1, 2], [3, 4], [5, 1e300]]))) == (
        'a.npz:vectors.npy:byte 160: the vector of "c" holds a value that is not finite; fetch the file again'
    )


def npz_of(path: Path, **members: bytes) -> Path:
    """Write raw members of an .npz and return the path."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    """Return an .npy of version 1 with this header."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


def described(dtype: str, shape: tuple[int, ...]) -> str:
    """Return the header of an array."""
    return f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}\n"


@pytest.mark.parametrize(
    "content", [b"garbage", npy("__import__('os')\n"), npy("{'descr': (\n"), npy("[]\n")]
)
def test_npz_members_that_are_no_arrays(content: bytes, tmp_path: Path) -> None:
    message = refusal(npz_of(tmp_path / "a.npz", vectors=content))
    assert message.startswith("a.npz:vectors.npy: the header is not that of an array (")


def test_npz_headers_that_say_what_cannot_be(tmp_path: Path) -> None:
    path, words = tmp_path / "a.npz", npy(described("<U1", (3,)), np.array(WORDS).tobytes())
    floats = npy(described("<f4", (3, 2)), VECTORS.tobytes())
    short = npy(described("<U1", (3,)), np.array(WORDS).tobytes()[:-1])
    assert refusal(npz_of(path, vectors=floats, words=short)).startswith(
        "a.npz:words.npy: the words cannot be read ("
    )
    no_character = npy(described("<U1", (3,)), b"\xff" * 12)
    assert refusal(npz_of(path, vectors=floats, words=no_character)).startswith(
        "a.npz:words.npy: the words cannot be read ("
    )
    for shape in ((3, 0), (-3, 2)):
        none = npy(described("<f4", shape))
        assert f"is float32 of shape {shape}; expected" in refusal(npz_of(path, vectors=none, words=words))
    without_length = npy(described("<U0", (3,)))
    assert "is <U0 of shape (3,); expected text" in refusal(
        npz_of(path, vectors=floats, words=without_length)
    )


def test_npz_words_that_are_half_a_character_are_replaced_and_counted(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "a.npz", words=np.array(["a\ud800", "b", "c"]), vectors=VECTORS)
    file = read_vector_file(path, None)
    assert (file.words.to_list()[1:], file.rows, file.replaced) == (["b", "c"], 3, 1)


# --- .safetensors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "a\nb\nc\n"),
        ("a.txt", "a\r\nb\r\nc"),
        ("a.json", '["a", "b", "c"]'),
        ("a.json", '{"c": 2, "a": 0, "b": 1}'),
        ("vocabulary.json", '{"tokens": ["a", "b", "c"], "counts": [3, 2, 1]}'),
        ("vocab.txt", "a\nb\nc\n"),
        ("tokenizer.json", '{"model": {"type": "WordLevel", "vocab": {"b": 1, "a": 0, "c": 2}}}'),
    ],
)
def test_safetensors_with_a_vocabulary_beside_it(name: str, content: str, tmp_path: Path) -> None:
    write(tmp_path / name, content)
    save_file({"embeddings": VECTORS}, tmp_path / "a.safetensors")
    file = read_vector_file(tmp_path / "a.safetensors", pl.Series(["b", "c"]))
    assert (file.words.to_list(), file.vectors.tolist()) == (["b", "c"], [[3.0, 4.0], [5.0, 6.0]])


def test_safetensors_of_bfloat16_after_another_tensor(tmp_path: Path) -> None:
    # bfloat16 is the upper half of float32; 1 to 6 fit into it.
    upper = (VECTORS.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    entry = {"dtype": "BF16", "shape": [3, 2], "data_offsets": [4, 16]}
    other = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    words = {"words": json.dumps(WORDS)}
    header = json.dumps({"__metadata__": words, "bias": other, "vectors": entry}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(4) + upper
    file = read_vector_file(write(tmp_path / "a.safetensors", content), None)
    assert file.vectors.tolist() == VECTORS.tolist()
    start = 8 + len(header) + 4
    assert refusal(write(tmp_path / "a.safetensors", content[:-1])) == (
        f"a.safetensors:byte {start + 8}: the file ends after 2 of 3 rows; fetch the file again"
    )


def test_safetensors_files_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    words = {"words": json.dumps(WORDS)}
    save_file({"vectors": VECTORS}, path)
    assert refusal(path) == (
        "a.safetensors: the vectors have no vocabulary; "
        f"put it into the metadata as a JSON list under {NAMES}, {SIBLING}"
    )
    save_file({"x": VECTORS}, path, words)
    assert refusal(path) == (
        f"a.safetensors: there is no tensor of vectors; the file holds x; name it one of {VECTORS_NAMED}"
    )
    save_file({"vectors": np.arange(3)}, path, words)
    assert refusal(path) == (
        'a.safetensors: tensor "vectors" is I64 of shape (3,); expected floats of two axes; '
        "save one row of floats a word"
    )
    save_file({"vectors": VECTORS[:2]}, path, words)
    assert refusal(path) == (
        'a.safetensors: metadata "words": 3 words for 2 vectors; expected one word a vector; '
        "give the vocabulary that was saved with the vectors"
    )
    write(path, (20).to_bytes(8, "little") + b'{"vectors": {"dtype": "F32"')
    assert refusal(path) == (
        "a.safetensors:byte 8: the header is not JSON (Expecting ':' delimiter: "
        "line 1 column 21 (char 20)); fetch the file again"
    )


def safetensors_of(path: Path, metadata: object, vectors: object) -> Path:
    """Write a file with this header, and six numbers."""
    header = json.dumps({"__metadata__": metadata, "vectors": vectors}).encode()
    return write(path, len(header).to_bytes(8, "little") + header + VECTORS.tobytes())


ENTRY = {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}


@pytest.mark.parametrize(
    "entry",
    [
        "x",
        {"dtype": "F32"},
        ENTRY | {"dtype": 4},
        ENTRY | {"shape": ["3", 2]},
        ENTRY | {"shape": [-3, 2]},
        ENTRY | {"data_offsets": [0]},
    ],
)
def test_safetensors_headers_that_do_not_describe_the_tensor(entry: object, tmp_path: Path) -> None:
    path = safetensors_of(tmp_path / "a.safetensors", {"words": json.dumps(WORDS)}, entry)
    what = 'the header does not say type, shape and place of tensor "vectors"'
    assert refusal(path) == f"a.safetensors:byte 8: {what}; fetch the file again"


def test_safetensors_headers_that_contradict_themselves(tmp_path: Path) -> None:
    path, words = tmp_path / "a.safetensors", {"words": json.dumps(WORDS)}
    assert refusal(safetensors_of(path, words, ENTRY | {"data_offsets": [0, 20]})) == (
        'a.safetensors:byte 8: tensor "vectors" has 20 bytes; F32 of shape (3, 2) needs 24; '
        "fetch the file again"
    )
    assert refusal(safetensors_of(path, words, ENTRY | {"shape": [3, 0]})) == (
        'a.safetensors: tensor "vectors" is F32 of shape (3, 0); expected floats of two axes; '
        "save one row of floats a word"
    )
    deep = {"words": "[" * 100_000}
    assert refusal(safetensors_of(path, deep, ENTRY)).startswith(
        'a.safetensors: metadata "words": not JSON: '
    )


@pytest.mark.parametrize("metadata", [None, {"words": WORDS}])
def test_safetensors_metadata_that_is_no_text_is_no_vocabulary(metadata: object, tmp_path: Path) -> None:
    path = safetensors_of(tmp_path / "a.safetensors", metadata, ENTRY)
    assert refusal(path).startswith("a.safetensors: the vectors have no vocabulary; ")


def test_vocabularies_beside_that_are_refused(tmp_path: Path) -> None:
    save_file({"vectors": VECTORS}, tmp_path / "a.safetensors")
    write(tmp_path / "a.json", '{"a": 5}')
    assert refusal(tmp_path / "a.safetensors") == (
        'a.json: expected a list of words, or a table from words to rows 0, 1, 2, ...; write {"words": [...]}'
    )
    write(tmp_path / "a.json", "[")
    assert refusal(tmp_path / "a.safetensors") == (
        "a.json: not JSON: Expecting value: line 1 column 2 (char 1); correct it"
    )
