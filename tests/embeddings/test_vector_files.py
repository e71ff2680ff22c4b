"""Every variant of a vector file: what is read from it, or the whole text of its refusal."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_file_builders import gzipped, keyed_vectors, lines_of, word2vec_model, write
from vector_file_variants import VARIANTS

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files import text, word2vec_binary
from pipeline.embeddings.files.folders import find_file
from pipeline.embeddings.files.reading import VectorFile, read_vector_file
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.unicode import one_form

WORDS = ["the", "film", "is", "good", "bad", "plot"]
VECTORS = np.array([[number + 0.25, -number - 0.5, 0.125] for number in range(6)], dtype=np.float32)
WANTED = pl.Series(["film", "good", "absent"])
FILM_GOOD = {"film": [1.25, -1.5, 0.125], "good": [3.25, -3.5, 0.125]}
SAVE = "save_word2vec_format(sys.argv[2], binary=True)"
FORMATS = (
    "give word2vec text or binary, GloVe text, fastText .vec or .bin, .npz, .npy, .safetensors,"
    " or the folder of a static embedding"
)
AS_TEXT = "save words and vectors as text, a word and its numbers on each line, or with numpy.savez"
TO_ARRAYS = "save words and vectors with numpy.savez"
SAVE_AGAIN = "save it again with numpy.savez(file, words=numpy.array(words, dtype=str), vectors=vectors)"
SIBLINGS = "a .txt (one word a line) or .json of the same name beside it"


@dataclass(frozen=True)
class Expect:
    """What reading `film` and `good` gives."""

    format: str
    compression: str | None = None
    vectors: dict[str, list[float]] | None = None  # FILM_GOOD where absent
    rows: int = 6
    repeated: int = 0
    replaced: int = 0
    notes: tuple[str, ...] = ()


READ = {
    "word2vec text": Expect("word2vec text"),
    "word2vec text, blank and CR before each newline": Expect("word2vec text"),
    "word2vec text, tabs": Expect("word2vec text"),
    "word2vec text, upper-case": Expect(
        "word2vec text", vectors={"FILM": FILM_GOOD["film"], "GOOD": FILM_GOOD["good"]}
    ),
    "GloVe text": Expect("GloVe text"),
    "GloVe text, words with blanks": Expect("GloVe text", rows=9),
    "word2vec binary": Expect("word2vec binary"),
    "word2vec binary, newline after each row": Expect("word2vec binary"),
    "fastText .vec": Expect("fastText .vec"),
    "fastText .bin": Expect("fastText .bin"),
    "npz": Expect("npz"),
    "safetensors, words in the metadata": Expect("safetensors"),
    "safetensors, words in a .txt beside it": Expect("safetensors"),
    "gzip, named without .gz": Expect("word2vec text", "gzip"),
    "zstd, two frames": Expect("GloVe text", "zstd"),
    "the one file of a .zip": Expect("word2vec binary", "zip"),
    "every word twice": Expect("word2vec text", rows=12, repeated=2),
    "a word that is not UTF-8": Expect("word2vec text", rows=7, replaced=1),
    "dimension 1": Expect("GloVe text", vectors={"film": [1.25], "good": [3.25]}),
    "cut last line": Expect(
        "word2vec text",
        rows=5,
        notes=("line 7: the last line ends after 2 of 3 numbers and is left out [vector-file-cut]",),
    ),
    "header promises more words": Expect(
        "word2vec text",
        notes=("line 1: the header promises 8 words, the file holds 6 [vector-header-wrong]",),
    ),
    "cut binary": Expect(
        "word2vec binary",
        rows=5,
        notes=("byte 85: the file ends inside a row, which is left out [vector-file-cut]",),
    ),
    "bzip2": Expect("word2vec text", "bzip2"),
    "xz": Expect("fastText .vec", "xz"),
    "text and binary of the same vectors in a .zip": Expect("word2vec binary", "zip"),
    "commas, columns named": Expect("delimited text", rows=8),
    "commas, everything quoted": Expect("delimited text"),
    "commas, a running number first": Expect("delimited text"),
    "tabs, columns named": Expect("GloVe text"),
    "two blanks before positive numbers": Expect("fastText .vec"),
    "rows without a word": Expect(
        "word2vec text", rows=9, notes=("3 rows have no word, or a blank for one [rows-without-a-word]",)
    ),
    "words like /c/en/house": Expect(
        "word2vec text",
        rows=8,
        notes=(
            "words are written like /c/en/house, in 2 languages: en is read, which has most words of the corpus"
            " (2; de 1); embeddings.language names another [one-language-of-many]",
        ),
    ),
    "words like en:house": Expect(
        "word2vec text",
        rows=8,
        notes=(
            "words are written like en:house, in 2 languages: en is read, which has most words of the corpus (2;"
            " de 1); embeddings.language names another [one-language-of-many]",
        ),
    ),
    "words like house_NOUN": Expect(
        "fastText .vec",
        notes=(
            "no word is without a tag (house_NOUN); the vector of a word's first tag counts, and it is looked up"
            " without [words-with-tags]",
        ),
    ),
    "pieces like ▁house": Expect(
        "fastText .vec",
        rows=7,
        notes=(
            "words are pieces of a tokenizer, like ▁house: those that are whole words are read [words-are-pieces]",
        ),
    ),
    "tensors.tsv beside metadata.tsv": Expect("numbers without words"),
    "tensors.tsv, metadata.tsv of two columns": Expect("numbers without words"),
    "npy, words in a .txt beside it": Expect("npy"),
    "npy, words with counts in vocab.txt": Expect("npy"),
    "folder of model2vec": Expect("safetensors", rows=8),
    "folder of model2vec, tokens mapped and weighed": Expect("safetensors", rows=8),
    "folder of sentence-transformers' StaticEmbedding": Expect("safetensors", rows=8),
}

REFUSED = {
    "a number too few": "glove.txt:2:6: expected 3 numbers after the word, found 2; "
    "correct the line, or fetch the file again",
    "a number too many": "glove.txt:2:6: expected 3 numbers after the word, found 4; "
    "correct the line, or fetch the file again",
    "NaN": 'glove.txt:2:11: number 2 of "film" is "nan"; expected a finite number; correct or delete the line',
    "infinity": 'glove.txt:2:11: number 2 of "film" is "1e99"; expected a finite number; '
    "correct or delete the line",
    "not a number": 'glove.txt:2:11: number 2 of "film" is "O.5"; expected a number; correct or delete the line',
    "empty file": "empty.txt: the file is empty; give a file with a word and its numbers on each line",
    "header only": "vectors.txt:1:1: the header promises 6 words of 3 numbers, and nothing follows; "
    "fetch the file again",
    "web page": "vectors.txt:1:1: this is a web page, not vectors; "
    "fetch the file itself: the address led to a page",
    "prose": 'review.txt:1:3: expected a word and its numbers, found "film"; this is no vector file; '
    + FORMATS,
    "UTF-16": "vectors.txt:1:1: the text is UTF-16; expected UTF-8; save it as UTF-8",
    "gensim .kv": "vectors.kv: this is a pickle (gensim KeyedVectors): reading one runs code inside it; "
    'if you trust it, convert it: python -c "import sys; from gensim.models import KeyedVectors; '
    f'KeyedVectors.load(sys.argv[1]).{SAVE}" {{folder}}/vectors.kv {{folder}}/vectors.bin',
    "gensim .model": "word2vec.model: this is a pickle (gensim Word2Vec): reading one runs code inside it; "
    'if you trust it, convert it: python -c "import sys; from gensim.models import Word2Vec; '
    f'Word2Vec.load(sys.argv[1]).wv.{SAVE}" {{folder}}/word2vec.model {{folder}}/word2vec.bin',
    "npz with objects": 'objects.npz: array "words" holds pickled objects: '
    "reading them runs code inside the file; "
    "save it again with numpy.savez(file, words=numpy.array(words, dtype=str), vectors=vectors)",
    "cut gzip": "cut.txt.gz: the file is not whole gzip data "
    "(Compressed file ended before the end-of-stream marker was reached); fetch the file again",
    ".zip of two files": "glove.zip: the .zip holds 2 files (glove.50d.txt, glove.100d.txt); expected one; "
    "unpack the one you want and give that",
    "sparse rows": 'ppmi.word:2:5: the rows are sparse: "1:0.25" is a place and its number; '
    "expected one number a dimension; write every number of a row, zeros too",
    "decimal commas": 'vectors.txt:1:5: the number "0,25" has a decimal comma; write numbers with a point',
    "counts": "vocab.txt:1:1: each word has one whole number: these are counts, not vectors; "
    "give the file of vectors",
    "numbers without words": "tensors.tsv: the lines hold numbers and no words, and no file of words lies beside it; "
    f"put the words into metadata.tsv, one a line, or {SIBLINGS}",
    "npy without words": f"array.npy: this is an array without words; {SAVE_AGAIN}, or put {SIBLINGS}",
    "Git LFS pointer": "vectors.bin:1:1: this is a Git LFS pointer: it stands for a file of 123,456 bytes that was "
    "not fetched; run `git lfs pull`, or fetch the file itself",
    "JSON": f"vectors.json:1:1: this is JSON; expected a word and its numbers on each line; {AS_TEXT}",
    ".magnitude": "w.magnitude: this is an SQLite database, as pymagnitude writes .magnitude files; "
    "give the file that it was made from, such as GloVe or word2vec text",
    "HDF5": "mini.h5: this is an HDF5 file, as Keras and pandas write .h5; if you know its keys, "
    "save words and vectors with numpy.savez(file, words=words, vectors=vectors)",
    "ONNX": "model.onnx: this is an ONNX model: a network, not a table of word vectors; give a vector file",
    "PyTorch": "pytorch_model.bin: this is a PyTorch file, which holds a pickle: reading one runs code inside it; "
    + TO_ARRAYS,
    "PyTorch, as before 1.6": "pytorch_model.bin: this is a pickle (PyTorch): reading one runs code inside it; "
    + TO_ARRAYS,
    ".tar.gz": "vectors.tar.gz: this is a .tar archive; unpack it and give the file inside",
    "folder of spaCy": "en_core_web_md: this is a spaCy model, whose vectors lie in files of its own; "
    "write them as text in Python: for each key of nlp.vocab.strings a word and nlp.vocab[word].vector",
    "folder of Flair": "tagger: this is the folder of a PyTorch model, as Flair and others save it: a pickle, and "
    f"reading one runs code inside it; {TO_ARRAYS}",
    "folder of a transformer": "bert: this is a transformer folder: it has no vector of a word by itself, only of a "
    "word in its sentence; give a static embedding, such as one of model2vec, or a vector file",
    "folder of several files": "vectors: this is a folder of 2 vector files (glove.txt, vectors.txt); "
    "expected one vector file; name a file in it",
}


def as_dict(file: VectorFile) -> dict[str, list[float]]:
    """Return word > numbers."""
    return dict(zip(file.words.to_list(), file.vectors.tolist(), strict=True))


def refusal(path: Path, wanted: pl.Series | None = None) -> str:
    """Return the error's whole text, the folder left out."""
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, wanted)
    return str(error.value).replace(f"{path.parent}/", "")


