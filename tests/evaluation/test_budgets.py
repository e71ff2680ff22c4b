"""How many settings each model tried, from what a run recorded of its choices."""

from __future__ import annotations

from pathlib import Path

from filled import typed
from report_builders import build_run

from pipeline.evaluation import describe_budgets
from pipeline.report.page.blocks import Limits
from pipeline.report.sections.quality import budget_words, comparison
from pipeline.run_folder.metrics.models import Budget, Tuned
from pipeline.run_folder.reading import read_run

MODELS = {
    "majority": {"model": "majority", "kind": "control"},
    "bow": {"model": "bow", "kind": "baseline"},
    "lstm@random": {"model": "lstm", "kind": "network"},
    "gone": {"model": "gone", "kind": "network"},
    "other": {"model": "other", "kind": "outside"},
}
FITS = [
    {"name": "majority", "settings_tried": 1, "looks": None},
    {"name": "bow", "fold": 0, "settings_tried": 18, "looks": None},
    {"name": "bow", "fold": 1, "settings_tried": 9, "looks": None},
    *({"name": "lstm@random", "settings_tried": 1, "looks": looks} for looks in (10, 14, 12)),
    {"name": "other"},
]


def test_strengths_and_looks_are_counted() -> None:
    assert describe_budgets(MODELS, FITS, []) == (
        Budget("bow", 18, 2, None, "validation score and log loss"),
        Budget("lstm@random", 1, 3, 12.0, "nothing"),
    )


def test_log_loss_alone_chooses_where_it_is_the_metric() -> None:
    """With every other metric it chooses only among scores that are near the best."""
    chosen_by = {
        metric: describe_budgets(MODELS, FITS, [], metric)[0].chosen_by
        for metric in ("accuracy", "macro-f1", "log-loss")
    }
    assert chosen_by == {
        "accuracy": "validation score and log loss",
        "macro-f1": "validation score and log loss",
        "log-loss": "validation log loss",
    }


def test_trials_are_what_was_tried_under_tune() -> None:
    tuning = [typed(Tuned, {"name": name, "trials": [{}] * 5}) for name in ("bow", "lstm@random")]
    rows = describe_budgets(MODELS, FITS, tuning)
    assert {row.name: (row.settings_tried, row.chosen_by) for row in rows} == {
        "bow": (5, "--tune"),
        "lstm@random": (5, "--tune"),
    }


def test_an_older_run_did_not_count() -> None:
    (row,) = describe_budgets({"bow": MODELS["bow"]}, [{"name": "bow"}], [])
    assert (row.settings_tried, row.looks, row.chosen_by) == (1, None, "nothing")


def test_unequal_budgets_are_said() -> None:
    assert budget_words([5, 5]) == "Every model tried as many settings."
    assert budget_words([9, 1, 64]) == (
        "The budgets are not equal: models tried between 1 and 64 settings (--tune N gives each N)."
    )


def test_the_comparison_tells_what_each_model_could_choose_from(tmp_path: Path) -> None:
    tables = {block.caption: block for block in comparison(read_run(build_run(tmp_path)), Limits())}
    table = tables["What each model could choose from"]
    assert [[cell.text for cell in line] for line in table.rows] == [
        ["tfidf", "7", "validation log loss", "–", "1"],
        ["lstm@word2vec", "1", "nothing", "12", "2"],
    ]
    assert table.note.startswith("The budgets are not equal: models tried between 1 and 7 settings")
