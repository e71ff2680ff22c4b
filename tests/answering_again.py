"""What a saved model answers on the test documents of its run, computed again without what trained it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.experiment.data import read_and_split
from pipeline.models.saved import load_model
from pipeline.run_folder.predictions import prediction_path, read_predictions
from pipeline.settings.reading import load_config
from pipeline.tasks.answers import Predictions
from pipeline.tasks.table import CLASSIFY


@dataclass(frozen=True, eq=False)
class TwoAnswers:
    """What a model predicted when the run was made, and what its files give now."""

    saved: Predictions
    again: Predictions

    @property
    def largest_difference(self) -> float:
        """The largest difference of two probabilities of one document and class."""
        return float(abs(self.saved.probabilities - self.again.probabilities).max())


def answer_again(run: Path, name: str, console: Console) -> TwoAnswers:
    """Return the test documents' probabilities from a run's saved model, beside those that the run saved.

    Parameters
    ----------
    run : Path
        A run folder. Its corpus is read again from where `config.toml` names it.
    name : str
        A model as the run names it.
    console : Console
        Told what is done.

    Raises
    ------
    PipelineError
        If a file is missing or damaged, or the corpus is no longer the one that the run read.
    """
    model = load_model(run, name)
    saved_at = prediction_path(run, name, 0, 0)
    saved = read_predictions(saved_at)
    read = read_and_split(load_config(run / "config.toml"), console)
    if read.loaded.hash != saved.corpus_hash:
        what = f"the corpus {read.loaded.name} is not the one that the run read"
        raise PipelineError("piece-lost", str(saved_at), what, "give the files as they were, or run again")
    corpus, test = read.corpora[0], read.folds[0].test
    answers = model.answer(corpus.texts.gather(test))
    again = CLASSIFY.answers(corpus.records[test], corpus.labels[test], answers)
    return TwoAnswers(saved.predictions, again)
