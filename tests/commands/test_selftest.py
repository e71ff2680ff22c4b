"""`selftest CORPUS`: the controls pass on an honest pipeline, and each fails when its leak is really planted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from corpus_builders import READING

from pipeline.commands import selftest
from pipeline.commands.selftest import (
    SETTINGS,
    Finding,
    describe,
    plant,
    shuffle_labels,
    shuffled_findings,
)
from pipeline.core.console import Console
from pipeline.core.values import TEST, TRAIN, VALIDATION, Corpus, Ledger, LoadedCorpus
from pipeline.evaluation import comparisons
from pipeline.evaluation.claims import Claim
from pipeline.experiment import data as data_module
from pipeline.experiment import embedded_split, fit_linear, linear_features
from pipeline.experiment.data import RunData, Split
from pipeline.run_folder.models import saved_tokens
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.answers import Predictions
from pipeline.text.vocabulary import build_vocabulary

WORDS = {
    "praise": ("fine", "warm", "great"),
    "blame": ("dull", "cold", "weak"),
    "neither": ("long", "new", "odd"),
}
LINEAR = ("bow", "tfidf")


def write_corpus(folder: Path) -> Path:
    """Write 240 documents of three classes, each with a word of its class and words of all."""
    generator, labels = np.random.default_rng(3), list(WORDS)
    rows = [labels[number % 3] for number in range(240)]
    texts = [
        f"a {generator.choice(WORDS[label])} film number{generator.integers(40)} of year{generator.integers(9)}"
        for label in rows
    ]
    pl.DataFrame({"text": texts, "label": rows}).write_csv(folder / "films.csv")
    return folder / "films.csv"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr("pipeline.report.draw_report", lambda run: None)  # nobody reads those of the controls
    return load_config(None, (), {"corpus.path": str(write_corpus(tmp_path))})


def perform(config: Config, models: tuple[str, ...] = LINEAR) -> list[Finding]:
    return list(selftest.selftest(config, Console(silent=True), models))


def failed(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(finding.control, finding.part) for finding in findings if not finding.passed}


@pytest.mark.longer
def test_an_honest_pipeline_passes_every_control(config: Config) -> None:
    findings = perform(config)
    assert failed(findings) == set()
    assert [(finding.control, finding.part) for finding in findings] == [
        ("shuffled labels", "bow"),
        ("shuffled labels", "tfidf"),
        ("leak canary", "bow"),  # its n-grams
        ("leak canary", "tfidf"),
        ("leak canary", "bow"),  # its answers
        ("leak canary", "tfidf"),
        ("A/A", "bow"),
        ("A/A", "tfidf"),
    ]


@pytest.mark.longer
def test_documents_that_train_and_test_are_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit is given the test documents too, as a pipeline without a split would."""
    of = Split.of.__func__  # type: ignore[attr-defined]

    def leaky(cls: type[Split], number: int, corpus: Corpus) -> Split:
        fold = of(cls, number, corpus)
        return replace(fold, train=np.concatenate([fold.train, fold.test, fold.test, fold.test]))

    monkeypatch.setattr(Split, "of", classmethod(leaky))
    found = failed(perform(config, ("bow",)))
    assert found == {("shuffled labels", "bow"), ("leak canary", "bow")}


