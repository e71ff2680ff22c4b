"""One word that decides, at a known distance from the end of a text that says nothing: which cells find it?"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.models import LAST, MODELS
from pipeline.core.names import ModelName
from pipeline.core.values import PADDING_ROW, UNKNOWN_ROW, Float32, Float64, IndexedCorpus, Int32, Int64
from pipeline.core.wording import percent
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.interpret.probes.memory_horizon import places
from pipeline.interpret.probes.paired import Answered, answered
from pipeline.interpret.probes.subject import Subject
from pipeline.models.networks.build import NetworkSpec
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.networks.training import FittedNetwork, fit_network
from pipeline.run_folder.details.probes import Needle, NeedleNetwork, NeedlePoint, Silent

QUESTION = "From how far back can such a network, trained on it, still bring one word that decides?"
CONTROLS = (
    "the class hangs on one made-up word alone, at a distance that is known, so nothing nearer can stand in for it."
    " The other words come from your training documents, are frequent and about as common in every class, and each"
    " is drawn as often, without regard to the class. The two made-up vectors are drawn with the mean and"
    " covariance of theirs, so they do not stand out. Every distance is trained on equally often; cells share"
    " documents, vectors and number of steps, and each takes the best of the same learning rates, by documents that"
    " neither train nor test it."
)
CANNOT_SHOW = (
    "it shows what such a network can learn to carry within these few steps, not what the network of your run does"
    " with your documents: there many words may say the same. A longer training may reach further. That a word is"
    " found says nothing of two words that have to be put together."
)

MOST_TOKENS = 200  # of a document
FEWEST = 10  # neutral words: among fewer, two needles could not be told apart
FREQUENT, NEUTRAL = 500, 100  # of the most frequent words of training, so many that lean least to a class
TRAINING_DOCUMENTS, TEST_DOCUMENTS = 1_536, 100  # in all; at each distance
VALIDATION_DOCUMENTS = 400  # in all: they choose the learning rate
EPOCHS, SEEDS = 6, 3
BATCH = 64  # documents of one update, whatever the corpus: all runs show the same number of updates, 144
RATES = (0.002, 0.004, 0.008)  # learning rates, the same for every cell
FITS = len(RATES) + SEEDS - 1  # of each network
FOUND = 0.9  # accuracy from which the needle counts as found
CHANCE = 0.5
FIRST_NEUTRAL = 2  # rows of the needle's own vocabulary: padding, unknown, neutral words, two needles


@dataclass(frozen=True, eq=False)
class Haystack:
    """Neutral words and the two needles, with their vectors."""

    words: tuple[str, ...]  # (K,)
    vectors: Float32  # (2 + K + 2, D): padding, unknown, neutral words, the needles of class 0 and 1

    @property
    def needles(self) -> Int32:
        """The rows of the two needles; int32 (2,)."""
        return np.arange(len(self.vectors) - 2, len(self.vectors), dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Task:
    """What every network is trained, chosen and tested on, with the same seeds."""

    haystack: Haystack
    train: Labelled
    validation: Labelled  # chooses the learning rate
    tests: tuple[tuple[int, Labelled], ...]  # each distance with its documents
    seeds: tuple[int, ...]


def neutral_rows(documents: IndexedCorpus, labels: Int32, n_rows: int) -> Int64:
    """Return the rows of frequent words that lean to no class, ascending.

    Parameters
    ----------
    documents : IndexedCorpus
        Training documents and nothing else.
    labels : int32 array, shape (N,)
    n_rows : int
        Rows of the vocabulary.

    Notes
    -----
    Of the `FREQUENT` most frequent words those `NEUTRAL` whose occurrences are spread over the classes most nearly as
    those of all words are: the total variation distance of the two distributions is smallest.
    """
    of_token = np.repeat(labels, np.diff(documents.offsets)).astype(np.int64)  # (M',)
    n_classes = int(labels.max()) + 1
    flat = documents.indices.astype(np.int64) * n_classes + of_token
    counts = np.bincount(flat, minlength=n_rows * n_classes).reshape(n_rows, n_classes)  # (V, C)
    counts[[PADDING_ROW, UNKNOWN_ROW]] = 0
    totals = counts.sum(axis=1)  # (V,)
    frequent = np.argsort(-totals, kind="stable")[:FREQUENT]
    frequent = frequent[totals[frequent] > 0]
    overall = counts.sum(axis=0) / max(totals.sum(), 1)  # (C,)
    lean = np.abs(counts[frequent] / totals[frequent, None] - overall).sum(axis=1) / 2
    return np.sort(frequent[np.argsort(lean, kind="stable")[:NEUTRAL]])


def needle_vectors(neutral: Float32, generator: np.random.Generator, n_needles: int = 2) -> Float32:
    """Return random vectors with the mean and the covariance of the neutral ones (K, D); float32 (n_needles, D).

    So a needle is no louder than the words around it: one that stood out would be found by a network that hardly
    remembers.
    """
    mean = neutral.mean(axis=0)
    drawn = generator.standard_normal((n_needles, len(neutral)))
    vectors: Float32 = (mean + drawn @ (neutral - mean) / np.sqrt(len(neutral))).astype(np.float32)
    return vectors  # (n_needles, D)


def plant(
    haystack: Haystack, length: int, distances: Int64, classes: Int32, generator: np.random.Generator
) -> IndexedCorpus:
    """Return documents of neutral words, each with the needle of its class.

    Parameters
    ----------
    haystack : Haystack
    length : int
        Tokens of every document.
    distances : int64 array, shape (N,)
        Which token from the end the needle is: 1 is the last, so the last k tokens hold it from k = distance on.
    classes : int32 array, shape (N,)
        0 or 1.
    generator : numpy Generator
        Draws the neutral words.
    """
    n_docs = len(distances)
    drawn = generator.integers(len(haystack.words), size=(n_docs, length))  # each word as often
    rows = (FIRST_NEUTRAL + drawn).astype(np.int32)  # (N, T)
    rows[np.arange(n_docs), length - distances] = haystack.needles[classes]
    return IndexedCorpus(rows.ravel(), np.arange(n_docs + 1, dtype=np.int64) * length)


def balanced(distances: Sequence[int], n_docs: int, generator: np.random.Generator) -> tuple[Int64, Int32]:
    """Return a distance and a class for each of `n_docs` documents, every pair as often as others or once more."""
    pairs = np.array([(distance, one) for distance in distances for one in (0, 1)])  # (2K, 2)
    chosen = pairs[generator.permutation(np.arange(n_docs) % len(pairs))]  # (N, 2)
    return chosen[:, 0].astype(np.int64), chosen[:, 1].astype(np.int32)


def measure(subject: Subject) -> Needle | Silent:
    """Return the accuracy of freshly trained networks by the distance of the needle.

    Every network is fitted at each of `RATES` with the first seed; the rate with the lowest loss on validation
    documents of the same making trains the other seeds. Cells differ in the rate that suits
    them: one that is given less than another would seem to forget.

    The network's own kind is trained; for the first recurrent model of the run, those that read one way and that
    the run does not ask for are trained too, so that a report shows all of them.
    """
    length = min(MOST_TOKENS, int(np.diff(subject.read(subject.train).offsets).max()))
    generator = subject.generator("needle")
    haystack = _haystack(subject, generator)
    if length < 2 or haystack is None:
        return Silent(nothing="the training documents hold too few words to hide one among")
    distances = [*places(length, fine=True, from_zero=False), length]
    train = _planted(haystack, length, distances, TRAINING_DOCUMENTS, generator)
    tests = [_planted(haystack, length, [distance], TEST_DOCUMENTS, generator) for distance in distances]
    seeds = tuple(int(seed) for seed in generator.integers(2**31, size=SEEDS))
    validation = _planted(haystack, length, distances, VALIDATION_DOCUMENTS, generator)
    task = Task(haystack, train, validation, tuple(zip(distances, tests, strict=True)), seeds)
    networks = tuple(_measured(subject, name, spec, task) for name, spec in networks_to_train(subject))
    return Needle(
        length=length,
        neutral_words=haystack.words,
        training_documents=TRAINING_DOCUMENTS,
        validation_documents=VALIDATION_DOCUMENTS,
        test_documents=TEST_DOCUMENTS,
        epochs=EPOCHS,
        steps=updates_of_a_fit(),
        rates=RATES,
        seeds=SEEDS,
        chance=CHANCE,
        networks=networks,
        reading=reading(networks),
        summary={"length": length, "reach": {one.name: one.reach for one in networks}},
    )


def updates_of_a_fit() -> int:
    """Return how many updates each training makes."""
    return EPOCHS * math.ceil(TRAINING_DOCUMENTS / BATCH)


def networks_to_train(subject: Subject) -> list[tuple[str, NetworkSpec]]:
    """Return name and specification of the subject's kind and, once a run, of the others that read one way."""
    own, *others = names_to_train(subject.named.asked, subject.config.run.models)
    more = [(name, replace(subject.spec, model=name, head=LAST)) for name in others]
    return [(own, subject.spec), *more]


