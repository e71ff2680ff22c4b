"""`tuned_step`: one training step of an LSTM (128 units, 64 documents of 200 tokens) with a table of 30,000 x 300.

Three ways take steps in turn, in one process, on the same batches: the table frozen; the table tuned as this
project does it, only the rows of the batch; the table tuned as Keras does it, `compile` and `train_on_batch`. Words
are drawn as text has them (the r-th most frequent with weight 1 / (r + 2.7)), since the cost of tuning a batch's
rows depends on how many different words it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock

ROUNDS, WARM_STEPS, STEPS = 3, 3, 12
DOCUMENTS, TOKENS, ROWS, DIMENSION, UNITS, CLASSES = 64, 200, 30_000, 300, 128, 2
MOST = 1.4  # a tuned step may take so many times as long as a frozen one
TRAINING_DOCUMENTS = 25_000  # of the corpus that batch size and learning rate are those of
WAYS = ("frozen", "tuned", "keras")

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


def measure(options: Options) -> Outcome:
    """Return how many times as long as a frozen step a tuned one takes, here and in Keras."""
    runs = alternate(__name__, ("steps",), options, options.repeats or ROUNDS)["steps"]
    step = {way: [median(run[way]) for run in runs] for way in WAYS}
    metrics = [
        _times("tuned_over_frozen", step["tuned"], step["frozen"], "a tuned step / a frozen step", MOST),
        _times("keras_over_frozen", step["keras"], step["frozen"], "Keras's tuned step / a frozen step"),
        *(seconds(f"seconds_{way}", step[way], f"seconds of a step, {way}") for way in WAYS),
    ]
    return Outcome(metrics, {"runs": runs})


def _times(id: str, ours: list[float], base: list[float], what: str, target: float | None = None) -> Metric:
    rounds = tuple(one / other for one, other in zip(ours, base, strict=True))
    return Metric(id, median(rounds), "times", "lower", 0.1, what, target=target, repeats=rounds)


def run_steps(options: Options, seed: int) -> Figures:
    """Return the seconds of each step of each way, and the distinct words of a batch."""
    batches = draw_batches(np.random.default_rng(seed), WARM_STEPS + STEPS)
    with clock() as figures:
        steps = {"frozen": our_step(tuned=False), "tuned": our_step(tuned=True), "keras": _keras_step()}
        taken: dict[str, list[float]] = {way: [] for way in WAYS}
        for batch in batches:
            for way in WAYS:
                start = time.perf_counter()
                steps[way](batch)
                taken[way].append(time.perf_counter() - start)
    distinct = [len(np.unique(rows)) for rows, _, _ in batches]
    return {**figures, **{way: taken[way][WARM_STEPS:] for way in WAYS}, "distinct_words": median(distinct)}


def draw_batches(generator: np.random.Generator, count: int) -> list[Batch]:
    """Return (rows (B, T), lengths (B,), labels (B,)) of each batch, int32."""
    weights = 1.0 / (np.arange(ROWS - 2) + 3.7)
    lengths = np.full(DOCUMENTS, TOKENS, dtype=np.int32)
    return [
        (
            generator.choice(ROWS - 2, (DOCUMENTS, TOKENS), p=weights / weights.sum()).astype(np.int32) + 2,
            lengths,
            generator.integers(CLASSES, size=DOCUMENTS, dtype=np.int32),
        )
        for _ in range(count)
    ]


def _model(*, tuned: bool) -> Any:
    """Return an LSTM as the project builds it, with the default dropout, on a random table."""
    from pipeline.core.values import EmbeddingMatrix
    from pipeline.models.networks.build import build, specify
    from pipeline.settings.tables import NetworkSettings

    vectors = 0.5 * np.random.default_rng(0).standard_normal((ROWS, DIMENSION), dtype=np.float32)
    vectors[0] = 0.0
    matrix = EmbeddingMatrix(vectors, np.arange(ROWS) > 1, "random")
    model = build(specify("lstm", "", matrix, tuned, CLASSES, NetworkSettings(units=UNITS)))
    model.get_layer("embedding").set_weights([vectors])
    return model


def our_step(*, tuned: bool) -> Callable[[Batch], object]:
    from pipeline.models.networks.step import training_step
    from pipeline.settings.tables import Config, settled

    settings = settled(Config(), "lstm", TRAINING_DOCUMENTS).networks
    step = training_step(_model(tuned=tuned), settings, tuned=tuned)
    return lambda batch: float(step.run(batch[:2], batch[2], settings.learning_rate)[0])


def _keras_step() -> Callable[[Batch], object]:
    import keras

    from pipeline.settings.tables import Config, settled

    settings, model = settled(Config(), "lstm", TRAINING_DOCUMENTS).networks, _model(tuned=True)
    model.compile(
        keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip_norm),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return lambda batch: model.train_on_batch([batch[0], batch[1]], batch[2])


SIDES: dict[str, Side] = {"steps": run_steps}
