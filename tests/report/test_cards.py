"""Cards of the report page: the first picture, the table of models, the ladder, the cards of the answer, the offers."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_blocks import every, texts
from report_builders import DETAILS, METRICS, build_run, result
from test_report_documents import HARD

from pipeline.report import draw_report
from pipeline.report.page.blocks import Fold, Grid, Limits, Nothing, Paragraph
from pipeline.report.page.cards import Choice, Interval, Marked, MistakesOf, Peeks, Seen, Ways
from pipeline.report.page.figures import BandLine, BandPoint, Bands, Dot, DotPlot
from pipeline.report.page.html_page import marked
from pipeline.report.page.marks import mistake_rows
from pipeline.report.page.plots import plot
from pipeline.report.sections.advice import how_sure, how_to_use, what_to_use
from pipeline.report.sections.causes import causes
from pipeline.report.sections.curves import training_curves
from pipeline.report.sections.facts import model_facts
from pipeline.report.sections.first_picture import mistakes
from pipeline.report.sections.ladder import ladder
from pipeline.report.sections.look import look
from pipeline.report.sections.models_table import models_table
from pipeline.report.sections.offers import offers
from pipeline.report.sections.slices import slices
from pipeline.report.sections.table import build_sections, not_asked_for
from pipeline.report.sections.way import way
from pipeline.report.sections.why import why
from pipeline.run_folder.reading import Run, read_run


def run_of(folder: Path, **changes: Any) -> Run:
    return read_run(build_run(folder, **changes))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("cards"), hard_documents=HARD)


# --- the first picture


def test_the_first_picture_has_the_mistakes_of_each_training(run: Run) -> None:
    picture = mistakes(run)
    assert picture is not None
    assert (picture.title, picture.text) == (
        "bow makes 6 mistakes; lstm 7 and 9",
        "Wrong answers on the same 40 test documents. One mark is one training.",
    )
    assert picture.rows == (
        MistakesOf("tfidf", "base", (5,)),
        MistakesOf("bow", "base", (6,)),
        MistakesOf("lstm", "net", (7, 9)),
    )
    assert [(row.shape, row.numbers) for row in mistake_rows(picture)] == [
        ("square", "5"),
        ("square", "6"),
        ("circle", "7, 9"),
    ]


def test_mistakes_of_a_seed_are_counted_over_all_folds(tmp_path: Path) -> None:
    corpus = METRICS["corpus"] | {"folds": 2, "tested": 200}
    results = [
        result("bow", "baseline", 0, accuracy, 9) | {"fold": fold} for fold, accuracy in enumerate((0.9, 0.8))
    ]
    (model, *_) = [
        one for one in model_facts(run_of(tmp_path, corpus=corpus, results=results)) if one.name == "bow"
    ]
    assert model.counted.wrong == (30,)  # 10 and 20 of 100


# --- models, steps


def test_a_model_is_a_row_with_what_it_is_its_interval_and_its_price(run: Run) -> None:
    table = models_table(run, model_facts(run))
    assert [column.title for column in table.columns if not column.scale] == [
        *("Model", "Right of 100", "95 % interval", "Against bow", "Training", "One document", "Size")
    ]
    assert texts(table)[1:] == [
        ["bow", "85.0", "", "72.5 to 95.0", "the choice", "0.2 s", "2.2 ms", "0.9 MB"],
        ["lstm", "80.0", "", "68.8 to 90.0", "cannot tell", "36 s", "5.1 ms", "2.3 MB"],
    ]
    network = table.rows[2]
    assert (network[0].kind, network[0].below) == ("net", "in order, gated memory")
    assert network[2].span is not None
    assert (network[2].span.lo, network[2].span.hi, network[2].span.ticks) == (0.6878, 0.9, (0.825, 0.775))


def test_the_ladder_has_a_level_a_step_and_dashes_what_was_not_tried(run: Run) -> None:
    steps = ladder(run)
    assert steps is not None
    assert [(step.name, step.value or step.option) for step in steps.steps] == [
        ("tfidf", "87.5"),
        ("mean", "--models tfidf,mean"),
        ("ann", "--models tfidf,ann"),
        ("rnn", "--models ann,rnn"),
        ("lstm", "80.0"),
        ("lstm:max", "--models lstm,lstm:max"),
        ("bilstm", "--models lstm,bilstm"),
    ]
    assert (steps.steps[4].change, steps.steps[4].decision) == ("against tfidf −7.5", "cannot tell")
    assert steps.note == "The scale begins at 70 of 100."


def test_one_step_alone_is_no_ladder(tmp_path: Path) -> None:
    alone = run_of(tmp_path, summary=METRICS["summary"][:2], causes=None)
    assert ladder(alone) is None
    assert causes(alone, Limits()) == (Nothing("No two models of this run differ by one cause alone."),)


# --- the answer


def test_the_card_of_the_advice_says_what_to_expect_and_what_it_needs(run: Run) -> None:
    (card,) = what_to_use(run, Limits())
    assert isinstance(card, Choice)
    assert (card.verb, card.model, card.group) == ("Start with", "bow", "base")
    told = dict(card.facts)
    assert told["Needs"] == "no GPU, no TensorFlow, no word vectors"
    assert told["Expect"].startswith("85 of 100 right")


def test_how_sure_shows_the_difference_with_a_tick_for_each_training(run: Run) -> None:
    blocks = how_sure(run, Limits())
    (picture,), (said,), (fold,) = (tuple(every(blocks, kind)) for kind in (Interval, Marked, Fold))
    assert (picture.left, picture.right) == ("tfidf better", "lstm better")
    assert [round(tick, 3) for tick in picture.span.ticks] == [-0.05, -0.1]  # 0.825 and 0.775 beside 0.875
    assert {sign for sign, _, _ in said.items} == {"open", "small"}
    assert fold.summary == "In statisticians' words"
    assert Paragraph(run.metrics.verdict.sentence) in fold.blocks


def test_the_winner_is_used_by_a_command_by_python_and_as_a_service(run: Run) -> None:
    seen, ways = how_to_use(run, Limits())
    assert isinstance(seen, Seen)
    assert isinstance(ways, Ways)
    assert seen.title == "Use bow"
    folder = run.folder.as_posix()
    assert [lines.splitlines()[-1] for _, lines in ways.items] == [
        f"python -m pipeline predict {folder} new.csv --out answers.csv",
        "model.predict(['a text of your own'])",
        f"python -m pipeline serve {folder}",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "The order of the words seems to be most of what it reads."),
        (
            {"probes": None, "embeddings": [METRICS["embeddings"][0] | {"token_coverage": 0.3}]},
            "Most words have no vector.",
        ),
        ({"probes": None}, "One training seems to have stopped early."),
        (
            {"probes": None, "results": METRICS["results"][:3]},
            "It seems to have too little to learn from.",
        ),
    ],
)
def test_the_first_cause_that_holds_is_told(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    seen, *_ = why(run_of(tmp_path, **changes), Limits())
    assert seen == Seen("Why does the network not win?", said)


def test_of_a_training_that_learned_nothing_no_cause_is_told(tmp_path: Path) -> None:
    found = why(run_of(tmp_path, verdict=METRICS["verdict"] | {"decision": "withheld"}), Limits())
    assert found == (Nothing("A training learned nothing, so that no cause can be told."),)


def test_a_measure_of_many_groups_is_drawn_where_it_is_opened(tmp_path: Path) -> None:
    group = {"lo": 1.0, "hi": 2.0, "documents": 9, "difference": 0.1, "ci95": [-0.1, 0.3], "label": None}
    group |= {"models": [{"name": "tfidf", "accuracy": 0.9, "ci95": [0.8, 0.95]}]}
    few, many = ([group | {"label": f"c{number}"} for number in range(n)] for n in (3, 9))
    entries = [
        {"by": by, "a": "lstm@word2vec", "b": "tfidf", "groups": groups}
        for by, groups in (("class", many), ("length", few))
    ]
    _, shown, more, *_ = slices(run_of(tmp_path, slices=entries), Limits())
    assert isinstance(shown, Grid)
    assert isinstance(more, Fold)
    assert len(shown.blocks) == 1
    assert more.summary == "By other measures (1)"


def test_a_few_documents_are_named_with_what_became_of_them(run: Run, tmp_path: Path) -> None:
    seen, peeks = look(run, Limits())
    assert seen == Seen("What do mistakes look like?", "All models are wrong on 3 of 40 test documents.")
    assert isinstance(peeks, Peeks)
    assert len(peeks.items) <= 4
    assert isinstance(look(run_of(tmp_path), Limits())[0], Nothing)


# --- how it was made, what was not asked for


def test_the_way_from_text_to_answer_is_counted(run: Run) -> None:
    _, flow = way(run, Limits())
    assert [(stage.title, stage.number) for stage in flow.stages] == [  # type: ignore[union-attr]
        ("Text", "200"),
        ("Tokens", "8,000"),
        ("Numbers", "902"),
        ("Embeddings", "100"),
        ("Answer", "40"),
    ]


def test_what_was_not_asked_for_is_a_question_an_option_and_minutes(run: Run) -> None:
    assert [(offer.option, offer.minutes) for offer in offers(run)] == [  # of a run of 75.5 s
        ("--tune 20", "about 25 min more"),
        ("--embeddings word2vec,random", "about 1 min more"),
        ("--folds 5", "about 5 min more"),
        ("--compare predictions.csv", "under a minute more"),
    ]


def test_a_section_with_nothing_to_show_is_a_line_at_the_end(run: Run) -> None:
    sections = build_sections(run, Limits())
    (asked,) = not_asked_for(offers(run), sections)
    shut = next(every(asked.blocks, Fold))
    (points,) = shut.blocks
    assert "Where they differ: There are too few test documents to be told apart." in points.items  # type: ignore[union-attr]
    assert not [line for line in points.items if line.startswith("Would other settings")]  # type: ignore[union-attr]


# --- places


def test_rows_stand_in_per_cent_of_their_axis() -> None:
    dots = (Dot("a", 0.0, -0.1, 0.1, "Difference"), Dot("b", 0.1, None, None, "Network"))
    drawn = plot(DotPlot(dots, "Difference in accuracy, points", 0.01))
    assert [(row.label, row.number) for row in drawn.rows] == [("a", "0.0"), ("b", "+10.0")]  # type: ignore[union-attr]
    scale = drawn.scale  # type: ignore[union-attr]
    assert (scale.at(0.0), scale.at(5.0), scale.band) == (50.0, 100.0, 0.01)
    assert [text for _, text in scale.ticks] == ["-10", "-5", "0", "5", "10"]


def test_a_line_stops_where_it_has_no_points_and_its_band_goes_back() -> None:
    points = (BandPoint(1, 0.5, 0.4, 0.6), BandPoint(10, 0.25, 0.2, 0.3))
    drawn = plot(Bands((BandLine("lstm", points),), "Words", "Right, %"))
    area, line = drawn.strokes  # type: ignore[union-attr]
    assert (area.area, area.path[-1], line.area) == (True, "Z", False)
    assert [point.x for point in drawn.points] == [0.0, 100.0]  # type: ignore[union-attr]
    alone = replace(points[0], lo=None, hi=None)
    drawn = plot(Bands((BandLine("lstm", (alone,)),), "Words", "Right, %"))
    assert [stroke.area for stroke in drawn.strokes] == [False]  # type: ignore[union-attr]


def test_a_name_is_marked_where_it_is_one_and_nowhere_else() -> None:
    names = {"lstm": "net", "lstm:max": "net", "bow": "base"}
    assert marked("lstm:max, rainbow and `--models lstm`", names) == (
        '<span class="m net">lstm:max</span>, rainbow and <code>--models lstm</code>'
    )


def test_a_model_that_answers_one_class_alone_says_so_in_its_row(tmp_path: Path) -> None:
    scores = copy.deepcopy(DETAILS["scores"])
    scores["models"][0]["confusion"] = [[22, 0], [18, 0]]
    shown = run_of(tmp_path, scores=scores)
    rows = {row[0].text: row[0].below for row in models_table(shown, model_facts(shown)).rows}
    assert rows["tfidf"] == "weighted counts of words; always answers good, so nothing varies"
    assert "always answers" not in rows["lstm"]


def test_a_training_that_was_best_at_its_end_had_almost_stopped(tmp_path: Path) -> None:
    (history,) = copy.deepcopy(DETAILS["histories"])
    history["best_updates"] = 30
    seen, grid, _ = training_curves(run_of(tmp_path, histories=[history]), Limits())
    assert seen == Seen("The training had almost stopped getting better", seen.text)
    assert grid.blocks[0].reading.endswith("Training stopped because it hardly fell any more.")


@pytest.mark.longer
def test_a_run_from_before_there_were_taggers_and_sets_of_labels_is_read(tmp_path: Path) -> None:
    folder = build_run(tmp_path)
    metrics = json.loads((folder / "metrics.json").read_text())
    for key in ("spans", "labels", "language"):
        metrics.pop(key, None)
    metrics["corpus"].pop("label_sets", None)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    read = read_run(folder).metrics
    assert (read.spans, read.labels, read.corpus.label_sets) == ((), (), None)
    draw_report(folder)
