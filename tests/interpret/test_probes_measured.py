"""The probes that change what is read, and those that train, on networks themselves."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, indexed_of, int32, labelled, rows_of_each, train_network
from probe_builders import network_of, random_documents, subject_of

from pipeline.core.files import plain
from pipeline.interpret.probes import Silent, Subject, forget_bias, memory_horizon, needle, word_order
from pipeline.models.networks.batches import visible
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.prediction import predict_probabilities

DOCUMENTS = random_documents([5, 9, 12, 3] * 5)


def lstm(**settings: Any) -> Subject:
    return subject_of(network_of("lstm"), DOCUMENTS, **settings)


@pytest.mark.parametrize("measure", [memory_horizon.measure, word_order.measure])
def test_a_probe_leaves_the_weights_says_what_it_is_and_finds_the_same_in_the_same_network(
    measure: Any,
) -> None:
    subject = lstm()
    before = subject.weights
    found = measure(subject)
    for path, weight in subject.weights.items():
        assert np.array_equal(weight, before[path])
    assert json.loads(json.dumps(asdict(found))) == plain(asdict(found))
    assert found.reading
    assert found.documents == found.summary["documents"] == 20
    assert measure(lstm()) == found


def test_the_numbers_are_those_of_the_network() -> None:
    """The accuracy of the last four tokens, from documents cut by the stage that cuts them for networks."""
    subject = lstm()
    cut = visible(DOCUMENTS.indexed, max_tokens=4, keep="last").indexed
    right = predict_probabilities(subject.model, cut, 2).argmax(axis=1) == DOCUMENTS.labels
    points = memory_horizon.measure(subject).changes["dropped"].points
    assert next(point for point in points if point.k == 4).accuracy == right.mean()


def test_the_sample_holds_so_many_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 documents of 7.25 tokens on average: 40 tokens are 5 documents."""
    monkeypatch.setattr(memory_horizon, "MOST_TOKENS", 40)
    chosen = memory_horizon.sample(lstm())
    assert len(chosen) == 5
    assert chosen.tolist() == lstm().sampled(5).tolist()
    monkeypatch.setattr(memory_horizon, "MOST_TOKENS", 1)
    assert len(memory_horizon.sample(lstm())) == 1
    monkeypatch.setattr(memory_horizon, "MOST_TOKENS", 10_000)
    monkeypatch.setattr(memory_horizon, "MOST_DOCUMENTS", 7)
    assert len(memory_horizon.sample(lstm())) == 7


def named(subject: Subject, name: str) -> Subject:
    return replace(subject, name=name)


def test_what_the_last_tokens_are() -> None:
    assert memory_horizon.what_last_means(lstm()) == "The last k tokens are those at the end of the document."
    joined = lstm(**{"networks.keep": "first+last", "networks.max_tokens": 300})
    assert memory_horizon.what_last_means(joined) == (
        "The last k tokens are those at the end of what is read: of a longer document the first and the last 150"
        " tokens, joined."
    )
    pooled = subject_of(network_of("bilstm", head="max"), DOCUMENTS, **{"networks.keep": "first"})
    assert memory_horizon.what_last_means(pooled) == (
        "The last k tokens are those at the end of what is read, the first 400 tokens. This network reads its"
        " states at more places than there, so that is a place in the text, not in time."
    )
    maximum = memory_horizon.what_last_means(subject_of(network_of("lstm", head="max"), DOCUMENTS))
    assert maximum.endswith("so that is a place in the text, not in time.")
    assert memory_horizon.what_last_means(named(lstm(), "lstm:shuffled-words@random")).endswith(
        "It reads shuffled words: the last k are k words at random."
    )


def test_there_is_no_order_to_take_from_shuffled_words() -> None:
    found = word_order.measure(named(lstm(), "lstm:shuffled-words@learned"))
    assert found == Silent(nothing="it reads shuffled words: there is no order to take away")


# --- needle ----------------------------------------------------------------------------------------------


def asked(*models: str) -> dict[str, Any]:
    return {"run.models": models, "networks.learning_rate": 4e-3}


def test_the_first_recurrent_model_trains_the_cells_that_the_run_has_not() -> None:
    subject = lstm(**asked("bow", "lstm"))
    assert [name for name, _ in needle.networks_to_train(subject)] == ["lstm", "rnn", "gru"]
    subject = lstm(**asked("rnn", "lstm"))
    assert [name for name, _ in needle.networks_to_train(subject)] == ["lstm"]
    pooled = named(lstm(**asked("lstm:max", "rnn")), "lstm:max@learned")
    trained = needle.networks_to_train(pooled)
    assert [(name, spec.model, spec.head) for name, spec in trained] == [
        ("lstm:max", "lstm", "last"),  # the builder's network has this head
        ("gru", "gru", "last"),
        ("lstm", "lstm", "last"),
    ]


@pytest.fixture
def small_needle(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"TRAINING_DOCUMENTS": 240, "VALIDATION_DOCUMENTS": 80, "TEST_DOCUMENTS": 40, "BATCH": 16}
    for name, value in (sizes | {"EPOCHS": 12, "SEEDS": 2, "RATES": (1e-6, 0.02)}).items():
        monkeypatch.setattr(needle, name, value)


