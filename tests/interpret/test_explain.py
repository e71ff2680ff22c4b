"""The worked example: its numbers by hand, by finite differences and by TensorFlow; what it says of a mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from make_golden import GOLDEN, explained

from pipeline.core.errors import PipelineError
from pipeline.interpret.explain import Worked, check_out, explain, write_page, write_text
from pipeline.interpret.explain.small import LABEL, small_network, tenths
from pipeline.interpret.explain.worked import Check, Line, Matrix, Prose, Section, Step, Table, check
from pipeline.interpret.explain.written import Written, dot, number, one_minus_square, plus, shown, times
from pipeline.models.equations import CellWeights, forward

CELLS = ("rnn", "gru", "lstm")
NAMES = {"tanh": math.tanh, "exp": math.exp, "ln": math.log, "σ": lambda a: 1 / (1 + math.exp(-a))}


@cache
def worked(text: str = "dog bites man", cell: str = "rnn", units: int = 2) -> Worked:
    return explain(text, cell=cell, units=units)


def lines_of(example: Worked) -> Iterator[Line]:
    for section in example.sections:
        for block in section.blocks:
            if isinstance(block, Step):
                yield from block.lines


def numbers(example: Worked) -> dict[str, float]:
    """Return the first result of each name: in the closing section names come again, for both orders."""
    found: dict[str, float] = {}
    for line in lines_of(example):
        found.setdefault(line.name, line.result)
    return found


def section(example: Worked, title: str) -> Section:
    (found,) = (one for one in example.sections if one.title == title)
    return found


def test_one_unit_and_two_words_by_hand() -> None:
    """With k counted from 0, row by row: E is 0.3 -0.6 for "no", -0.2 0.2 for "yes"; W is -0.4, 0.1 and U 0.5."""
    found = numbers(worked("yes no", "rnn", 1))
    h1 = math.tanh(-0.2 * -0.4 + 0.2 * 0.1 + 0.1)  # b is 0.1
    h2 = math.tanh(0.3 * -0.4 + -0.6 * 0.1 + h1 * 0.5 + 0.1)
    o = 0.6 * h2 + 0.1, -0.3 * h2 - 0.1  # V is 0.6 -0.3, v is 0.1 -0.1
    p = 1 / (1 + math.exp(o[1] - o[0]))
    dh2 = (p - 1) * 0.6 + (1 - p) * -0.3
    da2 = dh2 * (1 - h2 * h2)
    da1 = da2 * 0.5 * (1 - h1 * h1)
    by_hand = {
        "a_1[1]": 0.2,
        "h_1[1]": h1,
        "h_2[1]": h2,
        "y[A]": o[0],
        "y[B]": o[1],
        "p[A]": p,
        "L": math.log(1 + math.exp(o[1] - o[0])),
        "dL/dy[A]": p - 1,
        "dL/dy[B]": 1 - p,
        "dL/dV[1,2]": h2 * (1 - p),
        "dL/dh_2[1]": dh2,
        "dL/da_2[1]": da2,
        "dL/dh_1[1]": da2 * 0.5,
        "dL/da_1[1]": da1,
        "dL/dW[1,1]": -0.2 * da1 + 0.3 * da2,
        "dL/dW[2,1]": 0.2 * da1 - 0.6 * da2,
        "dL/dU[1,1]": h1 * da2,
        "dL/db[1]": da1 + da2,
        "dL/dE[no][1]": da2 * -0.4,
        "dL/dE[yes][2]": da1 * 0.1,
        "J_1[1,1]": 0.5 * (1 - h1 * h1),
        "P_0[1,1]": 0.25 * (1 - h1 * h1) * (1 - h2 * h2),
    }
    assert {name: found[name] for name in by_hand} == pytest.approx(by_hand, abs=1e-14)
    assert h1 == pytest.approx(0.197375, abs=1e-6)  # the hand's own start: tanh 0.2


@pytest.mark.parametrize(("cell", "units"), [("rnn", 2), ("gru", 2), ("lstm", 2), ("lstm", 1), ("gru", 3)])
def test_the_numbers_put_in_give_each_result(cell: str, units: int) -> None:
    for line in lines_of(worked("dog bites man dog", cell, units)):
        python = line.put_in.template.replace("·", "*").replace("²", "**2")
        text = python.format(*(f"({number!r})" for number in line.put_in.numbers))
        assert eval(text, NAMES) == pytest.approx(line.result, abs=1e-13), f"{line.name} = {line.put_in}"


@pytest.mark.parametrize("cell", CELLS)
def test_tensorflow_agrees_in_every_line_and_beside_them(cell: str) -> None:
    example = worked("dog bites man dog", cell)
    assert example.agrees
    assert example.worst.difference < 1e-13
    assert example.compared == sum(1 for _ in lines_of(example)) + sum(one.count for one in example.checks)
    assert [one.name for one in example.checks] == [
        'the states of "dog bites man dog"',
        'the states of "dog man bites dog"',
    ]
    assert example.conclusion.startswith(
        f"{example.compared} numbers compared with TensorFlow's (float64): the largest difference is "
    )


def loss(cell: str, words: list[str], array: str, place: tuple[int, ...], change: float) -> float:
    """Return the small network's loss where one weight is moved."""
    network = small_network(cell, 2, words)
    weights = {
        "E": network.table,
        "W": network.weights.kernel,
        "U": network.weights.recurrent_kernel,
        "b": network.weights.bias,
        "V": network.output.kernel,
    }
    weights[array] = weights[array].copy()
    weights[array][place] += change
    rows = [sorted(set(words)).index(word) for word in words]
    trace = forward(cell, CellWeights(weights["W"], weights["U"], weights["b"]), weights["E"][rows][None])
    powers = np.exp(trace.states[0, -1] @ weights["V"] + network.output.bias)
    return float(-np.log(powers[LABEL] / powers.sum()))


