"""Former and present training defaults on splits inside training files.

    python -m benchmarks.training_choices run --corpora CORPORA --out FILE.jsonl [--corpus trec,mr] [--splits 0,1,2]
    python -m benchmarks.training_choices table --out FILE.jsonl

Each line of the result is one training by `fit_network`, as a run does it: validation documents of the split decide
when to stop, its inner test documents, a tenth of the training file, judge. The corpora and splits are those of
`training_curves`; no document of an official test file is read. Decision 0025 has the criterion and the table.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.training_curves import CORPORA, lay, score
from pipeline.core.names import parse_network
from pipeline.models.networks.build import specify
from pipeline.models.networks.prediction import forget_graphs, prediction_step
from pipeline.models.networks.training import fit_network
from pipeline.settings.tables import Config, settled, with_values

FORMER = {
    "networks.batch_size": 64,
    "networks.learning_rate": 0.004,
    "networks.max_epochs": 10,
    "networks.min_updates": 1,
    "networks.patience_updates": 1,
    "networks.forget_bias": 1.0,
}


@dataclass(frozen=True)
class Choice:
    """One network, one source, and settings that differ from today's."""

    model: str
    source: str
    settings: Mapping[str, Any]


CHOICES = {
    f"{model}, {name}": Choice(model, source, settings)
    for model in ("lstm", "lstm:max")
    for name, source, settings in (
        ("former", "word2vec", FORMER),
        ("now, frozen", "word2vec", {}),
        ("now, tuned", "word2vec:tuned", {}),
        ("now, frozen, forget bias 1", "word2vec", {"networks.forget_bias": 1.0}),
        ("now, tuned, forget bias 1", "word2vec:tuned", {"networks.forget_bias": 1.0}),
        (
            "now, tuned, more dropout",
            "word2vec:tuned",
            {
                "networks.dropout": 0.5,
                "networks.embedding_dropout": 0.3,
                "networks.word_dropout": 0.1,
            },
        ),
    )
}


def run(
    corpora: Path, out: Path, names: Sequence[str], splits: Sequence[int], choices: Sequence[str]
) -> None:
    """Train what the result does not hold yet, split by split."""
    done = {(row["corpus"], row["choice"], row["split"]) for row in _rows(out)}
    for split in splits:
        for corpus in names:
            documents = CORPORA[corpus].read(corpora)
            for name in choices:
                if (corpus, name, split) in done:
                    continue
                row = {"corpus": corpus, "choice": name, "split": split}
                row |= _train(CHOICES[name], documents, split)
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(row, flush=True)


def _train(choice: Choice, documents: pl.DataFrame, split: int) -> dict[str, Any]:
    laid = lay(documents, split, Config(), choice.source)
    n_train, n_classes = laid.train.indexed.n_docs, laid.n_classes
    config = settled(with_values(Config(), choice.settings), choice.model.partition(":")[0], n_train)
    asked, embedded = parse_network(choice.model), laid.embedded
    spec = specify(asked.model, asked.head, embedded.matrix, embedded.tuned, n_classes, config.networks)
    start = time.process_time()
    fitted = fit_network(
        spec, embedded.matrix.vectors, laid.train, laid.validation, config.networks, seed=split
    )
    seconds = time.process_time() - start
    predict = prediction_step(fitted.model)
    found = {part: score(predict, getattr(laid, part), n_classes) for part in ("validation", "test")}
    updates = fitted.history[-1].updates
    fitted = replace(fitted, model=None)
    forget_graphs()
    return {**found, "seconds": round(seconds, 1), "updates": updates, "best": fitted.best_updates}


def table(out: Path) -> Iterator[str]:
    """Yield the table of decision 0025: means over splits, and the paired difference in loss from the former."""
    losses: dict[tuple[str, str], dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in _rows(out):
        losses[row["corpus"], row["choice"]][row["split"]] = row
    yield "| corpus | network | splits | validation loss | inner test: loss | accuracy | less former | seconds |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for (corpus, choice), rows in sorted(losses.items()):
        former = losses.get((corpus, f"{choice.partition(',')[0]}, former"), {})
        both = [split for split in rows if split in former]
        less = [rows[split]["test"][0] - former[split]["test"][0] for split in both]
        error = np.std(less, ddof=1) / np.sqrt(len(less)) if len(less) > 1 else np.nan
        mean = {
            key: np.mean([row[key] for row in rows.values()], axis=0)
            for key in ("validation", "test", "seconds")
        }
        yield (
            f"| {corpus} | {choice} | {len(rows)} | {mean['validation'][0]:.3f} | {mean['test'][0]:.3f} |"
            f" {100 * mean['test'][1]:.1f} | {np.mean(less) if less else np.nan:+.3f} ± {error:.3f} |"
            f" {mean['seconds']:.0f} |"
        )


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corpus", default=",".join(CORPORA))
    parser.add_argument("--splits", default="0,1,2,3,4")
    parser.add_argument("--choice", default=";".join(CHOICES))
    given = parser.parse_args()
    if given.what == "table":
        print("\n".join(table(given.out)))
    else:
        splits = [int(split) for split in given.splits.split(",")]
        run(given.corpora, given.out, given.corpus.split(","), splits, given.choice.split(";"))
