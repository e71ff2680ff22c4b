"""How strongly what is read depends on each earlier state: norms of products of Jacobians on real documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float64
from pipeline.interpret.probes.subject import Subject, tokens
from pipeline.interpret.probes.traces import Reading, readings, title
from pipeline.models.equations.heads import HEADS
from pipeline.models.equations.jacobians import one_step_back
from pipeline.models.equations.through_time import CELLS
from pipeline.models.equations.values import Array, Trace
from pipeline.run_folder.details.probes import Jacobians, Quartiles, Recurrence
from pipeline.run_folder.metrics.rows import Number

DOCUMENTS = 12
LAGS = (1, 2, 5, 10, 20, 50, 100, 200, 400, 1000)
NAMED = (10, 50, 100)  # lags of the reading
_ROUNDING = 1e-7  # of the largest singular value
_SMALL = 1e-10
_GONE = 1e-30  # a norm below counts as 0

QUESTION = "How much of an earlier state is left in the last one?"
CONTROLS = (
    "a loss plays no part, so that neither the labels nor how sure the network is come in; states are those of real"
    " tokens; the spectral norm is the most that any direction of a state can do. What is measured at the end is what"
    " the network reads: the hidden state, and the logits through its own head; an LSTM's last cell, which nothing"
    " reads, does not count. Of the logits their mean over the classes is taken off, since it changes no probability."
)
CANNOT_SHOW = (
    "that what is kept is of use: the direction that keeps most may be one that no word moves, and a single unit that"
    " holds long keeps the norm up where all others have forgotten. It is an upper bound for small changes of a state,"
    " on a few documents. An LSTM's earlier state has a cell, which is in other units than a hidden state (it has no"
    " bound, and is often many times as large): a change of 1 is not the same for both, so that an LSTM's figure and a"
    " plain network's are rates of the same kind, not shares of the same thing."
)


def measure(subject: Subject) -> Jacobians:
    """Return the spectral norms of dh_T/d state_(T-k) and d logits/d state_(T-k) by k, and what bounds plain ones.

    Notes
    -----
    dh_T/d state_(T-k) is the product of the one-step Jacobians (Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063,
    section 2), of which the rows of h_T are kept. The state is h; of an LSTM (h, c): both are handed on from
    timestep to timestep, but of the last ones the head reads h_T alone. Counting the rows of c_T too, as is easily
    done, says how much of the cell is left in itself: of that, tanh(c_T) shows little where c_T is large.

    A head that pools (max, mean) reads all states, not h_T alone. Its logits depend on state_(T-k) through every
    state from T-k on, and d logits/d state_(T-k) is the sum of these ways: the second measure holds for every head.

    A plain network's Jacobian is diag(tanh') U^T, so that the norm of k of them is at most (largest singular value
    of U * largest tanh')^k: below 1, what is far must vanish (there, section 2.1; Bengio, Simard, Frasconi 1994).
    A largest eigenvalue (spectral radius) of U above 1 is necessary, not sufficient, for gradients to explode where
    tanh' is 1.
    """
    documents = subject.read(subject.sampled(DOCUMENTS))
    (first, *_) = found = readings(subject, documents)
    norms = norms_at(first)  # (N, lags)
    lags = [lag for lag, column in zip(LAGS, norms.T, strict=False) if not np.isnan(column).all()]
    answer = logit_norms_at(first, subject.spec.head, _output_blocks(subject, len(found)))  # (N, lags)
    bound = recurrence(first) if first.cell == "rnn" else None
    of_state, of_logits = _quartiles(norms[:, : len(lags)]), _quartiles(answer[:, : len(lags)])
    at = dict(zip(lags, of_state.median, strict=True))
    logits_at = dict(zip(lags, of_logits.median, strict=True))
    summary: dict[str, object] = {f"norm_at_{lag}": at.get(lag) for lag in NAMED}
    summary |= {f"logits_norm_at_{lag}": logits_at.get(lag) for lag in NAMED}
    if bound:
        summary["spectral_radius"] = bound.spectral_radius
    return Jacobians(
        **vars(of_state),
        documents=documents.n_docs,
        direction=title(first) if len(found) > 1 else None,
        lag=tuple(lags),
        logits=of_logits,
        recurrence=bound,
        reading=_reading(at, logits_at, subject.spec.head, bound),
        summary=summary,
    )


def _quartiles(norms: Float64) -> Quartiles:
    """Return median and quartiles over documents of norms (N, lags); NaN is a document too short for the lag."""
    lower, median, upper = np.nanquantile(norms, [0.25, 0.5, 0.75], axis=0)
    return Quartiles(tuple(median.tolist()), tuple(lower.tolist()), tuple(upper.tolist()))


def norms_at(reading: Reading, lags: tuple[int, ...] = LAGS) -> Float64:
    """Return the spectral norm of dh_L / d state_(L-k) for each document and lag k; (N, lags), NaN beyond.

    Notes
    -----
    The product J_L .. J_(L-k+1) is built from its left end, the rows of h_L, row by row through the cell's own
    gradient. At every lag that is looked at it is replaced by sigma V^T of its singular value decomposition, which
    has the same norm, and so have all products that are continued from it; singular values below 1e-7 of the
    largest, which is float32's rounding, are left out. The largest is kept apart as a factor, so that nothing
    underflows.
    """
    return _each_document(reading, lags, lambda document: _norms_of(reading, document, lags))


def logit_norms_at(
    reading: Reading, head: str, output: dict[str, Array], lags: tuple[int, ...] = LAGS
) -> Float64:
    """Return the spectral norm of d logits / d state_(L-k) for each document and lag k; (N, lags), NaN beyond.

    Parameters
    ----------
    reading : Reading
    head : str
        How the states become one vector: a name in HEADS, or two joined by "+".
    output : dict of float arrays, shape (H, C)
        For each part of the head the rows of the output layer's kernel that this direction's states meet.
    lags : tuple of int
        Ascending.

    Notes
    -----
    The mean over classes is taken off the logits: softmax does not see it. State L-k counts in all ways: as it is
    read by the head itself (max, mean) and through all later states. The other direction's states are held.
    """
    centred = {part: kernel - kernel.mean(axis=1, keepdims=True) for part, kernel in output.items()}
    return _each_document(
        reading, lags, lambda document: _logit_norms_of(reading, document, head, centred, lags)
    )


def _each_document(
    reading: Reading, lags: tuple[int, ...], norms: Callable[[int], Iterator[float]]
) -> Float64:
    """Return what `norms` yields for each document, lag by lag; (N, lags), NaN where it yields no more."""
    found = np.full((len(reading.lengths), len(lags)), np.nan)  # (N, lags)
    with one_blas_thread():  # the products are short: waking threads takes longer than it saves
        for document in range(len(reading.lengths)):
            for column, norm in enumerate(norms(document)):
                found[document, column] = norm
    return found


def _norms_of(reading: Reading, document: int, lags: tuple[int, ...]) -> Iterator[float]:
    """Yield the norm of dh_L/d state_(L-k) at each lag that a document is long enough for."""
    length, weights, trace = int(reading.lengths[document]), reading.weights, reading.trace.of(document)
    size = CELLS[reading.cell].parts * weights.units  # S
    rows = np.eye(weights.units, size, dtype=weights.kernel.dtype)  # (R, S): h_L by (h_L, c_L); R falls
    scale, lag = 1.0, 0
    for wanted in lags:
        if wanted > length:
            return
        while lag < wanted:
            rows = _back(reading, trace, length - lag, rows)
            lag += 1
            largest = float(np.abs(rows).max())
            if largest < _SMALL:  # numbers near the least that float32 holds are slow
                rows, scale = rows / largest if largest else rows, scale * largest
            if scale < _GONE:
                yield from (0.0 for other in lags if wanted <= other <= length)
                return
        sigma, right = np.linalg.svd(rows, full_matrices=False)[1:]  # (R,), (R, S)
        largest = float(sigma[0])
        scale *= largest
        yield scale
        kept = sigma > _ROUNDING * largest
        rows = sigma[kept, None] / largest * right[kept]


def _logit_norms_of(
    reading: Reading, document: int, head: str, output: dict[str, Array], lags: tuple[int, ...]
) -> Iterator[float]:
    """Yield the norm of d logits/d state_(L-k) at each lag that a document is long enough for."""
    length, units, trace = int(reading.lengths[document]), reading.weights.units, reading.trace.of(document)
    states = trace.states[0, 1 : length + 1]  # (L, H)
    direct = logits_by_state(states, head, output)  # (C, L, H)
    rows = np.zeros((len(direct), CELLS[reading.cell].parts * units), dtype=states.dtype)  # (C, S)
    for lag in range(max([0, *(lag for lag in lags if lag <= length)]) + 1):
        t = length - lag
        if t:  # no head reads the state before the first word
            rows[:, :units] += direct[:, t - 1]
        if lag in lags:
            yield float(np.linalg.norm(rows, ord=2))
        if t:
            rows = _back(reading, trace, t, rows)
            rows[np.abs(rows) < _GONE] = 0  # numbers near the least that float32 holds are slow


def logits_by_state(states: Array, head: str, output: dict[str, Array]) -> Array:
    """Return how each logit depends on each state (L, H) as the head reads it, later states held; (C, L, H)."""
    n_classes = next(iter(output.values())).shape[1]
    every = np.broadcast_to(states, (n_classes, *states.shape))  # (C, L, H)
    lengths = np.full(n_classes, len(states))
    parts = [HEADS[part].back(every, lengths, output[part].T) for part in head.split("+")]
    direct: Array = np.sum(parts, axis=0, dtype=states.dtype)
    return direct


def _output_blocks(subject: Subject, directions: int) -> dict[str, Array]:
    """Return for each part of the head the rows of the output kernel that meet the first direction; (H, C) each."""
    kernel, parts = subject.weights["output/kernel"], subject.spec.head.split("+")
    blocks = np.split(kernel, len(parts) * directions)  # for each part its directions, (H, C) each
    return dict(zip(parts, blocks[::directions], strict=True))


def _back(reading: Reading, trace: Trace, t: int, rows: Array) -> Array:
    """Return rows (R, S) of d something/d state_t, of the one document of a trace, as those by state_(t-1)."""
    return one_step_back(reading.cell, reading.weights, trace.step(t), rows)


def recurrence(reading: Reading) -> Recurrence:
    """Return what bounds a plain network's Jacobians: U's spectral radius and norm, and the slopes of tanh."""
    matrix = reading.weights.recurrent_kernel.astype(np.float64)  # (H, H)
    slopes = 1 - reading.real(reading.trace.states[:, 1:]).astype(np.float64) ** 2  # (tokens, H)
    norm = float(np.linalg.norm(matrix, ord=2))
    return Recurrence(
        spectral_radius=float(np.abs(np.linalg.eigvals(matrix)).max()),
        largest_singular_value=norm,
        mean_slope=float(slopes.mean()),
        largest_slope=float(slopes.max()),
        must_vanish=norm < 1,
        must_vanish_here=norm * float(slopes.max()) < 1,
    )


def _reading(at: dict[int, Number], logits_at: dict[int, Number], head: str, bound: Recurrence | None) -> str:
    pooled = "" if head == "last" else f" (the head, {head}, reads the earlier ones too)"
    text = (
        "a small change of a state moves the last hidden state by at most so many times its size (median of"
        f" documents): {_at_lags(at)}{pooled}; the logits by {_at_lags(logits_at)}"
    )
    if bound is None:
        return f"{text}."
    vanishes, rules_out = (
        "below 1, so that whatever is far must vanish",
        "above 1, so that it rules nothing out",
    )
    condition = vanishes if bound.must_vanish else rules_out
    return (
        f"{text}; the largest singular value of its recurrent matrix is {bound.largest_singular_value:.2f},"
        f" {condition}; tanh' is {bound.mean_slope:.2f} on average, spectral radius {bound.spectral_radius:.2f}."
    )


def _at_lags(at: dict[int, Number]) -> str:
    """Return norms at the named lags in words.

    >>> _at_lags({1: 0.9, 10: 0.25, 50: 0.01})
    '0.2 after 10, 0.01 after 50 tokens'
    """
    named = [lag for lag in NAMED if lag in at] or [max(at)]
    parts = [f"{at[lag]:.1g} after {lag}" for lag in named[:-1]]
    return ", ".join([*parts, f"{at[named[-1]]:.1g} after {tokens(named[-1])}"])