# Which weight stands behind a name: the array and its place; blocks of two columns each.
MOVED = {
    "rnn": {"dL/dW[2,1]": ("W", (1, 0)), "dL/dU[1,2]": ("U", (0, 1)), "dL/db[2]": ("b", (1,))},
    "gru": {
        "dL/dWz[1,1]": ("W", (0, 0)),
        "dL/dWg[2,1]": ("W", (1, 4)),
        "dL/dUr[1,2]": ("U", (0, 3)),
        "dL/dUg[2,2]": ("U", (1, 5)),
        "dL/dbg[1]": ("b", (0, 4)),
        "dL/ddg[1]": ("b", (1, 4)),
        "dL/ddr[2]": ("b", (1, 3)),
    },
    "lstm": {
        "dL/dWi[1,2]": ("W", (0, 1)),
        "dL/dUf[2,1]": ("U", (1, 2)),
        "dL/dUg[1,1]": ("U", (0, 4)),
        "dL/dWo[2,2]": ("W", (1, 7)),
        "dL/dbf[1]": ("b", (2,)),
    },
}
OF_EVERY_CELL = {"dL/dE[dog][1]": ("E", (1, 0)), "dL/dE[man][2]": ("E", (2, 1)), "dL/dV[2,1]": ("V", (1, 0))}


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_finite_differences(cell: str) -> None:
    words, step = ["dog", "bites", "man", "dog"], 1e-5
    found = numbers(worked(" ".join(words), cell))
    for name, (array, place) in {**MOVED[cell], **OF_EVERY_CELL}.items():
        above, below = (loss(cell, words, array, place, sign * step) for sign in (1, -1))
        assert found[name] == pytest.approx((above - below) / (2 * step), abs=1e-9), name


def test_weights_are_tenths_of_the_stated_rule() -> None:
    assert tenths("E", 3, 2).tolist() == [[0.3, -0.6], [-0.2, 0.2], [0.6, -0.3]]  # (9 + 4k) mod 13 - 6
    text = write_text(worked())
    assert "entry k is ((start + step·k) mod 13 - 6) / 10." in " ".join(text.split())
    assert "9 and 4 for E" in " ".join(text.split())


