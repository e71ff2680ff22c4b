"""The flag that says to stop: set by real signals and by the clock."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from pipeline.core import stopping
from pipeline.core.stopping import Stopped, StoppedAtOnce, stoppable

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals as POSIX has them")


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def wait_until(true: object, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def test_nothing_is_asked_to_stop_outside_of_a_block() -> None:
    assert not stopping.asked()
    stopping.check()


def test_ctrl_c_once_asks_and_says_so_and_is_forgotten_behind_the_block() -> None:
    told: list[str] = []
    with stoppable(told.append, None) as stop:
        stopping.check()
        press_ctrl_c()
        assert stopping.asked()
        with pytest.raises(Stopped):
            stopping.check()
        wait_until(lambda: told)
    assert (told, stop.why) == (["interrupted"], "interrupted")
    assert not stopping.asked()
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()


def test_ctrl_c_twice_ends_at_once() -> None:
    with stoppable(lambda why: None, None):
        press_ctrl_c()
        with pytest.raises(StoppedAtOnce):
            press_ctrl_c()


def test_the_clock_asks_at_the_deadline() -> None:
    told: list[str] = []
    with stoppable(told.append, time.perf_counter() + 0.2) as stop:
        assert not stopping.asked()
        wait_until(stopping.asked)
        wait_until(lambda: told)
    assert (told, stop.why) == (["out of time"], "out of time")


def test_a_deadline_that_is_past_asks_at_once() -> None:
    with stoppable(lambda why: None, time.perf_counter() - 100) as stop:
        wait_until(stopping.asked)
    assert stop.why == "out of time"


def test_what_does_not_look_at_the_flag_is_cut_off_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.3)
    began = time.monotonic()
    with (
        stoppable(lambda why: None, time.perf_counter() + 0.2),
        pytest.raises(Stopped),
        stopping.may_be_cut(),
    ):
        threading.Event().wait(30)  # a lock, as what waits for threads in C has it
    assert 0.4 < time.monotonic() - began < 5


def test_nothing_is_cut_off_where_it_may_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.1)
    with stoppable(lambda why: None, time.perf_counter()) as stop:
        wait_until(lambda: stop._cut)
        time.sleep(0.1)
        with pytest.raises(Stopped), stopping.may_be_cut():
            pass


def test_a_block_that_ends_before_the_grace_is_over_gets_no_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.2)
    with stoppable(lambda why: None, time.perf_counter()):
        wait_until(stopping.asked)
    time.sleep(0.5)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_process_that_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable(lambda why: None, None):
            press_ctrl_c()
            assert not stopping.asked()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_hears_the_clock_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.0)
    reasons = []

    def run() -> None:
        with stoppable(lambda why: None, time.perf_counter()) as stop:
            wait_until(lambda: stop.why)
            time.sleep(0.2)  # the main thread, which waits below, gets no signal
            reasons.append(stop.why)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert reasons == ["out of time"]
