"""A worked example as text for a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.report.page.blocks import Cell, Code, Column, Example, Paragraph, Section, Table, numbers, row
from pipeline.report.page.terminal import write_example

STEP = Table(
    "The state",
    (Column("", number=False), Column("h = σ(x W)", number=False, equation=True), Column("result")),
    (
        row("h[1]", "= σ(" + " + ".join(f"0.{number}·(-0.25)" for number in range(10, 17)) + ")", "0.5"),
        row("h[2]", "= 1 - 0.2²", "0.96"),
    ),
)
MATRIX = Table(
    "U", (Column("", number=False), *numbers("1", "2")), (row("犬", "0.3", "-0.6"), row("bites", "-1", "0"))
)
NORMS = Table(
    "Norms",
    (Column("step t", number=False), Column("norm")),
    (row('2 "man"', Cell("0.5", bar=1.0)), row('1 "dog"', Cell("0.25", bar=0.5))),
)
EXAMPLE = Example(
    '"dog <b>\u202e", step by step',
    "A network reads one word.",
    (
        Section("s1", "The network", (Code("h = σ(x W)"), Paragraph("x is a row."), MATRIX), "Before", 1),
        Section("s2", 'Step 1: "dog"', (STEP, NORMS), "Forward", 2),
    ),
    "5 numbers compared with TensorFlow's.",
    agrees=True,
)
TEXT = """\
"dog <b>‹U+202E›", step by step
===============================

A network reads one word.

The network
-----------

  h = σ(x W)

x is a row.

U
           1     2
  犬     0.3  -0.6
  bites   -1     0

Step 1: "dog"
-------------

The state
        h = σ(x W)                                                        result
  h[1]  = σ(0.10·(-0.25) + 0.11·(-0.25) + 0.12·(-0.25) + 0.13·(-0.25) +
          0.14·(-0.25) + 0.15·(-0.25) + 0.16·(-0.25))                        0.5
  h[2]  = 1 - 0.2²                                                          0.96

Norms
  step t   norm
  2 "man"   0.5  ████████████████████
  1 "dog"  0.25  ██████████

5 numbers compared with TensorFlow's."""


def test_the_text_has_titles_equations_and_columns_under_each_other() -> None:
    assert write_example(EXAMPLE, 80) == TEXT


@pytest.mark.parametrize("width", [60, 80, 93, 100, 200])
def test_lines_are_80_to_100_characters_at_most(width: int) -> None:
    word = "very" * 30
    table = replace(NORMS, columns=(Column(word, number=False), Column(word)), rows=(row(word, word),) * 2)
    long = replace(EXAMPLE, title=word, sections=(Section("s1", word, (table, STEP)),))
    longest = max(map(len, write_example(long, width).splitlines()))
    assert longest <= min(max(width, 80), 100)


def test_a_terminal_that_lacks_signs_gets_words() -> None:
    plain = replace(EXAMPLE, title="one", sections=EXAMPLE.sections[1:])
    text = write_example(plain, 100, "ascii")
    assert text.isascii()
    assert "= sigmoid(0.10*(-0.25)" in text
    assert "= 1 - 0.2^2" in text
    assert "####################" in text


def test_bars_that_do_not_fit_are_left_out() -> None:
    columns = (*NORMS.columns, *numbers(*(f"number {place:07}" for place in range(4))))
    rows = tuple((*line, *row(1, 2, 3, 4)) for line in NORMS.rows)
    sections = (Section("s1", "one", (replace(NORMS, columns=columns, rows=rows),)),)
    assert "█" not in write_example(replace(EXAMPLE, sections=sections), 80)


def test_matrices_too_wide_for_a_line_go_on_below() -> None:
    matrix = Table(
        "M",
        (Column("", number=False), *numbers(*(f"column {number}" for number in range(12)))),
        (row("row", *range(12)),),
    )
    text = write_example(replace(EXAMPLE, sections=(Section("s1", "two", (matrix,)),)), 80)
    lines = text[text.index("M\n") :].splitlines()
    assert [line.split("  ")[1].strip() for line in lines[1:5]] == ["", "row", "", "row"]
    assert [word for line in (lines[2], lines[4]) for word in line.split()[1:]] == [str(n) for n in range(12)]