def test_every_variant_is_tested() -> None:
    assert set(VARIANTS) == READ.keys() | REFUSED.keys()


def test_the_page_lists_every_variant() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "vector-files.md").read_text(encoding="utf-8")
    listed = [
        line.split(" | ")[0].removeprefix("| ") for line in page.split("| variant |")[1].splitlines()[2:]
    ]
    assert listed == list(VARIANTS)


@pytest.mark.parametrize("name", READ)
def test_variants_that_are_read(name: str, tmp_path: Path) -> None:
    path = VARIANTS[name].build(tmp_path, WORDS, VECTORS)
    file, expected = read_vector_file(path, WANTED), READ[name]
    assert as_dict(file) == (expected.vectors or FILM_GOOD)
    assert file.words.dtype == pl.String
    assert file.vectors.dtype == np.float32
    found = (file.format, file.compression, file.rows, file.repeated, file.replaced, file.notes)
    counts = (expected.rows, expected.repeated, expected.replaced)
    assert found == (expected.format, expected.compression, *counts, expected.notes)
    assert file.dimension == file.vectors.shape[1]
    own = find_file(path)
    assert file.sha256 == hashlib.sha256(own.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", REFUSED)
def test_variants_that_are_refused(name: str, tmp_path: Path) -> None:
    path = VARIANTS[name].build(tmp_path, WORDS, VECTORS)
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, WANTED)
    assert str(error.value) == f"{tmp_path}/{REFUSED[name].format(folder=tmp_path)}"


