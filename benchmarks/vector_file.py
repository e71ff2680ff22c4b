"""`vector_file`: the rows that 50,000 words need from a word2vec text file of 400,000 x 300.

The file is the installed GloVe vectors of dimension 50, six times side by side, written to a temporary folder
(about 1 GB) before the clock starts, so both sides read it from the page cache. gensim has no way to leave rows
out: its loader reads all of them, and that is what a person would run.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import psutil

from benchmarks.results_file import Metric, Outcome, ratio, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock
from pipeline.core.values import Float32
from pipeline.embeddings.packages import PACKAGES, package_folder

ROUNDS = 3
SOURCE = "glove-6b-50d"
REPEATS_OF_A_ROW, WANTED_SHARE = 6, 1 / 8
WANTED_SEED = 20_260_101
FILE = "vectors.txt"
_ROWS_AT_ONCE = 20_000
_MB_PER_MIB = 2**20 / 1e6


def measure(options: Options) -> Outcome:
    """Write the file, then read it by both sides in turn."""
    with tempfile.TemporaryDirectory(prefix="embedseq-") as folder:
        size = write_file(Path(folder) / FILE, options.documents)
        sides = replace(options, corpora=Path(folder))
        runs = alternate(__name__, tuple(SIDES), sides, options.repeats or ROUNDS)
    ours, theirs = runs["embedseq"], runs["gensim"]
    return Outcome(
        [
            ratio(
                "times_as_fast_as_load_word2vec_format",
                [run["seconds"] for run in theirs],
                [run["seconds"] for run in ours],
                "times as fast as gensim KeyedVectors.load_word2vec_format at reading one word in eight",
                target=5.0,
            ),
            _peak("peak_mb_above_start", ours, "peak memory above the start", target=400.0),
            _peak("gensim_peak_mb_above_start", theirs, "the same of gensim"),
            _equality(ours),
            seconds("seconds", [run["seconds"] for run in ours], "seconds to read the wanted rows"),
        ],
        {"runs": runs, "file_bytes": size},
    )


def _peak(id: str, runs: list[Figures], what: str, target: float | None = None) -> Metric:
    repeats = tuple((run["peak_mib"] - run["start_mib"]) * _MB_PER_MIB for run in runs)
    value = float(np.median(repeats))
    return Metric(id, value, "MB", "lower", 0.1, what, target=target, repeats=repeats)


def _equality(runs: list[Figures]) -> Metric:
    what = "all wanted words found, with the vectors that were written (1: equal)"
    return Metric(
        "vectors_equal", float(all(run["equal"] for run in runs)), "of 1", "higher", 0.0, what, target=1.0
    )


def write_file(path: Path, rows: int | None) -> int:
    """Write word2vec text of the first `rows` words (all if None) and return its length in bytes."""
    words, vectors = _source(rows)
    dimension = vectors.shape[1] * REPEATS_OF_A_ROW
    with path.open("wb") as file:
        file.write(f"{len(words)} {dimension}\n".encode())
        for first in range(0, len(words), _ROWS_AT_ONCE):
            part = slice(first, first + _ROWS_AT_ONCE)
            columns = pl.DataFrame(np.ascontiguousarray(vectors[part])).cast(pl.String)
            numbers = columns.select(pl.concat_str(pl.all(), separator=" ")).to_series()
            row = [words[part], *[numbers.alias(str(copy)) for copy in range(REPEATS_OF_A_ROW)]]
            lines = pl.DataFrame(row).select(pl.concat_str(pl.all(), separator=" ")).to_series()
            file.write(("\n".join(lines.to_list()) + "\n").encode())
        return file.tell()


def _source(rows: int | None) -> tuple[pl.Series, Float32]:
    """Return the installed words and vectors; float32 (W, 50), mapped into memory."""
    package, folder = PACKAGES[SOURCE], package_folder(SOURCE)
    words = pl.read_parquet(folder / package.words).to_series().alias("word")
    return words[:rows], np.load(folder / package.vectors, mmap_mode="r")[:rows]


def _wanted(n_words: int) -> np.ndarray:
    """Return the rows of the wanted words, ascending."""
    generator = np.random.default_rng(WANTED_SEED)
    return np.sort(generator.choice(n_words, int(n_words * WANTED_SHARE), replace=False))


def run_embedseq(options: Options, seed: int) -> Figures:
    """Measure this project, and compare what it read with what was written."""
    from pipeline.embeddings.files.reading import read_vector_file

    words, vectors = _source(options.documents)
    rows = _wanted(len(words))
    wanted = words.gather(rows)
    start = psutil.Process().memory_info().rss / 2**20
    with clock() as figures:
        file = read_vector_file(options.folder / FILE, wanted)
    same_words = file.words.to_list() == wanted.to_list()
    equal = same_words and np.array_equal(file.vectors, np.tile(vectors[rows], REPEATS_OF_A_ROW))
    return {**figures, "start_mib": start, "rows": len(file.words), "equal": bool(equal)}


def run_gensim(options: Options, seed: int) -> Figures:
    """Measure gensim's loader."""
    from gensim.models import KeyedVectors

    start = psutil.Process().memory_info().rss / 2**20
    with clock() as figures:
        keyed = KeyedVectors.load_word2vec_format(str(options.folder / FILE))
    return {**figures, "start_mib": start, "rows": len(keyed)}


SIDES: dict[str, Side] = {"embedseq": run_embedseq, "gensim": run_gensim}
