"""The command that answers new documents; what is imported here is imported for `--help` too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.models import Debug
from pipeline.cli.statuses import exit_statuses
from pipeline.core.console import Console
from pipeline.settings.options import told

app = typer.Typer()  # without a name: its command is one of the program


@app.command(short_help="Answer new documents with a model that a run trained.")
def predict(
    run_folder: Annotated[Path, told("RUN", "A run folder, a model's own folder, or a bundle.")],
    documents: Annotated[str | None, told("INPUT", "A file with documents; - for standard input.")] = None,
    *,
    say: Annotated[str | None, told("--say TEXT", "One document, in quotes, in the place of INPUT.")] = None,
    out: Annotated[
        Path | None, told("--out FILE", "A new file, .csv, .jsonl or .parquet. Default: lines, printed.")
    ] = None,
    model: Annotated[
        str | None, told("--model NAME", "Which model of RUN. Default: the one that the run advises.")
    ] = None,
    text: Annotated[
        str | None, told("--text COLUMN", "The column with the text. Default: called as in training.")
    ] = None,
    label: Annotated[
        str | None, told("--label COLUMN", "The column with the label, to score answers by.")
    ] = None,
    encoding: Annotated[
        str | None, told("--encoding NAME", "The encoding of INPUT; found by itself if absent.")
    ] = None,
    top: Annotated[
        int | None, told("--top K", "The K most probable labels, not the probability of each.")
    ] = None,
    explain: Annotated[bool, told("--explain", "Name the words for and against each answer.")] = False,
    max_error: Annotated[
        str | None, told("--max-error SHARE", "Leave out what is not sure, so that at most 5% are wrong.")
    ] = None,
    seed: Annotated[
        int | None, told("--seed N", "Which training answers, from 0. Default: the first.")
    ] = None,
    ensemble: Annotated[bool, told("--ensemble", "All trainings answer, their mean.")] = False,
    debug: Debug = False,
) -> None:
    """Answer each document of INPUT with a model that RUN trained, whatever the format and without labels; every
    column is kept, and a row that is broken gets a reason."""
    console = Console(sys.stderr)
    with exit_statuses(console, debug):
        from pipeline.corpus.asked.columns import ColumnOptions
        from pipeline.predict.options import Options
        from pipeline.predict.predicting import predict as answer
        from pipeline.predict.which_model import AskedModel

        columns = ColumnOptions(text, label)
        asked = AskedModel(run_folder, model, seed, ensemble)
        beside = (encoding, top, explain, max_error)
        answer(Options(asked, documents, say, out, columns, *beside), console)
