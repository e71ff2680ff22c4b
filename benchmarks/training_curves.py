"""Whole courses of training on splits inside training files: what the training defaults are chosen from.

    python -m benchmarks.training_curves --corpora CORPORA --out CURVES.jsonl

Each line of the result is one training: after every half pass the moving average of its weights answers the validation
documents and the inner test documents. A rule for stopping is a function of such a course, so that rules are compared
without training again. No document of an official test file is read. The criterion and what was chosen by it stand
in `docs/decisions/0025-training-defaults-inside-training-files.md`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.core.console import Console
from pipeline.core.names import parse_network
from pipeline.core.values import Float32, Int32, Int64
from pipeline.embeddings.request import EmbeddingRequest
from pipeline.embeddings.table import Embedded, embed, encode_covered
from pipeline.experiment.data import read_and_split
from pipeline.models.networks.batches import batches, visible
from pipeline.models.networks.build import build, specify
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.prediction import forget_graphs, predict_with, prediction_step
from pipeline.models.networks.step import training_step
from pipeline.models.networks.training import _standardise_averages
from pipeline.settings.tables import Config, with_values
from pipeline.text.ragged import select, take
from pipeline.text.tokenizer import tokenize
from pipeline.text.vocabulary import build_vocabulary

SPLITS, SEEDS = 5, 3
MOST_TIMESTEPS = 25_600


@dataclass(frozen=True)
class Setting:
    """One network and how it is trained."""

    model: str
    batch_size: int
    rate: float


SETTINGS = {
    f"{model}-b{batch}-r{rate}": Setting(model, batch, rate)
    for model, choices in {
        "lstm": [(64, 0.004), (32, 0.004), (32, 0.002), (16, 0.004), (16, 0.002)],
        "lstm:max": [(64, 0.004), (32, 0.004), (16, 0.004), (16, 0.002), (64, 0.002)],
        "bilstm": [(64, 0.004), (32, 0.004)],
        "rnn": [(64, 0.002), (32, 0.002), (16, 0.001), (16, 0.002)],
        "ann": [(64, 0.002), (32, 0.002), (16, 0.002)],
    }.items()
    for batch, rate in choices
}


@dataclass(frozen=True)
class CorpusCase:
    """A corpus, cut down to what is open to choices, and for how many passes it is trained."""

    read: Callable[[Path], pl.DataFrame]  # columns text, label
    passes: int


def _file(name: str) -> Callable[[Path], pl.DataFrame]:
    return lambda corpora: pl.read_parquet(corpora / name).select("text", "label")


def _training_part(path: str) -> pl.DataFrame:
    """Return what a default run of a corpus without a test file does not test: its test documents stay unread."""
    config = with_values(Config(), {"corpus.path": path})
    read = read_and_split(config, Console(silent=True))
    open_to_choices = np.concatenate([read.folds[0].train, read.folds[0].validation])  # (N,)
    corpus = read.loaded.corpus
    table = pl.DataFrame({"text": corpus.texts, "label": corpus.labels})
    return table[open_to_choices]


def _bbc(_: Path) -> pl.DataFrame:
    return _training_part("bbc-news")


def _mr(corpora: Path) -> pl.DataFrame:
    return _training_part(str(corpora / "mr.parquet"))


def _phrases(corpora: Path) -> pl.DataFrame:
    """Three words in a row of each training sentence, labelled as the sentence."""
    words = pl.col("text").str.split(" ")
    start = (words.list.len() // 2 - 1).clip(0)
    phrases = _mr(corpora).with_columns(words.list.slice(start, 3).list.join(" ").alias("text"))
    return phrases.unique("text", keep="first", maintain_order=True)


def _skewed(corpora: Path) -> pl.DataFrame:
    """Sentences, 95 of a hundred of one class."""
    table = _file("sst2_train.parquet")(corpora)
    labels = table["label"].unique().sort()
    common = table.filter(pl.col("label") == labels[1])
    rare = table.filter(pl.col("label") == labels[0]).sample(n=round(len(common) / 19), seed=0)
    return pl.concat([common, rare])


CORPORA = {
    "bbc_news": CorpusCase(_bbc, 16),
    "trec": CorpusCase(_file("trec_train.parquet"), 14),
    "sst2": CorpusCase(_file("sst2_train.parquet"), 12),
    "mr": CorpusCase(_mr, 12),
    "phrases": CorpusCase(_phrases, 12),
    "skewed": CorpusCase(_skewed, 12),
    "imdb_2000": CorpusCase(lambda corpora: _file("imdb_train.parquet")(corpora).sample(2000, seed=1), 14),
    "imdb_20000": CorpusCase(lambda corpora: _file("imdb_train.parquet")(corpora).sample(20000, seed=1), 6),
}


@dataclass(frozen=True, eq=False)
class Laid:
    """One split of a corpus as the networks read it."""

    embedded: Embedded
    train: Labelled
    validation: Labelled
    test: Labelled
    n_classes: int


def lay(table: pl.DataFrame, split: int, config: Config, source: str = "word2vec") -> Laid:
    """Return a split: a tenth of the documents to judge, a tenth to test, the rest trains vectors and networks."""
    labels, (train, validation, test) = inner_parts(table, split)
    tokenized = tokenize(table["text"], config.tokenizer)
    own = select(tokenized, train)
    request = EmbeddingRequest(
        vocabulary=build_vocabulary(own),
        train=own,
        corpus_types=tokenized.types,
        unlabelled=None,
        word2vec=replace(config.word2vec, workers=1),
        embeddings=config.embeddings,
        seed=split,
        deterministic=False,
        on_epoch=lambda done, total: None,
    )
    embedded = embed(source, request)
    seen = visible(encode_covered(tokenized, embedded), max_tokens=400, keep="last").indexed

    def part_of(documents: Int64) -> Labelled:
        return Labelled(take(seen, documents), labels[documents])

    return Laid(embedded, part_of(train), part_of(validation), part_of(test), int(labels.max()) + 1)


def inner_parts(table: pl.DataFrame, split: int) -> tuple[Int32, tuple[Int64, Int64, Int64]]:
    """Return every document's class, (N,), and the documents of training, validation and inner test."""
    labels = table["label"].cast(pl.String).rank("dense").to_numpy().astype(np.int32) - 1  # (N,)
    part = _tenths(labels, np.random.default_rng([split, 7]))  # (N,)
    train, validation, test = (np.flatnonzero(chosen) for chosen in (part > 1, part == 1, part == 0))
    return labels, (train, validation, test)


