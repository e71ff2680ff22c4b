"""The table of models: every line has its code, and what follows from the lines."""

from __future__ import annotations

from pipeline.core.models import MODELS
from pipeline.evaluation.pairs import model_pairs
from pipeline.models.baselines.language.table import COUNTS
from pipeline.models.baselines.table import BASELINES
from pipeline.models.baselines.tagging.table import TAGGERS
from pipeline.models.equations.through_time import CELLS
from pipeline.models.networks.build import ENCODERS, HEADS


def test_every_line_has_its_code_and_no_code_is_without_a_line() -> None:
    assert [name for name, entry in MODELS.items() if not entry.network] == [*BASELINES, *TAGGERS, *COUNTS]
    assert {entry.family for entry in MODELS.values() if entry.network} == set(ENCODERS)
    for name, entry in MODELS.items():
        assert (entry.cell in CELLS and bool(CELLS[entry.cell].layer)) == entry.recurrent, name
        assert {part for head in entry.heads for part in head.split("+")} <= set(HEADS), name
        assert entry.default_head in (entry.heads or ("",)), name
        assert set(entry.compared_with) <= set(MODELS), name


def test_a_linear_model_reads_n_grams_or_vectors_as_its_line_says() -> None:
    for name, baseline in BASELINES.items():
        assert (MODELS[name].family == "n-grams") == (baseline.ngrams is not None), name


def test_a_cell_has_gates_where_its_networks_are_called_gated() -> None:
    for name, entry in MODELS.items():
        if entry.recurrent:
            assert bool(CELLS[entry.cell].gates) == entry.gated, name


def test_what_is_compared_and_in_which_order() -> None:
    assert model_pairs() == [
        ("lstm", "rnn"),
        ("gru", "rnn"),
        ("lstm", "ann"),
        ("lstm", "mean"),
        ("ann", "mean"),
        ("tfidf", "bow"),
        ("nbsvm", "tfidf"),
        ("crf", "window"),
    ]
