"""The report's section on what networks remember: what it says, draws, and does where parts are absent."""

from __future__ import annotations

import copy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report_builders import DETAILS, NETWORK, build_run

from pipeline.report.draw import draw_report
from pipeline.report.page.blocks import Block, Chart, Fold, Limits, Nothing, Paragraph, Points, Strip, Table
from pipeline.report.page.charts import draw
from pipeline.report.page.figures import Bands
from pipeline.report.page.formats import MISSING
from pipeline.report.page.strips import bars, shades
from pipeline.report.sections import memory
from pipeline.report.sections.by_network import line
from pipeline.report.sections.probes import probes
from pipeline.run_folder.details.probes import Quartiles
from pipeline.run_folder.reading import Run, read_run


def blocks_of(tmp_path: Path, **changes: Any) -> tuple[Block, ...]:
    """Return what stands in the five pictures and beside them, what is shut among it."""
    return all_blocks(read_run(build_run(tmp_path, **changes)), Limits())


def all_blocks(run: Run, limits: Limits) -> tuple[Block, ...]:
    parts = (memory.reading, memory.reach, memory.needed, memory.order, memory.units, probes)
    found = [block for build in parts for block in build(run, limits)]
    return tuple(
        inner for block in found for inner in (block.blocks if isinstance(block, Fold) else (block,))
    )


def chart(blocks: tuple[Block, ...], caption: str) -> Chart:
    (found,) = [block for block in blocks if isinstance(block, Chart) and block.caption == caption]
    return found


def bands(blocks: tuple[Block, ...], caption: str) -> Bands:
    figure = chart(blocks, caption).figure
    assert isinstance(figure, Bands)
    return figure


def test_each_probe_has_its_question_a_line_a_network_and_its_limits(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path)
    asked = [block for block in blocks if isinstance(block, Points) and block.title]
    assert [block.title for block in asked] == [
        "What do states and answer do as the network reads?",
        "How far back does the gradient reach?",
        "How much of an earlier state is left in the last one?",
        "How many last tokens are enough, and how far back does order count?",
        "From how far back can such a network bring one word that decides?",
        "How much of what the network knows is in the order of words?",
        "How long do the units hold what they hold?",
        "What does the first bias of the forget gates change?",
    ]
    assert asked[1].items == (
        f"{NETWORK}: the gradient falls to 1 % of its value at the end after 7 tokens.",
    )
    said = "Controls: nothing is padded. Cannot show: what a word means."
    assert [block.text for block in blocks if isinstance(block, Paragraph)].count(said) == 8


def test_a_network_without_memory_is_named_once_and_one_that_did_not_train_is_marked(tmp_path: Path) -> None:
    lines = [item for block in blocks_of(tmp_path) if isinstance(block, Points) for item in block.items]
    assert [item for item in lines if "ann@word2vec" in item] == [
        "Did not train, so that what follows says little of what the network could remember: ann@word2vec.",
        "ann@word2vec: it averages its words.",
    ]


def test_the_table_says_how_far_the_gradient_reaches(tmp_path: Path) -> None:
    (table,) = [b for b in blocks_of(tmp_path) if isinstance(b, Table) and "gradient" in b.caption]
    assert [[cell.text for cell in row] for row in table.rows] == [
        [NETWORK, "7", "not within 26", "3.2", "0.99", "71 %", "25 %", "5 %", "12 %"]
    ]


def test_the_table_says_where_a_gradient_is_small_between_both_ends(tmp_path: Path) -> None:
    entries = copy.deepcopy(DETAILS["probes"])
    trained = entries[0]["probes"]["gradients"]["trained"]
    entries[0]["probes"]["gradients"]["trained"] = trained | {"falls_after": None, "low_between": [19, 235]}
    found = blocks_of(tmp_path, probes=entries)
    (table,) = [b for b in found if isinstance(b, Table) and "gradient" in b.caption]
    assert table.rows[0][1].text == "only at 19 to 235"


def test_a_line_ends_where_a_logarithmic_axis_does(tmp_path: Path) -> None:
    figure = bands(blocks_of(tmp_path), "Gradient by distance from the end")
    assert [one.label for one in figure.lines] == [NETWORK, f"{NETWORK}, before training"]
    assert [(point.x, point.value, point.lo, point.hi) for point in figure.lines[0].points] == [
        (0, 1.0, 1.0, 1.0),
        (1, 0.4, 0.3, 0.5),
        (2, 0.02, 0.01, 0.05),  # 1e-13 is not drawn
    ]
    assert figure.lines[1].points[1].lo is None  # one band a network


def test_a_band_that_reaches_zero_ends_at_the_floor() -> None:
    (point,) = line("a", (1,), Quartiles((0.5,), (0.0,), (0.6,)), with_bands=True).points
    assert (point.lo, point.hi) == (1e-12, 0.6)


def test_the_bounds_of_a_plain_network_are_a_table(tmp_path: Path) -> None:
    (table,) = [b for b in blocks_of(tmp_path) if isinstance(b, Table) and "bounds" in b.caption]
    assert [cell.text for cell in table.rows[0]] == [
        NETWORK,
        "0.876",
        "1.234",
        "0.568",
        "0.789",
        "in these documents",
    ]


def test_what_an_earlier_state_moves_is_a_table(tmp_path: Path) -> None:
    entries = copy.deepcopy(DETAILS["probes"])
    jacobians = entries[0]["probes"]["jacobians"]
    jacobians |= {"lag": [1, 5, 10], "median": [0.9, 0.5, 0.043]}  # no document has 100 tokens
    jacobians["logits"] = jacobians["logits"] | {"median": [0.7, 0.25, 0.0066]}
    found = blocks_of(tmp_path, probes=entries)
    (table,) = [b for b in found if isinstance(b, Table) and b.caption == "What an earlier state moves"]
    assert [column.title for column in table.columns][1:] == [
        "Hidden state, 10 tokens on",
        "Hidden state, 100 tokens on",
        "Logits, 10 tokens on",
        "Logits, 100 tokens on",
    ]
    assert [cell.text for cell in table.rows[0]] == [NETWORK, "0.04", MISSING, "0.007", MISSING]