def test_words_have_the_same_vectors_in_any_order() -> None:
    one, other = (small_network("rnn", 2, text.split()) for text in ("dog bites man", "man bites dog"))
    assert one.words == other.words == ("bites", "dog", "man")
    np.testing.assert_array_equal(one.table, other.table)
    twelve = small_network("rnn", 2, [f"w{number:02}" for number in range(12)])
    assert len({tuple(row) for row in twelve.table.tolist()}) == 12


def test_only_the_forget_gate_starts_one_higher() -> None:
    lstm = small_network("lstm", 2, ["a"]).weights.bias
    np.testing.assert_allclose(lstm - tenths("b", 8), [0, 0, 1, 1, 0, 0, 0, 0], atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_another_order_changes_the_recurrence_and_not_the_average(cell: str) -> None:
    closing = section(worked("dog bites man", cell), "The same words in another order")
    table = closing.blocks[-1]
    assert isinstance(table, Table)
    assert table.columns == ("network", '"dog bites man"', '"man bites dog"', "difference")
    (_, average, again, difference), (name, first, second, other) = table.rows
    assert average == pytest.approx(again, abs=1e-15)
    assert difference < 1e-15
    assert name == cell
    assert abs(first - second) == pytest.approx(other)
    assert other > 0.001
    reverse = numbers(worked("man bites dog", cell))
    assert (first, second) == pytest.approx(
        (numbers(worked("dog bites man", cell))["p[A]"], reverse["p[A]"]), abs=1e-14
    )
    by_hand = np.mean([[-0.2, 0.2], [0.3, -0.6], [0.6, -0.3]], axis=0)  # dog, bites, man
    o = by_hand @ [[-0.5, 0.2], [-0.4, 0.3]] + [0.1, -0.1]
    assert average == pytest.approx(1 / (1 + math.exp(o[1] - o[0])), abs=1e-14)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dog", "There is one word, so there is no other order to compare with."),
        ("dog Dog", "All words are the same, so there is no other order to compare with."),
    ],
)
def test_words_without_another_order(text: str, said: str) -> None:
    (block,) = section(worked(text), "The same words in another order").blocks
    assert block == Prose(said)


def test_words_that_read_the_same_from_behind_are_put_in_a_third_order() -> None:
    table = section(worked("dog bites dog"), "The same words in another order").blocks[-1]
    assert isinstance(table, Table)
    assert table.columns[1:3] == ('"dog bites dog"', '"bites dog dog"')


def test_the_cell_path_of_an_lstm_is_the_product_of_forget_gates() -> None:
    example = worked("dog bites man", "lstm")
    kept = section(example, "Why the gradient of an LSTM lasts: the cell is a sum")
    found = numbers(example)
    lines = {line.name: line for block in kept.blocks if isinstance(block, Step) for line in block.lines}
    for unit in (1, 2):
        for t, later in ((2, [3]), (1, [2, 3]), (0, [1, 2, 3])):
            product = math.prod(found[f"f_{step}[{unit}]"] for step in later)
            line = lines[f"K_{t}[{unit}]"]
            assert (line.result, line.tensorflow) == pytest.approx((product, product), abs=1e-15)
    assert isinstance(kept.blocks[0], Prose)
    assert "This additive cell is the LSTM's answer to the vanishing gradient" in kept.blocks[0].text


