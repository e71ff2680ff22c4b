"""The report on memory horizon, word order, needle and forget bias: charts with their marks, tables, what is left"
" out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filled import typed

from pipeline.report.page.blocks import Block, Chart, Limits, Paragraph, Table
from pipeline.report.page.charts import draw
from pipeline.report.page.figures import Bands, DotPlot, Mark
from pipeline.report.sections.probe_forget_bias import forget_bias
from pipeline.report.sections.probe_memory_horizon import memory_horizon
from pipeline.report.sections.probe_needle import needle
from pipeline.report.sections.probe_word_order import word_order
from pipeline.run_folder.details.probes import ForgetBias, MemoryHorizon, Needle, WordOrder
from pipeline.run_folder.metrics import Metrics
from pipeline.run_folder.reading import Run, run_with


def run_of(*summary: dict[str, Any]) -> Run:
    return run_with(Path("nowhere"), typed(Metrics, {"summary": summary}))


def charts(blocks: Sequence[Block]) -> list[Chart]:
    return [block for block in blocks if isinstance(block, Chart)]


def table(blocks: Sequence[Block]) -> Table:
    (found,) = [block for block in blocks if isinstance(block, Table)]
    return found


def texts(block: Table) -> list[list[str]]:
    return [[cell.text for cell in line] for line in block.rows]


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


def point(k: int, accuracy: float, **more: Any) -> dict[str, Any]:
    rest = {"difference": accuracy - 0.9, "ci95": [accuracy - 0.95, accuracy - 0.85]}
    losses = {"log_loss": 0.25, "loss_difference": 0.05, "loss_ci95": [0.0, 0.1]}
    return {"k": k, "accuracy": accuracy, "longer": 0.834} | rest | losses | more


def horizon(**more: Any) -> MemoryHorizon:
    changes = {
        "dropped": {"points": [point(1, 0.5), point(2, 0.88)], "enough": None},
        "shuffled": {"points": [point(0, 0.7), point(4, 0.9)], "enough": 4},
        "replaced": {"points": [], "enough": None},
    }
    found = {
        "documents": 400,
        "longest": 9,
        "majority": 0.3,
        "accuracy": 0.9,
        "above_majority": True,
        "rope": 0.01,
        "changes": changes,
        "last": "The last k tokens are those at the end of the document.",
    }
    return typed(MemoryHorizon, found | more)


def test_the_horizon_is_drawn_beside_the_whole_text_and_the_most_frequent_class() -> None:
    (chart,) = charts(memory_horizon([("lstm@x", horizon())], run_of(), Limits()))
    assert isinstance(chart.figure, Bands)
    assert chart.figure.marks == (Mark("whole text", 0.9), Mark("most frequent class", 0.3, right=True))
    drawn = {
        line.label: [(one.x, one.value, rounded(one.lo), rounded(one.hi)) for one in line.points]
        for line in chart.figure.lines
    }
    assert drawn == {
        "the rest dropped": [(1, 0.5, 0.45, 0.55), (2, 0.88, 0.83, 0.93)],
        "the rest shuffled": [(4, 0.9, None, None)],  # a logarithm has no 0
    }
    assert "400 test documents, the longest of 9 tokens as read." in chart.reading


def test_the_table_of_the_horizon_has_every_number() -> None:
    block = table(memory_horizon([("lstm@x", horizon())], run_of(), Limits()))
    assert texts(block) == [
        ["lstm@x", "the rest dropped", "1", "50.0 %", "−40.0", "−45.0 to −35.0", "0.250", "0.050", "83 %"],
        ["lstm@x", "the rest dropped", "2", "88.0 %", "−2.0", "−7.0 to +3.0", "0.250", "0.050", "83 %"],
        ["lstm@x", "the rest shuffled", "0", "70.0 %", "−20.0", "−25.0 to −15.0", "0.250", "0.050", "83 %"],
        ["lstm@x", "the rest shuffled", "4", "90.0 %", "0.0", "−5.0 to +5.0", "0.250", "0.050", "83 %"],
    ]
    assert "the interval ends at −1.0 points or above" in block.note
    short = table(memory_horizon([("lstm@x", horizon())], run_of(), Limits(rows=3)))
    assert len(short.rows) == 3
    assert short.note.endswith("The first 3 of 4 rows; all are in details/probes.json.")


def test_a_network_that_knows_nothing_has_no_chart() -> None:
    blocks = memory_horizon(
        [("lstm@x", horizon(above_majority=False)), ("rnn@x", horizon())], run_of(), Limits()
    )
    assert [chart.caption for chart in charts(blocks)] == [
        "rnn@x: accuracy when all but the last tokens are changed"
    ]
    assert {line[0] for line in texts(table(blocks))} == {"lstm@x", "rnn@x"}


def test_marks_stand_in_the_picture() -> None:
    (chart,) = charts(memory_horizon([("lstm@x", horizon())], run_of(), Limits()))
    picture = draw(chart.figure)
    assert ">whole text<" in picture
    assert ">most frequent class<" in picture
    assert isinstance(chart.figure, Bands)
    without = draw(Bands(chart.figure.lines, "x", "y"))
    assert "whole text" not in without


def order(**more: Any) -> WordOrder:
    found = {
        "documents": 400,
        "majority": 0.5,
        "accuracy": 0.9,
        "log_loss": 0.2,
        "shuffled": [{"accuracy": 0.48, "log_loss": 1.0}, {"accuracy": 0.5, "log_loss": 1.2}],
        "shuffled_accuracy": 0.49,
        "shuffled_log_loss": 1.1,
        "difference": -0.41,
        "ci95": [-0.45, -0.37],
        "share": -0.025,
        "share_ci95": [-0.12, 0.07],
    }
    return typed(WordOrder, found | more)


def test_word_order_is_drawn_as_written_shuffled_and_without_reading() -> None:
    (chart,) = charts(word_order([("lstm@x", order())], run_of(), Limits()))
    assert isinstance(chart.figure, DotPlot)
    assert [(dot.label, dot.value, dot.runs) for dot in chart.figure.dots] == [
        ("lstm@x, as written", 0.9, ()),
        ("lstm@x, shuffled", 0.49, (0.48, 0.5)),
        ("always the most frequent class", 0.5, ()),
    ]
    shuffled = chart.figure.dots[1]
    assert (rounded(shuffled.lo), rounded(shuffled.hi)) == (0.45, 0.53)


def test_the_table_of_word_order() -> None:
    found = [("lstm@x", order()), ("rnn@x", order(share=None, share_ci95=None))]
    first, second = texts(table(word_order(found, run_of(), Limits())))
    assert first == [
        "lstm@x", "400", "90.0 %", "49.0 %", "48.0 %", "50.0 %", "−41.0", "−45.0 to −37.0", "50.0 %", "−2 %",
        "−12 to 7 %", "0.200", "1.100",
    ]  # fmt: skip
    assert second[9:11] == ["–", "–"]


def test_a_network_trained_on_shuffled_words_is_named_where_the_run_has_it() -> None:
    names = {"lstm:max@x": 0.91, "lstm:max:shuffled-words@x": 0.72}
    run = run_of(*({"name": name, "accuracy": accuracy} for name, accuracy in names.items()))
    blocks = word_order([("lstm:max@x", order())], run, Limits())
    told = [block.text for block in blocks if isinstance(block, Paragraph)]
    assert told == [
        "Trained on shuffled words, lstm:max:shuffled-words@x is right on 72.0 % of all test documents, lstm:max@x on"
        " 91.0 % (means over seeds); here lstm:max@x, trained on words in order, has 49.0 % on shuffled ones."
    ]
    blocks = word_order([("lstm@x", order())], run, Limits())
    assert not [block for block in blocks if isinstance(block, Paragraph)]


def needles(*names: str, rate: float = 0.002) -> Needle:
    points = [
        {"k": 1, "accuracy": 1.0, "ci95": [0.98, 1.0], "seeds": [1.0, 1.0]},
        {"k": 4, "accuracy": 0.6, "ci95": [0.4, 0.8], "seeds": [0.5, 0.7]},
    ]
    found = {
        "length": 4,
        "neutral_words": ["the", "of"],
        "training_documents": 1536,
        "test_documents": 100,
        "epochs": 6,
        "seeds": 2,
        "chance": 0.5,
        "rates": [0.002, 0.004],
        "validation_documents": 400,
        "steps": 144,
        "networks": [
            {"name": name, "points": points, "reach": 1, "seconds": 30.0, "learning_rate": rate}
            for name in names
        ],
    }
    return typed(Needle, found)


def test_all_needles_share_one_chart_with_chance() -> None:
    blocks = needle([("rnn@x", needles("rnn", "gru")), ("lstm@x", needles("lstm"))], run_of(), Limits())
    (chart,) = charts(blocks)
    assert isinstance(chart.figure, Bands)
    assert [line.label for line in chart.figure.lines] == ["rnn", "gru", "lstm"]
    assert chart.figure.marks == (Mark("chance", 0.5),)
    assert chart.reading.startswith(
        "Means over 2 seeds with 95 % intervals. Each fit: 6 epochs (144 steps) on 1,536 made-up documents of 4 tokens,"
        " tested on 100 at each distance; the fits took 1 min 30 s. Around the needle: the, of."
    )
    assert texts(table(blocks))[1] == ["rnn", "4", "60.0 %", "40.0 to 80.0 %", "50.0 %", "70.0 %"]
    assert len(texts(table(blocks))) == 6


def test_the_learning_rates_that_needles_tried_are_named() -> None:
    rnn, lstm = needles("rnn", rate=0.002), needles("lstm", rate=0.004)
    (chart,) = charts(needle([("rnn@x", rnn), ("lstm@x", lstm)], run_of(), Limits()))
    assert chart.reading.endswith(
        "Around the needle: the, of. Every network tried the learning rates 0.002, 0.004 and took the best on 400 other"
        " documents: 0.002 rnn, 0.004 lstm."
    )


def test_needles_of_several_sources_are_told_apart() -> None:
    blocks = needle([("rnn@x", needles("rnn")), ("rnn@y", needles("rnn"))], run_of(), Limits())
    figure = charts(blocks)[0].figure
    assert isinstance(figure, Bands)
    assert [line.label for line in figure.lines] == ["rnn@x", "rnn@y"]


def test_biases_are_drawn_with_their_seeds() -> None:
    rows = [
        {
            "bias": bias, "validation_accuracy": 0.8, "accuracy": 0.8 if bias else 0.7, "seeds": [0.6, 0.8],
            "untrained": untrained,
            "difference": None if bias == 1.0 else -0.1, "ci95": None if bias == 1.0 else [-0.2, 0.0],
            "start_gate": 0.5, "gate": 0.75, "start": 1.44, "time_constant": 3.5,
        }
        for bias, untrained in ((0.0, 1), (1.0, 0))
    ]  # fmt: skip
    found = {
        "seeds": 2, "train_documents": 1500, "test_documents": 445, "gate_documents": 64, "biases": rows,
        "seconds": 61.0, "own": 1.0,
    }  # fmt: skip
    blocks = forget_bias([("lstm@x", typed(ForgetBias, found))], run_of(), Limits())
    (chart,) = charts(blocks)
    assert isinstance(chart.figure, DotPlot)
    drawn = [(dot.label, dot.value, rounded(dot.lo), rounded(dot.hi), dot.runs) for dot in chart.figure.dots]
    assert drawn == [
        (
            "lstm@x, bias 0",
            0.7,
            0.6,
            0.8,
            (0.6, 0.8),
        ),  # from 0.8, what bias 1 has, its difference reaches -0.2 to 0
        ("lstm@x, bias 1", 0.8, None, None, (0.6, 0.8)),
    ]
    assert chart.reading == (
        "Means over 2 seeds on 445 test documents; thin marks are single seeds, the intervals those of the"
        " difference from the run's own bias, 1. The fits on 1,500 documents took 1 min 1 s."
    )
    assert texts(table(blocks)) == [
        ["lstm@x", "0", "80.0 %", "70.0 %", "−10.0", "−20.0 to 0.0", "0.500", "0.750", "1.4", "3.5", "1"],
        ["lstm@x", "1", "80.0 %", "80.0 %", "–", "–", "0.500", "0.750", "1.4", "3.5", "–"],
    ]
