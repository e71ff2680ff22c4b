"""metrics.json as values: its tables and rows, the JSON schema that they make, and the check of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.run_folder.metrics import rows
from pipeline.run_folder.metrics.comparisons import Advice, Cause, Comparison, Gains, Protocol, Seeds, Verdict
from pipeline.run_folder.metrics.corpus import Corpus, Embedding, Environment, Reuse, Stage
from pipeline.run_folder.metrics.documents import Contamination, HardDocuments, Slice
from pipeline.run_folder.metrics.labels import LabelScores
from pipeline.run_folder.metrics.language import LanguageScores
from pipeline.run_folder.metrics.models import (
    Budget,
    Cheapest,
    Cost,
    LearningCurve,
    Result,
    Summary,
    Timing,
    Tuned,
)
from pipeline.run_folder.metrics.rows import Amount, Free, ProbeFound, Row, Texts
from pipeline.run_folder.metrics.spans import SpanScores

SCHEMA_VERSION: Literal[1] = 1


@dataclass(frozen=True)
class Metrics(Row):
    """The content of metrics.json."""

    schema_version: Literal[1]
    """1; a program that meets a higher number should stop: names may have changed"""
    corpus: Corpus
    """what was read, and how it was split"""
    results: tuple[Result, ...]
    """scores of each fit"""
    summary: tuple[Summary, ...]
    """scores of each model, with intervals"""
    comparisons: tuple[Comparison, ...]
    """pairs of models on the same documents"""
    verdict: Verdict
    """the answer: the best network against every baseline"""
    advice: Advice
    """what to do meanwhile: which model to use, or to start with"""
    seeds: Seeds
    """how often the network of the verdict was trained"""
    reuse: Reuse | None
    """how many verdicts this computer has seen on the same test documents; `null` where nothing was compared"""
    protocol: Protocol | None
    """what was laid down before the run; `null` without `--protocol`"""
    embeddings: tuple[Embedding, ...]
    """embedding sources"""
    gains: tuple[Gains, ...]
    """what pretraining and fine-tuning add to each network"""
    causes: tuple[Cause, ...]
    """where a difference comes from"""
    costs: tuple[Cost, ...]
    """seconds, memory and size of each model"""
    cheapest: Cheapest
    """the cheapest model that is hardly worse than the best"""
    learning_curve: LearningCurve
    """accuracy by number of training documents; a table without keys where it was not asked for"""
    slices: tuple[Slice, ...]
    """accuracy on documents of some length, some words, a class"""
    spans: tuple[SpanScores, ...] = field(default=(), kw_only=True)
    """what each tagger finds; empty where documents have classes"""
    labels: tuple[LabelScores, ...] = field(default=(), kw_only=True)
    """what each model finds of the labels where a document may have several; else empty"""
    language: tuple[LanguageScores, ...] = field(default=(), kw_only=True)
    """how many bits each language model takes; empty for other tasks"""
    hard_documents: HardDocuments | None
    """documents that models get wrong; `null` where only controls were scored"""
    contamination: Contamination | None
    """documents that training gave away; `null` where the run wrote no `details/documents.parquet`"""
    tuning: tuple[Tuned, ...]
    """trials of `--tune`"""
    budgets: tuple[Budget, ...]
    """how many settings each model tried"""
    probes: dict[str, dict[str, ProbeFound]]
    """by network and probe, the `reading` and the few numbers of what stands in `details/probes.json`; without the
    probes that had nothing to measure, and empty when none was run"""
    timing: tuple[Timing, ...]
    """seconds and memory of each fit"""
    stages: tuple[Stage, ...]
    """an entry for each `stage` that ended, with its `seconds`, in the order they ended"""
    total_seconds: Amount
    """the whole run"""
    environment: Environment
    """versions and machine"""
    warnings: Texts
    """findings about the whole run, as sentences"""
    config: dict[str, Free]
    """the same settings as `config.toml`"""

    def setting(self, key: str) -> object:
        """Return a setting by its dotted key, such as `run.quick`; None where the run had none of that name."""
        table, _, name = key.partition(".")
        return self.config.get(table, {}).get(name)


def metrics_schema() -> dict[str, object]:
    """Return the JSON schema of metrics.json (draft 2020-12)."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | rows.json_schema(Metrics)


def check_metrics(metrics: object) -> None:
    """Do nothing if `metrics`, as JSON has it, is what a run writes.

    Raises
    ------
    ValueError
        If it is not; the message names the first few places.
    """
    try:
        rows.value_as(Metrics, metrics)
    except ValueError as error:
        raise ValueError(f"metrics.json is not what its schema says: {error}") from None
