"""A network that nobody had thought of: one line in the table of models, one cell, and every stage takes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answering_again import answer_again
from whole_runs import perform, read

from pipeline.commands.verify import verify
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.models import FORWARD, LAST, MODELS, POOLED, ModelEntry
from pipeline.experiment.plan import plan_models
from pipeline.interpret.explain import explain
from pipeline.models.equations.through_time import CELLS
from pipeline.models.equations.values import Array, Cell, CellWeights, State, Step, StepGradient
from pipeline.models.table import space_of
from pipeline.report.sections.quality import heads_note

pytestmark = pytest.mark.longer

NAME = "leaky@learned"


# --- the one file: a cell that keeps half of its state at each step


def keras_layer() -> Any:
    """Return the class of a layer with h_t = (h_(t-1) + tanh(x_t W + h_(t-1) U + b)) / 2."""
    import keras

    class LeakyCell(keras.layers.SimpleRNNCell):
        def call(self, x: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
            squashed, _ = super().call(x, states, training=training)
            state = (states[0] + squashed) / 2
            return state, [state]

    class Leaky(keras.layers.RNN):
        def __init__(self, units: int, **more: Any) -> None:
            super().__init__(LeakyCell(units, name="leaky_cell"), **more)
            self.units = units  # what `networks.bptt` asks a layer for

    return Leaky


def step(weights: CellWeights, from_input: Array, state: State) -> tuple[State, dict[str, Array]]:
    (h,) = state
    return ((h + np.tanh(from_input + h @ weights.recurrent_kernel + weights.bias)) / 2,), {}


def slope(one: Step) -> Array:
    """Return half of the slope of tanh, whose value is 2 h_t - h_(t-1)."""
    half: Array = (1 - (2 * one.after[0] - one.before[0]) ** 2) / 2
    return half


def gradient(weights: CellWeights, one: Step, d_after: State) -> StepGradient:
    d_sum = d_after[0] * slope(one)
    return StepGradient(d_sum, d_sum, (d_after[0] / 2,))


LEAKY = Cell((), 1, 1, step, gradient, layer=keras_layer)

# --- the one line

LINE = ModelEntry(
    "recurrent",
    cell="leaky",
    directions=(FORWARD,),
    heads=(LAST, *POOLED),
    default_head=LAST,
    compared_with=("ann",),
)


@pytest.fixture(scope="module", autouse=True)
def added() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, "leaky", LINE)
        patch.setitem(CELLS, "leaky", LEAKY)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of it beside a baseline and a network without memory; a probe that fails ends it."""
    return perform(
        tmp_path_factory.mktemp("new"),
        run_models="bow,ann,leaky",
        run_embeddings="learned",
        run_side_by_side=1,
        run_debug=True,
        run_probes=True,
    )


def test_it_is_planned_and_tuned_as_every_recurrent_network() -> None:
    planned = plan_models(("leaky:max", "leaky:shuffled-words"), ("random",))
    assert [(one.name, one.kind, one.head, one.seeded) for one in planned] == [
        ("leaky:max@random", "network", "max", True),
        ("leaky:shuffled-words@random", "control", "last", True),
    ]
    assert space_of("leaky") == space_of("rnn")


def test_it_is_fitted_scored_and_compared_with_what_its_line_says(run: Path) -> None:
    metrics = read(run)
    (row,) = [row for row in metrics["summary"] if row["model"] == "leaky"]
    assert (row["name"], row["kind"], row["embedding"]) == (NAME, "network", "learned")
    assert metrics["verdict"]["a"] == NAME  # ann is a control where a recurrent network was run
    pairs = [(one["a"], one["b"]) for one in metrics["comparisons"]]
    assert (NAME, "ann@learned") in pairs
    assert verify(run).differences == ()


def test_its_equations_answer_as_keras_did(run: Path) -> None:
    assert answer_again(run, NAME, Console(silent=True)).largest_difference < 1e-5


def test_the_report_has_it_and_says_what_it_reads(run: Path) -> None:
    report = (run / "report.md").read_text(encoding="utf-8")
    assert f"{NAME} (last state)" in report
    assert heads_note([NAME]).startswith("leaky without a head reads the state after the last word;")


def test_every_probe_looks_at_it_or_says_why_not(run: Path) -> None:
    (found,) = [entry for entry in read(run, "details/probes.json") if entry["name"] == NAME]
    said = {name: probe.get("nothing") for name, probe in found["probes"].items()}
    assert said.pop("time-constants") == (
        "it has no gates: what it keeps from step to step is in its Jacobians"
    )
    assert set(said) == {"gradients", "jacobians", "states", "memory-horizon", "word-order"}
    assert set(said.values()) == {None}


def test_its_words_are_explained_by_what_leaving_them_out_changes(run: Path) -> None:
    (row,) = [row for row in read(run, "details/contributions.json")["models"] if row["name"] == NAME]
    assert (row["method"], row["why_not"]) == ("occlusion", None)


def test_explain_says_which_cells_it_can_write_out(run: Path) -> None:
    with pytest.raises(PipelineError) as error:
        explain("good film", run=run, model=NAME)
    assert str(error.value) == (
        f"--model: {NAME} has the cell leaky, whose numbers are not written out; those of rnn, gru, lstm are;"
        " name another network of the run with --model"
    )
