"""`predict_speed`: answering IMDB's test reviews, against fastText's `predict` and Keras's `model.predict`.

One run trains `tfidf` and `lstm` on IMDB's training reviews (or `--run imdb=RUN` names a finished one). Then a file of
the test reviews, a line each, is answered in turns. Seconds of a side are those from the texts in the file to the last
answer, in a process that has loaded its model. Keras reads the text with its `TextVectorization`, which has the run's
size of vocabulary and keeps 400 words, and answers with its `LSTM` of the run's units on vectors of the same size, in
batches of 32, its default; its weights are drawn at random, which costs the same. fastText answers the text that its
own script has prepared beforehand; ours is answered as it stands in the file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.imdb import TEST, TRAIN, read_reviews
from benchmarks.results_file import Metric, Outcome, ratio, seconds
from benchmarks.sides import ROOT, Figures, Options, environment, failed, run_peer
from pipeline.core.resources import usable_cores

ROUNDS = 3
SMALL = ("--models", "tfidf,lstm", "--embeddings", "word2vec", "--seeds", "1", "--no-probes")


def measure(options: Options) -> Outcome:
    """Return how many times as fast ours answers, and what one text costs from a cold start."""
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as place:
        folder = Path(place)
        run = options.runs.get("imdb") or _train(options, folder / "run")
        texts = _write_texts(options, folder)
        sides: dict[str, list[Figures]] = {"tfidf": [], "fasttext": [], "lstm": [], "keras": []}
        for _ in range(options.repeats or ROUNDS):
            sides["tfidf"].append(_ours(run, "tfidf", texts))
            sides["fasttext"].append(_fasttext(options, folder))
            sides["lstm"].append(_ours(run, "lstm@word2vec", texts))
            sides["keras"].append(_keras(run, "lstm@word2vec", texts))
        cold = {name: [_say(run, name) for _ in range(7)] for name in ("tfidf", "lstm@word2vec")}
    took = {side: [one["seconds"] for one in figures] for side, figures in sides.items()}
    metrics = [
        ratio("tfidf", took["fasttext"], took["tfidf"], "tfidf: fastText's seconds / ours", target=0.5),
        ratio("lstm", took["keras"], took["lstm"], "lstm: Keras's seconds / ours", target=1.5),
        _cold("say_tfidf", cold["tfidf"], "tfidf", 1.0),
        _cold("say_lstm", cold["lstm@word2vec"], "lstm", 1.5),
        *(seconds(f"seconds_{side}", each, f"seconds of {side}") for side, each in took.items()),
    ]
    return Outcome(metrics, {"sides": sides, "cold": cold})


def _cold(id: str, each: list[float], name: str, target: float) -> Metric:
    what = f"one text by `predict --say` from a cold start, {name}"
    return Metric(id, median(each), "seconds", "lower", 0.2, what, target=target, repeats=tuple(each))


def _train(options: Options, run: Path) -> Path:
    files = []
    for name in (TRAIN, TEST):
        files.append(run.with_name(name))
        read_reviews(options, name).write_parquet(files[-1])
    train, test = map(str, files)
    _done([sys.executable, "run_pipeline.py", train, "--test", test, *SMALL, "--out", str(run)])
    return run


def _write_texts(options: Options, folder: Path) -> Path:
    """Write the test reviews a line each; line breaks inside become blanks."""
    path = folder / "test.txt"
    texts = read_reviews(options, TEST)["text"].str.replace_all(r"\s+", " ")
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def _ours(run: Path, name: str, texts: Path) -> Figures:
    return _last_line([sys.executable, "-m", "benchmarks.predict_sides", "ours", str(run), name, str(texts)])


def _keras(run: Path, name: str, texts: Path) -> Figures:
    return _last_line([sys.executable, "-m", "benchmarks.predict_sides", "keras", str(run), name, str(texts)])


def _fasttext(options: Options, folder: Path) -> Figures:
    train, test = folder / "train.json", folder / "prepared.txt"
    reviews = read_reviews(options, TRAIN).sample(fraction=1.0, shuffle=True, seed=0)
    train.write_text(json.dumps([*map(list, reviews.select("label", "text").iter_rows())]), encoding="utf-8")
    prepared = read_reviews(options, TEST)["text"].str.to_lowercase().str.replace_all("<br />", " ")
    prepared = prepared.str.replace_all(r"([.!?,;:'\"()/])", " $1 ").str.replace_all(r"\n", " ")
    test.write_text("".join(f"{text}\n" for text in prepared), encoding="utf-8")
    return run_peer("fasttext_predict.py", options, [str(train), str(test), str(usable_cores())])


def _say(run: Path, name: str) -> float:
    start = time.perf_counter()
    _done([sys.executable, "-m", "pipeline", "predict", str(run), "--model", name, "--say", "a fine film"])
    return time.perf_counter() - start


def _last_line(command: list[str]) -> Figures:
    figures: Figures = json.loads(_done(command).splitlines()[-1])
    return figures


def _done(command: list[str]) -> str:
    done: Any = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise failed(command, done.returncode, done.stderr)
    return str(done.stdout)
