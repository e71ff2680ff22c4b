"""How strongly the last state depends on each earlier one: the norms of Jacobian products on real documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.networks.equations import CellWeights, Trace
from pipeline.networks.equations.through_time import CELLS
from pipeline.networks.equations.values import Array, Step
from pipeline.probes.subject import Subject, tokens
from pipeline.probes.traces import Reading, readings, title
from pipeline.values import Float64, Int32

DOCUMENTS = 12
LAGS = (1, 2, 5, 10, 20, 50, 100, 200, 400, 1000)
NAMED = (10, 50, 100)  # lags of the reading
_ROUNDING = 1e-7  # of the largest singular value
_SMALL = 1e-10
_GONE = 1e-30  # a norm below counts as 0

CONTROLS = (
    "a loss plays no part, so that neither the labels nor how sure the network is come in; states are those of real"
    " tokens; the spectral norm is the most that any direction of a state can keep."
)
CANNOT_SHOW = (
    "that what is kept is of use: the direction that keeps most may be one that no word moves and no output reads, and"
    " a single unit that holds long keeps the norm up where all others have forgotten. It is an upper bound for small"
    " changes of a state, on a few documents."
)


def measure(subject: Subject) -> dict[str, Any]:
    """Return the spectral norms of dh_T/dh_(T-k) by k and, for a plain recurrent network, what bounds them.

    Notes
    -----
    dh_T/dh_(T-k) is the product of the one-step Jacobians (Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063,
    section 2); of an LSTM both parts of the state count, (h, c). A plain network's Jacobian is diag(tanh') U^T, so
    that the norm of k of them is at most (largest singular value of U * largest tanh')^k: below 1, what is far
    must vanish (there, section 2.1; Bengio, Simard, Frasconi 1994). A largest eigenvalue (spectral radius) of U
    above 1 is necessary, not sufficient, for gradients to explode where tanh' is 1.
    """
    documents = subject.read(subject.sampled(DOCUMENTS))
    (first, *_) = found = readings(subject, documents)
    norms = norms_at(first)  # (N, lags)
    lags = [lag for lag, column in zip(LAGS, norms.T, strict=False) if not np.isnan(column).all()]
    median = np.nanmedian(norms[:, : len(lags)], axis=0)  # (lags,)
    lower, upper = np.nanquantile(norms[:, : len(lags)], [0.25, 0.75], axis=0)
    bound = recurrence(first) if first.cell == "rnn" else None
    at = dict(zip(lags, median.tolist(), strict=True))
    return {
        "documents": documents.n_docs,
        "direction": title(first) if len(found) > 1 else None,
        "lag": lags,
        "median": median.tolist(),
        "lower_quartile": lower.tolist(),
        "upper_quartile": upper.tolist(),
        "recurrence": bound,
        "reading": _reading(at, bound),
        "controls": CONTROLS,
        "cannot_show": CANNOT_SHOW,
        "summary": {f"norm_at_{lag}": at.get(lag) for lag in NAMED}
        | ({"spectral_radius": bound["spectral_radius"]} if bound else {}),
    }


def norms_at(reading: Reading, lags: tuple[int, ...] = LAGS) -> Float64:
    """Return the spectral norm of d state_L / d state_(L-k) for each document and lag k; (N, lags), NaN beyond.

    Notes
    -----
    The product J_L .. J_(L-k+1) is built from its left end, row by row through the cell's own gradient. At every
    lag that is looked at it is replaced by sigma V^T of its singular value decomposition, which has the same norm,
    and so have all products that are continued from it; singular values below 1e-7 of the largest, which is
    float32's rounding, are left out. The largest is kept apart as a factor, so that nothing underflows.
    """
    from threadpoolctl import threadpool_limits

    found = np.full((len(reading.lengths), len(lags)), np.nan)  # (N, lags)
    with threadpool_limits(1):  # the products are short: waking threads takes longer than it saves
        for document, length in enumerate(reading.lengths.tolist()):
            for column, norm in enumerate(_norms_of(reading, document, length, lags)):
                found[document, column] = norm
    return found


def _norms_of(reading: Reading, document: int, length: int, lags: tuple[int, ...]) -> Iterator[float]:
    """Yield the norm at each lag that a document is long enough for."""
    equations, weights = CELLS[reading.cell], reading.weights
    size = equations.parts * weights.units  # S
    rows = np.eye(size, dtype=weights.kernel.dtype)  # (R, S), R falls
    scale, lag = 1.0, 0
    for wanted in lags:
        if wanted > length:
            return
        while lag < wanted:
            rows = _one_step_back(reading, document, length - lag, rows)
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


def _one_step_back(reading: Reading, document: int, t: int, rows: Array) -> Array:
    """Return rows (R, S) of dh/d state_t as rows of dh/d state_(t-1)."""
    equations, weights, trace = CELLS[reading.cell], reading.weights, reading.trace
    here = slice(document, document + 1)
    parts = (trace.states,) if trace.cells is None else (trace.states, trace.cells)
    step = Step(
        tuple(part[here, t - 1] for part in parts),  # (1, H) each
        {name: gate[here, t - 1] for name, gate in trace.gates.items()},
        tuple(part[here, t] for part in parts),
    )
    back = equations.gradient(weights, step, tuple(np.split(rows, equations.parts, axis=1)))
    from_h = back.carried[0] + back.from_state @ weights.recurrent_kernel.T
    return np.concatenate([from_h, *back.carried[1:]], axis=1)  # (R, S)


def recurrence(reading: Reading) -> dict[str, Any]:
    """Return what bounds a plain network's Jacobians: U's spectral radius and norm, and the slopes of tanh."""
    return _bounds(reading.weights, reading.trace, reading.lengths)


def _bounds(weights: CellWeights, trace: Trace, lengths: Int32) -> dict[str, Any]:
    matrix = weights.recurrent_kernel.astype(np.float64)  # (H, H)
    states = trace.states[:, 1:].astype(np.float64)  # (N, T, H)
    real = np.arange(states.shape[1]) < np.asarray(lengths)[:, None]  # (N, T)
    slopes = 1 - states[real] ** 2  # (tokens, H)
    norm = float(np.linalg.norm(matrix, ord=2))
    return {
        "spectral_radius": float(np.abs(np.linalg.eigvals(matrix)).max()),
        "largest_singular_value": norm,
        "mean_slope": float(slopes.mean()),
        "largest_slope": float(slopes.max()),
        "must_vanish": norm < 1,  # whatever it reads: tanh' is 1 at most
        "must_vanish_here": norm * float(slopes.max()) < 1,  # with the slopes of these documents
    }


def _reading(at: dict[int, float], bound: dict[str, Any] | None) -> str:
    named = [lag for lag in NAMED if lag in at] or [max(at)]
    kept = ", ".join(f"{at[lag]:.1g} over {lag}" for lag in named[:-1])
    last = f"{at[named[-1]]:.1g} over {tokens(named[-1])}"
    text = "of a small change of a state, at most this much is left (median of documents): "
    text += f"{kept}, {last}" if kept else last
    if bound is None:
        return f"{text}."
    condition = (
        "below 1, so that whatever is far must vanish"
        if bound["must_vanish"]
        else "above 1, so that it rules nothing out"
    )
    return (
        f"{text}; the largest singular value of its recurrent matrix is {bound['largest_singular_value']:.2f},"
        f" {condition}; tanh' is {bound['mean_slope']:.2f} on average, spectral radius {bound['spectral_radius']:.2f}."
    )
