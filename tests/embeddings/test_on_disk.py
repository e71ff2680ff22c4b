"""A source in a file: mapped into memory, so that every process that reads it shares one copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import psutil
import pytest

from pipeline.core.values import PADDING_TOKEN, UNKNOWN_TOKEN, EmbeddingMatrix, Vocabulary
from pipeline.embeddings.on_disk import read_embedded, write_embedded
from pipeline.embeddings.table import Embedded

KEY = {"of": "word2vec"}
N_WORDS, DIMENSION = 65_536, 256  # 64 MiB


def write(path: Path) -> np.ndarray:
    vectors = np.arange(N_WORDS * DIMENSION, dtype=np.float32).reshape(N_WORDS, DIMENSION)
    vectors[0] = 0.0  # of padding
    words = pl.Series("word", [PADDING_TOKEN, UNKNOWN_TOKEN, *map(str, range(2, N_WORDS))])
    vocabulary = Vocabulary(words, np.ones(N_WORDS, np.int64), N_WORDS)
    matrix = EmbeddingMatrix(vectors, np.ones(N_WORDS, np.bool_), "word2vec")
    write_embedded(path, KEY, Embedded(vocabulary, matrix, False, 1.0, {}, (), np.zeros(N_WORDS, np.int8)))
    return vectors


def own_mib() -> float:
    """Return the memory that no other process can share."""
    held = psutil.Process().memory_info()
    return float(held.rss - held.shared) / 2**20


@pytest.mark.longer
@pytest.mark.skipif(not psutil.LINUX, reason="only Linux tells shared memory apart")
def test_vectors_are_the_file_and_take_no_memory_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "vectors.safetensors"
    written = write(path)
    read_embedded(path, KEY)  # what is imported for it is there now
    before = own_mib()
    found = read_embedded(path, KEY)
    assert found is not None
    grown = own_mib() - before
    np.testing.assert_array_equal(found.matrix.vectors, written)
    assert grown < 32  # the words are a copy
    assert str(path) in [one.path for one in psutil.Process().memory_maps()]
    assert not found.matrix.vectors.flags.writeable


def test_a_byte_that_is_not_as_it_was_written_is_noticed_and_a_deleted_file_can_still_be_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vectors.safetensors"
    written = write(path)
    found = read_embedded(path, KEY)
    content = bytearray(path.read_bytes())
    path.unlink()
    assert found is not None
    np.testing.assert_array_equal(found.matrix.vectors, written)
    content[-1_000] ^= 1
    path.write_bytes(content)
    assert read_embedded(path, KEY) is None
    path.write_bytes(content[:1_000])
    assert read_embedded(path, KEY) is None
