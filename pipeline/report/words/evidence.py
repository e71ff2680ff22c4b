"""What stands below the headline: counts of both models, what one of them costs, and how sure that is."""

from __future__ import annotations

from pipeline.core.wording import METRIC_WORDS, in_words, lasting, listed
from pipeline.report.words.told import Told, accuracies, between, of_hundred, times_of
from pipeline.run_folder.metrics.comparisons import Comparison

AVERAGED = "ann"  # the network without memory
MOST_TRAININGS = 6  # that a sentence names one by one
ABOUT = 0.05  # a ratio that is so near to 1 is none
SMALL_RATIO = 0.2  # below it a part is said, not a number of times
MOST_SURE = 2  # differences that a sentence names


# --- lead


def lead(told: Told) -> str:
    """Return what the two models get right, each training, and how far the difference is known."""
    row, verdict = told.row, told.verdict
    if row is None or verdict.decision is None:
        return _meanwhile(told)
    if not METRIC_WORDS[verdict.metric].counts:
        parts = [_scores_of_both(told, row), _once(told)]
    elif verdict.decision == "withheld":
        parts = [_counts_of_both(told, row), _beside_chance(told, row)]
    else:
        parts = [_counts_of_both(told, row), _each_training(told), _how_far(row), _beside_chance(told, row)]
    return " ".join(part for part in parts if part)


def _meanwhile(told: Told) -> str:
    model = told.call(told.advice.model)
    return f"Until then start with {model}. {told.advice.because}" if model else ""


def _counts_of_both(told: Told, row: Comparison) -> str:
    mine, theirs = of_hundred(accuracies(told, row))
    theirs_first = f"Of 100 test documents {told.call(row.b)} puts {theirs} into the right class"
    end = f"{mine} as well" if mine == theirs else mine
    return f"{theirs_first}, and {told.network}, {_best(told)}, {end}."


def _scores_of_both(told: Told, row: Comparison) -> str:
    words = METRIC_WORDS[told.verdict.metric]
    return f"{told.network}, {_best(told)}, was compared with {told.call(row.b)} by {words.name}."


def _best(told: Told) -> str:
    """Return what the network of the verdict is; where recurrent ones were run, `ann` is not put up for it."""
    models = {row.name: row.model for row in told.metrics.summary if row.kind == "network"}
    if len(models) == 1:
        return "the network"
    averaged = AVERAGED in models.values() and models.get(told.verdict.a or "") != AVERAGED
    best = "the best recurrent network" if averaged else "the best network"
    return f"{best} in validation"


def _each_training(told: Told) -> str:
    """Return what each training reached, or that there was one only."""
    trainings = told.of_network
    if not trainings:
        return ""
    if len(trainings) == 1:
        return _once(told)
    shares = [row.accuracy for row in trainings]
    if len({f"{100 * share:.0f}" for share in shares}) == 1:
        return f"All its trainings reached {100 * shares[0]:.0f}."
    if len(shares) > MOST_TRAININGS:
        return f"Its {len(shares)} trainings reached {100 * min(shares):.0f} to {100 * max(shares):.0f}."
    each = listed([f"{100 * share:.0f}" for share in shares])
    return f"Its {in_words(len(shares))} trainings reached {each}."


def _once(told: Told) -> str:
    if len(told.of_network) != 1 or told.metrics.corpus.folds > 1:
        return ""
    model = told.of_network[0].model
    return f"Trained once: this speaks of this {told.network} alone. `--seeds 3` speaks of {model}s."


def _beside_chance(told: Told, row: Comparison) -> str:
    """Return that a model was not shown to be better than one that reads nothing; empty where both were."""
    share = told.most_frequent
    if share is None:
        return ""
    low = [name for name in (row.a, row.b) if name in told.counted and told.counted[name].ci95[0] <= share]
    if not low:
        return ""
    was = "neither was" if len(low) == 2 else f"{told.call(low[0])} was not"
    (said,) = of_hundred([share])
    return f"Always answering the most frequent class gets {said}: {was} shown to beat that."


def _how_far(row: Comparison) -> str:
    return f"So the true difference may be anything from {between(*row.ci95)}."


# --- of the model that is advised


