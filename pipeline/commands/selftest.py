"""Three controls on a person's own corpus: shuffled labels, a leak canary, and a model against itself.

Each asks the program a question whose answer is known. One that fails says that scores on this corpus cannot
be trusted, whatever the report says.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import chain, count, islice, product
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.commands.run import fit_and_score
from pipeline.core.columns import aligned
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError, first_places
from pipeline.core.seeds import stage_generator
from pipeline.core.values import TEST, TRAIN, VALIDATION, Bool, Corpus, Int32, Int64, Ledger, LoadedCorpus
from pipeline.corpus.duplicates import find_duplicates
from pipeline.corpus.sources import names_of
from pipeline.corpus.task_of import name_of_task
from pipeline.evaluation.comparisons import compare
from pipeline.experiment.data import ReadCorpus, read_and_split
from pipeline.experiment.plan import plan_models
from pipeline.experiment.planned_run import AskedRun, PlannedRun
from pipeline.run_folder.models import saved_tokens
from pipeline.run_folder.predictions import SavedPredictions, read_run_predictions
from pipeline.settings.setting import Value
from pipeline.settings.tables import QUICK, Config, with_values
from pipeline.tasks.table import CLASSIFY
from pipeline.text.tokenizer import tokenize

SHUFFLES = 3
AA_SEEDS = 4
WORDS_KEPT = 8  # of a planted document, so that a made-up word beside them could tip the answer
# (title, seeds of one side; the others are the other side's): the ways to halve four seeds
HALVES = ((0, 1), (0, 2), (0, 3))
MODELS = ("bow", "tfidf", "mean", "lstm")
SETTINGS: dict[str, Value] = {  # small enough for minutes; what is tested is the program, not the models
    "run.embeddings": ("word2vec",),
    "run.quick": True,
    "run.tune": 0,
    "run.refit": False,
    "run.probes": False,
    "run.extra_probes": (),
    "networks.units": 32,
    "networks.max_tokens": 100,
    "networks.max_epochs": 6,
    "word2vec.vector_size": 32,
    "embeddings.dimension": 32,
    "baselines.bow_strengths": (0.1, 1.0),
    "baselines.tfidf_strengths": (1.0, 10.0),
    "baselines.mean_strengths": (0.1, 1.0),
}


@dataclass(frozen=True)
class Finding:
    """One line of the table: what was asked of which part, the figure, what it may be, and whether it is."""

    control: str
    part: str
    figure: str
    bound: str
    passed: bool


def selftest(config: Config, console: Console, models: tuple[str, ...] = MODELS) -> tuple[Finding, ...]:
    """Return what the three controls found on the corpus that `config` names.

    Parameters
    ----------
    config : Config
        The corpus, its split and the seed; sizes of models are the selftest's own (`SETTINGS`).
    console : Console
        Told about every stage.
    models : tuple of str
        What the controls are asked of.

    Raises
    ------
    PipelineError
        For a mistake in the user's files or settings.
    """
    own: dict[str, Value] = {"run.models": models, "corpus.folds": 0, "run.seeds": 1}
    own["corpus.limit"] = config.corpus.limit or QUICK["corpus.limit"]
    config = with_values(config, {**SETTINGS, **own})
    data = _read(config, console)
    found: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="embedseq-selftest-") as folder:
        planted = plant(data, config)
        config_of_all = with_values(config, {"run.seeds": AA_SEEDS})
        console.say(f"Leak canary and A/A: true labels, {AA_SEEDS} seeds")
        run = _run(planted.data, config_of_all, console, Path(folder) / "true-labels")
        saved = read_run_predictions(run)
        found += canary_findings(run, saved, planted)
        found += same_model_findings(saved, planted, config)
        shuffled = []
        for number in range(SHUFFLES):
            console.say(f"Shuffled labels, {number + 1} of {SHUFFLES}")
            dealt = shuffle_labels(data, config, number)
            run = _run(dealt, config, console, Path(folder) / f"shuffle-{number}")
            shuffled.append(read_run_predictions(run))
        found = shuffled_findings(shuffled, data.corpus) + found
    return tuple(found)


def describe(findings: Sequence[Finding]) -> str:
    """Return the table of the findings, and what it says."""
    failed = sorted({finding.control for finding in findings if not finding.passed})
    end = f"Failed: {', '.join(failed)}. {TOLD}" if failed else "All controls passed."
    return "\n".join([*_table(findings), "", WHAT, end])


def describe_kills(findings: Sequence[Finding]) -> str:
    """Return the table of runs that were killed, and what it says."""
    passed = all(finding.passed for finding in findings)
    end = "Every run went on to the same predictions and scores." if passed else f"Not all are equal. {TOLD}"
    return "\n".join([*_table(findings), "", end])


def _table(findings: Sequence[Finding]) -> list[str]:
    rows = [("Control", "Part", "Found", "Allowed", "")]
    rows += [(*astuple(finding)[:-1], "pass" if finding.passed else "FAIL") for finding in findings]
    return [line.rstrip() for line in aligned(rows, [False] * len(rows[0]))]


TOLD = "Scores on this corpus cannot be trusted: please report this with the table above."
WHAT = (
    "Shuffled labels: training and validation labels are dealt out anew within each class, so that they say\n"
    "nothing of a document; a model may be right as often as the most frequent class of the test documents,\n"
    "and four standard deviations more. Leak canary: a made-up word stands in test documents of one class\n"
    "alone; it may reach nothing that is learned, and may help no more than a made-up word that stands in every\n"
    "class. A/A: seeds of one model against other seeds of the same, or a fit against a copy of itself. Of the\n"
    "halvings one in some fifteen decides by chance, two of three in up to five honest models of a hundred: not\n"
    "all may."
)


# --- one run on a corpus in memory


def _read(config: Config, console: Console) -> LoadedCorpus:
    """Return the corpus with its one split, sampled as --quick samples it."""
    if name_of_task(config) != CLASSIFY.name:
        what = "its words have tags, and these controls are about classes of documents"
        raise PipelineError(
            "selftest-not-possible",
            first_places(names_of(config.corpus.path)),
            what,
            "give documents with classes",
        )
    read = read_and_split(config, console)
    return replace(read.loaded, corpus=read.corpora[0], unlabelled=None, together=None, warnings=())


def _run(data: LoadedCorpus, config: Config, console: Console, run: Path) -> Path:
    """Fit and score every model in a new run folder, with the stages of every run, and return the folder."""
    run.mkdir()
    config = with_values(config, {"run.out": str(run)})
    planned = plan_models(config.run.models, config.run.embeddings)
    read = ReadCorpus(data, find_duplicates(data.corpus), [data.corpus])
    begun = PlannedRun.begin(run, AskedRun(config, "selftest", read, planned, time.perf_counter()))
    fit_and_score(begun, read, console)
    return run


# --- shuffled labels


def shuffle_labels(data: LoadedCorpus, config: Config, number: int) -> LoadedCorpus:
    """Return the corpus with the labels of training and validation documents dealt out anew.

    Within each class, and each of the two parts, the new labels hold the classes in the proportions of the
    part: no cluster of documents keeps a majority of its own, by which a model could be far above or below
    chance by luck alone.
    """
    generator = stage_generator(config.run.seed, f"selftest shuffle {number}")
    labels = data.corpus.labels.copy()
    for part in (TRAIN, VALIDATION):
        rows = data.corpus.positions(part)
        labels[rows] = _dealt(data.corpus.labels[rows], generator)
    return replace(data, corpus=replace(data.corpus, labels=labels))


def _dealt(labels: Int32, generator: np.random.Generator) -> Int32:
    """Return the same labels (N,) in another order: those of each class spread evenly over all classes."""
    n_docs = len(labels)
    by_class = np.lexsort((generator.random(n_docs), labels))  # rows of each class together, in any order
    spread = np.arange(n_docs) * _stride(n_docs) % max(n_docs, 1)  # any stretch of it covers the whole evenly
    dealt = np.empty_like(labels)
    dealt[by_class] = np.sort(labels)[spread]
    return dealt


def _stride(size: int) -> int:
    """Return a step near the golden section of `size` that has no divisor in common with it."""
    return next(stride for stride in count(max(int(size * 0.618), 1)) if math.gcd(stride, size) <= 1)


def shuffled_findings(runs: Sequence[Sequence[SavedPredictions]], corpus: Corpus) -> list[Finding]:
    """Return whether each model, trained on shuffled labels, is right as often as chance allows."""
    labels = corpus.labels[corpus.positions(TEST)]
    chance = float(np.bincount(labels).max() / len(labels))
    by_chance = float(np.sqrt(chance * (1 - chance) / len(labels)))
    found = []
    for name, entries in _by_name(chain.from_iterable(runs)).items():
        accuracies = [float(_right(entry).mean()) for entry in entries]
        scatter = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0
        bound = min(chance + 4 * max(by_chance, scatter), 1.0)
        mean = float(np.mean(accuracies))
        figure = f"accuracy {mean:.1%} over {len(accuracies)} shuffles"
        allowed = f"up to {bound:.1%}" + (", so it tells nothing" if bound == 1 else "")
        found.append(Finding("shuffled labels", name, figure, allowed, mean <= bound))
    return found


# --- the leak canary


@dataclass(frozen=True, eq=False)
class Planted:
    """A corpus with planted test documents after its own.

    Attributes
    ----------
    canary, neutral : made-up words: the first in planted documents of one class, the second in those of all
    with_canary, with_neutral : record numbers of the planted documents of that class, pairwise the same text
    """

    data: LoadedCorpus
    canary: str
    neutral: str
    with_canary: Int64
    with_neutral: Int64


def plant(data: LoadedCorpus, config: Config) -> Planted:
    """Return the corpus with test documents planted: beginnings of its own with a made-up word.

    Those of the most frequent class stand there twice, with the canary and with the neutral word; those of the
    other classes with the neutral word.
    """
    corpus = data.corpus
    canary, neutral = _made_up_words(corpus.texts, config)
    tested = corpus.positions(TEST)
    chosen = int(np.bincount(corpus.labels[tested]).argmax())
    of_class = tested[corpus.labels[tested] == chosen]
    others = tested[corpus.labels[tested] != chosen]
    rows = np.concatenate([of_class, of_class, others])
    words = [canary] * len(of_class) + [neutral] * (len(of_class) + len(others))
    texts = [
        " ".join([*text.split(maxsplit=WORDS_KEPT)[:WORDS_KEPT], word])
        for text, word in zip(corpus.texts.gather(rows), words, strict=True)
    ]
    records = int(corpus.records.max()) + 1 + np.arange(len(rows))
    planted = Corpus(
        pl.concat([corpus.texts, pl.Series(texts, dtype=pl.String)]),
        np.concatenate([corpus.labels, corpus.labels[rows]]),
        corpus.label_names,
        np.concatenate([corpus.records, records]),
        np.concatenate([corpus.split, np.full(len(rows), TEST, dtype=np.int8)]),
    )
    loaded = replace(data, corpus=planted, ledger=Ledger(len(planted.texts), len(planted.texts)))
    n_class = len(of_class)
    return Planted(loaded, canary, neutral, records[:n_class], records[n_class : 2 * n_class])


def _made_up_words(texts: pl.Series, config: Config) -> tuple[str, str]:
    """Return two words that the tokenizer leaves whole and that stand in no document."""
    known = set(tokenize(texts, config.tokenizer).types)
    found = []
    for letters in islice(product("qxzvkjw", repeat=8), len(known) + 100):
        word = f"zq{''.join(reversed(letters))}qz"
        tokens = tokenize(pl.Series([word]), config.tokenizer).types.to_list()
        if len(tokens) == 1 and tokens[0] not in known:
            found.append(word)
        if len(found) == 2:
            return found[0], found[1]
    raise PipelineError(
        "selftest-not-possible",
        "tokenizer",
        "it leaves no made-up word whole",
        "run selftest with its default settings",
    )


def canary_findings(run: Path, saved: Iterable[SavedPredictions], planted: Planted) -> list[Finding]:
    """Return whether a word that stands in test documents alone reached anything learned, or helped a model."""
    control, found = "leak canary", []
    for folder, tokens in saved_tokens(run).items():
        reached = [
            word for word in (planted.canary, planted.neutral) if word.lower() in tokens or word in tokens
        ]
        figure = f"{len(reached)} of 2 made-up words among its {len(tokens)} tokens"
        found.append(Finding(control, folder, figure, "none", not reached))
    for name, entries in _by_name(saved).items():
        with_canary, neutral = (
            float(np.mean([_right(entry, records).mean() for entry in entries]))
            for records in (planted.with_canary, planted.with_neutral)
        )
        gain = with_canary - neutral
        figure = f"accuracy {with_canary:.1%} with it, {neutral:.1%} with the other word"
        found.append(Finding(control, name, figure, "a gain of up to 1 point", gain <= 0.01))
    return found


def _right(entry: SavedPredictions, records: Int64 | None = None) -> Bool:
    """Return whether the answers to these documents, or to all, are right; bool (N,)."""
    predictions = entry.predictions.single
    right: Bool = predictions.predicted == predictions.labels
    return right if records is None else right[np.isin(predictions.documents, records)]


def _by_name(saved: Iterable[SavedPredictions]) -> dict[str, list[SavedPredictions]]:
    found: dict[str, list[SavedPredictions]] = {}
    for entry in saved:
        found.setdefault(entry.name, []).append(entry)
    return found


# --- a model against itself


def same_model_findings(saved: Iterable[SavedPredictions], planted: Planted, config: Config) -> list[Finding]:
    """Return whether a model is told apart from itself: two copies of one fit, and halves of its seeds."""
    own = [_without_planted(entry, planted) for entry in saved]
    found = []
    for name, entries in _by_name(own).items():
        if len(entries) < AA_SEEDS:
            sides, asked = [(entries[:1], entries[:1])], "against a copy of itself"
        else:
            halves = [(half, sorted({*range(AA_SEEDS)} - {*half})) for half in HALVES]
            sides = [([entries[seed] for seed in a], [entries[seed] for seed in b]) for a, b in halves]
            asked = f"{len(HALVES)} halvings of {AA_SEEDS} seeds"
        decisions = [_decision(a, b, config) for a, b in sides]
        figure = f"{asked}: {', '.join(decisions)}"
        decided = sum(decision in ("beats", "loses") for decision in decisions)
        bound = "no decision" if len(decisions) == 1 else f"up to {len(decisions) - 1} decisions"
        found.append(Finding("A/A", name, figure, bound, decided < len(decisions)))
    return found


def _decision(a: Sequence[SavedPredictions], b: Sequence[SavedPredictions], config: Config) -> str:
    """Return what the program says of these fits as if they were of two models."""
    pair = [
        replace(entry, name=name, seed=seed)
        for name, entries in (("a", a), ("b", b))
        for seed, entry in enumerate(entries)
    ]
    (row,) = compare(pair, [("a", "b")], config.run.rope)
    return row.decision


def _without_planted(entry: SavedPredictions, planted: Planted) -> SavedPredictions:
    first = min(int(planted.with_canary.min()), int(planted.with_neutral.min()))
    kept = entry.predictions.only(entry.predictions.documents < first)
    return replace(entry, predictions=kept)
