"""ECE and log loss with their chance: cases worked out by hand, slow loops, and models whose calibration is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipeline.evaluation.calibration import CalibrationFacts, calibrate, calibration_facts, error_interval
from pipeline.evaluation.pooling import pool_folds
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.scores import score


def saved(confidence, right, *, seed=0, name="m", hard=False):
    """Return answers with a confidence above one half; documents have labels 0 and 1 by turns."""
    stated = np.array(confidence, np.float32)
    labels = (np.arange(len(stated)) % 2).astype(np.int32)
    probabilities = np.empty((len(labels), 2), np.float32)
    answers = np.where(right, labels, 1 - labels)
    probabilities[np.arange(len(labels)), answers] = stated
    probabilities[np.arange(len(labels)), 1 - answers] = 1 - stated
    predictions = Predictions(np.arange(len(labels)), labels, probabilities, hard)
    return SavedPredictions(name, seed, 0, "h", ("a", "b"), predictions)


def runs_of(*entries):
    (runs,) = pool_folds(entries).values()
    return runs


def grouped(runs, groups):
    """Return runs whose documents with the same number are one unit."""
    return [dataclasses.replace(run, groups=groups) for run in runs]


def some_runs(n_docs, n_seeds, *, seed=0):
    """Return runs of seeds that are right as often as they say, on documents that are hard for all of them."""
    generator = np.random.default_rng(seed)
    uniform = generator.random(n_docs)
    stated = [np.clip(generator.beta(6, 1.5, n_docs), 0.51, 0.999) for _ in range(n_seeds)]
    return runs_of(*(saved(p, uniform < p, seed=number) for number, p in enumerate(stated)))


# --- what a calibrated model shows -----------------------------------------------------------------------


def test_the_error_of_a_calibrated_model_by_hand():
    """Two answers of confidence 3/4 in one bin, one of 1/2 in another, whose distance is 1/2 however it falls.

    None, one or both of the two are right with probability 1/16, 6/16, 9/16: |0 - 1.5|, |1 - 1.5| and |2 - 1.5|
    are summed distances of 1.5, 0.5 and 0.5. With the 0.5 of the third, over three documents: 2/3 or 1/3.
    """
    facts = calibration_facts(
        runs_of(saved([0.75, 0.75, 0.5], [True, True, True])), np.random.default_rng(0), n_resamples=20_000
    )
    expected = 1 / 16 * 2 / 3 + 15 / 16 * 1 / 3
    assert facts.ece_if_calibrated == pytest.approx(expected, abs=4 * 1 / 3 * (15 / 256 / 20_000) ** 0.5)
    assert facts.ece_if_calibrated_95 == pytest.approx(2 / 3)  # which 1 of 16 show, more than 5 in 100


def slow_errors_if_calibrated(runs, units, n_resamples, generator):
    """Draw what is right one document at a time, and score each seed's answers anew; (R,)."""
    found = []
    for uniform in generator.random((n_resamples, max(units) + 1)):
        by_seed = []
        for run in runs:
            stated = run.predictions.probabilities
            labels = [
                row.argmax() if uniform[unit] < row.max() else row.argmin()
                for unit, row in zip(units, stated, strict=True)
            ]
            predictions = dataclasses.replace(run.predictions, labels=np.array(labels, np.int32))
            by_seed.append(score(predictions).ece)
        found.append(np.mean(by_seed))
    return np.array(found)


def slow_resamples(runs, units, n_resamples, generator):
    """Score resampled units and seeds one resample at a time; ECE and log loss, (R,) each."""
    units, n_units, n_seeds = np.array(units), max(units) + 1, len(runs)
    drawn = generator.integers(0, n_units, (n_resamples, n_units))
    seeds = generator.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), n_resamples)
    errors, losses = [], []
    for some, times in zip(drawn, seeds, strict=True):
        documents = np.concatenate([np.flatnonzero(units == unit) for unit in some])
        scores = [score(part(run.predictions, documents)) for run in runs]
        errors.append(np.average([one.ece for one in scores], weights=times))
        losses.append(np.average([one.log_loss for one in scores], weights=times))
    return np.array(errors), np.array(losses)


def part(predictions, documents):
    return Predictions(
        np.arange(len(documents)), predictions.labels[documents], predictions.probabilities[documents]
    )


