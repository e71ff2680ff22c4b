"""The worked example: its numbers by hand, by finite differences and by TensorFlow; what it says of a mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from make_golden import GOLDEN, explained

from pipeline.core.errors import PipelineError
from pipeline.interpret.explain import check_out, explain
from pipeline.interpret.explain.compared import Comparison, compare, conclusion
from pipeline.interpret.explain.each_word import EachWord, right_tags
from pipeline.interpret.explain.notebook import Notebook
from pipeline.interpret.explain.pencil import Pencil
from pipeline.interpret.explain.small import LABEL, small_network, tenths
from pipeline.interpret.explain.written import Numbers, Written, number, shown, values
from pipeline.models.equations import CellWeights, forward
from pipeline.report.page.blocks import Example, Paragraph, Section, Table
from pipeline.report.page.terminal import write_example

CELLS = ("rnn", "gru", "lstm")
NAMES = {"tanh": math.tanh, "exp": math.exp, "ln": math.log, "σ": lambda a: 1 / (1 + math.exp(-a))}


class Listening(Notebook):
    """A notebook that keeps every number written into it by its name; a name that comes again is another order's."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, Written]] = []

    def step(self, words: str, symbols: str, put_in: Numbers, **given: str | Callable[..., str]) -> Numbers:
        results = super().step(words, symbols, put_in, **given)  # type: ignore[arg-type]
        for section in self.sections()[-1:]:
            names = (name for name, *_ in texts(section.blocks[-1]))
            self.lines += zip(names, put_in.ravel().tolist(), strict=True)
        return results


@cache
def lines_of(text: str = "dog bites man", cell: str = "rnn", units: int = 2) -> list[tuple[str, Written]]:
    pencil = Pencil(small_network(cell, units, text.split()), text.split())
    pencil.book = listening = Listening()
    pencil.work()
    return listening.lines


def numbers(text: str = "dog bites man", cell: str = "rnn", units: int = 2) -> dict[str, float]:
    """Return the first result of each name: in the closing section names come again, for both orders."""
    return {name: one.value for name, one in reversed(lines_of(text, cell, units))}


@cache
def worked(text: str = "dog bites man", cell: str = "rnn") -> Example:
    return explain(text, cell=cell)


def section(example: Example, title: str) -> Section:
    (found,) = (one for one in example.sections if one.title == title)
    return found


def texts(block: object) -> list[list[str]]:
    assert isinstance(block, Table)
    return [[cell.text for cell in row] for row in block.rows]


def test_one_unit_and_two_words_by_hand() -> None:
    """With k counted from 0, row by row: E is 0.3 -0.6 for "no", -0.2 0.2 for "yes"; W is -0.4, 0.1 and U 0.5."""
    found = numbers("yes no", "rnn", 1)
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
    for name, one in lines_of("dog bites man dog", cell, units):
        python = one.template.replace("·", "*").replace("²", "**2")
        text = python.format(*(f"({number!r})" for number in one.numbers))
        assert eval(text, NAMES) == pytest.approx(one.value, abs=1e-13), f"{name} = {one}"


@pytest.mark.parametrize("cell", CELLS)
def test_tensorflow_agrees_and_a_table_at_the_end_says_with_what(cell: str) -> None:
    example = worked("dog bites man dog", cell)
    assert example.agrees
    closing = texts(example.sections[-1].blocks[-1])
    both = ["h_t", "c_t"] if cell == "lstm" else ["h_t"]
    assert [name for name, *_ in closing] == [
        *both,
        *("y", "p", "L", "dL/dW", "dL/dU", "dL/db", "dL/dV", "dL/dv", "dL/dy"),
        *(f"dL/d{name}" for name in both),
        *("dL/dx_t", "P_t"),
    ]
    assert max(float(row[-1]) for row in closing) < 1e-13
    size = 4 if cell == "lstm" else 2
    assert closing[-1][1:3] == ["the products of the Jacobians", f"{4 * size * size}"]
    assert re.fullmatch(
        rf"{sum(int(row[2]) for row in closing)} numbers compared with TensorFlow's \(float64\): "
        r"the largest difference is \de-1\d, in \S+\.",
        example.conclusion,
    )


def loss(cell: str, words: list[str], array: str, place: tuple[int, ...], change: float) -> float:
    """Return the small network's loss where one weight is moved."""
    network = small_network(cell, 2, words)
    weights = {
        "E": network.table,
        "W": network.weights.kernel,
        "U": network.weights.recurrent_kernel,
        "b": network.weights.bias,
        "V": network.output[0],
    }
    weights[array] = weights[array].copy()
    weights[array][place] += change
    rows = [sorted(set(words)).index(word) for word in words]
    trace = forward(cell, CellWeights(weights["W"], weights["U"], weights["b"]), weights["E"][rows][None])
    powers = np.exp(trace.states[0, -1] @ weights["V"] + network.output[1])
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
    found = numbers(" ".join(words), cell)
    for name, (array, place) in {**MOVED[cell], **OF_EVERY_CELL}.items():
        above, below = (loss(cell, words, array, place, sign * step) for sign in (1, -1))
        assert found[name] == pytest.approx((above - below) / (2 * step), abs=1e-9), name