def test_what_a_gru_keeps_is_the_product_of_update_gates() -> None:
    found = numbers(worked("dog bites man", "gru"))
    assert found["K_1[2]"] == pytest.approx(found["z_2[2]"] * found["z_3[2]"], abs=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_norms_are_the_largest_singular_values_of_the_jacobians_shown(cell: str) -> None:
    """For each t the matrices are put together from their lines; the norm is the root of J^T J's largest eigenvalue."""
    example = worked("dog bites man", cell)
    found, size = numbers(example), 4 if cell == "lstm" else 2
    table = next(
        block
        for block in section(example, "Their product: how far back the last state reaches").blocks
        if isinstance(block, Table)
    )

    def matrix(name: str) -> np.ndarray:
        return np.array([[found[f"{name}[{i},{j}]"] for j in range(1, size + 1)] for i in range(1, size + 1)])

    def norm(of: np.ndarray) -> float:
        return math.sqrt(np.linalg.eigvalsh(of.T @ of).max())

    jacobians = [matrix(f"J_{t}") for t in (1, 2, 3)]
    assert [row[0] for row in table.rows] == ['3 "man"', '2 "bites"', '1 "dog"']
    for row, factor, product in zip(
        table.rows,
        reversed(jacobians),
        (jacobians[2], jacobians[2] @ jacobians[1], jacobians[2] @ jacobians[1] @ jacobians[0]),
        strict=True,
    ):
        read = product[:2]  # the rows of h: nothing reads an LSTM's last cell
        assert row[1:] == pytest.approx((norm(factor), norm(factor), norm(read), norm(read)), abs=1e-12)
    np.testing.assert_allclose(matrix("P_0"), jacobians[2] @ jacobians[1] @ jacobians[0], atol=1e-14)


def test_the_norm_of_two_by_two_as_the_page_tells_it() -> None:
    """The root of (q + root of (q² - 4d²)) / 2, tried on a matrix whose norm is known: a turn, stretched 3 and 2."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = turn @ np.diag([3.0, 2.0])
    q, d = (matrix**2).sum(), np.linalg.det(matrix)
    assert math.sqrt((q + math.sqrt(q**2 - 4 * d**2)) / 2) == pytest.approx(3.0)
    assert "(q + root of (q² - 4d²)) / 2" in " ".join(write_text(worked()).split())


def test_four_significant_digits() -> None:
    given = (0.4, 0.1 + 0.2, 0.29999, -0.19737532, 0.00012346, 1234.56, 123456.0, 0.0, -0.0, 9e-16, 2e-15)
    expected = ["0.4", "0.3", "0.3000", "-0.1974", "0.0001235", "1235", "1.235e+05", "0", "0", "0", "2e-15"]
    assert [shown(value) for value in given] == expected


def test_numbers_put_in() -> None:
    text = plus(times(-0.5, one_minus_square(-0.2)), dot([0.1, 0.2], [3, -4]), number(-1))
    assert str(text) == "(-0.5)·(1 - (-0.2)²) + 0.1·3 + 0.2·(-4) + (-1)"
    assert str(Written("tanh({})", (-0.3,))) == "tanh(-0.3)"
    assert text.numbers == (-0.5, -0.2, 0.1, 3.0, 0.2, -4.0, -1.0)


def tampered(tensorflow: float) -> Worked:
    line = Line("h_1[1]", number(0.5), 0.5, tensorflow)
    steps = (Step("a", "b", (Line("x", number(1.0), 1.0, 1.0), line)),)
    return Worked("title", "lead", (Section("one", steps),), (Check("states", 4, 1e-16),))


@pytest.mark.parametrize(("tensorflow", "difference"), [(0.5 + 2e-9, "2e-09"), (math.nan, "nan")])
def test_a_difference_is_said_loudly(tensorflow: float, difference: str) -> None:
    example = tampered(tensorflow)
    assert not example.agrees
    loud = (
        f"TENSORFLOW DISAGREES. 6 numbers compared with TensorFlow's (float64): the difference in h_1[1] is "
        f"{difference}, and at most 1e-09 is rounding. Do not trust this page."
    )
    assert example.conclusion == loud
    assert " ".join(write_text(example).split()).endswith(loud)
    page = write_page(example)
    assert f'<p class="warning" role="alert">{loud.replace(chr(39), "&#39;")}</p>' in page
    assert page.count('<tr class="wrong">') == 1


def test_a_difference_of_rounding_is_none() -> None:
    example = tampered(0.5 + 4e-10)
    assert example.agrees
    assert example.conclusion == (
        "6 numbers compared with TensorFlow's (float64): the largest difference is 4e-10, in h_1[1]."
    )


def test_arrays_of_different_shapes_are_not_compared() -> None:
    assert check("a", np.array([1.0, 2.0]), np.array([1.0, 2.5])) == Check("a", 2, 0.5)
    with pytest.raises(ValueError, match=re.escape("a: (2,) here, (1, 2) in TensorFlow")):
        check("a", np.zeros(2), np.zeros((1, 2)))


@pytest.mark.parametrize("width", [60, 80, 93, 100, 200])
def test_lines_are_80_to_100_characters_at_most(width: int) -> None:
    long = f"{'very' * 30} long words"
    for text, cell in (
        ("dog bites man dog", "rnn"),
        ("dog bites man", "gru"),
        ("dog bites", "lstm"),
        (long, "rnn"),
    ):
        longest = max(map(len, write_text(worked(text, cell), width).splitlines()))
        assert longest <= min(max(width, 80), 100)


def test_a_terminal_that_lacks_signs_gets_words() -> None:
    text = write_text(worked("dog bites man", "lstm"), 100, "ascii")
    assert text.isascii()
    assert "i_1 = sigmoid(ai_1)" in text
    assert "(1 - tanh(c_1)^2)" in text
    assert "σ" in write_text(worked("dog bites man", "lstm"), 100, "utf-8")


def test_columns_stand_under_each_other_for_wide_characters() -> None:
    text = write_text(worked("犬 bites"))
    lines = text[text.index("E, a vector") :].splitlines()[2:4]
    assert lines == ["  bites   0.3  -0.6", "  犬     -0.2   0.2"]


def test_the_terminal_page_is_the_kept_one() -> None:
    assert explained().splitlines() == (GOLDEN / "explain.txt").read_text(encoding="utf-8").splitlines()


class Page(HTMLParser):
    """What a test asks of a page: its elements, and the text of each row of its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.headings: list[str] = []
        self._inside: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._inside = self.rows[-1]
        if tag in {"h1", "h2"}:
            self.headings.append("")
            self._inside = self.headings

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "h1", "h2"}:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self._inside[-1] += data