def expectation(told: Told) -> str:
    """Return what to expect of the model that is advised: `98 of 100 right on documents like these (96 to 99)`."""
    found = told.counted.get(told.advice.model or "")
    if found is None:
        return ""
    mine, low, high = (of_hundred([share])[0] for share in (found.score, *found.ci95))
    return told.task.expect.format(score=mine, low=low, high=high)


def price(told: Told) -> str:
    """Return what the model costs: `5 s to train, 4 ms a document, 3.2 MB`."""
    row = told.costs.get(told.advice.model or "")
    if row is None:
        return ""
    latency = [] if row.latency_ms_p50 is None else [f"{row.latency_ms_p50:.2g} ms a {told.task.unit}"]
    size = [] if row.size_bytes is None else [f"{row.size_bytes / 1e6:.2g} MB"]
    return ", ".join([f"{lasting(row.train_seconds)} to train", *latency, *size])


def instead_of(told: Told) -> str:
    """Return what the model that is not advised would cost beside it: `lstm takes 7 times the training`."""
    rows = {row.name: row for row in told.metrics.summary}
    other = told.verdict.a if told.verdict.a != told.advice.model else told.verdict.b
    if told.advice.model is None or other not in rows:
        return ""
    ratios = {
        "the training": times_of(told, other, told.advice.model, "train_seconds"),
        "the wait": times_of(told, other, told.advice.model, "latency_ms_p50"),
    }
    parts = [_times(ratio, what) for what, ratio in ratios.items() if ratio is not None]
    return f"{told.call(other)} takes {' and '.join(parts)}" if parts else ""


def _times(ratio: float, what: str) -> str:
    """Return a ratio in words.

    >>> _times(7.24, "the training"), _times(0.013, "the training"), _times(1.02, "the wait")
    ('7.2 times the training', '1/77 of the training', 'the same wait')
    """
    if abs(ratio - 1) < ABOUT:
        return what.replace("the", "the same", 1)
    return f"{ratio:.2g} times {what}" if ratio >= SMALL_RATIO else f"1/{1 / ratio:.0f} of {what}"


# --- how sure that is


def sure(told: Told) -> tuple[str, ...]:
    """Return the differences that were shown."""
    rows = [row for row in told.metrics.comparisons if row.decision in ("beats", "loses")]
    said = [_difference(told, row) for row in rows[:MOST_SURE]]
    rest = len(rows) - MOST_SURE
    return (*said, *([f"{in_words(rest).capitalize()} more: see Differences."] if rest > 0 else []))


def _difference(told: Told, row: Comparison) -> str:
    word = "better" if row.decision == "beats" else "worse"
    start = (
        f"{told.network if row.a == told.verdict.a else told.call(row.a)} is {word} than {told.call(row.b)}"
    )
    if row.metric == "log-loss":
        return f"{start}."
    low, high = sorted(abs(100 * end) for end in row.ci95)
    places = 0 if high - low >= 3 else 1
    return f"{start}, by {low:.{places}f} to {high:.{places}f} in 100."


def left_open(told: Told) -> tuple[str, ...]:
    """Return what could not be told; what all trainings say alike stands with it."""
    verdict = told.verdict
    if verdict.decision == "withheld" and verdict.b is not None:
        return (
            f"all of it. A training of {told.network} failed, so nothing is decided, whatever the picture shows.",
        )
    if verdict.decision != "cannot tell" or verdict.b is None:
        return ()
    found = verdict.trainings
    said = f"whether {told.network} or {told.call(verdict.b)} is better."
    if found is None or found.n < 2 or found.n not in (found.better, found.worse):
        return (said,)
    word = "above" if found.better else "below"
    all_of = "Both" if found.n == 2 else f"All {in_words(found.n)}"
    clear = found.n in (found.clearly_better, found.clearly_worse)
    end = "but by how much is uneven" if clear else "which may be chance"
    return (said, f"{all_of} trainings of {told.network} are {word} {told.call(verdict.b)}, {end}.")


def too_small(told: Told) -> str:
    """Return the difference that would have been missed."""
    smallest, metric = told.verdict.minimum_detectable_difference, told.verdict.metric
    if smallest is None:
        return ""
    if metric == "log-loss":
        return f"a difference of less than {METRIC_WORDS[metric].size(smallest)}."
    if smallest > 1:
        return "any difference: the documents are too few."
    places = 0 if smallest >= 0.1 else 1
    return f"a difference of less than {100 * smallest:.{places}f}".removesuffix(".0") + " in 100."