def test_time_constants_are_drawn_as_shares_of_units(tmp_path: Path) -> None:
    figure = bands(blocks_of(tmp_path), "How long units hold")
    assert [(point.x, point.value) for point in figure.lines[0].points] == [(1, 1.0), (100, 0.5)]
    assert figure.percent


def many(number: int) -> list[dict[str, Any]]:
    """Return so many networks with the findings of the first."""
    return [copy.deepcopy(DETAILS["probes"][0]) | {"name": f"lstm{n}"} for n in range(number)]


def test_lines_that_could_not_be_told_apart_are_left_out_and_named(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path, probes=many(8))
    gradients = bands(blocks, "Gradient by distance from the end")
    assert [one.label for one in gradients.lines] == [f"lstm{n}" for n in range(6)]
    assert gradients.lines[0].points[1].lo is None
    assert "Not drawn: lstm6, lstm7." in chart(blocks, "Gradient by distance from the end").reading
    assert len(bands(blocks, "How long units hold").lines) == 7
    assert "Not drawn: lstm7." in chart(blocks, "How long units hold").reading
    for rows, strips in ((150, 4), (60, 3), (8, 1)):  # networks, of one document each
        shown = all_blocks(read_run(tmp_path / "run"), Limits(rows=rows))
        assert len([block for block in shown if isinstance(block, Strip)]) == strips


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"config": {"run": {"probes": False}}}, "Not asked for: --no-probes."),
        ({"histories": []}, "No network was trained: there is no memory to look at."),
        ({}, "This run kept no probes: an older version wrote it. Run again to get them."),
        (
            {"status": {"state": "interrupted", "finished": [], "planned": ["lstm"]}},
            "This run was interrupted: 0 of 1 fit finished. Not finished: lstm.",
        ),
    ],
)
def test_a_run_without_probes_says_why(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    assert blocks_of(tmp_path, probes=None, **changes) == (Nothing(reason),)


# --- charts ----------------------------------------------------------------------------------------------


def test_a_logarithmic_axis_has_powers_and_dashes_tell_lines_apart(tmp_path: Path) -> None:
    picture = draw(bands(blocks_of(tmp_path), "Gradient by distance from the end"))
    assert ">0.1<" in picture
    assert 'stroke-dasharray="6,3"' in picture


# --- strips ----------------------------------------------------------------------------------------------


def test_cells_are_strokes_by_shade() -> None:
    found = shades([[-1.0, 1.0, 0.0], [1.0, 2.0, 0.0]], -1.0, 1.0)
    assert [(one.opacity, one.path) for one in found] == [
        ("0.5", "M2 0.5h1M2 1.5h1"),
        ("1", "M1 0.5h1M0 1.5h2"),
    ]
    assert bars([0.0, 0.5]) == "M1.5 0v-0.5"


def test_the_reading_of_a_strip_says_where_the_answer_changed(tmp_path: Path) -> None:
    (strip,) = [block for block in blocks_of(tmp_path) if isinstance(block, Strip)]
    assert strip.caption == f"{NETWORK}, the surest right answer: document 7"
    assert strip.reading == (
        "Label good; answer good, 93 %. The last 3 of 5 words. It begins with bad and changes to good at"
        ' "<b>" (word 4).'
    )
    assert strip.bars_title == "P(good)"
    assert [(panel.title, panel.rows) for panel in strip.panels] == [
        ("State of 2 units", 2),
        ("Their forget gate", 2),
        ("Mean input gate", 1),
        ("Mean forget gate", 1),
    ]


@pytest.mark.parametrize(("changes", "more"), [(7, "1 change"), (8, "2 changes")])
def test_changes_of_the_answer_beyond_six_are_counted(tmp_path: Path, changes: int, more: str) -> None:
    entries = copy.deepcopy(DETAILS["probes"])
    one = entries[0]["probes"]["states"]["documents"][0]
    one["words"], one["tokens"] = ["w"] * (changes + 1), changes + 1
    one["predicted"] = [["bad", "good"][place % 2] for place in range(changes + 1)]
    found = blocks_of(tmp_path, probes=entries)
    (strip,) = [block for block in found if isinstance(block, Strip)]
    assert strip.reading.endswith(f"(word 7), and {more} more.")


class Pictures(HTMLParser):
    """Collects the texts and labels of the pictures inside <figure class="strip">."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.texts, self.labels, self.tags = False, list[str](), list[str](), set[str]()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.inside |= tag == "figure" and named.get("class") == "strip"
        if self.inside:
            self.tags.add(tag)
            if tag == "svg":
                self.labels.append(f"{named.get('role')}: {named.get('aria-label')}")

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "figure"

    def handle_data(self, data: str) -> None:
        if self.inside and data.strip():
            self.texts.append(data.strip())


def test_the_page_shows_the_words_as_text_and_reads_the_picture_aloud(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    draw_report(run)
    found = Pictures()
    found.feed((run / "report.html").read_text(encoding="utf-8"))
    assert {"a", "<b>", "fine", "P(good)", "State of 2 units", "Mean forget gate"} <= set(found.texts)
    assert "b" not in found.tags  # a word of the corpus is no markup
    assert found.labels == [
        'img: Label good; answer good, 93 %. The last 3 of 5 words. It begins with bad and changes to good at "<b>"'
        " (word 4)."
    ]
