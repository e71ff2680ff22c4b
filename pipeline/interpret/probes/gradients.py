"""How much of the gradient reaches a word, by its distance from the end, before training and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.models import MODELS
from pipeline.core.values import Float32, Float64, Int32, Int64
from pipeline.core.wording import percent
from pipeline.interpret.probes.subject import Subject, tokens
from pipeline.interpret.probes.traces import first_tokens
from pipeline.models.networks.batches import batches
from pipeline.models.networks.build import NetworkSpec, after_embedding
from pipeline.models.networks.keras_types import Model, Tensor
from pipeline.models.networks.labelled import Evaluation, Labelled
from pipeline.models.networks.of_task import losses_of
from pipeline.models.networks.prediction import batch_signature
from pipeline.models.networks.training import untrained
from pipeline.run_folder.details.probes import Clipped, Gradients, Profile, Silent
from pipeline.tasks.table import CLASSIFY

FALLEN = 0.01  # of the value at the end: what lies beyond hardly trains the network
VANISHED = 1e-6  # of a document's largest norm, at its first token
EXPLODED = 1e3  # times the largest norm of the last tokens
END_TOKENS = 5  # "the end" of a document: one token alone depends too much on which word it is
LEAST_SHARE = 0.25  # of the documents that a distance must have to be looked at
_BATCH, _MOST_TIMESTEPS = 64, 25_600  # every state is kept for the way back
_FLOOR = 1e-30  # medians below are rounding

QUESTION = "How far back does the gradient reach?"
CONTROLS = (
    "the norms are divided by each document's largest one, so that a document which the network is sure of, and whose"
    " gradient is small everywhere, counts like any other; distances are counted from the last real token, so that"
    " padding plays no part; dropout is off; the same documents and the same curve before training show what the"
    " architecture brings and what training changed."
)
CANNOT_SHOW = (
    "which words matter: a small gradient far from the end may belong to words without a message. It is the gradient"
    " for one small change of one word at a time, with the weights as they are now, not that of a whole training. Many"
    " words that each do little may do much together: how many the network uses is told by the memory horizon, below."
)


@dataclass(frozen=True, eq=False)
class RelativeNorms:
    """Gradient norms by distance from the end, each relative to the largest of its document."""

    relative: Float64  # (N, T), column k the k-th token before the last; NaN past a document's first token
    median: Float64  # (K,), over the documents that are long enough, K distances
    without: int  # documents left out: no gradient at all, or one that is not finite
    not_finite: int


def measure(subject: Subject) -> Gradients | Silent:
    """Return the profile of ||dL/dx_t|| over distance, its decay, and how many documents are longer.

    Notes
    -----
    L is the cross-entropy of a document's label, x_t the word vector that the network reads at timestep t. x_t is
    taken and not h_t because it reaches every part of a state: dL/dh_t of an LSTM does not see what c_t carries.
    For a plain recurrent network the two differ by the factor diag(tanh') W of one timestep. That gradients
    vanish or explode over distance: Bengio, Simard, Frasconi (1994), IEEE Transactions on Neural Networks 5(2);
    Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063, section 2.

    A network that reads pieces begins anew in each, and its loss hears from each: the first one of every document
    is read, alone. By distance from a document's end its profile would fall in every piece and rise in the next.
    """
    whole, piece = subject.labelled(subject.sampled()), subject.spec.piece_tokens
    documents = Labelled(first_tokens(whole.indexed, piece), whole.labels)
    lengths = np.minimum(subject.whole_lengths, piece) if piece else subject.whole_lengths
    after, before = (profile_of(norms) for norms in _norms_of(subject, documents))
    if not len(after.relative):
        return Silent(nothing="no sampled document has a gradient that is finite and not 0")
    found = _described(after, lengths)
    at_start = _described(before, lengths) if len(before.relative) else None
    clipped = clipping(subject.fitted.history)
    n_docs, clip_norm = len(after.relative) + after.without, subject.config.networks.clip_norm
    return Gradients(
        documents=n_docs,
        without_gradient=after.without,
        trained=found,
        untrained=at_start,
        clipped=clipped,
        clip_norm=clip_norm,
        reading=_reading(found, at_start, clipped, subject.spec),
        summary={
            "falls_after": found.falls_after,
            "tokens_per_e": found.tokens_per_e,
            "documents_longer": found.documents_longer,
            "vanished": found.vanished,
        },
    )


# --- the gradients themselves


def _norms_of(subject: Subject, documents: Labelled) -> tuple[list[Float64], list[Float64]]:
    """Return each document's norms, last token first: by the trained weights, and by those before training.

    Both are computed by a network built anew, so that the trained one is not touched.
    """
    model = untrained(subject.spec, subject.first_vectors, documents.indexed, subject.seed)
    norms = gradient_norms(model)
    before = _by_document(norms, documents)
    model.set_weights(subject.model.get_weights())
    return _by_document(norms, documents), before


def gradient_norms(model: Model) -> Callable[[Int32, Int32, Int32], Tensor]:
    """Return the function from a batch (rows, lengths, labels) to ||dL/dx_t||, float32 (B, T)."""
    import tensorflow as tf

    body, embedding = after_embedding(model), model.get_layer("embedding")
    losses = losses_of(CLASSIFY.loss)

    @tf.function(input_signature=[*batch_signature(), tf.TensorSpec((None,), tf.int32)])
    def norms(rows: Tensor, lengths: Tensor, labels: Tensor) -> Tensor:
        embedded = embedding(rows)  # (B, T, D)
        with tf.GradientTape() as tape:
            tape.watch(embedded)
            logits = body([embedded, lengths], training=False)  # (B, C)
            loss = tf.reduce_sum(losses(labels, logits))
        return tf.norm(tape.gradient(loss, embedded), axis=2)  # (B, T)

    step: Callable[[Int32, Int32, Int32], Tensor] = norms
    return step


def _by_document(norms: Callable[[Int32, Int32, Int32], Tensor], documents: Labelled) -> list[Float64]:
    """Return the norms of each document's real tokens, the last token first."""
    found: dict[int, Float64] = {}
    for batch in batches(documents.indexed, _BATCH, None, _MOST_TIMESTEPS):
        values: Float32 = norms(batch.rows, batch.lengths, documents.labels[batch.documents]).numpy()
        for document, row, length in zip(batch.documents, values, batch.lengths, strict=True):
            found[int(document)] = row[:length][::-1].astype(np.float64)  # (length,)
    return [found[document] for document in sorted(found)]


# --- what the norms say


def profile_of(norms: Sequence[Float64]) -> RelativeNorms:
    """Return the profile of documents' norms, each given with its last token first."""
    finite = [one for one in norms if np.isfinite(one).all()]
    kept = [one for one in finite if one.max() > 0]
    longest = max((len(one) for one in kept), default=0)
    relative = np.full((len(kept), longest), np.nan)  # (N, T)
    for row, one in zip(relative, kept, strict=True):
        row[: len(one)] = one / one.max()
    enough = (~np.isnan(relative)).sum(axis=0) >= max(1, LEAST_SHARE * len(kept))  # (T,), falls with distance
    median = np.nanmedian(relative[:, enough], axis=0) if kept else np.zeros(0)  # (K,)
    return RelativeNorms(relative, median, len(norms) - len(kept), len(norms) - len(finite))


def falls_after(median: Float64, share: float = FALLEN) -> int | None:
    """Return the distance from which on the profile stays below `share` of its value at the end; None: nowhere.

    >>> falls_after(np.array([1.0, 0.5, 0.009, 0.02, 0.008, 0.001]))
    4
    """
    low = median < share * at_end(median)
    if not len(low) or not low[-1]:
        return None
    high = np.flatnonzero(~low)
    return int(high[-1]) + 1 if len(high) else 0


def low_between(median: Float64, share: float = FALLEN) -> tuple[int, int] | None:
    """Return the first and last distance of the longest stretch below `share` of the value at the end.

    None where it is shorter than five distances, or nothing rises again beyond, as it does in a network that reads
    from both ends.

    >>> low_between(np.array([1.0, 0.1] + [0.001] * 6 + [0.2]))
    (2, 7)
    """
    low = median < share * at_end(median)
    padded = np.concatenate([[0], low.astype(np.int8), [0]])
    ends = np.flatnonzero(np.diff(padded))  # first, last + 1, first, ..
    stretches = [(int(last - first), int(first)) for first, last in zip(ends[::2], ends[1::2], strict=True)]
    length, first = max(stretches, default=(0, 0))
    return (first, first + length - 1) if length >= END_TOKENS and not low[-1] else None


def at_end(median: Float64) -> float:
    """Return the profile's value at the end of a document."""
    return float(median[:END_TOKENS].max())


def tokens_per_e(median: Float64) -> tuple[float | None, float | None]:
    """Return over how many tokens the profile falls by the factor e, and the fit's R squared.

    Notes
    -----
    Least squares of ln(median) on the distance, as far as the median is above 1e-30: ln(median_k) = a - k / tokens.
    None where it does not fall, or has fewer than three distances.
    """
    low = np.flatnonzero(~(median > _FLOOR))
    values = median[: low[0]] if len(low) else median
    if len(values) < 3:
        return None, None
    distance, logs = np.arange(len(values), dtype=np.float64), np.log(values)
    slope, start = np.polyfit(distance, logs, 1)
    spread = ((logs - logs.mean()) ** 2).sum()
    if slope >= 0 or spread == 0:
        return None, None
    return float(-1 / slope), float(1 - ((logs - start - slope * distance) ** 2).sum() / spread)


def vanished(profile: RelativeNorms) -> float:
    """Return the share of documents whose first token gets less than 1e-6 of the document's largest norm."""
    return float(np.mean([one[~np.isnan(one)][-1] < VANISHED for one in profile.relative]))


def exploded(profile: RelativeNorms) -> float:
    """Return the share of documents with a norm 1,000 times that at the end, or one that is not finite."""
    ends = np.nanmax(profile.relative[:, :END_TOKENS], axis=1)  # (N,), the largest of a document is 1
    large = int(((ends > 0) & (ends < 1 / EXPLODED)).sum()) + profile.not_finite
    return large / (len(profile.relative) + profile.not_finite)


def clipping(history: Sequence[Evaluation]) -> Clipped | None:
    """Return the share of updates that were clipped, in the first pass and in all; None if not counted.

    Where there was no evaluation within the first pass, the first stretch counts that has one.
    """
    counted = [one for one in history if one.clipped is not None]
    if not counted:
        return None
    shares = np.array([one.clipped for one in counted])
    updates = np.diff([0, *(one.updates for one in counted)])
    first = max(1, sum(one.epochs <= 1 for one in counted))
    return Clipped(
        first_epoch=float(np.average(shares[:first], weights=updates[:first])),
        all_epochs=float(np.average(shares, weights=updates)),
    )


def _described(profile: RelativeNorms, whole_lengths: Int64) -> Profile:
    after, (per_e, fit) = falls_after(profile.median), tokens_per_e(profile.median)
    shown = distances(len(profile.median))
    lower, upper = np.nanquantile(profile.relative[:, shown], [0.25, 0.75], axis=0)  # (K',) each
    return Profile(
        tuple(profile.median[shown].tolist()),
        tuple(lower.tolist()),
        tuple(upper.tolist()),
        distance=tuple(shown.tolist()),
        looked_back=len(profile.median),
        falls_after=after,
        low_between=low_between(profile.median),
        tokens_per_e=per_e,
        fit_r2=fit,
        documents_longer=None if after is None else float((whole_lengths > after).mean()),
        vanished=vanished(profile),
        exploded=exploded(profile),
    )


def distances(most: int) -> Int64:
    """Return the distances that are kept: each of the first twenty, then every twentieth part more.

    >>> distances(26).tolist()[-4:]
    [22, 23, 24, 25]
    """
    grown = 20 * 1.05 ** np.arange(200)
    every = np.unique(np.concatenate([np.arange(20), grown[grown < most - 1], [most - 1]]).astype(np.int64))
    return every[(every >= 0) & (every < most)]


# --- in words


def _reading(found: Profile, at_start: Profile | None, clipped: Clipped | None, spec: NetworkSpec) -> str:
    parts = [("in the first piece, " if spec.piece_tokens else "") + _fall(found, spec)]
    if at_start is not None:
        parts.append(f"before training it {_before(at_start)}")
    if spec.bptt:
        parts.append(f"training took it back {tokens(spec.bptt)} and no further (networks.bptt)")
    if clipped is not None:
        parts.append(f"{percent(clipped.all_epochs, 0)} of the training steps were clipped")
    return "; ".join(parts) + "."


def _before(at_start: Profile) -> str:
    """Return how it was before training, after "it"."""
    after, low = at_start.falls_after, at_start.low_between
    if low is not None:
        return f"was so from {low[0]:,} to {tokens(low[1])}"
    return "did not" if after is None else f"did so after {tokens(after)}"


def _fall(found: Profile, spec: NetworkSpec) -> str:
    after, longer, low = found.falls_after, found.documents_longer, found.low_between
    if low is not None:
        return (
            f"the gradient is below 1 % of its value at the end from {low[0]:,} to {tokens(low[1])} before it, and"
            " above that again towards the start"
        )
    if after is None or longer is None:
        return f"the gradient does not fall to 1 % of its value at the end within {tokens(found.looked_back)}"
    fall = f"the gradient falls to 1 % of its value at the end after {tokens(after)}"
    of_what = "first pieces" if spec.piece_tokens else "your documents"
    if longer < 0.05:
        return f"{fall}, which {percent(1 - longer, 0)} of {of_what} do not exceed"
    return f"{fall}; {percent(longer, 0)} of {of_what} are longer: {_advice(spec, after)}"


def _advice(spec: NetworkSpec, after: int) -> str:
    """Return what may help a network whose gradient does not reach the start of documents."""
    ways = [] if MODELS[spec.model].gated else ["lstm or gru"]
    ways += [f"a head that reads every state ({spec.model}:max)"] if spec.head == "last" else []
    if spec.piece_tokens:
        cut = f"pieces no longer than that (networks.piece_tokens={max(after, 1)})"
    else:
        cut = f"--max-tokens {max(after, 1)} if the memory horizon says that so many are enough"
    return f"use {', '.join([*ways, f'or {cut}' if ways else cut])}"
