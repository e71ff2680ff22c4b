"""What a model can be exported to, and the way there: golden texts are asked before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.values import Float32
from pipeline.export.bundle import write_bundle
from pipeline.export.fewer_words import fewer_words, number_of_words
from pipeline.export.html_page import write_page
from pipeline.export.in_browser import NoBrowser, Page
from pipeline.export.onnx_file import OnnxFile, write_onnx
from pipeline.export.own_words import texts_of_own_words
from pipeline.models.golden import TOLERANCE
from pipeline.models.saved import Saved, SavedModel, load_saved
from pipeline.models.saved.loading import find_model, fits_asked, fits_on, read_saved
from pipeline.models.saved.replayed import largest_difference
from pipeline.run_folder.models import Golden, SavedFiles
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import read_run


class Answers(Protocol):
    """What answers texts, be it a model or a file that was made of one."""

    def answer(self, texts: pl.Series) -> Float32:
        """Return each text's distribution over the classes; float32 (N, C)."""


@dataclass(frozen=True)
class Chosen:
    """What is exported: the fits of one model, and the model that answers first, as it is and as it is written."""

    fits: Sequence[SavedFiles]
    whole: Saved
    model: Saved  # with the words that are kept


def _of_documents(model: Saved, to: str = "its target") -> SavedModel:
    """Return a model that gives a document one answer; PipelineError where it tags words, or gives several labels."""
    if not isinstance(model, SavedModel):
        what = f"{model.name} gives each word a tag, and {to} is written for answers to whole documents"
        raise PipelineError("model-of-another-task", f"--to {to}", what, "export it --to bundle")
    if model.gives_labels:
        what = f"{model.name} gives several labels, and {to} is written for one class a document"
        raise PipelineError("model-of-another-task", f"--to {to}", what, "export it --to bundle")
    return model


@dataclass(frozen=True)
class Target:
    """An entry of the table of targets.

    Attributes
    ----------
    write : (what is chosen; the new file)
    read : the file > what answers as the model does; None: the file is a saved model itself
    suffix : how the file's name has to end
    seeds : whether it can hold several seeds of a model
    words : whether it holds the words themselves: it may hold fewer, and is asked some of them beside the golden texts
    """

    write: Callable[[Chosen, Path], None]
    read: Callable[[Path], Answers] | None
    suffix: str
    seeds: bool = False
    words: bool = False


TARGETS: dict[str, Target] = {
    "bundle": Target(lambda chosen, out: write_bundle(chosen.fits, out), None, ".zip", seeds=True),
    "onnx": Target(
        lambda chosen, out: write_onnx(_of_documents(chosen.model, "onnx"), out),
        OnnxFile,
        ".onnx",
        words=True,
    ),
    "html": Target(
        lambda chosen, out: write_page(
            _of_documents(chosen.model, "html"), out, number_of_words(_of_documents(chosen.whole))
        ),
        Page,
        ".html",
        words=True,
    ),
}


@dataclass(frozen=True)
class Exported:
    """What was written, and how far its answers to golden texts are from those of the fit itself.

    Attributes
    ----------
    largest_difference : of a probability; None where nothing here could ask the file
    unasked : why not, in words
    fewer : how many words were left out and what that changes, in words; "" where none was
    """

    path: Path
    name: str
    seeds: int
    texts: int
    largest_difference: float | None
    unasked: str = ""
    fewer: str = ""

    def in_words(self) -> str:
        """Return the lines that `export` prints."""
        mib = self.path.stat().st_size / 2**20
        of = self.name if self.seeds == 1 else f"{plural(self.seeds, 'seed')} of {self.name}"
        if self.largest_difference is None:
            agreed = f"not asked the golden texts: {self.unasked}"
        else:
            own = "the model with fewer words answers" if self.fewer else "when it was fitted"
            agreed = f"{self.texts} golden texts answered as {own}, within {self.largest_difference:.0e}"
        return f"Exported {of}: {self.path} ({mib:,.1f} MiB; {agreed})" + (self.fewer and f"\n{self.fewer}")


