"""Static embeddings of model2vec and sentence-transformers: words, pieces of words, weights, what is unknown."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from builders import request_of, tokens_of
from vector_file_builders import write
from vector_folder_builders import (
    save,
    tokenizer_of_bytes,
    tokenizer_of_pieces,
    tokenizer_of_unigrams,
    with_special,
)

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.reading import VectorFile, read_vector_file
from pipeline.embeddings.table import embed

PIECES = ["harbour", "sail", "##s", "##ing"]
ROWS = np.array([[1, 2], [3, 4], [5, 6], [7, 9]], dtype=np.float32)  # of PIECES
WORDS = pl.Series(["sail", "harbours", "sailings", "sailor", "xyz"])


def vectors(file: VectorFile, words: pl.Series) -> dict[str, list[float]]:
    """Return each word with its vector, read or made of pieces; zeros where it has none."""
    own = dict(zip(file.words.to_list(), file.vectors.tolist(), strict=True))
    assert file.subwords is not None
    missing = words.filter(~words.is_in(list(own)))
    return own | dict(zip(missing.to_list(), file.subwords(missing).tolist(), strict=True))


def model2vec(folder: Path, tokenizer: str, **tensors: np.ndarray) -> Path:
    """Write a folder as model2vec saves it."""
    save(folder / "model.safetensors", **tensors)
    write(folder / "tokenizer.json", tokenizer)
    write(folder / "config.json", '{"model_type": "model2vec", "normalize": true}')
    return folder


def test_a_word_of_several_pieces_has_the_mean_of_their_rows(tmp_path: Path) -> None:
    folder = model2vec(tmp_path, tokenizer_of_pieces(PIECES), embeddings=with_special(ROWS))
    file = read_vector_file(folder, WORDS)
    assert vectors(file, WORDS) == {
        "sail": [3.0, 4.0],
        "harbours": [3.0, 4.0],  # (1 + 5) / 2, (2 + 6) / 2
        "sailings": [5.0, pytest.approx(19 / 3)],  # sail ##ing ##s
        "sailor": [0.0, 0.0],  # WordPiece knows a whole word or nothing of it
        "xyz": [0.0, 0.0],
    }
    assert (file.words.to_list(), file.rows, file.dimension, file.of_pieces) == (["sail"], 6, 2, True)


def test_the_file_may_be_given_in_place_of_its_folder(tmp_path: Path) -> None:
    folder = model2vec(tmp_path, tokenizer_of_pieces(PIECES), embeddings=with_special(ROWS))
    by_folder, by_file = (
        read_vector_file(folder, WORDS),
        read_vector_file(folder / "model.safetensors", WORDS),
    )
    assert vectors(by_folder, WORDS) == vectors(by_file, WORDS)
    assert by_folder.sha256 == by_file.sha256


def test_tokens_are_mapped_to_rows_and_weighed(tmp_path: Path) -> None:
    # [PAD] [UNK] harbour sail ##s ##ing; sail and harbour share a row
    mapping = np.array([0, 0, 1, 1, 2, 2], dtype=np.int64)
    weights = np.array([1, 1, 1, 0.5, 2, 3], dtype=np.float64)
    rows = np.array([[9, 9], [1, 2], [5, 6]], dtype=np.float16)
    folder = model2vec(
        tmp_path, tokenizer_of_pieces(PIECES), embeddings=rows, mapping=mapping, weights=weights
    )
    found = vectors(read_vector_file(folder, WORDS), WORDS)
    assert found["sail"] == [0.5, 1.0]
    assert found["harbours"] == [5.5, 7.0]  # (1 * (1, 2) + 2 * (5, 6)) / 2
    assert found["sailings"] == pytest.approx(
        [25.5 / 3, 31 / 3]
    )  # 0.5 * (1, 2) + 3 * (5, 6) + 2 * (5, 6), thirds


def test_pieces_of_unigrams_and_what_they_do_not_know(tmp_path: Path) -> None:
    # <unk> ▁ ▁sail s ing; "or" is unknown: model2vec leaves it out, sentence-transformers has a row for it
    tokenizer = tokenizer_of_unigrams(["▁", "▁sail", "s", "ing"])
    rows = np.array([[60, 60], [0, 0], [3, 4], [5, 6], [7, 8]], dtype=np.float32)
    words = pl.Series(["sail", "sailing", "sailor"])
    by_model2vec = read_vector_file(model2vec(tmp_path / "a", tokenizer, embeddings=rows), words)
    assert vectors(by_model2vec, words) == {"sail": [3.0, 4.0], "sailing": [5.0, 6.0], "sailor": [3.0, 4.0]}
    save(tmp_path / "b" / "model.safetensors", embedding__weight=rows)
    write(tmp_path / "b" / "tokenizer.json", tokenizer)
    by_transformers = read_vector_file(tmp_path / "b", words)
    assert vectors(by_transformers, words)["sailor"] == [31.5, 32.0]  # (3 + 60) / 2, (4 + 60) / 2


def test_pieces_of_bytes(tmp_path: Path) -> None:
    tokenizer = tokenizer_of_bytes(
        ["s", "a", "i", "l", "sa", "il", "sail"], [("s", "a"), ("i", "l"), ("sa", "il")]
    )
    rows = np.arange(14, dtype=np.float32).reshape(7, 2)
    words = pl.Series(["sail", "sails"])
    found = vectors(read_vector_file(model2vec(tmp_path, tokenizer, embeddings=rows), words), words)
    assert found == {"sail": [12.0, 13.0], "sails": [6.0, 7.0]}  # sail and s: (12 + 0) / 2, (13 + 1) / 2


def test_the_pieces_of_a_word_go_before_another_form_of_it(tmp_path: Path) -> None:
    # "1984" is 19 and ##84; the cascade would read it as 0000, which is a token too
    pieces = ["0000", "19", "##84", "sail"]
    folder = model2vec(tmp_path / "m", tokenizer_of_pieces(pieces), embeddings=with_special(ROWS))
    embedded = embed(str(folder), request_of(tokens_of([["1984", "sail", "sail", "xyz"]]), scale=0))
    rows = dict(zip(embedded.vocabulary.tokens.to_list(), embedded.matrix.vectors.tolist(), strict=True))
    assert (rows["1984"], rows["sail"]) == ([4.0, 5.0], [7.0, 9.0])
    assert embedded.matrix.covered.tolist() == [False, False, True, True, False]
    assert embedded.notes == (
        "m: words with the row of one token: 1; with the mean of their pieces: 1; with no vector: 1"
        " [words-from-pieces]",
    )


# --- a tokenizer that cannot be used ----------------------------------------------------------------------


ALONE = "only words that are one token have vectors"


NAME = " [pieces-not-used]"


def test_without_the_package_only_whole_words_have_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model2vec(tmp_path, tokenizer_of_pieces(PIECES), embeddings=with_special(ROWS))
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name == "tokenizers":
            raise ImportError(name)
        return real(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    file = read_vector_file(folder, WORDS)
    assert dict(zip(file.words.to_list(), file.vectors.tolist(), strict=True)) == {"sail": [3.0, 4.0]}
    assert (file.subwords, file.notes) == (
        None,
        (
            f"{ALONE}: cutting the others needs the package tokenizers; run `pip install -e '.[static]'`"
            + NAME,
        ),
    )
    save(tmp_path / "model.safetensors", embeddings=with_special(ROWS), weights=np.ones(6, np.float32))
    with pytest.raises(
        PipelineError, match=r"its rows are found through the tokenizer; only words .* '\.\[static\]'`"
    ):
        read_vector_file(folder, WORDS)


@pytest.mark.parametrize(
    "vocabulary",
    [
        {
            "type": "WordPiece",
            "vocab": {"[PAD]": 0, "[UNK]": 1, "harbour": 2, "sail": 3, "##s": 4, "##ing": 5},
        },
        {
            "type": "Unigram",
            "vocab": [["a", -1.0], ["b", -2.0], ["▁harbour", -3], ["▁sail", -4], ["s", -5], ["ing", -6]],
        },
    ],
)
def test_of_a_tokenizer_that_lacks_parts_the_words_are_read(vocabulary: object, tmp_path: Path) -> None:
    held = json.dumps({"model": vocabulary, "added_tokens": [{"id": 6, "content": "sailor"}]})
    rows = np.concatenate([with_special(ROWS), [[8.0, 8.0]]]).astype(np.float32)
    file = read_vector_file(model2vec(tmp_path, held, embeddings=rows), WORDS)
    found = dict(zip(file.words.to_list(), file.vectors.tolist(), strict=True))
    assert found["sail"] == [3.0, 4.0]
    assert file.notes[0].startswith(f"{ALONE}: tokenizer.json cannot be used by the package tokenizers (")


def test_files_that_contradict_each_other(tmp_path: Path) -> None:
    folder = model2vec(tmp_path, tokenizer_of_pieces(PIECES), embeddings=ROWS)
    with pytest.raises(PipelineError) as error:
        read_vector_file(folder, WORDS)
    what = f"{folder}/tokenizer.json: 6 words for 4 vectors; expected one word a vector"
    assert str(error.value) == f"{what}; give the vocabulary that was saved with the vectors"
    mapping = np.array([0, 1, 2, 3, 4, 9])
    model2vec(tmp_path, tokenizer_of_pieces(PIECES), embeddings=with_special(ROWS), mapping=mapping)
    with pytest.raises(PipelineError) as error:
        read_vector_file(folder, WORDS)
    what = f'{folder}/model.safetensors: tensor "mapping" leads to rows 0 to 9 of 6'
    assert str(error.value) == f"{what}; fetch the file again"


def test_a_transformer_given_as_a_file_is_called_one(tmp_path: Path) -> None:
    save(tmp_path / "model.safetensors", encoder__layer__0__attention=ROWS)
    with pytest.raises(PipelineError) as error:
        read_vector_file(tmp_path / "model.safetensors", WORDS)
    what = "this is a transformer: it has no vector of a word by itself, only of a word in its sentence"
    fix = "give a static embedding, such as one of model2vec"
    assert str(error.value) == f"{tmp_path}/model.safetensors: {what}; {fix}"


def test_the_library_may_panic() -> None:
    from pipeline.embeddings.files import tokenizer_file

    class PanicException(BaseException):
        """As pyo3 raises it: no Exception."""

    def panic(path: str) -> object:
        raise PanicException("index out of bounds")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tokenizers.Tokenizer", SimpleNamespace(from_file=panic))
        found = tokenizer_file.load_tokenizer(Path("tokenizer.json"))
    assert found == f"{ALONE}: tokenizer.json cannot be used by the package tokenizers (index out of bounds)"