def names_to_train(own: str, models: Sequence[str]) -> list[str]:
    """Return the kind of a network and, for the first recurrent one of `run.models`, the others that read one way.

    >>> names_to_train("gru", ["gru", "lstm"]), names_to_train("lstm", ["gru", "lstm"])
    (['gru', 'rnn'], ['lstm'])
    """
    recurrent = [name for name in models if (entry := ModelName.parse(name).entry) and entry.recurrent]
    others = [name for name, entry in MODELS.items() if entry.one_way and name not in recurrent]
    return [own, *others] if recurrent and own == recurrent[0] else [own]


def _haystack(subject: Subject, generator: np.random.Generator) -> Haystack | None:
    rows = neutral_rows(subject.read(subject.train), subject.labels[subject.train], len(subject.vectors))
    if len(rows) < FEWEST:
        return None
    neutral = subject.vectors[rows]
    reserved = subject.vectors[[PADDING_ROW, UNKNOWN_ROW]]
    vectors = np.concatenate([reserved, neutral, needle_vectors(neutral, generator)])  # (2 + K + 2, D)
    return Haystack(tuple(subject.words.gather(rows).to_list()), vectors)


def _planted(
    haystack: Haystack, length: int, distances: Sequence[int], n_docs: int, generator: np.random.Generator
) -> Labelled:
    chosen, classes = balanced(distances, n_docs, generator)
    return Labelled(plant(haystack, length, chosen, classes, generator), classes)


