"""report.md: tables that hold whatever the corpus puts in them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_builders import DETAILS, METRICS, build_run

from pipeline.report.page.blocks import Answer, Cell, Column, Limits, Section, Table, numbers, row, words
from pipeline.report.page.markdown import escape, write_markdown
from pipeline.report.sections.answer import build_answer
from pipeline.report.sections.rule import decision_rule
from pipeline.report.sections.table import build_sections
from pipeline.run_folder.reading import read_run

ANSWER = Answer("Use it.", "It is right.", "Sentence.", "Decided.", "equal", ())
HOSTILE = "a|b\n`c` <b>d</b> [e](f) \\| **g** \u202etxt"


def markdown(run: Path) -> str:
    content = read_run(run)
    return write_markdown(build_answer(content), build_sections(content, Limits()))


def tables(text: str) -> list[list[str]]:
    """Return the runs of lines that start with a bar."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def cells(line: str) -> list[str]:
    """Split a table line at the bars that are not escaped."""
    bars = [m.start() for m in re.finditer(r"\|", line) if _backslashes_before(line, m.start()) % 2 == 0]
    return [line[start + 1 : end].strip() for start, end in pairwise(bars)]


def _backslashes_before(line: str, position: int) -> int:
    return len(line[:position]) - len(line[:position].rstrip("\\"))


def one_table(text: str) -> str:
    """Return the Markdown of a section with one table that holds `text` in each place."""
    table = Table(
        text, (Column(text, number=False), *numbers("n")), (row(Cell(text, best=True), text),), text
    )
    return write_markdown(ANSWER, [Section("x", "Title", (table,))])


def test_every_table_has_one_count_of_columns(tmp_path: Path) -> None:
    found = tables(markdown(build_run(tmp_path)))
    assert len(found) >= 15
    for table in found:
        assert len({len(cells(line)) for line in table}) == 1, table[0]


@pytest.mark.longer
@given(st.text(max_size=60))
def test_any_text_keeps_the_columns(text: str) -> None:
    found = tables(one_table(text))
    assert len(found) == 1
    assert [len(cells(line)) for line in found[0]] == [2, 2, 2]


def test_hostile_text_is_shown_and_does_nothing() -> None:
    text = one_table(HOSTILE)
    shown = r"a\|b \`c\` \<b\>d\</b\> \[e\](f) \\\| \*\*g\*\* ‹U+202E›txt"
    assert tables(text)[0][2].count(shown) == 2


def test_a_line_of_prose_is_no_heading_and_no_list(tmp_path: Path) -> None:
    run = build_run(tmp_path, warnings=["# big", "- item", "1. first", "-3 is fine"])
    text = markdown(run)
    assert "- \\# big\n- \\- item\n- 1\\. first\n- -3 is fine\n" in text


def test_columns_are_padded_by_the_width_that_a_terminal_gives() -> None:
    table = Table("t", (*words("w"), *numbers("n")), (row("日本", "1"), row("abcdef", "10")))
    text = write_markdown(ANSWER, [Section("x", "Title", (table,))])
    assert tables(text)[0] == ["| w      |   n |", "| ------ | --: |", "| 日本   |   1 |", "| abcdef |  10 |"]


def test_a_character_reference_is_shown_as_it_stands_in_the_text() -> None:
    assert escape("&lt;b&gt; R&D &#38; &nbsp") == r"\&lt;b\&gt; R&D \&#38; &nbsp"


@pytest.mark.parametrize(("text", "shown"), [("snake_case", "snake_case"), ("__a__", r"\_\_a\_\_")])
def test_underscores_are_escaped_where_they_would_emphasise(text: str, shown: str) -> None:
    assert escape(text) == shown


TFIDF_LINE = (
    *(
        "**tfidf**",
        "**87.5 %**",
        "77.5 to 95.0 %",
        "**0.871**",
        "**0.346**",
        "0.061",
        "0.052, up to 0.071",
    ),
    *("0.25", "20,000", "1,200", "410", "1", "Baseline", "trained"),
)
LSTM_LINE = (  # means of 30 and 40 s, of 1,000 and 1,400 documents/s; the higher of 900 and 950 MiB
    *("lstm@word2vec", "80.0 %", "68.8 to 90.0 %", "0.791", "0.512", "0.083", "0.052, up to 0.072"),
    *("35.0", "1,200", "117,000", "950", "2", "Network", "trained"),
)


