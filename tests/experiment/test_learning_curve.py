"""Learning curves: nested sets, what is compared at each size, where curves cross, and a whole run."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import answered
from corpus_builders import make_corpus
from hypothesis import given
from hypothesis import strategies as st
from report_builders import METRICS, build_run
from scipy import stats
from whole_runs import perform, read, write_films

from pipeline.commands.verify import verify
from pipeline.core.errors import PipelineError
from pipeline.core.values import TEST, TRAIN, VALIDATION, Corpus
from pipeline.evaluation.crossing import find_changes, find_learning_curve, who_is_ahead
from pipeline.experiment.data import Split
from pipeline.experiment.learning_curve import (
    curve_sizes,
    describe_curve,
    draw_of,
    nested_order,
    settings_of_draw,
    smaller_folds,
)
from pipeline.report.page.blocks import Chart, Limits, Nothing, Table
from pipeline.report.page.figures import Bands
from pipeline.report.sections.learning_curve import learning_curve
from pipeline.run_folder.details.fitting import CurveSet, CurveSets, UntrainedFit
from pipeline.run_folder.metrics.comparisons import LeadChange
from pipeline.run_folder.metrics.models import LearningCurve
from pipeline.run_folder.predictions import SavedPredictions, read_run_predictions
from pipeline.run_folder.reading import read_run
from pipeline.settings.reading import load_config

# --- the sets --------------------------------------------------------------------------------------------


def test_sizes_are_halves_and_none_is_too_small() -> None:
    assert curve_sizes(1600, 2, 5) == [100, 200, 400, 800, 1600]
    assert curve_sizes(1600, 2, 2) == [800, 1600]
    assert curve_sizes(1600, 100, 5) == [200, 400, 800, 1600]  # two documents for each of 100 classes
    assert curve_sizes(99, 2, 5) == [99]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 99))
def test_every_beginning_of_the_order_is_stratified(classes: list[int], seed: int) -> None:
    labels = np.array(classes, dtype=np.int32)
    order = nested_order(labels, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(labels)))
    n_classes = len(set(classes))
    assert len(set(labels[order[:n_classes]].tolist())) == n_classes
    for size in range(n_classes, len(labels) + 1):
        counts = np.bincount(labels[order[:size]], minlength=5)
        shares = np.bincount(labels, minlength=5) * size / len(labels)
        assert np.abs(counts - shares).max() <= n_classes


def corpus_of(n_train: int, n_validation: int, n_test: int, n_classes: int = 2) -> Corpus:
    parts = [TRAIN] * n_train + [VALIDATION] * n_validation + [TEST] * n_test
    return make_corpus(["text"] * len(parts), [n % n_classes for n in range(len(parts))], parts)


def smaller_sets(corpus: Corpus) -> list[Split]:
    return smaller_folds(Split.of(0, corpus), corpus, 5, np.random.default_rng(0))


def test_smaller_sets_are_nested_within_a_draw_and_tested_on_the_same_documents() -> None:
    corpus = corpus_of(200, 20, 30)
    whole, folds = Split.of(0, corpus), smaller_sets(corpus)
    assert [(f.number, len(f.train), len(f.validation)) for f in folds] == [
        *((1, 50, 5), (2, 50, 5), (3, 50, 5)),
        *((4, 100, 10), (5, 100, 10), (6, 100, 10)),
    ]
    assert [draw_of(f.number) for f in folds] == [0, 1, 2, 0, 1, 2]
    for small, middle in zip(folds[:3], folds[3:], strict=True):
        assert set(small.train) < set(middle.train) < set(whole.train)
        assert set(small.validation) < set(middle.validation) < set(whole.validation)
    assert len({frozenset(f.train.tolist()) for f in folds[:3]}) == 3  # other documents in each draw
    for fold in folds:
        np.testing.assert_array_equal(fold.test, whole.test)
        assert len(set(corpus.labels[fold.train])) == 2
        for part in (fold.train, fold.validation):
            assert (np.diff(part) > 0).all()


def test_each_draw_has_a_seed_of_its_own() -> None:
    config = load_config(None, (), {"run.seeds": 5, "run.seed": 7})
    drawn = [settings_of_draw(config, draw).run for draw in (0, 1, 2)]
    assert [(run.seeds, run.seed) for run in drawn] == [(1, 7), (1, 8), (1, 9)]


def test_a_corpus_without_validation_documents_has_none_in_any_set() -> None:
    folds = smaller_sets(corpus_of(100, 0, 10))
    assert [len(fold.validation) for fold in folds] == [0, 0, 0]


def test_too_few_documents_for_a_curve() -> None:
    with pytest.raises(PipelineError) as error:
        smaller_sets(corpus_of(99, 10, 10))
    assert str(error.value) == (
        "--learning-curve: there are 99 training documents, and a curve needs 100; leave it out, or give more"
        " documents"
    )


# --- the crossing ----------------------------------------------------------------------------------------


def test_who_is_ahead_is_told_beyond_chance_alone() -> None:
    assert who_is_ahead([0.01, 0.03], 0.01, "a", "b") == "a"
    assert who_is_ahead([-0.03, -0.01], 0.01, "a", "b") == "b"
    assert who_is_ahead([0.01, 0.03], 0.05, "a", "b") is None  # corrected for the sizes
    assert who_is_ahead([-0.01, 0.03], 0.01, "a", "b") is None


def test_the_lead_changes_between_sizes_at_which_it_is_told() -> None:
    assert find_changes([(50, None), (100, "b"), (200, "b"), (400, None), (800, "a")]) == (
        LeadChange(200, 800, "b", "a"),
    )
    assert find_changes([(50, "b"), (100, None), (200, "b")]) == ()
    assert find_changes([(50, None), (100, None)]) == ()


KINDS = {"bow": "baseline", "lstm": "network"}
SETS = CurveSets(
    (CurveSet(1, 50), CurveSet(2, 100), CurveSet(0, 200)),
    untrained=(UntrainedFit("lstm", 1, 1, "the loss did not fall"),),
)


def saved(name: str, fold: int, n_right: int, seed: int = 0) -> SavedPredictions:
    """Return predictions for 400 documents, the first `n_right` of them right."""
    return answered(name, np.arange(400) < n_right, seed, fold)


TRAINED = replace(SETS, untrained=())


def found(whole: list[SavedPredictions], smaller: list[SavedPredictions], sets: CurveSets) -> LearningCurve:
    return find_learning_curve(whole, smaller, sets, KINDS, MERITS, np.random.default_rng(0))


def curve_of(bow: list[int], lstm: list[int], sets: CurveSets = SETS) -> LearningCurve:
    """Return the curve of two models right on so many documents in sets 1, 2 and 0; lstm has two seeds."""
    entries = [saved("bow", fold, right) for fold, right in zip((1, 2, 0), bow, strict=True)]
    entries += [
        saved("lstm", fold, right, seed)
        for fold, right in zip((1, 2, 0), lstm, strict=True)
        for seed in (0, 1)
    ]
    whole = [entry for entry in entries if entry.fold == 0]
    smaller = [entry for entry in entries if entry.fold]
    return found(whole, smaller, sets)


def test_points_stand_by_size_with_each_seed() -> None:
    curve = curve_of([200, 240, 280], [100, 240, 320])
    assert curve.sizes == (50, 100, 200)
    by_name = {model.name: model.points for model in curve.models}
    assert [point.documents for point in by_name["lstm"]] == [50, 100, 200]
    assert [point.accuracy for point in by_name["lstm"]] == [0.25, 0.6, 0.8]
    assert [point.seeds for point in by_name["lstm"]] == [(0.25,) * 2, (0.6,) * 2, (0.8,) * 2]
    assert [point.untrained for point in by_name["lstm"]] == [1, 0, 0]
    assert all(point.ci95[0] <= point.accuracy <= point.ci95[1] for point in by_name["bow"])


def test_curves_that_cross() -> None:
    crossing = curve_of([200, 240, 280], [100, 240, 320], TRAINED).crossing
    assert [row.ahead for row in crossing.differences] == ["bow", None, "lstm"]
    assert [row.difference for row in crossing.differences] == pytest.approx([-0.25, 0.0, 0.1])
    assert crossing.changes == (LeadChange(50, 200, "bow", "lstm"),)
    assert crossing.sentence == "lstm overtakes bow between 50 and 200 training documents."


def test_curves_that_do_not_cross_within_the_data() -> None:
    assert curve_of([200, 240, 280], [100, 160, 279], TRAINED).crossing.sentence == (
        "No crossing within your data: bow is ahead beyond chance with 50, 100 training documents, lstm with no number"
        " of them. lstm minus bow: -25.0 points with 50 training documents, -0.2 with 200."
    )


def test_where_accuracies_change_places_or_nothing_is_told_no_crossing_is_shown() -> None:
    assert curve_of([200, 240, 280], [100, 160, 281], TRAINED).crossing.sentence == (
        "No crossing is shown within your data: bow is ahead beyond chance with 50, 100 training documents, lstm with"
        " no number of them. lstm minus bow: -25.0 points with 50 training documents, +0.2 with 200."
    )
    assert curve_of([200, 200, 201], [200, 200, 200], TRAINED).crossing.sentence == (
        "No crossing is shown within your data: at none of 3 sizes is one of the two ahead beyond chance. lstm minus"
        " bow: +0.0 points with 50 training documents, -0.2 with 200."
    )


def test_nobody_is_ahead_where_a_model_did_not_train() -> None:
    """lstm overtakes bow only if a fit that did not train counts as a loss; SETS has one with 50 documents."""
    crossing = curve_of([200, 240, 280], [100, 240, 320]).crossing
    assert [(row.ahead, row.untrained) for row in crossing.differences] == [
        (None, ("lstm",)),
        (None, ()),
        ("lstm", ()),
    ]
    assert crossing.changes == ()
    assert crossing.sentence.endswith(
        " Nothing is said of sizes at which a fit did not train: lstm with 50 training documents."
    )


MERITS = {"bow": 0.9, "lstm": 0.8}
DRAWN = CurveSets(
    (*(CurveSet(number, 50) for number in (1, 2, 3)), CurveSet(0, 100))
)  # three of one size, the whole


def drawn_curve(lstm: list[int]) -> dict[str, Any]:
    """Return the curve of three sets of 50 documents, bow right 200 times on each, lstm so often; then the whole."""
    smaller = [saved("bow", number, 200) for number in (1, 2, 3)]
    smaller += [saved("lstm", number, right) for number, right in zip((1, 2, 3), lstm, strict=True)]
    whole = [saved("bow", 0, 200), *(saved("lstm", 0, 300, seed) for seed in (0, 1))]
    return found(whole, smaller, DRAWN)


def test_nobody_is_ahead_by_the_chance_of_which_documents_were_drawn() -> None:
    """40 documents worse on average in both: on every set, or by 120 on one of three."""
    steady, one_of_three = drawn_curve([160, 160, 160]), drawn_curve([80, 200, 200])
    for curve, ahead in ((steady, "bow"), (one_of_three, None)):
        small, whole = curve.crossing.differences
        assert (small.difference, small.draws, small.ahead) == (pytest.approx(-0.1), 3, ahead)
        assert (whole.draws, whole.ahead) == (1, "lstm")
    assert steady.crossing.sentence == "lstm overtakes bow between 50 and 100 training documents."
    assert one_of_three.crossing.changes == ()
    points = {model.name: model.points[0] for model in one_of_three.models}
    assert points["lstm"].seeds == (0.2, 0.5, 0.5)
    assert points["bow"].seeds == (0.5, 0.5, 0.5)


def test_the_interval_of_several_sets_is_that_of_their_own_differences() -> None:
    """The sets' means -0.3, 0, 0 have a variance of 0.03, / 3 = 0.01; documents add max(theirs - both, 0)."""
    small, _ = drawn_curve([80, 200, 200]).crossing.differences
    differences = np.zeros((3, 400))
    differences[0, 80:200] = -1
    of_documents = differences.mean(axis=0).var(ddof=1) / 400
    rest = differences - differences.mean(axis=0) - differences.mean(axis=1)[:, None] + differences.mean()
    both = (rest**2).sum() / (2 * 399) / 1200
    standard_error = np.sqrt(0.01 + max(of_documents - both, 0))
    low, high = small.ci95
    quantiles = stats.t([2, 3]).ppf(0.975)  # nearly all of it is the sets', of which there are three
    assert quantiles[1] * standard_error < (high - low) / 2 <= quantiles[0] * standard_error * 1.0001


