"""Golden texts asked again of every model that a run saved, seed by seed and fold by fold."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.models.saved.language import KIND, read_language_model
from pipeline.models.saved.loading import fits_on, read_saved
from pipeline.models.saved.replayed import largest_difference
from pipeline.run_folder.models import FOLDER, GOLDEN
from pipeline.run_folder.shelf import FolderShelf

NOTHING: tuple[int, ...] = ()


def replay_models(run: Path) -> tuple[list[str], list[tuple[str, str, str, str]]]:
    """Ask each saved model all golden texts; it needs none of the libraries that it was fitted with.

    Returns
    -------
    list of str
        What was asked, as sentences.
    list of (file, place, saved, found again)
        The models that answer otherwise than when they were fitted.
    """
    shelf = FolderShelf(run / FOLDER)
    found: list[float] = []
    not_asked, otherwise = [], []
    for folder in shelf.models():
        try:
            for fit in fits_on(shelf, folder):
                golden = fit.golden()
                of_text = fit.described["kind"] == KIND
                model = read_language_model(fit) if of_text else read_saved(fit, golden=NOTHING)
                far = largest_difference(model, golden)
                found.append(far)
                if not far <= golden.tolerance:
                    file = f"{FOLDER}/{fit.folder}/{GOLDEN}"
                    otherwise.append(
                        (file, "answers", f"those of {golden.answered_by}", f"others, by {far:.2g}")
                    )
        except PipelineError as error:  # damaged, which its sha256 says too, or of another version
            not_asked.append(f"{FOLDER}/{folder}: its golden texts could not be asked: {error.what}")
    asked = f"{plural(len(found), 'saved model')}: golden texts asked again"
    largest = f", the largest difference of a probability is {max(found, default=0.0):.0e}"
    return [*([asked + largest] if found else []), *not_asked], otherwise
