"""What a person asks for, checked before TensorFlow is loaded."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.clean import clean
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.words import MOST_WORDS, words_of
from pipeline.report.page.blocks import Example
from pipeline.settings.tables import TokenizerSettings

MOST_UNITS = 4


def explain(
    text: str,
    *,
    cell: str | None = None,
    units: int | None = None,
    run: Path | None = None,
    model: str | None = None,
    each_word: bool = False,
) -> Example:
    """Return the worked example that a person asks for.

    Parameters
    ----------
    text : str
        One word or more.
    cell : str, optional
        `rnn`, `gru` or `lstm`; without it `rnn`, or with `run` whatever its first recurrent network has.
    units : int, optional
        Numbers in the state of the small network; 2 by default.
    run : Path, optional
        A run folder: one of its trained networks is shown, not the small one.
    model : str, optional
        Which of the run's networks; its first by default.
    each_word : bool
        Whether the small network answers each word, and not the document after its last one.

    Raises
    ------
    PipelineError
        For a mistake in any of these.
    """
    if cell is not None and cell not in CELL_PAGES:
        raise PipelineError(
            "unknown-choice", "--cell", f'there is no cell "{clean(cell)}"', did_you_mean(cell, CELL_PAGES)
        )
    if run is not None:
        if each_word:
            what = "a trained network has the head it was trained with"
            raise PipelineError(
                "options-exclude-each-other", "--each-word", what, "give --run or --each-word, not both"
            )
        if units is not None:
            what = "a trained network has the units it was trained with"
            raise PipelineError(
                "options-exclude-each-other", "--units", what, "give --run or --units, not both"
            )
        from pipeline.interpret.explain.trained import trained_example

        return trained_example(text, run, cell, model)
    if model is not None:
        what = f'"{clean(model)}" is a trained network, and no run is given'
        raise PipelineError("option-needs-another", "--model", what, "add --run RUN")
    units = 2 if units is None else units
    if not 1 <= units <= MOST_UNITS:
        raise PipelineError(
            "number-out-of-range", "--units", f"{units} units are not for a pencil", f"give 1 to {MOST_UNITS}"
        )
    fix = "give fewer words, or a trained network with --run"
    tokens = words_of(text, TokenizerSettings(), MOST_WORDS, fix)
    from pipeline.interpret.explain.worked import pencil_example

    return pencil_example(text, tokens, cell or "rnn", units, each_word=each_word)


def check_out(out: Path) -> None:
    """Raise PipelineError where no page can be written, before anything is computed."""
    if out.suffix.lower() not in {".html", ".htm"}:
        raise PipelineError(
            "output-name-ending", "--out", f"{out} is no name of a web page", "let it end in .html"
        )
    if not out.parent.is_dir():
        raise PipelineError(
            "no-output-folder", "--out", f"there is no folder {out.parent}", "make it first, or name another"
        )
    if out.exists():
        raise PipelineError(
            "output-exists", "--out", f"{out} is there already", "name a new file, or remove this one first"
        )
