"""Questions that arrive together are answered together, by one thread, while the event loop takes in others."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class _Waiting(Generic[Question, Answer]):
    """A question, and where its answer is waited for."""

    question: Question
    loop: asyncio.AbstractEventLoop
    answered: asyncio.Future[Answer]

    def tell(self, answer: Answer | BaseException) -> None:
        """Hand the answer, or why there is none, to the event loop."""
        with suppress(RuntimeError):  # the loop was ended by force, and with it who waits
            self.loop.call_soon_threadsafe(self._settle, answer)

    def _settle(self, answer: Answer | BaseException) -> None:
        if self.answered.done():  # nobody waits any more
            return
        if isinstance(answer, BaseException):
            self.answered.set_exception(answer)
        else:
            self.answered.set_result(answer)


class Answering(Generic[Question, Answer]):
    """A thread that takes what waits, up to a bound, and answers it at once.

    While it answers, others arrive: the busier the service, the more is answered at once, and nobody waits for a
    batch to fill.

    Parameters
    ----------
    answer : function
        From questions to an answer each, in their order.
    size : function
        How large a question is.
    together : int
        The size of the questions that are answered at once; a single larger one is answered alone.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Sequence[Answer]],
        size: Callable[[Question], int],
        together: int,
    ) -> None:
        self._answer, self._size, self._together = answer, size, together
        self._waiting: deque[_Waiting[Question, Answer]] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="answers", daemon=True)

    def __enter__(self) -> Answering[Question, Answer]:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether questions are answered."""
        return self._thread.is_alive()

    async def ask(self, question: Question) -> Answer:
        """Return the answer to a question. One whose caller was cancelled before its turn is passed over."""
        loop = asyncio.get_running_loop()
        one: _Waiting[Question, Answer] = _Waiting(question, loop, loop.create_future())
        with self._changed:
            self._waiting.append(one)
            self._changed.notify()
        return await one.answered

    def _work(self) -> None:
        while batch := self._next():
            if wanted := [one for one in batch if not one.answered.cancelled()]:
                self._answer_all(wanted)

    def _next(self) -> list[_Waiting[Question, Answer]]:
        """Return what is answered next, as soon as something waits; nothing once all has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            batch: list[_Waiting[Question, Answer]] = []
            size = 0
            while self._waiting and (
                not batch or size + self._size(self._waiting[0].question) <= self._together
            ):
                batch.append(self._waiting.popleft())
                size += self._size(batch[-1].question)
            return batch

    def _answer_all(self, batch: Sequence[_Waiting[Question, Answer]]) -> None:
        """Answer these at once; where that fails, one by one, so that one of them alone gets the error."""
        try:
            answers = self._answer([one.question for one in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].tell(error)
            else:
                for one in batch:
                    self._answer_all([one])
            return
        for one, answer in zip(batch, answers, strict=True):
            one.tell(answer)
