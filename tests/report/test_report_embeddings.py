"""The report on embedding sources: models by source, where the gain comes from, the fit audit, neighbours."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from filled import typed
from report_builders import AUDIT, GRID, METRICS, build_run
from test_report import key_paths, markdown_of, section
from test_report_markdown import cells, tables
from test_report_page import HOSTILE, SHOWN, assert_self_contained, drawn

from pipeline.report.page.blocks import Limits, Table
from pipeline.report.page.charts import draw
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.sections.causes import gain_sentence
from pipeline.report.sections.fit_audit import audit_blocks
from pipeline.report.sections.grid import grid
from pipeline.report.sections.metric import REPORT_METRICS
from pipeline.run_folder.details.words import Audit
from pipeline.run_folder.metrics.comparisons import Gains
from pipeline.run_folder.reading import read_run

GRID_TITLE, AUDIT_TITLE = "Which vectors help?", "Do the word vectors fit?"


def section_of(folder: Path, title: str, **changes: Any) -> str:
    return section(markdown_of(read_run(build_run(folder, **changes))), title)


def captioned(text: str, caption: str) -> list[list[str]]:
    """Return the cells of the table under a caption, its rule left out."""
    lines = tables(text.split(f"**{caption}**")[1])[0]
    return [cells(line) for line in [lines[0], *lines[2:]]]


# --- models by source


def test_accuracy_by_source_and_model(tmp_path: Path) -> None:
    text = section_of(tmp_path, GRID_TITLE, **GRID)
    assert captioned(text, "Accuracy by source and model") == [
        ["Source", "rnn", "lstm"],
        ["glove.txt", "**70.0 % (55.0 to 80.0)**", "85.0 % (75.0 to 95.0)"],
        ["random", "60.0 % (45.0 to 75.0)", "80.0 % (70.0 to 90.0)"],
        ["glove.txt:tuned", "–", "**87.5 % (77.5 to 95.0)**"],
    ]


def test_the_chart_says_in_words_what_it_shows(tmp_path: Path) -> None:
    assert (
        "**Accuracy by source**: rnn: from 60.0 % with random to 70.0 % with glove.txt. lstm: from 80.0 % with"
        " random to 87.5 % with glove.txt:tuned. Thin ticks are single runs."
    ) in section_of(tmp_path, GRID_TITLE, **GRID)


def test_the_chart_groups_the_dots_by_model(tmp_path: Path) -> None:
    blocks = grid(read_run(build_run(tmp_path, **GRID)), Limits())
    figure = blocks[-1].figure  # type: ignore[union-attr]
    assert isinstance(figure, DotPlot)
    assert [(dot.label, dot.group, dot.lo) for dot in figure.dots] == [
        ("rnn@glove.txt", "rnn", 0.55),
        ("rnn@random", "rnn", 0.45),
        ("lstm@glove.txt", "lstm", 0.75),
        ("lstm@random", "lstm", 0.7),
        ("lstm@glove.txt:tuned", "lstm", 0.775),
    ]
    assert [round(run, 3) for run in figure.dots[0].runs] == [0.675, 0.725]
    svg = draw(figure)
    assert all(colour in svg for colour in ("#0072b2", "#009e73"))


def test_more_groups_than_colours_can_be_drawn() -> None:
    dots = tuple(Dot(f"m{n}@s", 0.5 + n / 100, None, None, f"m{n}") for n in range(9))
    assert draw(DotPlot(dots, "Accuracy", own_groups=True)).startswith("<svg")


def test_a_network_that_did_not_train_is_marked(tmp_path: Path) -> None:
    results = copy.deepcopy(GRID["results"])
    results[0] |= {"trained": False, "why_not": "constant"}
    text = section_of(tmp_path, GRID_TITLE, **(GRID | {"results": results}))
    assert "**70.0 % (55.0 to 80.0); did not train: 1 of 2**" in text


def test_where_the_gain_comes_from(tmp_path: Path) -> None:
    text = section_of(tmp_path, GRID_TITLE, **GRID)
    assert text.startswith(
        "**Where the gain comes from**\n\n"
        "- lstm: the gain comes from pretraining. Pretraining, glove.txt minus random: +5.0 points (95 % interval"
        " +1.0 to +9.0), a gain. Fine-tuning, glove.txt:tuned minus glove.txt: with as many documents and seeds, a"
        " true difference of 6.2 points would be found four times out of five; +2.5 points (95 % interval −2.0 to"
        " +7.0), cannot be told from none.\n"
        "- rnn: pretraining shows no gain. Pretraining, glove.txt minus random: with as many documents and seeds, a"
        " true difference of 6.2 points would be found four times out of five; +10.0 points (95 % interval +0.2"
        " to +19.8), cannot be told from none, once corrected for the number of side questions. Fine-tuning was"
        " not tried: add a source with :tuned.\n"
    )


@pytest.mark.parametrize(("seeds", "said"), [(1, True), (2, False)])
def test_a_gain_seen_in_one_training_is_said_of_these_models_only(
    tmp_path: Path, seeds: int, said: bool
) -> None:
    names = ("lstm@glove.txt", "lstm@random", "lstm@glove.txt:tuned")
    row = GRID["results"][0]
    results = [row | {"name": name, "seed": seed, "fold": 0} for name in names for seed in range(seeds)]
    text = section_of(tmp_path, GRID_TITLE, **(GRID | {"results": results, "gains": GRID["gains"][:1]}))
    told = (
        "cannot be told from none. This is about these fitted models only: they were trained with one seed."
    )
    assert (told in text) == said


@pytest.mark.parametrize(
    ("decisions", "conclusion"),
    [
        (("beats", "beats"), "the gain comes from pretraining and from fine-tuning."),
        (("loses", "beats"), "the gain comes from fine-tuning."),
        (("cannot tell", "cannot tell"), "neither pretraining nor fine-tuning shows a gain."),
        (("loses", "equal"), "neither pretraining nor fine-tuning shows a gain."),
        (("withheld", "equal"), "fine-tuning shows no gain."),
        (("withheld", "withheld"), "where a gain comes from cannot be said."),
    ],
)
def test_the_conclusion_follows_the_decisions(decisions: tuple[str, str], conclusion: str) -> None:
    gain = copy.deepcopy(GRID["gains"][0])
    for effect, decision in zip(gain["effects"], decisions, strict=True):
        effect["decision"] = decision
    sentence = gain_sentence(typed(Gains, gain), REPORT_METRICS["accuracy"], 1)
    assert sentence.startswith(f"lstm: {conclusion} Pretraining, ")
    outcomes = {"beats": "a gain", "loses": "a loss", "equal": "no difference that matters"}
    outcomes["withheld"] = "withheld, since one of the two did not train"
    outcomes["cannot tell"] = "cannot be told from none, once corrected for the number of side questions"
    assert f"+9.0), {outcomes[decisions[0]]}. Fine-tuning, " in sentence


def test_one_source_is_nothing_to_compare(tmp_path: Path) -> None:
    assert section_of(tmp_path, GRID_TITLE) == (
        "*Nothing to show.* Every model with vectors reads word2vec: name several sources to compare them."
    )


def test_averages_alone_are_not_called_networks(tmp_path: Path) -> None:
    summary = [{**METRICS["summary"][0], "name": "mean@random", "model": "mean", "embedding": "random"}]
    found = section_of(tmp_path, GRID_TITLE, summary=summary, scores=None)
    assert (
        found
        == "*Nothing to show.* Every model with vectors reads random: name several sources to compare them."
    )


def test_without_a_network_there_is_no_source(tmp_path: Path) -> None:
    changes = {"summary": METRICS["summary"][:2], "results": METRICS["results"][:2]}
    assert section_of(tmp_path, GRID_TITLE, **changes) == (
        "*Nothing to show.* No network was fitted, so no embedding source was used."
    )


# --- fit audit


def test_the_figures_of_the_literal_audit(tmp_path: Path) -> None:
    text = section_of(tmp_path, AUDIT_TITLE)
    assert captioned(text, "Vector files")[1] == [
        *("vectors.txt", "word2vec text", "gzip", "50", "400,000", "1,234", "3", "2"),
        *("0123456789ab", "the header says 400,001 rows"),
    ]
    assert captioned(text, "Coverage by split") == [
        ["Source", "Split", "Types", "Tokens", "Types covered", "Tokens covered"],
        ["vectors.txt", "all", "1,500", "8,000", "75.0 %", "75.0 %"],
        ["vectors.txt", "test", "300", "900", "–", "–"],
    ]
    assert captioned(text, "Coverage by class")[1] == [
        *("vectors.txt", "good", "700", "3,000", "50.0 %", "50.0 %")
    ]
    assert captioned(text, "How words were found") == [
        ["Source", "exact", "lower-case", "unknown"],
        ["vectors.txt", "1,200 (62.5 %)", "34 (12.5 %)", "266 (25.0 %)"],  # of 8,000 tokens
    ]
    assert captioned(text, "Missing words")[1] == [
        "vectors.txt",
        "biopic 1,100, remake 40",
        "unfunny (bad 3.3), biopic (bad −1.0)",
    ]
    assert captioned(text, "Norms of the vectors")[1] == [
        *("vectors.txt", "3.46", "0.50", "0.00", "2.25", "3.50", "4.75", "9.12", "1")
    ]
    assert captioned(text, "Word pairs judged by people")[1:] == [
        ["vectors.txt", "WordSim-353", "120 of 353", "0.61", "0.47 to 0.72"],
        ["vectors.txt", "SimLex-999", "29 of 999", "too few pairs", "–"],
    ]


def test_readings_of_the_literal_audit(tmp_path: Path) -> None:
    text = section_of(tmp_path, AUDIT_TITLE)
    for sentence in (
        "vectors.txt: from 50.0 % (“good”) to 87.5 % (“bad”) of the tokens.",
        "- vectors.txt, exact matches only: this corpus was lower-cased, and 62.5 % of the tokens have a vector;"
        " with its case kept it would be 56.2 %.",
    ):
        assert sentence in text


def test_classes_that_are_covered_alike_are_said_once(tmp_path: Path) -> None:
    alike = AUDIT | {"by_class": [part | {"token_coverage": 1.0} for part in AUDIT["by_class"]]}
    text = section_of(tmp_path, AUDIT_TITLE, audit=[alike])
    assert "Training documents. vectors.txt: 100.0 % of the tokens of every class." in text


def test_a_corpus_with_its_case_kept_is_told_what_lower_casing_would_change(tmp_path: Path) -> None:
    audit = AUDIT | {"case": AUDIT["case"] | {"lower_cased": False}}
    assert (
        "- vectors.txt, exact matches only: 56.2 % of the tokens have a vector; if lower-cased:"
        " 56.2 % → 62.5 %."
    ) in section_of(tmp_path, AUDIT_TITLE, audit=[audit])


def test_a_source_made_here_has_no_file_and_no_case(tmp_path: Path) -> None:
    made = AUDIT | {"source": "word2vec", "files": [], "case": None, "frequent_missing": []}
    text = section_of(tmp_path, AUDIT_TITLE, audit=[made])
    assert "Vector files" not in text
    assert "Lower-casing" not in text
    assert captioned(text, "Missing words")[1][1] == "none"


def test_without_an_embedding_there_is_nothing_to_audit(tmp_path: Path) -> None:
    assert section_of(tmp_path, AUDIT_TITLE, embeddings=None) == (
        "*Nothing to show.* No embedding was used: only models without embeddings were run."
    )
    assert section_of(tmp_path / "no audit", AUDIT_TITLE, audit=None).endswith(
        "No embedding was used, so there is no fit to audit."
    )


def test_many_classes_are_shortened_with_their_place() -> None:
    audit = AUDIT | {"by_class": [AUDIT["by_class"][0] | {"label": f"c{n}"} for n in range(200)]}
    (table,) = [
        block
        for block in audit_blocks([typed(Audit, audit)], Limits())
        if isinstance(block, Table) and block.caption == "Coverage by class"
    ]
    assert len(table.rows) == 150
    assert table.note.endswith("The first 150 of 200 rows; all are in details/audit.json.")


def test_every_key_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "run-folder.md").read_text(encoding="utf-8")
    keys = {key for value in (AUDIT, {"gains": GRID["gains"]}) for path in key_paths(value) for key in path}
    assert [key for key in keys if isinstance(key, str) and f"`{key}`" not in text] == []


# --- neighbours before and after training


def test_neighbours_before_and_after_training_stand_side_by_side(tmp_path: Path) -> None:
    word = {
        "word": "superb",
        "why": "marks good",
        "before": [{"word": "great", "cosine": 0.5}, {"word": "tax", "cosine": 0.25}],
        "neighbours": [{"word": "great", "cosine": 0.9}, {"word": "fine", "cosine": 0.75}],
    }
    text = section_of(tmp_path, AUDIT_TITLE, neighbours=[{"source": "lstm@learned", "words": [word]}])
    assert captioned(text, "Nearest neighbours: lstm@learned, before and after training") == [
        ["Word", "Why this word", "Before training (cosine)", "After training (cosine)"],
        ["superb", "marks good", "great 0.50, tax 0.25", "great 0.90, fine 0.75"],
    ]
    assert "Of 2 neighbours before training, 1 are neighbours after it." in text


# --- both forms of the report


def test_every_table_of_the_grid_and_the_audit_has_one_count_of_columns(tmp_path: Path) -> None:
    hostile = {"word": HOSTILE, "tokens": 3}
    audit = AUDIT | {"source": HOSTILE, "frequent_missing": [hostile, {}]}
    changes = {**GRID, "audit": [AUDIT, audit]}
    text = markdown_of(read_run(build_run(tmp_path, **changes)))
    for title in (GRID_TITLE, AUDIT_TITLE):
        found = tables(section(text, title))
        assert found
        for table in found:
            assert len({len(cells(line)) for line in table}) == 1, table[0]


def test_hostile_words_and_names_are_shown_and_do_nothing(tmp_path: Path) -> None:
    audit = AUDIT | {
        "source": HOSTILE,
        "files": [AUDIT["files"][0] | {"format": HOSTILE, "notes": [HOSTILE]}],
        "by_class": [AUDIT["by_class"][0] | {"label": HOSTILE}, AUDIT["by_class"][1]],
        "frequent_missing": [{"word": HOSTILE, "tokens": 1}],
        "discriminative_missing": [{"word": HOSTILE, "label": HOSTILE, "coefficient": 1.0}],
    }
    summary = [*GRID["summary"], GRID["summary"][1] | {"name": f"{HOSTILE}@{HOSTILE}"}]
    gain = copy.deepcopy(GRID["gains"][0]) | {"model": HOSTILE}
    gain["effects"][0]["a"] = f"lstm@{HOSTILE}"
    page = drawn(build_run(tmp_path, **(GRID | {"audit": [audit], "summary": summary, "gains": [gain]})))
    assert_self_contained(page)
    assert page.text.count(SHOWN) >= 12
    assert "\u202e" not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_the_page_has_the_figures_and_both_charts(tmp_path: Path) -> None:
    page = drawn(build_run(tmp_path, **GRID))
    first = page.cells.index("70.0 % (55.0 to 80.0)")
    assert page.cells[first - 1 : first + 2] == [
        "glove.txt",
        "70.0 % (55.0 to 80.0)",
        "85.0 % (75.0 to 95.0)",
    ]
    assert "62.5 %" in page.text
    assert "Accuracy by source" in page.text
    assert {"#grid", "#vectors"} <= set(page.values("href"))
