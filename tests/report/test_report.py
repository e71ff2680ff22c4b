"""The report as a stage: from the run folder alone, whatever is missing, each file in one step."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filled import typed
from report_blocks import every, table, texts
from report_builders import DETAILS, METRICS, NETWORK, build_run

from pipeline.core.errors import PipelineError
from pipeline.report import as_json, draw_report, summarise
from pipeline.report.page.blocks import Chart, Limits, Paragraph, Table
from pipeline.report.page.chart_numbers import with_numbers
from pipeline.report.page.charts import draw
from pipeline.report.page.figures import BandLine, BandPoint, Bands
from pipeline.report.page.markdown import write_markdown
from pipeline.report.sections.answer import build_answer
from pipeline.report.sections.differences import differences
from pipeline.report.sections.facts import ModelFacts
from pipeline.report.sections.models_table import near_the_best
from pipeline.report.sections.quality import comparison, heads_note
from pipeline.report.sections.table import build_sections
from pipeline.report.words.task import Counted
from pipeline.run_folder.metrics.models import Summary
from pipeline.run_folder.reading import Run, read_run


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing out, for tests of what surrounds it."""
    monkeypatch.setattr("pipeline.report.draw.draw_pictures", lambda answer, sections: {})


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0].strip()


def test_the_summary_ends_a_run(tmp_path: Path) -> None:
    step = {"command": "python run_pipeline.py --seeds 4", "minutes": 2.2, "because": "Four trainings."}
    run = build_run(tmp_path, advice=METRICS["advice"] | {"next": [step]})
    assert summarise(run) == (
        "Start with bow. No network was shown to do better on films.\n"
        "\n"
        "Of 100 test documents bow puts 85 into the right class, and lstm, the network, 80."
        " Its two trainings reached 82 and 78."
        " So the true difference may be anything from 15 fewer to 5 more.\n"
        "\n"
        "warning: 1 of 40 test documents also stands among the training documents\n"
        "\n"
        "model  right of 100  95 % interval  training  against bow\n"
        "tfidf          87.5  77.5 to 95.0     0.75 s\n"
        "bow            85.0  72.5 to 95.0     0.25 s  the choice\n"
        "lstm           80.0  68.8 to 90.0       36 s  cannot tell\n"
        "\n"
        "Try next: Four trainings. About 2 min.\n"
        "  python run_pipeline.py --seeds 4\n"
        "\n"
        f"Report: {run / 'report.html'}\n"
        f"Use it: python -m pipeline predict {run} FILE"
    )


