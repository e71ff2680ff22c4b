"""What is left of a network's accuracy when the words that it sees are shuffled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.core.values import IndexedCorpus, Int32
from pipeline.core.wording import difference_words, exact_points, percent
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.interpret.probes.memory_horizon import on_sample
from pipeline.interpret.probes.paired import Probabilities, answered, is_above, majority_right, ratio_interval
from pipeline.interpret.probes.subject import Subject
from pipeline.models.networks.batches import shuffle_words
from pipeline.run_folder.details.probes import ShuffleScore, Silent, WordOrder

QUESTION = (
    "How much of what the network knows beyond the most frequent class does it know from the order of words?"
)
CONTROLS = (
    "only what the network reads of each document is shuffled, so it sees the same tokens as before and none that was"
    " cut. Several shuffles show what one by chance would hide. Counting from the most frequent class keeps an"
    " accuracy that needs no reading at all from passing for knowledge."
)
CANNOT_SHOW = (
    "a shuffled text is none that the network was trained on: a network that was trained on shuffled words"
    " (lstm:shuffled-words) may do better on them, so what is lost here is an upper bound of what order is worth. It"
    " is also a text that ends with other words, mostly without a full stop: what a network that forgets soon loses may"
    " be that, and not order. The memory horizon keeps the last words and shuffles the rest. That order is not needed"
    " here does not say that the network cannot use it."
)
SHUFFLES = 5
NEXT_TO_NOTHING = 0.2  # a share that is below this with 95 % confidence
NEARLY_ALL = 0.9  # a share that is above this: order is hardly needed


def word_order(
    probabilities: Probabilities,
    documents: IndexedCorpus,
    labels: Int32,
    generator: np.random.Generator,
    rope: float,
) -> WordOrder:
    """Return accuracy on documents whose words are shuffled, and the share of what was known that survives.

    Parameters
    ----------
    probabilities : callable
        The network: documents > float32 (N, C).
    documents : IndexedCorpus
        N documents as the network reads them, cut: each is shuffled within itself, so its tokens stay the same.
    labels : int32 array, shape (N,)
    generator : numpy Generator
        Draws the shuffles.
    rope : float
        Region of practical equivalence: a loss of accuracy up to this size does not matter.

    Notes
    -----
    share = (accuracy on shuffled words - majority) / (accuracy - majority), where majority is the accuracy of
    always saying the most frequent class of these documents. It can be below 0, and above 1. Its interval is
    Fieller's and holds the chance of documents; `shares` show that of shuffles. That of `difference` holds
    both, with shuffles in the place of seeds (`crossed_estimate`).

    The question was put to BERT in this way by [1]_.

    References
    ----------
    .. [1] Pham, Bui, Mai, Nguyen (2021), Findings of ACL, arXiv:2012.15180.
    """
    whole = answered(probabilities(documents), labels)
    shuffled = [shuffle_words(documents, generator) for _ in range(SHUFFLES)]
    mixed = [answered(probabilities(one), labels) for one in shuffled]
    right, majority = np.stack([one.right for one in mixed]), majority_right(labels)  # (S, N), (N,)
    estimate = crossed_estimate(right - whole.right)
    known = is_above(whole.right, majority)
    above, left = whole.right - majority, right - majority  # (N,), (S, N)
    found = WordOrder(
        documents=documents.n_docs,
        majority=float(majority.mean()),
        accuracy=whole.accuracy,
        log_loss=whole.log_loss,
        shuffled=tuple(ShuffleScore(one.accuracy, one.log_loss) for one in mixed),
        shuffled_accuracy=float(right.mean()),
        shuffled_log_loss=float(np.mean([one.log_loss for one in mixed])),
        difference=float(estimate.difference),
        ci95=estimate.interval,
        share=float(left.mean() / above.mean()) if known else None,
        share_ci95=ratio_interval(left.mean(axis=0), above) if known else None,
        shares=tuple(float(one.mean() / above.mean()) for one in left) if known else (),
        rope=rope,
        order="",
    )
    return replace(found, order=_order(found, rope))


def measure(subject: Subject) -> WordOrder | Silent:
    """Return what word order is to a trained network, in numbers and words."""
    if subject.named.shuffled_words:
        return Silent(nothing="it reads shuffled words: there is no order to take away")
    found = word_order(*on_sample(subject, "word-order"))
    kept = ("documents", "accuracy", "shuffled_accuracy", "majority", "share", "share_ci95", "order")
    return replace(found, reading=reading(found), summary={key: getattr(found, key) for key in kept})


def _order(found: WordOrder, rope: float) -> str:
    """Return what the figures allow to say of word order."""
    if found.share is None:
        return "nothing to lose"
    low, high = found.ci95
    if low >= -rope:
        return "not needed"
    if low >= -(1 - NEARLY_ALL) * (found.accuracy - found.majority):
        return "hardly needed"
    ends = found.share_ci95
    if ends is not None and ends[0] <= 0 and ends[1] < NEXT_TO_NOTHING:
        return "everything"
    return "part" if high < 0 else "cannot tell"


READINGS = {
    "nothing to lose": "with {accuracy} the network is not shown to be better than always saying the most frequent"
    " class ({majority}), so there is nothing that shuffling could take away.",
    "not needed": "order is not needed: shuffling the words costs at most {rope} ({accuracy} as written, {shuffled}"
    " shuffled), and {share} of what the network knows beyond the most frequent class survives.",
    "hardly needed": "order is hardly needed: {share} of what the network knows beyond the most frequent class survives"
    " shuffled words ({accuracy} as written, {shuffled} shuffled: {difference}).",
    "everything": "order is everything: shuffling the words takes the network from {accuracy} to {shuffled}; always"
    " saying the most frequent class gives {majority}.",
    "part": "part of it is order, or which words come last: {share} of what the network knows beyond the most frequent"
    " class survives shuffled words ({accuracy} as written, {shuffled} shuffled, {majority} for the most frequent"
    " class).",
    "cannot tell": "whether order counts cannot be told from {documents} documents: shuffled minus as written is"
    " {difference}.",
}


def reading(found: WordOrder) -> str:
    """Return in plain words what `word_order` found."""
    share = found.share
    return READINGS[found.order].format(
        documents=f"{found.documents:,}",
        accuracy=percent(found.accuracy),
        shuffled=percent(found.shuffled_accuracy),
        majority=percent(found.majority),
        rope=exact_points(found.rope),
        share="" if share is None else percent(share, 0),
        difference=difference_words(found.difference, found.ci95),
    )
