"""The one error that a person at the terminal sees: where, what, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class PipelineError(Exception):
    """A mistake in the user's own files or arguments; exit status 2, no traceback.

    Parameters
    ----------
    name : str
        What kind of mistake it is, one of `pipeline.core.errors_by_name`; the terminal shows it in brackets at the end.
    where : str
        The place, as `file:line:column` (1-based) or the option, such as `--models`.
    what : str
        The value met and the value expected.
    fix : str
        What to do about it.
    """

    def __init__(self, name: str, where: str, what: str, fix: str) -> None:
        self.name, self.where, self.what, self.fix = name, where, what, fix
        super().__init__(f"{where}: {what}; {fix}")

    def __reduce__(self) -> tuple[type[PipelineError], tuple[str, str, str, str]]:
        """Return how to make it again in another process."""
        return type(self), (self.name, self.where, self.what, self.fix)

    def with_name(self) -> str:
        """Return the message as the terminal shows it, with its name at the end.

        >>> PipelineError("number-out-of-range", "--top", "0 is no number of labels", "give 1 or more").with_name()
        '--top: 0 is no number of labels; give 1 or more [number-out-of-range]'
        """
        return f"{self} [{self.name}]"


class SeveralMistakes(PipelineError):
    """More than one mistake, each said on a line of its own; name and place are those of the first."""

    def __init__(self, mistakes: Sequence[PipelineError]) -> None:
        self.mistakes = mistakes
        first, *rest = mistakes
        super().__init__(first.name, first.where, first.what, "\n".join([first.fix, *map(str, rest)]))

    def __reduce__(self) -> tuple[type[SeveralMistakes], tuple[Sequence[PipelineError]]]:  # type: ignore[override]
        """Return how to make it again in another process."""
        return type(self), (self.mistakes,)

    def with_name(self) -> str:
        """Return each message with its own name."""
        return "\n".join(mistake.with_name() for mistake in self.mistakes)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"?`, or the known names where none is close.

    >>> did_you_mean("unit", ["units", "batch_size"])
    'did you mean "units"?'
    >>> did_you_mean("zzz", ["units", "batch_size"])
    'it is one of units, batch_size'
    """
    choices = list(known)
    close = get_close_matches(name, choices, n=1)
    return f'did you mean "{close[0]}"?' if close else f"it is one of {', '.join(choices)}"


def times(count: int) -> str:
    """Return a number of occurrences in words.

    >>> times(1), times(31)
    ('once', '31 times')
    """
    return "once" if count == 1 else f"{count} times"


NOT_ALL = 4  # exit status


class NotDone(Exception):
    """What of a run could not be done, though the rest was, in words: exit status 4."""


def first_places(places: Sequence[object], shown: int = 3) -> str:
    """Return the first few places as words, with a count of the rest.

    >>> first_places([18, 402, 977, 1200])
    '18, 402, 977 and 1 more'
    """
    head = ", ".join(str(place) for place in places[:shown])
    rest = len(places) - shown
    return f"{head} and {rest} more" if rest > 0 else head
