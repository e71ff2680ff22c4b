"""How vector files write their words: languages, tags, pieces, encodings, forms of Unicode, rows without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from vector_file_builders import write

from pipeline.core.errors import PipelineError
from pipeline.embeddings.cascade import candidates, resolve
from pipeline.embeddings.files.reading import VectorFile, read_vector_file
from pipeline.embeddings.files.selection import Selection, WordSample
from pipeline.embeddings.files.spellings import find_spelling


def text_of(path: Path, words: list[str], encoding: str = "utf-8") -> Path:
    """Write GloVe text in which the vector of the word at place n is (n, -n)."""
    return write(path, "".join(f"{word} {at}.0 -{at}.0\n" for at, word in enumerate(words)).encode(encoding))


def places(file: VectorFile) -> dict[str, float]:
    """Return each word with the place at which `text_of` wrote it."""
    return dict(zip(file.words.to_list(), file.vectors[:, 0].tolist(), strict=True))


NUMBERBATCH = [
    "/c/de/hafen",
    "/c/de/film",
    "/c/en/harbour",
    "/c/en/film",
    "/c/en/film/n",
    "/c/fr/port",
    "/c/en/new_york",
]


def test_of_several_languages_the_one_with_most_words_of_the_corpus_is_read(tmp_path: Path) -> None:
    path = text_of(tmp_path / "numberbatch.txt", NUMBERBATCH)
    file = read_vector_file(path, pl.Series(["film", "harbour", "port"]))
    assert (places(file), file.repeated) == ({"harbour": 2.0, "film": 3.0}, 1)
    assert file.notes == (
        "words are written like /c/en/house, in 3 languages: en is read, which has most words of the corpus"
        " (2; de 1; fr 1); embeddings.language names another [one-language-of-many]",
    )


def test_a_setting_names_the_language(tmp_path: Path) -> None:
    path = text_of(tmp_path / "numberbatch.txt", NUMBERBATCH)
    file = read_vector_file(path, pl.Series(["film", "harbour", "port"]), "de")
    assert places(file) == {"film": 1.0}
    assert file.notes == (
        "words are written like /c/de/house, in 3 languages: de is read, as embeddings.language says"
        " [one-language-of-many]",
    )
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, pl.Series(["film"]), "xx")
    what = 'embeddings.language: no word of the file is of the language "xx"; it has en, de, fr'
    assert str(error.value) == f"{what}; name one of these, or leave it out"


def test_a_file_of_one_language_is_read_whatever_that_is(tmp_path: Path) -> None:
    words = [f"/c/de/{word}" for word in ("hafen", "film", "segel", "boot", "mast")]
    file = read_vector_file(text_of(tmp_path / "mini.txt", words), pl.Series(["film"]))
    assert places(file) == {"film": 1.0}
    assert file.notes == (
        "words are written like /c/de/house: de is the one language [one-language-of-many]",
    )


def test_semicolons_with_decimal_commas_are_called_that(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", "the;0,5;1,5\nof;2,5;3,5\n")
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, None)
    what = "fields are separated by semicolons, and numbers have a decimal comma"
    assert str(error.value) == f"{path}:1:1: {what}; write numbers with a point"


def test_what_has_no_language_is_read_with_every_one(tmp_path: Path) -> None:
    words = ["de:hafen", "en:film", "en:harbour", "fr:port", "en:sail", "en:crew", ","]
    file = read_vector_file(text_of(tmp_path / "multi.txt", words), pl.Series(["film", ",", "harbour"]))
    assert places(file) == {"film": 1.0, "harbour": 2.0, ",": 6.0}


@pytest.mark.parametrize(
    ("words", "film"),
    [
        (["the_DET", "film_NOUN", "film_VERB", "is_AUX", "good_ADJ", "new_york_PROPN"], 1.0),
        (["дом_S", "film_S", "film_V", "идти_V", "хороший_A", "и_CONJ"], 1.0),
        (["the_DT", "is_VBZ", "film_NN", "films_NNS", "good_JJ", ",_,"], 2.0),
        (["film|NOUN", "language_model|NOUN", "Bonn|GPE", "Rome|GPE", "to|PART", "go|VERB"], 0.0),
        (["the/dt", "film/nn", "is/v", "good/jj", "bad/jj"], 1.0),
        (["film#n", "be#v", "good#a", "bad#a", "well#r"], 0.0),
    ],
)
def test_words_are_looked_up_without_their_tags_and_the_first_counts(
    words: list[str], film: float, tmp_path: Path
) -> None:
    file = read_vector_file(text_of(tmp_path / "tags.txt", words), pl.Series(["film"]))
    assert places(file) == {"film": film}
    assert "(house_NOUN)" in file.notes[0]


@pytest.mark.parametrize(
    "words",
    [
        ["the", "film", "is", "good", "new_york", "of_the"],
        ["New_York", "Los_Angeles", "San_Francisco", "Las_Vegas", "El_Paso", "St_Louis"],
        ["covid-19", "b2b", "re-do", "co-op", "t-shirt", "x-ray"],
        ["a_N", "b_N"],  # too few to show a habit
        ["1/2", "3/4", "5/8", "7/8", "9/16", "1/3"],
    ],
)
def test_words_with_underscores_and_the_like_are_read_as_they_are(words: list[str], tmp_path: Path) -> None:
    file = read_vector_file(text_of(tmp_path / "plain.txt", words), None)
    assert (file.words.to_list(), file.notes) == (words, ())
    assert find_spelling(words) is None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["▁film", "film", "▁good", "s", ",", "▁is"], {"film": 0.0, "good": 2.0, ",": 4.0}),
        (["Ġfilm", "film", "Ġgood", "s", ",", "Ġis"], {"film": 0.0, "good": 2.0, ",": 4.0}),
        (["film</w>", "film", "good</w>", "s", ",", "is</w>"], {"film": 0.0, "good": 2.0, ",": 4.0}),
    ],
)
def test_of_pieces_those_that_are_whole_words_are_read(
    words: list[str], found: dict[str, float], tmp_path: Path
) -> None:
    path = text_of(tmp_path / "pieces.txt", words)
    assert places(read_vector_file(path, pl.Series(["film", "good", ",", "s"]))) == found


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", ["caf\u00e9", "na\u00efve"]),
        ("cp1251", ["\u0434\u043e\u043c", "\u043a\u043e\u0442"]),
        ("koi8-r", ["\u0434\u043e\u043c", "\u043a\u043e\u0442"]),
        ("gb18030", ["\u6e2f\u53e3", "\u8239"]),
        ("shift_jis", ["\u3075\u306d", "\u307f\u306a\u3068"]),
    ],
)
def test_words_in_another_encoding_are_read_in_the_one_that_gives_words_of_the_corpus(
    encoding: str, words: list[str], tmp_path: Path
) -> None:
    path = text_of(tmp_path / "old.txt", ["the", *words, "of"], encoding)
    file = read_vector_file(path, pl.Series([*words, "of"]))
    assert places(file) == {words[0]: 1.0, words[1]: 2.0, "of": 3.0}
    assert file.notes == (
        f"words are not UTF-8: read as {encoding}, which gives words of the corpus [words-not-utf-8]",
    )


def test_one_damaged_word_among_many_leaves_the_others_utf8(tmp_path: Path) -> None:
    content = "caf\u00e9 1 2\nna\u00efve 3 4\n".encode() + "caf\u00e9s 5 6\n".encode("latin-1")
    file = read_vector_file(
        write(tmp_path / "a.txt", content), pl.Series(["caf\u00e9", "caf\u00e9s", "na\u00efve"])
    )
    assert (file.words.to_list(), file.replaced, file.notes) == (["caf\u00e9", "na\u00efve"], 1, ())


def test_words_are_compared_in_one_form_of_unicode(tmp_path: Path) -> None:
    path = text_of(tmp_path / "nfd.txt", ["cafe\u0301", "the", "in\u00adter\u200bnet"])
    file = read_vector_file(path, pl.Series(["caf\u00e9", "internet"]))
    assert places(file) == {
        "caf\u00e9": 0.0,
        "internet": 2.0,
    }  # soft hyphen and zero-width space are no part of it


ARABIC_WITH_SIGNS, ARABIC = (
    "\u0645\u0650\u064a\u0646\u064e\u0627\u0621\u064c",
    "\u0645\u064a\u0646\u0627\u0621",
)


@pytest.mark.parametrize(
    ("corpus", "file"),
    [
        (ARABIC_WITH_SIGNS, ARABIC),
        (ARABIC, ARABIC_WITH_SIGNS),
        ("\u0623\u0645\u0629", "\u0627\u0645\u0647"),  # AraVec has one alef, and heh for teh marbuta
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
    ],
)
def test_hebrew_and_arabic_words_are_found_by_their_letters(corpus: str, file: str, tmp_path: Path) -> None:
    types = pl.Series([corpus])
    read = read_vector_file(text_of(tmp_path / "v.txt", ["the", file]), candidates(types))
    assert places(read) == {file: 1.0}
    found = resolve(types, read.words)
    assert (found.places.tolist(), found.steps.tolist()) == ([0], [2])  # normalised


def test_rows_without_a_word_are_counted_and_the_others_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "v.txt", "4 3\n  1.5 2.5 0.5\n\u00a0 3.5 4.5 0.5\nfilm 5.5 6.5 0.5\n-7.5 8.5 0.5\n"
    )
    file = read_vector_file(path, None)
    assert (file.rows, file.notes[-1]) == (4, "3 rows have no word, or a blank for one [rows-without-a-word]")
    assert file.vectors[file.words.to_list().index("film")].tolist() == [5.5, 6.5, 0.5]


def test_a_whole_number_before_too_few_numbers_is_a_word(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", "the 1.5 2.5\nof 1.5 2.5\n1984 2.5\n")
    with pytest.raises(PipelineError, match=r"v\.txt:3:6: expected 2 numbers after the word, found 1"):
        read_vector_file(path, None)


def test_the_sample_of_words_is_spread_evenly_over_the_file() -> None:
    sample = WordSample()
    for first in range(0, 9000, 1000):
        sample.add([str(number) for number in range(first, first + 1000)])
    assert sample.words == [str(number) for number in range(0, 9000, 8)]


def test_blocks_are_one_file_to_a_selection() -> None:
    selection = Selection(pl.Series(["b"]))
    assert selection.choose([b"a", b"b"]) == [1]
    assert selection.choose([b"b", b"B", b"c"]) == [1]
    assert (selection.settle(), selection.repeated, selection.rows) == ((["b", "B"], [0, 1]), 1, 5)


def test_values_of_commas_and_quotation_marks(tmp_path: Path) -> None:
    content = 'word,x,y\n"a, b",1.5,2.5\n"say ""hi""",3.5,4.5\n",",5.5,6.5\nNew York,7.5,8.5\n\n'
    file = read_vector_file(write(tmp_path / "v.csv", content), None)
    words = ["a, b", 'say "hi"', ",", "New York"]
    assert (file.words.to_list(), file.vectors.tolist()) == (
        words,
        [[1.5, 2.5], [3.5, 4.5], [5.5, 6.5], [7.5, 8.5]],
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the,1.5,2.5\nof,3.5\nto,1.5,2.5\n", "v.csv:2:4: expected 2 numbers after the word, found 1"),
        (
            "the,1.5,2.5\nof,3.5,4.5,5.5\nto,1.5,2.5\n",
            "v.csv:2:4: expected 2 numbers after the word, found 3",
        ),
        ("the,1.5,2.5\nof,3.5,\nto,1.5,2.5\n", "v.csv:2:1: expected 2 numbers after the word, found 1"),
        (
            "the,1.5,2.5\nof,3.5,nan\nto,1.5,2.5\n",
            'v.csv:2:8: number 2 of "of" is "nan"; expected a finite number',
        ),
    ],
)
def test_lines_with_commas_are_checked_too(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        read_vector_file(write(tmp_path / "v.csv", content), None)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(message)


# --- numbers and words apart ------------------------------------------------------------------------------


NUMBERS = "0.5\t1.5\n-2.5\t3.5\n4.5\t5.5\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.tsv", "a\nb\nc\n"),
        ("metadata.tsv", "word\na\nb\nc\n"),
        ("metadata.tsv", "word\tcount\na\t3\nb\t2\nc\t1"),
        ("metadata.tsv", "count\tword\n3\ta\n2\tb\n1\tc\n"),
        ("metadata.tsv", "a\r\nb\r\nc\r\n\r\n"),
        ("tensors.txt", "a\nb\nc\n"),
        ("vocab.txt", "a 3\nb 2\nc 1\n"),
    ],
)
def test_words_of_a_projector_lie_beside_its_numbers(name: str, content: str, tmp_path: Path) -> None:
    write(tmp_path / name, content)
    file = read_vector_file(write(tmp_path / "tensors.tsv", NUMBERS), pl.Series(["b", "c"]))
    assert (file.words.to_list(), file.vectors.tolist()) == (["b", "c"], [[-2.5, 3.5], [4.5, 5.5]])
    assert (file.rows, file.dimension) == (3, 2)


