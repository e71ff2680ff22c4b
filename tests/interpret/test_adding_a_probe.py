"""A probe is one file and one line: every network is asked, and report and metrics say what it found."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from probe_builders import network_of, random_documents, subject_of
from report_builders import build_run

from pipeline.interpret.probes import PROBES, Found, Silent, Subject, probe_network, probes_of
from pipeline.report import draw_report

# --- the one file

QUESTION = "How many units are there?"
CONTROLS = "Nothing."
CANNOT_SHOW = "What they do."


@dataclass(frozen=True, kw_only=True)
class Norm(Found):
    """What is measured."""

    units: int


def measure(subject: Subject) -> Norm | Silent:
    """Return how many units the network has; nothing of one with a single unit."""
    units = subject.spec.units
    if units == 1:
        return Silent(nothing="it has one unit")
    return Norm(units=units, reading=f"it has {units} units", summary={"units": units})


# --- the one line
LINE = sys.modules[__name__]


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROBES, "units", LINE)
    for name in [*PROBES][:-1]:
        monkeypatch.delitem(PROBES, name)  # the others are slow, and tested elsewhere


def test_every_recurrent_network_is_asked_and_left_as_it_was() -> None:
    assert probes_of(()) == ["units"]
    subject = subject_of(network_of("gru", units=3), random_documents([4, 6]))
    before = {name: weight.copy() for name, weight in subject.weights.items()}
    assert probe_network(subject, probes_of(()))["probes"] == {
        "units": {
            "question": "How many units are there?",
            "units": 3,
            "reading": "it has 3 units",
            "controls": "Nothing.",
            "cannot_show": "What they do.",
            "summary": {"units": 3},
        }
    }
    for name, weight in subject.weights.items():
        np.testing.assert_array_equal(weight, before[name])


def test_the_report_says_what_it_found_and_what_it_cannot_show(tmp_path: Path) -> None:
    documents = random_documents([4, 6])
    subjects = [
        subject_of(network_of(model, units=units), documents) for model, units in (("gru", 3), ("rnn", 1))
    ]
    entries = [
        probe_network(subject, probes_of(())) | {"name": name}
        for name, subject in zip(("gru@a", "rnn@a"), subjects, strict=True)
    ]
    run = build_run(tmp_path, probes=entries)
    draw_report(run)
    text = (run / "report.md").read_text(encoding="utf-8")
    part = text.split("\n## How it was looked into\n")[1].split("\n## ")[0]
    assert "How many units are there?" in part
    assert "- gru@a: it has 3 units" in part
    assert "Controls: Nothing. Cannot show: What they do." in part
    assert "rnn@a: it has one unit." in part
