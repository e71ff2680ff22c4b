"""`lstm_epoch`: one pass of an LSTM (64 units, dimension 100, 400 tokens, batches of 64) over IMDB.

Both sides train on the same 22,500 documents (nine tenths of the training file, the same share of both labels)
for three epochs, on the processor, without validation inside the epoch, and are tested on the test file.
Ours is this project with its defaults but for the 64 units. The peer is what a person would write by hand from the
libraries' tutorials: gensim's `simple_preprocess` and CBOW vectors of words that occur five times, documents
padded to 400, a masked and trained Keras embedding, LSTM, dropout, one sigmoid. A round's number is its seed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from benchmarks.imdb import TEST, TRAIN, read_reviews, split_positions
from benchmarks.results_file import Metric, Outcome, peak_mib, ratio, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock

ROUNDS, EPOCHS = 2, 3
UNITS, DIMENSION, MAX_TOKENS, BATCH = 64, 100, 400, 64
HELD_OUT = 0.1
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
    from pipeline.networks.documents import Labelled
    from pipeline.networks.models import specify
    from pipeline.networks.prediction import predict_probabilities
    from pipeline.networks.training import fit_network

    with clock() as figures:
        start = time.perf_counter()
        embedded, train, test, settings = _prepare(options, seed, source)
        prepared = time.perf_counter() - start
        spec = specify("lstm", "", embedded.matrix, embedded.tuned, 2, settings)
        fitted = fit_network(
            spec, embedded.matrix.vectors, Labelled(*train), None, settings, seed=seed, epochs=EPOCHS
        )
        predicted = predict_probabilities(fitted.model, test[0], 2).argmax(axis=1)
    return {
        **figures,
        "prepare_seconds": prepared,
        "epoch_seconds": [epoch.seconds for epoch in fitted.epochs],
        "accuracy": float((predicted == test[1]).mean()),
        "vocabulary": len(embedded.vocabulary),
        "training_documents": len(train[1]),
    }


def _prepare(options: Options, seed: int, source: str) -> tuple[Any, Any, Any, Any]:
    """Return the embedding, (documents, labels) of training and test, and the network's settings."""
    import numpy as np
    import polars as pl

    from pipeline.config import Config, NetworkSettings, TokenizerSettings
    from pipeline.embeddings import EmbeddingRequest, embed
    from pipeline.fit_networks import encode_covered
    from pipeline.indices import build_vocabulary, take
    from pipeline.networks.batches import visible
    from pipeline.tokenizer import select, tokenize

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
    settings = NetworkSettings(units=UNITS, batch_size=BATCH, max_tokens=MAX_TOKENS)
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
        train, test, vectors = _prepare_by_hand(options, seed)
        prepared = time.perf_counter() - start
        model = _model_by_hand(vectors)
        stopwatch = _stopwatch()
        model.fit(*train, epochs=EPOCHS, batch_size=BATCH, shuffle=True, verbose=0, callbacks=[stopwatch])
        _, accuracy = model.evaluate(*test, batch_size=256, verbose=0)
    return {
        **figures,
        "prepare_seconds": prepared,
        "epoch_seconds": stopwatch.seconds,
        "accuracy": float(accuracy),
        "vocabulary": len(vectors),
        "training_documents": len(train[1]),
    }


def _prepare_by_hand(options: Options, seed: int) -> tuple[Any, Any, Any]:
    """Return (padded rows, labels) of training and test documents, and the embedding table (V, D)."""
    import numpy as np
    from gensim.models import Word2Vec
    from gensim.utils import simple_preprocess
    from keras.utils import pad_sequences

    train_file, test_file = read_reviews(options, TRAIN), read_reviews(options, TEST)
    kept, _ = split_positions(train_file["label"], HELD_OUT, seed=0)
    words = {
        "train": [simple_preprocess(text) for text in train_file["text"].gather(kept)],
        "test": [simple_preprocess(text) for text in test_file["text"]],
    }
    word2vec = Word2Vec(
        words["train"], vector_size=DIMENSION, window=5, min_count=5, epochs=5, workers=2, seed=seed + 1
    )
    row = {word: number for number, word in enumerate(word2vec.wv.index_to_key, start=2)}
    vectors = np.vstack([np.zeros((2, DIMENSION)), word2vec.wv.vectors]).astype(np.float32)  # (V, D)
    labels = {
        "train": (train_file["label"].gather(kept) == "pos").to_numpy().astype(np.int32),
        "test": (test_file["label"] == "pos").to_numpy().astype(np.int32),
    }
    padded = {
        part: pad_sequences(
            [[row.get(word, 1) for word in document] for document in documents],
            maxlen=MAX_TOKENS,
            padding="post",
            truncating="post",
        )  # (N, 400)
        for part, documents in words.items()
    }
    return (padded["train"], labels["train"]), (padded["test"], labels["test"]), vectors


def _model_by_hand(vectors: Any) -> Any:
    import keras

    table = keras.layers.Embedding(
        *vectors.shape,
        embeddings_initializer=keras.initializers.Constant(vectors),
        mask_zero=True,
        trainable=True,
    )
    model = keras.Sequential(
        [
            table,
            keras.layers.LSTM(UNITS),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


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
