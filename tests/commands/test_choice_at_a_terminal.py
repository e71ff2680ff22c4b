"""Where several columns would do, a person at a terminal chooses by number; without a terminal it is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from corpus_builders import write

from pipeline.core.console import Console
from pipeline.core.reading import Chosen, PartRead, Reading
from pipeline.corpus.by_settings import with_answers
from pipeline.settings.tables import Config

pty = pytest.importorskip("pty", reason="pseudo-terminals are of Unix")

FILMS = "text,topic,sentiment\n" + "".join(
    f"film number {number} was long,{'ab'[number % 2]},{('pos', 'neg')[number // 2 % 2]}\n"
    for number in range(40)
)
COMMAND = [sys.executable, "-m", "pipeline", "inspect", "corpus"]


def at_a_terminal(path: Path, typed: bytes) -> tuple[int, str]:
    """Return how `inspect corpus` ends where a person types into its terminal, and what that shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, str(path)], stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "dumb"}
    )
    os.close(theirs)
    os.write(ours, typed)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # on Linux, how a terminal says that nobody holds its other end
        pass
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def test_a_column_is_chosen_by_its_number(tmp_path: Path) -> None:
    films = write(tmp_path / "films.csv", FILMS)
    status, shown = at_a_terminal(films, b"7\nx\n2\n")
    assert status == 0
    question = f"{films}: which column is the label?\n  1  topic (a, b)\n  2  sentiment (pos, neg)\n"
    assert question + "Number from 1 to 2:\n" in shown
    assert shown.count("Number from 1 to 2:") == 3
    assert 'label "sentiment" (chosen at the terminal)' in shown


def test_an_end_of_input_is_no_answer(tmp_path: Path) -> None:
    status, shown = at_a_terminal(write(tmp_path / "films.csv", FILMS), b"\x04")
    assert status == 2
    assert "choose one: --label topic, --label sentiment" in shown


def test_without_a_terminal_nobody_is_asked(tmp_path: Path) -> None:
    command = [*COMMAND, str(write(tmp_path / "films.csv", FILMS))]
    ended = subprocess.run(command, input="2\n", capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "choose one: --label topic, --label sentiment" in ended.stderr
    assert Console().choose("which?", ["a"]) is None


def test_the_settings_keep_what_was_chosen_at_a_terminal() -> None:
    text, label = Chosen("text", "by its name"), Chosen("sentiment", "chosen at the terminal")
    reading = Reading((PartRead("films.csv", text, label, 1, "UTF-8", 40, 40),), ())
    kept = with_answers(Config(), reading).corpus
    assert (kept.text, kept.label) == (None, "sentiment")
