"""What probes read from the states of a network: traces, Jacobian products, time constants, words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import indexed_of, int32, matrix_of
from probe_builders import network_of, random_documents, set_layer, subject_of

from pipeline.core.values import Float32, IndexedCorpus
from pipeline.interpret.probes import (
    PROBES,
    Silent,
    Subject,
    jacobians,
    probe_network,
    probes_of,
    states,
    time_constants,
)
from pipeline.interpret.probes.traces import Reading, readings
from pipeline.models.equations import CellWeights, forward, jacobian_norms
from pipeline.models.networks.batches import pad
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.training import FittedNetwork
from pipeline.report.sections.probes import WRITERS
from pipeline.settings.run import EXTRA_PROBES

LENGTHS = [6, 2, 4, 1, 5]
RECURRENT = [("rnn", "last"), ("gru", "mean"), ("lstm", "max"), ("lstm", "last"), ("bilstm", "max+mean")]

# --- the traces against Keras ----------------------------------------------------------------------------


def keras_states(fitted: FittedNetwork, layer: str, documents: IndexedCorpus) -> Float32:
    """Return the states of a layer as Keras computes them, in the order in which it reads; (N, T, H)."""
    import keras

    batch = pad(documents, np.arange(documents.n_docs))
    model = keras.Model(fitted.model.inputs, fitted.model.get_layer(layer).output)
    found: Float32 = model([batch.rows, batch.lengths]).numpy()
    return found


@pytest.mark.parametrize("model", ["rnn", "gru", "lstm", "bilstm"])
def test_traces_are_the_states_of_the_last_layer(model: str) -> None:
    fitted, documents = network_of(model, layers=2), random_documents(LENGTHS)
    found = readings(subject_of(fitted, documents), documents.indexed)
    assert [one.direction for one in found] == (["", "_backward"] if model == "bilstm" else [""])
    for one in found:
        expected = keras_states(fitted, f"recurrent_1{one.direction}", documents.indexed)
        np.testing.assert_allclose(
            one.real(one.trace.states[:, 1:]), one.real(expected), rtol=1e-4, atol=1e-6
        )


@pytest.mark.longer
def test_a_network_that_reads_pieces_is_looked_at_in_its_first() -> None:
    fitted, documents = network_of("lstm", piece_tokens=3), random_documents([7, 2])
    (one,) = readings(subject_of(fitted, documents), documents.indexed)
    assert one.lengths.tolist() == [3, 2]
    pieces = keras_states(
        fitted, "recurrent_0", documents.indexed
    )  # three of each document, most of the second empty
    np.testing.assert_allclose(one.trace.states[0, 1:4], pieces[0], rtol=1e-4, atol=1e-6)
    found = probe_network(subject_of(fitted, documents), probes_of(()))["probes"]
    assert found["time-constants"]["median_length"] == 2.5  # of 3 and 2
    assert found["states"]["reading"].startswith("in the first piece of 3 tokens, the surest ")
    assert found["jacobians"]["lag"] == (1, 2)


# --- Jacobian products -----------------------------------------------------------------------------------


def test_norms_over_a_linear_cell_are_those_of_powers_of_its_matrix() -> None:
    matrix = np.array([[0.9, 0.5], [0.0, 0.4]])
    weights = CellWeights(np.ones((1, 2)), matrix, np.zeros(2))
    trace = forward("linear", weights, np.ones((2, 5, 1)))
    found = jacobians.norms_at(Reading("linear", "", weights, trace, int32([5, 3])), (1, 3, 4, 9))
    powers = [np.linalg.norm(np.linalg.matrix_power(matrix, k), ord=2) for k in (1, 3, 4)]
    np.testing.assert_allclose(found[0], [*powers, np.nan])
    np.testing.assert_allclose(found[1], [*powers[:2], np.nan, np.nan])


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_norms_are_those_of_the_equations(cell: str) -> None:
    documents = random_documents(LENGTHS)
    (one,) = readings(subject_of(network_of(cell), documents), documents.indexed)
    every = jacobian_norms(cell, one.weights, one.trace, one.lengths)  # (N, T), column k - 1
    np.testing.assert_allclose(jacobians.norms_at(one, (1, 2, 5)), every[:, [0, 1, 4]], rtol=1e-4)


def test_a_cell_that_grows_under_a_flat_hidden_state_does_not_count() -> None:
    """Nothing is read but the biases: f, i, g and o stay as they are, c grows by about 1 a step, tanh(c) is flat."""
    f, i, g, o = 0.999, 0.99, 0.999, 0.5
    bias = np.array([np.log(i / (1 - i)), np.log(f / (1 - f)), np.arctanh(g), 0.0])  # in Keras' order
    weights = CellWeights(np.zeros((1, 4)), np.zeros((1, 4)), bias)
    trace = forward("lstm", weights, np.zeros((1, 6, 1)))
    last = i * g * sum(f**k for k in range(6))  # c_6: 5.92
    read = [
        o * (1 - np.tanh(last) ** 2) * f**k for k in (1, 2, 5)
    ]  # dh_6/dc_(6-k): 1.4e-5, while dc/dc is 0.995
    found = jacobians.norms_at(Reading("lstm", "", weights, trace, int32([6])), (1, 2, 5))
    np.testing.assert_allclose(found[0], read, rtol=1e-9)
    np.testing.assert_allclose(jacobian_norms("lstm", weights, trace)[0, [0, 1, 4]], read, rtol=1e-9)


def drawn_reading(cell: str) -> tuple[Reading, Any]:
    """Return a cell of random weights over two documents of 6 and 4 tokens, and what it read; float64.

    The weights are small, so that no two states are as large as each other but for rounding: `max` has a kink there.
    """
    generator, units, draw = np.random.default_rng(4), 3, np.random.default_rng(4).normal
    columns = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * units
    bias = draw(0, 0.5, (2, columns) if cell == "gru" else columns)
    weights = CellWeights(draw(0, 0.5, (2, columns)), draw(0, 0.5, (units, columns)), bias)
    inputs = generator.normal(size=(2, 6, 2))
    return Reading(cell, "", weights, forward(cell, weights, inputs), int32([6, 4])), inputs


def run_on(reading: Reading, inputs: Any, document: int, t: int, nudge: Any) -> Any:
    """Return h_1 .. h_L of a document (L, H) when its state t is moved by `nudge` (S,)."""
    state = reading.trace.state(t)
    start = tuple(part[[document]] + by for part, by in zip(state, np.split(nudge, len(state)), strict=True))
    rest = inputs[[document], t : reading.lengths[document]]
    after = forward(reading.cell, reading.weights, rest, start).states[0]  # h_t .. h_L
    return np.concatenate([reading.trace.states[document, :t], after])[1:]  # (L, H)


READ = {"last": lambda s: s[-1], "max": lambda s: s.max(axis=0), "mean": lambda s: s.mean(axis=0)}


@pytest.mark.parametrize("head", ["last", "max", "mean", "max+mean"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_norms_of_logits_are_those_of_finite_differences(cell: str, head: str) -> None:
    reading, inputs = drawn_reading(cell)
    parts = head.split("+")
    kernels = {part: np.random.default_rng(9).normal(size=(3, 4)) * (n + 1) for n, part in enumerate(parts)}
    lags, step = (1, 2, 4, 6), 1e-6
    expected = np.full((2, len(lags)), np.nan)
    for document, column in np.ndindex(expected.shape):
        t = int(reading.lengths[document]) - lags[column]
        if t < 0:
            continue
        slopes = []
        for nudge in step * np.eye(3 * len(reading.trace.state(t))):
            runs = [run_on(reading, inputs, document, t, sign * nudge) for sign in (1, -1)]
            up, down = (sum(READ[part](run) @ kernels[part] for part in parts) for run in runs)
            slope = (up - down) / (2 * step)  # (C,)
            slopes.append(slope - slope.mean())
        expected[document, column] = np.linalg.norm(np.array(slopes), ord=2)
    np.testing.assert_allclose(jacobians.logit_norms_at(reading, head, kernels, lags), expected, rtol=1e-6)


def test_a_shift_of_all_logits_is_no_change_of_the_answer() -> None:
    reading, _ = drawn_reading("lstm")
    found = jacobians.logit_norms_at(reading, "last", {"last": np.ones((3, 4))}, (1, 6))
    np.testing.assert_allclose(found, [[0, 0], [0, np.nan]], atol=1e-12)


def test_each_part_of_a_head_meets_its_own_rows_of_the_output_layer() -> None:
    """As the layers are joined: max of both directions, then mean of both; the first direction is looked at."""
    fitted, documents = network_of("bilstm", head="max+mean"), random_documents(LENGTHS)
    kernel, bias = fitted.model.get_layer("output").get_weights()  # (12, 2)
    numbered = np.repeat([0.0, 1.0, 2.0, 3.0], 3)[:, None] * np.ones_like(kernel)
    fitted.model.get_layer("output").set_weights([numbered, bias])
    found = jacobians._output_blocks(subject_of(fitted, documents), 2)
    assert {part: np.unique(block).tolist() for part, block in found.items()} == {"max": [0.0], "mean": [2.0]}


def test_without_a_recurrent_matrix_no_earlier_state_is_left() -> None:
    fitted, documents = network_of("rnn"), random_documents([6] * 4)
    set_layer(fitted, "recurrent_0", recurrent_kernel=0.0)
    found = jacobians.measure(subject_of(fitted, documents))
    assert found.lag == (1, 2, 5)  # a document of 6 has no lag of 10
    assert found.median == (0.0,) * 3
    assert found.logits.median == (0.0,) * 3
    assert found.recurrence.must_vanish is True
    assert found.reading.startswith(
        "a small change of a state moves the last hidden state by at most so many times its size (median of documents):"
        " 0 after 5 tokens; the logits by 0 after 5 tokens; the largest singular value of its recurrent matrix is 0.00,"
        " below 1, so that whatever is far must vanish; tanh' is "
    )


def test_a_head_that_reads_every_state_is_named_and_its_logits_hear_an_early_one() -> None:
    """Without a recurrent matrix h_(T-5) reaches h_T in no way, and the logits of a mean by its own sixth part."""
    fitted, documents = network_of("rnn", head="mean"), random_documents([6] * 4)
    set_layer(fitted, "recurrent_0", recurrent_kernel=0.0)
    found = jacobians.measure(subject_of(fitted, documents))
    kernel = fitted.model.get_layer("output").get_weights()[0].astype(np.float64)  # (3, 2)
    sixth = np.linalg.norm(kernel - kernel.mean(axis=1, keepdims=True), ord=2) / 6
    assert found.median == (0.0,) * 3
    np.testing.assert_allclose(found.logits.median, [sixth] * 3, rtol=1e-5)
    assert "0 after 5 tokens (the head, mean, reads the earlier ones too); the logits by 0." in found.reading


def test_the_bounds_of_a_plain_network() -> None:
    states_ = np.array([[[0.0, 0.0], [0.6, 0.0], [0.9, 0.9]]])  # h_0, h_1; h_2 is padding
    weights = CellWeights(np.zeros((1, 2)), np.array([[0.0, 1.2], [0.0, 0.5]]), np.zeros(2))
    trace = forward("rnn", weights, np.zeros((1, 2, 1)))
    object.__setattr__(trace, "states", states_)
    found = jacobians.recurrence(Reading("rnn", "", weights, trace, int32([1])))
    assert found.spectral_radius == pytest.approx(0.5)  # the eigenvalues are 0 and 0.5
    assert found.largest_singular_value == pytest.approx(1.3)  # one column: sqrt(1.44 + 0.25)
    assert found.mean_slope == pytest.approx((0.64 + 1) / 2)
    assert found.largest_slope == 1
    assert (found.must_vanish, found.must_vanish_here) == (False, False)
    saturated = np.full((1, 2, 2), 0.8)
    object.__setattr__(trace, "states", saturated)  # slopes 0.36: 1.3 * 0.36 is below 1
    found = jacobians.recurrence(Reading("rnn", "", weights, trace, int32([1])))
    assert (found.must_vanish, found.must_vanish_here) == (False, True)


def test_a_matrix_that_may_lengthen_a_change_rules_nothing_out() -> None:
    fitted = network_of("rnn")
    set_layer(fitted, "recurrent_0", recurrent_kernel=2 * np.eye(3))  # largest singular value 2
    found = jacobians.measure(subject_of(fitted, random_documents([6] * 4)))
    assert "recurrent matrix is 2.00, above 1, so that it rules nothing out; tanh' is " in found.reading


# --- time constants --------------------------------------------------------------------------------------

ODDS = float(np.log(0.9 / 0.1))  # the logistic function of it is 0.9


@pytest.mark.parametrize(("model", "block"), [("lstm", 1), ("gru", 0), ("bilstm", 1)])
def test_a_gate_that_stays_at_nine_tenths_has_its_own_time_constant(model: str, block: int) -> None:
    fitted, documents = network_of(model, head="last"), random_documents(LENGTHS)
    for direction in ("", "_backward") if model == "bilstm" else ("",):
        layer = f"recurrent_0{direction}"
        set_layer(fitted, layer, kernel=0.0, recurrent_kernel=0.0)
        bias = np.zeros_like(fitted.model.get_layer(layer).get_weights()[2])
        bias[..., 3 * block : 3 * block + 3] = ODDS if bias.ndim == 1 else ODDS / 2  # a GRU adds two rows
        set_layer(fitted, layer, bias=bias)
    found = time_constants.measure(subject_of(fitted, documents))
    units = 6 if model == "bilstm" else 3
    assert found.tokens == pytest.approx([-1 / np.log(0.9)] * units, abs=0.01)  # 9.49
    assert {one.tokens: one.units for one in found.held_for} | {7: 1.0, 10: 0.0} == {
        one.tokens: one.units for one in found.held_for
    }
    assert found.reading == (
        f"half of the {units} units forget within 9.5 tokens, the slowest within 9.5; 0 hold for more than 100 tokens,"
        f" {units} for longer than the middle one of your documents (4 tokens, as far as it is read without a break)."
    )


def test_the_reading_names_the_slowest_unit() -> None:
    each = np.array([2.0, 3.0, 4.0, 150.0])
    assert time_constants._reading(each, 120.0) == (
        "half of the 4 units forget within 3.5 tokens, the slowest within 150.0; 1 holds for more than 100 tokens, 1"
        " for longer than the middle one of your documents (120 tokens, as far as it is read without a break)."
    )


def test_the_mean_of_a_gate_is_over_real_words() -> None:
    documents = random_documents(LENGTHS)
    (one,) = readings(subject_of(network_of("lstm"), documents), documents.indexed)
    each = [one.trace.gates["f"][n, t] for n, length in enumerate(LENGTHS) for t in range(length)]
    np.testing.assert_allclose(time_constants.mean_gate(one, "f"), np.mean(each, axis=0), rtol=1e-6)


def test_a_network_without_gates_has_no_time_constants() -> None:
    found = time_constants.measure(subject_of(network_of("rnn"), random_documents(LENGTHS)))
    assert found == Silent(nothing="it has no gates: what it keeps from step to step is in its Jacobians")


# --- states over words -----------------------------------------------------------------------------------


def test_the_running_answer_is_the_output_layer_on_each_state() -> None:
    fitted, documents = network_of("lstm", n_classes=3, units=30), random_documents([70], n_classes=3)
    found = states.measure(subject_of(fitted, documents))
    (one,) = found.documents
    (trace,) = [reading.trace for reading in readings(subject_of(fitted, documents), documents.indexed)]
    matrix, bias = fitted.model.get_layer("output").get_weights()
    odds = np.exp(trace.states[0, 11:] @ matrix + bias)  # (60, C), of the words 11 to 70
    answers = odds / odds.sum(axis=1, keepdims=True)
    assert list(one.predicted) == ["abc"[answer] for answer in answers.argmax(axis=1)]
    np.testing.assert_allclose(one.probability, answers.max(axis=1), atol=0.006)
    np.testing.assert_allclose(one.of_answer, answers[:, answers[-1].argmax()], atol=0.006)
    assert list(one.words) == [f"word{row}" for row in documents.indexed.indices[10:]]
    assert (one.tokens, one.record, one.label) == (70, 100, "abc"[documents.labels[0]])


def test_units_are_those_that_vary_most_and_the_slowest_come_first() -> None:
    fitted, documents = network_of("lstm", units=30), random_documents([40, 30])
    probed = subject_of(fitted, documents)
    found = states.measure(probed)
    (trace,) = [reading.trace for reading in readings(probed, documents.indexed)]
    real = np.concatenate([trace.states[0, 1:41], trace.states[1, 1:31]])  # (70, H)
    forget = np.concatenate([trace.gates["f"][0], trace.gates["f"][1, :30]]).mean(axis=0)  # (H,)
    most = sorted(range(30), key=lambda unit: -real[:, unit].std())[:24]
    assert found.units == tuple(sorted(most, key=lambda unit: -forget[unit]))
    one = next(one for one in found.documents if one.record == 100)
    np.testing.assert_allclose(one.states, trace.states[0, 1:][:, [*found.units]].T, atol=0.0051)
    np.testing.assert_allclose(one.holding, trace.gates["f"][0][:, [*found.units]].T, atol=0.0051)
    assert one.holding_gate == "forget"
    np.testing.assert_allclose(one.gates["output"], trace.gates["o"][0].mean(axis=1), atol=0.0051)


def test_documents_are_chosen_by_rule_and_each_once() -> None:
    probabilities = np.array(
        [[0.9, 0.1], [0.95, 0.05], [0.2, 0.8], [0.52, 0.48], [0.3, 0.7]], dtype=np.float32
    )
    assert states.choose(probabilities, int32([0, 1, 0, 0, 1])) == {
        "the surest right answer": 0,
        "the surest wrong answer": 1,
        "the least sure answer": 3,
    }
    assert states.choose(probabilities[:1], int32([0])) == {"the surest right answer": 0}
    assert states.choose(probabilities[:1], int32([1])) == {"the surest wrong answer": 0}


def test_the_reading_says_from_which_word_an_answer_stands() -> None:
    answers, probability = ("x", "y", "y"), (0.5, 0.6, 0.91)
    one = states.ReadDocument(
        "the surest right answer", 5, ("a", "b", "c"), answers, probability, (), (), None, (), {}, 7, "y"
    )
    stood = replace(one, rule="the least sure answer", predicted=("y", "y", "y"))
    assert states._reading([one, stood]) == (
        'the surest right answer (y, 91 %) stands from word 4 of 5 on, "b"; the least sure answer (y, 91 %) stood'
        " before its last 3 words."
    )


# --- every probe -----------------------------------------------------------------------------------------


@pytest.mark.longer
@pytest.mark.parametrize(("model", "head"), RECURRENT)
def test_probing_leaves_the_weights_as_they_were(model: str, head: str) -> None:
    fitted = network_of(model, head=head, n_classes=3, layers=2)
    documents = random_documents([9, 4, 1, 6, 3, 8], n_classes=3)
    probed = subject_of(fitted, documents, first_vectors=matrix_of(12, 4, seed=1).vectors)
    before = [weight.numpy().copy() for weight in fitted.model.weights]
    found = probe_network(probed, probes_of(()))
    for weight, old in zip(fitted.model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
    assert list(found["probes"]) == probes_of(())
    for result in found["probes"].values():
        needed = {"question", "reading", "controls", "cannot_show", "summary"}
        assert "nothing" in result or needed <= set(result)


@pytest.mark.longer
@pytest.mark.parametrize("model", ["rnn", "gru", "lstm", "bilstm"])
def test_documents_of_one_word_can_be_probed(model: str) -> None:
    probed = subject_of(network_of(model), Labelled(indexed_of([[2], [3]]), int32([0, 1])))
    found = probe_network(probed, probes_of(()))["probes"]
    assert found["jacobians"]["lag"] == (1,)
    assert found["gradients"]["trained"]["median"] == (1.0,)


def test_a_network_without_memory_says_so() -> None:
    found = probe_network(
        subject_of(network_of("ann", n_classes=2), random_documents(LENGTHS)), ["gradients"]
    )
    assert found["probes"]["gradients"] == {
        "question": "How far back does the gradient reach?",
        "nothing": "it averages its words, so that no word is before or after another: there is no memory to look at",
    }


def test_a_network_that_diverged_has_nothing_to_show() -> None:
    fitted = network_of("lstm")
    set_layer(fitted, "recurrent_0", bias=np.nan)
    found = probe_network(subject_of(fitted, random_documents(LENGTHS)), ["states"])["probes"]
    assert found["states"]["nothing"] == "its weights are not finite: training diverged"


def test_the_sample_is_the_same_for_every_network_and_holds_test_documents() -> None:
    documents = random_documents([2] * 300)
    one, other = (subject_of(network_of(model), documents) for model in ("rnn", "lstm"))
    assert len(one.sampled()) == 128
    assert one.sampled().tolist() == other.sampled().tolist() == sorted(set(one.sampled().tolist()))
    assert set(one.sampled(10)) <= set(one.sampled())
    assert one.sampled(1000).tolist() == list(range(300))
    seeded: Subject = subject_of(network_of("rnn"), documents, **{"run.seed": 1})
    assert seeded.sampled().tolist() != one.sampled().tolist()


def test_every_probe_has_its_part_of_the_report_and_those_on_demand_an_option() -> None:
    assert list(WRITERS) == list(PROBES)
    assert [name for name in PROBES if name not in probes_of(())] == list(EXTRA_PROBES)


def test_probes_on_demand_run_only_where_they_are_named() -> None:
    assert not {"needle", "forget-bias"} & {*probes_of(())}
    assert probes_of(("needle",)) == [*probes_of(()), "needle"]