def test_a_size_of_which_one_set_was_not_finished_is_left_out() -> None:
    smaller = [saved(name, number, 200) for name in KINDS for number in (1, 2, 3)][:-1]
    whole = [saved("bow", 0, 200), saved("lstm", 0, 300)]
    assert found(whole, smaller, DRAWN).sizes == (100,)


def test_a_stopped_run_keeps_the_sets_that_every_fit_finished() -> None:
    whole = [saved("bow", 0, 300), saved("lstm", 0, 300)]
    smaller = [saved("bow", 1, 200), saved("lstm", 1, 200), saved("bow", 2, 200)]
    assert found(whole, smaller, SETS).sizes == (50, 200)
    none = found(whole, [], SETS)
    assert none.crossing.sentence == (
        "There is no crossing to look for: the run ended before a smaller set was finished."
    )
    not_asked = find_learning_curve(whole, [], None, KINDS, {}, np.random.default_rng(0))
    assert not_asked == LearningCurve()
    nothing = find_learning_curve([], smaller, SETS, {}, {}, np.random.default_rng(0))
    assert nothing.sizes == ()


# --- the section -----------------------------------------------------------------------------------------


def test_the_section_draws_bands_and_has_the_numbers(tmp_path: Path) -> None:
    chart, every_point, differences = learning_curve(read_run(build_run(tmp_path)), Limits())
    assert isinstance(chart, Chart)
    assert isinstance(chart.figure, Bands)
    assert [line.label for line in chart.figure.lines] == ["tfidf", "lstm@word2vec"]
    assert [line.points[0].lo is None for line in chart.figure.lines] == [False, False]
    assert chart.reading.startswith("No crossing within your data: tfidf is ahead")
    assert isinstance(every_point, Table)
    texts = [[cell.text for cell in row] for row in every_point.rows]
    assert texts[2] == ["lstm@word2vec", "72", "60.0 %", "50.0 to 70.0 %", "55.0 %", "65.0 %", "1"]
    assert isinstance(differences, Table)
    assert [cell.text for cell in differences.rows[0]] == ["72", "−20.0", "−30.0 to −10.0", "0.002", "tfidf"]


