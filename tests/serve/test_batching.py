"""Questions that arrive together are answered together, within a bound; the fault of one is the fault of one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from clients import result_of

from pipeline.serve.batching import Answering


class Slow:
    """Answers numbers with their doubles; the first batch waits until `go`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, questions: Sequence[int]) -> list[int]:
        self.batches.append([*questions])
        self.begun.set()
        assert self.go.wait(20)
        if 13 in questions:
            raise ArithmeticError("thirteen")
        return [2 * question for question in questions]


def answers_to(slow: Slow, numbers: Sequence[int], cancelled: int | None = None) -> list[object]:
    """Return the answers to numbers, all but the first of which are asked while that is answered.

    A number is its own size. The caller of the one at the place `cancelled` gives up meanwhile.
    """

    async def asked() -> list[object]:
        with Answering[int, int](slow, lambda number: number, together=20) as answering:
            first = asyncio.create_task(answering.ask(numbers[0]))
            await asyncio.to_thread(slow.begun.wait, 20)
            tasks = [first, *(asyncio.create_task(answering.ask(number)) for number in numbers[1:])]
            await asyncio.sleep(0)  # all of them have asked
            if cancelled is not None:
                tasks[cancelled].cancel()
                await asyncio.sleep(0)
            slow.go.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    return result_of(asked())


def test_what_arrives_during_an_answer_is_answered_at_once() -> None:
    slow = Slow()
    assert answers_to(slow, [1, 2, 3, 4]) == [2, 4, 6, 8]
    assert slow.batches == [[1], [2, 3, 4]]


def test_no_more_than_the_bound_is_answered_at_once_and_a_larger_one_alone() -> None:
    slow = Slow()
    assert answers_to(slow, [1, 9, 11, 1, 30, 2]) == [2, 18, 22, 2, 60, 4]
    assert slow.batches == [[1], [9, 11], [1], [30], [2]]


def test_of_questions_that_fail_together_the_others_are_answered() -> None:
    slow = Slow()
    first, second, failed, last = answers_to(slow, [1, 2, 13, 3])
    assert (first, second, last) == (2, 4, 6)
    assert isinstance(failed, ArithmeticError)
    assert slow.batches == [[1], [2, 13, 3], [2], [13], [3]]


def test_a_question_that_nobody_waits_for_any_more_is_passed_over() -> None:
    slow = Slow()
    first, cancelled, last = answers_to(slow, [1, 2, 3], cancelled=1)
    assert (first, last) == (2, 6)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert slow.batches == [[1], [3]]


def test_what_waits_at_the_end_is_answered_before_it() -> None:
    async def asked() -> list[int]:
        with Answering[int, int](lambda numbers: [*numbers], lambda number: 1, together=1) as answering:
            tasks = [asyncio.create_task(answering.ask(number)) for number in range(50)]
            await asyncio.sleep(0)  # all of them have asked
        assert not answering.alive
        return await asyncio.gather(*tasks)

    assert result_of(asked()) == [*range(50)]


def test_with_nothing_to_answer_it_ends_at_once() -> None:
    with Answering[int, int](
        lambda numbers: pytest.fail("nothing was asked"), lambda number: 1, 1
    ) as answering:
        assert answering.alive
    assert not answering.alive
