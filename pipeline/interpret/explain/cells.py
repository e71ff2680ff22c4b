"""The table of cells as they are worked out by hand: each cell's equations are a module of their own."""

from __future__ import annotations

from pipeline.interpret.explain import cell_gru, cell_lstm, cell_simple

CELL_PAGES = {"rnn": cell_simple.PAGE, "gru": cell_gru.PAGE, "lstm": cell_lstm.PAGE}