def test_the_figures_of_the_literal_run(tmp_path: Path) -> None:
    lines = {tuple(cells(line)) for table in tables(markdown(build_run(tmp_path))) for line in table}
    assert {
        TFIDF_LINE,
        LSTM_LINE,
        (
            "lstm@word2vec (decides the answer)",
            "tfidf",
            "12.5",
            "−7.5",
            "−16.3 to +1.3",
            "0.087",
            "0.174",
            "2 baselines",
            "cannot tell",
            "–",
        ),
        ("lstm@word2vec", "tfidf", "0", "1", "3", "0.625"),  # McNemar
        ("Gates", "lstm@word2vec", "rnn@word2vec", "4.3", "+4.1", "+1.2 to +7.0", "0.023", "beats"),
        ("lstm@word2vec − rnn@word2vec", "91 to 700", "19", "+7.5", "+1.0 to +14.0"),
        ("left out: no text", "films.csv", "3", "7, 9, 120", "9, 11, 131"),
        ("good", "90.9 %", "9.1 %", "22"),  # 20 and 2 of 22
        ("bad", "16.7 %", "83.3 %", "18"),  # 3 and 15 of 18
        (
            "tfidf",
            "85.0 %",
            "87.5 %",
            "−2.5",
            *("6.1", "0.0 to 8.0", "5.2, up to 7.1", "0.346", "0.271 to 0.430"),
        ),  # (10 x 0.7 + 30 x 0.9) / 40; (10 x 0.6 + 30 x 0.9667) / 40
        ("superb", "characteristic of good", "great 0.81, fine 0.70"),
        ("test", "3.45 %", "1"),
        ("train", "144", "72.0 %"),
        ("tfidf", "0", "C", "**3.0**", "0.380", "87.5 %", "chosen"),
    } <= lines


def test_sums_and_readings_of_the_literal_run(tmp_path: Path) -> None:
    text = markdown(build_run(tmp_path))
    for sentence in (
        "\n\nOn films it cannot be told whether lstm@word2vec is better or worse than tfidf.\n",
        "Difference in accuracy: −7.5 points (95 % interval −16.3 to +1.3).",
        "204 records read = 200 documents + 4 left out.",
        "The validation loss was lowest after 20 of 30 updates. Training stopped because it no longer fell.",
        "bad taken for good: 17 of 100",
        "2 documents (1.0 %) are longer. 80 tokens (1.0 %) are not read.",
        "word2vec has a vector for 62.5 % of the types and 96.4 % of the tokens.",
        "**None of two differences was shown**",
        "Equal: the whole 95 % interval lies within 1.0 points either way.",
        "Loses: so against one of them, after Holm's correction for the 2 baselines. Which other models were run",
        "Gates: Gates instead of plain recurrence adds +4.1 points.",
        "1 of 1 step shown to matter",
        "**Not tried in this run**\n\n- Order: not tried.",
        "The longest stage: train lstm@word2vec. The whole run took 1 min 15 s.",
    ):
        assert sentence in text


def test_a_large_test_set_earns_a_second_decimal(tmp_path: Path) -> None:
    splits = {"train": 40_000, "validation": 2_000, "test": 10_000}
    corpus = METRICS["corpus"] | {"splits": splits, "tested": 10_000}
    text = markdown(build_run(tmp_path, corpus=corpus))
    assert "87.50 %" in text
    assert "−7.50 points (95 % interval −16.27 to +1.28)" in text


def test_one_test_document_less_and_one_decimal_is_enough(tmp_path: Path) -> None:
    splits = {"train": 40_000, "validation": 2_000, "test": 9_999}
    corpus = METRICS["corpus"] | {"splits": splits, "tested": 9_999}
    assert "87.50 %" not in markdown(build_run(tmp_path, corpus=corpus))


def test_many_classes_show_the_most_confused_pairs_instead_of_the_matrix(tmp_path: Path) -> None:
    labels = [f"c{i}" for i in range(21)]
    matrix = [[9 if i == j else 0 for j in range(21)] for i in range(21)]
    matrix[4][7] = 3  # 3 of 12 documents of c4
    scores = {
        "label_names": labels,
        "models": [DETAILS["scores"]["models"][0] | {"name": "bow", "confusion": matrix}],
    }
    text = markdown(build_run(tmp_path, scores=scores))
    assert "Confusion: bow" not in text
    assert ["c4", "c7", "3", "12", "25.0 %"] in [cells(line) for table in tables(text) for line in table]


def limits_of(folder: Path, **changes: Any) -> list[str]:
    """Return the report's limits, one a line."""
    text = markdown(build_run(folder, **changes))
    section = text.split("## What this report cannot say")[1].split("\n## ")[0]
    return [line.removeprefix("- ") for line in section.strip().splitlines()]


