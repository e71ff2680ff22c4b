"""`--max-error`: a threshold that validation documents allow with 95 % confidence, checked on test documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.values import Float64
from pipeline.predict.promise import Counted, keep, parse_limit, promise_of, upper_bound
from pipeline.run_folder.predictions import prediction_path, validation_path, write_predictions
from pipeline.tasks.answers import Predictions


def answers(sure: Float64, wrong: Float64) -> Predictions:
    """Return answers that are so sure, of two classes; all say class 0."""
    shares = np.stack([sure, 1 - sure], axis=1).astype(np.float32)
    return Predictions(np.arange(len(sure)), wrong.astype(np.int32), shares)


def calibrated(n: int, seed: int) -> Predictions:
    """Return answers that are wrong as often as they say."""
    generator = np.random.default_rng(seed)
    sure = generator.uniform(0.5, 1.0, n)
    return answers(sure, generator.uniform(size=n) > sure)


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    # 3/n rule: with 0 of 299 the 95 % bound is 1 - 0.05^(1/299); else the binomial tail is 5 % there.
    assert upper_bound(0, 299, 0.05) == pytest.approx(1 - 0.05 ** (1 / 299))
    bound = upper_bound(2, 50, 0.05)
    tail = sum(
        np.prod([(50 - i) / (i + 1) for i in range(k)]) * bound**k * (1 - bound) ** (50 - k) for k in range(3)
    )
    assert tail == pytest.approx(0.05)
    assert upper_bound(5, 5, 0.05) == 1.0


def test_documents_that_are_less_sure_are_left_out_until_the_rest_keeps_the_limit() -> None:
    sure = np.linspace(0.5, 1.0, 1000)
    wrong = sure < 0.6  # the 200 least sure
    found = keep(0.05, answers(sure, wrong), answers(sure, wrong))
    assert found is not None
    assert found.validation.documents == 1000
    assert found.validation.answered == 800  # one more step of 50 would have 50 wrong of 850
    assert found.validation.wrong == 0
    assert found.least_confidence == pytest.approx(0.6, abs=0.001)


def test_a_promise_on_few_documents_is_not_made_however_right_they_are() -> None:
    # 0 wrong of n: 1 - 0.0125^(1/n) is at most 0.05 from n = 86 on.
    for n, kept in ((85, False), (86, True)):
        right = answers(np.linspace(0.5, 1.0, n), np.zeros(n))
        assert (keep(0.05, right, right) is not None) is kept


def test_test_documents_have_to_agree() -> None:
    sure = np.linspace(0.5, 1.0, 1000)
    never, often = np.zeros(1000), np.arange(1000) % 10 == 0
    assert keep(0.05, answers(sure, never), answers(sure, never)) is not None
    assert keep(0.05, answers(sure, never), answers(sure, often)) is None


def test_the_promise_is_broken_less_often_than_once_in_twenty() -> None:
    # Of answers that are wrong as often as they say, the true share beyond a threshold t is (1 - t) / 2.
    broken = made = 0
    anything_goes = answers(np.ones(100), np.zeros(100))
    for seed in range(300):
        found = keep(0.15, calibrated(300, seed), anything_goes)
        if found is not None:
            made += 1
            broken += (1 - found.least_confidence) / 2 > 0.15
    assert made > 100
    assert broken / made < 0.05


def test_a_share_is_typed_as_per_cent_or_as_a_number() -> None:
    assert (parse_limit("5%"), parse_limit(" 0.5 % "), parse_limit("0.02")) == (0.05, 0.005, 0.02)


def write(run: Path, validation: Predictions, test: Predictions) -> None:
    known = {"name": "bow", "seed": 0, "fold": 0, "corpus_hash": "0" * 64}
    for path, own in (
        (validation_path(run, "bow", 0, 0), validation),
        (prediction_path(run, "bow", 0, 0), test),
    ):
        write_predictions(path, own, ("neg", "pos"), **known)  # type: ignore[arg-type]


def test_what_was_chosen_and_checked_is_said(tmp_path: Path) -> None:
    sure = np.linspace(0.5, 1.0, 1000)
    write(tmp_path, answers(sure, sure < 0.6), answers(sure, sure < 0.61))
    assert promise_of(tmp_path, "bow", (0,), 0.05).words() == (
        "Promise: at most 5 % of the answers that are given are wrong, with 95 % confidence, on documents like those of"
        " the run.\n"
        "  chosen on validation documents: 800 of 1,000 answered, 0 of these wrong (0.0 %)\n"
        "  checked on test documents: 800 of 1,000 answered, 20 of these wrong (2.5 %)\n"
        "  answers below a confidence of 0.6001 are left out"
    )


def test_a_promise_that_cannot_be_kept_is_refused_with_the_best_that_can(tmp_path: Path) -> None:
    n = 100
    write(
        tmp_path,
        answers(np.linspace(0.5, 1.0, n), np.zeros(n)),
        answers(np.linspace(0.5, 1.0, n), np.zeros(n)),
    )
    with pytest.raises(PipelineError) as raised:
        promise_of(tmp_path, "bow", (0,), 0.02)
    # 1 - 0.0125^(1/100) is 4.3 %, so that 5 % is the first of the limits tried.
    assert str(raised.value) == (
        "--max-error: bow cannot promise at most 2 % of wrong answers, by 100 validation documents; the best that it"
        " can is 5 % (100 of 100 answered, 0 of these wrong (0.0 %) on test documents); give --max-error 5%"
    )


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("50%", '"50%" is 50 % of the answers; what is promised has to be below 50 %'),
        ("5", '"5" is 500 % of the answers; what is promised has to be below 50 %'),
        ("0 %", "no number of documents can promise that not one answer is wrong"),
        ("-5%", '"-5%" is no share of wrong answers'),
        ("", '"" is no share of wrong answers'),
        ("nan", '"nan" is no share of wrong answers'),
    ],
)
def test_a_share_that_cannot_be_promised_is_told_with_its_bound(typed: str, message: str) -> None:
    with pytest.raises(PipelineError) as raised:
        parse_limit(typed)
    assert str(raised.value) == f"--max-error: {message}; give one such as 5% or 0.05"


def test_a_run_without_validation_answers_makes_no_promise(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="the run kept no answers to validation documents"):
        promise_of(tmp_path, "bow", (0,), 0.05)


def test_counts_are_said_in_words() -> None:
    assert Counted(10, 0, 0).words() == "0 of 10 answered, 0 of these wrong (0.0 %)"
