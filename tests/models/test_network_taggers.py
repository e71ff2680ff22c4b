"""Networks that answer each word: their equations, what a chain and letters give them, padding, the one trainer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, indexed_of, int32, matrix_of, tokens_of
from keras_weights import randomised, weights_of

from pipeline.models.equations.network import beside_letters, run_network, weight_shapes
from pipeline.models.equations.output import embed
from pipeline.models.equations.sentences import sequence_losses, tag_words
from pipeline.models.networks.batches import pad
from pipeline.models.networks.build import build, own_weights, specify
from pipeline.models.networks.labelled import Labelled, inputs_of, padded
from pipeline.models.networks.letters import alphabet_of, spell
from pipeline.models.networks.objective import objective_of
from pipeline.models.networks.save_point import SavePoint
from pipeline.models.networks.tagging import tag_sentences
from pipeline.models.networks.training import fit_network
from pipeline.models.save import arrays_of

MATRIX = matrix_of(8, 3)
WORDS = tokens_of([["Ab", "ab", "ba", "abc"], ["ab"], ["abc", "Ab", "xx"]])
INDEXED = indexed_of([[2, 2, 3, 4], [2], [4, 2, 1]])
TAGS = int32([0, 1, 2, 1, 0, 2, 2, 0])
ALPHABET = "ab"
SETTINGS = replace(TINY_NETWORK, units=4)


def asked(model: str = "bilstm", head: str = "crf", letters: bool = True, **changes: Any) -> Any:
    settings = replace(SETTINGS, **changes)
    return specify(model, head, MATRIX, False, 3, settings, n_letters=len(ALPHABET) if letters else None)


def network(*given: Any, **changes: Any) -> Any:
    built = randomised(build(asked(*given, **changes)))
    built.get_layer("embedding").set_weights([MATRIX.vectors])
    return built


def labelled_words() -> Labelled:
    return Labelled(INDEXED, TAGS, spell(WORDS, ALPHABET))


def test_a_word_is_its_letters_between_two_edges() -> None:
    types = tokens_of([["ab", "é", "a" * 12 + "x" + "b" * 12]])
    spelling = spell(types, "abé")
    assert spelling.letters[:2, :4].tolist() == [[2, 3, 4, 2], [2, 5, 2, 0]]
    assert spelling.letters[2].tolist() == [2, *[3] * 12, *[4] * 12, 2]  # of a long one both ends
    assert alphabet_of(tokens_of([["ab", "ab", "bc"], ["cd"]])) == "bc"  # a and d stand in one word each


def test_a_batch_holds_the_letters_of_its_own_words() -> None:
    batch = pad(INDEXED, np.array([1, 2]))
    rows, lengths, letters, spelled = inputs_of(batch, INDEXED.offsets, spell(WORDS, ALPHABET))
    assert (rows.tolist(), lengths.tolist()) == ([[2, 0, 0], [4, 2, 1]], [1, 3])
    words = [["".join("_?^ab"[number] for number in letters[one]) for one in row] for row in spelled]
    assert [words[0][0], *words[1]] == ["^ab^_", "^ab?^", "^?b^_", "^??^_"]
    assert padded(TAGS, INDEXED.offsets, batch).tolist() == [[0, 0, 0], [2, 2, 0]]


NETWORKS = [("bilstm", "crf", True), ("gru", "each", False), ("rnn", "crf", False)]


@pytest.mark.parametrize(("model", "head", "letters"), NETWORKS)
def test_the_equations_give_the_scores_of_the_network(model: str, head: str, letters: bool) -> None:
    keras_model, spec = network(model, head, letters), asked(model, head, letters)
    batch, weights = pad(INDEXED, np.arange(3)), arrays_of(own_weights(keras_model, tuned=False))
    assert {name: array.shape for name, array in weights.items()} == weight_shapes(spec)
    inputs = inputs_of(batch, INDEXED.offsets, spell(WORDS, ALPHABET) if letters else None)
    embedded = beside_letters(spec, weights, embed(MATRIX.vectors, batch.rows), inputs[2:])
    found = run_network(spec, weights, embedded, batch.lengths).logits
    real = np.arange(batch.rows.shape[1]) < batch.lengths[:, None]
    np.testing.assert_allclose(found[real], keras_model(list(inputs)).numpy()[real], atol=1e-5)


def test_the_sentences_beside_it_change_no_answer() -> None:
    model, spelling = network(), spell(WORDS, ALPHABET)
    alone = Labelled(INDEXED, TAGS, spelling).take(np.array([1]))
    together = tag_sentences(model, INDEXED, spelling)
    np.testing.assert_allclose(
        tag_sentences(model, alone.indexed, alone.spelling).shares, together.shares[4:5], atol=1e-6
    )


@pytest.mark.longer
@pytest.mark.parametrize("head", ["crf", pytest.param("each", marks=pytest.mark.slow)])
def test_a_step_counts_the_losses_and_the_right_tags_of_words_alone(head: str) -> None:
    """The padding of a batch has no part in either: both are those of the whole, sentence by sentence."""
    from pipeline.models.networks.step import training_step

    model, documents = network("rnn", head), labelled_words()
    objective, batch = objective_of(model), pad(INDEXED, np.arange(3))
    weights = weights_of(model)
    loss, right, _ = training_step(model, SETTINGS, tuned=False).run(
        inputs_of(batch, INDEXED.offsets, documents.spelling), objective.targets(documents, batch), 0.0
    )
    mean, _ = objective.judge(documents, None)
    assert float(loss) == pytest.approx(8 * mean, rel=1e-4)
    assert int(right) == int((objective.shares(documents).argmax(axis=1) == TAGS).sum())
    for name, weight in weights_of(model).items():
        np.testing.assert_array_equal(weight, weights[name])  # the learning rate was 0


def copied(n: int, seed: int) -> Labelled:
    """Return sentences in which each word's tag is the kind of the first word: it has to be remembered."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(2, 6, size=n)
    first = generator.integers(2, size=n)
    documents = [
        [2 + one, *generator.integers(4, 8, size=length - 1)]
        for one, length in zip(first, lengths, strict=True)
    ]
    return Labelled(indexed_of(documents), np.repeat(first, lengths).astype(np.int32))