# --- words -----------------------------------------------------------------------------------------------


def test_without_wanted_words_every_row_is_kept(tmp_path: Path) -> None:
    file = read_vector_file(VARIANTS["GloVe text"].build(tmp_path, WORDS, VECTORS), None)
    assert file.words.to_list() == WORDS
    np.testing.assert_array_equal(file.vectors, VECTORS)


def test_no_wanted_word_in_the_file_gives_no_rows(tmp_path: Path) -> None:
    for name in ("GloVe text", "word2vec binary", "npz", "fastText .bin"):
        file = read_vector_file(VARIANTS[name].build(tmp_path, WORDS, VECTORS), pl.Series(["absent"]))
        assert (file.vectors.shape, len(file.words), file.rows) == ((0, 3), 0, 6)


def test_a_word_is_kept_for_its_lower_case_form_and_not_for_its_upper_case(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Film 1.5 2\nFILM 2.5 3\nfilm 3.5 4\ngood 4.5 5\n")
    assert read_vector_file(path, pl.Series(["film"])).words.to_list() == ["Film", "FILM", "film"]
    assert read_vector_file(path, pl.Series(["Film", "Good"])).words.to_list() == ["Film"]


def test_words_with_blanks_are_read_from_the_right(tmp_path: Path) -> None:
    content = ". . . 1 2.5\nat name@x.org 3 4.5\n1\u00a01/2 5 6.5\nwindows 95 7 8.5\n  the 9 1.5\n"
    file = read_vector_file(write(tmp_path / "a.txt", content + "of 1 2.5\nto 1 2.5\n" * 3), None)
    assert list(as_dict(file).items())[:5] == [
        (". . .", [1.0, 2.5]),
        ("at name@x.org", [3.0, 4.5]),
        ("1\u00a01/2", [5.0, 6.5]),
        ("windows 95", [7.0, 8.5]),
        ("the", [9.0, 1.5]),
    ]


def test_invalid_utf8_becomes_the_replacement_character(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"caf\xe9 1 2\ncafe 3 4\n\xff\xfe 5 6\n")
    file = read_vector_file(path, None)
    assert (file.words.to_list(), file.replaced) == (["caf\ufffd", "cafe", "\ufffd\ufffd"], 2)


# --- lines and blocks ------------------------------------------------------------------------------------


def read_slowly(content: str, dimension: int) -> dict[str, list[float]]:
    """Return word > numbers by Python's own string methods, line by line."""
    vectors: dict[str, list[float]] = {}
    for line in content.split("\n"):
        if fields := line.split():
            vectors.setdefault(
                line.strip().rsplit(None, dimension)[0], [float(x) for x in fields[-dimension:]]
            )
    return vectors


names = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=4).filter(
    lambda name: (
        not name.replace("-", "").replace("+", "").replace(".", "").isdecimal()
        and name.lower() not in ("nan", "inf")
        and one_form(pl.Series([name]), TokenizerSettings())[0] == name
    )
)
numbers = st.decimals(-1000, 1000, places=3, allow_nan=False).map(str)
blanks = st.sampled_from([" ", "\t", "  ", " \t "])
ends = st.sampled_from(["\n", " \n", "\r\n", "\n\n", "\n \n", "\t \r\n"])


