"""Numbers and names as the sentences of a verdict or a cause say them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from pipeline.core.models import LAST
from pipeline.core.names import ModelName

Metric = Literal[
    "accuracy",
    "macro-f1",
    "balanced-accuracy",
    "log-loss",
    "span-f1",
    "token-accuracy",
    "micro-f1",
    "precision-at-1",
    "precision-at-3",
    "precision-at-5",
    "subset-accuracy",
    "hamming-loss",
    "bits-per-byte",
]
METRIC_NAMES: tuple[Metric, ...] = get_args(Metric)
FIRST_METRIC = METRIC_NAMES[0]  # where none is asked for

LOW_COVERAGE = (
    0.5  # share of tokens that have a vector: below it a source, and each model that reads it, is warned of
)


def few_vectors(token_coverage: float) -> str:
    """Return what is said of a model whose vectors cover little of the text; empty where they cover enough.

    >>> few_vectors(0.0), few_vectors(0.413), few_vectors(0.9)
    ('no word has a vector', 'only 41 % of the tokens have a vector', '')
    """
    if token_coverage >= LOW_COVERAGE:
        return ""
    if token_coverage == 0:
        return "no word has a vector"
    return f"only {percent(token_coverage, 0)} of the tokens have a vector"


def called(names: Iterable[str]) -> dict[str, str]:
    """Return how sentences call models: as they are typed, with their source only where another one is called so too.

    >>> called(["lstm@word2vec", "rnn@word2vec", "rnn@random", "tfidf"])
    {'lstm@word2vec': 'lstm', 'rnn@word2vec': 'rnn@word2vec', 'rnn@random': 'rnn@random', 'tfidf': 'tfidf'}
    """
    names = list(dict.fromkeys(names))
    short = {name: _without_source(name) for name in names}
    times = Counter(short.values())
    return {name: short[name] if times[short[name]] == 1 else name for name in names}


def _without_source(name: str) -> str:
    parsed = ModelName.parse(name)
    return name if parsed.made_elsewhere else parsed.asked


def listed(words: Sequence[object]) -> str:
    """Return words as a list in a sentence.

    >>> listed([95, 96, 88]), listed(["bow"])
    ('95, 96 and 88', 'bow')
    """
    *first, last = map(str, words)
    return f"{', '.join(first)} and {last}" if first else last


NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def in_words(number: int) -> str:
    """Return a number as sentences have it: up to twelve in letters.

    >>> in_words(3), in_words(1_335)
    ('three', '1,335')
    """
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number:,}"


def lasting(seconds: float) -> str:
    """Return how long something takes, with no more digits than a person needs.

    >>> [lasting(seconds) for seconds in (0.25, 4.84, 37.2, 128.2, 5_000)]
    ['0.25 s', '4.8 s', '37 s', '2 min', '1.4 h']
    """
    if seconds < 100:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 3_600 else f"{seconds / 3600:.1f} h"


def quoted(names: Sequence[str]) -> str:
    """Return names in quotation marks.

    >>> quoted(["a", "b"])
    '"a", "b"'
    """
    return ", ".join(f'"{name}"' for name in names)


def with_head(name: str) -> str:
    """Return a model's name with what its classifier reads, where the name does not say it.

    >>> with_head("lstm@word2vec"), with_head("lstm:max@word2vec"), with_head("tfidf")
    ('lstm@word2vec (last state)', 'lstm:max@word2vec', 'tfidf')
    """
    head = ModelName.parse(name).own_head
    return f"{name} ({'last state' if head == LAST else head})" if head else name


def percent(fraction: float, places: int = 1) -> str:
    """Return a fraction of 1 as percent.

    >>> percent(0.953), percent(0.714, 0)
    ('95.3 %', '71 %')
    """
    return f"{100 * fraction:.{places}f} %"


def signed_points(fraction: float) -> str:
    """Return percentage points with a sign; never -0.0.

    >>> signed_points(0.018), signed_points(-0.0001)
    ('+1.8', '+0.0')
    """
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def plain_points(fraction: float) -> str:
    """Return a size in percentage points, never 0 for one that is not.

    >>> plain_points(0.01), plain_points(0.023), plain_points(0.00042)
    ('1 point', '2.3 points', '0.04 points')
    """
    number = f"{100 * fraction:.1f}"
    return _counted(f"{100 * fraction:.1g}" if float(number) == 0 else number.removesuffix(".0"))


def exact_points(fraction: float) -> str:
    """Return a size that a person chose, in percentage points, to its last digit.

    >>> exact_points(0.01), exact_points(0.0025)
    ('1 point', '0.25 points')
    """
    return _counted(f"{100 * fraction:.6g}")


def in_hundred(fraction: float) -> str:
    """Return a size of a share as a person counts it: so many in a hundred.

    >>> in_hundred(0.01), in_hundred(0.0025)
    ('1 in 100', '0.25 in 100')
    """
    return f"{100 * fraction:.6g} in 100"


def _counted(number: str) -> str:
    return f"{number} point" if number == "1" else f"{number} points"


def difference_words(difference: float, interval: Sequence[float]) -> str:
    """Return a difference of two shares with its 95 % interval.

    >>> difference_words(-0.018, [-0.031, -0.004])
    '-1.8 points (95 % interval -3.1 to -0.4)'
    """
    low, high = map(signed_points, interval)
    return f"{signed_points(difference)} points (95 % interval {low} to {high})"


def nats(size: float, unit: str = "nats") -> str:
    """Return a size in nats, or in another unit, never 0 for one that is not.

    >>> nats(0.0331), nats(0.00004)
    ('0.033 nats', '0.00004 nats')
    """
    places = 3 if size >= 0.0005 or not size else 3 - math.floor(math.log10(size)) - 3
    return f"{size:.{places}f} {unit}"


def better_or_worse(difference: float, interval: Sequence[float], unit: str = "nats") -> str:
    """Return a difference in a score of which less is better: in words, so that no sign can be misread.

    Parameters
    ----------
    difference, interval : float, [lo, hi]
        In nats or another unit, positive where the first model is better: its score is lower.

    >>> better_or_worse(0.033, [0.01, 0.056])
    'better by 0.033 nats (95 % interval 0.010 to 0.056 better)'
    >>> better_or_worse(-0.01, [-0.04, 0.02])
    'worse by 0.010 nats (95 % interval 0.040 worse to 0.020 better)'
    """
    low, high = interval
    word = "better" if difference >= 0 else "worse"
    if low >= 0 or high <= 0:
        ends = f"{min(abs(low), abs(high)):.3f} to {max(abs(low), abs(high)):.3f} {word}"
    else:
        ends = f"{-low:.3f} worse to {high:.3f} better"
    return f"{word} by {abs(difference):.3f} {unit} (95 % interval {ends})"


def detectable_words(smallest: float | None, metric: str = FIRST_METRIC) -> str:
    """Return what would be found four times out of five: the power that a comparison has.

    >>> detectable_words(0.023)
    'a true difference of 2.3 points would be found four times out of five'
    >>> detectable_words(1.04)
    'no true difference that accuracy can have would be found four times out of five'
    >>> detectable_words(None)
    'fewer than ten documents tell the two apart'
    """
    if smallest is None:
        return "fewer than ten documents tell the two apart"
    said = METRIC_WORDS[metric]
    size = f"a true difference of {said.size(smallest)}"
    if smallest > said.largest:
        size = f"no true difference that {said.name} can have"
    return f"{size} would be found four times out of five"


# --- scores by metric


@dataclass(frozen=True)
class MetricWords:
    """How sentences say a metric: its name, a score, a size, a size that a person chose, a difference."""

    name: str
    score: Callable[[float], str]
    scores: str  # of two models, {a} and {b}
    size: Callable[[float], str] = plain_points
    exact: Callable[[float], str] = exact_points
    plain: Callable[[float], str] = in_hundred  # the same to a person who has not met percentage points
    difference: Callable[[float, Sequence[float]], str] = difference_words
    difference_of: str = "a difference of {difference}"
    counts: bool = False  # whether it is documents that are counted: so many of 100 are right
    largest: float = 1.0  # difference that two models can have
    adds: str = "adds {figures}"
    costs: str = "costs {metric}: {figures}"

    def figures(self, score_a: float, score_b: float, difference: float, interval: Sequence[float]) -> str:
        """Return both scores and their difference.

        >>> METRIC_WORDS["macro-f1"].figures(0.712, 0.65, 0.062, [0.011, 0.113])
        'macro F1 71.2 against 65.0, a difference of +6.2 points (95 % interval +1.1 to +11.3)'
        """
        between = self.difference_of.format(difference=self.difference(difference, interval))
        return f"{self.both(score_a, score_b)}, {between}"

    def both(self, score_a: float, score_b: float) -> str:
        """Return the scores of two models.

        >>> METRIC_WORDS["accuracy"].both(0.953, 0.971)
        '95.3 % against 97.1 %'
        """
        return self.scores.format(a=self.score(score_a), b=self.score(score_b))


METRIC_WORDS = {
    "accuracy": MetricWords("accuracy", percent, "{a} against {b}", counts=True),
    "macro-f1": MetricWords("macro F1", lambda value: f"{100 * value:.1f}", "macro F1 {a} against {b}"),
    "balanced-accuracy": MetricWords("balanced accuracy", percent, "balanced accuracy {a} against {b}"),
    "span-f1": MetricWords("span F1", lambda value: f"{100 * value:.1f}", "span F1 {a} against {b}"),
    "token-accuracy": MetricWords("token accuracy", percent, "token accuracy {a} against {b}"),
    "micro-f1": MetricWords("micro F1", lambda value: f"{100 * value:.1f}", "micro F1 {a} against {b}"),
    "precision-at-1": MetricWords("precision at 1", percent, "precision at 1 {a} against {b}"),
    "precision-at-3": MetricWords("precision at 3", percent, "precision at 3 {a} against {b}"),
    "precision-at-5": MetricWords("precision at 5", percent, "precision at 5 {a} against {b}"),
    "subset-accuracy": MetricWords("exact sets", percent, "exact sets {a} against {b}"),
    "hamming-loss": MetricWords(
        "Hamming loss",
        lambda value: percent(value, 2),
        "Hamming loss {a} against {b} (lower is better)",
        difference_of="{difference} in favour of the first",
        adds="lowers the Hamming loss, which is better: {figures}",
        costs="raises the Hamming loss, which is worse: {figures}",
    ),
    "log-loss": MetricWords(
        "log loss",
        lambda value: f"{value:.3f}",
        "log loss {a} against {b} (lower is better)",
        size=nats,
        exact=lambda value: f"{value:.6g} nats",
        plain=lambda value: f"{value:.6g} nats",
        difference=better_or_worse,
        difference_of="{difference}",
        largest=float("inf"),
        adds="lowers log loss, which is better: {figures}",
        costs="raises log loss, which is worse: {figures}",
    ),
    "bits-per-byte": MetricWords(
        "bits a byte",
        lambda value: f"{value:.3f}",
        "{a} bits a byte against {b} (lower is better)",
        size=partial(nats, unit="bits a byte"),
        exact=lambda value: f"{value:.6g} bits a byte",
        plain=lambda value: f"{value:.6g} bits a byte",
        difference=partial(better_or_worse, unit="bits a byte"),
        difference_of="{difference}",
        largest=float("inf"),
        adds="takes fewer bits, which is better: {figures}",
        costs="takes more bits, which is worse: {figures}",
    ),
}
