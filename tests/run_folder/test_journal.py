"""What a run finds, written as it is found: no kill, full disk or flipped bit passes a line off as another."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.fits import JobKey
from pipeline.run_folder.journal import JOURNAL, Journal, read_journal


def begun(run: Path) -> Journal:
    """Return a journal with its first line and two notes."""
    journal = Journal.begin(run, {"about": "films"}, 0.0)
    journal.write("note", "a é")
    journal.write("note", "b")
    return journal


def notes(run: Path) -> list[str]:
    return [line.row for line in read_journal(run).lines[1:]]


def test_lines_are_read_as_they_were_written_with_the_seconds_of_the_run(tmp_path: Path) -> None:
    begun(tmp_path)
    read = read_journal(tmp_path)
    assert read.begin == {"about": "films", "version": 4}
    assert [line.row for line in read.lines[1:]] == ["a é", "b"]
    seconds = [line.seconds for line in read.lines]
    assert seconds == sorted(seconds)
    assert read.damaged == ()
    for line in (tmp_path / JOURNAL).read_text(encoding="utf-8").splitlines():
        assert list(json.loads(line)) == ["at", "seconds", "kind", "row", "job", "check"]


def test_a_byte_that_changed_anywhere_costs_its_line_alone(tmp_path: Path) -> None:
    begun(tmp_path)
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    end = whole.index(b"\n", start)
    for place in range(start, end):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        read = read_journal(tmp_path)
        assert [line.row for line in read.lines[1:]] == ["b"]
        assert {damaged.number for damaged in read.damaged} <= {2, 3}


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_that_was_cut_short_is_apart(tmp_path: Path, cut: int) -> None:
    """One byte: the line's end alone."""
    begun(tmp_path)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-cut])
    assert notes(tmp_path) == ["a é"]
    (damaged,) = read_journal(tmp_path).damaged
    assert damaged.number == 3


def damaged_begin(tmp_path: Path) -> str:
    return (
        f"{tmp_path / JOURNAL}: its first line is damaged, and that alone says which run this is;"
        " restore the file, or begin anew with another --out"
    )


@pytest.mark.parametrize("content", [b"", b"\n", b'{"kind": "begin"}\n', b"[1]\n", b"\xff\n"])
def test_a_first_line_that_is_no_beginning_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "details").mkdir()
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(PipelineError) as error:
        read_journal(tmp_path)
    assert str(error.value) == damaged_begin(tmp_path)


def test_every_byte_of_the_first_line_is_guarded(tmp_path: Path) -> None:
    begun(tmp_path)
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    for place in range(whole.index(b"\n") + 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(PipelineError) as error:
            read_journal(tmp_path)
        assert str(error.value) == damaged_begin(tmp_path)


@pytest.mark.parametrize("place", [0, 7, -1])
def test_where_it_is_known_what_a_run_was_begun_with_a_damaged_first_line_is_one_like_others(
    tmp_path: Path, place: int
) -> None:
    """The last byte is the line's end: the line behind it is lost with it."""
    begun(tmp_path)
    path = tmp_path / JOURNAL
    first, rest = path.read_bytes().split(b"\n", 1)
    content = bytearray(first + b"\n")
    content[place] ^= 1
    path.write_bytes(bytes(content) + rest)
    read = read_journal(tmp_path, {"about": "films"})
    assert (read.begin, len(read.damaged)) == ({"about": "films", "version": 4}, 1)
    assert [line.row for line in read.lines[1:]] == (["b"] if place == -1 else ["a é", "b"])


def test_a_line_says_which_job_gave_it(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, {}, 0.0)
    journal.write("fit", {}, JobKey("network", "lstm@word2vec", 1, 2))
    journal.write("note", "short")
    jobs = [line.job for line in read_journal(tmp_path).lines]
    assert jobs == [None, JobKey("network", "lstm@word2vec", 1, 2), None]


def test_the_journal_of_an_earlier_version_is_refused_by_its_version(tmp_path: Path) -> None:
    (tmp_path / "details").mkdir()
    line = {"at": 1.0, "kind": "begin", "row": {"about": {}, "process": 12, "created": 1.0}}
    (tmp_path / JOURNAL).write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        read_journal(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: the journal of this run is of version 1, and this program reads version 4;"
        f" `python -m pipeline report {tmp_path}` of the version that began it scores what had finished; else run again"
    )


def test_nothing_follows_half_a_line_that_a_full_disk_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for four bytes at first, later for all: the line that did not fit is gone, the next is whole."""
    journal = Journal.begin(tmp_path, {}, 0.0)
    original, room = Path.open, [4]

    class Full(io.FileIO):
        def write(self, content: Any) -> int:
            if not room[0]:
                raise OSError(28, "No space left on device")
            written: int = super().write(content[: room[0]])
            room[0] -= written
            return written

    monkeypatch.setattr(Path, "open", lambda path, *_, **__: Full(path, "ab"))
    with pytest.raises(OSError, match="No space left"):
        journal.write("note", "a")
    room[0] = 1_000
    journal.write("note", "b")
    monkeypatch.setattr(Path, "open", original)
    assert notes(tmp_path) == ["b"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user cannot mount a file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_full_keeps_every_line_that_was_told(small_disk: Path) -> None:
    journal = Journal.begin(small_disk, {}, 0.0)
    full, written = "", 0
    while not full:
        try:
            journal.write("note", f"{written} " + "x" * 3_000)
            written += 1
        except OSError as error:
            full = str(error.strerror)
    assert (full, written > 10) == ("No space left on device", True)
    read = read_journal(small_disk)
    assert (len(read.lines), read.damaged) == (written + 1, ())
