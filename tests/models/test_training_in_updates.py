"""Budget, floor, patience and evaluations in updates: worked out by hand, and seen in the real loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import labelled, matrix_of, train_network

from pipeline.models.networks.budget import Budget, budget_of, updates_in_a_pass
from pipeline.models.networks.build import specify
from pipeline.models.networks.labelled import Labelled
from pipeline.models.networks.training import fit_network
from pipeline.settings.tables import Config, NetworkSettings

MATRIX = matrix_of(4, dimension=4, seed=1)


def settings(batch_size: int = 16, **changes: Any) -> NetworkSettings:
    return replace(Config().networks, batch_size=batch_size, **changes)


def words(n_docs: int, wrong: int = 0) -> Labelled:
    """Return documents of one word that is that of their class, but for the first `wrong` of them."""
    classes = np.arange(n_docs) % 2
    labels = np.where(np.arange(n_docs) < wrong, 1 - classes, classes)
    return labelled((classes + 2)[:, None].tolist(), labels.tolist())


# --- worked out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("updates_a_pass", "first", "most", "floor", "patience"),
    [
        (3, 1_000, 3_000, 300, 150),  # forty documents in batches of 16
        (100, 1_000, 3_000, 300, 300),  # three passes are more than 150 updates
        (390, 3_900, 11_700, 300, 1_170),  # ten passes are more than 1,000 updates
    ],
)
def test_the_budget_of_corpora_of_three_sizes(
    updates_a_pass: int, first: int, most: int, floor: int, patience: int
) -> None:
    found = budget_of(settings(), updates_a_pass)
    assert (found.first, found.most, found.floor, found.patience) == (first, most, floor, patience)


def test_patience_in_updates_is_the_same_for_batches_of_16_and_64() -> None:
    """320 documents: three passes are 60 and 15 updates, both fewer than 150."""
    assert [budget_of(settings(size), 320 // size).patience for size in (16, 64)] == [150, 150]


def test_a_number_of_passes_that_was_given_takes_the_place_of_the_budget() -> None:
    found = budget_of(settings(max_epochs=7), 20)
    assert (found.first, found.most, found.floor) == (140, 140, 140)
    assert [update for update in range(1, 61) if found.is_due(update)] == [20, 40, 60]


def test_a_budget_over_which_the_rate_falls_does_not_grow() -> None:
    found = budget_of(settings(schedule="cosine"), 100)
    assert (found.first, found.most) == (1_000, 1_000)


@pytest.mark.parametrize(
    ("updates_a_pass", "asked", "due"),
    [
        (3, 0, [51, 102, 153]),  # after every 17 passes
        (60, 0, [60, 120, 180]),  # after every pass
        (110, 0, [55, 110, 165]),  # twice a pass
        (1_000, 0, [250, 500, 750]),  # four times a pass, no more
        (1_000, 7, [7, 14, 21]),
    ],
)
def test_evaluations(updates_a_pass: int, asked: int, due: list[int]) -> None:
    found = budget_of(settings(evaluate_every=asked), updates_a_pass)
    assert [update for update in range(1, due[-1] + 1) if found.is_due(update)] == due


def test_evaluations_are_spread_evenly_over_a_pass_that_they_do_not_divide() -> None:
    budget = Budget(first=20, most=20, floor=0, patience=9, span=10, looks=4)
    assert [update for update in range(1, 21) if budget.is_due(update)] == [3, 5, 8, 10, 13, 15, 18, 20]


def test_batches_that_are_cut_for_their_length_are_counted() -> None:
    """Sorted: 1 1 1 2, 2 2 8 9, 10. In 30 timesteps three documents of 9 tokens fit, so the second batch is cut."""
    lengths = np.array([10, 1, 1, 1, 2, 9, 2, 2, 8])
    assert updates_in_a_pass(lengths, batch_size=4, most_timesteps=30) == 1 + 2 + 1
    assert updates_in_a_pass(np.full(8, 10), batch_size=4, most_timesteps=30) == 2 + 2


# --- in the loop -----------------------------------------------------------------------------------------


def test_the_budget_grows_while_the_validation_loss_falls_and_ends_when_it_no_longer_does() -> None:
    """A quarter of the validation labels is wrong: the loss falls until three in four are expected, then rises."""
    fitted = train_network(
        "ann",
        words(16),
        validation=words(16, wrong=4),
        matrix=MATRIX,
        max_epochs=0,
        budget_updates=8,
        budget_epochs=1,
        budget_growth=100,
        patience_updates=12,
        min_gain=0.0,
        evaluate_every=4,
        learning_rate=0.01,
    )
    assert fitted.budget is not None
    assert (fitted.budget.first, fitted.budget.most) == (8, 800)
    assert fitted.stopped == "early"
    assert 8 < fitted.best_updates < 800
    assert fitted.history[-1].updates == fitted.best_updates + 12
    assert fitted.kept.validation_loss == min(one.validation_loss or 9 for one in fitted.history)
    assert fitted.warnings == ()


def test_a_loss_that_falls_by_too_little_is_kept_and_is_no_reason_to_train_on() -> None:
    """The first evaluation, after 4 updates, is a gain; after it no fall is of 10 nats."""
    fitted = train_network(
        "ann",
        words(16),
        validation=words(16),
        matrix=MATRIX,
        max_epochs=0,
        budget_updates=8,
        budget_epochs=1,
        budget_growth=100,
        patience_updates=12,
        min_gain=10.0,
        evaluate_every=4,
        learning_rate=0.01,
    )
    assert (fitted.stopped, fitted.history[-1].updates, fitted.best_updates) == ("early", 4 + 12, 16)


def test_a_loss_that_still_falls_at_the_bound_of_the_budget_is_a_warning() -> None:
    fitted = train_network(
        "ann",
        words(16),
        validation=words(16),
        matrix=MATRIX,
        max_epochs=0,
        budget_updates=8,
        budget_epochs=1,
        budget_growth=2.5,
        evaluate_every=4,
        learning_rate=0.01,
    )
    assert (fitted.stopped, fitted.best_updates, fitted.history[-1].updates) == ("budget", 20, 20)
    assert fitted.warnings == (
        "it was still learning when its 20 updates were over: raise networks.budget_growth [still-learning]",
    )


def test_no_training_on_forty_documents_is_stopped_before_300_updates() -> None:
    """What is learned makes validation worse from the first update on; three updates are a pass."""
    fitted = train_network(
        "ann",
        words(40),
        validation=words(8, wrong=8),
        matrix=MATRIX,
        max_epochs=0,
        batch_size=16,
        min_updates=300,
        patience_updates=150,
        learning_rate=0.002,
    )
    assert [one.updates for one in fitted.history] == [51, 102, 153, 204, 255, 306]
    assert (fitted.stopped, fitted.best_updates) == ("early", 51)
    assert fitted.history[-1].epochs == 102
    assert fitted.warnings[0].startswith(
        "the validation loss was lowest at the first evaluation, after 51 updates"
    )


def test_without_validation_documents_the_first_budget_is_run() -> None:
    fitted = train_network(
        "ann", words(16), matrix=MATRIX, max_epochs=0, budget_updates=10, budget_epochs=1, evaluate_every=4
    )
    assert [(one.updates, one.epochs) for one in fitted.history] == [(4, 1), (8, 2), (10, 2.5)]
    assert fitted.schedule.phases == (10,)


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({"batch_size": 0, "learning_rate": 0.002}, "batch size 0 and learning rate 0.002"),
        ({"batch_size": 16, "learning_rate": 0.0}, "batch size 16 and learning rate 0"),
    ],
)
def test_settings_that_still_follow_the_corpus_train_nothing(changes: dict[str, Any], given: str) -> None:
    spec = specify("ann", "", MATRIX, False, 2, Config().networks)
    with pytest.raises(
        ValueError, match=f"^{given}: 0 is no value to train with, see pipeline.settings.tables.settled$"
    ):
        fit_network(spec, MATRIX.vectors, words(4), None, replace(Config().networks, **changes), seed=0)
