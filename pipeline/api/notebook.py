"""Where a call from Python says how far it is: one line in a notebook, lines on standard error elsewhere."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.core.console import Console, Stage

SECONDS_BETWEEN = 0.5  # a page that is changed more often grows slow


def in_notebook() -> bool:
    """Return whether the code runs in a notebook's kernel."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive else None
    return shell is not None and hasattr(shell, "kernel")


@contextmanager
def progress() -> Iterator[Console]:
    """Give a console for the block; in a notebook nothing of it is left when it ends but warnings."""
    if not in_notebook():
        yield Console(sys.stderr)
        return
    line = OneLine()
    try:
        yield NotebookConsole(line)
    finally:
        line.end()


class OneLine(io.StringIO):
    """A stream that shows the last line written to it, below the warnings so far, in the place of the one before."""

    def __init__(self) -> None:
        from IPython.display import display

        super().__init__()
        self._warnings: list[str] = []
        self._display = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> int:
        """Show the last line of `text`."""
        for line in text.splitlines():
            if line.startswith("warning: "):
                self._warnings.append(line)
            elif line.strip():
                self.show(line)
        return len(text)

    def show(self, *lines: str) -> None:
        """Show these lines alone, below the warnings."""
        self._display.update({"text/plain": "\n".join([*self._warnings, *lines])}, raw=True)

    def end(self) -> None:
        """Leave the warnings alone."""
        self.show()


class NotebookConsole(Console):
    """A console whose bars are a line: that of the stage which began or moved last."""

    def __init__(self, line: OneLine) -> None:
        super().__init__(line)
        self._line = line
        self._moved = 0.0

    def _add_bar(self, stage: Stage) -> None:
        self._line.show(stage.title)

    def _move_bar(self, stage: Stage) -> None:
        now = time.perf_counter()
        if now - self._moved >= SECONDS_BETWEEN:
            self._moved = now
            self._line.show(stage.summary(now - stage.started))