def test_the_page_has_every_line_of_the_example() -> None:
    example = worked("dog bites man", "gru")
    rows = Page(write_page(example)).rows
    for line in lines_of(example):
        assert [line.name, str(line.put_in), shown(line.result), shown(line.tensorflow)] in [
            row[:4] for row in rows
        ]
    assert Page(write_page(example)).headings == [
        '"dog bites man", step by step',
        "Contents",
        *(one.title for one in example.sections),
    ]


def test_the_page_asks_no_host_and_runs_no_script() -> None:
    page = write_page(worked())
    elements = Page(page).elements
    assert not {tag for tag, _ in elements} & {"script", "link", "img", "iframe", "object", "base"}
    assert not [given for _, given in elements if {"src", "srcset", "onclick", "onload"} & set(given)]
    assert all((given.get("href") or "#").startswith("#") for _, given in elements)
    assert not re.search(r"url\(|@import|https?:|//", page.partition("<body>")[0].replace("<!DOCTYPE", ""))


def test_the_page_is_fit_for_screen_readers_and_both_grounds() -> None:
    page = write_page(worked("dog bites man", "lstm"))
    elements = Page(page).elements
    count = {tag: sum(1 for each, _ in elements if each == tag) for tag in ("table", "caption", "main", "h1")}
    steps = sum(1 for _, given in elements if given.get("class") == "step")
    assert steps == count["caption"] > 0
    labelled = [given["aria-labelledby"] for tag, given in elements if tag == "table" and given]
    assert count["table"] == steps + len(labelled)  # a step's table has a caption, another the figure's
    assert (count["main"], count["h1"]) == (1, 1)
    assert all("scope" in given for tag, given in elements if tag == "th")
    identities = [given["id"] for _, given in elements if "id" in given]
    assert len(identities) == len(set(identities))
    assert set(labelled) <= set(identities)
    targets = {given["href"] for tag, given in elements if tag == "a"}
    assert targets <= {f"#{identity}" for identity in identities}
    levels = [int(tag[1]) for tag, _ in elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert ("html", {"lang": "en"}) in elements
    assert "prefers-color-scheme: dark" in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page


def test_a_persons_text_is_escaped_and_cleaned() -> None:
    text = '<b>man</b> & "x\u202e'
    page = write_page(worked(text))
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "<h1><bdi>&#34;&lt;b&gt;man&lt;/b&gt; &amp; &#34;x‹U+202E›&#34;, step by step</bdi></h1>" in page
    assert "\u202e" not in write_text(worked(text))


def fails(text: str = "dog bites man", **given: object) -> str:
    with pytest.raises(PipelineError) as error:
        explain(text, **given)  # type: ignore[arg-type]
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "shown_as"), [("", ""), (" \n ", ""), ("!? ...", "!? ..."), ("\u200b", "‹U+200B›")]
)
def test_a_text_without_a_word(text: str, shown_as: str) -> None:
    said = fails(text)
    assert said.replace('" "', '""').replace('"   "', '""') == (
        f'TEXT: "{shown_as}" has no word; give one word or more, such as "dog bites man"'
    )


