"""word2vec: every token reaches gensim, small corpora are fitted, deterministic runs repeat."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import THREE_DOCUMENTS, TINY_WORD2VEC, request_of, tokens_of

from pipeline.core.errors import PipelineError
from pipeline.core.values import Int32, Int64
from pipeline.embeddings import word2vec
from pipeline.embeddings.word2vec import fitting_epochs, fitting_min_count, train_word2vec, write_number_lines

TRAIN = tokens_of(THREE_DOCUMENTS)


def numbered(lengths: list[int]) -> tuple[Int32, Int64]:
    offsets = np.cumsum([0, *lengths]).astype(np.int64)
    return np.arange(offsets[-1], dtype=np.int32), offsets


def read_lines(path: Path) -> list[list[int]]:
    return [[int(number) for number in line.split(" ")] for line in path.read_text().splitlines()]


def test_documents_over_ten_thousand_tokens_are_cut_and_no_token_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "tokens.txt"
    numbers, offsets = numbered([10_000, 0, 10_001, 3, 25_000])
    n_lines = write_number_lines(path, [(numbers, offsets)])
    lines = read_lines(path)
    assert [len(line) for line in lines] == [10_000, 10_000, 1, 3, 10_000, 10_000, 5_000]
    assert n_lines == len(lines)
    assert [number for line in lines for number in line] == list(range(45_004))


def test_two_corpora_and_many_writes_make_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec, "_LINES_PER_WRITE", 2)
    path = tmp_path / "tokens.txt"
    assert write_number_lines(path, [numbered([1, 2, 3, 1, 2]), numbered([]), numbered([2])]) == 6
    assert read_lines(path) == [[0], [1, 2], [3, 4, 5], [6], [7, 8], [0, 1]]


def test_gensim_reads_every_token_of_a_long_document(monkeypatch: pytest.MonkeyPatch) -> None:
    from gensim.models import Word2Vec

    trained: dict[str, int] = {}
    original = Word2Vec.train

    def watched(self: Word2Vec, *arguments: object, **named: object) -> tuple[int, int]:
        effective, raw = original(self, *arguments, **named)
        trained["raw"] = raw
        return effective, raw

    monkeypatch.setattr(Word2Vec, "train", watched)
    request = request_of(tokens_of([["a", "b", "c"] * 8_000]), word2vec=replace(TINY_WORD2VEC, epochs=2))
    assert train_word2vec(request).settings["tokens"] == 24_000
    assert trained["raw"] == 2 * 24_000


def test_numbers_and_words_with_odd_blanks_keep_their_own_vectors() -> None:
    odd = ["12", "0", "a\x1cb", "c\u200bd", "e\0f", "\u2060", "1"]
    found = train_word2vec(request_of(tokens_of([odd, odd])))
    assert sorted(found.words.to_list()) == sorted(odd)
    assert found.vectors.shape == (len(odd), TINY_WORD2VEC.vector_size)


def test_words_with_the_same_neighbours_are_alike() -> None:
    drinks = [["drink", word, "while", "hot"] for word in ("tea", "coffee")]
    balls = [["kick", word, "very", "far"] for word in ("ball", "stone")]
    settings = replace(TINY_WORD2VEC, vector_size=10, epochs=20, sample=0.0)
    found = train_word2vec(request_of(tokens_of((drinks + balls) * 100), word2vec=settings))
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    vector = dict(zip(found.words.to_list(), unit, strict=True))
    assert vector["tea"] @ vector["coffee"] > vector["tea"] @ vector["ball"] + 0.3
    assert vector["ball"] @ vector["stone"] > vector["ball"] @ vector["tea"] + 0.3


@pytest.mark.parametrize(
    ("counts", "wanted", "expected"),
    [
        ([9, 1, 1], 2, 2),  # 9 of 11 tokens stay
        ([2, 1, 1], 2, 2),  # exactly half stays
        ([2, 1, 1, 1], 2, 1),
        ([10, 3, 3, 3, 3], 9, 3),  # 10 of 22 would stay; 3 keeps all
        ([1, 1], 1, 1),
    ],
)
def test_min_count_keeps_at_least_half_of_the_tokens(counts: list[int], wanted: int, expected: int) -> None:
    assert fitting_min_count(np.array(counts), wanted) == expected


def test_a_lowered_min_count_is_told() -> None:
    settings = replace(TINY_WORD2VEC, min_count=2)
    found = train_word2vec(request_of(tokens_of([["a", "a", "b"], ["c", "d"]]), word2vec=settings))
    assert found.notes == (
        "word2vec: min_count 2 would leave fewer than half of the 5 tokens; 1 was used [min-count-lowered]",
    )
    assert (found.settings["min_count"], len(found.words)) == (1, 4)
    enough = train_word2vec(request_of(TRAIN, word2vec=settings))
    assert (enough.notes, sorted(enough.words.to_list())) == ((), ["film", "good"])


@pytest.mark.parametrize(
    ("wanted", "tokens", "expected"),
    [(7, 10, 7), (0, 0, 100), (0, 80_000, 100), (0, 160_000, 50), (0, 1_600_000, 5), (0, 10**9, 5)],
)
def test_epochs_follow_the_size_of_the_corpus_unless_given(wanted: int, tokens: int, expected: int) -> None:
    assert fitting_epochs(wanted, tokens) == expected


def test_each_epoch_is_told_and_the_settings_are_kept() -> None:
    told: list[tuple[int, int]] = []
    found = train_word2vec(replace(request_of(TRAIN), on_epoch=lambda *epoch: told.append(epoch)))
    assert told == [(1, 2), (2, 2)]
    assert found.settings == {
        "algorithm": "skip-gram",
        "vector_size": 8,
        "window": 5,
        "negative": 5,
        "sample": 1e-3,
        "alpha": 0.025,
        "epochs": 2,
        "min_count": 1,
        "workers": 1,
        "tokens": 8,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "cbow"},
        {"hierarchical_softmax": True, "negative": 0},
        {"window": 1},
        {"alpha": 0.2},
        {"shrink_windows": False, "window": 2},
        {"ns_exponent": 0.0},
        {"sample": 0.5},
    ],
)
def test_each_knob_reaches_gensim(change: dict[str, object]) -> None:
    documents = tokens_of([["a", "a", "a", "b", "b", "c", "d", "e", "f"] * 5] * 4)
    base = replace(TINY_WORD2VEC, sample=0.0)
    changed = replace(base, **change)  # type: ignore[arg-type]
    first, second = (train_word2vec(request_of(documents, word2vec=one)) for one in (base, changed))
    assert not np.array_equal(first.vectors, second.vectors)


def test_text_without_a_token_is_refused() -> None:
    request = replace(request_of(TRAIN), train=tokens_of([[]]))
    with pytest.raises(PipelineError) as error:
        train_word2vec(request)
    assert str(error.value) == "word2vec: the training documents hold no token; look at the text column"


PRINT_VECTORS = """
import sys
sys.path.insert(0, sys.argv[1])
from builders import THREE_DOCUMENTS, request_of, tokens_of
from pipeline.embeddings.table import embed
embedded = embed("word2vec", request_of(tokens_of(THREE_DOCUMENTS * 20)))
print(embedded.matrix.vectors.tobytes().hex())
"""


@pytest.mark.longer
def test_deterministic_runs_repeat_to_the_last_bit_in_another_process() -> None:
    tests = Path(__file__).parents[1]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_VECTORS, str(tests)],
            cwd=tests.parent,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "2")
    ]
    first, second = (process.communicate()[0] for process in processes)
    assert len(first) > 100
    assert first == second
