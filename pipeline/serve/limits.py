"""What the service takes at most: how large, how many, how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from pipeline.core.errors import PipelineError, did_you_mean

OPTION = "--limit"


@dataclass(frozen=True)
class Limits:
    """The most of everything; each can be set by its name, as in `--limit texts=500`."""

    bytes: int = 2_000_000
    """of a request's body"""
    texts: int = 1_000
    """in a request"""
    characters: int = 100_000
    """of a text"""
    explained: int = 16
    """texts in a request whose words are asked for: that takes far longer than an answer"""
    explained_characters: int = 20_000
    """of each of those"""
    waiting: int = 128
    """requests in hand, from their first byte to their answer"""
    together: int = 256
    """texts that are answered at once, of requests that arrive together"""
    receive_seconds: int = 10
    """until a request has arrived whole"""
    answer_seconds: int = 30
    """from then on until it is answered"""

    @classmethod
    def told(cls, given: Sequence[str]) -> Limits:
        """Return the limits with those that are given as `NAME=NUMBER`.

        Raises
        ------
        PipelineError
            If a name is unknown, or a number is none from 1 on.
        """
        names = [field.name for field in fields(cls)]
        numbers = {}
        for one in given:
            name, _, number = one.partition("=")
            if name not in names:
                raise PipelineError(
                    "unknown-choice", OPTION, f'there is no limit "{name}"', did_you_mean(name, names)
                )
            if not (number.isascii() and number.isdigit() and int(number) > 0):
                raise PipelineError(
                    "number-out-of-range",
                    OPTION,
                    f'{name} is "{number}"; expected a number from 1 on',
                    f"give one, as in {OPTION} {name}=500",
                )
            numbers[name] = int(number)
        return cls(**numbers)