@st.composite
def text_files(draw: st.DrawFn) -> tuple[str, int]:
    """Return GloVe text with blanks and line ends of all kinds, and its dimension."""
    dimension = draw(st.integers(1, 4))
    lines = [
        draw(names) + "".join(draw(blanks) + draw(numbers) for _ in range(dimension)) + draw(ends)
        for _ in range(draw(st.integers(1, 8)))
    ]
    return "".join(lines), dimension


@pytest.mark.longer
@given(text_files(), st.integers(1, 50))
def test_text_is_read_as_line_by_line(
    tmp_path_factory: pytest.TempPathFactory, file: tuple[str, int], size: int
) -> None:
    content, dimension = file
    path = write(tmp_path_factory.mktemp("text") / "a.txt", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK_BYTES", size)
        found = read_vector_file(path, None)
    expected = read_slowly(content, dimension)
    assert found.words.to_list() == list(expected)
    np.testing.assert_allclose(found.vectors, np.array(list(expected.values())), rtol=1e-6)
    assert found.rows == sum(bool(line.strip()) for line in content.split("\n"))


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_lines_are_counted_across_blocks(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", size)
    content = "2 2\n\nthe 1 2\n" + "of 3 4\n" * 20 + "caf\u00e9 5 x\nand 1\n"
    path = write(tmp_path / "a.txt", content)
    too_few = (
        "a.txt:25:5: expected 2 numbers after the word, found 1; correct the line, or fetch the file again"
    )
    no_number = 'a.txt:24:8: number 2 of "caf\u00e9" is "x"; expected a number; correct or delete the line'
    assert refusal(path, pl.Series(["the"])) == too_few
    if size < 1000:  # in one block the number of fields is looked at first
        assert refusal(path) == no_number


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_word_repeated_in_another_block_is_passed_over(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", size)
    file = read_vector_file(write(tmp_path / "a.txt", "a 1 2\nb 3 4\na 5 6\na 7 8\n"), None)
    assert (as_dict(file), file.repeated) == ({"a": [1.0, 2.0], "b": [3.0, 4.0]}, 2)


@pytest.mark.parametrize("size", [1, 9, 1000])
def test_binary_rows_are_found_across_blocks(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", size)
    for name in ("word2vec binary", "word2vec binary, newline after each row"):
        file = read_vector_file(VARIANTS[name].build(tmp_path, WORDS, VECTORS), None)
        assert as_dict(file) == dict(zip(WORDS, VECTORS.tolist(), strict=True))
        assert file.notes == ()


def test_a_last_line_without_newline_is_whole_with_all_its_numbers(tmp_path: Path) -> None:
    file = read_vector_file(write(tmp_path / "a.txt", "2 2\nthe 1 2\nof 3 4"), None)
    assert (as_dict(file), file.notes) == ({"the": [1.0, 2.0], "of": [3.0, 4.0]}, ())


def test_numbers_in_any_spelling_of_python(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "a +1 1E-3 .5\nb -0 5. 1e+2\n")
    assert as_dict(read_vector_file(path, None)) == {
        "a": pytest.approx([1, 0.001, 0.5]),
        "b": [0.0, 5.0, 100.0],
    }


def test_a_first_word_of_digits_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "7 2\n5 0.5\nthe 1.5\n")
    assert as_dict(read_vector_file(path, None)) == {"7": [2.0], "5": [0.5], "the": [1.5]}


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"\xef\xbb\xbfthe 1 2\nof 3 4\n")
    assert read_vector_file(path, None).words.to_list() == ["the", "of"]


def test_malformed_rows_of_words_that_are_not_wanted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "the 1 2\nof nan 4\nto x 4\n")
    assert as_dict(read_vector_file(path, pl.Series(["the"]))) == {"the": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2\nof\nto 1 2\n", "a.txt:2:3: expected 2 numbers after the word, found 0"),
        ("3 3\nthe 1 2\nof 3 4\n", "a.txt:2:5: expected 3 numbers after the word, found 2"),
        ("the 1 2\nof 1 2\nto 1.5 2.5 3 4\n", "a.txt:3:4: expected 2 numbers after the word, found 4"),
    ],
)
def test_a_wrong_number_of_fields(content: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", content)
    assert refusal(path) == f"{message}; correct the line, or fetch the file again"


def test_a_decimal_comma_is_no_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "the 1 2\nof 1,5 2\n")
    assert refusal(path) == (
        'a.txt:2:4: number 1 of "of" is "1,5"; expected a number; correct or delete the line'
    )