def test_of_many_models_the_two_that_are_compared_have_bands(tmp_path: Path) -> None:
    curve = METRICS["learning_curve"]
    third = curve["models"][0] | {"name": "nbsvm"}
    run = build_run(tmp_path, learning_curve=curve | {"models": [*curve["models"], third]})
    chart, *_ = learning_curve(read_run(run), Limits())
    assert isinstance(chart, Chart)
    assert isinstance(chart.figure, Bands)
    assert {line.label: line.points[0].lo is not None for line in chart.figure.lines} == {
        "tfidf": True,
        "lstm@word2vec": True,
        "nbsvm": False,
    }


def test_a_set_that_not_every_fit_finished_is_named(tmp_path: Path) -> None:
    sets = {
        "sets": [{"set": n, "train": train, "validation": 4} for n, train in ((1, 36), (2, 72), (0, 144))],
        "untrained": [],
    }
    run = build_run(tmp_path)
    (run / "details" / "curve_sets.json").write_text(json.dumps(sets), encoding="utf-8")
    _, every_point, _ = learning_curve(read_run(run), Limits())
    assert isinstance(every_point, Table)
    assert every_point.note.endswith("Not finished, so left out: 36 training documents.")


def test_a_run_without_a_curve_says_how_to_get_one(tmp_path: Path) -> None:
    (block,) = learning_curve(read_run(build_run(tmp_path, learning_curve={})), Limits())
    assert isinstance(block, Nothing)
    assert block.reason.startswith("Not asked for: --learning-curve")