def test_a_projector_with_another_number_of_words_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "metadata.tsv", "x\na\nb\nc\n")  # x is no name of a column of words
    path = write(tmp_path / "tensors.tsv", NUMBERS)
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, None)
    what = f"{tmp_path}/metadata.tsv: 4 words for 3 vectors; expected one word a vector"
    assert str(error.value) == f"{what}; give the vocabulary that was saved with the vectors"


def test_the_words_of_a_projector_given_for_its_numbers(tmp_path: Path) -> None:
    write(tmp_path / "tensors.tsv", NUMBERS)
    path = write(tmp_path / "metadata.tsv", "a\nb\nc\n")
    with pytest.raises(PipelineError) as error:
        read_vector_file(path, None)
    what = "a word stands alone; expected a word and its numbers; the numbers lie beside it"
    assert str(error.value) == f"{path}:1:1: {what}; give tensors.tsv"


def test_an_array_whose_words_are_a_pickle_is_refused(tmp_path: Path) -> None:
    import pickle

    np.save(tmp_path / "1990-w.npy", np.ones((2, 2), np.float32))
    write(tmp_path / "vocab.pkl", pickle.dumps(["a", "b"]))
    with pytest.raises(PipelineError) as error:
        read_vector_file(tmp_path / "1990-w.npy", None)
    what = f"{tmp_path}/vocab.pkl: this is a pickle (of no gensim vectors): reading one runs code inside it"
    assert str(error.value) == f"{what}; save words and vectors with numpy.savez"
