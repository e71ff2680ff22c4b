"""`serve` does not start: each reason has its words and exit status 2."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_lines import help_of, status_of
from served import write_served_run

from pipeline import cli
from pipeline.models.saved import load_model
from pipeline.models.saved.linear import SavedLinear


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("run") / "films")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is said of a service that does not start."""
    assert status_of(cli.main, "serve", *arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.strip().rpartition(" [")[0]


def test_a_port_that_is_taken_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refused(capsys, str(run), "--port", str(port)) == (
            f"--port: 127.0.0.1:{port} cannot be listened on (Address already in use);"
            " give another one, or 0 for any that is free"
        )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--port", "70000"], "--port: 70000 is no port; give one from 0 (any that is free) to 65535"),
        (["--port", "-1"], "--port: -1 is no port; give one from 0 (any that is free) to 65535"),
        (["--host", "256.1.1.1"], '--host: "256.1.1.1" is no address of this machine; give 127.0.0.1'),
        (["--host", ""], '--host: "" is no address of this machine; give 127.0.0.1'),
        (["--limit", "text=5"], '--limit: there is no limit "text"; did you mean "texts"?'),
        (["--model", "lstm"], 'there is no model "lstm"; give one of tfidf'),
    ],
)
def test_a_wrong_option_is_said(
    run: Path, capsys: pytest.CaptureFixture[str], options: list[str], expected: str
) -> None:
    assert refused(capsys, str(run), "--port", "0", *options).endswith(expected)


def test_a_folder_that_is_no_run_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, str(tmp_path)).startswith(
        f"{tmp_path}: it holds no metrics.json, so it is no finished run; "
    )


def test_a_model_whose_answers_are_no_numbers_is_not_served(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(run, "tfidf")
    assert isinstance(model, SavedLinear)
    broken = replace(model, intercepts=np.full(3, np.nan, dtype=np.float32))
    monkeypatch.setattr("pipeline.serve.starting.load_asked", lambda asked: (broken, None))
    assert refused(capsys, str(run), "--port", "0") == (
        f"{run}: the answers of tfidf are no numbers: it did not train; choose another one with --model"
    )


def test_without_the_extra_its_name_is_said(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("pipeline.serve.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)  # as if it was not installed
    assert refused(capsys, str(run)) == (
        "serve: the package uvicorn is not installed; `pip install 'embedseq[serve]'`"
    )


def test_its_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    said = help_of(capsys, "serve")
    for option in ("--model NAME", "--seed N", "--ensemble", "--port N", "--host HOST", "--limit NAME=N"):
        assert option in said