def _tenths(labels: Int32, generator: np.random.Generator) -> Int64:
    """Return a number from 0 to 9 for each document, each class dealt out evenly."""
    part = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = generator.permutation(np.flatnonzero(labels == label))
        part[mine] = (np.arange(len(mine)) + generator.integers(10)) % 10
    return part


def course(
    laid: Laid, setting: Setting, seed: int, passes: int, config: Config
) -> Iterator[dict[str, float]]:
    """Train and yield, after each half pass, how validation and inner test documents are answered."""
    import keras

    settings = replace(config.networks, batch_size=setting.batch_size, learning_rate=setting.rate)
    asked = parse_network(setting.model)
    spec = specify(asked.model, asked.head, laid.embedded.matrix, False, laid.n_classes, settings)
    keras.utils.set_random_seed(seed)
    model = build(spec)
    model.get_layer("embedding").set_weights([laid.embedded.matrix.vectors])
    documents, labels = laid.train.indexed, laid.train.labels
    _standardise_averages(model, laid.embedded.matrix.vectors, documents)
    step, predict = training_step(model, settings, tuned=False), prediction_step(model)
    generator = np.random.default_rng(seed)
    updates, seconds, every = 0, 0.0, max(1, documents.n_docs // (2 * setting.batch_size))
    best, best_at = np.inf, 0
    most = passes * documents.n_docs // setting.batch_size
    while updates < most:
        start = time.process_time()
        for batch in batches(documents, setting.batch_size, generator, MOST_TIMESTEPS):
            step.run((batch.rows, batch.lengths), labels[batch.documents], setting.rate)
            updates += 1
            if updates % every:
                continue
            seconds += time.process_time() - start
            with step.averaged():
                loss, accuracy = score(predict, laid.validation, laid.n_classes)
                test_loss, test_accuracy = score(predict, laid.test, laid.n_classes)
            yield {
                "updates": updates,
                "seconds": round(seconds, 2),
                "loss": loss,
                "accuracy": accuracy,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
            }
            if loss < best:
                best, best_at = loss, updates
            if updates - best_at > 6 * documents.n_docs / setting.batch_size and updates > 600:
                return
            start = time.process_time()
        seconds += time.process_time() - start


def score(predict: Any, part: Labelled, n_classes: int) -> tuple[float, float]:
    """Return the mean cross-entropy in nats and the accuracy."""
    probabilities: Float32 = predict_with(predict, part.indexed, n_classes)  # (N, C)
    picked = np.maximum(probabilities[np.arange(len(part.labels)), part.labels].astype(np.float64), 1e-12)
    right = probabilities.argmax(axis=1) == part.labels
    return round(float(-np.log(picked).mean()), 5), round(float(right.mean()), 5)


def run(arguments: argparse.Namespace) -> None:
    """Train what the result file does not hold yet: every corpus and setting with the first seed, then more."""
    config, out = Config(), Path(arguments.out)
    done = {_key(row) for row in _rows(out)}
    corpora = arguments.corpus.split(",") if arguments.corpus else list(CORPORA)
    names = arguments.setting.split(",") if arguments.setting else list(SETTINGS)
    for seed in range(arguments.first_seed, arguments.seeds):
        for corpus in corpora:
            table = CORPORA[corpus].read(Path(arguments.corpora))
            for split in range(arguments.splits):
                wanted = [name for name in names if (corpus, name, split, seed) not in done]
                if not wanted:
                    continue
                laid = lay(table, split, config)
                for name in wanted:
                    setting = SETTINGS[name]
                    points = list(course(laid, setting, 1000 * split + seed, CORPORA[corpus].passes, config))
                    forget_graphs()
                    row = {"corpus": corpus, "setting": name, "split": split, "seed": seed}
                    row |= {"documents": laid.train.indexed.n_docs, "course": points}
                    with out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
                    best = min(points, key=lambda point: point["loss"])
                    print(corpus, name, split, seed, best, flush=True)


def _rows(out: Path) -> list[dict]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _key(row: dict) -> tuple[str, str, int, int]:
    return row["corpus"], row["setting"], row["split"], row["seed"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpora", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--corpus")
    parser.add_argument("--setting")
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    run(parser.parse_args())
