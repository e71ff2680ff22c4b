"""What a model can be exported to, and the way there: golden texts are asked before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.export.bundle import write_bundle
from pipeline.models.saved import SavedModel, load_model
from pipeline.models.saved.loading import find_model, fits_on, read_saved
from pipeline.models.saved.replayed import largest_difference
from pipeline.run_folder.models import SavedFiles
from pipeline.run_folder.reading import METRICS, read_run


@dataclass(frozen=True)
class Target:
    """An entry of the table of targets.

    Attributes
    ----------
    write : (the fits of one model, the one that answers first; the new file)
    read : the file > what answers as the model does
    suffix : how the file's name has to end
    seeds : whether it can hold several seeds of a model
    """

    write: Callable[[Sequence[SavedFiles], Path], None]
    read: Callable[[Path], SavedModel]
    suffix: str
    seeds: bool = False


TARGETS: dict[str, Target] = {"bundle": Target(write_bundle, load_model, ".zip", seeds=True)}


@dataclass(frozen=True)
class Exported:
    """What was written: of how many seeds, and how far its golden answers are from those of the fit itself."""

    path: Path
    name: str
    seeds: int
    texts: int
    largest_difference: float

    def in_words(self) -> str:
        """Return the line that `export` prints."""
        mib = self.path.stat().st_size / 2**20
        of = self.name if self.seeds == 1 else f"{plural(self.seeds, 'seed')} of {self.name}"
        agreed = (
            f"{self.texts} golden texts answered as when it was fitted, within {self.largest_difference:.0e}"
        )
        return f"Exported {of}: {self.path} ({mib:,.1f} MiB; {agreed})"


def export_model(
    place: Path, to: str, out: Path, name: str | None = None, *, every_seed: bool = False
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
    every_seed : bool
        All that were kept of the first fold, for an ensemble.

    Raises
    ------
    PipelineError
        If there is no such target or model, the file is there already, something in the model is damaged, or what was
        written answers otherwise than the fit did: no file is left then.
    """
    if to not in TARGETS:
        raise PipelineError("--to", f'there is no target "{to}"', did_you_mean(to, TARGETS))
    target = TARGETS[to]
    _check_out(out, target)
    kept = fits_on(*find_model(place, name or _advised(place)))
    chosen = [one for one in kept if one.described["fold"] == kept[0].described["fold"]]
    if every_seed and not target.seeds:
        raise PipelineError("--ensemble", f"a file of {to} holds one seed", "export it without --ensemble")
    fits = chosen if every_seed else chosen[:1]
    for fit in fits:
        read_saved(fit, golden=None)
    target.write(fits, out)
    try:
        golden = fits[0].golden()
        found = largest_difference(target.read(out), golden)
        if not found <= golden.tolerance:
            what = f"its golden answers differ by {found:.2g}; {golden.tolerance:.0e} is allowed"
            raise PipelineError(str(out), what, "no file was left; report it with the versions in model.json")
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return Exported(out, fits[0].described["name"], len(fits), len(golden.texts), found)


def _advised(place: Path) -> str | None:
    """Return the model that a run advises; None where the place is no run folder, or it advises none."""
    return read_run(place).metrics.advice.model if (place / METRICS).is_file() else None


def _check_out(out: Path, target: Target) -> None:
    if out.suffix != target.suffix:
        raise PipelineError(
            str(out), f"the file's name has to end in {target.suffix}", f"write {out}{target.suffix}"
        )
    if out.exists():
        raise PipelineError(str(out), "it is there already", "give a new file")
    if not out.parent.is_dir():
        raise PipelineError(str(out), "its folder is not there", f"make {out.parent} first")