def test_a_header_with_more_digits_than_a_dimension_has_is_none(tmp_path: Path) -> None:
    for dimension in ("9" * 20, "9" * 5000):
        path = write(tmp_path / "a.txt", f"2 {dimension}\nthe 1 2\nof 3 4\n")
        what = "a.txt:1:3: expected 2 numbers after the word, found 1"
        assert refusal(path) == f"{what}; correct the line, or fetch the file again"


def test_junk_after_the_last_row_does_not_make_the_header_wrong(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "2 2\nthe 1 2\nof 3 4\n\x1a")
    file = read_vector_file(path, None)
    assert (file.rows, file.notes) == (
        2,
        ("line 4: the last line ends after 0 of 2 numbers and is left out [vector-file-cut]",),
    )


def test_a_file_whose_lines_do_not_end_is_not_taken_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(text, "LONGEST_LINE", 1 << 20)
    path = write(tmp_path / "a.txt", "the 1 2\nof 3 4\n" + "x" * (8 << 20))
    tracemalloc.start()
    found = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    what = "no line ends within 1 MiB; this is no text of vectors, or a damaged one"
    assert found == f"a.txt:3: {what}; fetch the file again"
    assert peak < 6 << 20  # sniffing looks at 1 MiB, the longest line is held twice while it grows


