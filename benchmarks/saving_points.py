"""What it costs to save where a training stands.

    python -m benchmarks.saving_points [--minutes 3] [--seconds 60]

Trains an LSTM of 64 units on random documents of 200 words until the minutes are over, once with a frozen table of
40,000 x 100 and once with a tuned one of 40,000 x 300, which makes the largest points. Both clocks run in the process
that trains: the seconds inside `SavePoint`, and those of the whole training. Decision 0035 has the figures.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from pipeline.core.values import PADDING_ROW, EmbeddingMatrix, IndexedCorpus
from pipeline.models.networks.build import specify
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.save_point import FILE, SavePoint
from pipeline.models.networks.training import fit_network
from pipeline.settings.tables import NetworkSettings

ROWS, DOCUMENTS, WORDS = 40_000, 20_000, 200


class _TimeIsUp(Exception):
    pass


def measure(dimension: int, tuned: bool, minutes: float, least_seconds: float) -> str:
    """Return what was measured of one training as a row."""
    draw = np.random.default_rng(0)
    vectors = draw.standard_normal((ROWS, dimension), dtype=np.float32)
    vectors[PADDING_ROW] = 0.0
    indices = np.minimum(draw.zipf(1.2, DOCUMENTS * WORDS), ROWS - 1).astype(np.int32)
    offsets = np.arange(0, DOCUMENTS * WORDS + 1, WORDS)
    labels = draw.integers(0, 2, DOCUMENTS).astype(np.int32)
    train = Labelled(IndexedCorpus(indices, offsets), labels)
    judged = Labelled(IndexedCorpus(indices[: 100 * WORDS], offsets[:101]), labels[:100])
    settings = NetworkSettings(units=64, batch_size=32, learning_rate=2e-3, evaluate_every=20)
    matrix = EmbeddingMatrix(vectors, np.ones(ROWS, dtype=bool), "random")
    spec, updates = specify("lstm", "", matrix, tuned, 2, settings), 0
    with tempfile.TemporaryDirectory() as folder:
        point = SavePoint(Path(folder), least_seconds, print)
        start = time.perf_counter()

        def on_evaluation(now: Evaluation) -> None:
            nonlocal updates
            updates = now.updates
            if time.perf_counter() - start > 60 * minutes:
                raise _TimeIsUp

        with suppress(_TimeIsUp):
            fit_network(
                spec,
                vectors,
                train,
                judged,
                settings,
                seed=0,
                on_evaluation=on_evaluation,
                save_point=point,
            )
        took = time.perf_counter() - start
        size = (Path(folder) / FILE).stat().st_size / 2**20
    share = point.spent / took
    return (
        f"| {ROWS:,} x {dimension}, {'tuned' if tuned else 'frozen'} | {size:.1f} | {updates:,} | {took:.0f} "
        f"| {point.saves} | {point.spent:.2f} | {share:.2%} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    print("| table | MiB | updates | seconds of training | saves | seconds in them | share |")
    for dimension, tuned in ((100, False), (300, True)):
        print(measure(dimension, tuned, options.minutes, options.seconds), flush=True)
