"""Damaged vector files of every kind: rows or a PipelineError, never another exception, never much memory."""

from __future__ import annotations

import random
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from vector_file_variants import VARIANTS

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.reading import read_vector_file

WORDS = ["the", "film", "is", "good", "bad", "plot", "caf\u00e9"]
VECTORS = np.array([[number + 0.25, -number - 0.5, 0.125] for number in range(7)], dtype=np.float32)
WANTED = pl.Series(["film", "good", "plots", "caf\u00e9", "absent"])
MOST_BYTES = 48 << 20  # a block of 4 MiB, the strongest dictionaries of packings, no more
DIGITS = b"0123456789-+.eE,:;\t \n\r\"'/_|{}[]\x00\xff\x80"


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with one to four changes: turned, cut, doubled, put in, moved."""
    content = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not content:
            break
        at = min(chance.randrange(len(content)), chance.choice([len(content), 200]))
        match chance.randrange(7):
            case 0:
                content[min(at, len(content) - 1)] = chance.randrange(256)
            case 1:
                del content[at : at + chance.choice([1, 2, 8, 64])]
            case 2:
                content[at:at] = content[at : at + chance.choice([1, 4, 16])]
            case 3:
                content[at:at] = bytes([chance.choice(DIGITS)]) * chance.choice([1, 1, 3, 9])
            case 4:
                del content[at:]
            case 5:
                content[at : at + 8] = chance.choice(
                    [b"\xff" * 8, bytes(8), (1 << chance.randrange(64)).to_bytes(8, "little")]
                )
            case 6:
                content[at : at + 3] = str(10 ** chance.randrange(19)).encode()
    return bytes(content)


def files_of(path: Path) -> list[Path]:
    """Return every file that a variant consists of."""
    return sorted(file for file in path.parent.rglob("*") if file.is_file())


def mutations(folder: Path, count: int, seed: int) -> Iterator[tuple[str, Path]]:
    """Yield the name of a kind of file and one of its kind with a file changed, `count` times."""
    chance = random.Random(seed)
    built = {}
    for place, (name, variant) in enumerate(VARIANTS.items()):
        own = folder / "whole" / str(place)
        own.mkdir(parents=True)
        built[name] = variant.build(own, WORDS, VECTORS)
    for number in range(count):
        name = list(VARIANTS)[number % len(VARIANTS)]
        whole, copy = built[name].parent, folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole, copy)
        changed = chance.choice(files_of(copy / built[name].name))
        changed.write_bytes(mutated(changed.read_bytes(), chance))
        yield name, copy / built[name].name


def read_all(folder: Path, count: int, seed: int) -> None:
    """Read mutated files; fail on what is no PipelineError, and on much memory."""
    for number, (name, path) in enumerate(mutations(folder, count, seed)):
        tracemalloc.start()
        try:
            file = read_vector_file(path, WANTED)
            assert file.vectors.shape == (len(file.words), file.dimension)
            assert file.words.n_unique() == len(file.words)
            if file.subwords is not None:
                assert file.subwords(WANTED).shape == (len(WANTED), file.dimension)
        except PipelineError:
            pass
        except Exception as error:
            pytest.fail(f"mutation {number} of {name} (seed {seed}): {type(error).__name__}: {error}")
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < MOST_BYTES, f"mutation {number} of {name} (seed {seed}): {peak >> 20} MiB"


@pytest.mark.longer
def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    read_all(tmp_path, 300, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_damaged_files_are_read_or_refused(seed: int, tmp_path: Path) -> None:
    read_all(tmp_path, 1000, seed)