def test_limits_follow_from_the_run(tmp_path: Path) -> None:
    assert limits_of(tmp_path, config={"run": {"quick": True}}) == [
        "It speaks of this corpus, these models and these settings. It says nothing about other settings, other"
        " corpora or larger pre-trained models.",
        "It is a quick run, on a sample of a large corpus and with smaller networks: a first look, not a result to"
        " report.",
        "With as many documents and seeds, a true difference of 12.5 points would be found four times out of five."
        " A smaller one is found less often.",
        "There is one split into training and test documents; another would give somewhat other numbers.",
        "2 trainings of a network show only roughly how much accuracy varies between trainings.",
        "1 of 40 test documents also stands among the training documents."
        " Documents that share a text but not a label: 2; no model gets all right.",
        "Documents longer than the 400 tokens that a network reads: 2.",
        "Seconds and memory hold for this machine. Peak memory is sampled while a model is fitted and counts"
        " the whole program.",
    ]


# --- folds: 3 of them, 120 documents tested in all

FOLDS = METRICS["corpus"] | {"folds": 3, "tested": 120}


def over_folds(seeds: int) -> list[dict[str, Any]]:
    """Return the results of one network in three folds."""
    return [
        METRICS["results"][2] | {"seed": seed, "fold": fold} for seed in range(seeds) for fold in range(3)
    ]


def test_one_seed_on_three_folds_is_one_training(tmp_path: Path) -> None:
    limits = limits_of(tmp_path, corpus=FOLDS, results=over_folds(1))
    assert (
        "A network was trained only once on each fold: how much its accuracy varies between trainings is unknown."
        in limits
    )
    assert "Folds share training documents, so their results are not independent." in limits


def test_two_seeds_on_three_folds_are_two_trainings(tmp_path: Path) -> None:
    limits = limits_of(tmp_path, corpus=FOLDS, results=over_folds(2))
    assert (
        "2 trainings of a network on each fold show only roughly how much accuracy varies between trainings."
        in limits
    )


def test_a_report_on_folds_counts_all_tested_documents_and_says_what_is_of_the_first_fold(
    tmp_path: Path,
) -> None:
    text = markdown(build_run(tmp_path, corpus=FOLDS))
    for line in (
        "The network was chosen by each fold's own validation accuracy (of networks within one standard error"
        " of the best, by the lowest loss), and all were compared on the same 120 test",
        "no document that is tested in a fold chooses for it",
        "- Train / validation / test: 144 / 16 / 40 (first of 3 folds)\n- Tested, folds together: 120\n",
        "**Documents by split (first of 3 folds)**",
        "**Unknown tokens and empty documents (first of 3 folds)**",
    ):
        assert line in text


# --- what the head says


@pytest.mark.parametrize(
    ("minimum", "size"),
    [(0.125, "a true difference of 12.5 points"), (1.04, "no true difference that accuracy can have")],
)
def test_the_minimum_detectable_difference_is_no_lower_bound(
    tmp_path: Path, minimum: float, size: str
) -> None:
    verdict = METRICS["verdict"] | {"minimum_detectable_difference": minimum}
    head = markdown(build_run(tmp_path, verdict=verdict)).split("\n## ")[0]
    assert f"With as many documents and seeds, {size} would be found four times out of five." in head


def test_test_documents_seen_in_training_are_told_beside_the_answer(tmp_path: Path) -> None:
    head = markdown(build_run(tmp_path)).split("\n## ")[0]
    assert "> **1 of 40 test documents also stands among the training documents**" in head
    none = METRICS["corpus"] | {"duplicates": {"across_splits": 0}}
    assert "> **" not in markdown(build_run(tmp_path / "none", corpus=none)).split("\n## ")[0]


# --- tokens


def test_pieces_leave_no_token_unread_and_no_longest_document_is_claimed(tmp_path: Path) -> None:
    tokens = DETAILS["tokens"] | {"keep": "pieces", "cut_documents": 0, "cut_tokens": 0}
    text = markdown(build_run(tmp_path, tokens=tokens))
    assert "No document is longer than" not in text
    assert "The networks read every token of each document, in pieces" in text


def test_without_a_network_nothing_was_cut(tmp_path: Path) -> None:
    tokens = {key: value for key, value in DETAILS["tokens"].items() if "max" not in key and "cut" not in key}
    text = markdown(build_run(tmp_path, tokens=tokens))
    assert "No network was run, so nothing was cut: linear models read every token." in text
    assert "recurrent networks read" not in markdown(build_run(tmp_path / "cut"))


def test_the_comparison_says_what_its_times_hold(tmp_path: Path) -> None:
    assert (
        "Training seconds hold the choice of settings on validation documents, not the loading of libraries;"
        " counting n-grams and training embeddings are stages of their own (see Timing). Documents per second: from"
        " tokens to predictions."
    ) in markdown(build_run(tmp_path))


