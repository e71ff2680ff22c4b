"""The bias that the forget gates start from, 0, 1, 3 or the run's own: what it changes on the person's own corpus."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.values import Float64
from pipeline.core.wording import difference_words, exact_points, percent
from pipeline.evaluation.estimates import crossed_estimate
from pipeline.interpret.probes.paired import answered
from pipeline.interpret.probes.subject import Subject
from pipeline.interpret.probes.time_constants import DOCUMENTS, mean_gate, time_constants
from pipeline.interpret.probes.traces import readings
from pipeline.models.equations.through_time import CELLS
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.networks.training import FittedNetwork
from pipeline.run_folder.details.probes import BiasRow, ForgetBias, Silent
from pipeline.settings.tables import first_seeds

QUESTION = (
    "Does the bias that the forget gates start from change what the LSTM learns and how long it remembers?"
)
CONTROLS = (
    "the fits differ in this one number: the same documents, settings and seeds, so the same other initial weights"
    " and order of batches, and the same test documents."
)
CANNOT_SHOW = (
    "a bias that is better here need not be on another corpus, with other settings or with more epochs. Test"
    " accuracy is shown to be looked at: choose by validation accuracy. The mean of a gate says how fast the cell"
    " forgets on average; a gate that opens and shuts with the words has no single time constant."
)
BIASES = (0.0, 1.0, 3.0)


@dataclass(frozen=True, eq=False)
class Fits:
    """What the fits of all seeds with one bias give."""

    bias: float
    right: Float64  # (S, N)
    validated: list[float | None]
    gates: Float64  # (S, H)
    untrained: int


def measure(subject: Subject) -> ForgetBias | Silent:
    """Return validation and test accuracy and the trained forget gates, for each of `BIASES` and the run's own bias.

    Notes
    -----
    A bias of 1 or more keeps the gates open when training begins, so that a gradient reaches far back before anything
    is learned [1]_ [2]_. `start` is the time constant -1 / ln(sigmoid(bias)) in tokens of a gate that nothing but its
    bias moves.

    References
    ----------
    .. [1] Gers, Schmidhuber, Cummins (2000), Neural Computation 12(10), 2451-2471.
    .. [2] Jozefowicz, Zaremba, Sutskever (2015), ICML, PMLR 37, 2342-2350.
    """
    if CELLS[subject.entry.cell].forget_block is None:
        return Silent(nothing="it has no forget gate")
    start = time.perf_counter()
    later = subject.generator("forget-bias").integers(2**31, size=first_seeds(subject.config) - 1)
    seeds = [subject.seed, *map(int, later)]
    own_bias = subject.spec.forget_bias
    fits = {bias: _fits(subject, bias, seeds) for bias in sorted({*BIASES, own_bias})}
    rows = tuple(_row(fit, fits[own_bias]) for fit in fits.values())
    return ForgetBias(
        seeds=len(seeds),
        train_documents=len(subject.train),
        test_documents=len(subject.test),
        gate_documents=len(subject.sampled(DOCUMENTS)),
        biases=rows,
        own=own_bias,
        seconds=time.perf_counter() - start,
        reading=reading(rows, own_bias, subject.config.run.rope),
        summary={
            "accuracy": {str(row.bias): row.accuracy for row in rows},
            "time_constant": {str(row.bias): row.time_constant for row in rows},
        },
    )


def _fits(subject: Subject, bias: float, seeds: Sequence[int]) -> Fits:
    spec, settings = replace(subject.spec, forget_bias=bias), subject.config.networks
    train, test = subject.labelled(subject.train), subject.labelled(subject.test)
    validation = subject.labelled(subject.validation) if len(subject.validation) else None
    right, validated, gates, untrained = [], [], [], 0
    for seed in seeds:
        fitted = subject.fit(spec, train, validation, settings, seed)
        stated = predict_probabilities(fitted.model, test.indexed, spec.n_classes)
        right.append(answered(stated, test.labels).right)
        validated.append(fitted.kept.validation_accuracy)
        gates.append(mean_forget_gates(subject, fitted))
        untrained += fitted.why_not is not None
    return Fits(bias, np.stack(right), validated, np.stack(gates), untrained)


def mean_forget_gates(subject: Subject, fitted: FittedNetwork) -> Float64:
    """Return each unit's forget gate, averaged over all tokens of sampled test documents; float64 (H,), or (2H,).

    Of the last recurrent layer, of both directions where there are two.
    """
    vectors = fitted.model.get_layer("embedding").get_weights()[0]  # (V, D)
    read = readings(
        replace(subject, fitted=fitted, vectors=vectors), subject.read(subject.sampled(DOCUMENTS))
    )
    return np.concatenate([mean_gate(one, "f") for one in read])


def _row(fit: Fits, own: Fits) -> BiasRow:
    estimate, is_own = crossed_estimate(fit.right - own.right), fit.bias == own.bias
    validated = [value for value in fit.validated if value is not None]
    first = float(1 / (1 + np.exp(-fit.bias)))
    return BiasRow(
        fit.bias,
        validation_accuracy=float(np.mean(validated)) if validated else None,
        accuracy=float(fit.right.mean()),
        seeds=tuple(fit.right.mean(axis=1).tolist()),
        difference=None if is_own else float(estimate.difference),
        ci95=None if is_own else (estimate.interval[0], estimate.interval[1]),
        untrained=fit.untrained,
        start_gate=first,
        gate=float(fit.gates.mean()),
        start=float(time_constants(np.array([first]))[0]),
        time_constant=float(np.mean([np.median(time_constants(one)) for one in fit.gates])),
    )


def reading(rows: Sequence[BiasRow], own_bias: float, rope: float) -> str:
    """Return in plain words what the bias changes; `own_bias` is that of the run."""
    own = next(row for row in rows if row.bias == own_bias)
    parts = [f"with the run's bias of {own_bias:g} the network is right on {percent(own.accuracy)}."]
    parts += [
        _compared(row, row.difference, row.ci95, rope)
        for row in rows
        if row.difference is not None and row.ci95 is not None
    ]
    after = ", ".join(f"{row.time_constant:.1f} (bias {row.bias:g})" for row in rows)
    before = ", ".join(f"{row.start:.1f}" for row in rows)
    return (
        " ".join(parts)
        + f" The middle unit remembers for {after} tokens after training; it began with {before}."
    )


def _compared(row: BiasRow, difference: float, interval: Sequence[float], rope: float) -> str:
    low, high = interval
    figures = difference_words(difference, interval)
    if -rope <= low and high <= rope:
        return f"{row.bias:g} is equal to that within {exact_points(rope)}: {figures}."
    if low > 0 or high < 0:
        return f"{row.bias:g} is {'better' if low > 0 else 'worse'}: {figures}."
    return f"Whether {row.bias:g} is better or worse cannot be told: {figures}."
