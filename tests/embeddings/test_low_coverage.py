"""What is said of a vector file that covers little of the corpus: words of both, the likely reason, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import request_of, tokens_of
from vector_file_builders import write

from pipeline.embeddings.coverage import guess
from pipeline.embeddings.table import embed

DOCUMENTS = [
    ["harbour", "sail", "crew", "sea"],
    ["harbour", "sail", "crew"],
    ["harbour", "sail"],
    ["harbour"],
]


def notes_of(path: Path, words: list[str]) -> tuple[str, ...]:
    """Return what is said of a file of these words, with `DOCUMENTS` as the corpus: 10 tokens."""
    write(path, "".join(f"{word} 0.5 1.5\n" for word in words))
    return embed(str(path), request_of(tokens_of(DOCUMENTS))).notes


def test_where_no_word_has_a_vector_words_of_both_are_shown_with_the_likely_reason(tmp_path: Path) -> None:
    words = ["w:sail", "w:harbour", "w:crew", "w:sea", "w:boat", "w:mast"]
    assert notes_of(tmp_path / "v.txt", words) == (
        "v.txt: none of the training words has a vector. The file's words look like "
        '"w:sail", "w:harbour", "w:crew", "w:sea", "w:boat". '
        'Frequent words without one: "harbour", "sail", "crew", "sea". '
        'Perhaps a prefix is in the way: "harbour" is written "w:harbour" there. Write the file without it.'
        " [few-vectors]",
    )


def test_the_share_is_of_training_tokens_and_half_is_enough(tmp_path: Path) -> None:
    (said,) = notes_of(tmp_path / "v.txt", ["harbour", "and", "or"])
    assert said.startswith("v.txt: only 40 of 100 training tokens have a vector. ")  # 4 of 10
    assert notes_of(tmp_path / "w.txt", ["harbour", "sea", "and"]) == ()  # 5 of 10


def test_each_file_of_several_sources_side_by_side_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", "boat 0.5 1.5\nmast 0.5 1.5\n")
    (said,) = embed(f"random+{path}", request_of(tokens_of(DOCUMENTS))).notes
    assert said.startswith("v.txt: none of the training words has a vector. ")


def test_what_is_trained_here_is_never_told(tmp_path: Path) -> None:
    assert embed("random", request_of(tokens_of(DOCUMENTS))).notes == ()


OURS = ["harbour", "sail", "crew", "caf\u00e9", "na\u00efve", "\u00e9t\u00e9"]
BACK = "Write the file without it."


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (
            ["word/en/harbour", "word/en/sail", "word/en/crew"],
            f'Perhaps a language or another prefix is in the way: "harbour" is written "word/en/harbour" there. {BACK}',
        ),
        (
            ["harbour.n.01", "sail.v.02", "crew.n.01"],
            f'Perhaps a tag is in the way: "harbour" is written "harbour.n.01" there. {BACK}',
        ),
        (
            ["'harbour'", "'sail'", "'crew'"],
            f'Perhaps quotation marks or brackets are in the way: "harbour" is written "\'harbour\'" there. {BACK}',
        ),
        (
            ["harbour@@", "sail@@", "crew@@"],
            f'Perhaps a mark at the end is in the way: "harbour" is written "harbour@@" there. {BACK}',
        ),
        (
            ["cafe", "naive", "ete"],
            "Perhaps accents or vowel signs are in the way: without them words agree. Write both alike.",
        ),
        (
            ["17", "4", "2024"],
            "Perhaps the file numbers its words, and they lie in another file. Give one with the words themselves.",
        ),
        (
            ["caf\u00c3\u00a9s", "harbours", "sails"],
            "Perhaps the file's words were written in one encoding and read in another. Fetch it anew as UTF-8.",
        ),
        (
            ["\u0434\u043e\u043c", "\u043a\u043e\u0442", "\u043c\u043e\u0440\u0435"],
            "The file's words are in Cyrillic letters, the corpus's in Latin. Give vectors of its language.",
        ),
        (
            ["hafen", "segel", "boot"],
            "Perhaps the vectors are of another language or another subject. "
            "Give others, or train: --embeddings word2vec.",
        ),
    ],
)
def test_the_likely_reason(theirs: list[str], said: str) -> None:
    assert guess(theirs, OURS) == said