@pytest.mark.slow
def test_the_one_trainer_serves_taggers_and_goes_on_from_its_save_point(tmp_path: Any) -> None:
    settings = replace(SETTINGS, units=8, max_epochs=12, batch_size=8, learning_rate=0.02)
    spec = specify("gru", "crf", MATRIX, False, 2, settings)
    train, validation = copied(48, 0), copied(16, 1)
    given = spec, MATRIX.vectors, train, validation, settings
    told = []
    fitted = fit_network(*given, seed=0, deterministic=True, on_evaluation=told.append)
    assert fitted.why_not is None
    assert told[-1].validation_accuracy == 1.0
    assert told[-1].validation_loss is not None
    assert told[-1].validation_loss < 0.1
    best = tag_sentences(fitted.model, validation.indexed).best
    assert best.tolist() == validation.labels.tolist()

    class Killed(Exception):
        """In the middle of the training."""

    def kill(evaluation: Any) -> None:
        if evaluation.updates >= 30:
            raise Killed

    place = SavePoint(tmp_path / "training", seconds=0)
    with pytest.raises(Killed):
        fit_network(*given, seed=0, deterministic=True, save_point=place, on_evaluation=kill)
    again = fit_network(
        *given, seed=0, deterministic=True, save_point=SavePoint(tmp_path / "training", seconds=0)
    )
    for one, other in zip(again.model.weights, fitted.model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_the_loss_of_sentences_is_that_of_their_words_where_there_is_no_chain() -> None:
    scores = np.array([[0.0, 0.0], [np.log(3), 0.0], [0.0, 0.0]])
    offsets, tags = np.array([0, 2, 3]), int32([0, 1, 1])
    np.testing.assert_allclose(
        sequence_losses(scores, offsets, None, tags), [np.log(2) + np.log(4), np.log(2)]
    )
    with_chain = sequence_losses(scores, offsets, np.zeros((2, 2)), tags)
    np.testing.assert_allclose(with_chain, sequence_losses(scores, offsets, None, tags))
    answers = tag_words(scores, offsets, np.array([[0.0, 9.0], [0.0, 0.0]]))
    assert answers.best.tolist() == [0, 1, 0]  # a chain that likes 1 behind 0
