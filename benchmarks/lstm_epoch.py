"""`lstm_epoch`: one pass of an LSTM (64 units, dimension 100, 400 tokens, batches of 64) over IMDB.

Both sides train on the same 22,500 documents (nine tenths of the training file, the same share of both labels)
for three epochs, on the processor, without validation inside the epoch, and are tested on the test file.
Ours is this project with its defaults but for the 64 units. The peer is what a person would write by hand from the
libraries' tutorials: gensim's `simple_preprocess` and CBOW vectors of words that occur five times, documents
padded to 400, a masked and trained Keras embedding, LSTM, dropout, one sigmoid. A round's number is its seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from benchmarks.by_hand import (
    BATCH,
    EPOCHS,
    MAX_TOKENS,
    UNITS,
    model_by_hand,
    rows_by_hand,
    split_by_hand,
    vectors_by_hand,
    words_by_hand,
)
from benchmarks.imdb import HELD_OUT, TEST, TRAIN, read_reviews, split_positions
from benchmarks.results_file import Metric, Outcome, peak_mib, ratio, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock

ROUNDS = 2
OURS = {"frozen": "word2vec", "tuned": "word2vec:tuned"}


def measure(options: Options) -> Outcome:
    """Train all sides in turn."""
    runs = alternate(__name__, tuple(SIDES), options, options.repeats or ROUNDS)
    epoch = {side: [median(run["epoch_seconds"]) for run in runs[side]] for side in SIDES}
    right = {side: [100 * run["accuracy"] for run in runs[side]] for side in SIDES}
    metrics = [metric for mode in OURS for metric in _metrics_of(mode, epoch, right)]
    for side in SIDES:
        metrics.append(seconds(f"seconds_{side}", epoch[side], f"seconds of an epoch, {side}"))
        metrics.append(
            _accuracy(f"accuracy_{side}", right[side], f"test accuracy after {EPOCHS} epochs, {side}")
        )
    memory = [run["peak_mib"] for run in runs["frozen"]]
    metrics.append(peak_mib("peak_mib_frozen", memory, "peak memory of preparing and training, frozen"))
    return Outcome(metrics, {"runs": runs})


def _metrics_of(
    mode: str, epoch: dict[str, list[float]], right: dict[str, list[float]]
) -> tuple[Metric, Metric]:
    gains = [ours - theirs for ours, theirs in zip(right[mode], right["handwritten"], strict=True)]
    speed = ratio(
        f"times_as_fast_{mode}",
        epoch["handwritten"],
        epoch[mode],
        f"an epoch is times as fast as the hand-written script's, word2vec {mode}",
        target=3.0,
    )
    what = f"test accuracy after {EPOCHS} epochs less the hand-written script's, word2vec {mode}"
    return speed, _accuracy(f"accuracy_gain_{mode}", gains, what, target=0.0, unit="points")


def _accuracy(
    id: str, repeats: Sequence[float], what: str, target: float | None = None, unit: str = "%"
) -> Metric:
    return Metric(
        id, fmean(repeats), unit, "higher", 1.0, f"{what} (mean of rounds)", "unit", target, tuple(repeats)
    )


# --- this project ----------------------------------------------------------------------------------------


def run_embedseq(options: Options, seed: int, source: str) -> Figures:
    """Measure this project: tokens, vocabulary, word2vec, then three epochs and the test documents."""
    from pipeline.models.networks.build import specify
    from pipeline.models.networks.labelled import Labelled
    from pipeline.models.networks.prediction import predict_probabilities
    from pipeline.models.networks.training import fit_network

    with clock() as figures:
        start = time.perf_counter()
        embedded, train, test, settings = _prepare(options, seed, source)
        prepared = time.perf_counter() - start
        spec = specify("lstm", "", embedded.matrix, embedded.tuned, 2, settings)
        fitted = fit_network(spec, embedded.matrix.vectors, Labelled(*train), None, settings, seed=seed)
        predicted = predict_probabilities(fitted.model, test[0], 2).argmax(axis=1)
    return {
        **figures,
        "prepare_seconds": prepared,
        "epoch_seconds": _seconds_of_epochs(fitted.history),
        "accuracy": float((predicted == test[1]).mean()),
        "vocabulary": len(embedded.vocabulary),
        "training_documents": len(train[1]),
    }


def _seconds_of_epochs(history: Sequence[Any]) -> list[float]:
    """Return the seconds of each pass over the training documents, of which there may be several evaluations."""
    seconds = [0.0] * EPOCHS
    for one in history:
        seconds[math.ceil(one.epochs) - 1] += one.seconds
    return seconds


def _prepare(options: Options, seed: int, source: str) -> tuple[Any, Any, Any, Any]:
    """Return the embedding, (documents, labels) of training and test, and the network's settings."""
    import numpy as np
    import polars as pl

    from pipeline.embeddings.request import EmbeddingRequest
    from pipeline.embeddings.table import embed, encode_covered
    from pipeline.models.networks.batches import visible
    from pipeline.settings.tables import Config, NetworkSettings, TokenizerSettings
    from pipeline.text.ragged import select, take
    from pipeline.text.tokenizer import tokenize
    from pipeline.text.vocabulary import build_vocabulary

    train_file, test_file = read_reviews(options, TRAIN), read_reviews(options, TEST)
    kept, _ = split_positions(train_file["label"], HELD_OUT, seed=0)
    both = pl.concat([train_file, test_file])
    labels = (both["label"] == "pos").to_numpy().astype(np.int32)
    tokenized = tokenize(both["text"], TokenizerSettings())
    training = select(tokenized, kept)
    config = Config()
    embedded = embed(
        source,
        EmbeddingRequest(
            vocabulary=build_vocabulary(training),
            train=training,
            corpus_types=tokenized.types,
            unlabelled=None,
            word2vec=config.word2vec,
            embeddings=config.embeddings,
            seed=seed,
            deterministic=False,
            on_epoch=lambda done, total: None,
        ),
    )
    settings = NetworkSettings(
        units=UNITS, batch_size=BATCH, max_tokens=MAX_TOKENS, learning_rate=2e-3, max_epochs=EPOCHS
    )
    documents = visible(
        encode_covered(tokenized, embedded), max_tokens=MAX_TOKENS, keep=settings.keep
    ).indexed
    tested = np.arange(len(train_file), len(both), dtype=np.int64)
    return (
        embedded,
        (take(documents, kept), labels[kept]),
        (take(documents, tested), labels[tested]),
        settings,
    )