def test_a_script_gets_advice_and_verdict(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    found = json.loads(as_json(run))
    assert (found["advice"]["verb"], found["advice"]["model"]) == ("Start with", "bow")
    assert found["verdict"]["decision"] == "cannot tell"
    assert found["metrics"] == str(run / "metrics.json")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        draw_report(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: it holds no metrics.json, so it is no run folder;"
        " name a folder that a run has written, such as reports/NAME"
    )


def test_a_broken_file_is_named_by_line_and_column(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    (run / "details" / "scores.json").write_text('{"models":\n  [,]}')
    with pytest.raises(PipelineError) as error:
        draw_report(run)
    assert str(error.value) == (
        f"{run / 'details' / 'scores.json'}:2:4: this is not JSON (Expecting value);"
        " restore the file as the run wrote it, or run again"
    )


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    (run / "metrics.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(PipelineError) as error:
        summarise(run)
    assert str(error.value) == (
        f"{run / 'metrics.json'}: byte 7 is not UTF-8; restore the file as the run wrote it, or run again"
    )


def test_a_version_that_is_no_number_is_damage(tmp_path: Path) -> None:
    run = build_run(tmp_path, schema_version="1")
    with pytest.raises(PipelineError, match=r"it is damaged, or another version wrote it .*it is '1'"):
        draw_report(run)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    run = build_run(tmp_path, schema_version=2)
    with pytest.raises(PipelineError) as error:
        draw_report(run)
    assert str(error.value) == (
        f"{run / 'metrics.json'}: schema_version is 2; this version reads 1;"
        " use the version of embedseq that wrote the run"
    )


@pytest.mark.usefixtures("no_charts")
@pytest.mark.parametrize("key", DETAILS)
def test_a_file_of_details_that_is_absent_leaves_the_rest(tmp_path: Path, key: str) -> None:
    run = build_run(tmp_path, **{key: None})
    draw_report(run)
    assert (run / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"accuracy": 87.5}, "$.results[0].accuracy: input should be less than or equal to 1 (it is 87.5)"),
        ({"accuracy": None}, "$.results[0].accuracy: input should be a valid number (it is None)"),
        ({"precison": 0.5}, "$.results[0].precison: unexpected keyword argument"),
    ],
)
def test_a_damaged_metrics_file_is_refused_with_the_place(
    tmp_path: Path, change: dict[str, Any], mistake: str
) -> None:
    run = build_run(tmp_path)
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["results"][0] |= change
    (run / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(PipelineError) as error:
        summarise(run)
    assert str(error.value) == (
        f"{run / 'metrics.json'}: it is damaged, or another version wrote it ({mistake});"
        f" `python -m pipeline verify {run}` tells which; use the version that wrote it, or run again"
    )


def test_a_damaged_file_of_details_is_refused_with_the_place(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    (run / "details" / "choices.json").write_text(
        '[{"name": "tfidf", "fold": 0, "what": "C", "chosen": "3"}]'
    )
    with pytest.raises(PipelineError) as error:
        draw_report(run)
    assert str(error.value) == (
        f"{run / 'details' / 'choices.json'}: this is not what a run writes there ($[0].chosen: input should be a"
        " valid number (it is '3'); $[0].tried: field required); restore the file as the run wrote it, or run again"
    )


@pytest.mark.parametrize(
    ("key", "title", "reason"),
    [
        ("comparisons", "Differences", "The run made no comparison."),
        ("histories", "Training", "No network was trained, so there are no training curves."),
        ("scores", "Which classes are confused", "No predictions were scored by class."),
        (
            "embeddings",
            "Do the word vectors fit?",
            "No embedding was used: only models without embeddings were run.",
        ),
        (
            "choices",
            "What validation documents chose",
            "Nothing was chosen on the validation documents except when each training ends.",
        ),
    ],
)
def test_a_section_with_nothing_to_show_says_why(tmp_path: Path, key: str, title: str, reason: str) -> None:
    text = markdown_of(read_run(build_run(tmp_path, **{key: None})))
    assert section(text, title) == f"*Nothing to show.* {reason}"


@pytest.mark.parametrize("found", [None, [{"source": "word2vec", "words": []}]])
def test_where_no_word_qualified_the_neighbours_say_so(tmp_path: Path, found: Any) -> None:
    text = markdown_of(read_run(build_run(tmp_path, neighbours=found)))
    assert (
        "No word of the training documents qualified: it has to have a vector, to mark a class,"
        " to occur three times or more, and to be of three letters or more (of Chinese characters one is enough)."
    ) in section(text, "Do the word vectors fit?")


def test_an_interrupted_run_says_what_was_finished(tmp_path: Path) -> None:
    status = {"state": "interrupted", "finished": ["tfidf"], "planned": ["tfidf", "bow", "lstm@word2vec"]}
    none = {"sentence": "There is no verdict: no network was run."}
    run = build_run(
        tmp_path,
        results=METRICS["results"][:1],
        summary=METRICS["summary"][:1],
        status=status,
        verdict=none,
        **dict.fromkeys(["comparisons", "histories", "scores"]),
    )
    text = markdown_of(read_run(run))
    banner = "This run was interrupted: 1 of 3 fits finished. Not finished: bow, lstm@word2vec."
    assert f"\n\n> **{banner}" in text.split("## ")[0]
    assert section(text, "Which classes are confused") == f"*Nothing to show.* {banner}"
    assert banner in summarise(run)
    draw_report(run)
    heading = re.search("<h1.*?</h1>", (run / "report.html").read_text(encoding="utf-8"), re.DOTALL)
    assert heading
    assert "<code>--models tfidf,lstm</code>" in heading[0]


@pytest.mark.usefixtures("no_charts")
def test_a_run_stopped_before_any_result_has_a_report(tmp_path: Path) -> None:
    status = {"state": "interrupted", "finished": [], "planned": ["bow"]}
    nothing: dict[str, Any] = dict.fromkeys([*METRICS, *DETAILS])
    kept = {"corpus": METRICS["corpus"], "environment": METRICS["environment"], "status": status}
    run = build_run(tmp_path, config_toml=None, **(nothing | kept))
    draw_report(run)
    assert "0 of 1 fit finished" in (run / "report.md").read_text(encoding="utf-8")


def test_a_failed_run_says_so_and_names_ten_fits_that_are_missing(tmp_path: Path) -> None:
    planned = [f"lstm@learned seed 0 fold {fold}" for fold in range(12)]
    status = {"state": "failed", "finished": planned[:1], "planned": planned}
    banner = build_answer(read_run(build_run(tmp_path, status=status))).banner
    assert banner == (
        f"This run failed: 1 of 12 fits finished. Not finished: {', '.join(planned[1:11])} and 1 more."
    )


def key_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every key of nested tables; of a list, those of its first entry."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from key_paths(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from key_paths(value[0], (*path, 0))


def markdown_of(run: Run) -> str:
    return write_markdown(build_answer(run), build_sections(run, Limits()))


@pytest.mark.longer
def test_drawing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    names = ("report.md", "report.html", "charts/ladder-1.png", "charts/trust-1.png")
    draw_report(run)
    first = [(run / name).read_bytes() for name in names]
    draw.cache_clear()
    draw_report(run)
    assert [(run / name).read_bytes() for name in names] == first


def test_every_picture_of_the_markdown_is_a_file_and_every_file_is_shown(tmp_path: Path) -> None:
    run = build_run(tmp_path, probes=[])
    (run / "charts").mkdir()
    (run / "charts" / "of-an-earlier-drawing.png").write_bytes(b"")
    draw_report(run)
    shown = re.findall(r"^!\[.*\]\((.*)\)$", (run / "report.md").read_text(encoding="utf-8"), re.MULTILINE)
    numbered = (
        "answer",
        "ladder-1",
        "learning-curve-1",
        "trust-1",
        "curves-1",
    )
    assert shown == [f"charts/{name}.png" for name in numbered]
    assert sorted(path.relative_to(run).as_posix() for path in (run / "charts").iterdir()) == sorted(shown)
    for name in shown:
        width, height = png_size(run / name)
        assert 70 < height < 1000
        assert 300 < width < 1300


def png_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG in pixels, from its first chunk (PNG specification, 11.2.2)."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def test_the_first_sentence_of_the_differences_names_who_is_told_apart(tmp_path: Path) -> None:
    first, second = METRICS["comparisons"]
    rows = [first | {"decision": "loses"}, second, second | {"a": "bow", "b": "tfidf", "decision": "equal"}]
    blocks = differences(read_run(build_run(tmp_path, comparisons=rows)), Limits())
    assert blocks[0].title == "One difference of three was shown: lstm is worse than tfidf"
    assert list(every(blocks, Paragraph)) == [
        Paragraph(
            f"Told apart: {NETWORK} loses to tfidf. Of 3 comparisons, cannot tell: 1; equal: 1.", "muted"
        )
    ]


def test_the_numbers_of_a_chart_with_bands_stand_in_a_table() -> None:
    lines = (
        BandLine("lstm", (BandPoint(1, 0.5, 0.25, 0.75), BandPoint(20, 0.0012345, None, None))),
        BandLine("rnn", (BandPoint(20, 1.0, None, None),)),
    )
    chart = Chart("Norms", "A reading.", Bands(lines, "Tokens", "Norm", percent=False))
    same, shown = with_numbers(chart, Limits(), "details/probes.json")
    assert same is chart
    assert isinstance(shown, Table)
    assert (shown.caption, shown.fold) == ("Numbers: Norms", True)
    assert [column.title for column in shown.columns] == ["Tokens", "lstm", "rnn"]
    assert texts(shown) == [
        ["1", "0.5 (0.25 to 0.75)", "–"],
        ["20", "0.00123", "1"],
    ]
    in_percent = replace(chart, figure=Bands(lines, "Tokens", "Accuracy, %"))
    _, shown = with_numbers(in_percent, Limits(), "details/probes.json")
    assert isinstance(shown, Table)
    assert shown.rows[0][1].text == "50.0 % (25.0 % to 75.0 %)"


def test_a_model_that_did_not_train_loses_nothing(tmp_path: Path) -> None:
    results = [row | ({"trained": False} if row["seed"] else {}) for row in METRICS["results"]]
    rows = [row | {"decision": "loses"} for row in METRICS["comparisons"]]
    run = read_run(build_run(tmp_path, results=results, comparisons=rows))
    blocks = differences(run, Limits())
    assert blocks[0].title == "None of two differences was shown"
    (sentence,) = every(blocks, Paragraph)
    assert sentence == Paragraph("No two models are told apart. Of 2 comparisons, withheld: 2.", "muted")
    assert [line[-2:] for line in texts(table(blocks, "Paired differences"))] == [["withheld", "–"]] * 2
    assert [line[-2] for line in texts(table(blocks, "Differences"))] == ["withheld"] * 2


def test_a_corpus_may_be_called_with_a_dash(tmp_path: Path) -> None:
    run = build_run(tmp_path, corpus=METRICS["corpus"] | {"name": "news – 2020"})
    assert ("Corpus", "news – 2020") in build_answer(read_run(run)).facts


def test_a_majority_baseline_does_not_squash_the_chart() -> None:
    models = [model("a", 0.97), model("b", 0.95), model("c", 0.93), model("majority", 0.2)]
    assert [shown.name for shown in near_the_best(models)] == ["a", "b", "c"]
    assert [shown.name for shown in near_the_best(models[:3])] == ["a", "b", "c"]


def model(name: str, accuracy: float) -> ModelFacts:
    """Return a model with an interval of one point either way."""
    ends = [accuracy - 0.01, accuracy + 0.01]
    row = typed(Summary, {"name": name, "accuracy": accuracy, "accuracy_ci95": ends})
    counted = Counted(accuracy, (ends[0], ends[1]), (), ())
    return ModelFacts(**vars(row), counted=counted, results=(), fits=())


def test_the_documented_keys_are_those_of_the_literal_run() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "run-folder.md").read_text(encoding="utf-8")
    metrics = {key for path in key_paths(METRICS) for key in path if isinstance(key, str)}
    free = {
        "good",
        "bad",
        "films.csv",
        "numpy",
        "window",
        "epochs",
        "quick",
        "run",
    }  # names that data supplies
    undocumented = [key for key in metrics - free if f"`{key}`" not in text]
    assert undocumented == []
    assert [name for name in DETAILS if f"details/{name}.json" not in text] == []
    details = {key for path in key_paths(DETAILS) for key in path if isinstance(key, str)}
    assert [
        key for key in details - free if f"`{key}`" not in text and f"details/{key}.json" not in text
    ] == []


def test_the_literal_run_is_json(tmp_path: Path) -> None:
    assert json.loads((build_run(tmp_path) / "metrics.json").read_text()) == METRICS


def test_the_answer_says_that_ann_was_not_put_up_for_it(tmp_path: Path) -> None:
    """By validation or by test it may be ahead of the network of the answer."""
    alone = build_answer(read_run(build_run(tmp_path / "alone"))).decided
    assert alone.startswith(
        "lstm@word2vec (the best network) is compared with every baseline (2 of them), of which tfidf"
    )
    averaged = METRICS["summary"][0] | {"name": "ann@word2vec", "model": "ann", "kind": "network"}
    run = build_run(tmp_path / "beside", summary=[*METRICS["summary"], averaged])
    assert build_answer(read_run(run)).decided.startswith(
        "lstm@word2vec (the best recurrent network; ann, which has no memory, is not put up for the answer) is"
        " compared with every baseline (2 of them), of which tfidf decides. The network was chosen by mean validation"
        " accuracy (of networks within one standard error of the best, by the lowest loss), and all were compared on"
        " the same 40 test documents."
    )


def test_the_table_of_models_says_what_a_network_without_a_head_reads(tmp_path: Path) -> None:
    blocks = comparison(read_run(build_run(tmp_path)), Limits())
    (more,) = (
        one for one in every(blocks, Table) if "Macro F1" in [column.title for column in one.columns[:4]]
    )
    assert more.note.endswith(
        "lstm without a head reads the state after the last word; :max, :mean and :max+mean read those after every"
        " word."
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("tfidf", "ann@w", "lstm:max@w", "bilstm@w"), ""),
        (
            ("rnn@w", "lstm@w", "lstm@v", "lstm:max@w"),
            "rnn and lstm without a head read the state after the last word; :max, :mean and :max+mean read those"
            " after every word.",
        ),
    ],
)
def test_what_networks_without_a_head_read_is_said_once(names: tuple[str, ...], said: str) -> None:
    assert heads_note(names) == said