def test_a_fit_that_did_not_train_is_named_with_its_reason(tmp_path: Path) -> None:
    failed = METRICS["results"][3] | {"trained": False, "why_not": "predictions are constant"}
    text = markdown(build_run(tmp_path, results=[*METRICS["results"][:3], failed]))
    found = [cells(line) for table in tables(text) for line in table]
    assert ["lstm@word2vec", "1", "0", "predictions are constant"] in found
    assert any(line[-1] == "did not train: 1 of 2" for line in found)


def test_losses_that_were_still_falling_are_said(tmp_path: Path) -> None:
    history = DETAILS["histories"][0] | {"best_updates": 30, "stopped": "budget"}
    text = markdown(build_run(tmp_path, histories=[history]))
    assert "after 30 of 30 updates. It was still falling at the end: more updates may help." in text


# --- which metric decides


SKEWED = {"corpus": METRICS["corpus"] | {"classes": {"good": 180, "bad": 20}}}
BESIDE = {"metric": "macro-f1", "a": 0.712, "b": 0.65, "difference": 0.062, "ci95": [0.011, 0.113]}


def test_where_one_class_rules_two_metrics_stand_side_by_side_and_one_decides(tmp_path: Path) -> None:
    verdict = METRICS["verdict"] | {"beside": [BESIDE]}
    text = markdown(build_run(tmp_path / "skewed", verdict=verdict, **SKEWED))
    assert (
        "“good” holds 90 % of the documents, so that a model which never finds a rare class can be right often:"
        " macro F1 71.2 of lstm@word2vec against 65.0 of tfidf, a difference of +6.2 points (95 % interval +1.1 to"
        " +11.3). Decided is by accuracy, which was fixed before the run (--metric)."
    ) in text.split("\n## ")[0]
    assert "The answer is decided by accuracy." in text
    assert any("0.680 to 0.890" in line for table in tables(text) for line in table)  # of macro F1
    assert "0.680 to 0.890" not in markdown(build_run(tmp_path / "balanced"))


def test_log_loss_is_told_in_nats_and_in_whose_favour(tmp_path: Path) -> None:
    row = METRICS["comparisons"][0] | {"metric": "log-loss", "difference": -0.0312, "ci95": [-0.0513, 0.0111]}
    verdict = METRICS["verdict"] | {
        "metric": "log-loss",
        "minimum_detectable_difference": 0.0432,
        "against": [row],
    }
    text = markdown(build_run(tmp_path, comparisons=[row], verdict=verdict))
    head = text.split("\n## ")[0]
    assert (
        "Difference in log loss, in favour of lstm@word2vec where positive: −0.031 nats (95 % interval −0.051 to"
        " +0.011). Differences of up to 0.01 nats count as equal."
    ) in head
    assert "a true difference of 0.043 nats would be found" in head
    assert "| A better by, nats |" in text


@pytest.mark.parametrize(("asked", "said"), [("auto", True), (2, False)])
@pytest.mark.parametrize("n_folds", [0, 2])
def test_the_rule_says_that_test_documents_decide_how_many_seeds_there_are(
    tmp_path: Path, asked: str | int, said: bool, n_folds: int
) -> None:
    changed = {"seeds": METRICS["seeds"] | {"asked": asked}, "corpus": METRICS["corpus"] | {"folds": n_folds}}
    rule = decision_rule(read_run(build_run(tmp_path, **changed)))[0]
    exception = (
        " One thing test documents do decide: how many seeds the network of the answer has (--seeds auto), by the share"
        " of the variance that is due to seeds, not by which model is ahead."
    )
    assert rule.endswith(exception) is said
    assert ("in each fold" in rule) is (n_folds > 1)


def test_the_rule_names_the_exact_test_where_few_documents_tell_two_models_apart(tmp_path: Path) -> None:
    few = METRICS["comparisons"][0] | {"minimum_detectable_difference": None}
    for number, (rows, said) in enumerate(((METRICS["comparisons"], False), ([few], True))):
        rule = decision_rule(read_run(build_run(tmp_path / str(number), comparisons=rows)))
        assert any(text.startswith("Where fewer than ten documents") for text in rule) is said


def test_the_rule_says_nothing_of_an_answer_that_there_is_not(tmp_path: Path) -> None:
    verdict = METRICS["verdict"] | {"a": None, "b": None, "against": []}
    first = decision_rule(read_run(build_run(tmp_path, verdict=verdict)))[0]
    assert first == (
        "Compared is the accuracy of two models on the same test documents; test documents choose nothing."
    )
