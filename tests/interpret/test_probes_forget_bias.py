"""The bias that forget gates start from, and the gates after training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, matrix_of

from pipeline.interpret.probes import forget_bias as probe
from pipeline.models.networks.build import NetworkSpec, build, specify


def spec_of(model: str = "lstm", **changes: Any) -> NetworkSpec:
    return replace(specify(model, "", matrix_of(6), False, 2, TINY_NETWORK), **changes)


def first_weights(spec: NetworkSpec, layer: str = "recurrent_0") -> list[np.ndarray]:
    import keras

    keras.utils.set_random_seed(0)
    return build(spec).get_layer(layer).get_weights()


@pytest.mark.parametrize("bias", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("layer", ["recurrent_0", "recurrent_0_backward"])
def test_only_the_forget_gates_start_from_the_bias(bias: float, layer: str) -> None:
    """Keras has the gates in the order input, forget, candidate, output; all other weights are the same."""
    kernel, recurrent, first = first_weights(spec_of("bilstm", forget_bias=bias), layer)
    assert first.tolist() == [0.0] * 4 + [bias] * 4 + [0.0] * 8
    own_kernel, own_recurrent, own = first_weights(spec_of("bilstm", forget_bias=1.0), layer)  # Keras' own
    assert own.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    assert np.array_equal(kernel, own_kernel)
    assert np.array_equal(recurrent, own_recurrent)


def test_a_gru_has_no_forget_bias() -> None:
    for ours, own in zip(
        first_weights(spec_of("gru", forget_bias=3.0)),
        first_weights(spec_of("gru", forget_bias=1.0)),
        strict=True,
    ):
        assert np.array_equal(ours, own)


def fit_of(bias: float, right: list[list[float]]) -> probe.Fits:
    return probe.Fits(bias, np.array(right), [0.5, 0.75], np.array([[0.5, 0.6, 0.9]] * len(right)), 0)


def test_a_row_compares_with_the_bias_of_the_run() -> None:
    own = fit_of(1.0, [[1.0, 1.0, 0.0, 0.0] * 25, [1.0, 1.0, 0.0, 0.0] * 25])
    row = probe._row(fit_of(3.0, [[1.0, 1.0, 1.0, 0.0] * 25, [1.0, 1.0, 1.0, 0.0] * 25]), own)
    assert (row.accuracy, row.difference, row.seeds) == (0.75, 0.25, (0.75, 0.75))
    assert row.ci95[0] > 0.15
    assert row.validation_accuracy == 0.625
    assert row.gate == pytest.approx(2 / 3)
    assert row.time_constant == pytest.approx(-1 / np.log(0.6))  # of the middle unit
    assert row.start == pytest.approx(-1 / np.log(1 / (1 + np.exp(-3.0))))
    assert row.start_gate == pytest.approx(0.9526, abs=1e-4)
    assert probe._row(own, own).difference is None


def row_of(
    bias: float,
    accuracy: float,
    difference: float | None,
    ci95: tuple[float, float] | None,
    start: float,
    time_constant: float,
) -> probe.BiasRow:
    return probe.BiasRow(bias, None, accuracy, (), difference, ci95, 0, 0.5, 0.5, start, time_constant)


def test_the_reading_of_three_biases() -> None:
    rows = [
        row_of(0.0, 0.7, -0.2, (-0.3, -0.1), 1.44, 2.0),
        row_of(1.0, 0.9, None, None, 3.19, 4.0),
        row_of(3.0, 0.91, 0.01, (-0.02, 0.04), 20.58, 20.0),
    ]
    assert probe.reading(rows, 1.0, 0.01) == (
        "with the run's bias of 1 the network is right on 90.0 %. 0 is worse: -20.0 points (95 % interval -30.0 to"
        " -10.0). Whether 3 is better or worse cannot be told: +1.0 points (95 % interval -2.0 to +4.0). The middle"
        " unit remembers for 2.0 (bias 0), 4.0 (bias 1), 20.0 (bias 3) tokens after training; it began with 1.4, 3.2,"
        " 20.6."
    )
    equal = [rows[1], replace(rows[2], difference=0.001, ci95=(-0.004, 0.006))]
    assert "3 is equal to that within 1 point: +0.1 points (95 % interval -0.4 to +0.6)." in probe.reading(
        equal, 1.0, 0.01
    )
