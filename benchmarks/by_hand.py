"""What a person would write by hand for IMDB, from the libraries' own tutorials: the peer of two scenarios.

Bag of words and TF-IDF by scikit-learn's vectorizers (1-2-grams in two documents or more) and logistic regression;
gensim's `simple_preprocess` and CBOW vectors of words that occur five times; documents padded to 400 with a mask;
a trained Keras embedding, SimpleRNN or LSTM, dropout, one sigmoid. A tenth of the training documents, the same
share of both labels, is held out from the networks and looked at after each epoch; nothing stops early.

`python -m benchmarks.by_hand --corpora CORPORA` does all of it and prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.imdb import HELD_OUT, TEST, TRAIN, read_reviews, split_positions
from benchmarks.sides import Options
from pipeline.core.values import Float32, Int32

UNITS, DIMENSION, MAX_TOKENS, BATCH, EPOCHS = 64, 100, 400, 64, 3
MODELS = ("bow", "tfidf", "rnn", "lstm")
_PADDING, _UNKNOWN = 0, 1


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the reviews."""

    texts: list[str]
    labels: Int32  # (N,); 1 is positive


@dataclass(frozen=True, eq=False)
class Table:
    """Word vectors."""

    rows: dict[str, int]
    vectors: Float32  # (V, D)


def split_by_hand(options: Options) -> dict[str, Part]:
    """Return the documents to train networks on, those held out, and the test documents."""
    train, test = read_reviews(options, TRAIN), read_reviews(options, TEST)
    kept, held_out = split_positions(train["label"], HELD_OUT, seed=0)
    return {"train": _part(train[kept]), "held_out": _part(train[held_out]), "test": _part(test)}


def _part(reviews: pl.DataFrame) -> Part:
    return Part(reviews["text"].to_list(), (reviews["label"] == "pos").to_numpy().astype(np.int32))


def classify_by_hand(model: str, train: Part, test: Part) -> float:
    """Return the test accuracy of `bow` or `tfidf`."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    settings: dict[str, Any] = {"ngram_range": (1, 2), "min_df": 2}
    vectorizers = {
        "bow": lambda: CountVectorizer(**settings),
        "tfidf": lambda: TfidfVectorizer(sublinear_tf=True, **settings),
    }
    vectorizer = vectorizers[model]()
    counts = vectorizer.fit_transform(train.texts)  # (N, F)
    classifier = LogisticRegression(max_iter=1000).fit(counts, train.labels)
    return float(classifier.score(vectorizer.transform(test.texts), test.labels))


def words_by_hand(texts: Sequence[str]) -> list[list[str]]:
    """Return each document's words: lower-cased letters, 2 to 15 of them."""
    from gensim.utils import simple_preprocess

    return [simple_preprocess(text) for text in texts]


def vectors_by_hand(words: list[list[str]], seed: int) -> Table:
    """Return gensim's CBOW vectors, below a row for padding and one for unknown words."""
    from gensim.models import Word2Vec

    word2vec = Word2Vec(
        words, vector_size=DIMENSION, window=5, min_count=5, epochs=5, workers=2, seed=seed + 1
    )
    rows = {word: row for row, word in enumerate(word2vec.wv.index_to_key, start=_UNKNOWN + 1)}
    vectors = np.vstack([np.zeros((2, DIMENSION)), word2vec.wv.vectors]).astype(np.float32)  # (V, D)
    return Table(rows, vectors)


def rows_by_hand(words: list[list[str]], table: Table) -> Int32:
    """Return the first words of each document as rows of the table, padded at the end; int32 (N, 400)."""
    from keras.utils import pad_sequences

    rows = [[table.rows.get(word, _UNKNOWN) for word in document] for document in words]
    padded: Int32 = pad_sequences(
        rows, maxlen=MAX_TOKENS, padding="post", truncating="post", value=_PADDING
    )  # (N, 400)
    return padded


def model_by_hand(cell: str, vectors: Float32) -> Any:
    """Return a compiled Keras model: masked and trained embedding, `rnn` or `lstm`, dropout, one sigmoid."""
    import keras

    cells = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM}
    embedding = keras.layers.Embedding(
        *vectors.shape,
        embeddings_initializer=keras.initializers.Constant(vectors),
        mask_zero=True,
        trainable=True,
    )
    layers = [
        embedding,
        cells[cell](UNITS),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def train_by_hand(cell: str, vectors: Float32, rows: dict[str, Int32], parts: dict[str, Part]) -> float:
    """Return a network's test accuracy after the last epoch."""
    import keras

    keras.utils.set_random_seed(0)
    model = model_by_hand(cell, vectors)
    model.fit(
        rows["train"],
        parts["train"].labels,
        validation_data=(rows["held_out"], parts["held_out"].labels),
        epochs=EPOCHS,
        batch_size=BATCH,
        shuffle=True,
        verbose=0,
    )
    _, accuracy = model.evaluate(rows["test"], parts["test"].labels, batch_size=256, verbose=0)
    return exact_share(float(accuracy), len(rows["test"]))


def exact_share(share: float, n_docs: int) -> float:
    """Return a share of documents that Keras rounded to float32 as it is: a whole number by `n_docs`."""
    return round(share * n_docs) / n_docs


def run_by_hand(options: Options) -> dict[str, dict[str, float]]:
    """Return test accuracies by model, and seconds by step."""
    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = call()
        seconds[name] = time.perf_counter() - start
        return result

    parts = timed("read", lambda: split_by_hand(options))
    both = Part(  # the linear models need no documents held out
        parts["train"].texts + parts["held_out"].texts,
        np.concatenate([parts["train"].labels, parts["held_out"].labels]),
    )
    accuracies = {
        model: timed(model, lambda model=model: classify_by_hand(model, both, parts["test"]))
        for model in ("bow", "tfidf")
    }
    words = timed("words", lambda: {name: words_by_hand(part.texts) for name, part in parts.items()})
    table = timed("word2vec", lambda: vectors_by_hand(words["train"] + words["held_out"], seed=0))
    rows = timed("rows", lambda: {name: rows_by_hand(documents, table) for name, documents in words.items()})
    for cell in ("rnn", "lstm"):
        accuracies[cell] = timed(cell, lambda cell=cell: train_by_hand(cell, table.vectors, rows, parts))
    return {"accuracies": accuracies, "seconds": seconds}


def main() -> None:
    """Do everything for the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--documents", type=int)
    given = parser.parse_args()
    print(json.dumps(run_by_hand(Options(given.corpora, given.documents))))


if __name__ == "__main__":
    main()
