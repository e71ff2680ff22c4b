"""Whether this process was asked to stop: by Ctrl-C, by the clock of --minutes, or in a worker by the first process.

What takes long looks at it where it can end without loss, such as a training after each update.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from types import FrameType

INTERRUPTED, OUT_OF_TIME = "interrupted", "out of time"  # as details/status.json has it

GRACE_SECONDS = 5.0  # after the time is over, for what does not look at the flag: then it is cut off


class Stopped(BaseException):
    """Ends what was asked to stop. It is no error: no `except Exception` takes it for one."""


class StoppedAtOnce(KeyboardInterrupt):
    """Ctrl-C, pressed by someone who does not wait for what was asked to stop."""


@dataclass(eq=False)
class Stop:
    """Whether and why to stop.

    Attributes
    ----------
    why : `INTERRUPTED` or `OUT_OF_TIME`; None: go on
    """

    why: str | None = None
    _cut: bool = field(default=False, init=False)  # the grace is over too
    _may_cut: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @contextmanager
    def may_be_cut(self) -> Iterator[None]:
        """Let `Stopped` end the block anywhere, once the grace is over."""
        self._may_cut = True
        try:
            if self._cut:
                raise Stopped
            yield
        finally:
            self._may_cut = False

    def cut(self) -> None:
        """Say that the grace is over, with a signal that wakes the main thread from what it waits for."""
        main = threading.main_thread().ident
        with self._lock:
            if self._closed or main is None:
                return
            self._cut = True
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(main, signal.SIGINT)
            else:
                signal.raise_signal(signal.SIGINT)

    def close(self) -> None:
        """Have no signal sent from now on."""
        with self._lock:
            self._closed = True

    def hear(self) -> None:
        """Take in a signal: Ctrl-C, or that the grace is over."""
        if self._cut:
            if self._may_cut:
                raise Stopped
        elif self.why is not None:
            raise StoppedAtOnce
        else:
            self.why = INTERRUPTED


_stops: list[Stop] = []  # of the blocks that can be stopped, the innermost last


def asked() -> bool:
    """Return whether this process was asked to stop."""
    return bool(_stops) and _stops[-1].why is not None


def check() -> None:
    """Raise `Stopped` if this process was asked to stop."""
    if asked():
        raise Stopped


def may_be_cut() -> AbstractContextManager[None]:
    """Return a context that `Stopped` may end anywhere, once what was asked to stop has had its grace."""
    return _stops[-1].may_be_cut() if _stops else nullcontext()


@contextmanager
def stoppable(tell: Callable[[str], None], deadline: float | None) -> Iterator[Stop]:
    """Have Ctrl-C and the clock ask what runs in the block to stop; a second Ctrl-C raises `StoppedAtOnce`.

    Parameters
    ----------
    tell : callable
        Given the reason when one comes; in a thread of its own, since a signal may come while something is printed.
    deadline : float or None
        When the time is over, by `time.perf_counter`.
    """
    stop = Stop()
    _stops.append(stop)
    timers = _timers(stop, tell, deadline)
    try:
        with _signals_heard(stop, tell):
            for timer in timers:
                timer.start()
            try:
                yield stop
            finally:
                stop.close()
    finally:
        for timer in timers:
            timer.cancel()
        _stops.remove(stop)


@contextmanager
def _signals_heard(stop: Stop, tell: Callable[[str], None]) -> Iterator[None]:
    """Have SIGINT heard by `stop` while the block runs; a process that ignores Ctrl-C goes on ignoring it."""
    if not _is_main_thread():
        yield
        return
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN

    def hear(number: int, frame: FrameType | None) -> None:
        if ignored and not stop._cut:
            return
        first = stop.why is None
        stop.hear()
        if first:
            threading.Thread(target=tell, args=(INTERRUPTED,), daemon=True).start()

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _timers(stop: Stop, tell: Callable[[str], None], deadline: float | None) -> list[threading.Timer]:
    """Return what sets the flag when the time is over, and cuts off when the grace is."""
    if deadline is None:
        return []

    def over() -> None:
        if stop.why is None:
            stop.why = OUT_OF_TIME
            tell(OUT_OF_TIME)

    left = max(0.0, deadline - time.perf_counter())
    timers = [threading.Timer(left, over)]
    if _is_main_thread():  # which alone can be woken by a signal
        timers.append(threading.Timer(left + GRACE_SECONDS, stop.cut))
    for timer in timers:
        timer.daemon = True
    return timers


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def hear_first_process() -> None:
    """In a worker: stop when the first process says so, by SIGTERM; Ctrl-C is for that process to hear."""
    stop = Stop()
    _stops.append(stop)

    def hear(number: int, frame: FrameType | None) -> None:
        stop.why = INTERRUPTED

    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, hear)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a library may have unblocked it in a thread of its own
