"""The question which of several columns is the text, or the label."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from pipeline.core.errors import PipelineError
from pipeline.core.lists import as_typed
from pipeline.core.reading import NO_HEADER, Chosen
from pipeline.corpus.readers.records import RawTable

AT_TERMINAL = "chosen at the terminal"
SHOWN = 8  # columns of a question
MOST_JOINED = 3  # columns that are offered as one text


class Unsettled(PipelineError):
    """The question which of some columns is the text, or the label; most likely ones first.

    Attributes
    ----------
    role : str
        "text" or "label".
    columns : mapping of str to tuple of str
        The columns that would do, each with a few of its values.
    """

    def __init__(self, where: str, role: str, columns: Mapping[str, Sequence[str]]) -> None:
        self.role, self.columns = role, columns
        shown = [*columns][:SHOWN]
        values = ", ".join(f'"{" ".join(name.split())}" ({", ".join(columns[name])})' for name in shown)
        rest = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
        options = ", ".join(f"--{role} {_typed(name)}" for name in shown)
        if role == "text" and 1 < len(columns) <= MOST_JOINED:
            options += f", or {'both' if len(columns) == 2 else 'all'}: --text {joined_option([*columns])}"
        super().__init__(
            "column-unsettled",
            where,
            f"columns {values}{rest} could each be the {role}",
            f"choose one: {options}",
        )

    def __reduce__(self) -> tuple[type[Unsettled], tuple[str, str, Mapping[str, Sequence[str]]]]:  # type: ignore[override]
        """Return how to make it again in another process."""
        return type(self), (self.where, self.role, self.columns)


Ask = Callable[[Unsettled], Chosen | None]  # answers the question; None: nobody does


def in_every_file(others: Sequence[RawTable], ask: Ask | None, question: Unsettled) -> Chosen | None:
    """Return the only column of a question that the other files of the corpus have too, else what is answered."""
    named = [other.cells.columns for other in others if other.header_line != NO_HEADER]
    could = [name for name in question.columns if all(name in columns for columns in named)]
    if named and len(could) == 1:
        return Chosen(could[0], "the only one that every file has")
    return ask(question) if ask else None


def joined_option(names: Sequence[str]) -> str:
    r"""Return columns as `--text` takes them as one text; one alone as any option takes it.

    >>> joined_option(["title", "body"]), joined_option(["why"]), joined_option(["what, then", "why"])
    ('title,body', 'why', '"\'what, then\',why"')
    """
    return _typed(",".join(map(as_typed, names)) if len(names) > 1 else names[0])


def _typed(name: str) -> str:
    """Return a name as it is typed at a command line."""
    return name if re.fullmatch(r"[\w.,-]+", name) else json.dumps(name, ensure_ascii=False)
