"""What models cost: the cheapest one that is shown to be close to the best, latency, size, the report's section."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import answered, documents_of, tokens_of
from report_builders import build_run

from pipeline.core.resources import milliseconds_of_each
from pipeline.evaluation.comparisons import compare
from pipeline.evaluation.costs import find_costs
from pipeline.report.page.blocks import Limits, Table
from pipeline.report.sections.costs import costs
from pipeline.run_folder.details.fitting import FitCost, ModelCosts
from pipeline.run_folder.metrics.models import Cheapest, Cost
from pipeline.run_folder.models import bytes_to_predict
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.reading import read_run
from pipeline.tasks.answers import Predictions
from pipeline.text.ragged import alone

N_DOCS = 2000


def saved(name: str, n_right: int) -> SavedPredictions:
    """Return predictions of which the first `n_right` are right."""
    return answered(name, np.arange(N_DOCS) < n_right)


def model(name: str, *fits: tuple[float, float]) -> ModelCosts:
    """Return what a model took; fits as (seconds to prepare, seconds to fit)."""
    costs = (FitCost(seed, 0, prepare, fit, 400.0 + seed) for seed, (prepare, fit) in enumerate(fits))
    return ModelCosts(name, tuple(costs), tuple(float(number) for number in range(101)), 1000)


def found(
    right: dict[str, int], seconds: dict[str, float], trained: dict[str, bool] | None = None
) -> tuple[tuple[Cost, ...], Cheapest]:
    """Return the costs of models that are right on so many documents; validation says the same of them."""
    return find_costs(
        [saved(name, count) for name, count in right.items()],
        [model(name, (0.0, seconds[name])) for name in seconds],
        {name: count / N_DOCS for name, count in right.items()},
        trained or {},
        0.01,
    )


def test_costs_are_means_over_fits_and_percentiles_over_documents() -> None:
    result = find_costs([saved("lstm", 9)], [model("lstm", (2.0, 4.0), (2.0, 8.0))], {}, {}, 0.01)
    (row,) = result[0]
    assert (row.train_seconds, row.peak_rss_mib, row.size_bytes) == (8.0, 401, 1000)
    assert (row.latency_ms_p50, row.latency_ms_p95) == (50.0, 95.0)  # of 0 .. 100
    assert (row.difference_from_best, row.within_rope_of_best) == (0.0, True)
    sentence = "lstm, the best by validation accuracy, is also the cheapest to train: 8 s."
    assert result[1] == Cheapest("lstm", "lstm", sentence)


def test_the_cheapest_is_shown_to_be_close_and_not_only_seen_to_be() -> None:
    """tfidf is 2 of 2,000 documents behind, bow 15, which is under 1 point too; its interval reaches below."""
    result = found(
        {"lstm": 1800, "tfidf": 1798, "bow": 1785, "rnn": 1700},
        {"lstm": 120.0, "tfidf": 2.0, "bow": 0.5, "rnn": 60.0},  # rnn is neither close nor cheaper than tfidf
    )
    rows = {row.name: row for row in result[0]}
    assert rows["bow"].difference_from_best == pytest.approx(-0.0075)
    assert rows["bow"].ci95[0] < -0.01 < rows["bow"].difference_from_best
    assert [rows[name].within_rope_of_best for name in ("lstm", "tfidf", "bow")] == [True, True, False]
    assert (result[1].name, result[1].best) == ("tfidf", "lstm")
    # variance of the difference: 2 in 2,000 documents; one document for each side, 2 / 2002^2, would be less
    half = 1.961 * np.sqrt(0.001 * 0.999 / 1999)
    # two documents tell the models apart, both for lstm: by Clopper and Pearson one speaks for tfidf with a probability
    # of at most 1 - sqrt(0.025); of the two intervals each end is the outer one
    exact = 0.001 * (2 * (1 - np.sqrt(0.025)) - 1)
    assert rows["tfidf"].ci95 == pytest.approx([-0.001 - half, exact], abs=1e-5)
    assert -0.001 + half < exact
    assert result[1].sentence == (
        "tfidf is the cheapest model that is shown to be at most 1 point worse than lstm, the best by validation"
        " accuracy: 2 s of training against 120 s, a difference in accuracy of -0.1 points (95 % interval -0.2 to"
        " +0.1). Cheaper, but not shown to be so close: bow."
    )


def test_a_model_that_is_better_on_test_documents_is_close_enough() -> None:
    """The best is chosen by validation: here bow, which is 100 documents behind."""
    right = {"bow": 1700, "lstm": 1800}
    result = find_costs(
        [saved(name, count) for name, count in right.items()],
        [model("bow", (0.0, 5.0)), model("lstm", (0.0, 3.0))],
        {"bow": 0.95, "lstm": 0.90},
        {},
        0.01,
    )
    assert (result[1].name, result[1].best) == ("lstm", "bow")


def test_models_that_nobody_would_use_cannot_be_chosen() -> None:
    right = {"lstm": 1800, "bow": 1800, "lstm:shuffled-words": 1800, "other": 1900}
    seconds = {"lstm": 9.0, "bow": 0.5, "lstm:shuffled-words": 0.1}
    result = found(right, seconds, trained={"bow": False})
    rows = {row.name: row for row in result[0]}
    assert set(rows) == {"lstm", "bow", "lstm:shuffled-words"}  # nothing is known of one made elsewhere
    assert rows["bow"].within_rope_of_best is None
    assert rows["lstm:shuffled-words"].within_rope_of_best is None
    assert (result[1].name, result[1].best) == ("lstm", "lstm")


def test_a_model_without_predictions_that_count_has_no_row() -> None:
    """Its fits were left out, as those of a fold that others did not end."""
    result = find_costs([saved("bow", 9)], [model("bow", (0.0, 1.0)), model("rnn", (0.0, 1.0))], {}, {}, 0.01)
    assert [row.name for row in result[0]] == ["bow"]


def test_with_folds_the_difference_is_that_of_the_comparisons() -> None:
    """Two of five folds ended: each trained on 8,000 of the 10,000 documents."""
    entries = [
        replace(
            saved(name, right), fold=fold, predictions=moved(saved(name, right).predictions, fold * N_DOCS)
        )
        for name, rights in (("bow", (1700, 1720)), ("lstm", (1800, 1850)))
        for fold, right in enumerate(rights)
    ]
    models = [model("bow", (0.0, 1.0)), model("lstm", (0.0, 9.0))]
    result = find_costs(entries, models, {"bow": 0.8, "lstm": 0.9}, {}, 0.01, n_docs=5 * N_DOCS)
    (row,) = compare(entries, [("bow", "lstm")], 0.01, n_docs=5 * N_DOCS)
    assert result[0][0].ci95 == row.ci95
    assert row.ci95 != compare(entries, [("bow", "lstm")], 0.01)[0].ci95


def moved(predictions: Predictions, by: int) -> Predictions:
    return replace(predictions, documents=predictions.documents + by)


def test_a_run_without_a_trained_model_has_no_cheapest() -> None:
    sentence = "No model was trained, so none is the cheapest."
    assert find_costs([], [], {}, {}, 0.01) == ((), Cheapest(None, None, sentence))
    (row,) = find_costs([saved("bow", 9)], [model("bow", (0.0, 1.0))], {}, {"bow": False}, 0.01)[0]
    assert row.within_rope_of_best is None


def test_a_fit_that_was_stopped_has_no_latency() -> None:
    entry = replace(model("bow", (0.0, 1.0)), latency_ms=())
    (row,) = find_costs([saved("bow", 9)], [entry], {}, {}, 0.01)[0]
    assert (row.latency_ms_p50, row.latency_ms_p95) == (None, None)


# --- what is measured ------------------------------------------------------------------------------------


def test_each_item_is_timed_alone_after_the_first_was_answered_once() -> None:
    answered: list[str] = []
    times = milliseconds_of_each(answered.append, ["a", "b"])
    assert answered == ["a", "a", "b"]
    assert len(times) == 2
    assert all(time >= 0 for time in times)
    assert milliseconds_of_each(answered.append, []) == ()


def test_a_document_alone_has_its_own_types() -> None:
    tokenized = tokens_of([["good", "film"], ["bad", "film", "bad"], []])
    one = alone(tokenized, 1)
    assert documents_of(one) == [["bad", "film", "bad"]]
    assert sorted(one.types.to_list()) == ["bad", "film"]
    assert documents_of(alone(tokenized, 2)) == [[]]


def test_the_size_holds_the_embedding_that_a_model_reads(tmp_path: Path) -> None:
    for name, described in (("bow", {}), ("ann@random", {"embedding": "embedding-random"})):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.json").write_text(json.dumps(described))
        (folder / "weights.safetensors").write_bytes(b"x" * 100)
    (tmp_path / "models" / "embedding-random").mkdir()
    (tmp_path / "models" / "embedding-random" / "vectors.safetensors").write_bytes(b"x" * 5000)
    assert bytes_to_predict(tmp_path, "bow") == 100 + len("{}")
    assert bytes_to_predict(tmp_path, "ann@random") == 5100 + len('{"embedding": "embedding-random"}')
    assert bytes_to_predict(tmp_path, "lstm") is None


# --- the section -----------------------------------------------------------------------------------------


def test_the_section_has_a_row_a_model(tmp_path: Path) -> None:
    (table,) = costs(read_run(build_run(tmp_path)), Limits())
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0]] == [
        *("bow", "0.25", "2.25", "4.50", "400", "0.90", "−2.5", "−10.0 to +5.0", "not shown")
    ]
    assert [row[0].tags for row in table.rows] == [("the choice",), (), ()]
    assert [row[0].text for row in table.rows] == ["bow", "tfidf", "lstm@word2vec"]
