"""Commands on models that runs saved; what is imported here is imported for `--help` too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.statuses import exit_statuses
from pipeline.core.console import Console
from pipeline.settings.options import declared, told
from pipeline.settings.tables import SETTINGS

app = typer.Typer()  # without a name: its commands are those of the program

Debug = Annotated[bool, declared(SETTINGS["run.debug"])]


@app.command(short_help="Write a model of a run as one file, to be used elsewhere.")
def export(
    run_folder: Annotated[Path, told("RUN", "A run folder, or a model's own folder or bundle.")],
    out: Annotated[Path, told("FILE", "A new file.")],
    *,
    to: Annotated[
        str,
        told(
            "--to TARGET",
            "bundle: a .zip file with the model and all that it needs; onnx: a graph for programs that run ONNX;"
            " html: a page that answers by itself. Default: bundle.",
        ),
    ] = "bundle",
    model: Annotated[
        str | None, told("--model NAME", "Which model. Default: the one that the run advises.")
    ] = None,
    seed: Annotated[int | None, told("--seed N", "Which training, from 0. Default: the first.")] = None,
    ensemble: Annotated[bool, told("--ensemble", "With every seed that was kept.")] = False,
    words: Annotated[
        int | None, told("--words N", "onnx, html: keep the N most frequent words, or heaviest n-grams.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write a model of RUN as one file, and ask the golden texts of what was written: a file that answers otherwise
    than the model did when it was fitted is refused."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.export.table import export_model

        exported = export_model(run_folder, to, out, model, seed=seed, every_seed=ensemble, words=words)
        console.say(exported.in_words())


@app.command(short_help="Let a language model of a run write.")
def generate(
    run_folder: Annotated[Path, told("RUN", "The folder of a run of --task generate.")],
    *,
    model: Annotated[
        str | None, told("--model NAME", "Which model. Default: the first in alphabetical order.")
    ] = None,
    start: Annotated[str, told("--start TEXT", "What each text begins with. Default: nothing.")] = "",
    temperature: Annotated[
        float,
        told(
            "--temperature T",
            "Below 1 likely words are drawn more often; 0: always the likeliest. Default: 1.",
        ),
    ] = 1.0,
    top_k: Annotated[int, told("--top-k K", "Draw from the K likeliest alone. Default: 0, from all.")] = 0,
    top_p: Annotated[
        float, told("--top-p P", "Draw from the likeliest that have the share P together. Default: 1.")
    ] = 1.0,
    seed: Annotated[int, told("--seed N", "Another seed, other texts. Default: 0.")] = 0,
    texts: Annotated[int, told("--texts N", "How many texts. Default: 5.")] = 5,
    longest: Annotated[
        int, told("--longest N", "Words or characters of a text, at most. Default: 100.")
    ] = 100,
    debug: Debug = False,
) -> None:
    """Write texts with a language model of RUN, one a line, drawn word by word or character by character."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.commands.generate import generate_texts
        from pipeline.models.writing import Drawing

        how = Drawing(temperature, top_k, top_p, longest)
        for text in generate_texts(run_folder, model, start, how, seed, texts):
            typer.echo(text)


@app.command(short_help="Which test documents two runs answer otherwise, beyond chance?")
def diff(
    run_a: Annotated[Path, told("RUN_A", "A run folder.")],
    run_b: Annotated[Path, told("RUN_B", "Another one, on the same test documents.")],
    *,
    out: Annotated[
        Path | None, told("--out FILE.csv", "Write a row for each document whose answer changed.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Show which test documents changed their answer from RUN_A to RUN_B, model by model, and whether the runs differ
    by more than the seeds of one run do among themselves."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.commands.diff import compare_runs

        found = compare_runs(run_a, run_b)
        if out is not None:
            found.write(out)
        console.say(found.in_words())


@app.command("serve", short_help="Answer texts over HTTP with a model of a run.")
def serve_model(
    run_folder: Annotated[Path, told("RUN", "A run folder, or a model's own folder or bundle.")],
    *,
    model: Annotated[
        str | None,
        told("--model NAME", "Which model of RUN, such as tfidf. Default: the one that is advised."),
    ] = None,
    port: Annotated[int, told("--port N", "Listen on this port; 0: any that is free. Default: 8000.")] = 8000,
    host: Annotated[
        str,
        told("--host HOST", "Listen on this address. Default: 127.0.0.1, which this machine alone reaches."),
    ] = "127.0.0.1",
    seed: Annotated[
        int | None, told("--seed N", "Which training answers, from 0. Default: the first.")
    ] = None,
    ensemble: Annotated[bool, told("--ensemble", "All trainings answer, their mean.")] = False,
    limit: Annotated[
        list[str] | None, told("--limit NAME=N", "Take at most so much, such as texts=500; may be repeated.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Answer texts over HTTP with a model that a run saved: POST /predict, and a page to try it. Ctrl-C or SIGTERM ends
    it, once what was accepted is answered."""
    console = Console()
    with exit_statuses(console, debug):
        from pipeline.predict.which_model import AskedModel
        from pipeline.serve import serve

        serve(AskedModel(run_folder, model, seed, ensemble), host, port, limit or (), console)
