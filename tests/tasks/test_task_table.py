"""Every task of the table keeps its promises: what another part of the program may rely on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.core.errors import PipelineError
from pipeline.models.equations.output import SHARES
from pipeline.tasks.classification.targets import chance_loss, known_labels, look_alikes
from pipeline.tasks.table import CLASSIFY, DOCUMENT_TASKS, METRICS, TASKS
from pipeline.tasks.task import DocumentTask

LABELS = pl.Series(["no", "yes", "no", "maybe"])
CELLS = {"classify": LABELS, "multilabel": pl.Series(['["no"]', '["no", "yes"]', "[]", '["maybe"]'])}
OUTPUTS = np.array([[0.1, 0.7, 0.2], [0.5, 0.5, 1], [0.3, 0.3, 0.4], [0, 0, 0.9]], dtype=np.float32)


@pytest.mark.parametrize("task", DOCUMENT_TASKS.values(), ids=DOCUMENT_TASKS)
def test_answers_come_back_from_their_columns_to_the_last_bit(task: DocumentTask) -> None:
    names = task.names(CELLS[task.name], "corpus.csv")
    answers = task.answers(np.array([4, 9, 2, 7]), task.targets(CELLS[task.name], names), OUTPUTS)
    again, names_again = task.from_columns(task.columns(answers, names), False)
    assert names_again == names
    assert again.documents.tolist() == [4, 9, 2, 7]
    assert again.labels.tolist() == answers.labels.tolist()
    assert np.array_equal(again.probabilities, answers.probabilities)


@pytest.mark.parametrize("task", DOCUMENT_TASKS.values(), ids=DOCUMENT_TASKS)
def test_each_metric_is_the_mean_of_what_the_documents_add_to_it(task: DocumentTask) -> None:
    names = task.names(CELLS[task.name], "corpus.csv")
    answers = task.answers(np.arange(4), task.targets(CELLS[task.name], names), OUTPUTS)
    for metric in task.metrics.values():
        assert metric.influence(answers).mean() == pytest.approx(metric.value(answers), abs=1e-12)


@pytest.mark.parametrize("task", DOCUMENT_TASKS.values(), ids=DOCUMENT_TASKS)
def test_what_a_network_of_a_task_ends_with_makes_answers_that_the_task_takes(task: DocumentTask) -> None:
    output = task.output(3)
    numbers = np.array([[2.0, -1.0, 0.5], [40.0, 0.0, -40.0]], dtype=np.float32)[:, : output.numbers]
    shares = SHARES[output.shares](numbers)
    right = RIGHT[task.name]
    answers = task.answers(np.array([0, 1]), right, shares)
    np.testing.assert_allclose(answers.probabilities, shares, atol=1e-7)
    first, second = task.right(shares, right).tolist()
    assert first > second
    assert task.losses(shares, right).argmax() == 1


RIGHT = {
    "classify": np.array([0, 1], dtype=np.int32),
    "multilabel": np.array([[1, 0, 1], [0, 1, 0]], dtype=np.int32),
}


def test_the_loss_of_a_document_is_minus_the_logarithm_of_its_labels_probability() -> None:
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])
    losses = CLASSIFY.losses(probabilities, np.array([1, 1, 1], dtype=np.int32))
    assert losses.tolist() == pytest.approx([np.log(2), np.log(4), 12 * np.log(10)])


def test_training_tells_accuracy_and_log_loss_whatever_the_run_is_judged_by() -> None:
    assert [name for name, metric in CLASSIFY.metrics.items() if metric.told_by_training] == [
        "accuracy",
        "log-loss",
    ]
    assert [name for name, metric in CLASSIFY.metrics.items() if metric.is_share_of_right] == ["accuracy"]


def test_labels_are_numbered_in_the_order_of_their_names() -> None:
    assert CLASSIFY.names(LABELS, "corpus.csv") == ("maybe", "no", "yes")
    assert CLASSIFY.targets(LABELS, ("maybe", "no", "yes")).tolist() == [1, 2, 1, 0]


def test_whole_numbers_are_ordered_as_numbers() -> None:
    assert CLASSIFY.names(pl.Series(["10", "9", "-1"]), "corpus.csv") == ("-1", "9", "10")


def test_one_label_alone_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        CLASSIFY.names(pl.Series(["spam", "spam"]), "mail.csv")
    assert str(refused.value) == (
        'mail.csv: every document has the label "spam"; a comparison needs two classes: check --label, '
        "or add documents"
    )


def test_an_unknown_label_is_answered_with_the_nearest_of_many() -> None:
    names = (*(f"class {number}" for number in range(12)), "sport")
    assert known_labels("sports", names).startswith('the nearest of the 13 labels are "sport"')


def test_labels_that_look_alike_are_told() -> None:
    assert look_alikes(("Spam", "ham", "spam ")) == (
        'labels "Spam", "spam " differ only in case or blanks; they are kept apart; --map "\'spam \'=Spam" joins them'
        " [labels-alike]",
    )


def test_the_loss_of_the_frequencies_is_their_entropy() -> None:
    labels = np.array([0, 1, 1, 0], dtype=np.int32)
    assert chance_loss(labels, np.ones(4), 3) == pytest.approx(np.log(2.0))
    weights = np.array([3.0, 0.5, 0.5, 0.0])  # 3 : 1
    assert chance_loss(labels, weights, 2) == pytest.approx(0.562335, abs=1e-6)


def test_a_metric_that_several_tasks_have_is_that_of_the_task_of_the_answers() -> None:
    shared = METRICS["macro-f1"]
    for task in DOCUMENT_TASKS.values():
        names = task.names(CELLS[task.name], "corpus.csv")
        answers = task.answers(np.arange(4), task.targets(CELLS[task.name], names), OUTPUTS)
        own = task.metrics["macro-f1"]
        assert shared.value(answers) == own.value(answers)
        assert shared.influence(answers).tolist() == own.influence(answers).tolist()
        assert shared.slope is not None
        assert own.slope is not None
        assert shared.slope.gradient(answers).tolist() == own.slope.gradient(answers).tolist()
    assert {*METRICS} == {name for task in TASKS.values() for name in task.metrics}