def _measured(subject: Subject, name: str, spec: NetworkSpec, task: Task) -> NeedleNetwork:
    """Return a network's accuracy at each distance, at the best of `RATES`; its vectors stay as they are."""
    start = time.perf_counter()
    own = replace(
        spec,
        embedding_rows=len(task.haystack.vectors),
        n_classes=2,
        tuned=False,
        frozen_first=False,
    )
    first, *others = task.seeds
    tried = {rate: _fit(subject, own, task, rate, first) for rate in RATES}
    losses = {rate: _validation_loss(fitted, task.validation) for rate, fitted in tried.items()}
    best = min(losses, key=lambda rate: losses[rate])
    fits = [tried[best], *(_fit(subject, own, task, best, seed) for seed in others)]
    points = tuple(
        _point(distance, np.stack([_answered(one, test).right for one in fits]))
        for distance, test in task.tests
    )
    by_rate = tuple(losses[rate] for rate in RATES)
    return NeedleNetwork(name, best, by_rate, points, reach(points), time.perf_counter() - start)


def _fit(subject: Subject, spec: NetworkSpec, task: Task, rate: float, seed: int) -> FittedNetwork:
    settings = replace(
        subject.config.networks, learning_rate=rate, batch_size=BATCH, max_epochs=EPOCHS, schedule="constant"
    )
    return fit_network(
        spec,
        task.haystack.vectors,
        task.train,
        None,
        settings,
        seed=seed,
        deterministic=subject.config.run.deterministic,
    )


def _validation_loss(fitted: FittedNetwork, validation: Labelled) -> float:
    """Return the mean cross-entropy in nats; infinite where training diverged."""
    loss = _answered(fitted, validation).log_loss
    return loss if np.isfinite(loss) else math.inf


def _answered(fitted: FittedNetwork, documents: Labelled) -> Answered:
    return answered(predict_probabilities(fitted.model, documents.indexed, n_classes=2), documents.labels)


def _point(distance: int, right: Float64) -> NeedlePoint:
    """Return accuracy at one distance with an interval that holds seeds and documents; `right` is (S, N)."""
    low, high = crossed_estimate(right - CHANCE).interval
    interval = max(0.0, low + CHANCE), min(1.0, high + CHANCE)
    return NeedlePoint(distance, float(right.mean()), interval, tuple(right.mean(axis=1).tolist()))


def reach(points: Sequence[NeedlePoint]) -> int | None:
    """Return the largest k at which, and at every smaller one, accuracy is `FOUND` or above; None if at none.

    >>> reach([NeedlePoint(k, accuracy, (0, 1), ()) for k, accuracy in ((1, 1.0), (2, 0.9), (4, 0.6))])
    2
    """
    far = None
    for point in points:
        if point.accuracy < FOUND:
            break
        far = point.k
    return far


def reading(networks: Sequence[NeedleNetwork]) -> str:
    """Return in plain words how far each network reaches."""
    return " ".join(_reach_words(network) for network in networks)


def _reach_words(network: NeedleNetwork) -> str:
    name, far, points = network.name, network.reach, network.points
    if far is None:
        nearest = points[0]
        return f"{name} does not find the word even at the end: {percent(nearest.accuracy)}, where chance is 50 %."
    if far == points[-1].k:
        return f"{name} finds the word from every distance, up to the first of {far:,} tokens."
    beyond = next(point for point in points if point.k > far)
    return (
        f"{name} finds the word up to {far:,} tokens from the end; at {beyond.k:,} it is right on"
        f" {percent(beyond.accuracy)}."
    )