@pytest.mark.parametrize("copies", [1, 3])
def test_facts_agree_with_slow_loops(copies):
    runs = some_runs(60, 2)
    units = [document // copies for document in range(60)]
    facts = calibration_facts(grouped(runs, np.array(units) * 7), np.random.default_rng(5), n_resamples=50)
    generator = np.random.default_rng(5)
    errors, losses = slow_resamples(runs, units, 50, generator)
    if_calibrated = slow_errors_if_calibrated(runs, units, 50, generator)
    measured = np.mean([score(run.predictions).ece for run in runs])
    assert facts.ece_if_calibrated == pytest.approx(if_calibrated.mean(), rel=1e-6)
    assert facts.ece_if_calibrated_95 == pytest.approx(np.quantile(if_calibrated, 0.95), rel=1e-6)
    assert facts.log_loss_ci95 == pytest.approx(np.quantile(losses, [0.025, 0.975]), rel=1e-6)
    high = np.quantile(errors, 0.975)
    least = 0.0 if measured <= facts.ece_if_calibrated_95 else 2 * measured - high
    assert facts.ece_ci95 == pytest.approx([least, high], rel=1e-6)


def test_pieces_of_resamples_change_nothing_but_what_is_held(monkeypatch):
    runs = some_runs(40, 2)
    monkeypatch.setattr("pipeline.evaluation.calibration.CHUNK_CELLS", 40 * 7)  # seven at a time
    facts = calibration_facts(runs, np.random.default_rng(1), n_resamples=2000)
    monkeypatch.undo()
    whole = calibration_facts(runs, np.random.default_rng(1), n_resamples=2000)
    assert facts.ece_if_calibrated == pytest.approx(whole.ece_if_calibrated, rel=0.03)
    assert facts.log_loss_ci95 == pytest.approx(whole.log_loss_ci95, rel=0.05)


def test_documents_that_are_one_unit_tell_less():
    """Twenty texts, ten copies of each: as much chance as twenty documents have, not two hundred."""
    stated, right = np.full(200, 0.8), np.repeat(np.arange(20) < 16, 10)
    runs = runs_of(saved(stated, right))
    units = np.repeat(np.arange(20), 10)
    apart = calibration_facts(runs, np.random.default_rng(0))
    together = calibration_facts(grouped(runs, units), np.random.default_rng(0))
    assert together.ece_if_calibrated > 2 * apart.ece_if_calibrated  # sqrt(10) times
    widths = [facts.log_loss_ci95[1] - facts.log_loss_ci95[0] for facts in (apart, together)]
    assert widths[1] > 2 * widths[0]


# --- models whose calibration is known -------------------------------------------------------------------


def test_a_calibrated_model_is_within_chance_and_one_that_is_too_sure_is_not():
    generator = np.random.default_rng(2)
    stated = np.clip(generator.beta(6, 1.5, 2000), 0.5, 0.999)
    uniform = generator.random(2000)
    calibrated = runs_of(saved(stated, uniform < stated))
    too_sure = runs_of(saved(stated, uniform < stated - 0.1))
    for runs, error in ((calibrated, 0.0), (too_sure, 0.1)):
        measured = score(runs[0].predictions).ece
        facts = calibration_facts(runs, np.random.default_rng(0))
        assert (measured > facts.ece_if_calibrated_95) == bool(error)
        assert facts.ece_ci95[0] <= error <= facts.ece_ci95[1]
        assert facts.ece_ci95[0] <= measured <= facts.ece_ci95[1]


def test_an_interval_of_an_error_reaches_as_far_down_as_up_and_ends_at_zero():
    resampled = np.linspace(0.05, 0.07, 401)  # 97.5 % are up to 0.0695
    assert error_interval(resampled, 0.055, 0.02) == pytest.approx([0.0405, 0.0695])
    assert error_interval(resampled, 0.055, 0.055) == pytest.approx([0.0, 0.0695])
    assert error_interval(resampled, 0.03, 0.02) == pytest.approx([0.0, 0.0695])
    assert error_interval(resampled, 0.08, 0.02) == (0.08, 0.08)


def test_answers_without_probabilities_have_no_calibration():
    runs = runs_of(saved([1.0, 1.0], [True, False], hard=True))
    assert calibration_facts(runs, np.random.default_rng(0)) == CalibrationFacts(None, None, None, None)


def test_a_further_model_changes_nothing_of_the_others():
    entries = [saved([0.7, 0.6, 0.9], [True, False, True], name=name) for name in ("bow", "tfidf")]
    both = calibrate(entries, np.random.default_rng(7))
    assert list(both) == ["bow", "tfidf"]
    assert calibrate(entries[1:], np.random.default_rng(7)) == {"tfidf": both["tfidf"]}
