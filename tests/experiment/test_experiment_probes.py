"""Probes in whole runs: what the run folder holds, and that the rest of the run does not change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from probe_builders import probe_of
from whole_runs import OF_FILMS_RUN, perform, read

from pipeline.commands.verify import verify
from pipeline.interpret import probes
from pipeline.interpret.probes import PROBES, Silent, probes_of
from pipeline.report import draw_report
from pipeline.run_folder.predictions import read_run_predictions

NETWORKS = ["ann@learned", "lstm@learned"]
PROBED = {"run_models": "rnn", "run_embeddings": "learned", "run_probes": True}


@pytest.fixture(scope="module")
def run(films_run: Path) -> Path:
    return films_run


@pytest.mark.longer
def test_every_network_has_every_probe_of_every_run(run: Path) -> None:
    found = read(run, "details/probes.json")
    assert [entry["name"] for entry in found] == NETWORKS
    for entry in found:
        assert list(entry["probes"]) == probes_of(())
        assert entry["test_documents"] == 12
    results = {row["name"]: row for row in read(run)["results"] if row["seed"] == 0}
    assert [(entry["trained"], entry["why_not"]) for entry in found] == [
        (results[name]["trained"], results[name]["why_not"]) for name in NETWORKS
    ]


@pytest.mark.longer
def test_metrics_have_the_reading_and_few_numbers_of_each_probe(run: Path) -> None:
    found, summary = read(run, "details/probes.json"), read(run)["probes"]
    assert list(summary) == NETWORKS
    assert summary["ann@learned"] == {
        name: result["summary"] | {"reading": result["reading"]}
        for name, result in found[0]["probes"].items()
        if "nothing" not in result
    }
    assert "gradients" not in summary["ann@learned"]
    lstm = next(entry for entry in found if entry["name"] == "lstm@learned")["probes"]
    assert summary["lstm@learned"]["gradients"] == {
        "reading": lstm["gradients"]["reading"],
        **{key: lstm["gradients"]["trained"][key] for key in ("falls_after", "tokens_per_e", "vanished")},
        "documents_longer": lstm["gradients"]["trained"]["documents_longer"],
    }


@pytest.mark.longer
def test_what_probes_take_is_among_the_stages(run: Path) -> None:
    stages = [stage["stage"] for stage in read(run)["stages"] if stage["stage"].startswith("Probing")]
    assert stages == [f"Probing {name}" for name in NETWORKS]
    assert len(re.findall("probe gradients of lstm@learned: ", (run / "log.txt").read_text())) == 1


@pytest.mark.longer
def test_a_probed_run_agrees_with_itself_and_is_drawn_again(run: Path) -> None:
    assert verify(run).differences == ()
    page = (run / "report.html").read_text(encoding="utf-8")
    (run / "report.html").unlink()
    draw_report(run)
    assert (run / "report.html").read_text(encoding="utf-8") == page


@pytest.mark.longer
def test_models_and_predictions_are_those_of_a_run_without_probes(run: Path, tmp_path: Path) -> None:
    other = perform(tmp_path, **OF_FILMS_RUN | {"run_probes": False})
    for one, without in zip(read_run_predictions(run), read_run_predictions(other), strict=True):
        np.testing.assert_array_equal(one.predictions.probabilities, without.predictions.probabilities)
    for file in run.glob("models/*/*.safetensors"):
        assert file.read_bytes() == (other / file.relative_to(run)).read_bytes(), file
    assert not (other / "details" / "probes.json").exists()
    assert read(other)["probes"] == {}
    assert not [stage for stage in read(other)["stages"] if stage["stage"].startswith("Probing")]
    assert "*Nothing to show.* Not asked for: --no-probes." in (other / "report.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.longer
def test_a_run_without_networks_has_nothing_to_probe(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow", run_probes=True)
    assert read(run, "details/probes.json") == []
    assert "No network was trained: there is no memory" in (run / "report.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _table_as_it_was() -> Iterator[None]:
    """Let a test change what the table of probes holds."""
    kept = dict(PROBES)
    yield
    PROBES.clear()
    PROBES.update(kept)


def only(measure: Callable[..., Any], question: str = "Where?", name: str = "gradients") -> None:
    """Let the table hold one probe."""
    PROBES.clear()
    PROBES[name] = probe_of(measure, question)


def nothing(subject: probes.Subject) -> Silent:
    return Silent(nothing="not here")


@pytest.mark.longer
def test_a_network_is_probed_once_whatever_the_seeds_and_a_stop_keeps_the_probes_that_ended(
    tmp_path: Path,
) -> None:
    def stop_at_rnn(subject: probes.Subject) -> Silent:
        if subject.spec.model == "rnn":
            raise KeyboardInterrupt
        return nothing(subject)

    only(stop_at_rnn)
    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, **PROBED | {"run_models": "ann,rnn", "run_seeds": 2})
    run = tmp_path / "run"
    assert [entry["name"] for entry in read(run, "details/probes.json")] == ["ann@learned"]
    assert read(run)["probes"] == {"ann@learned": {}}
    assert verify(run).differences == ()


@pytest.mark.longer
def test_a_stop_while_a_network_is_probed_keeps_the_network(tmp_path: Path) -> None:
    def stop(subject: probes.Subject) -> dict[str, Any]:
        raise KeyboardInterrupt

    only(stop)
    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, **PROBED)
    run = tmp_path / "run"
    assert [row["name"] for row in read(run)["results"]] == ["rnn@learned"]
    assert read(run, "details/probes.json") == []


@pytest.mark.longer
def test_a_probe_that_fails_costs_no_model(tmp_path: Path) -> None:
    def fail(subject: probes.Subject) -> dict[str, Any]:
        raise ValueError("no such thing")

    only(fail, "Why?")
    run = perform(tmp_path, **PROBED)
    (entry,) = read(run, "details/probes.json")
    assert entry["probes"]["gradients"] == {
        "question": "Why?",
        "nothing": "the probe failed, a fault of this program: ValueError: no such thing; the log has more",
    }
    assert "in fail" in (run / "log.txt").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="no such thing"):
        perform(tmp_path, **PROBED, run_debug=True, run_out=str(tmp_path / "b"))


@pytest.mark.longer
def test_probes_on_demand_reach_the_run(tmp_path: Path) -> None:
    only(nothing, name="needle")
    for asked, expected in (({}, []), ({"run_extra_probes": "needle"}, ["needle"])):
        run = perform(tmp_path, **PROBED, **asked, run_out=str(tmp_path / str(len(expected))))
        assert list(read(run, "details/probes.json")[0]["probes"]) == expected
