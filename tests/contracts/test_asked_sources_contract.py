"""What everything that --embeddings takes promises: sources of the tables, files, parts side by side, modes."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from builders import THREE_DOCUMENTS, request_of, tokens_of

from pipeline.core.names import MODES
from pipeline.embeddings.cascade import STEPS
from pipeline.embeddings.packages import PACKAGES
from pipeline.embeddings.request import EmbeddingRequest
from pipeline.embeddings.table import SOURCES, Embedded, embed
from pipeline.text.ragged import select

CORPUS = tokens_of([*THREE_DOCUMENTS, ("bad", "Plot", "1984"), ("film", "zzcanary", "Good", "qqqqq")])
TRAIN = select(CORPUS, np.array([0, 1, 2, 3]))
FILE = "FILE"  # stands for the path of a file of vectors

INSTALLED = [name for name, package in PACKAGES.items() if find_spec(package.module)]
SINGLE = [*SOURCES, *INSTALLED, FILE]
ASKED = [
    *SINGLE,
    *(f"{one}+{other}" for one, other in combinations(SINGLE, 2)),
    *(f"{one}:{mode}" for one in ("random", FILE) for mode in MODES),
    f"random+{FILE}+learned:shuffled-rows:frozen-then-tuned",
]
each_asked = pytest.mark.parametrize("asked", ASKED)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of six vectors of three numbers."""
    path = tmp_path_factory.mktemp("vectors") / "six.txt"
    words = ("film", "good", "GOOD", "bad", "0000", "elsewhere")
    numbers = np.random.default_rng(0).standard_normal((6, 3)).round(3)
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(words, numbers, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


@cache  # nobody changes what was made
def made(asked: str, file: Path, seed: int = 0) -> tuple[EmbeddingRequest, Embedded]:
    return make(asked, file, seed)


def make(asked: str, file: Path, seed: int = 0) -> tuple[EmbeddingRequest, Embedded]:
    request = request_of(TRAIN, seed=seed)
    return request, embed(asked.replace(FILE, str(file)), request)


@each_asked
def test_rows_steps_and_cover_belong_to_the_vocabulary(asked: str, file: Path) -> None:
    request, embedded = made(asked, file)
    rows = len(embedded.vocabulary)
    assert embedded.matrix.vectors.shape[0] == rows
    assert (embedded.steps.shape, embedded.steps.dtype) == ((rows,), np.int8)
    covered = embedded.steps != STEPS.index("unknown")
    np.testing.assert_array_equal(embedded.matrix.covered, covered)
    assert not covered[:2].any()
    assert covered[embedded.vocabulary.n_learned :].all()  # a row that was brought has a vector
    n_learned = request.vocabulary.n_learned
    assert embedded.vocabulary.tokens[:n_learned].to_list() == request.vocabulary.tokens.to_list()
    np.testing.assert_array_equal(embedded.vocabulary.counts[:n_learned], request.vocabulary.counts)
    assert not embedded.vocabulary.counts[n_learned:].any()


@each_asked
def test_vectors_are_finite_padding_is_zero_and_unknown_is_not(asked: str, file: Path) -> None:
    vectors = made(asked, file)[1].matrix.vectors
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert not vectors[0].any()
    assert vectors[1].any()


@each_asked
def test_results_name_the_file_without_its_folders(asked: str, file: Path) -> None:
    assert made(asked, file)[1].source == asked.replace(FILE, "six.txt")


@each_asked
def test_a_made_up_word_of_the_test_document_has_no_row(asked: str, file: Path) -> None:
    tokens = made(asked, file)[1].vocabulary.tokens.to_list()
    assert "zzcanary" not in tokens
    assert "qqqqq" not in tokens


@each_asked
def test_the_same_seed_gives_the_same_matrix(asked: str, file: Path) -> None:
    first, again = made(asked, file)[1], make(asked, file)[1]
    np.testing.assert_array_equal(first.matrix.vectors, again.matrix.vectors)


@each_asked
def test_another_seed_changes_nothing_that_was_read(asked: str, file: Path) -> None:
    first, other = made(asked, file)[1], made(asked, file, seed=1)[1]
    read = set(first.parts) <= {"six.txt", *PACKAGES} and "shuffled" not in asked
    covered = first.matrix.covered
    joined = len(first.parts) > 1  # rows that one part lacks hold its unknown vector, which is drawn
    if read and not joined:
        np.testing.assert_array_equal(first.matrix.vectors[covered], other.matrix.vectors[covered])
    else:
        assert not np.array_equal(first.matrix.vectors, other.matrix.vectors)