def test_bytes_that_are_no_utf8() -> None:
    assert fails("\udcff dog") == "TEXT: it is not UTF-8; type it anew, or set the terminal to UTF-8"


def test_too_many_words_for_a_pencil() -> None:
    thirteen = " ".join("abcdefghijklm")
    assert fails(thirteen) == (
        f'TEXT: "{thirteen}" has 13 words; 12 is the limit; give fewer words, or a trained network with --run'
    )
    assert len(small_network("rnn", 2, thirteen.split()[:12]).words) == 12


def test_an_unknown_cell_is_answered_with_the_likely_one() -> None:
    assert fails(cell="lsmt") == '--cell: there is no cell "lsmt"; did you mean "lstm"?'
    assert fails(cell="x") == '--cell: there is no cell "x"; it is one of rnn, gru, lstm'


@pytest.mark.parametrize("units", [0, 5, -1])
def test_units_out_of_range(units: int) -> None:
    assert fails(units=units) == f"--units: {units} units are not for a pencil; give 1 to 4"


def test_units_or_a_run() -> None:
    assert fails(units=2, run=Path("reports")) == (
        "--units: a trained network has the units it was trained with; give --run or --units, not both"
    )
    assert fails(model="lstm@word2vec") == (
        '--model: "lstm@word2vec" is a trained network, and no run is given; add --run RUN'
    )


def test_where_a_page_can_be_written(tmp_path: Path) -> None:
    check_out(tmp_path / "new.html")
    there = tmp_path / "there.html"
    there.write_text("mine", encoding="utf-8")
    cases = {
        tmp_path / "a.txt": f"--out: {tmp_path / 'a.txt'} is no name of a web page; let it end in .html",
        tmp_path / "no" / "a.html": (
            f"--out: there is no folder {tmp_path / 'no'}; make it first, or name another"
        ),
        there: f"--out: {there} is there already; name a new file, or remove this one first",
    }
    for path, said in cases.items():
        with pytest.raises(PipelineError) as error:
            check_out(path)
        assert str(error.value) == said
    assert there.read_text(encoding="utf-8") == "mine"


def test_matrices_too_wide_for_a_line_go_on_below() -> None:
    matrix = Matrix("M", tuple(f"column {number}" for number in range(12)), (("row", tuple(range(12))),))
    text = write_text(
        replace(tampered(0.5), sections=(*tampered(0.5).sections, Section("two", (matrix,)))), 80
    )
    lines = text[text.index("M\n") :].splitlines()
    assert [line.split("  ")[1].strip() for line in lines[1:5]] == ["", "row", "", "row"]
    assert [word for line in (lines[2], lines[4]) for word in line.split()[1:]] == [str(n) for n in range(12)]
