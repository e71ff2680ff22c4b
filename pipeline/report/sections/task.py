"""What a task calls what it counts: the frame of the page takes its words from an entry of this table."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.reading import Run


@dataclass(frozen=True)
class Task:
    """Words of a task.

    Attributes
    ----------
    mistakes : what the first picture counts, in the plural; `mistake` one of them
    wrong : what that is, of {documents}
    right : heads the column of what is counted as right
    counted : what that column holds
    more : what a difference of two models counts
    answered : what becomes of test documents, with {classes}
    """

    mistake: str
    mistakes: str
    wrong: str
    right: str
    counted: str
    more: str
    answered: str


TASKS: dict[str, Task] = {
    "classify": Task(
        mistake="mistake",
        mistakes="mistakes",
        wrong="Wrong answers on the same {documents}.",
        right="Right of 100",
        counted="Right answers of 100 test documents",
        more="How many more of 100 documents the first model has right than the second",
        answered="test documents put into one of {classes} classes",
    ),
}


def task_of(run: Run) -> Task:
    """Return the task of a run; there is one so far."""
    return TASKS["classify"]
