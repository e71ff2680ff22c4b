"""Exit statuses: what a command raises, as words on standard error and a number."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import typer

from pipeline.core.console import Console
from pipeline.core.errors import NOT_ALL, NotDone, PipelineError

FAULT, MISTAKE, DIFFERENCE, INTERRUPTED = 1, 2, 3, 130


class Found(Exception):
    """What `verify` or `selftest` found, in words: exit status 3."""


@contextmanager
def exit_statuses(console: Console, debug: bool) -> Iterator[None]:
    """Turn what a command raises into words on standard error and an exit status."""
    try:
        yield
    except PipelineError as error:
        stop(MISTAKE, error.with_name(), error if debug else None)
    except Found as found:
        stop(DIFFERENCE, str(found))
    except NotDone as left:
        stop(NOT_ALL, str(left))
    except KeyboardInterrupt:
        from pipeline.commands.interrupted import what_was_finished

        stop(INTERRUPTED, what_was_finished(console))
    except Exception as error:
        from pipeline.commands.full_disk import full_disk

        if (mistake := full_disk(console, error)) is not None:
            stop(MISTAKE, mistake.with_name(), error if debug else None)
        stop(FAULT, _fault(console, error), error if debug else None)


def stop(status: int, words: str, shown: Exception | None = None) -> NoReturn:
    """Say why on standard error, with the traceback of `shown`, and end the command with this status."""
    if shown is not None:
        traceback.print_exception(shown)
    print(words, file=sys.stderr)
    raise typer.Exit(status) from None


def _fault(console: Console, error: Exception) -> str:
    """Log the traceback; return one line that says what failed and where the log is."""
    with suppress(OSError):  # the disk of the log may be what failed
        console.log(traceback.format_exc())
    what = str(error).strip().split("\n")[0] or "no message"
    log = f"the log is {console.log_path}" if console.log_path else "no log was begun"
    fault = f"a fault of this program, {type(error).__name__}: {what}"
    return f"embedseq: {fault}; {log}, and --debug shows the traceback"