def export_model(
    place: Path,
    to: str,
    out: Path,
    name: str | None = None,
    *,
    seed: int | None = None,
    every_seed: bool = False,
    words: int | None = None,
) -> Exported:
    """Write a model in another form, and ask the golden texts of what was written.

    Parameters
    ----------
    place : Path
        A run folder, a model's own, or a bundle.
    to : str
        An entry of `TARGETS`.
    out : Path
        A new file.
    name : str, optional
        Of the model; without one that which the run advises, elsewhere the only one there is.
    seed : int, optional
        Which training; the first unless told.
    every_seed : bool
        All that were kept of the first fold, for an ensemble.
    words : int, optional
        Keep so many words, see `fewer_words`.

    Raises
    ------
    PipelineError
        If there is no such target or model, the file is there already, something in the model is damaged, or what was
        written answers otherwise than the fit did: no file is left then.
    """
    if to not in TARGETS:
        raise PipelineError("unknown-choice", "--to", f'there is no target "{to}"', did_you_mean(to, TARGETS))
    target = TARGETS[to]
    _check_out(out, target)
    if every_seed and seed is not None:
        raise PipelineError(
            "options-exclude-each-other",
            "--ensemble",
            "--seed takes one training, --ensemble all",
            "give one of the two",
        )
    if every_seed and not target.seeds:
        raise PipelineError(
            "options-exclude-each-other",
            "--ensemble",
            f"a file of {to} holds one seed",
            "export it without --ensemble",
        )
    chosen = fits_asked(fits_on(*find_model(place, name or _advised(place))), seed)
    if words is not None and not (target.words and words > 0):
        what = f"{words} is no number of words" if target.words else f"a file of {to} holds every word"
        fix = "give 1 or more" if target.words else "export it without --words"
        raise PipelineError("number-out-of-range", "--words", what, fix)
    fits = chosen if every_seed else chosen[:1]
    models = [read_saved(fit, golden=None) for fit in fits]
    one = Chosen(fits, models[0], models[0])
    if words is not None:
        one = replace(one, model=fewer_words(_of_documents(one.model, to), words))
    target.write(one, out)
    golden = fits[0].golden()
    exported = Exported(out, one.model.name, len(fits), len(golden.texts), None, fewer=_fewer(one, golden))
    try:
        return replace(exported, largest_difference=_asked(target, one, golden, out))
    except NoBrowser as reason:
        return replace(exported, unasked=str(reason))
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _asked(target: Target, one: Chosen, golden: Golden, out: Path) -> float:
    """Return how far the golden answers of what was written are from those of the fit, or of fewer words.

    Raises
    ------
    PipelineError
        If they, or the answers to texts of the model's own words, are too far from the model's.
    """
    if target.read is None:
        found = largest_difference(load_saved(out), golden)
        _check(out, found, golden.tolerance)
        return found
    texts = _texts(one, golden) if target.words else golden.texts
    answers, (own, _) = target.read(out).answer(texts), one.model.rows(texts)  # (N, C)
    n_golden = len(golden.texts)
    wanted, allowed = (
        (golden.answers, golden.tolerance) if one.model is one.whole else (own[:n_golden], TOLERANCE)
    )
    found = float(np.abs(answers[:n_golden] - wanted).max(initial=0.0))
    apart = float(np.abs(answers - own).max(initial=0.0))
    _check(out, found, allowed)
    _check(out, apart, TOLERANCE)
    return found


def _check(out: Path, difference: float, allowed: float) -> None:
    """Raise PipelineError where answers are further apart than they may be."""
    if not difference <= allowed:  # a number that is none is beyond it too
        what = f"its golden answers differ by {difference:.2g}; {allowed:.0e} is allowed"
        fix = "no file was left; report it with the versions in model.json"
        raise PipelineError("golden-answers-differ", str(out), what, fix)


def _texts(one: Chosen, golden: Golden) -> pl.Series:
    """Return the golden texts, and some of the model's own words."""
    return pl.Series([*golden.texts, *texts_of_own_words(_of_documents(one.whole))], dtype=pl.String)


def _fewer(one: Chosen, golden: Golden) -> str:
    """Return how many words are left out and what that changes, in words."""
    if one.model is one.whole:
        return ""
    texts = _texts(one, golden)
    apart = np.abs(one.model.rows(texts)[0] - one.whole.rows(texts)[0]).max(axis=1)  # (N,)
    kept, of = (number_of_words(_of_documents(model)) for model in (one.model, one.whole))
    return (
        f"It knows {kept:,} of {of:,} words: of {len(texts)} texts the answers to {int((apart > TOLERANCE).sum())}"
        f" change, by {100 * float(apart.max()):.1f} points of a probability at most."
    )


def _advised(place: Path) -> str | None:
    """Return the model that a run advises; None where the place is no run folder, or it advises none."""
    return read_run(place).metrics.advice.model if (place / METRICS).is_file() else None


def _check_out(out: Path, target: Target) -> None:
    if out.suffix != target.suffix:
        raise PipelineError(
            "output-name-ending",
            str(out),
            f"the file's name has to end in {target.suffix}",
            f"write {out}{target.suffix}",
        )
    if out.exists():
        raise PipelineError("output-exists", str(out), "it is there already", "give a new file")
    if not out.parent.is_dir():
        raise PipelineError(
            "no-output-folder", str(out), "its folder is not there", f"make {out.parent} first"
        )
