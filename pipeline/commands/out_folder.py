"""The folder that a run is written into: which may be taken, and how it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.run_folder.lock import check_free
from pipeline.run_folder.stopped import holds

_NEW = "name a new folder, or empty this one"


def check_out(out: str | None, resume: bool, *, held: bool = False) -> None:
    """Refuse an output folder that a run can neither begin nor go on in, before anything is read.

    Parameters
    ----------
    out : where the run is to be written; None: into a new folder of its own
    resume : whether there has to be a run to go on with
    held : whether this process holds the folder

    Raises
    ------
    PipelineError
        With what is in the way.
    """
    if out is None:
        if resume:
            raise PipelineError(
                "option-needs-another",
                "--resume",
                "it goes on in a folder, and none is named",
                "name it with --out",
            )
        return
    path = Path(out)
    if path.is_file():
        raise PipelineError(
            "output-exists", "--out", f"{out} is a file; a folder is expected", "name a new folder"
        )
    with _usable(out, "read"):
        found = holds(path)
    if found == "a finished run":
        raise PipelineError(
            "output-exists", "--out", f"{out} holds a finished run", "name a new folder, or delete this one"
        )
    if found == "other files":
        raise PipelineError("output-exists", "--out", f"the folder {out} is not empty", _NEW)
    if found == "nothing" and resume:
        what = f"there is no run in {out} to go on with"
        raise PipelineError(
            "nothing-to-resume",
            "--resume",
            what,
            "leave it out to begin one, or name another folder with --out",
        )
    if not held:
        with _usable(out, "made"):  # it may stand below a file
            check_free(path)


def out_folder(out: str | None, name: str) -> Path:
    """Return the folder of a run, made where it is not there.

    Raises
    ------
    PipelineError
        If it cannot be made.
    """
    if not out:
        return _new_folder(name)
    run = Path(out)
    with _usable(run, "made"):
        run.mkdir(parents=True, exist_ok=True)
    return run


def _new_folder(name: str) -> Path:
    """Make `reports/<corpus>-<time>`, with a number more where two runs begin in one second."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    run, number = Path("reports") / f"{name}-{stamp}", 1
    while True:
        with suppress(FileExistsError), _usable(run, "made"):
            run.mkdir(parents=True)
            return run
        number += 1
        run = run.with_name(f"{name}-{stamp}-{number}")


@contextmanager
def _usable(folder: str | Path, done: str) -> Iterator[None]:
    """Refuse an output folder with which the block cannot do what is to be `done`; one that is there is no mistake."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        what = f"{folder} cannot be {done}: {error.strerror}"
        raise PipelineError("cannot-be-written", "--out", what, "name another folder") from None