@pytest.mark.longer
def test_n_grams_learned_from_all_documents_are_found(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary among the n-grams changes no score here: only what was learned shows it."""
    learn, count, documents = linear_features.learn_ngrams, linear_features.count_ngrams, {}

    def remember(data: RunData, fold: Split, wanted: Any) -> Any:
        documents["all"] = data.tokenized
        return counted(data, fold, wanted)

    def leaky(tokenized: Any, **named: Any) -> Any:
        ngrams, _ = learn(documents["all"], **named)
        return ngrams, count(tokenized, ngrams)

    counted = linear_features.count_features
    monkeypatch.setattr(fit_linear, "count_features", remember)
    monkeypatch.setattr(linear_features, "learn_ngrams", leaky)
    findings = perform(config, ("bow",))
    assert failed(findings) == {("leak canary", "bow")}
    assert [finding.bound for finding in findings if not finding.passed] == ["none"]


@pytest.mark.longer
@pytest.mark.parametrize("learned", ["vocabulary", "train"])
def test_vectors_learned_from_all_documents_are_found(
    config: Config, monkeypatch: pytest.MonkeyPatch, learned: str
) -> None:
    """The vocabulary holds every word, or word2vec reads every document."""
    request_of = data_module.embedding_request

    def leaky(data: RunData, fold: Split, *rest: Any) -> Any:
        everything = {"vocabulary": build_vocabulary(data.tokenized), "train": data.tokenized}
        return replace(request_of(data, fold, *rest), **{learned: everything[learned]})

    monkeypatch.setattr(embedded_split, "embedding_request", leaky)
    config = with_values(config, {"word2vec.epochs": 1, "word2vec.min_count": 1})
    assert ("leak canary", "embedding-word2vec") in failed(perform(config, ("mean",)))


@pytest.mark.longer
def test_a_rule_that_always_decides_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "claim_of", lambda *_: Claim("beats"))
    assert failed(perform(config, ("bow",))) == {("A/A", "bow")}


@pytest.mark.parametrize(("said", "passed"), [("beats beats equal", True), ("beats loses beats", False)])
def test_two_halvings_that_decide_are_no_alarm(
    config: Config, monkeypatch: pytest.MonkeyPatch, said: str, passed: bool
) -> None:
    """By chance two of three decide in up to 5 % of honest models, three in none of thousands."""
    decisions = iter(said.split())
    monkeypatch.setattr(selftest, "_decision", lambda a, b, config: next(decisions))
    planted = plant(data_of([0, 1, 0, 1, 1], [TRAIN, VALIDATION, TEST, TEST, TEST]), config)
    answers = Predictions(np.array([2]), np.array([0], dtype=np.int32), np.eye(2, dtype=np.float32)[[0]])
    seeds = [SavedPredictions("lstm", seed, 0, "c0", ("a", "b"), answers) for seed in range(4)]
    (finding,) = selftest.same_model_findings(seeds, planted, config)
    assert (finding.passed, finding.bound) == (passed, "up to 2 decisions")


def test_planted_documents_are_no_part_of_a_comparison_of_a_model_with_itself(config: Config) -> None:
    planted = plant(data_of([0, 1, 0, 1, 1], [TRAIN, VALIDATION, TEST, TEST, TEST]), config)
    n_docs = len(planted.data.corpus.texts)
    answers = Predictions(
        np.arange(2, n_docs),
        planted.data.corpus.labels[2:],
        np.eye(2, dtype=np.float32)[planted.data.corpus.labels[2:]],
    )
    own = selftest._without_planted(SavedPredictions("lstm", 0, 0, "c0", ("a", "b"), answers), planted)
    assert own.predictions.documents.tolist() == [2, 3, 4]


# --- the parts


def data_of(labels: list[int], split: list[int]) -> LoadedCorpus:
    texts = pl.Series([f"word{number} of a document" for number in range(len(labels))], dtype=pl.String)
    n_classes = max(labels) + 1
    corpus = Corpus(
        texts,
        np.array(labels, dtype=np.int32),
        tuple("abcdefgh"[:n_classes]),
        np.arange(len(labels)),
        np.array(split, dtype=np.int8),
    )
    return LoadedCorpus("films", corpus, Ledger(len(labels), len(labels)), None, (), (), "c0", READING)


def test_shuffled_labels_say_nothing_of_the_class_and_leave_test_labels_alone() -> None:
    labels = [0] * 60 + [1] * 30 + [0] * 20 + [1] * 10 + [0, 1, 1]
    data = data_of(labels, [TRAIN] * 90 + [VALIDATION] * 30 + [TEST] * 3)
    dealt = shuffle_labels(data, Config(), 0).corpus.labels
    assert dealt[:90].sum() == 30
    assert abs(int(dealt[:60].sum()) - 20) <= 1  # a third of each class, as in the part
    assert abs(int(dealt[90:110].sum()) - 20 / 3) <= 1
    assert dealt[120:].tolist() == [0, 1, 1]
    assert dealt.tolist() != shuffle_labels(data, Config(), 1).corpus.labels.tolist()


def runs_with(accuracies: list[float], n_docs: int = 100) -> Iterator[list[SavedPredictions]]:
    """Yield one shuffle's predictions of a model for each accuracy; two classes, half of the documents each."""
    labels = (np.arange(n_docs) % 2).astype(np.int32)
    for accuracy in accuracies:
        answers = np.where(np.arange(n_docs) < round(accuracy * n_docs), labels, 1 - labels)
        probabilities = np.eye(2, dtype=np.float32)[answers]
        yield [
            SavedPredictions(
                "bow", 0, 0, "c0", ("a", "b"), Predictions(np.arange(n_docs), labels, probabilities)
            )
        ]


@pytest.mark.parametrize(
    ("accuracies", "bound", "passed"),
    [
        ([0.5, 0.52, 0.48], "up to 70.0%", True),  # 0.5 + 4 * sqrt(0.25 / 100)
        ([0.7, 0.72, 0.74], "up to 70.0%", False),
        ([0.9, 0.6, 0.3], "up to 100.0%, so it tells nothing", True),  # the shuffles scatter
    ],
)
def test_the_bound_of_shuffled_labels(accuracies: list[float], bound: str, passed: bool) -> None:
    corpus = data_of([number % 2 for number in range(100)], [TEST] * 100).corpus
    (finding,) = shuffled_findings(list(runs_with(accuracies)), corpus)
    assert (finding.bound, finding.passed) == (bound, passed)


def test_a_test_part_of_one_class_is_no_false_alarm() -> None:
    """Whoever answers with the most frequent class is right on all of it."""
    corpus = data_of([1] * 100, [TEST] * 100).corpus
    labels = np.ones(100, dtype=np.int32)
    answers = Predictions(np.arange(100), labels, np.eye(2, dtype=np.float32)[labels])
    runs = [[SavedPredictions("bow", 0, 0, "c0", ("a", "b"), answers)]] * 3
    (finding,) = shuffled_findings(runs, corpus)
    assert (finding.bound, finding.passed) == ("up to 100.0%, so it tells nothing", True)


def test_what_every_seed_and_fold_learned_is_looked_at(tmp_path: Path) -> None:
    for folder in ("bow", "bow/s1.f0", "embedding-word2vec/f1"):
        name = "vocabulary.json" if folder.startswith("embedding") else "model.json"
        (tmp_path / "models" / folder).mkdir(parents=True)
        (tmp_path / "models" / folder / name).write_text(json.dumps({"tokens": [folder]}), encoding="utf-8")
    assert saved_tokens(tmp_path) == {one: {one} for one in ("bow", "bow/s1.f0", "embedding-word2vec/f1")}


def test_planted_documents_are_test_documents_and_the_canary_stands_in_one_class_alone() -> None:
    planted = plant(data_of([0, 1, 0, 1, 1], [TRAIN, VALIDATION, TEST, TEST, TEST]), Config())
    corpus = planted.data.corpus
    texts, labels = corpus.texts.to_list(), corpus.labels.tolist()
    assert texts[5:] == [
        f"word3 of a document {planted.canary}",
        f"word4 of a document {planted.canary}",
        f"word3 of a document {planted.neutral}",
        f"word4 of a document {planted.neutral}",
        f"word2 of a document {planted.neutral}",
    ]
    assert labels[5:] == [1, 1, 1, 1, 0]
    assert corpus.split.tolist()[5:] == [TEST] * 5
    assert (planted.with_canary.tolist(), planted.with_neutral.tolist()) == ([5, 6], [7, 8])


def test_the_table_names_what_failed() -> None:
    told = describe(
        [Finding("A/A", "bow", "equal", "none", True), Finding("leak canary", "x", "1", "none", False)]
    )
    assert told.splitlines()[:3] == [
        "Control      Part  Found  Allowed",
        "A/A          bow   equal  none     pass",
        "leak canary  x     1      none     FAIL",
    ]
    assert told.endswith("Failed: leak canary. " + selftest.TOLD)


def test_the_settings_of_the_controls_are_settings() -> None:
    from pipeline.settings import tables

    assert set(SETTINGS) <= set(tables.SETTINGS)