@pytest.mark.longer
@pytest.mark.usefixtures("small_needle")
def test_an_lstm_finds_a_needle_in_a_short_text() -> None:
    """Random labels, so every word is neutral; six tokens are within any memory. At a rate of 1e-6 nothing is learned,
    the run's own rate and batch are not used."""
    network = replace(TINY_NETWORK, units=16, batch_size=500, learning_rate=1e-9)
    changes = {
        f"networks.{key}": getattr(network, key) for key in ("units", "batch_size", "learning_rate", "ema")
    }
    subject = subject_of(
        network_of("lstm", units=16, dimension=16),
        random_documents([6] * 60),
        **changes,
        **{"run.models": ("rnn", "lstm"), "networks.dropout": 0.0},
    )
    before = subject.weights
    found = needle.measure(subject)
    (network_found,) = found.networks
    assert [point.k for point in network_found.points] == [1, 2, 4, 6]
    assert network_found.reach == 6
    assert network_found.learning_rate == 0.02
    slow, fast = network_found.validation_loss
    assert slow == pytest.approx(np.log(2), abs=0.1)  # of a fair coin
    assert fast < 0.2
    assert (found.rates, found.steps) == ((1e-6, 0.02), 12 * 15)
    assert found.summary == {"length": 6, "reach": {"lstm": 6}}
    assert found.reading == "lstm finds the word from every distance, up to the first of 6 tokens."
    assert set(found.neutral_words) == {f"word{row}" for row in range(2, 12)}
    assert json.loads(json.dumps(asdict(found))) == plain(asdict(found))
    for path, weight in subject.weights.items():
        assert np.array_equal(weight, before[path])


def test_no_needle_is_hidden_in_documents_of_one_token() -> None:
    subject = subject_of(network_of("lstm"), random_documents([1] * 300))  # all ten words are there
    assert needle.measure(subject) == Silent(
        nothing="the training documents hold too few words to hide one among"
    )
    unknown = Labelled(indexed_of([[1, 1, 1]] * 4), int32([0, 1, 0, 1]))
    assert isinstance(needle.measure(subject_of(network_of("lstm"), unknown)), Silent)


# --- forget bias -----------------------------------------------------------------------------------------

TINY = {
    "networks.units": 3,
    "networks.max_epochs": 2,
    "networks.batch_size": 8,
    "networks.learning_rate": 0.01,
}


@pytest.mark.longer
def test_the_three_biases_share_their_seeds_and_documents() -> None:
    """Each bias's accuracy is that of a fit made here, with the first seed of the run.

    Two epochs of three steps at a hundredth each move a bias by less than 0.1: gates stay near where it set them.
    """
    subject = lstm(**TINY, **{"run.seeds": 2, "networks.ema": 0.0})
    found = forget_bias.measure(subject)
    assert [row.bias for row in found.biases] == [0.0, 1.0, 3.0]
    assert (found.seeds, found.train_documents, found.test_documents) == (2, 20, 20)
    for row in found.biases:
        spec = replace(subject.spec, forget_bias=row.bias)
        again = subject.fit(spec, DOCUMENTS, None, subject.config.networks, subject.seed)
        right = predict_probabilities(again.model, DOCUMENTS.indexed, 2).argmax(axis=1) == DOCUMENTS.labels
        assert row.seeds[0] == right.mean()
        assert len(row.seeds) == 2
    assert json.loads(json.dumps(asdict(found))) == plain(asdict(found))
    rows = found.biases
    for row in rows:
        low, high = (1 / (1 + np.exp(-row.bias - shift)) for shift in (-0.7, 0.7))
        assert low < row.gate < high
    assert [row.gate for row in rows] == sorted(row.gate for row in rows)


def test_a_network_without_forget_gates() -> None:
    subject = subject_of(network_of("rnn"), DOCUMENTS)
    assert forget_bias.measure(subject) == Silent(nothing="it has no forget gate")


@pytest.mark.longer
def test_the_mean_forget_gate_of_real_tokens() -> None:
    """One by one, in a loop over tokens, without padding."""
    documents = labelled([[2, 3, 4, 5, 2], [3], [4, 4]], [0, 1, 0])
    fitted = train_network("lstm", documents, max_epochs=1)
    kernel, recurrent, bias = fitted.model.get_layer("recurrent_0").get_weights()
    vectors = fitted.model.get_layer("embedding").get_weights()[0]
    gates = []
    for document in rows_of_each(documents.indexed):
        h, c = np.zeros(4), np.zeros(4)
        for row in document:
            i, f, g, o = np.split(vectors[row] @ kernel + h @ recurrent + bias, 4)
            i, f, o = (1 / (1 + np.exp(-one)) for one in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
            gates.append(f)
    assert len(gates) == 8
    other = subject_of(
        network_of("lstm"), documents
    )  # the subject's own gates are not those that are asked for
    assert forget_bias.mean_forget_gates(other, fitted) == pytest.approx(np.mean(gates, axis=0), abs=1e-6)
