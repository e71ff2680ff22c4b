"""Which network of a run folder is shown, and which cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.models import MODELS
from pipeline.core.names import ModelName
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.models.saved import SavedNetwork, load_network
from pipeline.run_folder.fits import planned_names
from pipeline.run_folder.models import saved_names
from pipeline.run_folder.names import METRICS


def choose_network(run: Path, cell: str | None, model: str | None) -> SavedNetwork:
    """Return the network that was asked for, or the run's first with this cell.

    Raises
    ------
    PipelineError
        If the folder holds no such network, or it has a form that is not shown.
    """
    network = load_network(run, _name(run, cell, model))
    if network.gives_labels:
        what = f"{network.name} gives several labels, and the numbers shown are those of one class a document"
        raise PipelineError("network-not-explained", str(run), what, "give a run of classes")
    _check_form(network)
    return network


def _name(run: Path, cell: str | None, model: str | None) -> str:
    """Return the name of the network to show: the one asked for, or the run's first with this cell."""
    if not (run / METRICS).is_file():
        raise PipelineError(
            "not-a-finished-run",
            str(run),
            f"there is no {METRICS} in it",
            "give the folder of a finished run",
        )
    saved = saved_names(run, "network")
    if model is None:
        return _first(run, saved, cell)
    name = model if model in saved else load_network(run, model).name  # which says that there is none
    own = cell_of(name)
    if cell is not None and own not in (None, cell):
        raise PipelineError(
            "network-not-explained", "--cell", f"{name} has the cell {own}, not {cell}", "leave --cell out"
        )
    return name


def _first(run: Path, saved: Sequence[str], cell: str | None) -> str:
    """Return the first of the run's networks, in the order in which it planned them, that has this cell."""
    in_order = sorted(saved, key=[*planned_names(run), *saved].index)
    shown = (cell,) if cell else CELL_PAGES
    fitting = [
        name for name in in_order if cell_of(name) in shown and not ModelName.parse(name).shuffled_words
    ]
    if not fitting:
        none = f"there is no network with the cell {cell} in this run"
        if cell is None:
            none = f"no network of this run reads the words in order, one way, with a cell of {', '.join(CELL_PAGES)}"
        has = f"its networks are {', '.join(in_order)}" if in_order else "it trained no network"
        raise PipelineError(
            "network-not-explained", str(run), f"{none}; {has}", f"train one with --models {cell or 'lstm'}"
        )
    return fitting[0]


def cell_of(name: str) -> str | None:
    """Return the cell of a network by its name; None where it has none, or reads from both ends.

    >>> cell_of("lstm:max@word2vec"), cell_of("bilstm@word2vec"), cell_of("ann@word2vec")
    ('lstm', None, None)
    """
    entry = ModelName.parse(name).entry
    return entry.cell if entry is not None and entry.one_way else None


def _check_form(network: SavedNetwork) -> None:
    """Raise PipelineError for networks that read from both ends, have several layers, no state or no page."""
    spec, cell, what = network.spec, cell_of(network.name), ""
    if cell is None:
        known = "reads from both ends" if MODELS[spec.model].recurrent else "has no state"
        what = f"{known}; one direction of a recurrent network is shown"
    elif cell not in CELL_PAGES:
        written = ", ".join(CELL_PAGES)
        what = f"has the cell {cell}, whose numbers are not written out; those of {written} are"
    elif spec.layers > 1:
        what = f"has {spec.layers} layers; networks of one are shown"
    if what:
        fix = "name another network of the run with --model"
        raise PipelineError("network-not-explained", "--model", f"{network.name} {what}", fix)


def check_length(network: SavedNetwork, timesteps: int) -> None:
    """Raise PipelineError if the network would cut the text into pieces, each with a state of its own."""
    size = network.spec.piece_tokens
    if 0 < size < timesteps:
        what = f"{network.name} reads pieces of {size} words, the text has {timesteps}"
        raise PipelineError("text-too-long", "TEXT", what, f"give {size} words or fewer")