def test_weights_are_tenths_of_the_stated_rule() -> None:
    assert tenths("E", 3, 2).tolist() == [[0.3, -0.6], [-0.2, 0.2], [0.6, -0.3]]  # (9 + 4k) mod 13 - 6
    text = write_example(worked())
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
    table = section(worked("dog bites man", cell), "The same words in another order").blocks[-1]
    assert isinstance(table, Table)
    assert [column.title for column in table.columns] == [
        *("network", '"dog bites man"', '"man bites dog"', "difference")
    ]
    (_, average, again, difference), (name, first, second, other) = texts(table)
    assert (average, difference) == (again, "0")
    both = [numbers(text, cell)["p[A]"] for text in ("dog bites man", "man bites dog")]
    assert [name, first, second] == [cell, *map(shown, both)]
    assert float(other) == pytest.approx(abs(both[0] - both[1]), rel=1e-3)
    assert float(other) > 0.001
    by_hand = np.mean([[-0.2, 0.2], [0.3, -0.6], [0.6, -0.3]], axis=0)  # dog, bites, man
    o = by_hand @ [[-0.5, 0.2], [-0.4, 0.3]] + [0.1, -0.1]
    assert average == shown(1 / (1 + math.exp(o[1] - o[0])))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dog", "There is one word, so there is no other order to compare with."),
        ("dog Dog", "All words are the same, so there is no other order to compare with."),
    ],
)
def test_words_without_another_order(text: str, said: str) -> None:
    assert section(worked(text), "The same words in another order").blocks == (Paragraph(said),)


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "f"), ("gru", "z")])
def test_what_a_cell_keeps_is_the_product_of_the_gates_that_keep_it(cell: str, gate: str) -> None:
    found = numbers("dog bites man", cell)
    for unit in (1, 2):
        for t, later in ((2, [3]), (1, [2, 3]), (0, [1, 2, 3])):
            product = math.prod(found[f"{gate}_{step}[{unit}]"] for step in later)
            assert found[f"K_{t}[{unit}]"] == pytest.approx(product, abs=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_norms_are_the_largest_singular_values_of_the_jacobians_shown(cell: str) -> None:
    """For each t the matrices are put together from their lines; the norm is the root of J^T J's largest eigenvalue."""
    found, size = numbers("dog bites man", cell), 4 if cell == "lstm" else 2
    blocks = section(
        worked("dog bites man", cell), "Their product: how far back the last state reaches"
    ).blocks
    table = next(block for block in blocks if isinstance(block, Table) and block.columns[0].title == "step t")

    def matrix(name: str) -> np.ndarray:
        return np.array([[found[f"{name}[{i},{j}]"] for j in range(1, size + 1)] for i in range(1, size + 1)])

    def norm(of: np.ndarray) -> str:
        return shown(math.sqrt(np.linalg.eigvalsh(of.T @ of).max()))

    first, second, third = (matrix(f"J_{t}") for t in (1, 2, 3))
    assert (
        texts(table)
        == [  # of the products the rows of h: nothing reads an LSTM's last cell
            ['3 "man"', norm(third), norm(third[:2])],
            ['2 "bites"', norm(second), norm((third @ second)[:2])],
            ['1 "dog"', norm(first), norm((third @ second @ first)[:2])],
        ]
    )
    np.testing.assert_allclose(matrix("P_0"), third @ second @ first, atol=1e-14)
    assert table.rows[0][2].bar == 1


def test_the_norm_of_two_by_two_as_the_page_tells_it() -> None:
    """The root of (q + root of (q² - 4d²)) / 2, tried on a matrix whose norm is known: a turn, stretched 3 and 2."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = turn @ np.diag([3.0, 2.0])
    q, d = (matrix**2).sum(), np.linalg.det(matrix)
    assert math.sqrt((q + math.sqrt(q**2 - 4 * d**2)) / 2) == pytest.approx(3.0)
    assert "(q + root of (q² - 4d²)) / 2" in " ".join(write_example(worked()).split())


def test_four_significant_digits() -> None:
    given = (0.4, 0.1 + 0.2, 0.29999, -0.19737532, 0.00012346, 1234.56, 123456.0, 0.0, -0.0, 9e-16, 2e-15)
    expected = ["0.4", "0.3", "0.3000", "-0.1974", "0.0001235", "1235", "1.235e+05", "0", "0", "0", "2e-15"]
    assert [shown(value) for value in given] == expected


def test_numbers_put_in() -> None:
    text = number(-0.5) * (1 - number(-0.2) ** 2) + number(0.1) * 3 + number(-1)
    assert str(text) == "(-0.5)·(1 - (-0.2)²) + 0.1·3 + (-1)"
    assert text.numbers == (-0.5, 1.0, -0.2, 0.1, 3.0, -1.0)
    assert text.value == pytest.approx(-0.5 * 0.96 + 0.3 - 1)
    assert str(number(2) * (number(0.5) + number(1)) / 4) == "2·(0.5 + 1) / 4"
    assert str(Written("tanh({})", (-0.3,), math.tanh(-0.3))) == "tanh(-0.3)"


@pytest.mark.parametrize(("tensorflow", "difference"), [(0.5 + 2e-9, "2e-09"), (math.nan, "nan")])
def test_a_difference_is_said_loudly(tensorflow: float, difference: str) -> None:
    ours = {"h_t": np.full((2, 2), 0.5), "L": np.array(1.0)}
    compared = compare(ours, {"h_t": np.array([[0.5, 0.5], [tensorflow, 0.5]]), "L": np.array(1.0)})
    told, agrees = conclusion(compared)
    assert not agrees
    assert told == (
        f"TENSORFLOW DISAGREES. 5 numbers compared with TensorFlow's (float64): the difference in h_t is "
        f"{difference}, and at most 1e-09 is rounding. Do not trust this page."
    )


def test_a_difference_of_rounding_is_none() -> None:
    compared = (Comparison("L", 1, 1e-16), Comparison("h_t", 5, 4e-10))
    told = "6 numbers compared with TensorFlow's (float64): the largest difference is 4e-10, in h_t."
    assert conclusion(compared) == (told, True)


def test_quantities_of_different_shapes_are_not_compared() -> None:
    with pytest.raises(ValueError, match=re.escape("a: (2,) here, (1, 2) in TensorFlow")):
        compare({"a": np.zeros(2)}, {"a": np.zeros((1, 2))})
    with pytest.raises(ValueError, match=re.escape("b: (0,) here, (1,) in TensorFlow")):
        compare({}, {"b": np.zeros(1)})


def test_the_terminal_page_is_the_kept_one() -> None:
    assert explained().splitlines() == (GOLDEN / "explain.txt").read_text(encoding="utf-8").splitlines()


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


ONE = "give --run or --units, not both"
MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"cell": "lsmt"}, '--cell: there is no cell "lsmt"; did you mean "lstm"?'),
    ({"cell": "x"}, '--cell: there is no cell "x"; it is one of rnn, gru, lstm'),
    ({"units": 0}, "--units: 0 units are not for a pencil; give 1 to 4"),
    ({"units": 5}, "--units: 5 units are not for a pencil; give 1 to 4"),
    ({"units": 2, "run": Path("a")}, f"--units: a trained network has the units it was trained with; {ONE}"),
    ({"model": "a"}, '--model: "a" is a trained network, and no run is given; add --run RUN'),
]


@pytest.mark.parametrize(("given", "said"), MISTAKES)
def test_a_mistake_in_an_option_is_told(given: dict[str, object], said: str) -> None:
    assert fails(**given) == said  # type: ignore[arg-type]


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


# --- an answer for each word


@cache
def each_word(cell: str) -> tuple[EachWord, dict[str, np.ndarray]]:
    tokens = ["dog", "bites", "man"]
    pencil = EachWord(small_network(cell, 2, tokens), tokens)
    pencil.work()
    return pencil, pencil.quantities()


@pytest.mark.parametrize("cell", CELLS)
def test_answers_of_each_word_agree_with_tensorflow(cell: str) -> None:
    example = explain("dog bites man", cell=cell, each_word=True)
    assert example.agrees, example.conclusion


@pytest.mark.parametrize("cell", CELLS)
def test_the_loss_of_a_sentence_is_the_sum_of_its_words_by_finite_differences(cell: str) -> None:
    pencil, found = each_word(cell)
    network, tokens = pencil.network, pencil.tokens

    def loss(table: np.ndarray) -> float:
        inputs = table[[network.words.index(token) for token in tokens]]
        states = forward(cell, network.weights, inputs[None]).states[0, 1:]  # (T, H)
        logits = states @ network.output[0] + network.output[1]
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return float(-np.log(shares[np.arange(len(tokens)), right_tags(len(tokens))]).sum())

    assert found["L"] == pytest.approx(loss(network.table))
    step, word = 1e-6, network.words.index("dog")
    for place in range(2):
        moved = [network.table.copy() for _ in range(2)]
        moved[0][word, place] += step
        moved[1][word, place] -= step
        slope = (loss(moved[0]) - loss(moved[1])) / (2 * step)
        assert values(pencil.book.known["dL/dx_1"])[place] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_what_reaches_the_first_state_is_each_words_own_gradient_through_the_jacobians(cell: str) -> None:
    pencil, _ = each_word(cell)
    noted = [
        block
        for section in pencil.book.sections()
        for block in section.blocks
        if isinstance(block, Table) and block.caption.startswith("What reaches the first state is a sum")
    ]
    shown_there = [row[-1].text for row in noted[0].rows]
    assert shown_there == [shown(value) for value in values(pencil.book.known["dL/dh_1"]).tolist()]


def test_a_trained_network_has_a_head_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="a trained network has the head it was trained with"):
        explain("dog bites man", run=tmp_path, each_word=True)