# --- a whole run -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curve")
    write_films(
        folder, [f"{('good', 'bad')[number % 2]} film{number % 7} scene{number}" for number in range(260)]
    )
    small = ("embeddings.dimension=4", "baselines.bow_strengths=1", "baselines.mean_strengths=1")
    options = {"run_models": "bow,majority,mean", "run_embeddings": "random", "run_learning_curve": True}
    return perform(folder, small=small, **options)


def test_a_run_has_a_curve_whose_last_point_is_the_run_itself(run: Path) -> None:
    metrics = read(run)
    curve = metrics["learning_curve"]
    n_train = metrics["corpus"]["splits"]["train"]
    assert curve["sizes"] == [n_train // 2, n_train]
    assert sorted(model["name"] for model in curve["models"]) == ["bow", "majority", "mean@random"]
    last = {model["name"]: model["points"][-1]["accuracy"] for model in curve["models"]}
    assert last == {row["name"]: row["accuracy"] for row in metrics["summary"]}
    assert curve["crossing"]["sentence"] == "There is no crossing to look for: no network was run."


def test_the_fits_of_the_curve_enter_no_other_table(run: Path) -> None:
    metrics = read(run)
    fits = {("bow", 0), ("majority", 0), ("mean@random", 0)}
    assert {(row["name"], row["seed"]) for row in metrics["results"]} == fits
    assert len(metrics["results"]) == len(metrics["timing"]) == 3
    apart = read_run_predictions(run / "details" / "learning_curve")
    assert {(entry.name, entry.seed, entry.fold) for entry in apart} == {
        (*fit, number) for fit in fits for number in (1, 2, 3)
    }
    assert [path.name for path in (run / "details" / "learning_curve").iterdir()] == ["predictions"]
    tested = {entry.name: entry.predictions.documents.tolist() for entry in read_run_predictions(run)}
    assert all(entry.predictions.documents.tolist() == tested["bow"] for entry in apart)
    sets = read(run, "details/curve_sets.json")["sets"]
    assert [(one["set"], one["train"]) for one in sets] == [
        *((number, metrics["learning_curve"]["sizes"][0]) for number in (1, 2, 3)),
        (0, metrics["learning_curve"]["sizes"][1]),
    ]


def test_predictions_planted_in_a_curve_are_named(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    folder = copied / "details" / "learning_curve" / "predictions"
    table = pl.read_parquet(folder / "bow.s0.f1.parquet")
    metadata = pl.read_parquet_metadata(folder / "bow.s0.f1.parquet")
    kept = {key: metadata[key] for key in ("model", "seed", "corpus_hash")}
    table.write_parquet(folder / "bow.s0.f7.parquet", metadata=kept | {"fold": "7"})  # there is no set 7
    assert verify(run).differences == ()
    assert verify(copied).differences[0].file == "details/learning_curve/predictions/bow.s0.f7.parquet"


def test_with_refit_the_validation_documents_are_counted_among_those_learned_from() -> None:
    corpus = corpus_of(200, 20, 30)
    whole, smaller = Split.of(0, corpus), smaller_sets(corpus)
    for refit, sizes in ((False, [*[50] * 3, *[100] * 3, 200]), (True, [*[55] * 3, *[110] * 3, 220])):
        sets = describe_curve(whole, smaller, [], refit).sets
        assert [one.train for one in sets] == sizes


def test_a_refit_learns_from_training_and_validation_documents_in_the_order_of_the_corpus() -> None:
    split = Split(2, *(np.array(part, np.int64) for part in ([0, 3, 5], [1, 4], [2]))).refitted()
    assert split.train.tolist() == [0, 1, 3, 4, 5]
    assert (split.number, len(split.validation), split.test.tolist()) == (2, 0, [2])