def test_an_error_shows_no_more_than_the_start_of_a_long_word(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "the 1 2\nof 1 2\n" + "x" * 1000 + " 1 nan\n")
    number = f'number 2 of "{"x" * 60}…" is "nan"'
    assert refusal(path) == f"a.txt:3:1004: {number}; expected a finite number; correct or delete the line"
    path = write(tmp_path / "a.txt", "the " + "y" * 1000 + "\n")
    what = f'expected a word and its numbers, found "{"y" * 60}…"; this is no vector file'
    assert refusal(path) == f"a.txt:1:5: {what}; {FORMATS}"


def test_memory_is_bounded_by_the_block_and_not_by_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", 1 << 18)
    line = " ".join(["0.12345"] * 50)
    content = "".join(f"word{number} {line}\n" for number in range(20_000))  # 8 MB
    path = write(tmp_path / "a.txt", content)
    tracemalloc.start()
    file = read_vector_file(path, pl.Series(["word7"]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (file.rows, len(file.words)) == (20_000, 1)
    assert peak < 5 << 20  # sniffing looks at 1 MiB


# --- pickles ---------------------------------------------------------------------------------------------


@pytest.mark.longer
@pytest.mark.parametrize("build", [keyed_vectors, word2vec_model])
def test_the_command_for_a_pickle_converts_it(build, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "with a blank"
    folder.mkdir()
    path = build(folder, WORDS, VECTORS)
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, None)
    command = error.value.fix.removeprefix("if you trust it, convert it: python")
    subprocess.run(f"{sys.executable}{command}", shell=True, check=True, capture_output=True)
    file = read_vector_file(path.with_suffix(".bin"), None)
    assert (file.format, as_dict(file)) == (
        "word2vec binary",
        dict(zip(WORDS, VECTORS.tolist(), strict=True)),
    )


def test_the_array_beside_a_pickle_is_refused_with_the_command_for_the_pickle(tmp_path: Path) -> None:
    path = keyed_vectors(tmp_path, WORDS, VECTORS)
    assert refusal(tmp_path / "vectors.kv.vectors.npy") == refusal(path)


def test_other_pickles_and_bare_arrays_are_refused(tmp_path: Path) -> None:
    import pickle

    write(tmp_path / "vectors.txt", pickle.dumps({"the": [1.0]}))
    np.save(tmp_path / "array.npy", VECTORS)
    assert refusal(tmp_path / "vectors.txt") == (
        "vectors.txt: this is a pickle (of no gensim vectors): reading one runs code inside it; "
        "save words and vectors with numpy.savez"
    )
    assert refusal(tmp_path / "array.npy") == (
        f"array.npy: this is an array without words; {SAVE_AGAIN}, or put {SIBLINGS}"
    )


# --- files that cannot be read ---------------------------------------------------------------------------


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent.txt") == "absent.txt: there is no such file; give a vector file"
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder") == (
        "folder: this is a folder without vectors; expected one vector file; name a file in it"
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_refused(encoding: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "2 2\nthe 1 2\nof 3 4\n".encode(encoding))
    assert refusal(path) == "a.txt:1:1: the text is UTF-16; expected UTF-8; save it as UTF-8"


def test_zstd_that_begins_with_a_frame_to_skip(tmp_path: Path) -> None:
    import zstandard

    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"size"  # as pzstd writes it
    path = write(tmp_path / "a.zst", skipped + zstandard.compress(b"the 1 2\nof 3 4\n"))
    file = read_vector_file(path, None)
    assert (file.compression, file.words.to_list()) == ("zstd", ["the", "of"])


def test_a_full_disk_is_not_called_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import gzip

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    plain = VARIANTS["npz"].build(tmp_path, WORDS, VECTORS).read_bytes()
    path = write(tmp_path / "a.npz.gz", gzip.compress(plain))
    monkeypatch.setattr("pipeline.embeddings.files.packing.shutil.copyfileobj", fail)
    what = f"it cannot be unpacked into {tempfile.gettempdir()} (No space left on device)"
    assert refusal(path) == f"a.npz.gz: {what}; set TMPDIR to a folder with room for it"


def test_packed_twice_and_cut_zstd(tmp_path: Path) -> None:
    import gzip

    import zstandard

    once = gzipped(tmp_path, WORDS, VECTORS).read_bytes()
    assert refusal(write(tmp_path / "twice.gz", gzip.compress(once))) == (
        "twice.gz: the content is packed twice; unpack it once"
    )
    cut = write(tmp_path / "cut.zst", zstandard.compress(("the 1 2\n" * 50).encode())[:-3])
    assert refusal(cut) == (
        "cut.zst: the file is not whole zstd data (the data end inside a frame); fetch the file again"
    )


def test_a_damaged_zip(tmp_path: Path) -> None:
    whole = VARIANTS["the one file of a .zip"].build(tmp_path, WORDS, VECTORS).read_bytes()
    place = whole.index(b"bin") + 10  # in the packed data
    damaged = whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]
    assert refusal(write(tmp_path / "a.zip", damaged)).startswith("a.zip: the file is not whole zip data (")
    encrypted = bytearray(whole)
    encrypted[6] |= 1
    encrypted[whole.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(write(tmp_path / "a.zip", bytes(encrypted))) == (
        "a.zip: the file is not whole zip data (File 'inner/vectors.bin' is encrypted, "
        "password required for extraction); unpack it and give the file inside"
    )


def test_a_zip_whose_table_of_contents_is_damaged(tmp_path: Path) -> None:
    whole = VARIANTS["the one file of a .zip"].build(tmp_path, WORDS, VECTORS).read_bytes()
    at = whole.index(b"PK\x01\x02")
    no_utf8 = whole[: at + 9] + b"\x08" + whole[at + 10 : at + 46] + b"\xa4" + whole[at + 47 :]
    said = refusal(write(tmp_path / "a.zip", no_utf8))
    assert said.startswith(
        "a.zip: the file is not whole zip data (its table of contents is damaged: 'utf-8' codec"
    )
    # the name, of 17 bytes, is empty, and its bytes are a comment
    no_name = whole[: at + 28] + bytes([0, 0, 0, 0, 17, 0]) + whole[at + 34 :]
    said = refusal(write(tmp_path / "b.zip", no_name))
    assert said.startswith("b.zip: the file is not whole zip data (")


def test_binary_data_of_another_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "picture.bin", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert refusal(path) == f"picture.bin: this is binary data of no known vector format; {FORMATS}"


def test_a_list_of_words_is_no_vector_file(tmp_path: Path) -> None:
    path = write(tmp_path / "words.txt", "the\nof\n")
    what = "a word stands alone; expected a word and its numbers; this is no vector file"
    assert refusal(path) == f"words.txt:1:1: {what}; {FORMATS}"


def test_binary_values_that_are_not_finite(tmp_path: Path) -> None:
    vectors = VECTORS.copy()
    vectors[1, 2] = np.nan
    path = VARIANTS["word2vec binary"].build(tmp_path, WORDS, vectors)
    # The header takes 4 bytes, the first row 4 + 12: the second begins at byte 20.
    assert refusal(path, WANTED) == (
        'vectors.bin:byte 20: the vector of "film" holds a value that is not finite; fetch the file again'
    )
    assert len(read_vector_file(path, pl.Series(["good"])).words) == 1


def test_binary_rows_that_are_not_where_the_header_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word2vec_binary, "LONGEST_WORD", 20)
    path = write(tmp_path / "a.bin", b"2 2\nthe " + b"\x01" * 200)
    assert refusal(path) == (
        "a.bin:byte 16: no word ends within 20 bytes; the header's dimension or the data are wrong; "
        "fetch the file again"
    )


def test_a_binary_that_lost_many_rows_says_how_many_are_left(tmp_path: Path) -> None:
    whole = VARIANTS["word2vec binary"].build(tmp_path, WORDS, VECTORS).read_bytes()
    file = read_vector_file(write(tmp_path / "a.bin", whole[:45]), None)
    # The header takes 4 bytes, the rows 16, 17 and 15: the third begins at byte 37.
    assert file.words.to_list() == ["the", "film"]
    assert file.notes == (
        "byte 37: the file ends inside a row, which is left out [vector-file-cut]",
        "line 1: the header promises 6 words, the file holds 2 [vector-header-wrong]",
    )


def test_a_binary_without_the_byte_of_a_newline_in_its_first_mebibyte(tmp_path: Path) -> None:
    vectors = np.ones((3000, 100), dtype=np.float32)  # 1.2 MB of 0, 0, 128 and 63
    path = VARIANTS["word2vec binary"].build(tmp_path, [f"w{number}" for number in range(3000)], vectors)
    file = read_vector_file(path, None)
    assert (file.format, file.rows, file.notes) == ("word2vec binary", 3000, ())


def test_lines_of_a_block_keep_their_numbers() -> None:
    content = "".join(f"{line}\n" for line in lines_of(WORDS, VECTORS))
    lines = text.find_lines(b"\n" + content.encode(), 3)
    assert lines.numbers.tolist() == [1, 2, 3, 4, 5, 6]
    assert [lines.line(place).split()[0].decode() for place in range(6)] == WORDS
