"""Who holds a run folder: a file in it that says which process, and that it is still there.

Two processes never write into one folder. A holder that was killed takes nothing back, so its file stays: whether it is
still there is told by its process on this machine, on another by its sign of life, a number that it raises every ten
seconds. Clocks of two machines differ and may be set, so a sign is dated by the file system, and before a silent
holder is given up its number is watched.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import psutil

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_whole

LOCK = "run.lock"
BEAT_SECONDS = 10.0  # between two signs of life
SILENT_SECONDS = 60.0  # so long a holder on another machine is not asked for more than its last sign
WATCH_SECONDS = 15.0  # so long a silent holder is watched: more than a beat
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """A process that holds a run folder, as the file in it says."""

    token: str  # of this holding: no other has it
    host: str
    machine: str  # what tells machines, and containers, of the same name apart; empty where the system does not say
    process: int
    created: float  # when that process began, seconds since 1970
    user: str
    since: str  # UTC, ISO 8601
    beat: int = 0  # signs of life so far

    @classmethod
    def of_this_process(cls) -> Holder:
        """Return this process as a new holder."""
        process = psutil.Process()
        try:
            user = getpass.getuser()
        except (OSError, KeyError, ImportError):  # a container may run as a number that has no name
            user = "unknown"
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(
            uuid.uuid4().hex,
            socket.gethostname(),
            _machine(),
            process.pid,
            process.create_time(),
            user,
            since,
        )

    @property
    def is_of_this_machine(self) -> bool:
        """Whether its process can be seen from here."""
        return (self.host, self.machine) == (socket.gethostname(), _machine())

    def __str__(self) -> str:
        return f"process {self.process} of {self.user} on {self.host}, since {self.since}"


class RunLock:
    """A run folder that this process holds, as long as a `with` block lasts."""

    def __init__(self, run: Path, holder: Holder) -> None:
        self._run, self._holder = run, holder
        self._end = threading.Event()
        self._taken_by: Holder | None = None
        self._beats = threading.Thread(target=self._beat, name="signs of life", daemon=True)
        self._beats.start()

    @classmethod
    def take(cls, run: Path, tell: Callable[[str], None]) -> RunLock:
        """Return a folder, which is there, as held by this process.

        Parameters
        ----------
        tell : told in a sentence whom the folder is taken over from, where its holder is gone

        Raises
        ------
        PipelineError
            If another process holds it, or it cannot be written.
        """
        try:
            return cls._take(run, tell)
        except OSError as error:
            what = f"it cannot be written ({error.strerror})"
            raise PipelineError(
                "cannot-be-written", str(run), what, "make it writable, or name another folder"
            ) from None

    @classmethod
    def _take(cls, run: Path, tell: Callable[[str], None]) -> RunLock:
        own, gone = Holder.of_this_process(), None
        while True:
            with _one_at_a_time(run):
                found = _read(run)
                if found is None:
                    with suppress(
                        FileExistsError
                    ):  # on a file system that cannot keep others out for a moment
                        _create(run, own)
                        break
                elif found == gone:
                    _write(run, own)
                    break
            if found is not None and _is_alive(run, found):
                raise _refusal(run, found)
            gone = found
        if gone is not None:
            tell(f"{run} was held by {gone}; that process is gone, and this one takes over")
        return cls(run, own)

    def check(self) -> None:
        """Raise a PipelineError if another process holds the folder now: this one must have been silent for long."""
        if self._taken_by is not None:
            what = f"{self._taken_by}, has taken it over while this process gave no sign of life"
            raise PipelineError("run-in-use", str(self._run), what, "let that run come to its end")

    def release(self) -> None:
        """Let the folder go; one that holds nothing goes with it."""
        self._end.set()
        self._beats.join()
        with suppress(OSError):  # the folder is gone, or full of other files
            with _one_at_a_time(self._run):
                if (found := _read(self._run)) is not None and found.token == self._holder.token:
                    (self._run / LOCK).unlink()
            self._run.rmdir()

    def __enter__(self) -> RunLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _beat(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            try:
                with _one_at_a_time(self._run):
                    found = _read(self._run)
                    if found is not None and found.token != self._holder.token:
                        self._taken_by = found
                        return
                    self._holder = replace(self._holder, beat=self._holder.beat + 1)
                    _write(self._run, self._holder)
            except OSError:  # a full disk: the time of the file is a sign too
                with suppress(OSError):
                    os.utime(self._run / LOCK)


def check_free(run: Path) -> None:
    """Raise a PipelineError if a process holds a folder, as far as can be told at once; it is not taken."""
    found = _read(run)
    if found is not None and _is_alive(run, found, watch=False):
        raise _refusal(run, found)


def _refusal(run: Path, holder: Holder) -> PipelineError:
    sign = max(0, round(_seconds_silent(run)))
    what = f"it is in use by {holder}, last sign of life {sign} s ago"
    return PipelineError("run-in-use", str(run), what, "wait until that has ended, or end it")


# --- the file ---------------------------------------------------------------------------------------------


def _read(run: Path) -> Holder | None:
    """Return who holds a folder; of a file that says nothing readable a holder that only its content names."""
    try:
        content = (run / LOCK).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        token = hashlib.sha256(content).hexdigest()
        return Holder(token, "an unknown machine", "", 0, 0.0, "an unknown user", "an unknown time")


def _create(run: Path, holder: Holder) -> None:
    path = run / LOCK
    with path.open("xb") as file:
        try:
            file.write(_content(holder))
            file.flush()
        except OSError as error:  # a full disk
            path.unlink()
            error.filename = str(path)
            raise


def _write(run: Path, holder: Holder) -> None:
    write_whole(run / LOCK, _content(holder))


def _content(holder: Holder) -> bytes:
    return json.dumps(asdict(holder)).encode()


@contextmanager
def _one_at_a_time(run: Path) -> Iterator[None]:
    """Keep other processes of this machine out for a moment, so that none takes over what another has just taken.

    The folder itself is locked, which the system undoes when a process ends, however it ends. Windows has no such lock.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(run, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# --- is it still there? -----------------------------------------------------------------------------------


def _is_alive(run: Path, holder: Holder, *, watch: bool = True) -> bool:
    """Return whether a holder is still there; in doubt it is watched, or without `watch` given up."""
    if holder.is_of_this_machine:
        try:
            process = psutil.Process(holder.process)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if process.create_time() == holder.created:
                return True
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            pass
        # The number is of another process by now; or the clock was set, from which the time of creation is reckoned.
    elif 0 <= _seconds_silent(run) < SILENT_SECONDS:
        return True
    return watch and _gives_a_sign(run, holder)


def _seconds_silent(run: Path) -> float:
    """Return how long ago the last sign of life was, by the clock of the file system alone."""
    try:
        with tempfile.NamedTemporaryFile(dir=run, prefix=f".{LOCK}.", suffix=".part") as now:
            return os.stat(now.name).st_mtime - (run / LOCK).stat().st_mtime
    except OSError:
        return 0.0


def _gives_a_sign(run: Path, holder: Holder) -> bool:
    """Watch a holder; return whether it gave a sign of life, or let the folder go."""
    deadline, before = time.monotonic() + WATCH_SECONDS, _signs(run)
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        if _signs(run) != before:
            return (found := _read(run)) is not None and found.token == holder.token
    return False


def _signs(run: Path) -> tuple[Holder | None, int]:
    try:
        return _read(run), (run / LOCK).stat().st_mtime_ns
    except OSError:
        return None, 0


def _machine() -> str:
    """Return what tells this machine, since it was started, and this container from others; as far as it says."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    return ""
