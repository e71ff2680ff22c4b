"""What a task counts, and what it calls that: the frame of the page takes both from an entry of this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.wording import FIRST_METRIC
from pipeline.run_folder.metrics.models import Result
from pipeline.run_folder.reading import Run


@dataclass(frozen=True)
class Counted:
    """What is counted of a model, as a share of 1.

    Attributes
    ----------
    score, ci95 : the mean over its trainings, with its 95 % interval
    each : the score of each training; with folds of each fold
    wrong : the mistakes of each training; those of a seed's folds together
    """

    score: float
    ci95: tuple[float, float]
    each: tuple[float, ...]
    wrong: tuple[int, ...]


@dataclass(frozen=True)
class Task:
    """Words of a task, and what it counts.

    Attributes
    ----------
    count : what is counted of each model, by its name
    metric : the metric that this is
    unit : a document
    answer, answering : what is said of each {answering}
    mistakes : what the first picture counts, in the plural; `mistake` one of them
    wrong : what that is, of {documents}
    right, head : head the column of what is counted, on the page and at the terminal
    counted : what that column holds
    more : what a difference of two models counts
    answered : what becomes of test documents, with {classes}
    one_is, several_are, other_is : what {names} reach, {score} of 100; the last behind one of these
    expect : what to expect of a model, from {low} to {high}
    little : a difference of one in 100
    reads, new : what `predict` reads, and an example of its input and output
    lower_is_better : of what is counted; what is counted is no share then, and may be above 1
    has_right_answers : whether an answer is right or wrong, so that there are accuracy and what is made of it
    """

    count: Callable[[Run], Mapping[str, Counted]]
    metric: str
    unit: str
    answer: str
    answering: str
    mistake: str
    mistakes: str
    wrong: str
    right: str
    head: str
    counted: str
    more: str
    answered: str
    one_is: str
    several_are: str
    other_is: str
    expect: str
    little: str
    reads: str = "Reads CSV, JSON Lines, Parquet or text, a document a row."
    new: str = "new.csv --out answers.csv"
    lower_is_better: bool = False
    has_right_answers: bool = True


_OF_WORDS = "Reads words in columns, CoNLL-U, JSON Lines with tokens, or text, a sentence a line."
_NEW_WORDS = "new.conll --out tags.conll"


def _right_answers(run: Run) -> dict[str, Counted]:
    """Return what part of the documents models have right."""
    tested = run.metrics.corpus.tested
    found = {}
    for summary in run.metrics.summary:
        own = [row for row in run.metrics.results if row.name == summary.name]
        wrong = _by_seed(run, own, lambda row: 1 - row.accuracy)
        found[summary.name] = Counted(
            summary.accuracy,
            summary.accuracy_ci95,
            tuple(row.accuracy for row in own),
            tuple(round(sum(shares) / len(shares) * tested) for shares in wrong),
        )
    return found


def _by_seed(run: Run, rows: Sequence[Result], share: Callable[[Result], float]) -> list[list[float]]:
    """Return a share of each fold for each seed that was trained on all of them."""
    folds = max(run.metrics.corpus.folds, 1)
    by_seed: dict[int, list[float]] = {}
    for row in rows:
        by_seed.setdefault(row.seed, []).append(share(row))
    return [shares for shares in by_seed.values() if len(shares) == folds]


def _spans_found(run: Run) -> dict[str, Counted]:
    """Return what taggers find of the spans, and what they miss or invent."""
    return {
        row.name: Counted(
            row.f1, row.f1_ci95, tuple(one.f1 for one in row.runs), tuple(one.wrong for one in row.runs)
        )
        for row in run.metrics.spans
    }


def _labels_found(run: Run) -> dict[str, Counted]:
    """Return what models find of the labels, and what they miss or invent."""
    return {
        row.name: Counted(
            row.micro_f1,
            row.micro_f1_ci95,
            tuple(one.micro_f1 for one in row.runs),
            tuple(one.wrong for one in row.runs),
        )
        for row in run.metrics.labels
    }


def _bits_taken(run: Run) -> dict[str, Counted]:
    """Return how many bits a byte language models take, and for the picture how many for 1,000 bytes."""
    return {
        row.name: Counted(
            row.bits_per_byte,
            row.bits_per_byte_ci95,
            tuple(one.bits_per_byte for one in row.runs),
            tuple(round(1000 * one.bits_per_byte) for one in row.runs),
        )
        for row in run.metrics.language
    }


def _words_right(run: Run) -> dict[str, Counted]:
    """Return what part of the words taggers tag right."""
    return {
        row.name: Counted(
            row.token_accuracy,
            row.token_accuracy_ci95,
            tuple(one.token_accuracy for one in row.runs),
            tuple(one.words_wrong for one in row.runs),
        )
        for row in run.metrics.spans
    }


TASKS: dict[str, Task] = {
    "classify": Task(
        count=_right_answers,
        metric=FIRST_METRIC,
        unit="document",
        answer="class",
        answering="document",
        mistake="mistake",
        mistakes="mistakes",
        wrong="Wrong answers on the same {documents}.",
        right="Right of 100",
        head="right of 100",
        counted="Right answers of 100 test documents",
        more="How many more of 100 documents the first model has right than the second",
        answered="test documents put into one of {classes} classes",
        one_is="{names} is right on {score} of 100",
        several_are="{names} are right on {score} of 100",
        other_is="{names} on {score}",
        expect="{score} of 100 right on documents like these ({low} to {high})",
        little="one document in 100",
    ),
    "tag": Task(
        count=_spans_found,
        metric="span-f1",
        unit="sentence",
        answer="tag",
        answering="word",
        mistake="missed or invented span",
        mistakes="missed or invented spans",
        wrong="Spans that were missed, and spans that are not there, in the same {documents}.",
        right="Span F1",
        head="span F1",
        counted="F1 of the spans in test sentences, of 100: missed and invented spans lower it",
        more="How much higher the span F1 of the first model is than that of the second",
        answered="test sentences, each word with one of {classes} tags",
        one_is="{names} reaches span F1 {score}",
        several_are="{names} reach span F1 {score}",
        other_is="{names} {score}",
        expect="span F1 {score} on sentences like these ({low} to {high})",
        little="one point of span F1",
        reads=_OF_WORDS,
        new=_NEW_WORDS,
    ),
    "multilabel": Task(
        count=_labels_found,
        metric="micro-f1",
        unit="document",
        answer="label",
        answering="document",
        mistake="missed or invented label",
        mistakes="missed or invented labels",
        wrong="Labels that were missed, and labels that are not there, of the same {documents}.",
        right="Micro F1",
        head="micro F1",
        counted="F1 of the labels of test documents, of 100: missed and invented labels lower it",
        more="How much higher the micro F1 of the first model is than that of the second",
        answered="test documents, each given any of {classes} labels",
        one_is="{names} reaches micro F1 {score}",
        several_are="{names} reach micro F1 {score}",
        other_is="{names} {score}",
        expect="micro F1 {score} on documents like these ({low} to {high})",
        little="one point of micro F1",
    ),
    "generate": Task(
        count=_bits_taken,
        metric="bits-per-byte",
        unit="document",
        answer="class",
        answering="document",
        mistake="bit for 1,000 bytes",
        mistakes="bits for 1,000 bytes",
        wrong="Bits that 1,000 bytes of the same {documents} take: fewer are better.",
        right="Bits for 100 bytes",
        head="bits for 100 bytes",
        counted="Bits that 100 bytes of test documents take: fewer are better",
        more="How many bits fewer the first model takes for 100 bytes than the second",
        answered="test documents, foretold from their first word to their last",
        one_is="{names} takes {score} bits for 100 bytes",
        several_are="{names} take {score} bits for 100 bytes",
        other_is="{names} {score}",
        expect="{score} bits for 100 bytes of documents like these ({low} to {high})",
        little="one bit for 100 bytes",
        lower_is_better=True,
        has_right_answers=False,
    ),
}
BY_METRIC: dict[str, Task] = {
    "token-accuracy": Task(
        count=_words_right,
        metric="token-accuracy",
        unit="sentence",
        answer="tag",
        answering="word",
        mistake="wrong tag",
        mistakes="wrong tags",
        wrong="Words with a wrong tag in the same {documents}.",
        right="Right of 100",
        head="right of 100",
        counted="Words of 100 that have the right tag in test sentences",
        more="How many more of 100 words the first model tags right than the second",
        answered="test sentences, each word with one of {classes} tags",
        one_is="{names} tags {score} of 100 words right",
        several_are="{names} tag {score} of 100 words right",
        other_is="{names} {score}",
        expect="{score} of 100 words tagged right in sentences like these ({low} to {high})",
        little="one word in 100",
        reads=_OF_WORDS,
        new=_NEW_WORDS,
    ),
}
"""What is counted where a run is judged by a metric that is not its task's usual one."""


def name_of_task(run: Run) -> str:
    """Return the name of a run's task; one from before there were several has classes."""
    name = run.metrics.setting("run.task")
    return name if isinstance(name, str) and name in TASKS else "classify"


def task_of(run: Run) -> Task:
    """Return the words of a run's task, and what it counts: by its metric where that counts something else."""
    metric = run.metrics.setting("run.metric")
    own = BY_METRIC.get(metric) if isinstance(metric, str) else None
    return own or TASKS[name_of_task(run)]
