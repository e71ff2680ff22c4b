"""How long the units of a gated network hold what they hold, from their gates on real documents."""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Float64
from pipeline.interpret.probes.subject import Subject, tokens
from pipeline.interpret.probes.traces import Reading, first_tokens, readings
from pipeline.models.equations.through_time import CELLS
from pipeline.run_folder.details.probes import HeldFor, Silent, TimeConstants

HELD_FOR = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
LONG = 100  # tokens
MOST = 1e6  # tokens: float32 does not tell a gate that is open for longer from one that never shuts
DOCUMENTS = 16  # a mean over their tokens is exact enough

QUESTION = "How long do the units hold what they hold?"
CONTROLS = (
    "the gates are those of real tokens of test documents, not of padding, and not the bias alone, which would say"
    " only what a network does that reads nothing."
)
CANNOT_SHOW = (
    "whether what a unit holds is of use, nor what other units pass on: a state also travels through the recurrent"
    " matrix. The mean of a gate stands for all of its values: a unit that holds everything for 50 tokens and then"
    " forgets all of it has the time constant of one that leaks evenly."
)


def measure(subject: Subject) -> TimeConstants | Silent:
    """Return the units' time constants -1 / ln(mean gate): of an LSTM's forget gate, of a GRU's update gate.

    Notes
    -----
    With a gate that stays at f a cell keeps f^k of its value over k tokens (Gers, Schmidhuber, Cummins 2000, Neural
    Computation 12(10)); it falls to 1/e after -1 / ln f tokens. Leaky units and their time constants: Tallec,
    Ollivier (2018), arXiv:1804.11188, section 2. Keras's GRU keeps the share z of its state: h = z h + (1 - z) c.
    """
    found = readings(subject, subject.read(subject.sampled(DOCUMENTS)))
    cell = CELLS[found[0].cell]
    if not cell.holding:
        return Silent(nothing="it has no gates: what it keeps from step to step is in its Jacobians")
    each = np.concatenate([time_constants(mean_gate(one, cell.holding)) for one in found])  # (H,), or (2H,)
    lengths = np.diff(first_tokens(subject.documents, subject.spec.piece_tokens).offsets)
    length = float(np.median(lengths))
    return TimeConstants(
        gate=cell.spoken[cell.holding],
        tokens=tuple(np.sort(each).round(2).tolist()),
        held_for=tuple(HeldFor(held, float((each > held).mean())) for held in HELD_FOR),
        median_length=length,
        reading=_reading(each, length),
        summary={
            "median_tokens": float(np.median(each)),
            "units": len(each),
            "units_over_100": int((each > LONG).sum()),
        },
    )


def mean_gate(reading: Reading, gate: str) -> Float64:
    """Return each unit's mean of a gate over the real timesteps; float64 (H,)."""
    mean: Float64 = reading.real(reading.trace.gates[gate]).mean(axis=0, dtype=np.float64)
    return mean


def time_constants(mean: Float64) -> Float64:
    """Return over how many tokens a unit falls to 1/e of its value; 0 for a gate that is shut, at most a million.

    >>> time_constants(np.array([0.0, np.exp(-1), np.exp(-1 / 50), 1.0])).round(6).tolist()
    [0.0, 1.0, 50.0, 1000000.0]
    """
    with np.errstate(divide="ignore"):
        constants: Float64 = np.minimum(1 / np.abs(np.log(mean)), MOST)  # 1 / ln 0 is 0; 1 / ln 1 is inf
        return constants


def _reading(each: Float64, median_length: float) -> str:
    held, whole = int((each > LONG).sum()), int((each > median_length).sum())
    return (
        f"half of the {len(each)} units forget within {np.median(each):.1f} tokens, the slowest within"
        f" {each.max():,.1f}; {held} hold{'s' if held == 1 else ''} for more than {LONG} tokens, {whole} for longer"
        f" than the middle one of your documents ({tokens(round(median_length))}, as far as it is read without a"
        " break)."
    )