def run_frozen(options: Options, seed: int) -> Figures:
    """Measure frozen word2vec vectors, the default."""
    return run_embedseq(options, seed, OURS["frozen"])


def run_tuned(options: Options, seed: int) -> Figures:
    """Measure word2vec vectors that are trained on, as the peer's are."""
    return run_embedseq(options, seed, OURS["tuned"])


# --- the hand-written way --------------------------------------------------------------------------------


def run_handwritten(options: Options, seed: int) -> Figures:
    """Measure the tutorials' way, from the texts to the test accuracy."""
    import keras

    keras.utils.set_random_seed(seed)
    with clock() as figures:
        start = time.perf_counter()
        parts = split_by_hand(options)
        del parts["held_out"]
        words = {name: words_by_hand(part.texts) for name, part in parts.items()}
        table = vectors_by_hand(words["train"], seed)
        rows = {name: rows_by_hand(documents, table) for name, documents in words.items()}
        prepared = time.perf_counter() - start
        model = model_by_hand("lstm", table.vectors)
        stopwatch = _stopwatch()
        model.fit(
            rows["train"],
            parts["train"].labels,
            epochs=EPOCHS,
            batch_size=BATCH,
            shuffle=True,
            verbose=0,
            callbacks=[stopwatch],
        )
        _, accuracy = model.evaluate(rows["test"], parts["test"].labels, batch_size=256, verbose=0)
    return {
        **figures,
        "prepare_seconds": prepared,
        "epoch_seconds": stopwatch.seconds,
        "accuracy": float(accuracy),
        "vocabulary": len(table.vectors),
        "training_documents": len(parts["train"].labels),
    }


def _stopwatch() -> Any:
    import keras

    class Stopwatch(keras.callbacks.Callback):
        """Take the seconds of each epoch."""

        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []
            self._start = 0.0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            self._start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            self.seconds.append(time.perf_counter() - self._start)

    return Stopwatch()


SIDES: dict[str, Side] = {"frozen": run_frozen, "tuned": run_tuned, "handwritten": run_handwritten}
