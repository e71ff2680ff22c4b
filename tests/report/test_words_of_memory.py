"""What is said of memory is true of the numbers that it is said of."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.report.words.memory import needed, units
from pipeline.run_folder.details.probes import HorizonChange, HorizonPoint, MemoryHorizon, TimeConstants


def horizon(accuracies: dict[int, float], whole: float, enough: int | None = None) -> MemoryHorizon:
    points = tuple(
        HorizonPoint(k, accuracy, 0.0, (0.0, 0.0), None, None, None, 0.5)
        for k, accuracy in accuracies.items()
    )
    facts: dict[str, Any] = {"documents": 100, "longest": 300, "majority": 0.5, "rope": 0.01}
    changes = {"dropped": HorizonChange(points, enough, None)}
    return MemoryHorizon(reading="", accuracy=whole, above_majority=True, changes=changes, **facts)


def test_only_the_whole_text_gives_the_most_where_no_part_gives_as_much() -> None:
    assert needed("lstm", horizon({16: 0.7, 64: 0.87}, 0.95)) == (
        "It needs more than the last words",
        "With the last 16 words alone lstm is right on 70 of 100. With 64 it is right on 87."
        " Only the whole text gives 95.",
    )


def test_a_part_that_gives_more_than_the_whole_leaves_the_question_open() -> None:
    title, said = needed("lstm", horizon({16: 0.97, 64: 0.94}, 0.95))
    assert title == "How many last words are enough stays open"
    assert said.endswith("The whole text gives 95; no number of words was shown to be enough.")


def test_words_that_were_shown_to_be_enough_are_said() -> None:
    assert needed("lstm", horizon({16: 0.97}, 0.95, enough=16))[0] == "The last 16 words are enough"


@pytest.mark.parametrize(
    ("tokens", "title", "said"),
    [
        (
            (1.0, 2.6, 150.0),
            "Half of its units forget within 3 words",
            "Of 3 units of lstm 1 holds for more than a",
        ),
        (
            (0.5, 1.2, 90.0),
            "Half of its units forget within one word",
            "Of 3 units of lstm none holds for more",
        ),
        (
            (80.0, 200.0, 300.0),
            "Half of its units forget within 200 words",
            "Of 3 units of lstm 2 hold for more",
        ),
    ],
)
def test_the_title_of_units_is_the_middle_one(tokens: tuple[float, ...], title: str, said: str) -> None:
    found = units(
        "lstm", TimeConstants(reading="", gate="forget", tokens=tokens, held_for=(), median_length=40.0)
    )
    assert found[0] == title
    assert found[1].startswith(said)
