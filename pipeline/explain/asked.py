"""What a person asks for, checked before TensorFlow is loaded."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.config import TokenizerSettings
from pipeline.errors import PipelineError, did_you_mean
from pipeline.explain.worked import Worked
from pipeline.report.text import clean, clip
from pipeline.tokenizer import tokenize

CELLS = ("rnn", "gru", "lstm")
MOST_UNITS = 4
MOST_WORDS = 12  # for a pencil
MOST_WORDS_OF_A_RUN = 100  # each word has a Jacobian; an lstm's of 128 units is 0.5 MiB


def explain(
    text: str,
    *,
    cell: str | None = None,
    units: int | None = None,
    run: Path | None = None,
    model: str | None = None,
) -> Worked:
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

    Raises
    ------
    PipelineError
        For a mistake in any of these.
    """
    if cell is not None and cell not in CELLS:
        raise PipelineError("--cell", f'there is no cell "{clean(cell)}"', did_you_mean(cell, CELLS))
    if run is not None:
        return _of_a_run(text, run, cell, units, model)
    if model is not None:
        raise PipelineError(
            "--model", f'"{clean(model)}" is a trained network, and no run is given', "add --run RUN"
        )
    units = 2 if units is None else units
    if not 1 <= units <= MOST_UNITS:
        raise PipelineError("--units", f"{units} units are not for a pencil", f"give 1 to {MOST_UNITS}")
    tokens = words_of(
        text, TokenizerSettings(), MOST_WORDS, "give fewer words, or a trained network with --run"
    )
    from pipeline.explain.pencil import pencil_example

    return pencil_example(text, tokens, cell or "rnn", units)


def _of_a_run(text: str, run: Path, cell: str | None, units: int | None, model: str | None) -> Worked:
    if units is not None:
        raise PipelineError(
            "--units",
            "a trained network has the units it was trained with",
            "give --run or --units, not both",
        )
    from pipeline.explain.trained import trained_example

    return trained_example(text, run, cell, model)


def words_of(text: str, settings: TokenizerSettings, most: int, fix: str) -> tuple[str, ...]:
    """Return the tokens of a text.

    Raises
    ------
    PipelineError
        If it is not UTF-8, has no letter and no digit, or more than `most` tokens.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):  # bytes that the shell could not decode
        raise PipelineError("TEXT", "it is not UTF-8", "type it anew, or set the terminal to UTF-8")
    shown = clip(clean(text), 60)
    tokenized = tokenize(pl.Series([text]), settings)
    tokens = tuple(tokenized.types.gather(tokenized.token_types).to_list())
    if not any(character.isalnum() for character in text):
        raise PipelineError(
            "TEXT", f'"{shown}" has no word', 'give one word or more, such as "dog bites man"'
        )
    if len(tokens) > most:
        raise PipelineError("TEXT", f'"{shown}" has {len(tokens)} words; {most} is the limit', fix)
    return tokens


def check_out(out: Path) -> None:
    """Raise PipelineError where no page can be written, before anything is computed."""
    if out.suffix.lower() not in {".html", ".htm"}:
        raise PipelineError("--out", f"{out} is no name of a web page", "let it end in .html")
    if not out.parent.is_dir():
        raise PipelineError("--out", f"there is no folder {out.parent}", "make it first, or name another")
    if out.exists():
        raise PipelineError("--out", f"{out} is there already", "name a new file, or remove this one first")
