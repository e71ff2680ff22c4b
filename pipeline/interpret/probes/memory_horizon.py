"""How much of a document's end gives the answer of the whole: the rest dropped, shuffled or replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.values import IndexedCorpus, Int32, Int64
from pipeline.core.wording import exact_points, percent
from pipeline.interpret.probes.paired import (
    Answered,
    Probabilities,
    accuracy_interval,
    answered,
    is_above,
    loss_interval,
    majority_right,
)
from pipeline.interpret.probes.subject import Subject
from pipeline.interpret.probes.windows import replace_beyond
from pipeline.models.networks.batches import shuffle_words, visible
from pipeline.run_folder.details.probes import HorizonChange, HorizonPoint, MemoryHorizon

QUESTION = "How many tokens from the end does the network use, and up to where does their order count?"
CONTROLS = (
    "dropping words also makes the text shorter than what the network was trained on. Shuffling keeps the length"
    " and the words, replacing keeps the length and how often each word stands where: what is lost under them is"
    " not lost to shortness. All changes are judged on the same documents as the whole text, so hard documents"
    " weigh on both sides."
)
CANNOT_SHOW = (
    "it shows what this network uses, not what the documents hold: another one may use more. That the last words are"
    " enough does not say that the earlier ones were forgotten; they may say the same again. A changed text is none"
    " that the network was trained on, so a loss is an upper bound of what the words or their order are worth."
)
MOST_DOCUMENTS, MOST_TOKENS = 4_000, 150_000  # of the sample: short texts are cheap, so more of them are read
SHORT = 64  # documents up to this length are cheap, so more places are looked at


@dataclass(frozen=True)
class Change:
    """What is done to the tokens before the last k; `from_zero`: to the whole text too, k = 0."""

    apply: Callable[[IndexedCorpus, int, np.random.Generator], IndexedCorpus]
    fine: bool  # every power of two, where others take powers of four
    from_zero: bool = False


CHANGES: dict[str, Change] = {
    "dropped": Change(
        lambda documents, k, _: visible(documents, max_tokens=k, keep="last").indexed, fine=True
    ),
    "shuffled": Change(
        lambda documents, k, drawn: shuffle_words(documents, drawn, k), fine=False, from_zero=True
    ),
    "replaced": Change(replace_beyond, fine=False),
}


def memory_horizon(
    probabilities: Probabilities,
    documents: IndexedCorpus,
    labels: Int32,
    generator: np.random.Generator,
    rope: float,
) -> MemoryHorizon:
    """Return accuracy and loss when all but the last k tokens are dropped, shuffled or replaced, for several k.

    Parameters
    ----------
    probabilities : callable
        The network: documents > float32 (N, C).
    documents : IndexedCorpus
        N documents as the network reads them: cut, and shuffled where it reads shuffled words.
    labels : int32 array, shape (N,)
    generator : numpy Generator
        Draws one shuffle and one replacement for each document and k.
    rope : float
        Region of practical equivalence: a loss of accuracy up to this size does not matter.

    Notes
    -----
    The method is that of [1]_, there for language models, whose loss stands at every word.

    `enough` is the smallest k at which, and at every larger k tested, the 95 % interval of the paired difference ends
    at -rope or above: at most `rope` is lost there, and that is not chance. The places are tested from the largest k
    down and the first that fails ends it, so that each can be tested at the full level however many there are [2]_.
    None: not shown at any k.

    References
    ----------
    .. [1] Khandelwal, He, Qi, Jurafsky (2018), ACL, arXiv:1805.04623, sections 3 to 5.
    .. [2] Maurer, Hothorn, Lehmacher (1995), Biometrie in der chemisch-pharmazeutischen Industrie 6, 3-18
       (a priori ordered hypotheses).
    """
    lengths = np.diff(documents.offsets)
    whole = answered(probabilities(documents), labels)
    majority = majority_right(labels)
    changes = {}
    for name, change in CHANGES.items():
        points = tuple(
            _point(k, answered(probabilities(change.apply(documents, k, generator)), labels), whole, lengths)
            for k in places(int(lengths.max()), fine=change.fine, from_zero=change.from_zero)
        )
        changes[name] = HorizonChange(
            points,
            smallest_enough([(point.k, point.ci95[0]) for point in points], rope),
            smallest_enough([(point.k, point.difference) for point in points], rope),  # chance left aside
        )
    return MemoryHorizon(
        documents=documents.n_docs,
        longest=int(lengths.max()),
        majority=float(majority.mean()),
        accuracy=whole.accuracy,
        log_loss=whole.log_loss,
        above_majority=is_above(whole.right, majority),
        rope=rope,
        resolution=accuracy_interval(np.zeros(documents.n_docs))[1],
        changes=changes,
    )


def places(longest: int, *, fine: bool, from_zero: bool) -> list[int]:
    """Return the k to test, ascending, all below `longest`: powers of two from 1, or of four from 4.

    >>> places(400, fine=False, from_zero=True)
    [0, 4, 16, 64, 256]
    """
    step, first = (2, 1) if fine or longest <= SHORT else (4, 4)
    found = [0] if from_zero else []
    k = first
    while k < longest:
        found.append(k)
        k *= step
    return found


def smallest_enough(ends: Iterable[tuple[int, float]], rope: float) -> int | None:
    """Return the smallest k at which, and at every larger one, the difference ends at -rope or above; None: nowhere.

    >>> smallest_enough([(1, -0.2), (2, -0.01), (4, 0)], 0.01)
    2
    """
    enough = None
    for k, low in sorted(ends, reverse=True):
        if low < -rope:
            break
        enough = k
    return enough


def _point(k: int, changed: Answered, whole: Answered, lengths: Int64) -> HorizonPoint:
    lost, more = changed.right - whole.right, changed.losses - whole.losses  # (N,)
    return HorizonPoint(
        k,
        changed.accuracy,
        float(lost.mean()),
        accuracy_interval(lost),
        changed.log_loss,
        float(more.mean()),
        loss_interval(more),
        longer=float((lengths > k).mean()),
    )


# --- of a trained network --------------------------------------------------------------------------------


def sample(subject: Subject) -> Int64:
    """Return positions of test documents of about `MOST_TOKENS` tokens together: the same ones for every network."""
    lengths = np.diff(subject.documents.offsets)[subject.test]
    fitting = int(MOST_TOKENS / max(float(lengths.mean()), 1.0))
    return subject.sampled(min(max(fitting, 1), MOST_DOCUMENTS))


def on_sample(
    subject: Subject, probe: str
) -> tuple[Probabilities, IndexedCorpus, Int32, np.random.Generator, float]:
    """Return what a probe that changes documents is given: network, sample with its labels, chance, and rope."""
    positions = sample(subject)
    documents, labels = subject.read(positions), subject.labels[positions]
    return subject.probabilities, documents, labels, subject.generator(probe), subject.config.run.rope


def measure(subject: Subject) -> MemoryHorizon:
    """Return what the memory horizon of a trained network is, in numbers and words."""
    found = memory_horizon(*on_sample(subject, "memory-horizon"))
    enough = {name: change.enough for name, change in found.changes.items()}
    return replace(
        found,
        last=what_last_means(subject),
        reading=reading(found),
        summary={"documents": found.documents, "accuracy": found.accuracy, "enough": enough},
    )


_OF_WHAT_IS_READ = {
    "last": "of the document",
    "first": "of what is read, the first {most:,} tokens",
    "first+last": "of what is read: of a longer document the first and the last {half:,} tokens, joined",
    "pieces": "of the document; a cut moves the borders of the pieces in which the network reads",
}


def what_last_means(subject: Subject) -> str:
    """Return which tokens the last k are, for what this network reads and how."""
    networks = subject.config.networks
    place = _OF_WHAT_IS_READ[networks.keep].format(most=networks.max_tokens, half=networks.max_tokens // 2)
    told = f"The last k tokens are those at the end {place}."
    if not subject.entry.one_way or subject.spec.head != "last":
        told += " This network reads its states at more places than there, so that is a place in the text, not in time."
    if subject.named.shuffled_words:
        told += " It reads shuffled words: the last k are k words at random."
    return told


# --- in words --------------------------------------------------------------------------------------------


def reading(found: MemoryHorizon) -> str:
    """Return in a few plain words what `memory_horizon` found."""
    if not found.above_majority:
        return (
            f"with {percent(found.accuracy)} on {found.documents:,} documents the network is not shown to be"
            f" better than always saying the most frequent class ({percent(found.majority)}), so there is no"
            " memory to measure."
        )
    if found.resolution is not None and found.resolution > found.rope:
        return (
            f"the whole text gives {percent(found.accuracy)}. {found.documents:,} documents are too few to show that a"
            f" cut costs at most {exact_points(found.rope)}: {exact_points(round(found.resolution, 4))} is the least"
            f" they can show.{_by_points(found)}"
        )
    sentences = (_dropped(found), *(_far_away(found, change) for change in _FAR_AWAY))
    return " ".join(sentence for sentence in sentences if sentence)


def _by_points(found: MemoryHorizon) -> str:
    """Return the smallest k that loses at most rope by the figures as they are, chance left aside."""
    k = found.changes["dropped"].by_figures
    return "" if k is None else f" By the figures alone, chance left aside, {_last(k)} would do."


def _last(k: int) -> str:
    return "the last token" if k == 1 else f"the last {k:,} tokens"


def _dropped(found: MemoryHorizon) -> str:
    points, k = found.changes["dropped"].points, found.changes["dropped"].enough
    if not points:
        return "every document is one token long."
    within = exact_points(found.rope)
    if k is None:
        most = points[-1]
        return (
            f"no cut is shown to cost at most {within}: {_last(most.k)} give {percent(most.accuracy)}, the"
            f" whole text {percent(found.accuracy)}; {percent(most.longer, 0)} of the documents are"
            f" longer.{_by_points(found)}"
        )
    point = next(point for point in points if point.k == k)
    verb = "gives" if k == 1 else "give"
    return (
        f"{_last(k)} {verb} the accuracy of the whole text within {within} ({percent(point.accuracy)}"
        f" against {percent(found.accuracy)}); {percent(point.longer, 0)} of the documents are longer."
    )


# what a change shows to count, and what is said where it does not
_FAR_AWAY = {
    "shuffled": ("the order of words", "The order of words{} does not matter."),
    "replaced": ("which words stand there", "Words of other documents{} do not disturb it."),
}


def _far_away(found: MemoryHorizon, change: str) -> str:
    k, (what, nothing) = found.changes[change].enough, _FAR_AWAY[change]
    return _not_shown(found, change, what) if k is None else nothing.format(_beyond(k))


def _not_shown(found: MemoryHorizon, change: str, what: str) -> str:
    """Return that something counts as far from the end as was tested, or what the figures alone say."""
    points, k = found.changes[change].points, found.changes[change].by_figures
    if not points:
        return ""
    farthest = points[-1]
    size = f"{100 * farthest.difference + 0.0:+.1f} points"
    if farthest.ci95[1] < 0:
        return f"Even more than {farthest.k:,} from the end, {what} counts ({size})."
    if k is None:
        return f"Whether {what} counts more than {farthest.k:,} from the end cannot be told ({size})."
    within = exact_points(found.rope)
    return f"By the figures alone, which may be chance, {what} counts for at most {within}{_beyond(k)}."


def _beyond(k: int) -> str:
    return f" more than {k:,} from the end" if k else ""
