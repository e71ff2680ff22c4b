"""`lstm_step`: a training step of `lstm` (128 units, 64 documents of 200 tokens, frozen vectors of 300 dimensions).

Ours is the pipeline's own step on the network that it builds with default settings, dropout and clipping included.
Beside it, in the same process and in turn, stands the floor: only the matrix products that such a step cannot do
without, each through TensorFlow's `matmul`, one after the other. PyTorch's LSTM takes its steps in a process of its
own, in turn with ours, round by round.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from benchmarks.results_file import Metric, Outcome, ratio, seconds
from benchmarks.sides import Figures, Options, Side, clock, run_peer, run_side
from benchmarks.tuned_step import CLASSES, DIMENSION, DOCUMENTS, ROWS, TOKENS, UNITS, draw_batches, our_step

ROUNDS, WARM_STEPS, STEPS = 5, 3, 15
LEAST_OVER_TORCH, MOST_OVER_FLOOR = 1.2, 1.6


def measure(options: Options) -> Outcome:
    """Return how many times as fast as PyTorch a step is, and how many times the floor it takes.

    A slice (`--documents`) is one round of a few steps.
    """
    rounds = 1 if options.documents else options.repeats or ROUNDS
    runs: dict[str, list[Figures]] = {"embedseq": [], "torch": []}
    for number in range(rounds):
        runs["embedseq"].append(run_side(__name__, "steps", options, number))
        runs["torch"].append(run_peer("torch_lstm_step.py", options, _peer_arguments(options, number)))
    ours = [median(run["ours"]) for run in runs["embedseq"]]
    floor = [median(run["floor"]) for run in runs["embedseq"]]
    theirs = [median(run["seconds"]) for run in runs["torch"]]
    over_floor = tuple(one / other for one, other in zip(ours, floor, strict=True))
    what = "a training step / the matrix products that it needs"
    return Outcome(
        [
            ratio(
                "times_as_fast_as_torch",
                theirs,
                ours,
                "a training step is times as fast as PyTorch's LSTM",
                target=LEAST_OVER_TORCH,
            ),
            Metric(
                "over_floor",
                median(over_floor),
                "times",
                "lower",
                0.1,
                what,
                target=MOST_OVER_FLOOR,
                repeats=over_floor,
            ),
            seconds("seconds", ours, "seconds of a training step"),
            seconds("seconds_torch", theirs, "seconds of a step of PyTorch's LSTM"),
            seconds("seconds_floor", floor, "seconds of the matrix products alone"),
        ],
        {"runs": runs},
    )


def _steps(options: Options) -> tuple[int, int]:
    """Return how many steps warm up and how many are timed."""
    return (1, 2) if options.documents else (WARM_STEPS, STEPS)


def _peer_arguments(options: Options, seed: int) -> list[str]:
    warm, steps = _steps(options)
    sizes = {
        "documents": DOCUMENTS,
        "tokens": TOKENS,
        "rows": ROWS,
        "dimension": DIMENSION,
        "units": UNITS,
        "classes": CLASSES,
        "warm": warm,
        "steps": steps,
        "seed": seed,
    }
    return [f"--{name}={value}" for name, value in sizes.items()]


def run_steps(options: Options, seed: int) -> Figures:
    """Return the seconds of each step and of each time through the floor, taken in turn."""
    warm, steps = _steps(options)
    batches = draw_batches(np.random.default_rng(seed), warm + steps)
    with clock() as figures:
        step, products = our_step(tuned=False), matrix_products()
        taken: dict[str, list[float]] = {"ours": [], "floor": []}
        for batch in batches:
            taken["ours"].append(_time(lambda batch=batch: step(batch)))  # type: ignore[misc]
            taken["floor"].append(_time(products))
    return {**figures, **{name: each[warm:] for name, each in taken.items()}}


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def matrix_products() -> Callable[[], object]:
    """Return the function that computes every matrix product of a step, in the order of time, and nothing else.

    With N = B T, four gates and frozen vectors x: x W for all timesteps at once; h_t U at each timestep; backward
    dz_t U' and h_t' dz_t at each timestep; the gradient x' dz at the end. Every product waits for the one before,
    as in a recurrence. One number of each is returned, else TensorFlow would leave the product out.
    """
    import tensorflow as tf

    gates = 4 * UNITS
    x = tf.Variable(tf.random.normal((DOCUMENTS * TOKENS, DIMENSION)))  # (N, D)
    dz = tf.Variable(tf.random.normal((DOCUMENTS * TOKENS, gates)))  # (N, 4H)
    w = tf.Variable(tf.random.normal((DIMENSION, gates)))  # (D, 4H)
    u = tf.Variable(tf.random.normal((UNITS, gates)))  # (H, 4H)
    states = [tf.random.normal((DOCUMENTS, UNITS)) for _ in range(TOKENS)]  # (B, H) each
    slopes = [tf.random.normal((DOCUMENTS, gates)) for _ in range(TOKENS)]  # (B, 4H) each

    @tf.function
    def products(states, slopes):  # type: ignore[no-untyped-def]
        done = [tf.matmul(x, w)[0, 0]]  # of (N, 4H)

        def then(left, right, **transposed):  # type: ignore[no-untyped-def]
            with tf.control_dependencies([done[-1]]):
                done.append(tf.matmul(left, right, **transposed)[0, 0])

        for state in states:
            then(state, u)  # of (B, 4H)
        for state, slope in zip(reversed(states), reversed(slopes), strict=True):
            then(slope, u, transpose_b=True)  # of (B, H)
            then(state, slope, transpose_a=True)  # of (H, 4H)
        then(x, dz, transpose_a=True)  # of (D, 4H)
        return tf.stack(done)

    return lambda: products(states, slopes).numpy()


SIDES: dict[str, Side] = {"steps": run_steps}
