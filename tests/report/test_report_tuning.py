"""The section about --tune: what was drawn, what it cost, what a smaller budget would have found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from report_builders import FAMILIES, SPACE, build_run, run_with_rows

from pipeline.report import draw_report
from pipeline.report.page.blocks import Limits
from pipeline.report.page.chart_style import OWN_GROUP_STYLES
from pipeline.report.page.charts import draw
from pipeline.report.page.figures import Line, Lines
from pipeline.report.sections.tuning import reading, tuning


def tuned_run(folder: Path, families: list[dict[str, Any]], space: dict[str, Any]) -> Path:
    """Write a run folder of a run with --tune."""
    return build_run(folder, tuned=families, tuning=space)


@pytest.fixture
def section(tmp_path: Path) -> str:
    run = tuned_run(tmp_path, FAMILIES, SPACE)
    draw_report(run)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.partition('<section id="tuning"')[2].partition("</section>")[0].count('class="plane"') == 1
    text = (
        (run / "report.md")
        .read_text(encoding="utf-8")
        .partition("\n## Would other settings turn the answer?\n")[2]
        .partition("\n## ")[0]
    )
    return re.sub(r"  +", " ", text)


def test_the_curve_is_the_mean_over_folds(section: str) -> None:
    assert "| Model | 1 trial | 2 trials |" in section
    assert "| tfidf | 65.0 % | 77.5 % |" in section  # (85 + 45) / 2 and (87.5 + 67.5) / 2
    assert "| lstm@word2vec | 75.0 % | – |" in section


def test_what_was_chosen_is_shown_beside_what_was_there_before(section: str) -> None:
    assert (
        "| tfidf | 0 | 2 | 3.0 | 0.250 | 0.250 | 80.0 % | 90.0 % | 2 | baselines.tfidf_strengths=2.5 |"
        in section
    )
    assert (
        "| rnn@word2vec | 0 | 1 | 1.5 | 0.250 | – | 50.0 % | – | – | none: the run was stopped |" in section
    )
    assert "Fewer trials, since there are no other settings: lstm@word2vec." in section


def test_models_that_draw_a_setting_alike_share_a_row(section: str) -> None:
    assert "| networks.dropout | lstm, rnn | 0.3 | uniform from 0 to 0.6 |" in section
    assert "| networks.units | lstm | 64 | the same (--quick) |" in section
    assert "| baselines.tfidf_strengths | tfidf | 10.0 | one of 2.5, 10 (given) |" in section


def test_every_trial_is_listed_with_its_fate(section: str) -> None:
    assert "| tfidf | 0 | 2 | 90.0 % | **0.250** | 1.5 | baselines.tfidf_strengths=2.5 | chosen |" in section
    assert "| tfidf | 1 | 2 | – | – | 1.5 | baselines.tfidf_strengths=2.5 | no fit: no n-gram |" in section
    assert "All trials together took 9.0 s." in section


def test_a_run_without_tuning_says_so(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    draw_report(run)
    assert "*Nothing to show.* Not tuned: without --tune" in (run / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("curves", "sentence"),
    [
        (
            {"tfidf": (0.8, 0.85), "lstm": (0.7, 0.9, 0.95)},
            "With 1 trial tfidf leads (80.0 %), with 2 lstm (90.0 %); more trials gain most for lstm (+20.0 points).",
        ),
        (
            {"tfidf": (0.8, 0.9), "lstm": (0.7, 0.75)},
            "tfidf leads with 1 trial (80.0 %) and with 2 (90.0 %); more trials gain most for tfidf (+10.0 points).",
        ),
        ({"tfidf": (0.8,)}, "One trial each, with the settings as they were: tfidf has the highest, 80.0 %."),
        ({"tfidf": ()}, "No trial ended."),
    ],
)
def test_the_reading_is_one_line(curves: dict[str, tuple[float, ...]], sentence: str) -> None:
    assert reading(curves) == sentence


def test_every_point_of_the_curves_stands_in_a_table_where_the_short_one_leaves_some_out(
    tmp_path: Path,
) -> None:
    curves = {"tfidf": [0.5, 0.6, 0.7, 0.75, 0.8], "bow": [0.5, 0.9]}
    families = [
        FAMILIES[0] | {"name": name, "expected_validation_accuracy": values}
        for name, values in curves.items()
    ]
    found = [
        block
        for block in tuning(run_with_rows(tuned=families), Limits())
        if getattr(block, "caption", "") == "Every point of the curves"
    ]
    assert [[cell.text for cell in line] for line in found[0].rows] == [
        ["1", "50.0 %", "50.0 %"],
        ["2", "90.0 %", "60.0 %"],
        ["3", "–", "70.0 %"],
        ["4", "–", "75.0 %"],  # the short table has 1, 2, 3 and 5 trials
        ["5", "–", "80.0 %"],
    ]


def test_lines_are_told_apart_by_colour_and_by_shape_or_dash() -> None:
    names = [f"model{number}" for number in range(9)]
    figure = Lines(
        tuple(Line(name, (0.5, 0.6 + number / 50)) for number, name in enumerate(names)), "Trials", "%"
    )
    svg = draw(figure)
    assert all(name in svg for name in names)
    drawn = [path for path in re.findall("<path[^>]*>", svg) if 'stroke-width="1.8"' in path]
    colours = [re.findall(r'stroke="(#\w+)"', path)[0] for path in drawn]
    dashed = [re.findall(r'stroke-dasharray="([^"]*)"', path)[0] == "6,3" for path in drawn]
    own = [colour for colour, _ in OWN_GROUP_STYLES]
    assert list(zip(colours, dashed, strict=True)) == [
        *((colour, False) for colour in own),
        *((colour, True) for colour in own[:2]),
    ]


def test_trials_are_whole_numbers_on_the_axis() -> None:
    svg = draw(Lines((Line("tfidf", (0.5, 0.6, 0.7)),), "Trials", "%"))
    labels = re.findall(r">([\d.]+)</text>", svg)
    assert {"1", "2", "3"} <= set(labels)
    assert "1.5" not in labels


def test_many_trials_share_ten_ticks_or_so() -> None:
    svg = draw(Lines((Line("tfidf", tuple(0.5 + number / 100 for number in range(25))),), "Trials", "%"))
    labels = [int(label) for label in re.findall(r">(\d+)</text>", svg)]
    assert labels[:9] == [1, 3, 6, 9, 12, 15, 18, 21, 24]
