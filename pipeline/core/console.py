"""What a person at the terminal sees: stages with time left, messages, the log file, no library noise."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pipeline.core.warned import Warned

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_LINE_SECONDS = 60.0  # without a terminal, a running stage says where it is at most this often


class Stage:
    """One running stage of a `Console`; `advance` moves its bar."""

    def __init__(
        self, console: Console, title: str, total: float | None, unit: str, estimates: bool = True
    ) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.estimates = estimates
        self.done: float = 0
        self.note = ""
        self.started = time.perf_counter()
        self._console = console
        self._last_line = self.started
        self._task: TaskID | None = console._add_bar(self)

    def advance(self, steps: float = 1, note: str | None = None) -> None:
        """Count `steps` more units as done; `note` (the best score so far) stays until the next one."""
        with self._console._lock:
            self.done += steps
            self.note = self.note if note is None else note
            self._console._move_bar(self)
            now = time.perf_counter()
            if now - self._last_line >= PLAIN_LINE_SECONDS:
                self._last_line = now
                self._console._progress_line(self.summary(now - self.started))

    def reach(self, done: float, total: float) -> None:
        """Say how far the stage is, for work that knows its length only once it runs."""
        self.total = total
        self.advance(done - self.done)

    def summary(self, seconds: float, ending: str = "") -> str:
        """Return the stage as one line: title, units done, seconds, note."""
        parts = [f"{ending}{seconds:.1f} s"]
        if self.total is not None:
            parts.insert(0, f"{self.done:,.0f} of {self.total:,.0f} {self.unit}".rstrip())
        elif self.done:
            parts.insert(0, f"{self.done:,.0f} {self.unit}".rstrip())
        return f"{self.title}: {', '.join(parts + ([self.note] if self.note else []))}"


class Console:
    """Messages and progress of one command.

    Parameters
    ----------
    stream : text stream, optional
        Where to write; standard output when absent. Bars are drawn only if it is a terminal.
    silent : bool
        Write nothing to the stream; the log file is still written.

    Attributes
    ----------
    stage_seconds : list of (title, seconds)
        Every stage that ended without an error, in the order they ended.
    log_path : Path or None
        The log file, once `log_to` was called.
    """

    def __init__(self, stream: TextIO | None = None, silent: bool = False) -> None:
        self._silent = silent
        self.turn_to(stream if stream is not None else sys.stdout)
        self._running = 0
        self._lock = threading.RLock()  # fits beside this process are shown by a thread
        self._unlogged: list[str] = []
        self.stage_seconds: list[tuple[str, float]] = []
        self.log_path: Path | None = None

    def turn_to(self, stream: TextIO) -> None:
        """Write to another stream from now on; bars are drawn where a person looks, not in a pipe or a CI log."""
        self._stream = stream
        looked_at = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
        self.draws_bars = looked_at and not self._silent

    def say(self, text: str) -> None:
        """Show `text` and log it."""
        self._tell(text)

    def warn(self, text: Warned) -> None:
        """Show `text` as a warning and log it."""
        self._tell(f"warning: {text}", style="yellow")

    def choose(self, question: str, answers: Sequence[str]) -> int | None:
        """Return which of `answers` the person at the terminal chooses, by its number; None where nobody can.

        That is where standard input or the stream is no terminal, or the input ends.
        """
        if self._silent or not (sys.stdin.isatty() and self._stream.isatty()):
            return None
        with self._without_bars():
            lines = [f"  {number}  {answer}" for number, answer in enumerate(answers, start=1)]
            self.say("\n".join([question, *lines]))
            while True:
                self._write(f"Number from 1 to {len(answers)}:")
                typed = sys.stdin.readline()
                if not typed:
                    return None
                self.log(f"answered {typed.strip()}")
                if typed.strip().isascii() and typed.strip().isdigit() and 1 <= int(typed) <= len(answers):
                    return int(typed) - 1

    @contextmanager
    def _without_bars(self) -> Iterator[None]:
        """Take the bars away while the block runs."""
        if self._running == 0 or not self.draws_bars:
            yield
            return
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()

    def log(self, text: str) -> None:
        """Write `text` to the log file only."""
        with self._lock:
            self._log(text)

    def log_to(self, path: Path) -> None:
        """Append every message to `path` from now on, those shown before included."""
        self.log_path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write_log()

    @contextmanager
    def stage(self, title: str, total: float | None = None, unit: str = "") -> Iterator[Stage]:
        """Show a bar while the block runs (time left when `total` is known), and one line when it ends.

        >>> console = Console(silent=True)
        >>> with console.stage("Training lstm@word2vec", total=20, unit="epochs") as stage:
        ...     stage.advance(1, note="best validation accuracy 91.2 %")
        """
        stage = self.begin(title, total, unit)
        try:
            yield stage
        except BaseException:
            self.end(stage, "stopped after ")
            raise
        self.end(stage)

    def begin(
        self, title: str, total: float | None = None, unit: str = "", *, estimates: bool = True
    ) -> Stage:
        """Show a bar until `end`; several stages may run at once, each with its own.

        `estimates`: whether the bar says how long it will take; else its note does.
        """
        with self._lock:
            self._log(f"{title}: started")
            self._running += 1
            return Stage(self, title, total, unit, estimates)

    def put_away(self, stage: Stage) -> None:
        """Take a stage's bar away without a line; it is not counted."""
        with self._lock:
            self._running -= 1
            self._remove_bar(stage)

    def end(self, stage: Stage, ending: str = "") -> None:
        """Show a stage's one line; `ending` says that it did not reach its end, and it is not counted then."""
        with self._lock:
            seconds = time.perf_counter() - stage.started
            self._running -= 1
            self._remove_bar(stage)
            self.say(stage.summary(seconds, ending))
            if not ending:
                self.stage_seconds.append((stage.title, seconds))

    def _tell(self, text: str, style: str = "") -> None:
        with self._lock:
            self._log(text)
            self._write(text, style)

    def _progress_line(self, text: str) -> None:
        self._log(text)
        if not self.draws_bars:
            self._write(text)

    def _log(self, text: str) -> None:
        self._unlogged.append(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        self._write_log()

    def _write_log(self) -> None:
        if self.log_path is not None:
            lines, self._unlogged = self._unlogged, []
            with self.log_path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(lines)

    def _write(self, text: str, style: str = "") -> None:
        if self._silent:
            return
        if self.draws_bars:
            from rich.text import Text

            # as text, not as markup: a message may hold brackets of the user's own
            self._bars.console.print(Text(text, style=style), soft_wrap=True)
            return
        try:
            print(text, file=self._stream, flush=True)
        except BrokenPipeError:  # the reader (`| head`) has left; the run goes on and the log has the rest
            self._silent = True

    @cached_property
    def _bars(self) -> Progress:
        return _new_bars(self._stream)

    def _add_bar(self, stage: Stage) -> TaskID | None:
        if not self.draws_bars:
            return None
        self._bars.start()
        return self._bars.add_task(
            stage.title, total=stage.total, unit=stage.unit, note="", estimates=stage.estimates
        )

    def _move_bar(self, stage: Stage) -> None:
        if stage._task is not None:
            self._bars.update(stage._task, completed=stage.done, total=stage.total, note=stage.note)

    def _remove_bar(self, stage: Stage) -> None:
        if stage._task is None:
            return
        self._bars.remove_task(stage._task)
        if self._running == 0:
            self._bars.stop()


def _new_bars(stream: TextIO) -> Progress:
    """Return rich's progress display; rich is imported here because only a terminal needs it."""
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class TimeLeft(TimeRemainingColumn):
        """Of a stage whose own note says how long it takes nothing."""

        def render(self, task: Task) -> Text:
            return super().render(task) if task.fields["estimates"] else Text("")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}", markup=False),
        TimeLeft(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}", markup=False),
        console=RichConsole(file=stream),
        refresh_per_second=4,
        speed_estimate_period=3600,  # an epoch can take minutes; a shorter memory would hold no two of them
        transient=True,
    )
