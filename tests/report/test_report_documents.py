"""The sections on slices, documents and contamination, and the reliability diagrams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_blocks import every, table, texts
from report_builders import METRICS, NETWORK, build_run

from pipeline.report import draw_report
from pipeline.report.page.blocks import Chart, Limits, Paragraph, Table
from pipeline.report.page.figures import Reliability
from pipeline.report.sections.documents import documents
from pipeline.report.sections.errors_made import calibration
from pipeline.report.sections.quality import comparison
from pipeline.report.sections.slices import slices
from pipeline.run_folder.reading import read_run


def models(*accuracies: float) -> list[dict]:
    return [
        {"name": name, "accuracy": accuracy, "ci95": [0.0, 1.0]}
        for name, accuracy in zip((NETWORK, "tfidf"), accuracies, strict=True)
    ]


def group(lo: float, hi: float, difference: float, ci95: list[float]) -> dict:
    figures = {"difference": difference, "ci95": ci95, "models": models(0.5 + difference, 0.5)}
    return {"label": None, "lo": lo, "hi": hi, "documents": 20, **figures}


SLICES = [
    {
        **{"by": "length", "a": NETWORK, "b": "tfidf"},
        "groups": [group(1, 12, 0.1, [0.05, 0.15]), group(13, 1200, -0.05, [-0.2, 0.1])],
    }
]
ANSWERS = [
    {"name": NETWORK, "predicted": "bad", "probability": 0.875},
    {"name": "tfidf", "predicted": "good", "probability": 0.75},
    {"name": "other", "predicted": "bad", "probability": None},
]
HARD = {
    "models": [NETWORK, "tfidf"],
    "documents": 40,
    "counts": {"all wrong": 3, "sure mistakes": 9},
    "wrong": [[8, 3], [3, 5]],
    "lists": {"all wrong": [{"document": 7, "label": "good", "answers": ANSWERS}], "sure mistakes": []},
}
PAIR = {"document": 7, "near_duplicate_of": 2, "near_duplicate_in": "train", "similarity": 0.9}
CONTAMINATION = {
    **{"documents": 40, "a": NETWORK, "b": "tfidf"},
    "near_duplicates": {
        "documents": 4,
        "identical": 1,
        "same_label": 3,
        "pairs": [PAIR | {"same_label": True}],
    },
    "giveaways": {
        "documents": 2,
        "tokens": [
            {"fold": 0, "token": "fwd", "label": "bad", "documents": 40, "precision": 1.0, "coverage": 0.5}
        ],
    },
    "scores": [
        {
            "of": "all",
            "documents": 40,
            "models": models(0.8, 0.875),
            "difference": -0.075,
            "ci95": [-0.2, 0.1],
        },
        {
            **{"of": "without near-duplicates", "documents": 36, "models": models(0.75, 0.9)},
            **{"difference": -0.15, "ci95": [-0.3, -0.01]},
        },
        {"of": "without giveaways", "documents": 0, "models": [], "difference": None, "ci95": None},
    ],
}
TEXTS = [
    {"part": "test", "document": 7, "text": "the tested text", "cut": True},
    {"part": "train", "document": 2, "text": "the text it repeats", "cut": False},
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    run = build_run(
        tmp_path_factory.mktemp("documents"), slices=SLICES, hard_documents=HARD, contamination=CONTAMINATION
    )
    (run / "details" / "documents_shown.json").write_text(json.dumps(TEXTS), encoding="utf-8")
    draw_report(run)
    text = (run / "report.md").read_text(encoding="utf-8")
    return " ".join(text.split()), (run / "report.html").read_text(encoding="utf-8")


def test_slices_are_read_without_claiming_too_much(report: tuple[str, str]) -> None:
    text, page = report
    assert (
        f"**{NETWORK.partition('@')[0]} is higher in 1 of 2 groups, and one stands out** To explore, not to conclude"
        " from: one of 2 groups stands out, and one would by chance." in text
    )
    assert "Highest: 1 to 12 (+10.0 points). Lowest: 13 to 1,200 (−5.0 points)." in text
    assert "| 1 to 12 | 20 | +10.0 | +5.0 to +15.0 | **60.0 %** | 50.0 % |" in text
    assert (
        page.partition('<section id="slices"')[2].partition("</section>")[0].count("<svg") == 2
    )  # a row a group


def test_groups_that_differ_alike_are_neither_highest_nor_lowest(tmp_path: Path) -> None:
    groups = [group(1, 12, 0.025, [-0.1, 0.15]), group(13, 40, 0.025, [-0.05, 0.1])]
    blocks = slices(read_run(build_run(tmp_path, slices=[SLICES[0] | {"groups": groups}])), Limits())
    (chart,) = every(blocks, Chart)
    assert (
        chart.reading
        == "The same in every group: +2.5 points. The interval of 0 of 2 groups leaves out zero."
    )


def test_documents_are_shown_with_text_label_and_answers(report: tuple[str, str]) -> None:
    text, _ = report
    assert (
        "## Documents to look at Every model is wrong on 3 of 40 test documents. Read what they get wrong"
        in text
    )
    assert "| 7 | the tested text… | good | bad 88 % | **good 75 %** | bad |" in text
    assert f"| {NETWORK} | 8 | 3 (60 %) |" in text


def test_scores_without_contaminated_documents_stand_beside_the_plain_ones(report: tuple[str, str]) -> None:
    text, _ = report
    name = NETWORK.partition("@")[0]
    assert "**4 of 40 test documents nearly repeat one learned from** That is 10.0 % of them." in text
    assert f"Without them {name} minus tfidf is −15.0 in 100 instead of −7.5." in text
    ends = "95 % interval in points: −30.0 to −1.0."
    assert f"{NETWORK} minus tfidf without near-duplicates, {ends}" in text
    assert "| tfidf | 87.5 % | 0.0 to 100.0 % | 90.0 % | 0.0 to 100.0 % | – | – |" in text
    assert "| 7 | 0.90 | the tested text… | 2 (train) | the text it repeats | yes |" in text
    assert "| fwd | bad | 40 | 100.0 % | 50.0 % |" in text
    assert "Check whether these are boilerplate" in text


def test_without_answers_to_single_documents_the_first_sentence_says_where_no_model_is_right(
    tmp_path: Path,
) -> None:
    counts = {"all wrong": 1, "only networks right": 2, "only baselines right": 5}
    run = build_run(tmp_path, hard_documents=HARD | {"documents": 1_040, "counts": counts, "lists": {}})
    first, *_ = documents(read_run(run), Limits())
    assert first == Paragraph(
        "Every model is wrong on 1 of 1,040 test documents. Read what they get wrong before you trust a number."
    )


def test_a_run_without_these_keys_says_why(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    draw_report(run)
    text = (run / "report.md").read_text(encoding="utf-8")
    assert "There are too few test documents to be told apart." in text
    assert "No model but controls was scored, or none trained." in text
    assert "The run recorded no facts about its test documents." in text


def test_the_reliability_diagram_has_every_filled_bin_and_its_share(tmp_path: Path) -> None:
    (chart,) = every(calibration(read_run(build_run(tmp_path)), Limits()), Chart)
    assert isinstance(chart.figure, Reliability)
    assert [(b.confidence, b.accuracy, b.share) for b in chart.figure.bins] == [
        (0.7, 0.6, 0.25),
        (0.9, 0.9667, 0.75),
    ]
    # stated 0.25 x 0.7 + 0.75 x 0.9 = 0.85; right 0.875; the ECE of `summary` is 0.0611, up to 0.0713 by chance
    assert chart.reading == "says 85, is right 88: as chance allows"


def test_an_error_that_chance_does_not_explain_is_called_so(tmp_path: Path) -> None:
    summary = [METRICS["summary"][0] | {"ece": 0.0811, "ece_ci95": [0.02, 0.11]}]
    blocks = calibration(read_run(build_run(tmp_path, summary=summary)), Limits())
    (chart,) = every(blocks, Chart)
    assert (blocks[0].title, chart.reading) == (
        "Can its percentages be believed? tfidf is the furthest off: too modest",
        "says 85, is right 88",
    )
    assert texts(table(blocks, "Confidence"))[0] == [
        *("tfidf", "85.0 %", "87.5 %", "−2.5"),
        *("8.1", "2.0 to 11.0", "5.2, up to 7.1", "0.346", "0.271 to 0.430"),
    ]


def test_an_older_run_has_no_zero_for_its_calibration_error(tmp_path: Path) -> None:
    older = {
        key: value for key, value in METRICS["summary"][0].items() if "ece_" not in key and "loss_" not in key
    }
    blocks = calibration(read_run(build_run(tmp_path, summary=[older])), Limits())
    assert texts(table(blocks, "Confidence"))[0][4:] == ["6.1", "–", "–", "0.346", "–"]


def test_an_error_within_chance_is_never_the_best_of_its_column(tmp_path: Path) -> None:
    def bold(lowest: float) -> list[str]:
        summary = [
            entry | {"ece": ece} for entry, ece in zip(METRICS["summary"], (0.09, lowest, 0.2), strict=True)
        ]
        blocks = comparison(read_run(build_run(tmp_path / str(lowest), summary=summary)), Limits())
        more = next(one for one in every(blocks, Table) if "ECE" in [column.title for column in one.columns])
        place = [column.title for column in more.columns].index("ECE")
        return [line[place].text for line in more.rows if line[place].best]

    assert bold(0.0732) == []  # bow's 95 % quantile
    assert bold(0.0733) == ["0.073"]
