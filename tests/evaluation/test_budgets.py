"""How many settings each model tried, from what a run recorded of its choices."""

from __future__ import annotations

from pathlib import Path

from filled import typed
from report_blocks import table, texts
from report_builders import build_run

from pipeline.core.fits import Fit
from pipeline.evaluation.budgets import describe_budgets
from pipeline.report.page.blocks import Limits
from pipeline.report.sections.quality import budget_words, comparison
from pipeline.run_folder.details.fitting import FittedModel
from pipeline.run_folder.metrics.models import Budget, Tuned
from pipeline.run_folder.reading import read_run

MODELS = {
    name: typed(FittedModel, {"name": name, "model": name.partition("@")[0], "kind": kind})
    for name, kind in {
        "majority": "control",
        "bow": "baseline",
        "lstm@random": "network",
        "gone": "network",
        "other": "outside",
    }.items()
}
FITS = [
    Fit("majority", 0, 0),
    Fit("bow", 0, 0, settings_tried=18),
    Fit("bow", 0, 1, settings_tried=9),
    *(Fit("lstm@random", seed, 0, looks=looks) for seed, looks in enumerate((10, 14, 12))),
    Fit("other", 0, 0),
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


def test_unequal_budgets_are_said() -> None:
    assert budget_words([5, 5]) == "Every model tried as many settings."
    assert budget_words([9, 1, 64]) == (
        "The budgets are not equal: models tried between 1 and 64 settings (--tune N gives each N)."
    )


def test_the_comparison_tells_what_each_model_could_choose_from(tmp_path: Path) -> None:
    blocks = comparison(read_run(build_run(tmp_path)), Limits())
    shown = table(blocks, "What each model could choose from")
    assert texts(shown) == [
        ["tfidf", "7", "validation log loss", "–", "1"],
        ["lstm@word2vec", "1", "nothing", "12", "2"],
    ]
    assert shown.note.startswith("The budgets are not equal: models tried between 1 and 7 settings")
